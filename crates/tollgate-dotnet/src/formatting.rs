//! Values in formats: interpolation, `string.Format`, `ToString(format)`.

use crate::machine::Machine;
use crate::number::{self, NumberCulture};
use crate::ops;
use crate::str::{Builder, Str, utf16_len};
use crate::throw::Throw;
use crate::time;
use crate::value::{DateTimeKind, Value};

/// What writing a value by a format costs, in bytes that could have been copied instead.
const FORMATTING: usize = 4096;

/// The same for putting it into a text.
const ITEM: usize = 1024;

/// The same for each byte of the format.
const FORMATTED: usize = 256;

/// `value.ToString(format)` in a culture; types without formats give their plain text.
pub(crate) fn format_value(
    machine: &Machine<'_>,
    value: &Value,
    format: &str,
    culture: &NumberCulture,
) -> Result<Str, Throw> {
    if !format.is_empty() {
        machine
            .heap
            .spend(FORMATTING.saturating_add(format.len().saturating_mul(FORMATTED)));
    }
    Ok(match value {
        Value::SByte(_)
        | Value::Byte(_)
        | Value::Int16(_)
        | Value::UInt16(_)
        | Value::Int32(_)
        | Value::UInt32(_)
        | Value::Int64(_)
        | Value::UInt64(_)
            if format.is_empty() =>
        {
            return ops::to_text(machine, value);
        }
        Value::SByte(_)
        | Value::Byte(_)
        | Value::Int16(_)
        | Value::UInt16(_)
        | Value::Int32(_)
        | Value::UInt32(_)
        | Value::Int64(_)
        | Value::UInt64(_)
        | Value::Single(_)
        | Value::Double(_)
        | Value::Decimal(_) => number::format(value, format, culture)?.into(),
        Value::DateTime(ticks, kind) => {
            time::format_date_in(*ticks, *kind, None, format, culture.dates)?.into()
        }
        Value::DateTimeOffset(ticks, offset) => {
            let kind = DateTimeKind::Unspecified;
            time::format_date_in(*ticks, kind, Some(*offset), format, culture.dates)?.into()
        }
        Value::TimeSpan(ticks) => time::format_span(*ticks, format)?.into(),
        Value::Guid(bytes) => guid(bytes, format)?.into(),
        Value::Enum(table, member) => match format {
            "" | "G" | "g" | "F" | "f" => ops::enum_text(table.0, *member).into(),
            "D" | "d" => member.to_string().into(),
            "X" | "x" => format!("{member:08X}").into(),
            _ => {
                return Err(Throw::format(
                    "Format string can be only \"G\", \"g\", \"X\", \"x\", \"F\", \"f\", \"D\" or \"d\".",
                ));
            }
        },
        // A JSON value is formatted as what it holds.
        other if !format.is_empty() => match crate::json::held(machine.heap, other) {
            Some(held) => return format_value(machine, &held, format, culture),
            None => return ops::to_text(machine, value),
        },
        _ => return ops::to_text(machine, value),
    })
}

fn guid(bytes: &[u8; 16], format: &str) -> Result<String, Throw> {
    let text = ops::guid_text(bytes);
    Ok(match format {
        "" | "D" | "d" => text,
        "N" | "n" => text.replace('-', ""),
        "B" | "b" => format!("{{{text}}}"),
        "P" | "p" => format!("({text})"),
        "X" | "x" => {
            let hex = text.replace('-', "");
            let part = |start: usize, end: usize| hex.get(start..end).unwrap_or_default();
            let bytes: Vec<String> = (8..16)
                .map(|index| format!("0x{}", part(index * 2, index * 2 + 2)))
                .collect();
            format!(
                "{{0x{},0x{},0x{},{{{}}}}}",
                part(0, 8),
                part(8, 12),
                part(12, 16),
                bytes.join(",")
            )
        }
        _ => {
            return Err(Throw::format(
                "Format string can be only \"D\", \"d\", \"N\", \"n\", \"P\", \"p\", \"B\", \"b\", \"X\" or \"x\".",
            ));
        }
    })
}

/// `{value,alignment:format}`.
pub(crate) fn aligned(
    machine: &Machine<'_>,
    to: &mut Builder,
    value: &Value,
    alignment: i32,
    format: &str,
    culture: &NumberCulture,
) -> Result<(), Throw> {
    let text = format_value(machine, value, format, culture)?;
    machine.heap.spend(ITEM.saturating_add(text.size()));
    if to.size().saturating_add(text.size()) > machine.budget.string {
        return Err(Throw::limit("it made a string longer than is allowed"));
    }
    let width = usize::try_from(alignment.unsigned_abs()).unwrap_or(0);
    if width > machine.budget.string {
        return Err(Throw::limit("it made a string longer than is allowed"));
    }
    let padding = " ".repeat(width.saturating_sub(text.len()));
    if alignment > 0 {
        to.push_str(&padding);
    }
    to.push(&text);
    if alignment < 0 {
        to.push_str(&padding);
    }
    Ok(())
}

/// `string.Format`.
pub(crate) fn compose(
    machine: &Machine<'_>,
    format: &Str,
    arguments: &[Value],
    culture: &NumberCulture,
) -> Result<Str, Throw> {
    let format = format.to_utf8();
    let mut text = Builder::with_capacity(format.len());
    let mut rest: &str = &format;
    while let Some(place) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at_checked(place).unwrap_or((rest, ""));
        text.push_str(before);
        if let Some(after) = after.strip_prefix("{{") {
            text.push_str("{");
            rest = after;
        } else if let Some(after) = after.strip_prefix("}}") {
            text.push_str("}");
            rest = after;
        } else if let Some(item) = after.strip_prefix('{') {
            let offset = || utf16_len(&format).saturating_sub(utf16_len(item));
            let (item, after) = split_item(item).ok_or_else(|| ends_early(&format))?;
            let (index, alignment, item_format) = read_item(item).ok_or_else(|| wrong(offset()))?;
            let value = arguments.get(index).ok_or_else(|| {
                Throw::format(
                    "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
                )
            })?;
            aligned(machine, &mut text, value, alignment, &item_format, culture)?;
            rest = after;
        } else {
            return Err(wrong(utf16_len(&format).saturating_sub(utf16_len(after))));
        }
        if text.size() > machine.budget.string {
            return Err(Throw::limit("it made a string longer than is allowed"));
        }
    }
    text.push_str(rest);
    Ok(text.finish())
}

/// An item up to its closing brace, and what follows.
fn split_item(text: &str) -> Option<(&str, &str)> {
    text.split_once('}')
}

fn ends_early(format: &str) -> Throw {
    Throw::format(format!(
        "Input string was not in a correct format. Failure to parse near offset {}. Format item ends prematurely.",
        utf16_len(format)
    ))
}

fn wrong(offset: usize) -> Throw {
    Throw::format(format!(
        "Input string was not in a correct format. Failure to parse near offset {offset}. Expected an ASCII digit."
    ))
}

/// `index[,alignment][:format]`.
fn read_item(item: &str) -> Option<(usize, i32, String)> {
    let (head, format) = item.split_once(':').unwrap_or((item, ""));
    let (index, alignment) = match head.split_once(',') {
        Some((index, alignment)) => {
            let digits = alignment.trim();
            let width: i32 = digits.parse().ok()?;
            if digits.starts_with('+') || width.abs() >= 10_000_000 {
                return None;
            }
            (index, width)
        }
        None => (head, 0),
    };
    if !index.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some((index.trim_end().parse().ok()?, alignment, format.into()))
}
