//! Static types.

use std::fmt;
use std::sync::Arc;

use crate::collections;
use crate::member::{TypeDef, TypeKind};
use crate::system;

/// A static type of C#, as the binder and the member tables use it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// `void`.
    Void,
    /// The type of the literal `null`.
    Null,
    /// `dynamic`.
    Dynamic,
    /// A type from a table: everything with a name, `int` and `string` and `object` included. With its generic arguments.
    Named(TypeRef, Arc<[Type]>),
    /// `T[]`; the rank is 1 for `T[]`, 2 for `T[,]`.
    Array(Arc<Type>, u8),
    /// `T?` of a value type.
    Nullable(Arc<Type>),
    /// `(A a, B b)`, with the names that were given.
    Tuple(Arc<[(Type, Option<Box<str>>)]>),
    /// `new { A = 1 }`: its properties in order.
    Anonymous(Arc<[(Box<str>, Type)]>),
    /// A type parameter in a signature, by its name.
    Parameter(Box<str>),
}

/// A type's table, compared by name.
#[derive(Clone, Copy)]
pub struct TypeRef(pub &'static TypeDef);

impl PartialEq for TypeRef {
    fn eq(&self, other: &Self) -> bool {
        let (name, other_name) = (self.0.name, other.0.name);
        // Most names of one length end differently.
        std::ptr::eq(self.0, other.0)
            || name.as_bytes().last() == other_name.as_bytes().last() && name == other_name
    }
}
impl Eq for TypeRef {}
impl std::hash::Hash for TypeRef {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}
impl fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}
impl std::ops::Deref for TypeRef {
    type Target = TypeDef;
    fn deref(&self) -> &TypeDef {
        self.0
    }
}

impl TypeRef {
    /// The name without namespace and type parameters: `List`.
    pub fn simple_name(&self) -> &'static str {
        let full = self.full_name();
        full.rsplit_once('.').map_or(full, |(_, name)| name)
    }

    /// The name with its namespace, without type parameters: `System.Collections.Generic.List`.
    pub fn full_name(&self) -> &'static str {
        let name = self.0.name;
        self.split_parameters().map_or(name, |(full, _)| full)
    }

    /// The type parameters with their variance: `in T` gives `("T", Variance::In)`.
    pub fn type_parameters(&self) -> impl Iterator<Item = (&'static str, Variance)> {
        let mut rest = self.split_parameters().map_or("", |(_, list)| list);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let comma = rest.bytes().position(|byte| byte == b',');
            let (text, more) = rest.split_at_checked(comma.unwrap_or(rest.len()))?;
            rest = more.get(1..).unwrap_or_default();
            let text = text.trim_ascii();
            Some(
                match (text.strip_prefix("in "), text.strip_prefix("out ")) {
                    (Some(name), _) => (name.trim_ascii(), Variance::In),
                    (_, Some(name)) => (name.trim_ascii(), Variance::Out),
                    _ => (text, Variance::None),
                },
            )
        })
    }

    /// Name and type parameters. In the name of a class that a compiler made, as for an iterator, there is a `<` of its own.
    fn split_parameters(&self) -> Option<(&'static str, &'static str)> {
        let name: &'static str = self.0.name;
        name.strip_suffix('>')?.rsplit_once('<')
    }

    /// The full name as .NET writes it, with the number of type parameters after the type that has them: a nested class
    /// shares those of the type around it, unless a compiler made it.
    fn net_name(&self) -> String {
        let (full, arity) = (self.full_name(), self.arity());
        match full.split_once('+') {
            _ if arity == 0 => full.into(),
            Some((around, nested)) if !nested.starts_with('<') => {
                format!("{around}`{arity}+{nested}")
            }
            _ => format!("{full}`{arity}"),
        }
    }

    /// How many type parameters it has.
    pub fn arity(&self) -> usize {
        self.type_parameters().count()
    }

    /// Whether values of it are copied rather than shared.
    pub fn is_value_type(&self) -> bool {
        matches!(self.0.kind, TypeKind::Struct | TypeKind::Enum)
    }
}

/// Whether a type argument may be replaced by a base (`out`) or a derived type (`in`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variance {
    /// Neither.
    None,
    /// Contravariant.
    In,
    /// Covariant.
    Out,
}

macro_rules! well_known {
    ($($name:ident $is:ident $table:ident $text:literal;)*) => { impl Type { $(
        #[doc = concat!("`", $text, "`.")]
        pub fn $name() -> Type { Type::plain(&system::$table) }
        #[doc = concat!("Whether it is `", $text, "`.")]
        pub fn $is(&self) -> bool { self.is_table(&system::$table) }
    )* } };
}

