//! `System.IO.StringWriter` and its base.

use crate::member::{TypeDef, TypeKind, member, pure};
use crate::text::string_builder::{
    append, append_chars, append_format, append_format_all, append_line, create_as, current,
};
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
        member("string ToString()", |call| {
            let text = current(call)?;
            call.new_text(text)
        }),
    ],
};

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
