//! A .NET value.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::heap::{HeapId, Iterate};
use crate::record::Record;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};

/// Any .NET value: value types inline, immutable objects shared, mutable objects by their place in the [`Heap`](crate::Heap).
///
/// A value carries its exact run-time type, as a boxed object does in .NET.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `bool`.
    Bool(bool),
    /// `char`: one UTF-16 code unit.
    Char(u16),
    /// `sbyte`.
    SByte(i8),
    /// `byte`.
    Byte(u8),
    /// `short`.
    Int16(i16),
    /// `ushort`.
    UInt16(u16),
    /// `int`.
    Int32(i32),
    /// `uint`.
    UInt32(u32),
    /// `long`.
    Int64(i64),
    /// `ulong`.
    UInt64(u64),
    /// `float`.
    Single(f32),
    /// `double`.
    Double(f64),
    /// `decimal`.
    Decimal(Decimal),
    /// `string`.
    String(Str),
    /// `Guid`, its sixteen bytes in the order in which text shows them (big-endian fields).
    Guid([u8; 16]),
    /// `DateTime`: ticks since year 1, and its kind.
    DateTime(i64, DateTimeKind),
    /// `DateTimeOffset`: local ticks since year 1, and the offset from UTC in minutes.
    DateTimeOffset(i64, i16),
    /// `TimeSpan`: ticks of 100 ns.
    TimeSpan(i64),
    /// A member of an `enum`, by its number.
    Enum(TypeRef, i64),
    /// An immutable object.
    Object(Arc<dyn Object>),
    /// A mutable object on the exchange's heap.
    Ref(HeapId),
    /// Something that belongs to the host (a part of `context`), by the host's own number.
    Host(u32),
}

/// `DateTime.Kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateTimeKind {
    /// Neither.
    #[default]
    Unspecified,
    /// UTC.
    Utc,
    /// Local time, which on a gateway is UTC.
    Local,
}

/// An immutable .NET object, shared by reference: `Uri`, `Regex`, `Encoding`, `Jwt` and the like.
pub trait Object: Any + fmt::Debug + Send + Sync {
    /// Its run-time type.
    fn type_of(&self) -> Type;
    /// What `ToString()` gives; `None` stands for the type's name.
    fn to_text(&self) -> Option<Str> {
        None
    }
    /// An iterator over it, if it is an `IEnumerable`.
    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        None
    }
    /// What `Equals` gives; by reference unless overridden.
    fn equals(&self, other: &dyn Object) -> bool {
        std::ptr::addr_eq(
            self as *const Self as *const (),
            other as *const dyn Object as *const (),
        )
    }
    /// How much a member may do to read it, in bytes that could have been copied instead; of those that hold long texts.
    fn effort(&self) -> usize {
        0
    }
    /// How deep objects are nested in it, as it noted when it was made.
    fn depth(&self) -> u32 {
        0
    }
    /// Notes how deep objects are nested in it; for those that hold other values.
    fn set_depth(&mut self, _depth: u32) {}
    /// What `GetHashCode` is made from; equal objects give equal numbers.
    fn hash_code(&self) -> i32 {
        0
    }
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<Str>) -> Self {
        Value::String(text.into())
    }

    /// An immutable object.
    pub fn object(object: impl Object) -> Self {
        Value::Object(Arc::new(object))
    }

    /// The immutable object in it, if it is one of type `T`.
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => (object.as_ref() as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// How deep immutable objects may be nested in each other, so that to enumerate, compare or drop one takes little of
    /// the native stack.
    const MAX_DEPTH: u32 = 100;

    /// How deep objects are nested in it.
    pub(crate) fn depth(&self) -> u32 {
        match self {
            Value::Object(object) => object.depth(),
            _ => 0,
        }
    }

    /// The same value, just made of these parts, which notes how deep it is nested. Fails when that is too deep.
    pub fn nested(mut self, parts: &[Value]) -> Result<Value, Throw> {
        if let Value::Object(object) = &mut self {
            let depth = depth_over(parts);
            if let Some(object) = Arc::get_mut(object) {
                object.set_depth(depth);
            }
            if object.depth() > Self::MAX_DEPTH {
                return Err(Throw::limit("its objects are nested too deep"));
            }
        }
        match Record::of(&self) {
            Some(record) if record.weight() > Record::MAX_WEIGHT => {
                Err(Throw::limit("its objects hold too many others"))
            }
            _ => Ok(self),
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text of a `string`.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number in any integral value or `char`, as 128 bits hold them all.
    pub fn as_integer(&self) -> Option<i128> {
        Some(match *self {
            Value::Char(n) => n.into(),
            Value::SByte(n) => n.into(),
            Value::Byte(n) => n.into(),
            Value::Int16(n) => n.into(),
            Value::UInt16(n) => n.into(),
            Value::Int32(n) => n.into(),
            Value::UInt32(n) => n.into(),
            Value::Int64(n) => n.into(),
            Value::UInt64(n) => n.into(),
            Value::Enum(_, n) => n.into(),
            _ => return None,
        })
    }
}

/// The depth of an object that holds these values.
pub(crate) fn depth_over(parts: &[Value]) -> u32 {
    let deepest = parts.iter().map(Value::depth).max();
    deepest.unwrap_or(0).saturating_add(1)
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Int32(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int64(value)
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Double(value)
    }
}
impl From<Str> for Value {
    fn from(value: Str) -> Self {
        Value::String(value)
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(value.into())
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(value.into())
    }
}
/// `None` is `null`.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
