//! Arrays at run time; their members are those of `System.Array`.

use crate::heap::{HeapId, HeapObject, Iterate};
use crate::machine::Machine;
use crate::ops::default_of;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// A `T[]` or `T[,]` on the heap. Bytes are kept as bytes.
#[derive(Debug, Clone)]
pub struct Array {
    element: Type,
    /// The lengths of a many-dimensional array; its items are in one row.
    lengths: Option<Box<[usize]>>,
    items: Items,
}

#[derive(Debug, Clone)]
enum Items {
    Values(Vec<Value>),
    Bytes(Vec<u8>),
}

impl Array {
    /// An array of these values, which are of the element type.
    pub fn new(element: Type, values: Vec<Value>) -> Self {
        let items = if element.is_byte() {
            let byte = |value: &Value| match value {
                Value::Byte(byte) => *byte,
                _ => 0,
            };
            Items::Bytes(values.iter().map(byte).collect())
        } else {
            Items::Values(values)
        };
        Array {
            element,
            lengths: None,
            items,
        }
    }

    /// A `byte[]`.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Array {
            element: Type::byte(),
            lengths: None,
            items: Items::Bytes(bytes),
        }
    }

    /// A `string[]`.
    pub fn strings(texts: impl IntoIterator<Item = impl Into<crate::Str>>) -> Self {
        let values = texts.into_iter().map(|text| Value::String(text.into()));
        Array::new(Type::string(), values.collect())
    }

    /// A new array of default values. The caller charges the heap before.
    pub fn filled(element: Type, length: usize) -> Self {
        if element.is_byte() {
            return Array::bytes(vec![0; length]);
        }
        let value = default_of(&element);
        Array::new(element, vec![value; length])
    }

    /// A many-dimensional array of default values; `None` if it would be too long.
    pub fn many(element: Type, lengths: &[usize]) -> Option<Self> {
        let length = lengths
            .iter()
            .try_fold(1usize, |all, length| all.checked_mul(*length))?;
        let mut array = Array::filled(element, length);
        array.lengths = Some(lengths.into());
        Some(array)
    }

    /// The element type.
    pub fn element(&self) -> &Type {
        &self.element
    }

    /// How many elements it has in all.
    pub fn len(&self) -> usize {
        match &self.items {
            Items::Values(values) => values.len(),
            Items::Bytes(bytes) => bytes.len(),
        }
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of a dimension.
    pub fn length(&self, dimension: usize) -> Option<usize> {
        match &self.lengths {
            Some(lengths) => lengths.get(dimension).copied(),
            None => (dimension == 0).then(|| self.len()),
        }
    }

    /// How many dimensions it has.
    pub fn rank(&self) -> usize {
        self.lengths.as_ref().map_or(1, |lengths| lengths.len())
    }

    /// Where in the one row the element of these indices is.
    pub fn place(&self, indices: &[usize]) -> Option<usize> {
        let mut place = 0usize;
        for (dimension, index) in indices.iter().enumerate() {
            let length = self.length(dimension)?;
            if *index >= length {
                return None;
            }
            place = place.checked_mul(length)?.checked_add(*index)?;
        }
        Some(place)
    }

    /// The element there.
    pub fn get(&self, index: usize) -> Option<Value> {
        match &self.items {
            Items::Values(values) => values.get(index).cloned(),
            Items::Bytes(bytes) => bytes.get(index).copied().map(Value::Byte),
        }
    }

    /// Puts an element there; `false` beyond the end, or if a `byte[]` is given something else.
    pub fn set(&mut self, index: usize, value: Value) -> bool {
        match (&mut self.items, value) {
            (Items::Values(values), value) => match values.get_mut(index) {
                Some(slot) => {
                    *slot = value;
                    true
                }
                None => false,
            },
            (Items::Bytes(bytes), Value::Byte(byte)) => match bytes.get_mut(index) {
                Some(slot) => {
                    *slot = byte;
                    true
                }
                None => false,
            },
            (Items::Bytes(_), _) => false,
        }
    }

    /// The elements.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = Value> + ExactSizeIterator + '_ {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }

    /// The elements, unless it is a `byte[]`.
    pub fn as_values(&self) -> Option<&[Value]> {
        match &self.items {
            Items::Values(values) => Some(values),
            Items::Bytes(_) => None,
        }
    }

    /// The bytes, if it is a `byte[]`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.items {
            Items::Bytes(bytes) => Some(bytes),
            Items::Values(_) => None,
        }
    }

    /// The elements, to be changed, unless it is a `byte[]`.
    pub fn as_values_mut(&mut self) -> Option<&mut [Value]> {
        match &mut self.items {
            Items::Values(values) => Some(values),
            Items::Bytes(_) => None,
        }
    }

    /// The bytes, to be changed, if it is a `byte[]`.
    pub fn as_bytes_mut(&mut self) -> Option<&mut [u8]> {
        match &mut self.items {
            Items::Bytes(bytes) => Some(bytes),
            Items::Values(_) => None,
        }
    }

    /// Replaces all elements, keeping the shape.
    pub(crate) fn replace(&mut self, values: Vec<Value>) {
        let lengths = self.lengths.take();
        *self = Array::new(self.element.clone(), values);
        self.lengths = lengths;
    }
}

impl HeapObject for Array {
    fn type_of(&self) -> Type {
        let rank = u8::try_from(self.rank()).unwrap_or(u8::MAX);
        Type::Array(self.element.clone().into(), rank)
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        Some(Box::new(Elements {
            array: this,
            next: 0,
        }))
    }
}

struct Elements {
    array: HeapId,
    next: usize,
}

impl Iterate for Elements {
    fn next(&mut self, machine: &mut Machine<'_>) -> Result<Option<Value>, Throw> {
        let array = machine.heap.get::<Array>(self.array);
        let value = array.and_then(|array| array.get(self.next));
        self.next += 1;
        Ok(value)
    }
}
