//! `System.Enum`, and the enums of the namespace `System`.

use super::runtime_type;
use crate::args;
use crate::collections::Array;
use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::str::Str;
use crate::system::integer::{equals, hash_code, to_string};
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::Value;

/// `System.Enum`, the base of all enums.
pub(crate) static ENUM: TypeDef = TypeDef {
    name: "System.Enum",
    kind: TypeKind::Class,
    bases: &["IComparable", "IFormattable", "IConvertible"],
    values: &[],
    members: &[
        pure("string ToString()", to_string),
        pure("string ToString(string format)", to_string),
        pure("bool Equals(object obj)", equals),
        pure("int GetHashCode()", hash_code),
        pure("int CompareTo(object target)", |call| {
            ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(args::order)
        }),
        pure("bool HasFlag(Enum flag)", |call| {
            let flag = call.flags(1);
            Ok((call.flags(0) & flag == flag).into())
        }),
        member("static object Parse(Type enumType, string value)", |call| {
            parse(call, false)
        }),
        member(
            "static object Parse(Type enumType, string value, bool ignoreCase)",
            |call| {
                let ignore_case = call.bool(2)?;
                parse(call, ignore_case)
            },
        ),
        member("static T Parse<T>(string value)", |call| {
            parse_as(call, false)
        }),
        member("static T Parse<T>(string value, bool ignoreCase)", |call| {
            let ignore_case = call.bool(1)?;
            parse_as(call, ignore_case)
        }),
        member(
            "static bool TryParse<T>(string value, out T result)",
            |call| try_parse(call, false),
        ),
        member(
            "static bool TryParse<T>(string value, bool ignoreCase, out T result)",
            |call| {
                let ignore_case = call.bool(1)?;
                try_parse(call, ignore_case)
            },
        ),
        member(
            "static bool TryParse(Type enumType, string value, out object result)",
            |call| try_parse_of(call, false),
        ),
        member(
            "static bool TryParse(Type enumType, string value, bool ignoreCase, out object result)",
            |call| {
                let ignore_case = call.bool(2)?;
                try_parse_of(call, ignore_case)
            },
        ),
        member(
            "static bool IsDefined(Type enumType, object value)",
            is_defined,
        ),
        member("static bool IsDefined<T>(T value)", |call| {
            let table = table(&call.type_argument(0))?;
            let number = number(call.arg(0));
            let mut values = table.0.values.iter();
            Ok(values.any(|(_, value)| Some(*value) == number).into())
        }),
        member("static string GetName<T>(T value)", |call| {
            let table = table(&call.type_argument(0))?;
            Ok(name_of(table, number(call.arg(0))).into())
        }),
        member("static string[] GetNames<T>()", |call| {
            let table = table(&call.type_argument(0))?;
            call.new_array(Array::strings(table.0.values.iter().map(|(name, _)| *name)))
        }),
        member("static T[] GetValues<T>()", |call| {
            let ty = call.type_argument(0);
            let table = table(&ty)?;
            let values = table.0.values.iter();
            let values = values.map(|(_, number)| Value::Enum(table, *number));
            call.new_array(Array::new(ty, values.collect()))
        }),
        member("static Type GetUnderlyingType(Type enumType)", |call| {
            table(runtime_type::of(call.arg(0))?)?;
            Ok(runtime_type::value(Type::int()))
        }),
        member(
            "static string Format(Type enumType, object value, string format)",
            |call| {
                let table = table(runtime_type::of(call.arg(0))?)?;
                let number = number(call.arg(1)).ok_or_else(|| Throw::argument_null("value"))?;
                let format = call.text(2, "format")?.to_utf8();
                let value = Value::Enum(table, number);
                let invariant = crate::number::NumberCulture::INVARIANT;
                let text =
                    crate::formatting::format_value(call.machine, &value, &format, &invariant)?;
                call.new_text(text)
            },
        ),
        pure("string ToString(IFormatProvider provider)", |call| {
            call.to_text(0).map(Value::String)
        }),
        pure("TypeCode GetTypeCode()", super::type_code),
        pure(
            "static object ToObject(Type enumType, object value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, sbyte value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, short value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, int value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, byte value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, ushort value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, uint value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, long value)",
            to_object,
        ),
        pure(
            "static object ToObject(Type enumType, ulong value)",
            to_object,
        ),
        member(
            "static string GetName(Type enumType, object value)",
            |call| {
                let table = table(runtime_type::of(call.arg(0))?)?;
                Ok(name_of(table, number(call.arg(1))).into())
            },
        ),
        member("static string[] GetNames(Type enumType)", |call| {
            let table = table(runtime_type::of(call.arg(0))?)?;
            call.new_array(Array::strings(table.0.values.iter().map(|(name, _)| *name)))
        }),
        member("static Array GetValues(Type enumType)", |call| {
            let ty = runtime_type::of(call.arg(0))?.clone();
            let table = table(&ty)?;
            let values = table
                .0
                .values
                .iter()
                .map(|(_, number)| Value::Enum(table, *number));
            call.new_array(Array::new(ty, values.collect()))
        }),
    ],
};

