//! What an attacker would try, in a fake world.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::future::pending;
use std::time::Duration;

use futures_util::FutureExt;
use http::{Method, Request, Response};
use tollgate::engine::RunOptions;
use tollgate::engine::exchange::Trace;
use tollgate::engine::policy::BoxFuture;
use tollgate::engine::ports::{HttpClient, OutboundRequest, SendError};
use tollgate::{Api, Body, Catalog, Gateway, Operation, Peer, Source};
use tollgate_tests::{Call, FakeClient, FakeClock};

const NOON: i64 = 1_795_521_600;

/// An API with these inbound policies, at `/api`.
fn api(inbound: &str) -> Api {
    let text = format!(
        "<policies><inbound><base />{inbound}</inbound><backend><base /></backend><outbound><base /></outbound></policies>"
    );
    Api::new("api")
        .path("api")
        .service_url("http://backend.test")
        .policy(Source::new("api.xml", text))
}

fn gateway(api: Api, client: impl HttpClient + 'static, clock: &FakeClock) -> Gateway {
    let builder = Gateway::builder()
        .catalog(Catalog::new().api(api))
        .http_client(client)
        .clock(clock.clone());
    builder.build().unwrap_or_else(|error| panic!("{error}"))
}

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut builder = Request::builder()
        .method(method)
        .uri(format!("http://gateway.test{path}"));
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::empty()).unwrap()
}

fn peer() -> Peer {
    Peer {
        ip: Some([203, 0, 113, 7].into()),
        ..Peer::default()
    }
}

/// What one API answers, and what its backend got.
struct World {
    gateway: Gateway,
    client: FakeClient,
    clock: FakeClock,
}

impl World {
    fn of(api: Api) -> Self {
        let (client, clock) = (FakeClient::statuses(&[200]), FakeClock::jumping_at(NOON));
        Self {
            gateway: gateway(api, client.clone(), &clock),
            client,
            clock,
        }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let request = request(Method::GET, path, headers);
        self.gateway.handle(request, peer()).await
    }

    fn only_call(&self) -> Call {
        self.client.only_call()
    }
}

/// A backend that never answers.
#[derive(Debug)]
struct Hanging;

impl HttpClient for Hanging {
    fn send(&self, _: OutboundRequest) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        Box::pin(pending())
    }
}

#[tokio::test]
async fn the_client_cannot_name_headers_for_the_gateway_to_drop() {
    let world = World::of(api(
        r#"<set-header name="X-Caller"><value>anonymous</value></set-header>"#,
    ));
    world
        .get(
            "/api",
            &[("Connection", "close, X-Caller, X-Forwarded-For, Host")],
        )
        .await;
    let call = world.only_call();
    assert_eq!(call.header("x-caller"), "anonymous");
    assert_eq!(call.header("x-forwarded-for"), "203.0.113.7");
    assert_eq!(call.header("host"), "backend.test");
}

#[tokio::test]
async fn a_policy_sees_no_header_that_the_backend_does_not_get() {
    let world = World::of(api(
        r#"<check-header name="X-Checked" failed-check-httpcode="403" failed-check-error-message="no" />"#,
    ));
    let headers = [("Connection", "X-Checked"), ("X-Checked", "1")];
    assert_eq!(world.get("/api", &headers).await.status(), 403);
}

#[tokio::test]
async fn who_hangs_up_is_counted_too() {
    let limit = r#"<rate-limit-by-key calls="2" renewal-period="60" counter-key="k" increment-condition="@(context.Response.StatusCode == 200)" />"#;
    let gateway = gateway(api(limit), Hanging, &FakeClock::jumping_at(NOON));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = gateway.handle(request(Method::GET, "/api", &[]), peer());
        // Polled once, then dropped: what a server does when the client goes away.
        statuses.push(
            answer
                .now_or_never()
                .map(|response| response.status().as_u16()),
        );
    }
    assert_eq!(statuses, [None, None, Some(429)]);
}

