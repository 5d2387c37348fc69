//! `tollgate run`: one request through one policy, against a mock backend.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tollgate::engine::exchange::{ReasonPhrase, Trace};
use tollgate::engine::{BoxFuture, Outcome, RunOptions};
use tollgate::ports::{Clock, HttpClient, OutboundRequest, SendError, SendErrorKind};
use tollgate::syntax::render;
use tollgate::{Body, BuildError, Gateway, Peer, SystemClock};
use tollgate_testing::Moment;

use crate::arguments::{CatalogArguments, read_source};
use crate::{Format, request};

/// Runs one request through a policy file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate run policies/blog/load-balance-random.xml \\
      --named-value backend-url-1=https://one.example --named-value backend-url-2=https://two.example \\
      --request 'GET https://gateway.example/chat' --request-id 12345678-1234-1234-1234-123456789abc
  tollgate run api.xml --request 'POST https://gateway.example/orders' -H 'Content-Type: application/json' --data @order.json

The trace tells what each policy read, decided and changed, with the values of expressions and their parts, and how long
it took. `--trace apim` gives it as JSON in the shape of APIM's own traces. Secrets and credentials are masked in it.

What forward-request sends is answered by the mock backend and listed. Documents that a policy fetches for itself, such
as OpenID configurations, are really fetched.
Exit code: 0 when the request ran, whatever came of it; 2 with diagnostics when the policy does not load.")]
pub(crate) struct Arguments {
    /// The policy file.
    policy: PathBuf,
    #[command(flatten)]
    catalog: CatalogArguments,
    /// Method and URL: `POST https://host/path?x=1`.
    #[arg(
        long,
        required_unless_present = "request_file",
        conflicts_with = "request_file"
    )]
    request: Option<String>,
    /// A file with the whole request: request line, headers, empty line, body.
    #[arg(long, value_name = "FILE")]
    request_file: Option<PathBuf>,
    /// A header, as `Name: value`.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The body: text, or @FILE.
    #[arg(long, value_name = "BODY|@FILE")]
    data: Option<String>,
    /// `context.RequestId`; random unless given.
    #[arg(long, value_name = "GUID")]
    request_id: Option<String>,
    /// The time it is, as 2026-01-31T12:00:00Z; it stands still then. Without it time passes, and jumps ahead where
    /// policies wait.
    #[arg(long, value_name = "RFC3339")]
    now: Option<String>,
    /// The client's address.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    client_ip: std::net::IpAddr,
    /// The status code that the mock backend answers.
    #[arg(long, value_name = "CODE", default_value_t = 200)]
    backend_status: u16,
    /// The body that the mock backend answers: text, or @FILE.
    #[arg(long, value_name = "BODY|@FILE")]
    backend_body: Option<String>,
    /// A header that the mock backend answers.
    #[arg(long = "backend-header", value_name = "NAME: VALUE")]
    backend_headers: Vec<String>,
    /// How to tell what happened: `tree` unless the format is JSON, in which `apim` is.
    #[arg(long, value_enum)]
    trace: Option<TraceForm>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// In which form a trace is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TraceForm {
    /// For people.
    Tree,
    /// JSON in the shape of APIM's own traces.
    Apim,
    /// Not at all.
    None,
}

