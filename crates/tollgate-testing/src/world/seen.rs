//! What came of a request.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::{Map, Value as Json, json};
use tollgate::engine::LastError;
use tollgate::engine::exchange::{Exchange, ReasonPhrase, Trace};
use tollgate::ports::{Event, Partition, Severity};

use super::answers::Call;

/// What came of a request: the response, and all that can be told of how it came about.
///
/// Its text shows all of it, the same in every run: for `insta` and the like.
#[derive(Debug)]
#[non_exhaustive]
pub struct Seen {
    /// What the client got.
    pub response: Response<Bytes>,
    /// Why the client did not get all of the body.
    pub body_error: Option<String>,
    /// Whom policies called, in order.
    pub calls: Vec<Call>,
    /// What policies reported, in order.
    pub events: Vec<Event>,
    /// `context.Variables` at the end: numbers, truth values, text and `null` as what they are, all else by its text.
    pub variables: Map<String, Json>,
    /// `context.LastError` at the end.
    pub last_error: Option<LastError>,
    /// What happened, step by step.
    pub trace: Option<Trace>,
}

impl Seen {
    pub(super) fn new(
        response: Response<Bytes>,
        body_error: Option<String>,
        exchange: Option<Exchange>,
        calls: Vec<Call>,
        events: Vec<Event>,
    ) -> Self {
        let mut seen = Self {
            response,
            body_error,
            calls,
            events,
            variables: Map::new(),
            last_error: None,
            trace: None,
        };
        if let Some(mut exchange) = exchange {
            seen.variables = exchange.variables_as_json();
            seen.last_error = exchange.context.last_error.take();
            seen.trace = exchange.context.trace.take();
        }
        seen
    }

    /// The reason phrase of the response.
    pub fn reason(&self) -> String {
        ReasonPhrase::of(&self.response).to_utf8().into_owned()
    }

    /// The body of the response as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.response.body()).into_owned()
    }

    /// The calls of the backend alone.
    pub fn backend_calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| call.to_backend)
    }

    /// The policies that ran and the branches that were taken, in order: `inbound/choose[1]/when[2]`.
    pub fn ran(&self) -> Vec<String> {
        let entries = self.trace.iter().flat_map(|trace| &trace.entries);
        let ran = entries.filter(|entry| {
            use tollgate::engine::exchange::Event;
            matches!(entry.event, Event::Entered | Event::Branch { taken: true })
        });
        ran.map(|entry| format!("{}/{}", entry.section.unwrap_or_default(), entry.path()))
            .collect()
    }

    /// What happened on the way, as a tree ([`Trace::to_tree`]): the same in every run, for `insta` and the like. As JSON
    /// it is [`Trace::to_apim`] of [`trace`](Self::trace).
    pub fn tree(&self) -> String {
        self.trace.as_ref().map(Trace::to_tree).unwrap_or_default()
    }

    /// `LastError` as JSON, its fields in `kebab-case`; `null` if there was none.
    pub fn last_error_as_json(&self) -> Json {
        let Some(error) = &self.last_error else {
            return Json::Null;
        };
        let text = |text: &Option<tollgate_dotnet::Str>| {
            (text.as_ref()).map_or(Json::Null, |text| text.to_utf8().into())
        };
        json!({
            "source": &*error.source.to_utf8(),
            "reason": text(&error.reason),
            "message": &*error.message.to_utf8(),
            "scope": text(&error.scope),
            "section": text(&error.section),
            "path": text(&error.path),
            "policy-id": text(&error.policy_id),
        })
    }
}

/// The lines of a header, joined by commas; `None` if there is none.
pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<_> = (headers.get_all(name).iter())
        .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// An event as JSON, its kind first.
pub fn event_as_json(event: &Event) -> (&'static str, Json) {
    let pairs = |pairs: &[(tollgate_dotnet::Str, tollgate_dotnet::Str)]| -> Json {
        let pairs = pairs.iter();
        Json::Object(
            pairs
                .map(|(name, value)| (name.to_utf8().into_owned(), value.to_utf8().into()))
                .collect(),
        )
    };
    match event {
        Event::Trace {
            source,
            severity,
            message,
            metadata,
            ..
        } => {
            let severity = match severity {
                Severity::Verbose => "verbose",
                Severity::Information => "information",
                Severity::Error => "error",
            };
            (
                "trace",
                json!({
                    "source": &*source.to_utf8(),
                    "severity": severity,
                    "message": &*message.to_utf8(),
                    "metadata": pairs(metadata),
                }),
            )
        }
        Event::Metric {
            name,
            namespace,
            value,
            dimensions,
        } => (
            "metric",
            json!({
                "name": &*name.to_utf8(),
                "namespace": &*namespace.to_utf8(),
                "value": value,
                "dimensions": pairs(dimensions),
            }),
        ),
        Event::EventHub {
            logger,
            partition,
            body,
        } => {
            let (id, key) = match partition {
                Partition::Any => (Json::Null, Json::Null),
                Partition::Id(id) => (id.to_utf8().into(), Json::Null),
                Partition::Key(key) => (Json::Null, key.to_utf8().into()),
            };
            (
                "event",
                json!({
                    "logger": &*logger.to_utf8(),
                    "partition-id": id,
                    "partition-key": key,
                    "body": String::from_utf8_lossy(body),
                }),
            )
        }
        _ => ("other", Json::Null),
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.response.status().as_u16();
        writeln!(f, "< {status} {}", self.reason())?;
        message(f, '<', self.response.headers(), self.response.body())?;
        if let Some(error) = &self.body_error {
            writeln!(f, "< ! {error}")?;
        }
        for call in &self.calls {
            writeln!(f)?;
            let to = if call.to_backend { "backend" } else { "call" };
            writeln!(f, "> {} {} ({to})", call.method, call.url)?;
            message(f, '>', &call.headers, &call.body)?;
        }
        for event in &self.events {
            let (kind, json) = event_as_json(event);
            writeln!(f, "\n{kind} {json}")?;
        }
        if !self.variables.is_empty() {
            writeln!(f, "\nvariables")?;
        }
        for (name, value) in &self.variables {
            writeln!(f, "  {name} = {value}")?;
        }
        match self.last_error_as_json() {
            Json::Null => Ok(()),
            error => writeln!(f, "\nlast error {error}"),
        }
    }
}

fn message(
    f: &mut fmt::Formatter<'_>,
    mark: char,
    headers: &HeaderMap,
    body: &Bytes,
) -> fmt::Result {
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        writeln!(f, "{mark} {name}: {value}")?;
    }
    if !body.is_empty() {
        writeln!(f, "{mark}")?;
    }
    for line in String::from_utf8_lossy(body).lines() {
        writeln!(f, "{mark} {line}")?;
    }
    Ok(())
}
