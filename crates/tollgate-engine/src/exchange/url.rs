//! URLs as expressions and policies see them.

use std::fmt;

use http::uri::Authority;
use percent_encoding::{AsciiSet, utf8_percent_encode};
use tollgate_dotnet::Str;

/// An absolute URL in the parts that policies work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`; also `ws` or `wss` where `set-backend-service` said so.
    pub scheme: Str,
    /// Host name or address, without the port.
    pub host: Str,
    /// The port, also when it is the scheme's own.
    pub port: u16,
    /// The first part of the path, which `set-backend-service` swaps and `rewrite-uri` leaves: `/api`, or nothing.
    pub base_path: Str,
    /// The rest of the path, of the operation: begins with `/`, or is nothing.
    pub path: Str,
    /// The query string with its `?`, or nothing.
    pub query: Str,
}

/// Why text is no URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an absolute http or https URL")]
pub struct UrlError;

impl Url {
    /// Reads an absolute URL. All of its path becomes [`path`](Self::path); a fragment is dropped, user information
    /// is refused.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let uri: http::Uri = text.trim().parse().map_err(|_| UrlError)?;
        let scheme = uri.scheme_str().ok_or(UrlError)?;
        let authority = uri.authority().ok_or(UrlError)?;
        Self::of_parts(scheme, authority, uri.path(), uri.query())
    }

    /// The URL of these parts.
    pub(crate) fn of_parts(
        scheme: &str,
        authority: &Authority,
        path: &str,
        query: Option<&str>,
    ) -> Result<Self, UrlError> {
        let (scheme, default) = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => ("http", 80),
            _ if scheme.eq_ignore_ascii_case("https") => ("https", 443),
            _ => return Err(UrlError),
        };
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(UrlError);
        }
        // `host:` with nothing after the colon means the scheme's own port.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            None | Some("" | ":") => default,
            Some(port) => port
                .strip_prefix(':')
                .and_then(|port| port.parse().ok())
                .ok_or(UrlError)?,
        };
        Ok(Self {
            scheme: Str::from_static(scheme),
            host: lowercase(authority.host()),
            port,
            base_path: Str::EMPTY,
            path: path.into(),
            query: query_string(query),
        })
    }

    /// Reads a base URL: its path becomes [`base_path`](Self::base_path), without a slash at its end.
    pub fn parse_base(text: &str) -> Result<Self, UrlError> {
        let mut url = Self::parse(text)?;
        url.base_path = utf8(&url.path).trim_end_matches('/').into();
        url.path = Str::EMPTY;
        Ok(url)
    }

    /// Sets where requests go: scheme, host, port and base path of another URL; the operation's part and the query stay.
    pub fn set_base(&mut self, base: &Url) {
        self.scheme = base.scheme.clone();
        self.host = base.host.clone();
        self.port = base.port;
        self.base_path = base.base_path.clone();
    }

    /// Whether scheme, host, port and base path are the same.
    pub fn has_base_of(&self, other: &Url) -> bool {
        self.port == other.port
            && self.scheme == other.scheme
            && self.host == other.host
            && self.base_path == other.base_path
    }

    /// The whole path.
    pub fn full_path(&self) -> Str {
        match (utf8(&self.base_path), utf8(&self.path)) {
            ("", "") => Str::from_static("/"),
            ("", _) => self.path.clone(),
            (_, "") => self.base_path.clone(),
            (base, path) => [base, path].concat().into(),
        }
    }

    /// Host, and port unless it is the scheme's own: what a `Host` header says.
    pub fn authority(&self) -> Str {
        match default_port(utf8(&self.scheme)) == Some(self.port) {
            true => self.host.clone(),
            false => format!("{}:{}", utf8(&self.host), self.port).into(),
        }
    }

    /// The URL as [`http::Uri`]; what is not ASCII is percent-encoded, as nothing else can be sent.
    pub fn to_uri(&self) -> Result<http::Uri, UrlError> {
        let text = self.text();
        let uri = match text.is_ascii() {
            true => text.try_into(),
            false => utf8_percent_encode(&text, &AsciiSet::EMPTY)
                .to_string()
                .try_into(),
        };
        uri.map_err(|_| UrlError)
    }

    fn text(&self) -> String {
        let authority = self.authority();
        let parts = [
            &self.scheme,
            &authority,
            &self.base_path,
            &self.path,
            &self.query,
        ];
        let [scheme, authority, base, path, query] = parts.map(utf8);
        let path = if base.is_empty() && path.is_empty() {
            "/"
        } else {
            path
        };
        [scheme, "://", authority, base, path, query].concat()
    }

    /// The values of a query parameter, percent-decoded, in their order. Names are compared without case.
    pub fn query_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Str> + 'a {
        self.query_pairs()
            .filter(move |(key, _)| utf8(key).eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Names and values of the query, percent-decoded, in their order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Str, Str)> {
        form_pairs(utf8(&self.query).trim_start_matches('?'))
    }
}

