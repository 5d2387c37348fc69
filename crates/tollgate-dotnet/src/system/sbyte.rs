//! `System.SByte`.

use crate::member::{TypeDef, TypeKind};

/// `System.SByte`.
pub(crate) static SBYTE: TypeDef = TypeDef {
    name: "System.SByte",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<SByte>",
        "IEquatable<SByte>",
    ],
    values: &[],
    members: &[],
};
