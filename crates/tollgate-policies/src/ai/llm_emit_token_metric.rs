//! `llm-emit-token-metric` and `azure-openai-emit-token-metric`: reports the tokens that a call has used.
//!
//! ```xml
//! <llm-emit-token-metric namespace="llm">
//!     <dimension name="Subscription ID" />
//!     <dimension name="team" value="@(context.Request.Headers.GetValueOrDefault("x-team", "none"))" />
//! </llm-emit-token-metric>
//! ```
//!
//! When the response is known, a stream's at its end, three observations go to the gateway's `EventSink`: `Total Tokens`,
//! `Prompt Tokens` and `Completion Tokens`; none if the backend has used nothing. How they are known is told in
//! `consumption.rs`. `namespace` is `API Management` unless given. There are up to ten dimensions, which are evaluated
//! where the policy stands; those that the gateway knows need no `value`: `Backend ID`, the backend entity that was called
//! last, is known at the end. `value` of the older policy has no effect.
//! Nothing that goes wrong with the response fails the request. Source: llm-emit-token-metric-policy.md,
//! azure-openai-emit-token-metric-policy.md.

use std::sync::Arc;

use tollgate_dotnet::Str;
use tollgate_engine::ports::{Event, EventSink, Step};
use tollgate_engine::{
    BoxFuture, Children, Deferred, ElementReader, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Reads, Scopes, Sections, optional,
};

use super::consumption::Consumption;
use crate::logging::dimension::{DIMENSION, Dimension};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "llm-emit-token-metric",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[optional("namespace")
        .literal()
        .about("The metrics' namespace; `API Management` unless given.")],
    children: Children::Elements(&[DIMENSION]),
    load: |e| Ok(Box::new(EmitTokenMetric::load(e)?)),
};

/// The same under its older name.
pub const AZURE_OPENAI: PolicyKind = PolicyKind {
    name: "azure-openai-emit-token-metric",
    attributes: &[
        optional("namespace")
            .literal()
            .about("The metrics' namespace; `API Management` unless given."),
        optional("value").about("Accepted, without effect."),
    ],
    ..KIND
};

const MOST_DIMENSIONS: usize = 10;

#[derive(Debug)]
struct EmitTokenMetric {
    namespace: Str,
    dimensions: Vec<Dimension>,
}

impl EmitTokenMetric {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let namespace = e.optional_literal("namespace");
        let value = e.optional_setting::<f64>("value");
        let dimensions = Dimension::load_all(e, MOST_DIMENSIONS);
        value?;
        let default = Str::from_static("API Management");
        Ok(Self {
            namespace: namespace?.unwrap_or(default),
            dimensions: dimensions?,
        })
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let mut dimensions = Vec::with_capacity(self.dimensions.len());
        for dimension in &self.dimensions {
            dimensions.push(dimension.evaluate(exchange)?);
        }
        let consumption = Consumption::of(exchange).await;
        exchange.defer(Box::new(Emit {
            consumption,
            namespace: self.namespace.clone(),
            dimensions,
            backend: self.dimensions.iter().position(Dimension::is_backend),
        }));
        Ok(Flow::Next)
    }
}

impl Policy for EmitTokenMetric {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    fn reads(&self) -> Reads {
        let dimensions = self.dimensions.iter().map(Dimension::reads);
        dimensions.fold(Reads::REQUEST, Reads::or)
    }
}

/// Reports when all is known.
struct Emit {
    consumption: Arc<Consumption>,
    namespace: Str,
    dimensions: Vec<(Str, Str)>,
    /// Which of them is the backend.
    backend: Option<usize>,
}

impl Emit {
    fn emit(&self, events: &dyn EventSink) {
        let tokens = self.consumption.tokens();
        if tokens.total == 0 {
            return;
        }
        for (name, value) in [
            ("Total Tokens", tokens.total),
            ("Prompt Tokens", tokens.prompt),
            ("Completion Tokens", tokens.completion),
        ] {
            events.emit(Event::Metric {
                name: Str::from_static(name),
                namespace: self.namespace.clone(),
                // Exact up to 2^53 tokens.
                value: value as f64,
                dimensions: self.dimensions.clone(),
            });
        }
    }
}

impl Deferred for Emit {
    fn settle(mut self: Box<Self>, exchange: &mut Exchange) -> Result<Step<()>, Failure> {
        if let (Some(index), Some(backend)) = (self.backend, &exchange.context.azure.backend)
            && let Some((_, value)) = self.dimensions.get_mut(index)
        {
            *value = backend.id.clone();
        }
        let ports = exchange.context.ports.clone();
        match self.consumption.is_streaming() {
            false => self.emit(&*ports.events),
            true => exchange.after_transfer(Box::new(move |_| {
                self.emit(&*ports.events);
                Step::Ready(())
            })),
        }
        Ok(Step::Ready(()))
    }
}
