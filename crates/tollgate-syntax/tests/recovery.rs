//! Broken policy files: every mistake is found, at its place, and the rest of the file is read.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

use tollgate_syntax::{Document, Sources, parse};

fn read(text: &str) -> (Option<Document>, Vec<String>) {
    let mut sources = Sources::new();
    let file = sources.add("policy.xml", text);
    let (document, findings) = parse(file, &sources);
    let findings = findings
        .iter()
        .map(|finding| {
            let place = sources.get(file).unwrap().position(finding.span.start);
            let (line, column) = (place.line, place.column);
            let text = sources.text(finding.span);
            format!("{line}:{column} {} `{text}`", finding.code)
        })
        .collect();
    (document, findings)
}

/// What is found in the text, each as `line:column code \`source\``.
#[track_caller]
fn finds(text: &str, expected: &[&str]) {
    assert_eq!(read(text).1, expected, "{text}");
}

/// The same, of what stands in `<policies><inbound>…</inbound></policies>`, which is read whole in any case.
#[track_caller]
fn finds_within(inside: &str, expected: &[&str]) {
    let text = format!("<policies><inbound>\n{inside}\n</inbound><outbound/></policies>");
    let (document, found) = read(&text);
    assert_eq!(found, expected, "{text}");
    let sections: Vec<String> = document
        .unwrap()
        .root
        .elements()
        .map(|section| section.name.to_string())
        .collect();
    assert_eq!(sections, ["inbound", "outbound"], "{text}");
}

#[test]
fn a_file_gives_all_its_mistakes_at_once() {
    finds_within(
        r#"<set-variable name="a" value="@(context.Request["x"]" />
<set-header name="b" name="c"><value>1 < 2 & 3</value></set-header>
<set-body>@{ return (1]; }</set-body>
<choose><when condition="@(true)"></choose>"#,
        &[
            "2:31 unclosed-expression `@(`",
            "3:22 duplicate-attribute `name`",
            "3:40 unescaped-less-than `<`",
            "3:44 unescaped-ampersand `&`",
            "4:23 mismatched-bracket `]`",
            "5:10 unclosed-element `when`",
        ],
    );
}

