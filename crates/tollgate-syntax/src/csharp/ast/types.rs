//! Types as written.

use super::{Identifier, Range32, SimpleName};

/// A type as written.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeSyntax {
    /// What it is.
    pub kind: TypeKind,
    /// Where it stands.
    pub range: Range32,
}

/// The forms of type.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// Stands where a type was missing; only in code with errors.
    Missing,
    /// `int`, `string`, …
    Predefined(PredefinedType),
    /// `var`.
    Var,
    /// `dynamic`.
    Dynamic,
    /// `A.B<C>.D`: the parts, at least one; a leading `global::` is dropped.
    Named(Box<[SimpleName]>),
    /// `T[]`, `T[,]`: `int[][,]` is an array of `int[,]`.
    Array {
        /// The type of the elements.
        element: Box<TypeSyntax>,
        /// The number of dimensions, at least 1.
        rank: u32,
    },
    /// `T?`.
    Nullable(Box<TypeSyntax>),
    /// `(int a, string b)`: at least two.
    Tuple(Box<[TupleElement]>),
    /// The missing argument in `typeof(List<>)`.
    Omitted,
}

/// One element of a tuple type.
#[derive(Debug, Clone, PartialEq)]
pub struct TupleElement {
    /// Its type.
    pub ty: TypeSyntax,
    /// Its name.
    pub name: Option<Identifier>,
}

/// The types with a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PredefinedType {
    /// `bool`.
    Bool,
    /// `byte`.
    Byte,
    /// `sbyte`.
    SByte,
    /// `short`.
    Short,
    /// `ushort`.
    UShort,
    /// `int`.
    Int,
    /// `uint`.
    UInt,
    /// `long`.
    Long,
    /// `ulong`.
    ULong,
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `decimal`.
    Decimal,
    /// `char`.
    Char,
    /// `string`.
    String,
    /// `object`.
    Object,
    /// `void`: only what a local function returns, and in `typeof(void)`.
    Void,
}

impl PredefinedType {
    /// What `sizeof` gives, in bytes; `None` for `string`, `object` and `void`.
    pub fn size(self) -> Option<i32> {
        Some(match self {
            Self::Bool | Self::Byte | Self::SByte => 1,
            Self::Short | Self::UShort | Self::Char => 2,
            Self::Int | Self::UInt | Self::Float => 4,
            Self::Long | Self::ULong | Self::Double => 8,
            Self::Decimal => 16,
            Self::String | Self::Object | Self::Void => return None,
        })
    }
}
