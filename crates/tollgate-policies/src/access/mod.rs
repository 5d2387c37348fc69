//! Policies on who may call, and how often.

pub(crate) mod check_header;
pub(crate) mod ip_filter;
mod jwt;
mod rate;
pub(crate) mod rate_limit;
pub(crate) mod rate_limit_by_key;
pub(crate) mod validate_jwt;
