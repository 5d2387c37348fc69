//! C#'s arithmetic on unboxed numbers.
//!
//! Every integral type travels as an `i64`: the smaller ones extended, `ulong` bit for bit. `float` travels as an
//! `f64` that is rounded after every operation.

use std::cmp::Ordering;

use tollgate_dotnet::{Primitive, Throw, Value};

use crate::typed::{Arithmetic, Comparison, Kind};

/// The lowest 32 bits, as C# narrows in an unchecked context.
fn low32(number: i64) -> i32 {
    number as i32 // wraps on purpose
}

/// The number of the `ulong` that has these bits.
fn unsigned(bits: i64) -> u64 {
    bits.cast_unsigned()
}

fn overflow() -> Throw {
    Throw::overflow("Arithmetic operation resulted in an overflow.")
}

/// `left op right` in `int`, `uint`, `long` or `ulong`: C# computes in no other integral type.
pub(super) fn integers(
    op: Arithmetic,
    kind: Kind,
    checked: bool,
    left: i64,
    right: i64,
) -> Result<i64, Throw> {
    macro_rules! compute {
        ($narrow:expr, $widen:expr) => {{
            let (a, b) = ($narrow(left), $narrow(right));
            let result = match op {
                Arithmetic::Add if checked => a.checked_add(b),
                Arithmetic::Subtract if checked => a.checked_sub(b),
                Arithmetic::Multiply if checked => a.checked_mul(b),
                Arithmetic::Add => Some(a.wrapping_add(b)),
                Arithmetic::Subtract => Some(a.wrapping_sub(b)),
                Arithmetic::Multiply => Some(a.wrapping_mul(b)),
                Arithmetic::Divide | Arithmetic::Remainder if b == 0 => {
                    return Err(Throw::divide_by_zero());
                }
                // The least number by -1 overflows even unchecked, and its remainder too.
                Arithmetic::Divide => a.checked_div(b),
                Arithmetic::Remainder => a.checked_rem(b),
                Arithmetic::And => Some(a & b),
                Arithmetic::Or => Some(a | b),
                Arithmetic::Xor => Some(a ^ b),
                // C# takes the low five or six bits of the count, and so do these.
                Arithmetic::ShiftLeft => Some(a.wrapping_shl(low32(right).cast_unsigned())),
                Arithmetic::ShiftRight => Some(a.wrapping_shr(low32(right).cast_unsigned())),
            };
            result.map($widen).ok_or_else(overflow)
        }};
    }
    match kind {
        Kind::UInt32 => compute!(|n| low32(n).cast_unsigned(), i64::from),
        Kind::Int64 => compute!(|n: i64| n, |n| n),
        Kind::UInt64 => compute!(unsigned, u64::cast_signed),
        _ => compute!(low32, i64::from),
    }
}

/// `left op right` in `double`, or rounded to `float`. Operators that floats lack leave the left as it is.
pub(super) fn floats(op: Arithmetic, kind: Kind, left: f64, right: f64) -> f64 {
    let result = match op {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
        _ => left,
    };
    if kind == Kind::Single {
        // Rounding the double result once more gives what a `float` operation gives.
        to_single(result)
    } else {
        result
    }
}

/// `-number` in `int` or `long`.
pub(super) fn negate(kind: Kind, checked: bool, number: i64) -> Result<i64, Throw> {
    integers(Arithmetic::Subtract, kind, checked, 0, number)
}

/// `~number`.
pub(super) fn complement(kind: Kind, number: i64) -> i64 {
    match kind {
        Kind::UInt32 => i64::from(!low32(number).cast_unsigned()),
        _ => !number,
    }
}

/// Whether two integers of one type compare so.
pub(super) fn integers_compare(op: Comparison, kind: Kind, left: i64, right: i64) -> bool {
    if kind == Kind::UInt64 {
        holds(op, Some(unsigned(left).cmp(&unsigned(right))))
    } else {
        holds(op, Some(left.cmp(&right)))
    }
}

/// Whether an ordering is of that sort; `None` is that of NaN, which only `!=` holds for.
pub(super) fn holds(op: Comparison, ordering: Option<Ordering>) -> bool {
    match op {
        Comparison::Equal => ordering == Some(Ordering::Equal),
        Comparison::NotEqual => ordering != Some(Ordering::Equal),
        Comparison::Less => ordering.is_some_and(Ordering::is_lt),
        Comparison::LessOrEqual => ordering.is_some_and(Ordering::is_le),
        Comparison::Greater => ordering.is_some_and(Ordering::is_gt),
        Comparison::GreaterOrEqual => ordering.is_some_and(Ordering::is_ge),
    }
}

