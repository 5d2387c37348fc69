//! What policies change: a look at the exchange whenever another policy takes over, and what is different since.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde::Serialize;
use serde_json::Value as Json;
use tollgate_dotnet::{Str, Value, ops};

use super::masking::MASK;
use super::{Event, Trace, TraceEntry, names};
use crate::context::header_text;
use crate::exchange::{Body, Context, Exchange, Request, Response, Url, VariableName, Variables};

/// So many bytes of a value are shown.
const SHOWN: usize = 256;
/// So many changes are told at once.
const MOST: usize = 200;

/// Something that a policy changed. What is a secret by its name or its text is masked, and long values end with `…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What changed.
    pub what: Changed,
    /// Of headers and variables, which one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What it was; `None` if there was none.
    pub from: Option<String>,
    /// What it is now; `None` if there is none any more.
    pub to: Option<String>,
}

/// What a policy can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// `context.Request.Method`
    RequestMethod,
    /// `context.Request.Url`
    RequestUrl,
    /// A header of `context.Request`
    RequestHeader,
    /// `context.Request.Body`: its length and its beginning where it is in memory.
    RequestBody,
    /// The backend entity that the request goes to.
    Backend,
    /// Status code and reason of `context.Response`
    ResponseStatus,
    /// A header of `context.Response`, or one that is added to whatever is sent in the end (`cors`).
    ResponseHeader,
    /// `context.Response.Body`
    ResponseBody,
    /// A variable. A change within an object that stays the same is not seen.
    Variable,
}

impl Changed {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestMethod => "request method",
            Self::RequestUrl => "request url",
            Self::RequestHeader => "request header",
            Self::RequestBody => "request body",
            Self::Backend => "backend",
            Self::ResponseStatus => "response status",
            Self::ResponseHeader => "response header",
            Self::ResponseBody => "response body",
            Self::Variable => "variable",
        }
    }
}

impl Change {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let texts = [&self.from, &self.to].into_iter().flatten();
        size_of::<Self>() + self.name.len() + texts.map(String::len).sum::<usize>()
    }
}

/// What can change, as it was.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    messages: Messages,
    variables: Variables,
    added: usize,
}

/// Of it, what resolvers have of their own.
#[derive(Debug, Clone)]
pub(crate) struct Messages {
    method: Method,
    url: Url,
    request_headers: HeaderMap,
    request_body: BodyState,
    backend: Option<Box<str>>,
    status: StatusCode,
    reason: Option<Str>,
    response_headers: HeaderMap,
    response_body: BodyState,
}

/// A body, as far as one can tell it from another.
#[derive(Debug, Clone)]
enum BodyState {
    None,
    Stream,
    Here(Bytes),
    Taken,
}

impl BodyState {
    fn of(body: &Body) -> Self {
        match body.bytes() {
            _ if body.is_empty() => Self::None,
            None => Self::Stream,
            // One that is here has bytes.
            Some(bytes) if bytes.is_empty() => Self::Taken,
            Some(bytes) => Self::Here(bytes.clone()),
        }
    }

    fn is(&self, body: &Body) -> bool {
        match (self, Self::of(body)) {
            (Self::Here(old), Self::Here(new)) => {
                old.len() == new.len() && (old.as_ptr() == new.as_ptr() || *old == new)
            }
            (old, new) => std::mem::discriminant(old) == std::mem::discriminant(&new),
        }
    }

    fn text(&self, trace: &mut Trace) -> Option<String> {
        Some(match self {
            Self::None => return None,
            Self::Stream => "a stream".to_owned(),
            Self::Taken => "taken by an expression".to_owned(),
            Self::Here(bytes) => {
                let length = bytes.len();
                match std::str::from_utf8(bytes) {
                    Ok(text) => format!("{length} bytes: {}", trace.shown(text, SHOWN).0),
                    Err(_) => format!("{length} bytes"),
                }
            }
        })
    }
}

impl Messages {
    fn of(request: &Request, response: &Response) -> Self {
        Self {
            method: request.method.clone(),
            url: request.url.clone(),
            request_headers: request.headers.clone(),
            request_body: BodyState::of(&request.body),
            backend: request.backend.as_ref().map(|backend| backend.id().into()),
            status: response.status,
            reason: response.reason.clone(),
            response_headers: response.headers.clone(),
            response_body: BodyState::of(&response.body),
        }
    }
}

impl Context {
    fn messages(&self) -> Messages {
        Messages::of(&self.request, &self.response)
    }

    /// Begins to watch what changes. Only where there is a trace.
    pub(crate) fn watch(&mut self) {
        let snapshot = Snapshot {
            messages: self.messages(),
            variables: self.variables.clone(),
            added: 0,
        };
        if let Some(trace) = &mut self.trace {
            trace.state.snapshot = Some(Box::new(snapshot));
        }
    }

