//! `System.UInt64`, C#'s `ulong`.

super::integer::integer!(UINT64, "UInt64", "ulong", UInt64);
