//! What is told: errors to clients, usage to event hubs, ids to everybody.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tollgate::ports::{Event, Partition};
use tollgate::{Api, Catalog, Source};
use tollgate_tests::{Backend, Handler, Received, Server, reply};

use crate::world::{World, json_of, nobody, sample, saying, world};

/// What a logger got: partition and body.
fn logged(world: &World, name: &str) -> Vec<(Partition, String)> {
    let events = world.events.all().into_iter();
    events
        .map(|event| match event {
            Event::EventHub {
                logger,
                partition,
                body,
            } => {
                assert_eq!(&*logger.to_utf8(), name);
                (partition, String::from_utf8(body.to_vec()).unwrap())
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn errors_as_problem_details() {
    let slow: Handler = Arc::new(|request| {
        Box::pin(async move {
            if request.uri().path() == "/slow" {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            reply(
                if request.uri().path() == "/gone" {
                    410
                } else {
                    200
                },
                "text/plain",
                "fine",
            )
        })
    });
    let backend = Server::start(None, slow).await;
    let serving = async |url: String| {
        let api = Api::new("api")
            .service_url(url)
            .policy(sample("problem-details"));
        let catalog = Catalog::new().api(api);
        // Time must pass for a backend to be slow.
        World::built(catalog, |builder| builder.clock(tollgate::SystemClock)).await
    };
    let world = serving(format!("http://{}", backend.address())).await;
    let get = async |path: &str, client: &str| world.get(path, &[("X-Client", client)]).await;
    let problem = |answer: &Received, reason: &str| {
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let json = json_of(answer);
        assert_eq!(
            json["type"],
            format!("https://errors.contoso.com/{reason}"),
            "{json}"
        );
        assert_eq!(json["status"], answer.status);
        (answer.status, json["detail"].as_str().unwrap().to_owned())
    };
    let refused = |status: u16, detail: &str| (status, detail.to_owned());
    assert_eq!(get("/", "a").await.body, "fine");
    let answer = world.get("/", &[]).await;
    let message = "Header X-Client was not found in the request. Access denied.";
    assert_eq!(problem(&answer, "HeaderNotFound"), refused(400, message));
    let answer = get("/?page=two", "a").await;
    let (status, detail) = problem(&answer, "ExpressionValueEvaluationFailure");
    assert!(
        status == 500 && detail.starts_with("Ask for ") && !answer.body.contains("two"),
        "{detail}"
    );
    let answer = get("/slow", "a").await;
    assert_eq!(problem(&answer, "Timeout").0, 504);
    assert_eq!(json_of(&answer)["instance"], "/slow");
    let answer = get("/", "a").await;
    assert_eq!(
        problem(&answer, "RateLimitExceeded"),
        refused(429, "Rate limit is exceeded")
    );
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(get("/gone", "b").await.status, 410);
    assert_eq!(world.events.all().len(), 5, "each is written down");
    let world = serving(nobody().await).await;
    let answer = world.get("/", &[("X-Client", "a")]).await;
    assert_eq!(problem(&answer, "BackendConnectionFailure").0, 502);
}

#[tokio::test]
async fn usage_of_each_request() {
    let backend = saying(json!({"ok": true})).await;
    let usage = world("usage-logging", &backend, &[]).await;
    usage
        .send("POST", "/orders?token=secret&a=1", &[], "private")
        .await;
    let (partition, body) = logged(&usage, "usage").remove(0);
    assert_eq!(partition, Partition::Key("none".into()));
    let mut entry: Json = serde_json::from_str(&body).unwrap();
    assert_eq!(entry["id"].as_str().unwrap().len(), 36);
    entry["id"] = json!(null);
    assert_eq!(
        entry,
        json!({
            "id": null, "time": "2026-11-24T12:00:00.0000000Z", "api": "api", "method": "POST", "path": "/orders",
            "query": ["a", "token"], "status": 200, "length": "11", "milliseconds": 0,
        })
    );
    let api = Api::new("api")
        .service_url(nobody().await)
        .policy(sample("usage-logging"));
    let failing = World::serving(Catalog::new().api(api)).await;
    assert_eq!(failing.get("/orders", &[]).await.status, 500);
    let (partition, body) = logged(&failing, "usage").remove(0);
    assert_eq!(partition, Partition::Key("errors".into()));
    let entry: Json = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&entry["status"], &entry["source"], &entry["reason"]),
        (
            &json!(500),
            &json!("forward-request"),
            &json!("BackendConnectionFailure")
        )
    );
}

#[tokio::test]
async fn bodies_in_the_log_without_personal_data() {
    let backend = Backend::named("orders").await;
    let world = world("pii-masking", &backend, &[]).await;
    let bodies = [
        r#"{"user":{"Email":"ann@contoso.com","id":7},"phones":[{"phone":"+1 555 0100"}],"note":"write to bob.b+x@mail.test, card 4111 1111 1111 1111"}"#,
        "not JSON, but ann@contoso.com and 4111-1111-1111-1111",
        r#"[1, "ssn"]"#,
    ];
    for body in bodies {
        world.send("POST", "/", &[], body).await;
    }
    world.get("/", &[]).await;
    let texts: Vec<String> = logged(&world, "audit")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(
        texts,
        [
            r#"{"user":{"Email":"***","id":7},"phones":[{"phone":"***"}],"note":"write to ***@***, card ************1111"}"#,
            "not JSON, but ***@*** and ************1111",
            r#"[1,"ssn"]"#,
        ]
    );
    let seen = backend.seen();
    assert_eq!(seen.len(), 4);
    for (seen, body) in seen.iter().zip(bodies) {
        assert_eq!(seen.text(), body);
    }
}

#[tokio::test]
async fn ids_that_all_logs_show() {
    let backend = Backend::named("orders").await;
    let world = world("correlation-id", &backend, &[]).await;
    for (given, kept) in [
        ("abcd-1234", true),
        ("short", false),
        ("<script>alert</script>", false),
        ("", false),
    ] {
        let answer = world
            .get("/", &[("X-Correlation-Id", given), ("X-Client", "a")])
            .await;
        let id = answer.header("x-correlation-id").to_owned();
        assert_eq!(id == given, kept, "{given}");
        assert!(kept || id.len() == 36, "{id}");
        assert_eq!(
            backend.seen().last().unwrap().header("x-correlation-id"),
            id
        );
    }
    let answer = world.get("/", &[("X-Correlation-Id", "abcd-1234")]).await;
    assert_eq!(
        (answer.status, answer.header("x-correlation-id")),
        (400, "abcd-1234")
    );
}

#[tokio::test]
async fn requests_that_do_not_fit_the_document() {
    let backend = Backend::start(None, |seen| {
        reply(
            if seen.text().contains("odd") {
                418
            } else {
                201
            },
            "application/json",
            "{}",
        )
    })
    .await;
    let document = json!({
        "openapi": "3.0.3",
        "info": {"title": "Orders", "version": "1"},
        "paths": {"/orders": {"post": {
            "operationId": "add",
            "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
                "type": "object",
                "required": ["sku", "count"],
                "additionalProperties": false,
                "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
            }}}},
            "responses": {"201": {"description": "made"}},
        }}},
    });
    let api = crate::world::api("openapi-validation", &backend)
        .openapi(Source::new("orders.json", document.to_string()));
    let world = World::serving(Catalog::new().api(api)).await;
    let post = async |path: &str, kind: &str, body: &str| {
        world
            .send("POST", path, &[("content-type", kind)], body)
            .await
    };
    let json = "application/json";
    assert_eq!(
        post("/orders?dry=true", json, r#"{"sku":"tea","count":2}"#)
            .await
            .status,
        201
    );
    let big = format!(r#"{{"sku":"{}","count":2}}"#, "a".repeat(5000));
    for (path, kind, body, part, said) in [
        ("/orders", json, r#"{"sku":"tea"}"#, "body", "count"),
        (
            "/orders",
            json,
            r#"{"sku":"tea","count":0}"#,
            "body",
            "Body of the request does not conform",
        ),
        ("/orders", json, "{", "body", "application/json"),
        (
            "/orders",
            "text/plain",
            "tea",
            "body",
            "Unspecified content type text/plain is not allowed.",
        ),
        (
            "/orders",
            json,
            &big,
            "body",
            "exceeds the configured limit of 4096 bytes",
        ),
        (
            "/orders?dry=maybe",
            json,
            r#"{"sku":"tea","count":2}"#,
            "parameters",
            "dry",
        ),
        (
            "/orders?wet=1",
            json,
            r#"{"sku":"tea","count":2}"#,
            "parameters",
            "Unspecified query parameter wet is not allowed.",
        ),
    ] {
        let answer = post(path, kind, body).await;
        let error = json_of(&answer);
        assert_eq!(
            (answer.status, &error["code"], &error["part"]),
            (400, &json!("INVALID_REQUEST"), &json!(part)),
            "{path} {body}"
        );
        assert!(
            error["details"].as_str().unwrap().contains(said),
            "{said}: {error}"
        );
    }
    assert_eq!(backend.seen().len(), 1);
    assert!(world.events.all().is_empty());
    let answer = post("/orders", json, r#"{"sku":"odd","count":2}"#).await;
    assert_eq!((answer.status, &*answer.body), (418, "{}"));
    assert!(
        matches!(&world.events.all()[..], [Event::Trace { message, .. }] if &*message.to_utf8() == "add answers 418")
    );
}
