//! Sound policy files: what is in the tree, and where in the file it came from.

#![allow(clippy::unwrap_used, reason = "tests")]

use tollgate_syntax::{
    Content, Document, DocumentKind, Element, Expression, ExpressionKind, Format, Node, Quote,
    Sources, Text, parse, write,
};

#[track_caller]
fn read(text: &str) -> (Document, Sources) {
    let mut sources = Sources::new();
    let file = sources.add("policy.xml", text);
    let (document, findings) = parse(file, &sources);
    assert_eq!(findings, [], "{text}");
    (document.unwrap(), sources)
}

/// The root element of `<fragment>…</fragment>`.
#[track_caller]
fn fragment(inside: &str) -> Element {
    read(&format!("<fragment>{inside}</fragment>")).0.root
}

fn literal(text: &Text) -> &str {
    text.literal().unwrap().text()
}

fn code(text: &Text) -> &str {
    text.expression().unwrap().code.text()
}

fn attribute<'e>(element: &'e Element, name: &str) -> &'e Text {
    &element.attribute(name).unwrap().value
}

#[test]
fn a_raw_document() {
    let (document, sources) = read(
        r#"<!-- first -->
<policies>
  <inbound>
    <base />
    <set-header name="id" exists-action="override">
      <value>@(context.Variables.GetValueOrDefault<string>("a&b") ?? "<none>")</value>
    </set-header>
    <choose><when condition="@(context.Variables.GetValueOrDefault<int>("n") > 1 && true)"/></choose>
  </inbound>
</policies>
"#,
    );
    assert_eq!(document.kind, DocumentKind::Policies);
    assert!(
        matches!(&document.before[..], [Node::Comment(comment), Node::Text(_)] if &*comment.text == " first ")
    );
    assert!(matches!(&document.after[..], [Node::Text(text)] if text.is_blank()));
    let inbound = document.root.elements().next().unwrap();
    let [base, header, choose] = inbound.elements().collect::<Vec<_>>()[..] else {
        unreachable!("three policies");
    };
    assert!(base.self_closing && base.children.is_empty());
    assert_eq!(sources.text(base.span), "<base />");
    assert_eq!(sources.text(header.name_span), "set-header");
    let value = header.elements().next().unwrap();
    assert_eq!(
        code(&value.text()),
        r#"context.Variables.GetValueOrDefault<string>("a&b") ?? "<none>""#
    );
    assert_eq!(
        value.inner_source(&sources),
        sources.text(value.text().span)
    );
    let when = choose.elements().next().unwrap();
    let condition = attribute(when, "condition");
    assert_eq!(
        code(condition),
        r#"context.Variables.GetValueOrDefault<int>("n") > 1 && true"#
    );
    let Expression {
        kind, span, code, ..
    } = condition.expression().unwrap();
    assert_eq!(*kind, ExpressionKind::Single);
    assert_eq!(*span, condition.span);
    let at = code.text().find("true").unwrap();
    assert_eq!(sources.text(code.span(at..at + 4)), "true");
}

