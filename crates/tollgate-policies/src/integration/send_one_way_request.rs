//! `send-one-way-request`: sends a request of its own, and does not wait for it.
//!
//! ```xml
//! <send-one-way-request mode="new">
//!     <set-url>https://hooks.example.com/alert</set-url>
//!     <set-method>POST</set-method>
//!     <set-body>@("status " + context.Response.StatusCode)</set-body>
//! </send-one-way-request>
//! ```
//!
//! The request is made at once, body included, and sent in the background: what becomes of it, the caller never learns.
//! Failures are logged. So many run at a time as the gateway's background takes; a request beyond that is not sent, and
//! the log says so. `timeout` (60 seconds unless given) ends one that takes too long. An expression that fails is an
//! error as everywhere. How the request is made of its children: the module `outgoing`.
//! Source: send-one-way-request-policy.md.

use serde_json::json;
use tollgate_engine::{
    ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes, Sections,
};

use super::outgoing::{self, Outgoing};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "send-one-way-request",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[outgoing::MODE, outgoing::TIMEOUT],
    children: outgoing::CHILDREN,
    load: |e| Ok(Box::new(SendOneWayRequest::load(e)?)),
};

#[derive(Debug)]
struct SendOneWayRequest {
    request: Outgoing,
}

impl SendOneWayRequest {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        Outgoing::load(e).map(|request| Self { request })
    }
}

impl Policy for SendOneWayRequest {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let call = self.request.prepare(exchange)?;
        let ports = exchange.context.ports.clone();
        let secrets = exchange.plan.secrets().clone();
        let sent = exchange.context.ports.background.run(Box::pin(async move {
            if let Err(failure) = call.send(&ports).await {
                let error = secrets
                    .iter()
                    .fold(failure.message().to_owned(), |text, secret| {
                        text.replace(&**secret, "***")
                    });
                tracing::warn!(error, "a one-way request failed");
            }
        }));
        if let Err(error) = sent {
            tracing::warn!(%error, "a one-way request was not sent");
            exchange.context.trace(
                |_| json!({"message": "The request was not sent.", "error": error.to_string()}),
            );
        }
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        self.request.reads()
    }
}
