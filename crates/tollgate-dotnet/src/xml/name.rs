//! `XName` and `XNamespace`.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// The namespace of `xmlns` attributes.
pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
/// The namespace of `xml:lang` and its like.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// `XName`.
pub(crate) static XNAME: TypeDef = TypeDef {
    name: "System.Xml.Linq.XName",
    kind: TypeKind::Class,
    bases: &["IEquatable<XName>"],
    values: &[],
    members: &[
        pure("static XName Get(string expandedName)", |call| {
            call.reading_work()?;
            Name::read(&call.text(0, "expandedName")?.to_utf8()).map(Value::object)
        }),
        pure(
            "static XName Get(string localName, string namespaceName)",
            |call| {
                call.reading_work()?;
                Name::new(call.text(0, "localName")?, call.text(1, "namespaceName")?)
                    .map(Value::object)
            },
        ),
        pure("string LocalName { get; }", |call| {
            Ok(this(call)?.local.clone().into())
        }),
        pure("string NamespaceName { get; }", |call| {
            Ok(this(call)?.namespace.clone().into())
        }),
        pure("XNamespace Namespace { get; }", |call| {
            Ok(Value::object(Namespace(this(call)?.namespace.clone())))
        }),
        pure("string ToString()", |call| Ok(this(call)?.text().into())),
        pure(
            "static implicit operator XName(string expandedName)",
            |call| {
                call.reading_work()?;
                match call.opt_str(0) {
                    Some(name) => Name::read(&name.to_utf8()).map(Value::object),
                    None => Ok(Value::Null),
                }
            },
        ),
        pure("static bool operator ==(XName left, XName right)", |call| {
            same(call, true)
        }),
        pure("static bool operator !=(XName left, XName right)", |call| {
            same(call, false)
        }),
    ],
};

/// `XNamespace`.
pub(crate) static XNAMESPACE: TypeDef = TypeDef {
    name: "System.Xml.Linq.XNamespace",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("static XNamespace Get(string namespaceName)", |call| {
            let name = call.text(0, "namespaceName")?.clone();
            Ok(Value::object(Namespace(name)))
        }),
        pure("static XNamespace None { get; }", |_| {
            Ok(Value::object(Namespace(Str::EMPTY)))
        }),
        pure("static XNamespace Xml { get; }", |_| {
            Ok(Value::object(Namespace(XML.into())))
        }),
        pure("static XNamespace Xmlns { get; }", |_| {
            Ok(Value::object(Namespace(XMLNS.into())))
        }),
        pure("string NamespaceName { get; }", |call| {
            Ok(namespace(call, 0)?.clone().into())
        }),
        pure("XName GetName(string localName)", |call| {
            Name::new(call.text(1, "localName")?, namespace(call, 0)?).map(Value::object)
        }),
        pure("string ToString()", |call| {
            Ok(namespace(call, 0)?.clone().into())
        }),
        pure(
            "static implicit operator XNamespace(string namespaceName)",
            |call| {
                Ok(call
                    .opt_str(0)
                    .map_or(Value::Null, |name| Value::object(Namespace(name.clone()))))
            },
        ),
        pure(
            "static XName operator +(XNamespace ns, string localName)",
            |call| Name::new(call.text(1, "localName")?, namespace(call, 0)?).map(Value::object),
        ),
        pure(
            "static bool operator ==(XNamespace left, XNamespace right)",
            |call| same(call, true),
        ),
        pure(
            "static bool operator !=(XNamespace left, XNamespace right)",
            |call| same(call, false),
        ),
    ],
};

/// An `XName`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) local: Str,
    pub(crate) namespace: Str,
}

/// An `XNamespace`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Namespace(pub(crate) Str);

impl Name {
    /// A name that C# gives; `XmlException` if it is none.
    pub(crate) fn new(local: &Str, namespace: &Str) -> Result<Name, Throw> {
        let text = local.to_utf8();
        let wrong = text
            .char_indices()
            .find(|(place, c)| !fits(*c, *place == 0));
        match wrong {
            Some((place, c)) => Err(super::xml_exception(format!(
                "{} '{c}' character, hexadecimal value 0x{:02X}, cannot be {} a name.",
                if place == 0 {
                    "Name cannot begin with the"
                } else {
                    "The"
                },
                u32::from(c),
                if place == 0 {
                    "at the start of"
                } else {
                    "included in"
                },
            ))),
            None if text.is_empty() => Err(Throw::argument(
                "The value cannot be an empty string. (Parameter 'name')",
            )),
            None => Ok(Name {
                local: local.clone(),
                namespace: namespace.clone(),
            }),
        }
    }

    /// `{namespace}local`.
    pub(crate) fn read(text: &str) -> Result<Name, Throw> {
        match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some(("", _)) => Err(Throw::argument(format!(
                "'{text}' is an invalid expanded name."
            ))),
            Some((namespace, local)) => Name::new(&local.into(), &namespace.into()),
            None => Name::new(&text.into(), &Str::EMPTY),
        }
    }

    /// As it was written in a document that the reader has checked.
    pub(crate) fn known(local: &str, namespace: Str) -> Name {
        Name {
            local: local.into(),
            namespace,
        }
    }

    /// Argument `index`, which may be null.
    pub(crate) fn argument<'c>(call: &Call<'c, '_>, index: usize) -> Option<&'c Name> {
        call.arg(index).downcast()
    }

    fn text(&self) -> Str {
        match self.namespace.is_empty() {
            true => self.local.clone(),
            false => format!("{{{}}}{}", self.namespace, self.local).into(),
        }
    }
}

/// Whether a name without prefix may have a character, at its beginning or behind it.
pub(crate) fn fits(c: char, first: bool) -> bool {
    let start = matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}');
    let inside = matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}');
    start || !first && inside
}

impl Object for Name {
    fn type_of(&self) -> Type {
        Type::plain(&XNAME)
    }
    fn to_text(&self) -> Option<Str> {
        Some(self.text())
    }
    fn effort(&self) -> usize {
        let length = self.local.size().saturating_add(self.namespace.size());
        length.saturating_mul(4)
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.type_of() == self.type_of() && other.to_text() == self.to_text()
    }
    fn hash_code(&self) -> i32 {
        ops::hashed(&self.text())
    }
}

impl Object for Namespace {
    fn type_of(&self) -> Type {
        Type::plain(&XNAMESPACE)
    }
    fn to_text(&self) -> Option<Str> {
        Some(self.0.clone())
    }
    fn effort(&self) -> usize {
        self.0.size().saturating_mul(4)
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.type_of() == self.type_of() && other.to_text() == self.to_text()
    }
    fn hash_code(&self) -> i32 {
        ops::hashed(&self.0)
    }
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Name, Throw> {
    Name::argument(call, 0).ok_or_else(Throw::null_reference)
}

fn namespace<'c>(call: &Call<'c, '_>, index: usize) -> Result<&'c Str, Throw> {
    let namespace = call.arg(index).downcast::<Namespace>();
    namespace
        .map(|namespace| &namespace.0)
        .ok_or_else(Throw::null_reference)
}

fn same(call: &mut Call<'_, '_>, expected: bool) -> Result<Value, Throw> {
    let same = ops::equals(call.machine.heap, call.arg(0), call.arg(1));
    Ok((same == expected).into())
}
