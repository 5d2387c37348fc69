//! What a `JValue` converts to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_decimal::{Decimal, RoundingStrategy};

use super::big_integer::BigInteger;
use super::document;
use super::kind::Kind;
use super::token::{Node, Token, value_of};
use super::value::{Bytes, text};
use crate::collections::Array;
use crate::convert::{Primitive, convert};
use crate::heap::Heap;
use crate::member::Call;
use crate::number::{Style, parse_decimal, parse_double, parse_integer};
use crate::throw::Throw;
use crate::time::{parse_date, parse_span};
use crate::types::Type;
use crate::value::{DateTimeKind, Value};

/// `(T)token`, for the types that `JToken` has an operator for; `T?` and reference types give `null` of a null.
pub(crate) fn explicit(call: &mut Call<'_, '_>, ty: &Type) -> Result<Value, Throw> {
    cast(call.machine.heap, call.arg(0), ty)
}

/// As [`explicit`], of any value that is a token.
pub(crate) fn cast(heap: &mut Heap, value: &Value, ty: &Type) -> Result<Value, Throw> {
    let (target, may_be_null) = match ty {
        Type::Nullable(inner) => (&**inner, true),
        other => (other, other.is_reference()),
    };
    if value.is_null() {
        return match may_be_null {
            true => Ok(Value::Null),
            false => Err(Throw::argument_null("value")),
        };
    }
    let (kind, content) = content(heap, value);
    // The commonest, which need no look at names.
    match &content {
        Value::String(_) if target.is_string() && kind == Kind::String => return Ok(content),
        Value::Int64(number) if target.is_int() && kind == Kind::Integer => {
            if let Ok(number) = i32::try_from(*number) {
                return Ok(Value::Int32(number));
            }
        }
        _ => {}
    }
    let null = matches!(kind, Kind::Null | Kind::Undefined);
    if null && may_be_null {
        return Ok(Value::Null);
    }
    if null || !accepts(target, kind) {
        return Err(Throw::argument(format!(
            "Can not convert {} to {}.",
            kind.name(),
            name(target)
        )));
    }
    match &content {
        // A `JValue` of a null string is still a string.
        Value::Null if may_be_null => Ok(Value::Null),
        content => change(heap, content, target),
    }
}

/// Whether `JToken` has an operator for a type.
pub(crate) fn has_cast(ty: &Type) -> bool {
    !ty.is_enum() && Primitive::of(ty).is_some()
        || matches!(
            simple_name(ty),
            "String"
                | "Boolean"
                | "Char"
                | "DateTime"
                | "DateTimeOffset"
                | "Guid"
                | "TimeSpan"
                | "Uri"
        )
}

/// The kind of a token, and the value if it is a `JValue`; a property stands for its value.
pub(crate) fn content(heap: &Heap, value: &Value) -> (Kind, Value) {
    if let Value::Ref(id) = value
        && let Some(content) = document::scalar(heap, *id)
    {
        return content;
    }
    let Some(mut token) = heap.of::<Token>(value) else {
        return (Kind::Undefined, Value::Null);
    };
    if let (Node::Property(..), Value::Ref(id)) = (&token.node, value)
        && let Some(inner) = value_of(heap, *id).and_then(|id| heap.get::<Token>(id))
    {
        token = inner;
    }
    match &token.node {
        Node::Value(kind, value) => (*kind, value.clone()),
        _ => (token.kind(), Value::Null),
    }
}

fn accepts(target: &Type, kind: Kind) -> bool {
    use Kind::{Boolean, Bytes, Date, Float, Guid, Integer, Raw, String, TimeSpan, Uri};
    let textual = matches!(kind, String | Raw);
    match simple_name(target) {
        "String" => !matches!(kind, Kind::Object | Kind::Array | Kind::Property),
        "Boolean" => textual || matches!(kind, Integer | Float | Boolean),
        "Char" => textual || matches!(kind, Integer | Float),
        "DateTime" | "DateTimeOffset" => textual || kind == Date,
        "Guid" => textual || matches!(kind, Guid | Bytes),
        "TimeSpan" => textual || kind == TimeSpan,
        "Uri" => textual || kind == Uri,
        "" => textual || matches!(kind, Bytes | Integer),
        _ => textual || matches!(kind, Integer | Float | Boolean),
    }
}

