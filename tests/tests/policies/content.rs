//! find-and-replace, redirect-content-urls, jsonp, cross-domain.

use http::{Method, Response};
use tollgate::{Api, Body, Catalog};
use tollgate_tests::{Call, FakeClient};

use crate::world::{Answer, INTERNAL, World, api, request, source};

/// A backend that gives this body with these headers.
fn backend(headers: &'static [(&'static str, &'static str)], body: &'static [u8]) -> FakeClient {
    FakeClient::new(move |_: &Call| {
        let mut response = Response::builder();
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Ok(response.body(Body::full(body)).unwrap())
    })
}

async fn outbound(policy: &str, client: FakeClient, path: &str) -> Answer {
    World::with(&[("outbound", policy)], client)
        .get(path, &[])
        .await
}

/// `a`, as gzip.
const GZIP_A: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00\x00\x00";

#[tokio::test]
async fn find_and_replace_replaces_all_of_it_in_the_response() {
    const JSON: &[(&str, &str)] = &[("content-type", "application/json"), ("etag", "1")];
    for (from, to, body, expected) in [
        (
            "notebook",
            "laptop",
            "a notebook, a Notebook, notebooks",
            "a laptop, a Notebook, laptops",
        ),
        ("aa", "b", "aaaaa", "bba"),
        ("a", "", "banana", "bnn"),
        ("", "x", "abc", "abc"),
        ("none", "x", "abc", "abc"),
        ("@(\"b\" + \"c\")", "@(context.Api.Name)", "abcd", "aapid"),
        ("ü", "ö", "für", "för"),
    ] {
        let policy = format!(r#"<find-and-replace from="{from}" to="{to}" />"#);
        let answer = outbound(&policy, backend(JSON, body.as_bytes()), "/").await;
        assert_eq!(answer.body, expected, "{from} {to}");
        assert_eq!(answer.header("content-length"), expected.len().to_string());
        let changed = body != expected;
        assert_eq!(answer.header("etag"), if changed { "" } else { "1" });
    }
}

#[tokio::test]
async fn find_and_replace_works_on_the_request_and_in_its_charset() {
    let policy = r#"<find-and-replace from="é" to="e" /><find-and-replace from="x" to="è" />"#;
    for (kind, body, expected) in [
        (
            "text/plain; charset=iso-8859-1",
            &b"caf\xE9 x"[..],
            &b"cafe \xE8"[..],
        ),
        (
            "text/plain; charset=\"UTF-16LE\"",
            b"\xE9\0x\0\0x",
            b"e\0\xE8\0\0x",
        ),
        ("text/plain; charset=utf-16be", b"\0\xE9", b"\0e"),
        (
            "text/plain; charset=nonsense",
            "é\u{0}x".as_bytes(),
            "e\u{0}è".as_bytes(),
        ),
        ("text/plain", b"\xFF\xC3\xA9\xE9", b"\xFFe\xE9"),
    ] {
        let world = World::of(&[("inbound", policy)]);
        let mut request = request(Method::POST, "/", &[("content-type", kind)], "");
        *request.body_mut() = Body::full(body);
        assert_eq!(world.send(request).await.status, 200);
        assert_eq!(world.client.only_call().body, expected, "{kind}");
    }
}

#[tokio::test]
async fn find_and_replace_looks_into_compressed_bodies_and_bounds_its_result() {
    let policy = r#"<find-and-replace from="a" to="@(new string('b', 100000))" />"#;
    let gzip = backend(&[("content-encoding", "gzip")], GZIP_A);
    let answer = outbound(r#"<find-and-replace from="a" to="b" />"#, gzip, "/").await;
    assert_eq!(
        (&*answer.body, answer.header("content-encoding")),
        ("b", "")
    );
    let broken = backend(&[("content-encoding", "gzip")], b"a");
    let answer = outbound(policy, broken, "/").await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(answer.last_error()[1], "ResponseBodyEncodingInvalid");
    let unknown = backend(&[("content-encoding", "zstd")], b"a");
    let answer = outbound(policy, unknown, "/").await;
    assert_eq!(answer.last_error()[1], "ResponseBodyEncodingUnsupported");
    let many = backend(&[], b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let answer = outbound(policy, many, "/").await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(
        answer.last_error()[..3],
        [
            "find-and-replace",
            "",
            "The new body is longer than 16777216 bytes."
        ]
    );
    let latin = backend(&[("content-type", "text/plain; charset=latin1")], b"a");
    let answer = outbound(r#"<find-and-replace from="a" to="語" />"#, latin, "/").await;
    assert_eq!(
        answer.last_error()[2],
        "`to` has characters that windows-1252 has not."
    );
}

#[tokio::test]
async fn redirect_content_urls_leads_links_through_the_gateway() {
    const BODY: &[u8] = b"http://backend.test/base/x?y HTTP://Backend.test/base http://backend.test/based http://backend.test.evil/base http://backend.test:81/base (http://backend.test/base). http://other.test/base";
    let catalog = Catalog::new().api(
        Api::new("api")
            .path("shop")
            .service_url("http://backend.test/base/")
            .policy(source(
                "api.xml",
                &[("outbound", "<redirect-content-urls />")],
            )),
    );
    let client = backend(&[("location", "http://backend.test/base/z")], BODY);
    let answer = World::serving(catalog, client).get("/shop/x", &[]).await;
    assert_eq!(
        answer.body,
        "http://gateway.test/shop/x?y http://gateway.test/shop http://backend.test/based http://backend.test.evil/base http://backend.test:81/base (http://gateway.test/shop). http://other.test/base"
    );
    assert_eq!(answer.header("location"), "http://backend.test/base/z");
}

#[tokio::test]
async fn redirect_content_urls_turns_requests_towards_the_backend() {
    let world = World::of(&[("inbound", "<redirect-content-urls />")]);
    let body = "see http://gateway.test/a and http://gateway.test2/a";
    let answer = world.send(request(Method::POST, "/", &[], body)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        world.client.only_call().body,
        "see http://backend.test/base/a and http://gateway.test2/a"
    );
}

#[tokio::test]
async fn jsonp_wraps_where_the_client_asks() {
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    let policy = r#"<jsonp callback-parameter-name="cb" />"#;
    let answer = outbound(policy, backend(JSON, b"{\"a\":1}"), "/x?CB=show").await;
    assert_eq!(answer.body, "show({\"a\":1});");
    assert_eq!(answer.header("content-type"), "application/javascript");
    assert_eq!(answer.header("content-length"), "14");
    let answer = outbound(policy, backend(JSON, b"{}"), "/x?other=show").await;
    assert_eq!(
        (&*answer.body, answer.header("content-type")),
        ("{}", "application/json")
    );
    let named = r#"<jsonp callback-parameter-name="@(context.Api.Id)" />"#;
    assert_eq!(
        outbound(named, backend(JSON, b"{}"), "/x?api=_$1")
            .await
            .body,
        "_$1({});"
    );
    let gzip = backend(&[("content-encoding", "gzip")], GZIP_A);
    let answer = outbound(policy, gzip, "/x?cb=show").await;
    assert_eq!(
        (&*answer.body, answer.header("content-encoding")),
        ("show(a);", "")
    );
}

#[tokio::test]
async fn jsonp_refuses_what_is_no_identifier() {
    for callback in [
        "",
        "1a",
        "a.b",
        "a(b",
        "alert(1);x",
        "a%20b",
        "%3Cscript%3E",
    ] {
        let policy = r#"<jsonp callback-parameter-name="cb" />"#;
        let answer = outbound(policy, backend(&[], b"{}"), &format!("/x?cb={callback}")).await;
        assert_eq!(answer.status, 400, "{callback}");
        assert_eq!(
            answer.body,
            r#"{ "statusCode": 400, "message": "Value of callback parameter cb is not a valid JavaScript identifier." }"#
        );
        assert_eq!(
            answer.last_error()[..2],
            ["jsonp", "CallbackParameterInvalid"]
        );
    }
}

#[tokio::test]
async fn cross_domain_serves_its_document() {
    let document = r#"<cross-domain-policy><allow-access-from domain="*" secure="false" /></cross-domain-policy>"#;
    let catalog = Catalog::new()
        .policy(source(
            "global.xml",
            &[(
                "inbound",
                &format!("<cross-domain>\n  {document}\n</cross-domain>"),
            )],
        ))
        .api(Api::new("api").path("shop").policy(source("api.xml", &[])));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    let answer = world.get("/crossdomain.xml", &[]).await;
    assert_eq!((answer.status, &*answer.body), (200, document));
    assert_eq!(answer.header("content-type"), "text/xml");
    for path in [
        "/other.xml",
        "/clientaccesspolicy.xml",
        "/shop2/crossdomain.xml",
    ] {
        assert_eq!(world.get(path, &[]).await.status, 404, "{path}");
    }
    let post = request(Method::POST, "/crossdomain.xml", &[], "");
    assert_eq!(world.send(post).await.status, 404);
}

#[tokio::test]
async fn cross_domain_answers_before_an_api_that_takes_everything() {
    let document = r"<access-policy />";
    let catalog = Catalog::new()
        .policy(source(
            "global.xml",
            &[
                (
                    "inbound",
                    &format!("<cross-domain>{document}</cross-domain>"),
                ),
                ("backend", "<forward-request />"),
            ],
        ))
        .api(api(&[]));
    let world = World::serving(catalog, FakeClient::statuses(&[204]));
    let answer = world.get("/clientaccesspolicy.xml", &[]).await;
    assert_eq!((answer.status, &*answer.body), (200, document));
    assert_eq!(world.get("/crossdomain.xml", &[]).await.status, 204);
}

const LIQUID: &str = r#"<set-body template="liquid">{"name": "{{body.envelope.body.Order.Name}}", "items": [{% JSONArrayFor x in body.envelope.body.Order.Item -%}"{{ x }}"{%- endJSONArrayFor %}]}</set-body>"#;

#[tokio::test]
async fn a_template_turns_soap_into_json() {
    const XML: &[(&str, &str)] = &[("content-type", "text/xml; charset=utf-8")];
    let soap = br#"<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><m:Order xmlns:m="urn:m"><m:Name>Tea &amp; co</m:Name><m:Item>1</m:Item><m:Item>2</m:Item></m:Order></soap:Body></soap:Envelope>"#;
    let answer = outbound(LIQUID, backend(XML, soap), "/").await;
    assert_eq!(answer.body, r#"{"name": "Tea & co", "items": ["1","2"]}"#);
}

#[tokio::test]
async fn a_template_builds_soap_from_json_and_sees_the_context() {
    let policy = r#"<set-variable name="user" value="ann" />
        <set-body template="liquid">
            <soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><id>{{body.order.id}}</id>
            <by>{{context.Variables["user"]}} {{context.Request.Method}} {{context.Request.Headers["X-A"]}} {{context.Request.OriginalUrl.Path}}</by></soap:Envelope>
        </set-body>"#;
    let world = World::of(&[("inbound", policy)]);
    let headers = [("content-type", "application/json"), ("x-a", "1")];
    let body = r#"{"order": {"ID": 7}}"#;
    let answer = world
        .send(request(Method::POST, "/x", &headers, body))
        .await;
    assert_eq!(
        answer.status, 200,
        "{:?}",
        answer.exchange.context.last_error
    );
    let sent = world.client.only_call().body;
    let sent = std::str::from_utf8(&sent).unwrap().trim();
    assert!(sent.starts_with("<soap:Envelope"), "{sent}");
    assert!(sent.contains("<id>7</id>"), "{sent}");
    assert!(sent.contains("<by>ann POST 1 /x</by>"), "{sent}");
}

#[tokio::test]
async fn a_template_that_cannot_read_the_body_fails() {
    let policy = r#"<set-body template="liquid">{{body.a}}</set-body>"#;
    for (kind, body, message) in [
        (
            "application/json",
            "{\"a\": ",
            "The body is no JSON that a template can read: line 1, column 6.",
        ),
        (
            "application/xml",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "The body is no XML that a template can read.",
        ),
        (
            "application/soap+xml",
            "<a>",
            "The body is no XML that a template can read.",
        ),
    ] {
        let world = World::of(&[("inbound", policy)]);
        let headers = [("content-type", kind)];
        let answer = world.send(request(Method::POST, "/", &headers, body)).await;
        assert_eq!((answer.status, &*answer.body), (500, INTERNAL), "{kind}");
        assert_eq!(answer.last_error()[..3], ["set-body", "", message]);
    }
    let world = World::of(&[("inbound", policy)]);
    let plain = request(Method::POST, "/", &[("content-type", "text/plain")], "{}");
    assert_eq!(world.send(plain).await.status, 200);
    assert!(world.client.only_call().body.is_empty());
}

#[tokio::test]
async fn a_template_in_return_response_has_no_body() {
    let policy = r#"<return-response><set-status code="200" /><set-body template="liquid">[{{body.a}}{{context.Request.Method}}]</set-body></return-response>"#;
    let world = World::of(&[("inbound", policy)]);
    let headers = [("content-type", "application/json")];
    let answer = world
        .send(request(Method::POST, "/", &headers, "{\"a\":1}"))
        .await;
    assert_eq!(answer.body, "[POST]");
}

/// The body that a policy in outbound makes of this one, with its content type.
async fn converted(policy: &str, kind: &'static str, body: &'static str, accept: &str) -> Answer {
    let client = FakeClient::new(move |_: &Call| {
        let response = Response::builder().header("content-type", kind);
        Ok(response.body(Body::from(body)).unwrap())
    });
    World::with(&[("outbound", policy)], client)
        .get("/", &[("accept", accept)])
        .await
}

const TO_XML: &str = r#"<json-to-xml apply="always" consider-accept-header="false" namespace-separator=":" namespace-prefix="xmlns" attribute-block-name="attrs" />"#;

#[tokio::test]
async fn json_becomes_xml() {
    for (json, xml) in [
        (r#"{"a": 1}"#, "<a>1</a>"),
        (
            r#"{"a": {"b": [1, 2.50, true, null, {}, "x<y"]}}"#,
            "<a><b>1</b><b>2.5</b><b>true</b><b /><b /><b>x&lt;y</b></a>",
        ),
        (
            r#"{"a": 1, "b": 2}"#,
            "<Document><a>1</a><b>2</b></Document>",
        ),
        (r#"{"a": [1, 2]}"#, "<Document><a>1</a><a>2</a></Document>"),
        (r"{}", "<Document />"),
        (
            r##"{"a": {"@id": "1 \"2\"", "#text": "t"}}"##,
            "<a id=\"1 &quot;2&quot;\">t</a>",
        ),
        (
            r#"{"a": {"attrs": {"x": 1, "y": "z"}, "b": ""}}"#,
            "<a x=\"1\" y=\"z\"><b></b></a>",
        ),
        (
            r#"{"soapenv:Envelope": {"xmlns:soapenv": "http://schemas.xmlsoap.org/soap/envelope/", "xmlns": "urn:d", "soapenv:Body": {"other:x": 1}}}"#,
            r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:d"><soapenv:Body><other_x003A_x>1</other_x003A_x></soapenv:Body></soapenv:Envelope>"#,
        ),
        (
            r#"{"first name": {"1st": "\u0000x", "": 1}}"#,
            "<first_x0020_name><_x0031_st>x</_x0031_st><_>1</_></first_x0020_name>",
        ),
        (
            r#"{"d": "2024-05-06T07:08:09.500Z"}"#,
            "<d>2024-05-06T07:08:09.5Z</d>",
        ),
        (
            r#"{"a": [[1, 2], [3]]}"#,
            "<Document><a><a>1</a><a>2</a></a><a><a>3</a></a></Document>",
        ),
        (
            r#"{"x><script/>": 1}"#,
            "<x_x003E__x003C_script_x002F__x003E_>1</x_x003E__x003C_script_x002F__x003E_>",
        ),
    ] {
        let answer = converted(TO_XML, "application/json", json, "").await;
        assert_eq!(answer.body, xml, "{json}");
        assert_eq!(answer.header("content-type"), "application/xml");
    }
    let plain =
        r#"<json-to-xml apply="always" consider-accept-header="@(false)" parse-date="false" />"#;
    for (json, xml) in [
        (
            r#"{"a_b": "2024-05-06T07:08:09.500Z"}"#,
            "<a_b>2024-05-06T07:08:09.500Z</a_b>",
        ),
        (
            r#"{"p_a": {"@xmlns:p": "urn:p", "p_b": 1}}"#,
            r#"<p:a xmlns:p="urn:p"><p:b>1</p:b></p:a>"#,
        ),
    ] {
        assert_eq!(converted(plain, "text/plain", json, "").await.body, xml);
    }
}

#[tokio::test]
async fn xml_becomes_json() {
    const XML: &str = "<?xml version=\"1.0\"?><!-- c --><r xmlns:p=\"urn:p\" id=\"1\"><p:a>x &amp; <![CDATA[<y>]]></p:a><b/><b>2</b><c k=\"v\">t</c><d></d></r>";
    for (attributes, json) in [
        (
            r#"kind="direct" apply="always""#,
            r##"{"r":{"@xmlns:p":"urn:p","@id":"1","p:a":"x & <y>","b":[null,"2"],"c":{"@k":"v","#text":"t"},"d":""}}"##,
        ),
        (
            r#"kind="javascript-friendly" apply="content-type-xml""#,
            r#"{"r":{"xmlns:p":"urn:p","id":"1","p:a":"x & <y>","b":[null,"2"],"c":{"k":"v","value":"t"},"d":""}}"#,
        ),
        (
            r#"kind="@("direct")" apply="@("always")" always-array-child-elements="true""#,
            r##"{"r":{"@xmlns:p":"urn:p","@id":"1","p:a":["x & <y>"],"b":[null,"2"],"c":[{"@k":"v","#text":"t"}],"d":[""]}}"##,
        ),
    ] {
        let policy = format!(r#"<xml-to-json {attributes} consider-accept-header="false" />"#);
        let answer = converted(&policy, "application/soap+xml", XML, "").await;
        assert_eq!(answer.body, json, "{attributes}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn conversions_go_by_content_type_and_accept() {
    let to_json = |apply: &str, accept: &str| {
        format!(
            r#"<xml-to-json kind="direct" apply="{apply}" consider-accept-header="{accept}" />"#
        )
    };
    for (apply, consider, kind, accept, converts) in [
        ("always", "true", "text/plain", "application/json", true),
        (
            "always",
            "true",
            "text/plain",
            "text/html, application/problem+json;q=0.5",
            true,
        ),
        ("always", "true", "text/plain", "*/*", false),
        ("always", "true", "text/plain", "", false),
        ("always", "false", "text/plain", "", true),
        (
            "content-type-xml",
            "false",
            "text/xml; charset=utf-8",
            "",
            true,
        ),
        ("content-type-xml", "false", "text/plain", "", false),
        ("content-type-xml", "false", "application/json", "", false),
    ] {
        let answer = converted(&to_json(apply, consider), kind, "<a>1</a>", accept).await;
        let expected = if converts { r#"{"a":"1"}"# } else { "<a>1</a>" };
        assert_eq!(answer.body, expected, "{apply} {consider} {kind} {accept}");
    }
}

#[tokio::test]
async fn what_cannot_be_converted_fails() {
    let to_json = r#"<xml-to-json kind="direct" apply="always" consider-accept-header="false" />"#;
    let deep: &'static str = Box::leak(("<a>".repeat(200) + &"</a>".repeat(200)).into());
    for (policy, name, body, message) in [
        (
            TO_XML,
            "json-to-xml",
            "{\"a\": 01}",
            "The body is no JSON: line 1, column 8.",
        ),
        (
            TO_XML,
            "json-to-xml",
            "[1]",
            "JSON that is to be XML must have an object at its root.",
        ),
        (
            TO_XML,
            "json-to-xml",
            "1",
            "JSON that is to be XML must have an object at its root.",
        ),
        (
            to_json,
            "xml-to-json",
            "{}",
            "The body is no XML that can be read.",
        ),
        (
            to_json,
            "xml-to-json",
            "<a><b></a>",
            "The body is no XML that can be read.",
        ),
        (
            to_json,
            "xml-to-json",
            "<a/><b/>",
            "The body is no XML that can be read.",
        ),
        (
            to_json,
            "xml-to-json",
            "<!DOCTYPE a><a/>",
            "The body is no XML that can be read.",
        ),
        (
            to_json,
            "xml-to-json",
            "<a>&x;</a>",
            "The body is no XML that can be read.",
        ),
        (
            to_json,
            "xml-to-json",
            deep,
            "The body is no XML that can be read.",
        ),
    ] {
        let answer = converted(policy, "", body, "").await;
        assert_eq!((answer.status, &*answer.body), (500, INTERNAL), "{body}");
        assert_eq!(answer.last_error()[..3], [name, "", message], "{body}");
    }
    for policy in [TO_XML, to_json] {
        assert_eq!(converted(policy, "", "", "").await.body, "");
    }
}
