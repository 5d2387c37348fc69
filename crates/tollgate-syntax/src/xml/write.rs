//! Writes a [`Document`] as policy text, raw or encoded.

use super::csharp_skip::{Skipped, View, skip};
use super::entity::{entity, push_escaped};
use super::mask::expression_kind;
use crate::{Attribute, Content, Document, Element, Expression, MappedText, Node};

/// The form to write a document in. Source: the policy REST API's `PolicyContentFormat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `rawxml`: expressions stand as they are, which is not well-formed XML.
    Raw,
    /// `xml`: well-formed XML, with `<`, `&` and quotes in expressions as entities.
    Encoded,
}

/// Writes a document as policy text. Reading the text again gives the same tree, if the document was read without
/// errors.
pub fn write(document: &Document, format: Format) -> String {
    let mut writer = Writer {
        out: String::new(),
        format,
    };
    writer.nodes(&document.before);
    writer.element(&document.root);
    writer.nodes(&document.after);
    writer.out
}

struct Writer {
    out: String,
    format: Format,
}

impl Writer {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Element(element) => self.element(element),
                Node::Text(text) => match &text.content {
                    Content::Literal(literal) => self.literal(literal, None),
                    Content::Expression(expression) => self.expression(expression, None),
                },
                Node::CData(text) => match &text.content {
                    Content::Literal(literal) => self.marked("<![CDATA[", literal.text(), "]]>"),
                    Content::Expression(expression) => {
                        self.marked("<![CDATA[", &verbatim(expression), "]]>");
                    }
                },
                Node::Comment(comment) => self.marked("<!--", &comment.text, "-->"),
                Node::Instruction(instruction) => self.marked("<?", &instruction.text, "?>"),
            }
        }
    }

    fn element(&mut self, element: &Element) {
        self.out.push('<');
        self.out.push_str(&element.name);
        for attribute in &element.attributes {
            self.attribute(attribute);
        }
        if element.self_closing {
            self.out.push_str(" />");
            return;
        }
        self.out.push('>');
        self.nodes(&element.children);
        self.marked("</", &element.name, ">");
    }

    fn attribute(&mut self, attribute: &Attribute) {
        let quote = attribute.quote.as_char();
        self.marked(" ", &attribute.name, "=");
        self.out.push(quote);
        match &attribute.value.content {
            Content::Literal(literal) => self.literal(literal, Some(quote)),
            Content::Expression(expression) => self.expression(expression, Some(quote)),
        }
        self.out.push(quote);
    }

    fn marked(&mut self, opening: &str, text: &str, closing: &str) {
        self.out.push_str(opening);
        self.out.push_str(text);
        self.out.push_str(closing);
    }

    /// A literal, in an attribute with these quotes or in text.
    fn literal(&mut self, literal: &MappedText, quote: Option<char>) {
        let text = literal.text();
        for (at, c) in text.char_indices() {
            // What looks like an expression and was none must not become one, nor be taken for one in text.
            let opens = || expression_kind(text.get(at..).unwrap_or_default()).is_some();
            push_escaped(&mut self.out, c, |c| match c {
                '<' | '&' | '\r' => true,
                '>' => quote.is_none(),
                '\n' | '\t' => quote.is_some(),
                '@' => opens(),
                _ => quote == Some(c),
            });
        }
    }

    fn expression(&mut self, expression: &Expression, quote: Option<char>) {
        let text = verbatim(expression);
        if self.format == Format::Raw && can_stand_raw(&text) {
            self.out.push_str(&text);
            return;
        }
        for c in text.chars() {
            // Line breaks in attributes are references, so that no XML reader makes spaces of them: `//` ends with one.
            push_escaped(&mut self.out, c, |c| match c {
                '<' | '>' | '&' | '"' | '\r' => true,
                '\n' | '\t' => quote.is_some(),
                _ => quote == Some(c),
            });
        }
    }
}

fn verbatim(expression: &Expression) -> String {
    let kind = expression.kind;
    format!(
        "{}{}{}",
        kind.opening(),
        expression.code.text(),
        kind.closing()
    )
}

/// Whether the expression, written as it is, would be read as the same.
fn can_stand_raw(text: &str) -> bool {
    let has_entity = text
        .match_indices('&')
        .any(|(at, _)| entity(text.as_bytes().get(at..).unwrap_or_default()).is_some());
    let ends_well = matches!(
        skip(text, 1..text.len(), View::Markup),
        Ok(Skipped { end, .. }) if end == text.len()
    );
    !has_entity && !text.contains('\r') && ends_well
}
