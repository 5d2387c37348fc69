//! `limit-concurrency`: lets only so many requests into its policies at a time.
//!
//! ```xml
//! <limit-concurrency key="@(context.Subscription?.Id ?? context.Request.IpAddress)" max-count="3">
//!     <forward-request timeout="120" />
//! </limit-concurrency>
//! ```
//!
//! Requests count by the value of `key`, those in every `limit-concurrency` with the same value together; each gateway
//! counts its own. Who comes when `max-count` are inside is refused at once: 429 with
//! `{ "statusCode": 429, "message": "Rate limit is exceeded" }` and the reason `ConcurrencyLimitExceeded`. A request is
//! inside until its policies end, fail or are given up; `forward-request` ends when the response's headers are there.
//! A null key fails with `ExpressionValueValidationFailure`. Source: limit-concurrency-policy.md.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Block, BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "limit-concurrency",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("key").about("What requests are counted by."),
        required("max-count")
            .literal()
            .about("How many may be inside at a time."),
    ],
    children: Children::Policies,
    load: |e| Ok(Box::new(LimitConcurrency::load(e)?)),
};

#[derive(Debug)]
struct LimitConcurrency {
    key: Setting<Str>,
    max: u64,
    policies: Block,
}

/// How many requests are inside, by key. Lives in `Ports::shared`; a key that nobody is inside of is forgotten.
#[derive(Debug, Default)]
struct Inside(Mutex<HashMap<Box<str>, u64, foldhash::quality::RandomState>>);

/// One request inside; leaving is dropping it.
#[derive(Debug)]
struct Admission {
    inside: Arc<Inside>,
    key: Box<str>,
}

impl Inside {
    fn enter(self: &Arc<Self>, key: &str, max: u64) -> Option<Admission> {
        let mut inside = self.lock();
        match inside.get_mut(key) {
            Some(count) if *count >= max => return None,
            Some(count) => *count += 1,
            None => {
                inside.insert(key.into(), 1);
            }
        }
        Some(Admission {
            inside: Arc::clone(self),
            key: key.into(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, u64, foldhash::quality::RandomState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut inside = self.inside.lock();
        match inside.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(inside.remove(&self.key)),
        }
    }
}

impl LimitConcurrency {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (key, max, policies) = (e.setting("key"), e.literal("max-count"), e.block());
        let max = match max? {
            0 => {
                let message = "`max-count` is at least 1";
                return Err(e.error("wrong-value", e.attribute_span("max-count"), message));
            }
            max => max,
        };
        Ok(Self {
            key: key?,
            max,
            policies: policies?,
        })
    }
}

impl Policy for LimitConcurrency {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let key = self.key.get(exchange)?;
        let inside = exchange.context.ports.shared.get::<Inside>();
        let Some(admission) = inside.enter(&key.to_utf8(), self.max) else {
            let message = "Rate limit is exceeded";
            return Err(Failure::new("ConcurrencyLimitExceeded", message)
                .respond(StatusCode::TOO_MANY_REQUESTS, message));
        };
        let flow = self.policies.execute(exchange)?;
        if flow == Flow::Wait {
            exchange.keep(admission);
        }
        Ok(flow)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let admission = exchange.take_kept::<Admission>();
            let flow = self.policies.resume(exchange).await;
            drop(admission);
            flow
        })
    }

    fn reads(&self) -> Reads {
        self.key.reads()
    }
}
