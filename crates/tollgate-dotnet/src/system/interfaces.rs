//! Interfaces of values: `IComparable`, `IFormattable` and the like.

use super::convert::{change_type, to_boolean, to_char, to_date_time, to_number, type_code};
use crate::convert::Primitive;
use crate::member::{Member, TypeDef, TypeKind, member};
use crate::system::integer::{compare_to, equals, to_string};
use crate::value::Value;

const fn interface(name: &'static str) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Interface,
        bases: &[],
        values: &[],
        members: &[],
    }
}

/// `System.IComparable`.
pub(crate) static ICOMPARABLE: TypeDef = TypeDef {
    name: "System.IComparable",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("int CompareTo(object obj)", compare_to)],
};
/// `System.IComparable<in T>`.
pub(crate) static ICOMPARABLE_OF: TypeDef = TypeDef {
    name: "System.IComparable<in T>",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("int CompareTo(T other)", compare_to)],
};
/// `System.IEquatable<T>`.
pub(crate) static IEQUATABLE: TypeDef = TypeDef {
    name: "System.IEquatable<T>",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("bool Equals(T other)", equals)],
};
/// `System.IFormattable`.
pub(crate) static IFORMATTABLE: TypeDef = TypeDef {
    name: "System.IFormattable",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member(
        "string ToString(string format, IFormatProvider formatProvider)",
        |call| match super::formattable_string::formatted(call) {
            Some(text) => text,
            None => to_string(call),
        },
    )],
};
/// `System.IFormatProvider`.
pub(crate) static IFORMAT_PROVIDER: TypeDef = interface("System.IFormatProvider");
/// `System.ICloneable`.
pub(crate) static ICLONEABLE: TypeDef = TypeDef {
    name: "System.ICloneable",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("object Clone()", clone)],
};
/// `System.IConvertible`.
pub(crate) static ICONVERTIBLE: TypeDef = TypeDef {
    name: "System.IConvertible",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: CONVERSIONS,
};

const CONVERSIONS: &[Member] = &[
    member("TypeCode GetTypeCode()", type_code),
    member("bool ToBoolean(IFormatProvider provider)", to_boolean),
    member("char ToChar(IFormatProvider provider)", to_char),
    member("sbyte ToSByte(IFormatProvider provider)", |call| {
        to_number(call, Primitive::SByte)
    }),
    member("byte ToByte(IFormatProvider provider)", |call| {
        to_number(call, Primitive::Byte)
    }),
    member("short ToInt16(IFormatProvider provider)", |call| {
        to_number(call, Primitive::Int16)
    }),
    member("ushort ToUInt16(IFormatProvider provider)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    member("int ToInt32(IFormatProvider provider)", |call| {
        to_number(call, Primitive::Int32)
    }),
    member("uint ToUInt32(IFormatProvider provider)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    member("long ToInt64(IFormatProvider provider)", |call| {
        to_number(call, Primitive::Int64)
    }),
    member("ulong ToUInt64(IFormatProvider provider)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    member("float ToSingle(IFormatProvider provider)", |call| {
        to_number(call, Primitive::Single)
    }),
    member("double ToDouble(IFormatProvider provider)", |call| {
        to_number(call, Primitive::Double)
    }),
    member("decimal ToDecimal(IFormatProvider provider)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    member(
        "DateTime ToDateTime(IFormatProvider provider)",
        to_date_time,
    ),
    member(
        "string ToString(IFormatProvider provider)",
        super::convert::to_string,
    ),
    member(
        "object ToType(Type conversionType, IFormatProvider provider)",
        change_type,
    ),
];

/// `System.IDisposable`.
pub(crate) static IDISPOSABLE: TypeDef = TypeDef {
    name: "System.IDisposable",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("void Dispose()", |_| Ok(Value::Null))],
};

/// A copy, of the object's own kind.
fn clone(call: &mut crate::member::Call<'_, '_>) -> Result<Value, crate::throw::Throw> {
    use crate::collections::Array;
    if let Some(array) = call.machine.heap.of::<Array>(call.arg(0)) {
        let copy = array.clone();
        return call.new_array(copy);
    }
    match crate::json::id_of(call.machine.heap, call.arg(0)) {
        Some(id) => crate::json::copy(call.machine.heap, id).map(Value::Ref),
        None => Ok(call.arg(0).clone()),
    }
}
