//! What every value can do: its type, its text, equality, hash, order, enumeration, casts.

use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use rust_decimal::Decimal;

use crate::collation;
use crate::collections::Array;
use crate::formatting;
use crate::heap::{Heap, Iterate};
use crate::machine::Machine;
use crate::number::{NumberCulture, double_text, single_text};
use crate::record::Record;
use crate::sequence::from_fn;
use crate::str::{Builder, Str};
use crate::throw::Throw;
use crate::time;
use crate::types::Type;
use crate::value::Value;

/// Records and exceptions in each other are followed to this depth.
const DEPTH: u32 = 64;

/// What looking at a record costs, in bytes that could have been copied instead.
const RECORD: usize = 512;

/// The same of writing one.
const RECORD_TEXT: usize = 4096;

/// The same of writing a byte of an object.
const WRITTEN: usize = 64;

/// The run-time type; `Type::Null` of `null`.
pub fn type_of(machine: &Machine<'_>, value: &Value) -> Type {
    match value {
        Value::Host(handle) => machine.host.type_of(*handle),
        other => type_in(machine.heap, other),
    }
}

/// As [`type_of`], but `object` for what belongs to the host.
fn type_in(heap: &Heap, value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::bool(),
        Value::Char(_) => Type::char(),
        Value::SByte(_) => Type::sbyte(),
        Value::Byte(_) => Type::byte(),
        Value::Int16(_) => Type::short(),
        Value::UInt16(_) => Type::ushort(),
        Value::Int32(_) => Type::int(),
        Value::UInt32(_) => Type::uint(),
        Value::Int64(_) => Type::long(),
        Value::UInt64(_) => Type::ulong(),
        Value::Single(_) => Type::float(),
        Value::Double(_) => Type::double(),
        Value::Decimal(_) => Type::decimal(),
        Value::String(_) => Type::string(),
        Value::Guid(_) => Type::guid(),
        Value::DateTime(..) => Type::date_time(),
        Value::DateTimeOffset(..) => Type::date_time_offset(),
        Value::TimeSpan(_) => Type::time_span(),
        Value::Enum(table, _) => Type::Named(*table, Default::default()),
        Value::Object(object) => object.type_of(),
        Value::Ref(id) => heap
            .object(*id)
            .map_or(Type::Null, |object| object.type_of()),
        Value::Host(_) => Type::object(),
    }
}

/// `ToString()` in the invariant culture; of `null` the empty string, as concatenation has it.
pub fn to_text(machine: &Machine<'_>, value: &Value) -> Result<Str, Throw> {
    text(machine, value, DEPTH)
}

fn text(machine: &Machine<'_>, value: &Value, depth: u32) -> Result<Str, Throw> {
    Ok(match value {
        Value::Null => Str::EMPTY,
        Value::Bool(true) => Str::from_static("True"),
        Value::Bool(false) => Str::from_static("False"),
        Value::Char(unit) => Str::from_unit(*unit),
        Value::Single(number) => single_text(*number).into(),
        Value::Double(number) => double_text(*number).into(),
        Value::Decimal(number) => crate::convert::decimal_text(number).into(),
        Value::String(text) => text.clone(),
        Value::Guid(bytes) => guid_text(bytes).into(),
        Value::DateTime(ticks, kind) => time::date_time_text(*ticks, *kind).into(),
        Value::DateTimeOffset(ticks, offset) => time::offset_text(*ticks, *offset).into(),
        Value::TimeSpan(ticks) => time::span_text(*ticks).into(),
        Value::Enum(table, number) => enum_text(table.0, *number).into(),
        Value::Object(object) => match (Record::of(value), depth.checked_sub(1)) {
            (Some(record), Some(depth)) => {
                machine.heap.spend(RECORD_TEXT);
                let fields = record.fields().iter();
                let texts: Vec<Str> = fields
                    .map(|field| text(machine, field, depth))
                    .collect::<Result<_, _>>()?;
                let text = record.text(&texts);
                machine.heap.spend(text.size().saturating_mul(2));
                text
            }
            _ => written(machine, object.to_text(), || object.type_of()),
        },
        Value::Ref(id) => match machine.heap.object(*id) {
            Some(object) => {
                let text = object.to_text(machine.heap)?;
                written(machine, text, || object.type_of())
            }
            None => Str::EMPTY,
        },
        Value::Host(handle) => match machine.host.to_text(machine.heap, *handle)? {
            Some(text) => text,
            None => machine.host.type_of(*handle).net_name().into(),
        },
        integer => integer.as_integer().unwrap_or(0).to_string().into(),
    })
}

