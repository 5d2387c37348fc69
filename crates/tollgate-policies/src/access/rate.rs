//! What `rate-limit` and `rate-limit-by-key` share: the attributes that tell the caller, and the refusal.

use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, header};
use tollgate_dotnet::Value;
use tollgate_engine::counters::retry_after_seconds;
use tollgate_engine::ports::CounterState;
use tollgate_engine::{
    AttributeSpec, ElementReader, Exchange, Failure, Invalid, VariableName, optional,
};

/// The longest window. Source: rate-limit-policy.md.
pub(crate) const LONGEST_PERIOD: u64 = 300;

pub(crate) const RETRY_AFTER_HEADER: AttributeSpec = optional("retry-after-header-name")
    .literal()
    .about("In place of `Retry-After`.");
pub(crate) const RETRY_AFTER_VARIABLE: AttributeSpec = optional("retry-after-variable-name")
    .literal()
    .about("A variable for the seconds to wait.");
pub(crate) const REMAINING_HEADER: AttributeSpec = optional("remaining-calls-header-name")
    .literal()
    .about("A response header for the calls that are left.");
pub(crate) const REMAINING_VARIABLE: AttributeSpec = optional("remaining-calls-variable-name")
    .literal()
    .about("A variable for the calls that are left.");
pub(crate) const TOTAL_HEADER: AttributeSpec = optional("total-calls-header-name")
    .literal()
    .about("A response header for the limit.");

/// How the caller is told about a limit.
#[derive(Debug)]
pub(crate) struct Report {
    retry_after_header: HeaderName,
    retry_after_variable: Option<VariableName>,
    remaining_header: Option<HeaderName>,
    remaining_variable: Option<VariableName>,
    total_header: Option<HeaderName>,
}

impl Report {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let retry_after_header = e.optional_literal(RETRY_AFTER_HEADER.name);
        let retry_after_variable = e.optional_literal(RETRY_AFTER_VARIABLE.name);
        let remaining_header = e.optional_literal(REMAINING_HEADER.name);
        let remaining_variable = e.optional_literal(REMAINING_VARIABLE.name);
        let total_header = e.optional_literal(TOTAL_HEADER.name);
        Ok(Self {
            retry_after_header: retry_after_header?.unwrap_or(header::RETRY_AFTER),
            retry_after_variable: retry_after_variable?,
            remaining_header: remaining_header?,
            remaining_variable: remaining_variable?,
            total_header: total_header?,
        })
    }

    /// Passes the call on, or refuses it; `states` are those of all counters that apply, with their limits.
    pub(crate) fn settle(
        &self,
        exchange: &mut Exchange,
        states: &[CounterState],
        limits: &[u64],
    ) -> Result<(), Failure> {
        let remaining = states
            .iter()
            .map(|state| state.remaining)
            .min()
            .unwrap_or_default();
        let total = limits.iter().copied().min().unwrap_or_default();
        let refused = states
            .iter()
            .filter(|state| !state.allowed)
            .map(|state| state.retry_after)
            .max();
        let remaining = if refused.is_some() { 0 } else { remaining };
        if let Some(name) = &self.remaining_header {
            exchange.add_to_response(name.clone(), HeaderValue::from(remaining));
        }
        if let Some(name) = &self.total_header {
            exchange.add_to_response(name.clone(), HeaderValue::from(total));
        }
        if let Some(name) = &self.remaining_variable {
            exchange.context.variables.set(name, int(remaining));
        }
        match refused {
            None => Ok(()),
            Some(retry_after) => Err(self.refuse(exchange, retry_after)),
        }
    }

    fn refuse(&self, exchange: &mut Exchange, retry_after: Duration) -> Failure {
        let seconds = retry_after_seconds(retry_after);
        if let Some(name) = &self.retry_after_variable {
            exchange.context.variables.set(name, int(seconds));
        }
        Failure::new("RateLimitExceeded", "Rate limit is exceeded")
            .respond(
                StatusCode::TOO_MANY_REQUESTS,
                format!("Rate limit is exceeded. Try again in {seconds} seconds."),
            )
            .with_header(self.retry_after_header.clone(), HeaderValue::from(seconds))
    }
}

/// A count as the `int` that variables have.
pub(crate) fn int(number: u64) -> Value {
    Value::Int32(i32::try_from(number).unwrap_or(i32::MAX))
}

/// A literal number of calls.
pub(crate) fn calls(e: &ElementReader<'_>) -> Result<u64, Invalid> {
    e.literal("calls")
}

/// A literal length of the window: 1 to 300 seconds.
pub(crate) fn renewal_period(e: &ElementReader<'_>) -> Result<Duration, Invalid> {
    check_period(e, e.literal("renewal-period")?)
}

/// The same of a number that was read already.
pub(crate) fn check_period(e: &ElementReader<'_>, seconds: u64) -> Result<Duration, Invalid> {
    match seconds {
        1..=LONGEST_PERIOD => Ok(Duration::from_secs(seconds)),
        _ => Err(e.error(
            "wrong-value",
            e.attribute_span("renewal-period"),
            "`renewal-period` is between 1 and 300 seconds",
        )),
    }
}
