//! `System.DateTimeOffset`.

use crate::member::{TypeDef, TypeKind};

/// `System.DateTimeOffset`.
pub(crate) static DATE_TIME_OFFSET: TypeDef = TypeDef {
    name: "System.DateTimeOffset",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<DateTimeOffset>",
        "IEquatable<DateTimeOffset>",
    ],
    values: &[],
    members: &[],
};
