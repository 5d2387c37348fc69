//! `validate-jwt` and issuers that change their keys, are slow, or are not there.

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::json;

use super::super::jwt::key_sets::KeySets;
use super::world::{CONFIG, ISSUER, KEYS, NOW, RSA, Reply, SECRET, World, secret_key};

fn token(key: usize, kid: &str) -> String {
    RSA[key].token("RS256", Some(kid), json!({"exp": NOW + 1_000_000}))
}

fn serve_keys(world: &World, keys: &[(usize, &str)]) {
    let keys: Vec<_> = keys.iter().map(|(key, kid)| RSA[*key].jwk(kid)).collect();
    world.web.serve(KEYS, Reply::Json(json!({ "keys": keys })));
}

#[tokio::test]
async fn keys_are_kept_for_an_hour_and_across_plans() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    assert!(world.openid_gate().bearer(&token(0, "k1")).await.passed());
    assert_eq!(world.web.calls(), 2);
    world.clock.advance(3599);
    assert!(world.openid_gate().is_immediate(&token(0, "k1")));
    assert!(world.openid_gate().bearer(&token(0, "k1")).await.passed());
    assert_eq!(world.web.calls(), 0);
    world.clock.advance(1);
    assert!(world.openid_gate().bearer(&token(0, "k1")).await.passed());
    assert_eq!(world.web.calls(), 2);
}

#[tokio::test]
async fn rotated_keys_are_found_and_old_ones_end() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let gate = world.openid_gate();
    assert!(gate.bearer(&token(0, "k1")).await.passed());
    serve_keys(&world, &[(1, "k2")]);
    assert!(gate.bearer(&token(1, "k2")).await.passed());
    // The old token is remembered, and yet its key is no longer accepted.
    assert_eq!(
        gate.bearer(&token(0, "k1")).await.reason(),
        "TokenSignatureKeyNotFound"
    );
}

#[tokio::test]
async fn unknown_kids_make_at_most_one_fetch_in_five_minutes() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let gate = world.openid_gate();
    assert!(gate.bearer(&token(0, "k1")).await.passed());
    world.web.calls();
    for number in 0..50 {
        let kid = format!("x{number}");
        assert_eq!(
            gate.bearer(&token(0, &kid)).await.reason(),
            "TokenSignatureKeyNotFound"
        );
    }
    assert_eq!(world.web.calls(), 2);
    serve_keys(&world, &[(1, "k2")]);
    world.clock.advance(299);
    assert!(!gate.bearer(&token(1, "k2")).await.passed());
    assert_eq!(world.web.calls(), 0);
    world.clock.advance(1);
    assert!(gate.bearer(&token(1, "k2")).await.passed());
    assert_eq!(world.web.calls(), 2);
}

#[tokio::test]
async fn what_is_no_token_fetches_nothing() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let gate = world.openid_gate();
    for text in ["x", "a.b.c", ""] {
        assert!(!gate.bearer(text).await.passed());
    }
    assert_eq!(world.web.calls(), 0);
}

#[tokio::test]
async fn many_share_one_fetch() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let (gate, good, unknown) = (world.openid_gate(), token(0, "k1"), token(1, "k2"));
    let outcomes = join_all((0..20).map(|_| gate.bearer(&good))).await;
    assert!(outcomes.iter().all(|outcome| outcome.passed()));
    assert_eq!(world.web.calls(), 2);
    serve_keys(&world, &[(0, "k1"), (1, "k2")]);
    let outcomes = join_all((0..20).map(|_| gate.bearer(&unknown))).await;
    assert!(outcomes.iter().all(|outcome| outcome.passed()));
    assert_eq!(world.web.calls(), 2);
}

#[tokio::test]
async fn bad_discovery_lets_nobody_pass_and_is_tried_again_after_five_minutes() {
    let config = |jwks: &str| Reply::Json(json!({"issuer": ISSUER, "jwks_uri": jwks}));
    let elsewhere = |url: &str| Reply::Redirect(url.into());
    let big = |bytes: usize| Reply::Bytes(vec![b' '; bytes].into());
    let cases = [
        (CONFIG, Reply::Refused, "connection refused"),
        (CONFIG, Reply::Status(503), "answers 503"),
        (CONFIG, Reply::Status(201), "answers 201"),
        (
            CONFIG,
            Reply::Page("<!DOCTYPE html><p>Sign in</p>"),
            "but text/html",
        ),
        (
            CONFIG,
            Reply::Bytes("{\"issuer\":".into()),
            "is not an OpenID configuration",
        ),
        (
            CONFIG,
            Reply::Json(json!({"issuer": ISSUER})),
            "missing field `jwks_uri`",
        ),
        (
            CONFIG,
            Reply::Json(json!({"jwks_uri": KEYS})),
            "missing field `issuer`",
        ),
        (CONFIG, config("http://login.example/keys"), "is not https"),
        (
            CONFIG,
            config("file:///etc/passwd"),
            "is not an http or https URL",
        ),
        (CONFIG, config("nowhere"), "is not an http or https URL"),
        (CONFIG, elsewhere(CONFIG), "redirects more than 3 times"),
        (CONFIG, elsewhere("http://login.example/x"), "is not https"),
        (CONFIG, elsewhere("relative"), "is not an http or https URL"),
        (CONFIG, big((256 << 10) + 1), "is longer than 262144 bytes"),
        (KEYS, Reply::Status(404), "answers 404"),
        (KEYS, Reply::Page("<html>"), "is not a key set"),
        (KEYS, Reply::Json(json!({"keys": []})), "has no key"),
        (KEYS, Reply::Json(json!([])), "is not a key set"),
        (KEYS, big(10 << 20), "is longer than 1048576 bytes"),
    ];
    for (url, reply, why) in cases {
        let world = World::with_keys(&[RSA[0].jwk("k1")]);
        let gate = world.openid_gate();
        world.web.serve(url, reply);
        let outcome = gate.bearer(&token(0, "k1")).await;
        assert_eq!(outcome.reason(), "JwtInvalid");
        assert_eq!(outcome.client(), (401, "Invalid JWT."));
        assert!(outcome.message().contains(why), "{}", outcome.message());
        world.web.calls();

        let healthy = World::with_keys(&[RSA[0].jwk("k1")]);
        world.web.copy(&healthy.web, &[CONFIG, KEYS]);
        assert!(!gate.bearer(&token(0, "k1")).await.passed());
        assert_eq!(world.web.calls(), 0, "{why}");
        world.clock.advance(300);
        assert!(gate.bearer(&token(0, "k1")).await.passed(), "{why}");
    }
}

