//! `forward-request`: sends the request to the backend, and takes its response.
//!
//! ```xml
//! <forward-request timeout="60" follow-redirects="false" buffer-request-body="true" />
//! ```
//!
//! `context.Response` is there as soon as the backend's headers are; the body streams to the client after the last
//! policy, chunk by chunk, so `buffer-response` changes nothing here: both its values relay at once. `timeout`
//! (seconds, 300 unless given) or `timeout-ms` bounds the wait for the headers. `continue-timeout` is accepted; the body
//! is sent without waiting for `100 Continue`.
//!
//! A body that no policy reads streams to the backend and can be sent once: a second `forward-request` in the same
//! request, as in `retry`, fails unless `buffer-request-body="true"`. With `fail-on-error-status-code`, 400 to 599 go to
//! `on-error` with the backend's response in `context.Response`.
//!
//! A redirect that is followed to another host takes no credentials along: not the certificate of the gateway, nor the
//! subscription key, nor any header whose name speaks of a key, a token or the like.
//!
//! | what happens | `LastError.Reason` | client |
//! |---|---|---|
//! | no headers in time | `Timeout` | 500 |
//! | no connection, broken connection, not HTTP | `BackendConnectionFailure` | 500 |
//! | no service URL to send it to | `BackendNotFound` | 500 |
//! | the backend's circuit breaker has tripped | `BackendCircuitBreakerOpen` | 503 |
//! | a `ws` or `wss` URL: there are no WebSockets yet | `BackendConnectionFailure` | 500 |
//!
//! An API whose fields have resolvers has no backend: there the policy does nothing, and the resolvers answer behind the
//! section.
//!
//! Credentials, circuit breakers and pools of backend entities are told of in `backends.rs`.
//!
//! The backend gets the headers without those for one connection, `X-Forwarded-For` with the client's address added, and
//! its own host as `Host` unless `set-header` set one. Source: forward-request-policy.md.

use std::time::Duration;

use http::HeaderMap;
use serde_json::json;
use tollgate_engine::ports::{HttpVersion, OutboundRequest, Ports, SendError, SendErrorKind};
use tollgate_engine::{
    Body, BoxFuture, Children, ElementReader, Exchange, Failure, Finish, Flow, FromValue, Invalid,
    Policy, PolicyKind, Reads, Scopes, Sections, Setting, Waiting, optional,
};

use super::backends::Choice;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "forward-request",
    sections: Sections::BACKEND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("timeout").about("Seconds to wait for the response's headers; 300 unless given."),
        optional("timeout-ms").about("The same in milliseconds."),
        optional("continue-timeout").about("Accepted, without effect."),
        optional("http-version")
            .literal()
            .about("`1`, `2or1` or `2`."),
        optional("follow-redirects").about("Whether redirects are followed."),
        optional("buffer-request-body")
            .literal()
            .about("Whether the body is kept, so that it can be sent again."),
        optional("buffer-response")
            .literal()
            .about("Accepted, without effect: chunks are relayed at once."),
        optional("fail-on-error-status-code")
            .literal()
            .about("Whether 400 to 599 go to on-error."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(ForwardRequest::load(e)?)),
};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// The policy, also as a part of a resolver.
#[derive(Debug, Default)]
pub(crate) struct ForwardRequest {
    timeout: Option<Setting<Duration>>,
    timeout_ms: Option<Setting<u32>>,
    version: Version,
    follow_redirects: Option<Setting<bool>>,
    buffer_request_body: bool,
    fail_on_error_status_code: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Version(HttpVersion);

impl FromValue for Version {
    const EXPECTED: &'static str = "`1`, `2or1` or `2`";

    fn from_literal(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self(HttpVersion::Http1)),
            "2" => Some(Self(HttpVersion::Http2)),
            _ if text.eq_ignore_ascii_case("2or1") => Some(Self(HttpVersion::Http2Or1)),
            _ => None,
        }
    }
}

/// Marks a request whose body went to a backend as it came.
#[derive(Debug, Clone, Copy)]
struct BodySent;

