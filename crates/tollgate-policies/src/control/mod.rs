//! Policies on the way of a request through its policies.

pub(crate) mod choose;
pub(crate) mod mock_response;
pub(crate) mod retry;
pub(crate) mod return_response;
