//! `validate-jwt` against tokens, documents and issuers of every sort.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use tollgate_engine::Jwt;

use super::world::{Gate, ISSUER, NOW, RSA, SECRET, Signer, World, secret_key, unsigned};

const HEADER: &str = "header-name='Authorization'";

fn good() -> String {
    SECRET.token("HS256", None, json!({}))
}

#[tokio::test]
async fn every_bad_token_has_its_outcome() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let children = format!(
        "<openid-config url='{}' /><audiences><audience>app</audience></audiences>",
        super::world::CONFIG
    );
    let gate = world.gate(HEADER, &children);
    let rs256 = |claims: Json| RSA[0].token("RS256", Some("k1"), claims);
    let ok = rs256(json!({"aud": "app"}));
    let (message, signature) = ok.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let none = |alg: &str, tail: &str| {
        let claims = json!({"aud": "app", "iss": ISSUER, "exp": NOW + 60});
        format!(
            "{}.{tail}",
            unsigned(&json!({"alg": alg, "kid": "k1"}), &claims)
        )
    };
    let other_claims = URL_SAFE_NO_PAD.encode(json!({"aud": "app", "admin": true}).to_string());
    assert!(gate.bearer(&ok).await.passed());

    let cases = [
        ("", "TokenNotPresent"),
        (message, "JwtInvalid"),
        (header, "JwtInvalid"),
        (&format!("{header}.{payload}.!!!"), "JwtInvalid"),
        (&format!("!{header}.{payload}.{signature}"), "JwtInvalid"),
        (&format!("{header}.bm90IGpzb24.{signature}"), "JwtInvalid"),
        (&format!("bm90IGpzb24.{payload}.{signature}"), "JwtInvalid"),
        (&format!("{header}.{payload}.{signature}.x.y"), "JwtInvalid"),
        (&none("none", ""), "TokenSignatureInvalid"),
        (&none("none", signature), "TokenSignatureInvalid"),
        (&none("NONE", ""), "TokenSignatureInvalid"),
        (&none("RS256", ""), "TokenSignatureInvalid"),
        (&none("ES512", signature), "TokenSignatureInvalid"),
        (
            &format!("{header}.{other_claims}.{signature}"),
            "TokenSignatureInvalid",
        ),
        (
            &RSA[1].token("RS256", Some("k1"), json!({"aud": "app"})),
            "TokenSignatureInvalid",
        ),
        (
            &RSA[1].token("RS256", None, json!({"aud": "app"})),
            "TokenSignatureInvalid",
        ),
        (
            &RSA[0].token("RS256", Some("k9"), json!({"aud": "app"})),
            "TokenSignatureKeyNotFound",
        ),
        (&rs256(json!({"aud": "app", "exp": NOW})), "TokenExpired"),
        (&rs256(json!({"aud": "app", "exp": -1e300})), "TokenExpired"),
        (&rs256(json!({"aud": "app", "exp": null})), "JwtInvalid"),
        (&rs256(json!({"aud": "app", "exp": "never"})), "JwtInvalid"),
        (&rs256(json!({"aud": "app", "nbf": NOW + 1})), "JwtInvalid"),
        (
            &rs256(json!({"aud": "app", "iss": "https://evil"})),
            "TokenIssuerNotAllowed",
        ),
        (
            &rs256(json!({"aud": "app", "iss": [ISSUER]})),
            "TokenIssuerNotAllowed",
        ),
        (
            &rs256(json!({"aud": "app", "iss": null})),
            "TokenIssuerNotAllowed",
        ),
        (&rs256(json!({"aud": "App"})), "TokenAudienceNotAllowed"),
        (&rs256(json!({})), "TokenAudienceNotAllowed"),
        (&"a".repeat(1 << 20), "JwtInvalid"),
        (&format!("{ok}{}", "A".repeat(1 << 20)), "JwtInvalid"),
    ];
    for (token, reason) in cases {
        let outcome = gate.bearer(token).await;
        assert_eq!(
            outcome.reason(),
            reason,
            "{token:.200}: {}",
            outcome.message()
        );
        let client = match reason {
            "TokenNotPresent" => "JWT not present.",
            _ => "Invalid JWT.",
        };
        assert_eq!(outcome.client(), (401, client));
        assert!(!outcome.message().contains("eyJ"), "{}", outcome.message());
    }
    assert!(gate.bearer(&ok).await.passed());
}

