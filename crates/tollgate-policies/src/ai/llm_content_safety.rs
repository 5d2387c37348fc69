//! `llm-content-safety`: has a content safety service look at prompts and answers.
//!
//! ```xml
//! <llm-content-safety backend-id="safety" shield-prompt="true" enforce-on-completions="true">
//!     <categories output-type="EightSeverityLevels">
//!         <category name="Hate" threshold="4" />
//!     </categories>
//!     <blocklists><id>words</id></blocklists>
//! </llm-content-safety>
//! ```
//!
//! In inbound it is what the request says, all of it; with `enforce-on-completions` the answer too. In outbound it is the
//! answer, in windows of `window-size` characters (10,000 unless given) of which each takes up the last
//! `window-overlap-size` of the one before. Categories and blocklists are asked by
//! `POST {backend URL}/contentsafety/text:analyze`, the shield, only for requests, by `…/text:shieldPrompt`, with the
//! backend's credentials, or else with a token of the system-assigned identity; 30 seconds at most. What has a category at
//! its `threshold` (0 to 7) or beyond, is on a blocklist, or is an attack, is refused: 403 and
//! `{ "statusCode": 403, "message": "Request failed content safety check." }`, `ContentSafetyCheckFailed`. So is what could
//! not be looked at: the service fails, says that the text is too long, or the answer is compressed in a way that is not known.
//!
//! Of an answer that streams, events are held back until the window that they are in has been looked at. When it is
//! refused, the stream ends there. Source: llm-content-safety-policy.md; on reasons and on what is no JSON it is silent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::header::ACCEPT_ENCODING;
use http::{HeaderValue, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Value as Json, json};
use tollgate_dotnet::{Machine, Str, Value};
use tollgate_engine::exchange::{BackendWatch, BoxError};
use tollgate_engine::ports::{IdentityRequest, Ports};
use tollgate_engine::{
    Body, BoxFuture, Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Plan,
    Policy, PolicyKind, Reads, Response, Scopes, Section, Sections, Setting, element, optional,
    required,
};

use super::COGNITIVE_SERVICES;
use super::events::{Events, is_stream};
use super::prompt::Prompt;
use super::usage::said;
use crate::routing::backends::OwnCall;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "llm-content-safety",
    sections: Sections::INBOUND.or(Sections::OUTBOUND),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("backend-id").about("The content safety service."),
        optional("shield-prompt").about("Whether prompts are checked for attacks; false."),
        optional("enforce-on-completions").about("Whether answers are checked too; false."),
        optional("window-size").about("So many characters of an answer are checked at a time."),
        optional("window-overlap-size").about("How many of them are those of the one before."),
    ],
    children: Children::Elements(&[
        element("categories")
            .attributes(&[optional("output-type")
                .about("`FourSeverityLevels` (the default) or `EightSeverityLevels`.")])
            .children(Children::Elements(&[element("category")
                .many()
                .attributes(&[
                    required("name").about("`Hate`, `SelfHarm`, `Sexual` or `Violence`."),
                    required("threshold").about("From where on it is refused: 0 to 7."),
                ])])),
        element("blocklists").children(Children::Elements(&[element("id")
            .many()
            .children(Children::Text)])),
    ]),
    load: |e| Ok(Box::new(ContentSafety::load(e)?)),
};

const TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_WINDOW: u32 = 10_000;
const API_VERSION: &str = "2024-09-01";

#[derive(Debug)]
struct ContentSafety {
    backend: Setting<Str>,
    shield: Setting<bool>,
    enforce_on_completions: Setting<bool>,
    window: Setting<u32>,
    overlap: Setting<u32>,
    output_type: Setting<OutputType>,
    categories: Vec<(Setting<Category>, Setting<Threshold>)>,
    blocklists: Vec<Setting<Str>>,
    section: Section,
}

/// A value out of a few names.
macro_rules! names {
    ($(#[$doc:meta])* $type:ident: $expected:literal, $($name:literal)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        struct $type(&'static str);

        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;

            fn from_literal(text: &str) -> Option<Self> {
                let mut all = [$($name),*].into_iter();
                all.find(|name| name.eq_ignore_ascii_case(text)).map(Self)
            }
        }
    };
}

names! {
    /// How fine severities are told.
    OutputType: "`FourSeverityLevels` or `EightSeverityLevels`", "FourSeverityLevels" "EightSeverityLevels"
}
names! {
    /// What is harmful.
    Category: "`Hate`, `SelfHarm`, `Sexual` or `Violence`", "Hate" "SelfHarm" "Sexual" "Violence"
}

/// A severity.
#[derive(Debug, Clone, Copy)]
struct Threshold(u32);

