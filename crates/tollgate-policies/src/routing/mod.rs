//! Policies on where requests go.

pub mod forward_request;
mod service_fabric;
pub mod set_backend_service;
