//! `System.Int32`.

use crate::member::{TypeDef, TypeKind};

/// `System.Int32`.
pub(crate) static INT32: TypeDef = TypeDef {
    name: "System.Int32",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Int32>",
        "IEquatable<Int32>",
    ],
    values: &[],
    members: &[],
};
