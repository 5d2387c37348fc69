//! Functions: calling them, delegates and captured locals.

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_dotnet::{HeapObject, Machine, Object, Throw, Type, Value};

use super::statement::Flow;
use super::{Frame, iterator};
use crate::typed::{Body, Function, Node, Slot};

/// A delegate: a function with what it captured.
#[derive(Debug)]
struct Closure {
    function: Arc<Function>,
    captured: SmallVec<[Value; 4]>,
    /// How deep delegates and other objects are nested in what it captured.
    depth: u32,
}

impl Object for Closure {
    fn type_of(&self) -> Type {
        self.function.ty.clone()
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }
}

/// Delegates combined by `+`: called one after the other, the last one's result counts.
#[derive(Debug)]
struct Several {
    functions: Box<[Value]>,
    depth: u32,
}

impl Object for Several {
    fn type_of(&self) -> Type {
        self.functions
            .first()
            .and_then(|function| function.downcast::<Closure>())
            .map_or_else(Type::object, Closure::type_of)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Several>();
        other.is_some_and(|other| {
            other.functions.len() == self.functions.len()
                && other
                    .functions
                    .iter()
                    .zip(&self.functions)
                    .all(|(a, b)| same(a, b))
        })
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }
}

/// Whether two delegates are one.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// The delegates that one stands for.
fn list(function: &Value) -> &[Value] {
    match function.downcast::<Several>() {
        Some(several) => &several.functions,
        None if function.is_null() => &[],
        None => std::slice::from_ref(function),
    }
}

/// A captured local.
#[derive(Debug)]
pub(super) struct Cell(pub Value);

impl HeapObject for Cell {
    fn type_of(&self) -> Type {
        Type::object()
    }
}

/// Calls a delegate that a program made; [`Machine::invoke`] of every machine that runs programs.
pub fn invoke(
    machine: &mut Machine<'_>,
    function: &Value,
    arguments: &[Value],
) -> Result<Value, Throw> {
    if let Some(closure) = function.downcast::<Closure>() {
        let Closure {
            function, captured, ..
        } = closure;
        if let Some(iterator) = &function.iterator {
            return iterator::sequence(machine, function, captured, arguments, iterator);
        }
        return call(machine, function, captured, arguments);
    }
    invoke_all(machine, function, arguments)
}

/// Calls combined delegates.
#[inline(never)]
fn invoke_all(
    machine: &mut Machine<'_>,
    function: &Value,
    arguments: &[Value],
) -> Result<Value, Throw> {
    let Some(several) = function.downcast::<Several>() else {
        return Err(Throw::null_reference());
    };
    let mut last = Value::Null;
    for function in &several.functions {
        machine.step(1)?;
        last = invoke(machine, function, arguments)?;
    }
    Ok(last)
}

/// Runs a function in a frame of its own.
pub(super) fn call(
    machine: &mut Machine<'_>,
    function: &Function,
    captured: &[Value],
    arguments: &[Value],
) -> Result<Value, Throw> {
    let depth = deeper(machine)?;
    let mut frame = Frame::new(machine, arguments.iter().cloned().collect());
    let result = frame.enter(function, captured);
    frame.machine.budget.depth = depth;
    result
}

/// One call deeper; gives the depth to go back to.
pub(super) fn deeper(machine: &mut Machine<'_>) -> Result<u32, Throw> {
    let depth = machine.budget.depth;
    match depth.checked_sub(1) {
        Some(below) => {
            machine.budget.depth = below;
            Ok(depth)
        }
        None => Err(Throw::limit("its calls are nested too deep")),
    }
}

impl Frame<'_, '_> {
    fn enter(&mut self, function: &Function, captured: &[Value]) -> Result<Value, Throw> {
        self.begin(function, captured)?;
        match &function.body {
            Body::Expression(node) => self.value(node),
            Body::Block(statement) => match self.run(statement)? {
                Flow::Return(value) => Ok(value),
                _ => Ok(Value::Null),
            },
        }
    }

    /// Makes the frame ready: arguments are in it already.
    pub(super) fn begin(&mut self, function: &Function, captured: &[Value]) -> Result<(), Throw> {
        self.guard()?;
        self.slots.resize(super::index(function.slots), Value::Null);
        for (capture, value) in function.captures.iter().zip(captured) {
            self.set_slot(capture.to, value.clone());
        }
        for slot in &function.cells {
            let value = self.slot(*slot).clone();
            self.new_cell(*slot, value)?;
        }
        Ok(())
    }

    /// Makes a delegate of the function and what it captures here.
    pub(super) fn lambda(&mut self, function: &Arc<Function>) -> Result<Value, Throw> {
        let captures = &function.captures;
        self.machine.step(4)?;
        self.machine
            .heap
            .charge(size_of::<Closure>() + captures.len() * size_of::<Value>())?;
        let captured: SmallVec<[Value; 4]> = captures
            .iter()
            .map(|capture| self.slot(capture.from).clone())
            .collect();
        let delegate = Value::object(Closure {
            function: function.clone(),
            captured: captured.clone(),
            depth: 0,
        });
        delegate.nested(&captured)
    }

    /// `left + right`, or without the last `right` in `left`.
    pub(super) fn delegates(&mut self, remove: bool, operands: &[Node; 2]) -> Result<Value, Throw> {
        let [left, right] = operands;
        let (left, right) = (self.value(left)?, self.value(right)?);
        let (first, second) = (list(&left), list(&right));
        let all: Vec<Value> = if remove {
            let found = first
                .windows(second.len().max(1))
                .rposition(|part| part.iter().zip(second).all(|(a, b)| same(a, b)));
            let Some(place) = found.filter(|_| !second.is_empty()) else {
                return Ok(left);
            };
            let (before, rest) = first.split_at(place);
            let after = rest.get(second.len()..).unwrap_or_default();
            [before, after].concat()
        } else {
            [first, second].concat()
        };
        match all.as_slice() {
            [] => Ok(Value::Null),
            [one] => Ok(one.clone()),
            _ => {
                self.machine.heap.charge(all.len() * size_of::<Value>())?;
                let functions: Box<[Value]> = all.into();
                let several = Value::object(Several {
                    functions: functions.clone(),
                    depth: 0,
                });
                several.nested(&functions)
            }
        }
    }

    pub(super) fn new_cell(&mut self, slot: Slot, value: Value) -> Result<(), Throw> {
        self.machine.step(2)?;
        let cell = self.machine.heap.alloc(Cell(value))?;
        self.set_slot(slot, cell);
        Ok(())
    }

    pub(super) fn cell(&self, slot: Slot) -> Value {
        self.machine
            .heap
            .of::<Cell>(self.slot(slot))
            .map_or(Value::Null, |cell| cell.0.clone())
    }

    pub(super) fn set_cell(&mut self, slot: Slot, value: Value) {
        let place = self.slot(slot).clone();
        if let Some(cell) = self.machine.heap.of_mut::<Cell>(&place) {
            cell.0 = value;
        }
    }
}
