//! The counters.

use std::fmt;
use std::sync::Arc;

use tollgate::MemoryCounters;
use tollgate::ports::{CounterAnswer, CounterOp, CounterStore, CountersAway, Step};

use crate::batch::{Batches, Check};
use crate::keys;
use crate::link::Redis;
use crate::settings::WhenAway;

/// Counters that all gateways share; see the [crate](crate) on what they promise.
#[derive(Clone)]
pub struct RedisCounters {
    redis: Redis,
    batches: Batches,
    /// What this gateway counts on its own while Redis is away.
    local: Arc<MemoryCounters>,
}

impl fmt::Debug for RedisCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisCounters").field(&self.redis).finish()
    }
}

impl RedisCounters {
    pub(crate) fn new(redis: Redis) -> Self {
        Self {
            batches: Batches::new(redis.clone()),
            redis,
            local: Arc::default(),
        }
    }

    /// The answer while Redis is away.
    fn without(&self, now: i64, check: &Check) -> CounterAnswer {
        self.redis.note_answer_without();
        match self.redis.settings().when_away {
            WhenAway::Closed => Err(CountersAway),
            WhenAway::Open => match self.local.apply(now, &check.operations()) {
                Step::Ready(answer) => answer,
                // Memory never waits.
                Step::Pending(_) => Err(CountersAway),
            },
        }
    }
}

impl CounterStore for RedisCounters {
    fn apply(&self, now: i64, operations: &[CounterOp<'_>]) -> Step<CounterAnswer> {
        let prefix = &self.redis.settings().prefix;
        let check = Check::new(now, operations, |one| {
            keys::counter(prefix, one.group, one.key)
        });
        if self.redis.is_away() {
            return Step::Ready(self.without(now, &check));
        }
        match self.batches.add(check) {
            Err(check) => Step::Ready(self.without(now, &check)),
            Ok(answer) => {
                let counters = self.clone();
                Step::Pending(Box::pin(async move {
                    match answer.await {
                        Ok(Ok(states)) => Ok(states),
                        Ok(Err(check)) => counters.without(now, &check),
                        // The runtime that asked has ended.
                        Err(_) => Err(CountersAway),
                    }
                }))
            }
        }
    }
}
