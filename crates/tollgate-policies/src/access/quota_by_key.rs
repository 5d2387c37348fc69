//! `quota-by-key`: so many calls, and so many kilobytes, in each period for each value of a key.
//!
//! ```xml
//! <quota-by-key calls="10000" bandwidth="40000" renewal-period="3600" counter-key="@(context.Request.IpAddress)"
//!     increment-condition="@(context.Response.StatusCode &lt; 400)" first-period-start="2026-01-01T00:00:00Z" />
//! ```
//!
//! There is one counter for each key, `renewal-period` (seconds: 0 for a period without an end, or at least 300) and
//! `first-period-start`, whichever policy counts on it; one request counts on it once. Periods follow one another from
//! `first-period-start` on, the year 1 unless given. An ISO 8601 duration is accepted in place of seconds.
//!
//! With `increment-condition` or `increment-count` as an expression the call is checked against the counter as it is, and
//! counted just before the response is sent, as `rate-limit-by-key` does it: calls that run at the same time may pass
//! together, and an expression that fails counts the call as one. Bandwidth is counted as `quota` does it, for the calls
//! that count.
//!
//! An empty key is a key like others; a null one fails with `ExpressionValueValidationFailure`. Refused as `quota` does
//! it. Source: quota-by-key-policy.md.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use smallvec::SmallVec;
use tollgate_dotnet::Str;
use tollgate_engine::ports::{Count, CounterAnswer, Step, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use tollgate_engine::{
    BoxFuture, Children, Deferred, ElementReader, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, optional, required,
};

use super::allowance::{self, Allowance, Counter, Of};
use super::rate_limit_by_key::Increment;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "quota-by-key",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("calls")
            .literal()
            .about("How many calls are allowed in a period."),
        optional("bandwidth")
            .literal()
            .about("How many kilobytes are allowed in a period."),
        required("renewal-period")
            .literal()
            .about("The period in seconds: at least 300, or 0, which never ends."),
        required("counter-key").about("What the calls are counted by."),
        optional("increment-condition").about("Whether the call counts."),
        optional("increment-count").about("What the call counts for; 1 unless given."),
        optional("first-period-start")
            .literal()
            .about("When the first period begins: `2026-01-01T00:00:00Z`."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(QuotaByKey::load(e)?)),
};

/// The shortest period, in seconds.
const SHORTEST_PERIOD: u64 = 300;

#[derive(Debug)]
struct QuotaByKey {
    key: Setting<Str>,
    allowance: Allowance,
    /// Ticks.
    start: i64,
    increment: Arc<Increment>,
}

type Counters = SmallVec<[Counter; 2]>;

/// The counters that this request has counted on, and how much. A request extension.
#[derive(Debug, Clone, Default)]
struct Counted(SmallVec<[(Box<str>, u64); 2]>);

impl Counted {
    fn on(&self, key: &str) -> Option<u64> {
        let mut all = self.0.iter();
        all.find(|(known, _)| **known == *key)
            .map(|(_, count)| *count)
    }
}

