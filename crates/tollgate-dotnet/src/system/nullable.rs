//! `System.Nullable<T>`.

use crate::member::{TypeDef, TypeKind};

/// `System.Nullable<T>`.
pub(crate) static NULLABLE: TypeDef = TypeDef {
    name: "System.Nullable<T>",
    kind: TypeKind::Struct,
    bases: &[],
    values: &[],
    members: &[],
};
