//! `System.Char`.

use crate::member::{TypeDef, TypeKind};

/// `System.Char`.
pub(crate) static CHAR: TypeDef = TypeDef {
    name: "System.Char",
    kind: TypeKind::Struct,
    bases: &["IComparable", "IComparable<Char>", "IEquatable<Char>"],
    values: &[],
    members: &[],
};
