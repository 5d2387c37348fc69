//! The values of literals (C# specification, Lexical structure, Literals).

use std::ops::Range;

use super::ast::{Literal, LiteralText};

/// Why a token is no literal: C#'s error, and where in the token's text.
#[derive(Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
    pub(super) range: Range<usize>,
}

/// `12`, `0xFFu`, `0b1010_1010L`.
pub(super) fn integer(text: &str) -> Result<Literal, Problem> {
    let whole = 0..text.len();
    let invalid = || Problem {
        code: "CS1013",
        message: "Invalid number",
        range: whole.clone(),
    };
    let (radix, rest) = match text.get(..2) {
        Some("0x" | "0X") => (16, text.get(2..).unwrap_or_default()),
        Some("0b" | "0B") => (2, text.get(2..).unwrap_or_default()),
        _ => (10, text),
    };
    let digits = rest.trim_end_matches(['u', 'U', 'l', 'L']);
    let suffix = rest
        .get(digits.len()..)
        .unwrap_or_default()
        .to_ascii_lowercase();
    if digits.ends_with('_') || digits.is_empty() {
        return Err(invalid());
    }
    let mut value = 0_u64;
    for digit in digits.chars().filter(|&c| c != '_') {
        let digit = digit.to_digit(radix).ok_or_else(invalid)?;
        value = value
            .checked_mul(u64::from(radix))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .ok_or(Problem {
                code: "CS1021",
                message: "Integral constant is too large",
                range: whole.clone(),
            })?;
    }
    let (unsigned, long) = (suffix.contains('u'), suffix.contains('l'));
    let small = (!long).then_some(value);
    if let (false, Some(Ok(value))) = (unsigned, small.map(i32::try_from)) {
        return Ok(Literal::Int(value));
    }
    if let Some(Ok(value)) = small.map(u32::try_from) {
        return Ok(Literal::UInt(value));
    }
    match i64::try_from(value) {
        Ok(value) if !unsigned => Ok(Literal::Long(value)),
        _ => Ok(Literal::ULong(value)),
    }
}

/// The value of `-text` where C# reads sign and digits as one: the least int and the least long.
pub(super) fn negated(text: &str) -> Option<Literal> {
    match text.replace('_', "").trim_end_matches(['l', 'L']) {
        "2147483648" if !text.ends_with(['l', 'L']) => Some(Literal::Int(i32::MIN)),
        "9223372036854775808" => Some(Literal::Long(i64::MIN)),
        _ => None,
    }
}

/// `1.5`, `.5e-3f`, `10m`.
pub(super) fn real(text: &str) -> Result<Literal, Problem> {
    let error = |code, message| Problem {
        code,
        message,
        range: 0..text.len(),
    };
    let digits = text.trim_end_matches(['f', 'F', 'd', 'D', 'm', 'M']);
    let suffix = text
        .get(digits.len()..)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let misplaced = |part: &str| part.ends_with('_') || part.starts_with('_');
    if digits.split(['.', 'e', 'E', '+', '-']).any(misplaced) {
        return Err(error("CS1013", "Invalid number"));
    }
    let digits = digits.replace('_', "");
    let invalid = |_| error("CS1013", "Invalid number");
    match suffix.as_str() {
        "m" => Ok(Literal::Decimal(digits.into())),
        "f" => match digits.parse::<f32>().map_err(invalid)? {
            value if value.is_finite() => Ok(Literal::Float(value)),
            _ => {
                let message = "Floating-point constant is outside the range of type 'float'";
                Err(error("CS0594", message))
            }
        },
        _ => match digits.parse::<f64>().map_err(invalid)? {
            value if value.is_finite() => Ok(Literal::Double(value)),
            _ => {
                let message = "Floating-point constant is outside the range of type 'double'";
                Err(error("CS0594", message))
            }
        },
    }
}

