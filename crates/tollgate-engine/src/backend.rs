//! Backend entities: where requests go, with what, and when they had better not.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::certificate::Certificate;
use crate::counters::ticks;
use crate::exchange::Url;
use crate::ports::{IdentityRequest, TlsChecks};

/// A backend that `set-backend-service backend-id` names: a service, or a pool of such. Its credentials and its circuit
/// breaker hold for every request that goes there, also when the request's URL is the backend's by chance.
/// Source: backends.md.
///
/// ```
/// use std::time::Duration;
/// use tollgate_engine::{Backend, Catalog, CircuitBreaker};
///
/// let breaker = || CircuitBreaker::after(3, Duration::from_secs(60)).status_codes(429..=429);
/// let catalog = Catalog::new()
///     .backend_entity(Backend::new("east", "https://east.example").circuit_breaker(breaker()))
///     .backend_entity(Backend::new("west", "https://west.example").circuit_breaker(breaker()))
///     .backend_entity(Backend::pool("both").member("east", 1, 3).member("west", 1, 1));
/// ```
#[derive(Clone)]
pub struct Backend {
    pub(crate) id: String,
    pub(crate) target: Target,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<(String, String)>,
    pub(crate) certificate: Option<String>,
    pub(crate) managed_identity: Option<Identity>,
    pub(crate) tls_checks: TlsChecks,
    pub(crate) circuit_breaker: Option<CircuitBreaker>,
}

#[derive(Debug, Clone)]
pub(crate) enum Target {
    Url(String),
    Pool {
        members: Vec<Member>,
        /// The name of the cookie.
        affinity: Option<String>,
    },
}

/// A member of a pool, by its id.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) priority: u32,
    pub(crate) weight: u32,
}

/// Resource, and client id of a user-assigned identity.
type Identity = (String, Option<String>);

impl Backend {
    /// A service at this base URL.
    pub fn new(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self::of(id.into(), Target::Url(url.into()))
    }

    /// A pool, without members as yet. It has at most 30, none of them a pool.
    pub fn pool(id: impl Into<String>) -> Self {
        let (members, affinity) = (Vec::new(), None);
        Self::of(id.into(), Target::Pool { members, affinity })
    }

    /// What of it nothing may show.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let values = self
            .headers
            .iter()
            .chain(&self.query)
            .chain(&self.authorization);
        values.map(|(_, value)| value.as_str())
    }

    fn of(id: String, target: Target) -> Self {
        Self {
            id,
            target,
            headers: Vec::new(),
            query: Vec::new(),
            authorization: None,
            certificate: None,
            managed_identity: None,
            tls_checks: TlsChecks::ALL,
            circuit_breaker: None,
        }
    }

    /// Adds a member to a pool. Requests go to the members of the lowest `priority` whose circuit breakers let them, in
    /// turn, each as often as its `weight` (at least 1) says.
    #[must_use]
    pub fn member(mut self, id: impl Into<String>, priority: u32, weight: u32) -> Self {
        if let Target::Pool { members, .. } = &mut self.target {
            members.push(Member {
                id: id.into(),
                priority,
                weight,
            });
        }
        self
    }

    /// Has a pool send a client always to the same member, which a cookie of this name tells.
    #[must_use]
    pub fn session_affinity(mut self, cookie: impl Into<String>) -> Self {
        if let Target::Pool { affinity, .. } = &mut self.target {
            *affinity = Some(cookie.into());
        }
        self
    }

    /// Sets a header of every request, in place of the client's. The value is shown nowhere.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a parameter to the query of every request. The value is shown nowhere.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets `Authorization` of every request: `Basic`, and what follows it.
    #[must_use]
    pub fn authorization(mut self, scheme: impl Into<String>, value: impl Into<String>) -> Self {
        self.authorization = Some((scheme.into(), value.into()));
        self
    }

    /// Shows the certificate of this id.
    #[must_use]
    pub fn certificate(mut self, id: impl Into<String>) -> Self {
        self.certificate = Some(id.into());
        self
    }

    /// Sets `Authorization` to a token of the gateway's identity for this resource: of the system-assigned one, or of the
    /// one with this client id.
    #[must_use]
    pub fn managed_identity(
        mut self,
        resource: impl Into<String>,
        client_id: Option<String>,
    ) -> Self {
        self.managed_identity = Some((resource.into(), client_id));
        self
    }

    /// Leaves checks of its certificate out. Whoever stands between the gateway and the backend can then read and change
    /// what they say to each other.
    #[must_use]
    pub fn tls_checks(mut self, checks: TlsChecks) -> Self {
        self.tls_checks = checks;
        self
    }

    /// Sets the circuit breaker.
    #[must_use]
    pub fn circuit_breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.circuit_breaker = Some(breaker);
        self
    }
}

/// Never shows credentials.
impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("id", &self.id)
            .field("target", &self.target)
            .field("circuit_breaker", &self.circuit_breaker)
            .finish_non_exhaustive()
    }
}

