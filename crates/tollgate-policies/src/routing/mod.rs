//! Policies on where requests go.

pub mod forward_request;
pub mod set_backend_service;
