//! What is answered to those whom policies call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use tollgate::Body;
use tollgate::engine::BoxFuture;
use tollgate::engine::exchange::ReasonPhrase;
use tollgate::ports::{HttpClient, OutboundRequest, SendError, SendErrorKind};

use super::issuer::Issuer;
use super::message::{Content, Lines, OneOrMany, Wrong, headers};
use super::time::Span;

/// What is answered to calls of some URLs.
///
/// ```
/// use tollgate_testing::{Answer, Rule};
///
/// let busy = Answer { status: 429, ..Answer::default() };
/// let rule = Rule::new("https://*.openai.azure.com/*", [busy, Answer::default()]);
/// assert_eq!(rule.respond.as_slice().len(), 2);
/// ```
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Which URLs: `*` stands for any text. Without a `?` in it, the query is not looked at.
    pub url: String,
    /// Which method; any, unless given.
    pub method: Option<String>,
    /// The answer, or several: one after the other, the last one for ever.
    #[serde(default = "one_answer")]
    pub respond: OneOrMany<Answer>,
}

fn one_answer() -> OneOrMany<Answer> {
    OneOrMany::One(Answer::default())
}

impl Rule {
    /// These answers for those URLs, one after the other.
    pub fn new(url: impl Into<String>, answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            url: url.into(),
            method: None,
            respond: OneOrMany::Many(answers.into_iter().collect()),
        }
    }
}

/// One answer: a response, or what goes wrong.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The reason phrase; that of the status code, unless given.
    pub reason: Option<String>,
    /// The headers.
    pub headers: BTreeMap<String, Lines>,
    /// The body, as text.
    pub body: Option<String>,
    /// The body, as JSON; `Content-Type` is `application/json` then, unless given.
    pub json: Option<Json>,
    /// The body, in Base64.
    pub base64: Option<String>,
    /// The file that has the body.
    pub body_file: Option<std::path::PathBuf>,
    /// The body in pieces, as a stream of events comes.
    pub chunks: Vec<String>,
    /// How long it takes until each next piece.
    pub every: Span,
    /// How long it takes until the answer begins.
    pub delay: Span,
    /// What goes wrong instead of an answer.
    pub fault: Option<Fault>,
}

/// 200 with nothing in it.
impl Default for Answer {
    fn default() -> Self {
        Self {
            status: 200,
            reason: None,
            headers: BTreeMap::new(),
            body: None,
            json: None,
            base64: None,
            body_file: None,
            chunks: Vec::new(),
            every: Span::default(),
            delay: Span::default(),
            fault: None,
        }
    }
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// There is no connection.
    Connect,
    /// The answer never comes.
    Timeout,
    /// The connection breaks before the answer.
    Abort,
    /// The connection breaks behind the body.
    BrokenBody,
}

/// A call that a policy made.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whether it was the request to the backend, and not one of `send-request` and the like.
    pub to_backend: bool,
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether the world had an answer.
    pub answered: bool,
}

/// A rule that is ready to be asked.
struct Ready {
    url: String,
    with_query: bool,
    method: Option<Method>,
    answers: Vec<(Answer, Response<Bytes>)>,
    asked: usize,
}

/// What answers, and what was asked.
pub(super) struct Answers {
    rules: Mutex<Vec<Ready>>,
    calls: Mutex<Vec<Call>>,
    pub(super) issuer: Issuer,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Answers {
    pub(super) fn new(rules: &[Rule], issuer: Issuer) -> Result<Self, Wrong> {
        let rules = rules.iter().map(Ready::new).collect::<Result<_, _>>()?;
        Ok(Self {
            rules: Mutex::new(rules),
            calls: Mutex::default(),
            issuer,
        })
    }

    /// The calls so far; none are left.
    pub(super) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.calls))
    }

    /// The next answer to a call, if there is one.
    fn next(&self, method: &Method, url: &str) -> Option<(Answer, Response<Bytes>)> {
        let mut rules = lock(&self.rules);
        let rule = rules.iter_mut().find(|rule| rule.fits(method, url))?;
        let answer = (rule.answers.get(rule.asked)).or_else(|| rule.answers.last())?;
        rule.asked += 1;
        Some(answer.clone())
    }
}

impl Ready {
    fn new(rule: &Rule) -> Result<Self, Wrong> {
        let method = rule.method.as_deref().map(|method| {
            Method::from_bytes(method.as_bytes())
                .map_err(|_| Wrong(format!("`{method}` is no method")))
        });
        let answers = rule.respond.as_slice();
        if answers.is_empty() {
            return Err(Wrong(format!("there is no answer for `{}`", rule.url)));
        }
        Ok(Self {
            url: rule.url.clone(),
            with_query: rule.url.contains('?'),
            method: method.transpose()?,
            answers: (answers.iter())
                .map(|answer| Ok((answer.clone(), answer.response()?)))
                .collect::<Result<_, Wrong>>()?,
            asked: 0,
        })
    }

    fn fits(&self, method: &Method, url: &str) -> bool {
        let path = url.split('?').next().unwrap_or_default();
        let url = if self.with_query { url } else { path };
        self.method.as_ref().is_none_or(|own| own == method) && fits(&self.url, url)
    }
}

