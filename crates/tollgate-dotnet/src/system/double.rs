//! `System.Double`, C#'s `double`.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::number::{Style, parse_double};
use crate::system::integer::{compare_to, equals, hash_code, style, to_string};
use crate::system::{float, math, type_code};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Double`.
pub(crate) static DOUBLE: TypeDef = TypeDef {
    name: "System.Double",
    kind: TypeKind::Struct,
    bases: &[
        "IConvertible",
        "IFormattable",
        "IComparable",
        "IComparable<double>",
        "IEquatable<double>",
    ],
    values: &[],
    members: float::statics!(
        "double", f64, Double;
        pure("static double MaxValue { get; }", |_| {
            Ok(Value::Double(f64::MAX))
        }),
        pure("static double MinValue { get; }", |_| {
            Ok(Value::Double(f64::MIN))
        }),
        pure("static double Epsilon { get; }", |_| {
            Ok(Value::Double(f64::from_bits(1)))
        }),
        pure("static double NaN { get; }", |_| {
            // The processor's own has a sign.
            Ok(Value::Double(-f64::NAN))
        }),
        pure("static double PositiveInfinity { get; }", |_| {
            Ok(Value::Double(f64::INFINITY))
        }),
        pure("static double NegativeInfinity { get; }", |_| {
            Ok(Value::Double(f64::NEG_INFINITY))
        }),
        pure("static bool IsNaN(double d)", |call| {
            Ok(call.double(0)?.is_nan().into())
        }),
        pure("static bool IsInfinity(double d)", |call| {
            Ok(call.double(0)?.is_infinite().into())
        }),
        pure("static bool IsFinite(double d)", |call| {
            Ok(call.double(0)?.is_finite().into())
        }),
        pure("static bool IsNegative(double d)", |call| {
            Ok(call.double(0)?.is_sign_negative().into())
        }),
        pure("static bool IsPositiveInfinity(double d)", |call| {
            Ok((call.double(0)? == f64::INFINITY).into())
        }),
        pure("static bool IsNegativeInfinity(double d)", |call| {
            Ok((call.double(0)? == f64::NEG_INFINITY).into())
        }),
        pure("static double Parse(string s)", parse),
        pure("static double Parse(string s, NumberStyles style)", parse),
        pure(
            "static double Parse(string s, IFormatProvider provider)",
            parse,
        ),
        pure(
            "static double Parse(string s, NumberStyles style, IFormatProvider provider)",
            parse,
        ),
        pure(
            "static bool TryParse(string s, out double result)",
            try_parse,
        ),
        pure(
            "static bool TryParse(string s, NumberStyles style, IFormatProvider provider, out double result)",
            try_parse,
        ),
        pure("string ToString()", to_string),
        pure("string ToString(string format)", to_string),
        pure("string ToString(IFormatProvider provider)", to_string),
        pure(
            "string ToString(string format, IFormatProvider provider)",
            to_string,
        ),
        pure("int CompareTo(double value)", compare_to),
        pure("int CompareTo(object value)", compare_to),
        pure("bool Equals(double obj)", equals),
        pure("bool Equals(object obj)", equals),
        pure("int GetHashCode()", hash_code),
        pure("static double Round(double x)", math::round),
        pure("static double Round(double x, int digits)", math::round),
        pure("static double Round(double x, MidpointRounding mode)", math::round),
        pure(
            "static double Round(double x, int digits, MidpointRounding mode)",
            math::round,
        ),
        pure("static double Ieee754Remainder(double left, double right)", |call| {
            Ok(Value::Double(math::ieee_remainder(call.double(0)?, call.double(1)?)))
        }),
        pure(
            "static bool TryParse(string s, IFormatProvider provider, out double result)",
            try_parse,
        ),
    ),
};

fn read(text: &str, style: Style) -> Result<f64, Throw> {
    parse_double(text, style)
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let text = call
        .number_text(0)
        .ok_or_else(|| Throw::argument_null("s"))?;
    read(&text, style(call, Style::FLOAT)).map(Value::Double)
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let style = style(call, Style::FLOAT);
    let text = call.number_text(0);
    let number = text.and_then(|text| read(&text, style).ok());
    call.outs.push(Value::Double(number.unwrap_or_default()));
    Ok(number.is_some().into())
}
