//! Arithmetic on constants, as C# does it at compile time.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use tollgate_dotnet::Value;

use crate::run::decimals;
use crate::typed::{Arithmetic, Comparison, Kind};

/// Why constants do not fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Overflow,
    DivideByZero,
    /// A decimal that is too large.
    Decimal,
    /// Left to run time.
    Unknown,
}

/// The value as another kind of number. `None` when it is none, or (`checked`) when it does not fit.
pub(super) fn numeric(value: &Value, to: Kind, checked: bool) -> Option<Value> {
    if let Some(number) = value.as_integer() {
        return from_integer(number, to, checked);
    }
    match value {
        Value::Single(number) => from_float(f64::from(*number), to, checked),
        Value::Double(number) => from_float(*number, to, checked),
        Value::Decimal(number) => from_decimal(*number, to),
        Value::Bool(_) if to == Kind::Bool => Some(value.clone()),
        _ => None,
    }
}

/// An integer as a number of that kind, wrapped unless `checked`.
pub(super) fn from_integer(number: i128, to: Kind, checked: bool) -> Option<Value> {
    macro_rules! integer {
        ($variant:ident, $ty:ty) => {
            match <$ty>::try_from(number) {
                Ok(fit) => Value::$variant(fit),
                Err(_) if checked => return None,
                // Wraps, as `unchecked` does.
                Err(_) => Value::$variant(number as $ty),
            }
        };
    }
    Some(match to {
        Kind::SByte => integer!(SByte, i8),
        Kind::Byte => integer!(Byte, u8),
        Kind::Int16 => integer!(Int16, i16),
        Kind::UInt16 => integer!(UInt16, u16),
        Kind::Char => integer!(Char, u16),
        Kind::Int32 => integer!(Int32, i32),
        Kind::UInt32 => integer!(UInt32, u32),
        Kind::Int64 => integer!(Int64, i64),
        Kind::UInt64 => integer!(UInt64, u64),
        // Every integer of C# has a nearest float.
        Kind::Single => Value::Single(number as f32),
        Kind::Double => Value::Double(number as f64),
        Kind::Decimal => Value::Decimal(Decimal::from_i128(number)?),
        Kind::Bool | Kind::Other | Kind::Void => return None,
    })
}

fn from_float(number: f64, to: Kind, checked: bool) -> Option<Value> {
    match to {
        // Rounds to the nearest float, as the conversion does.
        Kind::Single => Some(Value::Single(number as f32)),
        Kind::Double => Some(Value::Double(number)),
        // Left to run time, where the digits .NET keeps are known.
        Kind::Decimal => None,
        _ => {
            let whole = number.trunc();
            // An `i128` holds every integer of C#; what is beyond saturates and is caught by the check.
            let wide = whole as i128;
            let fits = from_integer(wide, to, true);
            match fits {
                Some(value) if number.is_finite() => Some(value),
                _ if checked => None,
                // The compiler gives 0 for what fits no integer.
                _ => from_integer(0, to, false),
            }
        }
    }
}

fn from_decimal(number: Decimal, to: Kind) -> Option<Value> {
    match to {
        Kind::Decimal => Some(Value::Decimal(number)),
        Kind::Single | Kind::Double => None,
        _ => from_integer(number.trunc().to_i128()?, to, true),
    }
}

/// `a op b` of two numbers of that kind; of shifts the right one is an `int`.
pub(super) fn arithmetic(
    op: Arithmetic,
    kind: Kind,
    checked: bool,
    left: &Value,
    right: &Value,
) -> Result<Value, Fault> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => match op {
            Arithmetic::And => Ok(Value::Bool(a & b)),
            Arithmetic::Or => Ok(Value::Bool(a | b)),
            Arithmetic::Xor => Ok(Value::Bool(a ^ b)),
            _ => Err(Fault::Unknown),
        },
        (Value::Single(a), Value::Single(b)) => {
            float(op, f64::from(*a), f64::from(*b))
                // Computed in double and rounded once: the same as in float for one operation.
                .map(|number| Value::Single(number as f32))
        }
        (Value::Double(a), Value::Double(b)) => float(op, *a, *b).map(Value::Double),
        (Value::Decimal(a), Value::Decimal(b)) => {
            if matches!(op, Arithmetic::Divide | Arithmetic::Remainder) && b.is_zero() {
                return Err(Fault::DivideByZero);
            }
            decimals(op, *a, *b)
                .map(Value::Decimal)
                .map_err(|_| Fault::Decimal)
        }
        _ => {
            let (Some(a), Some(b)) = (left.as_integer(), right.as_integer()) else {
                return Err(Fault::Unknown);
            };
            let result = integer(op, kind, checked, a, b)?;
            from_integer(result, kind, checked).ok_or(Fault::Overflow)
        }
    }
}

fn integer(op: Arithmetic, kind: Kind, checked: bool, a: i128, b: i128) -> Result<i128, Fault> {
    let bits = match kind {
        Kind::Int64 | Kind::UInt64 => 64,
        _ => 32,
    };
    // The count of a shift is taken modulo the width, so it is below 64.
    let count = u32::try_from(b & (bits - 1)).unwrap_or(0);
    Ok(match op {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply if checked => a.checked_mul(b).ok_or(Fault::Overflow)?,
        Arithmetic::Multiply => a.wrapping_mul(b),
        Arithmetic::Divide | Arithmetic::Remainder if b == 0 => return Err(Fault::DivideByZero),
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => a % b,
        Arithmetic::And => a & b,
        Arithmetic::Or => a | b,
        Arithmetic::Xor => a ^ b,
        Arithmetic::ShiftLeft => {
            let shifted = a << count;
            return Ok(from_integer(shifted, kind, false)
                .and_then(|value| value.as_integer())
                .unwrap_or(shifted));
        }
        Arithmetic::ShiftRight => a >> count,
    })
}

fn float(op: Arithmetic, a: f64, b: f64) -> Result<f64, Fault> {
    Ok(match op {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => a % b,
        _ => return Err(Fault::Unknown),
    })
}

/// `a op b` of two constants of one kind.
pub(super) fn compare(op: Comparison, left: &Value, right: &Value) -> Option<bool> {
    let ordering = match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Single(a), Value::Single(b)) => a.partial_cmp(b),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        _ => Some(left.as_integer()?.cmp(&right.as_integer()?)),
    };
    Some(match op {
        Comparison::Equal => ordering.is_some_and(|o| o.is_eq()),
        Comparison::NotEqual => !ordering.is_some_and(|o| o.is_eq()),
        Comparison::Less => ordering.is_some_and(|o| o.is_lt()),
        Comparison::LessOrEqual => ordering.is_some_and(|o| o.is_le()),
        Comparison::Greater => ordering.is_some_and(|o| o.is_gt()),
        Comparison::GreaterOrEqual => ordering.is_some_and(|o| o.is_ge()),
    })
}

/// A constant as messages show it.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Char(unit) => String::from_utf16_lossy(&[*unit]),
        Value::Single(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::String(text) => text.as_utf8().unwrap_or_default().to_string(),
        other => other
            .as_integer()
            .map_or_else(|| "null".into(), |number| number.to_string()),
    }
}
