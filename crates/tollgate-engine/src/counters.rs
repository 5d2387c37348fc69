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
    count: u64,
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
        let left = limit.saturating_sub(self.used());
        let missing = count.needs().filter(|needed| *needed > left);
        CounterState {
            allowed: missing.is_none(),
            remaining: left,
            retry_after: match missing {
                None => Duration::ZERO,
                Some(needed) => self.retry_after(now, limit.saturating_sub(needed), period),
            },
        }
    }

    /// Counts what [`check`](Self::check) allowed, and gives how many more are allowed now.
    pub fn add(&mut self, now: i64, limit: u64, period: Duration, count: Count) -> u64 {
        let now = self.forget(now, period);
        match count {
            Count::Take(count @ 1..) | Count::Add(count @ 1..) | Count::Reserve(count @ 1..) => {
                self.push(Moment { at: now, count }, period);
            }
            // What has left the window is not given back out of what came later.
            Count::Release { count, since } if since > now.saturating_sub(ticks(period)) => {
                self.release(count, since);
            }
            _ => {}
        }
        limit.saturating_sub(self.used())
    }

    /// Takes so many back, of what was counted since then: the oldest first, which leave the window first, so that
    /// nothing is freed too early.
    fn release(&mut self, mut count: u64, since: i64) {
        for moment in self.moments.iter_mut().filter(|moment| moment.at >= since) {
            let part = moment.count.min(count);
            moment.count -= part;
            count -= part;
        }
        self.moments.retain(|moment| moment.count > 0);
    }

    fn used(&self) -> u64 {
        self.moments
            .iter()
            .fold(0, |used, moment| used.saturating_add(moment.count))
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

    /// How long until no more than `most` are counted: until enough of the oldest are a period old.
    fn retry_after(&self, now: i64, most: u64, period: Duration) -> Duration {
        let mut used = self.used();
        for moment in &self.moments {
            used = used.saturating_sub(moment.count);
            if used <= most {
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
pub(crate) fn ticks(period: Duration) -> i64 {
    i64::try_from(period.as_nanos() / 100).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 10_000_000;
    const MINUTE: Duration = Duration::from_secs(60);
    const TAKE: Count = Count::Take(1);

    fn take(window: &mut Window, now: i64, limit: u64) -> CounterState {
        let mut state = window.check(now, limit, MINUTE, TAKE);
        if state.allowed {
            state.remaining = window.add(now, limit, MINUTE, TAKE);
        }
        state
    }

    #[test]
    fn the_window_slides() {
        let mut window = Window::default();
        for second in [0, 10, 20] {
            assert!(take(&mut window, second * SECOND, 3).allowed);
        }
        let refused = take(&mut window, 59 * SECOND, 3);
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after, Duration::from_secs(1));
        assert!(take(&mut window, 60 * SECOND, 3).allowed);
        assert_eq!(
            take(&mut window, 61 * SECOND, 3).retry_after,
            Duration::from_secs(9)
        );
    }

    #[test]
    fn what_is_left_is_told() {
        let mut window = Window::default();
        assert_eq!(take(&mut window, 0, 2).remaining, 1);
        assert_eq!(take(&mut window, 0, 2).remaining, 0);
        assert_eq!(window.check(0, 2, MINUTE, Count::Check).remaining, 0);
        assert_eq!(window.add(0, 2, MINUTE, Count::Add(5)), 0);
        assert!(!window.check(59 * SECOND, 2, MINUTE, Count::Check).allowed);
        assert!(window.check(60 * SECOND, 2, MINUTE, Count::Check).allowed);
    }

    #[test]
    fn what_was_reserved_is_given_back() {
        let mut window = Window::default();
        let reserve = |window: &mut Window, now: i64, count| {
            let state = window.check(now * SECOND, 100, MINUTE, Count::Reserve(count));
            if state.allowed {
                window.add(now * SECOND, 100, MINUTE, Count::Reserve(count));
            }
            (state.allowed, state.retry_after.as_secs())
        };
        assert_eq!(reserve(&mut window, 0, 60), (true, 0));
        assert_eq!(reserve(&mut window, 10, 40), (true, 0));
        assert_eq!(reserve(&mut window, 20, 0), (false, 40), "nothing is left");
        assert_eq!(reserve(&mut window, 20, 61), (false, 50));
        assert_eq!(reserve(&mut window, 20, 101), (false, 50), "it never fits");
        let release = |window: &mut Window, now: i64, count, since: i64| {
            let since = since * SECOND;
            window.add(now * SECOND, 100, MINUTE, Count::Release { count, since })
        };
        assert_eq!(release(&mut window, 30, 50, 0), 50);
        assert_eq!(reserve(&mut window, 30, 50), (true, 0));
        assert_eq!(
            release(&mut window, 65, 10, 0),
            10,
            "it has left the window"
        );
        assert_eq!(release(&mut window, 66, 30, 10), 40);
        assert_eq!(
            release(&mut window, 67, 1_000, 40),
            40,
            "nothing is so young"
        );
    }

    #[test]
    fn no_period_ever_has_more_than_the_limit_and_memory_is_bounded() {
        // Steps of a simple generator: bursts and pauses.
        let (limit, mut seed, mut now) = (100, 7_u64, 0_i64);
        let mut window = Window::default();
        let mut taken: Vec<i64> = Vec::new();
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            now += i64::from(u8::try_from(seed >> 56).unwrap_or(0)) * SECOND / 300;
            if take(&mut window, now, limit).allowed {
                taken.push(now);
            }
            assert!(window.moments.len() <= MOMENTS + 2);
        }
        let apart = taken.iter().zip(taken.iter().skip(100));
        assert!(apart.clone().count() > 1_000);
        for (first, later) in apart {
            assert!(later - first >= ticks(MINUTE));
        }
        // Nor does it refuse for much longer than it must: a sixteenth of a period more at most.
        let periods = usize::try_from(now / (ticks(MINUTE) * 17 / 16)).unwrap_or(0);
        assert!(taken.len() >= periods * 90, "{} in {periods}", taken.len());
    }

    #[test]
    fn a_clock_that_goes_back_frees_nothing() {
        let mut window = Window::default();
        assert!(take(&mut window, 100 * SECOND, 1).allowed);
        assert!(!take(&mut window, 0, 1).allowed);
        assert!(!window.is_idle(0, MINUTE));
        assert!(window.is_idle(160 * SECOND, MINUTE));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut window = Window::default();
        window.add(i64::MAX, u64::MAX, Duration::MAX, Count::Add(u64::MAX));
        window.add(i64::MAX, 0, Duration::MAX, Count::Add(u64::MAX));
        assert!(!window.check(i64::MIN, 0, Duration::MAX, TAKE).allowed);
        assert!(!Window::default().check(0, 0, Duration::ZERO, TAKE).allowed);
    }

    #[test]
    fn retry_after_is_whole_seconds_and_at_least_one() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            assert_eq!(
                retry_after_seconds(Duration::from_millis(milliseconds)),
                seconds
            );
        }
    }
}