#[test]
fn an_encoded_document_says_the_same() {
    let (raw, _) =
        read(r#"<fragment><a b="@(x["k"] < 1 && y > 'c')">@{ return "<&>"; }</a></fragment>"#);
    let (encoded, sources) = read(
        "<fragment><a b=\"@(x[&quot;k&quot;] &lt; 1 &amp;&amp; y &gt; &apos;c&apos;)\">@{ return \"&lt;&amp;&gt;\"; }</a></fragment>",
    );
    assert!(raw.same_tree(&encoded));
    let element = encoded.root.elements().next().unwrap();
    let code = &attribute(element, "b").expression().unwrap().code;
    let at = code.text().find("&&").unwrap();
    assert_eq!(sources.text(code.span(at..at + 2)), "&amp;&amp;");
    assert_eq!(sources.text(code.span(at + 3..at + 4)), "y");
    assert_eq!(
        write(&encoded, Format::Raw),
        r#"<fragment><a b="@(x["k"] < 1 && y > 'c')">@{ return "<&>"; }</a></fragment>"#
    );
    assert_eq!(
        write(&raw, Format::Encoded),
        "<fragment><a b=\"@(x[&quot;k&quot;] &lt; 1 &amp;&amp; y &gt; 'c')\">@{ return &quot;&lt;&amp;&gt;&quot;; }</a></fragment>"
    );
}

/// A line break may be written as a reference; what begins a line then begins it still.
#[test]
fn directives_end_with_their_lines_however_those_are_written() {
    for text in [
        "<fragment><a b=\"@(\n#'\n)\" /></fragment>",
        "<fragment><a b=\"@(\n \t#region it's\n1)\" /></fragment>",
        "<fragment><a>@(\n#'\n)</a></fragment>",
    ] {
        let (document, _) = read(text);
        for format in [Format::Raw, Format::Encoded] {
            let written = write(&document, format);
            assert!(read(&written).0.same_tree(&document), "{written}");
        }
    }
}

#[test]
fn raw_and_encoded_expressions_may_be_mixed() {
    let root =
        fragment(r#"<a b="@(As&lt;string&gt;("x"))" c='@(x == "y" ? 'a' : 'b')' d="@(x < 1)"/>"#);
    let element = root.elements().next().unwrap();
    assert_eq!(code(attribute(element, "b")), r#"As<string>("x")"#);
    assert_eq!(code(attribute(element, "c")), r#"x == "y" ? 'a' : 'b'"#);
    assert_eq!(element.attribute("c").unwrap().quote, Quote::Single);
    assert_eq!(code(attribute(element, "d")), "x < 1");
}

#[test]
fn entities_in_strings_are_code_in_raw_files_only() {
    let raw = fragment(r#"<a>@(x.Replace("&amp;", "y"))</a><b c="@(1 < 2)"/>"#);
    assert_eq!(
        code(&raw.elements().next().unwrap().text()),
        r#"x.Replace("&amp;", "y")"#
    );
    let encoded = fragment(r#"<a>@(x.Replace("&amp;", "y"))</a><b c="@(1 &lt; 2)"/>"#);
    assert_eq!(
        code(&encoded.elements().next().unwrap().text()),
        r#"x.Replace("&", "y")"#
    );
}

#[test]
fn literals_are_decoded_as_xml_has_it() {
    let root = fragment("<a b=\"1 &lt; 2\r\n\t&#xA;{{name}}\">x &amp;\r\ny&#13;</a>");
    let element = root.elements().next().unwrap();
    assert_eq!(literal(attribute(element, "b")), "1 < 2  \n{{name}}");
    assert_eq!(literal(&element.text()), "x &\ny\r");
}

#[test]
fn line_breaks_in_code_are_one_kind() {
    let root = fragment("<a b=\"@{ // it's\r\n return 1;\r\n}\"/>");
    let element = root.elements().next().unwrap();
    assert_eq!(code(attribute(element, "b")), " // it's\n return 1;\n");
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let (document, sources) = read("\u{feff}<?xml version=\"1.0\"?>\n<policies/>");
    assert!(matches!(
        &document.before[..],
        [Node::Instruction(_), Node::Text(_)]
    ));
    assert_eq!(sources.text(document.root.span), "<policies/>");
}

#[test]
fn white_space_around_an_expression_is_layout() {
    let root = fragment("<a>\n  @(x)\n</a><b c=\" @(y) \"/><d>\n<!-- @(no -->@{z}</d>");
    let [a, b, d] = root.elements().collect::<Vec<_>>()[..] else {
        unreachable!("three elements");
    };
    assert_eq!(code(&a.text()), "x");
    assert_eq!(a.children.len(), 3);
    assert_eq!(code(attribute(b, "c")), "y");
    assert_eq!(code(&d.text()), "z");
}

#[test]
fn cdata_is_taken_as_it_stands() {
    let root = fragment("<a><![CDATA[ @(x < \"&lt;\") ]]></a><b>1<![CDATA[<&lt;>]]>2</b>");
    let [a, b] = root.elements().collect::<Vec<_>>()[..] else {
        unreachable!("two elements");
    };
    assert_eq!(code(&a.text()), "x < \"&lt;\"");
    assert_eq!(literal(&b.text()), "1<&lt;>2");
}

#[test]
fn markup_in_a_body_is_given_verbatim() {
    let (document, sources) = read(
        "<fragment><set-body><a x='1'>&lt;{{ y }}\r\n<!-- c --></a>@(z)</set-body></fragment>",
    );
    let body = document.root.elements().next().unwrap();
    assert_eq!(
        body.inner_source(&sources),
        "<a x='1'>&lt;{{ y }}\r\n<!-- c --></a>@(z)"
    );
}

#[test]
fn what_comments_hold_is_no_concern() {
    let root = fragment("<!-- -- @( <a> & --><a/><!----><!-- ---->");
    assert_eq!(root.elements().count(), 1);
    assert_eq!(root.children.len(), 4);
}

#[test]
fn strings_and_comments_do_not_end_an_expression() {
    for text in [
        r#"x == ")" || y == ")\")""#,
        r#"@"\" + ")""#,
        r#"$"{x["k"]} ) {{" + $@"{y}"")""#,
        "')' + '\\''",
        "a /* ) */ + b // )\n",
        "\"<a b='c'>\" + \"</a>\"",
    ] {
        let root = fragment(&format!("<a b=\"@({text})\">@({text})</a>"));
        let element = root.elements().next().unwrap();
        assert_eq!(code(attribute(element, "b")), text);
        assert_eq!(code(&element.text()), text);
    }
}

#[test]
fn an_attribute_that_begins_with_an_encoded_sign_is_a_literal() {
    let root = fragment("<a b=\"&#64;(x)\">&#64;(x)</a>");
    let element = root.elements().next().unwrap();
    assert_eq!(literal(attribute(element, "b")), "@(x)");
    assert!(matches!(element.text().content, Content::Literal(_)));
}

#[test]
fn kinds_of_documents() {
    for (root, kind) in [
        ("policies", DocumentKind::Policies),
        ("fragment", DocumentKind::Fragment),
        ("http-data-source", DocumentKind::Resolver),
        ("sql-data-source", DocumentKind::Resolver),
        ("cosmosdb-data-source", DocumentKind::Resolver),
    ] {
        assert_eq!(read(&format!("<{root}/>")).0.kind, kind);
    }
}

/// Found by fuzzing: the text is literal because a quote in it never ends, and must stay so when it is written.
#[test]
fn what_looks_like_an_expression_in_the_middle_of_text_stays_text() {
    let text = "<policies><inbound>\"60\" key=\"@(a <b/>x</inbound></policies>";
    let mut sources = Sources::new();
    let file = sources.add("a.xml", text);
    let (document, findings) = parse(file, &sources);
    let document = document.unwrap();
    assert_eq!(findings, []);
    for format in [Format::Raw, Format::Encoded] {
        let file = sources.add("b.xml", write(&document, format));
        let (again, findings) = parse(file, &sources);
        assert_eq!(findings, []);
        assert!(again.unwrap().same_tree(&document));
    }
}
