//! validate-content, -headers, -parameters, -status-code, and mock-response with a document.

use http::{Method, Response, StatusCode};
use serde_json::{Value as Json, json};
use tollgate::{Api, Body, Catalog, Gateway, Operation, Source, Subscription, SubscriptionScope};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, request, source};

const DOCUMENT: &str = r##"{
  "openapi": "3.0.3",
  "paths": {
    "/orders/{id}": {
      "put": {
        "operationId": "put-order",
        "parameters": [
          {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
          {"name": "dry", "in": "query", "schema": {"type": "boolean"}},
          {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
          {"name": "X-Trace", "in": "header", "required": true, "schema": {"type": "string", "maxLength": 3}}
        ],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
        "responses": {
          "200": {"description": "", "headers": {"X-Left": {"schema": {"type": "integer"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}, "example": {"sku": "x"}}}},
          "201": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}, "example": "made"}, "application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
          "4XX": {"description": ""}
        }
      }
    }
  },
  "components": {"schemas": {"Order": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}}}
}"##;

const INTERNAL: &str =
    "The request could not be processed due to an internal error. Contact the API owner.";

/// An API with the document, whose backend answers so.
fn world(sections: &[(&str, &str)], answer: fn() -> Response<Body>) -> World {
    let api = Api::new("api")
        .service_url("http://backend.test")
        .openapi(Source::new("api.json", DOCUMENT))
        .policy(source("api.xml", sections));
    let schema =
        r#"{"type": "array", "definitions": {"Name": {"type": "string", "maxLength": 2}}}"#;
    let catalog = Catalog::new()
        .api(api)
        .subscription(Subscription::new("s", "s", SubscriptionScope::AllApis))
        .schema("own", Source::new("own.json", schema));
    World::serving(catalog, FakeClient::new(move |_| Ok(answer())))
}

fn plain() -> Response<Body> {
    Response::new(Body::empty())
}

async fn put(world: &World, path: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
    world.send(request(Method::PUT, path, headers, body)).await
}

/// Status, and the message that the client is told.
fn told(answer: &Answer) -> (u16, String) {
    let body: Json = serde_json::from_str(&answer.body).unwrap_or_default();
    let message = body["message"].as_str().unwrap_or_default();
    (answer.status, message.to_owned())
}

/// The variable `errors`: names, types, rules, details and actions.
fn errors(answer: &Answer) -> Json {
    let header = answer.header("x-errors");
    serde_json::from_str(header).unwrap_or_default()
}

const TELL: &str = r#"<set-header name="x-errors"><value>@(((JArray)context.Variables["errors"]).ToString(Newtonsoft.Json.Formatting.None))</value></set-header>"#;

/// `{"sku":"a"}`, and `{"sku":7}`, as gzip.
const GZIP_GOOD: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\xce\x2e\x55\xb2\x52\x4a\x54\xaa\x05\x00\xde\x82\x0e\x6c\x0b\x00\x00\x00";
const GZIP_WRONG: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\xce\x2e\x55\xb2\x32\xaf\x05\x00\x5b\xdc\x59\x3c\x09\x00\x00\x00";

