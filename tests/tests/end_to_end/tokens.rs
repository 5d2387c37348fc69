//! Bad tokens, and issuers in trouble: the client gets 403, the log says why, the next request works.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tollgate::hyper::HyperClient;
use tollgate::{Api, Gateway, Source};
use tollgate_tests::{Answer, Backend, FakeClock, Issuer, Log, get, unix_now};

use crate::front::{Front, Running};

const FORBIDDEN: &str = r#"{ "statusCode": 403, "message": "Forbidden" }"#;

/// A gateway whose policy trusts an issuer.
struct Guarded {
    issuer: Issuer,
    backend: Backend,
    clock: FakeClock,
    front: Running,
    log: Log,
}

impl Guarded {
    async fn start() -> Self {
        let issuer = Issuer::start(None, "", "tenant", "https://issuer.test/").await;
        let url = issuer.openid_config_url();
        Self::trusting(issuer, &url).await
    }

    async fn trusting(issuer: Issuer, url: &str) -> Self {
        let backend = Backend::named("here").await;
        let policy = format!(
            r#"<policies><inbound>
                <validate-jwt header-name="Authorization" failed-validation-httpcode="403" failed-validation-error-message="Forbidden">
                    <openid-config url="{url}" />
                    <audiences><audience>me</audience></audiences>
                    <issuers><issuer>https://issuer.test/</issuer></issuers>
                </validate-jwt>
            </inbound><backend><base /></backend></policies>"#
        );
        let clock = FakeClock::at(unix_now());
        let api = Api::new("api")
            .service_url(backend.url())
            .policy(Source::new("policy.xml", policy));
        let gateway = Gateway::builder()
            .api(api)
            .clock(clock.clone())
            .http_client(HyperClient::new().unwrap())
            .build()
            .unwrap();
        Self {
            issuer,
            backend,
            clock,
            front: Front::hyper(gateway).await,
            log: Log::start(),
        }
    }

    fn good(&self) -> String {
        self.issuer
            .token(&json!({"aud": "me", "exp": unix_now() + 100_000}))
    }

    async fn status(&self, token: &str) -> u16 {
        let answer = get(
            self.front.address,
            "/",
            &[("Authorization", &format!("Bearer {token}"))],
        )
        .await;
        if answer.status == 403 {
            assert_eq!(answer.body, FORBIDDEN);
        }
        answer.status
    }

    /// The token is refused for this reason, which the log tells, and a good one still passes.
    async fn refuses(&self, token: &str, reason: &str, message: &str) {
        let calls = self.backend.seen().len();
        self.log.take();
        assert_eq!(self.status(token).await, 403, "{reason}");
        let log = self.log.take();
        for part in ["validate-jwt", reason, message] {
            assert!(log.contains(part), "{part}: {log}");
        }
        assert!(
            token.len() < 20 || !log.contains(token),
            "the log shows the token: {log}"
        );
        assert_eq!(self.backend.seen().len(), calls);
        assert_eq!(
            self.status(&self.good()).await,
            200,
            "the next request works"
        );
    }
}

fn encode(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Another header in front of a good token's payload and signature.
fn with_header(token: &str, header: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", encode(header))
}

#[tokio::test]
async fn texts_that_are_no_tokens() {
    let guarded = Guarded::start().await;
    let good = guarded.good();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("a token has three parts");
    };
    guarded
        .refuses("", "TokenNotPresent", "JWT not present.")
        .await;
    guarded
        .refuses(
            &format!("{header}.{payload}"),
            "JwtInvalid",
            "JWT must have three segments.",
        )
        .await;
    guarded
        .refuses("a", "JwtInvalid", "JWT must have three segments.")
        .await;
    guarded
        .refuses(
            &format!("{good}.a.b"),
            "JwtInvalid",
            "JWT is encrypted (JWE), and there is no key to decrypt it with.",
        )
        .await;
    guarded
        .refuses(
            &format!("!!!.{payload}.{signature}"),
            "JwtInvalid",
            "JWT header is not valid base64url.",
        )
        .await;
    guarded
        .refuses(
            &format!("{header}.=.{signature}"),
            "JwtInvalid",
            "JWT payload is not valid base64url.",
        )
        .await;
    guarded
        .refuses(
            &format!("{header}.{}.{signature}", encode("{\"aud\":")),
            "JwtInvalid",
            "JWT payload is not a valid JSON object.",
        )
        .await;
    guarded
        .refuses(
            &format!("{header}.{}.{signature}", encode("[]")),
            "JwtInvalid",
            "JWT payload is not a valid JSON object.",
        )
        .await;
    guarded
        .refuses(
            &format!("{}.{payload}.{signature}", encode("{}")),
            "JwtInvalid",
            "JWT header is not a valid JSON object.",
        )
        .await;
}

