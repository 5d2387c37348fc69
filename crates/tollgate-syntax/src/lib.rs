//! Reads Azure API Management policy text: spans, the document tree, the C# syntax tree, diagnostics.

pub mod csharp;
mod diagnostic;
mod document;
mod named_values;
#[cfg(feature = "render")]
mod render;
mod span;
mod xml;

pub use diagnostic::{Diagnostic, DiagnosticView, Label, LabelView, Place, Severity};
pub use document::{
    Attribute, Content, Document, DocumentKind, Element, Expression, ExpressionKind, Markup, Node,
    Quote, Text,
};
pub use named_values::{Unresolved, substitute, substitute_text};
#[cfg(feature = "render")]
pub use render::render;
pub use span::{FileId, MappedText, MappedTextBuilder, Position, SourceFile, Sources, Span};
pub use xml::{Format, parse, write};
