//! cache-lookup and cache-store, and the policies that keep values.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tollgate::ports::{CacheStore, Step};
use tollgate::{
    Body, Catalog, Gateway, GroupInfo, MemoryCache, Peer, Product, Source, Subscription,
    SubscriptionScope, UserInfo,
};
use tollgate_tests::{FakeClient, FakeClock};

use crate::world::{Answer, INTERNAL, REQUEST_ID, World, api, request, set_header, source};

/// A cache that takes its time, as one across a network does, and counts what it is asked.
#[derive(Clone, Default)]
struct Remote {
    cache: Arc<MemoryCache>,
    asked: Arc<AtomicUsize>,
}

impl Remote {
    fn late<T: Send + 'static>(&self, step: Step<T>) -> Step<T> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Step::Pending(Box::pin(async move {
            tokio::task::yield_now().await;
            step.get().await
        }))
    }
}

impl CacheStore for Remote {
    fn get(&self, now: i64, key: &str) -> Step<Option<Bytes>> {
        self.late(self.cache.get(now, key))
    }
    fn put(&self, now: i64, key: &str, value: Bytes, keep: Duration) -> Step<()> {
        self.late(self.cache.put(now, key, value, keep))
    }
    fn remove(&self, key: &str) -> Step<()> {
        self.late(self.cache.remove(key))
    }
}

/// A cache that holds nothing but nonsense.
struct Nonsense;

impl CacheStore for Nonsense {
    fn get(&self, _: i64, _: &str) -> Step<Option<Bytes>> {
        Step::Ready(Some(Bytes::from_static(b"\0\0\0\0\0\0\0\x7f\x02??")))
    }
    fn put(&self, _: i64, _: &str, _: Bytes, _: Duration) -> Step<()> {
        Step::Ready(())
    }
    fn remove(&self, _: &str) -> Step<()> {
        Step::Ready(())
    }
}

/// A gateway with an external cache.
struct Cached {
    gateway: Gateway,
    clock: FakeClock,
    remote: Remote,
}

impl Cached {
    fn of(inbound: &str) -> Self {
        let (clock, remote) = (FakeClock::at(1_795_521_600), Remote::default());
        let gateway = Gateway::builder()
            .policy(source("p.xml", &[("inbound", inbound), ("backend", "")]))
            .http_client(FakeClient::statuses(&[200]))
            .clock(clock.clone())
            .external_cache(remote.clone())
            .build();
        Self {
            gateway: gateway.unwrap_or_else(|error| panic!("{error}")),
            clock,
            remote,
        }
    }

    async fn run(&self, headers: &[(&str, &str)]) -> Answer {
        let options = tollgate::engine::RunOptions {
            request_id: Some(REQUEST_ID),
            ..Default::default()
        };
        let request = request(Method::GET, "/", headers, "");
        Answer::of(self.gateway.run(request, Peer::default(), options).await).await
    }
}

