//! What `quota` and `quota-by-key` share: fixed windows, the counters of calls and of bytes, and the refusal.

use std::ops::Range;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use smallvec::SmallVec;
use tollgate_engine::counters::retry_after_seconds;
use tollgate_engine::ports::{Count, CounterAnswer, CounterOp, Step, TICKS_PER_SECOND};
use tollgate_engine::{ElementReader, Exchange, Failure, Invalid};

/// How much may be used in a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Calls.
    pub(crate) calls: Option<u64>,
    /// Bytes of bodies, both ways.
    pub(crate) bytes: Option<u64>,
    pub(crate) period: Period,
}

/// How long a window is; zero stands for one that never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) u64);

/// The window that a request falls into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Its number, from the start.
    index: i64,
    /// When it ends, in ticks; never if there is none.
    end: Option<i64>,
}

/// One counter of a request.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub(crate) key: String,
    /// Where in the key that stands which the counters of one request have in common.
    group: Range<usize>,
    pub(crate) of: Of,
    limit: u64,
    period: Period,
    window: Window,
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Calls,
    Bytes,
}

impl Allowance {
    /// Reads `calls`, `bandwidth` and `renewal-period`, of which the last may be that of the element around it.
    pub(crate) fn load(e: &ElementReader<'_>, around: Option<Period>) -> Result<Self, Invalid> {
        let calls = e.optional_literal::<u64>("calls");
        let kilobytes = e.optional_literal::<u64>("bandwidth");
        let period = match (e.has("renewal-period"), around) {
            (false, Some(around)) => Ok(around),
            _ => Period::load(e),
        };
        let (calls, kilobytes) = (calls?, kilobytes?);
        if calls.is_none() && kilobytes.is_none() {
            let message = format!("`{}` needs `calls` or `bandwidth`", e.name());
            return Err(e.error("missing-attribute", e.name_span(), message));
        }
        Ok(Self {
            calls,
            bytes: kilobytes.map(|kilobytes| kilobytes.saturating_mul(1024)),
            period: period?,
        })
    }

    /// The counters for this key, of the window at `now` from `start` on (ticks). The first `group` bytes of the key are what
    /// all counters of one request have in common.
    pub(crate) fn counters(
        &self,
        key: &str,
        group: usize,
        now: i64,
        start: i64,
    ) -> impl Iterator<Item = Counter> + use<> {
        let window = self.period.window(now, start);
        let period = self.period;
        let counter = |of, name: &str, limit: Option<u64>| {
            limit.map(|limit| {
                let mut whole = format!("{name}\n{}\n{}\n", period.0, window.index);
                let from = whole.len();
                whole.push_str(key);
                Counter {
                    key: whole,
                    group: from..from.saturating_add(group),
                    of,
                    limit,
                    period,
                    window,
                }
            })
        };
        let calls = counter(Of::Calls, "calls", self.calls);
        let bytes = counter(Of::Bytes, "bytes", self.bytes);
        calls.into_iter().chain(bytes)
    }
}

impl Period {
    /// Whole seconds, or an ISO 8601 duration without months and years, as some documents have it.
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let text: tollgate_dotnet::Str = e.literal("renewal-period")?;
        let text = text.to_utf8();
        let seconds = match text.parse::<u64>() {
            Ok(seconds) => Some(seconds),
            Err(_) => iso_8601(&text),
        };
        // A window's length in ticks fits its type.
        let fits = |seconds: &u64| i64::try_from(*seconds).is_ok_and(|seconds| seconds < 1 << 36);
        seconds.filter(fits).map(Self).ok_or_else(|| {
            let message = format!("`renewal-period` must be a number of seconds, not `{text}`");
            e.error("wrong-type", e.attribute_span("renewal-period"), message)
        })
    }

    fn window(self, now: i64, start: i64) -> Window {
        let length = i64::try_from(self.0).unwrap_or(i64::MAX);
        let length = length.saturating_mul(TICKS_PER_SECOND);
        if length == 0 {
            return Window {
                index: 0,
                end: None,
            };
        }
        let index = now.saturating_sub(start).div_euclid(length);
        let end = index.saturating_add(1).saturating_mul(length);
        Window {
            index,
            end: Some(start.saturating_add(end)),
        }
    }

    fn duration(self) -> Duration {
        match self.0 {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        }
    }
}

/// The seconds of `P30D`, `PT1H30M`, `P1W`.
fn iso_8601(text: &str) -> Option<u64> {
    let rest = text.strip_prefix(['P', 'p'])?;
    let (days, times) = match rest.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((days, times)) => (days, times),
        None => (rest, ""),
    };
    let units = |text: &str, units: &[(char, u64)]| -> Option<u64> {
        let (mut total, mut number, mut left) = (0_u64, String::new(), units.iter());
        for c in text.chars().map(|c| c.to_ascii_uppercase()) {
            if c.is_ascii_digit() {
                number.push(c);
                continue;
            }
            // Each unit once, the long ones first.
            let (_, seconds) = left.find(|(unit, _)| *unit == c)?;
            let count: u64 = std::mem::take(&mut number).parse().ok()?;
            total = total.checked_add(count.checked_mul(*seconds)?)?;
        }
        number.is_empty().then_some(total)
    };
    if rest.is_empty() {
        return None;
    }
    let days = units(days, &[('W', 604_800), ('D', 86_400)])?;
    let times = units(times, &[('H', 3600), ('M', 60), ('S', 1)])?;
    days.checked_add(times)
}

