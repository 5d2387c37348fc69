//! `send-request`: sends a request of its own, and keeps the response in a variable.
//!
//! ```xml
//! <send-request mode="new" response-variable-name="token" timeout="20" ignore-error="false">
//!     <set-url>https://login.microsoftonline.com/{{tenant}}/oauth2/v2.0/token</set-url>
//!     <set-method>POST</set-method>
//!     <set-header name="Content-Type" exists-action="override">
//!         <value>application/x-www-form-urlencoded</value>
//!     </set-header>
//!     <set-body>@("grant_type=client_credentials&amp;client_id={{client-id}}")</set-body>
//! </send-request>
//! ```
//!
//! The pipeline waits for the whole response, at most `timeout` seconds (60 unless given) and as many bytes as a response
//! body may have; the variable is an `IResponse`. A status such as 404 is no error. Without `response-variable-name` the
//! response is dropped. `context.Response` stays as it is.
//!
//! | what happens | `LastError.Reason` | client |
//! |---|---|---|
//! | no response in time | `Timeout` | 500 |
//! | no connection, broken connection, not HTTP | `BackendConnectionFailure` | 500 |
//! | the response's body is too long | `ResponseBodyTooLarge` | 500 |
//! | no token of a managed identity | `ManagedIdentityTokenFailure` | 500 |
//! | no such certificate | `CertificateNotFound` | 500 |
//! | mode `copy` without a service URL | `BackendNotFound` | 500 |
//!
//! With `ignore-error` the first four leave `null` in the variable and the pipeline goes on; an expression that fails
//! is an error all the same. How the request is made of its children: the module `outgoing`. In `wait` several are sent
//! at a time. Source: send-request-policy.md.

use serde_json::json;
use tollgate_dotnet::Value;
use tollgate_engine::{
    ElementReader, Exchange, Failure, Finish, Flow, Invalid, Policy, PolicyKind, Reads, Response,
    Scopes, Sections, Setting, VariableName, Waiting, optional,
};

use super::outgoing::{self, Outgoing, keep};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "send-request",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        outgoing::MODE,
        optional("response-variable-name")
            .literal()
            .about("The variable for the response."),
        outgoing::TIMEOUT,
        optional("ignore-error").about("Whether the pipeline goes on without a response."),
    ],
    children: outgoing::CHILDREN,
    load: |e| Ok(Box::new(SendRequest::load(e)?)),
};

#[derive(Debug)]
struct SendRequest {
    request: Outgoing,
    variable: Option<VariableName>,
    ignore_error: Option<Setting<bool>>,
}

impl SendRequest {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let request = Outgoing::load(e);
        let variable = e.optional_literal("response-variable-name");
        let ignore_error = e.optional_setting("ignore-error");
        Ok(Self {
            request: request?,
            variable: variable?,
            ignore_error: ignore_error?,
        })
    }

    fn finish(
        &self,
        result: Result<Response, Failure>,
        ignore_error: bool,
        exchange: &mut Exchange,
    ) -> Result<Flow, Failure> {
        let value = match result {
            Ok(response) => {
                let status = response.status;
                exchange.context.trace(|_| {
                    json!({"response": {"status": {"code": status.as_u16(), "reason": response.status_reason().to_utf8()}}})
                });
                match self.variable {
                    Some(_) => keep(response, exchange)?,
                    None => Value::Null,
                }
            }
            Err(failure) if ignore_error => {
                let message = exchange.masked(failure.message());
                exchange.context.trace(|_| {
                    json!({"message": "The request failed; that is ignored.", "error": message})
                });
                Value::Null
            }
            Err(failure) => return Err(failure),
        };
        if let Some(variable) = &self.variable {
            exchange.context.variables.set(variable, value);
        }
        Ok(Flow::Next)
    }
}

impl Policy for SendRequest {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let ignore_error = match &self.ignore_error {
            Some(setting) => *setting.get(exchange)?,
            None => false,
        };
        let call = self.request.prepare(exchange)?;
        let ports = exchange.context.ports.clone();
        Ok(Waiting::Detached(Box::pin(async move {
            let result = call.send(&ports).await;
            let finish = move |exchange: &mut Exchange| self.finish(result, ignore_error, exchange);
            Box::new(finish) as Finish<'a>
        })))
    }

    fn reads(&self) -> Reads {
        let ignore_error = self.ignore_error.as_ref();
        self.request
            .reads()
            .or(ignore_error.map_or(Reads::NONE, Setting::reads))
    }
}