#[tokio::test]
async fn a_short_limit_does_not_shorten_a_long_one_on_the_same_key() {
    let world = World::of(api(
        r#"<rate-limit-by-key calls="3" renewal-period="60" counter-key="k" />
           <rate-limit-by-key calls="2" renewal-period="1" counter-key="k" />"#,
    ));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(world.get("/api", &[]).await.status().as_u16());
        world.clock.advance(Duration::from_secs(2));
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[tokio::test]
async fn an_operation_is_not_found_by_one_of_two_values() {
    let api = api("")
        .operation(Operation::new("GET", "/do?action=read"))
        .operation(Operation::new("POST", "/do"));
    let world = World::of(api);
    let status = async |path| world.get(path, &[]).await.status().as_u16();
    assert_eq!(status("/api/do?action=read").await, 200);
    assert_eq!(status("/api/do?action=read&action=delete").await, 404);
    assert_eq!(status("/api/do?action=read&Action=delete").await, 404);
}

#[tokio::test]
async fn a_rewritten_path_does_not_climb() {
    let api = api(r#"<rewrite-uri template="/public/{file}" />"#)
        .operation(Operation::new("GET", "/files?file={file}"))
        .operation(Operation::new("GET", "/round/({file})"));
    let world = World::of(api);
    for (path, status) in [
        ("/api/files?file=a.txt", 200),
        ("/api/files?file=..", 500),
        ("/api/files?file=%2e%2E", 500),
        ("/api/files?file=.", 500),
        ("/api/round/(..)", 500),
    ] {
        assert_eq!(world.get(path, &[]).await.status(), status, "{path}");
    }
    assert_eq!(world.client.calls().len(), 1);
}

#[tokio::test]
async fn a_trace_shows_no_subscription_key() {
    use tollgate::{Subscription, SubscriptionScope};
    let policy = r#"<set-variable name="a" value="@(context.Request.Headers.GetValueOrDefault("Ocp-Apim-Subscription-Key", "") + context.Request.OriginalUrl.QueryString)" />"#;
    let key = "c0ffee-5ec2e7+c0ffee";
    let subscription = Subscription::new("s", key, SubscriptionScope::AllApis);
    let catalog = Catalog::new()
        .api(api(policy).subscription_required(true))
        .subscription(subscription);
    let client = FakeClient::statuses(&[200]);
    let gateway = Gateway::builder()
        .catalog(catalog)
        .http_client(client)
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let requests = [
        request(Method::GET, "/api", &[("Ocp-Apim-Subscription-Key", key)]),
        request(
            Method::GET,
            "/api?subscription-key=c0ffee-5ec2e7%2Bc0ffee",
            &[],
        ),
    ];
    for request in requests {
        let options = RunOptions {
            trace: Some(Trace::default()),
            ..RunOptions::default()
        };
        let outcome = gateway.run(request, peer(), options).await;
        assert_eq!(outcome.response.status(), 200);
        let exchange = outcome.exchange.unwrap();
        let trace = serde_json::to_string(&exchange.context.trace).unwrap();
        assert!(trace.contains("successfully evaluated"), "{trace}");
        assert!(!trace.contains("5ec2e7"), "{trace}");
        assert!(!exchange.masked(&format!("key {key}")).contains("5ec2e7"));
    }
}

/// Each is stopped in time, nothing of it can be caught, and the gateway serves on.
#[tokio::test]
async fn no_expression_takes_the_gateway_away() {
    let hostile = [
        r#"@{ while (true) { } }"#,
        r#"@{ try { while (true) { } } catch { } finally { while (true) { } } return "x"; }"#,
        r#"@{ while (true) { try { while (true) { } } catch (Exception) { } } }"#,
        r#"@{ Func<int, int> f = null; f = n => f(n + 1); return f(0).ToString(); }"#,
        r#"@{ var s = "ab"; while (true) { s += s; } }"#,
        r#"@(new string('x', int.MaxValue))"#,
        r#"@("x".PadLeft(int.MaxValue))"#,
        r#"@(Enumerable.Range(0, int.MaxValue).Sum().ToString())"#,
        r#"@(Enumerable.Range(0, int.MaxValue).ToList().Count.ToString())"#,
        r#"@(Enumerable.Range(0, int.MaxValue).Where(n => n < 0).Any().ToString())"#,
        r#"@(Enumerable.Repeat("xxxxxxxxxxxxxxxx", int.MaxValue).Count().ToString())"#,
        r#"@(string.Join(",", Enumerable.Repeat("xxxxxxxxxxxxxxxx", int.MaxValue)))"#,
        r#"@(Enumerable.Range(0, 100000).OrderBy(n => Enumerable.Range(0, 100000).Count(m => m < n)).First().ToString())"#,
        r#"@(Regex.IsMatch(new string('a', 5000) + "!", "^(a+)+$").ToString())"#,
        r#"@(Regex.IsMatch(new string('a', 5000) + "!", "(a|aa)+(?=b)\\1$").ToString())"#,
        r#"@(Regex.Replace(new string('a', 100000), "", new string('b', 100000)))"#,
        r#"@(new string('a', 1000000).Replace("a", new string('b', 1000000)))"#,
        r#"@(new int[int.MaxValue].Length.ToString())"#,
        r#"@(JObject.Parse(new string('[', 100000)).ToString())"#,
        r#"@(string.Format("{0,2147483647}", 1))"#,
        r#"@(1.ToString("D999999999"))"#,
        r#"@(new StringBuilder().Append('x', int.MaxValue).ToString())"#,
        r#"@(string.Concat(Enumerable.Repeat(new string('x', 1000000), 1000000)))"#,
        r#"@(new String('a', 1000000).Split('a').SelectMany(a => new String('a', 1000000).Split('a')).Count().ToString())"#,
    ];
    for expression in hostile {
        let escaped = expression.replace('&', "&amp;").replace('<', "&lt;");
        let inbound = format!(
            "<choose><when condition=\"@(context.Request.Url.Query.ContainsKey(&quot;x&quot;))\">\
             <set-variable name='a' value='{}' /></when></choose>",
            escaped.replace('\'', "&apos;")
        );
        let text = format!(
            "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend>\
             <on-error><set-header name=\"X-Error\"><value>@(context.LastError.Reason)</value></set-header></on-error></policies>"
        );
        let api = Api::new("api")
            .path("api")
            .service_url("http://backend.test")
            .policy(Source::new("api.xml", text));
        let world = World::of(api);
        let begun = std::time::Instant::now();
        let answer = world.get("/api?x=1", &[]).await;
        let took = begun.elapsed();
        // A regular expression may well be answered: those that can are matched in linear time.
        if !(expression.contains("Regex") && answer.status() == 200) {
            assert_eq!(answer.status(), 500, "{expression}");
            let reason = &answer.headers()["x-error"];
            assert_eq!(reason, "ExpressionValueEvaluationFailure", "{expression}");
        }
        eprintln!("{took:?} {} {expression}", answer.status());
        assert!(took < Duration::from_secs(10), "{took:?}: {expression}");
        assert_eq!(world.get("/api", &[]).await.status(), 200);
    }
}

/// The README lists every policy of the reference once, with a link to its file, or as not built. What loads and cannot
/// run says why.
#[test]
fn the_readme_tells_of_every_policy() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    let built = |name: &str| {
        let engine_s_own = name == "include-fragment";
        engine_s_own || tollgate::POLICIES.iter().any(|kind| kind.name == name)
    };
    for name in tollgate::engine::known::POLICIES {
        let start = format!("| `{name}` | ");
        let rows: Vec<&str> = (readme.lines())
            .filter(|line| line.starts_with(&start))
            .collect();
        assert_eq!(rows.len(), 1, "{name}");
        let link = ["[built](", "[loads]("]
            .into_iter()
            .find_map(|state| rows[0].split_once(state))
            .map(|(_, rest)| rest.split(')').next().unwrap());
        assert_eq!(
            rows[0].contains("[loads]("),
            rows[0].contains(" fail"),
            "{name}"
        );
        assert_eq!(link.is_some(), built(name), "{}", rows[0]);
        if let Some(link) = link {
            let text = std::fs::read_to_string(format!("{root}/{link}")).unwrap();
            assert!(
                text.contains(&format!("`{name}`")) || name == &"include-fragment",
                "{link}"
            );
        }
    }
    for kind in tollgate::POLICIES {
        assert!(
            tollgate::engine::known::POLICIES.contains(&kind.name),
            "{}",
            kind.name
        );
    }
}
