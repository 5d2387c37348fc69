//! What goes wrong while a request runs: what `LastError` says of it, and what the client is told.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use tollgate_dotnet::{Str, Throw};

use crate::block::Place;
use crate::policy::{Scope, Section};
use crate::ports::CountersAway;

/// 503, for as long as the shared counters cannot be had.
impl From<CountersAway> for Failure {
    fn from(_: CountersAway) -> Self {
        let message = "The gateway cannot count calls at the moment. Try again later.";
        Self::new("CountersUnavailable", message)
            .respond(StatusCode::SERVICE_UNAVAILABLE, message)
            .with_header(http::header::RETRY_AFTER, HeaderValue::from(1_u64))
    }
}

/// A failure: it ends the section, and `on-error` runs next. Source: api-management-error-handling-policies.md.
///
/// One pointer wide, so that results stay small where nothing fails.
#[derive(Debug, Clone)]
pub struct Failure(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    source: Option<Cow<'static, str>>,
    reason: Option<Cow<'static, str>>,
    message: String,
    /// Which element within the policy failed.
    element: Option<Box<str>>,
    place: Option<FailedAt>,
    response: ErrorResponse,
    keeps_response: bool,
}

#[derive(Debug, Clone)]
struct FailedAt {
    scope: Scope,
    section: Section,
    path: Box<str>,
    id: Option<Box<str>>,
}

/// What `context.LastError` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LastError {
    /// The policy or the built-in step that failed.
    pub source: Str,
    /// A name for what happened.
    pub reason: Option<Str>,
    /// What happened, for people.
    pub message: Str,
    /// The scope of the document the policy stands in.
    pub scope: Option<Str>,
    /// The section it stands in.
    pub section: Option<Str>,
    /// Where in the section: `choose[3]/when[2]`.
    pub path: Option<Str>,
    /// The policy's `id` attribute.
    pub policy_id: Option<Str>,
    /// The status code of the default response.
    pub http_error_code: i32,
}

/// The response to a failure, unless `on-error` makes another.
#[derive(Debug, Clone)]
pub struct ErrorResponse {
    /// The status code.
    pub status: StatusCode,
    /// The reason phrase; that of the status code if there is none.
    pub reason: Option<Str>,
    /// The body.
    pub body: ErrorBody,
    /// Headers besides `Content-Type`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The body of an [`ErrorResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorBody {
    /// `{ "statusCode": 500, "message": "Internal server error", "activityId": "<request id>" }`
    Internal,
    /// `{ "statusCode": 401, "message": "…" }`
    Message(Cow<'static, str>),
    /// These bytes, with this content type.
    Raw(&'static str, Bytes),
}

impl Failure {
    /// A failure with a reason (`HeaderNotFound`) and a message, which the client sees as `500 Internal server error`
    /// until [`respond`](Self::respond) says otherwise.
    pub fn new(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            source: None,
            reason: Some(reason.into()),
            message: message.into(),
            element: None,
            place: None,
            response: ErrorResponse::internal(),
            keeps_response: false,
        }))
    }

    /// A failure without a reason.
    pub fn without_reason(message: impl Into<String>) -> Self {
        let mut failure = Self::new("", message);
        failure.0.reason = None;
        failure
    }

    /// An exception that left an expression.
    pub fn evaluation(throw: &Throw) -> Self {
        Self::new(
            "ExpressionValueEvaluationFailure",
            format!(
                "Expression evaluation failed. {}",
                throw.exception().message
            ),
        )
    }

    /// The value of an expression that the attribute cannot take: null, of another type, out of range.
    pub fn validation() -> Self {
        Self::new(
            "ExpressionValueValidationFailure",
            "Expression value is invalid. The value field is required.",
        )
    }

    /// The same failure, with another source than the policy's name: a built-in step such as `configuration`.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same failure, answered by this status code and `{ "statusCode": …, "message": "…" }`.
    #[must_use]
    pub fn respond(self, status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        self.with_response(ErrorResponse::message(status, message))
    }

    /// The same failure, answered by this response.
    #[must_use]
    pub fn with_response(mut self, response: ErrorResponse) -> Self {
        self.0.response = response;
        self
    }

    /// The same failure, answered by the response that is in the exchange already: the backend's.
    #[must_use]
    pub fn keeping_response(mut self) -> Self {
        self.0.keeps_response = true;
        self
    }

    /// Whether the response in the exchange stays.
    pub fn keeps_response(&self) -> bool {
        self.0.keeps_response
    }

    /// The same failure with one more header in its response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.response.headers.push((name, value));
        self
    }

    /// The same failure, in an element of the policy that has failed: `when[2]`.
    #[must_use]
    pub fn within(mut self, element: impl Into<Box<str>>) -> Self {
        self.0.element.get_or_insert_with(|| element.into());
        self
    }

    /// Whether it is known where it happened: a policy failed.
    pub(crate) fn is_placed(&self) -> bool {
        self.0.place.is_some()
    }

    /// Says where it happened, unless that is known already.
    #[must_use]
    pub(crate) fn at(mut self, place: &Place) -> Self {
        let parts = &mut *self.0;
        parts.source.get_or_insert(Cow::Borrowed(place.policy));
        let element = parts.element.take();
        parts.place.get_or_insert_with(|| FailedAt {
            scope: place.scope,
            section: place.section,
            path: match element {
                Some(element) => format!("{}/{element}", place.path).into(),
                None => place.path.clone(),
            },
            id: place.id.clone(),
        });
        self
    }

    /// The policy or the built-in step that failed; empty before the engine has seen the failure.
    pub fn source(&self) -> &str {
        self.0.source.as_deref().unwrap_or_default()
    }

    /// A name for what happened.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the client is told.
    pub fn response(&self) -> &ErrorResponse {
        &self.0.response
    }

    /// What `context.LastError` says of it.
    pub fn to_last_error(&self) -> LastError {
        let parts = &*self.0;
        let at = parts.place.as_ref();
        LastError {
            source: self.source().into(),
            reason: self.reason().map(Str::from),
            message: self.message().into(),
            scope: at.map(|at| Str::from_static(at.scope.name())),
            section: at.map(|at| Str::from_static(at.section.name())),
            path: at.map(|at| Str::from(&*at.path)),
            policy_id: at.and_then(|at| at.id.as_deref()).map(Str::from),
            http_error_code: parts.response.status.as_u16().into(),
        }
    }
}

impl ErrorResponse {
    /// `500`, which tells the client nothing but the request's id.
    pub fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            reason: None,
            body: ErrorBody::Internal,
            headers: Vec::new(),
        }
    }

    /// A status code and `{ "statusCode": …, "message": "…" }`.
    pub fn message(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            body: ErrorBody::Message(message.into()),
            ..Self::internal()
        }
    }
}

/// The body of an error response, byte for byte as the service has it: `{ "statusCode": 401, "message": "…" }`.
pub fn error_body(status: StatusCode, message: &str) -> Bytes {
    let message = serde_json::Value::from(message);
    format!(
        "{{ \"statusCode\": {}, \"message\": {message} }}",
        status.as_u16()
    )
    .into()
}

/// The body of `500`; the activity id is the request's id.
pub(crate) fn internal_error_body(activity_id: &str) -> Bytes {
    format!(
        "{{ \"statusCode\": 500, \"message\": \"Internal server error\", \"activityId\": \"{activity_id}\" }}"
    )
    .into()
}
