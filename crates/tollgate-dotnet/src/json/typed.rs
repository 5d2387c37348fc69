//! JSON values as .NET's plain types, as the serializer reads them: what it takes for what, and what it throws.

use super::convert::change;
use super::iso_date;
use super::kind::Kind;
use super::read;
use super::settings::{Reading, Strings};
use super::value::{Bytes, text};
use crate::heap::Heap;
use crate::number::{Style, parse_decimal, parse_double, parse_integer};
use crate::str::Str;
use crate::throw::Throw;
use crate::time::{parse_date, parse_date_exact};
use crate::types::Type;
use crate::value::{DateTimeKind, Value};

/// `DateTimeStyles.RoundtripKind`.
const ROUND_TRIP: i64 = 128;

/// Where the values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A text, of which numbers and strings are still what was written.
    Text,
    /// Tokens.
    Tokens,
}

/// A value as a plain type; `null` if it stands for one. What is no value (an object, an array) has no content.
pub(crate) fn plain(
    heap: &mut Heap,
    kind: Kind,
    content: &Value,
    ty: &Type,
    source: Source,
    reading: &Reading,
) -> Result<Value, Throw> {
    if content.is_null() && matches!(kind, Kind::Null | Kind::Undefined) {
        return Ok(Value::Null);
    }
    let scalar = !matches!(kind, Kind::Object | Kind::Array | Kind::Constructor);
    let named = [
        (ty.is_int(), "integer"),
        (ty.is_double() || ty.is_float(), "double"),
        (ty.is_decimal(), "decimal"),
        (ty.is_bool(), "boolean"),
        (ty.is_string(), "string"),
        (ty.is_date_time() || ty.is_date_time_offset(), "date"),
    ];
    // These types have readers of their own, which take less than `Convert` does.
    let Some((_, name)) = named.iter().find(|(is, _)| *is) else {
        return general(heap, kind, content, ty, scalar, source, reading);
    };
    if !scalar {
        return Err(Throw::json_reader(format!(
            "Error reading {name}. Unexpected token: {}.",
            kind.start()
        )));
    }
    if let (Kind::String, Value::String(text), false) = (kind, content, ty.is_string())
        && text.is_empty()
    {
        return Ok(Value::Null);
    }
    let read = match *name {
        "string" => Some(Value::String(string(kind, content, source))),
        "boolean" => boolean(heap, kind, content, source),
        "date" => date(kind, content, ty, reading),
        _ => number(heap, kind, content, ty, source),
    };
    read.ok_or_else(|| {
        Throw::json_reader(format!(
            "Could not convert to {name}: {}.",
            text(content).to_utf8()
        ))
    })
}

fn string(kind: Kind, content: &Value, source: Source) -> Str {
    match (kind, content, source) {
        (Kind::Boolean, Value::Bool(value), Source::Text) => {
            Str::from_static(if *value { "true" } else { "false" })
        }
        (_, content, _) => match content.downcast::<Bytes>() {
            Some(_) => Str::from_static("System.Byte[]"),
            None => text(content),
        },
    }
}

fn boolean(heap: &mut Heap, kind: Kind, content: &Value, source: Source) -> Option<Value> {
    let content = settled(kind, content, source)?;
    match kind {
        Kind::Boolean | Kind::Integer | Kind::Float | Kind::String => {
            change(heap, &content, &Type::bool()).ok()
        }
        _ => None,
    }
}

fn number(
    heap: &mut Heap,
    kind: Kind,
    content: &Value,
    ty: &Type,
    source: Source,
) -> Option<Value> {
    match (kind, content, source) {
        (Kind::Float, Value::String(_), Source::Text) if ty.is_int() => None,
        (Kind::Integer | Kind::Float | Kind::String, Value::String(text), _) => {
            let text = text.to_utf8();
            if kind == Kind::Integer && text.starts_with('0') && text.len() > 1 {
                let value = read::number(&text, false)?.1;
                return change(heap, &value, ty).ok();
            }
            if ty.is_int() {
                let range = (i32::MIN.into(), i32::MAX.into());
                let number = parse_integer(&text, Style::INTEGER, range, "an Int32").ok()?;
                return i32::try_from(number).ok().map(Value::Int32);
            }
            if ty.is_decimal() {
                return parse_decimal(&text, Style::FLOAT).ok().map(Value::Decimal);
            }
            let number = Value::Double(parse_double(&text, Style::FLOAT).ok()?);
            change(heap, &number, ty).ok()
        }
        (Kind::Integer | Kind::Float, content, _) => change(heap, content, ty).ok(),
        _ => None,
    }
}

