//! Operators that pick one element.

use crate::collections::{Array, List, holds, out_of_range};
use crate::member::Call;
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

fn none(call: &Call<'_, '_>) -> Throw {
    Throw::invalid_operation(match call.arguments.len() {
        1 => "Sequence contains no elements",
        _ => "Sequence contains no matching element",
    })
}

fn or_default(call: &Call<'_, '_>, found: Option<Value>) -> Value {
    found.unwrap_or_else(|| ops::default_of(&call.type_argument(0)))
}

/// An element of an array or list by its place from either end, without enumerating; `None` for other sources.
fn direct(call: &Call<'_, '_>, place: usize, from_end: bool) -> Option<Option<Value>> {
    let heap = &*call.machine.heap;
    let at = |length: usize| match from_end {
        true => length.checked_sub(place + 1),
        false => Some(place),
    };
    if let Some(array) = heap.of::<Array>(call.arg(0)) {
        return Some(at(array.len()).and_then(|place| array.get(place)));
    }
    let items = heap.of::<List>(call.arg(0))?.items();
    Some(at(items.len()).and_then(|place| items.get(place)).cloned())
}

fn find_first(call: &mut Call<'_, '_>, whole: bool) -> Result<Option<Value>, Throw> {
    let mut source = super::source(call)?;
    if whole {
        if let Some(found) = direct(call, 0, false) {
            return Ok(found);
        }
        let first = source.next(call.machine)?;
        source.close(call.machine)?;
        return Ok(first);
    }
    while let Some(value) = source.next(call.machine)? {
        if holds(call.machine, call.arg(1), &value)? {
            source.close(call.machine)?;
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn find_last(call: &mut Call<'_, '_>, whole: bool) -> Result<Option<Value>, Throw> {
    let mut source = super::source(call)?;
    if let (true, Some(found)) = (whole, direct(call, 0, true)) {
        return Ok(found);
    }
    let mut found = None;
    while let Some(value) = source.next(call.machine)? {
        if whole || holds(call.machine, call.arg(1), &value)? {
            found = Some(value);
        }
    }
    Ok(found)
}

fn find_single(call: &mut Call<'_, '_>, whole: bool) -> Result<Option<Value>, Throw> {
    let mut source = super::source(call)?;
    let mut found = None;
    while let Some(value) = source.next(call.machine)? {
        if whole || holds(call.machine, call.arg(1), &value)? {
            if found.is_some() {
                return Err(Throw::invalid_operation(match whole {
                    true => "Sequence contains more than one element",
                    false => "Sequence contains more than one matching element",
                }));
            }
            found = Some(value);
        }
    }
    Ok(found)
}

pub(super) fn first(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 1;
    find_first(call, whole)?.ok_or_else(|| none(call))
}

pub(super) fn first_or_default(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 1;
    let found = find_first(call, whole)?;
    Ok(or_default(call, found))
}

/// With the value to give where there is none as the last argument.
pub(super) fn first_or(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 2;
    let found = find_first(call, whole)?;
    Ok(found.unwrap_or_else(|| call.arguments.last().cloned().unwrap_or_default()))
}

pub(super) fn last(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 1;
    find_last(call, whole)?.ok_or_else(|| none(call))
}

pub(super) fn last_or_default(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 1;
    let found = find_last(call, whole)?;
    Ok(or_default(call, found))
}

/// With the value to give where there is none as the last argument.
pub(super) fn last_or(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 2;
    let found = find_last(call, whole)?;
    Ok(found.unwrap_or_else(|| call.arguments.last().cloned().unwrap_or_default()))
}

pub(super) fn single(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 1;
    find_single(call, whole)?.ok_or_else(|| none(call))
}

pub(super) fn single_or_default(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 1;
    let found = find_single(call, whole)?;
    Ok(or_default(call, found))
}

/// With the value to give where there is none as the last argument.
pub(super) fn single_or(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let whole = call.arguments.len() == 2;
    let found = find_single(call, whole)?;
    Ok(found.unwrap_or_else(|| call.arguments.last().cloned().unwrap_or_default()))
}

fn find_at(call: &mut Call<'_, '_>) -> Result<Option<Value>, Throw> {
    let mut source = super::source(call)?;
    let Ok(mut place) = usize::try_from(call.int(1)?) else {
        return Ok(None);
    };
    if let Some(found) = direct(call, place, false) {
        return Ok(found);
    }
    while let Some(value) = source.next(call.machine)? {
        if place == 0 {
            return Ok(Some(value));
        }
        place -= 1;
    }
    Ok(None)
}

pub(super) fn element_at(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    find_at(call)?.ok_or_else(|| out_of_range("index"))
}

pub(super) fn element_at_or_default(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let found = find_at(call)?;
    Ok(or_default(call, found))
}
