//! `set-method`: sets the request's method.
//!
//! ```xml
//! <set-method>POST</set-method>
//! ```
//!
//! The text, or the expression's result, is taken in upper case; `CONNECT` is refused. Source: set-method-policy.md.

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

/// The policy, also as a part of `send-request`.
#[derive(Debug)]
pub(crate) struct SetMethod {
    method: Setting<Method>,
}

impl SetMethod {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        Ok(Self {
            method: e.text_setting()?,
        })
    }

    /// The method for this request.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Method, Failure> {
        self.method.get(exchange).map(|method| method.into_owned())
    }

    pub(crate) fn reads(&self) -> Reads {
        self.method.reads()
    }
}

impl Policy for SetMethod {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        exchange.context.request.method = self.evaluate(exchange)?;
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        SetMethod::reads(self)
    }
}
