//! Data sources of GraphQL resolvers: documents of their own, and what is published of them.

pub mod cosmosdb_data_source;
pub mod http_data_source;
pub mod publish_event;
pub mod sql_data_source;

use http::StatusCode;
use tollgate_engine::Failure;

/// The failure of what needs a part that the gateway does not have.
pub(crate) fn missing(policy: &str, what: &str) -> Failure {
    let message = format!("`{policy}` cannot run: {what}.");
    Failure::new("NotSupported", message.clone()).respond(StatusCode::NOT_IMPLEMENTED, message)
}
