//! The system's clock and randomness, and events that go to the log.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use tollgate_engine::ports::{Clock, Event, EventSink, Random, Severity, UNIX_EPOCH_TICKS};

/// The system's clock. Waiting needs a tokio runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        // A clock before 1970 counts as 1970.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UNIX_EPOCH_TICKS.saturating_add(i64::try_from(since.as_nanos() / 100).unwrap_or(i64::MAX))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The thread's own generator, seeded by the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next_u64(&self) -> u64 {
        rand::random()
    }
}

/// Hands events to `tracing`, under the target `tollgate::policy`: messages of `trace`, custom metrics (as debug
/// messages), and that a message was for an event hub which the gateway does not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogEvents;

impl EventSink for LogEvents {
    fn emit(&self, event: Event) {
        match event {
            Event::Trace {
                source,
                severity,
                message,
                metadata,
                ..
            } => match severity {
                Severity::Verbose => {
                    tracing::debug!(target: "tollgate::policy", ?source, ?message, ?metadata)
                }
                Severity::Information => {
                    tracing::info!(target: "tollgate::policy", ?source, ?message, ?metadata)
                }
                Severity::Error => {
                    tracing::error!(target: "tollgate::policy", ?source, ?message, ?metadata)
                }
            },
            Event::Metric {
                name,
                namespace,
                value,
                dimensions,
            } => {
                tracing::debug!(target: "tollgate::policy", ?name, ?namespace, value, ?dimensions, "metric")
            }
            Event::EventHub { logger, .. } => {
                tracing::warn!(target: "tollgate::policy", ?logger, "there is no event hub for this logger; its message is dropped")
            }
            _ => {}
        }
    }
}
