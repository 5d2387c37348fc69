//! Percent-encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const DATA: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// All but unreserved and reserved characters.
const URI: &AsciiSet = &DATA
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'[')
    .remove(b']');
/// What .NET's forms leave alone.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'!')
    .remove(b'*')
    .remove(b'(')
    .remove(b')')
    .remove(b' ');
/// What a path and query may not hold as it stands; `%` stays.
const PATH: &AsciiSet = &URI.remove(b'%');

/// `Uri.EscapeDataString`.
pub(crate) fn data(text: &str) -> String {
    utf8_percent_encode(text, DATA).to_string()
}

/// `Uri.EscapeUriString`.
pub(crate) fn uri(text: &str) -> String {
    utf8_percent_encode(text, URI).to_string()
}

/// Escapes what a URI may not hold, leaving escapes.
pub(crate) fn path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// `WebUtility.UrlEncode`.
pub fn form(text: &str) -> String {
    utf8_percent_encode(text, FORM)
        .to_string()
        .replace(' ', "+")
}

/// Undoes percent-encoding, leaving escapes that are none.
pub(crate) fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_nets() {
        assert_eq!(
            data("a b&c=d/é+~!*'()"),
            "a%20b%26c%3Dd%2F%C3%A9%2B~%21%2A%27%28%29"
        );
        assert_eq!(
            form("a b&c=d/é+~!*'()"),
            "a+b%26c%3Dd%2F%C3%A9%2B%7E!*%27()"
        );
        assert_eq!(
            uri("https://x.example/a b?c=é&d=1"),
            "https://x.example/a%20b?c=%C3%A9&d=1"
        );
        assert_eq!(decode("a%20b%26c%3Dd%C3%A9+x%zz"), "a b&c=dé+x%zz");
    }
}
