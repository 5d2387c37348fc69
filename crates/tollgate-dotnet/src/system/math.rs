//! `System.Math`.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::decimal;
use crate::convert::{Primitive, convert};
use crate::member::{Call, Member, TypeDef, TypeKind, pure};
use crate::ops;
use crate::record::Record;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.Math`.
pub(crate) static MATH: TypeDef = TypeDef {
    name: "System.Math",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static double PI { get; }", |_| {
        Ok(Value::Double(std::f64::consts::PI))
    }),
    pure("static double E { get; }", |_| {
        Ok(Value::Double(std::f64::consts::E))
    }),
    pure("static double Tau { get; }", |_| {
        Ok(Value::Double(std::f64::consts::TAU))
    }),
    pure("static double Acosh(double d)", |call| {
        one(call, f64::acosh)
    }),
    pure("static double Asinh(double d)", |call| {
        one(call, f64::asinh)
    }),
    pure("static double Atanh(double d)", |call| {
        one(call, f64::atanh)
    }),
    pure("static double BitIncrement(double x)", |call| {
        one(call, f64::next_up)
    }),
    pure("static double BitDecrement(double x)", |call| {
        one(call, f64::next_down)
    }),
    pure("static double CopySign(double x, double y)", |call| {
        Ok(Value::Double(call.double(0)?.copysign(call.double(1)?)))
    }),
    pure(
        "static double FusedMultiplyAdd(double x, double y, double z)",
        |call| {
            let (x, y) = (call.double(0)?, call.double(1)?);
            Ok(Value::Double(x.mul_add(y, call.double(2)?)))
        },
    ),
    pure("static int ILogB(double x)", |call| {
        call.double(0).map(i_log_b).map(Value::Int32)
    }),
    pure("static double ScaleB(double x, int n)", |call| {
        Ok(Value::Double(scale_b(call.double(0)?, call.int(1)?)))
    }),
    pure("static double MaxMagnitude(double x, double y)", |call| {
        magnitude(call, true)
    }),
    pure("static double MinMagnitude(double x, double y)", |call| {
        magnitude(call, false)
    }),
    pure("static double ReciprocalEstimate(double d)", |call| {
        one(call, f64::recip)
    }),
    pure("static double ReciprocalSqrtEstimate(double d)", |call| {
        one(call, |number| number.sqrt().recip())
    }),
    pure("static (double Sin, double Cos) SinCos(double x)", |call| {
        let (sin, cos) = call.double(0)?.sin_cos();
        Ok(pair(["Sin", "Cos"], [sin, cos].map(Value::Double), call))
    }),
    pure("static sbyte Max(sbyte val1, sbyte val2)", max),
    pure("static byte Max(byte val1, byte val2)", max),
    pure("static short Max(short val1, short val2)", max),
    pure("static ushort Max(ushort val1, ushort val2)", max),
    pure("static int Max(int val1, int val2)", max),
    pure("static uint Max(uint val1, uint val2)", max),
    pure("static long Max(long val1, long val2)", max),
    pure("static ulong Max(ulong val1, ulong val2)", max),
    pure("static float Max(float val1, float val2)", max),
    pure("static double Max(double val1, double val2)", max),
    pure("static decimal Max(decimal val1, decimal val2)", max),
    pure("static sbyte Min(sbyte val1, sbyte val2)", min),
    pure("static byte Min(byte val1, byte val2)", min),
    pure("static short Min(short val1, short val2)", min),
    pure("static ushort Min(ushort val1, ushort val2)", min),
    pure("static int Min(int val1, int val2)", min),
    pure("static uint Min(uint val1, uint val2)", min),
    pure("static long Min(long val1, long val2)", min),
    pure("static ulong Min(ulong val1, ulong val2)", min),
    pure("static float Min(float val1, float val2)", min),
    pure("static double Min(double val1, double val2)", min),
    pure("static decimal Min(decimal val1, decimal val2)", min),
    pure("static sbyte Abs(sbyte value)", abs),
    pure("static short Abs(short value)", abs),
    pure("static int Abs(int value)", abs),
    pure("static long Abs(long value)", abs),
    pure("static float Abs(float value)", abs),
    pure("static double Abs(double value)", abs),
    pure("static decimal Abs(decimal value)", abs),
    pure("static int Sign(sbyte value)", sign),
    pure("static int Sign(short value)", sign),
    pure("static int Sign(int value)", sign),
    pure("static int Sign(long value)", sign),
    pure("static int Sign(float value)", sign),
    pure("static int Sign(double value)", sign),
    pure("static int Sign(decimal value)", sign),
    pure("static double Sqrt(double d)", |call| one(call, f64::sqrt)),
    pure("static double Cbrt(double d)", |call| one(call, f64::cbrt)),
    pure("static double Exp(double d)", |call| one(call, f64::exp)),
    pure("static double Sin(double d)", |call| one(call, f64::sin)),
    pure("static double Cos(double d)", |call| one(call, f64::cos)),
    pure("static double Tan(double d)", |call| one(call, f64::tan)),
    pure("static double Asin(double d)", |call| one(call, f64::asin)),
    pure("static double Acos(double d)", |call| one(call, f64::acos)),
    pure("static double Atan(double d)", |call| one(call, f64::atan)),
    pure("static double Sinh(double d)", |call| one(call, f64::sinh)),
    pure("static double Cosh(double d)", |call| one(call, f64::cosh)),
    pure("static double Tanh(double d)", |call| one(call, f64::tanh)),
    pure("static double Log(double d)", |call| one(call, f64::ln)),
    pure("static double Log10(double d)", |call| {
        one(call, f64::log10)
    }),
    pure("static double Log2(double d)", |call| one(call, f64::log2)),
    pure("static double Floor(double d)", |call| {
        one(call, f64::floor)
    }),
    pure("static double Ceiling(double d)", |call| {
        one(call, f64::ceil)
    }),
    pure("static double Truncate(double d)", |call| {
        one(call, f64::trunc)
    }),
    pure("static decimal Floor(decimal d)", |call| {
        Ok(Value::Decimal(call.decimal(0)?.floor()))
    }),
    pure("static decimal Ceiling(decimal d)", |call| {
        Ok(Value::Decimal(call.decimal(0)?.ceil()))
    }),
    pure("static decimal Truncate(decimal d)", |call| {
        Ok(Value::Decimal(call.decimal(0)?.trunc()))
    }),
    pure("static double Log(double a, double newBase)", |call| {
        Ok(Value::Double(logarithm(call.double(0)?, call.double(1)?)))
    }),
    pure("static double Pow(double x, double y)", |call| {
        Ok(Value::Double(call.double(0)?.powf(call.double(1)?)))
    }),
    pure("static double Atan2(double y, double x)", |call| {
        Ok(Value::Double(call.double(0)?.atan2(call.double(1)?)))
    }),
    pure("static double IEEERemainder(double x, double y)", |call| {
        let (x, y) = (call.double(0)?, call.double(1)?);
        Ok(Value::Double(ieee_remainder(x, y)))
    }),
    pure("static double Round(double a)", round),
    pure("static double Round(double value, int digits)", round),
    pure(
        "static double Round(double value, MidpointRounding mode)",
        round,
    ),
    pure(
        "static double Round(double value, int digits, MidpointRounding mode)",
        round,
    ),
    pure("static decimal Round(decimal d)", decimal::round),
    pure(
        "static decimal Round(decimal d, int decimals)",
        decimal::round,
    ),
    pure(
        "static decimal Round(decimal d, MidpointRounding mode)",
        decimal::round,
    ),
    pure(
        "static decimal Round(decimal d, int decimals, MidpointRounding mode)",
        decimal::round,
    ),
    pure(
        "static (sbyte Quotient, sbyte Remainder) DivRem(sbyte left, sbyte right)",
        quotient_and_rest,
    ),
    pure(
        "static (byte Quotient, byte Remainder) DivRem(byte left, byte right)",
        quotient_and_rest,
    ),
    pure(
        "static (short Quotient, short Remainder) DivRem(short left, short right)",
        quotient_and_rest,
    ),
    pure(
        "static (ushort Quotient, ushort Remainder) DivRem(ushort left, ushort right)",
        quotient_and_rest,
    ),
    pure(
        "static (int Quotient, int Remainder) DivRem(int left, int right)",
        quotient_and_rest,
    ),
    pure(
        "static (uint Quotient, uint Remainder) DivRem(uint left, uint right)",
        quotient_and_rest,
    ),
    pure(
        "static (long Quotient, long Remainder) DivRem(long left, long right)",
        quotient_and_rest,
    ),
    pure(
        "static (ulong Quotient, ulong Remainder) DivRem(ulong left, ulong right)",
        quotient_and_rest,
    ),
    pure("static int DivRem(int a, int b, out int result)", div_rem),
    pure(
        "static long DivRem(long a, long b, out long result)",
        div_rem,
    ),
    pure("static ulong BigMul(uint a, uint b)", |call| {
        Ok(Primitive::UInt64.wrap(call.integer(0)? * call.integer(1)?))
    }),
    pure(
        "static ulong BigMul(ulong a, ulong b, out ulong low)",
        |call| {
            let product = whole::<u128>(call, 0)? * whole::<u128>(call, 1)?;
            let (high, low) = ((product >> 64) as u64, product as u64);
            call.outs.push(Value::UInt64(low));
            Ok(Value::UInt64(high))
        },
    ),
    pure("static long BigMul(long a, long b, out long low)", |call| {
        let product = call.integer(0)? * call.integer(1)?;
        let (high, low) = ((product >> 64) as i64, product as i64);
        call.outs.push(Value::Int64(low));
        Ok(Value::Int64(high))
    }),
    pure("static long BigMul(int a, int b)", |call| {
        Ok(Value::Int64(
            i64::from(call.int(0)?) * i64::from(call.int(1)?),
        ))
    }),
    pure(
        "static sbyte Clamp(sbyte value, sbyte min, sbyte max)",
        clamp,
    ),
    pure("static byte Clamp(byte value, byte min, byte max)", clamp),
    pure(
        "static short Clamp(short value, short min, short max)",
        clamp,
    ),
    pure(
        "static ushort Clamp(ushort value, ushort min, ushort max)",
        clamp,
    ),
    pure("static uint Clamp(uint value, uint min, uint max)", clamp),
    pure(
        "static ulong Clamp(ulong value, ulong min, ulong max)",
        clamp,
    ),
    pure(
        "static float Clamp(float value, float min, float max)",
        clamp,
    ),
    pure("static int Clamp(int value, int min, int max)", clamp),
    pure("static long Clamp(long value, long min, long max)", clamp),
    pure(
        "static double Clamp(double value, double min, double max)",
        clamp,
    ),
    pure(
        "static decimal Clamp(decimal value, decimal min, decimal max)",
        clamp,
    ),
];

fn one(call: &mut Call<'_, '_>, function: fn(f64) -> f64) -> Result<Value, Throw> {
    call.double(0).map(function).map(Value::Double)
}

fn whole<T: TryFrom<i128>>(call: &Call<'_, '_>, index: usize) -> Result<T, Throw> {
    T::try_from(call.integer(index)?)
        .map_err(|_| Throw::invalid_cast("Specified cast is not valid."))
}

/// To a base that can be one.
pub(super) fn logarithm(number: f64, base: f64) -> f64 {
    let undefined = base == 1.0
        || number.is_nan()
        || base.is_nan()
        || number != 1.0 && (base == 0.0 || base == f64::INFINITY);
    match undefined {
        true if number.is_nan() => number,
        true => f64::NAN,
        false => number.ln() / base.ln(),
    }
}

/// What is left of `x` over the nearest multiple of `y`, an even one of two; nothing has the sign of `x`.
pub(super) fn ieee_remainder(x: f64, y: f64) -> f64 {
    if y.is_infinite() && x.is_finite() {
        return x;
    }
    let rest = x % y;
    if rest.is_nan() {
        return f64::NAN;
    }
    if rest == 0.0 && x.is_sign_negative() {
        return -0.0;
    }
    let other = rest - y.abs().copysign(x);
    match other.abs().total_cmp(&rest.abs()) {
        Ordering::Equal => {
            let quotient = x / y;
            let nearest = quotient.round_ties_even();
            if nearest.abs() > quotient.abs() {
                other
            } else {
                rest
            }
        }
        Ordering::Less => other,
        Ordering::Greater => rest,
    }
}

/// The binary exponent.
pub(super) fn i_log_b(number: f64) -> i32 {
    if number == 0.0 {
        return i32::MIN;
    }
    if !number.is_finite() {
        return i32::MAX;
    }
    let exponent = |number: f64| i32::try_from(number.to_bits() >> 52 & 0x7ff).unwrap_or(0) - 1023;
    match number.is_normal() {
        true => exponent(number),
        // Brought into the normal range first.
        false => exponent(number * 18_014_398_509_481_984.0) - 54,
    }
}

/// `x * 2^n`, in steps that stay in range.
pub(super) fn scale_b(mut x: f64, n: i32) -> f64 {
    let mut left = n.clamp(-2200, 2200);
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        x *= 2f64.powi(step);
        left -= step;
    }
    x
}

/// The one that is further from zero, or nearer; of two as far the greater, or less.
pub(super) fn magnitude(call: &mut Call<'_, '_>, further: bool) -> Result<Value, Throw> {
    let (x, y) = (call.double(0)?, call.double(1)?);
    let order = x.abs().total_cmp(&y.abs());
    let first = if x.is_nan() || y.is_nan() {
        x.is_nan()
    } else if order == Ordering::Equal {
        x.is_sign_positive() == further
    } else {
        order.is_gt() == further
    };
    Ok(Value::Double(if first { x } else { y }))
}

pub(super) fn quotient_and_rest(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (left, right) = (call.integer(0)?, call.integer(1)?);
    if right == 0 {
        return Err(Throw::divide_by_zero());
    }
    let ty = ops::type_of(call.machine, call.arg(0));
    let kind = Primitive::of(&ty).unwrap_or(Primitive::Int32);
    let value = |number: i128| match kind.range() {
        Some((low, high)) if (low..=high).contains(&number) => Ok(kind.wrap(number)),
        _ => Err(Throw::overflow(
            "Arithmetic operation resulted in an overflow.",
        )),
    };
    let parts = [value(left / right)?, value(left % right)?];
    Ok(pair(["Quotient", "Remainder"], parts, call))
}

/// A tuple of two of one type.
pub(super) fn pair(names: [&str; 2], parts: [Value; 2], call: &Call<'_, '_>) -> Value {
    let [first, _] = &parts;
    let ty = ops::type_of(call.machine, first);
    let elements = names.map(|name| (ty.clone(), Some(name.into())));
    Value::object(Record::new(Type::Tuple(elements.into()), parts))
}

fn is_nan(value: &Value) -> bool {
    match value {
        Value::Double(number) => number.is_nan(),
        Value::Single(number) => number.is_nan(),
        _ => false,
    }
}

/// The one that compares so to the other; NaN wins.
fn pick(call: &mut Call<'_, '_>, wanted: Ordering) -> Result<Value, Throw> {
    let (a, b) = (call.arg(0), call.arg(1));
    if is_nan(a) || is_nan(b) {
        return Ok(if is_nan(a) { a } else { b }.clone());
    }
    let order = ops::compare(call.machine.heap, a, b)?;
    Ok(if order == wanted { a } else { b }.clone())
}

pub(super) fn max(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    pick(call, Ordering::Greater)
}

pub(super) fn min(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    pick(call, Ordering::Less)
}

pub(super) fn clamp(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (value, low, high) = (call.arg(0), call.arg(1), call.arg(2));
    let heap = &*call.machine.heap;
    if ops::compare(heap, low, high)?.is_gt() {
        return Err(Throw::argument(
            "The minimum cannot be greater than the maximum.",
        ));
    }
    Ok(if ops::compare(heap, value, low)?.is_lt() {
        low
    } else if ops::compare(heap, value, high)?.is_gt() {
        high
    } else {
        value
    }
    .clone())
}

pub(super) fn abs(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let overflow =
        || Throw::overflow("Negating the minimum value of a twos complement number is invalid.");
    Ok(match *call.arg(0) {
        Value::SByte(number) => Value::SByte(number.checked_abs().ok_or_else(overflow)?),
        Value::Int16(number) => Value::Int16(number.checked_abs().ok_or_else(overflow)?),
        Value::Int32(number) => Value::Int32(number.checked_abs().ok_or_else(overflow)?),
        Value::Int64(number) => Value::Int64(number.checked_abs().ok_or_else(overflow)?),
        Value::Single(number) => Value::Single(number.abs()),
        Value::Double(number) => Value::Double(number.abs()),
        Value::Decimal(number) => Value::Decimal(number.abs()),
        ref other => other.clone(),
    })
}

pub(super) fn sign(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let value = call.arg(0);
    if is_nan(value) {
        return Err(Throw::arithmetic(
            "Function does not accept floating point Not-a-Number values.",
        ));
    }
    let zero = match value {
        Value::Single(_) => Value::Single(0.0),
        Value::Double(_) => Value::Double(0.0),
        Value::Decimal(_) => Value::Decimal(Decimal::ZERO),
        _ => {
            return Ok(Value::Int32(
                i32::try_from(call.integer(0)?.signum()).unwrap_or(0),
            ));
        }
    };
    Ok(crate::args::order(ops::compare(
        call.machine.heap,
        value,
        &zero,
    )?))
}

pub(super) fn round(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let number = call.double(0)?;
    let digits = match call.arg(1) {
        Value::Int32(digits) => *digits,
        _ => 0,
    };
    if !(0..=15).contains(&digits) {
        return Err(Throw::argument_out_of_range(
            "Rounding digits must be between 0 and 15, inclusive. (Parameter 'digits')",
        ));
    }
    // As .NET does: scale, round, scale back; numbers too large to have a fraction stay.
    if number.abs() >= 1e16 || !number.is_finite() {
        return Ok(Value::Double(number));
    }
    let power = 10f64.powi(digits);
    let scaled = number * power;
    Ok(Value::Double(to_integer(call, scaled) / power))
}

/// The whole number that the `MidpointRounding` in argument 1 or 2 leads to.
pub(super) fn to_integer(call: &Call<'_, '_>, number: f64) -> f64 {
    match call.flags(1).max(call.flags(2)) {
        1 => number.round(),
        2 => number.trunc(),
        3 => number.floor(),
        4 => number.ceil(),
        _ => number.round_ties_even(),
    }
}

fn div_rem(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (a, b) = (call.integer(0)?, call.integer(1)?);
    if b == 0 {
        return Err(Throw::divide_by_zero());
    }
    let kind = match call.arg(0) {
        Value::Int64(_) => Primitive::Int64,
        _ => Primitive::Int32,
    };
    let value = |number: i128| convert(&kind.wrap(number), kind, true);
    let quotient = value(a / b)?;
    call.outs.push(value(a % b)?);
    Ok(quotient)
}
