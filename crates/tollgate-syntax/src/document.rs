//! The tree of a policy document: elements, attributes, literals and expressions, with comments and layout kept.

use crate::{FileId, MappedText, MappedTextBuilder, Sources, Span};

/// One policy file, read.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file it was read from.
    pub file: FileId,
    /// What the root element makes it.
    pub kind: DocumentKind,
    /// What stands before the root element: XML declaration, comments, layout.
    pub before: Vec<Node>,
    /// The root element.
    pub root: Element,
    /// What stands after the root element: comments, layout.
    pub after: Vec<Node>,
}

/// What kind of document a root element makes. Source: api-management-howto-policies.md, policy-fragments.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// `<policies>`: the sections of one scope.
    Policies,
    /// `<fragment>`: policies to be included elsewhere.
    Fragment,
    /// `<http-data-source>`, `<sql-data-source>` or `<cosmosdb-data-source>`: a GraphQL resolver.
    Resolver,
    /// Any other root; the reader has reported it.
    Unknown,
}

impl DocumentKind {
    /// The kind that a root element of this name makes.
    pub fn of_root(name: &str) -> Self {
        match name {
            "policies" => Self::Policies,
            "fragment" => Self::Fragment,
            "http-data-source" | "sql-data-source" | "cosmosdb-data-source" => Self::Resolver,
            _ => Self::Unknown,
        }
    }
}

/// One element with all that stands in it.
#[derive(Debug, Clone)]
pub struct Element {
    /// The name, as in the start tag.
    pub name: Box<str>,
    /// The name in the start tag.
    pub name_span: Span,
    /// From the start tag's `<` to the end tag's `>`.
    pub span: Span,
    /// Between the tags; empty, after the tag, when the element closes itself.
    pub inner_span: Span,
    /// Whether it was written `<name/>`.
    pub self_closing: bool,
    /// The attributes in the order of the file; no name occurs twice.
    pub attributes: Vec<Attribute>,
    /// What stands between the tags, layout included.
    pub children: Vec<Node>,
}

/// Something that stands in an element.
#[derive(Debug, Clone)]
pub enum Node {
    /// An element.
    Element(Element),
    /// A literal or an expression. White space around an expression is a literal of its own.
    Text(Text),
    /// `<![CDATA[…]]>`; the span is that of its inside. White space around an expression in it is dropped.
    CData(Text),
    /// `<!--…-->`.
    Comment(Markup),
    /// `<?…?>`, such as the XML declaration.
    Instruction(Markup),
}

/// A comment or a processing instruction.
#[derive(Debug, Clone)]
pub struct Markup {
    /// What stands between the opening and the closing mark; line breaks are `\n`.
    pub text: Box<str>,
    /// All of it, marks included.
    pub span: Span,
}

/// `name="value"`.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// The name.
    pub name: Box<str>,
    /// The name's place.
    pub name_span: Span,
    /// The quotes around the value.
    pub quote: Quote,
    /// The value; its span is between the quotes.
    pub value: Text,
}

/// The quotes around an attribute's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quote {
    /// `"`
    Double,
    /// `'`
    Single,
}

impl Quote {
    /// The character.
    pub fn as_char(self) -> char {
        match self {
            Self::Double => '"',
            Self::Single => '\'',
        }
    }
}

/// A value: of an attribute, or standing in an element.
#[derive(Debug, Clone)]
pub struct Text {
    /// All of it in the file, white space included.
    pub span: Span,
    /// What it says.
    pub content: Content,
}

/// What a value says. Named values `{{name}}` are still in it; see [`crate::substitute`].
#[derive(Debug, Clone)]
pub enum Content {
    /// Text to be taken as it is, XML entities decoded, line breaks as XML has them
    /// (`\n` in text, a space in attributes).
    Literal(MappedText),
    /// A policy expression, `@(…)` or `@{…}`.
    Expression(Expression),
}

/// A policy expression. Source: api-management-policy-expressions.md.
#[derive(Debug, Clone)]
pub struct Expression {
    /// Which brackets it has.
    pub kind: ExpressionKind,
    /// From the `@` to the closing bracket.
    pub span: Span,
    /// The C# text between the brackets, XML entities decoded when it was written encoded, line breaks as `\n`.
    pub code: MappedText,
    /// Whether the closing bracket was found. If not, that has been reported, and parsing the code would only say it
    /// again.
    pub closed: bool,
}

/// The two shapes of a policy expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpressionKind {
    /// `@(…)`: one C# expression.
    Single,
    /// `@{…}`: C# statements that end in `return`.
    Block,
}

impl ExpressionKind {
    /// The closing bracket.
    pub fn closing(self) -> char {
        match self {
            Self::Single => ')',
            Self::Block => '}',
        }
    }

