//! send-request and send-one-way-request.

use std::time::Duration;

use http::Method;
use tollgate::Body;
use tollgate::ports::{SendError, SendErrorKind};
use tollgate_tests::{Call, FakeClient};

use crate::world::{Answer, INTERNAL, World, request, set_header};

/// What comes back in the header `X-Result` when the response is in the variable `r`.
const RESULT: &str = r#"<set-header name="X-Result"><value>@{
    var r = (IResponse)context.Variables["r"];
    return r == null ? "null" : r.StatusCode + " " + r.StatusReason + " " + r.Headers.GetValueOrDefault("X-From", "-") + " " + r.Body.As<string>();
}</value></set-header>"#;

/// Backends that answer by host: `a.test` greets, `down.test` refuses, `slow.test` times out, all else is 200.
fn backends() -> FakeClient {
    FakeClient::new(|call| {
        let failed = |kind, message: &str| {
            Err(SendError {
                kind,
                message: message.to_owned(),
            })
        };
        let answer = http::Response::builder();
        match call.header("host") {
            "a.test" => Ok(answer
                .status(404)
                .header("X-From", "a")
                .header("Connection", "X-Hop")
                .header("X-Hop", "1")
                .body(Body::from("gone"))
                .unwrap()),
            "down.test" => failed(SendErrorKind::Connect, "connection refused"),
            "slow.test" => failed(SendErrorKind::Timeout, "too late"),
            "large.test" => Ok(http::Response::new(Body::from("x".repeat((16 << 20) + 1)))),
            _ => Ok(http::Response::new(Body::from("backend"))),
        }
    })
}

fn world(section: &str, policies: &str) -> World {
    World::with(&[(section, &format!("{policies}{RESULT}"))], backends())
}

fn send(attributes: &str, children: &str) -> String {
    format!(r#"<send-request response-variable-name="r" {attributes}>{children}</send-request>"#)
}

/// The request that did not go to the backend of the API.
fn own_call(world: &World) -> Call {
    let mut calls = world.client.calls();
    calls.retain(|call| !call.url.starts_with("http://backend.test"));
    assert_eq!(calls.len(), 1, "{calls:#?}");
    calls.remove(0)
}

async fn sent(children: &str) -> Call {
    let world = world("inbound", &send("", children));
    let answer = world.get("/", &[]).await;
    assert_eq!(
        answer.status, 200,
        "{:?}",
        answer.exchange.context.last_error
    );
    own_call(&world)
}

#[tokio::test]
async fn the_response_is_a_variable() {
    for section in ["inbound", "backend", "outbound"] {
        let policies = send("", "<set-url>https://a.test/x?y=1</set-url>");
        let world = world(section, &policies);
        let answer = world.get("/", &[]).await;
        let result = match section {
            "outbound" => answer.header("x-result").to_owned(),
            "inbound" => {
                let mut calls = world.client.calls().into_iter();
                let call = calls.find(|call| call.url.starts_with("http://backend.test"));
                call.unwrap().header("x-result").to_owned()
            }
            _ => "404 Not Found a gone".to_owned(),
        };
        assert_eq!(result, "404 Not Found a gone", "{section}");
        assert_eq!(answer.status, 200, "its status is not the request's");
        let call = own_call(&world);
        assert_eq!(
            (call.method.as_str(), &*call.url),
            ("GET", "https://a.test/x?y=1")
        );
        assert_eq!(call.timeout, Some(Duration::from_secs(60)));
        assert!(!call.follow_redirects);
        let names: Vec<_> = call.headers.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["host"], "it begins with nothing");
    }
}

#[tokio::test]
async fn in_on_error_too() {
    let sections = [
        (
            "inbound",
            r#"<set-header name="@(null)"><value>1</value></set-header>"#,
        ),
        (
            "on-error",
            &format!("{}{RESULT}", send("", "<set-url>https://a.test</set-url>")),
        ),
    ];
    let answer = World::with(&sections, backends()).get("/", &[]).await;
    assert_eq!(
        (answer.status, answer.header("x-result")),
        (500, "404 Not Found a gone")
    );
}

#[tokio::test]
async fn children_make_the_request() {
    let call = sent(
        r#"<set-url>@("http://a.test:8080/" + context.Request.Method)</set-url>
        <set-method>post</set-method>
        <set-header name="X-A"><value>1</value><value>@(context.Request.Url.Host)</value></set-header>
        <set-header name="x-a" exists-action="append"><value>3</value></set-header>
        <set-header name="Content-Length"><value>7</value></set-header>
        <set-body>@("from " + context.Request.IpAddress)</set-body>"#,
    )
    .await;
    assert_eq!(
        (call.method.as_str(), &*call.url),
        ("POST", "http://a.test:8080/GET")
    );
    let values: Vec<_> = call.headers.get_all("x-a").iter().collect();
    assert_eq!(values, ["1,backend.test", "3"]);
    assert_eq!(call.header("host"), "a.test:8080");
    assert_eq!(
        (&*call.body, call.header("content-length")),
        (&b"from 203.0.113.7"[..], "16")
    );

    let call = sent(
        r#"<set-url>http://a.test</set-url><set-method>PUT</set-method><set-header name="Host"><value>b.test</value></set-header>"#,
    )
    .await;
    assert_eq!(
        (call.header("host"), call.header("content-length")),
        ("b.test", "0")
    );
}