#[tokio::test]
async fn the_first_failing_check_counts() {
    let world = World::empty();
    let children = format!(
        "{}<audiences><audience>app</audience></audiences><issuers><issuer>me</issuer></issuers>\
         <required-claims><claim name='scp' /></required-claims>",
        secret_key()
    );
    let gate = world.gate(HEADER, &children);
    let mut claims = json!({"exp": NOW - 1, "iss": "you", "aud": "x"});
    let other = Signer::Secret(vec![1; 32]);
    let reason = async |signer: &Signer, claims: &Json| {
        let token = signer.token("HS256", None, claims.clone());
        gate.bearer(&token).await.reason().to_owned()
    };
    assert_eq!(reason(&other, &claims).await, "TokenSignatureInvalid");
    let steps = [
        ("exp", json!(NOW + 1), "TokenExpired"),
        ("iss", json!("me"), "TokenIssuerNotAllowed"),
        ("aud", json!(["x", "app"]), "TokenAudienceNotAllowed"),
        ("scp", json!("read"), "TokenClaimNotFound"),
    ];
    for (claim, good, before) in steps {
        assert_eq!(reason(&SECRET, &claims).await, before);
        claims[claim] = good;
    }
    assert_eq!(reason(&SECRET, &claims).await, "passed");
}

#[tokio::test]
async fn the_type_of_the_key_decides_which_algorithms_pass() {
    let all = [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
        "ES384",
    ];
    let (p256, p384) = (Signer::p256(), Signer::p384());
    let cases: [(&Signer, &[&str]); 4] = [
        (&SECRET, &["HS256", "HS384", "HS512"]),
        (
            &RSA[0],
            &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        ),
        (&p256, &["ES256"]),
        (&p384, &["ES384"]),
    ];
    for (signer, allowed) in cases {
        let world = World::with_keys(&[signer.jwk("k1")]);
        let gate = world.openid_gate();
        for algorithm in all {
            let outcome = gate
                .bearer(&signer.token(algorithm, Some("k1"), json!({})))
                .await;
            let expected = match allowed.contains(&algorithm) {
                true => "passed",
                false => "TokenSignatureInvalid",
            };
            assert_eq!(outcome.reason(), expected, "{algorithm}");
        }
    }
}

#[tokio::test]
async fn a_key_says_what_it_is_for() {
    let with = |name: &str, value: Json| {
        let mut key = RSA[0].jwk("k1");
        key[name] = value;
        key
    };
    let cases = [
        (with("alg", json!("RS256")), "passed"),
        (with("alg", json!("RS512")), "TokenSignatureInvalid"),
        (with("key_ops", json!(["verify"])), "passed"),
        // Without a key that is of use, the key set is a failure.
        (with("alg", json!("RSA-OAEP")), "JwtInvalid"),
        (with("use", json!("enc")), "JwtInvalid"),
        (with("key_ops", json!(["encrypt"])), "JwtInvalid"),
        (with("n", json!("AQAB")), "JwtInvalid"),
        (with("n", json!("!")), "JwtInvalid"),
        (with("e", json!("AQ")), "JwtInvalid"),
        (with("kty", json!("OKP")), "JwtInvalid"),
    ];
    for (key, expected) in cases {
        let world = World::with_keys(std::slice::from_ref(&key));
        let token = RSA[0].token("RS256", Some("k1"), json!({}));
        let outcome = world.openid_gate().bearer(&token).await;
        assert_eq!(outcome.reason(), expected, "{key}: {}", outcome.message());
    }
}

