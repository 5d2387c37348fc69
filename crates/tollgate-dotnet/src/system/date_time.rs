//! `System.DateTime`.

use crate::member::{TypeDef, TypeKind};

/// `System.DateTime`.
pub(crate) static DATE_TIME: TypeDef = TypeDef {
    name: "System.DateTime",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<DateTime>",
        "IEquatable<DateTime>",
    ],
    values: &[],
    members: &[],
};