type Error = Box<dyn std::error::Error>;

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Error> {
    let request = arguments.request()?;
    let backend = Arc::new(arguments.backend()?);
    let options = RunOptions {
        backend: Some(backend.clone()),
        request_id: arguments.request_id.as_deref().map(guid).transpose()?,
        trace: (arguments.trace_form() != TraceForm::None).then(Trace::default),
        ..RunOptions::default()
    };
    let builder = Gateway::builder().policy(read_source(&arguments.policy)?);
    let mut builder = builder.change_catalog(|catalog| arguments.catalog.add_to(catalog))?;
    builder = match &arguments.now {
        Some(now) => builder.clock(SetClock(ticks(now)?)),
        None => builder.clock(JumpingClock::default()),
    };
    let gateway = match builder.build() {
        Ok(gateway) => gateway,
        Err(BuildError::Load(errors)) => {
            print_errors(&errors, arguments.format)?;
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        let peer = Peer {
            ip: Some(arguments.client_ip),
            ..Peer::default()
        };
        let outcome = gateway.run(request.map(Body::full), peer, options).await;
        Report::of(outcome, backend.take(), arguments.trace_form()).await
    })?;
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&report.to_json())?),
        Format::Text => print!("{}", report.to_text()),
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn trace_form(&self) -> TraceForm {
        self.trace.unwrap_or(match self.format {
            Format::Text => TraceForm::Tree,
            Format::Json => TraceForm::Apim,
        })
    }

    fn request(&self) -> Result<Request<Bytes>, Error> {
        let mut request = match (&self.request, &self.request_file) {
            (Some(line), _) => request::build(line, &self.headers, Bytes::new())?,
            (None, Some(path)) => {
                let bytes = request::read(path)?;
                let mut request = request::parse_file(&String::from_utf8_lossy(&bytes))?;
                for header in &self.headers {
                    let (name, value) = request::header(header)?;
                    request.headers_mut().append(name, value);
                }
                request
            }
            (None, None) => return Err("give --request or --request-file".into()),
        };
        if let Some(data) = &self.data {
            *request.body_mut() = request::data(data)?;
        }
        Ok(request)
    }

    fn backend(&self) -> Result<MockBackend, Error> {
        let mut headers = HeaderMap::new();
        for header in &self.backend_headers {
            let (name, value) = request::header(header)?;
            headers.append(name, value);
        }
        Ok(MockBackend {
            status: StatusCode::from_u16(self.backend_status)?,
            headers,
            body: self
                .backend_body
                .as_deref()
                .map(request::data)
                .transpose()?
                .unwrap_or_default(),
            calls: Mutex::default(),
        })
    }
}

/// Answers every call alike, and remembers it.
struct MockBackend {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    calls: Mutex<Vec<Call>>,
}

