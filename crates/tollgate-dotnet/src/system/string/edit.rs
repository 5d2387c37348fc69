//! Parts of strings, and strings made of others.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use memchr::memmem;

use crate::collation;
use crate::collections::Array;
use crate::member::Call;
use crate::str::{Builder, Str};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

use super::compare::Comparison;

/// The units of the `char[]` that an argument is.
pub(super) fn units(
    call: &Call<'_, '_>,
    argument: usize,
    parameter: &str,
) -> Result<Vec<u16>, Throw> {
    let array = call.array(argument, parameter)?;
    call.elements_copied(array.len());
    let unit = |value| match value {
        Value::Char(unit) => unit,
        _ => 0,
    };
    Ok(array.values().map(unit).collect())
}

/// `char.IsWhiteSpace`.
pub(crate) fn is_white(unit: u16) -> bool {
    char::from_u32(unit.into()).is_some_and(char::is_whitespace)
}

pub(super) fn to_char_array(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.work(call.opt_str(0).map_or(0, Str::size).saturating_mul(32))?;
    let text = call.str(0)?;
    let text = match call.arguments.len() {
        1 => Some(text.clone()),
        _ => text.substring(call.count(1, "startIndex")?, call.count(2, "length")?),
    };
    let text = text.ok_or_else(|| {
        Throw::argument_out_of_range(
            "Index was out of range. Must be non-negative and less than or equal to the size of the collection. (Parameter 'startIndex')",
        )
    })?;
    let units = text.units().map(Value::Char).collect();
    call.new_array(Array::new(Type::char(), units))
}

pub(super) fn substring(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let length = text.len();
    if text.as_ascii().is_none() {
        call.heavy_work(length.saturating_mul(2))?;
    }
    let start = call.count(1, "startIndex")?;
    if start > length {
        return Err(Throw::argument_out_of_range(
            "startIndex cannot be larger than length of string. (Parameter 'startIndex')",
        ));
    }
    let count = match call.arguments.len() {
        2 => length - start,
        _ => call.count(2, "length")?,
    };
    text.substring(start, count)
        .map(Value::String)
        .ok_or_else(|| {
            Throw::argument_out_of_range(
                "Index and length must refer to a location within the string. (Parameter 'length')",
            )
        })
}

pub(super) fn remove(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let length = text.len();
    let start = call.count(1, "startIndex")?;
    if start > length {
        return Err(Throw::argument_out_of_range(
            "startIndex cannot be larger than length of string. (Parameter 'startIndex')",
        ));
    }
    let count = match call.arguments.len() {
        2 => length - start,
        _ => call.count(2, "count")?,
    };
    let after = start.checked_add(count).filter(|after| *after <= length);
    let after = after.ok_or_else(|| {
        Throw::argument_out_of_range(
            "Index and count must refer to a location within the string. (Parameter 'count')",
        )
    })?;
    let before = text.substring(0, start).unwrap_or_default();
    let after = text.substring(after, length - after).unwrap_or_default();
    call.copied_text(Str::concat(&[&before, &after]))
}

pub(super) fn insert(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let length = text.len();
    let value = call.text(2, "value")?;
    let start = call.count(1, "startIndex")?;
    let (Some(before), Some(after)) = (
        text.substring(0, start),
        length
            .checked_sub(start)
            .and_then(|rest| text.substring(start, rest)),
    ) else {
        return Err(Throw::argument_out_of_range(format!(
            "startIndex ('{start}') must be less than or equal to '{length}'. (Parameter 'startIndex')\nActual value was {start}."
        )));
    };
    call.room(text.size().saturating_add(value.size()))?;
    call.copied_text(Str::concat(&[&before, value, &after]))
}

