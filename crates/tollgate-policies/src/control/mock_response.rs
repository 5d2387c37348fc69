//! `mock-response`: ends the pipeline with a sample response.
//!
//! ```xml
//! <mock-response status-code="200" content-type="application/json" />
//! ```
//!
//! The service takes the body from the operation's documented examples. This engine knows no examples, so the body is
//! empty, as the service has it for an operation without any; `Content-Type` is set only if `content-type` is given.
//! `index` is accepted. Source: mock-response-policy.md.

use http::{HeaderValue, StatusCode, header};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Response,
    Scopes, Sections, optional,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "mock-response",
    sections: Sections::INBOUND
        .or(Sections::OUTBOUND)
        .or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("status-code")
            .literal()
            .about("The status code; 200 unless given."),
        optional("content-type")
            .literal()
            .about("The content type."),
        optional("index")
            .literal()
            .about("Which example, by its number."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(MockResponse::load(e)?)),
};

#[derive(Debug)]
struct MockResponse {
    status: StatusCode,
    content_type: Option<HeaderValue>,
}

impl MockResponse {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let status = e.optional_literal("status-code");
        let content_type = e.optional_literal("content-type");
        let index = e.optional_literal::<u32>("index");
        index?;
        Ok(Self {
            status: status?.unwrap_or(StatusCode::OK),
            content_type: content_type?,
        })
    }
}

impl Policy for MockResponse {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let mut response = Response::new(self.status);
        if let Some(content_type) = &self.content_type {
            response
                .headers
                .insert(header::CONTENT_TYPE, content_type.clone());
        }
        exchange.context.response = response;
        Ok(Flow::Respond)
    }
}
