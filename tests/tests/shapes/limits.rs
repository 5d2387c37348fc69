//! How much is allowed, to tenants and to products.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::json;
use tollgate::ports::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use tollgate::{Api, Catalog, Product, Subscription, SubscriptionScope};
use tollgate_tests::{Backend, reply};

use crate::world::{NOON, Tokens, World, json_of, named, sample, world};

#[tokio::test]
async fn requests_of_tenants_by_their_plans() {
    let status = Arc::new(AtomicU16::new(200));
    let own = Arc::clone(&status);
    let backend = Backend::start(None, move |_| {
        reply(own.load(Ordering::SeqCst), "text/plain", "")
    })
    .await;
    let issuer = Tokens::start().await;
    let url = issuer.url();
    let values = [
        ("openid-config-url", &*url),
        ("token-issuer", Tokens::ISSUER),
        ("api-audience", "shop"),
    ];
    let world = world("tenant-rate-limit", &backend, &values).await;
    let get = async |tenant: &str, plan: &str| {
        let token = issuer.bearer(json!({"aud": "shop", "tenant": tenant, "plan": plan}));
        let answer = world
            .get("/", &[("Authorization", &token), ("X-Tenant", "other")])
            .await;
        (answer.status, answer.header("retry-after").to_owned())
    };
    let refused = (429, "60".to_owned());
    let mut statuses = Vec::new();
    for (tenant, plan) in [
        ("a", "free"),
        ("a", "free"),
        ("a", "free"),
        ("b", "free"),
        ("c", "gold"),
        ("c", "gold"),
        ("c", "gold"),
        ("c", "gold"),
        ("c", "gold"),
    ] {
        statuses.push(get(tenant, plan).await.0);
    }
    assert_eq!(statuses, [200, 200, 429, 200, 200, 200, 200, 200, 429]);
    assert_eq!(get("a", "free").await, refused);
    status.store(500, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(
            get("b", "free").await.0,
            500,
            "what was not done does not count"
        );
    }
    world.later(61);
    assert_eq!(get("a", "free").await.0, 500);
    let none = issuer.bearer(json!({"aud": "shop"}));
    assert_eq!(
        world.get("/", &[("Authorization", &none)]).await.status,
        401
    );
    assert_eq!(backend.seen()[0].header("x-tenant"), "a");
}

#[tokio::test]
async fn calls_of_a_product() {
    let backend = Backend::named("here").await;
    let api = Api::new("orders")
        .service_url(backend.url())
        .subscription_required(true);
    let product = Product::new("p1")
        .name("Starter")
        .api("orders")
        .policy(sample("product-quota"));
    let began = UNIX_EPOCH_TICKS + (NOON - 1800) * TICKS_PER_SECOND;
    let subscription = |id: &'static str| {
        Subscription::new(
            id,
            format!("{id}-key"),
            SubscriptionScope::Product("p1".into()),
        )
        .dates(0, Some(began), None)
    };
    let catalog = Catalog::new()
        .api(api)
        .product(product)
        .subscription(subscription("ann"))
        .subscription(subscription("bob"));
    let world = World::serving(named(
        catalog,
        &[("product-calls", "2"), ("product-period", "3600")],
    ))
    .await;
    let get = async |key: &str| world.get("/", &[("Ocp-Apim-Subscription-Key", key)]).await;
    for _ in 0..2 {
        let answer = get("ann-key").await;
        assert_eq!(
            (answer.status, answer.header("x-product")),
            (200, "Starter")
        );
    }
    let answer = get("ann-key").await;
    assert_eq!(
        (answer.status, answer.reason.as_deref()),
        (429, Some("Quota Exceeded"))
    );
    assert_eq!(
        (answer.header("retry-after"), answer.header("x-quota-reset")),
        ("1800", "2026-11-24T12:30:00Z")
    );
    assert_eq!(
        json_of(&answer),
        json!({"error": "The quota of the product is used up.", "product": "Starter", "subscription": "ann"})
    );
    assert_eq!(get("bob-key").await.status, 200);
    assert_eq!(get("eve-key").await.status, 401);
    world.later(1801);
    assert_eq!(get("ann-key").await.status, 200);
    assert_eq!(backend.seen().len(), 4);
}
