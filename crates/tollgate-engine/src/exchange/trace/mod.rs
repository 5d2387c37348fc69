//! What happened to a request, step by step, when somebody asked for it.

mod apim;
mod changes;
mod masking;
mod names;
mod recording;
mod request;
mod tree;
mod visits;

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};
use tollgate_dotnet::{Str, Value};
use tollgate_syntax::{Sources, Span};

use crate::block::Place;
use crate::plan::Plan;
use crate::policy::Flow;

use changes::Snapshot;
pub use changes::{Change, Changed};
pub(crate) use changes::{Messages, SHORTEST_CREDENTIAL, secrets_of_header};
use masking::Secrets;
pub(crate) use names::{is_secret as is_secret_name, reads_secret};
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
#[derive(Clone)]
struct State {
    secrets: Secrets,
    unseen: bool,
    /// What the request runs through, and when it came; none of a trace that no gateway began.
    request: Option<Traced>,
    /// What the running policy began with.
    snapshot: Option<Box<Snapshot>>,
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

/// Which request a trace is of.
#[derive(Clone)]
struct Traced {
    plan: Arc<Plan>,
    id: [u8; 16],
    /// .NET ticks, UTC.
    began: i64,
    /// Whether the trace told which API it is.
    is_routed: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            secrets: Secrets::default(),
            unseen: false,
            request: None,
            snapshot: None,
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
    /// What is different from before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
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
    /// A policy changed something, or the gateway did.
    Changed,
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
            changes: Vec::new(),
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

    /// The same trace, of this request: an embedder may have set a smaller limit than the gateway's own.
    pub(crate) fn of(mut self, plan: &Arc<Plan>, id: [u8; 16], began: i64, limit: usize) -> Self {
        self.state.request = Some(Traced {
            plan: Arc::clone(plan),
            id,
            began,
            is_routed: false,
        });
        let limit = limit.min(self.state.limit);
        self.with_limit(limit)
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
        for secret in secrets {
            self.state.secrets.add(secret);
        }
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
    pub(crate) fn shown(&mut self, text: &str, most: usize) -> (String, bool) {
        self.state.secrets.shown(text, most)
    }

    /// Has a text be masked from now on, if it is long enough to tell.
    pub(crate) fn learn(&mut self, secret: &str) {
        self.state.secrets.learn(secret);
    }

    /// Adds an entry; secrets in it are masked.
    pub fn add(&mut self, mut entry: TraceEntry) {
        if self.state.is_cut {
            return;
        }
        self.state.secrets.mask_entry(&mut entry);
        let parts = entry.parts.iter().map(TracePart::size).sum::<usize>();
        let changes = entry.changes.iter().map(Change::size).sum::<usize>();
        let size = ENTRY_BYTES + entry.source.len() + size_of_json(&entry.data) + parts + changes;
        match self.state.room.checked_sub(size) {
            Some(room) => self.state.room = room,
            None => {
                self.state.is_cut = true;
                let message = self.cut_message();
                entry = TraceEntry {
                    elapsed: entry.elapsed,
                    section: entry.section,
                    ..TraceEntry::message("gateway", message)
                };
            }
        }
        self.entries.push(entry);
    }
}

impl Trace {
    /// Masks once more what came before a secret was known.
    fn mask_all(&mut self) {
        for entry in &mut self.entries {
            self.state.secrets.mask_entry(entry);
        }
    }

    fn cut_message(&self) -> String {
        let limit = self.state.limit;
        format!("The trace was cut here: it is longer than {limit} bytes.")
    }

    /// The policy files that places are in.
    fn sources(&self) -> Option<&Sources> {
        Some(self.state.request.as_ref()?.plan.sources())
    }
}

impl Secrets {
    fn mask_entry(&self, entry: &mut TraceEntry) {
        self.mask_text(&mut entry.source, false);
        self.mask(&mut entry.data);
        for part in &mut entry.parts {
            self.mask_text(&mut part.expression, true);
            for value in &mut part.values {
                self.mask_text(value, false);
            }
        }
        for change in &mut entry.changes {
            for text in [&mut change.from, &mut change.to].into_iter().flatten() {
                self.mask_text(text, false);
            }
        }
    }
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
