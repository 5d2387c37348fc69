//! `rate-limit-by-key`: so many calls in any period for each value of a key.
//!
//! ```xml
//! <rate-limit-by-key calls="10" renewal-period="60"
//!     counter-key="@(context.Request.IpAddress)"
//!     increment-condition="@(context.Response.StatusCode == 200)" />
//! ```
//!
//! There is one counter for each key and `renewal-period` (1 to 300 seconds), whichever policy counts on it; every policy
//! that runs counts. Policies that share a counter should have the same `calls`.
//!
//! With `increment-condition` or `increment-count` as an expression, or `increment-after-response`, the call is checked
//! against the counter as it is, and counted just before the response is sent, when the expressions can see it; after
//! `return-response` and `on-error` too. So a limit shows one call later, and calls that run at the same time may pass
//! together. An expression that fails counts the call as one. Otherwise the call is counted at once, and exactly. A
//! call passes while one more would not exceed `calls`, whatever it counts for.
//!
//! The window slides; it is exact up to 16 calls in a period and may refuse for a sixteenth of the period too long
//! beyond that. An empty key is a key like others; a null one fails with `ExpressionValueValidationFailure`. Refused: 429
//! with `{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in N seconds." }` and `Retry-After: N`; the
//! remaining and total headers are on refused responses too. Source: rate-limit-by-key-policy.md.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;
use tollgate_dotnet::Str;
use tollgate_engine::ports::{Count, CounterAnswer, CounterOp, CounterState, Step};
use tollgate_engine::{
    BoxFuture, Children, Deferred, ElementReader, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, optional, required,
};

use super::rate::{self, LONGEST_PERIOD, Report, check_period};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "rate-limit-by-key",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("calls").about("How many calls are allowed in a period."),
        required("counter-key").about("What the calls are counted by."),
        required("renewal-period").about("The period in seconds: 1 to 300."),
        optional("increment-condition").about("Whether the call counts."),
        optional("increment-count").about("What the call counts for; 1 unless given."),
        optional("increment-after-response")
            .literal()
            .about("Whether the call is counted when it is answered."),
        rate::RETRY_AFTER_HEADER,
        rate::RETRY_AFTER_VARIABLE,
        rate::REMAINING_HEADER,
        rate::REMAINING_VARIABLE,
        rate::TOTAL_HEADER,
    ],
    children: Children::None,
    load: |e| Ok(Box::new(RateLimitByKey::load(e)?)),
};

#[derive(Debug)]
struct RateLimitByKey {
    calls: Setting<u64>,
    key: Setting<Str>,
    period: Setting<u64>,
    increment: Arc<Increment>,
    deferred: bool,
    report: Report,
}

/// What a call counts for.
#[derive(Debug)]
pub(super) struct Increment {
    condition: Option<Setting<bool>>,
    count: Option<Setting<u64>>,
}

impl Increment {
    /// Reads `increment-condition` and `increment-count`.
    pub(super) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let condition = e.optional_setting("increment-condition");
        let count = e.optional_setting("increment-count");
        Ok(Self {
            condition: condition?,
            count: count?,
        })
    }

    pub(super) fn evaluate(&self, exchange: &mut Exchange) -> Result<u64, Failure> {
        let counts = match &self.condition {
            Some(condition) => *condition.get(exchange)?,
            None => true,
        };
        match &self.count {
            _ if !counts => Ok(0),
            Some(count) => count.get(exchange).map(|count| *count),
            None => Ok(1),
        }
    }

    pub(super) fn reads(&self) -> Reads {
        let condition = self.condition.as_ref().map_or(Reads::NONE, Setting::reads);
        condition.or(self.count.as_ref().map_or(Reads::NONE, Setting::reads))
    }

    /// Whether it is the same for every request.
    pub(super) fn is_literal(&self) -> bool {
        self.condition
            .as_ref()
            .is_none_or(|condition| condition.literal().is_some())
            && self
                .count
                .as_ref()
                .is_none_or(|count| count.literal().is_some())
    }
}

