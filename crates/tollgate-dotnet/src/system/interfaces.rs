//! Interfaces of values: `IComparable`, `IFormattable` and the like.

use crate::member::{TypeDef, TypeKind, member};
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
pub(crate) static ICOMPARABLE: TypeDef = interface("System.IComparable");
/// `System.IComparable<in T>`.
pub(crate) static ICOMPARABLE_OF: TypeDef = interface("System.IComparable<in T>");
/// `System.IEquatable<T>`.
pub(crate) static IEQUATABLE: TypeDef = interface("System.IEquatable<T>");
/// `System.IFormattable`.
pub(crate) static IFORMATTABLE: TypeDef = interface("System.IFormattable");
/// `System.IFormatProvider`.
pub(crate) static IFORMAT_PROVIDER: TypeDef = interface("System.IFormatProvider");
/// `System.ICloneable`.
pub(crate) static ICLONEABLE: TypeDef = interface("System.ICloneable");
/// `System.IDisposable`.
pub(crate) static IDISPOSABLE: TypeDef = TypeDef {
    name: "System.IDisposable",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("void Dispose()", |_| Ok(Value::Null))],
};
