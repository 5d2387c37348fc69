//! `System.IO.StringReader` and its base.

use crate::collections::Array;
use crate::heap::HeapObject;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.IO.TextReader`.
pub(super) static TEXT_READER: TypeDef = TypeDef {
    name: "System.IO.TextReader",
    kind: TypeKind::Class,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member("string ReadLine()", read_line),
        member("string ReadToEnd()", |call| {
            let units = this(call)?.take(usize::MAX);
            call.new_text(units)
        }),
        member("int Read()", |call| {
            let reader = this(call)?;
            let unit = reader.peek();
            reader.next = reader.units.len().min(reader.next.saturating_add(1));
            Ok(code(unit))
        }),
        member("int Read(char[] buffer, int index, int count)", read_block),
        member(
            "int ReadBlock(char[] buffer, int index, int count)",
            read_block,
        ),
        member("int Peek()", |call| Ok(code(this(call)?.peek()))),
        member("void Close()", close),
        member("void Dispose()", close),
    ],
};

/// `System.IO.StringReader`.
pub(super) static STRING_READER: TypeDef = TypeDef {
    name: "System.IO.StringReader",
    kind: TypeKind::Class,
    bases: &["TextReader"],
    values: &[],
    members: &[member("new(string s)", |call| {
        let units: Vec<u16> = call.text(0, "s")?.units().collect();
        call.machine.heap.charge(units.len().saturating_mul(2))?;
        call.work(units.len())?;
        call.machine.heap.alloc(Reader {
            units,
            next: 0,
            closed: false,
        })
    })],
};

#[derive(Debug)]
struct Reader {
    units: Vec<u16>,
    next: usize,
    closed: bool,
}

impl Reader {
    fn rest(&self) -> &[u16] {
        self.units.get(self.next..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u16> {
        self.rest().first().copied()
    }

    /// At most that many units, which are read then.
    fn take(&mut self, count: usize) -> Str {
        let count = count.min(self.rest().len());
        let text = Str::from_utf16(self.rest().get(..count).unwrap_or_default());
        self.next += count;
        text
    }
}

impl HeapObject for Reader {
    fn type_of(&self) -> Type {
        Type::plain(&STRING_READER)
    }
}

/// All that is left of the reader in argument 0.
pub(super) fn rest(call: &mut Call<'_, '_>) -> Result<Str, Throw> {
    Ok(this(call)?.take(usize::MAX))
}

fn this<'c>(call: &'c mut Call<'_, '_>) -> Result<&'c mut Reader, Throw> {
    let value = call.arg(0);
    let reader = call.machine.heap.of_mut::<Reader>(value);
    let reader = reader.ok_or_else(Throw::null_reference)?;
    if reader.closed {
        return Err(Throw::new(
            "System.ObjectDisposedException",
            "Cannot read from a closed TextReader.",
        ));
    }
    Ok(reader)
}

/// Up to a line feed, a carriage return or both; `null` at the end.
fn read_line(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let reader = this(call)?;
    let (feed, carriage) = (u16::from(b'\n'), u16::from(b'\r'));
    let rest = reader.rest();
    if rest.is_empty() {
        return Ok(Value::Null);
    }
    let end = rest.iter().position(|unit| [feed, carriage].contains(unit));
    let line = reader.take(end.unwrap_or(usize::MAX));
    if reader.peek() == Some(carriage) {
        reader.next += 1;
        reader.next += usize::from(reader.peek() == Some(feed));
    } else {
        reader.next += usize::from(reader.peek() == Some(feed));
    }
    call.work(line.size())?;
    call.new_text(line)
}

/// Into an array; gives how many there were.
fn read_block(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (to, count) = (call.count(2, "index")?, call.count(3, "count")?);
    if call.array(1, "buffer")?.len() < to.saturating_add(count) {
        return Err(Throw::argument(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
        ));
    }
    let part = this(call)?.take(count);
    call.work(part.size())?;
    let target = call.arg(1);
    if let Some(array) = call.machine.heap.of_mut::<Array>(target) {
        for (offset, unit) in part.units().enumerate() {
            array.set(to + offset, Value::Char(unit));
        }
    }
    Ok(crate::args::int(part.len()))
}

fn code(unit: Option<u16>) -> Value {
    Value::Int32(unit.map_or(-1, i32::from))
}

fn close(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if let Some(reader) = call.machine.heap.of_mut::<Reader>(call.arg(0)) {
        reader.closed = true;
    }
    Ok(Value::Null)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use crate::testing::{call, shown, with_machine};

    #[test]
    fn lines_end_at_each_kind_of_break() {
        with_machine(|machine| {
            let new = call(
                machine,
                "System.IO.StringReader",
                "new",
                &["a\r\nż\n\nd\re".into()],
            );
            let reader = new.unwrap();
            let mut line = |name| {
                let result = call(
                    machine,
                    "System.IO.TextReader",
                    name,
                    std::slice::from_ref(&reader),
                );
                shown(machine, result)
            };
            let lines: Vec<_> = (0..3).map(|_| line("ReadLine")).collect();
            assert_eq!(lines, ["a", "ż", ""]);
            assert_eq!((line("Peek"), line("Read")), ("100".into(), "100".into()));
            assert_eq!(line("ReadLine"), "");
            assert_eq!(line("ReadToEnd"), "e");
            assert_eq!(
                (line("ReadLine"), line("Read")),
                ("null".into(), "-1".into())
            );
            line("Dispose");
            assert_eq!(line("Read"), "!System.ObjectDisposedException");
        });
    }
}