impl FromValue for Threshold {
    const EXPECTED: &'static str = "a whole number from 0 to 7";

    fn from_literal(text: &str) -> Option<Self> {
        text.parse().ok().filter(|level| *level <= 7).map(Self)
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        let level = u32::from_value(value, machine)?;
        (level <= 7).then_some(Self(level))
    }

    fn accepts(ty: &tollgate_dotnet::Type) -> bool {
        u32::accepts(ty)
    }
}

/// What is asked about the texts of one exchange; needs it no more.
struct Check {
    plan: Arc<Plan>,
    ports: Arc<Ports>,
    backend: String,
    shield: bool,
    window: usize,
    overlap: usize,
    output_type: OutputType,
    categories: Vec<(Category, Threshold)>,
    blocklists: Vec<String>,
}

/// The elements of this name in an element that may be missing.
fn children<'e>(parent: Option<ElementReader<'e>>, name: &str) -> Vec<ElementReader<'e>> {
    let all = parent.into_iter().flat_map(|parent| parent.children());
    all.filter(|child| child.name() == name).collect()
}

impl ContentSafety {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let backend = e.setting("backend-id");
        let shield = e.optional_setting("shield-prompt");
        let enforce = e.optional_setting("enforce-on-completions");
        let window = e.optional_setting("window-size");
        let overlap = e.optional_setting("window-overlap-size");
        let categories = e.child("categories");
        let output_type = categories
            .as_ref()
            .map(|all| all.optional_setting("output-type"));
        let levels: Vec<_> = (children(categories, "category").iter())
            .map(|one| {
                let (name, threshold) = (one.setting("name"), one.setting("threshold"));
                Ok((name?, threshold?))
            })
            .collect();
        let blocklists: Vec<_> = (children(e.child("blocklists"), "id").iter())
            .map(ElementReader::text_setting)
            .collect();
        let window = window?.unwrap_or(Setting::Literal(DEFAULT_WINDOW));
        let overlap = overlap?.unwrap_or(Setting::Literal(0));
        if let (Some(window), Some(overlap)) = (window.literal(), overlap.literal())
            && window <= overlap
        {
            let message = "`window-overlap-size` must be less than `window-size`";
            return Err(e.error("wrong-value", e.name_span(), message));
        }
        Ok(Self {
            backend: backend?,
            shield: shield?.unwrap_or(Setting::Literal(false)),
            enforce_on_completions: enforce?.unwrap_or(Setting::Literal(false)),
            window,
            overlap,
            output_type: (output_type.transpose()?.flatten())
                .unwrap_or(Setting::Literal(OutputType("FourSeverityLevels"))),
            categories: levels.into_iter().collect::<Result<_, _>>()?,
            blocklists: blocklists.into_iter().collect::<Result<_, _>>()?,
            section: e.section(),
        })
    }

    fn check(&self, exchange: &mut Exchange) -> Result<Check, Failure> {
        let size = |setting: &Setting<u32>, exchange: &mut Exchange| {
            let size = *setting.get(exchange)?;
            usize::try_from(size).map_err(|_| Failure::validation())
        };
        let (window, overlap) = (
            size(&self.window, exchange)?,
            size(&self.overlap, exchange)?,
        );
        if window <= overlap {
            return Err(Failure::validation());
        }
        let mut categories = Vec::with_capacity(self.categories.len());
        for (name, threshold) in &self.categories {
            categories.push((*name.get(exchange)?, *threshold.get(exchange)?));
        }
        let mut blocklists = Vec::with_capacity(self.blocklists.len());
        for id in &self.blocklists {
            blocklists.push(id.get(exchange)?.to_utf8().into_owned());
        }
        Ok(Check {
            backend: self.backend.get(exchange)?.to_utf8().into_owned(),
            shield: *self.shield.get(exchange)? && self.section == Section::Inbound,
            output_type: *self.output_type.get(exchange)?,
            plan: exchange.plan.clone(),
            ports: exchange.context.ports.clone(),
            window,
            overlap,
            categories,
            blocklists,
        })
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let check = Arc::new(self.check(exchange)?);
        if self.section == Section::Outbound {
            let response = &mut exchange.context.response;
            check.answer(response).await?;
            return Ok(Flow::Next);
        }
        let enforce = *self.enforce_on_completions.get(exchange)?;
        let request = &mut exchange.context.request;
        let body = request.body.bytes().cloned().unwrap_or_default();
        let prompt = Prompt::read(&body, &request.url.path.to_utf8());
        check.text(&prompt.text(), check.shield).await?;
        if enforce {
            let plain = HeaderValue::from_static("identity");
            request.headers.insert(ACCEPT_ENCODING, plain);
            exchange.watch_backend(Arc::new(Watch(check)));
        }
        Ok(Flow::Next)
    }
}

