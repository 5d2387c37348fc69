//! Interfaces of values: `IComparable`, `IFormattable` and the like.

use crate::member::{TypeDef, TypeKind, member};
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
        to_string,
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
    members: &[],
};
/// `System.IDisposable`.
pub(crate) static IDISPOSABLE: TypeDef = TypeDef {
    name: "System.IDisposable",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("void Dispose()", |_| Ok(Value::Null))],
};
