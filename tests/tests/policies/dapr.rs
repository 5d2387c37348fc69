//! The Dapr policies, and invoke-request.

use http::Method;
use serde_json::{Value as Json, json};
use tollgate::ports::{SendError, SendErrorKind};
use tollgate::{Api, Body, Catalog};
use tollgate_tests::FakeClient;

use crate::world::{Answer, INTERNAL, World, request, set_header, source};

/// A sidecar that answers so.
fn sidecar(status: u16) -> FakeClient {
    FakeClient::new(move |_| {
        let answer = http::Response::builder().status(status);
        Ok(answer.body(Body::from("answer")).unwrap())
    })
}

async fn run(policy: &str, client: &FakeClient) -> Answer {
    let policies = format!("{policy}<return-response />");
    let error = set_header("X-Error", "1");
    let world = World::with(
        &[("inbound", &policies), ("on-error", &error)],
        client.clone(),
    );
    world
        .send(request(
            Method::POST,
            "/",
            &[("Content-Type", "application/json")],
            r#"{"a":"x"}"#,
        ))
        .await
}

#[tokio::test]
async fn a_message_is_published() {
    for (attributes, content, url, body) in [
        (
            r#"pubsub-name="orders" topic="new""#,
            "plain",
            "orders/new",
            "plain",
        ),
        (
            r#"pubsub-name="@("or" + "ders")" topic="@("a b/c")" content-type="text/plain""#,
            r#"@(context.Request.Body.As<string>(true))"#,
            "orders/a%20b%2Fc",
            r#"{"a":"x"}"#,
        ),
        (
            r#"topic="orders/new" template="Liquid""#,
            "{{ body.a | Upcase }}",
            "orders/new",
            "X",
        ),
    ] {
        let client = sidecar(204);
        let policy = format!("<publish-to-dapr {attributes}>{content}</publish-to-dapr>");
        assert_eq!(run(&policy, &client).await.status, 200, "{policy}");
        let call = client.only_call();
        assert_eq!(
            call.url,
            format!("http://localhost:3500/v1.0/publish/{url}")
        );
        assert_eq!(
            (call.method.as_str(), &*call.body),
            ("POST", body.as_bytes())
        );
        let kind = match attributes.contains("text/plain") {
            true => "text/plain",
            false => "application/json",
        };
        assert_eq!(call.header("content-type"), kind);
        assert_eq!(call.timeout.unwrap().as_secs(), 5);
    }
}

#[tokio::test]
async fn a_binding_is_called() {
    let policy = r#"<invoke-dapr-binding name="my store" operation="create" timeout="@(7)" response-variable-name="r">
        <metadata><item key="blob">@(context.Request.Method)</item></metadata><data>@(context.Request.Body.As<string>(true))</data></invoke-dapr-binding>"#;
    let client = sidecar(200);
    let answer = run(policy, &client).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.variable("r"), "");
    let call = client.only_call();
    assert_eq!(call.url, "http://localhost:3500/v1.0/bindings/my%20store");
    assert_eq!(call.timeout.unwrap().as_secs(), 7);
    assert_eq!(
        serde_json::from_slice::<Json>(&call.body).unwrap(),
        json!({"operation": "create", "metadata": {"blob": "POST"}, "data": {"a": "x"}})
    );
    for (policy, body) in [
        (r#"<invoke-dapr-binding name="n" />"#, json!({})),
        (
            r#"<invoke-dapr-binding name="n"><data>plain</data></invoke-dapr-binding>"#,
            json!({"data": "plain"}),
        ),
        (
            r#"<invoke-dapr-binding name="n" content-type="text/plain"><data>7</data></invoke-dapr-binding>"#,
            json!({"data": "7"}),
        ),
        (
            r#"<invoke-dapr-binding name="n" template="liquid"><data>{"b":"{{ body.a }}"}</data></invoke-dapr-binding>"#,
            json!({"data": {"b": "x"}}),
        ),
    ] {
        let client = sidecar(200);
        assert_eq!(run(policy, &client).await.status, 200);
        assert_eq!(
            serde_json::from_slice::<Json>(&client.only_call().body).unwrap(),
            body
        );
    }
}