struct Call {
    method: String,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl MockBackend {
    fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpClient for MockBackend {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        let (head, body) = outbound.request.into_parts();
        // What came from the command line is in memory: no need to wait for it.
        let body = body.bytes().cloned().ok_or_else(|| SendError {
            kind: SendErrorKind::Request,
            message: "the body is not in memory".to_owned(),
        });
        let answer = body.map(|body| {
            let call = Call {
                method: head.method.to_string(),
                url: head.uri.to_string(),
                headers: head.headers,
                body,
            };
            self.calls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(call);
            let mut response = Response::new(Body::full(self.body.clone()));
            *response.status_mut() = self.status;
            *response.headers_mut() = self.headers.clone();
            response
        });
        Box::pin(std::future::ready(answer))
    }
}

/// A clock that was set, and stands still; sleep takes no time.
struct SetClock(i64);

impl Clock for SetClock {
    fn now(&self) -> i64 {
        self.0
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn timeout(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The system's clock, which jumps ahead in place of a sleep.
#[derive(Default)]
struct JumpingClock {
    skipped: AtomicI64,
}

impl Clock for JumpingClock {
    fn now(&self) -> i64 {
        let skipped = self.skipped.load(Ordering::Relaxed);
        SystemClock.now().saturating_add(skipped)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let ticks = i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX);
        let skip = |skipped: i64| Some(skipped.saturating_add(ticks));
        let _ = (self.skipped).fetch_update(Ordering::Relaxed, Ordering::Relaxed, skip);
        Box::pin(std::future::ready(()))
    }

    fn timeout(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// What there is to tell.
struct Report {
    status: u16,
    reason: String,
    headers: HeaderMap,
    body: Bytes,
    calls: Vec<Call>,
    variables: Map<String, Value>,
    /// A tree as text, or APIM's JSON; null if there is none.
    trace: Value,
}

impl Report {
    async fn of(outcome: Outcome, calls: Vec<Call>, form: TraceForm) -> Result<Self, Error> {
        let trace = outcome.trace().map(|trace| match form {
            TraceForm::Tree => trace.to_tree().into(),
            TraceForm::Apim => trace.to_apim(),
            TraceForm::None => Value::Null,
        });
        let reason = ReasonPhrase::of(&outcome.response).to_utf8().into_owned();
        let (head, body) = outcome.response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        let exchange = outcome.exchange;
        let variables = exchange.map(|mut exchange| exchange.variables_as_json());
        Ok(Self {
            status: head.status.as_u16(),
            reason,
            headers: head.headers,
            body,
            calls,
            variables: variables.unwrap_or_default(),
            trace: trace.unwrap_or_default(),
        })
    }

    fn to_json(&self) -> Value {
        let calls: Vec<Value> = (self.calls.iter())
            .map(|call| json!({"method": call.method, "url": call.url, "headers": headers(&call.headers), "body": text(&call.body)}))
            .collect();
        json!({
            "response": {
                "status": self.status,
                "reason": self.reason,
                "headers": headers(&self.headers),
                "body": text(&self.body),
            },
            "backend_calls": calls,
            "variables": self.variables,
            "trace": self.trace,
        })
    }

    fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let mut out = String::new();
        // Writing to a string cannot fail.
        match &self.trace {
            Value::Null => {}
            Value::String(tree) => out.push_str(tree),
            trace => {
                let _ = writeln!(out, "{trace:#}");
            }
        }
        for call in &self.calls {
            let _ = writeln!(out, "\n> {} {}", call.method, call.url);
            message(&mut out, "> ", &call.headers, &call.body);
        }
        let _ = writeln!(out, "\n< {} {}", self.status, self.reason);
        message(&mut out, "< ", &self.headers, &self.body);
        if !self.variables.is_empty() {
            let _ = writeln!(out, "\nvariables");
            for (name, value) in &self.variables {
                let _ = writeln!(out, "  {name} = {value}");
            }
        }
        out
    }
}

fn message(out: &mut String, mark: &str, headers: &HeaderMap, body: &Bytes) {
    for (name, value) in headers {
        out.push_str(&format!(
            "{mark}{name}: {}\n",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    if !body.is_empty() {
        out.push_str(mark.trim_end());
        out.push('\n');
        for line in text(body).lines() {
            out.push_str(&format!("{mark}{line}\n"));
        }
    }
}

fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}

/// Headers as an object; several lines of one name are joined by commas.
fn headers(headers: &HeaderMap) -> Value {
    let mut all = Map::new();
    for name in headers.keys() {
        let lines: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        all.insert(name.to_string(), lines.join(",").into());
    }
    all.into()
}

fn print_errors(errors: &tollgate::LoadErrors, format: Format) -> Result<(), Error> {
    match format {
        Format::Json => {
            let all: Vec<_> = errors
                .diagnostics
                .iter()
                .map(|one| one.view(&errors.sources))
                .collect();
            println!(
                "{}",
                serde_json::to_string_pretty(&json!({"diagnostics": all}))?
            );
        }
        Format::Text => {
            let color = std::io::IsTerminal::is_terminal(&std::io::stderr());
            for diagnostic in &errors.diagnostics {
                eprintln!("{}\n", render(diagnostic, &errors.sources, color));
            }
        }
    }
    Ok(())
}

fn guid(text: &str) -> Result<[u8; 16], Error> {
    let wrong = || format!("`{text}` is not a GUID, such as 12345678-1234-1234-1234-123456789abc");
    Ok(tollgate_testing::guid(text.trim_matches(['{', '}'])).ok_or_else(wrong)?)
}

/// A time in .NET ticks.
fn ticks(text: &str) -> Result<i64, Error> {
    let time: jiff::Timestamp = text.parse().map_err(|error| format!("--now: {error}"))?;
    Ok(Moment(time).ticks())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn guids_and_times_are_read() {
        assert_eq!(
            guid("{00112233-4455-6677-8899-aabbccddeeff}").unwrap()[..3],
            [0x00, 0x11, 0x22]
        );
        assert!(guid("00112233").is_err());
        assert_eq!(
            ticks("1970-01-01T00:00:01Z").unwrap(),
            621_355_968_010_000_000
        );
        assert!(ticks("yesterday").is_err());
    }
}
