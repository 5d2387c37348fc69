//! Revocation lists (RFC 5280): from where certificates say, over HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use http::{Request, StatusCode};
use rustls_pki_types::TrustAnchor;
use tollgate_engine::Body;
use tollgate_engine::ports::{OutboundRequest, Ports, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use webpki::{
    CertRevocationList, Error, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};
use x509_parser::prelude::{
    CertificateRevocationList, DistributionPointName, FromDer, GeneralName, ParsedExtension,
    X509Certificate,
};

use super::{Client, Refusal};

/// How long a list is kept at most, in ticks.
const MAX_AGE: i64 = 3600 * TICKS_PER_SECOND;
/// How long a list that could not be had is not asked for again, in ticks.
const PAUSE: i64 = 60 * TICKS_PER_SECOND;
/// How many lists are kept.
const MAX_LISTS: usize = 256;
/// How long a list may be, in bytes.
const MAX_LIST: usize = 16 << 20;
/// How many lists one certificate and its chain may name.
const MAX_POINTS: usize = 8;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why it is not known whether a certificate is revoked.
#[derive(Debug)]
pub(super) struct Unknown(pub(super) String);

impl From<Unknown> for Refusal {
    fn from(Unknown(why): Unknown) -> Self {
        let message = format!(
            "It is not known whether the client certificate is revoked: {why}. Access denied."
        );
        ("CertificateRevocationUnknown", message)
    }
}

/// Lists by their URL. Lives in `Ports::shared`.
#[derive(Default)]
struct Lists(Mutex<HashMap<String, Kept>>);

#[derive(Clone)]
struct Kept {
    list: Result<Arc<CertRevocationList<'static>>, String>,
    /// In ticks.
    until: i64,
}

/// Checks a certificate that is trusted, and those of its chain, against the lists of their issuers.
pub(super) async fn check(
    ports: &Ports,
    client: &Client<'_>,
    anchors: &[TrustAnchor<'_>],
) -> Result<(), Refusal> {
    let mut urls = points(client.der);
    for intermediate in &client.intermediates {
        urls.extend(points(intermediate));
    }
    urls.dedup();
    urls.truncate(MAX_POINTS);
    if urls.is_empty() {
        return Err(Unknown("it names no revocation list".to_owned()).into());
    }
    let lists = join_all(urls.iter().map(|url| list(ports, url))).await;
    let error = lists.iter().find_map(|list| list.as_ref().err().cloned());
    let lists: Vec<_> = lists.into_iter().flatten().collect();
    let lists: Vec<&CertRevocationList<'_>> = lists.iter().map(|list| &**list).collect();
    let unknown = |why: String| Err(Unknown(error.clone().unwrap_or(why)).into());
    let Ok(options) = RevocationOptionsBuilder::new(&lists) else {
        return unknown("there is no revocation list".to_owned());
    };
    let options = options
        .with_depth(RevocationCheckDepth::Chain)
        .with_status_policy(UnknownStatusPolicy::Deny)
        .with_expiration_policy(ExpirationPolicy::Enforce)
        .build();
    match client.verify(anchors, &client.intermediates, Some(options)) {
        Ok(()) => Ok(()),
        Err(Error::CertRevoked) => {
            let message = "The client certificate is revoked. Access denied.";
            Err(("CertificateRevoked", message.to_owned()))
        }
        Err(other) => unknown(other.to_string()),
    }
}

/// Where a certificate says that lists are.
fn points(der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Vec::new();
    };
    let mut urls = Vec::new();
    for extension in certificate.extensions() {
        let ParsedExtension::CRLDistributionPoints(points) = extension.parsed_extension() else {
            continue;
        };
        for point in points.iter() {
            let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
                continue;
            };
            // Those of one point are the same list in several places.
            let url = names.iter().find_map(|name| match name {
                GeneralName::URI(url) if url.starts_with("http") => Some((*url).to_owned()),
                _ => None,
            });
            urls.extend(url);
        }
    }
    urls
}

async fn list(ports: &Ports, url: &str) -> Result<Arc<CertRevocationList<'static>>, String> {
    let lists = ports.shared.get::<Lists>();
    let now = ports.clock.now();
    let found = {
        let known = lists.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(url).filter(|kept| now < kept.until).cloned()
    };
    if let Some(kept) = found {
        return kept.list;
    }
    let kept = match fetch(ports, url).await {
        Ok((list, next)) => Kept {
            list: Ok(Arc::new(list)),
            until: next.unwrap_or(i64::MAX).min(now.saturating_add(MAX_AGE)),
        },
        Err(why) => {
            tracing::warn!(%url, %why, "a revocation list could not be fetched");
            Kept {
                list: Err(format!("{url}: {why}")),
                until: now.saturating_add(PAUSE),
            }
        }
    };
    let mut known = lists.0.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MAX_LISTS {
        known.clear();
    }
    known.insert(url.to_owned(), kept.clone());
    kept.list
}

/// A list, and when there is a newer one (ticks).
async fn fetch(
    ports: &Ports,
    url: &str,
) -> Result<(CertRevocationList<'static>, Option<i64>), String> {
    let request = Request::get(url).body(Body::empty());
    let request = request.map_err(|_| "that is no URL".to_owned())?;
    let request = OutboundRequest {
        timeout: Some(TIMEOUT),
        ..OutboundRequest::new(request)
    };
    let answer = ports.http.send(request).await;
    let mut answer = answer.map_err(|error| error.message)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("it answers {}", answer.status()));
    }
    let body = answer.body_mut().buffer(MAX_LIST).await;
    let body = body.map_err(|error| error.to_string())?;
    let list = OwnedCertRevocationList::from_der(&body).map_err(|error| error.to_string())?;
    let next = CertificateRevocationList::from_der(&body).ok();
    let next = next.and_then(|(_, list)| list.next_update());
    let next = next.map(|next| {
        let ticks = next.timestamp().saturating_mul(TICKS_PER_SECOND);
        ticks.saturating_add(UNIX_EPOCH_TICKS)
    });
    Ok((CertRevocationList::Owned(list), next))
}
