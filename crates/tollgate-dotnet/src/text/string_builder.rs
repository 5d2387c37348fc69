//! `System.Text.StringBuilder`.

use memchr::memmem;

use crate::args::int;
use crate::collections::Array;
use crate::formatting::compose;
use crate::heap::{Heap, HeapObject};
use crate::member::{Call, Member, Native, TypeDef, TypeKind, member};
use crate::number::NumberCulture;
use crate::ops;
use crate::str::{Builder, Str};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[&STRING_BUILDER];

/// `System.Text.StringBuilder`.
static STRING_BUILDER: TypeDef = TypeDef {
    name: "System.Text.StringBuilder",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("new()", create),
    member("new(int capacity)", create),
    member("new(string value)", create),
    member("new(string value, int capacity)", create),
    member("int Length { get; }", |call| length(call).map(int)),
    member("int Length { set; }", set_length),
    member("int Capacity { get; }", |call| {
        let length = length(call)?;
        Ok(int(this(call)?.capacity_for(length)))
    }),
    member("int Capacity { set; }", |call| {
        let capacity = call.count(1, "value")?;
        call.room(capacity)?;
        let length = length(call)?;
        let text = this(call)?;
        if capacity < length || capacity > text.most {
            return Err(Throw::argument_out_of_range(
                "capacity was less than the current size. (Parameter 'value')",
            ));
        }
        text.capacity = capacity;
        Ok(Value::Null)
    }),
    member("char this[int index] { get; }", |call| {
        let place = usize::try_from(call.int(1)?).ok();
        let text = current(call)?;
        let unit = place.and_then(|place| text.unit(place));
        if text.as_ascii().is_none() {
            call.heavy_work(place.unwrap_or(0))?;
        }
        unit.map(Value::Char).ok_or_else(Throw::index_out_of_range)
    }),
    member("char this[int index] { set; }", set_char),
    member("StringBuilder Append(string value)", append),
    member("StringBuilder Append(char value)", append),
    member(
        "StringBuilder Append(char value, int repeatCount)",
        append_repeated,
    ),
    member("StringBuilder Append(char[] value)", append_chars),
    member("StringBuilder Append(bool value)", append),
    member("StringBuilder Append(int value)", append),
    member("StringBuilder Append(long value)", append),
    member("StringBuilder Append(double value)", append),
    member("StringBuilder Append(decimal value)", append),
    member("StringBuilder Append(object value)", append),
    member(
        "StringBuilder Append(string value, int startIndex, int count)",
        append_part,
    ),
    member("StringBuilder AppendLine()", append_line),
    member("StringBuilder AppendLine(string value)", append_line),
    member(
        "StringBuilder AppendFormat(string format, object arg0)",
        append_format,
    ),
    member(
        "StringBuilder AppendFormat(string format, object arg0, object arg1)",
        append_format,
    ),
    member(
        "StringBuilder AppendFormat(string format, object arg0, object arg1, object arg2)",
        append_format,
    ),
    member(
        "StringBuilder AppendFormat(string format, params object[] args)",
        append_format_all,
    ),
    member(
        "StringBuilder AppendJoin(string separator, params object[] values)",
        append_join,
    ),
    member(
        "StringBuilder AppendJoin(string separator, params string[] values)",
        append_join,
    ),
    member(
        "StringBuilder AppendJoin<T>(string separator, IEnumerable<T> values)",
        append_join,
    ),
    member(
        "StringBuilder AppendJoin(char separator, params object[] values)",
        append_join,
    ),
    member(
        "StringBuilder AppendJoin(char separator, params string[] values)",
        append_join,
    ),
    member(
        "StringBuilder AppendJoin<T>(char separator, IEnumerable<T> values)",
        append_join,
    ),
    member(
        "StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0)",
        append_format_in,
    ),
    member(
        "StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0, object arg1)",
        append_format_in,
    ),
    member(
        "StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0, object arg1, object arg2)",
        append_format_in,
    ),
    member(
        "StringBuilder AppendFormat(IFormatProvider provider, string format, params object[] args)",
        append_format_in,
    ),
    member(
        "StringBuilder Append(char[] value, int startIndex, int charCount)",
        append_some_chars,
    ),
    member("StringBuilder Append(StringBuilder value)", append),
    member(
        "StringBuilder Append(StringBuilder value, int startIndex, int count)",
        append_part,
    ),
    member("StringBuilder Append(float value)", append),
    member("StringBuilder Append(byte value)", append),
    member("StringBuilder Append(short value)", append),
    member("StringBuilder Append(uint value)", append),
    member("StringBuilder Append(ulong value)", append),
    member("new(int capacity, int maxCapacity)", |call| {
        match call.count(0, "capacity")? > call.count(1, "maxCapacity")? {
            true => Err(Throw::argument_out_of_range(
                "Capacity exceeds maximum capacity. (Parameter 'capacity')",
            )),
            false => {
                let most = call.count(1, "maxCapacity")?;
                let made = create(call)?;
                if let Some(text) = call.machine.heap.of_mut::<Text>(&made) {
                    text.most = most;
                }
                Ok(made)
            }
        }
    }),
    member(
        "new(string value, int startIndex, int length, int capacity)",
        |call| {
            let (start, length) = (call.count(1, "startIndex")?, call.count(2, "length")?);
            let text = call.opt_str(0).cloned().unwrap_or_default();
            let done = text.substring(start, length);
            let done = done.ok_or_else(|| out_of_range("length"))?;
            let capacity = call.count(3, "capacity")?;
            call.machine
                .heap
                .alloc(Text::new(&STRING_BUILDER, done, capacity))
        },
    ),
    member("int MaxCapacity { get; }", |call| Ok(int(this(call)?.most))),
    member("int EnsureCapacity(int capacity)", |call| {
        let capacity = call.count(1, "capacity")?;
        let length = length(call)?;
        let text = this(call)?;
        text.capacity = text.capacity_for(length).max(capacity);
        Ok(int(text.capacity))
    }),
    member(
        "void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)",
        |call| {
            let (from, to, count) = (
                call.count(1, "sourceIndex")?,
                call.count(3, "destinationIndex")?,
                call.count(4, "count")?,
            );
            let text = current(call)?;
            if text.as_ascii().is_none() {
                call.heavy_work(text.size())?;
            }
            call.work(count.saturating_mul(16))?;
            let part = text.substring(from, count);
            let part = part.ok_or_else(|| out_of_range("sourceIndex"))?;
            let target = call.machine.heap.of_mut::<Array>(call.arg(2));
            let target = target.ok_or_else(|| Throw::argument_null("destination"))?;
            if to.saturating_add(count) > target.len() {
                return Err(Throw::argument(
                    "Either offset did not refer to a position in the string, or there is an insufficient length of destination character array.",
                ));
            }
            for (offset, unit) in part.units().enumerate() {
                target.set(to + offset, Value::Char(unit));
            }
            Ok(Value::Null)
        },
    ),
    member(
        "StringBuilder Insert(int index, string value, int count)",
        |call| {
            let (place, count) = (call.count(1, "index")?, call.count(3, "count")?);
            let value = call.to_text(2)?;
            let size = value.size().saturating_mul(count);
            call.room(size)?;
            call.work(size)?;
            let repeated = Str::concat(&vec![&value; count]);
            insert_text(call, place, &repeated)
        },
    ),
    member("StringBuilder Insert(int index, char[] value)", |call| {
        let place = call.count(1, "index")?;
        let value = match call.arg(2) {
            Value::Null => Str::EMPTY,
            _ => chars(call, 2)?,
        };
        insert_text(call, place, &value)
    }),
    member(
        "StringBuilder Replace(string oldValue, string newValue, int startIndex, int count)",
        replace,
    ),
    member(
        "StringBuilder Replace(char oldChar, char newChar, int startIndex, int count)",
        replace,
    ),
    member("StringBuilder Insert(int index, string value)", insert),
    member("StringBuilder Insert(int index, char value)", insert),
    member("StringBuilder Insert(int index, bool value)", insert),
    member("StringBuilder Insert(int index, sbyte value)", insert),
    member("StringBuilder Insert(int index, byte value)", insert),
    member("StringBuilder Insert(int index, short value)", insert),
    member("StringBuilder Insert(int index, int value)", insert),
    member("StringBuilder Insert(int index, long value)", insert),
    member("StringBuilder Insert(int index, float value)", insert),
    member("StringBuilder Insert(int index, double value)", insert),
    member("StringBuilder Insert(int index, decimal value)", insert),
    member("StringBuilder Insert(int index, ushort value)", insert),
    member("StringBuilder Insert(int index, uint value)", insert),
    member("StringBuilder Insert(int index, ulong value)", insert),
    member("StringBuilder Insert(int index, object value)", insert),
    member(
        "StringBuilder Insert(int index, char[] value, int startIndex, int charCount)",
        |call| {
            let place = call.count(1, "index")?;
            let (start, count) = (call.count(3, "startIndex")?, call.count(4, "charCount")?);
            let part = chars(call, 2)?.substring(start, count);
            let part = part.ok_or_else(|| out_of_range("startIndex"))?;
            insert_text(call, place, &part)
        },
    ),
    member("StringBuilder Append(sbyte value)", append),
    member("StringBuilder Append(ushort value)", append),
    member("StringBuilder Remove(int startIndex, int length)", remove),
    member(
        "StringBuilder Replace(string oldValue, string newValue)",
        replace,
    ),
    member("StringBuilder Replace(char oldChar, char newChar)", replace),
    member("StringBuilder Clear()", |call| put(call, Str::EMPTY)),
    member("string ToString()", |call| {
        let text = current(call)?;
        call.copied_text(text)
    }),
    member("string ToString(int startIndex, int length)", |call| {
        let (start, length) = (call.count(1, "startIndex")?, call.count(2, "length")?);
        let text = current(call)?
            .substring(start, length)
            .ok_or_else(|| out_of_range("length"))?;
        call.copied_text(text)
    }),
    member("bool Equals(StringBuilder sb)", |call| {
        let other = call.machine.heap.of::<Text>(call.arg(1)).map(Text::text);
        Ok((Some(current(call)?) == other).into())
    }),
];