/// Whether a text fits a pattern in which `*` stands for any text. Hosts of URLs come in lower case.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some((_, behind)) = text.split_once(part) else {
            return false;
        };
        text = behind;
    }
    text.ends_with(end)
}

impl Answer {
    pub(super) fn response(&self) -> Result<Response<Bytes>, Wrong> {
        let content = Content {
            body: self.body.as_deref(),
            json: self.json.as_ref(),
            base64: self.base64.as_deref(),
            file: self.body_file.as_deref(),
        };
        let mut response = Response::new(content.bytes()?);
        let status = StatusCode::from_u16(self.status);
        *response.status_mut() =
            status.map_err(|_| Wrong(format!("{} is no status code", self.status)))?;
        if let Some(reason) = &self.reason {
            response
                .extensions_mut()
                .insert(ReasonPhrase(reason.as_str().into()));
        }
        *response.headers_mut() = headers(&self.headers, content.kind())?;
        Ok(response)
    }
}

/// Sends nothing anywhere: asks the answers.
#[derive(Clone)]
pub(super) struct Script {
    answers: Arc<Answers>,
    /// Whether this is the way to the backend.
    to_backend: bool,
}

impl HttpClient for Script {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        let script = self.clone();
        Box::pin(async move { script.answer(outbound).await })
    }
}

impl Script {
    pub(super) fn new(answers: &Arc<Answers>, to_backend: bool) -> Self {
        Self {
            answers: Arc::clone(answers),
            to_backend,
        }
    }
}

/// The longest body of a call that is looked at.
const LONGEST: usize = 64 << 20;

impl Script {
    async fn answer(&self, outbound: OutboundRequest) -> Result<Response<Body>, SendError> {
        let error = |kind, message: &str| SendError {
            kind,
            message: message.to_owned(),
        };
        let (head, mut body) = outbound.request.into_parts();
        let body = (body.buffer(LONGEST).await)
            .map_err(|broken| error(SendErrorKind::Aborted, &broken.to_string()))?;
        let url = head.uri.to_string();
        let scripted = self.answers.next(&head.method, &url);
        let own = match &scripted {
            None => self.answers.issuer.answer(&head.method, &url),
            Some(_) => None,
        };
        let answered = scripted.is_some() || own.is_some();
        lock(&self.answers.calls).push(Call {
            to_backend: self.to_backend,
            method: head.method,
            url: url.clone(),
            headers: head.headers,
            body,
            answered,
        });
        let Some((answer, response)) = scripted else {
            return match own {
                Some(own) => Ok(own.map(Body::full)),
                // A backend that nothing is said of is there, and has nothing to say.
                None if self.to_backend => Ok(Response::new(Body::empty())),
                None => Err(error(
                    SendErrorKind::Connect,
                    &format!("the test has no answer for {url}"),
                )),
            };
        };
        let late = outbound
            .timeout
            .filter(|limit| answer.fault == Some(Fault::Timeout) || *limit < answer.delay.0);
        if let Some(limit) = late {
            tokio::time::sleep(limit).await;
            return Err(error(SendErrorKind::Timeout, "no answer came in time"));
        }
        tokio::time::sleep(answer.delay.0).await;
        match answer.fault {
            Some(Fault::Connect) => Err(error(SendErrorKind::Connect, "connection refused")),
            Some(Fault::Abort) => Err(error(SendErrorKind::Aborted, "the connection broke")),
            Some(Fault::Timeout) => Err(error(SendErrorKind::Timeout, "no answer came")),
            Some(Fault::BrokenBody) => Ok(stream(response, &answer, true)),
            None if !answer.chunks.is_empty() => Ok(stream(response, &answer, false)),
            None => Ok(response.map(Body::full)),
        }
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body in pieces, with their time between them; broken at its end, if need be.
fn stream(response: Response<Bytes>, answer: &Answer, broken: bool) -> Response<Body> {
    let every = answer.every.0;
    let (head, body) = response.into_parts();
    let mut pieces: Vec<Result<Bytes, BoxError>> = vec![];
    if !body.is_empty() {
        pieces.push(Ok(body));
    }
    pieces.extend(answer.chunks.iter().map(|chunk| Ok(chunk.clone().into())));
    if broken {
        pieces.push(Err("the connection broke".into()));
    }
    let frames =
        futures_util::stream::iter(pieces)
            .enumerate()
            .then(move |(index, piece)| async move {
                if index > 0 {
                    tokio::time::sleep(every).await;
                }
                piece.map(Frame::data)
            });
    Response::from_parts(head, Body::new(StreamBody::new(Box::pin(frames))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, fit) in [
            ("https://a.test/x", "https://a.test/x", true),
            ("https://a.test/x", "https://a.test/xy", false),
            ("https://a.test/*", "https://a.test/", true),
            ("*", "", true),
            ("https://*.test/*/x", "https://a.test/b/c/x", true),
            ("https://*.test/*/x", "https://a.test/x", false),
            ("*a*a*", "a", false),
            ("*a*a*", "aa", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
        }
    }
}
