//! What is in the cache, written down and read back.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tollgate::engine::Response;
use tollgate::engine::exchange::value_as_json;
use tollgate::ports::{CacheStore, Step};
use tollgate::{Body, MemoryCache};
use tollgate_policies::caching::values;

use super::answers::Answer;
use super::message::{Lines, Wrong};
use super::time::Span;
use crate::Fixture;

/// For how long that is kept which was there before the test.
const KEPT: Duration = Duration::from_secs(365 * 24 * 3600);
/// For how long a response is, unless it says.
const KEPT_RESPONSE: Duration = Duration::from_secs(3600);

/// Puts values under keys of `cache-lookup-value`.
pub(super) fn fill(
    cache: &MemoryCache,
    now: i64,
    filled: &BTreeMap<String, Json>,
) -> Result<(), Wrong> {
    for (key, value) in filled {
        let wrong = |error: String| Wrong(format!("the cache cannot have `{key}`: {error}"));
        let described = json!({"variables": {"value": value}});
        let fixture = Fixture::from_json(&described).map_err(|error| wrong(error.to_string()))?;
        let variables = &fixture.context.variables;
        let Some((_, value)) = variables.iter().next() else {
            continue;
        };
        let bytes = values::pack(&fixture.heap, value).map_err(|throw| wrong(throw.to_string()))?;
        // A cache in memory answers at once.
        let _ = cache.put(now, &values::key(key), bytes, KEPT);
    }
    Ok(())
}

/// A value as a cache keeps it, as a test file writes it; `None` if it cannot be written.
pub fn cached_value(bytes: Bytes) -> Option<Json> {
    let mut fixture = Fixture::from_json(&json!({})).ok()?;
    let value = values::unpack(&mut fixture.heap, bytes)?;
    Some(value_as_json(&fixture.machine(), &value))
}

/// A response in the cache.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CachedResponse {
    /// What `cache-lookup` keeps it under: `api=orders&rev=1&url=…&`.
    pub key: String,
    /// How long it is good; an hour, unless given.
    pub expires_in: Option<Span>,
    /// The status code; 200, unless given.
    pub status: Option<u16>,
    /// The reason phrase; that of the status code, unless given.
    pub reason: Option<String>,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Lines>,
    /// The body, as text.
    pub body: Option<String>,
    /// The body, in Base64.
    pub base64: Option<String>,
}

/// Puts responses there as `cache-store` would.
pub(super) fn fill_responses(
    cache: &MemoryCache,
    now: i64,
    filled: &[CachedResponse],
) -> Result<(), Wrong> {
    for one in filled {
        let answer = Answer {
            status: one.status.unwrap_or(200),
            reason: one.reason.clone(),
            headers: one.headers.clone(),
            body: one.body.clone(),
            base64: one.base64.clone(),
            ..Answer::default()
        };
        let response = Response::from(answer.response()?.map(Body::full));
        let keep = one.expires_in.map_or(KEPT_RESPONSE, |span| span.0);
        let ticks = i64::try_from(keep.as_nanos() / 100).unwrap_or(i64::MAX);
        let bytes = values::pack_response(&response, now.saturating_add(ticks));
        let _ = cache.put(
            now,
            &format!("{}{}", values::RESPONSE, one.key),
            bytes,
            keep,
        );
    }
    Ok(())
}

/// The value that `cache-lookup-value` would find, as [`value_as_json`] has it.
pub(super) fn read(cache: &MemoryCache, now: i64, key: &str) -> Option<Json> {
    let Step::Ready(Some(bytes)) = cache.get(now, &values::key(key)) else {
        return None;
    };
    cached_value(bytes)
}
