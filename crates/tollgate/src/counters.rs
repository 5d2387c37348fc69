//! Counters in memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::quality::RandomState;
use smallvec::SmallVec;
use tollgate_engine::counters::Window;
use tollgate_engine::ports::{
    CounterAnswer, CounterOp, CounterState, CounterStates, CounterStore, Step,
};

/// Counters of one process: 64 shards, keyed by a 128-bit hash with random seeds.
///
/// A key that was not counted for a period is forgotten, so that keys which come once cost nothing for long. A shard
/// takes 65,536 live keys (4 million in all); a new key beyond that is refused rather than another one forgotten,
/// because forgetting would hand out fresh limits.
///
/// Source of the behaviour: rate-limit-by-key-policy.md (counters are kept per gateway).
pub struct MemoryCounters {
    shards: Box<[Mutex<Shard>; SHARDS]>,
    seeds: [RandomState; 2],
}

const SHARDS: usize = 64;
const KEYS_PER_SHARD: usize = 1 << 16;

#[derive(Default)]
struct Shard {
    windows: HashMap<u128, Entry, BuildHasherDefault<Folded>>,
    /// At how many keys the idle ones are looked for next.
    sweep_at: usize,
}

#[derive(Default)]
struct Entry {
    window: Window,
    period: Duration,
}

impl std::fmt::Debug for MemoryCounters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryCounters")
            .field("keys", &self.len())
            .finish()
    }
}

impl Default for MemoryCounters {
    fn default() -> Self {
        Self {
            shards: Box::new(std::array::from_fn(|_| Mutex::default())),
            seeds: [RandomState::default(), RandomState::default()],
        }
    }
}

impl MemoryCounters {
    /// No counters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many keys are remembered, idle ones that were not looked at since included.
    pub fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| lock(shard).windows.len())
            .sum()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, key: &str) -> u128 {
        let [high, low] = &self.seeds;
        u128::from(high.hash_one(key)) << 64 | u128::from(low.hash_one(key))
    }
}

