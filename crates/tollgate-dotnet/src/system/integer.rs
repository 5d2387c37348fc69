//! What all integral types have.

use crate::args;
use crate::convert::Primitive;
use crate::formatting::format_value;
use crate::member::Call;
use crate::number::{NumberCulture, Style, parse_integer};
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

/// The table of an integral type.
macro_rules! integer {
    ($table:ident, $name:literal, $keyword:literal, $primitive:ident $(, $more:expr)* $(,)?) => {
        use crate::convert::Primitive;
        use crate::member::{TypeDef, TypeKind, pure};
        use crate::system::{bits, integer, math, type_code};

        #[doc = concat!("`System.", $name, "`.")]
        pub(crate) static $table: TypeDef = TypeDef {
            name: concat!("System.", $name),
            kind: TypeKind::Struct,
            bases: &[
                "IFormattable",
                "IConvertible",
                "IComparable",
                concat!("IComparable<", $keyword, ">"),
                concat!("IEquatable<", $keyword, ">"),
            ],
            values: &[],
            members: &[
                pure(concat!("static ", $keyword, " MaxValue { get; }"), |_| {
                    Ok(integer::limit(Primitive::$primitive, true))
                }),
                pure(concat!("static ", $keyword, " MinValue { get; }"), |_| {
                    Ok(integer::limit(Primitive::$primitive, false))
                }),
                pure(concat!("static ", $keyword, " Parse(string s)"), |call| {
                    integer::parse(call, Primitive::$primitive)
                }),
                pure(concat!("static ", $keyword, " Parse(string s, NumberStyles style)"), |call| {
                    integer::parse(call, Primitive::$primitive)
                }),
                pure(concat!("static ", $keyword, " Parse(string s, IFormatProvider provider)"), |call| {
                    integer::parse(call, Primitive::$primitive)
                }),
                pure(
                    concat!("static ", $keyword, " Parse(string s, NumberStyles style, IFormatProvider provider)"),
                    |call| integer::parse(call, Primitive::$primitive),
                ),
                pure(concat!("static bool TryParse(string s, out ", $keyword, " result)"), |call| {
                    integer::try_parse(call, Primitive::$primitive)
                }),
                pure(
                    concat!("static bool TryParse(string s, NumberStyles style, IFormatProvider provider, out ", $keyword, " result)"),
                    |call| integer::try_parse(call, Primitive::$primitive),
                ),
                pure(concat!("static bool TryParse(string s, IFormatProvider provider, out ", $keyword, " result)"), |call| {
                    integer::try_parse(call, Primitive::$primitive)
                }),
                pure(concat!("static ", $keyword, " Max(", $keyword, " x, ", $keyword, " y)"), math::max),
                pure(concat!("static ", $keyword, " Min(", $keyword, " x, ", $keyword, " y)"), math::min),
                pure(concat!("static ", $keyword, " Clamp(", $keyword, " value, ", $keyword, " min, ", $keyword, " max)"), math::clamp),
                pure(concat!("static int Sign(", $keyword, " value)"), math::sign),
                pure(
                    concat!("static (", $keyword, " Quotient, ", $keyword, " Remainder) DivRem(", $keyword, " left, ", $keyword, " right)"),
                    math::quotient_and_rest,
                ),
                pure(concat!("static bool IsEvenInteger(", $keyword, " value)"), bits::is_even),
                pure(concat!("static bool IsOddInteger(", $keyword, " value)"), bits::is_odd),
                pure(concat!("static bool IsPow2(", $keyword, " value)"), bits::is_pow2),
                pure(concat!("static ", $keyword, " Log2(", $keyword, " value)"), |call| {
                    bits::log2(call, Primitive::$primitive)
                }),
                pure(concat!("static ", $keyword, " PopCount(", $keyword, " value)"), |call| {
                    bits::pop_count(call, Primitive::$primitive)
                }),
                pure(concat!("static ", $keyword, " LeadingZeroCount(", $keyword, " value)"), |call| {
                    bits::leading_zeros(call, Primitive::$primitive)
                }),
                pure(concat!("static ", $keyword, " TrailingZeroCount(", $keyword, " value)"), |call| {
                    bits::trailing_zeros(call, Primitive::$primitive)
                }),
                pure(concat!("static ", $keyword, " RotateLeft(", $keyword, " value, int rotateAmount)"), |call| {
                    bits::rotate(call, Primitive::$primitive, true)
                }),
                pure(concat!("static ", $keyword, " RotateRight(", $keyword, " value, int rotateAmount)"), |call| {
                    bits::rotate(call, Primitive::$primitive, false)
                }),
                $($more,)*
                pure("TypeCode GetTypeCode()", type_code),
                pure("string ToString()", integer::to_string),
                pure("string ToString(string format)", integer::to_string),
                pure("string ToString(IFormatProvider provider)", integer::to_string),
                pure("string ToString(string format, IFormatProvider provider)", integer::to_string),
                pure(concat!("int CompareTo(", $keyword, " value)"), integer::compare_to),
                pure("int CompareTo(object value)", integer::compare_to),
                pure(concat!("bool Equals(", $keyword, " obj)"), integer::equals),
                pure("bool Equals(object obj)", integer::equals),
                pure("int GetHashCode()", integer::hash_code),
            ],
        };
    };
}
pub(super) use integer;

