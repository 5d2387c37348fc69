//! Backend entities at work: credentials, circuit breakers, and the choice among the members of a pool.
//!
//! A pool sends each request to a member of the lowest priority of which any takes requests, by smooth weighted turns.
//! With session affinity a client stays with its member as long as that takes requests; the cookie tells the member by a
//! hash. A circuit breaker that has tripped answers with 503, as does a pool whose members all have, and `Retry-After`
//! says when the first of them will take requests again; `LastError.Reason` is `BackendCircuitBreakerOpen`. What is known
//! of breakers and turns is kept for the gateway, by id, also when the plan is reloaded. Source: backends.md; on the body
//! and the reason, on affinity to a tripped member and on turns it is silent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;
use tollgate_dotnet::Str;
use tollgate_engine::backend::{BreakerState, Pool, PoolMember};
use tollgate_engine::counters::retry_after_seconds;
use tollgate_engine::ports::{IdentityRequest, OutboundRequest, Ports, UNIX_EPOCH_TICKS};
use tollgate_engine::{BackendInfo, Body, Exchange, Failure, Plan, PlanBackend};

use crate::access::authentication_managed_identity::bearer;
use crate::integration::outgoing::Call;
use crate::transformation::set_query_parameter::encode;

/// The backend of this id.
pub(crate) fn named<'p>(plan: &'p Plan, id: &str) -> Result<&'p Arc<PlanBackend>, Failure> {
    plan.backend(id).ok_or_else(|| {
        let message = format!("There is no backend with id {id}.");
        Failure::new("BackendNotFound", message)
    })
}

/// What is remembered of backends between requests.
#[derive(Debug, Default)]
struct Switchboard {
    breakers: Mutex<HashMap<Box<str>, BreakerState>>,
    /// By pool.
    turns: Mutex<HashMap<Box<str>, Turns>>,
}

/// How far each member of a pool is behind its weight.
type Turns = HashMap<Box<str>, i64>;

/// Where one request goes.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) backend: Arc<PlanBackend>,
    /// What the client is to keep.
    cookie: Option<HeaderValue>,
}

impl Choice {
    /// The backend for the current request, if it is an entity; its URL is the request's from here on.
    pub(crate) fn of(exchange: &mut Exchange) -> Result<Option<Self>, Failure> {
        let context = &mut exchange.context;
        let backend = match &context.request.backend {
            Some(backend) => backend,
            None => match exchange.plan.backend_at(&context.request.url) {
                Some(backend) => backend,
                None => return Ok(None),
            },
        };
        let choice = Self::among(backend, &context.ports, Some(&context.request.headers))?;
        context.request.url.set_base(choice.backend.url());
        let id = choice.backend.id();
        context.trace(|_| json!({"message": "A backend was chosen.", "backend": id}));
        context.azure.backend = Some(Arc::new(BackendInfo {
            id: id.into(),
            azure_region: None,
            kind: Some(Str::from_static("Single")),
        }));
        Ok(Some(choice))
    }

