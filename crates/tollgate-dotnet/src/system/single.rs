//! `System.Single`, C#'s `float`.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::number::{Style, parse_double};
use crate::system::integer::{compare_to, equals, hash_code, style, to_string};
use crate::system::{float, math, math_f, type_code};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Single`.
pub(crate) static SINGLE: TypeDef = TypeDef {
    name: "System.Single",
    kind: TypeKind::Struct,
    bases: &[
        "IConvertible",
        "IFormattable",
        "IComparable",
        "IComparable<float>",
        "IEquatable<float>",
    ],
    values: &[],
    members: float::statics!(
        "float", f32, Single;
        pure("static float MaxValue { get; }", |_| {
            Ok(Value::Single(f32::MAX))
        }),
        pure("static float MinValue { get; }", |_| {
            Ok(Value::Single(f32::MIN))
        }),
        pure("static float Epsilon { get; }", |_| {
            Ok(Value::Single(f32::from_bits(1)))
        }),
        pure("static float NaN { get; }", |_| Ok(Value::Single(-f32::NAN))),
        pure("static float PositiveInfinity { get; }", |_| {
            Ok(Value::Single(f32::INFINITY))
        }),
        pure("static float NegativeInfinity { get; }", |_| {
            Ok(Value::Single(f32::NEG_INFINITY))
        }),
        pure("static bool IsNaN(float d)", |call| {
            Ok(call.double(0)?.is_nan().into())
        }),
        pure("static bool IsInfinity(float d)", |call| {
            Ok(call.double(0)?.is_infinite().into())
        }),
        pure("static bool IsFinite(float d)", |call| {
            Ok(call.double(0)?.is_finite().into())
        }),
        pure("static bool IsNegative(float d)", |call| {
            Ok(call.double(0)?.is_sign_negative().into())
        }),
        pure("static bool IsPositiveInfinity(float d)", |call| {
            Ok((call.double(0)? == f64::INFINITY).into())
        }),
        pure("static bool IsNegativeInfinity(float d)", |call| {
            Ok((call.double(0)? == f64::NEG_INFINITY).into())
        }),
        pure("static float Parse(string s)", parse),
        pure("static float Parse(string s, NumberStyles style)", parse),
        pure(
            "static float Parse(string s, IFormatProvider provider)",
            parse,
        ),
        pure(
            "static float Parse(string s, NumberStyles style, IFormatProvider provider)",
            parse,
        ),
        pure(
            "static bool TryParse(string s, out float result)",
            try_parse,
        ),
        pure(
            "static bool TryParse(string s, NumberStyles style, IFormatProvider provider, out float result)",
            try_parse,
        ),
        pure("string ToString()", to_string),
        pure("string ToString(string format)", to_string),
        pure("string ToString(IFormatProvider provider)", to_string),
        pure(
            "string ToString(string format, IFormatProvider provider)",
            to_string,
        ),
        pure("int CompareTo(float value)", compare_to),
        pure("int CompareTo(object value)", compare_to),
        pure("bool Equals(float obj)", equals),
        pure("bool Equals(object obj)", equals),
        pure("int GetHashCode()", hash_code),
        pure("static float Round(float x)", math_f::round),
        pure("static float Round(float x, int digits)", math_f::round),
        pure("static float Round(float x, MidpointRounding mode)", math_f::round),
        pure(
            "static float Round(float x, int digits, MidpointRounding mode)",
            math_f::round,
        ),
        pure("static float Ieee754Remainder(float left, float right)", |call| {
            Ok(Value::Single(math::ieee_remainder(call.double(0)?, call.double(1)?) as f32))
        }),
        pure(
            "static bool TryParse(string s, IFormatProvider provider, out float result)",
            try_parse,
        ),
    ),
};

fn read(text: &str, style: Style) -> Result<f32, Throw> {
    // Narrows to the nearest `float`, or infinity.
    parse_double(text, style).map(|number| number as f32)
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let text = call
        .number_text(0)
        .ok_or_else(|| Throw::argument_null("s"))?;
    read(&text, style(call, Style::FLOAT)).map(Value::Single)
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let style = style(call, Style::FLOAT);
    let text = call.number_text(0);
    let number = text.and_then(|text| read(&text, style).ok());
    call.outs.push(Value::Single(number.unwrap_or_default()));
    Ok(number.is_some().into())
}