well_known! {
    object is_object OBJECT "object";
    string is_string STRING "string";
    bool is_bool BOOLEAN "bool";
    char is_char CHAR "char";
    sbyte is_sbyte SBYTE "sbyte";
    byte is_byte BYTE "byte";
    short is_short INT16 "short";
    ushort is_ushort UINT16 "ushort";
    int is_int INT32 "int";
    uint is_uint UINT32 "uint";
    long is_long INT64 "long";
    ulong is_ulong UINT64 "ulong";
    float is_float SINGLE "float";
    double is_double DOUBLE "double";
    decimal is_decimal DECIMAL "decimal";
    guid is_guid GUID "Guid";
    date_time is_date_time DATE_TIME "DateTime";
    date_time_offset is_date_time_offset DATE_TIME_OFFSET "DateTimeOffset";
    time_span is_time_span TIME_SPAN "TimeSpan";
    exception is_exception EXCEPTION "Exception";
    array_base is_array_base ARRAY "Array";
}

impl Type {
    /// A type without generic arguments.
    pub fn plain(table: &'static TypeDef) -> Type {
        Type::Named(TypeRef(table), Arc::default())
    }

    /// A type with generic arguments.
    pub fn generic(table: &'static TypeDef, arguments: impl Into<Arc<[Type]>>) -> Type {
        Type::Named(TypeRef(table), arguments.into())
    }

    /// `T[]`.
    pub fn array(element: Type) -> Type {
        Type::Array(Arc::new(element), 1)
    }

    /// `T?`; of a reference type or a nullable, the type itself.
    pub fn nullable(self) -> Type {
        match self {
            Type::Nullable(_) => self,
            other if other.is_reference() => other,
            other => Type::Nullable(Arc::new(other)),
        }
    }

    /// `IEnumerable<T>`.
    pub fn enumerable(element: Type) -> Type {
        Type::generic(&collections::IENUMERABLE_OF, [element])
    }

    /// Whether it is the type of that table, whatever its generic arguments.
    pub fn is_table(&self, table: &'static TypeDef) -> bool {
        matches!(self, Type::Named(this, _) if *this == TypeRef(table))
    }

    /// The table, if it is a named type.
    pub fn table(&self) -> Option<TypeRef> {
        match self {
            Type::Named(table, _) => Some(*table),
            _ => None,
        }
    }

    /// The generic arguments, if it is a named type.
    pub fn arguments(&self) -> &[Type] {
        match self {
            Type::Named(_, arguments) => arguments,
            _ => &[],
        }
    }

    /// Whether its values may be `null` without `?`.
    pub fn is_reference(&self) -> bool {
        match self {
            Type::Named(table, _) => !table.is_value_type(),
            Type::Null | Type::Dynamic | Type::Array(..) | Type::Anonymous(_) => true,
            Type::Void | Type::Nullable(_) | Type::Tuple(_) | Type::Parameter(_) => false,
        }
    }

    /// Whether it is a value type, `T?` included.
    pub fn is_value_type(&self) -> bool {
        match self {
            Type::Named(table, _) => table.is_value_type(),
            Type::Nullable(_) | Type::Tuple(_) => true,
            _ => false,
        }
    }

    /// Whether it is an `enum`.
    pub fn is_enum(&self) -> bool {
        matches!(self, Type::Named(table, _) if table.kind == TypeKind::Enum)
    }

    /// Whether it is a delegate.
    pub fn is_delegate(&self) -> bool {
        matches!(self, Type::Named(table, _) if table.kind == TypeKind::Delegate)
    }

    /// Whether it is one of the eight integral types (not `char`).
    pub fn is_integer(&self) -> bool {
        use system::{BYTE, INT16, INT32, INT64, SBYTE, UINT16, UINT32, UINT64};
        [
            &INT32, &INT64, &BYTE, &UINT32, &UINT64, &INT16, &UINT16, &SBYTE,
        ]
        .into_iter()
        .any(|table| self.is_table(table))
    }

    /// Whether it is an integral type, `char`, `float`, `double` or `decimal`.
    pub fn is_numeric(&self) -> bool {
        self.is_integer()
            || self.is_char()
            || self.is_double()
            || self.is_decimal()
            || self.is_float()
    }

