//! Reads Azure API Management policy text: spans, the document tree, the C# syntax tree, diagnostics.
//!
//! [`parse`] reads a file, raw or encoded, into a [`Document`]; [`write()`] writes it back in either form. What is wrong
//! with it comes as [`Diagnostic`]s, all at once. [`substitute`] fills in named values. [`csharp`] reads the code of
//! expressions. Nothing here does any I/O, and nothing fails or panics, whatever the text.
//!
//! ```
//! use tollgate_syntax::{Format, Sources, parse, write};
//!
//! let mut sources = Sources::new();
//! let file = sources.add("policy.xml", r#"<policies><inbound>
//!   <set-header name="Id"><value>@(context.Variables.GetValueOrDefault<string>("id"))</value></set-header>
//! </inbound></policies>"#);
//! let (document, findings) = parse(file, &sources);
//! assert!(findings.is_empty());
//! let encoded = write(&document.unwrap(), Format::Encoded);
//! assert!(encoded.contains("<value>@(context.Variables.GetValueOrDefault&lt;string&gt;(&quot;id&quot;))</value>"));
//! ```

pub mod csharp;
mod diagnostic;
mod document;
mod named_values;
#[cfg(feature = "render")]
mod render;
mod span;
mod xml;

pub use diagnostic::{Diagnostic, DiagnosticView, Edit, Label, LabelView, Place, Severity};
pub use document::{
    Attribute, Content, Document, DocumentKind, Element, Expression, ExpressionKind, Markup, Node,
    Quote, Text,
};
pub use named_values::{Unresolved, substitute, substitute_text};
#[cfg(feature = "render")]
pub use render::render;
pub use span::{FileId, MappedText, MappedTextBuilder, Position, SourceFile, Sources, Span};
pub use xml::{Caret, Format, Spot, Tag, caret, format, parse, write};
