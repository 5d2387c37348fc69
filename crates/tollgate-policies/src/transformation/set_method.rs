//! `set-method`: sets the request's method.
//!
//! ```xml
//! <set-method>POST</set-method>
//! ```
//!
//! The text, or the expression's result, is taken in upper case. Source: set-method-policy.md.

use http::Method;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-method",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[],
    children: Children::Text,
    load: |e| Ok(Box::new(SetMethod::load(e)?)),
};

#[derive(Debug)]
struct SetMethod {
    method: Setting<Method>,
}

impl SetMethod {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        Ok(Self {
            method: e.text_setting()?,
        })
    }
}

impl Policy for SetMethod {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        exchange.context.request.method = self.method.get(exchange)?.into_owned();
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        self.method.reads()
    }
}
