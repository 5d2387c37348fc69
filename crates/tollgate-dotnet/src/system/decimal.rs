//! `System.Decimal`.

use crate::member::{TypeDef, TypeKind};

/// `System.Decimal`.
pub(crate) static DECIMAL: TypeDef = TypeDef {
    name: "System.Decimal",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Decimal>",
        "IEquatable<Decimal>",
    ],
    values: &[],
    members: &[],
};