/// A value's text for traces, free of charge and without much work: of mutable objects but JSON values only the type's
/// name. `None` of what has none, such as most parts of `context`.
pub fn glimpse(machine: &Machine<'_>, value: &Value) -> Option<Str> {
    let heap = &*machine.heap;
    heap.free_of_charge(|| match value {
        Value::Ref(id) => {
            let object = heap.object(*id)?;
            let name = object.type_of().to_string();
            match &*name {
                "JValue" | "Newtonsoft.Json.Linq.JValue" => object.to_text(heap).ok()?,
                _ => Some(name.into()),
            }
        }
        Value::Object(object) => match Record::of(value) {
            Some(_) => Some(object.type_of().to_string().into()),
            None => Some(written(machine, object.to_text(), || object.type_of())),
        },
        Value::Host(handle) => machine.host.to_text(heap, *handle).ok()?,
        other => to_text(machine, other).ok(),
    })
}

/// The text of an object, or its type's name if it has none, charged for.
fn written(machine: &Machine<'_>, text: Option<Str>, ty: impl FnOnce() -> Type) -> Str {
    let text = text.unwrap_or_else(|| ty().net_name().into());
    let length = text.size().saturating_add(16);
    machine.heap.spend(length.saturating_mul(WRITTEN));
    text
}

/// Appends a value as `$"{value,alignment:format}"` writes it in the invariant culture; an alignment of 0 pads nothing.
pub fn append_aligned(
    machine: &Machine<'_>,
    to: &mut Builder,
    value: &Value,
    alignment: i32,
    format: &str,
) -> Result<(), Throw> {
    formatting::aligned(
        machine,
        to,
        value,
        alignment,
        format,
        &NumberCulture::INVARIANT,
    )
}

/// Format `D`.
pub(crate) fn guid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(hex(byte >> 4));
        text.push(hex(byte & 15));
    }
    text
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('0')
}

/// The name of an enum's member, names of flags with commas between, or the number.
pub(crate) fn enum_text(table: &crate::TypeDef, number: i64) -> String {
    if let Some((name, _)) = table.values.iter().find(|(_, value)| *value == number) {
        return (*name).into();
    }
    let mut left = number;
    let mut names = Vec::new();
    for (name, value) in table.values.iter().rev() {
        if *value != 0 && left & value == *value {
            left &= !value;
            names.push(*name);
        }
    }
    // Only flags combine; members that count up from zero do not.
    let flags = table
        .values
        .iter()
        .all(|(_, value)| *value == 0 || value.count_ones() == 1);
    if left != 0 || names.is_empty() || !flags {
        return number.to_string();
    }
    names.reverse();
    names.join(", ")
}

/// Virtual `Equals`; two `null`s are equal.
pub fn equals(heap: &Heap, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Char(a), Value::Char(b)) => a == b,
        (Value::SByte(a), Value::SByte(b)) => a == b,
        (Value::Byte(a), Value::Byte(b)) => a == b,
        (Value::Int16(a), Value::Int16(b)) => a == b,
        (Value::UInt16(a), Value::UInt16(b)) => a == b,
        (Value::Int32(a), Value::Int32(b)) => a == b,
        (Value::UInt32(a), Value::UInt32(b)) => a == b,
        (Value::Int64(a), Value::Int64(b)) => a == b,
        (Value::UInt64(a), Value::UInt64(b)) => a == b,
        (Value::Single(a), Value::Single(b)) => a == b || a.is_nan() && b.is_nan(),
        (Value::Double(a), Value::Double(b)) => a == b || a.is_nan() && b.is_nan(),
        (Value::Decimal(a), Value::Decimal(b)) => a == b,
        (Value::String(a), Value::String(b)) => {
            heap.spend(a.size().min(b.size()));
            a == b
        }
        (Value::Guid(a), Value::Guid(b)) => a == b,
        (Value::DateTime(a, _), Value::DateTime(b, _)) => a == b,
        (Value::DateTimeOffset(a, x), Value::DateTimeOffset(b, y)) => {
            time::utc(*a, *x) == time::utc(*b, *y)
        }
        (Value::TimeSpan(a), Value::TimeSpan(b)) => a == b,
        (Value::Enum(x, a), Value::Enum(y, b)) => x == y && a == b,
        (Value::Object(x), Value::Object(y)) => match (Record::of(a), Record::of(b)) {
            (Some(a), Some(b)) => {
                heap.spend(RECORD);
                a.equals(heap, b)
            }
            _ => x.equals(y.as_ref()),
        },
        (Value::Ref(x), Value::Ref(y)) if x == y => true,
        (Value::Ref(id), other) => heap
            .object(*id)
            .and_then(|object| object.equals(heap, other))
            .unwrap_or(false),
        (Value::Host(a), Value::Host(b)) => a == b,
        _ => false,
    }
}

