//! What policies report.

use std::sync::{Mutex, PoisonError};

use tollgate::ports::{Event, EventSink};

/// Remembers events.
#[derive(Debug, Default)]
pub(super) struct Events(Mutex<Vec<Event>>);

impl Events {
    /// Those that came so far; none are left.
    pub(super) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventSink for Events {
    fn emit(&self, event: Event) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(event);
    }
}
