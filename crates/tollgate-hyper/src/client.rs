//! The HTTP client port on hyper.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response, Version, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tollgate_engine::Body;
use tollgate_engine::exchange::ReasonPhrase;
use tollgate_engine::ports::{
    HttpClient, HttpVersion, OutboundRequest, SendError, SendErrorKind, TlsChecks,
};

use crate::redirect::{self, REDIRECTS};
use crate::resolve::Resolver;
use crate::ways::{Settings, Way, Ways};

/// Sends requests with hyper: pooled connections, HTTP/1.1 and HTTP/2, TLS by rustls.
///
/// Cheap to clone; clones share the pool. Requests that show a certificate, go through a proxy or leave out checks of the
/// backend's certificate have a pool of their own for each of these. Redirects to another server leave the certificate,
/// and all headers that may hold credentials, behind, and check all of the other's certificate. Trusts the system's certificates, or Mozilla's where the system has none.
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
pub struct HyperClient(Arc<Ways>);

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
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(self.overrides));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.connect_timeout));

        let mut pool = Client::builder(TokioExecutor::new());
        pool.timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(self.idle_per_host);
        let settings = Settings {
            roots: Arc::new(roots),
            tcp,
            pool,
        };
        let direct = settings.clients(&Way::default()).map_err(ClientError)?;
        Ok(HyperClient(Arc::new(Ways {
            settings,
            direct,
            others: Mutex::default(),
        })))
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
        let ways = Arc::clone(&self.0);
        Box::pin(async move {
            let timeout = outbound.timeout;
            let call = follow(&ways, outbound);
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

async fn follow(ways: &Ways, outbound: OutboundRequest) -> Result<Response<Body>, SendError> {
    let mut request = outbound.request;
    *request.version_mut() = Version::HTTP_11;
    let mut way = Way {
        identity: outbound.identity,
        proxy: outbound.proxy,
        checks: outbound.tls_checks,
    };
    let version = outbound.http_version;
    if !outbound.follow_redirects {
        return once(ways, &way, version, request).await;
    }
    for _ in 0..=REDIRECTS {
        // Only a request whose body is at hand can be sent again.
        let again = redirect::copy(&request);
        let response = once(ways, &way, version, request).await?;
        let Some(again) = again else {
            return Ok(response);
        };
        let Some(next) = redirect::target(&response, again.uri()) else {
            return Ok(response);
        };
        if redirect::is_elsewhere(again.uri(), &next) {
            way.identity = None;
            way.checks = TlsChecks::ALL;
        }
        request = redirect::redirected(again, response.status(), next);
    }
    Err(error(
        SendErrorKind::Aborted,
        "too many redirects".to_owned(),
    ))
}

async fn once(
    ways: &Ways,
    way: &Way,
    version: HttpVersion,
    mut request: Request<Body>,
) -> Result<Response<Body>, SendError> {
    let refused = |message| error(SendErrorKind::Request, message);
    let client = ways.client(way, version).map_err(refused)?;
    if let Some(authorization) = way.authorization_beside(&request).map_err(refused)? {
        let headers = request.headers_mut();
        headers.insert(header::PROXY_AUTHORIZATION, authorization);
    }
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
