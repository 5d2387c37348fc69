//! The ports: all that the engine wants of the world outside, each a small trait.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use smallvec::SmallVec;
use tollgate_dotnet::{Budget, Heap, Str};

use crate::certificate::Certificate;
use crate::exchange::{Body, Trace, Url};
use crate::policy::BoxFuture;

/// The world outside, as one gateway sees it. Built once; shared by all requests and all plans.
pub struct Ports {
    /// Sends requests to backends.
    pub http: Arc<dyn HttpClient>,
    /// Tells and waits for time.
    pub clock: Arc<dyn Clock>,
    /// Gives random numbers.
    pub random: Arc<dyn Random>,
    /// Counts calls.
    pub counters: Arc<dyn CounterStore>,
    /// Keeps values between requests: the internal cache.
    pub cache: Arc<dyn CacheStore>,
    /// The external cache, if one is configured.
    pub external_cache: Option<Arc<dyn CacheStore>>,
    /// Counts the tokens of language models.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// Keeps values by meaning, for the semantic cache; none if there is none.
    pub vectors: Option<Arc<dyn VectorStore>>,
    /// Gets tokens.
    pub credentials: Arc<dyn Credentials>,
    /// Takes what policies report.
    pub events: Arc<dyn EventSink>,
    /// Runs what no request waits for.
    pub background: Arc<dyn Background>,
    /// What policies keep between requests.
    pub shared: Shared,
    /// How much one request may use.
    pub limits: Limits,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The answer of a port: there already, or to be waited for.
pub enum Step<T> {
    /// There already.
    Ready(T),
    /// To be waited for.
    Pending(BoxFuture<'static, T>),
}

impl<T: fmt::Debug> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(value) => f.debug_tuple("Ready").field(value).finish(),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}

impl<T> Step<T> {
    /// The answer, waited for if need be.
    pub async fn get(self) -> T {
        match self {
            Self::Ready(value) => value,
            Self::Pending(future) => future.await,
        }
    }
}

/// Sends requests to backends.
pub trait HttpClient: Send + Sync {
    /// Sends the request, and answers as soon as the response's headers are there; its body streams.
    /// Dropping the future gives up the call.
    fn send(
        &self,
        request: OutboundRequest,
    ) -> BoxFuture<'static, Result<http::Response<Body>, SendError>>;
}

/// A request on its way out.
#[derive(Debug)]
pub struct OutboundRequest {
    /// The request, its URI in absolute form.
    pub request: http::Request<Body>,
    /// How long to wait for the response's headers.
    pub timeout: Option<Duration>,
    /// Whether redirects are followed.
    pub follow_redirects: bool,
    /// Which versions of HTTP may be used.
    pub http_version: HttpVersion,
    /// The proxy to go through.
    pub proxy: Option<Proxy>,
    /// The certificate to show when the backend asks for one.
    pub identity: Option<Certificate>,
    /// What of the backend's certificate is checked.
    pub tls_checks: TlsChecks,
}

/// What of a backend's certificate is checked. Source: backends.md (`tls`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsChecks {
    /// `validateCertificateChain`: that it leads to a trusted authority, and is valid now.
    pub chain: bool,
    /// `validateCertificateName`: that it is for the host of the URL.
    pub name: bool,
}

impl TlsChecks {
    /// All of it.
    pub const ALL: Self = Self {
        chain: true,
        name: true,
    };
}

impl Default for TlsChecks {
    fn default() -> Self {
        Self::ALL
    }
}

/// An HTTP proxy. Requests to `https` URLs go through a tunnel; others are sent to it whole. Source: proxy-policy.md.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it is. Only its host and port count; it is spoken to in plain HTTP.
    pub url: Url,
    /// User name and password for `Proxy-Authorization: Basic`.
    pub credentials: Option<(Str, Str)>,
}

/// Never shows the password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &self.url.to_string())
            .finish_non_exhaustive()
    }
}