#[tokio::test]
async fn an_odd_key_does_not_cost_the_others() {
    let odd = [
        json!(1),
        json!({"kty": "AKP", "pub": "x"}),
        json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        json!({"kty": "oct", "k": ""}),
        json!({"kty": "RSA", "n": 5}),
        RSA[0].jwk("k1"),
    ];
    let world = World::with_keys(&odd);
    let token = RSA[0].token("RS256", Some("k1"), json!({}));
    assert!(world.openid_gate().bearer(&token).await.passed());
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let (n, e) = RSA[0].modulus_and_exponent();
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let inline = format!("<issuer-signing-keys><key n='{n}' e='{e}' /></issuer-signing-keys>");
    let gates = [world.openid_gate(), world.gate(HEADER, &inline)];
    for form in RSA[0].public_forms() {
        for algorithm in ["HS256", "HS384", "HS512"] {
            for kid in [None, Some("k1")] {
                let forged = Signer::Secret(form.clone()).token(algorithm, kid, json!({}));
                for gate in &gates {
                    assert!(!gate.bearer(&forged).await.passed());
                }
            }
        }
    }
    let honest = RSA[0].token("RS256", Some("k1"), json!({}));
    for gate in &gates {
        assert!(gate.bearer(&honest).await.passed());
    }
}

#[tokio::test]
async fn unsigned_tokens_pass_only_when_allowed_and_only_as_none() {
    let world = World::empty();
    let gate = world.gate(
        &format!("{HEADER} require-signed-tokens='false'"),
        &secret_key(),
    );
    let claims = json!({"exp": NOW + 60});
    let none = unsigned(&json!({"alg": "none"}), &claims);
    assert!(gate.bearer(&format!("{none}.")).await.passed());
    assert!(gate.bearer(&good()).await.passed());
    let cases = [
        format!("{none}.c2ln"),
        format!("{}.", unsigned(&json!({"alg": "HS256"}), &claims)),
        format!("{}.", unsigned(&json!({"alg": "None"}), &claims)),
        Signer::Secret(vec![1; 32]).token("HS256", None, json!({})),
    ];
    for token in cases {
        assert_eq!(
            gate.bearer(&token).await.reason(),
            "TokenSignatureInvalid",
            "{token}"
        );
    }
    let strict = world.gate(HEADER, &secret_key());
    assert_eq!(
        strict.bearer(&format!("{none}.")).await.reason(),
        "TokenSignatureInvalid"
    );
}

#[tokio::test]
async fn lifetime_and_skew() {
    let world = World::empty();
    let skewed = world.gate(&format!("{HEADER} clock-skew='30'"), &secret_key());
    let endless = world.gate(
        &format!("{HEADER} require-expiration-time='false'"),
        &secret_key(),
    );
    let token = |claims: Json| SECRET.token("HS256", None, claims);
    let cases = [
        (&skewed, json!({"exp": NOW - 29}), "passed"),
        (&skewed, json!({"exp": NOW - 30}), "TokenExpired"),
        (&skewed, json!({"nbf": NOW + 30}), "passed"),
        (&skewed, json!({"nbf": NOW + 31}), "JwtInvalid"),
        (&skewed, json!({"exp": i64::MIN}), "TokenExpired"),
        (&skewed, json!({"exp": i64::MAX, "nbf": i64::MIN}), "passed"),
        (&endless, json!({"exp": null}), "passed"),
        (&endless, json!({"exp": NOW}), "TokenExpired"),
        (&endless, json!({"exp": null, "nbf": NOW + 1}), "JwtInvalid"),
    ];
    for (gate, claims, expected) in cases {
        assert_eq!(
            gate.bearer(&token(claims.clone())).await.reason(),
            expected,
            "{claims}"
        );
    }
}

