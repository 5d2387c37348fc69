//! Reads numbers as .NET does.

use rust_decimal::Decimal;

use crate::throw::Throw;

/// `NumberStyles`: which parts a number's text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style(pub(crate) i64);

impl Style {
    const LEADING_WHITE: i64 = 1;
    const TRAILING_WHITE: i64 = 2;
    const LEADING_SIGN: i64 = 4;
    const TRAILING_SIGN: i64 = 8;
    const PARENTHESES: i64 = 16;
    const DECIMAL_POINT: i64 = 32;
    const THOUSANDS: i64 = 64;
    const EXPONENT: i64 = 128;
    const CURRENCY: i64 = 256;
    const HEX: i64 = 512;
    const BINARY: i64 = 1024;
    /// `NumberStyles.Integer`.
    pub(crate) const INTEGER: Style = Style(7);
    /// `NumberStyles.Number`.
    pub(crate) const NUMBER: Style = Style(111);
    /// `NumberStyles.Float | NumberStyles.AllowThousands`.
    pub(crate) const FLOAT: Style = Style(231);

    fn has(self, flag: i64) -> bool {
        self.0 & flag != 0
    }

    /// Refuses what is no style, and digits of another base where they cannot be.
    fn check(self, whole: bool) -> Result<(), Throw> {
        let based = self.has(Self::HEX | Self::BINARY);
        let white = Self::LEADING_WHITE | Self::TRAILING_WHITE;
        let wrong = if !(0..2048).contains(&self.0) {
            "An undefined NumberStyles value is being used."
        } else if based && !whole {
            "The number styles AllowHexSpecifier and AllowBinarySpecifier are not supported on floating point data types."
        } else if based && ![Self::HEX, Self::BINARY].contains(&(self.0 & !white)) {
            "With the AllowHexSpecifier or AllowBinarySpecifier bit set in the enum bit field, the only other valid bits that can be combined into the enum value must be a subset of those in HexNumber or BinaryNumber."
        } else {
            return Ok(());
        };
        Err(Throw::argument(format!("{wrong} (Parameter 'style')")))
    }
}

fn wrong(text: &str) -> Throw {
    Throw::format(format!(
        "The input string '{text}' was not in a correct format."
    ))
}

/// Reads an integer between the limits; `name` is the type's, for the message.
pub(crate) fn parse_integer(
    text: &str,
    style: Style,
    (low, high): (i128, i128),
    name: &str,
) -> Result<i128, Throw> {
    let too_large = || {
        Throw::overflow(format!(
            "Value was either too large or too small for {name}."
        ))
    };
    style.check(true)?;
    if style.has(Style::HEX | Style::BINARY) {
        let radix = if style.has(Style::HEX) { 16 } else { 2 };
        let digits = white(text, style);
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
            return Err(wrong(text));
        }
        let digits = digits.trim_start_matches('0');
        let bits = match digits {
            "" => 0,
            digits => i128::from_str_radix(digits, radix).map_err(|_| too_large())?,
        };
        let range = high - low;
        return match bits {
            bits if bits <= high => Ok(bits),
            bits if bits <= range => Ok(bits - range - 1),
            _ => Err(too_large()),
        };
    }
    // The common case: digits and nothing else.
    if text.len() <= 18 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = i128::from(text.parse::<u64>().map_err(|_| too_large())?);
        return if number <= high {
            Ok(number)
        } else {
            Err(too_large())
        };
    }
    let parts = Parts::read(text, style).ok_or_else(|| wrong(text))?;
    let number = parts.integer().ok_or_else(too_large)?;
    match number {
        number if number >= low && number <= high => Ok(number),
        _ => Err(too_large()),
    }
}

/// Reads a `double`; beyond its range it is infinite.
pub(crate) fn parse_double(text: &str, style: Style) -> Result<f64, Throw> {
    style.check(false)?;
    match Parts::read(text, style) {
        Some(parts) => parts.text().parse().map_err(|_| wrong(text)),
        None => named(white(text, style)).ok_or_else(|| wrong(text)),
    }
}

fn named(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = match unsigned.to_ascii_lowercase().as_str() {
        "nan" => f64::NAN,
        "infinity" => f64::INFINITY,
        _ => return None,
    };
    Some(if text.starts_with('-') {
        -number
    } else {
        number
    })
}

/// Reads a `decimal`, keeping zeros at the end.
pub(crate) fn parse_decimal(text: &str, style: Style) -> Result<Decimal, Throw> {
    style.check(false)?;
    let parts = Parts::read(text, style).ok_or_else(|| wrong(text))?;
    let overflow = || Throw::overflow("Value was either too large or too small for a Decimal.");
    if parts.exponent == 0 {
        return Decimal::from_str_exact(&parts.text())
            .or_else(|_| rounded(&parts.text()))
            .map_err(|_| overflow());
    }
    Decimal::from_scientific(&parts.text()).map_err(|_| overflow())
}

/// More digits than a decimal holds: what is beyond them rounds the last, a half to the even one.
fn rounded(text: &str) -> Result<Decimal, rust_decimal::Error> {
    let number: Decimal = text.parse()?;
    let (places, kept) = (
        text.split_once('.').map_or("", |(_, places)| places),
        usize::try_from(number.scale()).unwrap_or(0),
    );
    let beyond = places.get(kept..).unwrap_or_default();
    let half = beyond.strip_prefix('5');
    let half = half.is_some_and(|rest| rest.bytes().all(|digit| digit == b'0'));
    // It was rounded away from zero, which an odd last digit shows.
    if half && number.mantissa() % 2 != 0 {
        let one = number.mantissa().signum();
        return Decimal::try_from_i128_with_scale(number.mantissa() - one, number.scale());
    }
    Ok(number)
}

