//! `llm-token-limit` and `azure-openai-token-limit`: so many tokens of language models for each value of a key.
//!
//! ```xml
//! <llm-token-limit counter-key="@(context.Subscription.Id)" tokens-per-minute="5000" estimate-prompt-tokens="true"
//!     token-quota="1000000" token-quota-period="Monthly" remaining-tokens-header-name="x-tokens-left" />
//! ```
//!
//! `tokens-per-minute`, or `token-quota` with `token-quota-period` (`Hourly`, `Daily`, `Weekly`, `Monthly`, `Yearly`), or
//! both. There is one counter of each for each key, whichever policy counts on it; one request counts on it once. The
//! minute slides; a quota's window begins with the hour, the day, the Monday, the month, the year, UTC.
//!
//! With `estimate-prompt-tokens` the prompt is estimated ([`Tokenizer`](tollgate_engine::ports::Tokenizer)) and reserved
//! before the request goes out; a request that would exceed the limit is refused. Without it a request is refused only if
//! nothing is left. The prompt of a request that asks for a stream is always estimated. When the response is known, what
//! was really used takes the place of the estimate: also beyond the limit, then others wait longer. How that is known, and
//! what counts when a call fails, is told in `consumption.rs`: a backend that refuses has used nothing; a client that
//! hangs up has used its prompt.
//!
//! | | |
//! |---|---|
//! | too many in a minute | 429, `Retry-After` (or `retry-after-header-name`), `{ "statusCode": 429, "message": "Token limit is exceeded. Try again in N seconds." }`, `TokenLimitExceeded` |
//! | quota used up | 403, `Retry-After`, `{ "statusCode": 403, "message": "Token quota is exceeded. Try again in 21 minutes and 33 seconds." }`, `TokenQuotaExceeded` |
//! | more than ever fits | the same without a time |
//!
//! Where both refuse, it is the quota's refusal. The headers of what remains are on every response, those of a stream as
//! it was when the stream began. `tokens-consumed-header-name` is on responses of the backend that do not stream.
//! `tokens-consumed-variable-name` holds what was reserved until the backend has answered, then what was used. Source:
//! llm-token-limit-policy.md, azure-openai-token-limit-policy.md; on strictness, on failing calls and on `Monday` they
//! are silent.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::tz::Offset;
use smallvec::SmallVec;
use tollgate_dotnet::Str;
use tollgate_engine::counters::retry_after_seconds;
use tollgate_engine::exchange::BackendWatch;
use tollgate_engine::ports::{
    Count, CounterAnswer, CounterOp, CounterState, CounterStates, Ports, Step, TICKS_PER_SECOND,
    UNIX_EPOCH_TICKS,
};
use tollgate_engine::{
    AttributeSpec, BoxFuture, Children, Deferred, ElementReader, Exchange, Failure, Flow,
    FromValue, Invalid, Policy, PolicyKind, Reads, Scopes, Sections, Setting, VariableName,
    optional, required,
};

use super::consumption::Consumption;
use crate::access::rate::{RETRY_AFTER_HEADER, RETRY_AFTER_VARIABLE, int};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "llm-token-limit",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("counter-key").about("What the tokens are counted by."),
        optional("tokens-per-minute").about("How many tokens are allowed in any minute."),
        optional("token-quota").about("How many tokens are allowed in a period."),
        optional("token-quota-period")
            .literal()
            .about("`Hourly`, `Daily`, `Weekly`, `Monthly` or `Yearly`."),
        optional("estimate-prompt-tokens")
            .about("Whether prompts are estimated before they go out."),
        RETRY_AFTER_HEADER,
        RETRY_AFTER_VARIABLE,
        REMAINING_HEADER,
        REMAINING_VARIABLE,
        REMAINING_QUOTA_HEADER,
        REMAINING_QUOTA_VARIABLE,
        CONSUMED_HEADER,
        CONSUMED_VARIABLE,
    ],
    children: Children::None,
    load: |e| Ok(Box::new(TokenLimit::load(e)?)),
};

/// The same under its older name.
pub const AZURE_OPENAI: PolicyKind = PolicyKind {
    name: "azure-openai-token-limit",
    ..KIND
};

