//! Between messages on the wire and messages in an exchange: what a gateway takes off, and puts on.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::Authority;
use http::{Method, StatusCode};
use http_body::Body as _;
use tollgate_dotnet::{Str, Value};

use crate::catalog::ApiInfo;
use crate::context::Jwt;
use crate::exchange::{
    Body, ClientCertificate, Exchange, ReasonPhrase, Request, Response, SHORTEST_CREDENTIAL, Url,
    UrlError, Variables, is_secret_name, secrets_of_header, strip_hop_by_hop,
};
use crate::failure::{Failure, error_body};
use crate::gateway::Peer;
use crate::routing::{decode_query, query_values};

/// The variables of the exchange, for an inner service; an extension of [`http::Request`].
///
/// Objects that can still change, such as `JObject`, and parts of `context` are left out.
#[derive(Debug, Clone, Default)]
pub struct PolicyVariables(Variables);

impl PolicyVariables {
    /// The variable of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut variables = self.0.iter();
        let found = variables.find(|(other, _)| other.as_utf8() == Some(name));
        found.map(|(_, value)| value)
    }

    /// The variable of that name, if it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()?.as_utf8()
    }
}

/// The token that `validate-jwt` accepted, for an inner service; an extension of [`http::Request`].
#[derive(Debug, Clone)]
pub struct ValidatedToken(pub Arc<Jwt>);

