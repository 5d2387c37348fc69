//! Stylesheets on documents: what they give, and what stops them.
#![cfg(feature = "system")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails where it does"
)]

use std::time::{Duration, Instant};

use tollgate_libxml::{Error, Limits, Parameter, Stylesheet};

fn compile(body: &str) -> Result<Stylesheet, Error> {
    let text = format!(
        r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:ms="urn:schemas-microsoft-com:xslt" xmlns:ex="http://exslt.org/common" exclude-result-prefixes="ms ex">
{body}
</xsl:stylesheet>"#
    );
    Stylesheet::compile(&text, Limits::default())
}

fn transform(body: &str, document: &str) -> Result<String, Error> {
    let bytes = compile(body)?.transform(document, &[], 1 << 20)?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// How it ends, in bounded time whatever it is.
fn ends(body: &str, document: &str) -> Error {
    let start = Instant::now();
    let answer = transform(body, document);
    let took = start.elapsed();
    // Many times what it takes on a machine of our own: others are slower, and busy.
    assert!(took < Duration::from_secs(30), "{body}: {took:?}");
    answer.unwrap_err()
}

#[test]
fn outputs() {
    const BOOKS: &str = "<books><b p='2'>Z\u{e9} &amp; x</b><b p='10'>A</b></books>";
    for (body, expected) in [
        (
            "<xsl:template match='/'><r n='{count(//b)}'><xsl:for-each select='//b'><xsl:sort select='@p' data-type='number' order='descending'/><i><xsl:value-of select='.'/></i></xsl:for-each></r></xsl:template>",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><r n=\"2\"><i>A</i><i>Z\u{e9} &amp; x</i></r>",
        ),
        (
            "<xsl:output omit-xml-declaration='yes'/><xsl:template match='@*|node()'><xsl:copy><xsl:apply-templates select='@*|node()'/></xsl:copy></xsl:template>",
            "<books><b p=\"2\">Z\u{e9} &amp; x</b><b p=\"10\">A</b></books>",
        ),
        (
            "<xsl:output encoding='us-ascii' standalone='yes'/><xsl:template match='/'><r><xsl:value-of select='//b[1]'/></r></xsl:template>",
            "<?xml version=\"1.0\" encoding=\"us-ascii\" standalone=\"yes\"?><r>Z&#233; &amp; x</r>",
        ),
        (
            "<xsl:output indent='yes'/><xsl:template match='/'><r><a/><a/></r></xsl:template>",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<r>\n  <a/>\n  <a/>\n</r>",
        ),
        (
            "<xsl:output method='text'/><xsl:template match='/'><xsl:value-of select='//b[1]'/><x>!</x></xsl:template>",
            "Z\u{e9} & x!",
        ),
        (
            "<xsl:output method='html' indent='no'/><xsl:template match='/'><html><head/><body><br/><xsl:text disable-output-escaping='yes'>&lt;hr></xsl:text></body></html></xsl:template>",
            "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\"></head><body><br><hr></body></html>\n",
        ),
        // A root `html` makes it HTML.
        (
            "<xsl:template match='/'><html><br/></html></xsl:template>",
            "<html><br></html>\n",
        ),
        (
            "<xsl:output omit-xml-declaration='yes' doctype-system='a.dtd'/><xsl:template match='/'><r/></xsl:template>",
            "<!DOCTYPE r SYSTEM \"a.dtd\"><r/>",
        ),
        (
            "<xsl:key name='k' match='b' use='@p'/><xsl:output method='text'/><xsl:template match='/'><xsl:value-of select=\"concat(key('k','10'), format-number(1234.5,'#,##0.00'), translate('abc','ab','AB'))\"/></xsl:template>",
            "A1,234.50ABc",
        ),
        (
            "<xsl:output method='text'/><xsl:template match='/'><xsl:variable name='v'><a>1</a><a>2</a></xsl:variable><xsl:value-of select='sum(ms:node-set($v)/a) + count(ex:node-set($v)/a)'/></xsl:template>",
            "5",
        ),
        // Nothing comes of it.
        ("<xsl:output method='text'/><xsl:template match='/'/>", ""),
        // A message that ends nothing says nothing.
        (
            "<xsl:output method='text'/><xsl:template match='/'><xsl:message>m</xsl:message>x</xsl:template>",
            "x",
        ),
    ] {
        assert_eq!(transform(body, BOOKS).as_deref(), Ok(expected), "{body}");
    }
}

#[test]
fn other_encodings_are_written() {
    let sheet = compile(
        "<xsl:output encoding='ISO-8859-1' omit-xml-declaration='yes'/><xsl:template match='/'><r><xsl:value-of select='.'/></r></xsl:template>",
    );
    let bytes = sheet
        .unwrap()
        .transform("<a>\u{e9}\u{20ac}</a>", &[], 1_000);
    assert_eq!(bytes.unwrap(), b"<r>\xe9&#8364;</r>");
    let wide = compile(
        "<xsl:output encoding='UTF-16' method='text'/><xsl:template match='/'>a</xsl:template>",
    );
    let bytes = wide.unwrap().transform("<a/>", &[], 1_000).unwrap();
    assert!(bytes.ends_with(b"a\0"), "{bytes:?}");
    let none = transform(
        "<xsl:output encoding='x-none'/><xsl:template match='/'><a/></xsl:template>",
        "<a/>",
    );
    assert_eq!(
        none,
        Err(Error::Ended(
            "xsl:output: there is no encoding x-none".to_owned()
        ))
    );
}

#[test]
fn parameters() {
    let sheet = compile(
        "<xsl:output method='text'/><xsl:param name='t' select=\"'default'\"/><xsl:param name='b' select='true()'/><xsl:param name='n' select='1'/><xsl:template match='/'><xsl:value-of select='$t'/>|<xsl:if test='$b'>yes</xsl:if>|<xsl:value-of select='$n + 1'/></xsl:template>",
    )
    .unwrap();
    let given = |parameters: &[(&str, Parameter)]| {
        String::from_utf8(sheet.transform("<a/>", parameters, 1_000).unwrap()).unwrap()
    };
    assert_eq!(given(&[]), "default|yes|2");
    assert_eq!(
        given(&[
            ("t", "it's \"so\" & <x>".into()),
            ("b", Parameter::Bool(false)),
            ("n", Parameter::Number(-2.5)),
            ("unknown", "x".into()),
        ]),
        "it's \"so\" & <x>||-1.5"
    );
    // What looks like XPath is a string.
    assert_eq!(given(&[("t", "/a".into())]), "/a|yes|2");
    for (number, text) in [
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        assert_eq!(
            given(&[("n", Parameter::Number(number))]),
            format!("default|yes|{text}")
        );
    }
    let zero = sheet.transform("<a/>", &[("t", "a\0b".into())], 1_000);
    assert!(matches!(zero, Err(Error::Input(_))), "{zero:?}");
}

#[test]
fn mistakes_have_their_lines() {
    for (body, line, said) in [
        ("\n<xsl:template match='/'>", 4, "ill-formed"),
        (
            "\n<xsl:template match='/'>\n<xsl:value-of select='a['/></xsl:template>",
            4,
            "could not compile select expression 'a['",
        ),
        (
            "<xsl:template match='/'>\n<xsl:nothing/></xsl:template>",
            3,
            "xsl:nothing",
        ),
        (
            "<xsl:template match='/'><xsl:value-of/></xsl:template>",
            2,
            "select",
        ),
        ("<xsl:import href='file:///etc/passwd'/>", 2, ""),
        ("<xsl:include href='http://127.0.0.1:1/a.xsl'/>", 2, ""),
    ] {
        let Err(Error::Mistake { message, line: at }) = compile(body).map(drop) else {
            panic!("{body}");
        };
        assert_eq!(at, line, "{body}: {message}");
        assert!(message.contains(said), "{body}: {message}");
    }
    let limits = Limits::default();
    for text in [
        "",
        "text",
        "<a/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'/>",
    ] {
        let wrong = Stylesheet::compile(text, limits).map(drop);
        assert!(
            matches!(wrong, Err(Error::Mistake { .. })),
            "{text}: {wrong:?}"
        );
    }
}

#[test]
fn documents_that_are_none() {
    const COPY: &str = "<xsl:template match='/'><xsl:copy-of select='.'/></xsl:template>";
    let mut bomb = String::from("<!DOCTYPE a [<!ENTITY a0 'xxxxxxxxxx'>");
    for level in 1..20 {
        let of = format!("&a{};", level - 1).repeat(10);
        bomb.push_str(&format!("<!ENTITY a{level} '{of}'>"));
    }
    bomb.push_str("]><a>&a19;</a>");
    let deep = format!("{}{}", "<a>".repeat(300), "</a>".repeat(300));
    let wide = format!(
        "<a {}/>",
        (0..2_000).map(|i| format!("a{i}='' ")).collect::<String>()
    );
    let many = format!("<a>{}</a>", "<a/>".repeat(100_001));
    for document in [
        "",
        "{}",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a b='1' b='2'/>",
        "<a>&undeclared;</a>",
        "<p:a/>",
        "<a>\0</a>",
        "<a>\u{1}</a>",
        &bomb,
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!doctype a><a/>",
        &deep,
        &wide,
        &many,
    ] {
        let shown = document.chars().take(60).collect::<String>();
        let error = ends(COPY, document);
        assert!(matches!(error, Error::Input(_)), "{shown}: {error:?}");
    }
    assert_eq!(
        ends(COPY, "<a>\n</b>").to_string(),
        "the document cannot be read: ill-formed document: expected `</a>`, but `</b>` was found (line 2)"
    );
}

#[test]
fn what_takes_too_much_is_stopped() {
    const ANY: &[&str] = &["steps", "memory"];
    const DEPTH: &[&str] = &["templates within templates"];
    const LENGTH: &[&str] = &["the length of the result"];
    let many = format!("<a>{}</a>", "<b/>".repeat(50_000));
    for (body, document, limits) in [
        // For ever.
        (
            "<xsl:template match='/' name='t'><xsl:call-template name='t'/></xsl:template>",
            "<a/>",
            DEPTH,
        ),
        (
            "<xsl:template match='/'><xsl:apply-templates select='/'/></xsl:template>",
            "<a/>",
            DEPTH,
        ),
        // Twice as often each time.
        (
            "<xsl:template match='/'><xsl:call-template name='t'><xsl:with-param name='n' select='60'/></xsl:call-template></xsl:template><xsl:template name='t'><xsl:param name='n'/><xsl:if test='$n'><xsl:call-template name='t'><xsl:with-param name='n' select='$n - 1'/></xsl:call-template><xsl:call-template name='t'><xsl:with-param name='n' select='$n - 1'/></xsl:call-template></xsl:if></xsl:template>",
            "<a/>",
            ANY,
        ),
        // Twice as long each time.
        (
            "<xsl:template match='/'><xsl:call-template name='t'><xsl:with-param name='s' select=\"'xxxxxxxx'\"/></xsl:call-template></xsl:template><xsl:template name='t'><xsl:param name='s'/><xsl:call-template name='t'><xsl:with-param name='s' select='concat($s, $s)'/></xsl:call-template></xsl:template>",
            "<a/>",
            ANY,
        ),
        (
            "<xsl:template match='/'><xsl:for-each select='//b'><xsl:copy-of select='/'/></xsl:for-each></xsl:template>",
            &many,
            ANY,
        ),
        // Loops in XPath.
        (
            "<xsl:template match='/'><xsl:value-of select='count(//b[count(//b[count(//b) > 1]) > 1])'/></xsl:template>",
            &many,
            ANY,
        ),
        (
            "<xsl:template match='/'><xsl:for-each select='//b'><xsl:value-of select='count(preceding::b)'/></xsl:for-each></xsl:template>",
            &many,
            ANY,
        ),
        // A result that is too long.
        (
            "<xsl:variable name='x' select=\"'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'\"/><xsl:template match='/'><xsl:for-each select='//b'><xsl:value-of select='$x'/></xsl:for-each></xsl:template>",
            &many,
            LENGTH,
        ),
    ] {
        let Error::Limit(reached) = ends(body, document) else {
            panic!("{body}");
        };
        assert!(limits.contains(&reached), "{body}: {reached}");
    }
    // What no step counts: each character of a long text looked for in another, and all pairs of nodes.
    let long = format!("<a><b>{0}</b><c>{0}</c></a>", "x".repeat(2_000_000));
    let slow = "<xsl:template match='/'><xsl:value-of select=\"translate(a/b, concat(translate(a/c, 'x', 'y'), 'x'), '')\"/></xsl:template>";
    assert_eq!(ends(slow, &long), Error::Limit("steps"));
    let pairs = format!("<a>{}{}</a>", "<b/>".repeat(40_000), "<c/>".repeat(40_000));
    let slow = "<xsl:template match='/'><xsl:for-each select='//b'><xsl:value-of select='count(//b | //c)'/></xsl:for-each></xsl:template>";
    assert!(matches!(ends(slow, &pairs), Error::Limit(_)));
}

#[test]
fn deep_results_are_built_and_copied() {
    // As deep as a tree can become: nested 60 deep for each of 900 templates within templates, and copied.
    let (open, close) = ("<a>".repeat(55), "</a>".repeat(55));
    let body = format!(
        "<xsl:template match='/'><xsl:variable name='v'><xsl:call-template name='t'><xsl:with-param name='n' select='15'/></xsl:call-template></xsl:variable><xsl:variable name='w'><xsl:copy-of select='$v'/></xsl:variable><xsl:copy-of select='$w'/></xsl:template>
         <xsl:template name='t'><xsl:param name='n'/>{open}<xsl:if test='$n'><xsl:call-template name='t'><xsl:with-param name='n' select='$n - 1'/></xsl:call-template></xsl:if>{close}</xsl:template>"
    );
    let answer = transform(&body, "<a/>").unwrap();
    assert_eq!(answer.matches("<a").count(), 55 * 16);
    // A text of this depth, of trees in trees.
    let steps: String = (1..400)
        .map(|i| {
            let (open, close) = ("<a>".repeat(40), "</a>".repeat(40));
            format!("<xsl:variable name='v{i}'>{open}<xsl:copy-of select='$v{}'/>{close}</xsl:variable>", i - 1)
        })
        .collect();
    let body = format!(
        "<xsl:template match='/'><xsl:variable name='v0'/>{steps}<xsl:copy-of select='$v399'/></xsl:template>"
    );
    match transform(&body, "<a/>") {
        Ok(answer) => assert_eq!(answer.matches("<a").count(), 40 * 399),
        Err(error) => assert_eq!(error, Error::Limit("memory")),
    }
}

#[test]
fn messages_end_a_transformation() {
    let body = "<xsl:template match='/'><xsl:message terminate='yes'>no <xsl:value-of select='/a'/></xsl:message></xsl:template>";
    assert_eq!(ends(body, "<a>way</a>"), Error::Ended("no way".to_owned()));
    // What is found out only then.
    let unknown = "<xsl:template match='/'><xsl:value-of select='nothing:at-all()' xmlns:nothing='urn:n'/></xsl:template>";
    assert!(matches!(ends(unknown, "<a/>"), Error::Ended(_)));
}

#[test]
fn nothing_outside_is_reached() {
    let at = std::env::temp_dir().join(format!("tollgate-libxml-{}.xml", std::process::id()));
    std::fs::write(&at, "<secret>told</secret>").unwrap();
    let path = at.display();
    for body in [
        format!(
            "<xsl:template match='/'><xsl:copy-of select=\"document('file://{path}')\"/></xsl:template>"
        ),
        format!(
            "<xsl:template match='/'><xsl:copy-of select=\"document('{path}')\"/></xsl:template>"
        ),
        "<xsl:template match='/'><xsl:copy-of select=\"document('')\"/></xsl:template>".to_owned(),
        format!("<xsl:import href='{path}'/>"),
        format!("<xsl:include href='file://{path}'/>"),
        "<xsl:template match='/'><xsl:document href='/tmp/tollgate-written' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'><a/></xsl:document></xsl:template>".to_owned(),
        "<xsl:template match='/'><e:document href='/tmp/tollgate-written' xmlns:e='http://exslt.org/common' extension-element-prefixes='e'><a/></e:document></xsl:template>".to_owned(),
    ] {
        match transform(&body, "<a/>") {
            Ok(answer) => assert!(!answer.contains("told"), "{body}: {answer}"),
            Err(error) => assert!(!error.to_string().contains("told"), "{body}: {error}"),
        }
    }
    std::fs::remove_file(&at).unwrap();
    assert!(!std::path::Path::new("/tmp/tollgate-written").exists());
}

#[test]
fn many_threads_use_one_stylesheet() {
    let sheet = compile(
        "<xsl:output method='text'/><xsl:param name='p'/><xsl:key name='k' match='b' use='.'/><xsl:template match='/'><xsl:for-each select='//b'><xsl:value-of select='generate-id(key(\"k\", .)) = generate-id(.)'/></xsl:for-each><xsl:value-of select='$p'/></xsl:template>",
    )
    .unwrap();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let sheet = &sheet;
            scope.spawn(move || {
                for turn in 0..50 {
                    let parameter = format!(" {thread} {turn}");
                    let answer = sheet.transform(
                        "<a><b>1</b><b>2</b></a>",
                        &[("p", parameter.as_str().into())],
                        1_000,
                    );
                    let expected = format!("truetrue{parameter}");
                    assert_eq!(String::from_utf8(answer.unwrap()).unwrap(), expected);
                    // One that fails leaves nothing behind.
                    assert!(sheet.transform("<a>", &[], 1_000).is_err());
                }
            });
        }
    });
}