/// When a backend gets no requests for a while: after so many failures in an interval. Source: backends.md.
///
/// A failure is a response with one of the status codes, or, with [`errors`](Self::errors), none at all. When it has
/// tripped, requests to the backend are answered by `503` for the time of the trip; then it begins anew.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitBreaker {
    pub(crate) threshold: Threshold,
    pub(crate) interval: Duration,
    pub(crate) status_codes: Vec<RangeInclusive<u16>>,
    pub(crate) errors: bool,
    pub(crate) trip: Duration,
    pub(crate) accept_retry_after: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Threshold {
    Count(u32),
    Percentage(u8),
}

impl CircuitBreaker {
    /// Trips after so many failures (1 to 10,000) in the interval, for as long as the interval is.
    pub fn after(failures: u32, interval: Duration) -> Self {
        Self::at(Threshold::Count(failures), interval)
    }

    /// Trips when so many of a hundred requests (1 to 100) in the interval have failed.
    pub fn at_percentage(percentage: u8, interval: Duration) -> Self {
        Self::at(Threshold::Percentage(percentage), interval)
    }

    fn at(threshold: Threshold, interval: Duration) -> Self {
        Self {
            threshold,
            interval,
            status_codes: Vec::new(),
            errors: false,
            trip: interval,
            accept_retry_after: false,
        }
    }

    /// Adds status codes that are failures.
    #[must_use]
    pub fn status_codes(mut self, codes: RangeInclusive<u16>) -> Self {
        self.status_codes.push(codes);
        self
    }

    /// Has it count as a failure that there is no response: no connection, or none in time (`errorReasons`).
    #[must_use]
    pub fn errors(mut self) -> Self {
        self.errors = true;
        self
    }

    /// Sets for how long it trips.
    #[must_use]
    pub fn trip_for(mut self, trip: Duration) -> Self {
        self.trip = trip;
        self
    }

    /// Has it trip for as long as the `Retry-After` of the last failing response says, if it says so.
    #[must_use]
    pub fn accept_retry_after(mut self) -> Self {
        self.accept_retry_after = true;
        self
    }
}

/// A backend entity as a plan has it.
#[derive(Clone)]
pub struct PlanBackend {
    pub(crate) id: Box<str>,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) managed_identity: Option<Identity>,
    pub(crate) tls_checks: TlsChecks,
    pub(crate) circuit_breaker: Option<CircuitBreaker>,
    pub(crate) pool: Option<Pool>,
}

/// The members of a pool.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Those of the lowest priority first.
    pub members: Vec<PoolMember>,
    /// The name of the cookie that tells a client's member.
    pub affinity: Option<Box<str>>,
}

/// A member of a pool.
#[derive(Debug, Clone)]
pub struct PoolMember {
    /// The service.
    pub backend: Arc<PlanBackend>,
    /// The lower, the sooner it is used.
    pub priority: u32,
    /// How often it is used, beside others of its priority.
    pub weight: u32,
}

/// Never shows credentials.
impl fmt::Debug for PlanBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanBackend")
            .field("id", &self.id)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl PlanBackend {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its base URL; of a pool that of its first member.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The headers that requests get, `Authorization` among them.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The parameters that queries get.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The certificate to show.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The identity whose token requests get.
    pub fn managed_identity(&self) -> Option<IdentityRequest<'_>> {
        let (resource, client_id) = self.managed_identity.as_ref()?;
        Some(IdentityRequest {
            resource,
            client_id: client_id.as_deref(),
        })
    }

    /// What of its certificate is checked.
    pub fn tls_checks(&self) -> TlsChecks {
        self.tls_checks
    }

    /// When it gets no requests.
    pub fn circuit_breaker(&self) -> Option<&CircuitBreaker> {
        self.circuit_breaker.as_ref()
    }

    /// Its members, if it is a pool.
    pub fn pool(&self) -> Option<&Pool> {
        self.pool.as_ref()
    }

    /// Whether there is more to it than its URL.
    pub(crate) fn matters(&self) -> bool {
        let plain = self.headers.is_empty()
            && self.query.is_empty()
            && self.certificate.is_none()
            && self.managed_identity.is_none()
            && self.tls_checks == TlsChecks::ALL
            && self.circuit_breaker.is_none();
        !plain && self.pool.is_none()
    }
}

impl CircuitBreaker {
    /// Whether a response with this status code is a failure.
    pub fn is_failure(&self, status: u16) -> bool {
        self.status_codes
            .iter()
            .any(|codes| codes.contains(&status))
    }

    /// Whether it is a failure that there is no response.
    pub fn counts_errors(&self) -> bool {
        self.errors
    }
}

/// The failures of one backend so far. Pure: the caller tells the time, in .NET ticks.
#[derive(Debug, Default)]
pub struct BreakerState {
    open_until: i64,
    /// The last failures, no more than are needed to trip.
    failures: std::collections::VecDeque<i64>,
    /// All requests, by parts of the interval: which part, how many, how many of them failed.
    parts: std::collections::VecDeque<(i64, u64, u64)>,
}

