//! Reads policy text into a [`Document`]: the masked text by quick-xml, what the mask covers from the file itself.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::attributes::Attribute as XmlAttribute;
use quick_xml::events::{BytesStart, Event};

use super::decode::{Role, decode, span_of, unix_line_breaks};
use super::findings::Findings;
use super::mask::{Hole, Masked, mask};
use super::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH};
use crate::{
    Attribute, Content, Diagnostic, Document, DocumentKind, Element, Expression, FileId, Markup,
    Node, Quote, Sources, Span, Text, span,
};

/// Reads a policy file, raw or encoded or both at once. Never fails: what can be read is in the tree, what cannot is
/// in the findings, all of them at once and in the order of the file. `None` when there is no root element.
///
/// Limits: 4 MiB of text, elements nested 200 deep, 256 attributes in one element, 100 findings.
/// An expression whose entities all stand in C# strings is taken for encoded when the file as a whole is well-formed
/// XML, and for raw otherwise.
pub fn parse(file: FileId, sources: &Sources) -> (Option<Document>, Vec<Diagnostic>) {
    let mut findings = Findings::new(file);
    let source = sources.get(file).map_or("", |file| file.text());
    if source.len() > MAX_BYTES {
        findings.report(
            Diagnostic::error(
                "file-too-large",
                span_of(file, 0..0),
                format!(
                    "the file has {} bytes; {MAX_BYTES} are allowed",
                    source.len()
                ),
            )
            .with_help("split it into fragments"),
        );
        return (None, findings.finish());
    }
    let masked = mask(source, &mut findings);
    let document = DocumentReader::new(source, &masked, &mut findings).read();
    (document, findings.finish())
}

struct DocumentReader<'s, 'f> {
    source: &'s str,
    masked: &'s Masked,
    findings: &'f mut Findings,
    /// The elements that are open, the outermost first.
    open: Vec<Element>,
    /// How many elements are open beyond the allowed depth.
    too_deep: usize,
    before: Vec<Node>,
    root: Option<Element>,
    after: Vec<Node>,
    has_reported_outside: bool,
}

impl<'s, 'f> DocumentReader<'s, 'f> {
    fn new(source: &'s str, masked: &'s Masked, findings: &'f mut Findings) -> Self {
        Self {
            source,
            masked,
            findings,
            open: Vec::new(),
            too_deep: 0,
            before: Vec::new(),
            root: None,
            after: Vec::new(),
            has_reported_outside: false,
        }
    }

    fn read(mut self) -> Option<Document> {
        let mut reader = Reader::from_str(&self.masked.text);
        let config = reader.config_mut();
        // Matching tags is done here, where both ends of a mismatch are known.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let mut start = 0;
        loop {
            let event = reader.read_event();
            let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let range = start..end;
            match event {
                Ok(Event::Start(tag)) => self.start(&tag, range),
                Ok(Event::Empty(tag)) => {
                    self.start(&tag, range);
                    self.close(end, end, true);
                }
                Ok(Event::End(tag)) => self.end(tag.name().as_ref(), range),
                Ok(Event::Text(_) | Event::GeneralRef(_)) => self.text(range),
                Ok(Event::CData(_)) => self.cdata(range),
                Ok(Event::Comment(_)) => {
                    let markup = self.markup(range, 4, 3);
                    self.add(Node::Comment(markup));
                }
                Ok(Event::Decl(_) | Event::PI(_)) => {
                    let markup = self.markup(range, 2, 2);
                    self.add(Node::Instruction(markup));
                }
                // The mask has reported and removed it.
                Ok(Event::DocType(_)) => {}
                Ok(Event::Eof) => break,
                Err(error) => {
                    let at = usize::try_from(reader.error_position()).unwrap_or(end);
                    self.report(Diagnostic::error(
                        "xml",
                        self.span(at..at),
                        error.to_string(),
                    ));
                    break;
                }
            }
            start = end;
        }
        self.finish()
    }