impl OutboundRequest {
    /// A request with no time limit, whose redirects are not followed.
    pub fn new(request: http::Request<Body>) -> Self {
        Self {
            request,
            timeout: None,
            follow_redirects: false,
            http_version: HttpVersion::default(),
            identity: None,
            proxy: None,
            tls_checks: TlsChecks::ALL,
        }
    }
}

/// Which versions of HTTP a backend may be spoken to in. Source: forward-request-policy.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HttpVersion {
    /// `1`: HTTP/1.1.
    #[default]
    Http1,
    /// `2`: HTTP/2.
    Http2,
    /// `2or1`: HTTP/2, or HTTP/1.1 where the backend does not speak it.
    Http2Or1,
}

/// Why there is no response.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct SendError {
    /// What sort of trouble it was.
    pub kind: SendErrorKind,
    /// What happened, for people; without secrets.
    pub message: String,
}

/// What sort of trouble a [`SendError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// The response's headers did not come in time.
    Timeout,
    /// No connection: name not known, refused, TLS failed.
    Connect,
    /// The connection broke, or what came was not HTTP.
    Aborted,
    /// The request itself cannot be sent: no such scheme, a bad URI.
    Request,
}

/// Tells and waits for time. One clock drives limits, tokens, retries and expressions alike.
pub trait Clock: Send + Sync {
    /// The time now, UTC, in .NET ticks: 100 ns since year 1.
    fn now(&self) -> i64;
    /// Ends after that long.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// Ends after that long, so that what takes real time, such as a fetch, is given up. A clock that skips sleep must
    /// not skip this.
    fn timeout(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep(duration)
    }
}

/// .NET ticks in a second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// The .NET ticks of 1970-01-01.
pub const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;

/// Gives random numbers.
pub trait Random: Send + Sync {
    /// Sixty-four random bits.
    fn next_u64(&self) -> u64;
}

/// Counts calls in sliding windows, for `rate-limit` and the like; perhaps for many gateways at once.
pub trait CounterStore: Send + Sync {
    /// Applies the operations all together: if one of those that check is refused, nothing is counted at all.
    /// The states come in the order of the operations. All operations have the same [`group`](CounterOp::group).
    fn apply(&self, now: i64, operations: &[CounterOp<'_>]) -> Step<CounterAnswer>;
}

/// What [`CounterStore::apply`] answers.
pub type CounterAnswer = Result<CounterStates, CountersAway>;

/// The states after [`CounterStore::apply`].
pub type CounterStates = SmallVec<[CounterState; 2]>;

/// Shared counters cannot be had, and nothing may go on without them. The caller gets 503 with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the counters cannot be had at the moment")]
pub struct CountersAway;

/// What to do with one counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterOp<'a> {
    /// What the counters of one call have in common, and each of them always has: a shared store keeps them in one place.
    pub group: &'a str,
    /// Which counter.
    pub key: &'a str,
    /// Whether the key is that of one window, and the next one has another: then all of it is kept for its period, and
    /// clocks that do not agree free nothing.
    pub fixed: bool,
    /// How many may be counted in a period.
    pub limit: u64,
    /// The length of the window.
    pub period: Duration,
    /// What to count.
    pub count: Count,
}

/// What a [`CounterOp`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Nothing; it is only asked whether one more would be allowed.
    Check,
    /// That many, if less than the limit are counted so far.
    Take(u64),
    /// That many, allowed or not: those who asked with [`Count::Check`] settle so.
    Add(u64),
    /// That many, if they do not exceed the limit; none at all is as [`Count::Check`].
    Reserve(u64),
    /// Gives back what was reserved at that time (.NET ticks) and was not needed.
    Release {
        /// How many.
        count: u64,
        /// When they were reserved.
        since: i64,
    },
}

impl Count {
    /// How many must still be free for it to be allowed; `None` if it always is.
    pub fn needs(self) -> Option<u64> {
        match self {
            Self::Check | Self::Take(_) => Some(1),
            Self::Reserve(count) => Some(count.max(1)),
            Self::Add(_) | Self::Release { .. } => None,
        }
    }
}

