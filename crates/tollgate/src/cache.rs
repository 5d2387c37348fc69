//! The internal cache, in memory.

use std::time::Duration;

use bytes::Bytes;
use foldhash::quality::RandomState;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use tollgate_engine::ports::{CacheStore, Step};

/// Values of one process, as many bytes of them as were said; at the limit those that are asked for least go first.
///
/// A value whose time is over is gone as soon as the gateway's clock says so; its bytes are free when somebody asks for
/// it or room is needed. A value that is more than an eighth of the whole is not kept.
///
/// Source of the behaviour: api-management-howto-cache.md (the internal cache is volatile).
pub struct MemoryCache {
    values: Cache<Box<str>, Entry, Weight, RandomState>,
    largest: u64,
}

#[derive(Clone)]
struct Entry {
    value: Bytes,
    /// When its time is over, in ticks.
    end: i64,
}

/// What an entry costs beside its key and value: the map's own keeping.
const OVERHEAD: usize = 128;

#[derive(Clone)]
struct Weight;

impl Weighter<Box<str>, Entry> for Weight {
    fn weight(&self, key: &Box<str>, entry: &Entry) -> u64 {
        weight(key, &entry.value)
    }
}

fn weight(key: &str, value: &Bytes) -> u64 {
    u64::try_from(key.len() + value.len() + OVERHEAD).unwrap_or(u64::MAX)
}

impl Default for MemoryCache {
    /// A cache of 64 MiB.
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

impl std::fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryCache")
            .field("values", &self.values.len())
            .field("bytes", &self.bytes())
            .finish()
    }
}

impl MemoryCache {
    /// An empty cache that keeps at most so many bytes.
    pub fn new(bytes: usize) -> Self {
        let capacity = u64::try_from(bytes).unwrap_or(u64::MAX);
        let options = OptionsBuilder::new()
            .estimated_items_capacity((bytes / 1024).clamp(16, 1 << 16))
            .weight_capacity(capacity)
            // An eighth of the whole must fit into one shard.
            .shards(4)
            .build();
        let lifecycle = DefaultLifecycle::default();
        let values = match options {
            Ok(options) => Cache::with_options(options, Weight, RandomState::default(), lifecycle),
            // Both capacities are given above.
            Err(_) => Cache::with(16, capacity, Weight, RandomState::default(), lifecycle),
        };
        Self {
            values,
            largest: capacity / 8,
        }
    }

    /// How many bytes its keys and values take, with what keeping them costs.
    pub fn bytes(&self) -> u64 {
        self.values.weight()
    }
}

impl CacheStore for MemoryCache {
    fn get(&self, now: i64, key: &str) -> Step<Option<Bytes>> {
        let found = self.values.get(key);
        Step::Ready(match found {
            Some(entry) if now < entry.end => Some(entry.value),
            Some(_) => {
                self.values.remove_if(key, |entry| entry.end <= now);
                None
            }
            None => None,
        })
    }

    fn put(&self, now: i64, key: &str, value: Bytes, keep: Duration) -> Step<()> {
        let keep = i64::try_from(keep.as_nanos() / 100).unwrap_or(i64::MAX);
        let end = now.saturating_add(keep);
        match weight(key, &value) <= self.largest && now < end {
            true => self.values.insert(key.into(), Entry { value, end }),
            // The one that was there is not the newest any more.
            false => drop(self.values.remove(key)),
        }
        Step::Ready(())
    }

    fn remove(&self, key: &str) -> Step<()> {
        self.values.remove(key);
        Step::Ready(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]
    use super::*;
    use tollgate_engine::ports::TICKS_PER_SECOND;

    fn get(cache: &MemoryCache, second: i64, key: &str) -> Option<Bytes> {
        match cache.get(second * TICKS_PER_SECOND, key) {
            Step::Ready(value) => value,
            Step::Pending(_) => panic!("memory never waits"),
        }
    }

    fn put(cache: &MemoryCache, second: i64, key: &str, value: impl Into<Bytes>, keep: u64) {
        let (now, keep) = (second * TICKS_PER_SECOND, Duration::from_secs(keep));
        assert!(matches!(
            cache.put(now, key, value.into(), keep),
            Step::Ready(())
        ));
    }

    #[test]
    fn a_value_is_there_until_its_time_is_over() {
        let cache = MemoryCache::default();
        put(&cache, 0, "k", "1", 10);
        assert_eq!(get(&cache, 9, "k").as_deref(), Some(&b"1"[..]));
        assert_eq!(get(&cache, 9, "other"), None);
        assert_eq!(get(&cache, 10, "k"), None);
        assert_eq!(cache.bytes(), 0, "its bytes are free");
        put(&cache, 10, "k", "2", 10);
        put(&cache, 11, "k", "3", 10);
        assert_eq!(get(&cache, 20, "k").as_deref(), Some(&b"3"[..]));
        assert!(matches!(cache.remove("k"), Step::Ready(())));
        assert_eq!(get(&cache, 20, "k"), None);
    }

    #[test]
    fn it_takes_no_more_than_it_may() {
        let cache = MemoryCache::new(1 << 20);
        for index in 0..4000 {
            put(&cache, 0, &format!("key {index}"), vec![0; 1000], 60);
        }
        assert!(cache.bytes() <= 1 << 20, "{}", cache.bytes());
        assert!(cache.bytes() > 1 << 19, "{}", cache.bytes());
    }

    #[test]
    fn what_is_too_large_is_not_kept_nor_what_it_was_to_replace() {
        let cache = MemoryCache::new(1 << 20);
        put(&cache, 0, "k", "small", 60);
        put(&cache, 0, "k", vec![0; 1 << 18], 60);
        assert_eq!(get(&cache, 0, "k"), None);
        put(&cache, 0, "k", vec![0; 100_000], 60);
        assert!(get(&cache, 0, "k").is_some());
        put(&cache, 0, "k", "no time", 0);
        assert_eq!(get(&cache, 0, "k"), None);
    }
}
