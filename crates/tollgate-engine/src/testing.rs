//! Ports that tests set by hand: no I/O, no time that passes by itself.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::counters::Window;
use crate::exchange::Body;
use crate::policy::BoxFuture;
use crate::ports::{
    Background, Busy, CacheStore, Clock, CounterAnswer, CounterOp, CounterState, CounterStates,
    CounterStore, Event, EventSink, HttpClient, Limits, NoCredentials, OutboundRequest, Ports,
    Random, RoughTokenizer, SendError, Shared, Step, TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};

/// A set of ports with handles to what tests look at.
#[derive(Debug, Clone, Default)]
pub struct TestPorts {
    /// The clock; stands at 2024-05-06T13:20:30Z.
    pub clock: Arc<TestClock>,
    /// Zero, one, two and so on.
    pub random: Arc<TestRandom>,
    /// The backend.
    pub backend: TestBackend,
    /// What policies reported.
    pub events: Arc<TestEvents>,
    /// What runs in the background.
    pub background: Arc<TestBackground>,
}

impl TestPorts {
    /// The ports, for a gateway.
    pub fn ports(&self) -> Ports {
        Ports {
            http: Arc::new(self.backend.clone()),
            clock: self.clock.clone(),
            random: self.random.clone(),
            counters: Arc::new(TestCounters::default()),
            cache: Arc::new(TestCache::default()),
            external_cache: None,
            tokenizer: Arc::new(RoughTokenizer),
            vectors: None,
            credentials: Arc::new(NoCredentials),
            events: self.events.clone(),
            background: self.background.clone(),
            shared: Shared::default(),
            limits: Limits::default(),
        }
    }
}

/// A clock that moves only when it is told to, or slept on.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(UNIX_EPOCH_TICKS + 17_150_016_300_000_000))
    }
}

impl TestClock {
    /// Sets the time, in .NET ticks.
    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        let ticks = i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX);
        self.0.fetch_add(ticks, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.advance(duration);
        Box::pin(std::future::ready(()))
    }

    fn timeout(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

/// Numbers in a row.
#[derive(Debug, Default)]
pub struct TestRandom(AtomicU64);

impl Random for TestRandom {
    fn next_u64(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// A backend that gives the answers it was told, then `200 OK` with an empty body, and keeps what it got. Clones are
/// the same backend.
#[derive(Clone, Default)]
pub struct TestBackend(Arc<Backend>);

#[derive(Default)]
struct Backend {
    answers: Mutex<VecDeque<Result<http::Response<Body>, SendError>>>,
    calls: Mutex<Vec<http::Request<Bytes>>>,
}

impl fmt::Debug for TestBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBackend").finish_non_exhaustive()
    }
}

impl TestBackend {
    /// Adds an answer.
    pub fn answer(&self, answer: Result<http::Response<Body>, SendError>) {
        lock(&self.0.answers).push_back(answer);
    }

    /// What it got, bodies read to their end.
    pub fn calls(&self) -> Vec<http::Request<Bytes>> {
        lock(&self.0.calls).clone()
    }
}

impl HttpClient for TestBackend {
    fn send(
        &self,
        request: OutboundRequest,
    ) -> BoxFuture<'static, Result<http::Response<Body>, SendError>> {
        let backend = self.0.clone();
        Box::pin(async move {
            let (parts, mut body) = request.request.into_parts();
            let bytes = body.buffer(usize::MAX).await.unwrap_or_default();
            lock(&backend.calls).push(http::Request::from_parts(parts, bytes));
            let answer = lock(&backend.answers).pop_front();
            answer.unwrap_or_else(|| Ok(http::Response::new(Body::empty())))
        })
    }
}

/// Keeps what policies reported.
#[derive(Debug, Default)]
pub struct TestEvents(Mutex<Vec<Event>>);

impl TestEvents {
    /// What policies reported.
    pub fn all(&self) -> Vec<Event> {
        lock(&self.0).clone()
    }
}

impl EventSink for TestEvents {
    fn emit(&self, event: Event) {
        lock(&self.0).push(event);
    }
}

/// Counters in one map.
#[derive(Debug, Default)]
pub struct TestCounters(Mutex<HashMap<String, Window>>);

impl CounterStore for TestCounters {
    fn apply(&self, now: i64, operations: &[CounterOp<'_>]) -> Step<CounterAnswer> {
        let mut windows = lock(&self.0);
        let mut states: CounterStates = operations
            .iter()
            .map(|op| {
                let window = windows.entry(op.key.to_owned()).or_default();
                window.check(now, op.limit, op.period, op.count)
            })
            .collect();
        if states.iter().all(|state: &CounterState| state.allowed) {
            for (op, state) in operations.iter().zip(&mut states) {
                let window = windows.entry(op.key.to_owned()).or_default();
                state.remaining = window.add(now, op.limit, op.period, op.count);
            }
        }
        Step::Ready(Ok(states))
    }
}

/// Values in one map, with the ticks at which their time is over.
#[derive(Debug, Default)]
pub struct TestCache(Mutex<HashMap<String, (Bytes, i64)>>);

impl CacheStore for TestCache {
    fn get(&self, now: i64, key: &str) -> Step<Option<Bytes>> {
        let values = lock(&self.0);
        let found = values.get(key).filter(|(_, end)| now < *end);
        Step::Ready(found.map(|(value, _)| value.clone()))
    }

    fn put(&self, now: i64, key: &str, value: Bytes, keep: Duration) -> Step<()> {
        let keep = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
        let end = now.saturating_add(keep.saturating_mul(TICKS_PER_SECOND));
        lock(&self.0).insert(key.to_owned(), (value, end));
        Step::Ready(())
    }

    fn remove(&self, key: &str) -> Step<()> {
        lock(&self.0).remove(key);
        Step::Ready(())
    }
}

/// Background work, which runs when a test says so.
#[derive(Default)]
pub struct TestBackground(Mutex<Vec<BoxFuture<'static, ()>>>);

impl fmt::Debug for TestBackground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBackground").finish_non_exhaustive()
    }
}

impl TestBackground {
    /// Runs what is there, one after the other; gives how much that was.
    pub async fn run_all(&self) -> usize {
        let work = std::mem::take(&mut *lock(&self.0));
        let count = work.len();
        for work in work {
            work.await;
        }
        count
    }
}

impl Background for TestBackground {
    fn run(&self, work: BoxFuture<'static, ()>) -> Result<(), Busy> {
        lock(&self.0).push(work);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
