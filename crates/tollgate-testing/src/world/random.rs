//! Random numbers that are the same in every run.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tollgate::ports::Random;

use super::Wrong;

/// Numbers that look random and follow from a seed (SplitMix64).
#[derive(Debug)]
pub struct SplitMix(Mutex<u64>);

impl SplitMix {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Puts things in another order.
    pub fn shuffle<T>(&self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            let bound = u64::try_from(end).unwrap_or(u64::MAX).saturating_add(1);
            let other = usize::try_from(self.next_u64() % bound).unwrap_or(0);
            things.swap(end, other);
        }
    }
}

impl Random for SplitMix {
    fn next_u64(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Numbers that were written down, and those of a seed behind them.
#[derive(Debug)]
pub(super) struct Given {
    given: Mutex<VecDeque<u64>>,
    behind: SplitMix,
}

impl Given {
    /// The numbers are written in hexadecimal.
    pub(super) fn new(given: &[String], seed: u64) -> Result<Self, Wrong> {
        let given = given.iter().map(|text| {
            u64::from_str_radix(text, 16).map_err(|_| {
                Wrong(format!(
                    "`{text}` is no random number: write 16 hexadecimal digits"
                ))
            })
        });
        Ok(Self {
            given: Mutex::new(given.collect::<Result<_, _>>()?),
            behind: SplitMix::new(seed),
        })
    }
}

impl Random for Given {
    fn next_u64(&self) -> u64 {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.pop_front().unwrap_or_else(|| self.behind.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_order_with_everything_in_it() {
        let order = |seed| {
            let mut all: Vec<u32> = (0..100).collect();
            SplitMix::new(seed).shuffle(&mut all);
            all
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let mut sorted = order(1);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(SplitMix::new(0).next_u64(), 0xe220_a839_7b1d_cdaf);
    }
}
