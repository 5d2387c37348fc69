//! Runs tests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri};
use tollgate::Peer;
use tollgate::engine::exchange::ClientCertificate;

use super::check::{Mismatch, check};
use super::file::{Request, Step};
use super::load::{Case, Suite, SuiteError, build_error};
use super::yaml::Position;
use crate::coverage::Coverage;
use crate::world::{Content, PolicyTest, Seen, SetUpError, SplitMix, World, headers};

/// Which tests are run, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Parts of names or files: a test is run if it has one of them, or if there are none.
    pub filters: Vec<String>,
    /// What order they are run in; a new one each time, unless given.
    pub seed: Option<u64>,
    /// How many threads run them; one for each core, unless given.
    pub threads: Option<usize>,
    /// How much real time each request may take, unless its file says.
    pub time_limit: Option<Duration>,
    /// Whether it is written down what of the policies ran.
    pub coverage: bool,
}

/// What came of all tests.
#[derive(Debug)]
pub struct Report {
    /// What came of each, in the order of the files.
    pub outcomes: Vec<Outcome>,
    /// How many tests the filters left out.
    pub filtered: usize,
    /// How many files there were.
    pub files: usize,
    /// What order they were run in.
    pub seed: u64,
    /// How long it took.
    pub duration: Duration,
    /// What of the policies ran, if that was asked for.
    pub coverage: Coverage,
}

impl Report {
    /// How many failed.
    pub fn failed(&self) -> usize {
        let failed = self.outcomes.iter().filter(|outcome| !outcome.passed());
        failed.count()
    }

    /// Whether there was a test, and none failed.
    pub fn passed(&self) -> bool {
        !self.outcomes.is_empty() && self.failed() == 0
    }
}

/// What came of one test, or of a file that cannot be used.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The file.
    pub file: PathBuf,
    /// The test's name; of a file that cannot be used, its own.
    pub name: String,
    /// Where it stands in the file.
    pub position: Position,
    /// How long it took.
    pub duration: Duration,
    /// Why it failed; nothing if it passed.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// Whether all was as expected.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

/// Why a test failed.
#[derive(Debug, Clone)]
pub enum Failure {
    /// It could not be run.
    Error(String),
    /// Not all was as expected.
    Mismatches {
        /// Which step it was, if it has several, and which time.
        step: Option<(usize, u32)>,
        /// What was not, and where the file says so.
        mismatches: Vec<(Position, Mismatch)>,
        /// What happened on the way, the lines of a tree.
        way: Vec<String>,
        /// Calls that nothing was said of.
        unanswered: Vec<String>,
    },
}

/// The files of tests at these paths: files as they are, and all `*.test.yaml` and `*.test.yml` in folders, in order.
///
/// # Errors
/// A path that is not there, or a folder that cannot be read.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        look(path, true, &mut files).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    files.dedup();
    Ok(files)
}

fn look(path: &Path, asked: bool, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if asked || name.ends_with(".test.yaml") || name.ends_with(".test.yml") {
            files.push(path.strip_prefix(".").unwrap_or(path).to_owned());
        }
        return Ok(());
    }
    let entries = std::fs::read_dir(path)?;
    let mut entries = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        let is_link = std::fs::symlink_metadata(&entry)?.is_symlink();
        // Hidden folders, and circles of links, have no tests.
        if name.starts_with('.') || (is_link && entry.is_dir()) {
            continue;
        }
        look(&entry, false, files)?;
    }
    Ok(())
}

/// Reads and runs the tests in these files, several at a time; `done` is told of each as it ends.
pub fn run(files: &[PathBuf], options: &Options, done: impl Fn(&Outcome) + Sync) -> Report {
    let start = Instant::now();
    let seed = options.seed.unwrap_or_else(new_seed);
    let suites = read(files, options);
    let mut filtered = 0;
    let mut jobs: Vec<(usize, Job<'_>)> = Vec::new();
    for (path, suite) in files.iter().zip(&suites) {
        match suite {
            Err(errors) => jobs.push((jobs.len(), Job::Broken(path, errors))),
            Ok(suite) => {
                for case in &suite.tests {
                    match options.takes(path, &case.test.name) {
                        true => jobs.push((jobs.len(), Job::Case(suite, case))),
                        false => filtered += 1,
                    }
                }
            }
        }
    }
    SplitMix::new(seed).shuffle(&mut jobs);
    let coverage = options.coverage.then(Mutex::default);
    let results = Mutex::new(Vec::new());
    in_parallel(options, jobs.len(), |index| {
        let Some((place, job)) = jobs.get(index) else {
            return;
        };
        let outcome = job.run(options, coverage.as_ref());
        done(&outcome);
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        results.push((*place, outcome));
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(place, _)| *place);
    let mut coverage = coverage.map_or_else(Coverage::default, |coverage| {
        coverage
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    });
    suites
        .iter()
        .flatten()
        .for_each(|suite| suite.leave_out(&mut coverage));
    Report {
        outcomes: results.into_iter().map(|(_, outcome)| outcome).collect(),
        filtered,
        files: files.len(),
        seed,
        duration: start.elapsed(),
        coverage,
    }
}

type Suites = Vec<Result<Suite, Vec<SuiteError>>>;

fn read(files: &[PathBuf], options: &Options) -> Suites {
    let suites: Vec<_> = files.iter().map(|_| Mutex::new(None)).collect();
    in_parallel(options, files.len(), |index| {
        if let (Some(path), Some(slot)) = (files.get(index), suites.get(index)) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Suite::read(path));
        }
    });
    let suites = suites.into_iter().filter_map(|slot| {
        let slot = slot.into_inner();
        slot.unwrap_or_else(PoisonError::into_inner)
    });
    suites.collect()
}

