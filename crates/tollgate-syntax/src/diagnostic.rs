//! One finding about policy text, as plain data.

use std::borrow::Cow;

use serde::Serialize;

use crate::{Sources, Span};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Loads and runs, perhaps not as meant.
    Warning,
    /// The document cannot be used as it stands.
    Error,
}

/// One finding: what is wrong, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// A stable name for the kind of finding: `unknown-policy`, or C#'s own such as `CS0103`.
    pub code: Cow<'static, str>,
    /// One sentence that says what is wrong.
    pub message: String,
    /// The place it is about.
    pub span: Span,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// What to do next.
    pub help: Option<String>,
    /// Changes that mend it; all of them together, if there are several.
    pub edits: Vec<Edit>,
}

/// A change of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// What is replaced; something empty where text is only put in.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

/// A second place of a diagnostic, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What it has to do with the finding.
    pub message: String,
}

impl Diagnostic {
    /// A finding that makes the document unusable.
    pub fn error(
        code: impl Into<Cow<'static, str>>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, code.into(), span, message.into())
    }

    /// A finding that may not be as meant.
    pub fn warning(
        code: impl Into<Cow<'static, str>>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, code.into(), span, message.into())
    }

    /// A finding that is worth knowing.
    pub fn note(
        code: impl Into<Cow<'static, str>>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Note, code.into(), span, message.into())
    }

    fn new(severity: Severity, code: Cow<'static, str>, span: Span, message: String) -> Self {
        Self {
            severity,
            code,
            message,
            span,
            labels: Vec::new(),
            help: None,
            edits: Vec::new(),
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a change that mends it.
    #[must_use]
    pub fn with_edit(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.edits.push(Edit { span, text });
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn with_label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Whether it makes the document unusable.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Replaces every occurrence of the given secrets in all its texts with `***`. Empty secrets are passed over.
    #[must_use]
    pub fn redact<S: AsRef<str>>(mut self, secrets: &[S]) -> Self {
        // The longest first, so that a secret within another leaves no rest of the longer one.
        let mut secrets: Vec<&str> = secrets.iter().map(AsRef::as_ref).collect();
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let texts = std::iter::once(&mut self.message)
            .chain(self.help.as_mut())
            .chain(self.labels.iter_mut().map(|label| &mut label.message));
        for text in texts {
            for secret in &secrets {
                if text.contains(secret) {
                    *text = text.replace(secret, "***");
                }
            }
        }
        self
    }

    /// This finding with names of files, lines and columns in the place of offsets: what tools read as JSON.
    pub fn view<'a>(&'a self, sources: &'a Sources) -> DiagnosticView<'a> {
        DiagnosticView {
            severity: self.severity,
            code: &self.code,
            message: &self.message,
            place: Place::of(self.span, sources),
            labels: self
                .labels
                .iter()
                .map(|label| LabelView {
                    message: &label.message,
                    place: Place::of(label.span, sources),
                })
                .collect(),
            help: self.help.as_deref(),
        }
    }
}

/// A [`Diagnostic`] with its places resolved, for serialising.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiagnosticView<'a> {
    /// How grave it is.
    pub severity: Severity,
    /// A stable name for the kind of finding.
    pub code: &'a str,
    /// One sentence that says what is wrong.
    pub message: &'a str,
    /// The place it is about.
    #[serde(flatten)]
    pub place: Place<'a>,
    /// Other places that explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelView<'a>>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<&'a str>,
}

/// A [`Label`] with its place resolved, for serialising.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelView<'a> {
    /// What it has to do with the finding.
    pub message: &'a str,
    /// The place.
    #[serde(flatten)]
    pub place: Place<'a>,
}

/// A span as people count it: lines and columns begin at 1, columns count characters, the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place<'a> {
    /// Name of the file; empty when the span is of no known file.
    pub file: &'a str,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

impl<'a> Place<'a> {
    /// Where a span stands.
    pub fn of(span: Span, sources: &'a Sources) -> Self {
        let Some(file) = sources.get(span.file) else {
            return Self {
                file: "",
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 1,
            };
        };
        let (start, end) = (file.position(span.start), file.position(span.end));
        Self {
            file: file.name(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_names_file_line_and_column() {
        let mut sources = Sources::new();
        let file = sources.add("a.xml", "<a>\n  <b/>\n</a>");
        let finding = Diagnostic::error(
            "unknown-policy",
            Span::new(file, 7, 8),
            "there is no policy `b`",
        )
        .with_help("remove it")
        .with_label(Span::new(file, 0, 3), "in here");
        let json = serde_json::json!(finding.view(&sources));
        assert_eq!(
            json,
            serde_json::json!({
                "severity": "error", "code": "unknown-policy", "message": "there is no policy `b`",
                "file": "a.xml", "line": 2, "column": 4, "end_line": 2, "end_column": 5,
                "labels": [{"message": "in here", "file": "a.xml", "line": 1, "column": 1, "end_line": 1, "end_column": 4}],
                "help": "remove it",
            })
        );
    }

    #[test]
    fn secrets_are_masked_everywhere() {
        let finding = Diagnostic::error("x", Span::default(), "got `key` and `keyring`")
            .with_help("not key")
            .with_label(Span::default(), "keyring here")
            .redact(&["key", "keyring", ""]);
        assert_eq!(finding.message, "got `***` and `***`");
        assert_eq!(finding.help.as_deref(), Some("not ***"));
        assert!(
            finding
                .labels
                .iter()
                .all(|label| label.message == "*** here")
        );
    }
}
