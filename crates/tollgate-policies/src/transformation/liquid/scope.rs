//! Where templates look names up.

use std::cell::RefMut;
use std::collections::BTreeSet;

use liquid_core::model::{KString, KStringCow, KStringRef, ScalarCow, ValueCow};
use liquid_core::runtime::{PartialStore, Registers};
use liquid_core::{Error, Runtime, Value, ValueView};

/// How often loops may go round, all together.
const ROUNDS: u64 = 1_000_000;
/// How many bytes `assign` and `capture` may keep, all together.
const KEPT: usize = 16 << 20;

/// What a template may still do.
#[derive(Debug)]
pub(super) struct Spent {
    rounds: u64,
    kept: usize,
    over: bool,
}

impl Default for Spent {
    fn default() -> Self {
        Self {
            rounds: ROUNDS,
            kept: KEPT,
            over: false,
        }
    }
}

impl Spent {
    fn of(runtime: &dyn Runtime) -> RefMut<'_, Self> {
        runtime.registers().get_mut::<Self>()
    }

    /// Counts one round of a loop.
    pub(super) fn round(runtime: &dyn Runtime) -> Result<(), Error> {
        let mut spent = Self::of(runtime);
        spent.over |= spent.rounds == 0;
        spent.rounds = spent.rounds.saturating_sub(1);
        match spent.over {
            true => Err(Error::with_msg("The template does too much")),
            false => Ok(()),
        }
    }

    /// Whether it kept within its bounds.
    pub(super) fn check(runtime: &dyn Runtime) -> Result<(), ()> {
        match Self::of(runtime).over {
            true => Err(()),
            false => Ok(()),
        }
    }
}

/// Names that are not there are nothing, as DotLiquid has it.
pub(super) struct Lenient<R>(pub R);

impl<R: Runtime> Runtime for Lenient<R> {
    fn partials(&self) -> &dyn PartialStore {
        self.0.partials()
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        self.0.name()
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        self.0.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        self.0.try_get(path)
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>, Error> {
        Ok(self.0.try_get(path).unwrap_or(ValueCow::Owned(Value::Nil)))
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        let size = value.render().to_string().len();
        let mut spent = Spent::of(self);
        match spent.kept.checked_sub(size) {
            Some(left) => spent.kept = left,
            None => spent.over = true,
        }
        let over = spent.over;
        drop(spent);
        // Whoever went over the bound fails in the end; until then it keeps nothing.
        self.0
            .set_global(name, if over { Value::Nil } else { value })
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.0.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.0.registers()
    }
}