fn store(key: &str, value: &str, more: &str) -> String {
    format!(r#"<cache-store-value key="{key}" value="{value}" duration="60" {more} />"#)
}

fn lookup(key: &str, variable: &str, more: &str) -> String {
    format!(r#"<cache-lookup-value key="{key}" variable-name="{variable}" {more} />"#)
}

/// Policies that run only for requests with the header.
fn when(header: &str, policies: &str) -> String {
    format!(
        r#"<choose><when condition="@(context.Request.Headers.ContainsKey("{header}"))">{policies}</when></choose>"#
    )
}

#[tokio::test]
async fn values_keep_their_types_from_one_request_to_the_next() {
    let values = [
        ("text", "plain", "String(\"plain\")"),
        ("number", "@(1 + 1)", "Int32(2)"),
        ("flag", "@(true)", "Bool(true)"),
        ("long", "@(5000000000L)", "Int64(5000000000)"),
        ("date", "@(new DateTime(2020, 1, 2))", "DateTime("),
        ("guid", "@(Guid.Empty)", "Guid("),
    ];
    let stores: String = values
        .iter()
        .map(|(key, value, _)| store(key, value, ""))
        .collect();
    let lookups: String = values
        .iter()
        .map(|(key, ..)| lookup(key, key, ""))
        .collect();
    for caching in [
        "",
        r#"caching-type="internal""#,
        r#"caching-type="external""#,
    ] {
        let policies = format!("{}{lookups}", when("X-Store", &stores));
        let policies = policies
            .replace(" />", &format!(" {caching} />"))
            .replace(&format!("choose {caching}"), "choose");
        let cached = Cached::of(&policies);
        assert_eq!(cached.run(&[]).await.variable("text"), "", "not there yet");
        for headers in [&[("X-Store", "1")][..], &[]] {
            let answer = cached.run(headers).await;
            for (key, _, shown) in values {
                let value = answer.variable(key);
                assert!(
                    value.starts_with(shown) || value.contains("plain"),
                    "{key}: {value}"
                );
            }
        }
        let remote = cached.remote.asked.load(Ordering::Relaxed) > 0;
        assert_eq!(remote, !caching.contains("internal"), "{caching}");
    }
}

#[tokio::test]
async fn objects_are_copies() {
    let policies = format!(
        "{}{}{}",
        when(
            "X-Store",
            &store("k", r#"@(JObject.Parse("{\"a\":[1,2],\"b\":\"x\"}"))"#, "")
        ),
        lookup("k", "j", ""),
        r#"<set-variable name="seen" value="@(((JObject)context.Variables["j"]).ToString(Newtonsoft.Json.Formatting.None))" />
           <set-variable name="changed" value="@{ var j = (JObject)context.Variables["j"]; j["b"] = "changed"; return (string)j["b"]; }" />"#
    );
    let cached = Cached::of(&policies);
    for headers in [&[("X-Store", "1")][..], &[], &[]] {
        let answer = cached.run(headers).await;
        assert!(
            answer
                .variable("seen")
                .contains(r#"{\"a\":[1,2],\"b\":\"x\"}"#),
            "{}",
            answer.variable("seen")
        );
        assert!(answer.variable("changed").contains("changed"));
    }
}

#[tokio::test]
async fn responses_can_be_kept() {
    let policies = format!(
        "{}{}{}",
        when(
            "X-Store",
            &format!(
                r#"<send-request response-variable-name="r"><set-url>https://a.test</set-url></send-request>{}"#,
                store("k", r#"@(context.Variables["r"])"#, "")
            )
        ),
        lookup("k", "kept", ""),
        r#"<set-variable name="body" value="@(((IResponse)context.Variables["kept"]).Body.As<string>())" />"#
    );
    let cached = Cached::of(&policies);
    for headers in [&[("X-Store", "1")][..], &[]] {
        assert!(cached.run(headers).await.variable("body").contains("200"));
    }
}

#[tokio::test]
async fn a_value_is_there_for_its_duration_or_until_it_is_removed() {
    let policies = format!(
        "{}{}{}",
        when("X-Store", &store("@(context.Request.Method)", "here", "")),
        when(
            "X-Remove",
            r#"<cache-remove-value key="GET" /><cache-remove-value key="none" />"#
        ),
        lookup("GET", "v", r#"default-value="@(7)""#)
    );
    let cached = Cached::of(&policies);
    let seen = async |headers: &[(&str, &str)]| cached.run(headers).await.variable("v");
    assert_eq!(seen(&[]).await, "Int32(7)");
    assert!(seen(&[("X-Store", "1")]).await.contains("here"));
    cached.clock.advance(Duration::from_secs(59));
    assert!(seen(&[]).await.contains("here"));
    cached.clock.advance(Duration::from_secs(1));
    assert_eq!(seen(&[]).await, "Int32(7)");
    assert!(seen(&[("X-Store", "1")]).await.contains("here"));
    assert_eq!(seen(&[("X-Remove", "1")]).await, "Int32(7)");
    assert_eq!(seen(&[]).await, "Int32(7)");
}

#[tokio::test]
async fn without_a_value_and_a_default_the_variable_is_not_set() {
    let world = World::of(&[(
        "inbound",
        &format!(
            r#"{}<set-variable name="there" value="@(context.Variables.ContainsKey("v"))" />"#,
            lookup("k", "v", "")
        ),
    )]);
    assert_eq!(world.get("/", &[]).await.variable("there"), "Bool(false)");
}

#[tokio::test]
async fn without_an_external_cache_nothing_is_kept_in_it() {
    let external = r#"caching-type="external""#;
    let world = World::of(&[(
        "inbound",
        &format!(
            "{}{}",
            store("k", "v", external),
            lookup("k", "v", external)
        ),
    )]);
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.variable("v")), (200, String::new()));
}

#[tokio::test]
async fn keys_and_values_that_are_nothing_fail() {
    let nothing = r#"@(context.Variables.GetValueOrDefault<string>("none"))"#;
    for (policy, name) in [
        (store(nothing, "v", ""), "cache-store-value"),
        (store(r#"@("")"#, "v", ""), "cache-store-value"),
        (store("k", nothing, ""), "cache-store-value"),
        (
            r#"<cache-store-value key="k" value="v" duration="@(-1)" />"#.to_owned(),
            "cache-store-value",
        ),
        (lookup(nothing, "v", ""), "cache-lookup-value"),
        (
            format!(r#"<cache-remove-value key="{nothing}" />"#),
            "cache-remove-value",
        ),
    ] {
        let answer = World::of(&[("inbound", &policy)]).get("/", &[]).await;
        assert_eq!((answer.status, &*answer.body), (500, INTERNAL), "{policy}");
        let [source, reason, ..] = answer.last_error();
        assert_eq!(
            [&*source, &*reason],
            [name, "ExpressionValueValidationFailure"]
        );
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_and_the_request_goes_on() {
    let policies = format!(
        "{}{}",
        store("k", r#"@(context.Request.Headers)"#, ""),
        lookup("k", "v", "")
    );
    let answer = World::of(&[("inbound", &policies)]).get("/", &[]).await;
    assert_eq!((answer.status, answer.variable("v")), (200, String::new()));
}

#[tokio::test]
async fn a_cache_of_nonsense_has_nothing() {
    let gateway = Gateway::builder()
        .policy(source(
            "p.xml",
            &[
                (
                    "inbound",
                    &format!(
                        "{}{}{}",
                        lookup("k", "v", r#"default-value="none""#),
                        r#"<cache-value key="k" variable-name="w"><value><set-variable name="w" value="made" /></value></cache-value>"#,
                        LOOKUP
                    ),
                ),
                ("backend", ""),
                ("outbound", STORE),
            ],
        ))
        .http_client(FakeClient::statuses(&[200]))
        .cache(Nonsense)
        .build()
        .unwrap();
    let options = tollgate::engine::RunOptions::default();
    let request = request(Method::GET, "/", &[], "");
    let answer = Answer::of(gateway.run(request, Peer::default(), options).await).await;
    assert_eq!(answer.status, 200);
    assert!(answer.variable("v").contains("none"));
    assert!(answer.variable("w").contains("made"));
}

const LOOKUP: &str =
    r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />"#;
const STORE: &str = r#"<cache-store duration="60" />"#;

/// A backend that counts: its answers differ.
fn counting() -> FakeClient {
    let count = AtomicUsize::new(0);
    FakeClient::new(move |call| {
        let count = count.fetch_add(1, Ordering::Relaxed) + 1;
        let status = match call.url.contains("missing") {
            true => 404,
            false => 200,
        };
        Ok(http::Response::builder()
            .status(status)
            .header("Content-Type", "text/plain")
            .header("ETag", "\"1\"")
            .header("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")
            .header("Cache-Control", "max-age=5")
            .header("Set-Cookie", "a=1")
            .header("Vary", "Origin")
            .body(Body::from(format!("{} {count}", call.method)))
            .unwrap())
    })
}

fn caching(lookup: &str, store: &str) -> World {
    World::with(&[("inbound", lookup), ("outbound", store)], counting())
}

async fn body(world: &World, path: &str, headers: &[(&str, &str)]) -> String {
    world.get(path, headers).await.body
}

#[tokio::test]
async fn a_response_is_kept_and_found_again() {
    let world = caching(LOOKUP, STORE);
    let first = world.get("/x?a=1", &[]).await;
    assert_eq!(
        (first.status, &*first.body, first.header("set-cookie")),
        (200, "GET 1", "a=1")
    );
    let second = world.get("/x?a=1", &[]).await;
    assert_eq!((second.status, &*second.body), (200, "GET 1"));
    assert_eq!(second.header("content-type"), "text/plain");
    assert_eq!(second.header("content-length"), "5");
    assert_eq!(
        second.header("set-cookie"),
        "",
        "cookies are for one client"
    );
    for answer in [&first, &second] {
        assert_eq!(
            [
                answer.header("cache-control"),
                answer.header("pragma"),
                answer.header("expires"),
                answer.header("etag"),
            ],
            ["no-store, must-revalidate, no-cache", "no-cache", "", ""]
        );
    }
    // By query and path.
    assert_eq!(body(&world, "/x?a=2", &[]).await, "GET 2");
    assert_eq!(body(&world, "/y?a=1", &[]).await, "GET 3");
    assert_eq!(body(&world, "/x", &[]).await, "GET 4");
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(body(&world, "/x?a=1", &[]).await, "GET 1");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(body(&world, "/x?a=1", &[]).await, "GET 5");
}

#[tokio::test]
async fn only_plain_gets_take_part() {
    let world = caching(LOOKUP, STORE);
    assert_eq!(body(&world, "/", &[]).await, "GET 1");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = world.send(request(method.clone(), "/", &[], "x")).await;
        assert!(answer.body.starts_with(method.as_str()));
        assert_eq!(answer.header("cache-control"), "max-age=5");
    }
    let head = world.send(request(Method::HEAD, "/", &[], "")).await;
    assert_eq!(head.header("cache-control"), "max-age=5");
    // Nor requests for a part, nor private ones.
    assert_eq!(body(&world, "/", &[("Range", "bytes=0-1")]).await, "GET 6");
    assert_eq!(
        body(&world, "/", &[("Authorization", "Bearer a")]).await,
        "GET 7"
    );
    assert_eq!(body(&world, "/", &[]).await, "GET 1");
    let private = LOOKUP.replace(" />", r#" allow-private-response-caching="@(true)" />"#);
    let world = caching(&private, STORE);
    for _ in 0..2 {
        assert_eq!(
            body(&world, "/", &[("Authorization", "Bearer a")]).await,
            "GET 1"
        );
    }
}

#[tokio::test]
async fn what_is_stored_is_decided_by_the_status_or_said() {
    let stores = |store: &'static str, path: &'static str| async move {
        let world = caching(LOOKUP, store);
        body(&world, path, &[]).await;
        body(&world, path, &[]).await == "GET 1"
    };
    assert!(stores(STORE, "/").await);
    assert!(!stores(STORE, "/missing").await);
    assert!(stores(r#"<cache-store duration="@(30 + 30)" cache-response="@(context.Response.StatusCode == 404)" />"#, "/missing").await);
    assert!(
        !stores(
            r#"<cache-store duration="60" cache-response="false" />"#,
            "/"
        )
        .await
    );
    assert!(!stores(r#"<cache-store duration="0" />"#, "/").await);
    let world = caching("", STORE);
    assert_eq!(
        world.get("/", &[]).await.header("cache-control"),
        "max-age=5"
    );
    assert_eq!(
        body(&world, "/", &[]).await,
        "GET 2",
        "nothing was looked up"
    );
}

#[tokio::test]
async fn a_miss_asks_the_backend_for_all_it_has() {
    let world = caching(LOOKUP, STORE);
    let conditions = [
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
        ("If-None-Match", "\"1\""),
        ("If-Match", "\"1\""),
        ("If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("If-Unmodified-Since", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("X-Other", "1"),
    ];
    world.get("/", &conditions).await;
    let call = world.client.only_call();
    for (name, _) in conditions {
        assert_eq!(call.headers.contains_key(name), name == "X-Other", "{name}");
    }
}

#[tokio::test]
async fn a_hit_goes_on_behind_the_store() {
    let note = |name: &str| set_header(name, "1");
    let sections = [
        ("inbound", format!("{LOOKUP}{}", set_header("X-In", "1"))),
        (
            "backend",
            format!("<forward-request />{}", note("X-Backend")),
        ),
        (
            "outbound",
            format!("{}{STORE}{}", note("X-Before"), note("X-After")),
        ),
    ];
    let sections: Vec<_> = sections
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let world = World::with(&sections, counting());
    for (body, before) in [("GET 1", "1"), ("GET 1", "1")] {
        let answer = world.get("/", &[]).await;
        assert_eq!(answer.body, body);
        assert_eq!(
            (answer.header("x-before"), answer.header("x-after")),
            (before, "1")
        );
    }
    assert_eq!(world.client.calls().len(), 1);
    let run = |answer: &Answer| -> Vec<String> {
        let trace = answer.exchange.context.trace.as_ref().unwrap();
        trace
            .entries
            .iter()
            .map(|entry| entry.source.clone())
            .collect()
    };
    let hit = world.get("/", &[]).await;
    assert!(
        !run(&hit).contains(&"cache-store".to_owned()),
        "{:?}",
        run(&hit)
    );
}

/// What ran in outbound after a miss and after a hit, by the marks that the policies leave.
async fn marks(outbound: &str) -> [String; 2] {
    let world = caching(
        LOOKUP,
        &format!(r#"<set-variable name="m" value="" />{outbound}"#),
    );
    let mut marks = [String::new(), String::new()];
    for slot in &mut marks {
        *slot = world.get("/", &[]).await.variable("m");
    }
    marks
}

fn mark(name: &str) -> String {
    format!(
        r#"<set-variable name="m" value="@(context.Variables.GetValueOrDefault<string>("m", "") + "{name}")" />"#
    )
}

#[tokio::test]
async fn a_store_within_other_policies_is_found() {
    let (a, b, c, d) = (mark("a"), mark("b"), mark("c"), mark("d"));
    let nested = format!(
        r#"{a}<choose><when condition="@(context.Response.StatusCode == 200)">{b}{STORE}{c}</when><otherwise>{b}</otherwise></choose>{d}"#
    );
    let [miss, hit] = marks(&nested).await;
    assert!(miss.contains("\"abcd\""), "{miss}");
    assert!(hit.contains("\"cd\""), "{hit}");
    // A branch that does not lead to it is not taken; all else behind it runs.
    let other = format!(
        r#"{a}<choose><when condition="@(context.Variables.ContainsKey("m"))">{b}{STORE}</when><otherwise>{c}</otherwise></choose>{d}"#
    );
    let [miss, hit] = marks(&other).await;
    assert!(miss.contains("\"abd\""), "{miss}");
    assert!(hit.contains("\"d\""), "{hit}");
    // Two levels down, and after something that waits.
    let deep = format!(
        r#"{a}<retry condition="false" count="1" interval="1"><choose><when condition="true">{b}<send-request><set-url>http://x.test</set-url></send-request>{STORE}<send-request><set-url>http://x.test</set-url></send-request>{c}</when></choose></retry>{d}"#
    );
    let [miss, hit] = marks(&deep).await;
    assert!(miss.contains("\"abcd\""), "{miss}");
    assert!(hit.contains("\"cd\""), "{hit}");
}

#[tokio::test]
async fn a_store_in_another_scope_or_a_fragment_is_found() {
    let global = source(
        "global.xml",
        &[("outbound", &format!("{}{STORE}{}", mark("a"), mark("b")))],
    );
    let catalog = Catalog::new().policy(global.clone()).api(api(&[
        ("inbound", LOOKUP),
        ("backend", "<forward-request />"),
        ("outbound", &mark("c")),
    ]));
    let world = World::serving(catalog, counting());
    assert!(world.get("/", &[]).await.variable("m").contains("\"abc\""));
    assert!(world.get("/", &[]).await.variable("m").contains("\"bc\""));

    let fragment = Source::new(
        "f.xml",
        format!("<fragment>{}{STORE}{}</fragment>", mark("b"), mark("c")),
    );
    let catalog = Catalog::new().fragment("f", fragment).api(api(&[
        ("inbound", LOOKUP),
        ("outbound", &format!(r#"{}<choose><when condition="true"><include-fragment fragment-id="f" /></when></choose>{}"#, mark("a"), mark("d"))),
    ]));
    let world = World::serving(catalog, counting());
    assert!(world.get("/", &[]).await.variable("m").contains("\"abcd\""));
    assert!(world.get("/", &[]).await.variable("m").contains("\"cd\""));
}

#[tokio::test]
async fn without_a_store_all_of_outbound_runs_after_a_hit() {
    // Two gateways share a cache; one has no store.
    let remote = Remote::default();
    let gateway = |outbound: &str| {
        Gateway::builder()
            .api(api(&[("inbound", LOOKUP), ("outbound", outbound)]))
            .http_client(counting())
            .external_cache(remote.clone())
            .build()
            .unwrap()
    };
    let run = async |gateway: &Gateway| {
        let options = tollgate::engine::RunOptions::default();
        let request = request(Method::GET, "/", &[], "");
        Answer::of(gateway.run(request, Peer::default(), options).await).await
    };
    assert_eq!(run(&gateway(STORE)).await.body, "GET 1");
    let answer = run(&gateway(&mark("a"))).await;
    assert_eq!(answer.body, "GET 1");
    assert!(answer.variable("m").contains("\"a\""));
}

#[tokio::test]
async fn headers_and_query_parameters_tell_responses_apart() {
    let lookup = r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" downstream-caching-type="public">
        <vary-by-header>Accept</vary-by-header><vary-by-header>X-Tenant</vary-by-header>
        <vary-by-query-parameter>page; size</vary-by-query-parameter><vary-by-query-parameter>q</vary-by-query-parameter>
    </cache-lookup>"#;
    let world = caching(lookup, STORE);
    let first = world.get("/?page=1&other=1", &[("Accept", "a/b")]).await;
    assert_eq!(first.body, "GET 1");
    let vary: Vec<_> = first.headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["Origin", "accept", "x-tenant"]);
    assert_eq!(first.header("etag"), "\"1\"");
    for (path, headers, expected) in [
        ("/?other=2&page=1", &[("Accept", "a/b")][..], "GET 1"),
        ("/?PAGE=1", &[("Accept", "a/b")], "GET 1"),
        ("/?page=2", &[("Accept", "a/b")], "GET 2"),
        ("/?size=1", &[("Accept", "a/b")], "GET 3"),
        ("/?page=1&q=x", &[("Accept", "a/b")], "GET 4"),
        ("/?page=1", &[("Accept", "a/c")], "GET 5"),
        ("/?page=1", &[("Accept", "a/b"), ("X-Tenant", "t")], "GET 6"),
        // Nothing can be smuggled from one part into another.
        ("/?page=1", &[("Accept", "a/b&x-tenant=t")], "GET 7"),
        ("/?page=1%26value%3D2", &[("Accept", "a/b")], "GET 8"),
    ] {
        assert_eq!(body(&world, path, headers).await, expected, "{path}");
    }
}

#[tokio::test]
async fn clients_are_told_how_long_a_response_is_good() {
    for (attributes, value) in [
        (
            r#"downstream-caching-type="private""#,
            "private, must-revalidate, max-age=",
        ),
        (
            r#"downstream-caching-type="@("public")" must-revalidate="false""#,
            "public, max-age=",
        ),
    ] {
        let lookup = LOOKUP.replace(" />", &format!(" {attributes} />"));
        let world = caching(&lookup, STORE);
        assert_eq!(
            world.get("/", &[]).await.header("cache-control"),
            format!("{value}60")
        );
        world.clock.advance(Duration::from_millis(20_500));
        assert_eq!(
            world.get("/", &[]).await.header("cache-control"),
            format!("{value}39")
        );
    }
}

#[tokio::test]
async fn developers_and_their_groups_can_have_responses_of_their_own() {
    let user = |id: &str, group: &str| {
        let mut user = UserInfo::new(id);
        let (id, name) = (group.into(), group.into());
        user.groups.push(GroupInfo { id, name });
        user
    };
    for (attributes, bodies) in [
        (
            r#"vary-by-developer="false" vary-by-developer-groups="false""#,
            ["GET 1", "GET 1", "GET 1"],
        ),
        (
            r#"vary-by-developer="true" vary-by-developer-groups="false""#,
            ["GET 1", "GET 2", "GET 3"],
        ),
        (
            r#"vary-by-developer="false" vary-by-developer-groups="@(true)""#,
            ["GET 1", "GET 1", "GET 2"],
        ),
    ] {
        let lookup = format!("<cache-lookup {attributes} />");
        let mut catalog = Catalog::new()
            .api(api(&[("inbound", &lookup), ("outbound", STORE)]).subscription_required(true))
            .product(Product::new("p").api("api"));
        for (id, group) in [("ann", "one"), ("bob", "one"), ("cat", "two")] {
            catalog = catalog.user(user(id, group)).subscription(
                Subscription::new(id, format!("key-of-{id}"), SubscriptionScope::AllApis).user(id),
            );
        }
        let world = World::serving(catalog, counting());
        for _ in 0..2 {
            for (id, expected) in ["ann", "bob", "cat"].into_iter().zip(bodies) {
                let key = format!("key-of-{id}");
                let answer = world.get("/", &[("Ocp-Apim-Subscription-Key", &key)]).await;
                assert_eq!(answer.body, expected, "{attributes} {id}");
            }
        }
    }
}

#[tokio::test]
async fn a_response_that_is_too_long_still_goes_to_the_client() {
    let long = FakeClient::new(|_| {
        let chunks = (0..20).map(|_| {
            let chunk = Bytes::from(vec![b'x'; 1 << 20]);
            Ok::<_, std::io::Error>(hyper::body::Frame::data(chunk))
        });
        let stream = futures_util::stream::iter(chunks);
        Ok(http::Response::new(Body::new(
            http_body_util::StreamBody::new(stream),
        )))
    });
    let world = World::with(&[("inbound", LOOKUP), ("outbound", STORE)], long);
    for _ in 0..2 {
        let request = request(Method::GET, "/", &[], "");
        let response = world.gateway.handle(request, Peer::default()).await;
        let (_, mut body) = response.into_parts();
        assert_eq!(body.buffer(32 << 20).await.unwrap().len(), 20 << 20);
    }
    assert_eq!(world.client.calls().len(), 2);
}

fn cache_value(attributes: &str, policies: &str) -> String {
    format!(
        r#"<cache-value key="k" variable-name="v" {attributes}><value>{policies}</value></cache-value>"#
    )
}

/// Makes a value that the next request can tell from this one.
const MAKES: &str = r#"<send-request response-variable-name="r"><set-url>http://x.test</set-url></send-request><set-variable name="v" value="@(((IResponse)context.Variables["r"]).Body.As<string>())" />"#;

async fn value(world: &World, headers: &[(&str, &str)]) -> String {
    let answer = world.get("/", headers).await;
    assert_eq!(
        answer.status, 200,
        "{:?}",
        answer.exchange.context.last_error
    );
    answer.variable("v")
}

fn makes(attributes: &str) -> World {
    let policies = cache_value(attributes, &format!("{}{MAKES}", ""));
    World::with(&[("inbound", &policies), ("backend", "")], counting())
}

#[tokio::test]
async fn a_value_is_made_once_and_then_kept() {
    let world = makes(r#"expires-after="@(100)" refresh-after="40""#);
    for _ in 0..2 {
        assert!(value(&world, &[]).await.contains("GET 1"));
    }
    world.clock.advance(Duration::from_secs(39));
    assert!(value(&world, &[]).await.contains("GET 1"));
    world.clock.advance(Duration::from_secs(1));
    assert!(
        value(&world, &[]).await.contains("GET 2"),
        "it is made anew"
    );
    assert!(value(&world, &[]).await.contains("GET 2"));
    world.clock.advance(Duration::from_secs(101));
    assert!(value(&world, &[]).await.contains("GET 3"));

    let world = makes("");
    value(&world, &[]).await;
    world.clock.advance(Duration::from_secs(28_799));
    assert!(value(&world, &[]).await.contains("GET 1"));
    world.clock.advance(Duration::from_secs(1));
    assert!(value(&world, &[]).await.contains("GET 2"));

    let world = makes(r#"refresh-after="0""#);
    for number in 1..4 {
        assert!(value(&world, &[]).await.contains(&format!("GET {number}")));
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_made_is_the_old_one_or_the_default() {
    let sometimes = when("X-Make", r#"<set-variable name="v" value="made" />"#);
    let policies = cache_value(
        r#"refresh-after="10" expires-after="100" default-value="none""#,
        &sometimes,
    );
    let world = World::of(&[
        (
            "inbound",
            &format!(r#"<set-variable name="v" value="before" />{policies}"#),
        ),
        ("backend", ""),
    ]);
    assert!(
        value(&world, &[]).await.contains("none"),
        "what was there before does not count"
    );
    assert!(value(&world, &[("X-Make", "1")]).await.contains("made"));
    world.clock.advance(Duration::from_secs(50));
    assert!(value(&world, &[]).await.contains("made"), "old, but there");
    world.clock.advance(Duration::from_secs(49));
    assert!(value(&world, &[]).await.contains("made"));
    world.clock.advance(Duration::from_secs(1));
    assert!(value(&world, &[]).await.contains("none"));

    let world = World::of(&[
        ("inbound", &cache_value("", &when("X", ""))),
        ("backend", ""),
    ]);
    assert_eq!(value(&world, &[]).await, "");
}

#[tokio::test]
async fn a_failure_in_making_a_value_is_one_of_the_request() {
    let fails = r#"<set-variable name="v" value="@(int.Parse("x"))" />"#;
    let world = World::of(&[("inbound", &cache_value("", fails))]);
    for _ in 0..2 {
        let answer = world.get("/", &[]).await;
        assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
        let [source, reason, _, _, _, path] = answer.last_error();
        assert_eq!(
            [&*source, &*reason],
            ["set-variable", "ExpressionValueEvaluationFailure"]
        );
        assert_eq!(path, "cache-value[1]/value[1]/set-variable[1]");
    }
    let returns = cache_value(
        "",
        "<return-response><set-body>over</set-body></return-response>",
    );
    let answer = World::of(&[("inbound", &returns)]).get("/", &[]).await;
    assert_eq!((answer.status, &*answer.body), (200, "over"));
}

#[tokio::test]
async fn many_who_ask_at_a_time_have_a_value_made_once() {
    let policies = format!(
        "{}{MAKES}",
        r#"<retry condition="@(false)" count="1" interval="1"><cache-lookup-value key="none" variable-name="x" caching-type="external" /></retry>"#
    );
    let policies = cache_value(r#"caching-type="internal""#, &policies);
    let client = counting();
    let gateway = Gateway::builder()
        .policy(source("p.xml", &[("inbound", &policies), ("backend", "")]))
        .http_client(client.clone())
        .external_cache(Remote::default())
        .build()
        .unwrap();
    let run = |_| {
        let request = request(Method::GET, "/", &[], "");
        let options = tollgate::engine::RunOptions::default();
        let gateway = gateway.clone();
        async move { Answer::of(gateway.run(request, Peer::default(), options).await).await }
    };
    let answers = futures_util::future::join_all((0..20).map(run)).await;
    for answer in answers {
        assert!(
            answer.variable("v").contains("GET 1"),
            "{}",
            answer.variable("v")
        );
    }
    assert_eq!(client.calls().len(), 1);
}

#[tokio::test]
async fn who_makes_a_value_may_go_away() {
    let gateway = Gateway::builder()
        .policy(source(
            "p.xml",
            &[("inbound", &cache_value("", MAKES)), ("backend", "")],
        ))
        .http_client(Halting(counting(), Arc::default()))
        .build()
        .unwrap();
    let run = || {
        let request = request(Method::GET, "/", &[], "");
        let options = tollgate::engine::RunOptions::default();
        let gateway = gateway.clone();
        async move { Answer::of(gateway.run(request, Peer::default(), options).await).await }
    };
    let first = tokio::spawn(run());
    tokio::time::sleep(Duration::from_millis(10)).await;
    let second = tokio::spawn(run());
    tokio::time::sleep(Duration::from_millis(10)).await;
    first.abort();
    let answer = tokio::time::timeout(Duration::from_secs(5), second).await;
    assert!(answer.unwrap().unwrap().variable("v").contains("GET 1"));
}

/// Never answers the first call.
struct Halting(FakeClient, Arc<AtomicUsize>);

impl tollgate::ports::HttpClient for Halting {
    fn send(
        &self,
        request: tollgate::ports::OutboundRequest,
    ) -> std::pin::Pin<
        Box<dyn Future<Output = Result<http::Response<Body>, tollgate::ports::SendError>> + Send>,
    > {
        match self.1.fetch_add(1, Ordering::SeqCst) {
            0 => Box::pin(std::future::pending()),
            _ => self.0.send(request),
        }
    }
}

#[tokio::test]
async fn caches_outlive_a_reload() {
    let world = caching(LOOKUP, STORE);
    assert_eq!(body(&world, "/", &[]).await, "GET 1");
    let again = Catalog::new().api(api(&[("inbound", LOOKUP), ("outbound", STORE)]));
    world.gateway.reload(&again).unwrap();
    assert_eq!(body(&world, "/", &[]).await, "GET 1");
}
