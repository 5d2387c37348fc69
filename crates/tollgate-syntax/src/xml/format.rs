//! Lays policy documents out in one style.

use crate::csharp::layout;
use crate::{
    Attribute, Content, Document, DocumentKind, Element, Expression, ExpressionKind, Node, Sources,
    Text,
};

/// A start tag that is longer has each attribute on a line of its own.
const WIDEST: usize = 120;

/// Elements whose inside is text for somebody else, byte for byte.
const VERBATIM: [&str; 4] = [
    "set-body",
    "xsl-transform",
    "cross-domain",
    "cross-domain-policy",
];

/// The document in one style: four spaces for each element that is open, a line for each element that stands beside others,
/// an empty line at most between them, C# laid out as [`layout`] does. Text, comments and what is written in entities stay
/// as they are. Reading the result gives the same policies; a document of an unknown kind stays as it is.
///
/// ```
/// use tollgate_syntax::{Sources, format, parse};
///
/// let mut sources = Sources::new();
/// let text = "<policies><inbound>\n<base/><set-method>@( a==b )</set-method></inbound></policies>";
/// let file = sources.add("a.xml", text);
/// let (document, _) = parse(file, &sources);
/// assert_eq!(
///     format(&document.unwrap(), &sources),
///     "<policies>\n    <inbound>\n        <base />\n        <set-method>@(a == b)</set-method>\n    </inbound>\n</policies>\n"
/// );
/// ```
pub fn format(document: &Document, sources: &Sources) -> String {
    let mut formatter = Formatter {
        sources,
        out: String::new(),
    };
    if document.kind == DocumentKind::Unknown {
        let file = sources.get(document.file);
        return file.map_or_else(String::new, |file| file.text().to_owned());
    }
    for node in &document.before {
        formatter.beside_root(node);
    }
    formatter.element(&document.root, 0);
    formatter.out.push('\n');
    for node in &document.after {
        formatter.beside_root(node);
    }
    // Line breaks are those of the file.
    let crlf = (sources.get(document.file)).is_some_and(|file| file.text().contains("\r\n"));
    match crlf {
        true => formatter.out.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => formatter.out,
    }
}

struct Formatter<'a> {
    sources: &'a Sources,
    out: String,
}

impl Formatter<'_> {
    /// Comments and instructions before and behind the root: a line each.
    fn beside_root(&mut self, node: &Node) {
        if let Node::Comment(_) | Node::Instruction(_) = node {
            self.out.push_str(self.sources.text(node.span()));
            self.out.push('\n');
        }
    }

    fn element(&mut self, element: &Element, depth: usize) {
        self.start_tag(element, depth);
        if element.self_closing {
            return;
        }
        self.inside(element, depth);
        self.out.push_str("</");
        self.out.push_str(&element.name);
        self.out.push('>');
    }

    fn start_tag(&mut self, element: &Element, depth: usize) {
        let values: Vec<_> = (element.attributes.iter())
            .map(|attribute| self.attribute(attribute, depth))
            .collect();
        let first_line = |value: &String| value.split('\n').next().unwrap_or_default().len() + 1;
        let width =
            depth * 4 + 1 + element.name.len() + values.iter().map(first_line).sum::<usize>();
        let between = match width > WIDEST && values.len() > 1 {
            true => format!("\n{}", indent(depth + 1)),
            false => " ".to_owned(),
        };
        self.out.push('<');
        self.out.push_str(&element.name);
        for value in values {
            self.out.push_str(&between);
            self.out.push_str(&value);
        }
        self.out
            .push_str(if element.self_closing { " />" } else { ">" });
    }

    fn attribute(&self, attribute: &Attribute, depth: usize) -> String {
        let quote = attribute.quote.as_char();
        let value = match &attribute.value.content {
            Content::Literal(_) => self.sources.text(attribute.value.span).to_owned(),
            Content::Expression(expression) => self.expression(expression, depth),
        };
        format!("{}={quote}{value}{quote}", attribute.name)
    }

    /// The expression; as it is, if it is written in entities.
    fn expression(&self, expression: &Expression, depth: usize) -> String {
        let source = self.sources.text(expression.span);
        let (kind, code) = (expression.kind, expression.code.text());
        let raw = format!("{}{code}{}", kind.opening(), kind.closing());
        if raw != source.replace("\r\n", "\n") || !expression.closed {
            return source.to_owned();
        }
        let laid = layout(code, depth);
        // A block has room where it begins or ends in the line of its bracket.
        let room = |inline: bool| match kind {
            ExpressionKind::Block if inline => " ",
            ExpressionKind::Block | ExpressionKind::Single => "",
        };
        let last = laid.rsplit('\n').next().unwrap_or_default();
        let (start, end) = (room(!laid.starts_with('\n')), room(!last.trim().is_empty()));
        format!("{}{start}{laid}{end}{}", kind.opening(), kind.closing())
    }

    fn inside(&mut self, element: &Element, depth: usize) {
        let says = |node: &&Node| !node.is_layout();
        let mut saying = element.children.iter().filter(says);
        let has_comment = (element.children.iter())
            .any(|node| matches!(node, Node::Comment(_) | Node::Instruction(_)));
        match (saying.next(), saying.next()) {
            // One expression alone, with or without room around it.
            (
                Some(Node::Text(Text {
                    content: Content::Expression(expression),
                    ..
                })),
                None,
            ) if !has_comment => {
                let laid = self.expression(expression, depth);
                self.out.push_str(&laid);
            }
            (None, _) if !has_comment => self.verbatim(element),
            _ if VERBATIM.contains(&&*element.name) || has_text(element) => self.verbatim(element),
            _ => self.children(element, depth + 1),
        }
    }

    fn verbatim(&mut self, element: &Element) {
        self.out.push_str(element.inner_source(self.sources));
    }

    /// Elements and comments, a line each.
    fn children(&mut self, element: &Element, depth: usize) {
        let mut breaks = 1;
        let mut is_first = true;
        for node in &element.children {
            match node {
                Node::Text(text) | Node::CData(text) => {
                    breaks = self.sources.text(text.span).matches('\n').count();
                    continue;
                }
                Node::Comment(_) if breaks == 0 && !is_first => self.out.push(' '),
                _ => {
                    if breaks > 1 && !is_first {
                        self.out.push('\n');
                    }
                    self.out.push('\n');
                    self.out.push_str(&indent(depth));
                }
            }
            match node {
                Node::Element(child) => self.element(child, depth),
                other => self.out.push_str(self.sources.text(other.span())),
            }
            (breaks, is_first) = (0, false);
        }
        self.out.push('\n');
        self.out.push_str(&indent(depth - 1));
    }
}

/// Whether there is text in it besides its elements.
fn has_text(element: &Element) -> bool {
    let texts = element.children.iter();
    let mut texts = texts.filter(|node| matches!(node, Node::Text(_) | Node::CData(_)));
    texts.any(|node| !node.is_layout())
}

fn indent(depth: usize) -> String {
    "    ".repeat(depth)
}
