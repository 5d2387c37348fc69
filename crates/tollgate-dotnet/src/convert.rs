//! Conversions between the numeric types.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// A type that C#'s numeric conversions know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// `char`.
    Char,
    /// `sbyte`.
    SByte,
    /// `byte`.
    Byte,
    /// `short`.
    Int16,
    /// `ushort`.
    UInt16,
    /// `int`.
    Int32,
    /// `uint`.
    UInt32,
    /// `long`.
    Int64,
    /// `ulong`.
    UInt64,
    /// `float`.
    Single,
    /// `double`.
    Double,
    /// `decimal`.
    Decimal,
}

impl Primitive {
    /// The primitive of a static type; an enum counts as `int`.
    pub fn of(ty: &Type) -> Option<Primitive> {
        let Type::Named(table, _) = ty else {
            return None;
        };
        Some(match table.0.name {
            "System.Char" => Primitive::Char,
            "System.SByte" => Primitive::SByte,
            "System.Byte" => Primitive::Byte,
            "System.Int16" => Primitive::Int16,
            "System.UInt16" => Primitive::UInt16,
            "System.Int32" => Primitive::Int32,
            "System.UInt32" => Primitive::UInt32,
            "System.Int64" => Primitive::Int64,
            "System.UInt64" => Primitive::UInt64,
            "System.Single" => Primitive::Single,
            "System.Double" => Primitive::Double,
            "System.Decimal" => Primitive::Decimal,
            _ if ty.is_enum() => Primitive::Int32,
            _ => return None,
        })
    }

    /// The static type.
    pub fn ty(self) -> Type {
        match self {
            Primitive::Char => Type::char(),
            Primitive::SByte => Type::sbyte(),
            Primitive::Byte => Type::byte(),
            Primitive::Int16 => Type::short(),
            Primitive::UInt16 => Type::ushort(),
            Primitive::Int32 => Type::int(),
            Primitive::UInt32 => Type::uint(),
            Primitive::Int64 => Type::long(),
            Primitive::UInt64 => Type::ulong(),
            Primitive::Single => Type::float(),
            Primitive::Double => Type::double(),
            Primitive::Decimal => Type::decimal(),
        }
    }

    /// The least and the greatest value of an integral type.
    pub(crate) fn range(self) -> Option<(i128, i128)> {
        Some(match self {
            Primitive::Char | Primitive::UInt16 => (0, u16::MAX.into()),
            Primitive::SByte => (i8::MIN.into(), i8::MAX.into()),
            Primitive::Byte => (0, u8::MAX.into()),
            Primitive::Int16 => (i16::MIN.into(), i16::MAX.into()),
            Primitive::Int32 => (i32::MIN.into(), i32::MAX.into()),
            Primitive::UInt32 => (0, u32::MAX.into()),
            Primitive::Int64 => (i64::MIN.into(), i64::MAX.into()),
            Primitive::UInt64 => (0, u64::MAX.into()),
            Primitive::Single | Primitive::Double | Primitive::Decimal => return None,
        })
    }

    /// The integer as a value of this type, cut to its width.
    pub(crate) fn wrap(self, number: i128) -> Value {
        // Every cast here keeps the low bits, which is what C#'s unchecked conversion does.
        match self {
            Primitive::Char => Value::Char(number as u16),
            Primitive::SByte => Value::SByte(number as i8),
            Primitive::Byte => Value::Byte(number as u8),
            Primitive::Int16 => Value::Int16(number as i16),
            Primitive::UInt16 => Value::UInt16(number as u16),
            Primitive::Int32 => Value::Int32(number as i32),
            Primitive::UInt32 => Value::UInt32(number as u32),
            Primitive::Int64 => Value::Int64(number as i64),
            Primitive::UInt64 => Value::UInt64(number as u64),
            // Rounds to the nearest, as C# does.
            Primitive::Single => Value::Single(number as f32),
            Primitive::Double => Value::Double(number as f64),
            Primitive::Decimal => {
                Value::Decimal(Decimal::try_from_i128_with_scale(number, 0).unwrap_or_default())
            }
        }
    }

