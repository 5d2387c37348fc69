//! `System.Exception`.

use crate::member::{TypeDef, TypeKind};

/// `System.Exception`.
pub(crate) static EXCEPTION: TypeDef = TypeDef {
    name: "System.Exception",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[],
};
