//! The policies of the APIM reference, one file each.
//!
//! [`ALL`] is the list. Each file's comment is the policy's reference page; its `KIND` is the table that the engine
//! checks documents against. `include-fragment` and `base` are the engine's own.

pub mod access;
pub mod ai;
pub mod caching;
pub mod control;
pub mod cross_domain;
pub mod integration;
pub mod logging;
pub mod resolvers;
pub mod routing;
pub mod transformation;
pub mod validation;

use tollgate_engine::PolicyKind;

/// Every policy that is built, by the families of the reference.
pub const ALL: &[PolicyKind] = &[
    access::authentication_basic::KIND,
    access::authentication_certificate::KIND,
    access::authentication_managed_identity::KIND,
    access::check_header::KIND,
    access::get_authorization_context::KIND,
    access::ip_filter::KIND,
    access::limit_concurrency::KIND,
    access::quota::KIND,
    access::quota_by_key::KIND,
    access::rate_limit::KIND,
    access::rate_limit_by_key::KIND,
    access::validate_azure_ad_token::KIND,
    access::validate_client_certificate::KIND,
    access::validate_jwt::KIND,
    validation::validate_content::KIND,
    validation::validate_graphql_request::KIND,
    validation::validate_headers::KIND,
    validation::validate_odata_request::KIND,
    validation::validate_parameters::KIND,
    validation::validate_status_code::KIND,
    routing::forward_request::KIND,
    routing::proxy::KIND,
    routing::set_backend_service::KIND,
    transformation::find_and_replace::KIND,
    transformation::json_to_xml::KIND,
    transformation::redirect_content_urls::KIND,
    transformation::rewrite_uri::KIND,
    transformation::set_body::KIND,
    transformation::set_header::KIND,
    transformation::set_method::KIND,
    transformation::set_query_parameter::KIND,
    transformation::set_status::KIND,
    transformation::set_variable::KIND,
    transformation::xml_to_json::KIND,
    transformation::xsl_transform::KIND,
    cross_domain::cors::KIND,
    cross_domain::cross_domain::KIND,
    cross_domain::jsonp::KIND,
    caching::cache_lookup::KIND,
    caching::cache_lookup_value::KIND,
    caching::cache_remove_value::KIND,
    caching::cache_store::KIND,
    caching::cache_store_value::KIND,
    caching::cache_value::KIND,
    integration::invoke_dapr_binding::KIND,
    integration::invoke_request::KIND,
    integration::publish_to_dapr::KIND,
    integration::send_one_way_request::KIND,
    integration::send_request::KIND,
    integration::send_service_bus_message::KIND,
    control::choose::KIND,
    control::mock_response::KIND,
    control::retry::KIND,
    control::return_response::KIND,
    control::wait::KIND,
    ai::llm_content_safety::KIND,
    ai::llm_emit_token_metric::AZURE_OPENAI,
    ai::llm_emit_token_metric::KIND,
    ai::llm_semantic_cache_lookup::AZURE_OPENAI,
    ai::llm_semantic_cache_lookup::KIND,
    ai::llm_semantic_cache_store::AZURE_OPENAI,
    ai::llm_semantic_cache_store::KIND,
    ai::llm_token_limit::AZURE_OPENAI,
    ai::llm_token_limit::KIND,
    resolvers::cosmosdb_data_source::KIND,
    resolvers::http_data_source::KIND,
    resolvers::publish_event::KIND,
    resolvers::sql_data_source::KIND,
    logging::emit_metric::KIND,
    logging::log_to_eventhub::KIND,
    logging::trace::KIND,
];

/// The reference page of a policy, in Markdown: the comment at the head of its file. Its first paragraph says what the
/// policy does.
///
/// ```
/// let page = tollgate_policies::documentation("check-header").unwrap();
/// assert!(page.starts_with("`check-header`: refuses requests"));
/// ```
pub fn documentation(policy: &str) -> Option<&'static str> {
    let found = PAGES.binary_search_by_key(&policy, |(name, _)| name);
    found
        .ok()
        .and_then(|at| PAGES.get(at))
        .map(|(_, page)| *page)
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_has_a_page_that_begins_with_its_name() {
        for kind in ALL {
            let page = documentation(kind.name).unwrap_or_default();
            let first = page.lines().next().unwrap_or_default();
            assert!(first.starts_with('`'), "{}: {first}", kind.name);
            assert!(page.contains(kind.name), "{}: {page}", kind.name);
        }
        assert_eq!(documentation("none"), None);
    }

    #[test]
    fn values_of_attributes_are_read_from_their_lines() {
        let values = |policy: &str, attribute: &str| {
            let kind = ALL.iter().find(|kind| kind.name == policy);
            let specs = kind.map_or(&[][..], |kind| kind.attributes);
            let spec = specs.iter().find(|spec| spec.name == attribute);
            spec.map(|spec| spec.values()).unwrap_or_default()
        };
        assert_eq!(
            values("set-header", "exists-action"),
            ["override", "skip", "append", "delete"]
        );
        assert_eq!(
            values("forward-request", "http-version"),
            ["1", "2or1", "2"]
        );
        assert_eq!(values("check-header", "ignore-case"), ["true", "false"]);
        assert_eq!(values("check-header", "name"), [""; 0]);
    }
}
