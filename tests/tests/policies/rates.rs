//! rate-limit and rate-limit-by-key.

use std::time::Duration;

use tollgate::{Api, Catalog, Operation, Product, Subscription, SubscriptionScope};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, set_header, source};

const REFUSED: &str =
    r#"{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 60 seconds." }"#;

fn by_key(attributes: &str) -> World {
    answering(attributes, &[200])
}

fn answering(attributes: &str, codes: &'static [u16]) -> World {
    let policy = format!(
        r#"<rate-limit-by-key renewal-period="60" counter-key="@(context.Request.Headers.GetValueOrDefault("X-Who", ""))" {attributes} />"#
    );
    World::with(&[("inbound", &policy)], FakeClient::statuses(codes))
}

async fn statuses(world: &World, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(world.get("/", &[]).await.status);
    }
    statuses
}

#[tokio::test]
async fn a_call_too_many_is_refused_until_a_period_has_passed() {
    let world = by_key(r#"calls="2""#);
    assert_eq!(statuses(&world, 2).await, [200, 200]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, &*answer.reason), (429, "Too Many Requests"));
    assert_eq!(answer.body, REFUSED);
    assert_eq!(answer.header("retry-after"), "60");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.last_error(),
        [
            "rate-limit-by-key",
            "RateLimitExceeded",
            "Rate limit is exceeded",
            "api",
            "inbound",
            "rate-limit-by-key[1]"
        ]
    );
    assert_eq!(world.client.calls().len(), 2);

    world.clock.advance(Duration::from_millis(29_500));
    assert_eq!(
        world.get("/", &[]).await.header("retry-after"),
        "31",
        "rounded up"
    );
    world.clock.advance(Duration::from_millis(30_600));
    assert_eq!(statuses(&world, 3).await, [200, 200, 429]);
}