#[tokio::test]
async fn the_token_is_where_the_policy_says() {
    let (world, token) = (World::empty(), good());
    let bearer = format!("Bearer {token}");
    let gate = |attributes: &str| world.gate(attributes, &secret_key());
    let authorization = gate(HEADER);
    let scheme = gate(&format!("{HEADER} require-scheme='Bearer'"));
    let dpop = gate(&format!("{HEADER} require-scheme='DPoP'"));
    let custom = gate("header-name='X-Token' require-scheme='Bearer'");
    let query = gate("query-parameter-name='jwt'");
    let value = gate(&format!("token-value='{token}'"));
    let lower = format!("bearer  {token} ");
    type Case<'c> = (&'c Gate<'c>, &'c [(&'static str, &'c str)], String, &'c str);
    let cases: [Case<'_>; 18] = [
        (
            &authorization,
            &[("authorization", &bearer)],
            String::new(),
            "passed",
        ),
        (
            &authorization,
            &[("authorization", &lower)],
            String::new(),
            "passed",
        ),
        (
            &authorization,
            &[("authorization", &token)],
            String::new(),
            "passed",
        ),
        (
            &authorization,
            &[("authorization", "Bearer")],
            String::new(),
            "TokenNotPresent",
        ),
        (
            &authorization,
            &[("authorization", "Basic YTpi")],
            String::new(),
            "JwtInvalid",
        ),
        (
            &authorization,
            &[("authorization", "Bearer \u{e9}")],
            String::new(),
            "JwtInvalid",
        ),
        (&authorization, &[], String::new(), "TokenNotPresent"),
        (
            &authorization,
            &[("authorization", &bearer), ("authorization", &bearer)],
            String::new(),
            "JwtInvalid",
        ),
        (
            &scheme,
            &[("authorization", &lower)],
            String::new(),
            "passed",
        ),
        (
            &scheme,
            &[("authorization", &token)],
            String::new(),
            "TokenNotPresent",
        ),
        (
            &dpop,
            &[("authorization", &bearer)],
            String::new(),
            "TokenNotPresent",
        ),
        (
            &dpop,
            &[("authorization", &format!("DPoP {token}"))],
            String::new(),
            "passed",
        ),
        (&custom, &[("x-token", &token)], String::new(), "passed"),
        (
            &custom,
            &[("authorization", &token)],
            String::new(),
            "TokenNotPresent",
        ),
        (&query, &[], format!("?a=1&JWT={token}"), "passed"),
        (&query, &[], format!("?jwt={token}&jwt=x"), "JwtInvalid"),
        (&query, &[], "?jwt=".into(), "TokenNotPresent"),
        (&value, &[], String::new(), "passed"),
    ];
    for (number, (gate, headers, query, expected)) in cases.into_iter().enumerate() {
        assert_eq!(
            gate.call(headers, &query).await.reason(),
            expected,
            "case {number}"
        );
    }
}

#[tokio::test]
async fn the_client_is_told_what_the_policy_says() {
    let world = World::empty();
    let attributes = format!(
        "{HEADER} failed-validation-httpcode='403' failed-validation-error-message='Forbidden'"
    );
    let gate = world.gate(&attributes, &secret_key());
    let missing = gate.call(&[], "").await;
    assert_eq!(
        (missing.client(), missing.message()),
        ((403, "Forbidden"), "JWT not present.")
    );
    assert_eq!(gate.bearer("x").await.client(), (403, "Forbidden"));
}

#[tokio::test]
async fn required_claims_are_named() {
    let world = World::empty();
    let children = format!(
        "{}<required-claims>\
         <claim name='aud'><value>https://cognitiveservices.azure.com</value></claim>\
         <claim name='scp' match='any' separator=' '><value>read</value><value>write</value></claim>\
         <claim name='sub' /></required-claims>",
        secret_key()
    );
    let gate = world.gate(HEADER, &children);
    let outcome = async |claims: Json| gate.bearer(&SECRET.token("HS256", None, claims)).await;
    let aud = "https://cognitiveservices.azure.com";
    assert!(
        outcome(json!({"aud": [aud, "x"], "scp": "write own", "sub": "s"}))
            .await
            .passed()
    );
    let missing = outcome(json!({"aud": "x"})).await;
    assert_eq!(missing.reason(), "TokenClaimNotFound");
    assert_eq!(
        missing.message(),
        "JWT token is missing the following claims: scp, sub. Access denied."
    );
    let other = outcome(json!({"aud": aud, "scp": "own", "sub": "s"})).await;
    assert_eq!(other.reason(), "TokenClaimValueNotAllowed");
    assert_eq!(
        other.message(),
        "Claim scp value of own is not allowed. Access denied."
    );
}

