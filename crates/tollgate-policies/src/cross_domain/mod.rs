//! Policies for browsers.

pub mod cors;
#[allow(clippy::module_inception, reason = "the policy has its family's name")]
pub mod cross_domain;
pub mod jsonp;
