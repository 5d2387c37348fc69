//! Time that passes when all wait for it, and not otherwise.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use tokio::time::Instant;
use tollgate::engine::BoxFuture;
use tollgate::ports::{Clock, UNIX_EPOCH_TICKS};

/// The clock of a world: it shows the time of tokio's paused clock, which jumps to the next sleeper whenever nothing
/// else is left to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct PausedClock {
    /// What it showed at `since`, in .NET ticks.
    pub(super) start: i64,
    pub(super) since: Instant,
}

impl Clock for PausedClock {
    fn now(&self) -> i64 {
        let passed = self.since.elapsed().as_nanos() / 100;
        self.start
            .saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A length of time: `500ms`, `2s`, `1m 30s`, or a number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let read = match (&value, value.as_f64()) {
            (_, Some(seconds)) => Duration::try_from_secs_f64(seconds).ok(),
            (serde_json::Value::String(text), None) => text
                .parse::<jiff::SignedDuration>()
                .ok()
                .and_then(|read| Duration::try_from(read).ok()),
            _ => None,
        };
        read.map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "{value} is no length of time, such as `500ms`, `2s` or `1m 30s`"
            ))
        })
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A length of time: `500ms`, `2s`, `1m 30s`, or a number of seconds.",
            "type": ["string", "number"],
        })
    }
}

/// A point in time, UTC: `2026-01-31T12:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub jiff::Timestamp);

impl Moment {
    /// In .NET ticks.
    pub fn ticks(self) -> i64 {
        // The years that a timestamp can have fit.
        let since = i64::try_from(self.0.as_nanosecond().div_euclid(100)).unwrap_or(i64::MAX);
        UNIX_EPOCH_TICKS.saturating_add(since)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| {
            D::Error::custom(format!(
                "`{text}` is no time, such as `2026-01-31T12:00:00Z`"
            ))
        })
    }
}

impl schemars::JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A point in time: `2026-01-31T12:00:00Z`.",
            "type": "string",
            "format": "date-time",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_and_points_of_time_are_read() {
        let span = |value| serde_json::from_value::<Span>(value).map(|span| span.0.as_millis());
        assert_eq!(span(json!("500ms")).unwrap(), 500);
        assert_eq!(span(json!("1m 30s")).unwrap(), 90_000);
        assert_eq!(span(json!(1.5)).unwrap(), 1500);
        for wrong in [json!("soon"), json!("-1s"), json!(-1), json!([])] {
            let error = span(wrong).unwrap_err().to_string();
            assert!(error.contains("no length of time"), "{error}");
        }
        let moment = |text: &str| serde_json::from_value::<Moment>(json!(text));
        let ticks = moment("1970-01-01T00:00:01Z").unwrap().ticks();
        assert_eq!(ticks, 621_355_968_010_000_000);
        assert!(moment("noon").is_err());
    }
}