/// `object.ReferenceEquals`; boxed values are never the same object.
pub fn same_reference(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::String(a), Value::String(b)) => a.same_bytes(b),
        (Value::Object(a), Value::Object(b)) => std::sync::Arc::ptr_eq(a, b),
        (Value::Ref(a), Value::Ref(b)) => a == b,
        (Value::Host(a), Value::Host(b)) => a == b,
        _ => false,
    }
}

/// `value.ToString(format)` in the invariant culture, as `{value:format}` gives it; types without formats give their
/// plain text, `null` the empty string.
pub fn format(machine: &Machine<'_>, value: &Value, format: &str) -> Result<Str, Throw> {
    crate::formatting::format_value(
        machine,
        value,
        format,
        &crate::number::NumberCulture::INVARIANT,
    )
}

/// Virtual `GetHashCode`; 0 of `null`. Texts hash alike in every run.
pub fn hash_code(heap: &Heap, value: &Value) -> i32 {
    let halves = |bits: i64| low(bits) ^ low(bits >> 32);
    match value {
        Value::Null => 0,
        Value::Bool(value) => i32::from(*value),
        Value::Char(unit) => i32::from(*unit) | i32::from(*unit) << 16,
        Value::SByte(n) => i32::from(*n),
        Value::Byte(n) => i32::from(*n),
        Value::Int16(n) => i32::from(*n),
        Value::UInt16(n) => i32::from(*n),
        Value::Int32(n) => *n,
        Value::UInt32(n) => n.cast_signed(),
        Value::Int64(n) => halves(*n),
        Value::UInt64(n) => halves(n.cast_signed()),
        Value::Single(n) => {
            if *n == 0.0 {
                0
            } else {
                n.to_bits().cast_signed()
            }
        }
        Value::Double(n) => {
            if *n == 0.0 {
                0
            } else {
                halves(n.to_bits().cast_signed())
            }
        }
        Value::Decimal(n) => hashed(&n.normalize()),
        Value::String(text) => {
            heap.spend(text.size());
            hashed(text)
        }
        Value::Guid(bytes) => bytes
            .chunks_exact(4)
            .enumerate()
            .fold(0, |hash, (part, word)| {
                let mut word: [u8; 4] = word.try_into().unwrap_or_default();
                // ToByteArray has the first three fields little-endian.
                match part {
                    0 => word.reverse(),
                    1 => {
                        let [a, b, c, d] = word;
                        word = [b, a, d, c];
                    }
                    _ => {}
                }
                hash ^ i32::from_le_bytes(word)
            }),
        Value::DateTime(ticks, _) => halves(*ticks),
        Value::DateTimeOffset(ticks, offset) => halves(time::utc(*ticks, *offset)),
        Value::TimeSpan(ticks) => halves(*ticks),
        Value::Enum(_, number) => low(*number),
        Value::Object(object) => match Record::of(value) {
            Some(record) => {
                heap.spend(RECORD);
                record.hash(heap)
            }
            None => object.hash_code(),
        },
        Value::Ref(id) => heap
            .object(*id)
            .and_then(|object| object.hash_code(heap))
            .unwrap_or_else(|| hashed(id)),
        Value::Host(handle) => handle.cast_signed(),
    }
}