impl ForwardRequest {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (timeout, timeout_ms) = (
            e.optional_setting("timeout"),
            e.optional_setting("timeout-ms"),
        );
        let continue_timeout = e.optional_setting::<u32>("continue-timeout");
        let version = e.optional_literal::<Version>("http-version");
        let follow_redirects = e.optional_setting("follow-redirects");
        let buffer_request_body = e.optional_literal("buffer-request-body");
        let buffer_response = e.optional_literal::<bool>("buffer-response");
        let fail = e.optional_literal("fail-on-error-status-code");
        if e.has("timeout") && e.has("timeout-ms") {
            let message = "`forward-request` takes either `timeout` or `timeout-ms`";
            return Err(e.error("wrong-attributes", e.attribute_span("timeout-ms"), message));
        }
        continue_timeout?;
        buffer_response?;
        Ok(Self {
            timeout: timeout?,
            timeout_ms: timeout_ms?,
            version: version?.unwrap_or_default(),
            follow_redirects: follow_redirects?,
            buffer_request_body: buffer_request_body?.unwrap_or(false),
            fail_on_error_status_code: fail?.unwrap_or(false),
        })
    }

    fn timeout(&self, exchange: &mut Exchange) -> Result<Duration, Failure> {
        match (&self.timeout, &self.timeout_ms) {
            (Some(seconds), _) => seconds.get(exchange).map(|timeout| *timeout),
            (None, Some(milliseconds)) => milliseconds
                .get(exchange)
                .map(|milliseconds| Duration::from_millis(u64::from(*milliseconds))),
            (None, None) => Ok(DEFAULT_TIMEOUT),
        }
    }

    /// The request, and the backend entity that it goes to.
    fn prepare(
        &self,
        exchange: &mut Exchange,
    ) -> Result<(OutboundRequest, Option<Choice>), Failure> {
        let timeout = self.timeout(exchange)?;
        let follow_redirects = match &self.follow_redirects {
            Some(setting) => *setting.get(exchange)?,
            None => false,
        };
        let choice = Choice::of(exchange)?;
        let mut request = request(exchange)?;
        if follow_redirects {
            mark_key(exchange, request.headers_mut());
        }
        let outbound = OutboundRequest {
            timeout: Some(timeout),
            follow_redirects,
            http_version: self.version.0,
            identity: exchange.context.request.identity.clone(),
            proxy: exchange.context.request.proxy.clone(),
            ..OutboundRequest::new(request)
        };
        exchange.context.trace(|context| {
            json!({
                "message": format!("Request is being forwarded to the backend service. Timeout set to {} seconds", timeout.as_secs_f64()),
                "request": {"method": context.request.method.as_str(), "url": context.request.url.to_string()},
            })
        });
        Ok((outbound, choice))
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let (mut outbound, choice) = self.prepare(exchange)?;
        let ports = exchange.context.ports.clone();
        if let Some(choice) = &choice {
            choice.authorize(&ports, &mut outbound).await?;
        }
        let failed = |error| failed(error, choice.as_ref(), &ports);
        exchange.call_backend(outbound, failed).await?;
        self.conclude(exchange, choice)
    }

    /// Goes on with the response that is in the exchange.
    fn conclude(&self, exchange: &mut Exchange, choice: Option<Choice>) -> Result<Flow, Failure> {
        let ports = exchange.context.ports.clone();
        let response = &mut exchange.context.response;
        let status = response.status;
        if let Some(choice) = choice {
            choice.answered(&ports, status, &response.headers);
            choice.set_cookie(&mut response.headers);
        }
        exchange.context.trace(|context| {
            let response = &context.response;
            json!({"response": {"status": {"code": response.status.as_u16(), "reason": response.status_reason().to_utf8()}}})
        });
        if self.fail_on_error_status_code && (status.is_client_error() || status.is_server_error())
        {
            let message = format!("Backend returned status {}", status.as_u16());
            return Err(Failure::new("BackendErrorStatusCode", message).keeping_response());
        }
        Ok(Flow::Next)
    }
}

/// The request as the backend gets it. A body that streams is gone from the exchange after this.
fn request(exchange: &mut Exchange) -> Result<http::Request<Body>, Failure> {
    let request = &mut exchange.context.request;
    if request.url.host.is_empty() {
        return Err(Failure::new(
            "BackendNotFound",
            "There is no service URL to forward the request to.",
        ));
    }
    if matches!(request.url.scheme.as_utf8(), Some("ws" | "wss")) {
        let message = "WebSockets to a backend are not supported.";
        return Err(Failure::new("BackendConnectionFailure", message));
    }
    let body = match request.body.bytes() {
        Some(_) if request.extensions.get::<BodySent>().is_some() => {
            let message =
                "The request body was sent already; buffer-request-body=\"true\" keeps it.";
            return Err(Failure::without_reason(message));
        }
        Some(bytes) => Body::full(bytes.clone()),
        None => {
            request.extensions.insert(BodySent);
            request.body.consume()
        }
    };
    exchange.outbound_request(body)
}

/// Marks the subscription key, whatever its header is called: what is marked does not follow to another host.
fn mark_key(exchange: &Exchange, headers: &mut HeaderMap) {
    let api = exchange.context.api.as_ref();
    let key = api.and_then(|api| headers.get_mut(&*api.key_header.to_utf8()));
    if let Some(key) = key {
        key.set_sensitive(true);
    }
}

fn failed(error: SendError, choice: Option<&Choice>, ports: &Ports) -> Failure {
    if let Some(choice) = choice {
        choice.failed(ports);
    }
    match error.kind {
        SendErrorKind::Timeout => {
            Failure::new("Timeout", "Request to the backend service timed out")
        }
        _ => Failure::new("BackendConnectionFailure", error.message),
    }
}

impl Policy for ForwardRequest {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        Ok(match exchange.has_resolvers() {
            true => Flow::Next,
            false => Flow::Wait,
        })
    }

    /// The call of a resolver is nobody else's business, so others can be made meanwhile.
    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        if exchange.context.resolving.is_none() {
            return Ok(Waiting::Exclusive);
        }
        let (mut outbound, choice) = self.prepare(exchange)?;
        let ports = exchange.context.ports.clone();
        Ok(Waiting::Detached(Box::pin(async move {
            let authorized = match &choice {
                Some(choice) => choice.authorize(&ports, &mut outbound).await,
                None => Ok(()),
            };
            let answer = match authorized {
                Ok(()) => {
                    let answer = ports.http.send(outbound).await;
                    answer.map_err(|error| failed(error, choice.as_ref(), &ports))
                }
                Err(failure) => Err(failure),
            };
            Box::new(move |exchange: &mut Exchange| {
                exchange.context.response = answer?.into();
                self.conclude(exchange, choice)
            }) as Finish<'a>
        })))
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    fn reads(&self) -> Reads {
        let timeout = self.timeout.as_ref().map_or(Reads::NONE, Setting::reads);
        match self.buffer_request_body {
            true => timeout.or(Reads::RAW_REQUEST),
            false => timeout,
        }
    }
}
