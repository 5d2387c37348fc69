//! choose, return-response, mock-response, retry, include-fragment.

use std::sync::Mutex;
use std::time::Duration;

use http::Method;
use tollgate::ports::{SendError, SendErrorKind};
use tollgate::{Body, Catalog, Source};
use tollgate_tests::FakeClient;

use crate::world::{Answer, INTERNAL, World, api, request, set_header};

fn choose(branches: &str) -> World {
    World::of(&[("inbound", &format!("<choose>{branches}</choose>"))])
}

async fn chosen(branches: &str) -> String {
    let world = choose(branches);
    world.get("/", &[]).await;
    world.client.only_call().header("x-chosen").to_owned()
}

fn when(condition: &str, mark: &str) -> String {
    format!(
        r#"<when condition="{condition}">{}</when>"#,
        set_header("X-Chosen", mark)
    )
}

fn otherwise(mark: &str) -> String {
    format!("<otherwise>{}</otherwise>", set_header("X-Chosen", mark))
}

#[tokio::test]
async fn the_first_true_branch_runs() {
    let get = r#"@(context.Request.Method == "GET")"#;
    let post = r#"@(context.Request.Method == "POST")"#;
    let both = format!("{}{}{}", when(post, "1"), when(get, "2"), when(get, "3"));
    assert_eq!(chosen(&both).await, "2");
    assert_eq!(
        chosen(&(when(post, "1") + &otherwise("else"))).await,
        "else"
    );
    assert_eq!(chosen(&(when(get, "1") + &otherwise("else"))).await, "1");
    assert_eq!(chosen(&when(post, "1")).await, "", "nothing runs");
    assert_eq!(chosen(&(when("false", "1") + "<otherwise />")).await, "");
    assert_eq!(
        chosen(&when("True", "1")).await,
        "1",
        "a literal, without case"
    );
    let text = when(r#"@(context.Request.Method.Replace("GET", "true"))"#, "1");
    assert_eq!(chosen(&text).await, "1", "text that says true");
}

#[tokio::test]
async fn conditions_are_evaluated_only_as_far_as_needed() {
    let fails = when(r#"@(int.Parse(context.Request.Method) == 1)"#, "no");
    assert_eq!(chosen(&(when("true", "1") + &fails)).await, "1");
    let answer = choose(&(when("false", "1") + &fails)).get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    let [source, reason, message, scope, section, path] = answer.last_error();
    assert_eq!(
        [&*source, &*reason],
        ["choose", "ExpressionValueEvaluationFailure"]
    );
    assert!(
        message.starts_with("Expression evaluation failed. "),
        "{message}"
    );
    assert_eq!(
        [&*scope, &*section, &*path],
        ["api", "inbound", "choose[1]/when[2]"]
    );
}

#[tokio::test]
async fn a_condition_that_is_no_bool_fails() {
    for condition in [
        r#"@(context.Variables.GetValueOrDefault<object>("none"))"#,
        r#"@(context.Request.Method)"#,
        r#"@((object)1)"#,
    ] {
        let answer = choose(&when(condition, "1")).get("/", &[]).await;
        assert_eq!(answer.status, 500, "{condition}");
        assert_eq!(answer.last_error()[1], "ExpressionValueValidationFailure");
    }
}

#[tokio::test]
async fn branches_nest_and_wait() {
    // forward-request waits in the middle of two branches; what follows it runs afterwards.
    let inner = r#"<choose><when condition="true"><forward-request /><set-variable name="after" value="@(context.Response.StatusCode)" /></when></choose>"#;
    let backend = format!(
        r#"<choose><when condition="false" /><otherwise>{inner}<set-variable name="last" value="yes" /></otherwise></choose>"#
    );
    let world = World::with(&[("backend", &backend)], FakeClient::statuses(&[201]));
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.variable("after"), "Int32(201)");
    assert_ne!(answer.variable("last"), "");
}

#[tokio::test]
async fn return_response_ends_everything() {
    let returns = r#"<return-response><set-status code="202" reason="Fine" />
        <set-header name="X-A"><value>1</value></set-header>
        <set-header name="Set-Cookie"><value>a=1</value><value>b=2</value></set-header>
        <set-body>@("from " + context.Request.Method)</set-body></return-response>"#;
    let world = World::of(&[
        (
            "inbound",
            &format!("{returns}{}", set_header("X-Never", "1")),
        ),
        ("outbound", &set_header("X-Never", "1")),
        ("on-error", &set_header("X-Never", "1")),
    ]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, &*answer.reason), (202, "Fine"));
    assert_eq!(answer.body, "from GET");
    assert_eq!(answer.header("content-length"), "8");
    assert_eq!(answer.header("x-a"), "1");
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(answer.header("x-never"), "");
    assert!(world.client.calls().is_empty());
}

