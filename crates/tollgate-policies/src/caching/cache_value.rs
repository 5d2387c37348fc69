//! `cache-value`: takes a value out of the cache, or makes it and keeps it, once for all who ask at the same time.
//!
//! ```xml
//! <cache-value key="token" variable-name="token" expires-after="3000" refresh-after="2700">
//!     <value>
//!         <send-request response-variable-name="response">…</send-request>
//!         <set-variable name="token" value="@(((IResponse)context.Variables["response"]).Body.As<string>())" />
//!     </value>
//! </cache-value>
//! ```
//!
//! A value that is there becomes the variable, and `value` does not run. Otherwise its policies run, and have to set the
//! variable, which begins as not set. What they leave there is kept for `expires-after` seconds (28800 unless given); the
//! two times are evaluated after they have run. If they leave nothing or `null`, nothing is kept, and the variable becomes
//! `default-value` if there is one.
//!
//! A value older than `refresh-after` (`expires-after` unless given; 0 is always older) is made anew by one request;
//! others use the old one meanwhile, and so does that request if `value` sets nothing. While a value that is not there is
//! made, others who need it wait for it; if nothing comes of it they make it themselves. A failure in `value` goes to
//! `on-error`. `cache-lookup-value`, `cache-store-value` and `cache-remove-value` work on the same values.
//! Source: the policy toolkit's CacheValueConfig; Microsoft's pages do not have the policy yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::lock::Mutex as AsyncMutex;
use serde_json::json;
use tollgate_dotnet::Value;
use tollgate_engine::ports::{CacheStore, Step};
use tollgate_engine::{
    Block, BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Place, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, VariableName, element, optional, required,
};

use super::cache_store_value::end;
use super::caching_type::{CACHING_TYPE, CachingType};
use super::stored::{Key, Stored};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cache-value",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("key").about("The key of the value."),
        required("variable-name")
            .literal()
            .about("The variable for it."),
        optional("expires-after").about("For how many seconds it is kept; 28800 unless given."),
        optional("refresh-after").about("After how many seconds it is made anew."),
        optional("default-value").about("What the variable becomes without a value."),
        CACHING_TYPE,
    ],
    children: Children::Elements(&[element("value").required().children(Children::Policies)]),
    load: |e| Ok(Box::new(CacheValue::load(e)?)),
};

const DEFAULT_EXPIRY: Duration = Duration::from_secs(28_800);

#[derive(Debug)]
struct CacheValue {
    key: Key,
    variable: VariableName,
    expires_after: Setting<Duration>,
    refresh_after: Option<Setting<Duration>>,
    default: Option<Setting<Value>>,
    caching_type: CachingType,
    /// `<value>`: the policies, and where it stands.
    policies: Block,
    place: Arc<Place>,
}

/// The values that are made now. Lives in the gateway's shared values.
#[derive(Debug, Default)]
struct Flights(Mutex<HashMap<String, Weak<Flight>, foldhash::quality::RandomState>>);

/// Making one value. Who holds the lock makes it; the number tells how often nothing came of it.
type Flight = AsyncMutex<u64>;

impl Flights {
    fn of(&self, key: &str) -> Arc<Flight> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key).and_then(Weak::upgrade) {
            return flight;
        }
        // Those that nobody holds any more go; there are no more than requests under way.
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::default();
        flights.insert(key.to_owned(), Arc::downgrade(&flight));
        flight
    }
}

/// What is known when the policy begins to wait.
enum Begun {
    /// The cache has answered.
    Answered(Option<Stored>),
    /// It has yet to.
    Asked(BoxFuture<'static, Option<bytes::Bytes>>),
    /// There is no cache.
    Alone,
}

impl CacheValue {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (key, variable) = (Key::load(e), e.literal("variable-name"));
        let expires_after = e.optional_setting("expires-after");
        let refresh_after = e.optional_setting("refresh-after");
        let default = e.optional_setting("default-value");
        let caching_type = e.optional_literal("caching-type");
        let (value, place) = e.child("value").ok_or(Invalid)?.branch();
        let policies = value.block();
        Ok(Self {
            key: key?,
            variable: variable?,
            expires_after: expires_after?.unwrap_or(Setting::Literal(DEFAULT_EXPIRY)),
            refresh_after: refresh_after?,
            default: default?,
            caching_type: caching_type?.unwrap_or_default(),
            policies: policies?,
            place,
        })
    }

    /// Uses a value that need not be made anew; whether it is one.
    fn use_fresh(&self, found: Option<&Stored>, exchange: &mut Exchange) -> bool {
        let now = exchange.context.ports.clock.now();
        let fresh = found.filter(|stored| now < stored.until);
        let Some(value) = fresh.and_then(|stored| stored.to_value(exchange)) else {
            return false;
        };
        exchange
            .context
            .trace(|_| json!({"message": "The value was in the cache."}));
        exchange.context.decide(&self.place, false);
        exchange.context.variables.set(&self.variable, value);
        true
    }

