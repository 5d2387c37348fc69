//! Policies that change requests and responses.

mod exists_action;
pub(crate) mod rewrite_uri;
pub(crate) mod set_body;
pub(crate) mod set_header;
pub(crate) mod set_method;
pub(crate) mod set_query_parameter;
pub(crate) mod set_status;
pub(crate) mod set_variable;
