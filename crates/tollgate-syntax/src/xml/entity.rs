//! XML's entities: the five predefined ones and character references.

/// The longest reference that names a character: `&#x10FFFF;`, with room for leading zeros.
const MAX_LENGTH: usize = 16;

/// The character that the reference at the start of `bytes` stands for, and the reference's length.
/// `None` when there is no `&`, no `;` near, or no such character.
pub(super) fn entity(bytes: &[u8]) -> Option<(char, usize)> {
    let rest = bytes.strip_prefix(b"&")?;
    let near = rest.get(..MAX_LENGTH).unwrap_or(rest);
    let name = near.get(..memchr::memchr(b';', near)?)?;
    let c = match name {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        _ => character(name.strip_prefix(b"#")?)?,
    };
    Some((c, name.len() + 2))
}

/// The character of a reference's number: `60`, `x3C`. Nothing for what XML 1.0 has no character for.
fn character(number: &[u8]) -> Option<char> {
    let number = std::str::from_utf8(number).ok()?;
    let code = match number.strip_prefix('x') {
        Some(hex) if hex.starts_with(|c: char| c.is_ascii_hexdigit()) => {
            u32::from_str_radix(hex, 16).ok()?
        }
        None if number.starts_with(|c: char| c.is_ascii_digit()) => number.parse().ok()?,
        _ => return None,
    };
    let c = char::from_u32(code)?;
    (c >= ' ' || matches!(c, '\t' | '\n' | '\r')).then_some(c)
}

/// Appends `c` as its reference when XML would not take it for itself there.
pub(super) fn push_escaped(out: &mut String, c: char, is_special: impl Fn(char) -> bool) {
    if !is_special(c) {
        out.push(c);
        return;
    }
    out.push_str(match c {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '"' => "&quot;",
        '\'' => "&apos;",
        '\n' => "&#xA;",
        '\r' => "&#xD;",
        '\t' => "&#x9;",
        '@' => "&#x40;",
        _ => return out.push(c),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_known() {
        for (text, expected) in [
            ("&lt;b", Some(('<', 4))),
            ("&quot;", Some(('"', 6))),
            ("&#65;", Some(('A', 5))),
            ("&#x1F600;", Some(('😀', 9))),
            ("&#xA;", Some(('\n', 5))),
            ("&nbsp;", None),
            ("&#0;", None),
            ("&#+5;", None),
            ("&#x;", None),
            ("&#xD800;", None),
            ("& lt;", None),
            ("&lt", None),
            ("lt;", None),
            ("&#00000000000000000065;", None),
        ] {
            assert_eq!(entity(text.as_bytes()), expected, "{text}");
        }
    }
}