    /// Bodies were read into memory, which changes nothing.
    pub(crate) fn note_bodies(&mut self) {
        if let Some(trace) = &mut self.trace
            && let Some(snapshot) = &mut trace.state.snapshot
        {
            snapshot.messages.request_body = BodyState::of(&self.request.body);
            snapshot.messages.response_body = BodyState::of(&self.response.body);
        }
    }

    /// Another request and response were put in place of those that are watched. Gives what is known of the former, and
    /// takes what is known of those that are there now.
    pub(crate) fn swap_watched(&mut self, known: Option<Messages>) -> Option<Messages> {
        self.trace.as_ref()?;
        let known = known.unwrap_or_else(|| self.messages());
        let snapshot = self.trace.as_mut()?.state.snapshot.as_mut()?;
        Some(std::mem::replace(&mut snapshot.messages, known))
    }
}

impl Exchange {
    /// Adds to the trace what is different since the last look.
    pub(super) fn compare(&mut self) {
        let Some(mut snapshot) =
            (self.context.trace.as_mut()).and_then(|trace| trace.state.snapshot.take())
        else {
            return;
        };
        let mut changes = Vec::new();
        self.compare_messages(&mut snapshot, &mut changes);
        self.compare_variables(&mut snapshot, &mut changes);
        let left_out = changes.len().saturating_sub(MOST);
        changes.truncate(MOST);
        let elapsed = self.context.elapsed();
        let Some(trace) = &mut self.context.trace else {
            return;
        };
        trace.state.snapshot = Some(snapshot);
        if changes.is_empty() {
            return;
        }
        let place = trace.running().cloned();
        let data = match left_out {
            0 => Json::Null,
            more => format!("{more} more changes are left out.").into(),
        };
        trace.add(TraceEntry {
            source: place
                .as_ref()
                .map_or("gateway", |place| place.policy)
                .into(),
            section: place.as_ref().map(|place| place.section.name()),
            event: Event::Changed,
            span: place.as_ref().map(|place| place.span),
            place,
            elapsed,
            data,
            parts: Vec::new(),
            changes,
        });
    }

    fn compare_messages(&mut self, snapshot: &mut Snapshot, changes: &mut Vec<Change>) {
        let added = self
            .added_headers
            .iter()
            .skip(snapshot.added)
            .cloned()
            .collect::<Vec<_>>();
        snapshot.added = self.added_headers.len();
        let Context {
            request,
            response,
            trace,
            ..
        } = &mut self.context;
        let Some(trace) = trace else {
            return;
        };
        let old = &mut snapshot.messages;
        let mut changed = |what, from: Option<String>, to: Option<String>| {
            let name = String::new();
            changes.push(Change {
                what,
                name,
                from,
                to,
            });
        };
        if old.method != request.method {
            let text = |method: &Method| Some(method.to_string());
            changed(
                Changed::RequestMethod,
                text(&old.method),
                text(&request.method),
            );
        }
        if old.url != request.url {
            let (from, to) = (trace.shown_url(&old.url), trace.shown_url(&request.url));
            changed(Changed::RequestUrl, Some(from), Some(to));
        }
        let backend = request.backend.as_ref().map(|backend| backend.id());
        if old.backend.as_deref() != backend {
            let from = old.backend.as_deref().map(str::to_owned);
            changed(Changed::Backend, from, backend.map(str::to_owned));
        }
        if !old.request_body.is(&request.body) {
            let to = BodyState::of(&request.body);
            changed(
                Changed::RequestBody,
                old.request_body.text(trace),
                to.text(trace),
            );
        }
        if old.status != response.status || old.reason != response.reason {
            let of_old = Response {
                reason: old.reason.clone(),
                ..Response::new(old.status)
            };
            let mut text = |response: &Response| {
                let text = format!(
                    "{} {}",
                    response.status.as_u16(),
                    response.status_reason().to_utf8()
                );
                Some(trace.shown(&text, SHOWN).0)
            };
            changed(Changed::ResponseStatus, text(&of_old), text(response));
        }
        if !old.response_body.is(&response.body) {
            let to = BodyState::of(&response.body);
            changed(
                Changed::ResponseBody,
                old.response_body.text(trace),
                to.text(trace),
            );
        }
        let of_request = (
            Changed::RequestHeader,
            &old.request_headers,
            &request.headers,
        );
        let of_response = (
            Changed::ResponseHeader,
            &old.response_headers,
            &response.headers,
        );
        for (what, old, new) in [of_request, of_response] {
            if old != new {
                compare_headers(what, old, new, trace, changes);
            }
        }
        for (name, value) in added {
            let mut headers = HeaderMap::new();
            headers.insert(name, value);
            let what = Changed::ResponseHeader;
            compare_headers(what, &HeaderMap::new(), &headers, trace, changes);
        }
        *old = Messages::of(request, response);
    }