    fn finish(mut self) -> Option<Document> {
        let end = self.source.len();
        while let Some(element) = self.open.last() {
            if !self.masked.is_cut {
                self.findings.report(unclosed(element, None));
            }
            self.close(end, end, false);
        }
        let Some(root) = self.root else {
            if !self.masked.is_cut {
                self.findings.report(
                    Diagnostic::error(
                        "no-root",
                        span_of(self.findings.file(), 0..0),
                        "the file has no root element",
                    )
                    .with_help("a policy document is `<policies>…</policies>`, a fragment `<fragment>…</fragment>`"),
                );
            }
            return None;
        };
        let kind = DocumentKind::of_root(&root.name);
        if kind == DocumentKind::Unknown {
            self.findings.report(
                Diagnostic::error(
                    "unknown-root",
                    root.name_span,
                    format!("`{}` is not the root of a policy document", root.name),
                )
                .with_help("the root is `policies`, `fragment`, or a resolver's `http-data-source`, `sql-data-source`, `cosmosdb-data-source`"),
            );
        }
        Some(Document {
            file: self.findings.file(),
            kind,
            before: self.before,
            root,
            after: self.after,
        })
    }

    fn start(&mut self, tag: &BytesStart<'_>, range: Range<usize>) {
        if self.too_deep > 0 || self.open.len() >= MAX_DEPTH {
            if self.too_deep == 0 {
                self.report(
                    Diagnostic::error(
                        "nested-too-deep",
                        self.span(range.start..range.start + 1),
                        format!("elements are nested more than {MAX_DEPTH} deep"),
                    )
                    .with_help("move the inner ones into a fragment"),
                );
            }
            self.too_deep += 1;
            return;
        }
        let name = tag.name().as_ref().to_owned();
        let name_span = self.span(range.start + 1..range.start + 1 + name.len());
        if self.open.is_empty()
            && let Some(root) = &self.root
        {
            let diagnostic = Diagnostic::error(
                "second-root",
                name_span,
                format!("`{name}` stands after the root element"),
            )
            .with_label(root.name_span, "the root element")
            .with_help("a file has one root element: move this into it, or into a file of its own");
            self.report_outside(diagnostic);
        }
        let attributes = self.attributes(tag);
        self.open.push(Element {
            name: name.into(),
            name_span,
            // The ends are set when it closes.
            span: self.span(range.clone()),
            inner_span: self.span(range.end..range.end),
            self_closing: false,
            attributes,
            children: Vec::new(),
        });
    }

    fn attributes(&mut self, tag: &BytesStart<'_>) -> Vec<Attribute> {
        let mut attributes: Vec<Attribute> = Vec::new();
        for found in tag.html_attributes().with_checks(false).flatten() {
            let Some(attribute) = self.attribute(&found) else {
                continue;
            };
            if attributes.len() == MAX_ATTRIBUTES {
                self.report(Diagnostic::error(
                    "too-many-attributes",
                    attribute.name_span,
                    format!("an element has no more than {MAX_ATTRIBUTES} attributes"),
                ));
                break;
            }
            let first = attributes.iter().find(|first| first.name == attribute.name);
            match first {
                Some(first) => {
                    let diagnostic = Diagnostic::error(
                        "duplicate-attribute",
                        attribute.name_span,
                        format!("the attribute `{}` is given twice", attribute.name),
                    )
                    .with_label(first.name_span, "given here first")
                    .with_help("remove one of them");
                    self.report(diagnostic);
                }
                None => attributes.push(attribute),
            }
        }
        attributes
    }

    fn attribute(&mut self, found: &XmlAttribute<'_>) -> Option<Attribute> {
        let name = found.key.as_ref();
        let name_start = self.offset_of(name)?;
        let name_span = self.span(name_start..name_start + name.len());
        let value_start = self.offset_of(&found.value);
        let quote = value_start
            .and_then(|start| self.source.get(..start))
            .and_then(|before| before.chars().next_back());
        let quote = match quote {
            Some('"') => Quote::Double,
            Some('\'') => Quote::Single,
            _ => {
                self.report(
                    Diagnostic::error(
                        "unquoted-value",
                        name_span,
                        format!("the attribute `{name}` has no value in quotes"),
                    )
                    .with_help(format!("write `{name}=\"…\"`")),
                );
                Quote::Double
            }
        };
        let start = value_start.unwrap_or(name_start + name.len());
        let range = start..start + found.value.len();
        let content = match self.hole_in(range.clone()) {
            Some(hole) => {
                self.refuse_text_after(hole, hole.range.end..range.end);
                Content::Expression(self.expression(hole))
            }
            None => Content::Literal(decode(
                self.source,
                range.clone(),
                Role::Attribute,
                self.findings,
            )),
        };
        Some(Attribute {
            name: name.into(),
            name_span,
            quote,
            value: Text {
                span: self.span(range),
                content,
            },
        })
    }