const REMAINING_HEADER: AttributeSpec = optional("remaining-tokens-header-name")
    .literal()
    .about("A response header for what is left of the minute.");
const REMAINING_VARIABLE: AttributeSpec = optional("remaining-tokens-variable-name")
    .literal()
    .about("A variable for what is left of the minute.");
const REMAINING_QUOTA_HEADER: AttributeSpec = optional("remaining-quota-tokens-header-name")
    .literal()
    .about("A response header for what is left of the quota.");
const REMAINING_QUOTA_VARIABLE: AttributeSpec = optional("remaining-quota-tokens-variable-name")
    .literal()
    .about("A variable for what is left of the quota.");
const CONSUMED_HEADER: AttributeSpec = optional("tokens-consumed-header-name")
    .literal()
    .about("A response header for what the call has used.");
const CONSUMED_VARIABLE: AttributeSpec = optional("tokens-consumed-variable-name")
    .literal()
    .about("A variable for what the call has used.");

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct TokenLimit {
    key: Setting<Str>,
    per_minute: Option<Setting<u64>>,
    quota: Option<(Setting<u64>, Period)>,
    estimate: Setting<bool>,
    retry_after_header: HeaderName,
    retry_after_variable: Option<VariableName>,
    report: Arc<Report>,
}

/// Where the caller is told how much is left, and what was used.
#[derive(Debug)]
struct Report {
    remaining: Told,
    remaining_quota: Told,
    consumed: Told,
}

/// A header and a variable.
#[derive(Debug)]
struct Told {
    header: Option<HeaderName>,
    variable: Option<VariableName>,
}

/// How long the window of a quota is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A counter that this request counts on.
#[derive(Debug, Clone)]
struct Counter {
    of: Of,
    key: String,
    /// Where the value of `counter-key` begins in it.
    group: usize,
    limit: u64,
    period: Duration,
    /// What is left, after this request.
    remaining: u64,
    /// Whether it is here that the request is counted, and not in another policy.
    counts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Minute,
    /// With the end of its window, in ticks.
    Quota(i64),
}

type Counters = SmallVec<[Counter; 2]>;

/// The counters that this request has counted on. A request extension.
#[derive(Debug, Clone, Default)]
struct Counted(SmallVec<[Box<str>; 2]>);

impl FromValue for Period {
    const EXPECTED: &'static str = "`Hourly`, `Daily`, `Weekly`, `Monthly` or `Yearly`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("Hourly", Self::Hourly),
            ("Daily", Self::Daily),
            ("Weekly", Self::Weekly),
            ("Monthly", Self::Monthly),
            ("Yearly", Self::Yearly),
        ];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, period)| period)
    }
}

impl Period {
    /// The window that a time falls into: its begin and its end, in ticks.
    fn window(self, now: i64) -> Option<(i64, i64)> {
        const HOUR: i64 = 3600 * TICKS_PER_SECOND;
        let fixed = |length: i64| {
            // The year 1 began with a Monday.
            let start = now.div_euclid(length).saturating_mul(length);
            Some((start, start.saturating_add(length)))
        };
        match self {
            Self::Hourly => fixed(HOUR),
            Self::Daily => fixed(24 * HOUR),
            Self::Weekly => fixed(7 * 24 * HOUR),
            Self::Monthly | Self::Yearly => {
                let seconds = (now - UNIX_EPOCH_TICKS).div_euclid(TICKS_PER_SECOND);
                let now = jiff::Timestamp::from_second(seconds).ok()?;
                let today = Offset::UTC.to_datetime(now).date();
                let (start, length) = match self {
                    Self::Yearly => (today.first_of_year(), jiff::Span::new().years(1)),
                    _ => (today.first_of_month(), jiff::Span::new().months(1)),
                };
                let ticks = |date: jiff::civil::Date| {
                    let midnight = date.to_datetime(jiff::civil::Time::midnight());
                    let seconds = Offset::UTC.to_timestamp(midnight).ok()?.as_second();
                    seconds
                        .checked_mul(TICKS_PER_SECOND)?
                        .checked_add(UNIX_EPOCH_TICKS)
                };
                Some((ticks(start)?, ticks(start.checked_add(length).ok()?)?))
            }
        }
    }
}

