//! What the languages are given of a request.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde_json::Value;
use tollgate_benches::conditions::Requests;

/// A request, for functions to look at.
#[derive(Debug)]
pub struct Request {
    headers: HeaderMap,
    body: Vec<u8>,
    variables: HashMap<String, i64>,
}

impl Request {
    /// The request that Tollgate's own conditions see.
    pub fn of(requests: &Requests) -> Self {
        let request = requests.exchange().context.request;
        Self {
            body: request.body.bytes().unwrap().to_vec(),
            headers: request.headers,
            variables: HashMap::from([("urlId".to_owned(), 1)]),
        }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<i64> {
        self.variables.get(name).copied()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// The body as JSON.
    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The claims of a token.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