    fn compare_variables(&mut self, snapshot: &mut Snapshot, changes: &mut Vec<Change>) {
        let same = |old: Option<&Value>, new: &Value| old.is_some_and(|old| is_same(old, new));
        let (old, new) = (&snapshot.variables, &self.context.variables);
        let mut changed = Vec::new();
        for (name, value) in new.iter() {
            let before = old.get(&VariableName::new(name.clone()));
            if !same(before, value) {
                changed.push((name.clone(), before.cloned(), Some(value.clone())));
            }
        }
        for (name, value) in old.iter() {
            if new.get(&VariableName::new(name.clone())).is_none() {
                changed.push((name.clone(), Some(value.clone()), None));
            }
        }
        if changed.is_empty() {
            return;
        }
        snapshot.variables = new.clone();
        for (name, from, to) in changed {
            let name = name.to_utf8().into_owned();
            let is_secret = names::is_secret(&name);
            let mut text = |value: Option<Value>| {
                let value = value?;
                let text = ops::to_text(&self.machine(), &value).unwrap_or_default();
                let trace = self.context.trace.as_mut()?;
                Some(match value {
                    Value::Null => "null".to_owned(),
                    Value::Bool(truth) => truth.to_string(),
                    _ if is_secret => {
                        trace.learn(&text.to_utf8());
                        MASK.to_owned()
                    }
                    Value::String(_) => format!(
                        "\"{}\"",
                        trace.shown(&text.to_utf8(), SHOWN).0.escape_debug()
                    ),
                    _ => trace.shown(&text.to_utf8(), SHOWN).0,
                })
            };
            let (from, to) = (text(from), text(to));
            changes.push(Change {
                what: Changed::Variable,
                name,
                from,
                to,
            });
        }
    }
}

fn compare_headers(
    what: Changed,
    old: &HeaderMap,
    new: &HeaderMap,
    trace: &mut Trace,
    changes: &mut Vec<Change>,
) {
    let mut changed = |name: &HeaderName| {
        let (from, to) = (old.get_all(name), new.get_all(name));
        if from == to {
            return;
        }
        let from = trace.shown_header(name, old);
        let to = trace.shown_header(name, new);
        let name = name.as_str().to_owned();
        changes.push(Change {
            what,
            name,
            from,
            to,
        });
    };
    new.keys().for_each(&mut changed);
    old.keys()
        .filter(|name| !new.contains_key(*name))
        .for_each(&mut changed);
}

impl Trace {
    /// What is shown of a header, its lines joined by commas. That of a secret one is hidden wherever it comes up.
    pub(super) fn shown_header(
        &mut self,
        name: &HeaderName,
        headers: &HeaderMap,
    ) -> Option<String> {
        let lines: Vec<String> = (headers.get_all(name).iter())
            .map(|value| header_text(value).to_utf8().into_owned())
            .collect();
        if lines.is_empty() {
            return None;
        }
        let text = lines.join(", ");
        if names::is_secret(name.as_str()) {
            self.hide(lines.iter().flat_map(|line| secrets_of_header(name, line)));
            return Some(MASK.to_owned());
        }
        Some(self.shown(&text, SHOWN).0)
    }

    pub(super) fn shown_url(&mut self, url: &Url) -> String {
        self.shown(&url.to_string(), 8 * SHOWN).0
    }

    /// Headers as APIM's traces have them, those that are secret masked.
    pub(super) fn headers(&mut self, headers: &HeaderMap) -> Json {
        let shown = headers.keys().take(MOST).map(|name| {
            let value = self.shown_header(name, headers).unwrap_or_default();
            serde_json::json!({"name": name.as_str(), "value": value})
        });
        Json::Array(shown.collect())
    }
}

/// What is secret in the value of a secret header: all of it, or what stands behind a scheme; also the values of cookies.
pub(crate) fn secrets_of_header(name: &HeaderName, value: &str) -> Vec<String> {
    let whole = match *name {
        header::AUTHORIZATION | header::PROXY_AUTHORIZATION => {
            value.trim().split_once(' ').map(|(_, token)| token)
        }
        _ => None,
    };
    let whole = whole.unwrap_or(value).trim();
    // What follows in `Set-Cookie` says how long it is kept, and the like.
    let cookies = match *name {
        header::COOKIE => usize::MAX,
        header::SET_COOKIE => 1,
        _ => 0,
    };
    let cookies = value.split(';').take(cookies);
    let cookies = cookies.filter_map(|pair| Some(pair.split_once('=')?.1.trim()));
    let all = std::iter::once(whole).chain(cookies);
    all.filter(|text| text.len() >= SHORTEST_CREDENTIAL)
        .map(str::to_owned)
        .collect()
}

/// What is too short to be a credential is not masked: the mask would spoil words.
pub(crate) const SHORTEST_CREDENTIAL: usize = 6;

fn is_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::String(old), Value::String(new)) => old == new,
        (Value::Object(_) | Value::Ref(_) | Value::Host(_), _) => ops::same_reference(old, new),
        (_, Value::Object(_) | Value::Ref(_) | Value::Host(_)) => false,
        // Numbers, times and the like are few bytes.
        _ => format!("{old:?}") == format!("{new:?}"),
    }
}
