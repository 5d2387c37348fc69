//! Policies on the way of a request through its policies.

pub mod choose;
pub mod mock_response;
pub mod retry;
pub mod return_response;
pub mod wait;