fn table(ty: &Type) -> Result<TypeRef, Throw> {
    ty.table()
        .filter(|_| ty.is_enum())
        .ok_or_else(|| Throw::argument("Type provided must be an Enum. (Parameter 'enumType')"))
}

fn number(value: &Value) -> Option<i64> {
    i64::try_from(value.as_integer()?).ok()
}

/// A name, names with commas between, or a number.
fn read(table: TypeRef, text: &Str, ignore_case: bool) -> Option<Value> {
    let text = text.to_utf8();
    if let Ok(number) = text.trim().parse() {
        return Some(Value::Enum(table, number));
    }
    let mut flags = 0;
    for name in text.split(',').map(str::trim) {
        let same = |candidate: &str| match ignore_case {
            true => candidate.eq_ignore_ascii_case(name),
            false => candidate == name,
        };
        let (_, number) = table
            .0
            .values
            .iter()
            .find(|(candidate, _)| same(candidate))?;
        flags |= number;
    }
    Some(Value::Enum(table, flags))
}

fn not_found(text: &Str) -> Throw {
    Throw::argument(format!("Requested value '{text}' was not found."))
}

fn parse(call: &mut Call<'_, '_>, ignore_case: bool) -> Result<Value, Throw> {
    call.reading_work()?;
    let table = table(runtime_type::of(call.arg(0))?)?;
    let text = call.text(1, "value")?;
    read(table, text, ignore_case).ok_or_else(|| not_found(text))
}

fn parse_as(call: &mut Call<'_, '_>, ignore_case: bool) -> Result<Value, Throw> {
    call.reading_work()?;
    let table = table(&call.type_argument(0))?;
    let text = call.text(0, "value")?;
    read(table, text, ignore_case).ok_or_else(|| not_found(text))
}

fn try_parse(call: &mut Call<'_, '_>, ignore_case: bool) -> Result<Value, Throw> {
    call.reading_work()?;
    let table = table(&call.type_argument(0))?;
    let value = call
        .opt_str(0)
        .and_then(|text| read(table, text, ignore_case));
    call.outs
        .push(value.clone().unwrap_or(Value::Enum(table, 0)));
    Ok(value.is_some().into())
}

fn try_parse_of(call: &mut Call<'_, '_>, ignore_case: bool) -> Result<Value, Throw> {
    let table = table(runtime_type::of(call.arg(0))?)?;
    let value = call
        .opt_str(1)
        .and_then(|text| read(table, text, ignore_case));
    call.outs.push(value.clone().unwrap_or_default());
    Ok(value.is_some().into())
}

fn to_object(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let table = table(runtime_type::of(call.arg(0))?)?;
    let number = number(call.arg(1)).ok_or_else(|| match call.arg(1) {
        Value::Null => Throw::argument_null("value"),
        _ => Throw::argument("The value passed in must be an enum base or an underlying type for an enum, such as an Int32. (Parameter 'value')"),
    })?;
    // Cut to the `int` that it is.
    Ok(Value::Enum(table, i64::from(number as i32)))
}

fn name_of(table: TypeRef, number: Option<i64>) -> Option<&'static str> {
    let mut values = table.0.values.iter();
    let found = values.find(|(_, value)| Some(*value) == number);
    found.map(|(name, _)| *name)
}

fn is_defined(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let table = table(runtime_type::of(call.arg(0))?)?;
    let name = call.opt_str(1).map(Str::to_utf8);
    let number = number(call.arg(1));
    let found =
        table.0.values.iter().any(|(candidate, value)| {
            name.as_deref() == Some(*candidate) || number == Some(*value)
        });
    Ok(found.into())
}

const fn enumeration(name: &'static str, values: &'static [(&'static str, i64)]) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Enum,
        bases: &[],
        values,
        members: &[],
    }
}

/// `System.DateTimeKind`.
pub(crate) static DATE_TIME_KIND: TypeDef = enumeration(
    "System.DateTimeKind",
    &[("Unspecified", 0), ("Utc", 1), ("Local", 2)],
);
/// `System.DayOfWeek`.
pub(crate) static DAY_OF_WEEK: TypeDef = enumeration(
    "System.DayOfWeek",
    &[
        ("Sunday", 0),
        ("Monday", 1),
        ("Tuesday", 2),
        ("Wednesday", 3),
        ("Thursday", 4),
        ("Friday", 5),
        ("Saturday", 6),
    ],
);
/// `System.MidpointRounding`.
pub(crate) static MIDPOINT_ROUNDING: TypeDef = enumeration(
    "System.MidpointRounding",
    &[
        ("ToEven", 0),
        ("AwayFromZero", 1),
        ("ToZero", 2),
        ("ToNegativeInfinity", 3),
        ("ToPositiveInfinity", 4),
    ],
);
/// `System.Base64FormattingOptions`.
pub(crate) static BASE64_FORMATTING_OPTIONS: TypeDef = enumeration(
    "System.Base64FormattingOptions",
    &[("None", 0), ("InsertLineBreaks", 1)],
);