pub(super) fn replace(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let old = call.text(1, "oldValue")?;
    if old.is_empty() {
        return Err(Throw::argument(
            "The value cannot be an empty string. (Parameter 'oldValue')",
        ));
    }
    let new = call.opt_str(2).cloned().unwrap_or_default();
    let how = Comparison::argument(call, 3)?.unwrap_or(Comparison::ORDINAL);
    let ignore_case = how.ignore_case;
    if how.culture {
        let (text, old) = (text.clone(), old.clone());
        let plain = |text: &Str| {
            let ascii = text.as_ascii();
            ascii.is_some_and(|text| text.iter().all(|byte| matches!(byte, 9..=13 | 0x20..=0x7e)))
        };
        if !(plain(&text) && plain(&old)) {
            return replace_by_language(call, &text, &old, &new, ignore_case);
        }
    }
    if ignore_case || text.as_utf8().is_none() || old.as_utf8().is_none() {
        return replace_units(call, text, old, &new, ignore_case);
    }
    let (hay, needle) = (
        text.as_utf8().unwrap_or_default(),
        old.as_utf8().unwrap_or_default(),
    );
    call.work(hay.len().saturating_add(needle.len().saturating_mul(4)))?;
    let finder = memmem::Finder::new(needle);
    let mut result: Option<Builder> = None;
    let mut start = 0;
    for place in finder.find_iter(hay.as_bytes()) {
        let result = result.get_or_insert_with(|| Builder::with_capacity(hay.len()));
        result.push_str(hay.get(start..place).unwrap_or_default());
        result.push(&new);
        call.room(result.size())?;
        call.machine.step(1)?;
        start = place + needle.len();
    }
    match result {
        None => Ok(Value::String(text.clone())),
        Some(mut result) => {
            result.push_str(hay.get(start..).unwrap_or_default());
            call.copied_text(result.finish())
        }
    }
}

/// Replaces what is equal by language.
fn replace_by_language(
    call: &mut Call<'_, '_>,
    text: &Str,
    old: &Str,
    new: &Str,
    ignore_case: bool,
) -> Result<Value, Throw> {
    let (text, old): (Vec<u16>, Vec<u16>) = (text.units().collect(), old.units().collect());
    let mut result = Builder::default();
    let mut rest = text.as_slice();
    if collation::is_nothing(&old) {
        return Ok(call.arg(0).clone());
    }
    loop {
        call.work(collation::effort(rest.len(), old.len()))?;
        let Some(found) = collation::find(rest, &old, ignore_case, false) else {
            break;
        };
        result.push(&Str::from_utf16(
            rest.get(..found.start).unwrap_or_default(),
        ));
        result.push(new);
        call.room(result.size())?;
        rest = rest.get(found.end..).unwrap_or_default();
    }
    result.push(&Str::from_utf16(rest));
    call.new_text(result.finish())
}

/// `Normalize` and `IsNormalized`: how a form is made.
fn form(call: &Call<'_, '_>) -> Result<Form, Throw> {
    match call.arg(1) {
        Value::Enum(_, number) => Form::of(*number),
        _ => Ok(Form::C),
    }
}

/// `NormalizationForm`.
#[derive(Clone, Copy)]
enum Form {
    C,
    D,
    Kc,
    Kd,
}

impl Form {
    fn of(number: i64) -> Result<Form, Throw> {
        Ok(match number {
            1 => Form::C,
            2 => Form::D,
            5 => Form::Kc,
            6 => Form::Kd,
            _ => {
                return Err(Throw::argument(
                    "Invalid or unsupported normalization form. (Parameter 'normalizationForm')",
                ));
            }
        })
    }

    fn normalize(self, text: &str) -> String {
        match self {
            Form::C => ComposingNormalizerBorrowed::new_nfc().normalize(text),
            Form::Kc => ComposingNormalizerBorrowed::new_nfkc().normalize(text),
            Form::D => DecomposingNormalizerBorrowed::new_nfd().normalize(text),
            Form::Kd => DecomposingNormalizerBorrowed::new_nfkd().normalize(text),
        }
        .into_owned()
    }
}

