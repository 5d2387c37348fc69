//! `System.Double`.

use crate::member::{TypeDef, TypeKind};

/// `System.Double`.
pub(crate) static DOUBLE: TypeDef = TypeDef {
    name: "System.Double",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Double>",
        "IEquatable<Double>",
    ],
    values: &[],
    members: &[],
};
