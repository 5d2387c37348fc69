//! What token endpoints answer (RFC 6749, 5), and how they are asked.

use http::{Request, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use tollgate_engine::Body;
use tollgate_engine::ports::{CredentialError, HttpClient, OutboundRequest};

use super::keeper::TIMEOUT;

/// How long an answer may be, in bytes.
const MAX_ANSWER: usize = 1 << 18;
/// For how many seconds a token is taken to be good when nothing is said about it.
const DEFAULT_LIFE: i64 = 3600;

/// All but what stands for itself in URLs.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `a=1&b=2`, encoded.
pub(super) fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let encode = |text: &'a str| utf8_percent_encode(text, RESERVED);
    let pairs = pairs.into_iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

/// Sends a request to a token endpoint, and gives the members of its answer.
pub(super) async fn ask(
    http: &dyn HttpClient,
    mut request: Request<Body>,
    what: &str,
) -> Result<Map<String, Value>, CredentialError> {
    let failed = |why: &str| CredentialError(format!("{what}: {why}."));
    let json = http::HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::ACCEPT, json);
    let request = OutboundRequest {
        timeout: Some(TIMEOUT),
        ..OutboundRequest::new(request)
    };
    let mut answer = (http.send(request).await).map_err(|error| failed(&error.message))?;
    let status = answer.status();
    let body = answer.body_mut().buffer(MAX_ANSWER).await;
    let body = body.map_err(|error| failed(&error.to_string()))?;
    let members = serde_json::from_slice::<Map<String, Value>>(&body);
    if status != StatusCode::OK {
        // The error's name helps; everything else of the answer may say too much.
        let name = members
            .as_ref()
            .ok()
            .and_then(|members| members.get("error"));
        let name = name.and_then(Value::as_str).unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        return Err(
            match !name.is_empty() && name.len() < 64 && name.chars().all(is_name) {
                true => failed(&format!("it answers {status} ({name})")),
                false => failed(&format!("it answers {status}")),
            },
        );
    }
    members.map_err(|_| failed("its answer is no JSON object"))
}

/// The access token of an answer.
pub(super) fn access_token(
    members: &Map<String, Value>,
    what: &str,
) -> Result<String, CredentialError> {
    let token = members.get("access_token").and_then(Value::as_str);
    let token = token.filter(|token| !token.is_empty());
    token
        .map(str::to_owned)
        .ok_or_else(|| CredentialError(format!("{what}: there is no access token in its answer.")))
}

/// For how many seconds a token is good, as its answer says: a number or the text of one.
pub(super) fn seconds(members: &Map<String, Value>) -> i64 {
    let expires_in = members.get("expires_in");
    let seconds = expires_in.and_then(|value| match value {
        Value::String(text) => text.parse().ok(),
        number => number.as_i64(),
    });
    seconds.unwrap_or(DEFAULT_LIFE).max(0)
}
