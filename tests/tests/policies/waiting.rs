//! wait: policies side by side.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tollgate::ports::{HttpClient, OutboundRequest, SendError, SendErrorKind};
use tollgate::{Body, Gateway, Peer};

use crate::world::{Answer, INTERNAL, REQUEST_ID, request, source};

type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// Backends by path: `/meet` answers when so many are there, `/never` never, `/down` refuses, all else at once with its
/// path.
#[derive(Clone)]
struct Backends(Arc<Barrier>);

impl HttpClient for Backends {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<Result<http::Response<Body>, SendError>> {
        let barrier = self.0.clone();
        Box::pin(async move {
            let path = outbound.request.uri().path().to_owned();
            match path.as_str() {
                "/meet" => {
                    barrier.wait().await;
                }
                "/never" => std::future::pending().await,
                "/down" => {
                    return Err(SendError {
                        kind: SendErrorKind::Connect,
                        message: "connection refused".to_owned(),
                    });
                }
                "/later" => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => {}
            }
            Ok(http::Response::new(Body::from(path)))
        })
    }
}

/// What a request with these inbound policies comes to; two have to be at `/meet` at a time.
async fn run(policies: &str) -> Answer {
    let document = source(
        "p.xml",
        &[
            ("inbound", policies),
            ("backend", ""),
            (
                "on-error",
                r#"<set-header name="X-Error"><value>1</value></set-header>"#,
            ),
        ],
    );
    let gateway = Gateway::builder()
        .policy(document)
        .http_client(Backends(Arc::new(Barrier::new(2))))
        .build();
    let gateway = gateway.unwrap_or_else(|error| panic!("{error}"));
    let options = tollgate::engine::RunOptions {
        request_id: Some(REQUEST_ID),
        ..Default::default()
    };
    let request = request(http::Method::GET, "/", &[], "");
    let run = gateway.run(request, Peer::default(), options);
    let outcome = tokio::time::timeout(Duration::from_secs(10), run).await;
    Answer::of(outcome.expect("they wait for each other")).await
}

fn send(path: &str) -> String {
    let name = path.trim_start_matches('/');
    format!(
        r#"<send-request response-variable-name="{name}"><set-url>http://x.test{path}</set-url></send-request>"#
    )
}

fn send_as(path: &str, name: &str) -> String {
    send(path).replace(
        &format!(
            r#"response-variable-name="{}""#,
            path.trim_start_matches('/')
        ),
        &format!(r#"response-variable-name="{name}""#),
    )
}

const SET: &str = r#"<set-variable name="after" value="yes" />"#;

#[tokio::test]
async fn all_run_side_by_side() {
    for attributes in ["", r#"for="all""#, r#"for="@("All")""#] {
        let policies = format!(
            "<wait {attributes}>{}{}{}</wait>{SET}",
            send_as("/meet", "a"),
            send_as("/meet", "b"),
            send("/c")
        );
        let answer = run(&policies).await;
        assert_eq!(answer.status, 200);
        for name in ["a", "b", "c", "after"] {
            assert_ne!(answer.variable(name), "", "{name}");
        }
    }
}

#[tokio::test]
async fn branches_of_choose_run_side_by_side_too() {
    let branch = |path: &str, name: &str| {
        format!(
            r#"<choose><when condition="true">{}<set-variable name="{name}-text" value="@(((IResponse)context.Variables["{name}"]).Body.As<string>())" />{}</when></choose>"#,
            send_as(path, name),
            send_as("/then", &format!("{name}-then")),
        )
    };
    let policies = format!(
        "<wait>{}{}</wait>{SET}",
        branch("/meet", "a"),
        branch("/meet", "b")
    );
    let answer = run(&policies).await;
    for name in ["a-text", "b-text", "a-then", "b-then", "after"] {
        assert_ne!(answer.variable(name), "", "{name}");
    }
    assert!(answer.variable("a-text").contains("/meet"));
}

#[tokio::test]
async fn what_needs_the_request_lets_the_calls_of_others_go_on() {
    // retry holds the request while it waits for the other one at /meet.
    let holds = format!(
        r#"<choose><when condition="true"><retry condition="false" count="1" interval="1">{}</retry></when></choose>"#,
        send_as("/meet", "a")
    );
    for policies in [
        format!("<wait>{holds}{}</wait>{SET}", send_as("/meet", "b")),
        format!("<wait>{}{holds}</wait>{SET}", send_as("/meet", "b")),
    ] {
        let answer = run(&policies).await;
        for name in ["a", "b", "after"] {
            assert_ne!(answer.variable(name), "", "{name}");
        }
    }
}

#[tokio::test]
async fn the_first_of_any_ends_it() {
    let policies = format!(
        r#"<wait for="any">{}{}{}</wait>{SET}"#,
        send("/never"),
        send("/quick"),
        send("/later")
    );
    let answer = run(&policies).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.variable("quick"), "");
    assert_ne!(answer.variable("after"), "");
    for name in ["never", "later"] {
        assert_eq!(answer.variable(name), "", "{name} was given up");
    }
    // A lookup is there at once.
    let policies = format!(
        r#"<wait for="any">{}<cache-lookup-value key="k" variable-name="v" default-value="d" /></wait>"#,
        send("/never")
    );
    assert!(run(&policies).await.variable("v").contains("\"d\""));
}

#[tokio::test]
async fn a_failure_waits_for_the_others_or_ends_any() {
    let policies = format!("<wait>{}{}</wait>{SET}", send("/down"), send("/later"));
    let answer = run(&policies).await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(answer.header("x-error"), "1");
    assert_eq!(
        answer.last_error(),
        [
            "send-request",
            "BackendConnectionFailure",
            "connection refused",
            "api",
            "inbound",
            "wait[1]/send-request[1]"
        ]
    );
    assert_ne!(answer.variable("later"), "");
    assert_eq!(answer.variable("after"), "");

    let policies = format!(
        r#"<wait for="any">{}{}</wait>{SET}"#,
        send("/never"),
        send("/down")
    );
    let answer = run(&policies).await;
    assert_eq!(
        (answer.status, answer.variable("after")),
        (500, String::new())
    );
    assert_eq!(answer.last_error()[5], "wait[1]/send-request[2]");
}

#[tokio::test]
async fn a_returned_response_ends_all() {
    let policies = format!(
        r#"<wait>{}<choose><when condition="true">{}<return-response><set-body>over</set-body></return-response></when></choose></wait>{SET}"#,
        send("/never"),
        send("/quick")
    );
    let answer = run(&policies).await;
    assert_eq!((answer.status, &*answer.body), (200, "over"));
    assert_eq!(answer.variable("after"), "");
}

#[tokio::test]
async fn it_can_be_retried_after_a_failure() {
    let policies = format!(
        r#"<retry condition="@(context.LastError != null)" count="2" interval="0"><wait>{}<choose><when condition="true">{}{}</when></choose></wait></retry>{SET}"#,
        send("/down"),
        send("/quick"),
        send("/later")
    );
    let answer = run(&policies).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.last_error()[5], "retry[1]/wait[1]/send-request[1]");
    assert_ne!(answer.variable("later"), "");
}