/// A string that grows: what was finished, and what was appended since.
#[derive(Debug)]
struct Text {
    table: &'static TypeDef,
    done: Str,
    tail: Builder,
    /// How long it may be without growing, as far as it was told; and how long at most.
    capacity: usize,
    most: usize,
    /// Of a `StringWriter`: what ends a line, and the builder that it writes to, if that is another.
    new_line: Str,
    builder: Value,
}

impl Text {
    fn new(table: &'static TypeDef, done: Str, capacity: usize) -> Self {
        Text {
            table,
            capacity: match capacity {
                0 => 16.max(done.len()),
                capacity => capacity.max(done.len()),
            },
            done,
            tail: Builder::default(),
            most: usize::try_from(i32::MAX).unwrap_or(usize::MAX),
            new_line: Str::from_static("\n"),
            builder: Value::Null,
        }
    }

    /// The capacity at that length: grown by a block if need be.
    fn capacity_for(&self, length: usize) -> usize {
        match length.checked_sub(self.capacity) {
            None | Some(0) => self.capacity,
            Some(more) => self.capacity + more.max(self.capacity.min(8000)),
        }
    }

    fn text(&self) -> Str {
        match self.tail.size() {
            0 => self.done.clone(),
            _ => self.tail.to_str(&self.done),
        }
    }
}

