//! A call of the Dapr sidecar: what `publish-to-dapr` and `invoke-dapr-binding` have in common.
//!
//! The sidecar is at `http://localhost:3500`. The call waits `timeout` seconds, 5 unless given, 1 to 240.
//!
//! | what happens | `LastError.Reason` | client |
//! |---|---|---|
//! | no answer in time | `Timeout` | 500 |
//! | no sidecar | `BackendConnectionFailure` | 500 |
//! | it answers with 400 or above | `DaprError` | 500 |
//!
//! With `ignore-error` the pipeline goes on; the variable for the response is then what the sidecar answered, or `null`.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tollgate_dotnet::Value;
use tollgate_engine::{
    AttributeSpec, Body, ElementReader, Exchange, Failure, Finish, Flow, Invalid, Reads, Response,
    Setting, Url, VariableName, Waiting, optional,
};

use super::outgoing::{Call, keep};

/// The sidecar's own API.
const SIDECAR: &str = "http://localhost:3500/v1.0";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(240);
/// What may stand in a part of a path as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `ignore-error`.
pub(crate) const IGNORE_ERROR: AttributeSpec = optional("ignore-error")
    .literal()
    .about("Whether the pipeline goes on after an error.");
/// `response-variable-name`.
pub(crate) const VARIABLE: AttributeSpec = optional("response-variable-name")
    .literal()
    .about("The variable for the sidecar's response.");
/// `timeout`.
pub(crate) const TIMEOUT: AttributeSpec =
    optional("timeout").about("Seconds to wait, 1 to 240; 5 unless given.");
/// `template`.
pub(crate) const TEMPLATE: AttributeSpec = optional("template")
    .literal()
    .about("`Liquid`, if the content is a Liquid template.");
/// `content-type`.
pub(crate) const CONTENT: AttributeSpec = optional("content-type")
    .literal()
    .about("The type of the content; `application/json` unless given.");

/// What both policies say of their call.
#[derive(Debug)]
pub(crate) struct Sidecar {
    timeout: Setting<Duration>,
    ignore_error: bool,
    variable: Option<VariableName>,
    pub(crate) content_type: HeaderValue,
}

impl Sidecar {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let timeout = e.optional_setting::<Duration>("timeout");
        let ignore_error = e.optional_literal("ignore-error");
        let variable = e.optional_literal("response-variable-name");
        let content_type = e.optional_literal("content-type");
        let timeout = timeout?.unwrap_or(Setting::Literal(DEFAULT_TIMEOUT));
        if timeout
            .literal()
            .is_some_and(|timeout| !is_allowed(*timeout))
        {
            let message = "`timeout` is between 1 and 240 seconds";
            return Err(e.error("wrong-value", e.attribute_span("timeout"), message));
        }
        let json = HeaderValue::from_static("application/json");
        Ok(Self {
            timeout,
            ignore_error: ignore_error?.unwrap_or(false),
            variable: variable?,
            content_type: content_type?.unwrap_or(json),
        })
    }

    /// Sends a body to a place in the sidecar's API, of these parts.
    pub(crate) fn call<'a>(
        &'a self,
        parts: &[&str],
        content_type: HeaderValue,
        body: Body,
        exchange: &mut Exchange,
    ) -> Result<Waiting<'a>, Failure> {
        let timeout = *self.timeout.get(exchange)?;
        if !is_allowed(timeout) || parts.iter().any(|part| part.is_empty()) {
            return Err(Failure::validation());
        }
        let mut url = SIDECAR.to_owned();
        for part in parts {
            url.push('/');
            url.extend(utf8_percent_encode(part, ESCAPED));
        }
        let url = Url::parse(&url).map_err(|_| Failure::validation())?;
        let mut call = Call::new(Method::POST, &url, body, timeout)?;
        call.headers_mut().insert(CONTENT_TYPE, content_type);
        let ports = exchange.context.ports.clone();
        Ok(Waiting::Detached(Box::pin(async move {
            let result = call.send(&ports).await;
            Box::new(move |exchange: &mut Exchange| self.finish(result, exchange)) as Finish<'a>
        })))
    }

    fn finish(
        &self,
        result: Result<Response, Failure>,
        exchange: &mut Exchange,
    ) -> Result<Flow, Failure> {
        let (response, failure) = match result {
            Ok(response) if response.status.as_u16() < 400 => (Some(response), None),
            Ok(response) => {
                let status = response.status.as_u16();
                let message = format!("The Dapr sidecar answered with status {status}.");
                (Some(response), Some(Failure::new("DaprError", message)))
            }
            Err(failure) => (None, Some(failure)),
        };
        if let Some(failure) = failure {
            if !self.ignore_error {
                return Err(failure);
            }
            let error = exchange.masked(failure.message());
            exchange
                .context
                .trace(|_| json!({"message": "The call failed; that is ignored.", "error": error}));
        }
        if let Some(variable) = &self.variable {
            let value = match response {
                Some(response) => keep(response, exchange)?,
                None => Value::Null,
            };
            exchange.context.variables.set(variable, value);
        }
        Ok(Flow::Next)
    }

    pub(crate) fn reads(&self) -> Reads {
        self.timeout.reads()
    }
}

fn is_allowed(timeout: Duration) -> bool {
    (Duration::from_secs(1)..=LONGEST_TIMEOUT).contains(&timeout)
}
