//! Backend entities: credentials, circuit breakers, pools.

use std::time::Duration;

use http::{Response, StatusCode};
use tollgate::engine::{Backend, CircuitBreaker};
use tollgate::ports::{
    AuthorizationRequest, AuthorizationToken, CredentialError, Credentials, IdentityRequest,
    SendError, SendErrorKind, Step,
};
use tollgate::{Body, Catalog, Certificate, Gateway};
use tollgate_tests::{Call, FakeClient, Pki};

use crate::world::{Answer, World, api};

const TO_POOL: &str = r#"<set-backend-service backend-id="pool" />"#;

/// Services at hosts of their own names, which answer by the first part of their names: `s429-a.test` with 429.
fn by_name() -> FakeClient {
    FakeClient::new(|call| {
        let host = host(call);
        if host.starts_with("gone") {
            return Err(SendError {
                kind: SendErrorKind::Connect,
                message: "gone".to_owned(),
            });
        }
        let status = host.get(1..4).and_then(|code| code.parse().ok());
        let mut response = Response::new(Body::from(host.to_owned()));
        *response.status_mut() = StatusCode::from_u16(status.unwrap_or(200)).unwrap();
        if host.contains("-wait") {
            response.headers_mut().insert("retry-after", 7.into());
        }
        Ok(response)
    })
}

fn host(call: &Call) -> &str {
    let rest = call.url.split_once("://").unwrap().1;
    rest.split(['.', '/']).next().unwrap()
}

fn service(name: &str) -> Backend {
    Backend::new(name, format!("http://{name}.test/v1"))
}

fn breaker() -> CircuitBreaker {
    CircuitBreaker::after(2, Duration::from_secs(10))
        .status_codes(429..=429)
        .status_codes(500..=599)
        .errors()
        .trip_for(Duration::from_secs(30))
}

fn world(inbound: &str, backends: impl IntoIterator<Item = Backend>) -> World {
    let catalog = Catalog::new().api(api(&[("inbound", inbound)]));
    let catalog = backends.into_iter().fold(catalog, Catalog::backend_entity);
    World::serving(catalog, by_name())
}

async fn get(world: &World) -> Answer {
    world.get("/orders?a=1", &[]).await
}

async fn hosts(world: &World, count: usize) -> String {
    let mut hosts = Vec::new();
    for _ in 0..count {
        hosts.push(get(world).await.body);
    }
    hosts.join(" ")
}

#[tokio::test]
async fn a_breaker_trips_and_begins_anew() {
    let world = world(
        TO_POOL,
        [Backend::new("pool", "http://s503-a.test").circuit_breaker(breaker())],
    );
    for _ in 0..2 {
        assert_eq!(get(&world).await.body, "s503-a");
    }
    world.clock.advance(Duration::from_millis(500));
    let answer = get(&world).await;
    assert_eq!(
        (answer.status, &*answer.reason),
        (503, "Service Unavailable")
    );
    assert_eq!(
        answer.body,
        r#"{ "statusCode": 503, "message": "Service Unavailable" }"#
    );
    assert_eq!(answer.header("retry-after"), "30");
    assert_eq!(
        answer.last_error()[..3],
        [
            "forward-request",
            "BackendCircuitBreakerOpen",
            "The backend takes no requests: its circuit breaker has tripped."
        ]
    );
    assert_eq!(world.client.calls().len(), 2);
    world.clock.advance(Duration::from_millis(29_500));
    assert_eq!(get(&world).await.body, "s503-a");
    // Also across a reload.
    assert_eq!(get(&world).await.body, "s503-a");
    let catalog = Catalog::new()
        .api(api(&[("inbound", TO_POOL)]))
        .backend_entity(Backend::new("pool", "http://s200-a.test").circuit_breaker(breaker()));
    world.gateway.reload(&catalog).unwrap();
    assert_eq!(get(&world).await.status, 503);
}

#[tokio::test]
async fn no_response_is_a_failure_where_errors_are() {
    for (breaker, calls) in [
        (breaker(), 2),
        (
            CircuitBreaker::after(2, Duration::from_secs(10)).status_codes(500..=599),
            4,
        ),
    ] {
        let backend = Backend::new("pool", "http://gone.test").circuit_breaker(breaker);
        let world = world(TO_POOL, [backend]);
        for _ in 0..4 {
            assert!(get(&world).await.status >= 500);
        }
        assert_eq!(world.client.calls().len(), calls);
    }
}