/// The low 32 bits.
fn low(bits: i64) -> i32 {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// Thirty-two bits of a hash that is the same in every run.
pub(crate) fn hashed(value: &impl Hash) -> i32 {
    low(FixedState::default().hash_one(value).cast_signed())
}

/// `Comparer<T>.Default.Compare`: `null` before all else, texts by language. Throws on what has no order.
pub fn compare(heap: &Heap, a: &Value, b: &Value) -> Result<Ordering, Throw> {
    Ok(match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Single(a), Value::Single(b)) => compare_floats((*a).into(), (*b).into()),
        (Value::Double(a), Value::Double(b)) => compare_floats(*a, *b),
        (Value::Decimal(a), Value::Decimal(b)) => Decimal::cmp(a, b),
        (Value::String(a), Value::String(b)) => {
            heap.spend(a.size().min(b.size()).saturating_mul(64));
            collation::compare(a, b, false)
        }
        (Value::Guid(a), Value::Guid(b)) => a.cmp(b),
        (Value::DateTime(a, _), Value::DateTime(b, _))
        | (Value::TimeSpan(a), Value::TimeSpan(b)) => a.cmp(b),
        (Value::DateTimeOffset(a, x), Value::DateTimeOffset(b, y)) => {
            time::utc(*a, *x).cmp(&time::utc(*b, *y))
        }
        (Value::Ref(id), other) => match heap
            .object(*id)
            .and_then(|object| object.compare(heap, other))
        {
            Some(order) => order,
            None => return Err(no_order()),
        },
        (Value::Object(_), Value::Object(_)) => match (Record::of(a), Record::of(b)) {
            (Some(a), Some(b)) if !matches!(a.ty(), Type::Anonymous(_)) => {
                for (a, b) in a.fields().iter().zip(b.fields()) {
                    let order = compare(heap, a, b)?;
                    if order.is_ne() {
                        return Ok(order);
                    }
                }
                Ordering::Equal
            }
            _ => return Err(no_order()),
        },
        _ => match (a.as_integer(), b.as_integer()) {
            (Some(x), Some(y)) if std::mem::discriminant(a) == std::mem::discriminant(b) => {
                x.cmp(&y)
            }
            (Some(_), _) => {
                return Err(Throw::argument(format!(
                    "Object must be of type {}.",
                    type_in(heap, a)
                        .table()
                        .map_or("", |table| table.simple_name())
                )));
            }
            _ => return Err(no_order()),
        },
    })
}

fn no_order() -> Throw {
    Throw::argument("At least one object must implement IComparable.")
}

/// NaN before all numbers.
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Begins an enumeration, as `foreach` does. `NullReferenceException` of `null`, `InvalidCastException` of what has no elements.
pub fn iterate(machine: &mut Machine<'_>, value: &Value) -> Result<Box<dyn Iterate>, Throw> {
    let iterator = match value {
        Value::Null => return Err(Throw::null_reference()),
        Value::String(text) => {
            if text.as_ascii().is_none() {
                machine.work(text.size().saturating_mul(4))?;
            }
            Some(characters(text.clone()))
        }
        Value::Ref(id) => machine
            .heap
            .object(*id)
            .and_then(|object| object.iterate(*id)),
        Value::Object(object) => object.iterate(),
        Value::Host(handle) => {
            let elements = machine.host.elements(machine.heap, *handle)?;
            let mut elements = elements.into_iter();
            Some(from_fn(move |_| Ok(elements.next())))
        }
        _ => None,
    };
    iterator.ok_or_else(|| cannot_cast(&type_of(machine, value), "System.Collections.IEnumerable"))
}

fn characters(text: Str) -> Box<dyn Iterate> {
    if text.as_ascii().is_some() {
        let mut next = 0;
        return from_fn(move |_| {
            let unit = text.unit(next).map(Value::Char);
            next += 1;
            Ok(unit)
        });
    }
    let mut units = text.units().collect::<Vec<_>>().into_iter();
    from_fn(move |_| Ok(units.next().map(Value::Char)))
}

/// All elements at once.
pub fn collect(machine: &mut Machine<'_>, value: &Value) -> Result<Vec<Value>, Throw> {
    if let Some(array) = machine.heap.of::<Array>(value) {
        let length = array.len();
        machine.heap.grow(length, length)?;
        machine.step(u64::try_from(length).unwrap_or(u64::MAX))?;
        let array = machine.heap.of::<Array>(value);
        return Ok(array.map_or_else(Vec::new, |array| array.values().collect()));
    }
    let mut iterator = iterate(machine, value)?;
    let mut values = Vec::new();
    while let Some(value) = iterator.next(machine)? {
        machine.step(1)?;
        machine.heap.grow(values.len() + 1, 1)?;
        values.push(value);
    }
    Ok(values)
}