/// Empty for what is no named type, which is `byte[]`.
fn simple_name(ty: &Type) -> &'static str {
    ty.table().map_or("", |table| table.simple_name())
}

fn name(ty: &Type) -> &'static str {
    match simple_name(ty) {
        "" => "byte array",
        name => name,
    }
}

/// What reading a byte of a string costs, in bytes that could have been copied instead.
const READ: usize = 64;

/// `Convert.ChangeType` and what Newtonsoft adds to it.
pub(crate) fn change(heap: &mut Heap, value: &Value, target: &Type) -> Result<Value, Throw> {
    if let (Value::String(text), false) = (value, target.is_string()) {
        heap.spend(text.size().saturating_mul(READ));
    }
    match simple_name(target) {
        "String" => Ok(Value::String(text(value))),
        "Boolean" => boolean(value).map(Value::Bool),
        "Char" => character(value),
        "DateTime" => date(value),
        "DateTimeOffset" => moment(value),
        "Guid" => guid(value),
        "TimeSpan" => span(value),
        "Uri" => uri(value),
        "" => {
            let bytes = match (value, value.downcast::<Bytes>()) {
                (_, Some(Bytes(bytes))) => {
                    heap.spend(bytes.len());
                    bytes.clone()
                }
                (Value::String(text), _) => STANDARD
                    .decode(&*text.to_utf8())
                    .map_err(|_| Throw::format("The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters."))?,
                _ => return Err(invalid(heap, value, target)),
            };
            heap.charge(bytes.len())?;
            heap.alloc(Array::bytes(bytes))
        }
        _ => match Primitive::of(target) {
            Some(primitive) => number(heap, value, primitive, target),
            None => Err(invalid(heap, value, target)),
        },
    }
}

/// `InvalidCastException`, as `Convert.ChangeType` throws it.
pub(crate) fn invalid(_heap: &Heap, value: &Value, target: &Type) -> Throw {
    let from = match value {
        Value::Null => {
            return Throw::invalid_cast("Null object cannot be converted to a value type.");
        }
        Value::Object(object) => object.type_of().net_name(),
        Value::String(_) => "System.String".into(),
        Value::Bool(_) => "System.Boolean".into(),
        Value::Double(_) => "System.Double".into(),
        Value::Decimal(_) => "System.Decimal".into(),
        Value::DateTime(..) => "System.DateTime".into(),
        Value::Guid(_) => "System.Guid".into(),
        Value::TimeSpan(_) => "System.TimeSpan".into(),
        _ => "System.Int64".into(),
    };
    Throw::invalid_cast(format!(
        "Invalid cast from '{from}' to '{}'.",
        target.net_name()
    ))
}

fn number(heap: &Heap, value: &Value, to: Primitive, target: &Type) -> Result<Value, Throw> {
    let too_large = || {
        Throw::overflow(format!(
            "Value was either too large or too small for {}.",
            to.article_name()
        ))
    };
    let read = |text: &str| match to {
        Primitive::Double => parse_double(text, Style::FLOAT).map(Value::Double),
        Primitive::Single => {
            let number = parse_double(text, Style::FLOAT)?;
            convert(&Value::Double(number), Primitive::Single, false)
        }
        Primitive::Decimal => parse_decimal(text, Style::NUMBER).map(Value::Decimal),
        other => match other.range() {
            Some(range) => parse_integer(text, Style::INTEGER, range, to.article_name())
                .map(|number| to.wrap(number)),
            None => Err(too_large()),
        },
    };
    match value {
        Value::String(text) => read(&text.to_utf8()),
        Value::Bool(flag) => Ok(convert(&Value::Int32(i32::from(*flag)), to, true)?),
        Value::Object(_) => match BigInteger::digits(value) {
            Some(digits) => read(&digits.to_utf8()),
            None => Err(invalid(heap, value, target)),
        },
        // To the nearest, halves to even, as `Convert` does and a cast does not.
        Value::Double(number) if to.range().is_some() => {
            convert(&Value::Double(number.round_ties_even()), to, true).map_err(|_| too_large())
        }
        Value::Single(number) if to.range().is_some() => {
            let rounded = f64::from(number.round_ties_even());
            convert(&Value::Double(rounded), to, true).map_err(|_| too_large())
        }
        Value::Decimal(number) if to.range().is_some() => {
            let rounded: Decimal =
                number.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
            convert(&Value::Decimal(rounded), to, true).map_err(|_| too_large())
        }
        other if other.as_integer().is_some() => convert(other, to, true).map_err(|_| too_large()),
        Value::Double(_) | Value::Single(_) | Value::Decimal(_) => convert(value, to, true),
        other => Err(invalid(heap, other, target)),
    }
}

