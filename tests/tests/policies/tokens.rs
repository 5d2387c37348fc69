//! llm-token-limit, llm-emit-token-metric and their older names.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use tollgate::ports::{Event, RoughTokenizer, SendError, SendErrorKind};
use tollgate::{Body, Catalog, Peer};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, api, request, set_header};

/// One token of the text, three of its frame, and three of the answer's.
const HELLO: &str = r#"{"messages":[{"role":"user","content":"Hi!"}]}"#;
const HELLO_TOKENS: u64 = 7;
const STREAM: &str = r#"{"messages":[{"role":"user","content":"Hi!"}],"stream":true}"#;

fn world(inbound: &str, client: FakeClient) -> World {
    let catalog = Catalog::new().api(api(&[("inbound", inbound)]));
    World::built(catalog, client, |builder| builder.tokenizer(RoughTokenizer))
}

fn limit(attributes: &str) -> String {
    format!(r#"<llm-token-limit counter-key="k" {attributes} />"#)
}

async fn ask(world: &World, body: &'static str) -> Answer {
    let headers = [("accept-encoding", "gzip")];
    let request = request(Method::POST, "/chat/completions", &headers, body);
    world.send(request).await
}

/// A backend that answers and says that it has used so many tokens.
fn using(prompt: u64, completion: u64) -> FakeClient {
    let body = format!(
        r#"{{"choices":[{{"message":{{"content":"Hello"}}}}],"usage":{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{}}}}}"#,
        prompt + completion
    );
    answering(200, "application/json", body)
}

fn answering(status: u16, kind: &'static str, body: impl Into<String>) -> FakeClient {
    let body = body.into();
    FakeClient::new(move |_| {
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
            .headers_mut()
            .insert("content-type", kind.parse().unwrap());
        Ok(response)
    })
}

/// A backend that streams chunks.
fn streaming(chunks: &'static [&'static str]) -> FakeClient {
    FakeClient::new(move |_| {
        let frames = chunks.iter().map(|chunk| {
            let chunk = Bytes::from_static(chunk.as_bytes());
            Ok::<_, tollgate::engine::exchange::BoxError>(http_body_frame(chunk))
        });
        let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
        let kind = "text/event-stream; charset=utf-8".parse().unwrap();
        response.headers_mut().insert("content-type", kind);
        Ok(response)
    })
}

fn http_body_frame(chunk: Bytes) -> hyper::body::Frame<Bytes> {
    hyper::body::Frame::data(chunk)
}

#[tokio::test]
async fn what_was_really_used_counts() {
    let policy = limit(
        r#"tokens-per-minute="100" estimate-prompt-tokens="true" remaining-tokens-header-name="x-left"
        remaining-tokens-variable-name="left" tokens-consumed-header-name="x-used" tokens-consumed-variable-name="used""#,
    );
    let world = world(&policy, using(20, 40));
    let answer = ask(&world, HELLO).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (answer.header("x-left"), answer.header("x-used")),
        ("40", "60")
    );
    assert_eq!(
        answer.variable("left"),
        format!("Int32({})", 100 - HELLO_TOKENS)
    );
    assert_eq!(answer.variable("used"), "Int32(60)");
    assert_eq!(
        world.client.calls()[0].header("accept-encoding"),
        "identity"
    );
    // The second goes beyond the limit: it was to be let through, and others wait for it.
    world.clock.advance(Duration::from_secs(20));
    let answer = ask(&world, HELLO).await;
    assert_eq!((answer.status, answer.header("x-left")), (200, "0"));
    world.clock.advance(Duration::from_millis(500));
    let answer = ask(&world, HELLO).await;
    assert_eq!((answer.status, &*answer.reason), (429, "Too Many Requests"));
    assert_eq!(
        answer.body,
        r#"{ "statusCode": 429, "message": "Token limit is exceeded. Try again in 40 seconds." }"#
    );
    assert_eq!(answer.header("retry-after"), "40");
    assert_eq!(
        (answer.header("x-left"), answer.header("x-used")),
        ("0", "")
    );
    assert_eq!(
        answer.last_error(),
        [
            "llm-token-limit",
            "TokenLimitExceeded",
            "Token limit is exceeded. Try again in 40 seconds.",
            "api",
            "inbound",
            "llm-token-limit[1]"
        ]
    );
    assert_eq!(world.client.calls().len(), 2);
    world.clock.advance(Duration::from_secs(40));
    assert_eq!(ask(&world, HELLO).await.status, 200);
}

