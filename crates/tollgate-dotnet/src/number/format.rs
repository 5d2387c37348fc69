//! Standard numeric formats: `D5`, `N2`, `X`, `E`, `P1`.

use rust_decimal::Decimal;

use crate::convert::decimal_text;

use super::{Digits, NumberCulture, custom};
use crate::throw::Throw;
use crate::value::Value;

/// The most digits a format may ask for; .NET allows a billion, which no policy can mean.
const MAX_PRECISION: usize = 9_999;

/// `number.ToString(format)`; `Value` is of a numeric type.
pub(crate) fn format(
    value: &Value,
    format: &str,
    culture: &NumberCulture,
) -> Result<String, Throw> {
    if let Some(text) = special(value) {
        return Ok(text.into());
    }
    let Some((letter, precision)) = standard(format)? else {
        return Ok(custom::format(value, format, culture));
    };
    let places = precision.and_then(|places| i32::try_from(places).ok());
    match letter.to_ascii_uppercase() {
        'D' => decimal_integer(value, places.unwrap_or(0)),
        'X' => hexadecimal(value, letter == 'x', precision.unwrap_or(0)),
        'B' => binary(value, precision.unwrap_or(0)),
        'F' => {
            let places = places.unwrap_or(2);
            let number = fixed(value, places);
            Ok(sign(&number) + &plain(&number, places, culture.decimal, ""))
        }
        'N' => {
            let places = places.unwrap_or(2);
            let number = fixed(value, places);
            Ok(sign(&number) + &plain(&number, places, culture.decimal, culture.group))
        }
        'C' => {
            let places = places.unwrap_or(2);
            let number = fixed(value, places);
            let text = plain(&number, places, culture.decimal, culture.group);
            let text = match culture.currency_behind {
                true => format!("{text} {}", culture.currency),
                false => format!("{}{text}", culture.currency),
            };
            Ok(match (number.negative, culture.currency_brackets) {
                (true, true) => format!("({text})"),
                (true, false) => format!("-{text}"),
                (false, _) => text,
            })
        }
        'P' => {
            let places = places.unwrap_or(2);
            let mut number = fixed(value, places + 2);
            if !number.digits.is_empty() {
                number.scale += 2;
            }
            Ok(format!(
                "{}{}{}%",
                sign(&number),
                plain(&number, places, culture.decimal, culture.group),
                culture.percent_gap
            ))
        }
        'E' => {
            let places = places.unwrap_or(6);
            let number = significant(value, places + 1);
            Ok(sign(&number) + &scientific(&number, places, letter, 3, culture.decimal))
        }
        'G' => Ok(localised(
            general(value, letter, places.filter(|places| *places > 0)),
            culture,
        )),
        'R' => match value {
            Value::Double(_) | Value::Single(_) | Value::Decimal(_) => {
                Ok(localised(general(value, 'G', None), culture))
            }
            _ => general_integer(value),
        },
        _ => Err(invalid()),
    }
}

/// `double.ToString()`: the shortest text that reads back as the same number.
pub(crate) fn double_text(number: f64) -> String {
    general(&Value::Double(number), 'G', None)
}

/// `float.ToString()`.
pub(crate) fn single_text(number: f32) -> String {
    general(&Value::Single(number), 'G', None)
}

