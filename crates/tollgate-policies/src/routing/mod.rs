//! Policies on where requests go.

pub(crate) mod forward_request;
pub(crate) mod set_backend_service;