#[tokio::test]
async fn an_estimate_that_does_not_fit_is_refused_before_it_is_sent() {
    let policy = limit(
        r#"tokens-per-minute="10" estimate-prompt-tokens="true" retry-after-header-name="x-wait"
        retry-after-variable-name="wait""#,
    );
    let small = world(&policy, using(7, 0));
    assert_eq!(ask(&small, HELLO).await.status, 200);
    let answer = ask(&small, HELLO).await;
    assert_eq!((answer.status, answer.header("x-wait")), (429, "60"));
    assert_eq!(answer.header("retry-after"), "");
    assert_eq!(answer.variable("wait"), "Int32(60)");
    // What can never fit is told so.
    let answer = ask(&small, r#"{"prompt":"0123456789012345678901234567890"}"#).await;
    assert_eq!(
        (answer.status, &*answer.body, answer.header("x-wait")),
        (
            429,
            r#"{ "statusCode": 429, "message": "Token limit is exceeded." }"#,
            ""
        )
    );
    assert_eq!(small.client.calls().len(), 1);

    // Without an estimate a request passes as long as anything is left.
    let policy = limit(r#"tokens-per-minute="10" estimate-prompt-tokens="@(false)""#);
    let loose = world(&policy, using(9, 0));
    let long = r#"{"prompt":"0123456789012345678901234567890123456789"}"#;
    assert_eq!(ask(&loose, long).await.status, 200);
    assert_eq!(ask(&loose, long).await.status, 200);
    assert_eq!(ask(&loose, long).await.status, 429);
}

#[tokio::test]
async fn a_quota_begins_anew_with_its_window() {
    let policy = limit(
        r#"token-quota="50" token-quota-period="Hourly" remaining-quota-tokens-header-name="x-left"
        remaining-quota-tokens-variable-name="left""#,
    );
    let world = world(&policy, using(20, 30));
    let answer = ask(&world, HELLO).await;
    assert_eq!((answer.status, answer.header("x-left")), (200, "0"));
    assert_eq!(answer.variable("left"), "Int32(50)");
    world.clock.advance(Duration::from_secs(3600 - 1293));
    let answer = ask(&world, HELLO).await;
    assert_eq!((answer.status, &*answer.reason), (403, "Forbidden"));
    assert_eq!(
        answer.body,
        r#"{ "statusCode": 403, "message": "Token quota is exceeded. Try again in 21 minutes and 33 seconds." }"#
    );
    assert_eq!(answer.header("retry-after"), "1293");
    assert_eq!(answer.last_error()[1], "TokenQuotaExceeded");
    world.clock.advance(Duration::from_secs(1293));
    assert_eq!(ask(&world, HELLO).await.status, 200);
}

#[tokio::test]
async fn refused_by_one_counter_nothing_is_counted_on_the_other() {
    let policy = limit(
        r#"tokens-per-minute="100" token-quota="60" token-quota-period="Daily" estimate-prompt-tokens="true"
        remaining-tokens-header-name="x-left" remaining-quota-tokens-header-name="x-quota""#,
    );
    let world = world(&policy, using(20, 35));
    let answer = ask(&world, HELLO).await;
    assert_eq!(
        (answer.header("x-left"), answer.header("x-quota")),
        ("45", "5")
    );
    let answer = ask(&world, HELLO).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        (answer.header("x-left"), answer.header("x-quota")),
        ("45", "5")
    );
}

#[tokio::test]
async fn a_stream_is_counted_as_it_passes() {
    const CHUNKS: &[&str] = &[
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hello there\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\", you\"}}],\"us",
        "age\":null}\n\ndata: [DONE]\n\n",
    ];
    let policy = limit(
        r#"tokens-per-minute="100" remaining-tokens-header-name="x-left" tokens-consumed-header-name="x-used""#,
    );
    let metric = r#"<llm-emit-token-metric><dimension name="API ID" /></llm-emit-token-metric>"#;
    let world = world(&format!("{policy}{metric}"), streaming(CHUNKS));
    let answer = ask(&world, STREAM).await;
    assert_eq!(answer.body, CHUNKS.concat());
    assert_eq!(
        (answer.header("x-left"), answer.header("x-used")),
        ("93", "")
    );
    // 16 letters, four tokens.
    let used = HELLO_TOKENS + 4;
    assert_eq!(metrics(&world), [used, HELLO_TOKENS, 4]);
    let answer = ask(&world, STREAM).await;
    let left = 100 - used - HELLO_TOKENS;
    assert_eq!(answer.header("x-left"), left.to_string());
}

#[tokio::test]
async fn a_stream_that_reports_its_usage_is_believed() {
    const OPENAI: &[&str] = &[
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":20,\"total_tokens\":50}}\n\ndata: [DONE]\n\n",
    ];
    const RESPONSES: &[&str] = &[
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hello\"}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":30,\"output_tokens\":20}}}\n\n",
    ];
    const ANTHROPIC: &[&str] = &[
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":30,\"output_tokens\":1}}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":20}}\n\n",
    ];
    const VERTEX: &[&str] = &[
        "data: {\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":30,\"candidatesTokenCount\":5}}\r\n\r\n",
        "data: {\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":30,\"candidatesTokenCount\":20}}",
    ];
    for chunks in [OPENAI, RESPONSES, ANTHROPIC, VERTEX] {
        let world = world(
            r#"<azure-openai-emit-token-metric namespace="n" value="7"><dimension name="a" value="b" /></azure-openai-emit-token-metric>"#,
            streaming(chunks),
        );
        assert_eq!(ask(&world, STREAM).await.status, 200);
        assert_eq!(metrics(&world), [50, 30, 20], "{chunks:?}");
    }
}

