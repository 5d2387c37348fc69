//! `System.UInt64`.

use crate::member::{TypeDef, TypeKind};

/// `System.UInt64`.
pub(crate) static UINT64: TypeDef = TypeDef {
    name: "System.UInt64",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<UInt64>",
        "IEquatable<UInt64>",
    ],
    values: &[],
    members: &[],
};
