//! What is in the cache, written down and read back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tollgate::MemoryCache;
use tollgate::engine::exchange::value_as_json;
use tollgate::ports::{CacheStore, Step};
use tollgate_policies::caching::values;

use super::message::Wrong;
use crate::Fixture;

/// For how long that is kept which was there before the test.
const KEPT: Duration = Duration::from_secs(365 * 24 * 3600);

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

/// The value that `cache-lookup-value` would find, as [`value_as_json`] has it.
pub(super) fn read(cache: &MemoryCache, now: i64, key: &str) -> Option<Json> {
    let Step::Ready(Some(bytes)) = cache.get(now, &values::key(key)) else {
        return None;
    };
    let mut fixture = Fixture::from_json(&json!({})).ok()?;
    let value = values::unpack(&mut fixture.heap, bytes)?;
    Some(value_as_json(&fixture.machine(), &value))
}