#[tokio::test]
async fn return_response_begins_with_nothing() {
    let answer = World::of(&[("inbound", "<return-response />")])
        .get("/", &[])
        .await;
    assert_eq!(
        (answer.status, &*answer.reason, &*answer.body),
        (200, "OK", "")
    );
    let world = World::of(&[(
        "outbound",
        &format!("{}<return-response />", set_header("X-Before", "1")),
    )]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.body.as_str(), answer.header("x-before")), ("", ""));
}

#[tokio::test]
async fn return_response_takes_no_response_from_a_variable_that_holds_none() {
    let world = World::of(&[(
        "inbound",
        r#"<set-variable name="text" value="a" /><return-response response-variable-name="text" />"#,
    )]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (500, INTERNAL));
    assert_eq!(answer.last_error()[0], "return-response");
}

#[tokio::test]
async fn mock_response_answers_for_the_backend() {
    let world = World::of(&[(
        "inbound",
        r#"<mock-response status-code="204" content-type="application/json" />"#,
    )]);
    let answer = world.get("/", &[]).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (204, "application/json")
    );
    assert!(world.client.calls().is_empty());
    let answer = World::of(&[("outbound", "<mock-response />")])
        .get("/", &[])
        .await;
    assert_eq!(
        (
            answer.status,
            &*answer.body,
            answer.header("content-length")
        ),
        (200, "", "0")
    );
}

/// Runs a `retry` with these attributes around a backend that answers 503 for ever; gives the waits in milliseconds.
async fn waits(attributes: &str) -> Vec<u128> {
    let backend = format!(
        r#"<retry condition="@(context.Response.StatusCode >= 500)" {attributes}><forward-request /></retry>"#
    );
    let world = World::with(&[("backend", &backend)], FakeClient::statuses(&[503]));
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 503);
    let waits = world.clock.waits();
    assert!(world.client.calls().len() > waits.len());
    waits.iter().map(Duration::as_millis).collect()
}