/// One counter after a [`CounterOp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterState {
    /// Whether it was allowed.
    pub allowed: bool,
    /// How many more are allowed now.
    pub remaining: u64,
    /// If it was refused: how long until it would be allowed.
    pub retry_after: Duration,
}

/// Keeps values between requests, each for a time; perhaps for many gateways at once.
///
/// What goes wrong in a store is its own to log: what cannot be read is not there, and what cannot be written is gone.
pub trait CacheStore: Send + Sync {
    /// The value of a key, unless its time is over. `now` is in .NET ticks.
    fn get(&self, now: i64, key: &str) -> Step<Option<Bytes>>;
    /// Keeps a value for that long, in place of the one that was there.
    fn put(&self, now: i64, key: &str, value: Bytes, keep: Duration) -> Step<()>;
    /// Forgets a key.
    fn remove(&self, key: &str) -> Step<()>;
}

/// Keeps values by vectors, so that they are found by others close to them; perhaps for many gateways at once.
///
/// As with [`CacheStore`], what goes wrong is the store's own to log.
pub trait VectorStore: Send + Sync {
    /// The value in this partition whose vector is closest, if its cosine distance (0 same, 2 opposite) is at most
    /// `distance` and its time is not over. `now` is in .NET ticks.
    fn nearest(
        &self,
        now: i64,
        partition: &str,
        vector: &[f32],
        distance: f32,
    ) -> Step<Option<Bytes>>;
    /// Keeps a value for that long.
    fn put(
        &self,
        now: i64,
        partition: &str,
        vector: &[f32],
        value: Bytes,
        keep: Duration,
    ) -> Step<()>;
}

/// Counts tokens as a language model would. Its time must be linear in the text: prompts are as long as clients like.
pub trait Tokenizer: Send + Sync {
    /// How many tokens the text has.
    fn count(&self, text: &str) -> u64;
}

/// Counts without a vocabulary: a token for each four letters of ASCII, and for each other character. Of English it finds
/// about as many as there are; of other languages and of code more.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoughTokenizer;

impl Tokenizer for RoughTokenizer {
    fn count(&self, text: &str) -> u64 {
        let ascii = text.bytes().filter(u8::is_ascii).count();
        let others = text.chars().filter(|c| !c.is_ascii()).count();
        u64::try_from(ascii.div_ceil(4) + others).unwrap_or(u64::MAX)
    }
}

/// Runs what no request waits for.
pub trait Background: Send + Sync {
    /// Runs the work on its own, or refuses it because there is too much of it already. Never waits.
    fn run(&self, work: BoxFuture<'static, ()>) -> Result<(), Busy>;
}

/// Why [`Background`] work was refused: too much of it runs already, or there is nothing to run it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much work runs in the background")]
pub struct Busy;

impl<T: CounterStore + ?Sized> CounterStore for Arc<T> {
    fn apply(&self, now: i64, operations: &[CounterOp<'_>]) -> Step<CounterAnswer> {
        (**self).apply(now, operations)
    }
}

impl<T: CacheStore + ?Sized> CacheStore for Arc<T> {
    fn get(&self, now: i64, key: &str) -> Step<Option<Bytes>> {
        (**self).get(now, key)
    }

    fn put(&self, now: i64, key: &str, value: Bytes, keep: Duration) -> Step<()> {
        (**self).put(now, key, value, keep)
    }

    fn remove(&self, key: &str) -> Step<()> {
        (**self).remove(key)
    }
}

impl<T: Background + ?Sized> Background for Arc<T> {
    fn run(&self, work: BoxFuture<'static, ()>) -> Result<(), Busy> {
        (**self).run(work)
    }
}

impl<T: EventSink + ?Sized> EventSink for Arc<T> {
    fn emit(&self, event: Event) {
        (**self).emit(event);
    }
}

/// A cache that keeps nothing, and a background that takes no work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl CacheStore for Nothing {
    fn get(&self, _: i64, _: &str) -> Step<Option<Bytes>> {
        Step::Ready(None)
    }

    fn put(&self, _: i64, _: &str, _: Bytes, _: Duration) -> Step<()> {
        Step::Ready(())
    }

