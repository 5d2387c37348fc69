//! Binds, type-checks and runs policy expressions.