#[test]
fn expressions_that_do_not_end() {
    finds_within(r#"<a b="@(x(1)"/>"#, &["2:7 unclosed-expression `@(`"]);
    finds_within(
        "<a b=\"@(x[1)\" c=\"d\"/>",
        &["2:12 mismatched-bracket `)`"],
    );
    finds_within("<a b=\"@(x + 'ab)\"/>", &["2:13 unclosed-char `'`"]);
    finds_within("<a b=\"@(x // note)\"/>", &["2:7 unclosed-expression `@(`"]);
    finds_within(
        "<a>@{ if (x) { return 1; }</a>",
        &["2:4 unclosed-expression `@{`"],
    );
    finds_within("<a>@(\"x)</a>", &["2:6 unclosed-string `\"`"]);
    finds_within("<a>@(x /* )</a>", &["2:8 unclosed-comment `/*`"]);
    finds_within(
        "<a><![CDATA[@(x]]></a><b>@(y</b>",
        &[
            "2:13 unclosed-expression `@(`",
            "2:26 unclosed-expression `@(`",
        ],
    );
    finds_within("<a>@(f(\n  g[1\n  )</a>", &["4:3 mismatched-bracket `)`"]);
}

#[test]
fn text_beside_an_expression() {
    finds_within(r#"<a b="@(x) y"/>"#, &["2:12 text-after-expression `y`"]);
    finds_within("<a>@(x))</a>", &["2:8 text-after-expression `)`"]);
    finds_within(
        r#"<a b="Bearer @(x["y"])"/>"#,
        &[r#"2:14 mixed-expression `@(x["y"])`"#],
    );
    finds_within(
        "<a>Bearer @(x.y &lt; z)</a>",
        &["2:11 mixed-expression `@(x.y &lt; z)`"],
    );
    finds_within("<a b='me@(home' c='x@y.z'>@ ( @</a>", &[]);
}

#[test]
fn tags_that_do_not_match() {
    finds(
        "<policies><inbound></policies>",
        &["1:12 unclosed-element `inbound`"],
    );
    finds("<policies>", &["1:2 unclosed-element `policies`"]);
    finds_within("<a></b></a>", &["2:4 unmatched-end-tag `</b>`"]);
    finds_within(
        "<choose><when></When></choose>",
        &["2:15 unmatched-end-tag `</When>`"],
    );
    finds(
        "<policies><inbound><base></inbond></policies>",
        &[
            "1:21 unclosed-element `base`",
            "1:26 unmatched-end-tag `</inbond>`",
        ],
    );
    finds_within("<new-name>\n</old>", &["3:1 unmatched-end-tag `</old>`"]);
    finds("</a><policies/>", &["1:1 unmatched-end-tag `</a>`"]);
}

#[test]
fn tags_that_do_not_end() {
    finds_within("<base\n  <a/>", &["2:1 unterminated-tag `<base`"]);
    finds_within(
        "<a><base </a>",
        &[
            "2:4 unterminated-tag `<base`",
            "2:5 unclosed-element `base`",
        ],
    );
    finds_within("<a><base  </a>", &["2:4 unterminated-tag `<base`"]);
    finds_within("<a></a <b/>", &["2:4 unterminated-tag `</a`"]);
    finds_within("<a b=\"c\" </a>", &["2:1 unterminated-tag `<a`"]);
    finds("<policies><a", &["1:11 unterminated-tag `<a`"]);
    finds(
        "<policies></policies",
        &["1:11 unterminated-tag `</policies`"],
    );
}

#[test]
fn attributes_that_are_none() {
    finds_within("<a b/>", &["2:4 unquoted-value `b`"]);
    finds_within("<a b=c/>", &["2:4 unquoted-value `b`"]);
    finds_within("<a b=\"c\"d=\"e\"/>", &["2:9 missing-space ``"]);
    finds_within("<a b=\"c<d\"/>", &["2:8 unescaped-less-than `<`"]);
    finds_within("<a b=\"c&d\"/>", &["2:8 unescaped-ampersand `&`"]);
    finds_within(
        "<a b=\"&nbsp;&#0;&amp;\"/>",
        &["2:7 unknown-entity `&nbsp;`", "2:13 unknown-entity `&#0;`"],
    );
    finds_within(
        "<a b=\"c>\n<d e=\"f\"/></a>",
        &["2:6 unterminated-value `\"`"],
    );
    finds_within("<a b=\"c/>\n<d/>", &["2:6 unterminated-value `\"`"]);
    finds_within(
        "<a b=\"say \"hi\" now\" c=\"d\"/>",
        &["2:11 quote-in-value `\"`"],
    );
    finds_within("<a ? b=\"c\"/>", &["2:4 unexpected-text-in-tag `?`"]);
}

#[test]
fn markup_that_has_no_place() {
    finds(
        "<!DOCTYPE policies [<!ENTITY a \"b\">]><policies>&a;</policies>",
        &["1:1 doctype `<!DOCTYPE`", "1:48 unknown-entity `&a;`"],
    );
    finds("", &["1:1 no-root ``"]);
    finds(" <!-- nothing --> ", &["1:1 no-root ``"]);
    finds(
        "hello",
        &["1:1 no-root ``", "1:1 text-outside-root `hello`"],
    );
    finds("<a/>", &["1:2 unknown-root `a`"]);
    finds(
        "<policies/><fragment/>b<fragment/>",
        &["1:13 second-root `fragment`"],
    );
    finds(
        "<policies><!-- </policies>",
        &["1:11 unterminated-markup `<!--`"],
    );
    finds(
        "<policies><![CDATA[ </policies>",
        &["1:11 unterminated-markup `<![CDATA[`"],
    );
    finds_within(
        "<! x><!— note —>",
        &["2:1 unescaped-less-than `<`", "2:6 unescaped-less-than `<`"],
    );
}

#[test]
fn limits_are_kept() {
    let deep = format!(
        "<policies>{}{}</policies>",
        "<a>".repeat(5000),
        "</a>".repeat(5000)
    );
    finds(&deep, &["1:608 nested-too-deep `<`"]);
    let selfclosing = format!(
        "<policies>{}<b/>x{}</policies>",
        "<a>".repeat(199),
        "</a>".repeat(199)
    );
    finds(&selfclosing, &["1:608 nested-too-deep `<`"]);
    let wide: String = (0..300).map(|number| format!(" a{number}=''")).collect();
    finds(
        &format!("<policies{wide}/>"),
        &["1:1949 too-many-attributes `a256`"],
    );
    let (document, found) = read(&" ".repeat(4 * 1024 * 1024 + 1));
    assert!(document.is_none());
    assert_eq!(found, ["1:1 file-too-large ``"]);
    let (_, found) = read(&format!("<policies>{}</policies>", "&".repeat(5000)));
    assert_eq!(found.len(), 100);
}

/// Text that makes a careless reader look through the rest of the file again and again.
#[test]
fn hostile_files_are_read_in_linear_time() {
    for part in [
        "<a b=\"@(\"/>",
        "@(",
        "a@(b ",
        "<a b=\"x\"y",
        "<a b=\"c@(",
        "<![CDATA[@(",
        "<a>",
        "</a>",
        "<",
        "&",
        "\"",
        "{{",
        "@{\"",
        "<a b='@(x'",
        "<!--",
        "<a b=\"<",
        "<a x@(",
        "<a>@($\"{",
    ] {
        let text = format!("<policies>{}", part.repeat(1_000_000 / part.len()));
        let start = std::time::Instant::now();
        let (_, found) = read(&text);
        assert!(!found.is_empty(), "{part}");
        let spent = start.elapsed();
        assert!(spent.as_secs() < 20, "{part} took {spent:?}");
    }
}
