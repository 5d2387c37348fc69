//! Documents that cannot be loaded: code, line, column and message, word for word.

use tollgate::{BuildError, Catalog, Gateway, Source};

fn errors(catalog: Catalog) -> Vec<String> {
    match Gateway::builder().catalog(catalog).build() {
        Err(BuildError::Load(errors)) => errors.to_string().lines().map(str::to_owned).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it loads"),
    }
}

/// What is wrong with a document. Lines that begin with two spaces are help.
fn document(text: &str) -> Vec<String> {
    let policy = Source::new("policy.xml", text);
    errors(Catalog::new().api(tollgate::Api::new("a").policy(policy)))
}

/// What is wrong with these policies, which begin on line 2, column 1 of an inbound section.
fn inbound(policies: &str) -> Vec<String> {
    document(&format!(
        "<policies><inbound>\n{policies}</inbound></policies>"
    ))
}

#[test]
fn broken_xml() {
    assert_eq!(
        document("<policies>\n  <inbound>\n</policies>"),
        [
            "policy.xml:2:4: error[unclosed-element]: the element `inbound` is not closed",
            "  help: close it with `</inbound>`, or as `<inbound/>` when nothing stands in it"
        ]
    );
    assert_eq!(
        document("<policies><inbound></inbound></policies"),
        [
            "policy.xml:1:30: error[unterminated-tag]: this tag does not end",
            "  help: close it with `>`, or with `/>` when nothing stands in it",
            "policy.xml:1:30: error[unexpected-text]: there cannot be text in `policies`"
        ]
    );
    assert_eq!(
        document("<policies><inbound a=1 /></policies>"),
        [
            "policy.xml:1:20: error[unquoted-value]: the attribute `a` has no value in quotes",
            r#"  help: write `a="…"`"#,
            "policy.xml:1:20: error[unknown-attribute]: `inbound` has no attribute `a`"
        ]
    );
    assert_eq!(
        document(""),
        [
            "policy.xml:1:1: error[no-root]: the file has no root element",
            "  help: a policy document is `<policies>…</policies>`, a fragment `<fragment>…</fragment>`"
        ]
    );
}