#[tokio::test]
async fn bodies_are_held_against_the_document() {
    let policy = r#"<validate-content unspecified-content-type-action="prevent" max-size="40" size-exceeded-action="prevent" errors-variable-name="errors"><content type="application/json" validate-as="json" action="prevent" /></validate-content>"#;
    let world = world(&[("inbound", policy), ("on-error", TELL)], plain);
    let json = [("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(
        put(&world, "/orders/1", &json, r#"{"sku": "a"}"#)
            .await
            .status,
        200
    );
    assert_eq!(
        put(&world, "/orders/1", &json, "").await.status,
        200,
        "nothing to look at"
    );
    let wrong = "Body of the request does not conform to the definition Order, which is associated with the content type application/json.";
    for (headers, body, message, rule) in [
        (
            &json[..],
            "{\n \"sku\": 7}",
            format!(r#"{wrong} value is not of type "string" Line: 2, Position: 9"#),
            "IncorrectMessage",
        ),
        (
            &json,
            "{",
            format!("{wrong} The JSON ends too soon. Line: 1, Position: 1"),
            "IncorrectMessage",
        ),
        (
            &json,
            r#"{"sku": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#,
            "Request's body is 44 bytes long and it exceeds the configured limit of 40 bytes."
                .to_owned(),
            "SizeLimit",
        ),
        (
            &[("content-type", "text/plain")],
            "text",
            "Unspecified content type text/plain is not allowed.".to_owned(),
            "Unspecified",
        ),
        (
            &[],
            "text",
            "Unspecified content type  is not allowed.".to_owned(),
            "Unspecified",
        ),
    ] {
        let answer = put(&world, "/orders/1", headers, body).await;
        assert_eq!(told(&answer), (400, message.clone()));
        assert_eq!(answer.reason, "Bad Request");
        let [source, reason, details, ..] = answer.last_error();
        assert_eq!(
            [&*source, &*reason, &*details],
            ["validate-content", "Bad request", &*message]
        );
        let found = &errors(&answer)[0];
        assert_eq!(
            (&found["ValidationRule"], &found["Details"]),
            (&json!(rule), &json!(message))
        );
        assert_eq!(
            (&found["Type"], &found["Action"]),
            (&json!("RequestBody"), &json!("prevent"))
        );
    }
    let compressed = [json[0], ("content-encoding", "gzip")];
    for (bytes, expected) in [
        (GZIP_GOOD, (200, String::new())),
        (
            GZIP_WRONG,
            (
                400,
                format!(r#"{wrong} value is not of type "string" Line: 1, Position: 8"#),
            ),
        ),
    ] {
        let mut request = request(Method::PUT, "/orders/1", &compressed, "");
        *request.body_mut() = Body::full(bytes);
        assert_eq!(told(&world.send(request).await), expected);
    }
    let unwatched = self::world(&[("inbound", policy)], plain);
    for (coding, told_so) in [
        (
            "gzip",
            (400, "Request body does not match its Content-Encoding."),
        ),
        (
            "zstd",
            (415, "Content-Encoding of the request is not supported."),
        ),
    ] {
        let headers = [json[0], ("content-encoding", coding)];
        let answer = put(&unwatched, "/orders/1", &headers, "{}").await;
        assert_eq!(told(&answer), (told_so.0, told_so.1.to_owned()));
    }
}

#[tokio::test]
async fn what_is_detected_passes_and_types_are_mapped() {
    let policy = r##"<validate-content unspecified-content-type-action="detect" max-size="@(1000)" size-exceeded-action="ignore" errors-variable-name="errors">
        <content-type-map missing-content-type-value="application/json"><type from="text/json" to="application/json" /><type when="@(context.Request.Headers.GetValueOrDefault("x-odd", "") != "")" to="odd/type" /></content-type-map>
        <content type="application/json" validate-as="json" action="detect" allow-additional-properties="false" />
        <content type="odd/type" validate-as="json" action="@("prevent")" schema-id="own" schema-ref="#/definitions/Name" case-insensitive-property-names="true" />
        <content type="odd/other" validate-as="json" action="prevent" schema-id="none" /></validate-content>"##;
    let world = world(&[("inbound", policy), ("outbound", TELL)], plain);
    let rules = |answer: &Answer| -> Vec<String> {
        let all = errors(answer);
        let all = all.as_array().into_iter().flatten();
        all.map(|one| format!("{} {}", one["Name"], one["ValidationRule"]).replace('"', ""))
            .collect()
    };
    let body = r#"{"sku": 7, "more": 1}"#;
    for headers in [&[][..], &[("content-type", "text/json")]] {
        let answer = put(&world, "/orders/1", headers, body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            rules(&answer),
            [
                "application/json IncorrectMessage",
                "application/json IncorrectMessage"
            ]
        );
    }
    let answer = put(&world, "/orders/1", &[("content-type", "text/plain")], "x").await;
    assert_eq!(
        (answer.status, rules(&answer)),
        (200, vec!["text/plain Unspecified".to_owned()])
    );
    let odd = [("x-odd", "1")];
    // No variable, as nothing was found: the header of outbound cannot be set.
    assert_eq!(
        put(&world, "/orders/1", &odd, "\"ab\"").await.last_error()[0],
        "set-header"
    );
    let answer = put(&world, "/orders/1", &odd, "\"abc\"").await;
    assert_eq!(
        told(&answer),
        (
            400,
            "Body of the request does not conform to the definition Name, which is associated with the content type odd/type. value is longer than 2 characters Line: 1, Position: 1".to_owned()
        )
    );
    let answer = put(&world, "/orders/1", &[("content-type", "odd/other")], "1").await;
    assert_eq!(told(&answer), (400, INTERNAL.to_owned()));
    assert_eq!(
        answer.last_error()[2],
        "API's schema does not exist or it could not be resolved."
    );
}

#[tokio::test]
async fn xml_is_refused_without_an_xml_schema() {
    for form in ["xml", "soap"] {
        let validate = |id: &str| {
            format!(
                r#"<validate-content unspecified-content-type-action="prevent" max-size="1000" size-exceeded-action="prevent"><content type="text/xml" validate-as="{form}" {id} action="prevent" /></validate-content>"#
            )
        };
        for (id, details) in [
            ("", "No `schema-id` names an XML Schema."),
            (
                r#"schema-id="own""#,
                "API's schema does not exist or it could not be resolved.",
            ),
        ] {
            let world = world(&[("inbound", &validate(id))], plain);
            let xml = [("content-type", "text/xml")];
            let answer = put(&world, "/orders/1", &xml, "<a/>").await;
            assert_eq!(told(&answer), (400, INTERNAL.to_owned()));
            let said = &answer.last_error()[2];
            assert!(said.ends_with(details), "{said}");
        }
    }
}

#[tokio::test]
async fn responses_are_held_against_the_document_too() {
    fn wrong() -> Response<Body> {
        let mut response = Response::new(Body::from(r#"{"secret": 1}"#));
        response
            .headers_mut()
            .insert("content-type", "application/json".parse().unwrap());
        response
    }
    let policy = r#"<validate-content unspecified-content-type-action="prevent" max-size="1000" size-exceeded-action="prevent"><content validate-as="json" action="prevent" /></validate-content>"#;
    let world_of_wrong = world(&[("outbound", policy)], wrong);
    let answer = put(&world_of_wrong, "/orders/1", &[], "").await;
    assert_eq!(told(&answer), (502, INTERNAL.to_owned()));
    assert_eq!(
        answer.last_error()[1..3],
        [
            "Response not allowed",
            "Body of the response does not conform to the definition Order, which is associated with the content type application/json. \"sku\" is a required property Line: 1, Position: 1"
        ]
    );
    fn other() -> Response<Body> {
        Response::new(Body::from("text"))
    }
    let answer = put(&world(&[("outbound", policy)], other), "/orders/1", &[], "").await;
    assert_eq!(
        answer.last_error()[2],
        "Unspecified content type  is not allowed."
    );
}

#[tokio::test]
async fn parameters_are_held_against_the_document() {
    let policy = r#"<validate-parameters specified-parameter-action="prevent" unspecified-parameter-action="prevent" errors-variable-name="errors"><headers unspecified-parameter-action="ignore"><parameter name="x-bad" action="prevent" /></headers><query><parameter name="free" action="ignore" /></query></validate-parameters>"#;
    let world = world(&[("inbound", policy), ("on-error", TELL)], plain);
    let trace = ("x-trace", "abc");
    for path in [
        "/orders/1",
        "/orders/1?dry=true&tag=1&tag=2&free=x&subscription-key=s",
    ] {
        assert_eq!(
            put(
                &world,
                path,
                &[trace, ("ocp-apim-subscription-key", "s")],
                ""
            )
            .await
            .status,
            200,
            "{path}"
        );
    }
    for (path, headers, name, kind, message) in [
        (
            "/orders/x",
            &[trace][..],
            "id",
            "PathParameter",
            r#"Value of the path parameter id does not conform to the definition. value is not of type "integer""#,
        ),
        (
            "/orders/1?dry=yes",
            &[trace],
            "dry",
            "QueryParameter",
            r#"Value of the query parameter dry does not conform to the definition. value is not of type "boolean""#,
        ),
        (
            "/orders/1?dry=true&DRY=false",
            &[trace],
            "dry",
            "QueryParameter",
            "Request cannot contain multiple values for the query parameter dry.",
        ),
        (
            "/orders/1?tag=1&tag=x",
            &[trace],
            "tag",
            "QueryParameter",
            r#"Value of the query parameter tag does not conform to the definition. value is not of type "integer""#,
        ),
        (
            "/orders/1?other=1",
            &[trace],
            "other",
            "QueryParameter",
            "Unspecified query parameter other is not allowed.",
        ),
        (
            "/orders/1",
            &[],
            "X-Trace",
            "RequestHeader",
            "Required header X-Trace is missing.",
        ),
        (
            "/orders/1",
            &[("x-trace", "abcd")],
            "X-Trace",
            "RequestHeader",
            "Value of the header X-Trace does not conform to the definition. value is longer than 3 characters",
        ),
        (
            "/orders/1",
            &[trace, ("x-bad", "1")],
            "x-bad",
            "RequestHeader",
            "Unspecified header x-bad is not allowed.",
        ),
    ] {
        let answer = put(&world, path, headers, "").await;
        assert_eq!(told(&answer), (400, message.to_owned()), "{path}");
        let found = &errors(&answer)[0];
        assert_eq!(
            (&found["Name"], &found["Type"]),
            (&json!(name), &json!(kind))
        );
    }
    // All that is wrong is told at once.
    let answer = put(&world, "/orders/x?dry=2", &[], "").await;
    assert_eq!(errors(&answer).as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn headers_of_responses_are_held_against_the_document() {
    fn answer() -> Response<Body> {
        let mut response = Response::new(Body::from("x"));
        for (name, value) in [
            ("x-left", "many"),
            ("x-powered-by", "me"),
            ("content-type", "a/b"),
            ("date", "now"),
        ] {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }
    for (specified, unspecified, own, message) in [
        (
            "prevent",
            "ignore",
            "prevent",
            r#"Value of the header X-Left does not conform to the definition. value is not of type "integer""#,
        ),
        (
            "ignore",
            "ignore",
            "prevent",
            "Unspecified header x-powered-by is not allowed.",
        ),
        ("ignore", "prevent", "ignore", ""),
        ("detect", "detect", "detect", ""),
    ] {
        let policy = format!(
            r#"<validate-headers specified-header-action="{specified}" unspecified-header-action="{unspecified}" errors-variable-name="errors"><header name="X-Powered-By" action="{own}" /></validate-headers>"#
        );
        let answer = put(
            &world(&[("outbound", &policy)], answer),
            "/orders/1",
            &[],
            "",
        )
        .await;
        match message {
            "" => assert_eq!(answer.status, 200, "{specified} {unspecified}"),
            message => {
                assert_eq!(told(&answer), (502, INTERNAL.to_owned()));
                assert_eq!(answer.last_error()[2], message);
            }
        }
    }
}

#[tokio::test]
async fn status_codes_are_held_against_the_document() {
    macro_rules! answering {
        ($status:literal) => {{
            fn answer() -> Response<Body> {
                let mut response = Response::new(Body::from("x"));
                *response.status_mut() = StatusCode::from_u16($status).unwrap();
                response
            }
            answer as fn() -> Response<Body>
        }};
    }
    let policy = r#"<validate-status-code unspecified-status-code-action="prevent" error-variable-name="errors"><status-code code="503" action="detect" /><status-code code="200" action="prevent" /></validate-status-code>"#;
    for (answer, status) in [
        (answering!(200), 200),
        (answering!(404), 404),
        (answering!(503), 503),
        (answering!(500), 502),
        (answering!(302), 502),
    ] {
        let answer = put(
            &world(&[("outbound", policy)], answer),
            "/orders/1",
            &[],
            "",
        )
        .await;
        assert_eq!(answer.status, status);
        if status == 502 {
            assert_eq!(told(&answer), (502, INTERNAL.to_owned()));
            assert!(answer.last_error()[2].ends_with(" is not allowed."));
        }
    }
}

#[tokio::test]
async fn without_a_document_that_is_what_is_found() {
    for (policy, section) in [
        (
            r#"<validate-parameters specified-parameter-action="prevent" unspecified-parameter-action="ignore" />"#,
            "inbound",
        ),
        (
            r#"<validate-headers specified-header-action="prevent" unspecified-header-action="ignore" />"#,
            "outbound",
        ),
        (
            r#"<validate-content unspecified-content-type-action="ignore" max-size="9" size-exceeded-action="ignore"><content type="a/b" validate-as="json" action="prevent" /></validate-content>"#,
            "inbound",
        ),
    ] {
        let status = if section == "inbound" { 400 } else { 502 };
        let headers = [("content-type", "a/b")];
        let bare = World::of(&[(section, policy)]);
        let answer = put(&bare, "/orders/1", &headers, "1").await;
        assert_eq!(told(&answer), (status, INTERNAL.to_owned()));
        assert_eq!(
            answer.last_error()[2],
            "API's schema does not exist or it could not be resolved."
        );
        // One that does not know the operation.
        let api = Api::new("api")
            .service_url("http://backend.test")
            .openapi(Source::new("api.json", DOCUMENT))
            .operation(Operation::new("PUT", "/other"))
            .policy(source("api.xml", &[(section, policy)]));
        let other = World::serving(Catalog::new().api(api), FakeClient::statuses(&[200]));
        let answer = put(&other, "/other", &headers, "1").await;
        assert_eq!(told(&answer), (status, INTERNAL.to_owned()));
        assert_eq!(
            answer.last_error()[2],
            "API's schema does not specify definitions."
        );
    }
}

#[tokio::test]
async fn operations_and_examples_come_from_the_document() {
    for (attributes, kind, body) in [
        ("", "application/json", r#"{"sku":"x"}"#),
        (
            r#"status-code="200" index="1""#,
            "application/json",
            r#"{"sku":"string"}"#,
        ),
        (r#"status-code="201""#, "text/plain", "made"),
        (
            r#"status-code="201" content-type="application/json; charset=utf-8""#,
            "application/json; charset=utf-8",
            r#"{"sku":"string"}"#,
        ),
        (
            r#"status-code="201" content-type="image/png""#,
            "image/png",
            "",
        ),
        (r#"status-code="404""#, "", ""),
        (r#"status-code="500""#, "", ""),
    ] {
        let policy = format!("<mock-response {attributes} />");
        let world = world(&[("inbound", &policy)], plain);
        let answer = put(&world, "/orders/1", &[], "").await;
        assert_eq!(
            (answer.header("content-type"), &*answer.body),
            (kind, body),
            "{attributes}"
        );
        let operation = answer.exchange.context.operation.as_ref().unwrap();
        assert_eq!(operation.id.as_utf8(), Some("put-order"));
        assert_eq!(world.get("/orders/1", &[]).await.status, 404);
    }
}

#[test]
fn documents_that_cannot_be_used_are_refused() {
    let catalog = Catalog::new()
        .api(Api::new("api").openapi(Source::new("api.json", "{}")))
        .schema("own", Source::new("own.json", "{"));
    let error = Gateway::builder()
        .catalog(catalog)
        .build()
        .unwrap_err()
        .to_string();
    for message in [
        "error[invalid-openapi]: API `api`: api.json: it is no OpenAPI 3 and no Swagger 2.0",
        "error[invalid-schema]: schema `own`: own.json: it is no JSON",
    ] {
        assert!(error.contains(message), "{error}");
    }
}