    /// The backend itself, or the member of a pool whose turn it is; `client` is whose session it may be.
    pub(crate) fn among(
        backend: &Arc<PlanBackend>,
        ports: &Ports,
        client: Option<&HeaderMap>,
    ) -> Result<Self, Failure> {
        let Some(pool) = backend.pool() else {
            return match closed_for(backend, ports) {
                None => Ok(Self {
                    backend: Arc::clone(backend),
                    cookie: None,
                }),
                Some(left) => Err(busy(left)),
            };
        };
        let cookie = pool.affinity.as_deref();
        let asked = cookie.and_then(|name| session(client?, name));
        let own = asked.and_then(|session| {
            let mut members = pool.members.iter();
            members.find(|member| token(backend.id(), member.backend.id()) == session)
        });
        if let Some(member) = own
            && closed_for(&member.backend, ports).is_none()
        {
            return Ok(Self {
                backend: Arc::clone(&member.backend),
                cookie: None,
            });
        }
        let member = next(backend.id(), pool, ports)?;
        let cookie = cookie.map(|name| {
            let token = token(backend.id(), member.backend.id());
            format!("{name}={token}; Path=/; HttpOnly")
        });
        Ok(Self {
            backend: Arc::clone(&member.backend),
            cookie: cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()),
        })
    }

    /// Gives a request the backend's credentials.
    pub(crate) async fn authorize(
        &self,
        ports: &Ports,
        outbound: &mut OutboundRequest,
    ) -> Result<(), Failure> {
        let backend = &self.backend;
        for (name, value) in backend.headers() {
            outbound.request.headers_mut().insert(name, value.clone());
        }
        if !backend.query().is_empty() {
            let uri = with_query(outbound.request.uri(), backend.query());
            *outbound.request.uri_mut() = uri.ok_or_else(Failure::validation)?;
        }
        if let Some(certificate) = backend.certificate() {
            outbound.identity = Some(certificate.clone());
        }
        outbound.tls_checks = backend.tls_checks();
        if let Some(identity) = backend.managed_identity() {
            let value = bearer(ports, identity).await?;
            outbound.request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(())
    }

    /// Tells the circuit breaker of a response.
    pub(crate) fn answered(&self, ports: &Ports, status: StatusCode, headers: &HeaderMap) {
        if let Some(breaker) = self.backend.circuit_breaker() {
            let failed = breaker.is_failure(status.as_u16());
            let retry_after = retry_after(headers, ports.clock.now());
            self.record(ports, failed, retry_after);
        }
    }

    /// Tells the circuit breaker that there was no response.
    pub(crate) fn failed(&self, ports: &Ports) {
        if let Some(breaker) = self.backend.circuit_breaker() {
            self.record(ports, breaker.counts_errors(), None);
        }
    }

    /// What the client is to keep goes into the response.
    pub(crate) fn set_cookie(self, headers: &mut HeaderMap) {
        if let Some(cookie) = self.cookie {
            headers.append(SET_COOKIE, cookie);
        }
    }

    fn record(&self, ports: &Ports, failed: bool, retry_after: Option<Duration>) {
        let Some(breaker) = self.backend.circuit_breaker() else {
            return;
        };
        let board = ports.shared.get::<Switchboard>();
        let mut breakers = lock(&board.breakers);
        let now = ports.clock.now();
        if !breakers.contains_key(self.backend.id()) {
            breakers.insert(self.backend.id().into(), BreakerState::default());
        }
        let Some(state) = breakers.get_mut(self.backend.id()) else {
            return;
        };
        state.record(breaker, now, failed, retry_after);
        if let Some(left) = state.open_for(now) {
            let (backend, seconds) = (self.backend.id(), left.as_secs_f64());
            tracing::warn!(backend, seconds, "a circuit breaker has tripped");
        }
    }
}

/// A request that the gateway makes by itself of a backend.
#[derive(Debug)]
pub(crate) struct OwnCall<'c> {
    /// The backend entity.
    pub(crate) backend: &'c str,
    /// What follows the backend's base URL, with its query.
    pub(crate) path: &'c str,
    /// The JSON to post.
    pub(crate) body: serde_json::Value,
    /// Whose token the request gets, if not the backend's credentials say that.
    pub(crate) identity: Option<IdentityRequest<'c>>,
    pub(crate) timeout: Duration,
}