#[tokio::test]
async fn the_backend_says_for_how_long_and_the_soonest_counts() {
    let accepting = || breaker().accept_retry_after();
    let world = world(
        TO_POOL,
        [
            service("s429-wait").circuit_breaker(accepting()),
            service("s500-b").circuit_breaker(accepting()),
            Backend::pool("pool")
                .member("s429-wait", 1, 1)
                .member("s500-b", 2, 1),
        ],
    );
    assert_eq!(hosts(&world, 4).await, "s429-wait s429-wait s500-b s500-b");
    let answer = get(&world).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "7"));
    world.clock.advance(Duration::from_secs(7));
    assert_eq!(get(&world).await.body, "s429-wait");
}

#[tokio::test]
async fn members_take_turns_by_weight_and_priority() {
    let pool = || {
        Backend::pool("pool")
            .member("a", 1, 3)
            .member("b", 1, 1)
            .member("c", 2, 1)
    };
    let members = ["a", "b", "c"].map(service);
    let weighted = world(TO_POOL, members.into_iter().chain([pool()]));
    assert_eq!(hosts(&weighted, 8).await, "a a b a a a b a");
    let call = &weighted.client.calls()[0];
    assert_eq!(
        (call.url.as_str(), call.header("host")),
        ("http://a.test/v1/orders?a=1", "a.test")
    );
}

#[tokio::test]
async fn a_retry_goes_on_to_the_next_member() {
    let members = ["s429-a", "s503-b", "s200-c"];
    let services = members.map(|name| service(name).circuit_breaker(breaker()));
    let pool = members
        .iter()
        .fold(Backend::pool("pool"), |pool, id| pool.member(*id, 1, 1));
    let backend = r#"<retry condition="@(context.Response.StatusCode == 429 || context.Response.StatusCode == 503)" count="2" interval="0" first-fast-retry="true"><set-backend-service backend-id="pool" /><forward-request buffer-request-body="true" /></retry>"#;
    let outbound = r#"<set-header name="x-backend"><value>@(context.Backend.Id + " " + context.Backend.Type)</value></set-header>"#;
    let catalog = Catalog::new().api(api(&[("backend", backend), ("outbound", outbound)]));
    let catalog = services
        .into_iter()
        .chain([pool])
        .fold(catalog, Catalog::backend_entity);
    let world = World::serving(catalog, by_name());
    for _ in 0..3 {
        let answer = get(&world).await;
        assert_eq!((answer.status, &*answer.body), (200, "s200-c"));
        assert_eq!(answer.header("x-backend"), "s200-c Single");
    }
    // The two that fail were asked twice each, until they tripped.
    assert_eq!(world.client.calls().len(), 2 * 2 + 3);
}

#[tokio::test]
async fn a_client_stays_with_its_member() {
    let world = world(
        TO_POOL,
        [
            service("s200-a").circuit_breaker(breaker()),
            service("s429-b").circuit_breaker(breaker()),
            Backend::pool("pool")
                .member("s200-a", 1, 1)
                .member("s429-b", 1, 1)
                .session_affinity("SessionId"),
        ],
    );
    assert_eq!(get(&world).await.body, "s200-a");
    let first = get(&world).await;
    assert_eq!(first.body, "s429-b");
    let cookie = first
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert!(
        cookie.starts_with("SessionId=") && !cookie.contains("s429"),
        "{cookie}"
    );
    assert!(first.header("set-cookie").ends_with("; Path=/; HttpOnly"));
    let again = world
        .get("/", &[("cookie", &format!("a=b; {cookie}"))])
        .await;
    assert_eq!((&*again.body, again.header("set-cookie")), ("s429-b", ""));
    // It has tripped: the client moves.
    let moved = world.get("/", &[("cookie", &cookie)]).await;
    assert_eq!(moved.body, "s200-a");
    assert_ne!(moved.header("set-cookie"), "");
    // Nobody's cookie is as none.
    let strange = world.get("/", &[("cookie", "SessionId=x")]).await;
    assert_eq!(
        (strange.status, strange.header("set-cookie").is_empty()),
        (200, false)
    );
}

/// Gives a token that says what it is for.
pub(crate) struct Identities;

impl Credentials for Identities {
    fn managed_identity(
        &self,
        request: IdentityRequest<'_>,
    ) -> Step<Result<tollgate_dotnet::Str, CredentialError>> {
        let token = format!(
            "{}-{}",
            request.resource,
            request.client_id.unwrap_or("system")
        );
        Step::Pending(Box::pin(async move { Ok(token.as_str().into()) }))
    }

    fn authorization(
        &self,
        _: AuthorizationRequest<'_>,
    ) -> Step<Result<AuthorizationToken, CredentialError>> {
        Step::Ready(Err(CredentialError("none".to_owned())))
    }
}

