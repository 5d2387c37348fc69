//! Static types.

use std::fmt;
use std::sync::Arc;

use crate::member::TypeDef;

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
        std::ptr::eq(self.0, other.0) || self.0.name == other.0.name
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
