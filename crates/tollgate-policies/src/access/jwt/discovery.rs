//! OpenID Connect discovery: from the URL of an issuer's configuration to its name and keys, over HTTP.

use std::borrow::Cow;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION};
use http::{Request, StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tollgate_engine::Body;
use tollgate_engine::exchange::BodyError;
use tollgate_engine::ports::{HttpClient, OutboundRequest};

use super::keys::{self, Key};
use super::rejection::Shown;

/// How long a configuration may be, in bytes.
const MAX_CONFIGURATION: usize = 256 << 10;
/// How long a key set may be, in bytes.
const MAX_KEY_SET: usize = 1 << 20;
/// How many redirects are followed for one document.
const MAX_REDIRECTS: usize = 3;

/// An issuer as it describes itself.
#[derive(Debug)]
pub(crate) struct Issuer {
    /// What stands in the `iss` of its tokens. That of an endpoint for many tenants has `{tenantid}` in it, which is
    /// no tenant and equals no `iss`: such a policy must list its issuers.
    pub(crate) name: String,
    pub(crate) keys: Vec<Key>,
}

/// Why an issuer's keys could not be had.
#[derive(Debug, Clone, Error, PartialEq)]
pub(crate) enum DiscoveryError {
    #[error("`{0}` is not an http or https URL")]
    Url(String),
    #[error("an https URL leads to {0}, which is not https")]
    Insecure(String),
    #[error("{url}: {message}")]
    Unreachable { url: String, message: String },
    #[error("{url} answers {status}")]
    Status { url: String, status: StatusCode },
    #[error("{url} redirects more than {MAX_REDIRECTS} times")]
    Redirects { url: String },
    #[error("{url} is longer than {limit} bytes")]
    TooLong { url: String, limit: usize },
    #[error("{url} is not {what} but {content_type}: {message}")]
    NotJson {
        url: String,
        what: &'static str,
        content_type: Shown,
        message: String,
    },
    #[error("{0} has no key that checks signatures")]
    NoKeys(String),
    #[error("{url}: no answer within {seconds} seconds")]
    Timeout { url: String, seconds: u64 },
    #[error("they were not asked for yet")]
    NotYet,
}

impl DiscoveryError {
    /// Nothing came of a configuration's URL in this time.
    pub(crate) fn timeout(url: &str, seconds: u64) -> Self {
        let url = address(url).map(|url| show(&url)).unwrap_or_default();
        Self::Timeout { url, seconds }
    }
}

/// Fetches an issuer's configuration, and then its keys.
pub(crate) async fn discover(http: &dyn HttpClient, url: &str) -> Result<Issuer, DiscoveryError> {
    #[derive(Deserialize)]
    struct Configuration {
        issuer: String,
        jwks_uri: String,
    }
    let url = address(url)?;
    let document = fetch(http, url.clone(), MAX_CONFIGURATION).await?;
    let configuration: Configuration = document.json("an OpenID configuration")?;
    let keys_url = address(&configuration.jwks_uri)?;
    stay_secure(&url, &keys_url)?;
    let document = fetch(http, keys_url, MAX_KEY_SET).await?;
    let keys = keys::key_set(document.json("a key set")?);
    if keys.is_empty() {
        return Err(DiscoveryError::NoKeys(document.url));
    }
    Ok(Issuer {
        name: configuration.issuer,
        keys,
    })
}

struct Document {
    url: String,
    headers: HeaderMap,
    body: bytes::Bytes,
}

impl Document {
    fn json<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, DiscoveryError> {
        serde_json::from_slice(&self.body).map_err(|error| DiscoveryError::NotJson {
            url: self.url.clone(),
            what,
            content_type: Shown::list(
                self.headers
                    .get(CONTENT_TYPE)
                    .and_then(|value| value.to_str().ok())
                    .into_iter(),
            ),
            message: error.to_string(),
        })
    }
}

async fn fetch(
    http: &dyn HttpClient,
    mut url: Uri,
    limit: usize,
) -> Result<Document, DiscoveryError> {
    for _ in 0..=MAX_REDIRECTS {
        let response = get(http, url.clone()).await?;
        let status = response.status();
        if let Some(next) = redirection(&url, &response) {
            url = next?;
            continue;
        }
        if status != StatusCode::OK {
            return Err(DiscoveryError::Status {
                url: show(&url),
                status,
            });
        }
        let (parts, mut body) = response.into_parts();
        let body = match body.buffer(limit).await {
            // A client may hand over a body that it has read already.
            Ok(body) if body.len() <= limit => body,
            Ok(_) | Err(BodyError::TooLong { .. }) => {
                return Err(DiscoveryError::TooLong {
                    url: show(&url),
                    limit,
                });
            }
            Err(error) => {
                return Err(DiscoveryError::Unreachable {
                    url: show(&url),
                    message: error.to_string(),
                });
            }
        };
        return Ok(Document {
            url: show(&url),
            headers: parts.headers,
            body,
        });
    }
    Err(DiscoveryError::Redirects { url: show(&url) })
}

async fn get(http: &dyn HttpClient, url: Uri) -> Result<http::Response<Body>, DiscoveryError> {
    let shown = show(&url);
    let unreachable = |message: String| DiscoveryError::Unreachable {
        url: shown.clone(),
        message,
    };
    let request = Request::get(url)
        .header(ACCEPT, "application/json")
        .body(Body::empty())
        .map_err(|error| unreachable(error.to_string()))?;
    // Redirects are followed here and not by the client, so that none leads from https to http.
    let response = http.send(OutboundRequest::new(request)).await;
    response.map_err(|error| unreachable(error.message))
}

/// Where a response redirects to, if it does.
fn redirection(from: &Uri, response: &http::Response<Body>) -> Option<Result<Uri, DiscoveryError>> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| redirects)?;
    let location = location.to_str().unwrap_or_default();
    let next = match (
        location.starts_with('/'),
        from.scheme_str(),
        from.authority(),
    ) {
        (true, Some(scheme), Some(_)) if location.starts_with("//") => {
            address(&format!("{scheme}:{location}"))
        }
        (true, Some(scheme), Some(authority)) => {
            address(&format!("{scheme}://{authority}{location}"))
        }
        _ => address(location),
    };
    Some(next.and_then(|next| stay_secure(from, &next).map(|()| next)))
}

fn address(url: &str) -> Result<Uri, DiscoveryError> {
    // As in `show`, also of what is no URL.
    let shown = url.split('?').next().unwrap_or_default();
    let shown = match shown.rsplit_once('@') {
        Some((_, rest)) => Cow::Owned(format!("***@{rest}")),
        None => Cow::Borrowed(shown),
    };
    let refused = || DiscoveryError::Url(Shown::new(&shown).to_string());
    let address: Uri = url.parse().map_err(|_| refused())?;
    match address.scheme_str() {
        Some("http" | "https") if address.host().is_some_and(|host| !host.is_empty()) => {
            Ok(address)
        }
        _ => Err(refused()),
    }
}

fn stay_secure(from: &Uri, to: &Uri) -> Result<(), DiscoveryError> {
    match (from.scheme_str(), to.scheme_str()) {
        (Some("https"), Some("http")) => Err(DiscoveryError::Insecure(show(to))),
        _ => Ok(()),
    }
}

/// A URL for messages: without credentials and query, which may hold secrets.
fn show(url: &Uri) -> String {
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let scheme = url.scheme_str().unwrap_or_default();
    let host = url.host().unwrap_or_default();
    Shown::new(&format!("{scheme}://{host}{port}{}", url.path())).to_string()
}
