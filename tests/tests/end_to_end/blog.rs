//! The three policies of the blog, byte for byte as they were published.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tollgate::engine::RunOptions;
use tollgate::hyper::HyperClient;
use tollgate::ports::Random;
use tollgate::{Body, Gateway, Peer, Source};
use tollgate_tests::{
    Backend, FakeClock, Handler, Issuer, Pki, Received, Seen, get, policy, reply, unix_now,
};

use crate::front::{Front, Running};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const FORBIDDEN: &str = r#"{ "statusCode": 403, "message": "Forbidden" }"#;

/// What C# makes of a request id.
#[derive(Debug, Clone)]
struct Vector {
    guid: String,
    next: u64,
}

impl Vector {
    fn all() -> Vec<Self> {
        let lines = include_str!("../../conformance/guid_random.jsonl").lines();
        let vector = |line| {
            let line: Value = serde_json::from_str(line).unwrap();
            Self {
                guid: line["guid"].as_str().unwrap().to_owned(),
                next: line["next"].as_u64().unwrap(),
            }
        };
        let all: Vec<Self> = lines.map(vector).collect();
        assert!(all.len() >= 100);
        all
    }

    fn bytes(&self) -> [u8; 16] {
        let hex: Vec<char> = self.guid.chars().filter(|c| *c != '-').collect();
        std::array::from_fn(|index| {
            let digits: String = hex[2 * index..2 * index + 2].iter().collect();
            u8::from_str_radix(&digits, 16).unwrap()
        })
    }

    /// Whether a gateway may choose it itself: a random GUID of version 4.
    fn is_random(&self) -> bool {
        let bytes = self.bytes();
        bytes[6] >> 4 == 4 && bytes[8] >> 6 == 2
    }
}

#[tokio::test]
async fn the_balancer_routes_as_csharp_does() {
    let (one, two) = (Backend::named("1").await, Backend::named("2").await);
    let gateway = Gateway::builder()
        .policy(Source::new(
            "load-balance-random.xml",
            policy("blog/load-balance-random.xml"),
        ))
        .named_value("backend-url-1", one.url())
        .named_value("backend-url-2", two.url())
        .build()
        .unwrap();
    for vector in Vector::all() {
        let options = RunOptions {
            request_id: Some(vector.bytes()),
            ..RunOptions::default()
        };
        let request = Request::get("http://gateway.test/path?a=b")
            .body(Body::empty())
            .unwrap();
        let outcome = gateway.run(request, Peer::default(), options).await;
        let body = outcome.response.into_body().buffer(100).await.unwrap();
        assert_eq!(body, vector.next.to_string(), "{vector:?}");
    }
    let counts = (one.seen().len(), two.seen().len());
    assert!(counts.0 > 30 && counts.1 > 30, "both are used: {counts:?}");
    assert!(
        one.seen()
            .iter()
            .chain(&two.seen())
            .all(|seen| seen.uri == "/path?a=b")
    );
}

/// Gives the request ids of vectors, in their order.
struct Queue(Mutex<VecDeque<u64>>);

impl Random for Queue {
    fn next_u64(&self) -> u64 {
        self.0.lock().unwrap().pop_front().unwrap()
    }
}