impl CounterStore for MemoryCounters {
    fn apply(&self, now: i64, operations: &[CounterOp<'_>]) -> Step<CounterAnswer> {
        let hashes: SmallVec<[u128; 2]> = operations
            .iter()
            .map(|operation| self.hash(operation.key))
            .collect();

        // Shards are locked in one order by everybody, each once.
        let mut order: SmallVec<[usize; 2]> = hashes.iter().map(|hash| shard_of(*hash)).collect();
        order.sort_unstable();
        order.dedup();
        let mut locked: SmallVec<[(usize, MutexGuard<'_, Shard>); 2]> = order
            .iter()
            .filter_map(|index| Some((*index, lock(self.shards.get(*index)?))))
            .collect();
        let mut entry = |hash: u128, act: &mut dyn FnMut(&mut Entry) -> CounterState| {
            let shard = locked
                .iter_mut()
                .find(|(index, _)| *index == shard_of(hash));
            shard
                .and_then(|(_, shard)| shard.entry(hash, now).map(act))
                .unwrap_or_else(|| {
                    tracing::warn!("a rate limit was refused: too many counters are in use");
                    CounterState {
                        allowed: false,
                        remaining: 0,
                        retry_after: Duration::from_secs(1),
                    }
                })
        };

        let mut states: CounterStates = operations
            .iter()
            .zip(&hashes)
            .map(|(operation, hash)| {
                entry(*hash, &mut |entry| {
                    entry.period = operation.period;
                    entry
                        .window
                        .check(now, operation.limit, operation.period, operation.count)
                })
            })
            .collect();
        if states.iter().all(|state| state.allowed) {
            for ((operation, hash), state) in operations.iter().zip(&hashes).zip(&mut states) {
                *state = entry(*hash, &mut |entry| CounterState {
                    remaining: entry.window.add(
                        now,
                        operation.limit,
                        operation.period,
                        operation.count,
                    ),
                    ..*state
                });
            }
        }
        Step::Ready(Ok(states))
    }
}

impl Shard {
    /// The entry of a key; `None` if the shard is full of keys that are all in use.
    fn entry(&mut self, hash: u128, now: i64) -> Option<&mut Entry> {
        if self.windows.len() >= self.sweep_at.max(64) {
            self.windows
                .retain(|key, entry| *key == hash || !entry.window.is_idle(now, entry.period));
            // Swept again when it has doubled: each key pays for a constant share.
            self.sweep_at = (self.windows.len() * 2).min(KEYS_PER_SHARD);
        }
        if self.windows.len() >= KEYS_PER_SHARD && !self.windows.contains_key(&hash) {
            return None;
        }
        Some(self.windows.entry(hash).or_default())
    }
}

fn shard_of(hash: u128) -> usize {
    // Six bits: below SHARDS.
    (hash >> 122) as usize
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A key is a hash already.
#[derive(Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u128(&mut self, hash: u128) {
        // The low half; the high bits have chosen the shard.
        self.0 = hash as u64;
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use super::*;
    use tollgate_engine::ports::{Count, TICKS_PER_SECOND};

    const MINUTE: Duration = Duration::from_secs(60);

    fn operation(key: &str, limit: u64, count: Count) -> CounterOp<'_> {
        CounterOp {
            group: "",
            fixed: false,
            key,
            limit,
            period: MINUTE,
            count,
        }
    }

    fn apply(
        counters: &MemoryCounters,
        now: i64,
        operations: &[CounterOp<'_>],
    ) -> Vec<CounterState> {
        match counters.apply(now, operations) {
            Step::Ready(states) => states.unwrap().to_vec(),
            Step::Pending(_) => panic!("memory never waits"),
        }
    }

    #[test]
    fn the_limit_holds_and_frees_after_a_period() {
        let counters = MemoryCounters::new();
        let take = |now| {
            apply(
                &counters,
                now * TICKS_PER_SECOND,
                &[operation("k", 2, Count::Take(1))],
            )[0]
        };
        assert_eq!(
            take(0),
            CounterState {
                allowed: true,
                remaining: 1,
                retry_after: Duration::ZERO
            }
        );
        assert_eq!(
            take(10),
            CounterState {
                allowed: true,
                remaining: 0,
                retry_after: Duration::ZERO
            }
        );
        let refused = take(20);
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after, Duration::from_secs(40));
        assert!(take(61).allowed);
        assert!(!take(62).allowed);
    }

    #[test]
    fn one_refusal_counts_nothing() {
        let counters = MemoryCounters::new();
        apply(&counters, 0, &[operation("full", 1, Count::Take(1))]);
        let both = [
            operation("free", 5, Count::Take(1)),
            operation("full", 1, Count::Take(1)),
        ];
        assert!(!apply(&counters, 1, &both)[1].allowed);
        assert_eq!(
            apply(&counters, 2, &[operation("free", 5, Count::Check)])[0].remaining,
            5
        );
    }

    #[test]
    fn keys_that_come_once_are_forgotten() {
        let counters = MemoryCounters::new();
        for turn in 0..1_000_000_i64 {
            let now = turn * TICKS_PER_SECOND / 100;
            apply(
                &counters,
                now,
                &[operation(&format!("key-{turn}"), 5, Count::Take(1))],
            );
        }
        // 6,000 keys are live at any time.
        assert!(counters.len() < 20_000, "{}", counters.len());
    }

    #[test]
    fn a_full_shard_refuses_new_keys_and_keeps_old_ones() {
        let mut shard = Shard::default();
        for hash in 0..KEYS_PER_SHARD {
            let entry = shard.entry(hash as u128, 0).unwrap();
            entry.period = MINUTE;
            entry.window.add(0, 1, MINUTE, Count::Take(1));
        }
        assert!(shard.entry(u128::MAX, 1).is_none());
        assert!(shard.entry(7, 1).is_some());
        assert!(shard.entry(u128::MAX, 61 * TICKS_PER_SECOND).is_some());
    }

    #[test]
    fn threads_together_get_exactly_the_limit() {
        let counters = MemoryCounters::new();
        let allowed: usize = std::thread::scope(|scope| {
            let turn = || {
                (0..1000)
                    .filter(|_| {
                        apply(&counters, 5, &[operation("k", 777, Count::Take(1))])[0].allowed
                    })
                    .count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(turn)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(allowed, 777);
    }
}
