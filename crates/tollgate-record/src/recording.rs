//! What is seen of one exchange while it runs.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value as Json};
use tollgate::ports::{AuthorizationToken, Clock, Event, SendErrorKind};

use crate::body::{Caught, MILLISECOND};
use crate::writer::Outbox;

/// How much is kept of one exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of each body.
    pub(crate) body: usize,
}

/// So many calls, random numbers, counters and so on are kept of one exchange.
const MOST: usize = 1_000;

/// The time as an exchange that is recorded sees it: it stands still while policies compute and passes while they wait, as
/// in a test, in whole milliseconds.
pub(crate) struct Time {
    base: Arc<dyn Clock>,
    pub(crate) start: i64,
    shown: AtomicI64,
}

impl Time {
    pub(crate) fn new(base: Arc<dyn Clock>) -> Self {
        let start = base.now();
        Self {
            base,
            start,
            shown: AtomicI64::new(start),
        }
    }

    pub(crate) fn shown(&self) -> i64 {
        self.shown.load(Ordering::Acquire)
    }

    /// The time of the clock itself, in whole milliseconds since the start.
    pub(crate) fn really(&self) -> i64 {
        let since = self.base.now().saturating_sub(self.start).max(0);
        self.start.saturating_add(since / MILLISECOND * MILLISECOND)
    }

    /// Something that took its time is over.
    pub(crate) fn catch_up(&self) -> i64 {
        self.reach(self.really())
    }

    pub(crate) fn reach(&self, time: i64) -> i64 {
        self.shown.fetch_max(time, Ordering::AcqRel).max(time)
    }

    pub(crate) fn base(&self) -> &Arc<dyn Clock> {
        &self.base
    }
}

/// An exchange that is recorded. When the last who takes part in it is gone, it is handed over to be written.
pub(crate) struct Recording {
    pub(crate) time: Time,
    pub(crate) limits: Limits,
    taken: Mutex<Taken>,
    outbox: Outbox,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) number: usize,
    pub(crate) start: i64,
    pub(crate) method: Method,
    /// The whole URL.
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Arc<Caught>,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) id: Option<[u8; 16]>,
    /// The ids of subscription, product, user and API.
    pub(crate) caller: Vec<(&'static str, String)>,
    pub(crate) random: Vec<u64>,
    pub(crate) calls: Vec<Call>,
    pub(crate) counters: Vec<Counted>,
    pub(crate) counted: HashSet<String>,
    /// What was in the cache that it looked for.
    pub(crate) cached: Vec<(String, Bytes)>,
    pub(crate) asked: HashSet<String>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) events: Vec<Event>,
    pub(crate) variables: Map<String, Json>,
    /// Source and reason.
    pub(crate) last_error: Option<(String, Option<String>)>,
    pub(crate) response: Option<Response>,
    /// Why there can be no test of it.
    pub(crate) problem: Option<String>,
}

/// A token of a managed identity, or none: for what, and the token.
pub(crate) type Identity = (String, Option<String>);
/// The token of a connection, by provider and id.
pub(crate) type Connection = (String, String, Option<AuthorizationToken>);

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Arc<Caught>,
}

/// A request that the gateway sent.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) to_backend: bool,
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Arc<Caught>,
    pub(crate) sent: i64,
    /// When it ended.
    pub(crate) ended: i64,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nobody waited for the answer.
    GivenUp,
    Answered(Response),
    Failed(SendErrorKind),
}

/// What a counter had counted before the exchange.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) ago: Duration,
}

impl Recording {
    pub(crate) fn new(taken: Taken, time: Time, limits: Limits, outbox: Outbox) -> Arc<Self> {
        Arc::new(Self {
            time,
            limits,
            taken: Mutex::new(taken),
            outbox,
        })
    }

    pub(crate) fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let taken = std::mem::take(self.taken.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.outbox.put(taken);
    }
}

impl Taken {
    pub(crate) fn problem(&mut self, problem: impl Into<String>) {
        self.problem.get_or_insert_with(|| problem.into());
    }

    /// Whether there is room for one more of these.
    fn has_room(&mut self, count: usize, what: &str) -> bool {
        if count >= MOST {
            self.problem(format!("it has more than {MOST} {what}"));
        }
        count < MOST
    }

    pub(crate) fn add_call(&mut self, call: Call) -> Option<usize> {
        let index = self.calls.len();
        self.has_room(index, "calls").then(|| {
            self.calls.push(call);
            index
        })
    }

    pub(crate) fn add_random(&mut self, number: u64) {
        if self.has_room(self.random.len(), "random numbers") {
            self.random.push(number);
        }
    }

    pub(crate) fn add_event(&mut self, event: Event) {
        if self.has_room(self.events.len(), "events") {
            self.events.push(event);
        }
    }

    /// The first that is seen of a counter counts.
    pub(crate) fn add_counter(&mut self, counted: Counted) {
        if self.counted.insert(counted.name.clone())
            && counted.count > 0
            && self.has_room(self.counters.len(), "counters")
        {
            self.counters.push(counted);
        }
    }

    /// Whether this is the first that is heard of a key.
    pub(crate) fn is_news(&mut self, key: &str) -> bool {
        self.asked.len() < MOST && self.asked.insert(key.to_owned())
    }

    pub(crate) fn add_cached(&mut self, key: &str, value: &Bytes, limit: usize) {
        if value.len() > limit {
            self.problem("a value in the cache is longer than is recorded");
        } else if self.has_room(self.cached.len(), "values in the cache") {
            self.cached.push((key.to_owned(), value.clone()));
        }
    }
}