/// What is refused; why is for the log alone.
fn refusal(reason: &str) -> Failure {
    tracing::warn!(reason, "content was refused");
    const MESSAGE: &str = "Request failed content safety check.";
    Failure::new("ContentSafetyCheckFailed", MESSAGE)
        .with_source(KIND.name)
        .respond(StatusCode::FORBIDDEN, MESSAGE)
}

impl Check {
    /// Whether a text may pass; if not, it is refused.
    async fn text(&self, text: &str, shield: bool) -> Result<(), Failure> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let analyzes = !self.categories.is_empty() || !self.blocklists.is_empty();
        let analysis = async {
            match analyzes {
                true => self.analyze(text).await,
                false => Ok(()),
            }
        };
        let attack = async {
            match shield {
                true => self.shield(text).await,
                false => Ok(()),
            }
        };
        let (analysis, attack) = futures_util::future::join(analysis, attack).await;
        analysis.and(attack)
    }

    async fn analyze(&self, text: &str) -> Result<(), Failure> {
        let names: Vec<&str> = self.categories.iter().map(|(name, _)| name.0).collect();
        let mut question = serde_json::Map::new();
        question.insert("text".to_owned(), text.into());
        question.insert("outputType".to_owned(), self.output_type.0.into());
        if !names.is_empty() {
            question.insert("categories".to_owned(), names.into());
        }
        if !self.blocklists.is_empty() {
            let names = self.blocklists.clone();
            question.insert("blocklistNames".to_owned(), names.into());
        }
        let answer = self.ask("analyze", question.into()).await?;
        let blocked = answer.get("blocklistsMatch").and_then(Json::as_array);
        if blocked.is_some_and(|matches| !matches.is_empty()) {
            return Err(refusal("a blocklist"));
        }
        for (Category(name), Threshold(threshold)) in &self.categories {
            let analysis = answer.get("categoriesAnalysis").and_then(Json::as_array);
            let mut levels = analysis.into_iter().flatten();
            let level = levels
                .find(|level| level.get("category").and_then(Json::as_str) == Some(name))
                .and_then(|level| level.get("severity")?.as_u64());
            match level {
                Some(level) if level < u64::from(*threshold) => {}
                Some(_) => return Err(refusal(name)),
                None => return Err(refusal("the service does not tell a category")),
            }
        }
        Ok(())
    }

    async fn shield(&self, text: &str) -> Result<(), Failure> {
        let question = json!({"userPrompt": text, "documents": []});
        let answer = self.ask("shieldPrompt", question).await?;
        let attack = answer.pointer("/userPromptAnalysis/attackDetected");
        match attack.and_then(Json::as_bool) {
            Some(false) => Ok(()),
            Some(true) => Err(refusal("an attack")),
            None => Err(refusal("the service does not tell whether it is an attack")),
        }
    }

    async fn ask(&self, what: &str, question: Json) -> Result<Json, Failure> {
        let call = OwnCall {
            backend: &self.backend,
            path: &format!("/contentsafety/text:{what}?api-version={API_VERSION}"),
            body: question,
            identity: Some(IdentityRequest {
                resource: COGNITIVE_SERVICES,
                client_id: None,
            }),
            timeout: TIMEOUT,
        };
        let answer = call.send(&self.plan, &self.ports).await;
        answer.map_err(|failure| refusal(failure.message()))
    }

    /// A whole answer, window by window.
    async fn windows(&self, text: &str) -> Result<(), Failure> {
        let mut window = Window::default();
        window.add(text);
        while let Some(text) = window.take(self, true) {
            self.text(&text, false).await?;
        }
        Ok(())
    }

    /// The answer of a model; one that streams is looked at as it passes.
    async fn answer(self: &Arc<Self>, response: &mut Response) -> Result<(), Failure> {
        let limit = self.ports.limits.response_body;
        let taken = match is_stream(&response.headers) {
            true => usize::MAX,
            false => limit,
        };
        let decoded = response.decode(taken);
        decoded.map_err(|error| refusal(&error.to_string()))?;
        if is_stream(&response.headers) {
            let body = response.body.take();
            response.body = Guarded::new(Arc::clone(self), body).into_body();
            return Ok(());
        }
        let body = response.body.buffer(limit).await;
        let body = body.map_err(|error| refusal(&error.to_string()))?;
        match serde_json::from_slice::<Json>(&body) {
            Ok(json) => {
                let mut text = String::new();
                let parts = json
                    .as_array()
                    .map_or(std::slice::from_ref(&json), |parts| parts);
                parts.iter().for_each(|part| said(part, &mut text));
                self.windows(&text).await
            }
            Err(_) => self.windows(&String::from_utf8_lossy(&body)).await,
        }
    }
}