#[tokio::test]
async fn the_window_slides() {
    let world = by_key(r#"calls="2""#);
    assert_eq!(statuses(&world, 1).await, [200]);
    world.clock.advance(Duration::from_secs(40));
    assert_eq!(statuses(&world, 2).await, [200, 429]);
    world.clock.advance(Duration::from_secs(21));
    assert_eq!(
        statuses(&world, 2).await,
        [200, 429],
        "only the first call is a minute old"
    );
}

#[tokio::test]
async fn keys_count_apart_and_policies_on_one_key_together() {
    let world = by_key(r#"calls="1""#);
    for who in ["a", "b", ""] {
        assert_eq!(world.get("/", &[("X-Who", who)]).await.status, 200);
        assert_eq!(world.get("/", &[("X-Who", who)]).await.status, 429);
    }
    let limit = r#"<rate-limit-by-key calls="4" renewal-period="60" counter-key="same" />"#;
    let world = World::of(&[("inbound", &limit.repeat(2))]);
    assert_eq!(
        statuses(&world, 3).await,
        [200, 200, 429],
        "each policy counts"
    );
}

#[tokio::test]
async fn expressions_count_when_the_response_is_known() {
    let only_200 = r#"calls="1" increment-condition="@(context.Response.StatusCode == 200)""#;
    let world = answering(only_200, &[500, 404, 200]);
    assert_eq!(statuses(&world, 4).await, [500, 404, 200, 429]);

    let count = r#"calls="5" increment-count="@(context.Response.StatusCode == 200 ? 3 : 0)""#;
    let world = answering(count, &[200, 500, 200]);
    assert_eq!(statuses(&world, 4).await, [200, 500, 200, 429]);
}

#[tokio::test]
async fn an_increment_that_fails_counts() {
    let fails = r#"calls="1" increment-condition="@(bool.Parse("perhaps"))""#;
    let world = answering(fails, &[200, 200]);
    assert_eq!(statuses(&world, 2).await, [200, 429]);
}

#[tokio::test]
async fn literals_count_at_once() {
    assert_eq!(
        statuses(&answering(r#"calls="1""#, &[500]), 2).await,
        [500, 429]
    );
    let never = by_key(r#"calls="1" increment-condition="false""#);
    assert_eq!(statuses(&never, 3).await, [200, 200, 200]);
    let heavy = by_key(r#"calls="5" increment-count="3""#);
    assert_eq!(statuses(&heavy, 3).await, [200, 200, 429]);
}

#[tokio::test]
async fn what_was_put_off_is_done_after_errors_and_returned_responses_too() {
    for then in [
        r#"<return-response><set-status code="200" /></return-response>"#,
        r#"<set-header name="@((string)null)"><value>1</value></set-header>"#,
    ] {
        let limit = r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" increment-condition="@(context.Response.StatusCode > 0)" />"#;
        let world = World::of(&[("inbound", &format!("{limit}{then}"))]);
        let first = world.get("/", &[]).await.status;
        assert_ne!(first, 429);
        assert_eq!(world.get("/", &[]).await.status, 429, "{then}");
    }
}

#[tokio::test]
async fn callers_are_told_what_is_left() {
    let told = r#"calls="2" retry-after-header-name="X-Wait" retry-after-variable-name="wait"
        remaining-calls-header-name="X-Left" remaining-calls-variable-name="left" total-calls-header-name="X-Total""#;
    let world = by_key(told);
    let told = |answer: &Answer| {
        let header = |name| answer.header(name).to_owned();
        (
            answer.status,
            header("x-left"),
            header("x-total"),
            answer.variable("left"),
        )
    };
    let first = told(&world.get("/", &[]).await);
    assert_eq!(first, (200, "1".into(), "2".into(), "Int32(1)".into()));
    world.get("/", &[]).await;
    let refused = world.get("/", &[]).await;
    assert_eq!(
        told(&refused),
        (429, "0".into(), "2".into(), "Int32(0)".into())
    );
    assert_eq!(refused.header("x-wait"), "60");
    assert_eq!(
        refused.header("retry-after"),
        "",
        "the other name stands in its place"
    );
    assert_eq!(refused.variable("wait"), "Int32(60)");
}

#[tokio::test]
async fn limits_may_be_expressions_and_a_null_key_fails() {
    let world = World::of(&[(
        "inbound",
        r#"<rate-limit-by-key calls="@(1 + 1)" renewal-period="@(30 * 2)" counter-key="@(context.Request.IpAddress)" />"#,
    )]);
    assert_eq!(statuses(&world, 3).await, [200, 200, 429]);
    for bad in [
        r#"calls="1" renewal-period="60" counter-key="@((string)null)""#,
        r#"calls="1" renewal-period="@(301)" counter-key="k""#,
        r#"calls="@(-1)" renewal-period="60" counter-key="k""#,
    ] {
        let answer = World::of(&[("inbound", &format!("<rate-limit-by-key {bad} />"))])
            .get("/", &[])
            .await;
        assert_eq!(answer.status, 500, "{bad}");
        assert_eq!(
            answer.last_error()[1],
            "ExpressionValueValidationFailure",
            "{bad}"
        );
    }
}

/// A product with this policy, with the APIs `one` and `two`, and two subscriptions.
fn product(policy: &str) -> World {
    let api = |id: &str| {
        Api::new(id.to_owned())
            .path(id)
            .service_url("http://backend.test")
            .operation(Operation::new("GET", "/read").id("read"))
            .operation(Operation::new("GET", "/write").id("write"))
    };
    let product = Product::new("p")
        .api("one")
        .api("two")
        .policy(source("product.xml", &[("inbound", policy)]));
    let subscription = |id: &'static str, key: &'static str| {
        Subscription::new(id, key, SubscriptionScope::Product("p".into()))
    };
    let catalog = Catalog::new()
        .api(api("one"))
        .api(api("two"))
        .product(product)
        .subscription(subscription("first", "k1"))
        .subscription(subscription("second", "k2"));
    World::serving(catalog, FakeClient::statuses(&[200]))
}

async fn call(world: &World, path: &str, key: &str) -> u16 {
    world
        .get(path, &[("Ocp-Apim-Subscription-Key", key)])
        .await
        .status
}

#[tokio::test]
async fn rate_limit_counts_by_subscription() {
    let world = product(
        r#"<rate-limit calls="2" renewal-period="60" remaining-calls-variable-name="left" />"#,
    );
    assert_eq!(call(&world, "/one/read", "k1").await, 200);
    assert_eq!(call(&world, "/two/read", "k1").await, 200);
    let refused = world
        .get("/one/write", &[("Ocp-Apim-Subscription-Key", "k1")])
        .await;
    assert_eq!((refused.status, refused.body.as_str()), (429, REFUSED));
    assert_eq!(
        refused.last_error()[..4],
        [
            "rate-limit",
            "RateLimitExceeded",
            "Rate limit is exceeded",
            "product"
        ]
    );
    assert_eq!(
        call(&world, "/one/read", "k2").await,
        200,
        "another subscription"
    );
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(call(&world, "/one/read", "k1").await, 200);
}

#[tokio::test]
async fn rate_limit_counts_apis_and_operations_apart() {
    let world = product(
        r#"<rate-limit calls="10" renewal-period="60" remaining-calls-header-name="X-Left">
            <api id="one" calls="3" renewal-period="60"><operation id="write" calls="1" renewal-period="60" /></api>
        </rate-limit>"#,
    );
    assert_eq!(call(&world, "/one/write", "k1").await, 200);
    assert_eq!(
        call(&world, "/one/write", "k1").await,
        429,
        "the operation's limit"
    );
    assert_eq!(
        call(&world, "/one/read", "k1").await,
        200,
        "which refused without counting"
    );
    assert_eq!(call(&world, "/one/read", "k1").await, 200);
    assert_eq!(
        call(&world, "/one/read", "k1").await,
        429,
        "the API's limit"
    );
    let answer = world
        .get("/two/read", &[("Ocp-Apim-Subscription-Key", "k1")])
        .await;
    assert_eq!((answer.status, answer.header("x-left")), (200, "6"));
}

#[tokio::test]
async fn rate_limit_does_nothing_without_a_subscription() {
    let world = World::of(&[(
        "inbound",
        &(r#"<rate-limit calls="1" renewal-period="60" />"#.to_owned() + &set_header("X-A", "1")),
    )]);
    assert_eq!(statuses(&world, 3).await, [200, 200, 200]);
}