    fn remove(&self, _: &str) -> Step<()> {
        Step::Ready(())
    }
}

impl Background for Nothing {
    fn run(&self, _: BoxFuture<'static, ()>) -> Result<(), Busy> {
        Err(Busy)
    }
}

/// Gets tokens for the gateway: those of its managed identities, and those of the connections of its credential manager.
/// Keeps them for as long as they are good: it is asked for every request.
pub trait Credentials: Send + Sync {
    /// A token of a managed identity. Source: authentication-managed-identity-policy.md.
    fn managed_identity(&self, request: IdentityRequest<'_>) -> Step<Result<Str, CredentialError>>;

    /// The token of a connection. Source: get-authorization-context-policy.md.
    fn authorization(
        &self,
        request: AuthorizationRequest<'_>,
    ) -> Step<Result<AuthorizationToken, CredentialError>>;
}

/// What a managed identity's token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityRequest<'a> {
    /// The application that the token is for: `https://management.azure.com/`.
    pub resource: &'a str,
    /// The client id of a user-assigned identity; without one it is the system-assigned one.
    pub client_id: Option<&'a str>,
}

/// Who asks for a connection, as a token of Microsoft Entra ID says that was found good.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// `oid`.
    pub object_id: String,
    /// `tid`.
    pub tenant_id: String,
}

/// Which connection of the credential manager is meant, and who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorizationRequest<'a> {
    /// The credential provider.
    pub provider_id: &'a str,
    /// The connection.
    pub authorization_id: &'a str,
    /// Who asks (`identity-type="jwt"`); without one it is the gateway itself.
    pub principal: Option<&'a Principal>,
}

/// An access token, and what its provider said with it.
#[derive(Clone, PartialEq)]
pub struct AuthorizationToken {
    /// The access token.
    pub access_token: Str,
    /// The other members of the token response.
    pub claims: Vec<(Str, serde_json::Value)>,
}

impl fmt::Debug for AuthorizationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationToken").finish_non_exhaustive()
    }
}

/// Why there is no token; without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CredentialError(pub String);

/// No credentials: a gateway without identities and connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCredentials;

impl Credentials for NoCredentials {
    fn managed_identity(&self, _: IdentityRequest<'_>) -> Step<Result<Str, CredentialError>> {
        let message = "The gateway has no managed identity.";
        Step::Ready(Err(CredentialError(message.to_owned())))
    }

    fn authorization(
        &self,
        request: AuthorizationRequest<'_>,
    ) -> Step<Result<AuthorizationToken, CredentialError>> {
        let message = format!(
            "There is no connection {} of the credential provider {}.",
            request.authorization_id, request.provider_id
        );
        Step::Ready(Err(CredentialError(message)))
    }
}

/// Takes what policies report. Never waits, never fails.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}

/// Something a policy reports.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The message of a `trace` policy. Source: trace-policy.md.
    Trace {
        /// `source`.
        source: Str,
        /// `severity`.
        severity: Severity,
        /// The message.
        message: Str,
        /// `metadata`: names and values.
        metadata: Vec<(Str, Str)>,
        /// The request's id.
        request_id: [u8; 16],
    },
    /// One observation of a custom metric. Source: emit-metric-policy.md.
    Metric {
        /// `name`.
        name: Str,
        /// `namespace`.
        namespace: Str,
        /// `value`.
        value: f64,
        /// Names and values, those with a default value included.
        dimensions: Vec<(Str, Str)>,
    },
    /// A message for an event hub. Source: log-to-eventhub-policy.md.
    EventHub {
        /// `logger-id`.
        logger: Str,
        /// Which partition it goes to.
        partition: Partition,
        /// What it says.
        body: Bytes,
    },
}

/// Which partition of an event hub an event goes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Partition {
    /// Any.
    #[default]
    Any,
    /// `partition-id`.
    Id(Str),
    /// `partition-key`: all events of one key go to the same one.
    Key(Str),
}

/// How grave an [`Event`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Severity {
    /// `verbose`.
    #[default]
    Verbose,
    /// `information`.
    Information,
    /// `error`.
    Error,
}