/// Does the work for each number below `count`, several at a time.
fn in_parallel(options: &Options, count: usize, work: impl Fn(usize) + Sync) {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.threads.unwrap_or_else(cores).clamp(1, count.max(1));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    work(index);
                }
            });
        }
    });
}

/// A seed that is short enough to be typed.
fn new_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.unwrap_or_default().subsec_nanos();
    u64::from(nanos) % 1_000_000
}

impl Options {
    fn takes(&self, file: &Path, name: &str) -> bool {
        let file = file.display().to_string();
        let mut filters = self.filters.iter();
        self.filters.is_empty()
            || filters.any(|filter| name.contains(&**filter) || file.contains(&**filter))
    }
}

enum Job<'a> {
    Case(&'a Suite, &'a Case),
    Broken(&'a Path, &'a [SuiteError]),
}

impl Job<'_> {
    fn run(&self, options: &Options, coverage: Option<&Mutex<Coverage>>) -> Outcome {
        match self {
            Self::Case(suite, case) => suite.run_watched(case, options, coverage),
            Self::Broken(path, errors) => {
                let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
                Outcome {
                    file: path.to_path_buf(),
                    name: path.display().to_string(),
                    position: errors
                        .first()
                        .map(|error| error.position)
                        .unwrap_or_default(),
                    duration: Duration::ZERO,
                    failure: Some(Failure::Error(messages.join("\n"))),
                }
            }
        }
    }
}

impl Suite {
    /// Runs one of its tests.
    pub fn run(&self, case: &Case, options: &Options) -> Outcome {
        self.run_watched(case, options, None)
    }

    fn run_watched(
        &self,
        case: &Case,
        options: &Options,
        coverage: Option<&Mutex<Coverage>>,
    ) -> Outcome {
        let start = Instant::now();
        // A test that panics fails, as any other.
        let failure = catch_unwind(AssertUnwindSafe(|| {
            self.try_steps(case, options, coverage)
                .unwrap_or_else(|error| Some(Failure::Error(error)))
        }));
        let failure = failure.unwrap_or_else(|panic| {
            let message = (panic.downcast_ref::<String>().map(String::as_str))
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("of no message");
            Some(Failure::Error(format!("a panic: {message}")))
        });
        Outcome {
            file: self.path.clone(),
            name: case.test.name.clone(),
            position: self.position(&case.place),
            duration: start.elapsed(),
            failure,
        }
    }

    fn try_steps(
        &self,
        case: &Case,
        options: &Options,
        coverage: Option<&Mutex<Coverage>>,
    ) -> Result<Option<Failure>, String> {
        let test = &case.test;
        let world = self.world(&test.world);
        let set_up = PolicyTest::new(self.gateway(test)?, &world);
        let mut policy_test = set_up.map_err(|error| match error {
            SetUpError::Build(error) => build_error(&error),
            other => other.to_string(),
        })?;
        if let Some(limit) = self.time_limit().or(options.time_limit) {
            policy_test = policy_test.time_limit(limit);
        }
        let only = Step {
            expect: test.expect.clone().unwrap_or_default(),
            ..Step::default()
        };
        let steps = match &*test.steps {
            [] => std::slice::from_ref(&only),
            steps => steps,
        };
        let mut since = Duration::ZERO;
        for (index, step) in steps.iter().enumerate() {
            since = since.saturating_add(step.after.0);
            policy_test.advance_to(since);
            let of_test = test.request.over(&self.file.request);
            let request = step.request.over(&of_test);
            for time in 1..=step.times.unwrap_or(1) {
                let seen = self.send(&request, &mut policy_test)?;
                if let (Some(coverage), Some(trace)) = (coverage, &seen.trace) {
                    let mut coverage = coverage.lock().unwrap_or_else(PoisonError::into_inner);
                    coverage.add(&policy_test.gateway().plan(), trace);
                }
                let mismatches = check(&step.expect, &self.file.never, &seen, &policy_test);
                if mismatches.is_empty() {
                    continue;
                }
                let (place, step) = match &*test.steps {
                    [] => (case.place.clone(), None),
                    _ => (
                        format!("{}.steps[{index}]", case.place),
                        Some((index, time)),
                    ),
                };
                let placed = mismatches.into_iter().map(|mismatch| {
                    let path = format!("{place}.expect.{}", mismatch.what);
                    (self.position(&path), mismatch)
                });
                return Ok(Some(Failure::Mismatches {
                    step,
                    mismatches: placed.collect(),
                    way: seen.tree().lines().map(str::to_owned).collect(),
                    unanswered: unanswered(&seen),
                }));
            }
        }
        Ok(None)
    }

