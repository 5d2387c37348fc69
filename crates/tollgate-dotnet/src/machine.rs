//! What a running expression has at hand.

use std::any::Any;

use crate::heap::Heap;
use crate::registry::Registry;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// What a running expression has at hand: the heap, the host it runs in, and how much it may still do.
pub struct Machine<'a> {
    /// Mutable objects.
    pub heap: &'a mut Heap,
    /// Clock, randomness and `context`.
    pub host: &'a mut dyn Host,
    /// What is left of the limits.
    pub budget: &'a mut Budget,
    /// Calls a delegate value; the evaluator's own function.
    pub invoke: fn(&mut Machine<'_>, &Value, &[Value]) -> Result<Value, Throw>,
}

/// What is left of an evaluation's limits. Whatever runs out ends it with an exception that no `catch` in it catches.
///
/// Bytes and the sizes of collections are limited by the [`Heap`].
#[derive(Debug, Clone)]
pub struct Budget {
    /// Steps that may still be taken, at most some 50 ns each in an optimized build: calls, loop turns, elements of
    /// sequences, and what members do with long strings and large objects.
    pub steps: u64,
    /// Nested calls that may still be entered, of functions, lambdas and what calls them. However many there are, an
    /// expression takes at most 320 KiB of the native stack, whose end is watched as well: a plain function gets some 55
    /// levels deep in it, one that calls itself from within LINQ some 35 (without optimization a quarter fewer). Threads
    /// need 512 KiB; tokio's workers have 2 MiB.
    pub depth: u32,
    /// The longest string that may be made, in bytes of UTF-8, or of UTF-16 where it is not well-formed.
    pub string: usize,
    /// How often one search of a regular expression may try, beside four times for each unit of its input; four tries
    /// are a step. Beyond it the search throws `RegexMatchTimeoutException`, which can be caught.
    pub regex: u64,
    /// The address below which the native stack may not grow; the evaluator sets it when a program starts.
    pub stack_floor: usize,
}

impl Default for Budget {
    /// 500,000 steps, 200 nested calls, strings of 16 Mi bytes, one million tries of a regular expression.
    fn default() -> Self {
        Self {
            steps: 500_000,
            depth: 200,
            string: 16 << 20,
            regex: 1_000_000,
            stack_floor: 0,
        }
    }
}

/// How many bytes are passed over in a step.
const PASSED: usize = 512;

/// The world around an expression.
pub trait Host: Any {
    /// The time now in .NET ticks (100 ns since year 1), UTC.
    fn now(&self) -> i64;
    /// Sixty-four random bits.
    fn random(&self) -> u64;
    /// The run-time type of a [`Value::Host`].
    fn type_of(&self, handle: u32) -> Type;
    /// What `ToString()` of a [`Value::Host`] gives; `None` stands for the type's name.
    fn to_text(&self, heap: &Heap, handle: u32) -> Result<Option<Str>, Throw> {
        let _ = (heap, handle);
        Ok(None)
    }
    /// The value of a key of a [`Value::Host`] that is a dictionary.
    fn entry(&mut self, heap: &mut Heap, handle: u32, key: &Value) -> Result<Option<Value>, Throw> {
        let _ = (heap, handle, key);
        Err(Throw::not_supported("This part of context has no keys."))
    }
    /// All types, the host's own among them.
    fn registry(&self) -> &'static Registry {
        Registry::dotnet()
    }
    /// Whether the host has checked the chain of this certificate (DER) up to one it trusts.
    fn trusts(&self, certificate: &[u8]) -> bool {
        let _ = certificate;
        false
    }
    /// Is told the value of a part of a program that runs to be traced, and its text if it has a short one. Programs
    /// and their parts have numbers.
    fn record(&mut self, program: u64, part: u32, value: &Value, text: Option<Str>) {
        let _ = (program, part, value, text);
    }
    /// The elements of a [`Value::Host`] that is enumerable.
    fn elements(&mut self, heap: &mut Heap, handle: u32) -> Result<Vec<Value>, Throw> {
        let _ = (heap, handle);
        Err(Throw::not_supported(
            "This part of context cannot be enumerated.",
        ))
    }
}

impl std::fmt::Debug for Machine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("heap", &self.heap)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

impl Machine<'_> {
    /// Takes `count` steps off the budget.
    #[inline]
    pub fn step(&mut self, count: u64) -> Result<(), Throw> {
        match self.budget.steps.checked_sub(count) {
            Some(left) => {
                self.budget.steps = left;
                Ok(())
            }
            None => Err(Throw::steps()),
        }
    }

    /// Takes steps for passing over so many bytes as copying, comparing and searching do: one for 512.
    #[inline]
    pub fn pass(&mut self, bytes: usize) -> Result<(), Throw> {
        match u64::try_from(bytes / PASSED) {
            Ok(0) => Ok(()),
            steps => self.step(steps.unwrap_or(u64::MAX)),
        }
    }

    /// Takes steps for what was done on the heap, or in place, since the last time.
    #[inline]
    pub fn settle(&mut self) -> Result<(), Throw> {
        let effort = self.heap.effort();
        self.pass(effort)
    }

    /// How many bytes [`pass`](Self::pass) may still be called with.
    #[inline]
    pub(crate) fn passing(&self) -> usize {
        let steps = usize::try_from(self.budget.steps).unwrap_or(usize::MAX);
        steps.saturating_mul(PASSED)
    }

    /// Takes steps for work that looks at elements one after the other: one for 64.
    pub fn work(&mut self, length: usize) -> Result<(), Throw> {
        self.step(u64::try_from(length / 64).unwrap_or(u64::MAX))
    }

    /// Takes steps for looking a value up by its hash, which grows with the length of a string.
    pub fn work_on(&mut self, value: &Value) -> Result<(), Throw> {
        self.step(6)?;
        self.pass(value.as_str().map_or(0, Str::size))
    }

    /// The host as the type it is.
    pub fn host_as<T: Host>(&mut self) -> Option<&mut T> {
        (self.host as &mut dyn Any).downcast_mut()
    }

    /// Calls a delegate.
    pub fn call(&mut self, function: &Value, arguments: &[Value]) -> Result<Value, Throw> {
        (self.invoke)(self, function, arguments)
    }
}
