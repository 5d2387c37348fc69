//! Puts the values of named values, `{{name}}`, into literals and expressions.

use std::ops::Range;

use crate::xml::whole_expression;
use crate::{Content, Expression, MappedText, MappedTextBuilder, Span, Text};

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
/// value stays as it is and is returned. Values are not looked through for further names, and nothing in them is
/// escaped: a quote in a value ends the C# string it is put into, as it does in the service.
/// Source: api-management-howto-properties.md.
pub fn substitute(
    text: &Text,
    value_of: &dyn Fn(&str) -> Option<String>,
) -> (Content, Vec<Unresolved>) {
    match &text.content {
        Content::Expression(expression) => {
            let (code, unresolved) = substitute_text(&expression.code, value_of);
            let expression = Expression {
                code,
                ..expression.clone()
            };
            (Content::Expression(expression), unresolved)
        }
        Content::Literal(literal) => {
            let (replaced, unresolved) = substitute_text(literal, value_of);
            let content = if replaced == *literal {
                Content::Literal(replaced)
            } else {
                as_expression(&replaced).map_or(Content::Literal(replaced), Content::Expression)
            };
            (content, unresolved)
        }
    }
}

/// Replaces each `{{name}}` in a text, as [`substitute`] does, and leaves it a text.
pub fn substitute_text(
    text: &MappedText,
    value_of: &dyn Fn(&str) -> Option<String>,
) -> (MappedText, Vec<Unresolved>) {
    let mut out = MappedTextBuilder::new(text.origin());
    let mut unresolved = Vec::new();
    let mut done = 0;
    for reference in references(text.text()) {
        let name = text
            .text()
            .get(reference.start + 2..reference.end - 2)
            .unwrap_or("");
        let span = text.span(reference.clone());
        match value_of(name) {
            Some(value) => {
                out.push_mapped(text, done..reference.start);
                out.push_replaced(&value, span);
                done = reference.end;
            }
            None => unresolved.push(Unresolved {
                name: name.to_owned(),
                span,
            }),
        }
    }
    if done == 0 {
        return (text.clone(), unresolved);
    }
    out.push_mapped(text, done..text.text().len());
    (out.finish(), unresolved)
}

/// Where the text has `{{name}}`.
fn references(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let open = at + rest.find("{{")?;
            let inside = text.get(open + 2..)?;
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            let after = inside.trim_start_matches(is_name);
            let length = inside.len() - after.len();
            if length > 0 && after.starts_with("}}") {
                at = open + 2 + length + 2;
                return Some(open..at);
            }
            at = open + 1;
        }
    })
}

/// The expression that a text is as a whole, white space around it aside.
fn as_expression(text: &MappedText) -> Option<Expression> {
    let (kind, range) = whole_expression(text.text())?;
    Some(Expression {
        kind,
        span: text.span(range.clone()),
        code: text.slice(range.start + 2..range.end - 1)?,
        closed: true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{ExpressionKind, FileId};

    fn value_of(name: &str) -> Option<String> {
        Some(match name {
            "a" => "1".into(),
            "key.of-my_own" => "se\"cret".into(),
            "again" => "{{a}}".into(),
            "code" => "@(context.Api.Id + {{a}})".into(),
            "half" => "@(context.Api".into(),
            "empty" => String::new(),
            _ => return None,
        })
    }

    fn literal(text: &str) -> Text {
        let span = Span::new(FileId(0), 10, 10 + u32::try_from(text.len()).unwrap());
        Text {
            span,
            content: Content::Literal(MappedText::verbatim(text, span)),
        }
    }

    #[test]
    fn values_take_the_place_of_their_names() {
        for (text, expected, missing) in [
            ("{{a}}", "1", vec![]),
            ("x{{a}}y{{key.of-my_own}}", "x1yse\"cret", vec![]),
            ("{{again}}", "{{a}}", vec![]),
            ("{{a}}{{b}}{{a}}", "1{{b}}1", vec!["b"]),
            ("{{ a }} {{}} {{a} }{a}}", "{{ a }} {{}} {{a} }{a}}", vec![]),
            ("{{{a}}}", "{1}", vec![]),
            ("{{body.user name}}", "{{body.user name}}", vec![]),
            ("[{{empty}}]", "[]", vec![]),
            ("{{half}}", "@(context.Api", vec![]),
            ("no {{half}})", "no @(context.Api)", vec![]),
        ] {
            let (content, unresolved) = substitute(&literal(text), &value_of);
            assert!(
                matches!(&content, Content::Literal(found) if found.text() == expected),
                "{text}: {content:?}"
            );
            let names: Vec<_> = unresolved.iter().map(|found| &*found.name).collect();
            assert_eq!(names, missing, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_an_expression_makes_one() {
        let (content, _) = substitute(&literal(" {{code}} "), &value_of);
        let Content::Expression(expression) = content else {
            unreachable!("{content:?}");
        };
        assert_eq!(expression.kind, ExpressionKind::Single);
        assert_eq!(expression.code.text(), "context.Api.Id + {{a}}");
        assert_eq!(expression.span, Span::new(FileId(0), 11, 19));
        assert_eq!(expression.code.span(0..7), expression.span);
    }

    #[test]
    fn a_literal_that_only_looks_like_an_expression_stays_one() {
        let (content, _) = substitute(&literal("@(1)"), &value_of);
        assert!(matches!(content, Content::Literal(_)));
    }

    #[test]
    fn code_is_filled_in_and_maps_back() {
        let span = Span::new(FileId(0), 100, 111);
        let text = Text {
            span,
            content: Content::Expression(Expression {
                kind: ExpressionKind::Single,
                span,
                code: MappedText::verbatim("{{a}}+{{b}}", span),
                closed: true,
            }),
        };
        let (content, unresolved) = substitute(&text, &value_of);
        let Content::Expression(expression) = content else {
            unreachable!("{content:?}");
        };
        assert_eq!(expression.code.text(), "1+{{b}}");
        assert_eq!(expression.code.span(0..1), Span::new(FileId(0), 100, 105));
        assert_eq!(expression.code.span(1..2), Span::new(FileId(0), 105, 106));
        assert_eq!(unresolved.len(), 1);
        assert_eq!(
            unresolved.first().unwrap().span,
            Span::new(FileId(0), 106, 111)
        );
    }
}
