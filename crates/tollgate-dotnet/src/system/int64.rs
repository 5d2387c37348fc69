//! `System.Int64`.

use crate::member::{TypeDef, TypeKind};

/// `System.Int64`.
pub(crate) static INT64: TypeDef = TypeDef {
    name: "System.Int64",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Int64>",
        "IEquatable<Int64>",
    ],
    values: &[],
    members: &[],
};