#[tokio::test]
async fn forged_signatures() {
    let guarded = Guarded::start().await;
    let good = guarded.good();
    let (message, _) = good.rsplit_once('.').unwrap();
    let claims = json!({"aud": "me", "iss": "https://issuer.test/", "exp": unix_now() + 1000});
    for none in ["none", "None", "NONE"] {
        let unsigned = format!(
            "{}.{}.",
            encode(json!({"alg": none, "kid": "key-1"}).to_string()),
            encode(claims.to_string())
        );
        guarded
            .refuses(&unsigned, "TokenSignatureInvalid", "Access denied.")
            .await;
    }
    guarded
        .refuses(
            &format!("{message}.{}", encode([0; 256])),
            "TokenSignatureInvalid",
            "JWT signature is invalid. Access denied.",
        )
        .await;
    guarded
        .refuses(
            &format!("{message}."),
            "TokenSignatureInvalid",
            "JWT signature is invalid. Access denied.",
        )
        .await;

    // HS256 with the issuer's public key as the secret, in each form that it might be mistaken for one.
    let modulus = guarded.issuer.modulus();
    for secret in [
        modulus.as_bytes().to_vec(),
        URL_SAFE_NO_PAD.decode(&modulus).unwrap(),
    ] {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some("key-1".to_owned());
        let key = jsonwebtoken::EncodingKey::from_secret(&secret);
        let confused = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        guarded
            .refuses(
                &confused,
                "TokenSignatureInvalid",
                "JWT signature algorithm HS256 is not allowed by the type of the key. Access denied.",
            )
            .await;
    }
    let other = with_header(&good, r#"{"alg":"RS512","kid":"key-1"}"#);
    guarded
        .refuses(
            &other,
            "TokenSignatureInvalid",
            "JWT signature is invalid. Access denied.",
        )
        .await;
    let stranger = Issuer::start(None, "", "tenant", "https://issuer.test/").await;
    let foreign = stranger.token(&json!({"aud": "me"}));
    guarded
        .refuses(
            &foreign,
            "TokenSignatureInvalid",
            "JWT signature is invalid. Access denied.",
        )
        .await;
    stranger.rotate();
    let unknown = stranger.token(&json!({"aud": "me"}));
    guarded
        .refuses(
            &unknown,
            "TokenSignatureKeyNotFound",
            "JWT signature key key-2 was not found. Access denied.",
        )
        .await;
}

#[tokio::test]
async fn claims_that_do_not_fit() {
    let guarded = Guarded::start().await;
    let now = unix_now();
    for (claims, reason, message) in [
        (
            json!({"aud": "me", "exp": now - 10}),
            "TokenExpired",
            "JWT expired at",
        ),
        (
            json!({"aud": "me", "nbf": now + 1000}),
            "JwtInvalid",
            "JWT is not valid before",
        ),
        (
            json!({"aud": "me", "exp": "soon"}),
            "JwtInvalid",
            "JWT claim exp is not a point in time.",
        ),
        (
            json!({"aud": "me", "iss": "https://evil.test/"}),
            "TokenIssuerNotAllowed",
            "JWT issuer https://evil.test/ is not allowed. Access denied.",
        ),
        (
            json!({"aud": "you"}),
            "TokenAudienceNotAllowed",
            "JWT audience you is not allowed. Access denied.",
        ),
        (
            json!({}),
            "TokenAudienceNotAllowed",
            "JWT audience (none) is not allowed. Access denied.",
        ),
    ] {
        let token = guarded.issuer.token(&claims);
        guarded.refuses(&token, reason, message).await;
    }
}

#[tokio::test]
async fn a_token_expires_while_it_is_remembered() {
    let guarded = Guarded::start().await;
    let token = guarded
        .issuer
        .token(&json!({"aud": "me", "exp": unix_now() + 60}));
    assert_eq!(guarded.status(&token).await, 200);
    assert_eq!(guarded.status(&token).await, 200);
    guarded.clock.advance(Duration::from_secs(61));
    guarded
        .refuses(&token, "TokenExpired", "JWT expired at")
        .await;
}

#[tokio::test]
async fn tokens_that_are_too_long() {
    let guarded = Guarded::start().await;
    guarded
        .refuses(
            &"a".repeat(100_000),
            "JwtInvalid",
            "JWT is longer than 65536 bytes.",
        )
        .await;
    // The server takes no headers of a megabyte.
    assert_eq!(guarded.status(&"a".repeat(1 << 20)).await, 431);
    assert_eq!(
        guarded.status(&guarded.good()).await,
        200,
        "the next request works"
    );
}

#[tokio::test]
async fn two_tokens_at_once() {
    let guarded = Guarded::start().await;
    let good = format!("Bearer {}", guarded.good());
    let both = [
        ("Authorization", good.as_str()),
        ("Authorization", "Bearer a.b.c"),
    ];
    let answer = get(guarded.front.address, "/", &both).await;
    assert_eq!((answer.status, &*answer.body), (403, FORBIDDEN));
}

/// The issuer is in trouble: a good token is refused, the log says why. Five minutes later all is well.
async fn recovers(answer: Answer, messages: &[&str]) {
    let guarded = Guarded::start().await;
    guarded.issuer.behave(answer);
    guarded.log.take();
    let started = std::time::Instant::now();
    assert_eq!(guarded.status(&guarded.good()).await, 403, "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{answer:?}");
    let log = guarded.log.take();
    for part in ["JwtInvalid", "Unable to obtain the keys of the issuer"]
        .iter()
        .chain(messages)
    {
        assert!(log.contains(part), "{part}: {log}");
    }
    let fetches = guarded.issuer.fetches();
    assert_eq!(guarded.status(&guarded.good()).await, 403);
    assert_eq!(
        guarded.issuer.fetches(),
        fetches,
        "an issuer in trouble is left alone for a while"
    );
    guarded.issuer.behave(Answer::Well);
    guarded.clock.advance(Duration::from_secs(301));
    assert_eq!(guarded.status(&guarded.good()).await, 200, "{answer:?}");
}

#[tokio::test]
async fn issuers_in_trouble() {
    recovers(Answer::Down, &["answers 503 Service Unavailable"]).await;
    recovers(Answer::Redirect, &["redirects more than 3 times"]).await;
    recovers(
        Answer::Html,
        &["is not an OpenID configuration but text/html"],
    )
    .await;
    recovers(Answer::HugeKeys, &["is longer than 1048576 bytes"]).await;
}

#[tokio::test]
async fn an_issuer_that_is_slow() {
    let guarded = Guarded::start().await;
    guarded.issuer.behave(Answer::Slow(60_000));
    let token = guarded.good();
    let asked = async {
        while guarded.issuer.fetches() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        guarded.clock.advance(Duration::from_secs(11));
    };
    let (status, ()) = tokio::join!(guarded.status(&token), asked);
    assert_eq!(status, 403);
    let log = guarded.log.take();
    assert!(log.contains("no answer within 10 seconds"), "{log}");
    guarded.issuer.behave(Answer::Well);
    guarded.clock.advance(Duration::from_secs(301));
    assert_eq!(guarded.status(&token).await, 200);
}

#[tokio::test]
async fn an_issuer_that_nobody_answers_for() {
    let issuer = Issuer::start(None, "", "tenant", "https://issuer.test/").await;
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/openid", gone.local_addr().unwrap());
    drop(gone);
    let guarded = Guarded::trusting(issuer, &url).await;
    assert_eq!(guarded.status(&guarded.good()).await, 403);
    let log = guarded.log.take();
    assert!(
        log.contains("Unable to obtain the keys of the issuer"),
        "{log}"
    );
}

#[tokio::test]
async fn keys_serve_on_while_their_issuer_is_down() {
    let guarded = Guarded::start().await;
    let token = guarded.good();
    assert_eq!(guarded.status(&token).await, 200);
    guarded.issuer.behave(Answer::Down);
    guarded.clock.advance(Duration::from_secs(3601));
    assert_eq!(
        guarded.status(&token).await,
        200,
        "old keys are better than none"
    );
    assert!(
        guarded
            .log
            .take()
            .contains("the keys of an issuer could not be fetched")
    );
}