impl HeapObject for Text {
    fn type_of(&self) -> Type {
        Type::plain(self.table)
    }

    fn to_text(&self, heap: &Heap) -> Result<Option<Str>, Throw> {
        let other = heap.of::<Text>(&self.builder);
        Ok(Some(other.unwrap_or(self).text()))
    }
}

fn out_of_range(parameter: &str) -> Throw {
    Throw::argument_out_of_range(format!(
        "Index was out of range. Must be non-negative and less than or equal to the size of the collection. (Parameter '{parameter}')"
    ))
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    create_as(call, &STRING_BUILDER)
}

/// A text that grows, under another type: a `StringWriter` is one.
pub(crate) fn create_as(call: &mut Call<'_, '_>, table: &'static TypeDef) -> Result<Value, Throw> {
    let done = call.opt_str(0).cloned().unwrap_or_default();
    let capacity = (0..2).find_map(|index| match call.arg(index) {
        Value::Int32(_) => Some(call.count(index, "capacity")),
        _ => None,
    });
    let capacity = capacity.transpose()?.unwrap_or(0);
    let mut text = Text::new(table, done, capacity);
    if call.machine.heap.of::<Text>(call.arg(0)).is_some() {
        text.builder = call.arg(0).clone();
    }
    call.machine.heap.alloc(text)
}

/// The text in argument 0.
fn this<'c>(call: &'c mut Call<'_, '_>) -> Result<&'c mut Text, Throw> {
    let value = call.arg(0);
    let text = call.machine.heap.of_mut(value);
    text.ok_or_else(Throw::null_reference)
}

/// What the text in argument 0 is kept in: itself, or the builder that a writer writes to.
fn kept(call: &Call<'_, '_>) -> Value {
    match call.machine.heap.of::<Text>(call.arg(0)) {
        Some(text) if !text.builder.is_null() => text.builder.clone(),
        _ => call.arg(0).clone(),
    }
}

/// The builder of a writer, which writes to it from now on.
pub(crate) fn builder_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if this(call)?.builder.is_null() {
        let done = current(call)?;
        let text = Text::new(&STRING_BUILDER, done, 0);
        let builder = call.machine.heap.alloc(text)?;
        this(call)?.builder = builder;
    }
    Ok(this(call)?.builder.clone())
}

