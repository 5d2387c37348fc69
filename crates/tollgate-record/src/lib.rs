//! Records what goes through a gateway as a file of tests: one of each exchange, with all that the gateway asked of the
//! world and what came of it. `tollgate serve --record` is made of it.
//!
//! Secrets are not in the file. What stands in headers, cookies, URLs and bodies under names of secrets, what the
//! configuration takes from the environment or from files, and tokens are replaced: the same secret by the same made-up
//! value everywhere, so that comparing and passing it on come out as they did. A JWT of the request is written down as its
//! claims, and signed by the test's own issuer. A test is replayed before it is written; what cannot come out the same is
//! not held to or left out, and a comment says so.
//!
//! Each exchange that is recorded has ports of its own, which look on. Bodies are copied as they pass. Time stands still
//! for its policies while they compute and passes while they wait, in whole milliseconds, as in a test.

mod body;
mod draft;
mod find;
mod masks;
mod ports;
mod recording;
mod writer;
mod yaml;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use http::header;
use serde_json::{Map, json};
use tollgate::engine::exchange::ReasonPhrase;
use tollgate::engine::{Gateway, RunOptions};
use tollgate::{Body, Peer};
use tollgate_config::{Config, SecretSource};
use tollgate_testing::suite::Suite;

use crate::body::catch;
use crate::draft::Known;
use crate::recording::{Limits, Recording, Response, Taken, Time};
use crate::writer::{Message, Outbox, QUEUE, Shared, Writer, relative};

/// How long the end of a recording waits for exchanges that are still running.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is recorded, and how much of it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file of tests.
    pub file: PathBuf,
    /// Whether a file that is there already is replaced.
    pub overwrite: bool,
    /// How many exchanges are recorded.
    pub exchanges: usize,
    /// How long the file may be, in bytes.
    pub bytes: u64,
    /// How many bytes of each body are recorded; an exchange with a longer one is left out.
    pub body: usize,
}

impl Settings {
    /// A new file with up to 100 exchanges, of 16 MiB at most, and bodies of up to 64 KiB.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            overwrite: false,
            exchanges: 100,
            bytes: 16 << 20,
            body: 64 << 10,
        }
    }
}

/// What came of a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many exchanges have a test.
    pub written: usize,
    /// How many do not.
    pub left_out: usize,
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is a file already.
    #[error("{} is there already; give another name, or `--record-overwrite`", .0.display())]
    Exists(PathBuf),
    /// The file, or the configuration, cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] tollgate_config::ConfigError),
    /// The policies do not load with made-up secrets.
    #[error(
        "nothing can be recorded, as the gateway does not load with made-up secrets: {0}\nA named value that is no secret can stand in the configuration as it is"
    )]
    MadeUp(String),
}