/// `value is T`.
pub fn is_instance(machine: &Machine<'_>, value: &Value, ty: &Type) -> bool {
    // The usual types are told apart without making a `Type`.
    let same = match value {
        Value::Null => return false,
        Value::Bool(_) => ty.is_bool(),
        Value::Int32(_) => ty.is_int(),
        Value::String(_) => ty.is_string(),
        _ => false,
    };
    if same {
        return true;
    }
    if is_plainly(value, ty) {
        return true;
    }
    let actual = type_of(machine, value);
    actual == *ty || machine.host.registry().is_assignable(&actual, ty)
}

/// Whether it is a `T` for the commonest types, found without making a type of the value.
#[inline]
pub fn is_plainly(value: &Value, ty: &Type) -> bool {
    match value {
        Value::String(_) => ty.is_string(),
        Value::Int32(_) => ty.is_int(),
        Value::Bool(_) => ty.is_bool(),
        Value::Int64(_) => ty.is_long(),
        Value::Double(_) => ty.is_double(),
        _ => false,
    }
}

/// `(T)value` of a reference or a boxed value: the value itself if it is a `T`.
///
/// As in .NET a boxed value unboxes to its exact type only (`(int)(object)5L` throws), except between an enum and its number.
pub fn cast(machine: &Machine<'_>, value: &Value, ty: &Type) -> Result<Value, Throw> {
    match (value, ty) {
        (Value::Null, ty) if ty.is_reference() || matches!(ty, Type::Nullable(_)) => {
            Ok(Value::Null)
        }
        (Value::Null, Type::Parameter(_)) => Ok(Value::Null),
        (Value::Null, _) => Err(Throw::null_reference()),
        (Value::Enum(_, number), ty) if ty.is_int() => Ok(Value::Int32(low(*number))),
        (Value::Int32(number), Type::Named(table, _)) if ty.is_enum() => {
            Ok(Value::Enum(*table, i64::from(*number)))
        }
        _ if is_instance(machine, value, ty) => Ok(value.clone()),
        _ => Err(cannot_cast(&type_of(machine, value), &ty.net_name())),
    }
}

fn cannot_cast(from: &Type, to: &str) -> Throw {
    Throw::invalid_cast(format!(
        "Unable to cast object of type '{}' to type '{to}'.",
        from.net_name()
    ))
}

/// `default(T)`.
pub fn default_of(ty: &Type) -> Value {
    use crate::value::DateTimeKind;
    let Type::Named(table, _) = ty else {
        return match ty {
            Type::Tuple(elements) => Value::object(Record::new(
                ty.clone(),
                elements
                    .iter()
                    .map(|(element, _)| default_of(element))
                    .collect::<Vec<_>>(),
            )),
            _ => Value::Null,
        };
    };
    if ty.is_enum() {
        return Value::Enum(*table, 0);
    }
    match table.0.name {
        "System.Boolean" => Value::Bool(false),
        "System.Char" => Value::Char(0),
        "System.SByte" => Value::SByte(0),
        "System.Byte" => Value::Byte(0),
        "System.Int16" => Value::Int16(0),
        "System.UInt16" => Value::UInt16(0),
        "System.Int32" => Value::Int32(0),
        "System.UInt32" => Value::UInt32(0),
        "System.Int64" => Value::Int64(0),
        "System.UInt64" => Value::UInt64(0),
        "System.Single" => Value::Single(0.0),
        "System.Double" => Value::Double(0.0),
        "System.Decimal" => Value::Decimal(Decimal::ZERO),
        "System.Guid" => Value::Guid([0; 16]),
        "System.DateTime" => Value::DateTime(0, DateTimeKind::Unspecified),
        "System.DateTimeOffset" => Value::DateTimeOffset(0, 0),
        "System.TimeSpan" => Value::TimeSpan(0),
        "System.Collections.Generic.KeyValuePair<TKey, TValue>" => Value::object(Record::new(
            ty.clone(),
            ty.arguments().iter().map(default_of).collect::<Vec<_>>(),
        )),
        _ => Value::Null,
    }
}
