//! The keys of issuers as the gateway knows them, each fetched when it is needed and kept for an hour.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, Shared, select};
use tollgate_engine::policy::BoxFuture;
use tollgate_engine::ports::{Ports, TICKS_PER_SECOND};

use super::discovery::{DiscoveryError, Issuer, discover};

/// How long keys are good, in ticks. Source: validate-jwt-policy.md.
const MAX_AGE: i64 = 3600 * TICKS_PER_SECOND;
/// How long nothing is fetched after a failure, or after a fetch for an unknown `kid`, in ticks. Source: as above.
const RETRY_INTERVAL: i64 = 300 * TICKS_PER_SECOND;
/// How long configuration and key set may take together, in seconds.
const TIMEOUT: u64 = 10;
/// How many URLs are known at a time: expressions may make any number of them.
const MAX_SOURCES: usize = 256;

/// All issuers by the URL of their configuration. Lives in [`Ports::shared`], so that it outlives plans.
#[derive(Debug, Default)]
pub(crate) struct KeySets(
    RwLock<HashMap<Box<str>, Arc<KeySource>, foldhash::quality::RandomState>>,
);

/// What is known of one issuer.
pub(crate) struct KeySource {
    url: Box<str>,
    /// When it was asked for last, in ticks.
    used: AtomicI64,
    state: Mutex<State>,
}

struct State {
    known: Known,
    /// When the keys are to be fetched anew, in ticks.
    stale_at: i64,
    /// Before which time nothing is fetched, in ticks.
    retry_at: i64,
    flight: Option<Flight>,
}

/// A fetch under way. Everybody who needs it polls the same future; nothing happens while nobody does.
#[derive(Clone)]
struct Flight {
    landing: Shared<BoxFuture<'static, ()>>,
    /// Everybody who polls holds one more of it.
    crew: Arc<()>,
    started: i64,
}

/// Why keys are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Need {
    /// To check a signature.
    Any,
    /// Those at hand were tried: a token names one that is not among them.
    UnknownKid,
}

/// An issuer, or why it is not known.
pub(crate) type Known = Result<Arc<Issuer>, DiscoveryError>;

impl KeySets {
    /// What is known of the issuer whose configuration has this URL. At the limit, the URL that was not asked for
    /// longest is forgotten.
    pub(crate) fn source(&self, url: &str, now: i64) -> Arc<KeySource> {
        let found = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(url)
            .cloned();
        let source = found.unwrap_or_else(|| {
            let mut sources = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if sources.len() >= MAX_SOURCES && !sources.contains_key(url) {
                let used = |source: &Arc<KeySource>| source.used.load(Ordering::Relaxed);
                let oldest = sources.iter().min_by_key(|(_, source)| used(source));
                let oldest = oldest.map(|(url, _)| url.clone());
                oldest.map(|url| sources.remove(&url));
            }
            sources
                .entry(url.into())
                .or_insert_with(|| Arc::new(KeySource::new(url)))
                .clone()
        });
        source.used.store(now, Ordering::Relaxed);
        source
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl KeySource {
    fn new(url: &str) -> Self {
        Self {
            url: url.into(),
            used: AtomicI64::new(0),
            state: Mutex::new(State {
                known: Err(DiscoveryError::NotYet),
                stale_at: 0,
                retry_at: 0,
                flight: None,
            }),
        }
    }

    /// What is known, if it need not be waited for.
    pub(crate) fn peek(&self, now: i64, need: Need) -> Option<Known> {
        self.state().at_hand(now, need)
    }

    /// What is known, after a fetch if that is due; keys past their hour serve while it fails.
    pub(crate) async fn get(self: &Arc<Self>, ports: &Arc<Ports>, need: Need) -> Known {
        let flight = {
            let now = ports.clock.now();
            let mut state = self.state();
            if let Some(known) = state.at_hand(now, need) {
                return known;
            }
            let flight = state.flight.take_if(|flight| !flight.is_lost(now));
            let flight = flight.unwrap_or_else(|| self.start(ports, now, need));
            state.flight.insert(flight).clone()
        };
        flight.landing.await;
        self.state().known.clone()
    }

    fn start(self: &Arc<Self>, ports: &Arc<Ports>, now: i64, need: Need) -> Flight {
        let source = Arc::downgrade(self);
        let landing = fly(source, self.url.clone(), ports.clone(), need).boxed();
        Flight {
            landing: landing.shared(),
            crew: Arc::default(),
            started: now,
        }
    }

    fn land(&self, now: i64, need: Need, result: Result<Issuer, DiscoveryError>) {
        let mut state = self.state();
        state.flight = None;
        // A first unknown `kid` may be answered at once: keys do rotate just after a gateway has started.
        if need == Need::UnknownKid || result.is_err() {
            state.retry_at = now.saturating_add(RETRY_INTERVAL);
        }
        match result {
            Ok(issuer) => {
                state.known = Ok(Arc::new(issuer));
                state.stale_at = now.saturating_add(MAX_AGE);
            }
            Err(error) => {
                tracing::warn!(%error, "the keys of an issuer could not be fetched");
                if state.known.is_err() {
                    state.known = Err(error);
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What can be said without waiting: it is fresh, or no fetch is allowed, or somebody else fetches anew meanwhile.
    fn at_hand(&self, now: i64, need: Need) -> Option<Known> {
        let serves = self.known.is_ok() && need == Need::Any;
        let at_hand = match &self.flight {
            _ if serves && now < self.stale_at => true,
            Some(flight) => serves && Arc::strong_count(&flight.crew) > 1,
            None => now < self.retry_at,
        };
        at_hand.then(|| self.known.clone())
    }
}

impl Flight {
    /// Whether everybody who waited went away so long ago that the fetch cannot end well.
    fn is_lost(&self, now: i64) -> bool {
        let timeout = i64::try_from(TIMEOUT).unwrap_or(i64::MAX) * TICKS_PER_SECOND;
        Arc::strong_count(&self.crew) == 1 && now.saturating_sub(self.started) > timeout
    }
}

async fn fly(source: Weak<KeySource>, url: Box<str>, ports: Arc<Ports>, need: Need) {
    let discovery = discover(&*ports.http, &url).boxed();
    let timeout = ports.clock.timeout(Duration::from_secs(TIMEOUT));
    let result = match select(discovery, timeout).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(DiscoveryError::timeout(&url, TIMEOUT)),
    };
    if let Some(source) = source.upgrade() {
        source.land(ports.clock.now(), need, result);
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource").finish_non_exhaustive()
    }
}
