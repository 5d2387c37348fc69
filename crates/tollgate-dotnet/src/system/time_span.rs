//! `System.TimeSpan`.

use crate::member::{TypeDef, TypeKind};

/// `System.TimeSpan`.
pub(crate) static TIME_SPAN: TypeDef = TypeDef {
    name: "System.TimeSpan",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<TimeSpan>",
        "IEquatable<TimeSpan>",
    ],
    values: &[],
    members: &[],
};