impl Told {
    fn load(
        e: &ElementReader<'_>,
        header: &AttributeSpec,
        variable: &AttributeSpec,
    ) -> Result<Self, Invalid> {
        let (header, variable) = (
            e.optional_literal(header.name),
            e.optional_literal(variable.name),
        );
        Ok(Self {
            header: header?,
            variable: variable?,
        })
    }

    fn set_header(&self, exchange: &mut Exchange, count: u64) {
        if let Some(name) = &self.header {
            exchange.add_to_response(name.clone(), HeaderValue::from(count));
        }
    }

    fn set_variable(&self, exchange: &mut Exchange, count: u64) {
        if let Some(name) = &self.variable {
            exchange.context.variables.set(name, int(count));
        }
    }
}

impl TokenLimit {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let key = e.setting("counter-key");
        let per_minute = e.optional_setting("tokens-per-minute");
        let quota = e.optional_setting("token-quota");
        let period = e.optional_literal("token-quota-period");
        let estimate = e.optional_setting("estimate-prompt-tokens");
        let retry_after_header = e.optional_literal(RETRY_AFTER_HEADER.name);
        let retry_after_variable = e.optional_literal(RETRY_AFTER_VARIABLE.name);
        let remaining = Told::load(e, &REMAINING_HEADER, &REMAINING_VARIABLE);
        let remaining_quota = Told::load(e, &REMAINING_QUOTA_HEADER, &REMAINING_QUOTA_VARIABLE);
        let consumed = Told::load(e, &CONSUMED_HEADER, &CONSUMED_VARIABLE);
        let (per_minute, quota) = (per_minute?, quota?);
        let message = match (&per_minute, &quota, period?) {
            (None, None, None) => "needs `tokens-per-minute`, or `token-quota`",
            (_, Some(_), None) => "needs `token-quota-period` with `token-quota`",
            (_, None, Some(_)) => "needs `token-quota` with `token-quota-period`",
            (_, _, period) => {
                return Ok(Self {
                    key: key?,
                    per_minute,
                    quota: quota.zip(period),
                    estimate: estimate?.unwrap_or(Setting::Literal(false)),
                    retry_after_header: retry_after_header?.unwrap_or(header::RETRY_AFTER),
                    retry_after_variable: retry_after_variable?,
                    report: Arc::new(Report {
                        remaining: remaining?,
                        remaining_quota: remaining_quota?,
                        consumed: consumed?,
                    }),
                });
            }
        };
        let message = format!("`{}` {message}", e.name());
        Err(e.error("missing-attribute", e.name_span(), message))
    }

    /// The counters that apply to this request.
    fn counters(&self, exchange: &mut Exchange, now: i64) -> Result<Counters, Failure> {
        let key = self.key.get(exchange)?.into_owned();
        let mut counters = Counters::new();
        let counter = |of, window: String, limit, period| {
            let mut whole = format!("llm-token-limit\n{window}\n");
            let group = whole.len();
            whole.push_str(&key.to_utf8());
            Counter {
                of,
                key: whole,
                group,
                limit,
                period,
                remaining: 0,
                counts: true,
            }
        };
        if let Some(limit) = &self.per_minute {
            let limit = *limit.get(exchange)?;
            counters.push(counter(Of::Minute, "60".to_owned(), limit, MINUTE));
        }
        if let Some((limit, period)) = &self.quota {
            let limit = *limit.get(exchange)?;
            let (start, end) = period.window(now).ok_or_else(Failure::validation)?;
            let window = format!("{period:?} {start}");
            let length = span(end.saturating_sub(start));
            counters.push(counter(Of::Quota(end), window, limit, length));
        }
        let counted = exchange.context.request.extensions.get::<Counted>();
        if let Some(Counted(counted)) = counted {
            for counter in &mut counters {
                counter.counts = !counted.iter().any(|key| **key == *counter.key);
            }
        }
        Ok(counters)
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let now = exchange.context.ports.clock.now();
        let mut counters = self.counters(exchange, now)?;
        let estimates = *self.estimate.get(exchange)?;
        let consumption = Consumption::of(exchange).await;
        let reserved = match estimates || consumption.streams {
            true => consumption.estimate,
            false => 0,
        };
        let operations = counters.iter().map(|counter| match counter.counts {
            true => counter.operation(Count::Reserve(reserved)),
            false => CounterOp {
                limit: counter.limit.saturating_add(reserved),
                ..counter.operation(Count::Check)
            },
        });
        let states = apply(
            &exchange.context.ports,
            &operations.collect::<SmallVec<[_; 2]>>(),
        );
        let states = states.get().await?;
        for (counter, state) in counters.iter_mut().zip(&states) {
            counter.remaining = match counter.counts {
                true => state.remaining,
                false => state.remaining.saturating_sub(reserved),
            };
            let told = self.report.of(counter.of);
            told.set_variable(exchange, counter.remaining);
        }
        if let Some(failure) = self.refusal(exchange, &counters, &states, reserved, now) {
            for counter in &counters {
                let told = self.report.of(counter.of);
                told.set_header(exchange, counter.remaining);
            }
            return Err(failure);
        }
        self.report.consumed.set_variable(exchange, reserved);
        if self.report.consumed.variable.is_some() {
            exchange.watch_backend(Arc::new(TellConsumed {
                consumption: consumption.clone(),
                report: self.report.clone(),
            }));
        }
        let extensions = &mut exchange.context.request.extensions;
        let Counted(counted) = extensions.get_or_insert_default::<Counted>();
        counted.extend(counters.iter().map(|counter| counter.key.as_str().into()));
        exchange.defer(Box::new(Settle {
            consumption,
            counters,
            reserved,
            since: now,
            report: self.report.clone(),
        }));
        Ok(Flow::Next)
    }

    /// What the caller is told if one of the counters refuses.
    fn refusal(
        &self,
        exchange: &mut Exchange,
        counters: &Counters,
        states: &CounterStates,
        reserved: u64,
        now: i64,
    ) -> Option<Failure> {
        if states.len() < counters.len() {
            return Some(Failure::without_reason("A counter gave no answer."));
        }
        let refused = (counters.iter().zip(states)).rfind(|(_, state)| !state.allowed);
        let (counter, state): (&Counter, &CounterState) = refused?;
        let (reason, status, what, left) = match counter.of {
            Of::Minute => (
                "TokenLimitExceeded",
                StatusCode::TOO_MANY_REQUESTS,
                "Token limit is exceeded.",
                state.retry_after,
            ),
            Of::Quota(end) => (
                "TokenQuotaExceeded",
                StatusCode::FORBIDDEN,
                "Token quota is exceeded.",
                span(end.saturating_sub(now)),
            ),
        };
        if reserved > counter.limit || counter.limit == 0 {
            return Some(Failure::new(reason, what).respond(status, what));
        }
        let seconds = retry_after_seconds(left);
        if let Some(name) = &self.retry_after_variable {
            exchange.context.variables.set(name, int(seconds));
        }
        let time = match counter.of {
            Of::Minute => format!("{seconds} seconds"),
            Of::Quota(_) => in_words(seconds),
        };
        let message = format!("{what} Try again in {time}.");
        let failure = Failure::new(reason, message.clone()).respond(status, message);
        Some(failure.with_header(self.retry_after_header.clone(), HeaderValue::from(seconds)))
    }
}

