//! limit-concurrency.

use std::sync::Arc;

use http::Method;
use tokio::sync::Semaphore;
use tollgate::engine::policy::BoxFuture;
use tollgate::ports::{HttpClient, OutboundRequest, SendError};
use tollgate::{Body, Catalog, Gateway, Peer};
use tollgate_tests::FakeClient;

use crate::world::{World, api, request};

const REFUSED: &str = r#"{ "statusCode": 429, "message": "Rate limit is exceeded" }"#;
const LIMIT: &str = r#"<limit-concurrency key="@(context.Request.Headers.GetValueOrDefault("X-Who", ""))" max-count="2"><forward-request /></limit-concurrency>"#;

/// A backend that answers when it is let.
#[derive(Clone)]
struct Gate(Arc<Semaphore>);

impl HttpClient for Gate {
    fn send(
        &self,
        _: OutboundRequest,
    ) -> BoxFuture<'static, Result<http::Response<Body>, SendError>> {
        let gate = Arc::clone(&self.0);
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            Ok(http::Response::new(Body::from("done")))
        })
    }
}

fn gated(backend: &str) -> (Gateway, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let gateway = Gateway::builder()
        .catalog(Catalog::new().api(api(&[("backend", backend)])))
        .http_client(Gate(Arc::clone(&gate)))
        .build();
    (gateway.unwrap(), gate)
}

type Task = tokio::task::JoinHandle<(u16, String)>;

/// A call that has come as far as it can.
async fn call(gateway: &Gateway, who: &'static str) -> Task {
    let gateway = gateway.clone();
    let task = tokio::spawn(async move {
        let request = request(Method::GET, "/", &[("X-Who", who)], "");
        let mut answer = gateway.handle(request, Peer::default()).await;
        let body = answer.body_mut().buffer(1000).await.unwrap();
        (
            answer.status().as_u16(),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test]
async fn only_so_many_are_inside_at_a_time() {
    let (gateway, gate) = gated(LIMIT);
    let inside = [call(&gateway, "a").await, call(&gateway, "a").await];
    let refused = call(&gateway, "a").await.await.unwrap();
    assert_eq!(refused, (429, REFUSED.to_owned()));
    let other = call(&gateway, "b").await;
    gate.add_permits(3);
    for task in inside.into_iter().chain([other]) {
        assert_eq!(task.await.unwrap().0, 200);
    }
    gate.add_permits(1);
    assert_eq!(call(&gateway, "a").await.await.unwrap().0, 200);
}

#[tokio::test]
async fn who_hangs_up_or_fails_leaves() {
    let (gateway, gate) = gated(LIMIT);
    for _ in 0..5 {
        let given_up = call(&gateway, "a").await;
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
    }
    gate.add_permits(1);
    assert_eq!(call(&gateway, "a").await.await.unwrap().0, 200);

    let fails = r#"<limit-concurrency key="k" max-count="1"><set-variable name="a" value="@(int.Parse("x"))" /></limit-concurrency>"#;
    let world = World::of(&[("inbound", fails)]);
    for _ in 0..3 {
        assert_eq!(world.get("/", &[]).await.status, 500);
    }
}

#[tokio::test]
async fn policies_on_one_key_count_together_and_nest() {
    let nested = r#"<limit-concurrency key="a" max-count="2"><limit-concurrency key="b" max-count="1">
        <choose><when condition="@(true)"><forward-request /></when></choose></limit-concurrency></limit-concurrency>"#;
    let (gateway, gate) = gated(nested);
    let inside = call(&gateway, "").await;
    assert_eq!(call(&gateway, "").await.await.unwrap().0, 429);
    gate.add_permits(2);
    assert_eq!(inside.await.unwrap().0, 200);
    assert_eq!(call(&gateway, "").await.await.unwrap().0, 200);

    let same = r#"<limit-concurrency key="a" max-count="2"><limit-concurrency key="a" max-count="1"><forward-request /></limit-concurrency></limit-concurrency>"#;
    let world = World::of(&[("backend", same)]);
    let answer = world.get("/", &[]).await;
    assert_eq!(
        (answer.status, &*answer.reason, &*answer.body),
        (429, "Too Many Requests", REFUSED)
    );
    assert_eq!(answer.header("retry-after"), "");
    assert_eq!(
        answer.last_error(),
        [
            "limit-concurrency",
            "ConcurrencyLimitExceeded",
            "Rate limit is exceeded",
            "api",
            "backend",
            "limit-concurrency[1]/limit-concurrency[1]"
        ]
    );
}

#[tokio::test]
async fn every_section_can_have_it() {
    let limit = |inner: &str| {
        format!(r#"<limit-concurrency key="k" max-count="1">{inner}</limit-concurrency>"#)
    };
    let set =
        limit(r#"<set-header name="X-A" exists-action="append"><value>1</value></set-header>"#);
    let world = World::of(&[("inbound", &set), ("outbound", &set)]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.header("x-a")), (200, "1"));
    let failing = World::with(
        &[
            ("inbound", "<set-backend-service backend-id=\"none\" />"),
            ("on-error", &set),
        ],
        FakeClient::statuses(&[200]),
    );
    assert_eq!(failing.get("/", &[]).await.header("x-a"), "1");
}

#[tokio::test]
async fn a_key_that_is_null_fails() {
    let null = r#"<limit-concurrency key="@((string)null)" max-count="1"></limit-concurrency>"#;
    let answer = World::of(&[("inbound", null)]).get("/", &[]).await;
    assert_eq!(answer.last_error()[1], "ExpressionValueValidationFailure");
}
