//! set-variable, set-header, set-body, set-status, set-method, set-query-parameter, rewrite-uri.

use http::Method;
use tollgate::{Api, Body, Catalog, Operation};
use tollgate_tests::{Call, FakeClient};

use crate::world::{Answer, World, request, set_header, source};

async fn sent(inbound: &str, path: &str, headers: &[(&str, &str)]) -> Call {
    let world = World::of(&[("inbound", inbound)]);
    let answer = world.get(path, headers).await;
    assert_eq!(
        answer.status, 200,
        "{} {:?}",
        answer.body, answer.exchange.context.last_error
    );
    world.client.only_call()
}

async fn fails(inbound: &str) -> String {
    let answer = World::of(&[("inbound", inbound)]).get("/", &[]).await;
    assert_eq!(answer.status, 500, "{inbound}");
    answer.last_error()[1].clone()
}

#[tokio::test]
async fn variables_keep_their_types() {
    let variables = [
        ("text", "12", "12", "String"),
        ("int", "@(12)", "12", "Int32"),
        ("long", "@(12L)", "12", "Int64"),
        ("double", "@(1.5)", "1.5", "Double"),
        ("bool", "@(true)", "True", "Boolean"),
        ("char", "@('c')", "c", "Char"),
        (
            "guid",
            "@(context.RequestId)",
            "11111111-1111-1111-1111-111111111111",
            "Guid",
        ),
    ];
    let mut policies = String::new();
    for (name, value, ..) in variables {
        policies += &format!(r#"<set-variable name="{name}" value="{value}" />"#);
        policies += &set_header(
            &format!("X-{name}"),
            &format!(
                r#"@(context.Variables["{name}"].ToString() + " " + context.Variables["{name}"].GetType().Name)"#
            ),
        );
    }
    let call = sent(&policies, "/", &[]).await;
    for (name, _, text, ty) in variables {
        assert_eq!(
            call.header(&format!("x-{name}")),
            format!("{text} {ty}"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn variables_last_for_the_request_and_know_case_and_null() {
    let inbound = r#"<set-variable name="a" value="@(1)" /><set-variable name="A" value="@(2)" /><set-variable name="a" value="@(3)" /><set-variable name="none" value="@((string)null)" />"#;
    let outbound = set_header(
        "X-All",
        r#"@(context.Variables.GetValueOrDefault<int>("a") + "," + context.Variables.GetValueOrDefault<int>("A") + "," + context.Variables.ContainsKey("none") + "," + context.Variables.ContainsKey("b"))"#,
    );
    let answer = World::of(&[("inbound", inbound), ("outbound", &outbound)])
        .get("/", &[])
        .await;
    assert_eq!(answer.header("x-all"), "3,2,True,False");
}

fn edit(action: &str, values: &[&str]) -> String {
    let values: String = values
        .iter()
        .map(|value| format!("<value>{value}</value>"))
        .collect();
    format!(r#"<set-header name="X-H" exists-action="{action}">{values}</set-header>"#)
}

#[tokio::test]
async fn set_header_follows_its_table() {
    let there: &[_] = &[("X-H", "1"), ("X-H", "2")];
    for (action, values, before, after) in [
        ("override", &["a", "b"][..], there, &["a,b"][..]),
        ("override", &["a", "b"], &[], &["a,b"]),
        ("skip", &["a"], there, &["1", "2"]),
        ("skip", &["a"], &[], &["a"]),
        ("append", &["a", "b"], there, &["1", "2", "a,b"]),
        ("append", &["a"], &[], &["a"]),
        ("delete", &[], there, &[]),
        ("delete", &[], &[], &[]),
        ("@(\"ski\" + \"p\")", &["a"], there, &["1", "2"]),
    ] {
        let call = sent(&edit(action, values), "/", before).await;
        let lines: Vec<_> = call.headers.get_all("x-h").iter().collect();
        assert_eq!(lines, after, "{action} {values:?} {before:?}");
    }
}

#[tokio::test]
async fn set_header_acts_on_the_response_in_outbound() {
    let outbound = set_header("X-H", "@(context.Response.StatusCode.ToString())")
        + r#"<set-header name="X-Gone" exists-action="delete" /><set-header name="Server" exists-action="delete" />"#;
    let client = FakeClient::new(|_| {
        Ok(http::Response::builder()
            .status(203)
            .header("X-Gone", "1")
            .header("Server", "backend")
            .body(Body::empty())
            .unwrap())
    });
    let answer = World::with(&[("outbound", &outbound)], client)
        .get("/", &[])
        .await;
    assert_eq!(answer.header("x-h"), "203");
    assert_eq!(answer.header("x-gone"), "");
    assert_eq!(
        answer.header("server"),
        "backend",
        "`Server` cannot be removed"
    );
}

#[tokio::test]
async fn some_headers_take_a_line_for_each_value_and_some_are_the_gateways_own() {
    let outbound = r#"<set-header name="Set-Cookie"><value>a=1</value><value>b=2</value></set-header>
        <set-header name="Content-Length"><value>999</value></set-header>
        <set-header name="Transfer-Encoding"><value>gzip</value></set-header>
        <set-header name="Connection"><value>close</value></set-header>
        <set-header name="Keep-Alive"><value>timeout=1</value></set-header>"#;
    let answer = World::of(&[("outbound", outbound)]).get("/", &[]).await;
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.header("content-length"), "3");
    for name in ["transfer-encoding", "connection", "keep-alive"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
}

#[tokio::test]
async fn null_is_no_value_and_empty_is_one() {
    let call = sent(&set_header("X-H", "@((string)null)"), "/", &[]).await;
    assert!(!call.headers.contains_key("x-h"));
    let call = sent(&set_header("X-H", r#"@("")"#), "/", &[]).await;
    assert_eq!(call.headers["x-h"], "");
}

#[tokio::test]
async fn header_values_cannot_smuggle() {
    for value in [
        r#"@("a\r\nX-Evil: 1")"#,
        r#"@("a\nb")"#,
        r#"@("a\0b")"#,
        r#"@("é")"#,
        r#"@("\u007f")"#,
    ] {
        assert_eq!(
            fails(&set_header("X-H", value)).await,
            "ExpressionValueValidationFailure",
            "{value}"
        );
    }
    assert_eq!(
        fails(&set_header(r#"@("a b")"#, "1")).await,
        "ExpressionValueValidationFailure"
    );
}

#[tokio::test]
async fn set_body_replaces_the_request_or_the_response() {
    let inbound =
        r#"<set-body>@(context.Request.Body.As<string>(preserveContent: true) + "+in")</set-body>"#;
    let outbound = r#"<set-body>@(context.Response.Body.As<string>() + "+out")</set-body>"#;
    let world = World::of(&[("inbound", inbound), ("outbound", outbound)]);
    let answer = world.send(request(Method::POST, "/", &[], "text")).await;
    let call = world.client.only_call();
    assert_eq!(
        (&*call.body, call.header("content-length")),
        (&b"text+in"[..], "7")
    );
    assert_eq!(
        (&*answer.body, answer.header("content-length")),
        ("200+out", "7")
    );
}

#[tokio::test]
async fn set_body_takes_text_bytes_and_null() {
    for (body, expected) in [
        ("<set-body> as it is </set-body>", " as it is "),
        ("<set-body><![CDATA[<a/>]]></set-body>", "<a/>"),
        ("<set-body><a b=\"c\">d</a></set-body>", "<a b=\"c\">d</a>"),
        ("<set-body><value>inner</value></set-body>", "inner"),
        ("<set-body>@((string)null)</set-body>", ""),
        ("<set-body>@(1 + 1)</set-body>", "2"),
        ("<set-body>@(\"é\")</set-body>", "é"),
        ("<set-body>\n  @(\"trimmed\")\n </set-body>", "trimmed"),
        ("<set-body>@(new byte[] { 104, 105 })</set-body>", "hi"),
        ("<set-body template=\"none\">x</set-body>", "x"),
    ] {
        let answer = World::of(&[("outbound", body)]).get("/", &[]).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, expected),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_body_that_was_read_is_gone_unless_it_is_kept() {
    for (read, left) in [
        (r#"As<string>()"#, ""),
        (r#"As<string>(preserveContent: true)"#, "payload"),
    ] {
        let inbound =
            format!(r#"<set-variable name="text" value="@(context.Request.Body.{read})" />"#);
        let world = World::of(&[("inbound", &inbound)]);
        let answer = world.send(request(Method::POST, "/", &[], "payload")).await;
        assert!(answer.variable("text").contains("payload"));
        assert_eq!(world.client.only_call().body, left, "{read}");
    }
}

#[tokio::test]
async fn reading_a_body_that_is_not_there_fails() {
    let read = r#"<set-body>@(context.Request.Body.As<string>())</set-body>"#;
    assert_eq!(fails(read).await, "ExpressionValueEvaluationFailure");
}

#[tokio::test]
async fn set_status_sets_code_and_reason() {
    async fn status(policy: &str) -> (u16, String) {
        let answer: Answer = World::of(&[("outbound", policy)]).get("/", &[]).await;
        (answer.status, answer.reason)
    }
    assert_eq!(
        status(r#"<set-status code="418" reason="Tea" />"#).await,
        (418, "Tea".to_owned())
    );
    assert_eq!(
        status(r#"<set-status code="404" />"#).await,
        (404, "Not Found".to_owned())
    );
    assert_eq!(
        status(r#"<set-status code="@(200 + 1)" reason="@("a" + "b")" />"#).await,
        (201, "ab".to_owned())
    );
    let inbound = r#"<set-status code="404" reason="No" />"#;
    let answer = World::of(&[("inbound", inbound)]).get("/", &[]).await;
    assert_eq!(answer.status, 200, "the backend's status counts");
}

#[tokio::test]
async fn set_method_sets_the_method() {
    assert_eq!(
        sent("<set-method>post</set-method>", "/", &[]).await.method,
        "POST"
    );
    assert_eq!(
        sent(r#"<set-method>@("PA" + "TCH")</set-method>"#, "/", &[])
            .await
            .method,
        "PATCH"
    );
}

#[tokio::test]
async fn set_query_parameter_edits_the_query() {
    for (action, value, query, after) in [
        (
            "override",
            "<value>x y</value><value>&amp;</value>",
            "?a=1&b=2&A=3",
            "?b=2&a=x%20y&a=%26",
        ),
        ("skip", "<value>x</value>", "?a=1", "?a=1"),
        ("skip", "<value>x</value>", "", "?a=x"),
        ("append", "<value>@(\"x\")</value>", "?a=1", "?a=1&a=x"),
        ("delete", "", "?a=1&b=2&a=3", "?b=2"),
        ("delete", "", "?a=1", ""),
    ] {
        let policy = format!(
            r#"<set-query-parameter name="a" exists-action="{action}">{value}</set-query-parameter>"#
        );
        let call = sent(&policy, &format!("/p{query}"), &[]).await;
        assert_eq!(
            call.url,
            format!("http://backend.test/base/p{after}"),
            "{action} {query}"
        );
    }
}

/// Where a request goes from an operation `GET /get/{id}?a={b}` with this `rewrite-uri`.
async fn rewritten(attributes: &str, path: &str) -> (u16, String) {
    let api = Api::new("api")
        .path("api")
        .service_url("http://backend.test/base")
        .policy(source(
            "api.xml",
            &[("inbound", &format!("<rewrite-uri {attributes} />"))],
        ))
        .operation(Operation::new("GET", "/get/{id}?a={b}"));
    let world = World::serving(Catalog::new().api(api), FakeClient::statuses(&[200]));
    let answer = world.get(&format!("/api{path}"), &[]).await;
    let url = world.client.calls().first().map(|call| call.url.clone());
    (
        answer.status,
        url.unwrap_or_default()
            .replace("http://backend.test/base", ""),
    )
}

#[tokio::test]
async fn rewrite_uri_replaces_path_and_query() {
    for (attributes, path, after) in [
        // The reference's own example.
        (r#"template="/put""#, "/get/1?a=b&c=d", "/put?c=d"),
        (
            r#"template="/put" copy-unmatched-params="false""#,
            "/get/1?a=b&c=d",
            "/put",
        ),
        (r#"template="/v2/{id}""#, "/get/7?a=b", "/v2/7"),
        (r#"template="/v2/{id}""#, "/get/a%20b?a=b", "/v2/a%20b"),
        (
            r#"template="/v2?x={b}&amp;y=1""#,
            "/get/1?a=b&c=d",
            "/v2?x=b&y=1&c=d",
        ),
        (r#"template="no/slash""#, "/get/1?a=b", "/no/slash"),
        (
            r#"template="@("/" + context.Request.Method)""#,
            "/get/1?a=b",
            "/GET",
        ),
    ] {
        assert_eq!(
            rewritten(attributes, path).await,
            (200, after.to_owned()),
            "{attributes} {path}"
        );
    }
    assert_eq!(
        rewritten(r#"template="/{other}""#, "/get/1?a=b").await.0,
        500
    );
    assert_eq!(
        rewritten(r#"template="@("/a b\r\n")""#, "/get/1?a=b")
            .await
            .0,
        500
    );
}
