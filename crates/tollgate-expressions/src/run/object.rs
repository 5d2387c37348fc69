//! Arrays, tuples, anonymous objects, strings by index, and identity.

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_dotnet::{Array, Record, Throw, Type, Value, ops};

use super::Frame;
use crate::typed::{Node, Op};

impl Frame<'_, '_> {
    pub(super) fn new_array(&mut self, element: &Type, lengths: &[Node]) -> Result<Value, Throw> {
        let mut sizes = SmallVec::<[usize; 2]>::new();
        for length in lengths {
            let length = self.integer(length)?;
            sizes.push(
                usize::try_from(length).map_err(|_| {
                    Throw::overflow("Arithmetic operation resulted in an overflow.")
                })?,
            );
        }
        let length = sizes
            .iter()
            .fold(1, |all: usize, size| all.saturating_mul(*size));
        match element.is_byte() {
            true => self.machine.heap.charge(length)?,
            false => self.machine.heap.grow(length, length)?,
        }
        let array = match *sizes {
            [length] => Array::filled(element.clone(), length),
            _ => Array::many(element.clone(), &sizes)
                .ok_or_else(|| Throw::overflow("Array dimensions exceeded supported range."))?,
        };
        self.machine.heap.alloc(array)
    }

    pub(super) fn array(&mut self, element: &Type, items: &[Node]) -> Result<Value, Throw> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.value(item)?);
        }
        self.machine.heap.grow(items.len(), items.len())?;
        self.machine.heap.alloc(Array::new(element.clone(), values))
    }

    /// The indices; one below zero is beyond every end.
    fn indices(&mut self, indices: &[Node]) -> Result<SmallVec<[usize; 2]>, Throw> {
        indices
            .iter()
            .map(|index| Ok(usize::try_from(self.integer(index)?).unwrap_or(usize::MAX)))
            .collect()
    }

    pub(super) fn element(&mut self, array: &Node, indices: &[Node]) -> Result<Value, Throw> {
        let array = self.value(array)?;
        let indices = self.indices(indices)?;
        let array = self.array_of(&array)?;
        array
            .place(&indices)
            .and_then(|place| array.get(place))
            .ok_or_else(Throw::index_out_of_range)
    }

    pub(super) fn set_element(
        &mut self,
        array: &Node,
        indices: &[Node],
        value: &Node,
    ) -> Result<Value, Throw> {
        let target = self.value(array)?;
        let indices = self.indices(indices)?;
        let value = self.value(value)?;
        let array = self.array_of(&target)?;
        let place = array
            .place(&indices)
            .ok_or_else(Throw::index_out_of_range)?;
        let element = array.element();
        // An array may be seen as one of a base type of its elements.
        if element.is_reference() && !element.is_object() && !value.is_null() {
            let element = element.clone();
            if !ops::is_instance(self.machine, &value, &element) {
                return Err(Throw::new(
                    "System.ArrayTypeMismatchException",
                    "Attempted to access an element as a type incompatible with the array.",
                ));
            }
        }
        if let Some(array) = self.machine.heap.of_mut::<Array>(&target) {
            array.set(place, value.clone());
        }
        Ok(value)
    }

    pub(super) fn array_length(&mut self, array: &Node) -> Result<Value, Throw> {
        let array = self.value(array)?;
        let length = self.array_of(&array)?.len();
        Ok(Value::Int32(i32::try_from(length).unwrap_or(i32::MAX)))
    }

    fn array_of(&self, value: &Value) -> Result<&Array, Throw> {
        self.machine
            .heap
            .of::<Array>(value)
            .ok_or_else(Throw::null_reference)
    }

    pub(super) fn char_at(&mut self, operands: &[Node; 2]) -> Result<Value, Throw> {
        let [text, index] = operands;
        let text = self.value(text)?;
        let index = self.integer(index)?;
        let Value::String(text) = &text else {
            return Err(Throw::null_reference());
        };
        let index = usize::try_from(index).map_err(|_| Throw::index_out_of_range())?;
        if text.as_ascii().is_none() {
            // The units before it are counted.
            self.machine
                .work(index.min(text.size()).saturating_mul(8))?;
        }
        let unit = text.unit(index).map(Value::Char);
        unit.ok_or_else(Throw::index_out_of_range)
    }

    pub(super) fn record(&mut self, ty: &Type, items: &[Node]) -> Result<Value, Throw> {
        let mut fields = Vec::with_capacity(items.len());
        for item in items {
            fields.push(self.value(item)?);
        }
        self.make_record(ty.clone(), fields)
    }

    fn make_record(&mut self, ty: Type, fields: Vec<Value>) -> Result<Value, Throw> {
        self.machine.step(2)?;
        self.machine
            .heap
            .charge(size_of::<Record>() + fields.len() * size_of::<Value>())?;
        Value::object(Record::new(ty, fields)).nested(&[])
    }

    pub(super) fn item(&mut self, operand: &Node, index: u32) -> Result<Value, Throw> {
        let value = self.value(operand)?;
        Record::of(&value)
            .and_then(|record| record.field(super::index(index)))
            .cloned()
            .ok_or_else(Throw::null_reference)
    }

    pub(super) fn with_item(
        &mut self,
        operand: &Node,
        index: u32,
        value: &Node,
    ) -> Result<Value, Throw> {
        let old = self.value(operand)?;
        let value = self.value(value)?;
        let record = Record::of(&old).ok_or_else(Throw::null_reference)?;
        let mut fields = record.fields().to_vec();
        let ty = record.ty().clone();
        if let Some(field) = fields.get_mut(super::index(index)) {
            *field = value;
        }
        self.make_record(ty, fields)
    }

    /// Whether two references are to one object. Boxed values never are.
    pub(super) fn reference_equals(&mut self, left: &Node, right: &Node) -> Result<bool, Throw> {
        // Equal literals are one object.
        if let (Op::Constant(Value::String(a)), Op::Constant(Value::String(b))) =
            (&left.op, &right.op)
        {
            return Ok(a == b);
        }
        let (a, b) = (self.value(left)?, self.value(right)?);
        Ok(match (&a, &b) {
            (Value::Null, Value::Null) => true,
            (Value::String(a), Value::String(b)) => a.is_same(b),
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
            (Value::Ref(a), Value::Ref(b)) => a == b,
            (Value::Host(a), Value::Host(b)) => a == b,
            _ => false,
        })
    }
}