    /// The name in .NET's overflow messages: `an Int32`.
    pub(crate) fn article_name(self) -> &'static str {
        match self {
            Primitive::Char => "a character",
            Primitive::SByte => "a signed byte",
            Primitive::Byte => "an unsigned byte",
            Primitive::Int16 => "an Int16",
            Primitive::UInt16 => "a UInt16",
            Primitive::Int32 => "an Int32",
            Primitive::UInt32 => "a UInt32",
            Primitive::Int64 => "an Int64",
            Primitive::UInt64 => "a UInt64",
            Primitive::Single => "a Single",
            Primitive::Double => "a Double",
            Primitive::Decimal => "a Decimal",
        }
    }
}

/// C#'s numeric conversion `(T)value`. Integers wrap unless `checked`; beyond its range a `double` takes the nearest
/// value, as .NET 9 does; to and from `decimal` is always checked.
pub fn convert(value: &Value, to: Primitive, checked: bool) -> Result<Value, Throw> {
    if let Some(number) = value.as_integer() {
        return match to.range() {
            Some((low, high)) if checked && !(low..=high).contains(&number) => Err(overflow()),
            _ => Ok(to.wrap(number)),
        };
    }
    match *value {
        Value::Single(number) => match to {
            Primitive::Single => Ok(Value::Single(number)),
            Primitive::Decimal => decimal_of(&format!("{number:.6e}"), number.into()),
            _ => from_double(number.into(), to, checked),
        },
        Value::Double(number) => match to {
            Primitive::Decimal => decimal_of(&format!("{number:.14e}"), number),
            _ => from_double(number, to, checked),
        },
        Value::Decimal(number) => from_decimal(number, to),
        _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
    }
}

fn overflow() -> Throw {
    Throw::overflow("Arithmetic operation resulted in an overflow.")
}

fn from_double(number: f64, to: Primitive, checked: bool) -> Result<Value, Throw> {
    match to {
        Primitive::Double => return Ok(Value::Double(number)),
        // Rounds to the nearest `float`, or infinity.
        Primitive::Single => return Ok(Value::Single(number as f32)),
        _ => {}
    }
    let Some((low, high)) = to.range() else {
        return Err(overflow());
    };
    // Cuts the fraction; NaN is 0 and infinities the ends of `i128`.
    let whole = number as i128;
    let inside = (low..=high).contains(&whole) && !number.is_nan();
    if checked && !inside {
        return Err(overflow());
    }
    match to {
        // Narrow types are cut from the `int` that the number first becomes.
        Primitive::SByte
        | Primitive::Byte
        | Primitive::Int16
        | Primitive::UInt16
        | Primitive::Char => Ok(to.wrap(whole.clamp(i32::MIN.into(), i32::MAX.into()))),
        _ => Ok(to.wrap(whole.clamp(low, high))),
    }
}

/// The decimal of a binary number rounded to the digits it is good for.
fn decimal_of(scientific: &str, number: f64) -> Result<Value, Throw> {
    let too_large = || Throw::overflow("Value was either too large or too small for a Decimal.");
    if !number.is_finite() || number.abs() >= 7.922_816_251_426_434e28 {
        return Err(too_large());
    }
    if number.abs() < 1e-28 {
        return Ok(Value::Decimal(Decimal::ZERO));
    }
    Decimal::from_scientific(scientific)
        .or_else(|_| {
            // More decimals than fit: keep those that do.
            Decimal::try_from(number)
        })
        .map(|decimal| Value::Decimal(decimal.normalize()))
        .map_err(|_| too_large())
}

fn from_decimal(number: Decimal, to: Primitive) -> Result<Value, Throw> {
    match to {
        Primitive::Decimal => Ok(Value::Decimal(number)),
        Primitive::Double => Ok(Value::Double(decimal_to_double(&number))),
        // A `float` is the nearest to the exact number; text is the way there that rounds once.
        Primitive::Single => Ok(Value::Single(number.to_string().parse().unwrap_or(0.0))),
        _ => {
            let whole = number.trunc().to_i128().ok_or_else(overflow)?;
            match to.range() {
                Some((low, high)) if (low..=high).contains(&whole) => Ok(to.wrap(whole)),
                _ => Err(Throw::overflow(format!(
                    "Value was either too large or too small for {}.",
                    to.article_name()
                ))),
            }
        }
    }
}

