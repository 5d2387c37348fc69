//! Operators that fold a sequence into one value.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::lazy::Source;
use crate::collections::compare_with;
use crate::convert::{Primitive, convert, divide_decimals};
use crate::machine::Machine;
use crate::member::Call;
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

fn no_elements() -> Throw {
    Throw::invalid_operation("Sequence contains no elements")
}

/// An `int` as a `long`.
pub(super) fn long(value: Value) -> Result<Value, Throw> {
    convert(&value, Primitive::Int64, true)
}

pub(super) fn fold_own(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut source = super::source(call)?;
    let mut result = source.next(call.machine)?.ok_or_else(no_elements)?;
    while let Some(value) = source.next(call.machine)? {
        result = call.machine.call(call.arg(1), &[result, value])?;
    }
    Ok(result)
}

pub(super) fn fold(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut source = super::source(call)?;
    let mut result = call.arg(1).clone();
    while let Some(value) = source.next(call.machine)? {
        result = call.machine.call(call.arg(2), &[result, value])?;
    }
    match call.arg(3) {
        Value::Null => Ok(result),
        selector => call.machine.call(selector, &[result]),
    }
}

/// The next element, or what the selector in argument 1 makes of it.
fn next(
    machine: &mut Machine<'_>,
    source: &mut Source,
    selector: &Value,
) -> Result<Option<Value>, Throw> {
    match (source.next(machine)?, selector) {
        (None, _) => Ok(None),
        (Some(value), Value::Null) => Ok(Some(value)),
        (Some(value), selector) => machine.call(selector, &[value]).map(Some),
    }
}

fn add(total: &Value, value: &Value, kind: Primitive) -> Result<Value, Throw> {
    let overflow = || Throw::overflow("Arithmetic operation resulted in an overflow.");
    let value = convert(value, kind, true)?;
    Ok(match (total, &value) {
        (Value::Int32(a), Value::Int32(b)) => Value::Int32(a.checked_add(*b).ok_or_else(overflow)?),
        (Value::Int64(a), Value::Int64(b)) => Value::Int64(a.checked_add(*b).ok_or_else(overflow)?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a + b),
        (Value::Single(a), Value::Single(b)) => Value::Single(a + b),
        (Value::Decimal(a), Value::Decimal(b)) => {
            Value::Decimal(a.checked_add(*b).ok_or_else(overflow)?)
        }
        _ => return Err(Throw::invalid_cast("Specified cast is not valid.")),
    })
}

/// The sum and how many there were; nulls do not count.
fn total(call: &mut Call<'_, '_>, kind: Primitive) -> Result<(Value, i64), Throw> {
    let mut source = super::source(call)?;
    let mut sum = ops::default_of(&kind.ty());
    let mut count = 0i64;
    while let Some(value) = next(call.machine, &mut source, call.arg(1))? {
        if !value.is_null() {
            sum = add(&sum, &value, kind)?;
            count += 1;
        }
    }
    Ok((sum, count))
}

pub(super) fn sum(call: &mut Call<'_, '_>, kind: Primitive) -> Result<Value, Throw> {
    total(call, kind).map(|(sum, _)| sum)
}

pub(super) fn average(call: &mut Call<'_, '_>, kind: Primitive) -> Result<Value, Throw> {
    match average_or_null(call, kind)? {
        Value::Null => Err(no_elements()),
        average => Ok(average),
    }
}

/// The average of what is not null; null of nothing.
pub(super) fn average_or_null(call: &mut Call<'_, '_>, kind: Primitive) -> Result<Value, Throw> {
    let (sum, count) = total(call, kind)?;
    if count == 0 {
        return Ok(Value::Null);
    }
    let Value::Double(divisor) = convert(&Value::Int64(count), Primitive::Double, false)? else {
        return Err(no_elements());
    };
    Ok(match sum {
        Value::Double(sum) => Value::Double(sum / divisor),
        Value::Single(sum) => convert(
            &Value::Double(f64::from(sum) / divisor),
            Primitive::Single,
            false,
        )?,
        Value::Decimal(sum) => {
            divide_decimals(sum, Decimal::from(count)).map_or(Value::Null, Value::Decimal)
        }
        other => other,
    })
}

/// The extreme one; with it the element it came from.
fn extreme(
    call: &mut Call<'_, '_>,
    wanted: Ordering,
    selector: &Value,
    comparer: &Value,
) -> Result<Option<(Value, Value)>, Throw> {
    let mut source = super::source(call)?;
    let mut best: Option<(Value, Value)> = None;
    while let Some(element) = source.next(call.machine)? {
        let key = match selector {
            Value::Null => element.clone(),
            selector => call
                .machine
                .call(selector, std::slice::from_ref(&element))?,
        };
        if key.is_null() {
            continue;
        }
        let better = match &best {
            None => true,
            Some((best, _)) if comparer.is_null() => {
                ops::compare(call.machine.heap, &key, best)? == wanted
            }
            Some((best, _)) => compare_with(call.machine, comparer, &key, best)? == wanted,
        };
        if better {
            best = Some((key, element));
        }
    }
    Ok(best)
}

fn extreme_key(call: &mut Call<'_, '_>, wanted: Ordering) -> Result<Value, Throw> {
    let selector = call.arg(1).clone();
    key_or_none(call, wanted, &selector, &Value::Null)
}

fn key_or_none(
    call: &mut Call<'_, '_>,
    wanted: Ordering,
    selector: &Value,
    comparer: &Value,
) -> Result<Value, Throw> {
    match extreme(call, wanted, selector, comparer)? {
        Some((key, _)) => Ok(key),
        None if may_be_null(call) => Ok(Value::Null),
        None => Err(no_elements()),
    }
}

fn may_be_null(call: &Call<'_, '_>) -> bool {
    call.types
        .last()
        .is_some_and(|ty| ty.is_reference() || matches!(ty, crate::Type::Nullable(_)))
}

pub(super) fn min(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    extreme_key(call, Ordering::Less)
}

pub(super) fn min_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparer = call.arg(1).clone();
    key_or_none(call, Ordering::Less, &Value::Null, &comparer)
}

pub(super) fn max_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparer = call.arg(1).clone();
    key_or_none(call, Ordering::Greater, &Value::Null, &comparer)
}

pub(super) fn max(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    extreme_key(call, Ordering::Greater)
}

fn extreme_element(call: &mut Call<'_, '_>, wanted: Ordering) -> Result<Value, Throw> {
    let (selector, comparer) = (call.arg(1).clone(), call.arg(2).clone());
    match extreme(call, wanted, &selector, &comparer)? {
        Some((_, element)) => Ok(element),
        None if call.type_argument(0).is_reference() => Ok(Value::Null),
        None => Err(no_elements()),
    }
}

pub(super) fn min_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    extreme_element(call, Ordering::Less)
}

pub(super) fn max_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    extreme_element(call, Ordering::Greater)
}