/// Names and values of `a=1&b=2`, percent-decoded, `+` as a space.
pub(crate) fn form_pairs(text: &str) -> impl Iterator<Item = (Str, Str)> {
    text.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(name), decode(value))
    })
}

fn decode(text: &str) -> Str {
    if memchr::memchr2(b'%', b'+', text.as_bytes()).is_none() {
        return text.into();
    }
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8_lossy()
        .into_owned()
        .into()
}

fn query_string(query: Option<&str>) -> Str {
    match query {
        None | Some("") => Str::EMPTY,
        Some(query) => ["?", query].concat().into(),
    }
}

fn lowercase(text: &str) -> Str {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => text.to_ascii_lowercase().into(),
        false => text.into(),
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// URL parts are made of UTF-8 only.
fn utf8(text: &Str) -> &str {
    text.as_utf8().unwrap_or_default()
}

/// The whole URL, without the port if it is the scheme's own.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_url_is_written_as_it_was_read() {
        for (text, written) in [
            ("https://Host.example", "https://host.example/"),
            (
                "HTTPS://host.example:443/a?b=1#c",
                "https://host.example/a?b=1",
            ),
            ("http://host.example:8080/a/", "http://host.example:8080/a/"),
            ("http://[::1]:80/?", "http://[::1]/"),
        ] {
            assert_eq!(Url::parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "/a",
            "a:80",
            "ftp://a/",
            "http://",
            "http://u:p@a/",
            "http://a:99999/",
            "http://a b/",
        ] {
            assert_eq!(Url::parse(text), Err(UrlError), "{text}");
        }
    }

    #[test]
    fn a_base_goes_before_the_path() {
        for (base, path, whole) in [
            ("http://b.example", "/x", "http://b.example/x?q=1"),
            ("http://b.example/", "", "http://b.example/?q=1"),
            (
                "http://b.example:81/api/",
                "/x",
                "http://b.example:81/api/x?q=1",
            ),
            ("http://b.example/api", "", "http://b.example/api?q=1"),
            ("http://b.example/api", "/", "http://b.example/api/?q=1"),
        ] {
            let mut url = Url::parse("https://gateway.example/suffix/x?q=1").unwrap();
            url.path = path.into();
            url.set_base(&Url::parse_base(base).unwrap());
            assert_eq!(url.to_string(), whole);
        }
    }

    #[test]
    fn query_values_are_decoded() {
        let url = Url::parse("http://a/?Name=a+b&name=%c3%9f&empty&bad=%zz&=x").unwrap();
        let values = |name| {
            url.query_values(name)
                .map(|value| value.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(values("NAME"), ["a b", "ß"]);
        assert_eq!(values("empty"), [""]);
        assert_eq!(values("bad"), ["%zz"]);
        assert!(values("none").is_empty());
    }
}