/// `'a'`, `'\n'`, `'\ud800'`.
pub(super) fn character(text: &str) -> Result<Literal, Problem> {
    let inner = unquote(text, '\'');
    let mut units = Vec::new();
    escaped(inner, 1, &mut units)?;
    let error = |code, message| {
        Err(Problem {
            code,
            message,
            range: 0..text.len(),
        })
    };
    match units.as_slice() {
        [unit] => Ok(Literal::Char(*unit)),
        [] => error("CS1011", "Empty character literal"),
        _ => error("CS1012", "Too many characters in character literal"),
    }
}

/// `"…"` or `@"…"`.
pub(super) fn string(text: &str) -> Result<LiteralText, Problem> {
    if let Some(verbatim) = text.strip_prefix('@') {
        return Ok(LiteralText::Utf8(
            unquote(verbatim, '"').replace("\"\"", "\"").into(),
        ));
    }
    let inner = unquote(text, '"');
    if !inner.contains('\\') {
        return Ok(LiteralText::Utf8(inner.into()));
    }
    let mut units = Vec::new();
    escaped(inner, 1, &mut units)?;
    Ok(from_utf16(&units))
}

/// Text or format of an interpolated string.
pub(super) fn interpolation_text(text: &str, verbatim: bool) -> Result<LiteralText, Problem> {
    // First, so that a brace written as an escape sequence is left alone.
    let text = text.replace("{{", "{").replace("}}", "}");
    if verbatim {
        return Ok(LiteralText::Utf8(text.replace("\"\"", "\"").into()));
    }
    let mut units = Vec::new();
    match escaped(&text, 0, &mut units) {
        Ok(()) => Ok(from_utf16(&units)),
        Err(problem) => Err(Problem {
            range: 0..text.len(),
            ..problem
        }),
    }
}

fn unquote(text: &str, quote: char) -> &str {
    let text = text.strip_prefix(quote).unwrap_or(text);
    text.strip_suffix(quote).unwrap_or(text)
}

fn from_utf16(units: &[u16]) -> LiteralText {
    match String::from_utf16(units) {
        Ok(text) => LiteralText::Utf8(text.into()),
        Err(_) => LiteralText::Utf16(units.into()),
    }
}

/// Appends `text` with its escape sequences resolved; `offset` is where it stands in the token.
fn escaped(text: &str, offset: usize, units: &mut Vec<u16>) -> Result<(), Problem> {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '\\' {
            let after = rest.get(1..).unwrap_or_default();
            let at = offset + text.len() - rest.len();
            1 + escape(after, units).ok_or(Problem {
                code: "CS1009",
                message: "Unrecognized escape sequence",
                range: at..at + 1 + after.chars().next().map_or(0, char::len_utf8),
            })?
        } else {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
            c.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// Appends what the escape sequence at the start of `text` (after its `\`) stands for; gives its
/// length.
fn escape(text: &str, units: &mut Vec<u16>) -> Option<usize> {
    let digits = |most: usize| {
        let hex = text
            .bytes()
            .skip(1)
            .take(most)
            .take_while(u8::is_ascii_hexdigit)
            .count();
        text.get(1..1 + hex).unwrap_or_default()
    };
    let unit = match text.chars().next()? {
        c @ ('\'' | '"' | '\\') => u16::try_from(u32::from(c)).ok()?,
        '0' => 0x00,
        'a' => 0x07,
        'b' => 0x08,
        't' => 0x09,
        'n' => 0x0A,
        'v' => 0x0B,
        'f' => 0x0C,
        'r' => 0x0D,
        'u' => {
            let hex = digits(4);
            units.push(
                u16::from_str_radix(hex, 16)
                    .ok()
                    .filter(|_| hex.len() == 4)?,
            );
            return Some(5);
        }
        'x' => {
            let hex = digits(4);
            units.push(u16::from_str_radix(hex, 16).ok()?);
            return Some(1 + hex.len());
        }
        'U' => {
            let hex = digits(8);
            let value = u32::from_str_radix(hex, 16)
                .ok()
                .filter(|_| hex.len() == 8)?;
            match char::from_u32(value) {
                Some(c) => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
                None => units.push(u16::try_from(value).ok()?),
            }
            return Some(9);
        }
        _ => return None,
    };
    units.push(unit);
    Some(1)
}
