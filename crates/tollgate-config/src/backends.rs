//! `[backends]`: services and pools.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate::ports::TlsChecks;
use tollgate::{Backend, CircuitBreaker};

use super::{ConfigError, NamedValue};

/// A backend: its base URL, or all about it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BackendConfig {
    /// The base URL.
    Url(String),
    /// All about it.
    Entity(Box<EntityConfig>),
}

/// A backend entity: a service, or a pool of such.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EntityConfig {
    /// The base URL of a service.
    pub url: Option<String>,
    /// The members of a pool.
    #[serde(default)]
    pub members: Vec<MemberConfig>,
    /// The cookie that keeps a client with its member.
    pub session_affinity: Option<String>,
    /// Headers that requests get.
    #[serde(default)]
    pub headers: BTreeMap<String, NamedValue>,
    /// Parameters that queries get.
    #[serde(default)]
    pub query: BTreeMap<String, NamedValue>,
    /// The id of the certificate to show.
    pub certificate: Option<String>,
    /// The identity whose token requests get.
    pub managed_identity: Option<IdentityConfig>,
    /// What of its certificate is checked.
    #[serde(default)]
    pub tls: TlsConfig,
    /// When it gets no requests for a while.
    pub circuit_breaker: Option<BreakerConfig>,
}

/// A member of a pool.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MemberConfig {
    /// The id of its backend.
    pub id: String,
    /// The lower, the sooner it is used.
    #[serde(default = "one")]
    pub priority: u32,
    /// How often it is used, beside others of its priority.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// What of its certificate is checked: all, unless said otherwise.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TlsConfig {
    /// That it leads to a trusted authority.
    pub validate_certificate_chain: bool,
    /// That it is for the host.
    pub validate_certificate_name: bool,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            validate_certificate_chain: true,
            validate_certificate_name: true,
        }
    }
}

/// A managed identity.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IdentityConfig {
    /// What its token is for.
    pub resource: String,
    /// Of a user-assigned identity.
    pub client_id: Option<String>,
}

/// Times are seconds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BreakerConfig {
    /// How many failures trip it, in an interval.
    pub failures: Option<u32>,
    /// How many of a hundred requests must fail.
    pub percentage: Option<u8>,
    /// The interval.
    pub interval: u64,
    /// `429`, or `500-599`.
    #[serde(default)]
    pub status_codes: Vec<String>,
    /// Whether it is a failure that there is no response.
    #[serde(default)]
    pub errors: bool,
    /// For how long it trips; as long as the interval unless given.
    pub trip: Option<u64>,
    /// Whether it trips for as long as `Retry-After` says.
    #[serde(default)]
    pub accept_retry_after: bool,
}

impl BackendConfig {
    /// The backend of this id; `folder` is where its paths start.
    ///
    /// # Errors
    /// What contradicts itself, and secrets that cannot be read.
    pub fn read(&self, id: &str, folder: &Path) -> Result<Backend, ConfigError> {
        match self {
            Self::Url(url) => Ok(Backend::new(id, url)),
            Self::Entity(entity) => entity.read(id, folder),
        }
    }
}

impl EntityConfig {
    fn read(&self, id: &str, folder: &Path) -> Result<Backend, ConfigError> {
        let wrong = |message: &'static str| ConfigError::Backend(id.to_owned(), message);
        let mut backend = match &self.url {
            Some(_) if !self.members.is_empty() => {
                return Err(wrong("give either `url` or `members`, not both"));
            }
            Some(url) => Backend::new(id, url),
            None => Backend::pool(id),
        };
        for member in &self.members {
            backend = backend.member(&member.id, member.priority, member.weight);
        }
        if let Some(cookie) = &self.session_affinity {
            backend = backend.session_affinity(cookie);
        }
        for (name, value) in &self.headers {
            backend = backend.header(name, value.read(folder)?);
        }
        for (name, value) in &self.query {
            backend = backend.query(name, value.read(folder)?);
        }
        if let Some(certificate) = &self.certificate {
            backend = backend.certificate(certificate);
        }
        if let Some(identity) = &self.managed_identity {
            let client_id = identity.client_id.clone();
            backend = backend.managed_identity(&identity.resource, client_id);
        }
        backend = backend.tls_checks(TlsChecks {
            chain: self.tls.validate_certificate_chain,
            name: self.tls.validate_certificate_name,
        });
        match &self.circuit_breaker {
            None => Ok(backend),
            Some(breaker) => breaker
                .read()
                .map(|breaker| backend.circuit_breaker(breaker))
                .map_err(wrong),
        }
    }
}

impl BreakerConfig {
    fn read(&self) -> Result<CircuitBreaker, &'static str> {
        let interval = Duration::from_secs(self.interval);
        let mut breaker = match (self.failures, self.percentage) {
            (Some(failures), None) => CircuitBreaker::after(failures, interval),
            (None, Some(percentage)) => CircuitBreaker::at_percentage(percentage, interval),
            _ => return Err("its circuit breaker takes either `failures` or `percentage`"),
        };
        for codes in &self.status_codes {
            let (first, last) = codes.split_once('-').unwrap_or((codes, codes));
            let range = first.trim().parse().ok().zip(last.trim().parse().ok());
            let (first, last) = range.ok_or("a status code is `429`, or several `500-599`")?;
            breaker = breaker.status_codes(first..=last);
        }
        if self.errors {
            breaker = breaker.errors();
        }
        if let Some(trip) = self.trip {
            breaker = breaker.trip_for(Duration::from_secs(trip));
        }
        match self.accept_retry_after {
            true => Ok(breaker.accept_retry_after()),
            false => Ok(breaker),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(text: &str) -> Result<Backend, ConfigError> {
        let config: BackendConfig = toml::from_str(text).unwrap();
        config.read("b", Path::new("."))
    }

    #[test]
    fn services_and_pools_are_read() {
        let service = read(
            r#"
            url = "https://b.test"
            headers = { api-key = "hush-hush" }
            query = { code = { env = "PATH" } }
            certificate = "c"
            managed-identity = { resource = "r" }
            tls = { validate-certificate-chain = false }
            circuit-breaker = { failures = 3, interval = 60, status-codes = ["429", "500 - 599"], errors = true, trip = 30, accept-retry-after = true }
            "#,
        );
        let shown = format!("{:?}", service.unwrap());
        assert!(
            shown.contains("429..=429, 500..=599") && !shown.contains("hush"),
            "{shown}"
        );
        let pool = read(
            r#"
            members = [{ id = "a" }, { id = "c", priority = 2, weight = 3 }]
            session-affinity = "SessionId"
            "#,
        );
        let shown = format!("{:?}", pool.unwrap());
        assert!(shown.contains("priority: 2, weight: 3"), "{shown}");
    }

    #[test]
    fn contradictions_are_told() {
        for (text, message) in [
            (
                "url = 'https://b.test'\nmembers = [{ id = 'a' }]",
                "backend b: give either `url` or `members`, not both",
            ),
            (
                "url = 'https://b.test'\ncircuit-breaker = { interval = 1 }",
                "backend b: its circuit breaker takes either `failures` or `percentage`",
            ),
            (
                "url = 'https://b.test'\ncircuit-breaker = { failures = 1, interval = 1, status-codes = ['5xx'] }",
                "backend b: a status code is `429`, or several `500-599`",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
    }
}