impl RateLimitByKey {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (calls, key) = (e.setting("calls"), e.setting("counter-key"));
        let period = e
            .setting::<u64>("renewal-period")
            .and_then(|period| match period.literal() {
                Some(seconds) => check_period(e, *seconds).map(|_| period),
                None => Ok(period),
            });
        let increment = Increment::load(e);
        let after_response = e.optional_literal("increment-after-response");
        let report = Report::load(e);
        let increment = increment?;
        Ok(Self {
            calls: calls?,
            key: key?,
            period: period?,
            deferred: after_response?.unwrap_or(false) || !increment.is_literal(),
            increment: Arc::new(increment),
            report: report?,
        })
    }

    /// What applies to this request.
    fn limit(&self, exchange: &mut Exchange) -> Result<Limit, Failure> {
        let calls = *self.calls.get(exchange)?;
        let seconds = *self.period.get(exchange)?;
        if !(1..=LONGEST_PERIOD).contains(&seconds) {
            return Err(Failure::validation());
        }
        // On one counter a short period would forget what a long one still has to count.
        let key = self.key.get(exchange)?;
        let parts = [
            "rate-limit-by-key\n",
            &seconds.to_string(),
            "\n",
            &*key.to_utf8(),
        ];
        let key = parts.concat();
        Ok(Limit {
            key,
            calls,
            period: Duration::from_secs(seconds),
        })
    }

    /// Tells the caller, and has the call counted later if it is to be.
    fn settle(
        &self,
        exchange: &mut Exchange,
        limit: Limit,
        states: CounterAnswer,
    ) -> Result<Flow, Failure> {
        let states = states?;
        // The last state is the one after counting; whether it is allowed the first one says.
        let (Some(first), Some(last)) = (states.first(), states.last()) else {
            return Err(Failure::without_reason("A counter gave no answer."));
        };
        let state = CounterState {
            remaining: last.remaining,
            ..*first
        };
        self.report.settle(exchange, &[state], &[limit.calls])?;
        if self.deferred {
            exchange.defer(Box::new(Settle {
                limit,
                increment: Arc::clone(&self.increment),
            }));
        }
        Ok(Flow::Next)
    }
}

#[derive(Debug)]
struct Limit {
    key: String,
    calls: u64,
    period: Duration,
}

impl Limit {
    fn count(&self, exchange: &Exchange, counts: &[Count]) -> Step<CounterAnswer> {
        let operations: SmallVec<[CounterOp<'_>; 2]> = (counts.iter())
            .map(|count| CounterOp {
                group: &self.key,
                key: &self.key,
                fixed: false,
                limit: self.calls,
                period: self.period,
                count: *count,
            })
            .collect();
        let ports = &exchange.context.ports;
        ports.counters.apply(ports.clock.now(), &operations)
    }
}

impl Policy for RateLimitByKey {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let limit = self.limit(exchange)?;
        let increment = match self.deferred {
            true => 0,
            false => self.increment.evaluate(exchange)?,
        };
        let states = match increment {
            0 => limit.count(exchange, &[Count::Check]),
            1 => limit.count(exchange, &[Count::Take(1)]),
            many => limit.count(exchange, &[Count::Check, Count::Add(many)]),
        };
        match states {
            Step::Ready(states) => self.settle(exchange, limit, states),
            Step::Pending(states) => {
                exchange.keep((limit, states));
                Ok(Flow::Wait)
            }
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let kept = exchange.take_kept::<(Limit, BoxFuture<'static, CounterAnswer>)>();
            let (limit, states) =
                kept.ok_or_else(|| Failure::without_reason("A counter's answer was lost."))?;
            let states = states.await;
            self.settle(exchange, limit, states)
        })
    }

    fn reads(&self) -> Reads {
        self.calls
            .reads()
            .or(self.key.reads())
            .or(self.period.reads())
    }
}

/// Counts a call when its response is known.
struct Settle {
    limit: Limit,
    increment: Arc<Increment>,
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
        Ok(match self.limit.count(exchange, &[Count::Add(count)]) {
            Step::Ready(_) => Step::Ready(()),
            Step::Pending(states) => Step::Pending(Box::pin(async move { drop(states.await) })),
        })
    }

    fn reads(&self) -> Reads {
        self.increment.reads()
    }
}
