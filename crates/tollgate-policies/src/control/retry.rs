//! `retry`: runs its policies, and again while a condition is true.
//!
//! ```xml
//! <retry condition="@(context.Response.StatusCode >= 500)" count="3" interval="1" first-fast-retry="true">
//!     <forward-request buffer-request-body="true" />
//! </retry>
//! ```
//!
//! The policies run once, then at most `count` times more (1 to 50). Before run *n* + 1 it waits, in seconds:
//!
//! | given | wait before retry *n* |
//! |---|---|
//! | `interval` | `interval` |
//! | `interval`, `delta` | `interval` + (*n* − 1) · `delta` |
//! | `interval`, `delta`, `max-interval` | `interval` + (2^(*n* − 1) − 1) · random(0.8 · `delta`, 1.2 · `delta`), at most `max-interval` |
//!
//! With `first-fast-retry` the first retry does not wait. A policy that fails counts as a run: `context.LastError` says
//! what happened, `context.Response` is the response that the failure stands for, and the condition decides; when it is
//! false, or no retry is left, the failure goes on to `on-error`. Only failures before the response's headers can be
//! retried. Source: retry-policy.md; where that is silent (failures inside, `max-interval` without `delta`, `interval`
//! of 0), the choices are the ones above, and `max-interval` without `delta` caps the fixed interval.

use std::time::Duration;

use serde_json::json;
use tollgate_engine::{
    Block, BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Response, Scopes, Sections, Setting, optional, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "retry",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("condition").about("Its policies run again while it is true."),
        required("count").about("How many times more at most: 1 to 50."),
        required("interval").about("Seconds to wait."),
        optional("max-interval").about("Seconds to wait at most."),
        optional("delta").about("Seconds by which the wait grows."),
        optional("first-fast-retry").about("Whether the first retry does not wait."),
    ],
    children: Children::Policies,
    load: |e| Ok(Box::new(Retry::load(e)?)),
};

/// The most retries that are allowed.
const MOST: u32 = 50;

#[derive(Debug)]
struct Retry {
    condition: Setting<bool>,
    count: Setting<u32>,
    interval: Setting<Duration>,
    max_interval: Option<Setting<Duration>>,
    delta: Option<Setting<Duration>>,
    first_fast_retry: Option<Setting<bool>>,
    policies: Block,
}

impl Retry {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let condition = e.setting("condition");
        let count = e
            .setting::<u32>("count")
            .and_then(|count| match count.literal() {
                Some(0 | 51..) => Err(e.error(
                    "wrong-value",
                    e.attribute_span("count"),
                    "`count` is between 1 and 50",
                )),
                _ => Ok(count),
            });
        let interval = e.setting("interval");
        let max_interval = e.optional_setting("max-interval");
        let delta = e.optional_setting("delta");
        let first_fast_retry = e.optional_setting("first-fast-retry");
        let policies = e.block();
        Ok(Self {
            condition: condition?,
            count: count?,
            interval: interval?,
            max_interval: max_interval?,
            delta: delta?,
            first_fast_retry: first_fast_retry?,
            policies: policies?,
        })
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let mut retries = 0;
        loop {
            let result = self.policies.run(exchange).await;
            match &result {
                Ok(Flow::Respond | Flow::Outbound | Flow::NextSection) => return result,
                Ok(_) => {}
                Err(failure) => {
                    exchange.context.last_error = Some(failure.to_last_error());
                    exchange.context.response = Response::new(failure.response().status);
                }
            }
            exchange.context.buffer(self.condition.reads()).await?;
            let again = *self.condition.get(exchange)?;
            let count = *self.count.get(exchange)?;
            if !(1..=MOST).contains(&count) {
                return Err(Failure::validation());
            }
            if !again || retries >= count {
                exchange.context.trace(|_| {
                    let why = if again {
                        "no retry is left"
                    } else {
                        "the condition is false"
                    };
                    json!({ "message": format!("Done after run {}: {why}.", retries + 1) })
                });
                if result.is_ok() {
                    exchange.context.last_error = None;
                }
                return result;
            }
            retries += 1;
            let wait = self.wait(retries, exchange)?;
            exchange.context.trace(|_| {
                let (run, most) = (retries + 1, count.saturating_add(1));
                json!({ "message": format!("Run {run} of at most {most} comes after {wait:?}.") })
            });
            if !wait.is_zero() {
                exchange.context.ports.clock.sleep(wait).await;
            }
        }
    }

    /// How long to wait before retry `n`.
    fn wait(&self, n: u32, exchange: &mut Exchange) -> Result<Duration, Failure> {
        let mut get = |setting: &Option<Setting<Duration>>| {
            setting
                .as_ref()
                .map(|setting| setting.get(exchange).map(|value| value.as_secs_f64()))
                .transpose()
        };
        let (most, delta) = (get(&self.max_interval)?, get(&self.delta)?);
        let interval = self.interval.get(exchange)?.as_secs_f64();
        if n == 1
            && self
                .first_fast_retry
                .as_ref()
                .map_or(Ok(false), |setting| setting.get(exchange).map(|fast| *fast))?
        {
            return Ok(Duration::ZERO);
        }
        let earlier = f64::from(n - 1);
        let wait = match (delta, most) {
            (None, _) => interval,
            (Some(delta), None) => interval + earlier * delta,
            (Some(delta), Some(_)) => {
                // 53 random bits fill a double's mantissa.
                let random =
                    (exchange.context.ports.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
                interval + (earlier.exp2() - 1.0) * delta * (0.8 + 0.4 * random)
            }
        };
        Ok(
            Duration::try_from_secs_f64(most.map_or(wait, |most| wait.min(most)))
                .unwrap_or(Duration::MAX),
        )
    }
}

impl Policy for Retry {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }
}
