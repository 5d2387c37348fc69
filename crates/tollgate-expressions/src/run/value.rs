//! The bank of [`Value`]s: references, structs, and anything boxed.

use smallvec::SmallVec;
use tollgate_dotnet::{Throw, Type, Value, ops};

use super::number::mismatch;
use super::{Frame, arith};
use crate::typed::{Call, Kind, Node, Op, Recorded, Slot, Target};

impl Frame<'_, '_> {
    /// Any node, as a value of its exact run-time type.
    pub(super) fn value(&mut self, node: &Node) -> Result<Value, Throw> {
        match &node.op {
            Op::Constant(value) => Ok(value.clone()),
            Op::Local(slot) => Ok(self.slot(*slot).clone()),
            Op::Cell(slot) => Ok(self.cell(*slot)),
            Op::InPlace(it) => self.lent_value(node, it),
            Op::Call(call) => self.call_at(call, node),
            Op::Arithmetic { .. } if node.kind.is_integer() => self
                .integer(node)
                .map(|number| arith::boxed(node.kind, number)),
            _ => self.compound(node),
        }
    }

    /// A call, its place noted in what it throws.
    pub(super) fn call_at(&mut self, call: &Call, node: &Node) -> Result<Value, Throw> {
        self.call(call)
            .map_err(|throw| throw.at(node.start, node.end))
    }

    /// Nodes that hold others.
    fn compound(&mut self, node: &Node) -> Result<Value, Throw> {
        self.guard()?;
        self.dispatch(node)
            .map_err(|throw| throw.at(node.start, node.end))
    }

    fn dispatch(&mut self, node: &Node) -> Result<Value, Throw> {
        match &node.op {
            Op::Constant(_) | Op::Local(_) | Op::Cell(_) | Op::Call(_) => self.value(node),
            Op::Arithmetic { .. } | Op::Negate { .. } | Op::Complement(_) | Op::Numeric { .. } => {
                self.arithmetic(node)
            }
            Op::Not(_)
            | Op::Compare { .. }
            | Op::And(_)
            | Op::Or(_)
            | Op::StringEquals(_)
            | Op::ReferenceEquals(_)
            | Op::IsNull(_)
            | Op::Is { .. } => self.truth(node).map(Value::Bool),
            Op::Assign(slot, value) => self.assign(*slot, value),
            Op::AssignCell(slot, value) => self.assign_cell(*slot, value),
            Op::NewCell(slot, value) => self.assign_new_cell(*slot, value),
            Op::Sequence(nodes) => self.sequence(nodes),
            Op::Conditional(parts) => self.conditional(parts),
            Op::Coalesce(parts) => self.coalesce(parts),
            Op::Unwrap(operand) => self.unwrap_nullable(operand),
            Op::Concat(operands) => self.concat(operands),
            Op::Interpolate(pieces) => self.interpolate(pieces),
            Op::EnumNumber(operand) => self.enum_number(operand),
            Op::Unbox { ty, operand } => self.unbox(ty, node.kind, operand),
            Op::Cast { ty, operand } => self.cast(ty, operand),
            Op::As { ty, operand } => self.as_type(ty, operand),
            Op::Invoke {
                function,
                arguments,
            } => self.invoke(function, arguments),
            Op::Lambda(function) => self.lambda(function),
            Op::NewArray { element, lengths } => self.new_array(element, lengths),
            Op::Array { element, items } => self.array(element, items),
            Op::SetElement {
                array,
                indices,
                value,
            } => self.set_element(array, indices, value),
            Op::ArrayLength(array) => self.array_length(array),
            Op::CharAt(operands) => self.char_at(operands),
            Op::Tuple { ty, items } | Op::Anonymous { ty, items } => self.record(ty, items),
            Op::Item { operand, index } => self.item(operand, *index),
            Op::WithItem {
                operand,
                index,
                value,
            } => self.with_item(operand, *index, value),
            _ => self.rare(node),
        }
    }

    /// What would only make the stack frames of [`dispatch`](Self::dispatch) larger, which nest.
    #[inline(never)]
    fn rare(&mut self, node: &Node) -> Result<Value, Throw> {
        match &node.op {
            Op::Delegates { remove, operands } => self.delegates(*remove, operands),
            Op::ToEnum(table, operand) => Ok(Value::Enum(*table, self.integer(operand)?)),
            Op::Element { array, indices } => self.element(array, indices),
            Op::TypeOf(ty) => Ok(tollgate_dotnet::type_value(ty.clone())),
            Op::Default(ty) => Ok(ops::default_of(ty)),
            Op::Throw(node) => Err(self.thrown(Some(node))?),
            Op::Dynamic(operation) => self.dynamic(operation),
            Op::Record(it) => self.tell(it),
            _ => Err(mismatch(node)),
        }
    }

    /// A part of a program that is traced.
    fn tell(&mut self, it: &Recorded) -> Result<Value, Throw> {
        let value = self.value(&it.node)?;
        let text = ops::glimpse(self.machine, &value);
        (self.machine.host).record(it.program, it.part, &value, text);
        Ok(value)
    }

    fn assign(&mut self, slot: Slot, value: &Node) -> Result<Value, Throw> {
        let value = self.value(value)?;
        self.set_slot(slot, value.clone());
        Ok(value)
    }