impl Counter {
    fn operation(&self, count: Count) -> CounterOp<'_> {
        CounterOp {
            group: self.key.get(self.group.clone()).unwrap_or(&self.key),
            key: &self.key,
            fixed: true,
            limit: self.limit,
            period: self.period.duration(),
            count,
        }
    }
}

/// Asks all counters together, and counts the calls if all of them allow it. `count` says what is counted, and how much
/// of what the counter has is this request's own already, which does not speak against it.
pub(crate) fn ask(
    exchange: &Exchange,
    counters: &[Counter],
    count: impl Fn(&Counter) -> (Count, u64),
) -> Step<CounterAnswer> {
    let operations: SmallVec<[CounterOp<'_>; 4]> = (counters.iter())
        .map(|counter| {
            let (count, own) = count(counter);
            let operation = counter.operation(count);
            CounterOp {
                limit: operation.limit.saturating_add(own),
                ..operation
            }
        })
        .collect();
    let ports = &exchange.context.ports;
    ports.counters.apply(ports.clock.now(), &operations)
}

/// Counts, allowed or not; a counter that cannot be had counts nothing.
pub(crate) fn add(exchange: &Exchange, counter: &Counter, count: u64) -> Step<()> {
    let ports = &exchange.context.ports;
    let operation = counter.operation(Count::Add(count));
    done(ports.counters.apply(ports.clock.now(), &[operation]))
}

/// Has the bytes of this exchange counted when they have gone through, if `counts` then says so.
pub(crate) fn add_bytes(
    exchange: &mut Exchange,
    counter: Counter,
    counts: impl FnOnce() -> bool + Send + 'static,
) {
    let ports = exchange.context.ports.clone();
    exchange.after_transfer(Box::new(move |transferred| {
        let bytes = transferred.request.saturating_add(transferred.response);
        if bytes == 0 || !counts() {
            return Step::Ready(());
        }
        let operation = counter.operation(Count::Add(bytes));
        done(ports.counters.apply(ports.clock.now(), &[operation]))
    }));
}

fn done(states: Step<CounterAnswer>) -> Step<()> {
    match states {
        Step::Ready(_) => Step::Ready(()),
        Step::Pending(states) => Step::Pending(Box::pin(async move { drop(states.await) })),
    }
}

/// Refuses the call if one of the counters does.
pub(crate) fn settle(
    exchange: &Exchange,
    counters: &[Counter],
    states: CounterAnswer,
) -> Result<(), Failure> {
    let states = states?;
    let refused: SmallVec<[&Counter; 4]> = (counters.iter().zip(&states))
        .filter(|(_, state)| !state.allowed)
        .map(|(counter, _)| counter)
        .collect();
    if states.len() < counters.len() {
        return Err(Failure::without_reason("A counter gave no answer."));
    }
    let Some(first) = refused.first() else {
        return Ok(());
    };
    let what = match first.of {
        Of::Calls => "Out of call volume quota.",
        Of::Bytes => "Out of bandwidth quota.",
    };
    // All of those that refuse must have begun anew.
    let ends = refused.iter().map(|counter| counter.window.end);
    let end = ends.collect::<Option<SmallVec<[i64; 4]>>>();
    let Some(end) = end.and_then(|ends| ends.into_iter().max()) else {
        return Err(refusal(what.to_owned()));
    };
    let left = end.saturating_sub(exchange.context.ports.clock.now());
    let left = Duration::from_nanos(u64::try_from(left).unwrap_or(0).saturating_mul(100));
    let seconds = retry_after_seconds(left);
    let message = format!(
        "{what} Quota will be replenished in {}.",
        time_span(seconds)
    );
    Err(refusal(message).with_header(header::RETRY_AFTER, HeaderValue::from(seconds)))
}

fn refusal(message: String) -> Failure {
    Failure::new("QuotaExceeded", message.clone()).respond(StatusCode::FORBIDDEN, message)
}

/// Seconds as .NET writes a `TimeSpan`: `[d.]hh:mm:ss`.
fn time_span(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = match days {
        0 => String::new(),
        days => format!("{days}."),
    };
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{days}{hours:02}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds() {
        for (text, seconds) in [
            ("P30D", Some(2_592_000)),
            ("PT1H30M", Some(5400)),
            ("p1wT1s", Some(604_801)),
            ("P", None),
            ("PT", None),
            ("P1DT", None),
            ("P1M", None),
            ("P1", None),
            ("PT1M1H", None),
            ("30", None),
            ("P99999999999999999999D", None),
            ("P-1D", None),
        ] {
            assert_eq!(iso_8601(text), seconds, "{text}");
        }
    }

    #[test]
    fn windows_are_fixed() {
        let second = TICKS_PER_SECOND;
        let window = |now: i64, start: i64| {
            let window = Period(300).window(now * second, start * second);
            (window.index, window.end.map(|end| end / second))
        };
        assert_eq!(window(0, 0), (0, Some(300)));
        assert_eq!(window(299, 0), (0, Some(300)));
        assert_eq!(window(300, 0), (1, Some(600)));
        assert_eq!(window(650, 100), (1, Some(700)));
        assert_eq!(window(50, 100), (-1, Some(100)));
        assert_eq!(Period(0).window(7, 1).end, None);
    }

    #[test]
    fn time_spans_are_written_as_dotnet_does() {
        for (seconds, text) in [
            (1, "00:00:01"),
            (86_399, "23:59:59"),
            (86_400, "1.00:00:00"),
            (1_763_935, "20.09:58:55"),
        ] {
            assert_eq!(time_span(seconds), text);
        }
    }
}