/// Looks at the answers of the backend.
struct Watch(Arc<Check>);

impl BackendWatch for Watch {
    fn answered<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.0.answer(&mut exchange.context.response))
    }
}

/// The text that waits to be looked at.
#[derive(Debug, Default)]
struct Window {
    text: Vec<char>,
    /// How many of its characters were looked at already.
    seen: usize,
    /// How many characters came in all.
    added: usize,
    /// How many of them were looked at.
    checked: usize,
}

impl Window {
    fn add(&mut self, text: &str) {
        let before = self.text.len();
        self.text.extend(text.chars());
        self.added += self.text.len() - before;
    }

    /// The next window, if it is full or all that is to come.
    fn take(&mut self, check: &Check, is_last: bool) -> Option<String> {
        let length = self.text.len().min(check.window);
        if length <= self.seen || (length < check.window && !is_last) {
            return None;
        }
        let window = self.text.iter().take(length).collect();
        self.checked += length - self.seen;
        let keep = check.overlap.min(length);
        self.text.drain(..length - keep);
        self.seen = keep;
        Some(window)
    }
}

/// A stream whose events are held back until they were looked at.
struct Guarded {
    check: Arc<Check>,
    body: Body,
    events: Events,
    window: Window,
    /// What waits.
    held: BytesMut,
    /// So many of its bytes may pass when so many characters were looked at.
    marks: VecDeque<(usize, usize)>,
    ended: bool,
}

impl Guarded {
    fn new(check: Arc<Check>, body: Body) -> Self {
        Self {
            check,
            body,
            events: Events::default(),
            window: Window::default(),
            held: BytesMut::new(),
            marks: VecDeque::new(),
            ended: false,
        }
    }

    fn into_body(self) -> Body {
        let frames = stream::unfold(self, |mut guarded| async move {
            let chunk = guarded.next().await?;
            Some((chunk.map(Frame::data), guarded))
        });
        Body::new(StreamBody::new(frames))
    }

    /// The next bytes that may pass; none if the stream has ended or is refused.
    async fn next(&mut self) -> Option<Result<Bytes, BoxError>> {
        while !self.ended {
            let window = &mut self.window;
            let mut text = String::new();
            let mut event = |data: &[u8]| match serde_json::from_slice::<Json>(data) {
                Ok(json) => said(&json, &mut text),
                Err(_) if data == b"[DONE]" => {}
                Err(_) => text.push_str(&String::from_utf8_lossy(data)),
            };
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    let Ok(chunk) = frame.into_data() else {
                        continue;
                    };
                    self.events.feed(&chunk, &mut event);
                    self.held.extend_from_slice(&chunk);
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => {
                    self.events.finish(&mut event);
                    self.ended = true;
                }
            }
            window.add(&text);
            let limit = self.check.ports.limits.response_body;
            if self.events.has_passed_over() || self.held.len() > limit {
                refusal("an event, or what stands in a window, is too long");
                self.ended = true;
                return None;
            }
            let whole = self.held.len().saturating_sub(self.events.open());
            self.marks.push_back((window.added, whole));
            while let Some(text) = window.take(&self.check, self.ended) {
                if self.check.text(&text, false).await.is_err() {
                    self.ended = true;
                    return None;
                }
            }
            let checked = self.window.checked;
            let passing = self.marks.iter().take_while(|(text, _)| *text <= checked);
            let count = passing.clone().count();
            let bytes = passing.last().map_or(0, |(_, bytes)| *bytes);
            self.marks.drain(..count);
            for (_, later) in &mut self.marks {
                *later = later.saturating_sub(bytes);
            }
            if bytes > 0 {
                return Some(Ok(self.held.split_to(bytes).freeze()));
            }
        }
        None
    }
}

impl Policy for ContentSafety {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    fn reads(&self) -> Reads {
        let body = match self.section {
            Section::Inbound => Reads::REQUEST,
            _ => Reads::NONE,
        };
        let own = [
            self.backend.reads(),
            self.shield.reads(),
            self.enforce_on_completions.reads(),
            self.window.reads(),
            self.overlap.reads(),
            self.output_type.reads(),
        ];
        let categories =
            (self.categories.iter()).map(|(name, threshold)| name.reads().or(threshold.reads()));
        let blocklists = self.blocklists.iter().map(Setting::reads);
        (own.into_iter().chain(categories))
            .chain(blocklists)
            .fold(body, Reads::or)
    }
}
