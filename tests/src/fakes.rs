//! A world for gateways in which nothing is real: time stands still, backends are closures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::sync::watch;
use tollgate::ports::{
    Clock, Event, EventSink, HttpClient, HttpVersion, OutboundRequest, Proxy, Random, SendError,
    TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};
use tollgate::{Body, Certificate};

type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// A clock that stands still until a test moves it. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct FakeClock {
    now: watch::Sender<i64>,
    waits: Arc<Mutex<Vec<Duration>>>,
    jumps: bool,
}

impl FakeClock {
    /// A clock that shows so many seconds since 1970; who sleeps wakes when a test has moved it far enough.
    pub fn at(unix_seconds: i64) -> Self {
        Self {
            now: watch::Sender::new(UNIX_EPOCH_TICKS + unix_seconds * TICKS_PER_SECOND),
            waits: Arc::default(),
            jumps: false,
        }
    }

    /// The same, but sleeping moves it, and takes no time.
    pub fn jumping_at(unix_seconds: i64) -> Self {
        Self {
            jumps: true,
            ..Self::at(unix_seconds)
        }
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        let by = ticks(by);
        self.now.send_modify(|now| *now = now.saturating_add(by));
    }

    /// How long it was slept for, each time.
    pub fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }
}

/// As many as there are, for ever at the most.
fn ticks(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX)
}

impl Clock for FakeClock {
    fn now(&self) -> i64 {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        self.waits.lock().unwrap().push(duration);
        let mut now = self.now.subscribe();
        let end = self.now().saturating_add(ticks(duration));
        if self.jumps {
            self.advance(duration);
        }
        Box::pin(async move {
            now.wait_for(|now| *now >= end).await.unwrap();
        })
    }

    fn timeout(&self, duration: Duration) -> BoxFuture<()> {
        let mut now = self.now.subscribe();
        let end = self.now().saturating_add(ticks(duration));
        Box::pin(async move {
            now.wait_for(|now| *now >= end).await.unwrap();
        })
    }
}

/// Random bits that are always the same.
#[derive(Debug, Clone, Copy)]
pub struct FixedRandom(pub u64);

impl Random for FixedRandom {
    fn next_u64(&self) -> u64 {
        self.0
    }
}

/// Remembers what policies report. Clones are the same sink.
#[derive(Debug, Clone, Default)]
pub struct FakeEvents(Arc<Mutex<Vec<Event>>>);

impl FakeEvents {
    /// What came so far.
    pub fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

impl EventSink for FakeEvents {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// One request as the HTTP client was given it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The time limit.
    pub timeout: Option<Duration>,
    /// Whether redirects are followed.
    pub follow_redirects: bool,
    /// The versions of HTTP.
    pub http_version: HttpVersion,
    /// The certificate to show.
    pub identity: Option<Certificate>,
    /// The proxy to go through.
    pub proxy: Option<Proxy>,
}

impl Call {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        text(&self.headers, name)
    }
}

/// The first header of that name, or nothing.
pub fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

type Answers = dyn Fn(&Call) -> Result<http::Response<Body>, SendError> + Send + Sync;

/// An HTTP client that asks a closure. Clones are the same client.
#[derive(Clone)]
pub struct FakeClient {
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Answers>,
}

impl std::fmt::Debug for FakeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeClient").finish_non_exhaustive()
    }
}

impl FakeClient {
    /// A client whose backends answer so.
    pub fn new(
        answers: impl Fn(&Call) -> Result<http::Response<Body>, SendError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            calls: Arc::default(),
            answers: Arc::new(answers),
        }
    }

    /// A client whose backends answer these status codes one after the other; the last one for ever.
    pub fn statuses(codes: &'static [u16]) -> Self {
        let next = Mutex::new(0);
        Self::new(move |_| {
            let mut next = next.lock().unwrap();
            let code = codes[(*next).min(codes.len() - 1)];
            *next += 1;
            Ok(http::Response::builder()
                .status(code)
                .body(Body::from(code.to_string()))
                .unwrap())
        })
    }

    /// What it answers to a call, which it takes no note of.
    pub fn answer(&self, call: &Call) -> Result<http::Response<Body>, SendError> {
        (self.answers)(call)
    }

    /// What was sent so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The one request that was sent.
    pub fn only_call(&self) -> Call {
        let calls = self.calls();
        assert_eq!(calls.len(), 1, "one call, not {calls:#?}");
        calls.into_iter().next().unwrap()
    }
}

impl HttpClient for FakeClient {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<Result<http::Response<Body>, SendError>> {
        let (calls, answers) = (Arc::clone(&self.calls), Arc::clone(&self.answers));
        Box::pin(async move {
            let (head, mut body) = outbound.request.into_parts();
            let call = Call {
                method: head.method,
                url: head.uri.to_string(),
                headers: head.headers,
                body: body.buffer(1 << 20).await.unwrap(),
                timeout: outbound.timeout,
                follow_redirects: outbound.follow_redirects,
                http_version: outbound.http_version,
                identity: outbound.identity,
                proxy: outbound.proxy,
            };
            let answer = answers(&call);
            calls.lock().unwrap().push(call);
            answer
        })
    }
}
