//! quota and quota-by-key.

use std::time::Duration;

use http::Method;
use tollgate::{Api, Body, Catalog, Gateway, Operation, Product, Subscription, SubscriptionScope};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, api, request, source};

fn refused(what: &str, left: &str) -> String {
    format!(
        r#"{{ "statusCode": 403, "message": "Out of {what} quota. Quota will be replenished in {left}." }}"#
    )
}

/// APIs `one` and `two` with operations `read` and `write`, in a product with this policy. Subscriptions began at
/// 2026-11-24 11:30, half an hour before the world does.
fn product(policy: &str, client: FakeClient) -> World {
    let api = |id: &'static str| {
        Api::new(id)
            .path(id)
            .service_url("http://backend.test")
            .operation(Operation::new("POST", "/read").id("read"))
            .operation(Operation::new("GET", "/read").id("get"))
            .operation(Operation::new("GET", "/write").id("write"))
    };
    let product = Product::new("p")
        .api("one")
        .api("two")
        .policy(source("product.xml", &[("inbound", policy)]));
    let start = tollgate::ports::UNIX_EPOCH_TICKS
        + (1_795_521_600 - 1800) * tollgate::ports::TICKS_PER_SECOND;
    let subscription = |id: &'static str, key: &'static str| {
        Subscription::new(id, key, SubscriptionScope::Product("p".into())).dates(
            0,
            Some(start),
            None,
        )
    };
    let catalog = Catalog::new()
        .api(api("one"))
        .api(api("two"))
        .product(product)
        .subscription(subscription("first", "k1"))
        .subscription(subscription("second", "k2"));
    World::serving(catalog, client)
}

async fn get(world: &World, path: &str, key: &str) -> Answer {
    world.get(path, &[("Ocp-Apim-Subscription-Key", key)]).await
}

#[tokio::test]
async fn quota_counts_calls_in_periods_from_the_subscription_s_start() {
    let policy = r#"<quota calls="2" renewal-period="3600" />"#;
    let world = product(policy, FakeClient::statuses(&[200]));
    for path in ["/one/get", "/one/read", "/two/read"] {
        let _ = get(&world, path, "k1").await;
    }
    world.clock.advance(Duration::from_millis(29_500));
    let answer = get(&world, "/one/read", "k1").await;
    assert_eq!((answer.status, &*answer.reason), (403, "Forbidden"));
    assert_eq!(answer.body, refused("call volume", "00:29:31"));
    assert_eq!(answer.header("retry-after"), "1771");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.last_error(),
        [
            "quota",
            "QuotaExceeded",
            "Out of call volume quota. Quota will be replenished in 00:29:31.",
            "product",
            "inbound",
            "quota[1]"
        ]
    );
    assert_eq!(
        get(&world, "/one/read", "k2").await.status,
        200,
        "another subscription"
    );
    world.clock.advance(Duration::from_secs(1771));
    assert_eq!(
        get(&world, "/one/read", "k1").await.status,
        200,
        "another period"
    );
}

#[tokio::test]
async fn quota_counts_apis_and_operations_apart() {
    let policy = r#"<quota calls="10" renewal-period="0"><api id="one" calls="3"><operation id="write" calls="1" renewal-period="P30D" /></api></quota>"#;
    let world = product(policy, FakeClient::statuses(&[200]));
    assert_eq!(get(&world, "/one/write", "k1").await.status, 200);
    let answer = get(&world, "/one/write", "k1").await;
    assert_eq!(answer.body, refused("call volume", "29.23:30:00"));
    // What was refused has not counted for the API.
    assert_eq!(get(&world, "/one/read", "k1").await.status, 200);
    assert_eq!(get(&world, "/one/read", "k1").await.status, 200);
    let answer = get(&world, "/one/read", "k1").await;
    assert_eq!(
        (answer.status, &*answer.body, answer.header("retry-after")),
        (
            403,
            r#"{ "statusCode": 403, "message": "Out of call volume quota." }"#,
            ""
        ),
        "a period without an end"
    );
    world.clock.advance(Duration::from_secs(1 << 30));
    assert_eq!(get(&world, "/one/read", "k1").await.status, 403);
    assert_eq!(get(&world, "/two/read", "k1").await.status, 200);
}