    /// The world of a test, its files found.
    fn world(&self, own: &World) -> World {
        let mut world = own.over(&self.file.world);
        for rule in &mut world.answers {
            for answer in rule.respond.as_mut_slice() {
                if let Some(file) = &mut answer.body_file {
                    *file = self.folder().join(&*file);
                }
            }
        }
        world
    }

    fn send(&self, request: &Request, test: &mut PolicyTest) -> Result<Seen, String> {
        let (peer, id) = (self.peer(request)?, request.id.as_deref());
        let id = id.map(guid).transpose()?;
        let request = self.request(request, test)?;
        let sent = test.send_from(peer, id, request);
        sent.map_err(|error| error.to_string())
    }

    fn peer(&self, request: &Request) -> Result<Peer, String> {
        let certificate = request.certificate.as_ref().map(|certificate| {
            let certificate = certificate.read(self.folder());
            let certificate = certificate.map_err(|error| error.to_string())?;
            Ok::<_, String>(ClientCertificate::new(certificate.leaf().to_vec()))
        });
        Ok(Peer {
            ip: Some(request.ip.unwrap_or(std::net::Ipv4Addr::LOCALHOST.into())),
            tls: url(request).starts_with("https:"),
            certificate: certificate.transpose()?,
        })
    }

    fn request(
        &self,
        request: &Request,
        test: &PolicyTest,
    ) -> Result<http::Request<Bytes>, String> {
        let wrong = |error: crate::world::Wrong| error.to_string();
        let file = request
            .body_file
            .as_ref()
            .map(|file| self.folder().join(file));
        let content = Content {
            body: request.body.as_deref(),
            json: request.json.as_ref(),
            base64: request.base64.as_deref(),
            file: file.as_deref(),
        };
        let body = content.bytes().map_err(wrong)?;
        let method = match (&request.method, body.is_empty()) {
            (Some(method), _) => Method::from_bytes(method.as_bytes())
                .map_err(|_| format!("`{method}` is no method"))?,
            (None, true) => Method::GET,
            (None, false) => Method::POST,
        };
        let mut sent = http::Request::new(body);
        *sent.method_mut() = method;
        let url = url(request);
        *sent.uri_mut() = url
            .parse::<Uri>()
            .map_err(|error| format!("`{url}` is no URL: {error}"))?;
        *sent.headers_mut() = headers(&request.headers, content.kind()).map_err(wrong)?;
        let mut header = |name: &str, value: String| {
            let wrong = || format!("`{name}` cannot be a header with this value");
            let value = HeaderValue::try_from(value).map_err(|_| wrong())?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            sent.headers_mut().insert(name, value);
            Ok::<_, String>(())
        };
        if let Some(id) = &request.subscription {
            let subscription = self.file.subscriptions.get(id).ok_or_else(|| {
                let hint = super::hint(id, self.file.subscriptions.keys().map(String::as_str));
                format!("there is no subscription `{id}` in `subscriptions`{hint}")
            })?;
            header("Ocp-Apim-Subscription-Key", subscription.key(id))?;
        }
        let mut with_tokens = url.clone();
        for jwt in request.jwt.as_slice() {
            let token = test.token(jwt).map_err(wrong)?;
            if let Some(name) = &jwt.query {
                with_tokens = with_parameter(&with_tokens, name, &token);
                continue;
            }
            let name = jwt.header.as_deref().unwrap_or("Authorization");
            header(
                name,
                match jwt.scheme.as_deref().unwrap_or("Bearer") {
                    "" => token,
                    scheme => format!("{scheme} {token}"),
                },
            )?;
        }
        if with_tokens != url {
            *sent.uri_mut() = with_tokens
                .parse()
                .map_err(|error| format!("`{url}` with a token is no URL: {error}"))?;
        }
        Ok(sent)
    }
}

/// A URL with a parameter: where it has one of that name that is empty, or else at the end.
fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let Some((path, query)) = url.split_once('?') else {
        return format!("{url}?{name}={value}");
    };
    let empty = format!("{name}=");
    let mut pairs: Vec<_> = query.split('&').map(str::to_owned).collect();
    let filled = format!("{empty}{value}");
    match pairs.iter_mut().find(|pair| **pair == empty) {
        Some(pair) => *pair = filled,
        None => pairs.push(filled),
    }
    format!("{path}?{}", pairs.join("&"))
}

/// The whole URL of a request.
fn url(request: &Request) -> String {
    let url = request.url.as_deref().unwrap_or("/");
    match url.starts_with('/') {
        true => format!("https://gateway.test{url}"),
        false => url.to_owned(),
    }
}

fn guid(text: &str) -> Result<[u8; 16], String> {
    crate::guid(text).ok_or_else(|| {
        format!("`{text}` is not a GUID, such as 12345678-1234-1234-1234-123456789abc")
    })
}

fn unanswered(seen: &Seen) -> Vec<String> {
    let calls = (seen.calls.iter()).filter(|call| !call.answered && !call.to_backend);
    calls
        .map(|call| format!("{} {}", call.method, call.url))
        .collect()
}
