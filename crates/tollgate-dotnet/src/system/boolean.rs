//! `System.Boolean`.

use crate::member::{TypeDef, TypeKind};

/// `System.Boolean`.
pub(crate) static BOOLEAN: TypeDef = TypeDef {
    name: "System.Boolean",
    kind: TypeKind::Struct,
    bases: &["IComparable", "IComparable<bool>", "IEquatable<bool>"],
    values: &[],
    members: &[],
};
