//! set-backend-service and forward-request.

use std::net::IpAddr;
use std::time::Duration;

use http::Method;
use tollgate::ports::{HttpVersion, SendError, SendErrorKind};
use tollgate::{Body, Catalog};
use tollgate_tests::FakeClient;

use crate::world::{INTERNAL, World, api, request, set_header};

async fn goes_to(inbound: &str) -> String {
    let catalog = Catalog::new()
        .backend("orders", "https://orders.test:8443/v1/")
        .api(api(&[("inbound", inbound)]));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    world.get("/a/b?c=d", &[]).await;
    world.client.only_call().url
}

#[tokio::test]
async fn set_backend_service_swaps_the_base() {
    for (policy, url) in [
        ("", "http://backend.test/base/a/b?c=d"),
        (
            r#"<set-backend-service base-url="https://two.test" />"#,
            "https://two.test/a/b?c=d",
        ),
        (
            r#"<set-backend-service base-url="https://two.test:444/x/" />"#,
            "https://two.test:444/x/a/b?c=d",
        ),
        (
            r#"<set-backend-service base-url="@("http://" + context.Request.Method + ".test")" />"#,
            "http://get.test/a/b?c=d",
        ),
        (
            r#"<set-backend-service backend-id="orders" />"#,
            "https://orders.test:8443/v1/a/b?c=d",
        ),
        (
            r#"<set-backend-service base-url="http://one.test" /><set-backend-service base-url="http://two.test" />"#,
            "http://two.test/a/b?c=d",
        ),
    ] {
        assert_eq!(goes_to(policy).await, url, "{policy}");
    }
}

