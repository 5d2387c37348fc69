//! `System.Array` and the arrays themselves.

use smallvec::SmallVec;

use crate::heap::{Heap, HeapId, HeapObject, Iterate};
use crate::machine::Machine;
use crate::member::{TypeDef, TypeKind};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.Array`.
pub(crate) static ARRAY: TypeDef = TypeDef {
    name: "System.Array",
    kind: TypeKind::Class,
    bases: &["IList", "ICloneable"],
    values: &[],
    members: &[],
};

/// An array on the heap: `T[]`, or `T[,]` with its elements row by row. Its length never changes.
#[derive(Debug, Clone)]
pub struct Array {
    element: Type,
    items: Items,
    /// Length of each dimension.
    lengths: SmallVec<[usize; 2]>,
}

/// Bytes are kept as bytes: bodies and keys are `byte[]`.
#[derive(Debug, Clone)]
enum Items {
    Bytes(Vec<u8>),
    Values(Vec<Value>),
}

impl Array {
    /// `T[]` of these elements, each of which is an element's exact value.
    pub fn new(element: Type, items: Vec<Value>) -> Self {
        let lengths = SmallVec::from_slice(&[items.len()]);
        let items = if element.is_byte() {
            let byte = |item: &Value| match item {
                Value::Byte(byte) => *byte,
                _ => 0,
            };
            Items::Bytes(items.iter().map(byte).collect())
        } else {
            Items::Values(items)
        };
        Self {
            element,
            items,
            lengths,
        }
    }

    /// `byte[]`.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self {
            element: Type::byte(),
            lengths: SmallVec::from_slice(&[bytes.len()]),
            items: Items::Bytes(bytes),
        }
    }

    /// An array of the element type's default values; fails when `heap` has no room for it.
    pub fn of_defaults(heap: &mut Heap, element: Type, lengths: &[usize]) -> Result<Self, Throw> {
        let length = lengths
            .iter()
            .try_fold(1usize, |all, length| all.checked_mul(*length))
            .ok_or_else(|| Throw::overflow("Array dimensions exceeded supported range."))?;
        let items = if element.is_byte() {
            heap.charge(length)?;
            Items::Bytes(vec![0; length])
        } else {
            heap.charge(length.saturating_mul(size_of::<Value>()))?;
            Items::Values(vec![element.default_value(); length])
        };
        Ok(Self {
            element,
            items,
            lengths: SmallVec::from_slice(lengths),
        })
    }

    /// The element type.
    pub fn element(&self) -> &Type {
        &self.element
    }

    /// `Length`: the number of elements in all dimensions.
    pub fn len(&self) -> usize {
        match &self.items {
            Items::Bytes(bytes) => bytes.len(),
            Items::Values(values) => values.len(),
        }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Length of each dimension; one for `T[]`.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The position among all elements of `[i]` or `[i, j]`.
    pub fn position(&self, indices: &[i64]) -> Result<usize, Throw> {
        if indices.len() != self.lengths.len() {
            return Err(Throw::index_out_of_range());
        }
        let mut position = 0;
        for (index, length) in indices.iter().zip(&self.lengths) {
            let index = usize::try_from(*index)
                .ok()
                .filter(|index| index < length)
                .ok_or_else(Throw::index_out_of_range)?;
            position = position * length + index;
        }
        Ok(position)
    }

    /// The element at a position.
    pub fn get(&self, position: usize) -> Option<Value> {
        match &self.items {
            Items::Bytes(bytes) => bytes.get(position).copied().map(Value::Byte),
            Items::Values(values) => values.get(position).cloned(),
        }
    }

    /// Replaces the element at a position; beyond the end nothing happens.
    pub fn set(&mut self, position: usize, value: Value) {
        match (&mut self.items, value) {
            (Items::Bytes(bytes), Value::Byte(byte)) => {
                if let Some(slot) = bytes.get_mut(position) {
                    *slot = byte;
                }
            }
            (Items::Bytes(_), _) => {}
            (Items::Values(values), value) => {
                if let Some(slot) = values.get_mut(position) {
                    *slot = value;
                }
            }
        }
    }

    /// The bytes of a `byte[]`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.items {
            Items::Bytes(bytes) => Some(bytes),
            Items::Values(_) => None,
        }
    }

    /// The bytes of a `byte[]`, to be changed.
    pub fn as_bytes_mut(&mut self) -> Option<&mut [u8]> {
        match &mut self.items {
            Items::Bytes(bytes) => Some(bytes),
            Items::Values(_) => None,
        }
    }

    /// The elements of an array of other things than bytes.
    pub fn as_values(&self) -> Option<&[Value]> {
        match &self.items {
            Items::Bytes(_) => None,
            Items::Values(values) => Some(values),
        }
    }

    /// The elements of an array of other things than bytes, to be changed.
    pub fn as_values_mut(&mut self) -> Option<&mut [Value]> {
        match &mut self.items {
            Items::Bytes(_) => None,
            Items::Values(values) => Some(values),
        }
    }

    /// All elements in order.
    pub fn to_values(&self) -> Vec<Value> {
        match &self.items {
            Items::Bytes(bytes) => bytes.iter().copied().map(Value::Byte).collect(),
            Items::Values(values) => values.clone(),
        }
    }
}

impl HeapObject for Array {
    fn type_of(&self) -> Type {
        let rank = u8::try_from(self.lengths.len()).unwrap_or(u8::MAX);
        Type::Array(self.element.clone().into(), rank)
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        Some(Box::new(Elements { of: this, next: 0 }))
    }
}

/// A running enumeration of an array.
struct Elements {
    of: HeapId,
    next: usize,
}

impl Iterate for Elements {
    fn next(&mut self, machine: &mut Machine<'_>) -> Result<Option<Value>, Throw> {
        let value = machine
            .heap
            .get::<Array>(self.of)
            .and_then(|array| array.get(self.next));
        self.next += 1;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn two_dimensions_are_kept_row_by_row() {
        let mut heap = Heap::default();
        let mut array = Array::of_defaults(&mut heap, Type::int(), &[2, 3]).unwrap();
        let position = array.position(&[1, 2]).unwrap();
        array.set(position, Value::Int32(7));
        assert_eq!(position, 5);
        assert!(matches!(array.get(5), Some(Value::Int32(7))));
        assert!(matches!(array.get(0), Some(Value::Int32(0))));
        assert!(array.position(&[2, 0]).is_err());
        assert!(array.position(&[0, -1]).is_err());
    }

    #[test]
    fn an_array_too_large_is_stopped_before_it_is_made() {
        let mut heap = Heap::default();
        let huge = [usize::MAX / 2];
        assert!(Array::of_defaults(&mut heap, Type::byte(), &huge).is_err());
        assert!(Array::of_defaults(&mut heap, Type::int(), &[usize::MAX, 2]).is_err());
    }
}
