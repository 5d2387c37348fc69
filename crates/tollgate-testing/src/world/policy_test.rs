//! A gateway in a made-up world, for one test.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tollgate::engine::exchange::Trace;
use tollgate::engine::{Gateway as Engine, RunOptions};
use tollgate::ports::Clock as _;
use tollgate::{Body, BuildError, GatewayBuilder, ManagedIdentity, MemoryCache, Peer, Source};

use super::answers::{Answers, Script};
use super::background::Tasks;
use super::cache;
use super::counters::Counters;
use super::events::Events;
use super::issuer::{Issuer, Jwt};
use super::random::Given;
use super::seen::Seen;
use super::time::PausedClock;
use super::{World, Wrong};

/// The time at which worlds begin unless they say otherwise: 2026-01-01T00:00:00Z.
const BEGINNING: i64 = 639_028_224_000_000_000;
/// No request may wait longer than this, in the world's own time.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// A gateway in a made-up world, for one test: requests go in one after the other, and all that comes of each is seen.
///
/// Nothing leaves the process, and no real time passes while policies wait. It has a runtime of its own: use it in a
/// plain `#[test]`, not in an async one.
///
/// ```
/// use std::time::Duration;
/// use tollgate::Source;
/// use tollgate_testing::{Answer, PolicyTest, World};
///
/// let policy = r#"<policies><inbound>
///     <rate-limit-by-key calls="1" renewal-period="60" counter-key="@(context.Request.IpAddress)" />
/// </inbound><backend><base /></backend></policies>"#;
/// let answer = Answer { body: Some("hello".into()), ..Answer::default() };
/// let world = World::default().answer("https://backend.test/*", [answer]);
/// let mut test = PolicyTest::of_policy(Source::new("limit.xml", policy), &world)?;
///
/// let request = || http::Request::get("https://gateway.test/").body("").unwrap();
/// let first = test.send(request())?;
/// assert_eq!((first.response.status().as_u16(), first.text().as_str()), (200, "hello"));
/// assert_eq!(test.send(request())?.response.status(), 429);
/// test.advance(Duration::from_secs(60));
/// assert_eq!(test.send(request())?.response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PolicyTest {
    runtime: Runtime,
    gateway: Arc<Engine>,
    clock: PausedClock,
    answers: Arc<Answers>,
    events: Arc<Events>,
    counters: Arc<Counters>,
    cache: Arc<MemoryCache>,
    tasks: Arc<Tasks>,
    requests: u128,
    limit: Duration,
}

impl std::fmt::Debug for PolicyTest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicyTest").finish_non_exhaustive()
    }
}

/// Why a request has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It took more real time than it may.
    #[error("it was still running after {0:?}")]
    Stuck(Duration),
    /// It waited longer than a day of the world's own time.
    #[error("it waited for more than a day, perhaps for something that never happens")]
    Waited,
}

