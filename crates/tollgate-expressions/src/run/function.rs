//! Functions: calling them, delegates and captured locals.

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_dotnet::{HeapObject, Machine, Object, Throw, Type, Value};

use super::Frame;
use super::statement::Flow;
use crate::typed::{Body, Function, Slot};

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
    match function.downcast::<Closure>() {
        Some(closure) => call(machine, &closure.function, &closure.captured, arguments),
        None => Err(Throw::null_reference()),
    }
}

/// Runs a function in a frame of its own.
pub(super) fn call(
    machine: &mut Machine<'_>,
    function: &Function,
    captured: &[Value],
    arguments: &[Value],
) -> Result<Value, Throw> {
    let Some(depth) = machine.budget.depth.checked_sub(1) else {
        return Err(Throw::limit("its calls are nested too deep"));
    };
    machine.budget.depth = depth;
    let mut frame = Frame {
        slots: SmallVec::new(),
        machine,
        caught: None,
    };
    frame.slots.extend(arguments.iter().cloned());
    let result = frame.enter(function, captured);
    frame.machine.budget.depth = depth + 1;
    result
}

impl Frame<'_, '_> {
    fn enter(&mut self, function: &Function, captured: &[Value]) -> Result<Value, Throw> {
        self.guard()?;
        self.slots.resize(super::index(function.slots), Value::Null);
        for (capture, value) in function.captures.iter().zip(captured) {
            self.set_slot(capture.to, value.clone());
        }
        for slot in &function.cells {
            let value = self.slot(*slot).clone();
            self.new_cell(*slot, value)?;
        }
        match &function.body {
            Body::Expression(node) => self.value(node),
            Body::Block(statement) => match self.run(statement)? {
                Flow::Return(value) => Ok(value),
                _ => Ok(Value::Null),
            },
        }
    }

    /// Makes a delegate of the function and what it captures here.
    pub(super) fn lambda(&mut self, function: &Arc<Function>) -> Result<Value, Throw> {
        let captures = &function.captures;
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

    pub(super) fn new_cell(&mut self, slot: Slot, value: Value) -> Result<(), Throw> {
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