#[tokio::test]
async fn a_backend_s_credentials_go_with_each_request() {
    let pem = Pki::new().issue_rsa().pem();
    let entity = Backend::new("entity", "https://entity.test/v1/")
        .header("api-key", "secret one")
        .query("code", "secret two")
        .authorization("Basic", "c2VjcmV0")
        .certificate("mine");
    let catalog = Catalog::new()
        .certificate("mine", Certificate::from_pem(pem.as_bytes()).unwrap())
        .backend_entity(entity)
        .backend_entity(
            Backend::new("token", "https://token.test")
                .managed_identity("https://r", Some("c".to_owned())),
        );
    let with = |policy: &str| {
        let catalog = catalog.clone().api(api(&[("inbound", policy)]));
        World::built(catalog, by_name(), |builder| {
            builder.credentials(Identities)
        })
    };
    // By its id, and by its URL.
    for policy in [
        r#"<set-backend-service backend-id="entity" />"#,
        r#"<set-backend-service backend-id="token" /><set-backend-service base-url="https://entity.test/v1" />"#,
    ] {
        let world = with(policy);
        let answer = world
            .get(
                "/a?b=c",
                &[("api-key", "the client's"), ("authorization", "x")],
            )
            .await;
        assert_eq!(answer.status, 200);
        let call = &world.client.calls()[0];
        assert_eq!(call.url, "https://entity.test/v1/a?b=c&code=secret%20two");
        assert_eq!(call.header("api-key"), "secret one");
        assert_eq!(call.header("authorization"), "Basic c2VjcmV0");
        assert!(call.identity.is_some());
        let trace = serde_json::to_string(answer.exchange.context.trace.as_ref().unwrap()).unwrap();
        assert!(!trace.contains("secret"), "{trace}");
    }
    let world = with(r#"<set-backend-service backend-id="token" />"#);
    assert_eq!(get(&world).await.status, 200);
    assert_eq!(
        world.client.calls()[0].header("authorization"),
        "Bearer https://r-c"
    );
    // Not where the URL is another.
    let world = with(r#"<set-backend-service base-url="https://entity.test/v2" />"#);
    assert_eq!(get(&world).await.status, 200);
    assert_eq!(world.client.calls()[0].header("api-key"), "");
}

#[test]
fn what_cannot_be_is_refused_when_it_is_loaded() {
    let many = (0..31).fold(Backend::pool("p"), |pool, _| pool.member("a", 1, 1));
    let second = Duration::from_secs(1);
    let with = |breaker| Backend::new("p", "http://p.test").circuit_breaker(breaker);
    for (backend, message) in [
        (Backend::pool("p"), "backend `p`: a pool needs a member"),
        (many, "backend `p`: a pool has at most 30 members"),
        (
            Backend::pool("p").member("q", 1, 1),
            "backend `p`: there is no service `q` to be a member",
        ),
        (
            Backend::pool("p").member("pool", 1, 1),
            "there is no service `pool` to be a member",
        ),
        (
            Backend::pool("p").member("a", 1, 1).session_affinity("a b"),
            "backend `p`: the name of its cookie is none",
        ),
        (
            Backend::pool("p")
                .member("a", 1, 1)
                .circuit_breaker(breaker()),
            "backend `p`: a pool has no circuit breaker; its members have",
        ),
        (
            Backend::new("p", "p.test"),
            "backend `p`: `p.test` is not an absolute http or https URL",
        ),
        (
            Backend::new("p", "http://p.test").header("a b", "c"),
            "backend `p`: `a b` is no header, or its value is none",
        ),
        (
            Backend::new("p", "http://p.test").certificate("c"),
            "backend `p`: there is no certificate `c`",
        ),
        (
            with(CircuitBreaker::after(0, second).errors()),
            "takes 1 to 10,000 failures, or 1 to 100 percent",
        ),
        (
            with(CircuitBreaker::at_percentage(101, second).errors()),
            "takes 1 to 10,000 failures, or 1 to 100 percent",
        ),
        (
            with(CircuitBreaker::after(1, Duration::ZERO).errors()),
            "needs an interval and a time of the trip",
        ),
        (
            with(CircuitBreaker::after(1, second)),
            "needs status codes or errors that are failures",
        ),
    ] {
        let catalog = Catalog::new()
            .api(api(&[]))
            .backend("a", "http://a.test")
            .backend_entity(Backend::pool("pool").member("a", 1, 1))
            .backend_entity(backend);
        let built = Gateway::builder()
            .catalog(catalog)
            .http_client(by_name())
            .build();
        let error = built.unwrap_err().to_string();
        assert!(
            error.contains("error[inval") && error.contains(message),
            "{error}"
        );
    }
}