/// The text to normalize, which has to be well-formed.
fn well_formed<'c>(call: &Call<'c, '_>) -> Result<&'c str, Throw> {
    call.str(0)?.as_utf8().ok_or_else(|| {
        Throw::argument("String contains invalid Unicode code points. (Parameter 'strInput')")
    })
}

pub(super) fn normalize(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let form = form(call)?;
    let text = call.str(0)?;
    if text.as_ascii().is_some() {
        return Ok(Value::String(text.clone()));
    }
    call.element_work(text.size())?;
    let normal = form.normalize(well_formed(call)?);
    call.new_text(normal)
}

pub(super) fn is_normalized(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let form = form(call)?;
    if call.str(0)?.as_ascii().is_some() {
        return Ok(Value::Bool(true));
    }
    let text = well_formed(call)?;
    call.element_work(text.len())?;
    Ok((form.normalize(text) == text).into())
}

/// `ReplaceLineEndings`: each of the ends of lines that Unicode knows.
pub(super) fn replace_line_endings(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let new = match call.arguments.len() {
        1 => Str::from_static("\n"),
        _ => call.text(1, "replacementText")?.clone(),
    };
    let units: Vec<u16> = call.str(0)?.units().collect();
    call.heavy_work(units.len())?;
    let mut result = Builder::with_capacity(units.len());
    let mut place = 0;
    while let Some(unit) = units.get(place) {
        match unit {
            13 => {
                result.push(&new);
                place += usize::from(units.get(place + 1) == Some(&10));
            }
            10 | 12 | 0x85 | 0x2028 | 0x2029 => result.push(&new),
            unit => result.push_unit(*unit),
        }
        call.room(result.size())?;
        place += 1;
    }
    call.new_text(result.finish())
}

pub(super) fn copy_to(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (from, to, count) = (
        call.count(1, "sourceIndex")?,
        call.count(3, "destinationIndex")?,
        call.count(4, "count")?,
    );
    let part = call.str(0)?.substring(from, count);
    let Some(part) = part else {
        return Err(crate::collections::out_of_range("sourceIndex"));
    };
    call.work(count)?;
    let target = call.arg(2);
    let target = call.machine.heap.of_mut::<Array>(target);
    let target = target.ok_or_else(|| Throw::argument_null("destination"))?;
    if to.saturating_add(count) > target.len() {
        return Err(crate::collections::out_of_range("destinationIndex"));
    }
    for (offset, unit) in part.units().enumerate() {
        target.set(to + offset, Value::Char(unit));
    }
    Ok(Value::Null)
}

/// Replaces by UTF-16 units, which also works across surrogates and cases.
fn replace_units(
    call: &mut Call<'_, '_>,
    text: &Str,
    old: &Str,
    new: &Str,
    ignore_case: bool,
) -> Result<Value, Throw> {
    let fold = |text: &Str| -> Vec<u16> {
        match ignore_case {
            true => upper(text).units().collect(),
            false => text.units().collect(),
        }
    };
    call.heavy_work(text.size().saturating_add(old.size()))?;
    let (folded, needle) = (fold(text), fold(old));
    let original: Vec<u16> = text.units().collect();
    call.heavy_work(original.len().saturating_mul(needle.len().clamp(2, 16)))?;
    let mut result = Builder::default();
    let mut place = 0;
    while let Some(unit) = original.get(place) {
        if folded
            .get(place..)
            .is_some_and(|rest| rest.starts_with(&needle))
        {
            result.push(new);
            place += needle.len();
        } else {
            result.push_unit(*unit);
            place += 1;
        }
        call.room(result.size())?;
    }
    call.new_text(result.finish())
}

