//! The gateway's ports for one exchange, with somebody who looks on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tollgate::Body;
use tollgate::engine::BoxFuture;
use tollgate::engine::exchange::ReasonPhrase;
use tollgate::ports::{
    AuthorizationRequest, AuthorizationToken, CacheStore, Clock, Count, CounterAnswer, CounterOp,
    CounterState, CounterStore, CredentialError, Credentials, Event, EventSink, HttpClient,
    IdentityRequest, OutboundRequest, Ports, Random, SendError, Step,
};
use tollgate_dotnet::Str;

use crate::body::catch;
use crate::recording::{Call, Counted, Outcome, Recording};

/// A port, and who looks on.
pub(crate) struct Watched<T: ?Sized> {
    recording: Arc<Recording>,
    inner: Arc<T>,
}

impl<T: ?Sized> Watched<T> {
    fn new(recording: &Arc<Recording>, inner: &Arc<T>) -> Self {
        Self {
            recording: Arc::clone(recording),
            inner: Arc::clone(inner),
        }
    }
}

/// The same ports, each watched; what policies keep between requests is shared.
pub(crate) fn watched(ports: &Ports, recording: &Arc<Recording>) -> Ports {
    Ports {
        http: Arc::new(Http {
            watched: Watched::new(recording, &ports.http),
            to_backend: false,
        }),
        clock: Arc::new(Watched::new(recording, &ports.clock)),
        random: Arc::new(Watched::new(recording, &ports.random)),
        counters: Arc::new(Watched::new(recording, &ports.counters)),
        cache: Arc::new(Watched::new(recording, &ports.cache)),
        external_cache: (ports.external_cache.as_ref())
            .map(|cache| Arc::new(Watched::new(recording, cache)) as Arc<dyn CacheStore>),
        tokenizer: ports.tokenizer.clone(),
        vectors: ports.vectors.clone(),
        credentials: Arc::new(Watched::new(recording, &ports.credentials)),
        events: Arc::new(Watched::new(recording, &ports.events)),
        background: ports.background.clone(),
        shared: ports.shared.clone(),
        limits: ports.limits.clone(),
    }
}

/// The way to the backend, watched.
pub(crate) fn to_backend(ports: &Ports, recording: &Arc<Recording>) -> Arc<dyn HttpClient> {
    Arc::new(Http {
        watched: Watched::new(recording, &ports.http),
        to_backend: true,
    })
}

struct Http {
    watched: Watched<dyn HttpClient>,
    to_backend: bool,
}

impl HttpClient for Http {
    fn send(
        &self,
        mut outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        let recording = Arc::clone(&self.watched.recording);
        let (head, body) = outbound.request.into_parts();
        let (body, caught) = catch(body, &recording, None);
        let now = recording.time.shown();
        let index = recording.taken().add_call(Call {
            to_backend: self.to_backend,
            method: head.method.clone(),
            url: head.uri.to_string(),
            headers: head.headers.clone(),
            body: caught,
            sent: now,
            ended: now,
            outcome: Outcome::GivenUp,
        });
        outbound.request = http::Request::from_parts(head, body);
        let answer = self.watched.inner.send(outbound);
        Box::pin(async move {
            let mut call = Waiting { recording, index };
            let answer = answer.await;
            call.ended(answer)
        })
    }
}

/// A call that waits for its answer; one that is dropped was given up.
struct Waiting {
    recording: Arc<Recording>,
    index: Option<usize>,
}

impl Waiting {
    fn ended(
        &mut self,
        answer: Result<Response<Body>, SendError>,
    ) -> Result<Response<Body>, SendError> {
        let now = self.recording.time.catch_up();
        let (answer, outcome) = match answer {
            Err(error) => {
                let kind = error.kind;
                (Err(error), Outcome::Failed(kind))
            }
            Ok(response) => {
                let reason = ReasonPhrase::of(&response).to_utf8().into_owned();
                let (head, body) = response.into_parts();
                let (body, caught) = catch(body, &self.recording, Some(now));
                let seen = crate::recording::Response {
                    status: head.status,
                    reason,
                    headers: head.headers.clone(),
                    body: caught,
                };
                let response = Response::from_parts(head, body);
                (Ok(response), Outcome::Answered(seen))
            }
        };
        self.note(now, outcome);
        answer
    }

    fn note(&mut self, now: i64, outcome: Outcome) {
        if let Some(index) = self.index.take()
            && let Some(call) = self.recording.taken().calls.get_mut(index)
        {
            call.ended = now;
            call.outcome = outcome;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let now = self.recording.time.catch_up();
        self.note(now, Outcome::GivenUp);
    }
}

impl Clock for Watched<dyn Clock> {
    fn now(&self) -> i64 {
        self.recording.time.shown()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let sleep = self.recording.time.base().sleep(duration);
        slept(&self.recording, duration, sleep)
    }

