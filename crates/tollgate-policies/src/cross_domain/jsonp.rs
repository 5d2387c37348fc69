//! `jsonp`: wraps a JSON response into a call of the function that the client names, for browsers that cannot do CORS.
//!
//! ```xml
//! <jsonp callback-parameter-name="cb" />
//! ```
//!
//! `GET /orders?cb=show` gets `show(…);` as `application/javascript`; the body streams through. Without the parameter
//! the response stays as it is. A name that is no JavaScript identifier ends in `LastError.Reason`
//! `CallbackParameterInvalid` and 400. A compressed response is decoded as it passes.
//! Source: jsonp-policy.md; the form of the call, the content type and the status code are the choice made here.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyStream, StreamBody};
use tollgate_dotnet::Str;
use tollgate_engine::exchange::BodyError;
use tollgate_engine::{
    Body, Children, Exchange, Failure, Flow, Policy, PolicyKind, Reads, Scopes, Sections, Setting,
    required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "jsonp",
    sections: Sections::OUTBOUND,
    scopes: Scopes::ALL,
    once: true,
    attributes: &[
        required("callback-parameter-name").about("The query parameter that names the function.")
    ],
    children: Children::None,
    load: |e| Ok(Box::new(Jsonp(e.setting("callback-parameter-name")?))),
};

#[derive(Debug)]
struct Jsonp(Setting<Str>);

impl Policy for Jsonp {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let name = self.0.get(exchange)?.to_utf8().into_owned();
        let mut values = exchange.context.request.original_url.query_values(&name);
        let Some(callback) = values.next() else {
            return Ok(Flow::Next);
        };
        drop(values);
        let callback = callback.to_utf8().into_owned();
        if !is_identifier(&callback) {
            let message =
                format!("Value of callback parameter {name} is not a valid JavaScript identifier.");
            return Err(Failure::new("CallbackParameterInvalid", message.clone())
                .respond(StatusCode::BAD_REQUEST, message));
        }
        let response = &mut exchange.context.response;
        // It streams, and so is bound by nothing.
        response
            .decode(usize::MAX)
            .map_err(BodyError::of_response)?;
        let script = HeaderValue::from_static("application/javascript");
        response.headers.insert(header::CONTENT_TYPE, script);
        response.headers.remove(header::CONTENT_LENGTH);
        response.headers.remove(header::ETAG);
        response.body = wrap(response.body.take(), format!("{callback}("));
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}

/// The body between a call's brackets.
fn wrap(body: Body, call: String) -> Body {
    if let Some(bytes) = body.bytes() {
        return Body::full([call.as_bytes(), bytes, b");"].concat());
    }
    let piece = |bytes| stream::iter([Ok(Frame::data(bytes))]);
    let pieces = piece(call.into())
        .chain(BodyStream::new(body))
        .chain(piece(Bytes::from_static(b");")));
    Body::new(StreamBody::new(pieces))
}

/// Whether it is one JavaScript identifier. Reserved words pass: the browser refuses those.
fn is_identifier(text: &str) -> bool {
    let starts = |c: char| c.is_alphabetic() || c == '_' || c == '$';
    let mut characters = text.chars();
    characters.next().is_some_and(starts)
        && characters.all(|c| starts(c) || c.is_numeric() || matches!(c, '\u{200C}' | '\u{200D}'))
}