/// The values of the metrics that were emitted, in their order.
fn metrics(world: &World) -> Vec<u64> {
    let names = ["Total Tokens", "Prompt Tokens", "Completion Tokens"];
    let events = world.events.all();
    let metrics = events.iter().zip(names.iter().cycle());
    let value = |(event, expected): (&Event, &&str)| match event {
        Event::Metric { name, value, .. } if name.as_utf8() == Some(expected) => *value as u64,
        other => panic!("{other:?}"),
    };
    metrics.map(value).collect()
}

#[tokio::test]
async fn metrics_have_namespace_and_dimensions() {
    let policy = r#"<llm-emit-token-metric namespace="llm"><dimension name="API ID" /><dimension name="team" value="@(context.Request.Method)" /></llm-emit-token-metric>"#;
    let metered = world(policy, using(3, 4));
    assert_eq!(ask(&metered, HELLO).await.status, 200);
    assert_eq!(metrics(&metered), [7, 3, 4]);
    for event in metered.events.all() {
        let Event::Metric {
            namespace,
            dimensions,
            ..
        } = event
        else {
            panic!("{event:?}");
        };
        assert_eq!(namespace.as_utf8(), Some("llm"));
        let expected = [("API ID", "api"), ("team", "POST")];
        let expected = expected.map(|(name, value)| (name.into(), value.into()));
        assert_eq!(dimensions, expected);
    }
    // The backend is known when it has been called.
    let policy = r#"<set-backend-service backend-id="model" /><llm-emit-token-metric><dimension name="Backend ID" /></llm-emit-token-metric>"#;
    let catalog = Catalog::new()
        .api(api(&[("inbound", policy)]))
        .backend("model", "http://model.test");
    let named = World::serving(catalog, using(3, 4));
    assert_eq!(ask(&named, HELLO).await.status, 200);
    let Some(Event::Metric { dimensions, .. }) = named.events.all().into_iter().next() else {
        panic!("there is a metric");
    };
    assert_eq!(dimensions, [("Backend ID".into(), "model".into())]);
    // A backend that refuses has used nothing.
    let policy = r#"<llm-emit-token-metric><dimension name="API ID" /></llm-emit-token-metric>"#;
    let refusing = world(policy, answering(500, "application/json", "{}"));
    assert_eq!(ask(&refusing, HELLO).await.status, 500);
    assert_eq!(metrics(&refusing), [0_u64; 0]);
}

