//! Searching in strings.

use super::compare::Comparison;
use super::edit;
use crate::args::index;
use crate::member::Call;
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// What is looked for: argument 1, a string or a char.
fn needle(call: &Call<'_, '_>) -> Result<Str, Throw> {
    match call.arg(1) {
        Value::Char(unit) => Ok(Str::from_unit(*unit)),
        _ => call.text(1, "value").cloned(),
    }
}

pub(super) fn contains(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    if let (Some(bytes), Value::Char(unit @ 0..=127), 2) =
        (text.as_ascii(), call.arg(1), call.arguments.len())
    {
        let byte = u8::try_from(*unit).unwrap_or(0);
        return Ok(memchr::memchr(byte, bytes).is_some().into());
    }
    let needle = needle(call)?;
    let found = match Comparison::argument(call, 2) {
        Some(Comparison {
            ignore_case: true, ..
        }) => super::upper(text).find(&super::upper(&needle), 0),
        _ => text.find(&needle, 0),
    };
    Ok(found.is_some().into())
}

pub(super) fn starts_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (text, needle) = (call.str(0)?, needle(call)?);
    Ok(match ignores_case(call, 2) {
        false => text.starts_with(&needle),
        true => text
            .substring(0, needle.len())
            .is_some_and(|start| Comparison::of(5).equals(&start, &needle)),
    }
    .into())
}

pub(super) fn ends_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (text, needle) = (call.str(0)?, needle(call)?);
    Ok(match ignores_case(call, 2) {
        false => text.ends_with(&needle),
        true => {
            let length = needle.len();
            let start = text.len().checked_sub(length);
            start
                .and_then(|start| text.substring(start, length))
                .is_some_and(|end| Comparison::of(5).equals(&end, &needle))
        }
    }
    .into())
}

fn ignores_case(call: &Call<'_, '_>, index: usize) -> bool {
    Comparison::argument(call, index).is_some_and(|comparison| comparison.ignore_case)
}

/// The last argument, where it says how to compare.
fn ignores_case_at_end(call: &Call<'_, '_>) -> bool {
    call.arguments
        .len()
        .checked_sub(1)
        .is_some_and(|last| last > 1 && ignores_case(call, last))
}

fn is_int(call: &Call<'_, '_>, index: usize) -> bool {
    matches!(call.arg(index), Value::Int32(_))
}

pub(super) fn index_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let start = if is_int(call, 2) {
        start_index(call, text.len())?
    } else {
        0
    };
    let end = if is_int(call, 3) {
        end_index(call, start, text.len())?
    } else {
        text.len()
    };
    if text.as_ascii().is_none() {
        call.work(text.len())?;
    }
    let needle = needle(call)?;
    let found = match ignores_case_at_end(call) {
        true => super::upper(text).find(&super::upper(&needle), start),
        false => text.find(&needle, start),
    };
    let found = found.filter(|place| place + needle.len() <= end);
    Ok(index(found))
}

fn out_of_range(parameter: &str, what: &str) -> Throw {
    Throw::argument_out_of_range(format!("{what} (Parameter '{parameter}')"))
}

fn start_index(call: &Call<'_, '_>, length: usize) -> Result<usize, Throw> {
    usize::try_from(call.int(2)?)
        .ok()
        .filter(|start| *start <= length)
        .ok_or_else(|| {
            out_of_range(
                "startIndex",
                "Index was out of range. Must be non-negative and less than or equal to the size of the collection.",
            )
        })
}

fn end_index(call: &Call<'_, '_>, start: usize, length: usize) -> Result<usize, Throw> {
    usize::try_from(call.int(3)?)
        .ok()
        .map(|count| start.saturating_add(count))
        .filter(|end| *end <= length)
        .ok_or_else(|| {
            out_of_range(
                "count",
                "Count must be positive and count must refer to a location within the string/array/collection.",
            )
        })
}

/// Where a search backwards from `startIndex` over `count` units may end and begin.
fn backwards(call: &Call<'_, '_>, length: usize) -> Result<(usize, usize), Throw> {
    if !is_int(call, 2) {
        return Ok((0, length));
    }
    let start = call.int(2)?;
    if length == 0 {
        return Ok((0, 0));
    }
    let end = usize::try_from(start)
        .ok()
        .filter(|start| *start <= length)
        .map(|start| (start + 1).min(length))
        .ok_or_else(|| {
            out_of_range(
                "startIndex",
                "Index was out of range. Must be non-negative and less than or equal to the size of the collection.",
            )
        })?;
    if !is_int(call, 3) {
        return Ok((0, end));
    }
    let low = usize::try_from(call.int(3)?)
        .ok()
        .and_then(|count| end.checked_sub(count));
    let low = low.ok_or_else(|| {
        out_of_range(
            "count",
            "Count must be positive and count must refer to a location within the string/array/collection.",
        )
    })?;
    Ok((low, end))
}

pub(super) fn last_index_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let (low, end) = backwards(call, text.len())?;
    if text.as_ascii().is_none() {
        call.work(text.len())?;
    }
    let needle = needle(call)?;
    let found = match ignores_case_at_end(call) {
        true => super::upper(text).rfind(&super::upper(&needle), end),
        false => text.rfind(&needle, end),
    };
    Ok(index(found.filter(|place| *place >= low)))
}

pub(super) fn index_of_any(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let any = edit::units(call.array(1, "anyOf")?);
    let start = if is_int(call, 2) {
        start_index(call, text.len())?
    } else {
        0
    };
    let end = if is_int(call, 3) {
        end_index(call, start, text.len())?
    } else {
        text.len()
    };
    call.work(text.len().saturating_mul(any.len()))?;
    let found = text
        .units()
        .take(end)
        .skip(start)
        .position(|unit| any.contains(&unit));
    Ok(index(found.map(|place| place + start)))
}

pub(super) fn last_index_of_any(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let any = edit::units(call.array(1, "anyOf")?);
    let (low, end) = backwards(call, text.len())?;
    call.work(text.len().saturating_mul(any.len()))?;
    let units: Vec<u16> = text.units().take(end).collect();
    let found = units.iter().rposition(|unit| any.contains(unit));
    Ok(index(found.filter(|place| *place >= low)))
}