fn is_white(c: char) -> bool {
    c == ' ' || ('\u{9}'..='\u{D}').contains(&c)
}

fn white(text: &str, style: Style) -> &str {
    let mut text = text.trim_end_matches('\0');
    if style.has(Style::LEADING_WHITE) {
        text = text.trim_start_matches(is_white);
    }
    if style.has(Style::TRAILING_WHITE) {
        text = text.trim_end_matches(is_white);
    }
    text
}

struct Parts {
    negative: bool,
    whole: String,
    fraction: String,
    exponent: i32,
}

impl Parts {
    /// `None` if the text has a part that the style forbids, or no digit.
    fn read(text: &str, style: Style) -> Option<Parts> {
        let mut rest = white(text, style);
        let mut negative = false;
        if style.has(Style::PARENTHESES)
            && let Some(inner) = rest
                .strip_prefix('(')
                .and_then(|inner| inner.strip_suffix(')'))
        {
            negative = true;
            rest = inner;
        }
        if style.has(Style::CURRENCY) {
            rest = rest.trim_matches('¤');
        }
        let mut signed = negative;
        if style.has(Style::LEADING_SIGN)
            && !signed
            && let Some(after) = rest.strip_prefix(['+', '-', '\u{2212}'])
        {
            negative = !rest.starts_with('+');
            signed = true;
            rest = after;
        }
        if style.has(Style::TRAILING_SIGN)
            && !signed
            && let Some(before) = rest.strip_suffix(['+', '-'])
        {
            negative = rest.ends_with('-');
            rest = before;
        }
        if style.has(Style::CURRENCY) {
            rest = rest.trim_matches('¤');
        }
        let mut exponent = 0;
        if style.has(Style::EXPONENT)
            && let Some((mantissa, power)) = rest.split_once(['e', 'E'])
        {
            let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            // An exponent of more than four digits is as good as infinite.
            let size = digits.parse::<i32>().unwrap_or(9_999).min(9_999);
            exponent = if power.starts_with('-') { -size } else { size };
            rest = mantissa;
        }
        let (whole, fraction) = match rest.split_once('.') {
            Some(parts) if style.has(Style::DECIMAL_POINT) => parts,
            Some(_) => return None,
            None => (rest, ""),
        };
        let whole: String = match style.has(Style::THOUSANDS) {
            true if whole.starts_with(|c: char| c.is_ascii_digit()) => whole.replace(',', ""),
            _ => whole.into(),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&whole) || !digits(fraction) || whole.is_empty() && fraction.is_empty() {
            return None;
        }
        Some(Parts {
            negative,
            whole,
            fraction: fraction.into(),
            exponent,
        })
    }

    /// As Rust's parsers read it.
    fn text(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let whole = if self.whole.is_empty() {
            "0"
        } else {
            &self.whole
        };
        let mut text = format!("{sign}{whole}");
        if !self.fraction.is_empty() {
            text.push('.');
            text.push_str(&self.fraction);
        }
        if self.exponent != 0 {
            text.push_str(&format!("e{}", self.exponent));
        }
        text
    }

    /// `None` when it has a fraction other than zeros, or is beyond 128 bits.
    fn integer(&self) -> Option<i128> {
        let mut digits = format!("{}{}", self.whole, self.fraction);
        let behind = i32::try_from(self.fraction.len()).ok()? - self.exponent;
        if behind > 0 {
            let keep = digits.len().saturating_sub(usize::try_from(behind).ok()?);
            if digits.get(keep..)?.bytes().any(|byte| byte != b'0') {
                return None;
            }
            digits.truncate(keep);
        } else {
            let zeros = usize::try_from(-behind).ok()?;
            if zeros > 40 {
                return None;
            }
            digits.push_str(&"0".repeat(zeros));
        }
        let digits = digits.trim_start_matches('0');
        let number: i128 = match digits {
            "" => 0,
            digits => digits.parse().ok()?,
        };
        Some(if self.negative { -number } else { number })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn styles_decide_what_is_read() {
        let int = |text, style| {
            parse_integer(text, Style(style), (-(1 << 31), (1 << 31) - 1), "an Int32")
        };
        assert_eq!(int(" -12 ", 7).unwrap(), -12);
        assert_eq!(int("1,234", 111).unwrap(), 1234);
        assert_eq!(int("ffffffff", 515).unwrap(), -1);
        assert_eq!(int("(5)", 511).unwrap(), -5);
        for wrong in ["", "1.5", "1,2", "--1", "1-", "abc"] {
            let throw = int(wrong, 7).unwrap_err();
            assert_eq!(
                throw.exception().type_name,
                "System.FormatException",
                "{wrong}"
            );
        }
        let throw = int("2147483648", 7).unwrap_err();
        assert_eq!(
            throw.exception().message,
            "Value was either too large or too small for an Int32."
        );
    }

    #[test]
    fn doubles_and_decimals_are_read() {
        assert_eq!(parse_double("1,234.5", Style::FLOAT).unwrap(), 1234.5);
        assert_eq!(parse_double(" -1.5E-3 ", Style::FLOAT).unwrap(), -0.0015);
        assert!(
            parse_double("-Infinity", Style::FLOAT)
                .unwrap()
                .is_infinite()
        );
        assert!(
            parse_double("1e99999999999", Style::FLOAT)
                .unwrap()
                .is_infinite()
        );
        assert_eq!(
            parse_decimal("1.230", Style::NUMBER).unwrap().to_string(),
            "1.230"
        );
        assert!(parse_decimal("79228162514264337593543950336", Style::NUMBER).is_err());
    }
}