pub(super) fn replace_char(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let (old, new) = (call.char(1)?, call.char(2)?);
    call.heavy_work(text.size())?;
    if !text.units().any(|unit| unit == old) {
        return Ok(Value::String(text.clone()));
    }
    let mut result = Builder::with_capacity(text.len());
    for unit in text.units() {
        result.push_unit(if unit == old { new } else { unit });
    }
    call.new_text(result.finish())
}

/// The padding that a width asks for, or `None` if the text is long enough.
fn padding(call: &Call<'_, '_>) -> Result<Option<Str>, Throw> {
    let length = call.str(0)?.len();
    let width = call.count(1, "totalWidth")?;
    call.room(width)?;
    let unit = match call.arguments.len() {
        2 => u16::from(b' '),
        _ => call.char(2)?,
    };
    let count = width.saturating_sub(length);
    Ok((count > 0).then(|| Str::from_utf16(&vec![unit; count])))
}

pub(super) fn pad_left(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match padding(call)? {
        None => call.str(0).cloned().map(Value::String),
        Some(padding) => call.new_text(Str::concat(&[&padding, call.str(0)?])),
    }
}

pub(super) fn pad_right(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match padding(call)? {
        None => call.str(0).cloned().map(Value::String),
        Some(padding) => call.new_text(Str::concat(&[call.str(0)?, &padding])),
    }
}

/// Without white space at both ends.
pub(super) fn trimmed(text: &Str) -> Str {
    trim_ends(text, &[], true, true)
}

/// Without the units of the set, which is in order, at the ends; white space if it is empty.
fn trim_ends(text: &Str, set: &[u16], start: bool, end: bool) -> Str {
    let cut = |unit: u16| match set {
        [] => is_white(unit),
        [only] => unit == *only,
        set => set.binary_search(&unit).is_ok(),
    };
    let Some(utf8) = text.as_utf8() else {
        let units: Vec<u16> = text.units().collect();
        let mut part = units.as_slice();
        while let (true, [first, rest @ ..]) = (start, part)
            && cut(*first)
        {
            part = rest;
        }
        while let (true, [rest @ .., last]) = (end, part)
            && cut(*last)
        {
            part = rest;
        }
        return Str::from_utf16(part);
    };
    let cut = |c: char| u16::try_from(u32::from(c)).is_ok_and(cut);
    let from = match start {
        true => utf8.len() - utf8.trim_start_matches(cut).len(),
        false => 0,
    };
    let rest = utf8.get(from..).unwrap_or_default();
    let to = match end {
        true => from + rest.trim_end_matches(cut).len(),
        false => utf8.len(),
    };
    if from == 0 && to == utf8.len() {
        return text.clone();
    }
    text.slice(from, to).unwrap_or_default()
}

fn trim_by(call: &mut Call<'_, '_>, start: bool, end: bool) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let mut set = match call.arg(1) {
        Value::Char(unit) => vec![*unit],
        Value::Null => Vec::new(),
        _ => units(call, 1, "trimChars")?,
    };
    set.sort_unstable();
    set.dedup();
    let trimmed = trim_ends(text, &set, start, end);
    let taken_off = text.size().saturating_sub(trimmed.size());
    call.heavy_work(taken_off.saturating_mul(2))?;
    Ok(Value::String(trimmed))
}

pub(super) fn trim(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    trim_by(call, true, true)
}

pub(super) fn trim_start(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    trim_by(call, true, false)
}

pub(super) fn trim_end(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    trim_by(call, false, true)
}

/// Upper case, one character for one, as the invariant culture does it.
pub(crate) fn upper(text: &Str) -> Str {
    change_case(text, u8::is_ascii_lowercase, str::to_ascii_uppercase, |c| {
        upper_char(c)
    })
}

/// Upper case, where it is one character; the dotless `ı` has none in the invariant culture.
fn upper_char(c: char) -> char {
    match c {
        'ı' => c,
        _ => only(c.to_uppercase(), c),
    }
}

