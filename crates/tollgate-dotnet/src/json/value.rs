//! What a `JValue` holds: its kind, text, order.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_decimal::Decimal;

use super::big_integer::BigInteger;
use super::kind::Kind;
use crate::collections::Array;
use crate::heap::Heap;
use crate::number::{double_text, single_text};
use crate::ops;
use crate::str::Str;
use crate::time;
use crate::value::{Object, Value};

/// Bytes in a token, which nothing changes.
#[derive(Debug)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// The bytes of a token, if that is what it holds.
pub(crate) fn bytes_of(value: &Value) -> Option<&[u8]> {
    value.downcast().map(|Bytes(bytes)| bytes.as_slice())
}

/// Bytes as a token holds them.
pub(crate) fn bytes_value(bytes: &[u8]) -> Value {
    Value::object(Bytes(bytes.to_vec()))
}

impl Object for Bytes {
    fn type_of(&self) -> crate::types::Type {
        crate::types::Type::array(crate::types::Type::byte())
    }

    fn effort(&self) -> usize {
        self.0.len().saturating_mul(2)
    }
}

/// Kind and content of the `JValue` of a .NET value; `None` if there is no such `JValue`.
pub(crate) fn of(heap: &Heap, value: &Value) -> Option<(Kind, Value)> {
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Boolean,
        Value::Single(_) | Value::Double(_) | Value::Decimal(_) => Kind::Float,
        Value::String(_) => Kind::String,
        Value::Guid(_) => Kind::Guid,
        Value::DateTime(..) | Value::DateTimeOffset(..) => Kind::Date,
        Value::TimeSpan(_) => Kind::TimeSpan,
        Value::Char(unit) => return Some((Kind::String, Value::String(Str::from_unit(*unit)))),
        Value::Enum(_, number) => return Some((Kind::Integer, Value::Int64(*number))),
        Value::Object(object) => match BigInteger::digits(value) {
            Some(_) => Kind::Integer,
            None if object.type_of().net_name() == "System.Uri" => Kind::Uri,
            None => return None,
        },
        Value::Ref(_) => {
            let bytes = heap.of::<Array>(value)?.as_bytes()?;
            heap.spend(bytes.len().saturating_mul(4));
            let bytes = bytes.to_vec();
            return Some((Kind::Bytes, Value::object(Bytes(bytes))));
        }
        Value::Host(_) => return None,
        _ => Kind::Integer,
    };
    Some((kind, value.clone()))
}

/// `JValue.ToString()`: of `null` the empty text.
pub(crate) fn text(value: &Value) -> Str {
    match value {
        Value::Null => Str::EMPTY,
        Value::Bool(true) => Str::from_static("True"),
        Value::Bool(false) => Str::from_static("False"),
        Value::Single(number) => single_text(*number).into(),
        Value::Double(number) => double_text(*number).into(),
        Value::Decimal(number) => crate::convert::decimal_text(number).into(),
        Value::String(text) => text.clone(),
        Value::Guid(bytes) => ops::guid_text(bytes).into(),
        Value::DateTime(ticks, kind) => time::date_time_text(*ticks, *kind).into(),
        Value::DateTimeOffset(ticks, offset) => time::offset_text(*ticks, *offset).into(),
        Value::TimeSpan(ticks) => time::span_text(*ticks).into(),
        Value::Object(object) => match value.downcast::<Bytes>() {
            Some(Bytes(bytes)) => STANDARD.encode(bytes).into(),
            None => object.to_text().unwrap_or(Str::EMPTY),
        },
        other => other
            .as_integer()
            .map_or(Str::EMPTY, |number| number.to_string().into()),
    }
}

/// As [`text`], as JSON and XML have it: dates in ISO's form, truth in small letters. `None` stands for `null`.
pub(crate) fn plain_text(value: &Value) -> Option<Str> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(Str::from_static(if *value { "true" } else { "false" })),
        Value::DateTime(ticks, kind) => Some(super::iso_date::text(*ticks, *kind, None).into()),
        Value::DateTimeOffset(ticks, offset) => {
            Some(super::iso_date::text(*ticks, Default::default(), Some(*offset)).into())
        }
        other => Some(text(other)),
    }
}

/// The order of two values of one kind; `None` if there is none.
pub(crate) fn compare(kind: Kind, a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Null, Value::Null) => return Some(Ordering::Equal),
        (Value::Null, _) => return Some(Ordering::Less),
        (_, Value::Null) => return Some(Ordering::Greater),
        _ => {}
    }
    match kind {
        Kind::Integer | Kind::Float => number_order(a, b),
        Kind::String | Kind::Raw => Some(text(a).cmp(&text(b))),
        Kind::Boolean => match (a, b) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            _ => None,
        },
        Kind::Date => Some(instant(a)?.cmp(&instant(b)?)),
        Kind::TimeSpan => match (a, b) {
            (Value::TimeSpan(a), Value::TimeSpan(b)) => Some(a.cmp(b)),
            _ => None,
        },
        _ => Some(text(a).cmp(&text(b))),
    }
}

fn instant(value: &Value) -> Option<i64> {
    match value {
        Value::DateTime(ticks, _) => Some(*ticks),
        Value::DateTimeOffset(ticks, offset) => Some(time::utc(*ticks, *offset)),
        Value::String(text) => super::iso_date::read(&text.to_utf8()).map(|(ticks, _)| ticks),
        _ => None,
    }
}

/// Exact between integers and decimals, as doubles otherwise.
fn number_order(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_integer(), b.as_integer()) {
        return Some(a.cmp(&b));
    }
    let exact = |value: &Value| match value {
        Value::Decimal(number) => Some(*number),
        other => Decimal::try_from_i128_with_scale(other.as_integer()?, 0).ok(),
    };
    if let (Some(a), Some(b)) = (exact(a), exact(b)) {
        return Some(a.cmp(&b));
    }
    let (a, b) = (double(a)?, double(b)?);
    Some(
        a.partial_cmp(&b)
            .unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())),
    )
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Single(number) => Some(f64::from(*number)),
        other => text(other).to_utf8().parse().ok(),
    }
}
