//! Collects the diagnostics of one load.

use std::cell::RefCell;
use std::collections::HashSet;

use tollgate_syntax::{Diagnostic, Span};

/// More findings than these help nobody, and a hostile file could make millions.
const LIMIT: usize = 1000;

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

    /// All of them by file and place, without the secrets.
    pub(crate) fn finish<S: AsRef<str>>(self, secrets: &[S]) -> Vec<Diagnostic> {
        let mut list: Vec<Diagnostic> = (self.inner.into_inner().list.into_iter())
            .map(|finding| finding.redact(secrets))
            .collect();
        list.sort_by_key(|finding| finding.span);
        list
    }
}