pub(super) fn special(value: &Value) -> Option<&'static str> {
    let number = match *value {
        Value::Double(number) => number,
        Value::Single(number) => number.into(),
        _ => return None,
    };
    match number {
        _ if number.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// The letter and precision of a standard format; `None` for a custom one.
fn standard(format: &str) -> Result<Option<(char, Option<usize>)>, Throw> {
    let mut chars = format.chars();
    let Some(letter) = chars.next() else {
        return Ok(Some(('G', None)));
    };
    let digits = chars.as_str();
    if !letter.is_ascii_alphabetic() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    if digits.is_empty() {
        return Ok(Some((letter, None)));
    }
    match digits.parse() {
        Ok(precision) if precision <= MAX_PRECISION => Ok(Some((letter, Some(precision)))),
        _ => Err(invalid()),
    }
}

fn invalid() -> Throw {
    Throw::format("Format specifier was invalid.")
}

fn integer(value: &Value) -> Result<i128, Throw> {
    match value {
        Value::Char(_) => Err(invalid()),
        _ => value.as_integer().ok_or_else(invalid),
    }
}

fn general_integer(value: &Value) -> Result<String, Throw> {
    integer(value).map(|number| number.to_string())
}

fn decimal_integer(value: &Value, places: i32) -> Result<String, Throw> {
    let number = integer(value)?;
    let places = usize::try_from(places).unwrap_or(0);
    let sign = if number < 0 { "-" } else { "" };
    Ok(format!("{sign}{:0>places$}", number.unsigned_abs()))
}

/// The two's complement of the type's own width.
fn bits(value: &Value) -> Result<u64, Throw> {
    Ok(match *value {
        Value::SByte(n) => u64::from(n.cast_unsigned()),
        Value::Byte(n) => n.into(),
        Value::Int16(n) => u64::from(n.cast_unsigned()),
        Value::UInt16(n) => n.into(),
        Value::Int32(n) => u64::from(n.cast_unsigned()),
        Value::UInt32(n) => n.into(),
        Value::Int64(n) => n.cast_unsigned(),
        Value::UInt64(n) => n,
        _ => return Err(invalid()),
    })
}

fn hexadecimal(value: &Value, lower: bool, places: usize) -> Result<String, Throw> {
    let bits = bits(value)?;
    Ok(match lower {
        true => format!("{bits:0places$x}"),
        false => format!("{bits:0places$X}"),
    })
}

fn binary(value: &Value, places: usize) -> Result<String, Throw> {
    bits(value).map(|bits| format!("{bits:0places$b}"))
}

/// All digits of an exact number; the shortest of a binary one.
pub(super) fn digits(value: &Value) -> Digits {
    match value {
        Value::Double(number) => Digits::read(&format!("{number:e}")),
        Value::Single(number) => Digits::read(&format!("{number:e}")),
        Value::Decimal(number) => decimal_digits(number),
        _ => Digits::read(&value.as_integer().unwrap_or(0).to_string()),
    }
}

/// The digits of a decimal, zeros at the end included.
fn decimal_digits(number: &Decimal) -> Digits {
    Digits::read(&decimal_text(number))
}

/// Digits up to `places` behind the point: exact binary value and half to even for `double`, half away from zero for others.
fn fixed(value: &Value, places: i32) -> Digits {
    let count = usize::try_from(places).unwrap_or(0);
    let mut number = match value {
        Value::Double(number) => Digits::read(&format!("{number:.count$}")),
        Value::Single(number) => Digits::read(&format!("{number:.count$}")),
        _ => digits(value),
    };
    let keep = number.scale.saturating_add(places);
    number.round(keep);
    let binary = matches!(value, Value::Double(_) | Value::Single(_));
    if number.digits.is_empty() && !binary {
        number.negative = false;
    }
    number
}

/// That many significant digits.
fn significant(value: &Value, count: i32) -> Digits {
    let after = usize::try_from(count - 1).unwrap_or(0);
    match value {
        Value::Double(number) => {
            let mut number = Digits::read(&format!("{number:.after$e}"));
            number.trim();
            number
        }
        Value::Single(number) => {
            let mut number = Digits::read(&format!("{number:.after$e}"));
            number.trim();
            number
        }
        _ => {
            let mut number = digits(value);
            number.round(count);
            number
        }
    }
}

fn sign(number: &Digits) -> String {
    if number.negative { "-" } else { "" }.into()
}

/// Digits with a point and groups of three, without sign.
fn plain(number: &Digits, places: i32, point: &str, group: &str) -> String {
    let mut text = String::new();
    if number.scale <= 0 {
        text.push('0');
    }
    for index in 0..number.scale {
        let left = number.scale - index;
        if index > 0 && left % 3 == 0 {
            text.push_str(group);
        }
        text.push(number.at(index));
    }
    if places > 0 {
        text.push_str(point);
        for place in 0..places {
            text.push(number.at(number.scale + place));
        }
    }
    text
}

/// `d.ddE+xxx`, without sign.
fn scientific(
    number: &Digits,
    places: i32,
    letter: char,
    exponent_digits: usize,
    point: &str,
) -> String {
    let mut text = String::from(number.at(0));
    if places > 0 {
        text.push_str(point);
        for place in 1..=places {
            text.push(number.at(place));
        }
    }
    let exponent = if number.digits.is_empty() {
        0
    } else {
        number.scale - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!(
        "{letter}{sign}{:0>exponent_digits$}",
        exponent.unsigned_abs()
    ));
    text
}

/// `G`: plain, or scientific where that is shorter by .NET's rule.
fn general(value: &Value, letter: char, precision: Option<i32>) -> String {
    if let Some(text) = special(value) {
        return text.into();
    }
    let (number, limit) = match (value, precision) {
        (Value::Decimal(number), None) => return decimal_text(number),
        (Value::Double(_), None) => (digits(value), 17),
        (Value::Single(_), None) => (digits(value), 9),
        (_, None) => return digits_of_integer(value),
        (_, Some(precision)) => (significant(value, precision), precision),
    };
    let mut number = number;
    number.trim();
    let count = i32::try_from(number.digits.len()).unwrap_or(i32::MAX);
    let exponent_letter = if letter == 'g' { 'e' } else { 'E' };
    if number.scale > limit.max(count) || number.scale < -3 {
        return sign(&number) + &scientific(&number, (count - 1).max(0), exponent_letter, 2, ".");
    }
    let places = (count - number.scale).max(0);
    let places = if number.digits.is_empty() { 0 } else { places };
    sign(&number) + &plain(&number, places, ".", "")
}

fn digits_of_integer(value: &Value) -> String {
    value.as_integer().unwrap_or(0).to_string()
}

fn localised(text: String, culture: &NumberCulture) -> String {
    match culture.decimal {
        "." => text,
        point => text.replace('.', point),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn text(value: impl Into<Value>, specifier: &str) -> String {
        format(&value.into(), specifier, &NumberCulture::INVARIANT).unwrap()
    }

    #[test]
    fn standard_formats_are_nets() {
        for (number, specifier, expected) in [
            (-42, "D5", "-00042"),
            (-42, "X", "FFFFFFD6"),
            (1_234_567, "N0", "1,234,567"),
            (1_234_567, "E2", "1.23E+006"),
            (-42, "C", "(¤42.00)"),
            (7, "P1", "700.0 %"),
        ] {
            assert_eq!(text(number, specifier), expected, "{number} {specifier}");
        }
        for (number, specifier, expected) in [
            (2.25, "F1", "2.2"),
            (0.5, "F0", "0"),
            (1e-10, "G3", "1E-10"),
            (123_456_789.0, "G3", "1.23E+08"),
            (1.0 / 3.0, "G17", "0.33333333333333331"),
            (1e15, "", "1000000000000000"),
            (1e21, "", "1E+21"),
            (1e-5, "", "1E-05"),
            (-0.0, "", "-0"),
        ] {
            assert_eq!(text(number, specifier), expected, "{number} {specifier}");
        }
    }

    #[test]
    fn decimals_keep_their_zeros() {
        let number = Value::Decimal(Decimal::new(250, 2));
        let text = |specifier| format(&number, specifier, &NumberCulture::INVARIANT).unwrap();
        assert_eq!(text("G"), "2.50");
        assert_eq!(text("G3"), "2.5");
        assert_eq!(text("E2"), "2.50E+000");
    }

    #[test]
    fn wrong_formats_throw() {
        for (value, specifier) in [
            (Value::Double(1.5), "D"),
            (Value::Int32(5), "Q"),
            (Value::Int32(5), "Z0"),
        ] {
            assert!(format(&value, specifier, &NumberCulture::INVARIANT).is_err());
        }
    }
}