#[tokio::test]
async fn the_balancer_works_in_every_front() {
    let vectors: Vec<_> = Vector::all()
        .into_iter()
        .filter(Vector::is_random)
        .collect();
    assert!(vectors.len() > 50);
    let halves = vectors.iter().flat_map(|vector| {
        let bytes = vector.bytes();
        [0, 8].map(|at| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap()))
    });
    let halves: VecDeque<u64> = halves.collect();
    let (one, two) = (Backend::named("1").await, Backend::named("2").await);
    for front in Front::ALL {
        let gateway = Gateway::builder()
            .policy(Source::new(
                "load-balance-random.xml",
                policy("blog/load-balance-random.xml"),
            ))
            .named_value("backend-url-1", one.url())
            .named_value("backend-url-2", two.url())
            .random(Queue(Mutex::new(halves.clone())))
            .build()
            .unwrap();
        let running = match front {
            Front::Hyper => Front::hyper(gateway).await,
            _ => {
                // The handler is the backend: which one was chosen shows in the host it is asked as.
                let chosen: Handler = Arc::new(|request| {
                    let host = request.headers()["host"].to_str().unwrap().to_owned();
                    Box::pin(async move { reply(200, "text/plain", host) })
                });
                front.start(|_| gateway, chosen).await
            }
        };
        for vector in &vectors {
            let answer = get(running.address, "/path", &[]).await;
            let expected = match (front, vector.next) {
                (Front::Hyper, next) => next.to_string(),
                (_, 1) => one.address().to_string(),
                _ => two.address().to_string(),
            };
            assert_eq!(
                (answer.status, answer.body),
                (200, expected),
                "{front:?} {vector:?}"
            );
        }
    }
}

/// What guards an Azure OpenAI service on loopback.
struct Guarded {
    issuer: Issuer,
    clock: FakeClock,
    front: Running,
    seen: Arc<Mutex<Vec<Seen>>>,
    _openai: Option<Backend>,
}

/// Paths below `/fail` fail.
fn openai(seen: &Seen) -> (u16, &'static str) {
    match seen.uri.path().contains("/fail") {
        true => (500, "broken"),
        false => (200, "hello"),
    }
}

impl Guarded {
    /// One of the blog's files, with the real host names, in front of a backend over TLS (hyper) or a handler (axum).
    async fn start(front: Front, file: &str) -> Self {
        let pki = Pki::new();
        let issuer = Issuer::start(
            Some(pki.acceptor(&["login.microsoftonline.com"])),
            "https://login.microsoftonline.com",
            TENANT,
            &format!("https://sts.windows.net/{TENANT}/"),
        )
        .await;
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = Arc::clone(&seen);
        let server = match front {
            Front::Hyper => {
                let acceptor = pki.acceptor(&["contoso.openai.azure.com"]);
                let backend = Backend::start(Some(acceptor), move |seen| {
                    log.lock().unwrap().push(seen.clone());
                    let (status, body) = openai(seen);
                    reply(status, "text/plain", body)
                });
                Some(backend.await)
            }
            _ => None,
        };
        let mut client = HyperClient::builder()
            .resolve("login.microsoftonline.com", issuer.address())
            .root_certificate(pki.root());
        if let Some(backend) = &server {
            client = client.resolve("contoso.openai.azure.com", backend.address());
        }
        let clock = FakeClock::at(unix_now());
        let gateway = Gateway::builder()
            .policy(Source::new(file, policy(&format!("blog/{file}"))))
            .named_value("AZURE_OAI_SERVICE_NAME", "contoso")
            .named_value("TENANT_ID", TENANT)
            .named_value("CLIENT_ID_APP1", "app-1")
            .named_value("CLIENT_ID_APP2", "app-2")
            .http_client(client.build().unwrap())
            .clock(clock.clone())
            .build()
            .unwrap();
        let front = match front {
            Front::Hyper => Front::hyper(gateway).await,
            _ => {
                let log = Arc::clone(&seen);
                let handler: Handler = Arc::new(move |request| {
                    let (head, _) = request.into_parts();
                    let seen = Seen {
                        method: head.method,
                        uri: head.uri,
                        headers: head.headers,
                        body: Bytes::new(),
                    };
                    let (status, body) = openai(&seen);
                    log.lock().unwrap().push(seen);
                    Box::pin(async move { reply(status, "text/plain", body) })
                });
                front.start(|_| gateway, handler).await
            }
        };
        Self {
            issuer,
            clock,
            front,
            seen,
            _openai: server,
        }
    }

