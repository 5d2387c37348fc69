//! Policies that talk to other services.

mod dapr;
pub mod invoke_dapr_binding;
pub mod invoke_request;
pub(crate) mod outgoing;
pub mod publish_to_dapr;
pub mod send_one_way_request;
pub mod send_request;
pub mod send_service_bus_message;
