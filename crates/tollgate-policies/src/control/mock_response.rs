//! `mock-response`: ends the pipeline with a sample response.
//!
//! ```xml
//! <mock-response status-code="200" content-type="application/json" />
//! ```
//!
//! The body is an example that the API's document ([`Api::openapi`](tollgate_engine::Api::openapi)) has for the operation,
//! the status code and the content type (the first, unless `content-type` is given): the one of this `index`, from 0 on.
//! Where there is none, one is made of the schema. Without either the body is empty, and `Content-Type` is set only if
//! `content-type` is given. Source: mock-response-policy.md; on what samples look like it is silent.

use http::{HeaderValue, StatusCode, header};
use tollgate_engine::{
    Children, Described, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Response, Scopes, Sections, optional,
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
    index: usize,
}

impl MockResponse {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let status = e.optional_literal("status-code");
        let content_type = e.optional_literal("content-type");
        let index = e.optional_literal::<u32>("index");
        let index = usize::try_from(index?.unwrap_or(0)).unwrap_or(usize::MAX);
        Ok(Self {
            index,
            status: status?.unwrap_or(StatusCode::OK),
            content_type: content_type?,
        })
    }
}

impl MockResponse {
    /// The media type and the text of an example.
    fn example(&self, exchange: &Exchange) -> Option<(String, String)> {
        let Described::Operation(operation) = &exchange.context.described else {
            return None;
        };
        let media = match &self.content_type {
            Some(media) => Some(media.to_str().ok()?.split(';').next()?.trim()),
            None => None,
        };
        let response = operation.response(self.status.as_u16())?;
        let (media, example) = response.example(media, self.index)?;
        let text = match example {
            serde_json::Value::String(text) if !media.contains("json") => text,
            json => json.to_string(),
        };
        Some((media.to_owned(), text))
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
        if let Some((media, body)) = self.example(exchange) {
            if let Ok(media) = HeaderValue::try_from(media) {
                response
                    .headers
                    .entry(header::CONTENT_TYPE)
                    .or_insert(media);
            }
            response.body = body.into();
        }
        exchange.context.response = response;
        Ok(Flow::Respond)
    }
}
