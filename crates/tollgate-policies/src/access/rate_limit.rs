//! `rate-limit`: so many calls per subscription in any period.
//!
//! ```xml
//! <rate-limit calls="20" renewal-period="90" remaining-calls-header-name="X-Left">
//!     <api name="orders" calls="10" renewal-period="90">
//!         <operation name="create" calls="2" renewal-period="90" />
//!     </api>
//! </rate-limit>
//! ```
//!
//! Counts only calls that came with a subscription key; without one it does nothing. The limits of the subscription, of
//! the API and of the operation are counted apart, and each must allow the call; if one does not, none is counted.
//! `api` and `operation` go by `id`, or by `name`. A counter belongs to the subscription and to the place of definition
//! (the product, API or operation that the document is for). The window slides; it is exact up to 16 calls and may
//! refuse for a sixteenth of the period too long beyond that. Counters belong to one gateway unless a shared store is
//! used. Refused: 429 with `{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in N seconds." }` and
//! `Retry-After: N`. The remaining and total headers are on refused responses too. Source: rate-limit-policy.md.

use std::fmt::Write as _;
use std::time::Duration;

use smallvec::SmallVec;
use tollgate_dotnet::Str;
use tollgate_engine::ports::{Count, CounterAnswer, CounterOp, Step};
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Scopes, Sections, element, optional, required,
};

use super::rate::{self, Report, calls, renewal_period};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "rate-limit",
    sections: Sections::INBOUND,
    scopes: Scopes::PRODUCT.or(Scopes::API).or(Scopes::OPERATION),
    once: true,
    attributes: &[
        required("calls")
            .literal()
            .about("How many calls are allowed in a period."),
        required("renewal-period")
            .literal()
            .about("The period in seconds: 1 to 300."),
        rate::RETRY_AFTER_HEADER,
        rate::RETRY_AFTER_VARIABLE,
        rate::REMAINING_HEADER,
        rate::REMAINING_VARIABLE,
        rate::TOTAL_HEADER,
    ],
    children: Children::Elements(&[element("api")
        .many()
        .attributes(&[
            optional("name").literal(),
            optional("id").literal(),
            required("calls").literal(),
            required("renewal-period").literal(),
        ])
        .children(Children::Elements(&[element("operation")
            .many()
            .attributes(&[
                optional("name").literal(),
                optional("id").literal(),
                required("calls").literal(),
                required("renewal-period").literal(),
            ])]))]),
    load: |e| Ok(Box::new(RateLimit::load(e)?)),
};

#[derive(Debug)]
struct RateLimit {
    /// Where it is defined; a part of its counters' keys.
    place: String,
    limit: Limit,
    apis: Vec<ApiLimit>,
    report: Report,
}

/// The limit of an API, and those of its operations.
#[derive(Debug)]
struct ApiLimit {
    api: Named,
    limit: Limit,
    operations: Vec<(Named, Limit)>,
}

#[derive(Debug, Clone, Copy)]
struct Limit {
    calls: u64,
    period: Duration,
}

#[derive(Debug)]
pub(super) enum Named {
    Id(Str),
    Name(Str),
}

impl Limit {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (calls, period) = (calls(e), renewal_period(e));
        Ok(Self {
            calls: calls?,
            period: period?,
        })
    }
}

impl Named {
    pub(super) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (id, name) = (e.optional_literal("id"), e.optional_literal("name"));
        match (id?, name?) {
            (Some(id), _) => Ok(Self::Id(id)),
            (None, Some(name)) => Ok(Self::Name(name)),
            (None, None) => {
                let message = format!("`{}` needs `id` or `name`", e.name());
                Err(e.error("missing-attribute", e.name_span(), message))
            }
        }
    }

    pub(super) fn is(&self, id: &Str, name: &Str) -> bool {
        match self {
            Self::Id(wanted) => wanted == id,
            Self::Name(wanted) => wanted == name,
        }
    }
}

impl RateLimit {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (limit, report) = (Limit::load(e), Report::load(e));
        let mut apis = Vec::new();
        let mut result = Ok(());
        for api in e.children() {
            let operations: Vec<Result<_, Invalid>> = (api.children().iter())
                .map(|operation| Ok((Named::load(operation)?, Limit::load(operation)?)))
                .collect();
            let operations = operations.into_iter().collect::<Result<Vec<_>, _>>();
            let (named, limit) = (Named::load(&api), Limit::load(&api));
            let read = || {
                Ok(ApiLimit {
                    api: named?,
                    limit: limit?,
                    operations: operations?,
                })
            };
            result = result.and(read().map(|api| apis.push(api)));
        }
        result?;
        let place = format!("{}:{}", e.scope().name(), e.owner());
        Ok(Self {
            place,
            limit: limit?,
            apis,
            report: report?,
        })
    }

    /// Keys and limits that apply to this request; none without a subscription.
    fn applying(&self, exchange: &Exchange) -> SmallVec<[(String, Limit); 3]> {
        let mut all = SmallVec::new();
        let context = &exchange.context;
        let Some(subscription) = &context.subscription else {
            return all;
        };
        let mut key = format!("rate-limit\n{}\n{}", self.place, subscription.id.to_utf8());
        all.push((key.clone(), self.limit));
        let Some(api) = &context.api else {
            return all;
        };
        let mut apis = self.apis.iter();
        let Some(at_api) = apis.find(|limit| limit.api.is(&api.id, &api.name)) else {
            return all;
        };
        // Writing to a string cannot fail.
        let _ = write!(key, "\n{}", api.id.to_utf8());
        all.push((key.clone(), at_api.limit));
        if let Some(operation) = &context.operation
            && let Some((_, limit)) = at_api
                .operations
                .iter()
                .find(|(named, _)| named.is(&operation.id, &operation.name))
        {
            let _ = write!(key, "\n{}", operation.id.to_utf8());
            all.push((key, *limit));
        }
        all
    }

    fn count(&self, exchange: &Exchange, applying: &[(String, Limit)]) -> Step<CounterAnswer> {
        // That of the subscription, which all of them begin with.
        let group = applying.first().map_or("", |(key, _)| key);
        let operations: SmallVec<[CounterOp<'_>; 3]> = applying
            .iter()
            .map(|(key, limit)| CounterOp {
                group,
                key,
                fixed: false,
                limit: limit.calls,
                period: limit.period,
                count: Count::Take(1),
            })
            .collect();
        let ports = &exchange.context.ports;
        ports.counters.apply(ports.clock.now(), &operations)
    }

    fn settle(
        &self,
        exchange: &mut Exchange,
        applying: &[(String, Limit)],
        states: CounterAnswer,
    ) -> Result<Flow, Failure> {
        let states = states?;
        let limits: SmallVec<[u64; 3]> = applying.iter().map(|(_, limit)| limit.calls).collect();
        self.report
            .settle(exchange, &states, &limits)
            .map(|()| Flow::Next)
    }
}

impl Policy for RateLimit {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let applying = self.applying(exchange);
        if applying.is_empty() {
            return Ok(Flow::Next);
        }
        match self.count(exchange, &applying) {
            Step::Ready(states) => self.settle(exchange, &applying, states),
            Step::Pending(states) => {
                exchange.keep(states);
                Ok(Flow::Wait)
            }
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let states = exchange.take_kept::<BoxFuture<'static, CounterAnswer>>();
            let states = states
                .ok_or_else(|| Failure::without_reason("A counter's answer was lost."))?
                .await;
            let applying = self.applying(exchange);
            self.settle(exchange, &applying, states)
        })
    }
}
