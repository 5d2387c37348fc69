//! `JTokenType`.

use crate::member::{TypeDef, TypeKind};
use crate::types::TypeRef;
use crate::value::Value;

/// `JTokenType`.
pub(crate) static JTOKEN_TYPE: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JTokenType",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("None", 0),
        ("Object", 1),
        ("Array", 2),
        ("Constructor", 3),
        ("Property", 4),
        ("Comment", 5),
        ("Integer", 6),
        ("Float", 7),
        ("String", 8),
        ("Boolean", 9),
        ("Null", 10),
        ("Undefined", 11),
        ("Date", 12),
        ("Raw", 13),
        ("Bytes", 14),
        ("Guid", 15),
        ("Uri", 16),
        ("TimeSpan", 17),
    ],
    members: &[],
};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object = 1,
    Array = 2,
    Constructor = 3,
    Property = 4,
    Comment = 5,
    Integer = 6,
    Float = 7,
    String = 8,
    Boolean = 9,
    Null = 10,
    Undefined = 11,
    Date = 12,
    Raw = 13,
    Bytes = 14,
    Guid = 15,
    Uri = 16,
    TimeSpan = 17,
}

impl Kind {
    /// As a `JTokenType`.
    pub(crate) fn value(self) -> Value {
        // The discriminants are the enum's numbers.
        Value::Enum(TypeRef(&JTOKEN_TYPE), self as i64)
    }

    /// The kind of that number, if it is one.
    pub(crate) fn of_number(number: i64) -> Option<Kind> {
        let all = [
            Kind::Object,
            Kind::Array,
            Kind::Property,
            Kind::Comment,
            Kind::Integer,
            Kind::Float,
            Kind::String,
            Kind::Boolean,
            Kind::Null,
            Kind::Undefined,
            Kind::Date,
            Kind::Raw,
            Kind::Bytes,
            Kind::Guid,
            Kind::Uri,
            Kind::TimeSpan,
        ];
        all.into_iter().find(|kind| *kind as i64 == number)
    }

    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        let number = self as i64;
        let found = JTOKEN_TYPE.values.iter().find(|(_, of)| *of == number);
        found.map_or("None", |(name, _)| name)
    }

    /// The name of the `JsonToken` that such a token starts with.
    pub(crate) fn start(self) -> &'static str {
        match self {
            Kind::Object => "StartObject",
            Kind::Array => "StartArray",
            Kind::Constructor => "StartConstructor",
            other => other.name(),
        }
    }
}
