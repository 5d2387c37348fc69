//! What formatting does, and that it changes nothing that is said.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};

use tollgate_syntax::csharp::{layout, parse_block, parse_expression};
use tollgate_syntax::{
    Content, Document, Element, ExpressionKind, Node, Sources, Text, format, parse,
};

fn formatted(text: &str) -> String {
    let mut sources = Sources::new();
    let file = sources.add("p.xml", text);
    format(&parse(file, &sources).0.unwrap(), &sources)
}

#[test]
fn documents_get_one_style() {
    let text = r#"<!-- first -->
<policies>
<inbound> <base/> <!-- beside -->


  <!-- above -->
  <set-variable   name='a'
      value="@{ var x=1;
   if(x==1){
      return x ; }
  // why
  return a
    .b( 1,2 );
}" />
    <set-body template="liquid"> {  "a" : 1 }
    </set-body>
<set-header name="X-A-Header-With-A-Long-Name-1234567890" exists-action="override" id="an-id-that-makes-the-line-long"><value> @( 1+ 1 ) </value></set-header>
  <choose><when condition="@(a &amp;&amp; b)"><return-response/></when>
  </choose>
</inbound></policies>
<!-- last -->"#;
    let expected = r#"<!-- first -->
<policies>
    <inbound>
        <base /> <!-- beside -->

        <!-- above -->
        <set-variable name='a' value="@{ var x = 1;
            if (x == 1) {
                return x; }
            // why
            return a
                .b(1, 2);
        }" />
        <set-body template="liquid"> {  "a" : 1 }
    </set-body>
        <set-header
            name="X-A-Header-With-A-Long-Name-1234567890"
            exists-action="override"
            id="an-id-that-makes-the-line-long">
            <value>@(1+ 1)</value>
        </set-header>
        <choose>
            <when condition="@(a &amp;&amp; b)">
                <return-response />
            </when>
        </choose>
    </inbound>
</policies>
<!-- last -->
"#;
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
    let crlf = expected.replace('\n', "\r\n");
    assert_eq!(formatted(&text.replace('\n', "\r\n")), crlf);
}

#[test]
fn code_keeps_its_tokens_lines_and_comments() {
    for (code, laid) in [
        ("", ""),
        (" a ", "a"),
        ("a+b", "a+b"),
        ("a  +  b", "a + b"),
        ("f ( a )", "f (a)"),
        ("(int) x", "(int) x"),
        ("new[]{1,2}", "new[] {1, 2}"),
        ("a?.b??c", "a?.b ?? c"),
        ("x=>x.Y", "x => x.Y"),
        ("$\"{ a+b }  {c}\"", "$\"{ a+b }  {c}\""),
        ("@\"a\n  b\"+c", "@\"a\n  b\"+c"),
        ("a /* b */ +c", "a /* b */ +c"),
        ("\n  a\n&&b\n", "\n    a\n        && b\n"),
        ("a - -b", "a - -b"),
        ("f(x,\n y,\n z)", "f(x,\n        y,\n        z)"),
        (
            "\nvar a = 1; // b\n\n\n\nreturn a;\n",
            "\n    var a = 1; // b\n\n    return a;\n",
        ),
        (
            "\n/* a\n   b */ return 1;\n",
            "\n    /* a\n   b */ return 1;\n",
        ),
        ("#if A\n1\n#endif", "#if A\n1\n#endif"),
        ("\"a", "\"a"),
    ] {
        assert_eq!(layout(code, 0), laid, "{code:?}");
        assert_eq!(layout(laid, 0), laid, "again: {code:?}");
    }
}

/// Everything that a document says, without layout: text, attributes, comments, and the syntax trees of expressions.
fn said(document: &Document) -> String {
    let mut said = String::new();
    for node in document.before.iter().chain(&document.after) {
        node_said(node, &mut said);
    }
    element_said(&document.root, &mut said);
    said
}

fn element_said(element: &Element, said: &mut String) {
    *said += &format!("<{}", element.name);
    for attribute in &element.attributes {
        *said += &format!(" {}=", attribute.name);
        text_said(&attribute.value, said);
    }
    *said += ">";
    let alone = element
        .children
        .iter()
        .filter(|node| !node.is_layout())
        .count()
        == 0;
    for node in &element.children {
        match node {
            Node::Text(text) | Node::CData(text) if text.is_blank() && !alone => {}
            node => node_said(node, said),
        }
    }
    *said += "</>";
}

fn node_said(node: &Node, said: &mut String) {
    match node {
        Node::Element(element) => element_said(element, said),
        Node::Text(text) | Node::CData(text) => text_said(text, said),
        Node::Comment(markup) | Node::Instruction(markup) => {
            *said += &format!("<!{}>", markup.text)
        }
    }
}

fn text_said(text: &Text, said: &mut String) {
    match &text.content {
        Content::Literal(literal) if literal.text().trim().is_empty() => {}
        Content::Literal(literal) => *said += literal.text(),
        Content::Expression(expression) => {
            let code = expression.code.text();
            let tree = match expression.kind {
                ExpressionKind::Single => format!("{:?}", parse_expression(code).tree),
                ExpressionKind::Block => format!("{:?}", parse_block(code).tree),
            };
            // Ranges, `1..2`, are where things stand.
            for part in tree.split("..") {
                *said += part.trim_matches(|c: char| c.is_ascii_digit());
            }
        }
    }
}

#[test]
fn the_corpus_says_the_same_when_it_is_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        root.join("../../policies/blog"),
        root.join("../../../shared/corpus/policies"),
    ];
    let folders = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok());
    let files: Vec<PathBuf> = folders
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    let files = files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"));
    let mut formatted = 0;
    for path in files {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let mut sources = Sources::new();
        let file = sources.add("p.xml", text);
        let (document, findings) = parse(file, &sources);
        let Some(document) = document.filter(|_| !findings.iter().any(|one| one.is_error())) else {
            continue;
        };
        let once = format(&document, &sources);
        let again = sources.add("again.xml", once.clone());
        let (second, findings) = parse(again, &sources);
        assert!(
            !findings.iter().any(|one| one.is_error()),
            "{}: {findings:?}\n{once}",
            path.display()
        );
        let second = second.unwrap();
        assert_eq!(said(&document), said(&second), "{}", path.display());
        assert_eq!(format(&second, &sources), once, "{}", path.display());
        formatted += 1;
    }
    assert!(formatted >= 3);
}
