//! Data sources of GraphQL resolvers: documents of their own, and what is published of them.

pub mod cosmosdb_data_source;
pub mod http_data_source;
pub mod publish_event;
pub mod sql_data_source;

use http::StatusCode;
use tollgate_dotnet::Str;
use tollgate_engine::{Children, ElementReader, ElementSpec, Failure, Invalid, element, optional};

/// Where a database is, as all of them are told it.
pub(crate) const CONNECTION_STRING: ElementSpec = element("connection-string")
    .required()
    .attributes(&[
        optional("use-managed-identity").about("Whether the gateway's identity signs in.")
    ])
    .children(Children::Text);

/// Reads a part of `connection-info`, for what is wrong with it.
pub(crate) fn connection(part: &ElementReader<'_>) -> Result<(), Invalid> {
    let identity = part.optional_setting::<bool>("use-managed-identity");
    let text = part.text_setting::<Str>();
    identity.map(drop).and(text.map(drop))
}

/// Reads each child, for what is wrong with any of them.
pub(crate) fn every(
    e: &ElementReader<'_>,
    read: impl Fn(&ElementReader<'_>) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    let read: Vec<_> = e.children().iter().map(read).collect();
    read.into_iter().collect()
}

/// The failure of what needs a part that the gateway does not have.
pub(crate) fn missing(policy: &str, what: &str) -> Failure {
    let message = format!("`{policy}` cannot run: {what}.");
    Failure::new("NotSupported", message.clone()).respond(StatusCode::NOT_IMPLEMENTED, message)
}
