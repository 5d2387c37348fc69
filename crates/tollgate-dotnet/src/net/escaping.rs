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

/// `WebUtility.UrlEncodeToBytes`.
pub(crate) fn form_bytes(bytes: &[u8]) -> String {
    percent_encoding::percent_encode(bytes, FORM)
        .to_string()
        .replace(' ', "+")
}

/// Undoes percent-encoding as forms have it: what is no UTF-8 becomes U+FFFD, escapes that are none are left.
pub(crate) fn decode_form(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// The byte that an escape at the start of a text stands for.
fn escape_at(text: &[u8]) -> Option<u8> {
    let digit = |place: usize| char::from(*text.get(place)?).to_digit(16);
    match text.first() {
        Some(b'%') => u8::try_from(digit(1)? * 16 + digit(2)?).ok(),
        _ => None,
    }
}

/// The character beyond ASCII whose UTF-8 is escaped at the start of a text, with how many bytes that takes there.
fn escaped_char(text: &[u8]) -> Option<(char, usize)> {
    let length = match escape_at(text)? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let bytes: Vec<u8> = (0..length)
        .map_while(|index| escape_at(text.get(index * 3..)?))
        .collect();
    let c = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    (bytes.len() == length).then_some((c, length * 3))
}

/// Gives the pieces of a text one by one.
fn walk(text: &str, mut each: impl FnMut(Piece<'_>)) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let bytes = rest.as_bytes();
        let length = match (escape_at(bytes), escaped_char(bytes)) {
            (Some(byte @ 0..=127), _) => {
                each(Piece::Byte(byte, rest.get(..3).unwrap_or_default()));
                3
            }
            (Some(_), Some((c, length))) => {
                each(Piece::Wide(c));
                length
            }
            (Some(_), None) => {
                each(Piece::Broken(rest.get(..3).unwrap_or_default()));
                3
            }
            (None, _) => {
                each(Piece::Plain(c));
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// A piece of a text with escapes.
enum Piece<'a> {
    /// A character as it stands.
    Plain(char),
    /// A byte of ASCII that was escaped, and its escape.
    Byte(u8, &'a str),
    /// A character beyond ASCII that was escaped.
    Wide(char),
    /// An escape that is no UTF-8.
    Broken(&'a str),
}

/// `Uri.UnescapeDataString`: leaves what is no escape, or no UTF-8.
pub(crate) fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    walk(text, |piece| match piece {
        Piece::Plain(c) | Piece::Wide(c) => decoded.push(c),
        Piece::Byte(byte, _) => decoded.push(char::from(byte)),
        Piece::Broken(escape) => decoded.push_str(escape),
    });
    decoded
}

/// A part of a URI as `AbsoluteUri` has it: escaped where it has to be, unreserved characters not.
pub(super) fn canonical(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    walk(text, |piece| match piece {
        Piece::Plain('%') => escaped.push_str("%25"),
        Piece::Plain(c) => escaped.push_str(&path(c.encode_utf8(&mut [0; 4]))),
        Piece::Byte(byte, escape) => {
            match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                true => escaped.push(char::from(byte)),
                false => escaped.push_str(escape),
            }
        }
        Piece::Wide(c) => escaped.push_str(&path(c.encode_utf8(&mut [0; 4]))),
        Piece::Broken(escape) => escaped.push_str(escape),
    });
    escaped
}

/// Whether a part of a URI is written as it should be; characters beyond ASCII may stand as they are.
pub(super) fn is_canonical(text: &str) -> bool {
    let mut fine = true;
    walk(text, |piece| {
        fine &= match piece {
            Piece::Plain('%' | '[' | ']') => false,
            Piece::Plain(c) => !c.is_ascii() || path(c.encode_utf8(&mut [0; 4])).len() == 1,
            Piece::Byte(byte, _) => !(byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
            Piece::Wide(_) | Piece::Broken(_) => true,
        };
    });
    fine
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
