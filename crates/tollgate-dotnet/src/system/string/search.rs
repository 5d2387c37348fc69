//! Searching in strings.

use super::compare::Comparison;
use super::edit;
use crate::args::index;
use crate::collation;
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
    let comparison = Comparison::argument(call, 2)?.unwrap_or(Comparison::ORDINAL);
    let text = text.clone();
    let found = locate(call, &text, &needle, comparison, false)?;
    Ok(found.is_some().into())
}

/// How the needle is looked for: as the last argument says, or by language for a string and by units for a char.
fn comparison(call: &Call<'_, '_>, from: usize) -> Result<Comparison, Throw> {
    let last = call.arguments.len().saturating_sub(1);
    let said = match last >= from {
        true => match call.arg(last) {
            // `StartsWith(value, ignoreCase, culture)`.
            Value::Enum(..) => Comparison::argument(call, last)?,
            _ => Comparison::argument(call, from)?,
        },
        false => None,
    };
    Ok(said.unwrap_or(match call.arg(1) {
        Value::Char(_) => Comparison::ORDINAL,
        _ => Comparison::CULTURE,
    }))
}

/// A text and a needle.
type BothUnits = (Vec<u16>, Vec<u16>);

/// The units of both where a search by language cannot go by units.
fn by_language(
    call: &mut Call<'_, '_>,
    text: &Str,
    needle: &Str,
    comparison: Comparison,
) -> Result<Option<BothUnits>, Throw> {
    if !comparison.culture {
        return Ok(None);
    }
    call.work(text.size().saturating_add(needle.size()).saturating_mul(2))?;
    if let (Some(text), Some(needle)) = (text.as_ascii(), needle.as_ascii())
        && text
            .iter()
            .chain(needle)
            .all(|byte| matches!(byte, 9..=13 | 0x20..=0x7e))
    {
        return Ok(None);
    }
    let (text, needle): (Vec<u16>, Vec<u16>) = (text.units().collect(), needle.units().collect());
    call.work(collation::effort(1, needle.len()))?;
    Ok(Some((text, needle)))
}

/// The first or last place of a needle.
fn locate(
    call: &mut Call<'_, '_>,
    text: &Str,
    needle: &Str,
    comparison: Comparison,
    last: bool,
) -> Result<Option<usize>, Throw> {
    if let Some((text, needle)) = by_language(call, text, needle, comparison)? {
        call.work(collation::effort(text.len(), needle.len()))?;
        let found = collation::find(&text, &needle, comparison.ignore_case, last);
        return Ok(found.map(|range| range.start));
    }
    let (hay, sought) = (text.size(), needle.size());
    if comparison.ignore_case || sought > 1 {
        call.work(hay.saturating_add(sought.saturating_mul(4)))?;
    }
    if text.as_ascii().is_none() {
        call.heavy_work(hay)?;
        if last || text.as_utf8().is_none() || needle.as_utf8().is_none() {
            call.work(hay.saturating_mul(sought) / 4)?;
        }
    }
    let find = |text: &Str, needle: &Str| match last {
        true => text.rfind(needle, text.len()),
        false => text.find(needle, 0),
    };
    Ok(match comparison.ignore_case {
        true => find(&super::upper(text), &super::upper(needle)),
        false => find(text, needle),
    })
}

pub(super) fn starts_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (text, needle) = (call.str(0)?.clone(), needle(call)?);
    let comparison = comparison(call, 2)?;
    if let Some((text, needle)) = by_language(call, &text, &needle, comparison)? {
        return Ok(collation::starts_with(&text, &needle, comparison.ignore_case).into());
    }
    Ok(match comparison.ignore_case {
        false => text.starts_with(&needle),
        true => text
            .substring(0, needle.len())
            .is_some_and(|start| Comparison::of(5).equals(&start, &needle)),
    }
    .into())
}

pub(super) fn ends_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (text, needle) = (call.str(0)?.clone(), needle(call)?);
    let comparison = comparison(call, 2)?;
    if let Some((text, needle)) = by_language(call, &text, &needle, comparison)? {
        return Ok(collation::ends_with(&text, &needle, comparison.ignore_case).into());
    }
    Ok(match comparison.ignore_case {
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
    let comparison = comparison(call, 2)?;
    let part = match (start, end == text.len()) {
        (0, true) => text.clone(),
        _ => text.substring(start, end - start).unwrap_or_default(),
    };
    let found = locate(call, &part, &needle, comparison, false)?;
    Ok(index(found.map(|place| place + start)))
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
    let comparison = comparison(call, 2)?;
    let part = match (low, end == text.len()) {
        (0, true) => text.clone(),
        _ => text.substring(low, end - low).unwrap_or_default(),
    };
    let found = locate(call, &part, &needle, comparison, true)?;
    Ok(index(found.map(|place| place + low)))
}

pub(super) fn index_of_any(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let any = edit::units(call, 1, "anyOf")?;
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
    let any = edit::units(call, 1, "anyOf")?;
    let (low, end) = backwards(call, text.len())?;
    call.work(text.len().saturating_mul(any.len()))?;
    let units: Vec<u16> = text.units().take(end).collect();
    let found = units.iter().rposition(|unit| any.contains(unit));
    Ok(index(found.filter(|place| *place >= low)))
}
