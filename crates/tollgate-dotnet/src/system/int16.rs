//! `System.Int16`.

use crate::member::{TypeDef, TypeKind};

/// `System.Int16`.
pub(crate) static INT16: TypeDef = TypeDef {
    name: "System.Int16",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Int16>",
        "IEquatable<Int16>",
    ],
    values: &[],
    members: &[],
};
