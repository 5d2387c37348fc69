//! Headers that are for one connection, and the reason phrase.

use http::header::{self, HeaderMap, HeaderName};
use smallvec::SmallVec;
use tollgate_dotnet::Str;

/// The reason phrase of a response, as an extension of [`http::Response`], where it is not the standard one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonPhrase(pub Str);

impl ReasonPhrase {
    /// The reason phrase of a response: its own, or the standard one of its status code.
    pub fn of<B>(response: &http::Response<B>) -> Str {
        match response.extensions().get::<Self>() {
            Some(Self(phrase)) => phrase.clone(),
            None => Str::from_static(response.status().canonical_reason().unwrap_or_default()),
        }
    }
}

/// Takes away the headers that are for one connection only, those that `Connection` names included.
/// Source: RFC 9110, section 7.6.1.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    // Most messages have none of them, and one look tells.
    if !headers.keys().any(|name| is_hop_by_hop(name.as_str())) {
        return;
    }
    let named: SmallVec<[HeaderName; 4]> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim())
        .filter(|name| !is_hop_by_hop(name))
        .filter_map(|name| name.parse().ok())
        .collect();
    let own = headers.keys().filter(|name| is_hop_by_hop(name.as_str()));
    let own: SmallVec<[HeaderName; 4]> = own.cloned().collect();
    for name in named.iter().chain(&own) {
        headers.remove(name);
    }
}

fn is_hop_by_hop(name: &str) -> bool {
    match name.len() {
        2 => name == "te",
        7 => matches!(name, "trailer" | "upgrade"),
        10 => matches!(name, "connection" | "keep-alive"),
        16 => name == "proxy-connection",
        17 => name == "transfer-encoding",
        18 => name == "proxy-authenticate",
        19 => name == "proxy-authorization",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_connection_names_goes_too() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("x-end", "2"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        strip_hop_by_hop(&mut headers);
        assert_eq!(
            headers
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>(),
            ["x-end"]
        );
    }
}
