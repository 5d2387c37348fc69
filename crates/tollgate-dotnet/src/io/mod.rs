//! The namespace `System.IO`: what reads and writes strings.

mod string_reader;
mod string_writer;

use crate::member::TypeDef;

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[
    &string_reader::TEXT_READER,
    &string_reader::STRING_READER,
    &string_writer::TEXT_WRITER,
    &string_writer::STRING_WRITER,
];
