//! Policies on where requests go.

pub(crate) mod backends;
pub mod forward_request;
pub mod proxy;
mod service_fabric;
pub mod set_backend_service;
