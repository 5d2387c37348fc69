//! `System.Decimal`.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::args;
use crate::collections::Array;
use crate::convert::{Primitive, convert, decimal_remainder, divide_decimals, multiply_decimals};
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::number::{Style, parse_decimal};
use crate::system::integer::{compare_to, equals, hash_code, style, to_string};
use crate::system::{math, type_code};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.Decimal`.
pub(crate) static DECIMAL: TypeDef = TypeDef {
    name: "System.Decimal",
    kind: TypeKind::Struct,
    bases: &[
        "IConvertible",
        "IFormattable",
        "IComparable",
        "IComparable<decimal>",
        "IEquatable<decimal>",
    ],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static decimal MaxValue { get; }", |_| {
        Ok(Value::Decimal(Decimal::MAX))
    }),
    pure("static decimal MinValue { get; }", |_| {
        Ok(Value::Decimal(Decimal::MIN))
    }),
    pure("static decimal Zero { get; }", |_| {
        Ok(Value::Decimal(Decimal::ZERO))
    }),
    pure("static decimal One { get; }", |_| {
        Ok(Value::Decimal(Decimal::ONE))
    }),
    pure("static decimal MinusOne { get; }", |_| {
        Ok(Value::Decimal(Decimal::NEGATIVE_ONE))
    }),
    pure("new(int value)", |call| call.decimal(0).map(Value::Decimal)),
    pure("new(long value)", |call| {
        call.decimal(0).map(Value::Decimal)
    }),
    pure("new(uint value)", |call| {
        call.decimal(0).map(Value::Decimal)
    }),
    pure("new(ulong value)", |call| {
        call.decimal(0).map(Value::Decimal)
    }),
    pure("new(float value)", |call| {
        call.decimal(0).map(Value::Decimal)
    }),
    pure("new(int[] bits)", |call| {
        let bits = call.array(0, "bits")?.values().take(5);
        let bits: Vec<i32> = bits
            .filter_map(|bits| i32::try_from(bits.as_integer()?).ok())
            .collect();
        let [low, middle, high, flags] = bits[..] else {
            return Err(not_bits());
        };
        let [low, middle, high, flags] = [low, middle, high, flags].map(i32::cast_unsigned);
        let scale = flags >> 16 & 0xff;
        if flags & !0x80ff_0000 != 0 || scale > 28 {
            return Err(not_bits());
        }
        let negative = flags >> 31 != 0;
        Ok(Value::Decimal(Decimal::from_parts(
            low, middle, high, negative, scale,
        )))
    }),
    member("static int[] GetBits(decimal d)", |call| {
        let number = call.decimal(0)?;
        let digits = number.mantissa().unsigned_abs();
        let sign = if number.is_sign_negative() {
            1 << 31
        } else {
            0
        };
        // Each the low 32 bits of what is left.
        let words = [digits, digits >> 32, digits >> 64].map(|digits| digits as u32);
        let [low, middle, high] = words;
        let words = [low, middle, high, sign | number.scale() << 16];
        let words = words.map(|word| Value::Int32(word.cast_signed()));
        call.new_array(Array::new(Type::int(), words.to_vec()))
    }),
    pure("byte Scale { get; }", |call| {
        Ok(Value::Byte(
            u8::try_from(call.decimal(0)?.scale()).unwrap_or(0),
        ))
    }),
    pure("static decimal FromOACurrency(long cy)", |call| {
        let number = Decimal::try_from_i128_with_scale(call.integer(0)?, 4);
        Ok(Value::Decimal(number.unwrap_or_default().normalize()))
    }),
    pure("static long ToOACurrency(decimal value)", |call| {
        let scaled = call.decimal(0)?.checked_mul(Decimal::from(10_000));
        let scaled = scaled.ok_or_else(overflow)?.round_dp(0);
        convert(&Value::Decimal(scaled), Primitive::Int64, true)
    }),
    pure("static bool Equals(decimal d1, decimal d2)", equals),
    pure("static decimal Max(decimal x, decimal y)", math::max),
    pure("static decimal Min(decimal x, decimal y)", math::min),
    pure("static decimal Abs(decimal value)", math::abs),
    pure("static int Sign(decimal d)", math::sign),
    pure(
        "static decimal Clamp(decimal value, decimal min, decimal max)",
        math::clamp,
    ),
    pure(
        "static decimal CopySign(decimal value, decimal sign)",
        |call| {
            let mut number = call.decimal(0)?;
            number.set_sign_negative(call.decimal(1)?.is_sign_negative());
            Ok(Value::Decimal(number))
        },
    ),
    pure("static bool IsInteger(decimal value)", |call| {
        Ok(call.decimal(0)?.is_integer().into())
    }),
    pure("static bool IsEvenInteger(decimal value)", |call| {
        Ok((call.decimal(0)? % Decimal::TWO).is_zero().into())
    }),
    pure("static bool IsOddInteger(decimal value)", |call| {
        Ok(((call.decimal(0)? % Decimal::TWO).abs() == Decimal::ONE).into())
    }),
    pure("static bool IsNegative(decimal value)", |call| {
        Ok(call.decimal(0)?.is_sign_negative().into())
    }),
    pure("static bool IsPositive(decimal value)", |call| {
        Ok(call.decimal(0)?.is_sign_positive().into())
    }),
    pure("TypeCode GetTypeCode()", type_code),
    pure("static byte ToByte(decimal value)", |call| {
        convert(call.arg(0), Primitive::Byte, true)
    }),
    pure("static sbyte ToSByte(decimal value)", |call| {
        convert(call.arg(0), Primitive::SByte, true)
    }),
    pure("static short ToInt16(decimal value)", |call| {
        convert(call.arg(0), Primitive::Int16, true)
    }),
    pure("static ushort ToUInt16(decimal value)", |call| {
        convert(call.arg(0), Primitive::UInt16, true)
    }),
    pure("static uint ToUInt32(decimal value)", |call| {
        convert(call.arg(0), Primitive::UInt32, true)
    }),
    pure("static ulong ToUInt64(decimal value)", |call| {
        convert(call.arg(0), Primitive::UInt64, true)
    }),
    pure("static float ToSingle(decimal value)", |call| {
        convert(call.arg(0), Primitive::Single, true)
    }),
    pure("new(double value)", |call| {
        call.decimal(0).map(Value::Decimal)
    }),
    pure(
        "new(int lo, int mid, int hi, bool isNegative, byte scale)",
        of_parts,
    ),
    pure("static decimal Parse(string s)", parse),
    pure("static decimal Parse(string s, NumberStyles style)", parse),
    pure(
        "static decimal Parse(string s, IFormatProvider provider)",
        parse,
    ),
    pure(
        "static decimal Parse(string s, NumberStyles style, IFormatProvider provider)",
        parse,
    ),
    pure(
        "static bool TryParse(string s, out decimal result)",
        try_parse,
    ),
    pure(
        "static bool TryParse(string s, IFormatProvider provider, out decimal result)",
        try_parse,
    ),
    pure(
        "static bool TryParse(string s, NumberStyles style, IFormatProvider provider, out decimal result)",
        try_parse,
    ),
    pure("static decimal Round(decimal d)", round),
    pure("static decimal Round(decimal d, int decimals)", round),
    pure(
        "static decimal Round(decimal d, MidpointRounding mode)",
        round,
    ),
    pure(
        "static decimal Round(decimal d, int decimals, MidpointRounding mode)",
        round,
    ),
    pure("static decimal Truncate(decimal d)", |call| {
        Ok(Value::Decimal(call.decimal(0)?.trunc()))
    }),
    pure("static decimal Floor(decimal d)", |call| {
        Ok(Value::Decimal(call.decimal(0)?.floor()))
    }),
    pure("static decimal Ceiling(decimal d)", |call| {
        Ok(Value::Decimal(call.decimal(0)?.ceil()))
    }),
    pure("static decimal Negate(decimal d)", |call| {
        Ok(Value::Decimal(-call.decimal(0)?))
    }),
    pure("static decimal Add(decimal d1, decimal d2)", |call| {
        two(call, Decimal::checked_add)
    }),
    pure("static decimal Subtract(decimal d1, decimal d2)", |call| {
        two(call, Decimal::checked_sub)
    }),
    pure("static decimal Multiply(decimal d1, decimal d2)", |call| {
        two(call, multiply_decimals)
    }),
    pure("static decimal Divide(decimal d1, decimal d2)", |call| {
        divide(call, divide_decimals)
    }),
    pure("static decimal Remainder(decimal d1, decimal d2)", |call| {
        divide(call, decimal_remainder)
    }),
    pure("static int Compare(decimal d1, decimal d2)", |call| {
        Ok(args::order(call.decimal(0)?.cmp(&call.decimal(1)?)))
    }),
    pure("static int ToInt32(decimal d)", |call| {
        convert(call.arg(0), Primitive::Int32, true)
    }),
    pure("static long ToInt64(decimal d)", |call| {
        convert(call.arg(0), Primitive::Int64, true)
    }),
    pure("static double ToDouble(decimal d)", |call| {
        convert(call.arg(0), Primitive::Double, true)
    }),
    pure("string ToString()", to_string),
    pure("string ToString(string format)", to_string),
    pure("string ToString(IFormatProvider provider)", to_string),
    pure(
        "string ToString(string format, IFormatProvider provider)",
        to_string,
    ),
    pure("int CompareTo(decimal value)", compare_to),
    pure("int CompareTo(object value)", compare_to),
    pure("bool Equals(decimal value)", equals),
    pure("bool Equals(object value)", equals),
    pure("int GetHashCode()", hash_code),
];

fn not_bits() -> Throw {
    Throw::argument("Decimal constructor requires an array or span of four valid decimal bytes.")
}

fn overflow() -> Throw {
    Throw::overflow("Value was either too large or too small for a Decimal.")
}

fn two(
    call: &mut Call<'_, '_>,
    operation: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Result<Value, Throw> {
    let result = operation(call.decimal(0)?, call.decimal(1)?);
    result.map(Value::Decimal).ok_or_else(overflow)
}

fn divide(
    call: &mut Call<'_, '_>,
    operation: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Result<Value, Throw> {
    match call.decimal(1)?.is_zero() {
        true => Err(Throw::divide_by_zero()),
        false => two(call, operation),
    }
}

fn of_parts(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bits = |index| call.int(index).map(i32::cast_unsigned);
    let scale = u32::try_from(call.integer(4)?).unwrap_or(u32::MAX);
    if scale > 28 {
        return Err(Throw::argument_out_of_range(
            "Decimal's scale value must be between 0 and 28, inclusive. (Parameter 'scale')",
        ));
    }
    Ok(Value::Decimal(Decimal::from_parts(
        bits(0)?,
        bits(1)?,
        bits(2)?,
        call.bool(3)?,
        scale,
    )))
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let text = call
        .number_text(0)
        .ok_or_else(|| Throw::argument_null("s"))?;
    parse_decimal(&text, style(call, Style::NUMBER)).map(Value::Decimal)
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let style = style(call, Style::NUMBER);
    let text = call.number_text(0);
    let number = text.and_then(|text| parse_decimal(&text, style).ok());
    call.outs.push(Value::Decimal(number.unwrap_or_default()));
    Ok(number.is_some().into())
}

/// The rounding that a `MidpointRounding` asks for.
pub(crate) fn strategy(mode: i64) -> RoundingStrategy {
    match mode {
        1 => RoundingStrategy::MidpointAwayFromZero,
        2 => RoundingStrategy::ToZero,
        3 => RoundingStrategy::ToNegativeInfinity,
        4 => RoundingStrategy::ToPositiveInfinity,
        _ => RoundingStrategy::MidpointNearestEven,
    }
}

pub(crate) fn round(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let number = call.decimal(0)?;
    let places = match call.arg(1) {
        Value::Int32(places) => u32::try_from(*places).unwrap_or(u32::MAX),
        _ => 0,
    };
    if places > 28 {
        return Err(Throw::argument_out_of_range(
            "Decimal can only round to between 0 and 28 digits of precision. (Parameter 'decimals')",
        ));
    }
    let mode = call.flags(1).max(call.flags(2));
    Ok(Value::Decimal(
        number.round_dp_with_strategy(places, strategy(mode)),
    ))
}
