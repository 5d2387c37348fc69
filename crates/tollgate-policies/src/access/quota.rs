//! `quota`: so many calls, and so many kilobytes, in each period of a subscription.
//!
//! ```xml
//! <quota calls="10000" bandwidth="40000" renewal-period="2592000">
//!     <api id="orders" calls="5000" renewal-period="86400">
//!         <operation name="list" calls="1000" renewal-period="86400" />
//!     </api>
//! </quota>
//! ```
//!
//! Without a subscription it does nothing. The subscription, each API and each operation count apart; a call that one of
//! them refuses is not counted at all. Periods follow one another from the subscription's start date, or from when it was
//! made; 0 seconds is a period without an end. A child without `renewal-period` has that of the element around it. An ISO
//! 8601 duration (`P30D`) is accepted in place of seconds.
//!
//! `bandwidth` counts the bytes of request and response bodies, 1024 to a kilobyte, as they pass: it is settled when the
//! response has gone out, so the call that goes beyond it still passes. The request's body counts as it is when the policy
//! runs. Counters are kept by the [`CounterStore`](tollgate_engine::ports::CounterStore) port; those in memory begin anew
//! when the gateway does.
//!
//! Refused: 403 with `{ "statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 00:59:30." }`
//! (or `Out of bandwidth quota. …`) and `Retry-After` in seconds, both left out where nothing is replenished;
//! `LastError.Reason` is `QuotaExceeded`. Source: quota-policy.md.

use smallvec::SmallVec;
use tollgate_engine::ports::{Count, CounterAnswer, Step};
use tollgate_engine::{
    AttributeSpec, BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Scopes, Sections, element, optional, required,
};

use super::allowance::{self, Allowance, Counter, Of};
use super::rate_limit::Named;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "quota",
    sections: Sections::INBOUND,
    scopes: Scopes::PRODUCT,
    once: true,
    attributes: &[
        CALLS,
        BANDWIDTH,
        required("renewal-period")
            .literal()
            .about("The period in seconds; 0 never ends."),
    ],
    children: Children::Elements(&[element("api").many().attributes(NAMED).children(
        Children::Elements(&[element("operation").many().attributes(NAMED)]),
    )]),
    load: |e| Ok(Box::new(Quota::load(e)?)),
};

const CALLS: AttributeSpec = optional("calls")
    .literal()
    .about("How many calls are allowed in a period.");
const BANDWIDTH: AttributeSpec = optional("bandwidth")
    .literal()
    .about("How many kilobytes are allowed in a period.");

const NAMED: &[AttributeSpec] = &[
    optional("id")
        .literal()
        .about("The id; counts if both are given."),
    optional("name").literal().about("The name."),
    CALLS,
    BANDWIDTH,
    optional("renewal-period")
        .literal()
        .about("The period in seconds; that of the element around it unless given."),
];

#[derive(Debug)]
struct Quota {
    place: String,
    allowance: Allowance,
    apis: Vec<ApiQuota>,
}

#[derive(Debug)]
struct ApiQuota {
    api: Named,
    allowance: Allowance,
    operations: Vec<(Named, Allowance)>,
}

type Counters = SmallVec<[Counter; 2]>;

impl Quota {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let allowance = Allowance::load(e, None);
        let around = allowance.as_ref().ok().map(|allowance| allowance.period);
        let apis: Vec<Result<ApiQuota, Invalid>> = (e.children().iter())
            .map(|api| {
                let (named, own) = (Named::load(api), Allowance::load(api, around));
                let around = own.as_ref().ok().map(|own| own.period);
                let operations: Vec<Result<_, Invalid>> = (api.children().iter())
                    .map(|operation| {
                        let allowance = Allowance::load(operation, around);
                        Ok((Named::load(operation)?, allowance?))
                    })
                    .collect();
                Ok(ApiQuota {
                    api: named?,
                    allowance: own?,
                    operations: operations.into_iter().collect::<Result<_, _>>()?,
                })
            })
            .collect();
        Ok(Self {
            place: format!("{}:{}", e.scope().name(), e.owner()),
            allowance: allowance?,
            apis: apis.into_iter().collect::<Result<_, _>>()?,
        })
    }

    /// The counters of this request; none without a subscription.
    fn counters(&self, exchange: &Exchange) -> Counters {
        let context = &exchange.context;
        let Some(subscription) = &context.subscription else {
            return Counters::new();
        };
        let now = context.ports.clock.now();
        let start = subscription.start.unwrap_or(subscription.created);
        let mut key = format!("quota\n{}\n{}", self.place, subscription.id.to_utf8());
        let group = key.len();
        let mut counters: Counters = self.allowance.counters(&key, group, now, start).collect();
        let at_api = context.api.as_ref().and_then(|api| {
            let mut apis = self.apis.iter();
            let found = apis.find(|one| one.api.is(&api.id, &api.name));
            found.map(|found| (api, found))
        });
        let Some((api, at_api)) = at_api else {
            return counters;
        };
        key = format!("{key}\n{}", api.id.to_utf8());
        counters.extend(at_api.allowance.counters(&key, group, now, start));
        if let Some(operation) = &context.operation {
            let mut operations = at_api.operations.iter();
            let found = operations.find(|(named, _)| named.is(&operation.id, &operation.name));
            if let Some((_, allowance)) = found {
                key = format!("{key}\n{}", operation.id.to_utf8());
                counters.extend(allowance.counters(&key, group, now, start));
            }
        }
        counters
    }

    fn settle(
        &self,
        exchange: &mut Exchange,
        counters: Counters,
        states: CounterAnswer,
    ) -> Result<Flow, Failure> {
        allowance::settle(exchange, &counters, states)?;
        for counter in counters {
            if counter.of == Of::Bytes {
                allowance::add_bytes(exchange, counter, || true);
            }
        }
        Ok(Flow::Next)
    }
}

impl Policy for Quota {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let counters = self.counters(exchange);
        if counters.is_empty() {
            return Ok(Flow::Next);
        }
        let count = |counter: &Counter| match counter.of {
            Of::Calls => (Count::Take(1), 0),
            Of::Bytes => (Count::Check, 0),
        };
        match allowance::ask(exchange, &counters, count) {
            Step::Ready(states) => self.settle(exchange, counters, states),
            Step::Pending(states) => {
                exchange.keep((counters, states));
                Ok(Flow::Wait)
            }
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let kept = exchange.take_kept::<(Counters, BoxFuture<'static, CounterAnswer>)>();
            let (counters, states) =
                kept.ok_or_else(|| Failure::without_reason("A counter's answer was lost."))?;
            let states = states.await;
            self.settle(exchange, counters, states)
        })
    }
}
