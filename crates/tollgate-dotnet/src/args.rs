//! Arguments of natives as Rust values, and results as .NET ones.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::collections::Array;
use crate::convert::{Primitive, convert};
use crate::globalization::culture_of;
use crate::member::Call;
use crate::number::NumberCulture;
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{DateTimeKind, Value};

impl<'c> Call<'c, '_> {
    /// Argument `index` as a string that may be null.
    pub fn opt_str(&self, index: usize) -> Option<&'c Str> {
        self.arg(index).as_str()
    }

    /// Argument `index` as a string: `ArgumentNullException` naming the parameter if it is null.
    pub fn text(&self, index: usize, parameter: &str) -> Result<&'c Str, Throw> {
        self.arg(index)
            .as_str()
            .ok_or_else(|| Throw::argument_null(parameter))
    }

    /// Argument `index` as any integer.
    pub fn integer(&self, index: usize) -> Result<i128, Throw> {
        let value = self.arg(index);
        value.as_integer().ok_or_else(|| not_valid(value))
    }

    /// Argument `index` as a `long`.
    pub fn long(&self, index: usize) -> Result<i64, Throw> {
        i64::try_from(self.integer(index)?).map_err(|_| not_valid(&Value::Null))
    }

    /// Argument `index` as a `double`; any number will do.
    pub fn double(&self, index: usize) -> Result<f64, Throw> {
        match convert(self.arg(index), Primitive::Double, false)? {
            Value::Double(number) => Ok(number),
            other => Err(not_valid(&other)),
        }
    }

    /// Argument `index` as a `decimal`.
    pub fn decimal(&self, index: usize) -> Result<Decimal, Throw> {
        match convert(self.arg(index), Primitive::Decimal, true)? {
            Value::Decimal(number) => Ok(number),
            other => Err(not_valid(&other)),
        }
    }

    /// Argument `index` as a count: `ArgumentOutOfRangeException` naming the parameter if it is negative.
    pub fn count(&self, index: usize, parameter: &str) -> Result<usize, Throw> {
        let number = self.int(index)?;
        usize::try_from(number).map_err(|_| {
            Throw::argument_out_of_range(format!(
                "{parameter} ('{number}') must be a non-negative value. (Parameter '{parameter}')\nActual value was {number}."
            ))
        })
    }

    /// Argument `index` as a `TimeSpan`, in ticks.
    pub fn span(&self, index: usize) -> Result<i64, Throw> {
        match self.arg(index) {
            Value::TimeSpan(ticks) => Ok(*ticks),
            other => Err(not_valid(other)),
        }
    }

    /// Argument `index` as a `DateTime`.
    pub fn date(&self, index: usize) -> Result<(i64, DateTimeKind), Throw> {
        match self.arg(index) {
            Value::DateTime(ticks, kind) => Ok((*ticks, *kind)),
            other => Err(not_valid(other)),
        }
    }

    /// Argument `index` as a `DateTimeOffset`: local ticks and minutes. A `DateTime` will do.
    pub fn moment(&self, index: usize) -> Result<(i64, i16), Throw> {
        match self.arg(index) {
            Value::DateTimeOffset(ticks, offset) => Ok((*ticks, *offset)),
            Value::DateTime(ticks, _) => Ok((*ticks, 0)),
            other => Err(not_valid(other)),
        }
    }

    /// Argument `index` as a member of an enum, by its number.
    pub fn flags(&self, index: usize) -> i64 {
        match self.arg(index) {
            Value::Enum(_, number) => *number,
            _ => 0,
        }
    }

    /// Argument `index` as an array: `ArgumentNullException` naming the parameter if it is null.
    pub fn array(&self, index: usize, parameter: &str) -> Result<&Array, Throw> {
        self.machine
            .heap
            .of(self.arg(index))
            .ok_or_else(|| Throw::argument_null(parameter))
    }

    /// Argument `index` as a `byte[]`, copied out.
    pub fn bytes(&self, index: usize, parameter: &str) -> Result<Vec<u8>, Throw> {
        let array = self.array(index, parameter)?;
        self.machine.heap.spend(array.len());
        array
            .as_bytes()
            .map(<[u8]>::to_vec)
            .ok_or_else(|| not_valid(&Value::Null))
    }

    /// How numbers are written where argument `index` is an `IFormatProvider`, null or not given.
    pub(crate) fn culture(&self, index: usize) -> NumberCulture {
        culture_of(self.arg(index))
    }

    /// The number's text in argument `index`, in the invariant culture whatever the provider among the arguments.
    pub(crate) fn number_text(&self, index: usize) -> Option<Cow<'c, str>> {
        let text = self.opt_str(index)?.to_utf8();
        let provider = self.arguments.iter().skip(index + 1);
        let provider = provider
            .rev()
            .find(|argument| matches!(argument, Value::Object(_)));
        Some(match provider {
            Some(provider) => culture_of(provider).invariant(text),
            None => text,
        })
    }

    /// A generic argument of the call.
    pub fn type_argument(&self, index: usize) -> Type {
        self.types.get(index).cloned().unwrap_or_else(Type::object)
    }

    /// A new string, within the limits, written byte by byte.
    pub fn new_text(&mut self, text: impl Into<Str>) -> Result<Value, Throw> {
        let text = text.into();
        self.room(text.size())?;
        self.work(text.size().saturating_mul(2))?;
        self.copied_text(text)
    }

    /// A new string, within the limits, copied as a whole or by large parts.
    pub fn copied_text(&mut self, text: impl Into<Str>) -> Result<Value, Throw> {
        let text = text.into();
        self.room(text.size())?;
        self.machine.heap.charge(text.size())?;
        Ok(Value::String(text))
    }

    /// Fails if a string of that many units would be too long.
    pub fn room(&self, units: usize) -> Result<(), Throw> {
        match units > self.machine.budget.string {
            true => Err(Throw::limit("it made a string longer than is allowed")),
            false => Ok(()),
        }
    }

    /// A new array, within the limits.
    pub fn new_array(&mut self, array: Array) -> Result<Value, Throw> {
        let each = if array.as_bytes().is_some() {
            1
        } else {
            size_of::<Value>()
        };
        if array.as_bytes().is_none() {
            self.machine.heap.room(array.len())?;
        }
        self.machine.heap.charge(array.len().saturating_mul(each))?;
        self.machine.heap.alloc(array)
    }

    /// A new `byte[]`.
    pub fn new_bytes(&mut self, bytes: Vec<u8>) -> Result<Value, Throw> {
        self.new_array(Array::bytes(bytes))
    }

    /// `ToString()` of argument `index`.
    pub fn to_text(&self, index: usize) -> Result<Str, Throw> {
        ops::to_text(self.machine, self.arg(index))
    }

    /// Charges steps for work that looks at elements one after the other, so that a loop around it stays bounded.
    pub fn work(&mut self, length: usize) -> Result<(), Throw> {
        self.machine.work(length)
    }

    /// The same for work on so many elements, one by one.
    pub fn element_work(&mut self, count: usize) -> Result<(), Throw> {
        self.machine.work(count.saturating_mul(128))
    }

    /// The same for reading the strings among the arguments.
    pub fn reading_work(&mut self) -> Result<(), Throw> {
        let texts = self.arguments.iter().filter_map(Value::as_str);
        let size = texts.map(Str::size).fold(0, usize::saturating_add);
        self.heavy_work(size.saturating_mul(4))
    }

    /// Charges for copying so many elements out of a collection; it is paid for after the call.
    pub(crate) fn elements_copied(&self, count: usize) {
        self.machine.heap.spend(count.saturating_mul(384));
    }

    /// The same for reading a string by a format, each part of which may look at the rest of the string.
    pub fn exact_work(&mut self) -> Result<(), Throw> {
        let texts = self.arguments.iter().filter_map(Value::as_str);
        let size = texts.map(Str::size).fold(0, usize::saturating_add);
        let square = |size: usize| size.saturating_mul(size);
        let mut work = square(size);
        for formats in self.arguments {
            let Some(formats) = self.machine.heap.of::<Array>(formats) else {
                continue;
            };
            self.elements_copied(formats.len());
            for format in formats.values() {
                let length = format.as_str().map_or(0, Str::size);
                work = work.saturating_add(square(size.saturating_add(length)).saturating_add(256));
            }
        }
        self.work(work)
    }

    /// The same for work that looks at each byte or unit, as parsing, encoding and hashing do.
    pub fn heavy_work(&mut self, length: usize) -> Result<(), Throw> {
        self.machine.work(length.saturating_mul(4))
    }
}

fn not_valid(_: &Value) -> Throw {
    Throw::invalid_cast("Specified cast is not valid.")
}

/// A length as .NET's `int`.
pub(crate) fn int(length: usize) -> Value {
    Value::Int32(i32::try_from(length).unwrap_or(i32::MAX))
}

/// An index, or -1.
pub(crate) fn index(place: Option<usize>) -> Value {
    place.map_or(Value::Int32(-1), int)
}

/// `-1`, `0` or `1`.
pub(crate) fn order(order: std::cmp::Ordering) -> Value {
    Value::Int32(match order {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    })
}
