//! `caching-type`: which cache a policy uses. Source: api-management-howto-cache-external.md.

use std::sync::Arc;

use serde_json::json;
use tollgate_engine::ports::CacheStore;
use tollgate_engine::{AttributeSpec, Exchange, FromValue, optional};

/// `internal`, `external`, or `prefer-external` (the default): the external one if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CachingType {
    Internal,
    External,
    #[default]
    PreferExternal,
}

/// The attribute.
pub(crate) const CACHING_TYPE: AttributeSpec = optional("caching-type")
    .literal()
    .about("`internal`, `external` or `prefer-external` (the default).");

impl FromValue for CachingType {
    const EXPECTED: &'static str = "`internal`, `external` or `prefer-external`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("internal", Self::Internal),
            ("external", Self::External),
            ("prefer-external", Self::PreferExternal),
        ];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, caching_type)| caching_type)
    }
}

impl CachingType {
    /// The cache; none if it is the external one and the gateway has none: then nothing is ever found or kept.
    pub(crate) fn store(self, exchange: &mut Exchange) -> Option<Arc<dyn CacheStore>> {
        let ports = &exchange.context.ports;
        let store = match self {
            Self::Internal => Some(&ports.cache),
            Self::External => ports.external_cache.as_ref(),
            Self::PreferExternal => Some(ports.external_cache.as_ref().unwrap_or(&ports.cache)),
        };
        let store = store.cloned();
        if store.is_none() {
            exchange
                .context
                .trace(|_| json!({"message": "There is no external cache."}));
        }
        store
    }
}
