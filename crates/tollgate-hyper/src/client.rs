//! The HTTP client port on hyper.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::uri::Scheme;
use http::{Method, Request, Response, StatusCode, Uri, Version, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tollgate_engine::Body;
use tollgate_engine::exchange::ReasonPhrase;
use tollgate_engine::ports::{HttpClient, HttpVersion, OutboundRequest, SendError, SendErrorKind};

use crate::resolve::Resolver;

type Inner = Client<HttpsConnector<HttpConnector<Resolver>>, Body>;

/// Sends requests with hyper: pooled connections, HTTP/1.1 and HTTP/2, TLS by rustls.
///
/// Cheap to clone; clones share the pool. Trusts the system's certificates, or Mozilla's where the system has none.
/// Dropping a call's future closes or resets what it was doing.
///
/// ```
/// use tollgate_hyper::HyperClient;
///
/// let client = HyperClient::builder()
///     .connect_timeout(std::time::Duration::from_secs(5))
///     .resolve("backend.internal", "127.0.0.1:8080".parse()?)
///     .build()?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HyperClient {
    http1: Inner,
    http2: Inner,
    http2_or_1: Inner,
}

/// Why no client could be built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientError(String);

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the HTTP client could not be set up: {}", self.0)
    }
}

impl std::error::Error for ClientError {}

/// Settings of a [`HyperClient`].
#[derive(Debug, Clone)]
pub struct HyperClientBuilder {
    connect_timeout: Duration,
    idle_timeout: Duration,
    idle_per_host: usize,
    overrides: HashMap<String, SocketAddr>,
    roots: Vec<Vec<u8>>,
}

impl Default for HyperClientBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            idle_per_host: 256,
            overrides: HashMap::new(),
            roots: Vec::new(),
        }
    }
}

impl HyperClientBuilder {
    /// How long a TCP connection may take to open; 10 seconds unless said otherwise.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long an unused connection is kept; 90 seconds unless said otherwise.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How many unused connections are kept for each host; 256 unless said otherwise.
    #[must_use]
    pub fn idle_per_host(mut self, connections: usize) -> Self {
        self.idle_per_host = connections;
        self
    }

    /// Connects to `address` for every URL with this host name. The port of the address counts where the URL names
    /// none. The `Host` header and the certificate check keep the name.
    #[must_use]
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        self.overrides
            .insert(host.into().to_ascii_lowercase(), address);
        self
    }

    /// Trusts one more certificate authority (DER).
    #[must_use]
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.roots.push(der.into());
        self
    }

    /// The client.
    ///
    /// # Errors
    /// A given certificate that is none.
    pub fn build(self) -> Result<HyperClient, ClientError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for der in &self.roots {
            let certificate = CertificateDer::from(der.clone());
            roots
                .add(certificate)
                .map_err(|error| ClientError(error.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ClientError(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();

        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(self.overrides));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.connect_timeout));

        let https = |tls: ClientConfig| {
            HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
        };
        let mut pool = Client::builder(TokioExecutor::new());
        pool.timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(self.idle_per_host);
        Ok(HyperClient {
            http1: pool.build(
                https(tls.clone())
                    .enable_http1()
                    .wrap_connector(tcp.clone()),
            ),
            http2_or_1: pool.build(
                https(tls.clone())
                    .enable_all_versions()
                    .wrap_connector(tcp.clone()),
            ),
            http2: pool
                .http2_only(true)
                .build(https(tls).enable_http2().wrap_connector(tcp)),
        })
    }
}

impl HyperClient {
    /// Settings, to be changed.
    pub fn builder() -> HyperClientBuilder {
        HyperClientBuilder::default()
    }

    /// A client with the default settings.
    ///
    /// # Errors
    /// As [`HyperClientBuilder::build`].
    pub fn new() -> Result<Self, ClientError> {
        Self::builder().build()
    }
}

impl HttpClient for HyperClient {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        let client = match outbound.http_version {
            HttpVersion::Http1 => self.http1.clone(),
            HttpVersion::Http2 => self.http2.clone(),
            HttpVersion::Http2Or1 => self.http2_or_1.clone(),
        };
        Box::pin(async move {
            let timeout = outbound.timeout;
            let call = follow(client, outbound);
            match timeout {
                None => call.await,
                Some(limit) => tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
                    Err(error(
                        SendErrorKind::Timeout,
                        "Request to the backend service timed out".to_owned(),
                    ))
                }),
            }
        })
    }
}