    fn timeout(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let timeout = self.recording.time.base().timeout(duration);
        slept(&self.recording, duration, timeout)
    }
}

/// Shows that exactly so much time has passed, when it has.
fn slept(
    recording: &Arc<Recording>,
    duration: Duration,
    sleep: BoxFuture<'static, ()>,
) -> BoxFuture<'static, ()> {
    let recording = Arc::clone(recording);
    let ticks = i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX);
    let end = recording.time.shown().saturating_add(ticks);
    Box::pin(async move {
        sleep.await;
        recording.time.reach(end);
    })
}

impl Random for Watched<dyn Random> {
    fn next_u64(&self) -> u64 {
        let number = self.inner.next_u64();
        self.recording.taken().add_random(number);
        number
    }
}

impl EventSink for Watched<dyn EventSink> {
    fn emit(&self, event: Event) {
        self.recording.taken().add_event(event.clone());
        self.inner.emit(event);
    }
}

/// Does something with an answer as soon as it is there.
fn then<T: Send + 'static>(step: Step<T>, see: impl FnOnce(&T) + Send + 'static) -> Step<T> {
    match step {
        Step::Ready(value) => {
            see(&value);
            Step::Ready(value)
        }
        Step::Pending(answer) => Step::Pending(Box::pin(async move {
            let value = answer.await;
            see(&value);
            value
        })),
    }
}

impl CounterStore for Watched<dyn CounterStore> {
    fn apply(&self, now: i64, operations: &[CounterOp<'_>]) -> Step<CounterAnswer> {
        let asked: Vec<_> = operations
            .iter()
            .map(|one| (one.key.to_owned(), one.limit, one.period, one.count))
            .collect();
        let recording = Arc::clone(&self.recording);
        then(self.inner.apply(now, operations), move |states| {
            let Ok(states) = states else {
                return;
            };
            let counted = states.iter().all(|state| state.allowed);
            for ((name, limit, period, count), state) in asked.into_iter().zip(states) {
                let (count, ago) = before(limit, period, count, state, counted);
                recording.taken().add_counter(Counted { name, count, ago });
            }
        })
    }
}

/// What a counter had counted before an operation that left it in this state, and how long ago.
fn before(
    limit: u64,
    period: Duration,
    count: Count,
    state: &CounterState,
    counted: bool,
) -> (u64, Duration) {
    let now = limit.saturating_sub(state.remaining);
    let added = match count {
        Count::Take(count) | Count::Add(count) | Count::Reserve(count) if counted => count,
        _ => 0,
    };
    let ago = match state.allowed {
        true => Duration::ZERO,
        false => period.saturating_sub(state.retry_after),
    };
    (now.saturating_sub(added), ago)
}

impl CacheStore for Watched<dyn CacheStore> {
    fn get(&self, now: i64, key: &str) -> Step<Option<Bytes>> {
        let (recording, key) = (Arc::clone(&self.recording), key.to_owned());
        let found = self.inner.get(now, &key);
        then(found, move |found| {
            let limit = recording.limits.body;
            let mut taken = recording.taken();
            if taken.is_news(&key)
                && let Some(value) = found
            {
                taken.add_cached(&key, value, limit);
            }
        })
    }

    fn put(&self, now: i64, key: &str, value: Bytes, keep: Duration) -> Step<()> {
        self.recording.taken().is_news(key);
        self.inner.put(now, key, value, keep)
    }

    fn remove(&self, key: &str) -> Step<()> {
        self.recording.taken().is_news(key);
        self.inner.remove(key)
    }
}

impl Credentials for Watched<dyn Credentials> {
    fn managed_identity(&self, request: IdentityRequest<'_>) -> Step<Result<Str, CredentialError>> {
        let resource = request.resource.to_owned();
        let recording = Arc::clone(&self.recording);
        then(self.inner.managed_identity(request), move |answer| {
            let token = answer.as_ref().ok();
            let token = token.map(|token| token.to_utf8().into_owned());
            recording.taken().identities.push((resource, token));
        })
    }

    fn authorization(
        &self,
        request: AuthorizationRequest<'_>,
    ) -> Step<Result<AuthorizationToken, CredentialError>> {
        let ids = (
            request.provider_id.to_owned(),
            request.authorization_id.to_owned(),
        );
        let recording = Arc::clone(&self.recording);
        then(self.inner.authorization(request), move |answer| {
            let token = answer.as_ref().ok().cloned();
            recording.taken().connections.push((ids.0, ids.1, token));
        })
    }
}
