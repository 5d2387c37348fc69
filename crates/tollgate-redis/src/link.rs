//! The connection: one, multiplexed, made anew by itself.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, IntoConnectionInfo, RedisError,
    RedisFuture, TlsCertificates, TlsMode, cmd,
};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use crate::cache::RedisCache;
use crate::counters::RedisCounters;
use crate::settings::Settings;

/// One Redis, or one cluster of them. Clones are the same.
///
/// It connects when it is first asked for something, in the tokio runtime of who asks.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    settings: Settings,
    way: Way,
    state: Mutex<State>,
    /// Tells those that wait for the first connection.
    changed: watch::Sender<()>,
    free: Semaphore,
    /// How often Redis went away, and how much was answered without it.
    times_away: AtomicU64,
    answered_without: AtomicU64,
}

/// How a connection comes about.
enum Way {
    Single(Box<Client>),
    /// The client remembers connections to the Sentinels.
    Sentinel(Box<tokio::sync::Mutex<SentinelClient>>),
    Cluster(Box<redis::cluster::ClusterClient>),
}

enum State {
    /// Nobody has asked yet.
    Idle,
    /// The first connection is being made; who asks waits for it.
    Connecting,
    Up {
        connection: Connection,
        /// Which connection it is, so that who fails on an old one does not end the new one.
        number: u64,
    },
    /// Who asks is told at once; it is connected anew in the background.
    Away { since: Instant },
}

#[derive(Clone)]
pub(crate) enum Connection {
    Multiplexed(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Redis has not answered, or not with what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Away;

/// Settings that no Redis can be reached with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// No URL at all.
    #[error("there is no URL; give one such as `redis://127.0.0.1:6379`")]
    NoUrl,
    /// A URL with a user or a password in it, which would be shown.
    #[error("a URL must have no user and password in it; there are settings for them")]
    Credentials,
    /// Several URLs for one server.
    #[error(
        "several URLs are for a cluster or for Sentinels; say which: `cluster`, or the name of the `master`"
    )]
    Several,
    /// Cluster and Sentinel at once.
    #[error("give either `cluster` or the name of a `master`, not both")]
    Both,
    /// A cluster has one database.
    #[error("a cluster has only the database 0")]
    Database,
    /// A URL that is none, or a certificate that is none.
    #[error("{0}")]
    Client(RedisError),
}

/// How it is with Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// For how long it has been away; none if it is there, or nobody has asked for it yet.
    pub away: Option<Duration>,
    /// How often it went away.
    pub times_away: u64,
    /// How many checks of counters were answered without it: by this gateway's own counters, or by a refusal.
    pub answered_without: u64,
}