/// What ends a writer's lines.
pub(crate) fn new_line(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(this(call)?.new_line.clone().into())
}

/// Sets what ends a writer's lines; its usual for null.
pub(crate) fn set_new_line(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let new_line = call.opt_str(1).cloned();
    this(call)?.new_line = new_line.unwrap_or_else(|| Str::from_static("\n"));
    Ok(Value::Null)
}

/// The text as it is now. Asking costs a copy, so it is kept until the next change.
pub(crate) fn current(call: &mut Call<'_, '_>) -> Result<Str, Throw> {
    let value = kept(call);
    let heap = &mut call.machine.heap;
    let this = heap
        .of_mut::<Text>(&value)
        .ok_or_else(Throw::null_reference)?;
    let pending = this.tail.size();
    if pending > 0 {
        this.done = this.text();
        this.tail = Builder::default();
        let size = this.done.size();
        call.work(size)?;
        return current(call);
    }
    Ok(this.done.clone())
}

/// Replaces the text.
/// How many units it has.
fn length(call: &mut Call<'_, '_>) -> Result<usize, Throw> {
    let text = current(call)?;
    if text.as_ascii().is_none() {
        call.heavy_work(text.size())?;
    }
    Ok(text.len())
}

fn put(call: &mut Call<'_, '_>, text: Str) -> Result<Value, Throw> {
    call.room(text.size())?;
    call.work(text.size().saturating_mul(2))?;
    if text.as_ascii().is_none() {
        call.heavy_work(text.size())?;
    }
    let value = call.arg(0);
    let heap = &mut call.machine.heap;
    let this = heap
        .of_mut::<Text>(value)
        .ok_or_else(Throw::null_reference)?;
    this.done = text;
    this.tail = Builder::default();
    Ok(value.clone())
}

fn append_text(call: &mut Call<'_, '_>, text: &Str) -> Result<Value, Throw> {
    let value = kept(call);
    call.machine.heap.charge(text.size())?;
    let heap = &mut call.machine.heap;
    let this = heap
        .of_mut::<Text>(&value)
        .ok_or_else(Throw::null_reference)?;
    let size = this.tail.size() + this.done.size();
    // A text has at least as many bytes as units.
    if size + text.size() > this.most && this.text().len() + text.len() > this.most {
        return Err(Throw::argument_out_of_range(
            "The length cannot be greater than the capacity. (Parameter 'valueCount')",
        ));
    }
    this.tail.push(text);
    call.room(size + text.size())?;
    Ok(call.arg(0).clone())
}

pub(crate) fn append(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.to_text(1)?;
    append_text(call, &text)
}

fn append_repeated(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (unit, count) = (call.char(1)?, call.count(2, "repeatCount")?);
    call.room(count)?;
    append_text(call, &Str::from_utf16(&vec![unit; count]))
}

/// The text of the `char[]` in an argument.
fn chars(call: &Call<'_, '_>, index: usize) -> Result<Str, Throw> {
    let unit = |value| match value {
        Value::Char(unit) => unit,
        _ => 0,
    };
    let units: Vec<u16> = call.array(index, "value")?.values().map(unit).collect();
    Ok(Str::from_utf16(&units))
}

pub(crate) fn append_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(1).is_null() {
        return Ok(call.arg(0).clone());
    }
    let text = chars(call, 1)?;
    append_text(call, &text)
}

pub(crate) fn append_some_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (start, count) = (call.count(2, "startIndex")?, call.count(3, "charCount")?);
    let part = chars(call, 1)?.substring(start, count);
    append_text(call, &part.ok_or_else(|| out_of_range("startIndex"))?)
}

fn append_part(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (start, count) = (call.count(2, "startIndex")?, call.count(3, "count")?);
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("value"));
    }
    let part = call.to_text(1)?.substring(start, count);
    append_text(call, &part.ok_or_else(|| out_of_range("startIndex"))?)
}

pub(crate) fn append_line(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arguments.len() > 1 {
        append(call)?;
    }
    let end = this(call)?.new_line.clone();
    append_text(call, &end)
}

/// `WriteLine` after another way to write.
pub(crate) fn append_line_after(call: &mut Call<'_, '_>, write: Native) -> Result<Value, Throw> {
    write(call)?;
    let end = this(call)?.new_line.clone();
    append_text(call, &end)
}

fn append_composed(call: &mut Call<'_, '_>, values: &[Value]) -> Result<Value, Throw> {
    let format = call.text(1, "format")?;
    let text = compose(call.machine, format, values, &NumberCulture::INVARIANT)?;
    append_text(call, &text)
}

