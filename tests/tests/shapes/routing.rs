//! Where requests go, how often, and what happens when nobody is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tollgate::{
    Api, Backend as Entity, Catalog, CircuitBreaker, DeploymentInfo, Operation, Source,
};
use tollgate_tests::{Backend, reply};

use crate::world::{World, api, catalog, json_of, json_reply, named, nobody, sample, seen, world};

/// A backend whose status code can be set.
async fn answering(name: &'static str) -> (Backend, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(200));
    let own = Arc::clone(&status);
    let backend = Backend::start(None, move |_| {
        reply(own.load(Ordering::SeqCst), "text/plain", name)
    });
    (backend.await, status)
}

#[tokio::test]
async fn regions_with_backends_of_their_own() {
    let (europe, america) = (
        Backend::named("europe").await,
        Backend::named("america").await,
    );
    let (first, second) = (europe.url(), america.url());
    let values = [("backend-europe", &*first), ("backend-america", &*second)];
    for (region, data, expected) in [
        ("West Europe", None, "europe"),
        ("East US", None, "america"),
        ("Japan East", None, "europe"),
        ("East US", Some("EU"), "europe"),
        ("West Europe", Some("West US"), "america"),
    ] {
        let deployment = DeploymentInfo {
            region: region.into(),
            ..DeploymentInfo::default()
        };
        let world =
            World::serving(catalog("region-routing", &europe, &values).deployment(deployment))
                .await;
        let headers: Vec<_> = data
            .map(|data| ("X-Data-Region", data))
            .into_iter()
            .collect();
        let answer = world.get("/", &headers).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, expected),
            "{region} {data:?}"
        );
    }
    let all = [europe.seen(), america.seen()].concat();
    assert!(
        all.iter()
            .all(|seen| !seen.headers.contains_key("x-data-region"))
    );
}

#[tokio::test]
async fn a_new_version_for_some_of_the_users() {
    let (stable, canary) = (
        Backend::named("stable").await,
        Backend::named("canary").await,
    );
    let url = canary.url();
    let values = [("canary-percent", "20"), ("canary-url", &*url)];
    let world = world("canary-by-user", &stable, &values).await;
    let version = async |headers: &[(&str, &str)]| {
        let answer = world.get("/", headers).await;
        assert_eq!(answer.body, answer.header("x-version"));
        answer.body
    };
    // MD5 of "canary:" and the name, the first four bytes modulo 100, as another program says.
    for (user, bucket) in [
        ("ann", 7),
        ("bob", 23),
        ("cid", 75),
        ("dan", 21),
        ("eve", 20),
        ("user-1", 12),
        ("user-2", 60),
    ] {
        let expected = if bucket < 20 { "canary" } else { "stable" };
        for _ in 0..2 {
            assert_eq!(version(&[("X-User-Id", user)]).await, expected, "{user}");
        }
        assert_eq!(
            version(&[("X-User-Id", user), ("X-Canary", "Always")]).await,
            "canary"
        );
        assert_eq!(
            version(&[("X-User-Id", user), ("X-Canary", "never")]).await,
            "stable"
        );
    }
    let mut count = 0;
    for user in 0..50 {
        count += usize::from(version(&[("X-User-Id", &format!("user-{user}"))]).await == "canary");
    }
    assert_eq!(count, 9);
}

#[tokio::test]
async fn maintenance() {
    let backend = Backend::named("orders").await;
    let serving = async |mode: &str| {
        let values = [
            ("maintenance", mode),
            ("maintenance-until", "2026-11-24T14:30:00Z"),
            ("maintenance-pass", "let me"),
        ];
        world("maintenance-mode", &backend, &values).await
    };
    for (mode, get, post) in [("off", 200, 200), ("read-only", 200, 503), ("on", 503, 503)] {
        let world = serving(mode).await;
        assert_eq!(world.get("/", &[]).await.status, get, "{mode}");
        assert_eq!(
            world.send("POST", "/", &[], "{}").await.status,
            post,
            "{mode}"
        );
        let pass = [("X-Maintenance-Pass", "let me")];
        assert_eq!(
            world.send("POST", "/", &pass, "{}").await.status,
            200,
            "{mode}"
        );
        assert!(
            !backend
                .seen()
                .last()
                .unwrap()
                .headers
                .contains_key("x-maintenance-pass")
        );
    }
    let world = serving("on").await;
    let answer = world.get("/", &[]).await;
    assert_eq!(
        (answer.reason.as_deref(), answer.header("retry-after")),
        (Some("Maintenance"), "9000")
    );
    assert_eq!(
        json_of(&answer),
        json!({"message": "We are back at 2026-11-24T14:30:00Z."})
    );
    world.later(20_000);
    assert_eq!(
        world.get("/", &[]).await.header("retry-after"),
        "60",
        "it takes longer than planned"
    );
}

