//! `Distinct`, `Union`, `Intersect`, `Except`, and the same by keys.

use super::lazy::{Source, lazy, of_empty};
use crate::collections::{KeyComparer, Table};
use crate::machine::Machine;
use crate::member::Call;
use crate::throw::Throw;
use crate::value::Value;

/// Values seen so far.
struct Seen(Table);

impl Seen {
    /// Adds the value; `false` if it was there.
    fn add(&mut self, machine: &mut Machine<'_>, value: Value) -> Result<bool, Throw> {
        machine.work_on(&value)?;
        if self.has(machine, &value) {
            return Ok(false);
        }
        machine.heap.grow(self.0.len() + 1, 2)?;
        let key = self.0.key(machine.heap, value);
        self.0.push(key, Value::Null);
        Ok(true)
    }

    fn has(&self, machine: &Machine<'_>, value: &Value) -> bool {
        self.0.find(machine.heap, value).is_some()
    }

    fn take(&mut self, machine: &Machine<'_>, value: &Value) -> bool {
        match self.0.find(machine.heap, value) {
            Some(place) => self.0.take(place),
            None => false,
        }
    }
}

struct State {
    first: Source,
    second: Source,
    /// Makes a key of an element; `Null` takes the element itself.
    selector: Value,
    seen: Seen,
    ready: bool,
}

impl State {
    /// Reads the second source into the set, once.
    fn prepare(&mut self, machine: &mut Machine<'_>) -> Result<(), Throw> {
        while !self.ready {
            match self.second.next(machine)? {
                Some(value) => {
                    self.seen.add(machine, value)?;
                }
                None => self.ready = true,
            }
        }
        Ok(())
    }

    fn key(&self, machine: &mut Machine<'_>, value: &Value) -> Result<Value, Throw> {
        match &self.selector {
            Value::Null => Ok(value.clone()),
            selector => machine.call(selector, std::slice::from_ref(value)),
        }
    }
}

fn two(call: &Call<'_, '_>, selector: Option<usize>, next: Next) -> Result<Value, Throw> {
    super::source(call)?;
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("second"));
    }
    let (first, second) = (call.arg(0).clone(), call.arg(1).clone());
    let comparer = KeyComparer::of(call.arg(selector.map_or(2, |index| index + 1)));
    let selector = selector.map_or(Value::Null, |index| call.arg(index).clone());
    let state = move || State {
        first: Source::new(first.clone()),
        second: Source::new(second.clone()),
        selector: selector.clone(),
        seen: Seen(Table::new(comparer)),
        ready: false,
    };
    Ok(lazy(call.type_argument(0), state, next))
}

pub(super) fn distinct(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    let element = call.type_argument(0);
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let source = call.arg(0).clone();
    let comparer = KeyComparer::of(call.arg(1));
    let state = move || (Source::new(source.clone()), Seen(Table::new(comparer)));
    Ok(lazy(
        call.type_argument(0),
        state,
        |(source, seen), machine| {
            while let Some(value) = source.next(machine)? {
                if seen.add(machine, value.clone())? {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        },
    ))
}

pub(super) fn distinct_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    let element = call.type_argument(0);
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let (source, selector) = (call.arg(0).clone(), call.arg(1).clone());
    let comparer = KeyComparer::of(call.arg(2));
    let state = move || {
        let seen = Seen(Table::new(comparer));
        (Source::new(source.clone()), selector.clone(), seen)
    };
    Ok(lazy(
        call.type_argument(0),
        state,
        |(source, selector, seen), machine| {
            while let Some(value) = source.next(machine)? {
                let key = machine.call(selector, std::slice::from_ref(&value))?;
                if seen.add(machine, key)? {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        },
    ))
}

type Next = fn(&mut State, &mut Machine<'_>) -> Result<Option<Value>, Throw>;

const UNION: Next = |state, machine| {
    loop {
        let value = match state.ready {
            false => state.first.next(machine)?,
            true => state.second.next(machine)?,
        };
        match value {
            Some(value) => {
                let key = state.key(machine, &value)?;
                if state.seen.add(machine, key)? {
                    return Ok(Some(value));
                }
            }
            None if state.ready => return Ok(None),
            None => state.ready = true,
        }
    }
};

const INTERSECT: Next = |state, machine| {
    state.prepare(machine)?;
    while let Some(value) = state.first.next(machine)? {
        let key = state.key(machine, &value)?;
        if state.seen.take(machine, &key) {
            return Ok(Some(value));
        }
    }
    Ok(None)
};

const EXCEPT: Next = |state, machine| {
    state.prepare(machine)?;
    while let Some(value) = state.first.next(machine)? {
        let key = state.key(machine, &value)?;
        if state.seen.add(machine, key)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
};

pub(super) fn union(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    two(call, None, UNION)
}

pub(super) fn union_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    two(call, Some(2), UNION)
}

pub(super) fn intersect(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    two(call, None, INTERSECT)
}

pub(super) fn intersect_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    two(call, Some(2), INTERSECT)
}

pub(super) fn except(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    two(call, None, EXCEPT)
}

pub(super) fn except_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    two(call, Some(2), EXCEPT)
}
