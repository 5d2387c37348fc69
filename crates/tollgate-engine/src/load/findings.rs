//! Collects the diagnostics of one load.

use std::cell::RefCell;
use std::collections::HashSet;

use tollgate_syntax::{Diagnostic, Sources, Span};

use super::named_values::NamedValues;

/// More findings than these help nobody, and a hostile file could make millions.
const LIMIT: usize = 1000;
/// Secrets of this many bytes do not occur by chance.
const LONG_SECRET: usize = 6;

/// The diagnostics of one load, each once: a fragment that is included twice is wrong only once.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    inner: RefCell<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    list: Vec<Diagnostic>,
    seen: HashSet<(String, Span, String)>,
}

impl Findings {
    pub(crate) fn push(&self, finding: Diagnostic) {
        let mut inner = self.inner.borrow_mut();
        if inner.list.len() >= LIMIT {
            return;
        }
        let key = (
            finding.code.to_string(),
            finding.span,
            finding.message.clone(),
        );
        if inner.seen.insert(key) {
            inner.list.push(finding);
        }
    }

    pub(crate) fn extend(&self, findings: impl IntoIterator<Item = Diagnostic>) {
        for finding in findings {
            self.push(finding);
        }
    }

    /// All of them by file and place, without secrets.
    ///
    /// A short secret is masked only where it was put in: elsewhere the mask would spoil words, and betray it.
    pub(crate) fn finish(
        self,
        named_values: &NamedValues<'_>,
        sources: &Sources,
    ) -> Vec<Diagnostic> {
        let secrets = named_values.secrets();
        let long: Vec<&str> = (secrets.iter().copied())
            .filter(|secret| secret.len() >= LONG_SECRET)
            .collect();
        let mut list: Vec<Diagnostic> = (self.inner.into_inner().list.into_iter())
            .map(
                |finding| match named_values.has_secret(sources.text(finding.span)) {
                    true => finding.redact(&secrets),
                    false => finding.redact(&long),
                },
            )
            .collect();
        list.sort_by_key(|finding| finding.span);
        list
    }
}
