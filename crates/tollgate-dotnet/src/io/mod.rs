//! The namespace `System.IO`: what reads and writes strings.

mod string_reader;
mod string_writer;

use crate::member::{Call, TypeDef};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[
    &string_reader::TEXT_READER,
    &string_reader::STRING_READER,
    &string_writer::TEXT_WRITER,
    &string_writer::STRING_WRITER,
];

/// What is left of the reader in argument 0.
pub(crate) fn rest_of(call: &mut Call<'_, '_>, parameter: &str) -> Result<Str, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::argument_null(parameter));
    }
    string_reader::rest(call)
}

/// Writes a text with the writer in argument 1.
pub(crate) fn write(call: &mut Call<'_, '_>, text: Value) -> Result<Value, Throw> {
    let arguments = [call.arg(1).clone(), text];
    let mut inner = Call {
        machine: call.machine,
        arguments: &arguments,
        types: &[],
        prepared: None,
        outs: Default::default(),
    };
    string_writer::append_text(&mut inner)
}