/// Answers requests as a gateway does, and records the exchanges.
pub struct Recorder {
    gateway: Arc<Gateway>,
    settings: Settings,
    outbox: Outbox,
    started: AtomicUsize,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// Begins a recording of this gateway, which that configuration file describes.
    ///
    /// # Errors
    /// The file is there already or cannot be written, or its tests could not be replayed.
    pub fn new(
        gateway: impl Into<Arc<Gateway>>,
        config: &Path,
        settings: Settings,
    ) -> Result<Self, RecordError> {
        let file_error = |path: &Path| {
            let path = path.to_owned();
            move |source| RecordError::File { path, source }
        };
        let read = Config::read(config)?;
        let folder = config.parent().unwrap_or(Path::new(""));
        let mut known = Known::default();
        let (mut environment, mut files) = (Map::new(), Map::new());
        for source in read.secret_sources() {
            let value = source.read(folder)?;
            let (label, into) = match &source {
                SecretSource::Env(name) => (name.clone(), &mut environment),
                SecretSource::File(path) => (path.display().to_string(), &mut files),
                SecretSource::MadeUp(_) => continue,
            };
            let made_up = known.masks.give(&label, &value);
            into.insert(label, made_up.into());
        }
        let path = &settings.file;
        let own = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let own = own.unwrap_or(Path::new("."));
        let absolute = |path: &Path| path.canonicalize().map_err(file_error(path));
        let mut head = Map::new();
        let config_path = relative(&absolute(config)?, &absolute(own)?);
        head.insert(
            "config".to_owned(),
            config_path.display().to_string().into(),
        );
        if !environment.is_empty() {
            head.insert("environment".to_owned(), environment.into());
        }
        if !files.is_empty() {
            head.insert("secret-files".to_owned(), files.into());
        }
        let head = HEAD.to_owned() + &yaml::head(&head.into());
        let probe = format!(
            "{head}tests:\n{}",
            yaml::test(&json!({"name": "a", "expect": {}}))
        );
        Suite::parse(path, &probe).map_err(|errors| {
            let errors: Vec<_> = errors.into_iter().map(|error| error.message).collect();
            RecordError::MadeUp(errors.join("\n"))
        })?;
        let mut options = OpenOptions::new();
        options.append(true);
        match settings.overwrite {
            true => options.create(true),
            false => options.create_new(true),
        };
        let mut file = options.open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => RecordError::Exists(path.clone()),
            _ => file_error(path)(source),
        })?;
        file.set_len(0)
            .and_then(|()| file.write_all(head.as_bytes()))
            .map_err(file_error(path))?;
        let (queue, messages) = sync_channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let writer = Writer {
            path: path.clone(),
            file,
            length: u64::try_from(head.len()).unwrap_or(u64::MAX),
            head,
            config: read,
            known,
            shared: Arc::clone(&shared),
            limit: settings.bytes,
            summary: Summary::default(),
        };
        let thread = std::thread::Builder::new().name("recorder".to_owned());
        thread
            .spawn(move || writer.run(&messages))
            .map_err(file_error(path))?;
        Ok(Self {
            gateway: gateway.into(),
            settings,
            outbox: Outbox { queue, shared },
            started: AtomicUsize::new(0),
        })
    }

    /// Answers a request.
    pub async fn handle(&self, request: http::Request<Body>, peer: Peer) -> http::Response<Body> {
        let Some(number) = self.admit() else {
            return self.gateway.handle(request, peer).await;
        };
        let ports = self.gateway.ports();
        let time = Time::new(Arc::clone(&ports.clock));
        let (head, body) = request.into_parts();
        let mut taken = Taken {
            number,
            start: time.start,
            method: head.method.clone(),
            url: url(&head, &peer),
            headers: head.headers.clone(),
            ip: peer.ip,
            ..Taken::default()
        };
        if peer.certificate.is_some() {
            taken.problem("the client showed a certificate, which is not recorded");
        }
        if head.headers.contains_key(header::UPGRADE) {
            taken.problem("it asked for another protocol, as WebSockets do");
        }
        let limits = Limits {
            body: self.settings.body,
        };
        let recording = Recording::new(taken, time, limits, self.outbox.clone());
        let (body, caught) = catch(body, &recording, None);
        recording.taken().body = caught;
        let watched = Gateway::new(self.gateway.plan(), ports::watched(ports, &recording));
        let options = RunOptions {
            way_to_backend: Some(ports::to_backend(ports, &recording)),
            ..RunOptions::default()
        };
        let outcome = watched
            .run(http::Request::from_parts(head, body), peer, options)
            .await;
        let reason = ReasonPhrase::of(&outcome.response).to_utf8().into_owned();
        let (head, body) = outcome.response.into_parts();
        let (body, caught) = catch(body, &recording, None);
        let mut taken = recording.taken();
        taken.response = Some(Response {
            status: head.status,
            reason,
            headers: head.headers.clone(),
            body: caught,
        });
        if let Some(mut exchange) = outcome.exchange {
            taken.variables = exchange.variables_as_json();
            let context = &exchange.context;
            taken.id = Some(context.request_id);
            taken.last_error = context.last_error.as_ref().map(|error| {
                let reason = error.reason.as_ref();
                let reason = reason.map(|reason| reason.to_utf8().into_owned());
                (error.source.to_utf8().into_owned(), reason)
            });
            let ids = [
                ("API", context.api.as_ref().map(|one| &one.id)),
                ("operation", context.operation.as_ref().map(|one| &one.id)),
                ("product", context.product.as_ref().map(|one| &one.id)),
                (
                    "subscription",
                    context.subscription.as_ref().map(|one| &one.id),
                ),
                ("user", context.user.as_ref().map(|one| &one.id)),
            ];
            let ids = ids.into_iter().filter_map(|(what, id)| Some((what, id?)));
            taken.caller = ids
                .map(|(what, id)| (what, id.to_utf8().into_owned()))
                .collect();
        }
        drop(taken);
        http::Response::from_parts(head, body)
    }

    /// The number of the next exchange, if it is to be recorded.
    fn admit(&self) -> Option<usize> {
        if self.outbox.shared.full.load(Ordering::Acquire) {
            return None;
        }
        let number = self
            .started
            .fetch_add(1, Ordering::AcqRel)
            .saturating_add(1);
        if number > self.settings.exchanges {
            if !self.outbox.shared.full.swap(true, Ordering::AcqRel) {
                tracing::info!(
                    exchanges = self.settings.exchanges,
                    "so many exchanges are recorded as may be; serving goes on"
                );
            }
            return None;
        }
        self.outbox.shared.running.fetch_add(1, Ordering::AcqRel);
        Some(number)
    }

    /// Ends the recording, and waits until all is written; a few seconds at most for exchanges that are still running.
    pub fn finish(&self) -> Summary {
        self.outbox.shared.full.store(true, Ordering::Release);
        let end = Instant::now() + PATIENCE;
        while self.outbox.shared.running.load(Ordering::Acquire) > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        let (to, summary) = sync_channel(1);
        let to: SyncSender<Summary> = to;
        // A writer that is gone has nothing to say.
        let _ = self.outbox.queue.send(Message::Finish(to));
        summary.recv().unwrap_or_default()
    }
}

/// The whole URL of a request.
fn url(head: &http::request::Parts, peer: &Peer) -> String {
    let scheme = match (head.uri.scheme_str(), peer.tls) {
        (Some(scheme), _) => scheme,
        (None, true) => "https",
        (None, false) => "http",
    };
    let host = head.headers.get(header::HOST);
    let host = host.map(|host| String::from_utf8_lossy(host.as_bytes()));
    let host = match head.uri.authority() {
        Some(authority) => authority.as_str().to_owned(),
        None => host.map_or_else(|| "localhost".to_owned(), |host| host.into_owned()),
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{scheme}://{host}{path}")
}

/// What stands above the file.
const HEAD: &str = "\
# Recorded by `tollgate serve --record`; `tollgate test` replays it. Edit it as you like.
# Secrets are made up: the same one stands for the same secret, nothing here opens anything. Tokens are made of their
# claims and signed by the test's own issuer, whose keys the policies find. Time stands still but for `delay` and the like.
";