fn append_format_in(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let culture = call.culture(1);
    let format = call.text(2, "format")?.clone();
    let rest = call.arguments.get(3..).unwrap_or_default();
    let values = match rest {
        [array] if call.machine.heap.of::<Array>(array).is_some() => {
            ops::collect(call.machine, array)?
        }
        values => values.to_vec(),
    };
    let text = compose(call.machine, &format, &values, &culture)?;
    append_text(call, &text)
}

pub(crate) fn append_format(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    append_composed(call, call.arguments.get(2..).unwrap_or_default())
}

pub(crate) fn append_format_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let values: Vec<Value> = call.array(2, "args")?.values().collect();
    append_composed(call, &values)
}

fn append_join(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let separator = call.to_text(1)?;
    for (index, value) in ops::collect(call.machine, call.arg(2))?.iter().enumerate() {
        if index > 0 {
            append_text(call, &separator)?;
        }
        let text = ops::to_text(call.machine, value)?;
        append_text(call, &text)?;
    }
    Ok(call.arg(0).clone())
}

/// The text before and after a place.
fn halves(text: &Str, place: usize) -> Option<(Str, Str)> {
    let rest = text.len().checked_sub(place)?;
    Some((text.substring(0, place)?, text.substring(place, rest)?))
}

fn insert(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (place, value) = (call.count(1, "index")?, call.to_text(2)?);
    insert_text(call, place, &value)
}

fn insert_text(call: &mut Call<'_, '_>, place: usize, value: &Str) -> Result<Value, Throw> {
    let text = current(call)?;
    let (before, after) = halves(&text, place).ok_or_else(|| out_of_range("index"))?;
    put(call, Str::concat(&[&before, value, &after]))
}

fn remove(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (start, length) = (call.count(1, "startIndex")?, call.count(2, "length")?);
    let text = current(call)?;
    let end = start
        .checked_add(length)
        .ok_or_else(|| out_of_range("length"))?;
    let (_, after) = halves(&text, end).ok_or_else(|| out_of_range("length"))?;
    let (before, _) = halves(&text, start).ok_or_else(|| out_of_range("startIndex"))?;
    put(call, Str::concat(&[&before, &after]))
}

fn replace(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (old, new) = (call.to_text(1)?, call.to_text(2)?);
    if old.is_empty() {
        return Err(Throw::argument(
            "The value cannot be an empty string. (Parameter 'oldValue')",
        ));
    }
    let text = current(call)?;
    let (first, end) = match call.arg(3) {
        Value::Int32(_) => {
            let (first, count) = (call.count(3, "startIndex")?, call.count(4, "count")?);
            let end = first.checked_add(count).filter(|end| *end <= text.len());
            (first, end.ok_or_else(|| out_of_range("count"))?)
        }
        _ => (0, text.len()),
    };
    let part = text.substring(first, end - first).unwrap_or_default();
    let mut result = Builder::default();
    result.push(&text.substring(0, first).unwrap_or_default());
    let mut start = 0;
    if let (Some(hay), Some(needle)) = (part.as_utf8(), old.as_utf8()) {
        call.work(hay.len().saturating_add(needle.len()))?;
        for place in memmem::find_iter(hay.as_bytes(), needle) {
            result.push_str(hay.get(start..place).unwrap_or_default());
            result.push(&new);
            start = place + needle.len();
            call.machine.step(1)?;
            call.room(result.size())?;
        }
        result.push_str(hay.get(start..).unwrap_or_default());
    } else {
        // With a surrogate alone in it, by units.
        while let Some(place) = part.find(&old, start) {
            call.heavy_work(part.size())?;
            result.push(&part.substring(start, place - start).unwrap_or_default());
            result.push(&new);
            start = place + old.len();
            call.room(result.size())?;
        }
        let rest = part.substring(start, part.len().saturating_sub(start));
        result.push(&rest.unwrap_or_default());
    }
    let rest = text.substring(end, text.len().saturating_sub(end));
    result.push(&rest.unwrap_or_default());
    put(call, result.finish())
}

fn set_length(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = call.count(1, "value")?;
    call.room(length)?;
    let text = current(call)?;
    let text = match text.substring(0, length) {
        Some(text) => text,
        None => Str::concat(&[&text, &"\0".repeat(length - text.len()).into()]),
    };
    put(call, text)
}

fn set_char(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (place, unit) = (call.count(1, "index")?, call.char(2)?);
    let text = current(call)?;
    call.heavy_work(text.size())?;
    let mut units: Vec<u16> = text.units().collect();
    *units.get_mut(place).ok_or_else(|| out_of_range("index"))? = unit;
    put(call, Str::from_utf16(&units))
}