/// Redirects that are followed at most, as many clients have it.
const REDIRECTS: usize = 10;

async fn follow(client: Inner, outbound: OutboundRequest) -> Result<Response<Body>, SendError> {
    let mut request = outbound.request;
    *request.version_mut() = Version::HTTP_11;
    if !outbound.follow_redirects {
        return once(&client, request).await;
    }
    for _ in 0..=REDIRECTS {
        // Only a request whose body is at hand can be sent again.
        let again = copy(&request);
        let mut response = once(&client, request).await?;
        let Some((next, mut again)) =
            target(&response, again.as_ref().map(Request::uri)).zip(again)
        else {
            return Ok(response);
        };
        let elsewhere =
            (next.scheme(), next.authority()) != (again.uri().scheme(), again.uri().authority());
        match response.status() {
            StatusCode::SEE_OTHER => become_get(&mut again),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND
                if *again.method() == Method::POST =>
            {
                become_get(&mut again)
            }
            _ => {}
        }
        if elsewhere {
            // Credentials are for the host they were meant for.
            for name in [
                header::AUTHORIZATION,
                header::COOKIE,
                header::HOST,
                header::PROXY_AUTHORIZATION,
            ] {
                again.headers_mut().remove(name);
            }
        }
        *again.uri_mut() = next;
        *response.body_mut() = Body::empty();
        request = again;
    }
    Err(error(
        SendErrorKind::Aborted,
        "too many redirects".to_owned(),
    ))
}

fn become_get(request: &mut Request<Body>) {
    if *request.method() != Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    request.headers_mut().remove(header::CONTENT_TYPE);
    request.headers_mut().remove(header::CONTENT_LENGTH);
    *request.body_mut() = Body::empty();
}

fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut again = Request::new(Body::full(request.body().bytes()?.clone()));
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

/// Where a redirect leads, if this is one that can be followed.
fn target(response: &Response<Body>, from: Option<&Uri>) -> Option<Uri> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let to: Uri = location.parse().ok()?;
    let from = from?;
    if let Some(scheme) = to.scheme() {
        // What was sent encrypted is not sent again in the clear.
        let secure = from.scheme() != Some(&Scheme::HTTPS) || *scheme == Scheme::HTTPS;
        return secure.then_some(to);
    }
    let builder = Uri::builder()
        .scheme(from.scheme_str()?)
        .authority(from.authority()?.as_str());
    let path = if location.starts_with('/') {
        location.to_owned()
    } else {
        let (folder, _) = from.path().rsplit_once('/')?;
        format!("{folder}/{location}")
    };
    builder.path_and_query(path).build().ok()
}

async fn once(client: &Inner, request: Request<Body>) -> Result<Response<Body>, SendError> {
    match client.request(request).await {
        Ok(mut response) => {
            let phrase = response
                .extensions_mut()
                .remove::<hyper::ext::ReasonPhrase>();
            if let Some(text) = phrase
                .as_ref()
                .and_then(|phrase| std::str::from_utf8(phrase.as_bytes()).ok())
            {
                response.extensions_mut().insert(ReasonPhrase(text.into()));
            }
            Ok(response.map(Body::new))
        }
        Err(cause) => {
            let kind = if cause.is_connect() {
                SendErrorKind::Connect
            } else {
                SendErrorKind::Aborted
            };
            Err(error(kind, chain(&cause)))
        }
    }
}

fn error(kind: SendErrorKind, message: String) -> SendError {
    SendError { kind, message }
}

/// An error with its causes, which is where hyper tells what happened.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_redirect_never_leads_from_https_to_http() {
        let leads = |from: &'static str, location: &'static str| {
            let response = Response::builder().status(302);
            let response = response.header(header::LOCATION, location);
            let to = target(
                &response.body(Body::empty()).unwrap(),
                Some(&Uri::from_static(from)),
            );
            to.map(|to| to.to_string()).unwrap_or_default()
        };
        assert_eq!(leads("https://a/", "http://a/x"), "");
        assert_eq!(leads("https://a/", "https://b/x"), "https://b/x");
        assert_eq!(leads("http://a/", "https://a/x"), "https://a/x");
        assert_eq!(leads("http://a/y/z", "x"), "http://a/y/x");
    }
}
