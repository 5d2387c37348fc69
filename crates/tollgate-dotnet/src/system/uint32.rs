//! `System.UInt32`.

use crate::member::{TypeDef, TypeKind};

/// `System.UInt32`.
pub(crate) static UINT32: TypeDef = TypeDef {
    name: "System.UInt32",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<UInt32>",
        "IEquatable<UInt32>",
    ],
    values: &[],
    members: &[],
};
