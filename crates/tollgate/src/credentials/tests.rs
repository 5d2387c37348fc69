use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use http::Response;
use tollgate_engine::ports::{OutboundRequest, SendError, SendErrorKind, TICKS_PER_SECOND};
use tollgate_engine::{Body, BoxFuture};

use super::*;

/// A clock that stands until it is moved.
#[derive(Default)]
struct Hand(AtomicI64);

impl Hand {
    fn advance(&self, seconds: i64) {
        self.0
            .fetch_add(seconds * TICKS_PER_SECOND, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> i64 {
        tollgate_engine::ports::UNIX_EPOCH_TICKS + self.0.load(Ordering::SeqCst)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

/// An endpoint that answers what it is told, and notes what it was asked: method, URL, headers, body.
#[derive(Default)]
struct Endpoint {
    answer: Mutex<(u16, String)>,
    asked: Mutex<Vec<String>>,
}

impl Endpoint {
    fn answers(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl HttpClient for Endpoint {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        assert!(outbound.timeout.is_some() && !outbound.follow_redirects);
        let (head, body) = outbound.request.into_parts();
        let mut text = format!("{} {}", head.method, head.uri);
        for (name, value) in &head.headers {
            text.push_str(&format!("\n{name}: {}", value.to_str().unwrap()));
        }
        text.push_str(&format!(
            "\n{}",
            String::from_utf8_lossy(body.bytes().unwrap())
        ));
        self.asked.lock().unwrap().push(text);
        let (status, body) = self.answer.lock().unwrap().clone();
        async move {
            tokio::task::yield_now().await;
            if status == 0 {
                return Err(SendError {
                    kind: SendErrorKind::Connect,
                    message: "connection refused".into(),
                });
            }
            Ok(Response::builder()
                .status(status)
                .body(Body::from(body))
                .unwrap())
        }
        .boxed()
    }
}

struct World {
    clock: Arc<Hand>,
    endpoint: Arc<Endpoint>,
    credentials: HttpCredentials,
}

fn world(identity: ManagedIdentity) -> World {
    let (clock, endpoint) = (Arc::new(Hand::default()), Arc::new(Endpoint::default()));
    World {
        credentials: HttpCredentials::new(endpoint.clone(), clock.clone(), identity),
        clock,
        endpoint,
    }
}

impl World {
    async fn identity(&self, resource: &str, client_id: Option<&str>) -> Result<String, String> {
        let request = IdentityRequest {
            resource,
            client_id,
        };
        let token = self.credentials.managed_identity(request).get().await;
        token
            .map(|token| token.to_string())
            .map_err(|error| error.to_string())
    }

    async fn authorization(&self, id: &str) -> Result<AuthorizationToken, String> {
        let request = AuthorizationRequest {
            provider_id: "p",
            authorization_id: id,
            principal: None,
        };
        let token = self.credentials.authorization(request).get().await;
        token.map_err(|error| error.to_string())
    }
}

const IMDS_ASKED: &str = "GET http://imds.test/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fa.b%2F&client_id=c\nmetadata: true\naccept: application/json\n";

#[tokio::test]
async fn a_token_of_the_metadata_service_is_kept() {
    let world = world(ManagedIdentity::imds("http://imds.test/"));
    world
        .endpoint
        .answers(200, r#"{"access_token":"t1","expires_in":"86400"}"#);
    for _ in 0..2 {
        assert_eq!(
            world.identity("https://a.b/", Some("c")).await.unwrap(),
            "t1"
        );
    }
    assert_eq!(world.endpoint.asked(), [IMDS_ASKED]);
    // Another resource and the system's own identity are other tokens.
    world.identity("https://a.b/", None).await.unwrap();
    world.identity("https://c.d/", Some("c")).await.unwrap();
    assert_eq!(world.endpoint.asked().len(), 2);
}

#[tokio::test]
async fn a_token_of_app_service_is_kept_until_it_says() {
    let world = world(ManagedIdentity::app_service(
        "http://app.test/msi/token",
        "hush",
    ));
    world
        .endpoint
        .answers(200, r#"{"access_token":"t1","expires_on":"4000"}"#);
    world.identity("r", None).await.unwrap();
    assert_eq!(
        world.endpoint.asked(),
        [
            "GET http://app.test/msi/token?api-version=2019-08-01&resource=r\nx-identity-header: hush\naccept: application/json\n"
        ]
    );
    world.clock.advance(3699);
    world.identity("r", None).await.unwrap();
    assert!(world.endpoint.asked().is_empty());
    world.clock.advance(1);
    world
        .endpoint
        .answers(200, r#"{"access_token":"t2","expires_on":"9000"}"#);
    assert_eq!(world.identity("r", None).await.unwrap(), "t2");
    assert!(!format!("{:?}", world.credentials).contains("hush"));
}

#[tokio::test]
async fn an_old_token_serves_while_there_is_no_new_one() {
    let world = world(ManagedIdentity::imds("http://imds.test"));
    world
        .endpoint
        .answers(200, r#"{"access_token":"t1","expires_in":1000}"#);
    world.identity("r", None).await.unwrap();
    world.clock.advance(800);
    world.endpoint.answers(500, "");
    assert_eq!(world.identity("r", None).await.unwrap(), "t1");
    assert_eq!(world.identity("r", None).await.unwrap(), "t1");
    assert_eq!(world.endpoint.asked().len(), 2, "not tried again at once");
    world.clock.advance(200);
    assert_eq!(
        world.identity("r", None).await.unwrap_err(),
        "The token of the managed identity: it answers 500 Internal Server Error."
    );
    world.endpoint.answers(200, r#"{"access_token":"t2"}"#);
    assert!(
        world.identity("r", None).await.is_err(),
        "still the same failure"
    );
    world.clock.advance(6);
    assert_eq!(world.identity("r", None).await.unwrap(), "t2");
}

#[tokio::test]
async fn one_fetch_serves_all_who_wait_and_outlives_who_gives_up() {
    let world = world(ManagedIdentity::imds("http://imds.test"));
    world.endpoint.answers(200, r#"{"access_token":"t1"}"#);
    let given_up = world.identity("r", None).now_or_never();
    assert!(given_up.is_none());
    let (one, two) = tokio::join!(world.identity("r", None), world.identity("r", None));
    assert_eq!((one.unwrap(), two.unwrap()), ("t1".into(), "t1".into()));
    assert_eq!(world.endpoint.asked().len(), 1);
}

#[tokio::test]
async fn what_is_no_token_is_an_error_without_secrets() {
    for (status, body, message) in [
        (0, "", "connection refused."),
        (
            400,
            r#"{"error":"invalid_resource","error_description":"hush"}"#,
            "it answers 400 Bad Request (invalid_resource).",
        ),
        (
            400,
            r#"{"error":"<script>"}"#,
            "it answers 400 Bad Request.",
        ),
        (302, "", "it answers 302 Found."),
        (200, "<html>", "its answer is no JSON object."),
        (200, "[]", "its answer is no JSON object."),
        (200, "{}", "there is no access token in its answer."),
        (
            200,
            r#"{"access_token":""}"#,
            "there is no access token in its answer.",
        ),
    ] {
        let world = world(ManagedIdentity::imds("http://imds.test"));
        world.endpoint.answers(status, body);
        let error = world.identity("r", None).await.unwrap_err();
        assert_eq!(
            error,
            format!("The token of the managed identity: {message}")
        );
    }
    let world = world(ManagedIdentity::imds("no url"));
    assert_eq!(
        world.identity("r", None).await.unwrap_err(),
        "The token of the managed identity: its endpoint is no URL."
    );
}

fn connected(connection: OAuthConnection) -> World {
    let world = world(ManagedIdentity::imds("http://imds.test"));
    World {
        credentials: world.credentials.connection("p", "a", connection),
        ..world
    }
}

#[tokio::test]
async fn client_credentials_give_a_token_and_what_came_with_it() {
    let connection = OAuthConnection::client_credentials("https://o.test/token", "id", "s&cret")
        .scope("a b")
        .parameter("audience", "x");
    let world = connected(connection);
    world.endpoint.answers(
        200,
        r#"{"access_token":"t1","token_type":"Bearer","expires_in":100,"nested":{"a":1}}"#,
    );
    let token = world.authorization("a").await.unwrap();
    assert_eq!(token.access_token.to_string(), "t1");
    let claims = serde_json::Map::from_iter(
        (token.claims.into_iter()).map(|(name, value)| (name.to_string(), value)),
    );
    assert_eq!(
        serde_json::Value::Object(claims).to_string(),
        r#"{"token_type":"Bearer","expires_in":100,"nested":{"a":1}}"#
    );
    assert_eq!(
        world.endpoint.asked(),
        [
            "POST https://o.test/token\ncontent-type: application/x-www-form-urlencoded\ncontent-length: 88\naccept: application/json\ngrant_type=client_credentials&scope=a%20b&audience=x&client_id=id&client_secret=s%26cret"
        ]
    );
    world.clock.advance(49);
    world.authorization("a").await.unwrap();
    assert!(world.endpoint.asked().is_empty());
    world.clock.advance(1);
    world.authorization("a").await.unwrap();
    assert_eq!(world.endpoint.asked().len(), 1);
    assert!(!format!("{:?}", world.credentials).contains("s&cret"));
}

#[tokio::test]
async fn refresh_tokens_are_renewed() {
    let connection = OAuthConnection::client_credentials("https://o.test/token", "i", "s")
        .refresh_token("r1")
        .basic();
    let world = connected(connection);
    world.endpoint.answers(
        200,
        r#"{"access_token":"t1","expires_in":10,"refresh_token":"r2"}"#,
    );
    let token = world.authorization("a").await.unwrap();
    assert!(
        token
            .claims
            .iter()
            .all(|(name, _)| name.as_utf8() != Some("refresh_token"))
    );
    world.clock.advance(11);
    world.authorization("a").await.unwrap();
    let asked = world.endpoint.asked();
    assert!(
        asked[0].ends_with("grant_type=refresh_token&refresh_token=r1"),
        "{asked:?}"
    );
    assert!(
        asked[0].contains("authorization: Basic aTpz\n"),
        "{asked:?}"
    );
    assert!(asked[1].ends_with("&refresh_token=r2"), "{asked:?}");
}

#[tokio::test]
async fn who_is_not_known_gets_nothing() {
    let world = world(ManagedIdentity::imds("http://imds.test"));
    assert_eq!(
        world.authorization("a").await.unwrap_err(),
        "There is no connection a of the credential provider p."
    );
    assert!(world.endpoint.asked().is_empty());
}
