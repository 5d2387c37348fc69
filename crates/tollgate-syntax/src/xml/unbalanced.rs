//! Says why an expression has no end.

use std::ops::Range;

use super::csharp_skip::SkipError;
use super::decode::span_of;
use crate::{Diagnostic, FileId};

/// The finding for an expression that stands at `range`, its value's end included, and does not close within it.
pub(super) fn diagnostic(
    source: &str,
    file: FileId,
    range: Range<usize>,
    error: SkipError,
) -> Diagnostic {
    let char_at = |at: usize| span_of(file, at..at + 1);
    let expression = span_of(file, range.start..range.start + 2);
    let end = span_of(file, range.end..range.end);
    match error {
        SkipError::Bracket { open, at } => {
            let closing = closing(open);
            let is_outermost = at == range.start + 1;
            let diagnostic = if is_outermost {
                Diagnostic::error(
                    "unclosed-expression",
                    expression,
                    format!(
                        "this expression is not closed: there is no `{closing}` for its `{open}`"
                    ),
                )
            } else {
                Diagnostic::error(
                    "unclosed-bracket",
                    char_at(at),
                    format!("there is no `{closing}` for this `{open}`"),
                )
                .with_label(expression, "in the expression that begins here")
            };
            let diagnostic = diagnostic.with_label(end, "its value ends here");
            if last_line_has_comment(source.get(range).unwrap_or("")) {
                diagnostic.with_help(format!(
                    "a `//` comment takes in all of its line, a `{closing}` too: end the line before it, or write `/* … */`"
                ))
            } else {
                diagnostic.with_help(format!("add the missing `{closing}`"))
            }
        }
        SkipError::Mismatch {
            open,
            at,
            found,
            found_at,
        } => Diagnostic::error(
            "mismatched-bracket",
            char_at(found_at),
            format!("this `{found}` does not close the `{open}` that is open"),
        )
        .with_label(char_at(at), format!("this `{open}` is open"))
        .with_help(format!("close it with `{}` first", closing(open))),
        SkipError::String { at } => Diagnostic::error(
            "unclosed-string",
            char_at(at),
            "the string that begins here is not closed",
        )
        .with_label(expression, "in the expression that begins here")
        .with_help(
            "close it with `\"` on the same line; a string of several lines is written `@\"…\"`",
        ),
        SkipError::Char { at } => Diagnostic::error(
            "unclosed-char",
            char_at(at),
            "the character that begins here is not closed",
        )
        .with_label(expression, "in the expression that begins here")
        .with_help("close it with `'`; text of more than one character goes in `\"`"),
        SkipError::Comment { at } => Diagnostic::error(
            "unclosed-comment",
            span_of(file, at..at + 2),
            "the comment that begins here is not closed",
        )
        .with_label(expression, "in the expression that begins here")
        .with_help("close it with `*/`"),
    }
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn last_line_has_comment(code: &str) -> bool {
    code.lines().last().is_some_and(|line| line.contains("//"))
}
