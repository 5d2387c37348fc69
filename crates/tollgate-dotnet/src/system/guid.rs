//! `System.Guid`.

use crate::member::{TypeDef, TypeKind};

/// `System.Guid`.
pub(crate) static GUID: TypeDef = TypeDef {
    name: "System.Guid",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Guid>",
        "IEquatable<Guid>",
    ],
    values: &[],
    members: &[],
};
