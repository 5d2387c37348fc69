//! `emit-metric`: reports one observation of a custom metric.
//!
//! ```xml
//! <emit-metric name="requests" value="1" namespace="orders">
//!     <dimension name="API ID" />
//!     <dimension name="tenant" value="@(context.Request.Headers.GetValueOrDefault("X-Tenant", "none"))" />
//! </emit-metric>
//! ```
//!
//! `value` is 1 and `namespace` is `API Management` unless given. There are one to ten dimensions; `API ID`,
//! `Operation ID`, `Product ID`, `User ID`, `Subscription ID`, `Location`, `Gateway ID` and `Backend ID` (once a backend
//! entity was called) need no `value`. A dimension
//! whose value is `null` or not known (no product, no subscription) is empty. A `value` that is no finite number fails
//! with `ExpressionValueValidationFailure`. Secret named values and the client's credentials are masked. The observation
//! goes to the gateway's `EventSink`, which never holds the request up. Source: emit-metric-policy.md.

use tollgate_dotnet::Str;
use tollgate_engine::ports::Event;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, optional, required,
};

use super::dimension::{DIMENSION, Dimension};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "emit-metric",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("name").literal().about("The metric's name."),
        optional("namespace")
            .literal()
            .about("Its namespace; `API Management` unless given."),
        optional("value").about("What was observed; 1 unless given."),
    ],
    children: Children::Elements(&[DIMENSION]),
    load: |e| Ok(Box::new(EmitMetric::load(e)?)),
};

const MOST_DIMENSIONS: usize = 10;

#[derive(Debug)]
struct EmitMetric {
    name: Str,
    namespace: Str,
    value: Setting<f64>,
    dimensions: Vec<Dimension>,
}

impl EmitMetric {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let name = e.literal::<Str>("name");
        let namespace = e.optional_literal("namespace");
        let value = e.optional_setting::<f64>("value");
        let dimensions = Dimension::load_all(e, MOST_DIMENSIONS);
        let value = value?.unwrap_or(Setting::Literal(1.0));
        if value.literal().is_some_and(|value| !value.is_finite()) {
            let message = "`value` must be a finite number";
            return Err(e.error("wrong-value", e.attribute_span("value"), message));
        }
        let default = Str::from_static("API Management");
        Ok(Self {
            name: name?,
            namespace: namespace?.unwrap_or(default),
            value,
            dimensions: dimensions?,
        })
    }
}

impl Policy for EmitMetric {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let value = *self.value.get(exchange)?;
        if !value.is_finite() {
            return Err(Failure::validation());
        }
        let mut dimensions = Vec::with_capacity(self.dimensions.len());
        for dimension in &self.dimensions {
            dimensions.push(dimension.evaluate(exchange)?);
        }
        exchange.context.ports.events.emit(Event::Metric {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            value,
            dimensions,
        });
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let dimensions = self.dimensions.iter().map(Dimension::reads);
        dimensions.fold(self.value.reads(), Reads::or)
    }
}
