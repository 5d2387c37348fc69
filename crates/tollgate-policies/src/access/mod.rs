//! Policies on who may call: `validate-jwt`.

mod jwt;
