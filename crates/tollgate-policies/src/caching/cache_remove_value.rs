//! `cache-remove-value`: takes a value away from the cache.
//!
//! ```xml
//! <cache-remove-value key="@("user-" + context.User.Id)" />
//! ```
//!
//! A key that is not there is no error, nor is a cache that fails. A key that is null or empty fails with
//! `ExpressionValueValidationFailure`. Source: cache-remove-value-policy.md.

use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Waiting, required,
};

use super::cache_store_value::{settle, settled};
use super::caching_type::{CACHING_TYPE, CachingType};
use super::stored::Key;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cache-remove-value",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[required("key").about("The key of the value."), CACHING_TYPE],
    children: Children::None,
    load: |e| Ok(Box::new(CacheRemoveValue::load(e)?)),
};

#[derive(Debug)]
struct CacheRemoveValue {
    key: Key,
    caching_type: CachingType,
}

impl CacheRemoveValue {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (key, caching_type) = (Key::load(e), e.optional_literal("caching-type"));
        Ok(Self {
            key: key?,
            caching_type: caching_type?.unwrap_or_default(),
        })
    }
}

impl Policy for CacheRemoveValue {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let key = self.key.get(exchange)?;
        Ok(match self.caching_type.store(exchange) {
            Some(store) => settle(store.remove(&key), exchange),
            None => Flow::Next,
        })
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        Ok(settled(exchange))
    }

    fn reads(&self) -> Reads {
        self.key.reads()
    }
}
