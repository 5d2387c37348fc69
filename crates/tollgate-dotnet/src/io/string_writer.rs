//! `System.IO.StringWriter` and its base.

use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::text::string_builder::{
    append, append_chars, append_format, append_format_all, append_line, append_line_after,
    append_some_chars, builder_of, create_as, current, new_line, set_new_line,
};
use crate::throw::Throw;
use crate::value::Value;

/// `System.IO.TextWriter`.
pub(super) static TEXT_WRITER: TypeDef = TypeDef {
    name: "System.IO.TextWriter",
    kind: TypeKind::Class,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member("void Write(string value)", append),
        member("void Write(char value)", append),
        member("void Write(char[] buffer)", append_chars),
        member("void Write(bool value)", append),
        member("void Write(int value)", append),
        member("void Write(long value)", append),
        member("void Write(double value)", append),
        member("void Write(decimal value)", append),
        member("void Write(object value)", append),
        member("void Write(string format, object arg0)", append_format),
        member(
            "void Write(string format, object arg0, object arg1)",
            append_format,
        ),
        member(
            "void Write(string format, object arg0, object arg1, object arg2)",
            append_format,
        ),
        member(
            "void Write(string format, params object[] arg)",
            append_format_all,
        ),
        member("void WriteLine()", append_line),
        member("void WriteLine(string value)", append_line),
        member("void WriteLine(object value)", append_line),
        member("void WriteLine(char value)", append_line),
        member("void WriteLine(bool value)", append_line),
        member("void WriteLine(int value)", append_line),
        member("void WriteLine(uint value)", append_line),
        member("void WriteLine(long value)", append_line),
        member("void WriteLine(ulong value)", append_line),
        member("void WriteLine(float value)", append_line),
        member("void WriteLine(double value)", append_line),
        member("void WriteLine(decimal value)", append_line),
        member("void WriteLine(char[] buffer)", |call| {
            append_line_after(call, append_chars)
        }),
        member(
            "void WriteLine(char[] buffer, int index, int count)",
            |call| append_line_after(call, append_some_chars),
        ),
        member("void WriteLine(StringBuilder value)", append_line),
        member("void WriteLine(string format, object arg0)", |call| {
            append_line_after(call, append_format)
        }),
        member(
            "void WriteLine(string format, object arg0, object arg1)",
            |call| append_line_after(call, append_format),
        ),
        member(
            "void WriteLine(string format, object arg0, object arg1, object arg2)",
            |call| append_line_after(call, append_format),
        ),
        member(
            "void WriteLine(string format, params object[] arg)",
            |call| append_line_after(call, append_format_all),
        ),
        member("void Write(uint value)", append),
        member("void Write(ulong value)", append),
        member("void Write(float value)", append),
        member("void Write(StringBuilder value)", append),
        member(
            "void Write(char[] buffer, int index, int count)",
            append_some_chars,
        ),
        member("string NewLine { get; }", new_line),
        member("string NewLine { set; }", set_new_line),
        pure("IFormatProvider FormatProvider { get; }", |_| {
            Ok(crate::globalization::invariant())
        }),
        pure("Encoding Encoding { get; }", |_| {
            Ok(crate::text::utf16_unmarked())
        }),
        pure("void Flush()", |_| Ok(Value::Null)),
        pure("void Close()", |_| Ok(Value::Null)),
        pure("void Dispose()", |_| Ok(Value::Null)),
    ],
};

/// `System.IO.StringWriter`.
pub(super) static STRING_WRITER: TypeDef = TypeDef {
    name: "System.IO.StringWriter",
    kind: TypeKind::Class,
    bases: &["TextWriter"],
    values: &[],
    members: &[
        member("new()", |call| create_as(call, &STRING_WRITER)),
        member("new(IFormatProvider formatProvider)", |call| {
            create_as(call, &STRING_WRITER)
        }),
        member("new(StringBuilder sb)", writer_of),
        member(
            "new(StringBuilder sb, IFormatProvider formatProvider)",
            writer_of,
        ),
        member("StringBuilder GetStringBuilder()", builder_of),
        member("string ToString()", |call| {
            let text = current(call)?;
            call.new_text(text)
        }),
    ],
};

/// Writes the text in argument 1.
pub(super) fn append_text(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    append(call)
}

fn writer_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::argument_null("sb")),
        _ => create_as(call, &STRING_WRITER),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use crate::ops;
    use crate::testing::{call, with_machine};
    use crate::value::Value;

    #[test]
    fn what_is_written_is_its_text() {
        with_machine(|machine| {
            let writer = call(machine, "System.IO.StringWriter", "new", &[]).unwrap();
            for (name, arguments) in [
                ("Write", vec![Value::from("a{0}"), Value::Int32(1)]),
                ("Write", vec![Value::Char(98)]),
                ("WriteLine", vec![]),
            ] {
                let arguments: Vec<_> = [writer.clone()].into_iter().chain(arguments).collect();
                call(machine, "System.IO.TextWriter", name, &arguments).unwrap();
            }
            assert_eq!(ops::to_text(machine, &writer).unwrap().to_utf8(), "a1b\n");
        });
    }
}