#[tokio::test]
async fn a_pool_with_circuit_breakers() {
    let ((one, first), (two, second)) = (answering("one").await, answering("two").await);
    let breaker = || CircuitBreaker::after(2, Duration::from_secs(60)).status_codes(500..=599);
    let catalog = Catalog::new()
        .api(api("circuit-breaker", &one))
        .backend_entity(Entity::new("one", one.url()).circuit_breaker(breaker()))
        .backend_entity(Entity::new("two", two.url()).circuit_breaker(breaker()))
        .backend_entity(
            Entity::pool("orders")
                .member("one", 1, 1)
                .member("two", 2, 1),
        );
    let world = World::serving(catalog).await;
    let post = async || world.send("POST", "/", &[], "an order").await;
    let calls = || (one.seen().len(), two.seen().len());
    assert_eq!(post().await.body, "one");
    first.store(500, Ordering::SeqCst);
    assert_eq!(
        post().await.body,
        "two",
        "after two failures the breaker is open"
    );
    assert_eq!(calls(), (3, 1));
    assert_eq!(two.seen()[0].text(), "an order");
    assert_eq!(post().await.body, "two");
    assert_eq!(calls(), (3, 2));
    second.store(502, Ordering::SeqCst);
    for calls_by_then in [(3, 4), (3, 4)] {
        let answer = post().await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "30"));
        assert_eq!(
            json_of(&answer),
            json!({"error": "Orders are not available at the moment."})
        );
        assert_eq!(calls(), calls_by_then);
    }
    first.store(200, Ordering::SeqCst);
    world.later(61);
    assert_eq!(post().await.body, "one");
}

#[tokio::test]
async fn three_services_as_one_page() {
    let customers = Backend::start(None, |seen| match seen.uri.path() {
        "/customers/7%208" => json_reply(200, &json!({"name": "Ann"})),
        "/customers/bad" => reply(500, "text/plain", ""),
        _ => json_reply(404, &json!({"error": "no such customer"})),
    })
    .await;
    let orders = Backend::start(None, |seen| {
        assert_eq!(seen.method, "GET");
        json_reply(200, &json!([{"of": seen.uri.query()}]))
    })
    .await;
    let page = async |recommendations: &str, id: &str| {
        let api = Api::new("api")
            .operation(Operation::new("GET", "/dashboard/{id}").policy(sample("fan-out")));
        let (first, second) = (customers.url(), orders.url());
        let values = [
            ("customers-url", &*first),
            ("orders-url", &*second),
            ("recommendations-url", recommendations),
        ];
        let world = World::serving(named(Catalog::new().api(api), &values)).await;
        world.get(&format!("/dashboard/{id}"), &[]).await
    };
    let silent = nobody().await;
    let expected = |missing: Json, recommended: Json| json!({"customer": {"name": "Ann"}, "orders": [{"of": "customer=7%208"}], "recommendations": recommended, "missing": missing});
    assert_eq!(
        json_of(&page(&silent, "7%208").await),
        expected(json!(["recommendations"]), json!([]))
    );
    let server = crate::world::saying(json!(["tea"])).await;
    let answer = page(&server.url(), "7%208").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(json_of(&answer), expected(json!([]), json!(["tea"])));
    let answer = page(&silent, "9").await;
    assert_eq!(
        (answer.status, json_of(&answer)),
        (404, json!({"error": "no such customer"}))
    );
    assert_eq!(page(&silent, "bad").await.status, 502);
}