    fn assign_cell(&mut self, slot: Slot, value: &Node) -> Result<Value, Throw> {
        let value = self.value(value)?;
        self.set_cell(slot, value.clone());
        Ok(value)
    }

    fn assign_new_cell(&mut self, slot: Slot, value: &Node) -> Result<Value, Throw> {
        let value = self.value(value)?;
        self.new_cell(slot, value)?;
        Ok(Value::Null)
    }

    fn conditional(&mut self, parts: &[Node; 3]) -> Result<Value, Throw> {
        let [condition, then, otherwise] = parts;
        if self.truth(condition)? {
            self.value(then)
        } else {
            self.value(otherwise)
        }
    }

    fn coalesce(&mut self, parts: &[Node; 2]) -> Result<Value, Throw> {
        let [left, right] = parts;
        match self.value(left)? {
            Value::Null => self.value(right),
            value => Ok(value),
        }
    }

    fn unwrap_nullable(&mut self, operand: &Node) -> Result<Value, Throw> {
        match self.value(operand)? {
            Value::Null => Err(Throw::invalid_operation(
                "Nullable object must have a value.",
            )),
            value => Ok(value),
        }
    }

    fn enum_number(&mut self, operand: &Node) -> Result<Value, Throw> {
        let value = self.value(operand)?;
        arith::unboxed(&value)
            .map(Value::Int64)
            .ok_or_else(|| mismatch(operand))
    }

    fn unbox(&mut self, ty: &Type, kind: Kind, operand: &Node) -> Result<Value, Throw> {
        let value = self.value(operand)?;
        if is_exactly(&value, kind) {
            return Ok(value);
        }
        ops::cast(self.machine, &value, ty)
    }

    fn as_type(&mut self, ty: &Type, operand: &Node) -> Result<Value, Throw> {
        let value = self.value(operand)?;
        if ops::is_instance(self.machine, &value, ty) {
            Ok(value)
        } else {
            Ok(Value::Null)
        }
    }

    fn sequence(&mut self, nodes: &[Node]) -> Result<Value, Throw> {
        self.machine.step(1)?;
        let mut last = Value::Null;
        for node in nodes {
            last = self.value(node)?;
        }
        Ok(last)
    }

    fn cast(&mut self, ty: &Type, operand: &Node) -> Result<Value, Throw> {
        let value = self.value(operand)?;
        match &value {
            Value::Null => Ok(value),
            Value::String(_) if ty.is_string() => Ok(value),
            _ => {
                let ty = match ty {
                    Type::Nullable(inner) => inner,
                    other => other,
                };
                ops::cast(self.machine, &value, ty)
            }
        }
    }

    /// Calls a native.
    fn call(&mut self, call: &Call) -> Result<Value, Throw> {
        self.guard()?;
        self.machine.step(1)?;
        if let Some(constants) = &call.constants {
            return self.native(call, constants);
        }
        let mut arguments = SmallVec::<[Value; 4]>::new();
        for argument in &call.arguments {
            arguments.push(self.value(argument)?);
        }
        self.native(call, &arguments)
    }

    fn native(&mut self, call: &Call, arguments: &[Value]) -> Result<Value, Throw> {
        if call.instance && arguments.first().is_some_and(Value::is_null) {
            return Err(Throw::null_reference());
        }
        let mut native = tollgate_dotnet::Call {
            machine: self.machine,
            arguments,
            types: &call.types,
            prepared: call.prepared.as_ref(),
            outs: SmallVec::new(),
        };
        let result = native.run(call.member)?;
        if !call.outs.is_empty() {
            let outs = native.outs;
            self.write_outs(&call.outs, outs);
        }
        match result {
            Value::Object(_) => result.nested(arguments),
            result => Ok(result),
        }
    }

    fn write_outs(&mut self, targets: &[Target], values: SmallVec<[Value; 1]>) {
        let values = values.into_iter().chain(std::iter::repeat(Value::Null));
        for (target, value) in targets.iter().zip(values) {
            match target {
                Target::Discard => {}
                Target::Local(slot) => self.set_slot(*slot, value),
                Target::Cell(slot) => self.set_cell(*slot, value),
            }
        }
    }

    fn invoke(&mut self, function: &Node, arguments: &[Node]) -> Result<Value, Throw> {
        self.machine.step(2)?;
        let function = self.value(function)?;
        let mut values = SmallVec::<[Value; 4]>::new();
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        self.machine.call(&function, &values)
    }
}

/// Whether a boxed value is of the kind's own type.
pub(super) fn is_exactly(value: &Value, kind: Kind) -> bool {
    matches!(
        (value, kind),
        (Value::Bool(_), Kind::Bool)
            | (Value::Char(_), Kind::Char)
            | (Value::SByte(_), Kind::SByte)
            | (Value::Byte(_), Kind::Byte)
            | (Value::Int16(_), Kind::Int16)
            | (Value::UInt16(_), Kind::UInt16)
            | (Value::Int32(_), Kind::Int32)
            | (Value::UInt32(_), Kind::UInt32)
            | (Value::Int64(_), Kind::Int64)
            | (Value::UInt64(_), Kind::UInt64)
            | (Value::Single(_), Kind::Single)
            | (Value::Double(_), Kind::Double)
            | (Value::Decimal(_), Kind::Decimal)
    )
}
