//! Policies on who may call, and how often.

pub mod check_header;
pub mod ip_filter;
mod jwt;
mod rate;
pub mod rate_limit;
pub mod rate_limit_by_key;
pub mod validate_jwt;
