//! Tokens that are kept: fetched when they are needed, and anew before their time is over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, Shared, select};
use tollgate_engine::BoxFuture;
use tollgate_engine::ports::{Clock, CredentialError, Step, TICKS_PER_SECOND};

/// How long before its end a token is fetched anew, in ticks, unless half of its life is shorter.
const MARGIN: i64 = 300 * TICKS_PER_SECOND;
/// How long what failed is not tried again, in ticks.
const PAUSE: i64 = 5 * TICKS_PER_SECOND;
/// How long an endpoint may take for a whole answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// How many tokens are kept: expressions may ask for any number of them.
const MAX_TOKENS: usize = 1024;

/// A token, and for how many seconds it is good from now on.
pub(super) struct Fresh<T> {
    pub(super) token: T,
    pub(super) seconds: i64,
}

pub(super) type Fetch<T> = BoxFuture<'static, Result<Fresh<T>, CredentialError>>;

pub(super) struct Keeper<T> {
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<Box<str>, Entry<T>>>,
}

struct Entry<T> {
    kept: Option<Kept<T>>,
    failed: Option<(CredentialError, i64)>,
    /// Everybody who needs it polls the same future; nothing happens while nobody does.
    flight: Option<Shared<BoxFuture<'static, Result<T, CredentialError>>>>,
    used: i64,
}

struct Kept<T> {
    token: T,
    refresh_at: i64,
    expires_at: i64,
}

impl<T: Clone + Send + Sync + 'static> Keeper<T> {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            entries: Mutex::default(),
        }
    }

    /// The token of this key.
    pub(super) fn get(
        self: &Arc<Self>,
        key: &str,
        fetch: impl FnOnce() -> Fetch<T>,
    ) -> Step<Result<T, CredentialError>> {
        let now = self.clock.now();
        let mut entries = self.entries();
        make_room(&mut entries, key);
        let entry = entries.entry(key.into()).or_insert_with(|| Entry {
            kept: None,
            failed: None,
            flight: None,
            used: now,
        });
        entry.used = now;
        let pausing = entry.failed.as_ref().filter(|(_, until)| now < *until);
        match entry.kept.as_ref().filter(|kept| now < kept.expires_at) {
            // An old token serves while another request fetches the new one, or when that has failed just now.
            Some(kept) if now < kept.refresh_at || pausing.is_some() || entry.flight.is_some() => {
                return Step::Ready(Ok(kept.token.clone()));
            }
            None if entry.flight.is_none() => {
                if let Some((error, _)) = pausing {
                    return Step::Ready(Err(error.clone()));
                }
            }
            _ => {}
        }
        let flight = entry.flight.get_or_insert_with(|| {
            let landing = land(Arc::downgrade(self), key.into(), fetch());
            landing.boxed().shared()
        });
        Step::Pending(flight.clone().boxed())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Box<str>, Entry<T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fetches and notes what came of it. A token that is still good serves on when a new one cannot be had.
async fn land<T: Clone + Send + Sync + 'static>(
    keeper: Weak<Keeper<T>>,
    key: Box<str>,
    fetch: Fetch<T>,
) -> Result<T, CredentialError> {
    let clock = keeper.upgrade().map(|keeper| Arc::clone(&keeper.clock));
    let result = match clock {
        Some(clock) => within(&*clock, fetch).await,
        None => fetch.await,
    };
    let Some(keeper) = keeper.upgrade() else {
        return result.map(|fresh| fresh.token);
    };
    let now = keeper.clock.now();
    let mut entries = keeper.entries();
    let entry = entries.get_mut(&key);
    match (result, entry) {
        (Ok(fresh), entry) => {
            let life = fresh.seconds.saturating_mul(TICKS_PER_SECOND);
            if let Some(entry) = entry {
                entry.flight = None;
                entry.failed = None;
                entry.kept = Some(Kept {
                    token: fresh.token.clone(),
                    refresh_at: now.saturating_add(life - MARGIN.min(life / 2)),
                    expires_at: now.saturating_add(life),
                });
            }
            Ok(fresh.token)
        }
        (Err(error), None) => Err(error),
        (Err(error), Some(entry)) => {
            tracing::warn!(%error, "a token could not be fetched");
            entry.flight = None;
            entry.failed = Some((error.clone(), now.saturating_add(PAUSE)));
            let good = entry.kept.as_ref().filter(|kept| now < kept.expires_at);
            good.map(|kept| kept.token.clone()).ok_or(error)
        }
    }
}

/// The result, or an error when it takes too long: an answer may begin in time and never end.
async fn within<T>(clock: &dyn Clock, fetch: Fetch<T>) -> Result<Fresh<T>, CredentialError> {
    match select(fetch, clock.timeout(TIMEOUT)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => {
            let seconds = TIMEOUT.as_secs();
            let message = format!("The token endpoint gives no answer within {seconds} seconds.");
            Err(CredentialError(message))
        }
    }
}

/// Forgets what was not used for longest when there is no room for one more.
fn make_room<T>(entries: &mut HashMap<Box<str>, Entry<T>>, key: &str) {
    if entries.len() < MAX_TOKENS || entries.contains_key(key) {
        return;
    }
    let oldest = entries.iter().min_by_key(|(_, entry)| entry.used);
    if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
        entries.remove(&oldest);
    }
}