impl Report {
    fn of(&self, counter: Of) -> &Told {
        match counter {
            Of::Minute => &self.remaining,
            Of::Quota(_) => &self.remaining_quota,
        }
    }
}

impl Counter {
    fn operation(&self, count: Count) -> CounterOp<'_> {
        CounterOp {
            group: self.key.get(self.group..).unwrap_or(&self.key),
            key: &self.key,
            fixed: matches!(self.of, Of::Quota(_)),
            limit: self.limit,
            period: self.period,
            count,
        }
    }
}

fn apply(ports: &Ports, operations: &[CounterOp<'_>]) -> Step<CounterAnswer> {
    ports.counters.apply(ports.clock.now(), operations)
}

/// Ticks as a duration; none if they are negative.
fn span(ticks: i64) -> Duration {
    Duration::from_nanos(u64::try_from(ticks).unwrap_or(0).saturating_mul(100))
}

/// Seconds as people say them: `21 minutes and 33 seconds`.
fn in_words(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "days"),
        (seconds / 3600 % 24, "hours"),
        (seconds / 60 % 60, "minutes"),
        (seconds % 60, "seconds"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => parts.concat(),
    }
}

impl Policy for TokenLimit {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    fn reads(&self) -> Reads {
        let limits = [
            self.per_minute.as_ref(),
            self.quota.as_ref().map(|(quota, _)| quota),
        ];
        let limits = limits.into_iter().flatten().map(Setting::reads);
        limits.fold(
            Reads::REQUEST
                .or(self.key.reads())
                .or(self.estimate.reads()),
            Reads::or,
        )
    }
}