#[tokio::test]
async fn orders_are_sent_again() {
    let (one, first) = answering("one").await;
    let (two, second) = answering("two").await;
    let url = two.url();
    let world = world("request-replay", &one, &[("secondary-url", &*url)]).await;
    let post = async |id: &[(&str, &str)]| world.send("POST", "/orders", id, "an order\u{0}").await;
    let id = [("X-Order-Id", "1")];
    let answer = post(&id).await;
    assert_eq!((&*answer.body, answer.header("x-attempts")), ("one", "1"));
    first.store(503, Ordering::SeqCst);
    let answer = post(&id).await;
    assert_eq!((&*answer.body, answer.header("x-attempts")), ("two", "4"));
    let attempts: Vec<_> = one
        .seen()
        .iter()
        .map(|seen| seen.header("x-attempt").to_owned())
        .collect();
    assert_eq!(attempts, ["1", "1", "2", "3"]);
    for seen in [one.seen(), two.seen()].concat() {
        assert_eq!(
            (seen.text(), seen.header("x-order-id")),
            ("an order\u{0}", "1"),
            "the same each time"
        );
    }
    let waits = world.clock.waits();
    assert_eq!((waits.len(), waits[0]), (3, Duration::from_secs(1)));
    assert!(waits[0] < waits[1] && waits[1] < waits[2], "{waits:?}");
    second.store(500, Ordering::SeqCst);
    let answer = post(&id).await;
    assert_eq!(
        (answer.status, answer.header("x-attempts")),
        (500, "4"),
        "and that is that"
    );
    let answer = post(&[]).await;
    assert_eq!(
        (answer.status, answer.header("x-attempts")),
        (503, "1"),
        "who knows whether it was done"
    );

    second.store(200, Ordering::SeqCst);
    let api = Api::new("api")
        .service_url(nobody().await)
        .policy(sample("request-replay"));
    let world = World::serving(named(Catalog::new().api(api), &[("secondary-url", &*url)])).await;
    let answer = world.send("POST", "/orders", &id, "an order\u{0}").await;
    assert_eq!(
        (&*answer.body, answer.header("x-attempts")),
        ("two", "4"),
        "nobody was there: {answer:?}"
    );
}

#[tokio::test]
async fn a_copy_for_the_next_version() {
    let (shadow, live) = (
        Backend::start(None, |_| reply(500, "text/plain", "")).await,
        Backend::named("live").await,
    );
    let url = shadow.url();
    let world = world("shadow-traffic", &live, &[("shadow-url", &*url)]).await;
    let headers = [
        ("Authorization", "Bearer x"),
        ("Cookie", "a=b"),
        ("X-Kind", "test"),
    ];
    let answer = world
        .send("PUT", "/orders/1?full=true", &headers, "{\"a\":1}")
        .await;
    assert_eq!((answer.status, &*answer.body), (200, "live"));
    assert_eq!(world.get("/health/live", &[]).await.status, 200);
    let copy = seen(&shadow, 1).await.remove(0);
    assert_eq!(
        (
            copy.method.as_str(),
            copy.uri.to_string().as_str(),
            copy.text()
        ),
        ("PUT", "/orders/1?full=true", "{\"a\":1}")
    );
    assert_eq!(
        (copy.header("x-kind"), copy.header("x-shadow").len()),
        ("test", 36)
    );
    assert!(!copy.headers.contains_key("authorization") && !copy.headers.contains_key("cookie"));
    let first = live.seen().remove(0);
    assert_eq!(
        (first.text(), first.header("authorization")),
        ("{\"a\":1}", "Bearer x")
    );
    assert!(!first.headers.contains_key("x-shadow"));
    assert_eq!(shadow.seen().len(), 1);

    let nowhere = nobody().await;
    let world = crate::world::world("shadow-traffic", &live, &[("shadow-url", &*nowhere)]).await;
    assert_eq!(world.send("POST", "/", &[], "x").await.body, "live");
}

#[tokio::test]
async fn graphql_within_limits() {
    let backend = Backend::start(None, |seen| {
        json_reply(200, &json!({"data": seen.json()["query"]}))
    })
    .await;
    let schema = "type Query { customer(id: ID): Customer } type Customer { name: String orders: [Order] } type Order { id: ID total: Float margin: Float customer: Customer }";
    let api = api("graphql-guard", &backend).graphql(Source::new("shop.graphql", schema));
    let world = World::serving(Catalog::new().api(api)).await;
    let ask = async |query: &str, role: &str| {
        let headers = [("content-type", "application/json"), ("X-Role", role)];
        let body = json!({"query": query}).to_string();
        let answer = world.send("POST", "/graphql", &headers, body).await;
        (answer.status, json_of(&answer))
    };
    let good = "{ customer(id: 1) { orders { id total } } }";
    assert_eq!(ask(good, "").await, (200, json!({"data": good})));
    let margin = "{ customer(id: 1) { orders { id margin } } }";
    assert_eq!(ask(margin, "staff").await, (200, json!({"data": margin})));
    let (status, answer) = ask(margin, "").await;
    let sent = answer["data"].as_str().unwrap();
    assert!(
        status == 200 && !sent.contains("margin") && sent.contains("id"),
        "{sent}"
    );
    let calls = backend.seen().len();
    for bad in [
        "{ customer(id: 1) { orders { customer { orders { id } } } } }",
        "{ __schema { types { name } } }",
        "{ customer(id: 1) { phone } }",
        "{ customer(id: 1) {",
    ] {
        let (status, answer) = ask(bad, "staff").await;
        assert_eq!(status, 400, "{bad}: {answer}");
        assert!(answer["errors"][0]["message"].is_string(), "{answer}");
    }
    assert_eq!(backend.seen().len(), calls);
}
