//! What holds for any text: reading never panics, and what was written reads the same.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tollgate_syntax::{
    Attribute, Content, Document, DocumentKind, Element, Expression, ExpressionKind, FileId,
    Format, MappedText, Markup, Node, Quote, Sources, Span, Text, parse, write,
};

const SAMPLE: &str = r#"<?xml version="1.0"?>
<!-- a -- b -->
<policies>
  <inbound>
    <base/>
    <set-variable name='v' value="@{ var x = $"{context.RequestId:N} {{"; return x + @"""" + '"'; // ) it's
    }" />
    <choose><when condition="@(context.Request.Headers.GetValueOrDefault("a","") == "<b>" && !(1 < 2))">
      <set-body template="liquid">{{body.x}} &lt; é <![CDATA[ @("]") ]]></set-body>
      <set-url>@(&quot;https://{{host}}/&quot;)</set-url>
    </when></choose>
  </inbound>
</policies>
"#;

/// Pieces that mean something to the reader.
const PIECES: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<!DOCTYPE a [",
    "&",
    "&lt;",
    "&quot;",
    "&#x22;",
    ";",
    "\"",
    "'",
    "=",
    "@(",
    "@{",
    "@",
    "$\"",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "//",
    "/*",
    "*/",
    "\\",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "a",
    "policies",
    "inbound",
    "\u{feff}",
    "é",
    "😀",
    "\0",
    "{{a}}",
];

/// Reading and writing it goes well, whatever it is; and every place that is named is in the text.
fn read_anything(text: &str) {
    let mut sources = Sources::new();
    let file = sources.add("policy.xml", text);
    let (document, findings) = parse(file, &sources);
    for finding in &findings {
        let labels = finding.labels.iter().map(|label| label.span);
        for span in std::iter::once(finding.span).chain(labels) {
            let (start, end) = (
                usize::try_from(span.start).unwrap(),
                usize::try_from(span.end).unwrap(),
            );
            assert!(text.get(start..end).is_some(), "{finding:?}");
        }
    }
    let is_sound = !findings.iter().any(|finding| finding.is_error());
    if let Some(document) = document {
        for format in [Format::Raw, Format::Encoded] {
            let written = write(&document, format);
            if is_sound {
                reads_same(&document, &written);
            }
        }
    }
}

fn reads_same(document: &Document, written: &str) {
    let mut sources = Sources::new();
    let file = sources.add("written.xml", written);
    let (again, findings) = parse(file, &sources);
    let again = again.unwrap();
    assert!(
        document.same_tree(&again),
        "{written}\n{findings:?}\n{document:#?}\n{again:#?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        read_anything(&text);
    }

    #[test]
    fn any_markup_is_read(pieces in vec(select(PIECES), 0..60)) {
        read_anything(&pieces.concat());
        read_anything(&format!("<policies>{}</policies>", pieces.concat()));
    }

    #[test]
    fn any_damage_to_a_policy_is_read(
        damage in vec((any::<Index>(), 0_usize..8, select(PIECES)), 1..6)
    ) {
        let mut text: Vec<char> = SAMPLE.chars().collect();
        for (at, length, piece) in damage {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, piece.chars());
        }
        read_anything(&text.into_iter().collect::<String>());
    }

    #[test]
    fn what_was_written_reads_the_same(document in document()) {
        for format in [Format::Raw, Format::Encoded] {
            reads_same(&document, &write(&document, format));
        }
    }
}

fn document() -> impl Strategy<Value = Document> {
    element("fragment").prop_map(|root| Document {
        file: FileId::default(),
        kind: DocumentKind::Fragment,
        before: Vec::new(),
        root,
        after: Vec::new(),
    })
}

fn element(name: &'static str) -> impl Strategy<Value = Element> {
    let leaf = (attributes(), runs(Just(comment()).boxed()))
        .prop_map(|(attributes, children)| new_element("a", attributes, children));
    leaf.prop_recursive(3, 24, 4, |inner| {
        let markup = prop_oneof![inner.prop_map(Node::Element), cdata(), Just(comment())];
        (attributes(), runs(markup.boxed()))
            .prop_map(|(attributes, children)| new_element("b-c.d", attributes, children))
    })
    .prop_map(move |element| Element {
        name: name.into(),
        ..element
    })
}

fn new_element(name: &str, attributes: Vec<Attribute>, children: Vec<Node>) -> Element {
    Element {
        name: name.into(),
        name_span: Span::default(),
        span: Span::default(),
        inner_span: Span::default(),
        self_closing: children.is_empty() && attributes.is_empty(),
        attributes,
        children,
    }
}

/// Text and markup by turns, as the reader gives them.
fn runs(markup: BoxedStrategy<Node>) -> impl Strategy<Value = Vec<Node>> {
    vec((text_run(), markup), 0..3).prop_map(|runs| {
        let one_run = |(mut text, markup): (Vec<Node>, Node)| {
            text.push(markup);
            text
        };
        runs.into_iter().flat_map(one_run).collect()
    })
}

fn text_run() -> impl Strategy<Value = Vec<Node>> {
    let blank = prop_oneof![Just(""), Just("\n  ")];
    let around = (blank.clone(), expression(), blank).prop_map(|(before, expression, after)| {
        let parts = [
            Content::Literal(mapped(before)),
            Content::Expression(expression),
            Content::Literal(mapped(after)),
        ];
        let is_there = |content: &Content| !matches!(content, Content::Literal(text) if text.text().is_empty());
        parts.into_iter().filter(is_there).map(|content| Node::Text(text(content))).collect()
    });
    let literal = literal_text().prop_map(|literal| {
        let is_there = !literal.is_empty();
        let node = Node::Text(text(Content::Literal(mapped(&literal))));
        is_there.then_some(node).into_iter().collect()
    });
    prop_oneof![around, literal]
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let content = prop_oneof![
        literal_text().prop_map(|literal| Content::Literal(mapped(&literal))),
        expression().prop_map(Content::Expression),
    ];
    vec((content, select(&[Quote::Double, Quote::Single][..])), 0..3).prop_map(|values| {
        let named = values.into_iter().zip(["name", "x:y", "é"]);
        named
            .map(|((content, quote), name)| Attribute {
                name: name.into(),
                name_span: Span::default(),
                quote,
                value: text(content),
            })
            .collect()
    })
}

fn cdata() -> impl Strategy<Value = Node> {
    let literal = literal_text()
        .prop_map(|literal| literal.replace("]]>", "").replace(['@', '\r'], ""))
        .prop_map(|literal| Content::Literal(mapped(&literal)));
    let expression = expression()
        .prop_filter("CDATA cannot have it", |found| {
            !found.code.text().contains("]]>") && !found.code.text().contains('\r')
        })
        .prop_map(Content::Expression);
    prop_oneof![literal, expression].prop_map(|content| Node::CData(text(content)))
}

fn comment() -> Node {
    Node::Comment(Markup {
        text: " @( -- <a> & ".into(),
        span: Span::default(),
    })
}

fn literal_text() -> impl Strategy<Value = String> {
    vec(
        select(
            &[
                "a", " ", "\n", "\r", "\t", "<", ">", "&", "&lt;", "\"", "'", "]]>", "@", "{{x}}",
                "é", "-->", "\u{a0}",
            ][..],
        ),
        0..8,
    )
    .prop_map(|parts| parts.concat())
}

/// C# as far as brackets, strings and comments go.
fn expression() -> impl Strategy<Value = Expression> {
    let tokens = select(
        &[
            "a",
            "&&",
            "<",
            ">",
            "&",
            "'('",
            "'&'",
            "'\"'",
            "'\\''",
            "/* ) &lt; */",
            "// ) it's\n",
            "(b)",
            "[c[0]]",
            "{ d }",
            "As<T>()",
            "\"\"",
            "\"&lt;\"",
            "\"&amp;\"",
            "\"<\"",
            "\"\\\")\"",
            "@\"\"\"\n\\\"",
            "@\"\r\"",
            "$\"{x[\"k\"]:0}}}(\"",
            "$@\"{y}\"\"\"",
            "\t",
            "é",
            "{{name}}",
            "@class",
        ][..],
    );
    let kind = select(&[ExpressionKind::Single, ExpressionKind::Block][..]);
    (kind, vec(tokens, 0..6)).prop_map(|(kind, tokens)| Expression {
        kind,
        span: Span::default(),
        code: mapped(&tokens.join(" ")),
        closed: true,
    })
}

fn text(content: Content) -> Text {
    Text {
        span: Span::default(),
        content,
    }
}

fn mapped(text: &str) -> MappedText {
    MappedText::verbatim(text, Span::default())
}
