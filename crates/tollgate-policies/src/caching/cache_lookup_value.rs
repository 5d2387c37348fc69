//! `cache-lookup-value`: takes a value out of the cache, into a variable.
//!
//! ```xml
//! <cache-lookup-value key="@("user-" + context.User.Id)" variable-name="user" default-value="nobody" />
//! ```
//!
//! The value comes back as what it was put in as: a `string`, a `bool`, a `JObject`. Without a value of that key the
//! variable becomes `default-value`; without that it is not set at all, so that `context.Variables.ContainsKey` tells.
//! A cache that fails has nothing. A key that is null or empty fails with `ExpressionValueValidationFailure`. In `wait`
//! several are looked up at a time. Source: cache-lookup-value-policy.md.

use bytes::Bytes;
use serde_json::json;
use tollgate_dotnet::Value;
use tollgate_engine::ports::Step;
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Finish, Flow, Invalid, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, VariableName, Waiting, optional, required,
};

use super::caching_type::{CACHING_TYPE, CachingType};
use super::stored::{Key, Stored};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cache-lookup-value",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("key").about("The key of the value."),
        required("variable-name")
            .literal()
            .about("The variable for it."),
        optional("default-value").about("What the variable becomes without a value."),
        CACHING_TYPE,
    ],
    children: Children::None,
    load: |e| Ok(Box::new(CacheLookupValue::load(e)?)),
};

#[derive(Debug)]
struct CacheLookupValue {
    key: Key,
    variable: VariableName,
    default: Option<Setting<Value>>,
    caching_type: CachingType,
}

impl CacheLookupValue {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (key, variable) = (Key::load(e), e.literal("variable-name"));
        let default = e.optional_setting("default-value");
        let caching_type = e.optional_literal("caching-type");
        Ok(Self {
            key: key?,
            variable: variable?,
            default: default?,
            caching_type: caching_type?.unwrap_or_default(),
        })
    }

    fn finish(&self, found: Option<Bytes>, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let found = found.and_then(Stored::of_bytes);
        let value = match found.and_then(|stored| stored.to_value(exchange)) {
            Some(value) => {
                exchange
                    .context
                    .trace(|_| json!({"message": "The value was in the cache."}));
                value
            }
            None => {
                exchange
                    .context
                    .trace(|_| json!({"message": "The value was not in the cache."}));
                match &self.default {
                    Some(default) => default.get(exchange)?.into_owned(),
                    None => return Ok(Flow::Next),
                }
            }
        };
        exchange.context.variables.set(&self.variable, value);
        Ok(Flow::Next)
    }
}

impl Policy for CacheLookupValue {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let key = self.key.get(exchange)?;
        let Some(store) = self.caching_type.store(exchange) else {
            return self.finish(None, exchange);
        };
        match store.get(exchange.context.ports.clock.now(), &key) {
            Step::Ready(found) => self.finish(found, exchange),
            Step::Pending(answer) => {
                exchange.keep(answer);
                Ok(Flow::Wait)
            }
        }
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let answer: Option<BoxFuture<'static, Option<Bytes>>> = exchange.take_kept();
        Ok(Waiting::Detached(Box::pin(async move {
            let found = match answer {
                Some(answer) => answer.await,
                None => None,
            };
            Box::new(move |exchange: &mut Exchange| self.finish(found, exchange)) as Finish<'a>
        })))
    }

    fn reads(&self) -> Reads {
        let default = self.default.as_ref();
        self.key
            .reads()
            .or(default.map_or(Reads::NONE, Setting::reads))
    }
}