    /// The type parameters of a named type with the arguments it gives them.
    pub fn substitution(&self) -> Vec<(&'static str, Type)> {
        match self {
            Type::Named(table, arguments) if !arguments.is_empty() => table
                .type_parameters()
                .map(|(name, _)| name)
                .zip(arguments.iter().cloned())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The type with type parameters replaced, all at once.
    #[must_use]
    pub fn substitute<N: AsRef<str>>(&self, replacements: &[(N, Type)]) -> Type {
        if replacements.is_empty() {
            return self.clone();
        }
        match self {
            Type::Parameter(name) => replacements
                .iter()
                .find(|(from, _)| from.as_ref() == &**name)
                .map_or_else(|| self.clone(), |(_, to)| to.clone()),
            Type::Named(table, arguments) if !arguments.is_empty() => Type::Named(
                *table,
                arguments
                    .iter()
                    .map(|argument| argument.substitute(replacements))
                    .collect(),
            ),
            Type::Array(element, rank) => {
                Type::Array(Arc::new(element.substitute(replacements)), *rank)
            }
            Type::Nullable(inner) => inner.substitute(replacements).nullable(),
            Type::Tuple(elements) => Type::Tuple(
                elements
                    .iter()
                    .map(|(element, name)| (element.substitute(replacements), name.clone()))
                    .collect(),
            ),
            Type::Anonymous(properties) => Type::Anonymous(
                properties
                    .iter()
                    .map(|(name, of)| (name.clone(), of.substitute(replacements)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// The name as .NET's `Type.ToString()` gives it: ``System.Collections.Generic.List`1[System.Int32]``.
    pub fn net_name(&self) -> String {
        fn names<'a>(types: impl Iterator<Item = &'a Type>) -> String {
            let names: Vec<_> = types.map(Type::net_name).collect();
            names.join(",")
        }
        match self {
            Type::Void => "System.Void".into(),
            Type::Null | Type::Dynamic => "System.Object".into(),
            Type::Named(table, arguments) if arguments.is_empty() => table.net_name(),
            Type::Named(table, arguments) => {
                format!("{}[{}]", table.net_name(), names(arguments.iter()))
            }
            Type::Array(element, rank) => {
                let commas = ",".repeat(usize::from(*rank).saturating_sub(1));
                format!("{}[{commas}]", element.net_name())
            }
            Type::Nullable(inner) => format!("System.Nullable`1[{}]", inner.net_name()),
            Type::Tuple(elements) => {
                let (count, elements) = (elements.len(), elements.iter());
                format!(
                    "System.ValueTuple`{count}[{}]",
                    names(elements.map(|(element, _)| element))
                )
            }
            Type::Anonymous(properties) => {
                let (count, properties) = (properties.len(), properties.iter());
                format!(
                    "<>f__AnonymousType0`{count}[{}]",
                    names(properties.map(|(_, of)| of))
                )
            }
            Type::Parameter(name) => name.to_string(),
        }
    }
}

/// C#'s keyword for a type, by full name.
pub(crate) const KEYWORDS: [(&str, &str); 15] = [
    ("object", "System.Object"),
    ("string", "System.String"),
    ("bool", "System.Boolean"),
    ("char", "System.Char"),
    ("sbyte", "System.SByte"),
    ("byte", "System.Byte"),
    ("short", "System.Int16"),
    ("ushort", "System.UInt16"),
    ("int", "System.Int32"),
    ("uint", "System.UInt32"),
    ("long", "System.Int64"),
    ("ulong", "System.UInt64"),
    ("float", "System.Single"),
    ("double", "System.Double"),
    ("decimal", "System.Decimal"),
];

/// C#'s notation: `List<int>`, `string[]`, `int?`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Void => f.write_str("void"),
            Type::Null => f.write_str("<null>"),
            Type::Dynamic => f.write_str("dynamic"),
            Type::Named(table, arguments) => {
                let keyword = KEYWORDS.iter().find(|(_, full)| *full == table.0.name);
                f.write_str(keyword.map_or(table.simple_name(), |(keyword, _)| keyword))?;
                if arguments.is_empty() {
                    return Ok(());
                }
                for (index, argument) in arguments.iter().enumerate() {
                    f.write_str(if index == 0 { "<" } else { ", " })?;
                    argument.fmt(f)?;
                }
                f.write_str(">")
            }
            Type::Array(element, rank) => {
                write!(
                    f,
                    "{element}[{}]",
                    ",".repeat(usize::from(*rank).saturating_sub(1))
                )
            }
            Type::Nullable(inner) => write!(f, "{inner}?"),
            Type::Tuple(elements) => {
                f.write_str("(")?;
                for (index, (element, name)) in elements.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    element.fmt(f)?;
                    if let Some(name) = name {
                        write!(f, " {name}")?;
                    }
                }
                f.write_str(")")
            }
            Type::Anonymous(properties) => {
                f.write_str("<anonymous type:")?;
                for (index, (name, of)) in properties.iter().enumerate() {
                    write!(f, "{} {of} {name}", if index == 0 { "" } else { "," })?;
                }
                f.write_str(">")
            }
            // The binder's own begin with `!`.
            Type::Parameter(name) => f.write_str(name.trim_start_matches('!')),
        }
    }
}
