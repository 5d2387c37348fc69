//! `downstream-caching-type`: what the client is told of caching a response that came out of the cache or went into it.

use http::header::{
    AGE, CACHE_CONTROL, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, PRAGMA, VARY,
};
use std::time::Duration;
use tollgate_engine::FromValue;

/// `none` (the default), `private` or `public`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum DownstreamType {
    #[default]
    None,
    Private,
    Public,
}

impl FromValue for DownstreamType {
    const EXPECTED: &'static str = "`none`, `private` or `public`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("none", Self::None),
            ("private", Self::Private),
            ("public", Self::Public),
        ];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, downstream)| downstream)
    }
}

/// What the client is told of one response.
#[derive(Debug, Clone)]
pub(super) struct Downstream {
    pub(super) caching: DownstreamType,
    pub(super) must_revalidate: bool,
    /// The headers that the response varies by.
    pub(super) vary: Vec<HeaderName>,
}

impl Downstream {
    /// Puts it into the headers; the response is good for so long yet.
    pub(super) fn apply(&self, headers: &mut HeaderMap, left: Duration) {
        headers.remove(AGE);
        let kind = match self.caching {
            DownstreamType::None => {
                let forbidden = HeaderValue::from_static("no-store, must-revalidate, no-cache");
                headers.insert(CACHE_CONTROL, forbidden);
                headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
                headers.remove(EXPIRES);
                headers.remove(ETAG);
                return;
            }
            DownstreamType::Private => "private",
            DownstreamType::Public => "public",
        };
        let revalidate = match self.must_revalidate {
            true => ", must-revalidate",
            false => "",
        };
        let value = format!("{kind}{revalidate}, max-age={}", left.as_secs());
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(CACHE_CONTROL, value);
        }
        for name in &self.vary {
            if !varies_by(headers, name) {
                headers.append(VARY, name.clone().into());
            }
        }
    }
}

/// Whether the headers say already that the response varies by that one.
fn varies_by(headers: &HeaderMap, name: &HeaderName) -> bool {
    let values = headers.get_all(VARY).iter();
    let mut names = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    names.any(|one| one.trim().eq_ignore_ascii_case(name.as_str()))
}
