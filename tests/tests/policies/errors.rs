//! on-error, `context.LastError`, and the failures of the gateway itself.

use tollgate::{Api, Catalog, Operation, Product, Source, Subscription, SubscriptionScope};
use tollgate_tests::FakeClient;

use crate::world::{INTERNAL, World, api, set_header, source};

const DENY: &str = r#"<check-header id="the-check" name="X-None" failed-check-httpcode="418" failed-check-error-message="no" ignore-case="true" />"#;
const BODY: &str = r#"{ "statusCode": 418, "message": "no" }"#;

#[tokio::test]
async fn on_error_sees_what_happened() {
    let members = [
        "Source", "Reason", "Message", "Scope", "Section", "Path", "PolicyId",
    ];
    let mut on_error: String = members
        .iter()
        .map(|name| {
            set_header(
                &format!("X-{name}"),
                &format!("@(context.LastError.{name})"),
            )
        })
        .collect();
    on_error += &set_header("X-Status", "@(context.Response.StatusCode.ToString())");
    let inbound = format!(
        r#"<choose><when condition="false" /><when condition="true">{DENY}</when></choose>"#
    );
    let world = World::of(&[
        (
            "inbound",
            &format!("{inbound}{}", set_header("X-Never", "1")),
        ),
        ("outbound", &set_header("X-Never", "1")),
        ("on-error", &on_error),
    ]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (418, BODY));
    for (name, value) in [
        ("x-source", "check-header"),
        ("x-reason", "HeaderNotFound"),
        (
            "x-message",
            "Header X-None was not found in the request. Access denied.",
        ),
        ("x-scope", "api"),
        ("x-section", "inbound"),
        ("x-path", "choose[1]/when[2]/check-header[1]"),
        ("x-policyid", "the-check"),
        ("x-status", "418"),
        ("x-never", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(world.client.calls().is_empty());
}

#[tokio::test]
async fn there_is_no_last_error_where_nothing_failed() {
    let outbound = set_header("X-None", "@((context.LastError == null).ToString())");
    let answer = World::of(&[("outbound", &outbound)]).get("/", &[]).await;
    assert_eq!(answer.header("x-none"), "True");
}

#[tokio::test]
async fn on_error_edits_the_response() {
    let on_error = r#"<set-status code="503" reason="Sorry" /><set-body>@("again: " + context.Response.Body.As<string>())</set-body>"#;
    let answer = World::of(&[("inbound", DENY), ("on-error", on_error)])
        .get("/", &[])
        .await;
    assert_eq!((answer.status, &*answer.reason), (503, "Sorry"));
    assert_eq!(answer.body, format!("again: {BODY}"));
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
}

#[tokio::test]
async fn on_error_may_return_a_response_of_its_own() {
    let on_error = r#"<return-response><set-status code="204" /></return-response>"#.to_owned()
        + &set_header("X-Never", "1");
    let answer = World::of(&[("inbound", DENY), ("on-error", &on_error)])
        .get("/", &[])
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(
        (answer.header("x-never"), answer.header("content-type")),
        ("", "")
    );
}

#[tokio::test]
async fn a_failure_in_on_error_ends_with_500() {
    let on_error = set_header("X-Bad", r#"@("a\nb")"#);
    let answer = World::of(&[("inbound", DENY), ("on-error", &on_error)])
        .get("/", &[])
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
}

#[tokio::test]
async fn exceptions_say_what_they_are_to_on_error_only() {
    let inbound = r#"<set-variable name="a" value="@(context.Variables["missing"])" />"#;
    let on_error = set_header("X-Message", "@(context.LastError.Message)");
    let answer = World::of(&[("inbound", inbound), ("on-error", &on_error)])
        .get("/", &[])
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    assert_eq!(
        answer.header("x-message"),
        "Expression evaluation failed. The given key 'missing' was not present in the dictionary."
    );
    assert_eq!(
        answer.last_error()[..2],
        ["set-variable", "ExpressionValueEvaluationFailure"]
    );
}

#[tokio::test]
async fn a_failure_in_outbound_replaces_the_backends_response() {
    let outbound = set_header("X-Bad", r#"@("a\nb")"#);
    let answer = World::of(&[("outbound", &outbound)]).get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    assert_eq!(answer.last_error()[4..], ["outbound", "set-header[1]"]);
}

#[tokio::test]
async fn what_belongs_to_no_operation_is_not_found() {
    let global = Source::new(
        "global.xml",
        format!(
            "<policies><on-error>{}</on-error></policies>",
            set_header("X-Global", "1")
        ),
    );
    let catalog = Catalog::new()
        .policy(global)
        .api(api(&[]).path("api").operation(Operation::new("GET", "/a")));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/api/b"),
        ("POST", "/api/a"),
        ("GET", "/apix/a"),
    ] {
        let method = method.parse().unwrap();
        let answer = world
            .send(crate::world::request(method, path, &[], ""))
            .await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.body,
            r#"{ "statusCode": 404, "message": "Resource not found" }"#
        );
        assert_eq!(answer.header("x-global"), "1");
        assert_eq!(
            answer.last_error()[..3],
            [
                "configuration",
                "OperationNotFound",
                "Unable to match incoming request to an operation."
            ]
        );
    }
    assert!(world.client.calls().is_empty());
}

#[tokio::test]
async fn keys_are_asked_for() {
    let catalog = Catalog::new()
        .api(api(&[]).path("api").subscription_required(true))
        .subscription(Subscription::new(
            "s",
            "good",
            SubscriptionScope::Api("api".into()),
        ));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    for (path, key, reason, message) in [
        (
            "/api",
            None,
            "SubscriptionKeyNotFound",
            "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.",
        ),
        (
            "/api?subscription-key=bad",
            None,
            "SubscriptionKeyInvalid",
            "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
        ),
        (
            "/api?subscription-key=good",
            Some("bad"),
            "SubscriptionKeyInvalid",
            "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
        ),
    ] {
        let key: Vec<_> = key
            .map(|key| ("Ocp-Apim-Subscription-Key", key))
            .into_iter()
            .collect();
        let answer = world.get(path, &key).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.body,
            format!(r#"{{ "statusCode": 401, "message": "{message}" }}"#)
        );
        assert_eq!(
            answer.header("www-authenticate"),
            r#"AzureApiManagementKey realm="https://gateway.test/api",name="Ocp-Apim-Subscription-Key",type="header""#
        );
        assert_eq!(answer.last_error()[..2], ["authorization", reason]);
    }
    assert_eq!(
        world
            .get("/api", &[("ocp-apim-subscription-key", "good")])
            .await
            .status,
        200
    );
    assert_eq!(
        world.get("/api?subscription-key=good", &[]).await.status,
        200
    );
}

#[tokio::test]
async fn the_scope_of_a_failure_is_that_of_its_document() {
    let broken = set_header("X-Bad", r#"@("a\nb")"#);
    let inbound = |name, text| source(name, &[("inbound", text)]);
    for (scope, texts) in [
        ("global", [&*broken, "", "", ""]),
        ("product", ["", &*broken, "", ""]),
        ("api", ["", "", &*broken, ""]),
        ("operation", ["", "", "", &*broken]),
    ] {
        let [global, product, api, operation] = texts;
        let global = format!("<policies><inbound>{global}</inbound></policies>");
        let catalog =
            Catalog::new()
                .policy(Source::new("global.xml", global))
                .product(
                    Product::new("p")
                        .subscription_required(false)
                        .api("a")
                        .policy(inbound("product.xml", product)),
                )
                .api(Api::new("a").policy(inbound("api.xml", api)).operation(
                    Operation::new("GET", "/").policy(inbound("operation.xml", operation)),
                ));
        let answer = World::serving(catalog, FakeClient::statuses(&[200]))
            .get("/", &[])
            .await;
        assert_eq!(
            answer.last_error()[3..],
            [scope, "inbound", "set-header[1]"]
        );
    }
}
