//! Policies that talk to other services.

mod outgoing;
pub mod send_one_way_request;
pub mod send_request;