    fn end(&mut self, name: &str, range: Range<usize>) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        match self.open.iter().rposition(|open| &*open.name == name) {
            Some(depth) => self.close_down_to(depth, range),
            None => self.stray_end(name, range),
        }
    }

    /// An end tag that no open element has the name of: it closes the one it was meant for, or else nothing.
    fn stray_end(&mut self, name: &str, range: Range<usize>) {
        let span = self.span(range.clone());
        let meant = self
            .open
            .iter()
            .rposition(|open| is_similar(&open.name, name));
        let innermost = self.open.len().checked_sub(1);
        let meant = meant.or(innermost.filter(|_| self.parent_ends_after(range.end)));
        let Some(shown) = meant.or(innermost).and_then(|depth| self.open.get(depth)) else {
            self.report(
                Diagnostic::error(
                    "unmatched-end-tag",
                    span,
                    format!("`</{name}>` closes nothing: no element is open"),
                )
                .with_help("remove it"),
            );
            return;
        };
        let open = &shown.name;
        let diagnostic = Diagnostic::error(
            "unmatched-end-tag",
            span,
            format!("`</{name}>` does not close `{open}`, which is open"),
        )
        .with_label(shown.name_span, format!("`{open}` begins here"))
        .with_help(match meant {
            Some(_) => format!("write `</{open}>`"),
            None => format!("remove it, or open `<{name}>` before it"),
        });
        self.report(diagnostic);
        if let Some(depth) = meant {
            self.close_down_to(depth, range);
        }
    }

    /// Closes the element at this depth with the end tag at `tag`, and those in it that were left open.
    fn close_down_to(&mut self, depth: usize, tag: Range<usize>) {
        let span = self.span(tag.clone());
        while self.open.len() > depth + 1 {
            if let Some(element) = self.open.last() {
                self.findings.report(unclosed(element, Some(span)));
            }
            self.close(tag.start, tag.start, false);
        }
        self.close(tag.start, tag.end, false);
    }

    /// Whether the next tag ends the element around the innermost one, so that the innermost must have ended before.
    fn parent_ends_after(&self, at: usize) -> bool {
        let parent = self.open.iter().rev().nth(1);
        let rest = self.masked.text.get(at..).unwrap_or("");
        parent.is_some_and(|parent| {
            rest.trim_ascii_start()
                .strip_prefix("</")
                .and_then(|rest| rest.strip_prefix(&*parent.name))
                .is_some_and(|rest| rest.trim_ascii_start().starts_with('>'))
        })
    }

    /// Closes the innermost element: its inside ends at `inner_end`, all of it at `end`.
    fn close(&mut self, inner_end: usize, end: usize, self_closing: bool) {
        if self_closing && self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let Some(mut element) = self.open.pop() else {
            return;
        };
        element.span.end = span::offset(end);
        element.inner_span.end = span::offset(inner_end);
        element.self_closing = self_closing;
        if !self.open.is_empty() {
            self.add(Node::Element(element));
        } else if self.root.is_none() {
            self.root = Some(element);
        }
    }

    fn add(&mut self, node: Node) {
        if self.too_deep > 0 {
            return;
        }
        let nodes = match (self.open.last_mut(), &self.root) {
            (Some(element), _) => &mut element.children,
            (None, None) => &mut self.before,
            (None, Some(_)) => &mut self.after,
        };
        nodes.push(node);
    }

    fn text(&mut self, range: Range<usize>) {
        if self.open.is_empty() {
            self.text_outside(range);
            return;
        }
        let Some(hole) = self.hole_in(range.clone()) else {
            self.literal(range);
            return;
        };
        self.literal(range.start..hole.range.start);
        let expression = self.expression(hole);
        self.add(Node::Text(Text {
            span: expression.span,
            content: Content::Expression(expression),
        }));
        self.refuse_text_after(hole, hole.range.end..range.end);
        self.literal(hole.range.end..range.end);
    }

    fn literal(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let text = decode(self.source, range.clone(), Role::Text, self.findings);
        let node = Node::Text(Text {
            span: self.span(range),
            content: Content::Literal(text),
        });
        self.add(node);
    }

    fn text_outside(&mut self, range: Range<usize>) {
        // What is blank in the mask was blank in the file, or was removed and reported.
        let is_blank = |text: &str| {
            text.get(range.clone())
                .is_none_or(|t| t.trim_ascii().is_empty())
        };
        if !is_blank(&self.masked.text) {
            let text = self.text_of(range.clone()).trim_ascii_start();
            let start = range.end - text.len();
            let first_line = text.lines().next().unwrap_or("").len();
            let diagnostic = Diagnostic::error(
                "text-outside-root",
                self.span(start..start + first_line),
                "text stands outside of the root element",
            )
            .with_help("remove it, or make it a comment: `<!-- … -->`");
            self.report_outside(diagnostic);
        } else if is_blank(self.source) {
            self.literal(range);
        }
    }

    fn cdata(&mut self, range: Range<usize>) {
        let inside = range.start + 9..range.end.saturating_sub(3);
        if self.open.is_empty() {
            let diagnostic = Diagnostic::error(
                "text-outside-root",
                self.span(range),
                "text stands outside of the root element",
            )
            .with_help("remove it");
            self.report_outside(diagnostic);
            return;
        }
        let content = match self.hole_in(inside.clone()) {
            Some(hole) => {
                self.refuse_text_after(hole, hole.range.end..inside.end);
                Content::Expression(self.expression(hole))
            }
            None => Content::Literal(decode(
                self.source,
                inside.clone(),
                Role::Raw,
                self.findings,
            )),
        };
        self.add(Node::CData(Text {
            span: self.span(inside),
            content,
        }));
    }

    fn markup(&self, range: Range<usize>, opening: usize, closing: usize) -> Markup {
        let inside = range.start + opening..range.end.saturating_sub(closing);
        Markup {
            text: unix_line_breaks(self.text_of(inside)),
            span: self.span(range),
        }
    }

    fn expression(&mut self, hole: &Hole) -> Expression {
        let Range { start, end } = hole.range;
        let code = start + 2..if hole.is_closed { end - 1 } else { end };
        let role = if hole.is_encoded {
            Role::Encoded
        } else {
            Role::Raw
        };
        Expression {
            kind: hole.kind,
            span: self.span(hole.range.clone()),
            code: decode(self.source, code, role, self.findings),
            closed: hole.is_closed,
        }
    }

    /// The expression that a value begins with.
    fn hole_in(&self, range: Range<usize>) -> Option<&'s Hole> {
        let start = range.end - self.text_of(range.clone()).trim_ascii_start().len();
        let holes = &self.masked.holes;
        let found = holes.binary_search_by_key(&start, |hole| hole.range.start);
        found
            .ok()
            .and_then(|index| holes.get(index))
            .filter(|hole| hole.range.end <= range.end)
    }

    fn refuse_text_after(&mut self, hole: &Hole, range: Range<usize>) {
        let text = self.text_of(range.clone());
        let rest = text.trim_ascii();
        // Where an unclosed expression ends is a guess, and has been reported.
        if rest.is_empty() || !hole.is_closed {
            return;
        }
        let start = range.end - text.trim_ascii_start().len();
        let closing = hole.kind.closing();
        self.report(
            Diagnostic::error(
                "text-after-expression",
                self.span(start..start + rest.len()),
                "text follows the expression in the same value",
            )
            .with_label(
                self.span(hole.range.end - 1..hole.range.end),
                format!("the expression ends at this `{closing}`"),
            )
            .with_help(
                "a value is a literal or one expression: take the text in, as `@(… + \"text\")`",
            ),
        );
    }

    /// Reports only the first of what stands outside of the root: the others have the same cause.
    fn report_outside(&mut self, diagnostic: Diagnostic) {
        if !self.has_reported_outside {
            self.has_reported_outside = true;
            self.report(diagnostic);
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.report(diagnostic);
    }

    fn span(&self, range: Range<usize>) -> Span {
        span_of(self.findings.file(), range)
    }

    fn text_of(&self, range: Range<usize>) -> &'s str {
        self.source.get(range).unwrap_or("")
    }

    /// Where a part of the masked text, as quick-xml hands it out, begins in it; `None` for text from elsewhere.
    fn offset_of(&self, part: &str) -> Option<usize> {
        let text = &self.masked.text;
        let offset = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        (offset + part.len() <= text.len()).then_some(offset)
    }
}

/// Whether one name may be the other, misspelt.
fn is_similar(name: &str, other: &str) -> bool {
    strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase()) > 0.85
}

fn unclosed(element: &Element, closed_by: Option<Span>) -> Diagnostic {
    let name = &element.name;
    let diagnostic = Diagnostic::error(
        "unclosed-element",
        element.name_span,
        format!("the element `{name}` is not closed"),
    )
    .with_help(format!(
        "close it with `</{name}>`, or as `<{name}/>` when nothing stands in it"
    ));
    match closed_by {
        Some(span) => diagnostic.with_label(span, "the element around it ends here"),
        None => diagnostic,
    }
}
