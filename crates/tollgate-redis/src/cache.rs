//! The external cache.

use std::time::Duration;

use bytes::Bytes;
use redis::cmd;
use tollgate::ports::{CacheStore, Step};

use crate::keys;
use crate::link::Redis;

/// Values that all gateways share, each with a time after which the server forgets it.
///
/// While Redis is away there are none. A value that is longer than
/// [`largest_value`](crate::Settings::largest_value) is not kept, nor is the one that it was to replace.
#[derive(Debug, Clone)]
pub struct RedisCache(pub(crate) Redis);

impl CacheStore for RedisCache {
    fn get(&self, _: i64, key: &str) -> Step<Option<Bytes>> {
        let mut get = cmd("GET");
        get.arg(keys::value(&self.0.settings().prefix, key));
        let redis = self.0.clone();
        Step::Pending(Box::pin(async move {
            let found: Option<Vec<u8>> = redis.call(get).await.ok()?;
            found.map(Bytes::from)
        }))
    }

    fn put(&self, _: i64, key: &str, value: Bytes, keep: Duration) -> Step<()> {
        let name = keys::value(&self.0.settings().prefix, key);
        let milliseconds = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
        // What is longer is no time that the server takes: a thousand years will do.
        let milliseconds = milliseconds.min(1000 * 365 * 86_400_000);
        let is_kept = value.len() <= self.0.settings().largest_value && milliseconds > 0;
        let command = match is_kept {
            true => {
                let mut set = cmd("SET");
                set.arg(name).arg(&value[..]).arg("PX").arg(milliseconds);
                set
            }
            false => delete(name),
        };
        self.run(command)
    }

    fn remove(&self, key: &str) -> Step<()> {
        self.run(delete(keys::value(&self.0.settings().prefix, key)))
    }
}

fn delete(name: String) -> redis::Cmd {
    let mut delete = cmd("DEL");
    delete.arg(name);
    delete
}

impl RedisCache {
    fn run(&self, command: redis::Cmd) -> Step<()> {
        let redis = self.0.clone();
        Step::Pending(Box::pin(async move {
            // What cannot be written is gone; the link tells of it.
            let _: Result<redis::Value, _> = redis.call(command).await;
        }))
    }
}