/// In how many parts an interval is looked at for a percentage.
const PARTS: i64 = 16;

impl BreakerState {
    /// How long no requests are to be sent, if so.
    pub fn open_for(&self, now: i64) -> Option<Duration> {
        let left = u64::try_from(self.open_until.saturating_sub(now)).ok()?;
        (left > 0).then(|| Duration::from_nanos(left.saturating_mul(100)))
    }

    /// Takes up how a request went; `retry_after` is what a failing response says.
    pub fn record(
        &mut self,
        breaker: &CircuitBreaker,
        now: i64,
        failed: bool,
        retry_after: Option<Duration>,
    ) {
        // What was on its way when it tripped says nothing new.
        if self.open_for(now).is_some() {
            return;
        }
        let interval = ticks(breaker.interval).max(1);
        let trips = match breaker.threshold {
            Threshold::Count(_) if !failed => false,
            Threshold::Count(count) => {
                let count = usize::try_from(count.max(1)).unwrap_or(usize::MAX);
                self.failures.push_back(now);
                while self.failures.len() > count {
                    self.failures.pop_front();
                }
                let first = self.failures.front().copied().unwrap_or(now);
                self.failures.len() == count && now.saturating_sub(first) < interval
            }
            Threshold::Percentage(percentage) => {
                let length = (interval / PARTS).max(1);
                let part = now.div_euclid(length);
                self.parts
                    .retain(|(old, ..)| part.saturating_sub(*old) < PARTS);
                match self.parts.back_mut().filter(|(last, ..)| *last >= part) {
                    Some((_, all, bad)) => {
                        *all += 1;
                        *bad += u64::from(failed);
                    }
                    None => self.parts.push_back((part, 1, u64::from(failed))),
                }
                let sums = self.parts.iter().fold((0, 0), |(all, bad), part| {
                    (part.1.saturating_add(all), part.2.saturating_add(bad))
                });
                let (all, bad): (u64, u64) = sums;
                failed && bad.saturating_mul(100) >= all.saturating_mul(percentage.into())
            }
        };
        if trips {
            let accepted = retry_after.filter(|_| breaker.accept_retry_after);
            self.open_until = now.saturating_add(ticks(accepted.unwrap_or(breaker.trip)));
            self.failures.clear();
            self.parts.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 10_000_000;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn so_many_failures_in_an_interval_trip_it() {
        let breaker = CircuitBreaker::after(3, seconds(10)).trip_for(seconds(30));
        let mut state = BreakerState::default();
        for at in [0, 5, 10] {
            state.record(&breaker, at * SECOND, true, None);
            state.record(&breaker, at * SECOND, false, None);
        }
        assert_eq!(
            state.open_for(10 * SECOND),
            None,
            "the first was too long ago"
        );
        state.record(&breaker, 14 * SECOND, true, Some(seconds(1)));
        assert_eq!(state.open_for(14 * SECOND), Some(seconds(30)));
        state.record(&breaker, 20 * SECOND, true, None);
        assert_eq!(state.open_for(43 * SECOND), Some(seconds(1)));
        assert_eq!(state.open_for(44 * SECOND), None);
        state.record(&breaker, 44 * SECOND, true, None);
        assert_eq!(state.open_for(44 * SECOND), None, "it begins anew");
    }

    #[test]
    fn the_backend_may_say_for_how_long() {
        let breaker = CircuitBreaker::after(1, seconds(10)).accept_retry_after();
        let mut state = BreakerState::default();
        state.record(&breaker, 0, true, Some(seconds(7)));
        assert_eq!(state.open_for(0), Some(seconds(7)));
        state.record(&breaker, 8 * SECOND, true, None);
        assert_eq!(state.open_for(8 * SECOND), Some(seconds(10)));
    }

    #[test]
    fn so_many_of_a_hundred_trip_it() {
        let breaker = CircuitBreaker::at_percentage(50, seconds(16));
        let mut state = BreakerState::default();
        for at in 0..4 {
            state.record(&breaker, at * SECOND, false, None);
        }
        for at in 4..7 {
            state.record(&breaker, at * SECOND, true, None);
            assert_eq!(state.open_for(at * SECOND), None, "{at}");
        }
        let mut later = BreakerState {
            parts: state.parts.clone(),
            ..BreakerState::default()
        };
        state.record(&breaker, 7 * SECOND, true, None);
        assert!(state.open_for(7 * SECOND).is_some());
        // Those that went well are forgotten first.
        later.record(&breaker, 18 * SECOND, true, None);
        assert!(later.open_for(18 * SECOND).is_some());
    }

    #[test]
    fn credentials_are_not_shown() {
        let backend = Backend::new("a", "https://a.test")
            .header("api-key", "hush-1")
            .query("code", "hush-2")
            .authorization("Basic", "hush-3");
        let shown = format!("{backend:?}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}
