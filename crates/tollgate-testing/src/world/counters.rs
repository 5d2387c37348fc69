//! Counters that can have counted before the test began.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::time::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use tollgate::MemoryCounters;
use tollgate::ports::{Count, CounterAnswer, CounterOp, CounterStore, Step};

/// What a counter has counted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Counter {
    /// The policy that counts, such as `rate-limit-by-key`; any that has such a key, unless given.
    pub policy: Option<String>,
    /// The value of `counter-key`; for `rate-limit` and `quota` the id of the subscription.
    pub key: String,
    /// The whole name that the policy gives it, in place of `policy`, `key` and `bytes`.
    #[serde(default)]
    pub name: Option<String>,
    /// How many calls, tokens or bytes it has counted.
    pub count: u64,
    /// How long before the test it has; just now, unless given.
    #[serde(default)]
    pub ago: Span,
    /// Whether it counts the bytes of `bandwidth`.
    #[serde(default)]
    pub bytes: bool,
}

impl Counter {
    /// Whether this is the counter that a policy keeps under that name: its parts stand in lines, the key last but for what
    /// `rate-limit` and `quota` add for an API and an operation.
    pub(crate) fn is(&self, name: &str) -> bool {
        if let Some(own) = &self.name {
            return own == name;
        }
        let has = |wanted: &str| name.split('\n').any(|part| part == wanted);
        let ends = name.strip_suffix(&*self.key);
        self.policy.as_deref().is_none_or(has)
            && self.bytes == name.starts_with("bytes\n")
            && (has(&self.key) || ends.is_some_and(|before| before.ends_with('\n')))
    }
}

/// Counters in memory that start with what was said of them.
#[derive(Debug)]
pub(super) struct Counters {
    memory: MemoryCounters,
    given: Vec<Counter>,
    /// How much was counted under each name.
    counted: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    pub(super) fn new(given: Vec<Counter>) -> Self {
        Self {
            memory: MemoryCounters::new(),
            given,
            counted: Mutex::default(),
        }
    }

    /// How much was counted so far, what was given included, by the names that policies give their counters.
    pub(super) fn counted(&self) -> BTreeMap<String, u64> {
        let counted = self.counted.lock();
        counted.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl CounterStore for Counters {
    fn apply(&self, now: i64, operations: &[CounterOp<'_>]) -> Step<CounterAnswer> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for operation in operations {
            if counted.contains_key(operation.key) {
                continue;
            }
            let mut given = self.given.iter();
            let before = given.find(|one| one.is(operation.key));
            let count = before.map_or(0, |one| one.count);
            counted.insert(operation.key.to_owned(), count);
            if count > 0 {
                let add = CounterOp {
                    count: Count::Add(count),
                    ..*operation
                };
                let ago = before.map_or(0, |one| one.ago.0.as_nanos() / 100);
                let at = now.saturating_sub(i64::try_from(ago).unwrap_or(i64::MAX));
                // A counter in memory answers at once.
                let _ = self.memory.apply(at, &[add]);
            }
        }
        let states = self.memory.apply(now, operations);
        if let Step::Ready(Ok(states)) = &states
            && states.iter().all(|state| state.allowed)
        {
            for operation in operations {
                let so_far = counted.entry(operation.key.to_owned()).or_default();
                *so_far = match operation.count {
                    Count::Check => *so_far,
                    Count::Take(count) | Count::Add(count) | Count::Reserve(count) => {
                        so_far.saturating_add(count)
                    }
                    Count::Release { count, .. } => so_far.saturating_sub(count),
                };
            }
        }
        states
    }
}
