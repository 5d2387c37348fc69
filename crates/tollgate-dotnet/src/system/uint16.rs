//! `System.UInt16`.

use crate::member::{TypeDef, TypeKind};

/// `System.UInt16`.
pub(crate) static UINT16: TypeDef = TypeDef {
    name: "System.UInt16",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<UInt16>",
        "IEquatable<UInt16>",
    ],
    values: &[],
    members: &[],
};