/// A unit in lower case.
pub(crate) fn lower_unit(unit: u16) -> u16 {
    let lower = char::from_u32(unit.into()).map(|c| only(c.to_lowercase(), c));
    lower
        .and_then(|c| u16::try_from(u32::from(c)).ok())
        .unwrap_or(unit)
}

/// Lower case, one character for one, as the invariant culture does it.
pub(crate) fn lower(text: &Str) -> Str {
    change_case(text, u8::is_ascii_uppercase, str::to_ascii_lowercase, |c| {
        only(c.to_lowercase(), c)
    })
}

fn change_case(
    text: &Str,
    changes: fn(&u8) -> bool,
    ascii: fn(&str) -> String,
    other: fn(char) -> char,
) -> Str {
    match (text.as_ascii(), text.as_utf8()) {
        (Some(bytes), _) if !bytes.iter().any(changes) => text.clone(),
        (Some(_), Some(utf8)) => ascii(utf8).into(),
        (None, Some(utf8)) => utf8.chars().map(other).collect::<String>().into(),
        _ => {
            let change = |unit: u16| {
                char::from_u32(unit.into())
                    .map(other)
                    .and_then(|c| u16::try_from(u32::from(c)).ok())
                    .unwrap_or(unit)
            };
            Str::from_utf16(&text.units().map(change).collect::<Vec<_>>())
        }
    }
}

/// The one character it maps to, of the same number of units, or the character itself.
fn only(mut mapped: impl Iterator<Item = char>, c: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) if one.len_utf16() == c.len_utf16() => one,
        _ => c,
    }
}

pub(super) fn to_upper(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.str(0)?.as_ascii().is_none() {
        call.heavy_work(call.str(0)?.size().saturating_mul(2))?;
    }
    let text = upper(call.str(0)?);
    call.work(text.size() / 2)?;
    call.copied_text(text)
}

pub(super) fn to_lower(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.str(0)?.as_ascii().is_none() {
        call.heavy_work(call.str(0)?.size().saturating_mul(2))?;
    }
    let text = lower(call.str(0)?);
    call.work(text.size() / 2)?;
    call.copied_text(text)
}

#[cfg(test)]
mod tests {
    use crate::testing::show;
    use crate::value::Value;

    #[test]
    fn strings_are_edited_as_nets() {
        for (name, arguments, expected) in [
            ("Replace", vec!["aaa".into(), "aa".into(), "b".into()], "ba"),
            (
                "Replace",
                vec!["hello".into(), "l".into(), Value::Null],
                "heo",
            ),
            (
                "Replace",
                vec!["x".into(), "".into(), "y".into()],
                "!System.ArgumentException",
            ),
            ("Substring", vec!["Hello".into(), 5.into()], ""),
            (
                "Substring",
                vec!["Hello".into(), 6.into()],
                "!System.ArgumentOutOfRangeException",
            ),
            (
                "Substring",
                vec!["Hello".into(), (-1).into()],
                "!System.ArgumentOutOfRangeException",
            ),
            (
                "PadLeft",
                vec!["hi".into(), 5.into(), Value::Char(48)],
                "000hi",
            ),
            (
                "PadLeft",
                vec!["hi".into(), i32::MAX.into()],
                "!System.InvalidOperationException",
            ),
            ("Insert", vec!["abc".into(), 1.into(), "XY".into()], "aXYbc"),
            ("Remove", vec!["abcdef".into(), 1.into(), 2.into()], "adef"),
            ("Trim", vec!["\u{a0}x\u{2003}".into()], "x"),
            ("TrimEnd", vec!["/path///".into(), Value::Char(47)], "/path"),
            ("ToUpper", vec!["straße".into()], "STRAßE"),
            ("ToLower", vec!["ÀÉ".into()], "àé"),
            ("Trim", vec![Value::Null], "!System.NullReferenceException"),
        ] {
            assert_eq!(
                show("string", name, &arguments),
                expected,
                "{name} {arguments:?}"
            );
        }
    }
}
