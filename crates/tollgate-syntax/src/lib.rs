//! Reads Azure API Management policy text: spans, the document tree, the C# syntax tree, diagnostics.

pub mod csharp;
mod diagnostic;
mod span;

pub use diagnostic::{Diagnostic, DiagnosticView, Label, LabelView, Place, Severity};
pub use span::{FileId, MappedText, MappedTextBuilder, Position, SourceFile, Sources, Span};