#[test]
fn unbalanced_expressions() {
    assert_eq!(
        inbound(r#"<set-variable name="a" value="@(context.Request.Method" />"#),
        [
            "policy.xml:2:31: error[unclosed-expression]: this expression is not closed: there is no `)` for its `(`",
            "  help: add the missing `)`"
        ]
    );
    assert_eq!(
        inbound(r#"<set-variable name="a" value="@(items[0)" />"#),
        [
            "policy.xml:2:40: error[mismatched-bracket]: this `)` does not close the `[` that is open",
            "  help: close it with `]` first"
        ]
    );
    assert_eq!(
        inbound(r#"<set-body>@{ return "a; }</set-body>"#),
        [
            "policy.xml:2:21: error[unclosed-string]: the string that begins here is not closed",
            r#"  help: close it with `"` on the same line; a string of several lines is written `@"…"`"#
        ]
    );
}

#[test]
fn things_given_twice() {
    assert_eq!(
        inbound(r#"<set-variable name="a" name="b" value="c" />"#),
        [
            "policy.xml:2:24: error[duplicate-attribute]: the attribute `name` is given twice",
            "  help: remove one of them"
        ]
    );
    assert_eq!(
        document("<policies>\n<inbound />\n<inbound />\n</policies>"),
        ["policy.xml:3:2: error[duplicate-section]: the section `inbound` stands here twice"]
    );
    assert_eq!(
        inbound(
            "<cors><allowed-origins><origin>*</origin></allowed-origins><allowed-origins><origin>*</origin></allowed-origins></cors>"
        ),
        [
            "policy.xml:2:61: error[duplicate-element]: `allowed-origins` may stand only once in `cors`"
        ]
    );
}

#[test]
fn unknown_names() {
    assert_eq!(
        inbound(r#"<set-variable name="a" vlaue="b" value="c" />"#),
        [
            "policy.xml:2:24: error[unknown-attribute]: `set-variable` has no attribute `vlaue`",
            "  help: did you mean `value`?"
        ]
    );
    assert_eq!(
        inbound(r#"<set-variabel name="a" value="b" />"#),
        [
            "policy.xml:2:2: error[unknown-policy]: there is no policy `set-variabel`",
            "  help: did you mean `set-variable`?"
        ]
    );
    assert_eq!(
        inbound("<set-header name=\"a\"><valeu>b</valeu></set-header>"),
        [
            "policy.xml:2:23: error[unknown-element]: `set-header` cannot hold the element `valeu`",
            "  help: did you mean `value`?"
        ]
    );
    assert_eq!(
        document("<policies>\n<inbuond />\n</policies>"),
        [
            "policy.xml:2:2: error[unknown-section]: there is no section `inbuond`",
            "  help: did you mean `inbound`?"
        ]
    );
    assert_eq!(
        document("<policy />"),
        [
            "policy.xml:1:2: error[unknown-root]: `policy` is not the root of a policy document",
            "  help: the root is `policies`, `fragment`, or a resolver's `http-data-source`, `sql-data-source`, `cosmosdb-data-source`"
        ]
    );
}

#[test]
fn templates_that_are_none() {
    let of = |attributes: &str, text: &str| {
        inbound(&format!(r"<set-body {attributes}>{text}</set-body>"))[0].clone()
    };
    assert_eq!(
        of(r#"template="liquid""#, "@(1)"),
        "policy.xml:2:29: error[liquid]: a Liquid template cannot be an expression"
    );
    let unknown = of(r#"template="liquid""#, "{{body.a | upcase}}");
    assert!(
        unknown.starts_with("policy.xml:2:29: error[liquid]: "),
        "{unknown}"
    );
    assert!(unknown.contains("upcase"), "{unknown}");
    assert_eq!(
        of(r#"template="liquid" xsi-nil="none""#, "a"),
        "policy.xml:2:38: error[wrong-type]: `xsi-nil` must be one of `blank`, `null`, not `none`"
    );
}

#[test]
fn policies_in_the_wrong_place() {
    assert_eq!(
        inbound("<forward-request />"),
        [
            "policy.xml:2:2: error[wrong-section]: `forward-request` cannot stand in `inbound`, only in `backend`"
        ]
    );
    assert_eq!(
        document(
            "<policies>\n<outbound><ip-filter action=\"allow\"><address>10.0.0.1</address></ip-filter></outbound></policies>"
        ),
        [
            "policy.xml:2:12: error[wrong-section]: `ip-filter` cannot stand in `outbound`, only in `inbound`"
        ]
    );
    assert_eq!(
        document("<policies>\n<set-variable name=\"a\" value=\"b\" />\n</policies>"),
        ["policy.xml:2:2: error[wrong-section]: the policy `set-variable` must stand in a section"]
    );
    let global = Source::new(
        "global.xml",
        "<policies><inbound>\n<rate-limit calls=\"1\" renewal-period=\"1\" /></inbound></policies>",
    );
    assert_eq!(
        errors(Catalog::new().policy(global)),
        [
            "global.xml:2:2: error[wrong-scope]: `rate-limit` cannot stand in a policy at global scope, only at product, api or operation"
        ]
    );
}

#[test]
fn wrong_literals() {
    assert_eq!(
        inbound(r#"<rate-limit-by-key calls="ten" renewal-period="60" counter-key="k" />"#),
        ["policy.xml:2:27: error[wrong-type]: `calls` must be a whole number, not `ten`"]
    );
    assert_eq!(
        inbound(r#"<rate-limit-by-key calls="1" renewal-period="301" counter-key="k" />"#),
        ["policy.xml:2:46: error[wrong-value]: `renewal-period` is between 1 and 300 seconds"]
    );
    assert_eq!(
        inbound(r#"<set-status code="999" />"#),
        [
            "policy.xml:2:19: error[wrong-type]: `code` must be a status code between 200 and 599, not `999`"
        ]
    );
    assert_eq!(
        inbound(r#"<choose><when condition="yes" /></choose>"#),
        ["policy.xml:2:26: error[wrong-type]: `condition` must be `true` or `false`, not `yes`"]
    );
    assert_eq!(
        inbound(r#"<set-backend-service base-url="backend" />"#),
        [
            "policy.xml:2:32: error[wrong-type]: `base-url` must be an absolute http or https URL, not `backend`"
        ]
    );
    assert_eq!(
        inbound(r#"<ip-filter action="deny"><address>10.0.0.256</address></ip-filter>"#),
        [
            "policy.xml:2:20: error[wrong-type]: `action` must be `allow` or `forbid`, not `deny`",
            "policy.xml:2:35: error[wrong-type]: `<address>` must be an IP address, not `10.0.0.256`"
        ]
    );
    assert_eq!(
        inbound(r#"<set-variable name="@("a")" value="b" />"#),
        [
            "policy.xml:2:21: error[expression-not-allowed]: `name` of `set-variable` cannot be an expression"
        ]
    );
    assert_eq!(
        inbound("<set-header name=\"a\"><value>b&#13;&#10;c</value></set-header>"),
        [
            "policy.xml:2:29: error[wrong-type]: `<value>` must be a header's value: visible ASCII characters, spaces and tabs, not `b",
            "c`"
        ]
    );
    assert_eq!(
        inbound(
            r#"<retry condition="true" count="51" interval="1"><set-method>GET</set-method></retry>"#
        ),
        ["policy.xml:2:32: error[wrong-value]: `count` is between 1 and 50"]
    );
}

#[test]
fn what_is_missing() {
    assert_eq!(
        inbound(r#"<rate-limit-by-key calls="1" renewal-period="60" />"#),
        [
            "policy.xml:2:2: error[missing-attribute]: `rate-limit-by-key` needs the attribute `counter-key`"
        ]
    );
    assert_eq!(
        inbound("<choose />"),
        ["policy.xml:2:2: error[missing-element]: `choose` needs the element `when`"]
    );
    assert_eq!(
        inbound(r#"<validate-jwt><openid-config url="https://a.test/" /></validate-jwt>"#),
        [
            "policy.xml:2:2: error[missing-attribute]: `validate-jwt` needs one of `header-name`, `query-parameter-name`, `token-value`"
        ]
    );
    assert_eq!(
        inbound(r#"<set-header name="a" />"#),
        [
            "policy.xml:2:2: error[missing-element]: `set-header` needs a `<value>` unless it deletes"
        ]
    );
}

#[test]
fn expressions_that_do_not_compile() {
    assert_eq!(
        inbound(r#"<set-variable name="a" value="@(context.Requst.Method)" />"#),
        [
            "policy.xml:2:41: error[CS1061]: 'IProxyRequestContext' does not contain a definition for 'Requst' and no accessible extension method 'Requst' accepting a first argument of type 'IProxyRequestContext' could be found (are you missing a using directive or an assembly reference?)",
            "  help: did you mean `Request`?"
        ]
    );
    assert_eq!(
        inbound("<set-variable name=\"a\" value=\"@(1 +)\" />"),
        ["policy.xml:2:36: error[CS1525]: Invalid expression term ')'"]
    );
    assert_eq!(
        inbound(r#"<choose><when condition="@(1)" /></choose>"#),
        [
            "policy.xml:2:26: error[wrong-type]: `condition` must be `true` or `false`, but the expression gives `int`"
        ]
    );
}

#[test]
fn unknown_named_values() {
    let policy = Source::new(
        "policy.xml",
        "<policies><inbound>\n<set-header name=\"a\"><value>b {{backend-ulr}}</value></set-header></inbound></policies>",
    );
    let catalog = Catalog::new()
        .named_value("backend-url", "http://a.test")
        .api(tollgate::Api::new("a").policy(policy));
    assert_eq!(
        errors(catalog),
        [
            "policy.xml:2:31: error[unknown-named-value]: there is no named value `backend-ulr`",
            "  help: did you mean `backend-url`?"
        ]
    );
    assert_eq!(
        inbound(r#"<set-variable name="a" value="@("{{nothing}}")" />"#),
        ["policy.xml:2:34: error[unknown-named-value]: there is no named value `nothing`"]
    );
}

#[test]
fn fragments() {
    assert_eq!(
        inbound(r#"<include-fragment fragment-id="none" />"#),
        ["policy.xml:2:32: error[unknown-fragment]: there is no fragment `none`"]
    );
    let include = |id: &str| {
        Source::new(
            format!("{id}-in.xml"),
            format!("<fragment>\n<include-fragment fragment-id=\"{id}\" /></fragment>"),
        )
    };
    assert_eq!(
        errors(Catalog::new().fragment("self", include("self"))),
        ["self-in.xml:2:1: error[fragment-cycle]: fragment `self` includes itself: self → self"]
    );
    assert_eq!(
        errors(
            Catalog::new()
                .fragment("one", include("two"))
                .fragment("two", include("one"))
        ),
        ["one-in.xml:2:1: error[fragment-cycle]: fragment `one` includes itself: one → two → one"]
    );
    let base = Source::new("fragment.xml", "<fragment>\n<base /></fragment>");
    let includes = "<policies><inbound><include-fragment fragment-id=\"f\" /></inbound></policies>";
    let includes = tollgate::Api::new("a").policy(Source::new("policy.xml", includes));
    assert_eq!(
        errors(Catalog::new().fragment("f", base).api(includes)),
        ["fragment.xml:2:2: error[misplaced-base]: `base` cannot stand in a fragment (`f`)"]
    );
}

#[test]
fn everything_is_found_in_one_go() {
    assert_eq!(
        document(
            "<policies>\n<inbound>\n<chose />\n<set-status code=\"x\" />\n</inbound>\n<oubound />\n</policies>"
        ),
        [
            "policy.xml:3:2: error[unknown-policy]: there is no policy `chose`",
            "  help: did you mean `choose`?",
            "policy.xml:4:19: error[wrong-type]: `code` must be a status code between 200 and 599, not `x`",
            "policy.xml:6:2: error[unknown-section]: there is no section `oubound`",
            "  help: did you mean `outbound`?"
        ]
    );
}
