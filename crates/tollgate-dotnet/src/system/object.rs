//! `System.Object`.

use crate::member::{TypeDef, TypeKind};

/// `System.Object`.
pub(crate) static OBJECT: TypeDef = TypeDef {
    name: "System.Object",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[],
};