fn boolean(value: &Value) -> Result<bool, Throw> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) => {
            let text = text.to_utf8();
            let word = text.trim().trim_matches('\0');
            match (
                word.eq_ignore_ascii_case("true"),
                word.eq_ignore_ascii_case("false"),
            ) {
                (true, _) => Ok(true),
                (_, true) => Ok(false),
                _ => Err(Throw::format(format!(
                    "String '{text}' was not recognized as a valid Boolean."
                ))),
            }
        }
        Value::Double(number) => Ok(*number != 0.0),
        Value::Single(number) => Ok(*number != 0.0),
        Value::Decimal(number) => Ok(!number.is_zero()),
        Value::Object(_) => Ok(true),
        other => match other.as_integer() {
            Some(number) => Ok(number != 0),
            None => Err(Throw::invalid_cast("Specified cast is not valid.")),
        },
    }
}

fn character(value: &Value) -> Result<Value, Throw> {
    match value {
        Value::String(text) => match (text.len(), text.unit(0)) {
            (1, Some(unit)) => Ok(Value::Char(unit)),
            _ => Err(Throw::format("String must be exactly one character long.")),
        },
        other => match other.as_integer().map(u16::try_from) {
            Some(Ok(unit)) => Ok(Value::Char(unit)),
            Some(Err(_)) => Err(Throw::overflow(
                "Value was either too large or too small for a character.",
            )),
            None => Err(Throw::invalid_cast("Specified cast is not valid.")),
        },
    }
}

fn date(value: &Value) -> Result<Value, Throw> {
    match value {
        Value::DateTime(..) => Ok(value.clone()),
        Value::DateTimeOffset(ticks, _) => Ok(Value::DateTime(*ticks, DateTimeKind::Unspecified)),
        Value::String(text) => parse_date(&text.to_utf8(), 0, 0).map(|date| date.date_time(0)),
        _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
    }
}

fn moment(value: &Value) -> Result<Value, Throw> {
    match value {
        Value::DateTimeOffset(..) => Ok(value.clone()),
        Value::DateTime(ticks, _) => Ok(Value::DateTimeOffset(*ticks, 0)),
        Value::String(text) => parse_date(&text.to_utf8(), 0, 0).map(|date| date.moment(0)),
        _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
    }
}

fn guid(value: &Value) -> Result<Value, Throw> {
    let wrong = || {
        Throw::format(
            "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
        )
    };
    match value {
        Value::Guid(_) => Ok(value.clone()),
        Value::String(text) => {
            let text = text.to_utf8();
            let digits: String = text
                .trim()
                .trim_matches(['{', '}', '(', ')'])
                .replace('-', "");
            let number = u128::from_str_radix(&digits, 16).map_err(|_| wrong())?;
            match digits.len() {
                32 => Ok(Value::Guid(number.to_be_bytes())),
                _ => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}

fn span(value: &Value) -> Result<Value, Throw> {
    match value {
        Value::TimeSpan(_) => Ok(value.clone()),
        Value::String(text) => parse_span(&text.to_utf8()).map(Value::TimeSpan),
        _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
    }
}

fn uri(value: &Value) -> Result<Value, Throw> {
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) => crate::net::new_uri(text, 1),
        _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
    }
}
