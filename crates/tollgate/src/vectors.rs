//! The store of the semantic cache, in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use foldhash::quality::RandomState;
use tollgate_engine::ports::{Step, TICKS_PER_SECOND, VectorStore};

/// Values of one process by their vectors, as many bytes of them as were said; the oldest go first, and in a partition
/// there are at most 4,096. The closest is found by comparing with all of its partition: some milliseconds at most.
///
/// Source of the behaviour: llm-semantic-cache-lookup-policy.md.
pub struct MemoryVectors {
    inner: RwLock<Inner>,
    most_bytes: usize,
}

#[derive(Default)]
struct Inner {
    partitions: HashMap<Box<str>, VecDeque<Entry>, RandomState>,
    /// The partitions in the order in which their entries came.
    order: VecDeque<Box<str>>,
    bytes: usize,
}

struct Entry {
    /// Of length 1.
    vector: Box<[f32]>,
    value: Bytes,
    /// When its time is over, in ticks.
    end: i64,
}

const MOST_IN_PARTITION: usize = 4096;
/// What an entry costs beside its vector and value.
const OVERHEAD: usize = 128;

impl Entry {
    fn bytes(&self) -> usize {
        size_of_val(&*self.vector) + self.value.len() + OVERHEAD
    }
}

impl Default for MemoryVectors {
    /// A store of 64 MiB.
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

impl MemoryVectors {
    /// A store of at most so many bytes.
    pub fn new(most_bytes: usize) -> Self {
        Self {
            inner: RwLock::default(),
            most_bytes,
        }
    }

    /// How many values there are, those whose time is over included.
    pub fn len(&self) -> usize {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for MemoryVectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryVectors")
            .field("values", &self.len())
            .finish()
    }
}

impl VectorStore for MemoryVectors {
    fn nearest(
        &self,
        now: i64,
        partition: &str,
        vector: &[f32],
        distance: f32,
    ) -> Step<Option<Bytes>> {
        let Some(vector) = normalized(vector) else {
            return Step::Ready(None);
        };
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let entries = inner.partitions.get(partition).into_iter().flatten();
        let nearest = entries
            .filter(|entry| now < entry.end && entry.vector.len() == vector.len())
            .map(|entry| (1.0 - dot(&entry.vector, &vector), entry))
            .filter(|(apart, _)| *apart <= distance)
            .min_by(|(one, _), (other, _)| one.total_cmp(other));
        Step::Ready(nearest.map(|(_, entry)| entry.value.clone()))
    }

    fn put(
        &self,
        now: i64,
        partition: &str,
        vector: &[f32],
        value: Bytes,
        keep: Duration,
    ) -> Step<()> {
        let keep = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
        let end = now.saturating_add(keep.saturating_mul(TICKS_PER_SECOND));
        let Some(vector) = normalized(vector) else {
            return Step::Ready(());
        };
        let entry = Entry { vector, value, end };
        if entry.bytes() > self.most_bytes / 8 {
            return Step::Ready(());
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.add(partition, entry);
        while inner.bytes > self.most_bytes && inner.drop_oldest() {}
        Step::Ready(())
    }
}

impl Inner {
    fn add(&mut self, partition: &str, entry: Entry) {
        self.bytes += entry.bytes();
        self.order.push_back(partition.into());
        let entries = self.partitions.entry(partition.into()).or_default();
        entries.push_back(entry);
        if entries.len() > MOST_IN_PARTITION
            && let Some(index) = self.order.iter().position(|name| **name == *partition)
        {
            self.order.remove(index);
            self.drop_first(partition);
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(partition) = self.order.pop_front() else {
            return false;
        };
        self.drop_first(&partition);
        true
    }

    fn drop_first(&mut self, partition: &str) {
        let Some(entries) = self.partitions.get_mut(partition) else {
            return;
        };
        let dropped = entries.pop_front();
        self.bytes = (self.bytes).saturating_sub(dropped.map_or(0, |entry| entry.bytes()));
        if entries.is_empty() {
            self.partitions.remove(partition);
        }
    }
}

/// The vector of length 1 in the same direction; `None` if it has none.
fn normalized(vector: &[f32]) -> Option<Box<[f32]>> {
    let length = dot(vector, vector).sqrt();
    let usable = length.is_finite() && length > 0.0;
    usable.then(|| vector.iter().map(|x| x / length).collect())
}

/// In eight lanes, which the compiler makes one instruction of.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest = ones.remainder().iter().zip(others.remainder());
    let rest: f32 = rest.map(|(a, b)| a * b).sum();
    let mut lanes = [0.0_f32; 8];
    for (a, b) in ones.zip(others) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]

    use super::*;

    fn nearest(store: &MemoryVectors, now: i64, partition: &str, vector: &[f32]) -> Option<Bytes> {
        match store.nearest(now, partition, vector, 0.1) {
            Step::Ready(found) => found,
            Step::Pending(_) => panic!("memory never waits"),
        }
    }

    fn put(store: &MemoryVectors, vector: &[f32], value: &'static str) {
        let keep = Duration::from_secs(10);
        let _ = store.put(0, "p", vector, Bytes::from_static(value.as_bytes()), keep);
    }

    #[test]
    fn the_closest_is_found_as_long_as_it_is_good() {
        let store = MemoryVectors::default();
        put(&store, &[1.0, 0.0], "east");
        put(&store, &[2.0, 0.3], "a little north of it");
        assert_eq!(
            nearest(&store, 0, "p", &[5.0, 0.0]).as_deref(),
            Some(&b"east"[..])
        );
        assert_eq!(
            nearest(&store, 0, "p", &[5.0, 1.0]).as_deref(),
            Some(&b"a little north of it"[..])
        );
        assert_eq!(nearest(&store, 0, "p", &[0.0, 1.0]), None, "too far");
        assert_eq!(
            nearest(&store, 0, "q", &[1.0, 0.0]),
            None,
            "another partition"
        );
        assert_eq!(
            nearest(&store, 0, "p", &[1.0, 0.0, 0.0]),
            None,
            "another space"
        );
        assert_eq!(nearest(&store, 0, "p", &[0.0, 0.0]), None);
        assert_eq!(nearest(&store, 0, "p", &[f32::NAN, 0.0]), None);
        assert_eq!(
            nearest(&store, 10 * TICKS_PER_SECOND, "p", &[1.0, 0.0]),
            None
        );
    }

    #[test]
    fn memory_is_bounded() {
        let store = MemoryVectors::new(10_000);
        for index in 0_i16..1_000 {
            put(&store, &[1.0, f32::from(index)], "value");
        }
        assert!((50..=80).contains(&store.len()), "{}", store.len());
        put(&store, &[1.0; 1_000], "too large for it");
        assert_eq!(nearest(&store, 0, "p", &[1.0; 1_000]), None);
        let large = MemoryVectors::default();
        for _ in 0..=MOST_IN_PARTITION {
            put(&large, &[1.0], "value");
        }
        assert_eq!(large.len(), MOST_IN_PARTITION);
    }

    #[test]
    fn long_vectors_are_compared_whole() {
        let one: Vec<f32> = (0_u16..20).map(f32::from).collect();
        let sum: f32 = one.iter().map(|x| x * x).sum();
        assert!((dot(&one, &one) - sum).abs() < 0.1);
    }
}