#[tokio::test]
async fn retry_waits_as_the_reference_says() {
    assert_eq!(waits(r#"count="3" interval="2""#).await, [2000, 2000, 2000]);
    assert_eq!(
        waits(r#"count="4" interval="1" delta="2""#).await,
        [1000, 3000, 5000, 7000]
    );
    // The random factor is 1 here. The documentation's own example: about 10, 20, 40, 80, then 100.
    let exponential = r#"count="6" interval="10" delta="10" max-interval="100""#;
    assert_eq!(
        waits(exponential).await,
        [10_000, 20_000, 40_000, 80_000, 100_000, 100_000]
    );
    assert_eq!(
        waits(r#"count="3" interval="5" max-interval="3""#).await,
        [3000, 3000, 3000],
        "without delta the interval is fixed"
    );
    assert_eq!(
        waits(r#"count="3" interval="1" delta="2" first-fast-retry="true""#).await,
        [3000, 5000],
        "the first retry does not wait, and counts"
    );
    assert_eq!(waits(r#"count="2" interval="0""#).await, [0; 0]);
    assert_eq!(
        waits(r#"count="@(1 + 1)" interval="@(0.5)""#).await,
        [500, 500]
    );
}

#[tokio::test]
async fn retry_stops_when_the_condition_is_false() {
    let backend = r#"<retry condition="@(context.Response.StatusCode == 500)" count="5" interval="1"><forward-request /></retry>"#;
    let world = World::with(
        &[("backend", backend)],
        FakeClient::statuses(&[500, 500, 200]),
    );
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "200"));
    assert_eq!(world.client.calls().len(), 3);
    assert!(answer.exchange.context.last_error.is_none());
}

/// A client whose first calls find nobody.
fn refusing(times: usize) -> FakeClient {
    let left = Mutex::new(times);
    FakeClient::new(move |_| {
        let mut left = left.lock().unwrap();
        if *left == 0 {
            return Ok(http::Response::new(Body::from("here")));
        }
        *left -= 1;
        Err(SendError {
            kind: SendErrorKind::Connect,
            message: "connection refused".to_owned(),
        })
    })
}

async fn retry_refused(times: usize, count: usize) -> (World, Answer) {
    let backend = format!(
        r#"<retry condition="@(context.Response.StatusCode == 500)" count="{count}" interval="1"><forward-request /></retry>"#
    );
    let sections = [
        ("backend", backend.as_str()),
        ("on-error", &set_header("X-Error", "1")),
    ];
    let world = World::with(&sections, refusing(times));
    let answer = world.get("/", &[]).await;
    (world, answer)
}

#[tokio::test]
async fn retry_runs_again_after_a_failure() {
    let (world, answer) = retry_refused(2, 3).await;
    assert_eq!(
        (
            answer.status,
            answer.body.as_str(),
            answer.header("x-error")
        ),
        (200, "here", "")
    );
    assert_eq!(world.client.calls().len(), 3);
    assert!(answer.exchange.context.last_error.is_none());

    let (world, answer) = retry_refused(9, 2).await;
    assert_eq!(
        (
            answer.status,
            answer.body.as_str(),
            answer.header("x-error")
        ),
        (500, INTERNAL, "1")
    );
    assert_eq!(world.client.calls().len(), 3);
    assert_eq!(
        answer.last_error(),
        [
            "forward-request",
            "BackendConnectionFailure",
            "connection refused",
            "api",
            "backend",
            "retry[1]/forward-request[1]"
        ]
    );
}

#[tokio::test]
async fn retry_ends_with_a_returned_response() {
    let backend = r#"<retry condition="true" count="5" interval="1"><return-response><set-body>over</set-body></return-response></retry>"#;
    let world = World::of(&[("backend", backend)]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "over"));
    assert!(world.clock.waits().is_empty());
}

#[tokio::test]
async fn a_body_is_sent_again_only_if_it_was_kept() {
    for (attributes, bodies, status) in [
        ("", vec!["payload"], 500),
        (
            r#"buffer-request-body="true""#,
            vec!["payload", "payload"],
            200,
        ),
    ] {
        let backend = format!(
            r#"<retry condition="@(context.Response.StatusCode == 503)" count="1" interval="1"><forward-request {attributes} /></retry>"#
        );
        let world = World::with(&[("backend", &backend)], FakeClient::statuses(&[503, 200]));
        let streaming =
            http_body_util::StreamBody::new(futures_util::stream::iter([Ok::<_, std::io::Error>(
                hyper::body::Frame::data(bytes::Bytes::from_static(b"payload")),
            )]));
        let request = request(Method::POST, "/", &[], "").map(|_| Body::new(streaming));
        let answer = world.send(request).await;
        assert_eq!(answer.status, status, "{attributes}");
        let sent: Vec<_> = world
            .client
            .calls()
            .into_iter()
            .map(|call| call.body)
            .collect();
        assert_eq!(sent, bodies, "{attributes}");
    }
}

#[tokio::test]
async fn fragments_stand_where_they_are_included() {
    let fragment = Source::new(
        "f.xml",
        r#"<fragment><set-variable name="from" value="@("fragment " + context.Request.Method)" /><set-header name="@(null)"><value>1</value></set-header></fragment>"#,
    );
    let world = World::serving(
        Catalog::new().fragment("f", fragment).api(api(&[(
            "inbound",
            r#"<include-fragment fragment-id="f" />"#,
        )])),
        FakeClient::statuses(&[200]),
    );
    let answer = world.get("/", &[]).await;
    assert!(answer.variable("from").contains("fragment GET"));
    let [source, reason, _, _, section, path] = answer.last_error();
    assert_eq!(
        [&*source, &*reason],
        ["set-header", "ExpressionValueValidationFailure"]
    );
    assert_eq!(
        [&*section, &*path],
        ["inbound", "include-fragment[1]/set-header[1]"]
    );
}