#[tokio::test]
async fn a_url_is_escaped_as_net_has_it() {
    let children =
        r#"<set-url>@("https://a.test/users/../u?$filter=name eq 'é'&b=a%20b#x")</set-url>"#;
    let call = sent(children).await;
    assert_eq!(
        call.url,
        "https://a.test/u?$filter=name%20eq%20'%C3%A9'&b=a%20b"
    );
    assert_eq!(
        sent("<set-url> https://a.test/a b </set-url>").await.url,
        "https://a.test/a%20b"
    );
}

#[tokio::test]
async fn a_copy_begins_as_the_request() {
    let policies = format!(
        "{}{}",
        set_header("X-Set", "1"),
        send(r#"mode="copy""#, "<set-url>https://a.test/copy</set-url>")
    );
    let world = world("inbound", &policies);
    let headers = [
        ("Authorization", "Bearer x"),
        ("Connection", "X-Hop"),
        ("X-Hop", "1"),
        ("Host", "gateway.test"),
    ];
    let answer = world
        .send(request(Method::POST, "/orders?a=1", &headers, "payload"))
        .await;
    assert_eq!(answer.status, 200);
    let call = own_call(&world);
    assert_eq!(
        (call.method.as_str(), &*call.url),
        ("POST", "https://a.test/copy")
    );
    assert_eq!(
        (&*call.body, call.header("content-length")),
        (&b"payload"[..], "7")
    );
    assert_eq!(
        (call.header("x-set"), call.header("authorization")),
        ("1", "Bearer x")
    );
    assert_eq!((call.header("x-hop"), call.header("host")), ("", "a.test"));
    // The body is there for the backend too.
    let calls = world.client.calls();
    assert_eq!(&*calls.last().unwrap().body, b"payload");

    let world = World::with(&[("inbound", &send(r#"mode="copy""#, ""))], backends());
    world
        .send(request(Method::POST, "/orders?a=1", &[], "payload"))
        .await;
    let copy = world.client.calls().remove(0);
    assert_eq!(copy.url, "http://backend.test/base/orders?a=1");
    assert_eq!(
        (copy.method.as_str(), &*copy.body),
        ("POST", &b"payload"[..])
    );
}

#[tokio::test]
async fn a_copy_in_outbound_has_no_body() {
    let policies = send(r#"mode="@("copy")""#, "<set-url>https://a.test</set-url>");
    let world = world("outbound", &policies);
    world.send(request(Method::POST, "/", &[], "payload")).await;
    let call = own_call(&world);
    assert_eq!((call.method.as_str(), &*call.body), ("POST", &b""[..]));
}

/// The answer with a request to that host, with and without `ignore-error`.
async fn failing(host: &str, attributes: &str) -> Answer {
    let policies = send(attributes, &format!("<set-url>https://{host}</set-url>"));
    let sections = [
        ("outbound", &*format!("{policies}{RESULT}")),
        ("on-error", &*set_header("X-Error", "1")),
    ];
    World::with(&sections, backends()).get("/", &[]).await
}

#[tokio::test]
async fn failures_are_told_or_ignored() {
    for (host, reason, message) in [
        (
            "down.test",
            "BackendConnectionFailure",
            "connection refused",
        ),
        (
            "slow.test",
            "Timeout",
            "Request to the backend service timed out",
        ),
        (
            "large.test",
            "ResponseBodyTooLarge",
            "the body is longer than 16777216 bytes",
        ),
    ] {
        for attributes in ["", r#"ignore-error="false""#] {
            let answer = failing(host, attributes).await;
            assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
            assert_eq!(answer.header("x-error"), "1");
            assert_eq!(
                answer.last_error(),
                [
                    "send-request",
                    reason,
                    message,
                    "api",
                    "outbound",
                    "send-request[1]"
                ]
            );
        }
        for attributes in [r#"ignore-error="true""#, r#"ignore-error="@(1 == 1)""#] {
            let answer = failing(host, attributes).await;
            assert_eq!((answer.status, answer.header("x-result")), (200, "null"));
            assert_eq!(answer.variable("r"), "Null");
        }
    }
}

#[tokio::test]
async fn the_timeout_is_for_the_whole_response() {
    let call = |timeout: &str| {
        send(
            &format!(r#"timeout="{timeout}""#),
            "<set-url>https://a.test</set-url>",
        )
    };
    for timeout in ["7", "@(3 + 4)"] {
        let world = world("inbound", &call(timeout));
        world.get("/", &[]).await;
        assert_eq!(own_call(&world).timeout, Some(Duration::from_secs(7)));
    }
    // Headers come at once, the body never does.
    let client = FakeClient::new(|_| {
        let frames =
            futures_util::stream::pending::<Result<hyper::body::Frame<_>, std::io::Error>>();
        Ok(http::Response::new(Body::new(
            http_body_util::StreamBody::new(frames),
        )))
    });
    let world = World::with(&[("inbound", &call("7"))], client);
    let clock = world.clock.clone();
    let late = async move {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(8));
    };
    let (answer, ()) = tokio::join!(world.get("/", &[]), late);
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(answer.last_error()[..2], ["send-request", "Timeout"]);
}

#[tokio::test]
async fn wrong_values_at_run_time_fail() {
    let nothing = r#"context.Variables.GetValueOrDefault<string>("none")"#;
    for (attributes, url) in [
        ("", format!("@({nothing})")),
        ("", r#"@("not a url")"#.to_owned()),
        ("", r#"@("ftp://a.test/")"#.to_owned()),
        ("", r#"@("https://user:secret@a.test/")"#.to_owned()),
        (r#"mode="@("move")""#, "https://a.test".to_owned()),
        (r#"timeout="@(0)""#, "https://a.test".to_owned()),
        (r#"timeout="@(-1)""#, "https://a.test".to_owned()),
        (r#"mode="@("new")" ignore-error="true""#, String::new()),
    ] {
        let url = match url.as_str() {
            "" => String::new(),
            url => format!("<set-url>{url}</set-url>"),
        };
        let answer = world("inbound", &send(attributes, &url))
            .get("/", &[])
            .await;
        assert_eq!(
            (answer.status, &*answer.body),
            (500, INTERNAL),
            "{attributes} {url}"
        );
        let [source, reason, ..] = answer.last_error();
        assert_eq!(
            [&*source, &*reason],
            ["send-request", "ExpressionValueValidationFailure"]
        );
    }
    let throws = send(
        "ignore-error='true'",
        r#"<set-url>@(((string)null).Length.ToString())</set-url>"#,
    );
    let answer = world("inbound", &throws).get("/", &[]).await;
    assert_eq!(answer.last_error()[1], "ExpressionValueEvaluationFailure");
}

#[tokio::test]
async fn responses_take_of_what_the_request_may_use() {
    // Sixteen times 8 MiB is more than one request may have.
    let client = FakeClient::new(|_| Ok(http::Response::new(Body::from("x".repeat(8 << 20)))));
    let policies = send("", "<set-url>https://a.test</set-url>").repeat(16);
    let answer = World::with(&[("inbound", &policies)], client)
        .get("/", &[])
        .await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(answer.last_error()[1], "ResponseBodyTooLarge");
}

#[tokio::test]
async fn a_response_that_nobody_asked_for_is_dropped() {
    let world = World::with(
        &[(
            "inbound",
            "<send-request><set-url>https://a.test</set-url></send-request>",
        )],
        backends(),
    );
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.exchange.context.variables.iter().len(), 0);
}

/// Lets background work run until so many requests were sent.
async fn wait_for(client: &FakeClient, calls: usize) {
    for _ in 0..1000 {
        if client.calls().len() >= calls {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("only {} calls were made", client.calls().len());
}

#[tokio::test]
async fn a_one_way_request_is_not_waited_for() {
    let one_way = r#"<send-one-way-request mode="copy" timeout="9"><set-url>https://a.test/hook</set-url><set-header name="X-A"><value>1</value></set-header></send-one-way-request>"#;
    let world = World::with(&[("inbound", one_way)], backends());
    let answer = world.send(request(Method::POST, "/", &[], "payload")).await;
    assert_eq!(answer.status, 200);
    wait_for(&world.client, 2).await;
    let call = own_call(&world);
    assert_eq!(
        (call.method.as_str(), &*call.url),
        ("POST", "https://a.test/hook")
    );
    assert_eq!((&*call.body, call.header("x-a")), (&b"payload"[..], "1"));
    assert_eq!(call.timeout, Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn what_becomes_of_a_one_way_request_nobody_learns() {
    for host in ["down.test", "slow.test", "large.test"] {
        let one_way = format!(
            "<send-one-way-request><set-url>https://{host}/secret</set-url></send-one-way-request>"
        );
        let world = World::with(&[("outbound", &one_way)], backends());
        let answer = world.get("/", &[]).await;
        assert_eq!((answer.status, &*answer.body), (200, "backend"));
        assert!(answer.exchange.context.last_error.is_none());
        wait_for(&world.client, 2).await;
    }
}

#[tokio::test]
async fn a_one_way_request_beyond_what_may_run_is_not_sent() {
    let client = backends();
    let gateway = tollgate::Gateway::builder()
        .policy(crate::world::source(
            "p.xml",
            &[("inbound", "<send-one-way-request><set-url>https://a.test</set-url></send-one-way-request><return-response />")],
        ))
        .http_client(client.clone())
        .background(tollgate::TokioBackground::new(0))
        .build()
        .unwrap();
    let request = request(Method::GET, "/", &[], "");
    let answer = gateway.handle(request, tollgate::Peer::default()).await;
    assert_eq!(answer.status(), 200);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(client.calls().is_empty());
}
