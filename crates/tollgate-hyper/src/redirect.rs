//! Redirects: where they lead, and what of a request goes along.

use http::uri::Scheme;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Uri, header};
use tollgate_engine::Body;

/// Redirects that are followed at most, as many clients have it.
pub(crate) const REDIRECTS: usize = 10;

/// What in a header's name says that it may hold a credential: `api-key`, `Ocp-Apim-Subscription-Key`, `X-Auth-Token`.
const CREDENTIALS: [&str; 11] = [
    "auth",
    "key",
    "token",
    "secret",
    "cookie",
    "credential",
    "password",
    "signature",
    "session",
    "jwt",
    "certificate",
];

/// The request that a redirect asks for.
pub(crate) fn redirected(mut again: Request<Body>, status: StatusCode, next: Uri) -> Request<Body> {
    match status {
        StatusCode::SEE_OTHER => become_get(&mut again),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if *again.method() == Method::POST => {
            become_get(&mut again);
        }
        _ => {}
    }
    if is_elsewhere(again.uri(), &next) {
        leave_credentials(again.headers_mut());
    }
    *again.uri_mut() = next;
    again
}

/// Whether it is another server: another scheme, host or port.
pub(crate) fn is_elsewhere(from: &Uri, to: &Uri) -> bool {
    let port = |uri: &Uri| {
        uri.port_u16().or_else(|| {
            Some(if uri.scheme() == Some(&Scheme::HTTPS) {
                443
            } else {
                80
            })
        })
    };
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    (from.scheme(), host(from), port(from)) != (to.scheme(), host(to), port(to))
}

/// Credentials are for the server that they were meant for: those that are marked as such, and whatever is called so.
fn leave_credentials(headers: &mut HeaderMap) {
    let is_one = |name: &HeaderName| {
        *name == header::HOST || CREDENTIALS.iter().any(|word| name.as_str().contains(word))
    };
    let leave: Vec<HeaderName> = (headers.iter())
        .filter(|(name, value)| value.is_sensitive() || is_one(name))
        .map(|(name, _)| name.clone())
        .collect();
    for name in leave {
        headers.remove(name);
    }
}

fn become_get(request: &mut Request<Body>) {
    if *request.method() != Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    request.headers_mut().remove(header::CONTENT_TYPE);
    request.headers_mut().remove(header::CONTENT_LENGTH);
    *request.body_mut() = Body::empty();
}

/// A copy to be sent again; only of a request whose body is at hand.
pub(crate) fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut again = Request::new(Body::full(request.body().bytes()?.clone()));
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

/// Where a redirect leads, if this is one that can be followed.
pub(crate) fn target(response: &Response<Body>, from: &Uri) -> Option<Uri> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let scheme = from.scheme_str()?;
    if location.starts_with("//") {
        return format!("{scheme}:{location}").parse().ok();
    }
    let to: Uri = location.parse().ok()?;
    if let Some(scheme) = to.scheme() {
        // What was sent encrypted is not sent again in the clear.
        let secure = from.scheme() != Some(&Scheme::HTTPS) || *scheme == Scheme::HTTPS;
        return secure.then_some(to);
    }
    let builder = Uri::builder()
        .scheme(scheme)
        .authority(from.authority()?.as_str());
    let path = if location.starts_with('/') {
        location.to_owned()
    } else {
        let (folder, _) = from.path().rsplit_once('/')?;
        format!("{folder}/{location}")
    };
    builder.path_and_query(path).build().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_redirect_never_leads_from_https_to_http() {
        let leads = |from: &'static str, location: &'static str| {
            let response = Response::builder().status(302);
            let response = response.header(header::LOCATION, location);
            let response = response.body(Body::empty()).unwrap();
            let to = target(&response, &Uri::from_static(from));
            to.map(|to| to.to_string()).unwrap_or_default()
        };
        assert_eq!(leads("https://a/", "http://a/x"), "");
        assert_eq!(leads("https://a/", "https://b/x"), "https://b/x");
        assert_eq!(leads("http://a/", "https://a/x"), "https://a/x");
        assert_eq!(leads("http://a/y/z", "x"), "http://a/y/x");
        assert_eq!(leads("https://a/y", "//b/x"), "https://b/x");
    }

    #[test]
    fn credentials_stay_with_their_server() {
        let mut sensitive = HeaderValue::from_static("s");
        sensitive.set_sensitive(true);
        let mut request = Request::post("https://one.example/a")
            .header("x-marked", sensitive)
            .body(Body::from("body"))
            .unwrap();
        let credentials = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "host",
            "api-key",
            "x-api-key",
            "ocp-apim-subscription-key",
            "x-functions-key",
            "x-ms-token-aad-access-token",
            "x-zumo-auth",
            "x-hub-signature",
            "x-client-secret",
            "x-arr-clientcert-certificate",
        ];
        for name in credentials {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("c"));
        }
        for name in ["accept", "content-type", "user-agent", "x-ms-version"] {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("c"));
        }
        let names = |to: &'static str| {
            let again = redirected(
                copy(&request).unwrap(),
                StatusCode::TEMPORARY_REDIRECT,
                Uri::from_static(to),
            );
            let mut names: Vec<_> = (again.headers().keys())
                .map(|name| name.as_str().to_owned())
                .collect();
            names.sort();
            names
        };
        for elsewhere in [
            "https://two.example/",
            "http://one.example/",
            "https://one.example:444/",
        ] {
            let left = ["accept", "content-type", "user-agent", "x-ms-version"];
            assert_eq!(names(elsewhere), left, "{elsewhere}");
        }
        for here in ["https://one.example/b", "https://ONE.example:443/"] {
            assert_eq!(names(here).len(), credentials.len() + 5, "{here}");
        }
    }
}
