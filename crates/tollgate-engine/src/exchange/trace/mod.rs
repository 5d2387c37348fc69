//! What happened to a request, step by step, when somebody asked for it.

mod recording;
mod visits;

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};
use tollgate_dotnet::{Str, Value};
use tollgate_syntax::Span;

use crate::block::Place;
use crate::policy::Flow;

pub use recording::TracePart;
pub(crate) use recording::{Recorded, Recording};
pub use visits::{Outcomes, Visits};

/// The trace of one exchange. Only there when tracing is on.
///
/// ```
/// use tollgate_engine::exchange::{Event, Trace, TraceEntry};
///
/// let mut trace = Trace::new(vec!["s3cr3t".to_owned()]);
/// trace.add(TraceEntry::message("set-header", "X-Key is s3cr3t"));
/// assert_eq!(trace.entries[0].data["message"], "X-Key is ***");
/// assert_eq!(trace.entries[0].event, Event::Message);
/// ```
#[derive(Debug, Clone, Default, Serialize)]
pub struct Trace {
    /// The entries in their order.
    pub entries: Vec<TraceEntry>,
    #[serde(skip)]
    state: Box<State>,
}

/// What a trace knows besides its entries.
#[derive(Debug, Clone)]
struct State {
    secrets: Vec<String>,
    unseen: bool,
    /// The policy that runs now.
    running: Option<Arc<Place>>,
    /// The policies that have begun and not ended, and when they began.
    open: Vec<(Arc<Place>, i64)>,
    visits: Visits,
    /// The expression that runs now.
    recording: Option<Recording>,
    /// The most bytes that entries may take, and how many of them are left.
    limit: usize,
    room: usize,
    is_cut: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            unseen: false,
            running: None,
            open: Vec::new(),
            visits: Visits::default(),
            recording: None,
            limit: Trace::DEFAULT_LIMIT,
            room: Trace::DEFAULT_LIMIT,
            is_cut: false,
        }
    }
}

/// One step. Source: api-management-howto-api-inspector.md.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceEntry {
    /// The policy, or the step of the gateway.
    pub source: String,
    /// The section it happened in; `None` before the first.
    pub section: Option<&'static str>,
    /// What kind of step it is.
    pub event: Event,
    /// The policy or the branch that it belongs to: scope, section, path, and span in the plan's sources. `None` for
    /// steps of the gateway.
    #[serde(skip)]
    pub place: Option<Arc<Place>>,
    /// Where exactly it happened, if that is known: the policy, the branch, the expression.
    #[serde(skip)]
    pub span: Option<Span>,
    /// Ticks (100 ns) since the request arrived.
    pub elapsed: i64,
    /// What happened.
    pub data: Json,
    /// What the parts of an expression were, those around others first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<TracePart>,
}

/// What kind of step an entry of a trace tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A policy or the gateway says something.
    Message,
    /// A policy begins.
    Entered,
    /// A policy has ended.
    Left {
        /// The ticks (100 ns) it took, what it waited for and what stands in it included.
        spent: i64,
        /// How the pipeline goes on; `None` after a failure.
        flow: Option<Flow>,
    },
    /// A branch is taken or not.
    Branch {
        /// Whether its policies run.
        taken: bool,
    },
    /// An expression was evaluated.
    Expression,
    /// A policy failed.
    Failed,
}

impl TraceEntry {
    /// A message of a policy or of a step of the gateway, without a place, at the time zero.
    pub fn message(source: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            section: None,
            event: Event::Message,
            place: None,
            span: None,
            elapsed: 0,
            data: json!({ "message": message.into() }),
            parts: Vec::new(),
        }
    }

    /// Where in its section it happened: `choose[1]/when[2]/set-header[1]`; empty for steps of the gateway.
    pub fn path(&self) -> &str {
        self.place.as_ref().map_or("", |place| &place.path)
    }

    /// How deep in its section it happened: 1 for a policy that stands directly in it, 0 for steps of the gateway.
    pub fn depth(&self) -> usize {
        let path = self.path();
        path.split_terminator('/').count()
    }
}

