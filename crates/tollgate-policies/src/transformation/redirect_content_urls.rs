//! `redirect-content-urls`: makes the links in a body lead through the gateway.
//!
//! ```xml
//! <redirect-content-urls />
//! ```
//!
//! In `outbound` the backend's base URL becomes the API's address at the gateway, everywhere in the response's body; in
//! `inbound` it goes the other way in the request's. Both are compared as they are written, scheme and host without
//! case, and only where the base URL ends at a path, a query or the end of the address. Headers such as `Location` stay.
//! The whole body is buffered. Source: redirect-content-urls-policy.md; what counts as a base URL is the choice made here: the backend's is where the
//! request goes (`set-backend-service` included), the gateway's is scheme, host and port that the client called, with
//! the API's path.

use bytes::Bytes;
use tollgate_engine::{
    Children, Exchange, Failure, Flow, Policy, PolicyKind, Reads, Scopes, Sections, Url,
};

use super::message::{Message, too_long};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "redirect-content-urls",
    sections: Sections::INBOUND.or(Sections::OUTBOUND),
    scopes: Scopes::ALL,
    once: true,
    attributes: &[],
    children: Children::None,
    load: |e| Ok(Box::new(RedirectContentUrls(Message::of(e)))),
};

#[derive(Debug)]
struct RedirectContentUrls(Message);

impl Policy for RedirectContentUrls {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let context = &exchange.context;
        let request = &context.request;
        let api = context.api.as_ref().map(|api| api.path.to_utf8());
        let path = api
            .filter(|path| !path.is_empty())
            .map(|path| format!("/{path}"));
        let gateway = base(&request.original_url, &path.unwrap_or_default());
        let backend = base(&request.url, &request.url.base_path.to_utf8());
        let (from, to) = match self.0 {
            Message::Request => (gateway, backend),
            Message::Response => (backend, gateway),
        };
        let body = self.0.bytes(exchange);
        if let Some(changed) = redirect(&body, &from, &to, self.0.limit(exchange))? {
            self.0.replace(exchange, changed);
        }
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}

/// The first part of the addresses below a base URL: scheme and host apart from the path, which knows case.
fn base(url: &Url, path: &str) -> (String, String) {
    let origin = format!("{}://{}", url.scheme.to_utf8(), url.authority().to_utf8());
    (origin, path.trim_end_matches('/').to_owned())
}

/// The body with all base URLs replaced; `None` if there is none of them.
fn redirect(
    body: &Bytes,
    (origin, path): &(String, String),
    (to_origin, to_path): &(String, String),
    limit: usize,
) -> Result<Option<Vec<u8>>, Failure> {
    let lower = body.to_ascii_lowercase();
    let needle = origin.to_ascii_lowercase();
    let mut changed = Vec::new();
    let mut rest = 0;
    for at in memchr::memmem::find_iter(&lower, needle.as_bytes()) {
        let after = at + needle.len();
        let Some(tail) = body
            .get(after..)
            .and_then(|tail| tail.strip_prefix(path.as_bytes()))
        else {
            continue;
        };
        if at < rest || !is_boundary(tail) {
            continue;
        }
        changed.extend_from_slice(body.get(rest..at).unwrap_or_default());
        changed.extend_from_slice(to_origin.as_bytes());
        changed.extend_from_slice(to_path.as_bytes());
        rest = after + path.len();
        if changed.len() > limit {
            return Err(too_long(limit));
        }
    }
    if rest == 0 {
        return Ok(None);
    }
    changed.extend_from_slice(body.get(rest..).unwrap_or_default());
    match changed.len() > limit {
        true => Err(too_long(limit)),
        false => Ok(Some(changed)),
    }
}

/// Whether what follows is not a longer name: of a host, or of a segment.
fn is_boundary(tail: &[u8]) -> bool {
    let continues = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_~%".contains(byte);
    match tail {
        [] => true,
        [b':' | b'@', ..] => false,
        // A dot at the end of a sentence.
        [b'.', next, ..] => !continues(next),
        [first, ..] => !continues(first),
    }
}
