//! Collects the diagnostics of one file, up to a limit.

use crate::{Diagnostic, FileId};

use super::MAX_DIAGNOSTICS;

/// The diagnostics of one file.
#[derive(Debug)]
pub(super) struct Findings {
    file: FileId,
    found: Vec<Diagnostic>,
}

impl Findings {
    pub(super) fn new(file: FileId) -> Self {
        Self {
            file,
            found: Vec::new(),
        }
    }

    /// The file they are about.
    pub(super) fn file(&self) -> FileId {
        self.file
    }

    /// Adds one, unless there are enough.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if !self.is_full() {
            self.found.push(diagnostic);
        }
    }

    /// Whether there are enough, so that looking for more is of no use.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= MAX_DIAGNOSTICS
    }

    /// All of them, in the order of the file.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.found
            .sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        self.found
    }
}