#[tokio::test]
async fn redirects_are_followed_three_times() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let redirect = |from: &str, to: &str| world.web.serve(from, Reply::Redirect(to.into()));
    redirect(CONFIG, "/two");
    redirect("https://login.example/two", "//other.example/three");
    redirect("https://other.example/three", "https://other.example/four");
    let config = Reply::Json(json!({"issuer": ISSUER, "jwks_uri": KEYS}));
    world.web.serve("https://other.example/four", config);
    assert!(world.openid_gate().bearer(&token(0, "k1")).await.passed());
}

#[tokio::test]
async fn a_slow_issuer_is_given_ten_seconds() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let (gate, token) = (world.openid_gate(), token(0, "k1"));
    world.web.serve(KEYS, Reply::Silence);
    let call = async {
        let outcome = gate.bearer(&token).await;
        assert_eq!(outcome.reason(), "JwtInvalid");
        assert!(outcome.message().contains("no answer within 10 seconds"));
    };
    let mut call = Box::pin(call);
    for _ in 0..10 {
        assert!(call.as_mut().now_or_never().is_none());
        world.clock.advance(1);
    }
    call.await;
}

#[tokio::test]
async fn old_keys_serve_while_the_issuer_is_away() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let (gate, token) = (world.openid_gate(), token(0, "k1"));
    assert!(gate.bearer(&token).await.passed());
    world.web.serve(CONFIG, Reply::Silence);
    world.clock.advance(3600);
    world.web.calls();
    // One waits for the fetch, the others are served.
    let mut first = Box::pin(gate.bearer(&token));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(gate.is_immediate(&token));
    world.clock.advance(10);
    assert!(first.await.passed());
    assert_eq!(world.web.calls(), 1);
    world.clock.advance(299);
    assert!(gate.is_immediate(&token));
    assert_eq!(world.web.calls(), 0);
}

#[tokio::test]
async fn a_client_that_goes_away_takes_no_keys_with_it() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let (gate, token) = (world.openid_gate(), token(0, "k1"));
    // Its fetch is taken over by the next one.
    assert!(gate.bearer(&token).now_or_never().is_none());
    assert!(gate.bearer(&token).await.passed());
    assert_eq!(world.web.calls(), 2);
    // Its fetch has been left for too long: another is made.
    world.clock.advance(3600);
    assert!(gate.bearer(&token).now_or_never().is_none());
    world.clock.advance(60);
    assert!(gate.bearer(&token).await.passed());
    assert_eq!(world.web.calls(), 3);
}

#[tokio::test]
async fn several_configurations_are_one_set_of_keys_and_issuers() {
    const OTHER: &str = "https://other.example/.well-known/openid-configuration";
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let children = format!(
        "<openid-config url='{CONFIG}' /><openid-config url='{OTHER}' />{}",
        secret_key()
    );
    let gate = world.gate("header-name='Authorization'", &children);
    world.web.serve(OTHER, Reply::Status(500));
    let inline = |issuer: &str| SECRET.token("HS256", None, json!({ "iss": issuer }));
    let other = RSA[1].token("RS256", Some("k2"), json!({"iss": "https://other.example"}));
    assert!(gate.bearer(&token(0, "k1")).await.passed());
    assert!(gate.bearer(&inline(ISSUER)).await.passed());
    assert_eq!(
        gate.bearer(&inline("https://other.example")).await.reason(),
        "TokenIssuerNotAllowed"
    );
    let outcome = gate.bearer(&other).await;
    assert_eq!(outcome.reason(), "JwtInvalid");
    assert!(
        outcome.message().contains("answers 500"),
        "{}",
        outcome.message()
    );

    let config =
        json!({"issuer": "https://other.example", "jwks_uri": "https://other.example/keys"});
    world.web.serve(OTHER, Reply::Json(config));
    let keys = json!({"keys": [RSA[1].jwk("k2")]});
    world
        .web
        .serve("https://other.example/keys", Reply::Json(keys));
    world.clock.advance(300);
    assert!(gate.bearer(&other).await.passed());
    assert!(gate.bearer(&inline("https://other.example")).await.passed());
    assert!(gate.bearer(&token(0, "k1")).await.passed());
}

#[test]
fn known_issuers_are_bounded() {
    let key_sets = KeySets::default();
    let first = key_sets.source("https://login.example/first", 0);
    for number in 1..10_000 {
        key_sets.source(&format!("https://login.example/{number}"), number);
        let again = key_sets.source("https://login.example/first", number);
        assert!(std::sync::Arc::ptr_eq(&first, &again));
    }
    assert!(key_sets.len() <= 256);
}