impl OwnCall<'_> {
    /// Sends it, and waits for the JSON of the response, which must be a success.
    pub(crate) async fn send(
        self,
        plan: &Plan,
        ports: &Ports,
    ) -> Result<serde_json::Value, Failure> {
        let choice = Choice::among(named(plan, self.backend)?, ports, None)?;
        let mut url = choice.backend.url().clone();
        let (path, query) = self.path.split_once('?').unwrap_or((self.path, ""));
        // The base may be the whole of it.
        if !url.base_path.to_utf8().ends_with(path) {
            url.path = path.into();
        }
        if !query.is_empty() {
            url.query = format!("?{query}").into();
        }
        let body = Body::full(self.body.to_string());
        let mut call = Call::new(Method::POST, &url, body, self.timeout)?;
        let headers = call.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(identity) = self.identity
            && choice.backend.managed_identity().is_none()
        {
            headers.insert(AUTHORIZATION, bearer(ports, identity).await?);
        }
        choice.authorize(ports, call.outbound_mut()).await?;
        let response = match call.send(ports).await {
            Ok(response) => response,
            Err(failure) => {
                choice.failed(ports);
                return Err(failure);
            }
        };
        choice.answered(ports, response.status, &response.headers);
        let json = response
            .body
            .bytes()
            .filter(|_| response.status.is_success());
        json.and_then(|bytes| serde_json::from_slice(bytes).ok())
            .ok_or_else(|| {
                let message = format!(
                    "The backend {} answered with {} or no JSON.",
                    self.backend,
                    response.status.as_u16()
                );
                Failure::new("BackendErrorStatusCode", message)
            })
    }
}

/// How long a backend takes no requests, if so.
fn closed_for(backend: &PlanBackend, ports: &Ports) -> Option<Duration> {
    backend.circuit_breaker()?;
    let board = ports.shared.get::<Switchboard>();
    let breakers = lock(&board.breakers);
    breakers.get(backend.id())?.open_for(ports.clock.now())
}

fn busy(left: Duration) -> Failure {
    let failure = Failure::new(
        "BackendCircuitBreakerOpen",
        "The backend takes no requests: its circuit breaker has tripped.",
    );
    let failure = failure.respond(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    failure.with_header(RETRY_AFTER, HeaderValue::from(retry_after_seconds(left)))
}

/// The member of a pool whose turn it is: of those of the first priority that take requests, the one that is most behind
/// its weight.
fn next<'p>(id: &str, pool: &'p Pool, ports: &Ports) -> Result<&'p PoolMember, Failure> {
    let closed: Vec<_> = (pool.members.iter())
        .map(|member| closed_for(&member.backend, ports))
        .collect();
    let open = || {
        let members = pool.members.iter().zip(&closed);
        members.filter(|(_, closed)| closed.is_none())
    };
    let Some(first) = open().map(|(member, _)| member.priority).min() else {
        let soonest = closed.iter().flatten().min().copied();
        return Err(busy(soonest.unwrap_or_default()));
    };
    let board = ports.shared.get::<Switchboard>();
    let mut turns = lock(&board.turns);
    let turns = turns.entry(id.into()).or_default();
    let (mut chosen, mut total) = (None::<(&PoolMember, i64)>, 0);
    for (member, _) in open().filter(|(member, _)| member.priority == first) {
        let weight = i64::from(member.weight);
        total += weight;
        let behind = turns.entry(member.backend.id().into()).or_default();
        *behind += weight;
        if chosen.is_none_or(|(_, most)| *behind > most) {
            chosen = Some((member, *behind));
        }
    }
    let Some((member, _)) = chosen else {
        return Err(busy(Duration::ZERO));
    };
    if let Some(behind) = turns.get_mut(member.backend.id()) {
        *behind -= total;
    }
    Ok(member)
}

/// What tells a member in a cookie, without telling what it is called.
fn token(pool: &str, member: &str) -> String {
    let text = format!("{pool}\n{member}");
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let bytes = hash.as_ref().iter().take(16);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// The value of a cookie.
fn session<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// What `Retry-After` says: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let now = (now - UNIX_EPOCH_TICKS).div_euclid(tollgate_engine::ports::TICKS_PER_SECOND);
    let seconds = date.as_second().saturating_sub(now);
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// A URL with more in its query.
fn with_query(uri: &http::Uri, more: &[(String, String)]) -> Option<http::Uri> {
    let mut parts = uri.clone().into_parts();
    let path = uri.path();
    let own = uri.query().filter(|query| !query.is_empty());
    let more = more
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    let query: Vec<String> = own.map(str::to_owned).into_iter().chain(more).collect();
    parts.path_and_query = Some(format!("{path}?{}", query.join("&")).try_into().ok()?);
    http::Uri::from_parts(parts).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
