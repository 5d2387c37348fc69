//! `System.Net.WebUtility`.

use super::escaping;
use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Net.WebUtility`.
pub(super) static WEB_UTILITY: TypeDef = TypeDef {
    name: "System.Net.WebUtility",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        pure("static string UrlEncode(string value)", |call| {
            each(call, escaping::form)
        }),
        pure("static string UrlDecode(string encodedValue)", |call| {
            each(call, |text| escaping::decode_form(&text.replace('+', " ")))
        }),
        member(
            "static byte[] UrlEncodeToBytes(byte[] value, int offset, int count)",
            |call| {
                let Some(part) = part(call)? else {
                    return Ok(Value::Null);
                };
                call.work(part.len())?;
                let encoded = escaping::form_bytes(&part);
                call.new_bytes(encoded.into_bytes())
            },
        ),
        member(
            "static byte[] UrlDecodeToBytes(byte[] encodedValue, int offset, int count)",
            |call| {
                let Some(mut part) = part(call)? else {
                    return Ok(Value::Null);
                };
                call.work(part.len())?;
                for byte in &mut part {
                    if *byte == b'+' {
                        *byte = b' ';
                    }
                }
                let decoded = percent_encoding::percent_decode(&part).collect();
                call.new_bytes(decoded)
            },
        ),
        pure(
            "static string HtmlEncode(string value)",
            |call| match call.opt_str(0) {
                None => Ok(Value::Null),
                Some(text) => {
                    call.work(text.size())?;
                    call.new_text(html_encode(&text.to_utf8()))
                }
            },
        ),
        pure("static string HtmlDecode(string value)", |call| {
            each(call, html_decode)
        }),
    ],
};

/// The part of a `byte[]` that offset and count name; none of null.
fn part(call: &Call<'_, '_>) -> Result<Option<Vec<u8>>, Throw> {
    if call.arg(0).is_null() {
        return Ok(None);
    }
    let bytes = call.bytes(0, "value")?;
    let (start, count) = (call.count(1, "offset")?, call.count(2, "count")?);
    let part = start
        .checked_add(count)
        .and_then(|end| bytes.get(start..end));
    part.map(|part| Some(part.to_vec())).ok_or_else(|| {
        Throw::argument_out_of_range(
            "Specified argument was out of the range of valid values. (Parameter 'count')",
        )
    })
}

/// Null stays null, and so does what has nothing to change.
fn each(call: &mut Call<'_, '_>, change: fn(&str) -> String) -> Result<Value, Throw> {
    match call.opt_str(0) {
        None => Ok(Value::Null),
        Some(text) => {
            call.work(text.size())?;
            let before = text.to_utf8();
            let after = change(&before);
            // A surrogate alone is nothing to change; UTF-8 cannot show it.
            match after == *before {
                true => Ok(text.clone().into()),
                false => call.new_text(after),
            }
        }
    }
}

fn html_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => encoded.push_str("&lt;"),
            '>' => encoded.push_str("&gt;"),
            '"' => encoded.push_str("&quot;"),
            '\'' => encoded.push_str("&#39;"),
            '&' => encoded.push_str("&amp;"),
            '\u{a0}'..='\u{ff}' | '\u{10000}'.. => {
                encoded.push_str(&format!("&#{};", u32::from(c)));
            }
            c => encoded.push(c),
        }
    }
    encoded
}

/// Names of U+00A0 to U+00FF in order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "euro" => '€',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "trade" => '™',
        name => {
            let place = LATIN.split(' ').position(|latin| latin == name)?;
            char::from_u32(0xa0 + u32::try_from(place).ok()?)?
        }
    })
}

fn html_decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let end = after.find([';', '&']);
        let named = end.and_then(|end| match after.get(end..)?.starts_with(';') {
            true => entity(after.get(..end)?).map(|c| (c, end + 1)),
            false => None,
        });
        match named {
            Some((c, length)) => {
                decoded.push(c);
                rest = after.get(length..).unwrap_or_default();
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_nets() {
        assert_eq!(
            html_encode("<'é&©€>😀"),
            "&lt;&#39;&#233;&amp;&#169;€&gt;&#128512;"
        );
        assert_eq!(
            html_decode("&lt;&#39;&amp;&eacute;&#233;&#xE9; &nope; &amp;amp; &"),
            "<'&ééé &nope; &amp; &"
        );
    }
}
