//! The evaluator: runs typed trees.
//!
//! One [`Frame`] runs one function. Numbers and truths are computed unboxed ([`number`]), everything else as
//! [`Value`]s ([`value`]); statements yield where to go next ([`statement`]).

mod arith;
mod dynamic;
mod function;
mod iterator;
mod lend;
mod number;
mod object;
mod statement;
mod text;
mod value;

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_dotnet::{Machine, Throw, Value};

use crate::program::Program;
use crate::typed::{Catch, Function, Slot};

pub(crate) use arith::unboxed;
pub use function::invoke;
pub(crate) use number::decimals;

/// How much of the native stack a program may take, in bytes. Threads of a gateway have at least 512 KiB.
const STACK: usize = 320 << 10;

impl Program {
    /// Runs the program and gives its result, or the exception that it ended with.
    ///
    /// `machine.invoke` must be [`invoke`].
    pub fn run(&self, machine: &mut Machine<'_>) -> Result<Value, Throw> {
        if let Some(constant) = &self.0.constant {
            return Ok(constant.clone());
        }
        run(&self.0.main, machine)
    }

    /// As [`run`](Self::run), and tells the host the value of each of its [`parts`](Self::parts) whenever it has one, by
    /// [`Host::record`](tollgate_dotnet::Host::record).
    ///
    /// It costs more native stack than `run`; steps are the same, but for what is read in place.
    pub fn trace(&self, machine: &mut Machine<'_>) -> Result<Value, Throw> {
        match &self.0.constant {
            Some(constant) => Ok(constant.clone()),
            None => run(&self.traced().main, machine),
        }
    }

    /// The result of a test that only reads what is there: without a frame, a value or an allocation. `None` where that
    /// cannot be done; [`run`](Self::run) then gives the result.
    pub fn test(&self, machine: &mut Machine<'_>) -> Result<Option<bool>, Throw> {
        let Some(condition) = &self.0.condition else {
            return Ok(None);
        };
        machine.step(condition.calls.into())?;
        Ok(condition.read(machine))
    }
}

#[inline]
fn run(main: &Function, machine: &mut Machine<'_>) -> Result<Value, Throw> {
    let outer = machine.budget.stack_floor;
    machine.budget.stack_floor = stack_pointer().saturating_sub(STACK);
    let result = function::call(machine, main, &[], &[]);
    machine.budget.stack_floor = outer;
    result
}

/// A running function: its locals, and what it runs on.
struct Frame<'r, 'm> {
    machine: &'r mut Machine<'m>,
    slots: SmallVec<[Value; 6]>,
    /// The exception that the innermost `catch` handles, for `throw;`.
    caught: Option<Throw>,
    /// The `catch` clauses of the `try` statements around, innermost last.
    handlers: Vec<Arc<[Catch]>>,
    /// Who takes the exception on its way, once filters were asked before a `finally` ran.
    taker: Option<Taker>,
}

/// Which clause of which of the handlers takes an exception.
#[derive(Debug, Clone, Copy)]
enum Taker {
    Clause {
        handler: usize,
        clause: usize,
    },
    /// None in this function.
    Nobody,
}

impl<'r, 'm> Frame<'r, 'm> {
    fn new(machine: &'r mut Machine<'m>, slots: SmallVec<[Value; 6]>) -> Self {
        Self {
            machine,
            slots,
            caught: None,
            handlers: Vec::new(),
            taker: None,
        }
    }
}

impl Frame<'_, '_> {
    fn slot(&self, slot: Slot) -> &Value {
        const NULL: &Value = &Value::Null;
        self.slots.get(index(slot)).unwrap_or(NULL)
    }

    fn set_slot(&mut self, slot: Slot, value: Value) {
        if let Some(place) = self.slots.get_mut(index(slot)) {
            *place = value;
        }
    }

    /// Fails when the native stack is nearly used up; called where evaluation nests.
    #[inline]
    fn guard(&self) -> Result<(), Throw> {
        if stack_pointer() < self.machine.budget.stack_floor {
            return Err(Throw::limit("its calls are nested too deep"));
        }
        Ok(())
    }
}

fn index(slot: Slot) -> usize {
    slot as usize // at least 32 bits on every platform
}

/// About where the native stack ends now.
#[inline]
fn stack_pointer() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(&marker).addr()
}
