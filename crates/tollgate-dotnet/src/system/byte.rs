//! `System.Byte`.

use crate::member::{TypeDef, TypeKind};

/// `System.Byte`.
pub(crate) static BYTE: TypeDef = TypeDef {
    name: "System.Byte",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Byte>",
        "IEquatable<Byte>",
    ],
    values: &[],
    members: &[],
};
