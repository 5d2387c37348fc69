//! `System.Enum`.

use crate::member::{TypeDef, TypeKind};

/// `System.Enum`.
pub(crate) static ENUM: TypeDef = TypeDef {
    name: "System.Enum",
    kind: TypeKind::Class,
    bases: &["IComparable", "IFormattable"],
    values: &[],
    members: &[],
};
