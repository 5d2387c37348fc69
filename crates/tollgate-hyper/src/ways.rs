//! Ways to a backend: each certificate, each proxy and each set of checks has connections of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::Scheme;
use http::{HeaderValue, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use rustls::{ClientConfig, RootCertStore};
use tollgate_engine::ports::{HttpVersion, Proxy, TlsChecks};
use tollgate_engine::{Body, Certificate};

use crate::connect::{self, Connector};
use crate::resolve::Resolver;
use crate::verify::Verifier;

pub(crate) type Inner = Client<HttpsConnector<Connector>, Body>;

/// How a request gets to its backend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Way {
    pub(crate) identity: Option<Certificate>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) checks: TlsChecks,
}

/// The clients of one way, by version of HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    http1: Inner,
    http2: Inner,
    http2_or_1: Inner,
}

/// What all clients have in common.
pub(crate) struct Settings {
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) tcp: HttpConnector<Resolver>,
    pub(crate) pool: Builder,
}

/// The clients of all ways that were gone lately.
pub(crate) struct Ways {
    pub(crate) settings: Settings,
    pub(crate) direct: Clients,
    /// The one that was used last at the end.
    pub(crate) others: Mutex<Vec<(Way, Clients)>>,
}

/// How many ways are remembered: expressions may name any number of them.
const MAX_WAYS: usize = 64;

impl fmt::Debug for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ways").finish_non_exhaustive()
    }
}

impl Ways {
    /// The client for a way; or why there cannot be one, without secrets.
    pub(crate) fn client(&self, way: &Way, version: HttpVersion) -> Result<Inner, String> {
        if *way == Way::default() {
            return Ok(self.direct.client(version));
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let found = others.iter().position(|(known, _)| known == way);
        let entry = match found {
            Some(index) => others.remove(index),
            None => (way.clone(), self.settings.clients(way)?),
        };
        let client = entry.1.client(version);
        if others.len() >= MAX_WAYS {
            others.remove(0);
        }
        others.push(entry);
        Ok(client)
    }
}

impl Clients {
    fn client(&self, version: HttpVersion) -> Inner {
        match version {
            HttpVersion::Http1 => self.http1.clone(),
            HttpVersion::Http2 => self.http2.clone(),
            HttpVersion::Http2Or1 => self.http2_or_1.clone(),
        }
    }
}

impl Way {
    /// `Proxy-Authorization`, where the proxy reads it from the request itself: what is encrypted goes through a tunnel.
    pub(crate) fn authorization_beside(
        &self,
        request: &Request<Body>,
    ) -> Result<Option<HeaderValue>, String> {
        match &self.proxy {
            Some(proxy) if request.uri().scheme() != Some(&Scheme::HTTPS) => authorization(proxy),
            _ => Ok(None),
        }
    }
}

impl Settings {
    pub(crate) fn clients(&self, way: &Way) -> Result<Clients, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Arc::clone(&self.roots);
        let tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let tls = match way.checks {
            TlsChecks::ALL => tls.with_root_certificates(roots),
            checks => {
                let verifier = Verifier {
                    checks,
                    roots,
                    provider,
                };
                tls.dangerous()
                    .with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        let tls = match &way.identity {
            None => tls.with_no_client_auth(),
            Some(identity) => {
                let key = identity.key().ok_or("the certificate has no private key")?;
                tls.with_client_auth_cert(identity.chain().to_vec(), key.clone_key())
                    .map_err(|error| format!("the certificate cannot be shown: {error}"))?
            }
        };
        let proxy = way.proxy.as_ref().map(read).transpose()?;
        let connector = Connector::new(self.tcp.clone(), proxy);
        let https = |tls: ClientConfig| {
            HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
        };
        let mut pool = self.pool.clone();
        Ok(Clients {
            http1: pool.build(
                https(tls.clone())
                    .enable_http1()
                    .wrap_connector(connector.clone()),
            ),
            http2_or_1: pool.build(
                https(tls.clone())
                    .enable_all_versions()
                    .wrap_connector(connector.clone()),
            ),
            http2: pool
                .http2_only(true)
                .build(https(tls).enable_http2().wrap_connector(connector)),
        })
    }
}

fn read(proxy: &Proxy) -> Result<connect::Proxy, String> {
    let url = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(&*proxy.url.authority().to_utf8())
        .path_and_query("/");
    Ok(connect::Proxy {
        url: url.build().map_err(|error| error.to_string())?,
        authorization: authorization(proxy)?,
    })
}

fn authorization(proxy: &Proxy) -> Result<Option<HeaderValue>, String> {
    let Some((name, password)) = &proxy.credentials else {
        return Ok(None);
    };
    let both = format!("{}:{}", name.to_utf8(), password.to_utf8());
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(both)))
        .map_err(|_| "the proxy's credentials are none".to_owned())?;
    value.set_sensitive(true);
    Ok(Some(value))
}
