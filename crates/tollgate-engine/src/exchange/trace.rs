//! What happened to a request, step by step, when somebody asked for it.

use serde::Serialize;
use serde_json::Value as Json;

/// The trace of one exchange. Only there when tracing is on.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Trace {
    /// The entries in their order.
    pub entries: Vec<TraceEntry>,
    #[serde(skip)]
    secrets: Vec<String>,
    #[serde(skip)]
    unseen: bool,
}

/// One step. Source: api-management-howto-api-inspector.md.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceEntry {
    /// The policy, or the step of the gateway.
    pub source: String,
    /// The section it happened in; `None` before the first.
    pub section: Option<&'static str>,
    /// Ticks (100 ns) since the request arrived.
    pub elapsed: i64,
    /// What happened.
    pub data: Json,
}

impl Trace {
    /// An empty trace that shows none of these secrets.
    pub fn new(secrets: Vec<String>) -> Self {
        let mut trace = Self::default();
        trace.hide(secrets);
        trace
    }

    /// An empty trace of which `context.Tracing` says nothing: for tools that watch what policies do unwatched.
    pub fn unseen() -> Self {
        Self {
            unseen: true,
            ..Self::default()
        }
    }

    /// What `context.Tracing` says of it.
    pub fn is_seen(&self) -> bool {
        !self.unseen
    }

    /// Has entries that are added from now on not show these secrets.
    pub(crate) fn hide(&mut self, secrets: impl IntoIterator<Item = String>) {
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        self.secrets.extend(secrets);
    }

    /// Adds an entry; secrets in it are masked.
    pub fn add(&mut self, mut entry: TraceEntry) {
        self.mask_text(&mut entry.source);
        self.mask(&mut entry.data);
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
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), "***");
            }
        }
    }
}
