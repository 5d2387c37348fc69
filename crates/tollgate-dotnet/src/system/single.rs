//! `System.Single`.

use crate::member::{TypeDef, TypeKind};

/// `System.Single`.
pub(crate) static SINGLE: TypeDef = TypeDef {
    name: "System.Single",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Single>",
        "IEquatable<Single>",
    ],
    values: &[],
    members: &[],
};