impl QuotaByKey {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (key, allowance) = (e.setting("counter-key"), Allowance::load(e, None));
        let increment = Increment::load(e);
        let start = e.optional_literal::<Str>("first-period-start");
        let allowance = allowance?;
        if (1..SHORTEST_PERIOD).contains(&allowance.period.0) {
            let message = "`renewal-period` is 0 or at least 300 seconds";
            let span = e.attribute_span("renewal-period");
            return Err(e.error("wrong-value", span, message));
        }
        let start = match start? {
            None => 0,
            Some(text) => ticks(&text.to_utf8()).ok_or_else(|| {
                let message = format!("`first-period-start` must be a time such as `2026-01-01T00:00:00Z`, not `{text}`");
                let span = e.attribute_span("first-period-start");
                e.error("wrong-type", span, message)
            })?,
        };
        Ok(Self {
            key: key?,
            allowance,
            start,
            increment: Arc::new(increment?),
        })
    }

    fn counters(&self, exchange: &mut Exchange) -> Result<Counters, Failure> {
        let key = self.key.get(exchange)?;
        let key = format!("quota-by-key\n{}\n{}", self.start, key.to_utf8());
        let now = exchange.context.ports.clock.now();
        Ok(self
            .allowance
            .counters(&key, key.len(), now, self.start)
            .collect())
    }

    /// What is done to each counter; none of it twice in a request.
    fn ask(&self, exchange: &mut Exchange, counters: &Counters) -> Result<Asked, Failure> {
        let count = match self.increment.is_literal() {
            true => self.increment.evaluate(exchange)?,
            false => 0,
        };
        let counted = exchange.context.request.extensions.get::<Counted>();
        let counted = counted.cloned().unwrap_or_default();
        let states = allowance::ask(exchange, counters, |counter| match counter.of {
            Of::Bytes => (Count::Check, 0),
            Of::Calls => match counted.on(&counter.key) {
                Some(own) => (Count::Check, own),
                None if count > 0 => (Count::Take(count), 0),
                None => (Count::Check, 0),
            },
        });
        Ok(Asked { states, count })
    }

    fn settle(
        &self,
        exchange: &mut Exchange,
        counters: Counters,
        count: u64,
        states: CounterAnswer,
    ) -> Result<Flow, Failure> {
        allowance::settle(exchange, &counters, states)?;
        let deferred = !self.increment.is_literal();
        let mut settle = Settle {
            increment: Arc::clone(&self.increment),
            calls: None,
            bytes: SmallVec::new(),
        };
        for counter in counters {
            let (of, key) = (counter.of, counter.key.clone());
            if of == Of::Bytes {
                let counts = Arc::new(AtomicBool::new(count > 0 && note(exchange, &key, 0)));
                let asks = Arc::clone(&counts);
                allowance::add_bytes(exchange, counter, move || asks.load(Ordering::Relaxed));
                settle.bytes.push((key, counts));
            } else if deferred {
                settle.calls = Some(counter);
            } else if count > 0 {
                note(exchange, &key, count);
            }
        }
        if deferred {
            exchange.defer(Box::new(settle));
        }
        Ok(Flow::Next)
    }
}

struct Asked {
    states: Step<CounterAnswer>,
    /// What the call counts for; nothing as yet if that is not known.
    count: u64,
}

/// Notes that the request counts so much on this counter; false if it does already.
fn note(exchange: &mut Exchange, key: &str, count: u64) -> bool {
    let extensions = &mut exchange.context.request.extensions;
    let counted = extensions.get_or_insert_default::<Counted>();
    let is_new = counted.on(key).is_none();
    if is_new {
        counted.0.push((key.into(), count));
    }
    is_new
}

/// A time in .NET ticks.
fn ticks(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    let seconds = time.as_second().checked_mul(TICKS_PER_SECOND)?;
    let ticks = seconds.checked_add(i64::from(time.subsec_nanosecond() / 100))?;
    UNIX_EPOCH_TICKS.checked_add(ticks)
}

impl Policy for QuotaByKey {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let counters = self.counters(exchange)?;
        let Asked { states, count } = self.ask(exchange, &counters)?;
        match states {
            Step::Ready(states) => self.settle(exchange, counters, count, states),
            Step::Pending(states) => {
                exchange.keep((counters, count, states));
                Ok(Flow::Wait)
            }
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let kept = exchange.take_kept::<(Counters, u64, BoxFuture<'static, CounterAnswer>)>();
            let (counters, count, states) =
                kept.ok_or_else(|| Failure::without_reason("A counter's answer was lost."))?;
            let states = states.await;
            self.settle(exchange, counters, count, states)
        })
    }

    fn reads(&self) -> Reads {
        match self.increment.is_literal() {
            true => self.key.reads().or(self.increment.reads()),
            false => self.key.reads(),
        }
    }
}

/// Counts a call when its response is known.
struct Settle {
    increment: Arc<Increment>,
    calls: Option<Counter>,
    /// Counters of bytes, and whether theirs count.
    bytes: SmallVec<[(String, Arc<AtomicBool>); 1]>,
}

impl Deferred for Settle {
    fn settle(self: Box<Self>, exchange: &mut Exchange) -> Result<Step<()>, Failure> {
        let evaluated = self.increment.evaluate(exchange);
        // Who can make the expression fail must not call without a limit.
        let count = *evaluated.as_ref().unwrap_or(&1);
        if count == 0 {
            return Ok(Step::Ready(()));
        }
        if let Err(failure) = &evaluated {
            tracing::warn!(
                reason = failure.reason(),
                "a call was counted although its increment could not be evaluated"
            );
        }
        for (key, counts) in &self.bytes {
            counts.store(note(exchange, key, 0), Ordering::Relaxed);
        }
        match &self.calls {
            Some(counter) if note(exchange, &counter.key, count) => {
                Ok(allowance::add(exchange, counter, count))
            }
            _ => Ok(Step::Ready(())),
        }
    }

    fn reads(&self) -> Reads {
        self.increment.reads()
    }
}
