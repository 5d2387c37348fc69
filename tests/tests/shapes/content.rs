//! What becomes of bodies: caches, envelopes, lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use tollgate_tests::{Backend, reply};

use crate::world::{json_of, json_reply, world};

#[tokio::test]
async fn a_soap_service_as_rest() {
    let service = Backend::start(None, |seen| {
        let envelope = |body: &str| format!(r#"<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>"#);
        match seen.text().contains("<q:Symbol>MSFT</q:Symbol>") {
            true => reply(200, "text/xml", envelope(r#"<GetQuoteResponse xmlns="http://contoso.com/quotes"><Symbol>MSFT</Symbol><Price>412.50</Price></GetQuoteResponse>"#)),
            false => reply(500, "text/xml", envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>No such symbol</faultstring></s:Fault>")),
        }
    })
    .await;
    let world = world("soap-to-rest", &service, &[]).await;
    let ask = async |body: serde_json::Value| {
        world
            .send(
                "POST",
                "/quotes?debug=1",
                &[("content-type", "application/json")],
                body.to_string(),
            )
            .await
    };
    let answer = ask(json!({"symbol": "msft", "markets": ["XNAS", "XETR"]})).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(json_of(&answer), json!({"symbol": "MSFT", "price": 412.5}));
    let answer = ask(json!({"symbol": "none", "markets": []})).await;
    assert_eq!(
        (answer.status, json_of(&answer)),
        (422, json!({"error": "No such symbol"}))
    );
    let first = service.seen().remove(0);
    assert_eq!(first.uri.to_string(), "/QuoteService.asmx");
    assert_eq!(
        (first.header("soapaction"), first.header("content-type")),
        (
            "\"http://contoso.com/quotes/GetQuote\"",
            "text/xml; charset=utf-8"
        )
    );
    let text: String = first.text().split_whitespace().collect();
    assert!(
        text.contains("<q:Market>XNAS</q:Market><q:Market>XETR</q:Market></q:GetQuote>"),
        "{text}"
    );
}

#[tokio::test]
async fn a_list_as_clients_should_see_it() {
    let backend = Backend::start(None, |_| {
        json_reply(200, &json!({
            "data": [{"id": 1, "cost": 3, "parts": [{"id": 2, "supplier": "x"}]}, {"id": 3}],
            "meta": {"total": 40},
            "links": {"next": "http://inner:8080/v1/items?page=3", "prev": null, "first": "http://inner:8080/v1/items"},
        }))
    })
    .await;
    let values = [
        ("backend-base", "http://inner:8080/v1"),
        ("public-base", "https://api.contoso.com/shop"),
    ];
    let world = world("list-reshaping", &backend, &values).await;
    let answer = world.get("/items", &[]).await;
    assert_eq!(answer.header("x-total-count"), "40");
    assert_eq!(
        answer.header("link"),
        r#"<https://api.contoso.com/shop/items?page=3>; rel="next", <https://api.contoso.com/shop/items>; rel="first""#
    );
    assert_eq!(
        json_of(&answer),
        json!([{"id": 1, "parts": [{"id": 2}]}, {"id": 3}])
    );
    let answer = world.get("/items", &[("X-Role", "staff")]).await;
    assert_eq!(
        json_of(&answer),
        json!([{"id": 1, "cost": 3, "parts": [{"id": 2, "supplier": "x"}]}, {"id": 3}])
    );
}

#[tokio::test]
async fn payments_that_are_made_once() {
    let number = AtomicUsize::new(0);
    let bank = Backend::start(None, move |seen| match seen.text() {
        "fail" => reply(502, "text/plain", ""),
        _ => json_reply(
            201,
            &json!({"payment": number.fetch_add(1, Ordering::SeqCst)}),
        ),
    })
    .await;
    let world = world("idempotency-key", &bank, &[]).await;
    let pay = async |key: &str, body: &str| {
        let answer = world
            .send("POST", "/payments", &[("Idempotency-Key", key)], body)
            .await;
        (
            answer.status,
            answer.body.clone(),
            answer.header("idempotent-replayed").to_owned(),
        )
    };
    let made =
        |number: usize, again: &str| (201, format!(r#"{{"payment":{number}}}"#), again.to_owned());
    assert_eq!(pay("k1", "10").await, made(0, ""));
    assert_eq!(pay("k1", "10").await, made(0, "true"));
    assert_eq!(pay("k2", "10").await, made(1, ""));
    assert_eq!(pay("k1", "20").await.0, 422);
    for _ in 0..2 {
        assert_eq!(pay("k3", "fail").await.0, 502);
    }
    assert_eq!(bank.seen().len(), 4);
    assert_eq!(world.send("POST", "/payments", &[], "10").await.status, 400);
    world.later(86_401);
    assert_eq!(pay("k1", "10").await, made(2, ""));
}

#[tokio::test]
async fn answers_of_each_user_with_etags() {
    let backend = Backend::start(None, |seen| {
        reply(
            200,
            "text/plain",
            format!("{} {}", seen.header("x-user-id"), seen.uri),
        )
    })
    .await;
    let world = world("user-cache-etag", &backend, &[]).await;
    let get = async |user: &str, path: &str, tag: &str| {
        let answer = world
            .get(
                path,
                &[
                    ("X-User-Id", user),
                    ("If-None-Match", tag),
                    ("Authorization", "Bearer x"),
                ],
            )
            .await;
        (
            answer.status,
            answer.body.clone(),
            answer.header("etag").to_owned(),
        )
    };
    let (status, body, tag) = get("ann", "/inbox?page=1", "").await;
    assert_eq!((status, &*body, tag.len()), (200, "ann /inbox?page=1", 42));
    assert_eq!(
        get("ann", "/inbox?page=1", &tag).await,
        (304, String::new(), tag.clone())
    );
    assert_eq!(
        get("ann", "/inbox?page=1", &format!("\"old\", {tag}"))
            .await
            .0,
        304
    );
    assert_eq!(
        get("ann", "/inbox?page=1", "\"old\"").await,
        (200, body, tag.clone())
    );
    assert_eq!(backend.seen().len(), 1, "from the cache");
    assert_eq!(
        get("bob", "/inbox?page=1", &tag).await.1,
        "bob /inbox?page=1"
    );
    assert_eq!(
        get("ann", "/inbox?page=2", &tag).await.1,
        "ann /inbox?page=2"
    );
    world.later(61);
    assert_eq!(
        get("ann", "/inbox?page=1", &tag).await.0,
        304,
        "the backend says the same again"
    );
    assert_eq!(backend.seen().len(), 4);
}

#[tokio::test]
async fn rates_that_another_service_knows() {
    let down = Arc::new(AtomicBool::new(false));
    let (own, number) = (Arc::clone(&down), AtomicUsize::new(0));
    let rates = Backend::start(None, move |seen| match own.load(Ordering::SeqCst) {
        true => reply(503, "text/plain", ""),
        false if seen.uri.path() == "/XXX" => reply(404, "text/plain", ""),
        false => json_reply(200, &json!({"rate": 1.25 + f64::from(u32::try_from(number.fetch_add(1, Ordering::SeqCst)).unwrap())})),
    })
    .await;
    let backend = Backend::start(None, |seen| {
        reply(200, "text/plain", seen.header("x-rate").to_owned())
    })
    .await;
    let url = rates.url();
    let world = world("reference-data", &backend, &[("rates-url", &*url)]).await;
    let get = async |currency: &str| {
        let answer = world
            .get(&format!("/orders?currency={currency}"), &[])
            .await;
        (
            answer.status,
            answer.body.clone(),
            answer.header("warning").to_owned(),
        )
    };
    let rate = |rate: &str, warning: &str| (200, rate.to_owned(), warning.to_owned());
    let stale = r#"110 gateway "Rate is stale""#;
    assert_eq!(get("eur").await, rate("1.25", ""));
    assert_eq!(get("EUR").await, rate("1.25", ""));
    assert_eq!(get("usd").await, rate("2.25", ""));
    assert_eq!(rates.seen().len(), 2);
    world.later(301);
    assert_eq!(get("EUR").await, rate("3.25", ""));
    down.store(true, Ordering::SeqCst);
    assert_eq!(get("EUR").await, rate("3.25", ""), "still fresh");
    world.later(301);
    assert_eq!(get("EUR").await, rate("3.25", stale));
    world.later(86_400);
    assert_eq!(get("EUR").await.0, 503);
    down.store(false, Ordering::SeqCst);
    assert_eq!(get("EUR").await, rate("4.25", ""));
    assert_eq!(get("XXX").await.0, 503);
    let asked = rates.seen().len();
    assert_eq!(get("a/../b").await.0, 400);
    assert_eq!(rates.seen().len(), asked);
}