#[tokio::test]
async fn quota_counts_the_bytes_that_went_both_ways() {
    let big = FakeClient::new(|_| Ok(http::Response::new(Body::from("x".repeat(700)))));
    let policy = r#"<quota bandwidth="1" renewal-period="3600" />"#;
    let world = product(policy, big);
    let post = async || {
        let key = [("Ocp-Apim-Subscription-Key", "k1")];
        world
            .send(request(Method::POST, "/one/read", &key, "0123456789"))
            .await
    };
    assert_eq!(post().await.status, 200, "710 bytes");
    assert_eq!(
        post().await.status,
        200,
        "1,420 bytes: known when they are gone"
    );
    let answer = post().await;
    assert_eq!(
        (answer.status, &*answer.body),
        (403, &*refused("bandwidth", "00:30:00"))
    );
    assert_eq!(answer.last_error()[1], "QuotaExceeded");
    world.clock.advance(Duration::from_secs(1801));
    assert_eq!(post().await.status, 200);
}

#[tokio::test]
async fn quota_does_nothing_without_a_subscription() {
    let catalog = Catalog::new().api(api(&[])).product(
        Product::new("open")
            .api("api")
            .subscription_required(false)
            .policy(source(
                "p.xml",
                &[("inbound", r#"<quota calls="1" renewal-period="3600" />"#)],
            )),
    );
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    for _ in 0..3 {
        assert_eq!(world.get("/", &[]).await.status, 200);
    }
}

fn by_key(attributes: &str) -> String {
    format!(
        r#"<quota-by-key counter-key="@(context.Request.Headers.GetValueOrDefault("X-Who", ""))" {attributes} />"#
    )
}

async fn statuses(world: &World, who: &str, calls: usize) -> Vec<u16> {
    let mut all = Vec::new();
    for _ in 0..calls {
        all.push(world.get("/", &[("X-Who", who)]).await.status);
    }
    all
}

#[tokio::test]
async fn quota_by_key_counts_each_key_in_fixed_periods() {
    // Noon is 20 minutes after the period's start.
    let policy =
        by_key(r#"calls="2" renewal-period="3600" first-period-start="2020-01-01T00:40:00+01:00""#);
    let world = World::of(&[("inbound", &policy)]);
    assert_eq!(statuses(&world, "a", 3).await, [200, 200, 403]);
    assert_eq!(statuses(&world, "b", 1).await, [200]);
    assert_eq!(
        statuses(&world, "", 3).await,
        [200, 200, 403],
        "an empty key is one"
    );
    let answer = world.get("/", &[("X-Who", "a")]).await;
    assert_eq!(answer.body, refused("call volume", "00:40:00"));
    assert_eq!(answer.header("retry-after"), "2400");
    assert_eq!(
        answer.last_error(),
        [
            "quota-by-key",
            "QuotaExceeded",
            "Out of call volume quota. Quota will be replenished in 00:40:00.",
            "api",
            "inbound",
            "quota-by-key[1]"
        ]
    );
    world.clock.advance(Duration::from_secs(2399));
    assert_eq!(statuses(&world, "a", 1).await, [403]);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(statuses(&world, "a", 3).await, [200, 200, 403]);
}

#[tokio::test]
async fn a_request_counts_once_on_a_key() {
    let policy = by_key(r#"calls="4" renewal-period="3600""#);
    let both = format!("{policy}{policy}");
    let world = World::of(&[("inbound", &both)]);
    assert_eq!(statuses(&world, "a", 5).await, [200, 200, 200, 200, 403]);
    let deferred = by_key(r#"calls="4" renewal-period="3600" increment-condition="@(true)""#);
    let both = format!("{deferred}{deferred}{policy}");
    let world = World::of(&[("inbound", &both)]);
    assert_eq!(statuses(&world, "a", 5).await, [200, 200, 200, 200, 403]);
}

#[tokio::test]
async fn conditions_and_counts_decide_what_counts() {
    let of = |attributes: &str, codes: &'static [u16]| {
        let policy = by_key(&format!(r#"calls="2" renewal-period="3600" {attributes}"#));
        World::with(&[("inbound", &policy)], FakeClient::statuses(codes))
    };
    let world = of(
        r#"increment-condition="@(context.Response.StatusCode == 200)""#,
        &[500, 500, 200, 200, 200],
    );
    assert_eq!(statuses(&world, "a", 5).await, [500, 500, 200, 200, 403]);
    let never = of(r#"increment-condition="false""#, &[200]);
    assert_eq!(statuses(&never, "a", 4).await, [200; 4]);
    let double = of(r#"increment-count="2""#, &[200]);
    assert_eq!(statuses(&double, "a", 2).await, [200, 403]);
    let computed = of(
        r#"increment-count="@(context.Response.StatusCode == 200 ? 2 : 1)""#,
        &[201, 200, 200],
    );
    assert_eq!(statuses(&computed, "a", 3).await, [201, 200, 403]);
    // Who makes the expression fail counts all the same.
    let throws = of(r#"increment-condition="@(bool.Parse("x"))""#, &[200]);
    assert_eq!(statuses(&throws, "a", 3).await, [200, 200, 403]);
}

#[tokio::test]
async fn bandwidth_counts_for_the_calls_that_count() {
    let client = || {
        FakeClient::new(|call| {
            let status = if call.url.ends_with("/free") {
                404
            } else {
                200
            };
            let body = Body::from("x".repeat(2000));
            Ok(http::Response::builder().status(status).body(body).unwrap())
        })
    };
    let policy = by_key(
        r#"bandwidth="1" renewal-period="3600" increment-condition="@(context.Response.StatusCode == 200)""#,
    );
    let world = World::with(&[("inbound", &policy)], client());
    let status = async |path: &str| world.get(path, &[]).await.status;
    assert_eq!(status("/free").await, 404);
    assert_eq!(status("/free").await, 404);
    assert_eq!(status("/paid").await, 200);
    let answer = world.get("/free", &[]).await;
    assert_eq!(answer.body, refused("bandwidth", "01:00:00"));
    let twice = by_key(r#"bandwidth="3" renewal-period="3600""#);
    let world = World::with(&[("inbound", &format!("{twice}{twice}"))], client());
    for status in [200, 200, 403] {
        assert_eq!(
            world.get("/", &[]).await.status,
            status,
            "2,000 bytes each, once"
        );
    }
}

#[tokio::test]
async fn bytes_that_stream_are_counted_when_they_are_gone() {
    let policy = by_key(r#"bandwidth="1" renewal-period="3600""#);
    let client = FakeClient::new(|_| {
        let chunks = (0..3).map(|_| {
            Ok::<_, std::io::Error>(hyper::body::Frame::data(bytes::Bytes::from(vec![0; 500])))
        });
        let stream = http_body_util::StreamBody::new(futures_util::stream::iter(chunks));
        Ok(http::Response::new(Body::new(stream)))
    });
    let gateway = Gateway::builder()
        .catalog(Catalog::new().api(api(&[("inbound", &policy)])))
        .http_client(client)
        .build()
        .unwrap();
    let call = async || {
        let request = request(Method::GET, "/", &[], "");
        gateway.handle(request, tollgate::Peer::default()).await
    };
    let (mut one, two) = (call().await, call().await);
    assert_eq!(
        (one.status().as_u16(), two.status().as_u16()),
        (200, 200),
        "both began before anything was counted"
    );
    drop(two);
    one.body_mut().buffer(9999).await.unwrap();
    assert_eq!(call().await.status(), 403);
}

#[tokio::test]
async fn a_key_that_is_null_fails() {
    let policy =
        r#"<quota-by-key counter-key="@((string)null)" calls="1" renewal-period="3600" />"#;
    let answer = World::of(&[("inbound", policy)]).get("/", &[]).await;
    assert_eq!(answer.last_error()[1], "ExpressionValueValidationFailure");
}

#[test]
fn what_a_quota_cannot_say() {
    for (attributes, message) in [
        (
            "renewal-period='3600'",
            "`quota-by-key` needs `calls` or `bandwidth`",
        ),
        (
            "calls='ten' renewal-period='3600'",
            "`calls` must be a whole number, not `ten`",
        ),
        (
            "calls='-1' renewal-period='3600'",
            "`calls` must be a whole number, not `-1`",
        ),
        (
            "calls='1' renewal-period='299'",
            "`renewal-period` is 0 or at least 300 seconds",
        ),
        (
            "calls='1' renewal-period='P1M'",
            "`renewal-period` must be a number of seconds, not `P1M`",
        ),
        (
            "calls='1' renewal-period='99999999999999'",
            "`renewal-period` must be a number of seconds, not `99999999999999`",
        ),
        (
            "calls='@(1)' renewal-period='3600'",
            "`calls` of `quota-by-key` cannot be an expression",
        ),
        (
            "calls='1' renewal-period='3600' first-period-start='noon'",
            "`first-period-start` must be a time such as `2026-01-01T00:00:00Z`, not `noon`",
        ),
        (
            "calls='1' renewal-period='3600' increment-condition='@(1)'",
            "`increment-condition` must be `true` or `false`, but the expression gives `int`",
        ),
    ] {
        let policy = format!("<quota-by-key counter-key='k' {attributes} />");
        let built = Gateway::builder()
            .catalog(Catalog::new().api(api(&[("inbound", &policy)])))
            .http_client(FakeClient::statuses(&[200]))
            .build();
        let errors = built.unwrap_err().to_string();
        assert!(
            errors.contains(&format!(": {message}")),
            "{attributes}: {errors}"
        );
    }
}
