//! `System.String`.

use crate::member::{TypeDef, TypeKind};

/// `System.String`.
pub(crate) static STRING: TypeDef = TypeDef {
    name: "System.String",
    kind: TypeKind::Class,
    bases: &[
        "IComparable",
        "IComparable<string>",
        "IEquatable<string>",
        "IEnumerable<char>",
    ],
    values: &[],
    members: &[],
};