impl ValidatedToken {
    /// The values of a claim, as text; none if the token does not have it.
    pub fn claim(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.claim(name).iter().filter_map(Str::as_utf8)
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Takes a request in. An error if its host is none.
pub(crate) fn receive(request: http::Request<Body>, peer: Peer) -> Result<Request, UrlError> {
    let (mut parts, body) = request.into_parts();
    let attached = parts.extensions.get::<ClientCertificate>();
    let certificate = peer.certificate.or_else(|| attached.cloned());
    let host = match (parts.uri.authority(), parts.headers.get(header::HOST)) {
        (Some(authority), _) => authority.clone(),
        (None, Some(host)) => Authority::try_from(host.as_bytes()).map_err(|_| UrlError)?,
        (None, None) => Authority::from_static("localhost"),
    };
    let scheme = match (parts.uri.scheme_str(), peer.tls) {
        (Some(scheme), _) => scheme,
        (None, true) => "https",
        (None, false) => "http",
    };
    let url = Url::of_parts(scheme, &host, parts.uri.path(), parts.uri.query())?;
    // Here and not on the way out: `Connection` must not name headers that policies set or have checked.
    strip_hop_by_hop(&mut parts.headers);
    // One `Host`, and the one that counts.
    if !parts
        .headers
        .get_all(header::HOST)
        .iter()
        .eq([host.as_str()])
    {
        let host = HeaderValue::from_str(host.as_str()).map_err(|_| UrlError)?;
        parts.headers.insert(header::HOST, host);
    }
    Ok(Request {
        headers: parts.headers,
        body,
        ip_address: peer.ip,
        certificate,
        extensions: parts.extensions,
        ..Request::new(parts.method, url)
    })
}

/// The answer to what is no proper request.
pub(crate) fn bad_request() -> http::Response<Body> {
    let mut response = Response::new(StatusCode::BAD_REQUEST);
    let json = HeaderValue::from_static("application/json");
    response.headers.insert(header::CONTENT_TYPE, json);
    response.body = error_body(response.status, "Bad request").into();
    respond(response, &Method::GET, Vec::new())
}

impl Exchange {
    /// `context.Request` as a request to its backend: with this body, without what belongs to the client's connection,
    /// with `X-Forwarded-For` and the backend's `Host` (unless a policy set one).
    pub fn outbound_request(&self, body: Body) -> Result<http::Request<Body>, Failure> {
        let request = &self.context.request;
        let mut headers = request.headers.clone();
        strip_hop_by_hop(&mut headers);
        headers.remove(header::EXPECT);
        if !request.keeps_host {
            let host = HeaderValue::from_str(&request.url.authority().to_utf8());
            headers.insert(header::HOST, host.map_err(|_| Failure::validation())?);
        }
        if let Some(ip) = request.ip_address {
            let value = forwarded_for(&headers, &ip.to_string());
            headers.insert(X_FORWARDED_FOR, value.ok_or_else(Failure::validation)?);
        }
        let length = body.size_hint().exact();
        let expected = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
        match length.filter(|length| *length > 0 || expected) {
            Some(length) => drop(headers.insert(header::CONTENT_LENGTH, length.into())),
            None => drop(headers.remove(header::CONTENT_LENGTH)),
        }
        let mut outbound = http::Request::new(body);
        *outbound.method_mut() = request.method.clone();
        *outbound.uri_mut() = request.url.to_uri().map_err(|_| Failure::validation())?;
        *outbound.headers_mut() = headers;
        if self.has_inner_service() {
            *outbound.extensions_mut() = request.extensions.clone();
            let variables = self.context.variables.iter();
            let shared =
                variables.filter(|(_, value)| !matches!(value, Value::Ref(_) | Value::Host(_)));
            outbound
                .extensions_mut()
                .insert(PolicyVariables(shared.collect()));
        }
        Ok(outbound)
    }
}

impl From<http::Response<Body>> for Response {
    fn from(response: http::Response<Body>) -> Self {
        let (mut parts, body) = response.into_parts();
        strip_hop_by_hop(&mut parts.headers);
        let reason = parts.extensions.remove::<ReasonPhrase>();
        Self {
            status: parts.status,
            reason: reason.map(|ReasonPhrase(reason)| reason),
            headers: parts.headers,
            body,
        }
    }
}

/// The response as the client gets it.
pub(crate) fn respond(
    response: Response,
    client_method: &Method,
    added: Vec<(HeaderName, HeaderValue)>,
) -> http::Response<Body> {
    let Response {
        status,
        reason,
        mut headers,
        mut body,
    } = response;
    strip_hop_by_hop(&mut headers);
    for (name, value) in added {
        // What caches must know of adds up; all else is said once.
        match name == header::VARY {
            true => headers.append(name, value),
            false => headers.insert(name, value).is_some(),
        };
    }
    let bodiless = status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if bodiless || *client_method == Method::HEAD {
        // The length of what `GET` would have brought may be told; but 204 has none.
        let keep = body.is_empty() && status != StatusCode::NO_CONTENT;
        if !keep {
            headers.remove(header::CONTENT_LENGTH);
        }
        body = Body::empty();
    } else {
        headers.remove(header::CONTENT_LENGTH);
        if let Some(length) = body.size_hint().exact() {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
    }
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if let Some(reason) = reason {
        response.extensions_mut().insert(ReasonPhrase(reason));
    }
    response
}

fn forwarded_for(headers: &HeaderMap, ip: &str) -> Option<HeaderValue> {
    let mut all = Vec::new();
    for value in headers.get_all(X_FORWARDED_FOR) {
        all.extend_from_slice(value.as_bytes());
        all.extend_from_slice(b", ");
    }
    all.extend_from_slice(ip.as_bytes());
    HeaderValue::from_bytes(&all).ok()
}

/// What logs and traces may not show of a request: what headers say that are secret by their names, such as
/// `Authorization` and `Cookie`, and the keys of subscriptions once the API is known, which says where they are.
pub(crate) fn credentials(
    request: &Request,
    api: Option<&ApiInfo>,
) -> impl Iterator<Item = String> {
    let headers = &request.headers;
    let secret = headers
        .iter()
        .filter(|(name, _)| is_secret_name(name.as_str()));
    let tokens = secret.flat_map(|(name, value)| {
        let text = value.to_str().unwrap_or_default();
        secrets_of_header(name, text)
    });
    let in_header = api.into_iter().flat_map(|api| {
        let values = headers.get_all(&*api.key_header.to_utf8()).iter();
        values.filter_map(|value| Some(value.to_str().ok()?.to_owned()))
    });
    let in_query = api.into_iter().flat_map(|api| {
        let query = request.original_url.query.to_utf8();
        query_values(query.trim_start_matches('?'), &api.key_query.to_utf8())
            .flat_map(|raw| [raw.to_owned(), decode_query(raw).into_owned()])
            .collect::<Vec<_>>()
    });
    tokens
        .chain(in_header)
        .chain(in_query)
        .filter(|credential| credential.len() >= SHORTEST_CREDENTIAL)
}

/// A GUID as .NET writes it.
pub(crate) fn guid(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