/// `left / right` in `decimal`, with no more digits than the quotient needs; `None` of zero or beyond the range.
pub fn divide_decimals(left: Decimal, right: Decimal) -> Option<Decimal> {
    let quotient = left.checked_div(right)?;
    let least = left.scale().saturating_sub(right.scale());
    let (mut digits, mut places) = (quotient.mantissa(), quotient.scale());
    while places > least && digits % 10 == 0 {
        digits /= 10;
        places -= 1;
    }
    Decimal::try_from_i128_with_scale(digits, places).ok()
}

/// `left * right` in `decimal`; nothing keeps the places of both, as long as the digits fit 32 bits. `None` beyond the
/// range.
pub fn multiply_decimals(left: Decimal, right: Decimal) -> Option<Decimal> {
    let product = left.checked_mul(right)?;
    if !product.is_zero() {
        return Some(product);
    }
    let places = left.scale().saturating_add(right.scale());
    let small = [left, right]
        .iter()
        .all(|number| number.mantissa().unsigned_abs() <= u32::MAX.into());
    let nothing = left.is_zero() || right.is_zero();
    Some(match (small, nothing) {
        (true, _) if places <= 47 => zero(places),
        (false, false) => zero(28),
        _ => Decimal::ZERO,
    })
}

/// `left % right` in `decimal`, with the places of the longer unless `left` is the smaller; `None` of zero.
pub fn decimal_remainder(left: Decimal, right: Decimal) -> Option<Decimal> {
    if left.abs() < right.abs() {
        return Some(left);
    }
    let places = left.scale().max(right.scale());
    let mut rest = left.checked_rem(right)?;
    match rest.is_zero() {
        true => return Some(zero(places)),
        false => rest.rescale(places),
    }
    Some(rest)
}

fn zero(places: u32) -> Decimal {
    Decimal::new(0, places.min(28))
}

/// The text of a `decimal`; nothing has no sign.
pub fn decimal_text(number: &Decimal) -> String {
    match number.is_zero() {
        true => number.abs().to_string(),
        false => number.to_string(),
    }
}

/// The nearest `double`, as .NET gets it: the digits, divided by a power of ten.
pub(crate) fn decimal_to_double(number: &Decimal) -> f64 {
    const POWERS: [f64; 29] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28,
    ];
    let digits = number.mantissa().unsigned_abs();
    // The low 64 bits and the 32 above them, each as the nearest double.
    let (low, high) = (digits as u64, digits >> 64);
    let whole = low as f64 + high as f64 * 18_446_744_073_709_551_616.0;
    let scale = usize::try_from(number.scale()).unwrap_or(0);
    let size = whole / POWERS.get(scale).copied().unwrap_or(1.0);
    if number.is_sign_negative() {
        -size
    } else {
        size
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn integers_wrap_or_throw() {
        let value = convert(&Value::Int32(300), Primitive::Byte, false).unwrap();
        assert!(matches!(value, Value::Byte(44)));
        let value = convert(&Value::Int32(-1), Primitive::UInt64, false).unwrap();
        assert!(matches!(value, Value::UInt64(u64::MAX)));
        assert!(convert(&Value::Int32(300), Primitive::Byte, true).is_err());
    }

    #[test]
    fn doubles_lose_their_fraction() {
        let int = |number| convert(&Value::Double(number), Primitive::Int32, false).unwrap();
        assert!(matches!(int(-3.99), Value::Int32(-3)));
        assert!(matches!(int(1e20), Value::Int32(i32::MAX)));
        assert!(matches!(int(f64::NAN), Value::Int32(0)));
        let Value::Decimal(number) =
            convert(&Value::Double(1.1), Primitive::Decimal, false).unwrap()
        else {
            unreachable!()
        };
        assert_eq!(number.to_string(), "1.1");
        assert!(convert(&Value::Double(1e30), Primitive::Decimal, false).is_err());
    }
}
