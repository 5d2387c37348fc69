//! Policies that hold requests and responses against what describes the API.

mod findings;
mod parameters;
pub mod validate_content;
pub mod validate_graphql_request;
pub mod validate_headers;
pub mod validate_odata_request;
pub mod validate_parameters;
pub mod validate_status_code;