#[tokio::test]
async fn a_backend_that_is_not_there_fails() {
    for (policy, reason) in [
        (
            r#"<set-backend-service backend-id="nobody" />"#,
            "BackendNotFound",
        ),
        (
            r#"<set-backend-service base-url="@("nowhere")" />"#,
            "ExpressionValueValidationFailure",
        ),
        (
            r#"<set-backend-service base-url="@("ftp://a")" />"#,
            "ExpressionValueValidationFailure",
        ),
    ] {
        let answer = World::of(&[("inbound", policy)]).get("/", &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
        assert_eq!(
            answer.last_error()[..2],
            ["set-backend-service", reason],
            "{policy}"
        );
    }
}

#[tokio::test]
async fn the_backend_gets_the_request_as_it_is_now() {
    let world = World::of(&[("inbound", &set_header("X-Set", "1"))]);
    let headers = [
        ("Connection", "X-Hop, close"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "Basic x"),
        ("Upgrade", "h2c"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("Authorization", "Bearer t"),
        ("Accept", "a/b"),
        ("Accept", "c/d"),
    ];
    world
        .send(request(Method::PUT, "/x?y=z", &headers, "body"))
        .await;
    let call = world.client.only_call();
    assert_eq!(
        (call.method.as_str(), &*call.url),
        ("PUT", "http://backend.test/base/x?y=z")
    );
    assert_eq!(&*call.body, b"body");
    for (name, value) in [
        ("x-set", "1"),
        ("host", "backend.test"),
        ("x-forwarded-for", "192.0.2.1, 203.0.113.7"),
        ("authorization", "Bearer t"),
        ("content-length", "4"),
        ("connection", ""),
        ("x-hop", ""),
        ("keep-alive", ""),
        ("te", ""),
        ("proxy-authorization", ""),
        ("upgrade", ""),
    ] {
        assert_eq!(call.header(name), value, "{name}");
    }
    assert_eq!(call.headers.get_all("accept").iter().count(), 2);
}

#[tokio::test]
async fn set_header_chooses_the_host() {
    let world = World::of(&[("inbound", &set_header("Host", "chosen.test"))]);
    world.get("/", &[]).await;
    let call = world.client.only_call();
    assert_eq!(
        (call.header("host"), &*call.url),
        ("chosen.test", "http://backend.test/base/")
    );
}

#[tokio::test]
async fn the_client_gets_the_backends_response() {
    let client = FakeClient::new(|_| {
        Ok(http::Response::builder()
            .status(207)
            .header("X-A", "1")
            .header("Connection", "X-Hop")
            .header("X-Hop", "1")
            .header("Keep-Alive", "timeout=5")
            .body(Body::from("answer"))
            .unwrap())
    });
    let answer = World::with(&[], client).get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (207, "answer"));
    for (name, value) in [
        ("x-a", "1"),
        ("content-length", "6"),
        ("connection", ""),
        ("x-hop", ""),
        ("keep-alive", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn forward_request_hands_its_settings_on() {
    for (attributes, timeout, follow, version) in [
        ("", 300_000, false, HttpVersion::Http1),
        (r#"timeout="5""#, 5_000, false, HttpVersion::Http1),
        (
            r#"timeout="@(2 + 1)" follow-redirects="true""#,
            3_000,
            true,
            HttpVersion::Http1,
        ),
        (
            r#"timeout-ms="250" http-version="2""#,
            250,
            false,
            HttpVersion::Http2,
        ),
        (
            r#"http-version="2or1" buffer-response="false" continue-timeout="1""#,
            300_000,
            false,
            HttpVersion::Http2Or1,
        ),
    ] {
        let world = World::of(&[("backend", &format!("<forward-request {attributes} />"))]);
        world.get("/", &[]).await;
        let call = world.client.only_call();
        assert_eq!(
            call.timeout,
            Some(Duration::from_millis(timeout)),
            "{attributes}"
        );
        assert_eq!(
            (call.follow_redirects, call.http_version),
            (follow, version),
            "{attributes}"
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_without_forward_request() {
    let world = World::of(&[("backend", ""), ("outbound", &set_header("X-Out", "1"))]);
    let answer = world.get("/", &[]).await;
    assert_eq!(
        (answer.status, answer.body.as_str(), answer.header("x-out")),
        (200, "", "1")
    );
    assert!(world.client.calls().is_empty());
}

#[tokio::test]
async fn trouble_with_the_backend_is_500() {
    for (kind, reason, message) in [
        (
            SendErrorKind::Timeout,
            "Timeout",
            "Request to the backend service timed out",
        ),
        (
            SendErrorKind::Connect,
            "BackendConnectionFailure",
            "trouble",
        ),
        (
            SendErrorKind::Aborted,
            "BackendConnectionFailure",
            "trouble",
        ),
    ] {
        let client = FakeClient::new(move |_| {
            Err(SendError {
                kind,
                message: "trouble".to_owned(),
            })
        });
        let answer = World::with(&[], client).get("/", &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(
            answer.last_error(),
            [
                "forward-request",
                reason,
                message,
                "global",
                "backend",
                "forward-request[1]"
            ]
        );
    }
}

#[tokio::test]
async fn error_status_codes_fail_where_asked_for() {
    let sections = [
        (
            "backend",
            r#"<forward-request fail-on-error-status-code="true" />"#,
        ),
        ("outbound", &*set_header("X-Out", "1")),
        (
            "on-error",
            &*set_header("X-Err", "@(context.LastError.Message)"),
        ),
    ];
    let answer = World::with(&sections, FakeClient::statuses(&[404]))
        .get("/", &[])
        .await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, "404"),
        "the backend's response stays"
    );
    assert_eq!(
        (answer.header("x-out"), answer.header("x-err")),
        ("", "Backend returned status 404")
    );
    let answer = World::with(&sections, FakeClient::statuses(&[302]))
        .get("/", &[])
        .await;
    assert_eq!(
        (
            answer.status,
            answer.header("x-out"),
            answer.header("x-err")
        ),
        (302, "1", "")
    );
}

#[tokio::test]
async fn an_unknown_client_adds_nothing_to_forwarded_for() {
    let world = World::of(&[]);
    let nobody = tollgate::Peer {
        ip: None::<IpAddr>,
        ..Default::default()
    };
    world
        .send_from(nobody, request(Method::GET, "/", &[], ""))
        .await;
    assert_eq!(world.client.only_call().header("x-forwarded-for"), "");
}