fn date(kind: Kind, content: &Value, ty: &Type, reading: &Reading) -> Option<Value> {
    match (kind, content) {
        (Kind::String, Value::String(text)) => {
            let text = text.as_utf8()?;
            if ty.is_date_time_offset() {
                if let Some((ticks, offset)) = iso_date::read_offset(text) {
                    return Some(Value::DateTimeOffset(ticks, offset));
                }
            } else if let Some((ticks, kind)) = iso_date::read(text) {
                return Some(Value::DateTime(ticks, reading.zone.of(kind)));
            }
            let exact = reading
                .date_format
                .as_ref()
                .and_then(|format| parse_date_exact(text, &format.to_utf8(), ROUND_TRIP, 0).ok());
            let read = exact.or_else(|| parse_date(text, ROUND_TRIP, 0).ok())?;
            Some(match ty.is_date_time_offset() {
                true => read.moment(ROUND_TRIP),
                false => match read.date_time(ROUND_TRIP) {
                    Value::DateTime(ticks, kind) => Value::DateTime(ticks, reading.zone.of(kind)),
                    other => other,
                },
            })
        }
        (Kind::Date, Value::DateTime(ticks, _)) if ty.is_date_time_offset() => {
            Some(Value::DateTimeOffset(*ticks, 0))
        }
        (Kind::Date, Value::DateTimeOffset(ticks, _)) if ty.is_date_time() => {
            Some(Value::DateTime(*ticks, DateTimeKind::Unspecified))
        }
        (Kind::Date, content) => Some(content.clone()),
        _ => None,
    }
}

/// All other types: whatever `Convert` makes of the value.
fn general(
    heap: &mut Heap,
    kind: Kind,
    content: &Value,
    ty: &Type,
    scalar: bool,
    source: Source,
    reading: &Reading,
) -> Result<Value, Throw> {
    let wrong = || {
        Throw::new(
            "Newtonsoft.Json.JsonSerializationException",
            format!(
                "Error converting value {} to type '{}'.",
                text(content).to_utf8(),
                ty.net_name()
            ),
        )
    };
    if !scalar {
        return Err(wrong());
    }
    let dated = match (kind, content) {
        (Kind::String, Value::String(text)) if source == Source::Text => reading.date(text),
        _ => None,
    };
    let content = match dated {
        Some(date) => date,
        None => settled(kind, content, source).ok_or_else(wrong)?,
    };
    if ty.is_enum() {
        return enumeration(&content, ty).ok_or_else(wrong);
    }
    if let (true, Value::String(text)) = (ty.is_table(&crate::net::URI), &content) {
        return crate::net::new_uri(text, 0).map_err(|_| wrong());
    }
    let known = ty.is_numeric() || ty.is_char() || ty.is_guid() || ty.is_time_span();
    match known {
        true => change(heap, &content, ty).map_err(|_| wrong()),
        false => Err(wrong()),
    }
}

/// A number that is still text as the number that it is.
pub(crate) fn settled(kind: Kind, content: &Value, source: Source) -> Option<Value> {
    match (kind, content, source) {
        (Kind::Integer | Kind::Float, Value::String(text), Source::Text) => {
            read::number(&text.to_utf8(), false).map(|(_, value)| value)
        }
        (_, content, _) => Some(content.clone()),
    }
}

/// A member of an enum by its name in any case, several names with commas, or its number.
fn enumeration(value: &Value, ty: &Type) -> Option<Value> {
    let table = ty.table()?;
    let number = match value {
        Value::String(names) => {
            let names = names.to_utf8();
            let mut number = 0;
            for name in names.split(',') {
                let name = name.trim();
                let named = |exact: bool| {
                    table.0.values.iter().find(|(other, _)| match exact {
                        true => *other == name,
                        false => other.eq_ignore_ascii_case(name),
                    })
                };
                number |= match named(true).or_else(|| named(false)) {
                    Some((_, number)) => *number,
                    None => name.parse().ok()?,
                };
            }
            number
        }
        other => i64::try_from(other.as_integer()?).ok()?,
    };
    Some(Value::Enum(table, number))
}

impl Reading {
    /// The date that a string stands for.
    pub(crate) fn date(&self, text: &Str) -> Option<Value> {
        let text = match self.strings {
            Strings::Plain => return None,
            _ => text.as_utf8()?,
        };
        let moments = self.strings == Strings::Moments;
        let usual = match moments {
            true => iso_date::read_offset(text)
                .map(|(ticks, offset)| Value::DateTimeOffset(ticks, offset)),
            false => {
                iso_date::read(text).map(|(ticks, kind)| Value::DateTime(ticks, self.zone.of(kind)))
            }
        };
        usual.or_else(|| {
            let format = self.date_format.as_ref()?;
            let read = parse_date_exact(text, &format.to_utf8(), ROUND_TRIP, 0).ok()?;
            Some(match moments {
                true => read.moment(ROUND_TRIP),
                false => read.date_time(ROUND_TRIP),
            })
        })
    }
}