#[tokio::test]
async fn what_a_backend_refuses_is_given_back() {
    let policy = limit(
        r#"tokens-per-minute="100" estimate-prompt-tokens="true" remaining-tokens-header-name="x-left"
        tokens-consumed-header-name="x-used""#,
    );
    let no_usage = r#"{"choices":[{"message":{"content":"12345678"}}]}"#;
    let failing = |kind| {
        FakeClient::new(move |_| {
            let message = "gone".to_owned();
            Err(SendError { kind, message })
        })
    };
    for (client, status, left) in [
        (
            answering(429, "application/json", r#"{"error":{}}"#),
            429,
            100,
        ),
        (answering(503, "text/html", "busy"), 503, 100),
        (
            answering(400, "text/event-stream", "data: {}\n\n"),
            400,
            100,
        ),
        (failing(SendErrorKind::Connect), 500, 100),
        // It may have been read.
        (failing(SendErrorKind::Timeout), 500, 100 - HELLO_TOKENS),
        // What does not tell is counted.
        (
            answering(200, "application/json", no_usage),
            200,
            100 - HELLO_TOKENS - 2,
        ),
        (
            answering(200, "application/json", "no JSON"),
            200,
            100 - HELLO_TOKENS,
        ),
    ] {
        let world = world(&policy, client);
        let answer = ask(&world, HELLO).await;
        assert_eq!(
            (answer.status, answer.header("x-left")),
            (status, &*left.to_string())
        );
        assert_eq!(answer.header("x-used").is_empty(), status != 200);
        let again = ask(&world, HELLO).await;
        let expected = left.saturating_sub(100 - left);
        assert_eq!(again.header("x-left"), expected.to_string());
    }
}

#[tokio::test]
async fn who_hangs_up_has_had_what_was_seen() {
    const CHUNKS: &[&str] = &[
        "data: {\"choices\":[{\"delta\":{\"content\":\"12345678\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"never asked for\"}}]}\n\n",
    ];
    let policy = limit(r#"tokens-per-minute="100" remaining-tokens-header-name="x-left""#);
    let world = world(&policy, streaming(CHUNKS));
    let request = request(Method::POST, "/", &[], STREAM);
    let mut response = world.gateway.handle(request, Peer::default()).await;
    let first = response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), CHUNKS[0]);
    drop(response);
    let left = 100 - HELLO_TOKENS - 2 - HELLO_TOKENS;
    let answer = ask(&world, STREAM).await;
    assert_eq!(answer.header("x-left"), left.to_string());
}

#[tokio::test]
async fn retries_add_up_and_policies_share_a_request() {
    let busy_first = FakeClient::new({
        let calls = std::sync::atomic::AtomicUsize::new(0);
        move |_| {
            let first = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
            let usage = r#"{"usage":{"prompt_tokens":10,"completion_tokens":5}}"#;
            let mut response = Response::new(Body::from(usage));
            if first {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            Ok(response)
        }
    });
    // The same counter twice, and another.
    let other = r#"<azure-openai-token-limit counter-key="@("other")" tokens-per-minute="@(50)" remaining-tokens-header-name="x-other" />"#;
    let mine = limit(
        r#"tokens-per-minute="100" estimate-prompt-tokens="true" remaining-tokens-header-name="x-left""#,
    );
    let backend = r#"<retry condition="@(context.Response.StatusCode == 503)" count="1" interval="0"><forward-request buffer-request-body="true" /></retry>"#;
    let inbound = format!("{mine}{mine}{other}");
    let catalog = Catalog::new().api(api(&[("inbound", &inbound), ("backend", backend)]));
    let world = World::built(catalog, busy_first, |builder| {
        builder.tokenizer(RoughTokenizer)
    });
    let answer = ask(&world, HELLO).await;
    assert_eq!((answer.status, answer.header("x-other")), (200, "20"));
    let answer = ask(&world, HELLO).await;
    assert_eq!(answer.header("x-left"), (100 - 30 - 15).to_string());
}

#[tokio::test]
async fn what_outbound_makes_of_the_response_does_not_count() {
    let policy = limit(r#"tokens-per-minute="100" remaining-tokens-header-name="x-left""#);
    let outbound = "<set-body>nothing of it</set-body>";
    let catalog = Catalog::new().api(api(&[("inbound", &policy), ("outbound", outbound)]));
    let world = World::built(catalog, using(30, 20), |builder| builder);
    let answer = ask(&world, HELLO).await;
    assert_eq!(
        (&*answer.body, answer.header("x-left")),
        ("nothing of it", "50")
    );
}

#[tokio::test]
async fn limits_that_say_too_little_are_refused() {
    let policy = set_header("a", "b");
    for (attributes, message) in [
        (
            "",
            "`llm-token-limit` needs `tokens-per-minute`, or `token-quota`",
        ),
        (
            r#"token-quota="1""#,
            "`llm-token-limit` needs `token-quota-period` with `token-quota`",
        ),
        (
            r#"token-quota-period="Daily" tokens-per-minute="1""#,
            "`llm-token-limit` needs `token-quota` with `token-quota-period`",
        ),
        (
            r#"token-quota="1" token-quota-period="day""#,
            "`token-quota-period` must be `Hourly`, `Daily`, `Weekly`, `Monthly` or `Yearly`, not `day`",
        ),
    ] {
        let inbound = format!("{policy}{}", limit(attributes));
        let source = crate::world::source("api.xml", &[("inbound", &inbound)]);
        let error = tollgate::Gateway::builder()
            .policy(source)
            .build()
            .unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}