/// What policies keep between requests and across reloads: one value of each type, made when first asked for. Clones are
/// the same.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<RwLock<Values>>);

type Values = HashMap<TypeId, Arc<dyn Any + Send + Sync>, foldhash::fast::RandomState>;

impl Shared {
    /// The value of that type.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let id = TypeId::of::<T>();
        let found = self.read().get(&id).cloned();
        let value = found.unwrap_or_else(|| {
            let mut map = self
                .0
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            map.entry(id)
                .or_insert_with(|| Arc::new(T::default()))
                .clone()
        });
        // The map holds a `T` under the id of `T` and nothing else.
        value.downcast().unwrap_or_default()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Values> {
        self.0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// How much one request may use.
///
/// Those of expressions hold for all of a request together, as an expression that would never end must not keep its
/// worker from others: with the defaults each is stopped within 50 ms.
///
/// | limit | of what | default | beyond it |
/// |---|---|---|---|
/// | `request_body` | bytes that are buffered | 16 MiB | 413 |
/// | `response_body` | bytes that are buffered | 16 MiB | 500 |
/// | `graphql_depth` | fields in fields of a query with resolvers | 32 | 400 |
/// | `graphql_calls` | calls of resolvers | 100 | 400 |
/// | `graphql_time` | all calls of resolvers together | 300 s | an error of each field that is left |
/// | `trace` | bytes of a trace, about | 4 MiB | the rest is left out, which the trace says |
/// | `heap` | bytes | 64 MiB | `it used more memory than is allowed` |
/// | `collection` | elements of one | 512 Ki | `it made a collection longer than is allowed` |
/// | `budget.steps` | steps, some 50 ns each at most | 500,000 | `it took more steps than are allowed` |
/// | `budget.depth` | nested calls | 200 | `its calls are nested too deep` |
/// | `budget.string` | bytes of one | 16 Mi | `it made a string longer than is allowed` |
/// | `budget.regex` | tries of one search | 1,000,000 | `RegexMatchTimeoutException` |
///
/// The messages stand behind `Expression evaluation failed. The expression was stopped: ` in `LastError.Message`, whose
/// reason is `ExpressionValueEvaluationFailure`; the client gets 500 unless `on-error` says otherwise. No `catch` in an
/// expression stops them. `RegexMatchTimeoutException` is an exception as any other, and can be caught; what the search
/// took has been counted as steps.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// The longest request body that is buffered, in bytes. Beyond it the client gets 413.
    pub request_body: usize,
    /// The longest response body that is buffered, in bytes. Beyond it the request fails with 500.
    pub response_body: usize,
    /// How deep the fields of a GraphQL query may be nested that is answered by resolvers.
    pub graphql_depth: usize,
    /// How often resolvers may be called for one request. What they answer may come to `response_body` bytes together.
    pub graphql_calls: usize,
    /// How long all of them may take together.
    pub graphql_time: Duration,
    /// How many bytes the objects and texts that expressions make may take. Nothing is freed before the request ends.
    pub heap: usize,
    /// How many elements a collection may have: list, array (but of bytes), dictionary, set, JSON array or object.
    /// Bytes are counted by `heap` alone.
    pub collection: usize,
    /// What all expressions of the request may do together.
    pub budget: Budget,
    /// About how many bytes the trace of a request may take, if there is one. What does not fit is dropped, and the trace
    /// says so.
    pub trace: usize,
}

impl Default for Limits {
    /// 16 MiB for each body, 64 MiB for objects, 512 Ki elements, 4 MiB for a trace, and what [`Budget`] takes by default.
    fn default() -> Self {
        Self {
            request_body: 16 << 20,
            response_body: 16 << 20,
            graphql_depth: 32,
            graphql_calls: 100,
            graphql_time: Duration::from_secs(300),
            heap: Heap::DEFAULT_LIMIT,
            collection: Heap::DEFAULT_LONGEST,
            budget: Budget::default(),
            trace: Trace::DEFAULT_LIMIT,
        }
    }
}
