//! Objects that are nothing but their fields: tuples, anonymous objects, key-value pairs.

use crate::heap::Heap;
use crate::ops;
use crate::str::{Builder, Str};
use crate::types::Type;
use crate::value::{Object, Value, depth_over};

/// An immutable object that is nothing but its fields, equal to another with equal fields.
///
/// Its type is a `Type::Tuple`, a `Type::Anonymous`, or a named one: `Tuple<…>`, `KeyValuePair<TKey, TValue>`.
#[derive(Debug, Clone)]
pub struct Record {
    ty: Type,
    fields: Box<[Value]>,
    depth: u32,
    weight: u32,
}

impl Record {
    /// A record of that type; the fields in the type's order.
    pub fn new(ty: Type, fields: impl Into<Box<[Value]>>) -> Self {
        let fields = fields.into();
        Record {
            ty,
            depth: depth_over(&fields),
            weight: weight_over(&fields),
            fields,
        }
    }

    /// How many records may be in one, each counted as often as it is reached: who compares or writes it visits them all.
    pub(crate) const MAX_WEIGHT: u32 = 10_000;

    /// How many records are in it, itself included.
    pub(crate) fn weight(&self) -> u32 {
        self.weight
    }

    /// Its type.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The fields in order.
    pub fn fields(&self) -> &[Value] {
        &self.fields
    }

    /// A field by its place.
    pub fn field(&self, index: usize) -> Option<&Value> {
        self.fields.get(index)
    }

    /// A field by its name: of an anonymous type or a named tuple element, or `Item1` and so on.
    pub fn named(&self, name: &str) -> Option<&Value> {
        let index = match &self.ty {
            Type::Anonymous(properties) => properties
                .iter()
                .position(|(property, _)| **property == *name),
            Type::Tuple(elements) => elements
                .iter()
                .position(|(_, element)| element.as_deref() == Some(name)),
            _ => None,
        };
        let numbered = || {
            name.strip_prefix("Item")?
                .parse::<usize>()
                .ok()?
                .checked_sub(1)
        };
        self.fields.get(index.or_else(numbered)?)
    }

    /// The record in a value, if it is one.
    pub fn of(value: &Value) -> Option<&Record> {
        value.downcast()
    }

    pub(crate) fn equals(&self, heap: &Heap, other: &Record) -> bool {
        same_shape(&self.ty, &other.ty)
            && self.fields.len() == other.fields.len()
            && self
                .fields
                .iter()
                .zip(&other.fields)
                .all(|(a, b)| ops::equals(heap, a, b))
    }

    pub(crate) fn hash(&self, heap: &Heap) -> i32 {
        self.fields.iter().fold(17, |hash: i32, field| {
            hash.wrapping_mul(31)
                .wrapping_add(ops::hash_code(heap, field))
        })
    }

    /// The text, given that of each field.
    pub(crate) fn text(&self, texts: &[Str]) -> Str {
        let mut text = Builder::default();
        let (open, close) = match &self.ty {
            Type::Anonymous(items) if items.is_empty() => ("{", " }"),
            Type::Anonymous(_) => ("{ ", " }"),
            Type::Named(table, _) if table.simple_name() == "KeyValuePair" => ("[", "]"),
            _ => ("(", ")"),
        };
        text.push_str(open);
        for (index, field) in texts.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            if let Type::Anonymous(properties) = &self.ty
                && let Some((name, _)) = properties.get(index)
            {
                text.push_str(name);
                text.push_str(" = ");
            }
            text.push(field);
        }
        text.push_str(close);
        text.finish()
    }
}

/// Whether two records are of one type at run time, where a tuple's element names and static types are gone.
fn same_shape(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Tuple(_), Type::Tuple(_)) => true,
        (Type::Anonymous(a), Type::Anonymous(b)) => a
            .iter()
            .map(|(name, _)| name)
            .eq(b.iter().map(|(name, _)| name)),
        (Type::Named(a, _), Type::Named(b, _)) => a == b,
        _ => false,
    }
}

impl Object for Record {
    fn type_of(&self) -> Type {
        self.ty.clone()
    }

    fn depth(&self) -> u32 {
        self.depth
    }
}

fn weight_over(fields: &[Value]) -> u32 {
    let weights = fields.iter().filter_map(Record::of).map(Record::weight);
    weights.fold(1, u32::saturating_add)
}