    /// The opening mark with its bracket.
    pub fn opening(self) -> &'static str {
        match self {
            Self::Single => "@(",
            Self::Block => "@{",
        }
    }
}

impl Element {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| &*attribute.name == name)
    }

    /// The child elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The text between the tags, byte for byte as in the file: for bodies and style sheets that are markup themselves.
    pub fn inner_source<'a>(&self, sources: &'a Sources) -> &'a str {
        sources.text(self.inner_span)
    }

    /// The text value of the element: its one expression, or all its literals put together, CDATA included.
    ///
    /// Comments do not count, nor white space around an expression. Literals keep all their white space. Elements
    /// among the children are passed over: see [`Self::elements`]. An element without text has an empty literal.
    pub fn text(&self) -> Text {
        let texts = || {
            self.children.iter().filter_map(|node| match node {
                Node::Text(text) | Node::CData(text) => Some(text),
                _ => None,
            })
        };
        let expression = texts().find(|text| matches!(text.content, Content::Expression(_)));
        if let Some(expression) = expression {
            return expression.clone();
        }
        let mut all = MappedTextBuilder::new(self.inner_span);
        for text in texts() {
            if let Content::Literal(literal) = &text.content {
                all.push_mapped(literal, 0..literal.text().len());
            }
        }
        Text {
            span: self.inner_span,
            content: Content::Literal(all.finish()),
        }
    }
}

impl Node {
    /// Its place in the file.
    pub fn span(&self) -> Span {
        match self {
            Self::Element(element) => element.span,
            Self::Text(text) | Self::CData(text) => text.span,
            Self::Comment(markup) | Self::Instruction(markup) => markup.span,
        }
    }

    /// Whether it says nothing: a comment, a processing instruction, or white space alone.
    pub fn is_layout(&self) -> bool {
        match self {
            Self::Element(_) => false,
            Self::Text(text) | Self::CData(text) => text.is_blank(),
            Self::Comment(_) | Self::Instruction(_) => true,
        }
    }
}

impl Text {
    /// Whether it is a literal of white space alone.
    pub fn is_blank(&self) -> bool {
        match &self.content {
            Content::Literal(literal) => literal.text().trim_ascii().is_empty(),
            Content::Expression(_) => false,
        }
    }

    /// The literal; `None` for an expression.
    pub fn literal(&self) -> Option<&MappedText> {
        match &self.content {
            Content::Literal(literal) => Some(literal),
            Content::Expression(_) => None,
        }
    }

    /// The expression; `None` for a literal.
    pub fn expression(&self) -> Option<&Expression> {
        match &self.content {
            Content::Literal(_) => None,
            Content::Expression(expression) => Some(expression),
        }
    }
}

/// Equality that looks at what is said and passes over where it stands.
impl Document {
    /// Whether both documents say the same, layout and comments included, wherever it stands in their files.
    pub fn same_tree(&self, other: &Document) -> bool {
        self.kind == other.kind
            && same_nodes(&self.before, &other.before)
            && self.root.same_tree(&other.root)
            && same_nodes(&self.after, &other.after)
    }
}

impl Element {
    /// Whether both elements say the same, layout and comments included, wherever they stand.
    pub fn same_tree(&self, other: &Element) -> bool {
        self.name == other.name
            && self.self_closing == other.self_closing
            && self.attributes.len() == other.attributes.len()
            && (self.attributes.iter().zip(&other.attributes)).all(|(a, b)| {
                a.name == b.name && a.quote == b.quote && a.value.content.same(&b.value.content)
            })
            && same_nodes(&self.children, &other.children)
    }
}

fn same_nodes(some: &[Node], others: &[Node]) -> bool {
    some.len() == others.len() && some.iter().zip(others).all(|(a, b)| a.same(b))
}

impl Node {
    fn same(&self, other: &Node) -> bool {
        match (self, other) {
            (Self::Element(a), Self::Element(b)) => a.same_tree(b),
            (Self::Text(a), Self::Text(b)) | (Self::CData(a), Self::CData(b)) => {
                a.content.same(&b.content)
            }
            (Self::Comment(a), Self::Comment(b)) | (Self::Instruction(a), Self::Instruction(b)) => {
                a.text == b.text
            }
            _ => false,
        }
    }
}

impl Content {
    fn same(&self, other: &Content) -> bool {
        match (self, other) {
            (Self::Literal(a), Self::Literal(b)) => a.text() == b.text(),
            (Self::Expression(a), Self::Expression(b)) => {
                a.kind == b.kind && a.code.text() == b.code.text()
            }
            _ => false,
        }
    }
}