    async fn run(
        &self,
        key: String,
        begun: Begun,
        exchange: &mut Exchange,
    ) -> Result<Flow, Failure> {
        let found = match begun {
            Begun::Answered(found) => found,
            Begun::Asked(answer) => answer.await.and_then(Stored::of_bytes),
            Begun::Alone => return self.make(None, exchange).await.map(|(flow, _)| flow),
        };
        if self.use_fresh(found.as_ref(), exchange) {
            return Ok(Flow::Next);
        }
        let Some(store) = self.caching_type.store(exchange) else {
            return Ok(Flow::Next);
        };
        let flights: Arc<Flights> = exchange.context.ports.shared.get();
        let flight = flights.of(&key);
        let old = found.and_then(|stored| stored.to_value(exchange));
        if let Some(old) = old {
            let Some(mut lock) = flight.try_lock() else {
                exchange.context.variables.set(&self.variable, old);
                return Ok(Flow::Next);
            };
            let (flow, made) = self.make(Some(&old), exchange).await?;
            match made {
                Some(value) => self.keep(&key, &value, &*store, exchange).await?,
                None => *lock += 1,
            }
            return Ok(flow);
        }
        let failures = flight.try_lock().map(|lock| *lock);
        let mut lock = flight.lock().await;
        let found = store
            .get(exchange.context.ports.clock.now(), &key)
            .get()
            .await;
        let found = found.and_then(Stored::of_bytes);
        if self.use_fresh(found.as_ref(), exchange) {
            return Ok(Flow::Next);
        }
        // It was made by somebody meanwhile and came to nothing: those who waited do not wait for each other again.
        let lock = match failures {
            None if *lock > 0 => {
                drop(lock);
                None
            }
            _ => {
                // Counts as failed until it is there: whoever makes it may go away in the middle.
                *lock += 1;
                Some(lock)
            }
        };
        let (flow, made) = self.make(None, exchange).await?;
        if let Some(value) = made {
            self.keep(&key, &value, &*store, exchange).await?;
        }
        drop(lock);
        Ok(flow)
    }

    /// Runs the policies; gives the value to keep, if they made one.
    async fn make(
        &self,
        old: Option<&Value>,
        exchange: &mut Exchange,
    ) -> Result<(Flow, Option<Value>), Failure> {
        exchange
            .context
            .trace(|_| json!({"message": "The value is made anew."}));
        exchange.context.decide(&self.place, true);
        exchange.context.variables.remove(&self.variable);
        let flow = self.policies.run(exchange).await?;
        if flow != Flow::Next {
            return Ok((flow, None));
        }
        let made = exchange.context.variables.get(&self.variable).cloned();
        if let Some(value) = made.filter(|value| !value.is_null()) {
            return Ok((flow, Some(value)));
        }
        let value = match (old, &self.default) {
            (Some(old), _) => Some(old.clone()),
            (None, Some(default)) => Some(default.get(exchange)?.into_owned()),
            (None, None) => None,
        };
        if let Some(value) = value {
            exchange.context.variables.set(&self.variable, value);
        }
        Ok((flow, None))
    }

    async fn keep(
        &self,
        key: &str,
        value: &Value,
        store: &dyn CacheStore,
        exchange: &mut Exchange,
    ) -> Result<(), Failure> {
        let expires = *self.expires_after.get(exchange)?;
        let refresh = match &self.refresh_after {
            Some(setting) => *setting.get(exchange)?,
            None => expires,
        };
        let now = exchange.context.ports.clock.now();
        if let Some(stored) = Stored::of_value(value, end(now, refresh.min(expires)), exchange) {
            store.put(now, key, stored.to_bytes(), expires).get().await;
        }
        Ok(())
    }
}

impl Policy for CacheValue {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let key = self.key.get(exchange)?;
        let begun = match self.caching_type.store(exchange) {
            None => Begun::Alone,
            Some(store) => match store.get(exchange.context.ports.clock.now(), &key) {
                Step::Pending(answer) => Begun::Asked(answer),
                Step::Ready(found) => {
                    let found = found.and_then(Stored::of_bytes);
                    if self.use_fresh(found.as_ref(), exchange) {
                        return Ok(Flow::Next);
                    }
                    Begun::Answered(found)
                }
            },
        };
        exchange.keep((key, begun));
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            match exchange.take_kept::<(String, Begun)>() {
                Some((key, begun)) => self.run(key, begun, exchange).await,
                None => Ok(Flow::Next),
            }
        })
    }

    fn reads(&self) -> Reads {
        let refresh = self.refresh_after.iter().map(Setting::reads);
        let default = self.default.iter().map(Setting::reads);
        let own = self.key.reads().or(self.expires_after.reads());
        refresh.chain(default).fold(own, Reads::or)
    }
}
