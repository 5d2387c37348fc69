//! What `tollgate serve --record` writes passes in `tollgate test`, and has no secret in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod gateway;
mod mocks;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tollgate::Body;

use gateway::{Served, read, tests, tests_of};

/// All that must not be in the file, in whatever spelling.
const SECRETS: [&str; 22] = [
    "hush-subscription-key",
    "hush-function-key",
    "hush/encoded+key=",
    "hush%2Fencoded%2Bkey%3D",
    "hush-answer-token",
    "hush-access-token",
    "hush-client-secret",
    "hush-password",
    "hush-cookie",
    "hush-set-cookie",
    "hush-opaque-bearer",
    "hush-api-key",
    "hush-in-the-policy",
    "hush-in-gzip",
    "hush-in-a-body",
    "hush-sas-signature",
    "hush-wrong-key",
    "aHVzaC",
    "eyJ",
    "HMAC_KEY_VALUE",
    "c2lnbmluZy",
    "hush",
];

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn get(path: &str) -> http::request::Builder {
    Request::get(path)
}

fn claims(served: &Served, more: &Value) -> Value {
    let mut claims = json!({
        "iss": format!("http://{}/issuer", served.mocks), "aud": "https://cognitiveservices.azure.com",
        "iat": now() - 10, "nbf": now() - 10, "exp": now() + 600, "appid": "app-1", "name": "Bob",
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_passes_and_has_no_secrets() {
    let mut served = gateway::serve(&[]).await;
    let ok = async |request: http::request::Builder, body: Body, status: u16| {
        let (head, text) = served.send(request, body).await;
        assert_eq!(head.status, status, "{text}");
        (head, text)
    };
    // The blog's load balancing, by random numbers.
    for _ in 0..4 {
        ok(get("/balanced/hello?x=1"), Body::empty(), 200).await;
    }
    // Tokens: two that are good (the second one is one too many), an expired one, a forged one, none, one that is no JWT.
    let good = mocks::key().sign(&claims(&served, &json!({}))).unwrap();
    let bearer = |token: &str| format!("Bearer {token}");
    ok(
        get("/throttled/chat").header("authorization", bearer(&good)),
        Body::empty(),
        200,
    )
    .await;
    ok(
        get("/throttled/chat").header("authorization", bearer(&good)),
        Body::empty(),
        429,
    )
    .await;
    let expired = mocks::key()
        .sign(&claims(&served, &json!({"exp": now() - 60})))
        .unwrap();
    ok(
        get("/throttled/chat").header("authorization", bearer(&expired)),
        Body::empty(),
        403,
    )
    .await;
    let stranger = tollgate_testing::SigningKey::make("real-key").unwrap();
    let forged = stranger.sign(&claims(&served, &json!({}))).unwrap();
    ok(
        get("/throttled/chat").header("authorization", bearer(&forged)),
        Body::empty(),
        403,
    )
    .await;
    ok(get("/throttled/chat"), Body::empty(), 403).await;
    ok(
        get("/throttled/chat").header("authorization", "Bearer hush-opaque-bearer"),
        Body::empty(),
        403,
    )
    .await;
    // A token in the query, one that a secret of the gateway has signed.
    let key = EncodingKey::from_base64_secret(gateway::HMAC_KEY).unwrap();
    let signed = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims(&served, &json!({"sub": "u"})),
        &key,
    );
    let signed = signed.unwrap();
    ok(
        get(&format!("/signed/x?a=1&token={signed}&b=2")),
        Body::empty(),
        200,
    )
    .await;
    // A limit with several requests.
    for status in [200, 200, 429, 429] {
        ok(
            get("/limited/x").header("x-client", "c-1"),
            Body::empty(),
            status,
        )
        .await;
    }
    // The cache: a miss, then hits; values too.
    for _ in 0..3 {
        ok(get("/cached/x?page=1"), Body::empty(), 200).await;
    }
    // Other calls, Liquid, secrets that travel.
    let order = r#"{"order": {"id": 7, "items": ["a", "b"]}, "password": "hush-in-a-body"}"#;
    let post = || Request::post("/enriched/orders").header("content-type", "application/json");
    ok(post(), Body::from(order.to_owned()), 200).await;
    // Streams, bytes, retries.
    let started = Instant::now();
    let (response, first) = served.stream(get("/plain/events")).await;
    assert_eq!(response.status, 200);
    assert!(
        first < Duration::from_millis(240) && started.elapsed() > Duration::from_millis(330),
        "{first:?}"
    );
    let bytes: Vec<u8> = (0..=255).collect();
    ok(Request::post("/plain/binary"), Body::full(bytes), 200).await;
    ok(get("/retried/flaky"), Body::empty(), 200).await;
    // Errors.
    ok(get("/plain/missing"), Body::empty(), 404).await;
    ok(get("/nowhere"), Body::empty(), 404).await;
    ok(get("/broken/x"), Body::empty(), 500).await;
    ok(get("/unreachable/x"), Body::empty(), 500).await;
    ok(get("/slow/x"), Body::empty(), 200).await;
    // Keys, cookies, credentials.
    let key = "Ocp-Apim-Subscription-Key";
    ok(
        get("/guarded/x").header(key, "hush-subscription-key"),
        Body::empty(),
        200,
    )
    .await;
    ok(
        get("/guarded/x?subscription-key=hush-subscription-key"),
        Body::empty(),
        200,
    )
    .await;
    ok(
        get("/guarded/x").header(key, "hush-wrong-key"),
        Body::empty(),
        401,
    )
    .await;
    let cookies = "a=hush-cookie; theme=light";
    ok(
        get("/plain/cookies").header("cookie", cookies),
        Body::empty(),
        200,
    )
    .await;
    let basic = format!("Basic {}", STANDARD.encode("bob:hush-password"));
    ok(
        get("/basic/x").header("authorization", basic),
        Body::empty(),
        200,
    )
    .await;
    ok(
        get("/plain/x?sig=hush-sas-signature&v=1").header("api-key", "hush-api-key"),
        Body::empty(),
        200,
    )
    .await;
    ok(get("/connected/x"), Body::empty(), 200).await;
    ok(get("/connected/y"), Body::empty(), 200).await;
    // What changes with each run is not held to.
    ok(get("/random/x"), Body::empty(), 200).await;
    // What cannot be recorded.
    ok(get("/plain/big"), Body::empty(), 200).await;
    ok(get("/plain/gzip"), Body::empty(), 200).await;
    served.stream_and_leave(get("/plain/events")).await;

    let summary = served.stop();
    let text = read(&served.file());
    assert!(
        summary.contains("36 exchanges were recorded, 3 left out"),
        "{summary}\n{text}"
    );
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    for note in [
        "/plain/big: the body of the answer is longer than is recorded.",
        "/plain/gzip: the answer has a secret in bytes that are no text.",
        "/plain/events: the client did not take all of the response.",
    ] {
        assert!(text.contains(note), "{note}\n{text}");
    }
    let all = tests(&served);
    assert!(all.passed, "{}\n{text}", all.text);
    assert!(all.text.contains("36 passed"), "{}", all.text);

    // The tests hold policies to what they did.
    for (file, change, to, name) in [
        ("limited.xml", "calls=\"2\"", "calls=\"3\"", "limited"),
        (
            "enriched.xml",
            "{{body.order.id}}",
            "{{body.order.ids}}",
            "enriched",
        ),
        ("retried.xml", "count=\"3\"", "count=\"1\"", "retried"),
        ("throttled.xml", "cognitiveservices", "nothing", "throttled"),
        ("cached.xml", "duration=\"60\"", "duration=\"30\"", "cached"),
        (
            "basic.xml",
            "username=\"gateway\"",
            "username=\"other\"",
            "basic",
        ),
    ] {
        let policy = read(&served.folder.path().join(file));
        assert!(policy.contains(change));
        std::fs::write(served.folder.path().join(file), policy.replace(change, to)).unwrap();
        let mutated = tests_of(&served, name);
        assert!(!mutated.passed, "{file}: {change} → {to}\n{}", mutated.text);
        std::fs::write(served.folder.path().join(file), policy).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_has_its_limits_and_spares_what_is_there() {
    let mut served = gateway::serve(&["--record-limit", "2"]).await;
    for _ in 0..4 {
        let (head, _) = served.send(get("/plain/x"), Body::empty()).await;
        assert_eq!(head.status, 200);
    }
    let summary = served.stop();
    assert!(
        summary.contains("2 exchanges were recorded, 0 left out"),
        "{summary}"
    );
    let before = read(&served.file());
    let error = served.again(&[]);
    assert!(
        error.contains("is there already") && error.contains("--record-overwrite"),
        "{error}"
    );
    assert_eq!(read(&served.file()), before);
    let all = tests(&served);
    assert!(all.passed && all.text.contains("2 passed"), "{}", all.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_leaves_whole_tests() {
    let mut served = gateway::serve(&["--record-overwrite"]).await;
    for _ in 0..3 {
        served.send(get("/plain/x"), Body::empty()).await;
    }
    let end = Instant::now() + Duration::from_secs(20);
    while read(&served.file()).matches("- name:").count() < 3 {
        assert!(Instant::now() < end, "{}", read(&served.file()));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    served.kill();
    let all = tests(&served);
    assert!(all.passed && all.text.contains("3 passed"), "{}", all.text);
}
