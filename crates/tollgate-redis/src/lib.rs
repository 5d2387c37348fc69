//! Counters and caches that many gateways share through Redis or Valkey: one server, one that Sentinels watch, or a
//! cluster; with TLS where the URL begins with `rediss://`.
//!
//! ```no_run
//! use tollgate::Gateway;
//! use tollgate_redis::{Redis, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::new(Settings::new("redis://redis.internal:6379"))?;
//! let builder = Gateway::builder()
//!     .counters(redis.counters())
//!     .external_cache(redis.cache());
//! # Ok(()) }
//! ```
//!
//! # Counters
//! Rate limits, quotas and token limits of all gateways together are exact: a check is one script on the server, whatever
//! it counts. Checks that come while others are on their way go together. Windows slide as those in memory do. The time
//! is the server's: gateways whose clocks are apart share one window and admit no more than the limit. Windows that are
//! fixed have their number in the key, which the gateway's clock says; each admits no more than its limit whoever counts
//! in it, if the clocks are less than a minute apart. `limit-concurrency` stays that of each gateway, as in API
//! Management. Counts are exact up to 2⁵³.
//!
//! A fail-over of Redis may forget what the replica had not been told yet.
//!
//! # While Redis is away
//! A request waits for the response timeout at most, and only until the first of them has: then none waits, and the
//! connection is tried anew in the background, more and more rarely, at least every two seconds. [`WhenAway`] says what
//! the counters answer. Caches have nothing meanwhile. [`Redis::status`] tells, as do events of `tracing` when it begins and ends.
//! In a cluster a node that is away costs those that ask it the response timeout; the others do not notice.
//!
//! # Keys
//! `prefix:c:{…}:…` are counters, `prefix:v:{…}` values, with SHA-256 of the names in place of the names: no private data
//! stands in them, and callers cannot choose them. Counters of one call have the part in braces in common, so that a
//! cluster has them on one node. All keys expire, but those of quotas without an end.

mod batch;
mod cache;
mod counters;
mod keys;
mod link;
mod settings;

pub use cache::RedisCache;
pub use counters::RedisCounters;
pub use link::{Redis, SettingsError, Status};
pub use settings::{Settings, WhenAway};
