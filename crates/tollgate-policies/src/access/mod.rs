//! Policies on who may call, and how often.

mod allowance;
pub mod authentication_basic;
pub mod authentication_certificate;
pub mod authentication_managed_identity;
pub mod check_header;
pub mod get_authorization_context;
pub mod ip_filter;
mod jwt;
pub mod limit_concurrency;
pub mod quota;
pub mod quota_by_key;
pub(crate) mod rate;
pub mod rate_limit;
pub mod rate_limit_by_key;
pub mod validate_azure_ad_token;
pub mod validate_client_certificate;
pub mod validate_jwt;