impl Trace {
    /// The most bytes that a trace's entries take, unless said otherwise.
    pub const DEFAULT_LIMIT: usize = 4 << 20;

    /// An empty trace that shows none of these secrets.
    pub fn new(secrets: Vec<String>) -> Self {
        let mut trace = Self::default();
        trace.hide(secrets);
        trace
    }

    /// An empty trace of which `context.Tracing` says nothing: for tools that watch what policies do unwatched.
    pub fn unseen() -> Self {
        let mut trace = Self::default();
        trace.state.unseen = true;
        trace
    }

    /// The same trace, which shows none of these secrets.
    pub(crate) fn hiding(mut self, secrets: impl IntoIterator<Item = String>) -> Self {
        self.hide(secrets);
        self
    }

    /// The same trace, which holds about so many bytes at most. Entries that do not fit are dropped, and the last one
    /// says so; [`visits`](Self::visits) goes on counting.
    #[must_use]
    pub fn with_limit(mut self, bytes: usize) -> Self {
        (self.state.limit, self.state.room) = (bytes, bytes);
        self
    }

    /// What `context.Tracing` says of it.
    pub fn is_seen(&self) -> bool {
        !self.state.unseen
    }

    /// Whether entries were dropped because it would have become too large.
    pub fn is_cut(&self) -> bool {
        self.state.is_cut
    }

    /// How often policies, branches and expressions ran, for coverage. Complete also when entries were dropped.
    pub fn visits(&self) -> &Visits {
        &self.state.visits
    }

    /// Has entries that are added from now on not show these secrets.
    pub(crate) fn hide(&mut self, secrets: impl IntoIterator<Item = String>) {
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        self.state.secrets.extend(secrets);
    }

    /// The policy that runs now.
    pub(crate) fn running(&self) -> Option<&Arc<Place>> {
        self.state.running.as_ref()
    }

    /// Notes which policy runs from now on; gives the one that ran.
    pub(crate) fn run(&mut self, place: Option<Arc<Place>>) -> Option<Arc<Place>> {
        std::mem::replace(&mut self.state.running, place)
    }

    /// Notes that a policy begins.
    pub(crate) fn open(&mut self, place: &Arc<Place>, now: i64) {
        self.state.visits.add(place.span);
        self.state.open.push((Arc::clone(place), now));
    }

    /// Notes that a policy has ended; gives when it began, if it had.
    pub(crate) fn close(&mut self, place: &Arc<Place>) -> Option<i64> {
        let open = &mut self.state.open;
        let index = open
            .iter()
            .rposition(|(other, _)| Arc::ptr_eq(other, place))?;
        Some(open.remove(index).1)
    }

    /// Counts a branch that is taken.
    pub(crate) fn visit(&mut self, place: &Place) {
        self.state.visits.add(place.span);
    }

    /// Begins to take down the parts of an expression.
    pub(crate) fn begin(&mut self, recording: Recording) {
        self.state.recording = Some(recording);
    }

    /// What was taken down since.
    pub(crate) fn end(&mut self) -> Option<Recording> {
        self.state.recording.take()
    }

    /// Takes down the value of a part.
    pub(crate) fn record(&mut self, program: u64, part: u32, value: &Value, text: Option<Str>) {
        let Some(mut recording) = self.state.recording.take() else {
            return;
        };
        recording.add(program, part, value, text, self);
        self.state.recording = Some(recording);
    }

    /// Counts how an expression came out.
    pub(crate) fn count(&mut self, span: Span, outcomes: Vec<Outcomes>) {
        self.state.visits.evaluated(span, outcomes);
    }