/// Why there is no such test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetUpError {
    /// The policies do not load.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The world cannot be so.
    #[error(transparent)]
    World(#[from] Wrong),
    /// The system gives no runtime.
    #[error("no runtime: {0}")]
    Runtime(#[from] std::io::Error),
}

impl PolicyTest {
    /// A gateway that serves every request by one policy document; its backend is `https://backend.test/`.
    ///
    /// # Errors
    /// What is wrong with the policy or the world.
    pub fn of_policy(source: Source, world: &World) -> Result<Self, SetUpError> {
        let api = tollgate::Api::new("api").service_url("https://backend.test");
        let builder = tollgate::Gateway::builder().api(api.policy(source));
        Self::new(builder, world)
    }

    /// The gateway that `builder` describes, with everything outside of it taken from `world`.
    ///
    /// # Errors
    /// What is wrong with the policies or the world.
    pub fn new(builder: GatewayBuilder, world: &World) -> Result<Self, SetUpError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        let entered = runtime.enter();
        let clock = PausedClock {
            start: world.clock.map_or(BEGINNING, super::Moment::ticks),
            since: runtime.block_on(async { tokio::time::Instant::now() }),
        };
        let issuer = Issuer::new(world.issuer.clone());
        let answers = Arc::new(Answers::new(&world.answers, issuer)?);
        let (events, tasks) = (Arc::new(Events::default()), Arc::new(Tasks::default()));
        let counters = Arc::new(Counters::new(world.counters.clone()));
        let memory = Arc::new(MemoryCache::default());
        cache::fill(&memory, clock.start, &world.cache)?;
        cache::fill_responses(&memory, clock.start, &world.responses)?;
        let random = Given::new(&world.random, world.seed.unwrap_or_default())?;
        let gateway = builder
            .clock(clock)
            .random(random)
            .http_client(Script::new(&answers, false))
            .managed_identity(ManagedIdentity::imds("http://169.254.169.254"))
            .counters(counters.clone())
            .cache(memory.clone())
            .external_cache(memory.clone())
            .events(events.clone())
            .background(tasks.clone())
            .build()?;
        drop(entered);
        Ok(Self {
            gateway: gateway.into(),
            runtime,
            clock,
            answers,
            events,
            counters,
            cache: memory,
            tasks,
            requests: 0,
            limit: Duration::from_secs(5),
        })
    }

    /// Sets how much real time a request may take; 5 seconds unless said otherwise.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends a request as a client at 127.0.0.1.
    ///
    /// # Errors
    /// It did not come to an end.
    pub fn send<B: Into<Bytes>>(&mut self, request: http::Request<B>) -> Result<Seen, SendError> {
        let peer = Peer {
            ip: Some(std::net::Ipv4Addr::LOCALHOST.into()),
            ..Peer::default()
        };
        self.send_from(peer, None, request.map(Into::into))
    }

    /// Sends a request as that client; `context.RequestId` is a number that counts up, unless given.
    ///
    /// # Errors
    /// It did not come to an end.
    pub fn send_from(
        &mut self,
        peer: Peer,
        request_id: Option<[u8; 16]>,
        request: http::Request<Bytes>,
    ) -> Result<Seen, SendError> {
        self.requests += 1;
        let options = RunOptions {
            backend: Some(Arc::new(Script::new(&self.answers, true))),
            request_id: Some(request_id.unwrap_or(self.requests.to_be_bytes())),
            trace: Some(Trace::unseen()),
            ..RunOptions::default()
        };
        let run = async {
            let outcome = self
                .gateway
                .run(request.map(Body::full), peer, options)
                .await;
            let (head, body) = outcome.response.into_parts();
            let (body, body_error) = match body.collect().await {
                Ok(body) => (body.to_bytes(), None),
                Err(error) => (Bytes::new(), Some(error.to_string())),
            };
            self.tasks.finish().await;
            let response = http::Response::from_parts(head, body);
            (response, body_error, outcome.exchange)
        };
        let run = Limited {
            run: Box::pin(async { tokio::time::timeout(LONGEST_WAIT, run).await }),
            end: Instant::now() + self.limit,
        };
        let ended = self.runtime.block_on(run);
        let calls = self.answers.take_calls();
        let events = self.events.take();
        let ended = ended.ok_or(SendError::Stuck(self.limit))?;
        let (response, body_error, exchange) = ended.map_err(|_| SendError::Waited)?;
        Ok(Seen::new(response, body_error, exchange, calls, events))
    }

    /// Lets time pass.
    pub fn advance(&mut self, by: Duration) {
        self.runtime.block_on(tokio::time::advance(by));
    }

    /// Lets time pass until so long after the beginning; nothing if that is over.
    pub fn advance_to(&mut self, since_beginning: Duration) {
        let passed = self.since_beginning();
        self.advance(since_beginning.saturating_sub(passed));
    }

    /// How long ago the test began.
    pub fn since_beginning(&self) -> Duration {
        let _entered = self.runtime.enter();
        self.clock.since.elapsed()
    }

    /// A token that the world's issuer signs now.
    ///
    /// # Errors
    /// There can be no such token.
    pub fn token(&self, jwt: &Jwt) -> Result<String, Wrong> {
        self.answers.issuer.sign(jwt, self.now())
    }

    /// What is in the cache under a key of `cache-lookup-value`.
    pub fn cached(&self, key: &str) -> Option<serde_json::Value> {
        cache::read(&self.cache, self.now(), key)
    }

    /// How much each counter has counted, by the names that policies give them: the policy, a line break, and what tells
    /// the counter from others, the key last.
    pub fn counted(&self) -> std::collections::BTreeMap<String, u64> {
        self.counters.counted()
    }

    /// The gateway.
    pub fn gateway(&self) -> &Arc<Engine> {
        &self.gateway
    }

    fn now(&self) -> i64 {
        let _entered = self.runtime.enter();
        self.clock.now()
    }
}

/// Ends when its time is over, in real time; it is asked whenever the work gets on.
struct Limited<F> {
    run: Pin<Box<F>>,
    end: Instant,
}

impl<F: Future> Future for Limited<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if Instant::now() > self.end {
            return Poll::Ready(None);
        }
        self.run.as_mut().poll(context).map(Some)
    }
}
