//! Reads Azure API Management policy text: spans, the document tree, the C# syntax tree, diagnostics.
