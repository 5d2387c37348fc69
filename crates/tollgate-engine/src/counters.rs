//! The arithmetic of sliding windows, as pure functions: the in-memory store uses it, shared stores mirror it.

use std::time::Duration;

use smallvec::SmallVec;

use crate::ports::{Count, CounterState};

/// What was counted in the last period.
///
/// Exact while up to sixteen moments are remembered. Beyond that, moments in the same sixteenth of a period are taken
/// together as the latest of them, so it may refuse for a sixteenth of a period too long, but never counts a
/// moment for less than a period.
#[derive(Debug, Clone, Default)]
pub struct Window {
    moments: SmallVec<[Moment; 1]>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    at: i64,
    count: u32,
}

/// How many moments are kept exactly, and how many parts a period then has.
const MOMENTS: usize = 16;

impl Window {
    /// Whether nothing is left of it at `now`, so that it may be forgotten.
    pub fn is_idle(&self, now: i64, period: Duration) -> bool {
        let since = now.saturating_sub(ticks(period));
        self.moments.last().is_none_or(|last| last.at <= since)
    }

    /// What the counter would answer; counts nothing.
    pub fn check(&mut self, now: i64, limit: u64, period: Duration, count: Count) -> CounterState {
        let now = self.forget(now, period);
        let used = self.used();
        let allowed = matches!(count, Count::Add(_)) || used < limit;
        CounterState {
            allowed,
            remaining: limit.saturating_sub(used),
            retry_after: match allowed {
                true => Duration::ZERO,
                false => self.retry_after(now, limit, period),
            },
        }
    }

    /// Counts what [`check`](Self::check) allowed, and gives how many more are allowed now.
    pub fn add(&mut self, now: i64, limit: u64, period: Duration, count: Count) -> u64 {
        let now = self.forget(now, period);
        if let Count::Take(count @ 1..) | Count::Add(count @ 1..) = count {
            self.push(Moment { at: now, count }, period);
        }
        limit.saturating_sub(self.used())
    }

    fn used(&self) -> u64 {
        self.moments
            .iter()
            .map(|moment| u64::from(moment.count))
            .sum()
    }

    /// Drops what is older than a period. A clock that went back is taken to stand still.
    fn forget(&mut self, now: i64, period: Duration) -> i64 {
        let now = self.moments.last().map_or(now, |last| now.max(last.at));
        let since = now.saturating_sub(ticks(period));
        self.moments.retain(|moment| moment.at > since);
        now
    }

    fn push(&mut self, new: Moment, period: Duration) {
        if let Some(last) = self.moments.last_mut().filter(|last| last.at == new.at) {
            last.count = last.count.saturating_add(new.count);
            return;
        }
        self.moments.push(new);
        if self.moments.len() > MOMENTS {
            self.merge(period);
        }
    }

    /// Takes moments in the same part of the period together, as the latest of them.
    fn merge(&mut self, period: Duration) {
        let parts = i64::try_from(MOMENTS).unwrap_or(i64::MAX);
        let part = (ticks(period) / parts).max(1);
        self.moments.dedup_by(|later, earlier| {
            let same = later.at.div_euclid(part) == earlier.at.div_euclid(part);
            if same {
                earlier.at = later.at;
                earlier.count = earlier.count.saturating_add(later.count);
            }
            same
        });
    }

    /// How long until one more is allowed: until enough of the oldest are a period old.
    fn retry_after(&self, now: i64, limit: u64, period: Duration) -> Duration {
        let mut used = self.used();
        for moment in &self.moments {
            used = used.saturating_sub(moment.count.into());
            if used < limit {
                let left = moment.at.saturating_add(ticks(period)).saturating_sub(now);
                return Duration::from_nanos(u64::try_from(left).unwrap_or(0).saturating_mul(100));
            }
        }
        period
    }
}

/// The value of a `Retry-After` header: whole seconds, at least one.
pub fn retry_after_seconds(retry_after: Duration) -> u64 {
    let whole = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
    whole.max(1)
}

/// A duration in .NET ticks.
fn ticks(period: Duration) -> i64 {
    i64::try_from(period.as_nanos() / 100).unwrap_or(i64::MAX)
}