/// Sets the variable of what was used when the backend has answered.
struct TellConsumed {
    consumption: Arc<Consumption>,
    report: Arc<Report>,
}

impl BackendWatch for TellConsumed {
    fn answered<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<(), Failure>> {
        if !self.consumption.is_streaming() {
            let used = self.consumption.tokens().total;
            self.report.consumed.set_variable(exchange, used);
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Counts what was really used when that is known.
struct Settle {
    consumption: Arc<Consumption>,
    counters: Counters,
    reserved: u64,
    /// When it was reserved, in ticks.
    since: i64,
    report: Arc<Report>,
}

impl Settle {
    fn count(&self, ports: &Ports) -> Step<()> {
        let used = self.consumption.tokens().total;
        let count = match used.checked_sub(self.reserved) {
            Some(0) => return Step::Ready(()),
            Some(more) => Count::Add(more),
            None => Count::Release {
                count: self.reserved - used,
                since: self.since,
            },
        };
        let counters = self.counters.iter().filter(|counter| counter.counts);
        let operations: SmallVec<[_; 2]> = counters.map(|one| one.operation(count)).collect();
        match apply(ports, &operations) {
            Step::Ready(_) => Step::Ready(()),
            Step::Pending(states) => Step::Pending(Box::pin(async move { drop(states.await) })),
        }
    }
}

impl Deferred for Settle {
    fn settle(self: Box<Self>, exchange: &mut Exchange) -> Result<Step<()>, Failure> {
        let streams = self.consumption.is_streaming();
        let used = match streams {
            true => self.reserved,
            false => self.consumption.tokens().total,
        };
        for counter in &self.counters {
            let before = counter.remaining.saturating_add(self.reserved);
            let remaining = before.saturating_sub(used).min(counter.limit);
            self.report.of(counter.of).set_header(exchange, remaining);
        }
        let ports = exchange.context.ports.clone();
        if streams {
            exchange.after_transfer(Box::new(move |_| self.count(&ports)));
            return Ok(Step::Ready(()));
        }
        if self.consumption.is_answered() {
            self.report.consumed.set_header(exchange, used);
        }
        Ok(self.count(&ports))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn windows_begin_with_the_calendar() {
        let ticks = |text: &str| {
            let time: jiff::Timestamp = text.parse().unwrap();
            time.as_second() * TICKS_PER_SECOND + UNIX_EPOCH_TICKS
        };
        // A Thursday.
        let now = ticks("2024-02-29T13:45:30Z");
        for (period, start, end) in [
            (
                Period::Hourly,
                "2024-02-29T13:00:00Z",
                "2024-02-29T14:00:00Z",
            ),
            (
                Period::Daily,
                "2024-02-29T00:00:00Z",
                "2024-03-01T00:00:00Z",
            ),
            (
                Period::Weekly,
                "2024-02-26T00:00:00Z",
                "2024-03-04T00:00:00Z",
            ),
            (
                Period::Monthly,
                "2024-02-01T00:00:00Z",
                "2024-03-01T00:00:00Z",
            ),
            (
                Period::Yearly,
                "2024-01-01T00:00:00Z",
                "2025-01-01T00:00:00Z",
            ),
        ] {
            assert_eq!(
                period.window(now),
                Some((ticks(start), ticks(end))),
                "{period:?}"
            );
        }
    }

    #[test]
    fn times_are_said_in_words() {
        for (seconds, words) in [
            (1, "1 seconds"),
            (60, "1 minutes"),
            (1293, "21 minutes and 33 seconds"),
            (90_061, "1 days, 1 hours, 1 minutes and 1 seconds"),
            (86_400 + 5, "1 days and 5 seconds"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
    }
}
