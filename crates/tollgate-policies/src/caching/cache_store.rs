//! `cache-store`: keeps the response for `cache-lookup`.
//!
//! ```xml
//! <outbound>
//!     <base />
//!     <cache-store duration="3600" />
//! </outbound>
//! ```
//!
//! Works only on requests that `cache-lookup` has looked up in inbound: `GET`s that found nothing. `duration` is in
//! seconds; 0 keeps nothing. A response is stored if its status is 200; with `cache-response="true"` whatever its status,
//! with `false` not at all. It is stored as it is at this place, body and all, without `Set-Cookie` and without the
//! headers that are for one connection. A body that is longer than a response body may be is not stored, and still goes
//! to the client whole. A response that is stored tells the client of caching as `cache-lookup` has it; one that is not
//! stays as it is. A cache that fails keeps nothing. Source: cache-store-policy.md.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, optional, required,
};

use super::cache_lookup::LookedUp;
use super::cache_store_value::end;
use super::stored::Stored;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cache-store",
    sections: Sections::OUTBOUND,
    scopes: Scopes::ALL,
    once: true,
    attributes: &[
        required("duration").about("For how many seconds the response is kept."),
        optional("cache-response")
            .about("Whether it is stored, whatever its status; if it is 200 unless given."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(CacheStore::load(e)?)),
};

#[derive(Debug)]
struct CacheStore {
    duration: Setting<Duration>,
    cache_response: Option<Setting<bool>>,
}

impl CacheStore {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let duration = e.setting("duration");
        let cache_response = e.optional_setting("cache-response");
        Ok(Self {
            duration: duration?,
            cache_response: cache_response?,
        })
    }

    async fn store(
        &self,
        looked_up: LookedUp,
        keep: Duration,
        exchange: &mut Exchange,
    ) -> Result<Flow, Failure> {
        let context = &mut exchange.context;
        let limit = context.ports.limits.response_body;
        let body = context.response.body.buffer_within(limit).await;
        let body =
            body.map_err(|error| Failure::new("BackendConnectionFailure", error.to_string()))?;
        if body.is_none() {
            context.trace(|_| json!({"message": "The response is too long for the cache."}));
            return Ok(Flow::Next);
        }
        let Some(store) = looked_up.caching_type.store(exchange) else {
            return Ok(Flow::Next);
        };
        let context = &mut exchange.context;
        let now = context.ports.clock.now();
        let stored = Stored::of_response(&context.response, end(now, keep));
        looked_up
            .downstream
            .apply(&mut context.response.headers, keep);
        let put = store.put(now, &looked_up.key, stored.to_bytes(), keep);
        put.get().await;
        exchange.context.trace(|_| {
            json!({"message": format!("The response was put into the cache for {} seconds.", keep.as_secs())})
        });
        Ok(Flow::Next)
    }
}

impl Policy for CacheStore {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let Some(looked_up) = exchange.context.request.extensions.remove::<LookedUp>() else {
            return Ok(Flow::Next);
        };
        let wanted = match &self.cache_response {
            Some(setting) => *setting.get(exchange)?,
            None => exchange.context.response.status == StatusCode::OK,
        };
        let keep = *self.duration.get(exchange)?;
        if !wanted || keep.is_zero() {
            return Ok(Flow::Next);
        }
        exchange.keep((looked_up, keep));
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            match exchange.take_kept::<(LookedUp, Duration)>() {
                Some((looked_up, keep)) => self.store(looked_up, keep, exchange).await,
                None => Ok(Flow::Next),
            }
        })
    }

    fn reads(&self) -> Reads {
        let cache_response = self.cache_response.as_ref();
        self.duration
            .reads()
            .or(cache_response.map_or(Reads::NONE, Setting::reads))
    }

    fn resumes_hits(&self) -> bool {
        true
    }
}