/// Converts between integral types: what does not fit wraps, or is an `OverflowException` when `checked`.
pub(super) fn convert(from: Kind, to: Kind, checked: bool, number: i64) -> Result<i64, Throw> {
    let wrapped = match to {
        Kind::SByte => i64::from(number as i8), // wraps on purpose, as those below
        Kind::Byte => i64::from(number as u8),
        Kind::Int16 => i64::from(number as i16),
        Kind::UInt16 | Kind::Char => i64::from(number as u16),
        Kind::Int32 => i64::from(number as i32),
        Kind::UInt32 => i64::from(number as u32),
        _ => number,
    };
    // A negative number and a large `ulong` have the same bits.
    let same_sign = (from == Kind::UInt64) == (to == Kind::UInt64) || number >= 0;
    if checked && !(wrapped == number && same_sign) {
        return Err(overflow());
    }
    Ok(wrapped)
}

/// An integral type to `double` or `float`, rounded once.
pub(super) fn integer_to_float(from: Kind, to: Kind, number: i64) -> f64 {
    // These casts round to the nearest, as .NET does.
    match (from, to) {
        (Kind::UInt64, Kind::Single) => f64::from(unsigned(number) as f32),
        (_, Kind::Single) => f64::from(number as f32),
        (Kind::UInt64, _) => unsigned(number) as f64,
        _ => number as f64,
    }
}

/// Rounds to what a `float` can hold.
pub(super) fn to_single(number: f64) -> f64 {
    f64::from(number as f32) // rounds to the nearest, as .NET does
}

/// Boxes an integer as the type it has.
pub(super) fn boxed(kind: Kind, number: i64) -> Value {
    // An unboxed integer is in its type's range, so nothing is lost.
    match kind {
        Kind::Char => Value::Char(number as u16),
        Kind::SByte => Value::SByte(number as i8),
        Kind::Byte => Value::Byte(number as u8),
        Kind::Int16 => Value::Int16(number as i16),
        Kind::UInt16 => Value::UInt16(number as u16),
        Kind::UInt32 => Value::UInt32(number as u32),
        Kind::Int64 => Value::Int64(number),
        Kind::UInt64 => Value::UInt64(unsigned(number)),
        _ => Value::Int32(low32(number)),
    }
}

/// Boxes a float as the type it has.
pub(super) fn boxed_float(kind: Kind, number: f64) -> Value {
    match kind {
        Kind::Single => Value::Single(number as f32), // was rounded already
        _ => Value::Double(number),
    }
}

/// The number in an integral value.
pub(crate) fn unboxed(value: &Value) -> Option<i64> {
    Some(match *value {
        Value::Int32(n) => n.into(),
        Value::Int64(n) | Value::Enum(_, n) => n,
        Value::Char(n) | Value::UInt16(n) => n.into(),
        Value::Byte(n) => n.into(),
        Value::SByte(n) => n.into(),
        Value::Int16(n) => n.into(),
        Value::UInt32(n) => n.into(),
        Value::UInt64(n) => n.cast_signed(),
        _ => return None,
    })
}

/// The number in a `float` or `double`.
pub(super) fn unboxed_float(value: &Value) -> Option<f64> {
    match *value {
        Value::Double(n) => Some(n),
        Value::Single(n) => Some(n.into()),
        _ => None,
    }
}

/// The numeric type of a kind, for conversions of boxed numbers.
pub(super) fn primitive(kind: Kind) -> Option<Primitive> {
    Some(match kind {
        Kind::Char => Primitive::Char,
        Kind::SByte => Primitive::SByte,
        Kind::Byte => Primitive::Byte,
        Kind::Int16 => Primitive::Int16,
        Kind::UInt16 => Primitive::UInt16,
        Kind::Int32 => Primitive::Int32,
        Kind::UInt32 => Primitive::UInt32,
        Kind::Int64 => Primitive::Int64,
        Kind::UInt64 => Primitive::UInt64,
        Kind::Single => Primitive::Single,
        Kind::Double => Primitive::Double,
        Kind::Decimal => Primitive::Decimal,
        Kind::Bool | Kind::Other | Kind::Void => return None,
    })
}
