//! .NET values, types and members, each signature beside its code.
