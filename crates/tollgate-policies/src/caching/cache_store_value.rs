//! `cache-store-value`: puts a value into the cache.
//!
//! ```xml
//! <cache-store-value key="@("user-" + context.User.Id)" value="@((string)context.Variables["user"])" duration="3600" />
//! ```
//!
//! `duration` is in seconds. The value is copied: numbers, text, dates and the like, byte arrays, arrays, lists and
//! dictionaries of them, JSON, XML, and responses. What is meant for one request only, such as a lazy sequence, is not
//! kept, and the log says so; a cache that fails keeps nothing: neither is an error. The value is there for the next
//! policy already. A key that is null or empty, and a value that is null, fail with `ExpressionValueValidationFailure`.
//! Source: cache-store-value-policy.md.

use std::time::Duration;

use tollgate_engine::ports::{Step, TICKS_PER_SECOND};
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Finish, Flow, Invalid, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, Waiting, required,
};

use super::caching_type::{CACHING_TYPE, CachingType};
use super::stored::{Kept, Key, Stored};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cache-store-value",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("key").about("The key of the value."),
        required("value").about("The value."),
        required("duration").about("For how many seconds it is kept."),
        CACHING_TYPE,
    ],
    children: Children::None,
    load: |e| Ok(Box::new(CacheStoreValue::load(e)?)),
};

#[derive(Debug)]
struct CacheStoreValue {
    key: Key,
    value: Setting<Kept>,
    duration: Setting<Duration>,
    caching_type: CachingType,
}

impl CacheStoreValue {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (key, value) = (Key::load(e), e.setting("value"));
        let duration = e.setting("duration");
        let caching_type = e.optional_literal("caching-type");
        Ok(Self {
            key: key?,
            value: value?,
            duration: duration?,
            caching_type: caching_type?.unwrap_or_default(),
        })
    }
}

/// When that long is over, in ticks.
pub(crate) fn end(now: i64, keep: Duration) -> i64 {
    let ticks = keep.as_nanos() / 100;
    now.saturating_add(i64::try_from(ticks).unwrap_or(i64::MAX))
}

/// How long it is until then.
pub(super) fn until(now: i64, end: i64) -> Duration {
    let ticks = u64::try_from(end.saturating_sub(now)).unwrap_or(0);
    let ticks_per_second = u64::try_from(TICKS_PER_SECOND).unwrap_or(1);
    Duration::from_secs(ticks / ticks_per_second)
}

/// Goes on when a store has done what it was told.
pub(super) fn settle(step: Step<()>, exchange: &mut Exchange) -> Flow {
    match step {
        Step::Ready(()) => Flow::Next,
        Step::Pending(done) => {
            exchange.keep(done);
            Flow::Wait
        }
    }
}

/// The rest of [`settle`].
pub(super) fn settled<'a>(exchange: &mut Exchange) -> Waiting<'a> {
    let done: Option<BoxFuture<'static, ()>> = exchange.take_kept();
    Waiting::Detached(Box::pin(async move {
        if let Some(done) = done {
            done.await;
        }
        Box::new(|_: &mut Exchange| Ok(Flow::Next)) as Finish<'a>
    }))
}

impl Policy for CacheStoreValue {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let key = self.key.get(exchange)?;
        let Kept(value) = self.value.get(exchange)?.into_owned();
        let keep = *self.duration.get(exchange)?;
        let now = exchange.context.ports.clock.now();
        let Some(store) = self.caching_type.store(exchange) else {
            return Ok(Flow::Next);
        };
        Ok(match Stored::of_value(&value, end(now, keep), exchange) {
            Some(stored) => settle(store.put(now, &key, stored.to_bytes(), keep), exchange),
            None => Flow::Next,
        })
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        Ok(settled(exchange))
    }

    fn reads(&self) -> Reads {
        let own = [self.value.reads(), self.duration.reads()];
        own.into_iter().fold(self.key.reads(), Reads::or)
    }
}
