//! Custom metrics through the `metrics` crate.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;
use metrics::{Label, histogram};
use tollgate_engine::ports::{Event, EventSink};

/// Hands the observations of `emit-metric` and its like to the recorder of the `metrics` crate, as histograms: the
/// metric's name as it is, its dimensions and its `namespace` as labels. All other events go on to another sink.
///
/// A recorder keeps every set of labels it has seen, and dimensions may come from requests. So only so many sets are
/// recorded as they are; further ones are recorded with `other` in place of their dimensions' values.
pub struct MetricsEvents {
    next: Arc<dyn EventSink>,
    series: Mutex<HashSet<u64, RandomState>>,
    hasher: RandomState,
    most: usize,
}

impl std::fmt::Debug for MetricsEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsEvents")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl MetricsEvents {
    /// Hands on all other events to `next`; 10,000 sets of labels are recorded as they are.
    pub fn new(next: impl EventSink + 'static) -> Self {
        Self::with_limit(Arc::new(next), 10_000)
    }

    /// As [`new`](Self::new), with another number of sets.
    pub fn with_limit(next: Arc<dyn EventSink>, most: usize) -> Self {
        Self {
            next,
            series: Mutex::default(),
            hasher: RandomState::default(),
            most,
        }
    }

    /// Whether one more set of labels is recorded as it is.
    fn is_known(&self, name: &str, labels: &[Label]) -> bool {
        let labels: Vec<_> = labels.iter().map(|one| (one.key(), one.value())).collect();
        let hash = self.hasher.hash_one((name, labels));
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        series.contains(&hash) || series.len() < self.most && series.insert(hash)
    }
}

impl EventSink for MetricsEvents {
    fn emit(&self, event: Event) {
        let Event::Metric {
            name,
            namespace,
            value,
            dimensions,
        } = event
        else {
            return self.next.emit(event);
        };
        let name = name.to_utf8().into_owned();
        let dimension = |(name, value): &(tollgate_dotnet::Str, tollgate_dotnet::Str)| {
            Label::new(name.to_utf8().into_owned(), value.to_utf8().into_owned())
        };
        let mut labels: Vec<Label> = dimensions.iter().map(dimension).collect();
        labels.push(Label::new("namespace", namespace.to_utf8().into_owned()));
        if !self.is_known(&name, &labels) {
            labels = (dimensions.iter())
                .map(|(name, _)| Label::new(name.to_utf8().into_owned(), "other"))
                .collect();
            labels.push(Label::new("namespace", namespace.to_utf8().into_owned()));
        }
        histogram!(name, labels).record(value);
    }
}
