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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use std::collections::BTreeMap;

    use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder};
    use metrics::{SharedString, Unit};
    use tollgate_engine::ports::Partition;

    use super::*;
    use crate::LogEvents;

    /// Sums by name and labels.
    #[derive(Clone, Default)]
    struct Sums(Arc<Mutex<BTreeMap<String, f64>>>);

    struct Sum(Sums, String);

    impl HistogramFn for Sum {
        fn record(&self, value: f64) {
            *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
        }
    }

    impl Recorder for Sums {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            panic!("there are only histograms")
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            panic!("there are only histograms")
        }
        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            let labels = key
                .labels()
                .map(|one| format!("{}={}", one.key(), one.value()));
            let labels: Vec<_> = labels.collect();
            let name = format!("{} {}", key.name(), labels.join(","));
            Histogram::from_arc(Arc::new(Sum(self.clone(), name)))
        }
    }

    fn observe(events: &MetricsEvents, tenant: &str, value: f64) {
        events.emit(Event::Metric {
            name: "calls".into(),
            namespace: "mine".into(),
            value,
            dimensions: vec![("tenant".into(), tenant.into())],
        });
    }

    #[test]
    fn observations_are_recorded_with_their_labels_but_not_without_end() {
        let sums = Sums::default();
        metrics::with_local_recorder(&sums, || {
            let events = MetricsEvents::with_limit(Arc::new(LogEvents), 2);
            for (tenant, value) in [("a", 1.0), ("b", 2.0), ("c", 4.0), ("d", 8.0), ("a", 16.0)] {
                observe(&events, tenant, value);
            }
            events.emit(Event::EventHub {
                logger: "l".into(),
                partition: Partition::Any,
                body: "x".into(),
            });
        });
        let sums = sums.0.lock().unwrap();
        let sums: Vec<_> = sums
            .iter()
            .map(|(name, sum)| (name.as_str(), *sum))
            .collect();
        assert_eq!(
            sums,
            [
                ("calls tenant=a,namespace=mine", 17.0),
                ("calls tenant=b,namespace=mine", 2.0),
                ("calls tenant=other,namespace=mine", 12.0),
            ]
        );
    }
}