    fn token(&self, app: &str) -> String {
        let claims = json!({"aud": "https://cognitiveservices.azure.com", "appid": app, "exp": unix_now() + 100_000});
        format!("Bearer {}", self.issuer.token(&claims))
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Received {
        get(self.front.address, path, headers).await
    }

    async fn status(&self, path: &str, authorization: &str) -> u16 {
        self.get(path, &[("Authorization", authorization)])
            .await
            .status
    }

    fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

#[tokio::test]
async fn a_key_in_place_of_a_token_is_forbidden() {
    for front in Front::ALL {
        for file in ["entra-id-authz.xml", "throttle-by-appid.xml"] {
            let guarded = Guarded::start(front, file).await;
            for headers in [
                &[("api-key", "0123456789abcdef")][..],
                &[("Authorization", "0123456789abcdef")],
                &[("Authorization", "Bearer 0123456789abcdef")],
                &[],
            ] {
                let answer = guarded.get("/chat", headers).await;
                assert_eq!(answer.status, 403, "{front:?} {file} {headers:?}");
                assert_eq!(answer.body, FORBIDDEN);
                assert_eq!(answer.header("content-type"), "application/json");
                assert_eq!(answer.header("content-length"), FORBIDDEN.len().to_string());
            }
            assert_eq!(
                (guarded.calls(), guarded.issuer.fetches()),
                (0, 0),
                "nobody was asked"
            );
        }
    }
}

#[tokio::test]
async fn a_valid_token_reaches_the_service_with_its_request() {
    for front in Front::ALL {
        let guarded = Guarded::start(front, "entra-id-authz.xml").await;
        let token = guarded.token("any");
        let path = "/deployments/gpt/chat/completions?api-version=2024-06-01";
        let answer = guarded
            .get(path, &[("Authorization", &token), ("X-Own", "1")])
            .await;
        assert_eq!((answer.status, &*answer.body), (200, "hello"), "{front:?}");
        let seen = guarded.seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 1);
        assert_eq!(
            seen[0].uri.to_string(),
            format!("/openai{path}"),
            "{front:?}"
        );
        let header = |name: &str| tollgate_tests::text(&seen[0].headers, name).to_owned();
        assert_eq!(header("host"), "contoso.openai.azure.com");
        assert_eq!(header("authorization"), token);
        assert_eq!(header("x-own"), "1");
        assert_eq!(header("x-forwarded-for"), "127.0.0.1");
    }
}

#[tokio::test]
async fn tokens_of_others_are_forbidden() {
    let guarded = Guarded::start(Front::Hyper, "entra-id-authz.xml").await;
    let audience = "https://cognitiveservices.azure.com";
    for claims in [
        json!({"aud": "https://management.azure.com"}),
        json!({}),
        json!({"aud": audience, "iss": "https://sts.windows.net/another/"}),
        json!({"aud": audience, "exp": unix_now() - 1}),
    ] {
        let token = format!("Bearer {}", guarded.issuer.token(&claims));
        let answer = guarded.get("/chat", &[("Authorization", &token)]).await;
        assert_eq!((answer.status, &*answer.body), (403, FORBIDDEN), "{claims}");
    }
    assert_eq!(guarded.calls(), 0);
    assert_eq!(
        guarded.status("/chat", &guarded.token("any")).await,
        200,
        "the next request works"
    );
    assert_eq!(
        guarded.issuer.fetches(),
        2,
        "discovery and keys were fetched once"
    );
}

#[tokio::test]
async fn each_application_has_its_own_limit() {
    for front in Front::ALL {
        let guarded = Guarded::start(front, "throttle-by-appid.xml").await;
        let [one, two, other] = ["app-1", "app-2", "app-3"].map(|app| guarded.token(app));

        assert_eq!(guarded.status("/chat", &one).await, 200, "{front:?}");
        let refused = guarded.get("/chat", &[("Authorization", &one)]).await;
        assert_eq!(refused.status, 429, "{front:?}");
        assert_eq!(
            refused.body,
            r#"{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 60 seconds." }"#
        );
        assert_eq!(refused.header("retry-after"), "60");
        assert_eq!(refused.header("content-type"), "application/json");

        for _ in 0..10 {
            assert_eq!(
                guarded.status("/chat", &two).await,
                200,
                "the other one's limit is its own"
            );
        }
        assert_eq!(guarded.status("/chat", &two).await, 429);
        for _ in 0..12 {
            assert_eq!(
                guarded.status("/chat", &other).await,
                200,
                "no limit is set for it"
            );
        }
        assert_eq!(guarded.calls(), 1 + 10 + 12);

        guarded.clock.advance(Duration::from_secs(59));
        assert_eq!(guarded.status("/chat", &one).await, 429);
        guarded.clock.advance(Duration::from_secs(2));
        assert_eq!(
            guarded.status("/chat", &one).await,
            200,
            "a minute has passed"
        );
        assert_eq!(guarded.status("/chat", &one).await, 429);
    }
}

#[tokio::test]
async fn a_limit_belongs_to_the_application_and_not_to_its_token() {
    let guarded = Guarded::start(Front::Hyper, "throttle-by-appid.xml").await;
    assert_eq!(guarded.status("/chat", &guarded.token("app-1")).await, 200);
    let claims =
        json!({"aud": "https://cognitiveservices.azure.com", "appid": "app-1", "jti": "another"});
    let another = format!("Bearer {}", guarded.issuer.token(&claims));
    assert_eq!(guarded.status("/chat", &another).await, 429);
}

#[tokio::test]
async fn only_calls_that_succeed_are_counted() {
    for front in Front::ALL {
        let guarded = Guarded::start(front, "throttle-by-appid.xml").await;
        let token = guarded.token("app-1");
        for _ in 0..3 {
            let answer = guarded.get("/fail", &[("Authorization", &token)]).await;
            assert_eq!((answer.status, &*answer.body), (500, "broken"), "{front:?}");
        }
        assert_eq!(guarded.status("/chat", &token).await, 200);
        assert_eq!(guarded.status("/fail", &token).await, 429);
    }
}

#[tokio::test]
async fn keys_rotate() {
    let guarded = Guarded::start(Front::Hyper, "entra-id-authz.xml").await;
    let old = guarded.token("any");
    assert_eq!(guarded.status("/chat", &old).await, 200);
    assert_eq!(guarded.issuer.fetches(), 2);

    guarded.issuer.rotate();
    let new = guarded.token("any");
    assert_eq!(
        guarded.status("/chat", &old).await,
        200,
        "nobody has said yet that the old key is gone"
    );
    assert_eq!(
        guarded.status("/chat", &new).await,
        200,
        "an unknown key is asked for"
    );
    assert_eq!(guarded.issuer.fetches(), 4);
    assert_eq!(
        guarded.status("/chat", &old).await,
        403,
        "a token that was accepted is no longer"
    );

    guarded.issuer.rotate();
    let newest = guarded.token("any");
    assert_eq!(
        guarded.status("/chat", &newest).await,
        403,
        "keys are asked for once in five minutes"
    );
    assert_eq!(guarded.issuer.fetches(), 4);
    guarded.clock.advance(Duration::from_secs(301));
    assert_eq!(guarded.status("/chat", &newest).await, 200);
    assert_eq!(guarded.issuer.fetches(), 6);
}

#[tokio::test]
async fn many_at_once_fetch_the_keys_once() {
    let guarded = Guarded::start(Front::Hyper, "entra-id-authz.xml").await;
    let token = guarded.token("any");
    let calls = (0..20).map(|_| guarded.status("/chat", &token));
    let statuses = futures_util::future::join_all(calls).await;
    assert_eq!(statuses, [200; 20]);
    assert_eq!(guarded.issuer.fetches(), 2);
}