/// The table of an integral type with a sign.
macro_rules! signed {
    ($table:ident, $name:literal, $keyword:literal, $primitive:ident $(, $more:expr)*) => {
        crate::system::integer::integer!(
            $table, $name, $keyword, $primitive,
            pure(concat!("static ", $keyword, " Abs(", $keyword, " value)"), math::abs),
            pure(concat!("static ", $keyword, " CopySign(", $keyword, " value, ", $keyword, " sign)"), |call| {
                bits::copy_sign(call, Primitive::$primitive)
            }),
            pure(concat!("static ", $keyword, " MaxMagnitude(", $keyword, " x, ", $keyword, " y)"), |call| {
                bits::magnitude(call, true)
            }),
            pure(concat!("static ", $keyword, " MinMagnitude(", $keyword, " x, ", $keyword, " y)"), |call| {
                bits::magnitude(call, false)
            }),
            pure(concat!("static bool IsNegative(", $keyword, " value)"), bits::is_negative),
            pure(concat!("static bool IsPositive(", $keyword, " value)"), bits::is_positive)
            $(, $more)*
        );
    };
}
pub(super) use signed;

pub(super) fn limit(primitive: Primitive, greatest: bool) -> Value {
    let (low, high) = primitive.range().unwrap_or((0, 0));
    primitive.wrap(if greatest { high } else { low })
}

/// The style that a `NumberStyles` argument gives.
pub(super) fn style(call: &Call<'_, '_>, default: Style) -> Style {
    match call.arg(1) {
        Value::Enum(_, flags) => Style(*flags),
        _ => default,
    }
}

/// Reads text as the type.
pub(crate) fn read(text: &str, style: Style, primitive: Primitive) -> Result<Value, Throw> {
    let range = primitive.range().unwrap_or((0, 0));
    let number = parse_integer(text, style, range, primitive.article_name())?;
    Ok(primitive.wrap(number))
}

pub(super) fn parse(call: &mut Call<'_, '_>, primitive: Primitive) -> Result<Value, Throw> {
    call.reading_work()?;
    let text = call
        .number_text(0)
        .ok_or_else(|| Throw::argument_null("s"))?;
    read(&text, style(call, Style::INTEGER), primitive)
}

pub(super) fn try_parse(call: &mut Call<'_, '_>, primitive: Primitive) -> Result<Value, Throw> {
    call.reading_work()?;
    let style = style(call, Style::INTEGER);
    let text = call.number_text(0);
    let number = text.and_then(|text| read(&text, style, primitive).ok());
    call.outs
        .push(number.clone().unwrap_or_else(|| primitive.wrap(0)));
    Ok(number.is_some().into())
}

/// Format and culture from the arguments behind the receiver, in either order of overloads.
pub(super) fn to_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let value = call.arg(0);
    if value.is_null() {
        return Err(Throw::null_reference());
    }
    let format = call
        .opt_str(1)
        .map(|format| format.to_utf8())
        .unwrap_or_default();
    let culture = match call.arg(1) {
        Value::Object(_) => call.culture(1),
        _ => call.culture(2),
    };
    if format.is_empty() && culture == NumberCulture::INVARIANT {
        return call.to_text(0).map(Value::String);
    }
    let text = format_value(call.machine, value, &format, &culture)?;
    call.new_text(text)
}

pub(super) fn compare_to(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match (call.arg(0), call.arg(1)) {
        (Value::Null, _) => Err(Throw::null_reference()),
        // The narrow types give the difference.
        (Value::Byte(a), Value::Byte(b)) => Ok(Value::Int32(i32::from(*a) - i32::from(*b))),
        (Value::SByte(a), Value::SByte(b)) => Ok(Value::Int32(i32::from(*a) - i32::from(*b))),
        (Value::Int16(a), Value::Int16(b)) => Ok(Value::Int32(i32::from(*a) - i32::from(*b))),
        (Value::UInt16(a), Value::UInt16(b)) => Ok(Value::Int32(i32::from(*a) - i32::from(*b))),
        (Value::Char(a), Value::Char(b)) => Ok(Value::Int32(i32::from(*a) - i32::from(*b))),
        (a, b) => ops::compare(call.machine.heap, a, b).map(args::order),
    }
}

pub(super) fn equals(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::null_reference()),
        this => Ok(ops::equals(call.machine.heap, this, call.arg(1)).into()),
    }
}

pub(super) fn hash_code(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::null_reference()),
        this => Ok(Value::Int32(ops::hash_code(call.machine.heap, this))),
    }
}
