//! `System.Decimal`.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::args;
use crate::convert::{Primitive, convert, divide_decimals};
use crate::member::{Call, Member, TypeDef, TypeKind, pure};
use crate::number::{Style, parse_decimal};
use crate::system::integer::{compare_to, equals, hash_code, style, to_string};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Decimal`.
pub(crate) static DECIMAL: TypeDef = TypeDef {
    name: "System.Decimal",
    kind: TypeKind::Struct,
    bases: &[
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
        two(call, Decimal::checked_mul)
    }),
    pure("static decimal Divide(decimal d1, decimal d2)", |call| {
        divide(call, divide_decimals)
    }),
    pure("static decimal Remainder(decimal d1, decimal d2)", |call| {
        divide(call, Decimal::checked_rem)
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
    let text = call.text(0, "s")?.to_utf8();
    parse_decimal(&text, style(call, Style::NUMBER)).map(Value::Decimal)
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let style = style(call, Style::NUMBER);
    let text = call.opt_str(0).map(|text| text.to_utf8());
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
