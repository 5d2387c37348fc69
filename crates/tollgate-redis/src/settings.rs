//! How Redis is reached, and what is done when it is not.

use std::fmt;
use std::time::Duration;

/// How Redis is reached, and what is done when it is not.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// `redis://host:6379`, or `rediss://` for TLS; more of them for a cluster or for Sentinels. Without credentials.
    pub urls: Vec<String>,
    /// The name of the master that the Sentinels at [`urls`](Self::urls) know; none if these are Redis itself.
    pub master: Option<String>,
    /// Whether the URLs are nodes of a cluster.
    pub cluster: bool,
    /// PEM of the authorities that servers' certificates must come from, in place of the system's.
    pub ca: Option<Vec<u8>>,
    /// Who the gateway is.
    pub username: Option<String>,
    /// What proves it; never shown. Sentinels are asked without.
    pub password: Option<String>,
    /// The number of the database; a cluster has only 0.
    pub database: i64,
    /// What all keys begin with.
    pub prefix: String,
    /// What the counters answer while Redis is away.
    pub when_away: WhenAway,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a request waits for an answer.
    pub response_timeout: Duration,
    /// How many requests wait at once; more are answered as if Redis was away.
    pub in_flight: usize,
    /// The longest value of the cache, in bytes; longer ones are not kept.
    pub largest_value: usize,
}

/// What the counters answer while Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenAway {
    /// Each gateway counts on its own, from nothing: of a limit N, M gateways let at most M times N more through in a
    /// period.
    #[default]
    Open,
    /// Nothing that is to be counted goes on: 503.
    Closed,
}

impl Settings {
    /// Those of a Redis at this URL: keys begin with `tollgate`, [`WhenAway::Open`], 1 s to connect, 250 ms to answer,
    /// 4,096 at once, values of at most 1 MiB.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            master: None,
            cluster: false,
            ca: None,
            username: None,
            password: None,
            database: 0,
            prefix: "tollgate".to_owned(),
            when_away: WhenAway::Open,
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_millis(250),
            in_flight: 4096,
            largest_value: 1 << 20,
        }
    }
}

/// Never shows the password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("urls", &self.urls)
            .field("master", &self.master)
            .field("cluster", &self.cluster)
            .field("prefix", &self.prefix)
            .field("when_away", &self.when_away)
            .finish_non_exhaustive()
    }
}