#[tokio::test]
async fn what_the_sidecar_refuses_is_an_error_or_ignored() {
    let refusing = FakeClient::new(|_| {
        let (kind, message) = (SendErrorKind::Connect, "connection refused".to_owned());
        Err(SendError { kind, message })
    });
    for (client, reason, message, response) in [
        (
            sidecar(404),
            "DaprError",
            "The Dapr sidecar answered with status 404.",
            true,
        ),
        (
            refusing,
            "BackendConnectionFailure",
            "connection refused",
            false,
        ),
    ] {
        for (name, attributes) in [
            ("publish-to-dapr", r#"topic="a/b""#),
            ("invoke-dapr-binding", r#"name="a""#),
        ] {
            let policy = |more: &str| {
                format!(r#"<{name} {attributes} response-variable-name="r" {more}></{name}>"#)
            };
            let answer = run(&policy(""), &client).await;
            assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
            assert_eq!(answer.header("x-error"), "1");
            assert_eq!(answer.last_error()[..3], [name, reason, message]);
            let answer = run(&policy(r#"ignore-error="true""#), &client).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.variable("r") == "Null", !response);
        }
    }
    for policy in [
        r#"<publish-to-dapr topic="@("only-a-topic")">x</publish-to-dapr>"#,
        r#"<publish-to-dapr pubsub-name="@("")" topic="t">x</publish-to-dapr>"#,
        r#"<invoke-dapr-binding name="n" timeout="@(241)" />"#,
    ] {
        let answer = run(policy, &sidecar(200)).await;
        assert_eq!(answer.status, 500, "{policy}");
        assert_eq!(answer.last_error()[1], "ExpressionValueValidationFailure");
    }
}

fn invoking(section: &str, policy: &str) -> World {
    let api = Api::new("api")
        .service_url("http://backend.test/base")
        .policy(source(
            "p.xml",
            &[(section, &format!("{policy}{}", set_header("X-After", "1")))],
        ));
    let client = FakeClient::new(|call| {
        let body = format!("{} {}", call.method, call.url);
        Ok(http::Response::builder()
            .status(203)
            .body(Body::from(body))
            .unwrap())
    });
    World::serving(
        Catalog::new().api(api).backend("b", "https://b.test/x"),
        client,
    )
}

#[tokio::test]
async fn a_request_that_is_invoked_is_based_on_the_current_one() {
    let policy = |attributes: &str, children: &str| {
        format!(
            r#"<invoke-request response-variable-name="r" {attributes}>{children}</invoke-request>"#
        )
    };
    for (attributes, children, method, url, body) in [
        (
            "",
            "",
            "POST",
            "http://backend.test/base/p?q=1",
            r#"{"a":"x"}"#,
        ),
        (
            r#"method="put" url="/other?z=2""#,
            "",
            "PUT",
            "http://backend.test/base/other?z=2",
            r#"{"a":"x"}"#,
        ),
        (
            r#"url="@("https://c.test/d e")""#,
            "<body>new</body>",
            "POST",
            "https://c.test/d%20e",
            "new",
        ),
        (
            r#"backend-id="b""#,
            r#"<body>@("made")</body>"#,
            "POST",
            "https://b.test/x/p?q=1",
            "made",
        ),
        (
            r#"backend-id="@("b")" url="/y""#,
            "",
            "POST",
            "https://b.test/x/y",
            r#"{"a":"x"}"#,
        ),
    ] {
        let children = format!(
            r#"<header name="X-A" value="1" /><header name="x-b" value="@("2")" />{children}"#
        );
        let world = invoking("inbound", &policy(attributes, &children));
        let headers = [("X-A", "old"), ("X-Kept", "1")];
        let answer = world
            .send(request(Method::POST, "/p?q=1", &headers, r#"{"a":"x"}"#))
            .await;
        assert_eq!(answer.status, 203, "the backend's");
        assert_ne!(answer.variable("r"), "");
        let calls = world.client.calls();
        let call = &calls[0];
        assert_eq!((call.method.as_str(), &*call.url), (method, url));
        assert_eq!(&*call.body, body.as_bytes());
        assert_eq!(
            [
                call.header("x-a"),
                call.header("x-b"),
                call.header("x-kept")
            ],
            ["1", "2", "1"]
        );
        assert_eq!(call.header("content-length"), body.len().to_string());
        assert_eq!(calls[1].header("x-after"), "1", "the section goes on");
    }
}

#[tokio::test]
async fn without_a_variable_the_response_is_the_requests_and_the_section_ends() {
    let policy = r#"<choose><when condition="true"><invoke-request url="https://c.test/" /></when></choose>"#;
    let world = invoking("outbound", policy);
    let answer = world.get("/p", &[]).await;
    assert_eq!((answer.status, &*answer.body), (203, "GET https://c.test/"));
    assert_eq!(answer.header("x-after"), "");

    // In inbound the backend is called next.
    let world = invoking("inbound", policy);
    let answer = world.get("/p", &[]).await;
    assert_eq!(&*answer.body, "GET http://backend.test/base/p");
    assert_eq!(world.client.calls()[1].header("x-after"), "");

    let answer = invoking("inbound", r#"<invoke-request backend-id="none" />"#)
        .get("/", &[])
        .await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(
        answer.last_error()[..2],
        ["invoke-request", "BackendNotFound"]
    );
}