impl Redis {
    /// Takes the settings, and connects when it is first asked for something.
    ///
    /// # Errors
    /// Settings that no Redis can be reached with.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let way = Way::new(&settings)?;
        let free = Semaphore::new(settings.in_flight.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Self(Arc::new(Inner {
            settings,
            way,
            state: Mutex::new(State::Idle),
            changed: watch::Sender::new(()),
            free,
            times_away: AtomicU64::new(0),
            answered_without: AtomicU64::new(0),
        })))
    }

    /// Counters that all gateways share.
    pub fn counters(&self) -> RedisCounters {
        RedisCounters::new(self.clone())
    }

    /// A cache that all gateways share.
    pub fn cache(&self) -> RedisCache {
        RedisCache(self.clone())
    }

    /// How it is with Redis now.
    pub fn status(&self) -> Status {
        let away = match &*self.state() {
            State::Away { since } => Some(since.elapsed()),
            _ => None,
        };
        Status {
            away,
            times_away: self.0.times_away.load(Ordering::Relaxed),
            answered_without: self.0.answered_without.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn note_answer_without(&self) {
        self.0.answered_without.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_away(&self) -> bool {
        matches!(*self.state(), State::Away { .. })
    }

    /// Runs a command, within the response timeout.
    pub(crate) async fn call<T: FromRedisValue>(&self, command: Cmd) -> Result<T, Away> {
        let _permit = self.0.free.try_acquire().map_err(|_| Away)?;
        let deadline = Instant::now() + self.0.settings.response_timeout;
        let run = async |mut connection: Connection| {
            let value = connection.req_packed_command(&command).await?;
            Ok(redis::from_redis_value(value.extract_error()?)?)
        };
        self.run(deadline, run).await
    }

    /// Runs something on the connection until the deadline; if it fails, Redis is away.
    pub(crate) async fn run<T>(
        &self,
        deadline: Instant,
        work: impl AsyncFnOnce(Connection) -> Result<T, RedisError>,
    ) -> Result<T, Away> {
        let (connection, number) = self.connection(deadline).await?;
        let in_cluster = matches!(connection, Connection::Cluster(_));
        let (result, why) = match timeout_at(deadline, work(connection)).await {
            Ok(Ok(value)) => (Ok(value), String::new()),
            Ok(Err(error)) => (Err(Away), error.to_string()),
            Err(_) => (Err(Away), "no answer in time".to_owned()),
        };
        match &result {
            Ok(_) => {}
            // The others of its nodes may well be there, and it finds its way again by itself.
            Err(Away) if in_cluster => tracing::debug!(%why, "a node of Redis gave no answer"),
            Err(Away) => self.lost(number, &why),
        }
        result
    }

    async fn connection(&self, deadline: Instant) -> Result<(Connection, u64), Away> {
        let mut changed = self.0.changed.subscribe();
        loop {
            match &mut *self.state() {
                State::Up { connection, number } => return Ok((connection.clone(), *number)),
                State::Away { .. } => return Err(Away),
                State::Connecting => {}
                state @ State::Idle => {
                    *state = State::Connecting;
                    self.reconnect(1);
                }
            }
            if timeout_at(deadline, changed.changed()).await.is_err() {
                return Err(Away);
            }
        }
    }

    fn lost(&self, failed: u64, why: &str) {
        let mut state = self.state();
        if matches!(&*state, State::Up { number, .. } if *number == failed) {
            *state = State::Away {
                since: Instant::now(),
            };
            self.0.times_away.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(why, when_away = ?self.0.settings.when_away, "Redis is away");
            self.reconnect(failed + 1);
        }
    }

    /// Connects in the background until it works.
    fn reconnect(&self, number: u64) {
        let redis = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let mut pause = Duration::from_millis(50);
            // Nobody needs it any more when it is gone.
            while let Some(redis) = redis.upgrade().map(Redis) {
                match redis.connect().await {
                    Ok(connection) => {
                        let mut state = redis.state();
                        if let State::Away { since } = &*state {
                            let seconds = since.elapsed().as_secs_f64();
                            tracing::info!(seconds, "Redis is back");
                        }
                        *state = State::Up { connection, number };
                        drop(state);
                        redis.0.changed.send_replace(());
                        return;
                    }
                    Err(error) => redis.not_connected(&error),
                }
                drop(redis);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
        });
    }

    fn not_connected(&self, error: &RedisError) {
        let mut state = self.state();
        if matches!(*state, State::Connecting) {
            *state = State::Away {
                since: Instant::now(),
            };
            self.0.times_away.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(why = %error, when_away = ?self.0.settings.when_away, "Redis is away");
        }
        drop(state);
        self.0.changed.send_replace(());
    }

    async fn connect(&self) -> Result<Connection, RedisError> {
        let settings = &self.0.settings;
        let deadline = Instant::now() + settings.connect_timeout;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            .set_response_timeout(None);
        let connect = async {
            let mut connection = match &self.0.way {
                Way::Single(client) => Connection::Multiplexed(
                    (client.get_multiplexed_async_connection_with_config(&config)).await?,
                ),
                Way::Sentinel(client) => {
                    let mut client = client.lock().await;
                    let connecting = client.get_async_connection_with_config(&config);
                    Connection::Multiplexed(connecting.await?)
                }
                Way::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
            };
            connection.req_packed_command(&cmd("PING")).await?;
            Ok(connection)
        };
        match timeout_at(deadline, connect).await {
            Ok(result) => result,
            Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let certificates = settings.ca.as_ref().map(|ca| TlsCertificates {
            client_tls: None,
            root_cert: Some(ca.clone()),
        });
        let mut infos = Vec::new();
        for url in &settings.urls {
            let info = url.as_str().into_connection_info();
            let info = info.map_err(SettingsError::Client)?;
            let own = info.redis_settings();
            if own.username().is_some() || own.password().is_some() {
                return Err(SettingsError::Credentials);
            }
            infos.push(info);
        }
        let is_tls = infos
            .iter()
            .any(|info| matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }));
        let first = infos.first().ok_or(SettingsError::NoUrl)?;
        match (settings.cluster, &settings.master) {
            (true, Some(_)) => Err(SettingsError::Both),
            (true, None) if settings.database != 0 => Err(SettingsError::Database),
            (true, None) => {
                let mut builder = ClusterClientBuilder::new(infos)
                    .connection_timeout(settings.connect_timeout)
                    .response_timeout(settings.response_timeout)
                    .retries(2);
                if let Some(username) = &settings.username {
                    builder = builder.username(username);
                }
                if let Some(password) = &settings.password {
                    builder = builder.password(password);
                }
                if let Some(certificates) = certificates {
                    builder = builder.certs(certificates);
                }
                let client = builder.build().map_err(SettingsError::Client)?;
                Ok(Self::Cluster(Box::new(client)))
            }
            (false, Some(master)) => {
                let addresses = infos.iter().map(|info| info.addr().clone());
                let kind = SentinelServerType::Master;
                let mut builder = SentinelClientBuilder::new(addresses, master.clone(), kind)
                    .map_err(SettingsError::Client)?
                    .set_client_to_redis_db(settings.database);
                if let Some(username) = &settings.username {
                    builder = builder.set_client_to_redis_username(username);
                }
                if let Some(password) = &settings.password {
                    builder = builder.set_client_to_redis_password(password);
                }
                if is_tls {
                    builder = builder
                        .set_client_to_redis_tls_mode(TlsMode::Secure)
                        .set_client_to_sentinel_tls_mode(TlsMode::Secure);
                }
                if let Some(certificates) = certificates {
                    builder = builder
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_certificates(certificates);
                }
                let client = builder.build().map_err(SettingsError::Client)?;
                Ok(Self::Sentinel(Box::new(tokio::sync::Mutex::new(client))))
            }
            (false, None) if infos.len() > 1 => Err(SettingsError::Several),
            (false, None) => {
                let mut own = first.redis_settings().clone().set_db(settings.database);
                if let Some(username) = &settings.username {
                    own = own.set_username(username);
                }
                if let Some(password) = &settings.password {
                    own = own.set_password(password);
                }
                let info = first.clone().set_redis_settings(own);
                let client = match certificates {
                    Some(certificates) => Client::build_with_tls(info, certificates),
                    None => Client::open(info),
                };
                Ok(Self::Single(Box::new(
                    client.map_err(SettingsError::Client)?,
                )))
            }
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, redis::Value> {
        match self {
            Self::Multiplexed(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a redis::Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<redis::Value>> {
        match self {
            Self::Multiplexed(one) => one.req_packed_commands(commands, offset, count),
            Self::Cluster(one) => one.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Multiplexed(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Never shows credentials.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("settings", &self.0.settings)
            .field("status", &self.status())
            .finish()
    }
}