    /// The beginning of a text, at most so many bytes of it, secrets masked before it is cut; whether there were any.
    pub(crate) fn shown(&self, text: &str, most: usize) -> (String, bool) {
        let secrets = &self.state.secrets;
        let longest = secrets.iter().map(String::len).max().unwrap_or(0);
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        // A secret that is cut in two would not be found.
        let end = boundary(text, most.saturating_add(longest));
        let (mut shown, mut is_masked, mut at) = (String::new(), false, 0);
        while at < end.min(most) {
            let rest = part(at, end);
            let places = secrets.iter().filter_map(|secret| {
                let place = rest.find(secret.as_str())?;
                Some((place, std::cmp::Reverse(secret.len())))
            });
            match places.min().filter(|(place, _)| at + place < most) {
                Some((place, std::cmp::Reverse(length))) => {
                    shown.push_str(part(at, at + place));
                    shown.push_str("***");
                    is_masked = true;
                    at += place + length;
                }
                None => {
                    let last = boundary(text, most);
                    shown.push_str(part(at, last));
                    at = last;
                    break;
                }
            }
        }
        if at < text.len() {
            shown.push('…');
        }
        (shown, is_masked)
    }

    /// Adds an entry; secrets in it are masked.
    pub fn add(&mut self, mut entry: TraceEntry) {
        if self.state.is_cut {
            return;
        }
        self.mask_text(&mut entry.source);
        self.mask(&mut entry.data);
        for part in &mut entry.parts {
            self.mask_text(&mut part.expression);
        }
        let parts = entry.parts.iter().map(TracePart::size).sum::<usize>();
        let size = ENTRY_BYTES + entry.source.len() + size_of_json(&entry.data) + parts;
        match self.state.room.checked_sub(size) {
            Some(room) => self.state.room = room,
            None => {
                self.state.is_cut = true;
                let message = format!(
                    "The trace was cut here: it is longer than {} bytes.",
                    self.state.limit
                );
                entry = TraceEntry {
                    elapsed: entry.elapsed,
                    section: entry.section,
                    ..TraceEntry::message("gateway", message)
                };
            }
        }
        self.entries.push(entry);
    }

    fn mask(&self, data: &mut Json) {
        match data {
            Json::String(text) => self.mask_text(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Json::Object(fields) => fields.values_mut().for_each(|field| self.mask(field)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn mask_text(&self, text: &mut String) {
        for secret in &self.state.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), "***");
            }
        }
    }
}

/// The last boundary between characters that is not behind this byte.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    let mut places = (0..=at).rev();
    places.find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// About what an entry takes besides its texts.
const ENTRY_BYTES: usize = 200;

/// About how many bytes a JSON value takes.
fn size_of_json(data: &Json) -> usize {
    let own = size_of::<Json>();
    own + match data {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(size_of_json).sum(),
        Json::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| name.len() + own + size_of_json(value))
                .sum()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_before_texts_are_cut() {
        let trace = Trace::new(vec!["hush".to_owned(), "hush-hush".to_owned()]);
        let shown = |text: &str, most| trace.shown(text, most);
        assert_eq!(shown("a hush-hush b", 20), ("a *** b".to_owned(), true));
        assert_eq!(shown("a hush b", 3), ("a ***…".to_owned(), true));
        assert_eq!(shown("a hush", 2), ("a …".to_owned(), false));
        assert_eq!(shown("aäb", 2), ("a…".to_owned(), false));
        assert_eq!(shown("", 2), (String::new(), false));
    }

    #[test]
    fn a_long_trace_is_cut_and_says_so() {
        let mut trace = Trace::new(Vec::new()).with_limit(1_000);
        for _ in 0..100 {
            trace.add(TraceEntry::message("policy", "x".repeat(100)));
        }
        assert!(trace.is_cut());
        assert!(trace.entries.len() < 5, "{}", trace.entries.len());
        let last = trace
            .entries
            .last()
            .and_then(|entry| entry.data.get("message"));
        assert_eq!(
            last,
            Some(&json!(
                "The trace was cut here: it is longer than 1000 bytes."
            ))
        );
    }
}
