//! `System.Array`.

use crate::member::{TypeDef, TypeKind};

/// `System.Array`.
pub(crate) static ARRAY: TypeDef = TypeDef {
    name: "System.Array",
    kind: TypeKind::Class,
    bases: &["IList", "ICloneable"],
    values: &[],
    members: &[],
};