#[tokio::test]
async fn listed_issuers_and_those_of_configurations_are_accepted() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let children = format!(
        "<openid-config url='{}' /><issuers><issuer>https://sts.windows.net/tenant/</issuer></issuers>",
        super::world::CONFIG
    );
    let gate = world.gate(HEADER, &children);
    let issued_by = |issuer: &str| RSA[0].token("RS256", Some("k1"), json!({"iss": issuer}));
    assert!(gate.bearer(&issued_by(ISSUER)).await.passed());
    assert!(
        gate.bearer(&issued_by("https://sts.windows.net/tenant/"))
            .await
            .passed()
    );
    let other = gate
        .bearer(&issued_by("https://sts.windows.net/tenant"))
        .await;
    assert_eq!(other.reason(), "TokenIssuerNotAllowed");
    // Without issuers and configurations, nobody asks.
    let keys_only = world.gate(HEADER, &secret_key());
    let token = SECRET.token("HS256", None, json!({"iss": "anybody"}));
    assert!(keys_only.bearer(&token).await.passed());
}

#[tokio::test]
async fn values_may_be_expressions() {
    let world = World::with_keys(&[RSA[0].jwk("k1")]);
    let header =
        |name: &str| format!("@(context.Request.Headers.GetValueOrDefault(&quot;{name}&quot;))");
    let children = format!(
        "<openid-config url='{}' /><audiences><audience>{}</audience></audiences>",
        header("x-config"),
        header("x-audience")
    );
    let gate = world.gate(&format!("token-value='{}'", header("x-token")), &children);
    let token = RSA[0].token("RS256", Some("k1"), json!({"aud": "app"}));
    let call = async |config: &str, audience: &str| {
        let headers = [
            ("x-token", &*token),
            ("x-config", config),
            ("x-audience", audience),
        ];
        gate.call(&headers, "").await.reason().to_owned()
    };
    assert_eq!(call(super::world::CONFIG, "app").await, "passed");
    assert_eq!(
        call(super::world::CONFIG, "other").await,
        "TokenAudienceNotAllowed"
    );
    assert_eq!(call("file:///etc/passwd", "app").await, "JwtInvalid");
    let outcome = gate.call(&[("x-config", super::world::CONFIG)], "").await;
    assert_eq!(outcome.reason(), "TokenNotPresent");
    // An expression that gives nothing for a value that must be there is the policy's own failure.
    let outcome = gate
        .call(
            &[("x-token", &token), ("x-config", super::world::CONFIG)],
            "",
        )
        .await;
    assert_eq!(outcome.reason(), "ExpressionValueValidationFailure");
}

#[tokio::test]
async fn the_variable_is_the_token() {
    let world = World::empty();
    let gate = world.gate(
        &format!("{HEADER} output-token-variable-name='jwt'"),
        &secret_key(),
    );
    // Checked, then remembered.
    for _ in 0..2 {
        let outcome = gate.bearer(&good()).await;
        assert!(outcome.variable("jwt").unwrap().downcast::<Jwt>().is_some());
    }
}

#[tokio::test]
async fn a_remembered_token_is_still_checked() {
    let world = World::empty();
    let gate = world.gate(HEADER, &secret_key());
    let token = SECRET.token("HS256", None, json!({"exp": NOW + 10}));
    assert!(gate.bearer(&token).await.passed());
    // Another policy: its own claims, its own keys.
    let claims = "<required-claims><claim name='scp' /></required-claims>";
    let strict = world.gate(HEADER, &format!("{}{claims}", secret_key()));
    assert_eq!(strict.bearer(&token).await.reason(), "TokenClaimNotFound");
    let other_key = STANDARD.encode([1; 32]);
    let other_key = format!("<issuer-signing-keys><key>{other_key}</key></issuer-signing-keys>");
    let other = world.gate(HEADER, &other_key);
    assert_eq!(other.bearer(&token).await.reason(), "TokenSignatureInvalid");
    // Its neighbours are other tokens.
    assert!(!gate.bearer(&token[..token.len() - 1]).await.passed());
    world.clock.advance(10);
    assert_eq!(gate.bearer(&token).await.reason(), "TokenExpired");
}

#[tokio::test]
async fn a_remembered_token_passes_no_policy_whose_key_has_another_name() {
    let world = World::empty();
    let key = |id: &str| secret_key().replace("<key>", &format!("<key id='{id}'>"));
    let token = SECRET.token("HS256", Some("a"), json!({}));
    let (a, b) = (key("a"), key("b"));
    assert!(world.gate(HEADER, &a).bearer(&token).await.passed());
    let outcome = world.gate(HEADER, &b).bearer(&token).await;
    assert_eq!(outcome.reason(), "TokenSignatureKeyNotFound");
}
