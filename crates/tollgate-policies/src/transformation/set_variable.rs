//! `set-variable`: keeps a value in `context.Variables` for the rest of the request.
//!
//! ```xml
//! <set-variable name="tenant" value="@(context.Request.Headers.GetValueOrDefault("X-Tenant", "none"))" />
//! ```
//!
//! A literal is a `string`; an expression's result keeps its type, of whatever type it is. `null` is kept as `null`.
//! Names are compared with case, and live across sections, scopes and fragments. Source: set-variable-policy.md.

use tollgate_dotnet::Value;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, VariableName, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-variable",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("name").literal().about("The variable's name."),
        required("value").about("Its value."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(SetVariable::load(e)?)),
};

#[derive(Debug)]
struct SetVariable {
    name: VariableName,
    value: Setting<Value>,
}

impl SetVariable {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (name, value) = (e.literal("name"), e.setting("value"));
        Ok(Self {
            name: name?,
            value: value?,
        })
    }
}

impl Policy for SetVariable {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let value = self.value.get(exchange)?.into_owned();
        exchange.context.variables.set(&self.name, value);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        self.value.reads()
    }
}
