//! Policies that change requests and responses.

mod exists_action;
pub mod find_and_replace;
pub mod json_to_xml;
mod liquid;
mod media;
pub(crate) mod message;
pub mod redirect_content_urls;
pub mod rewrite_uri;
pub mod set_body;
pub mod set_header;
pub mod set_method;
pub mod set_query_parameter;
pub mod set_status;
pub mod set_variable;
pub mod xml_to_json;
pub mod xsl_transform;
