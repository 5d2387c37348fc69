//! What a trace tells: who ran where, what was decided, and what was not told.

use tollgate::engine::PlaceKind;
use tollgate::engine::exchange::{Event, TraceEntry};
use tollgate::{Api, Catalog, Source};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, api, source};

fn entries(answer: &Answer) -> &[TraceEntry] {
    &answer.exchange.context.trace.as_ref().unwrap().entries
}

/// The entries as lines: what it is, where, and the text that its span covers up to its first `>`.
fn lines(answer: &Answer) -> Vec<String> {
    let sources = answer.exchange.plan.sources();
    let line = |entry: &TraceEntry| {
        let what = match entry.event {
            Event::Entered => "enter",
            Event::Left { flow: Some(_), .. } => "leave",
            Event::Left { flow: None, .. } => "break off",
            Event::Branch { taken: true } => "take",
            Event::Branch { taken: false } => "pass",
            Event::Failed => "fail",
            Event::Message | Event::Expression | Event::Changed => return None,
        };
        let place = entry.place.as_ref().unwrap();
        let span = entry.span.unwrap();
        let file = sources.get(span.file).unwrap();
        Some(format!(
            "{}{what} {} {} {} {}:{}",
            "  ".repeat(entry.depth() - 1),
            place.scope.name(),
            place.section.name(),
            place.path,
            file.name(),
            file.position(span.start).column,
        ))
    };
    entries(answer).iter().filter_map(line).collect()
}

#[tokio::test]
async fn entries_know_their_places() {
    let fragment = Source::new(
        "fragment.xml",
        "<fragment><choose><when condition=\"@(1 > 2)\"><set-method>PUT</set-method></when><otherwise><set-method>POST</set-method></otherwise></choose></fragment>",
    );
    let global = source(
        "global.xml",
        &[("inbound", r#"<set-status code="201" reason="x" />"#)],
    );
    let own = api(&[
        (
            "inbound",
            r#"<include-fragment fragment-id="f" /><set-variable name="a" value="1" />"#,
        ),
        (
            "backend",
            r#"<retry condition="@(context.Response.StatusCode == 503)" count="1" interval="5"><forward-request /></retry>"#,
        ),
    ]);
    let catalog = Catalog::new()
        .policy(global)
        .fragment("f", fragment)
        .api(own);
    let world = World::serving(catalog, FakeClient::statuses(&[503, 200]));
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        lines(&answer),
        [
            "enter global inbound set-status[1] global.xml:28",
            "leave global inbound set-status[1] global.xml:28",
            "  enter api inbound include-fragment[1]/choose[1] fragment.xml:11",
            "    pass api inbound include-fragment[1]/choose[1]/when[1] fragment.xml:19",
            "    take api inbound include-fragment[1]/choose[1]/otherwise[1] fragment.xml:81",
            "      enter api inbound include-fragment[1]/choose[1]/otherwise[1]/set-method[1] fragment.xml:92",
            "      leave api inbound include-fragment[1]/choose[1]/otherwise[1]/set-method[1] fragment.xml:92",
            "  leave api inbound include-fragment[1]/choose[1] fragment.xml:11",
            "enter api inbound set-variable[1] api.xml:64",
            "leave api inbound set-variable[1] api.xml:64",
            "enter api backend retry[1] api.xml:118",
            "  enter api backend retry[1]/forward-request[1] api.xml:198",
            "  leave api backend retry[1]/forward-request[1] api.xml:198",
            "  enter api backend retry[1]/forward-request[1] api.xml:198",
            "  leave api backend retry[1]/forward-request[1] api.xml:198",
            "leave api backend retry[1] api.xml:118",
        ]
    );
    // It has waited five seconds in between.
    let spent: Vec<i64> = (entries(&answer).iter())
        .filter_map(|entry| match entry.event {
            Event::Left { spent, .. } => Some(spent),
            _ => None,
        })
        .collect();
    assert_eq!(spent, [0, 0, 0, 0, 0, 0, 50_000_000]);
    let visits = answer.exchange.context.trace.as_ref().unwrap().visits();
    let plan = &answer.exchange.plan;
    let told: Vec<_> = (plan.places().iter())
        .map(|place| (&*place.path, place.kind, visits.count(place.span)))
        .filter(|(path, ..)| !path.starts_with("forward"))
        .collect();
    use PlaceKind::{Branch, Policy};
    assert_eq!(
        told,
        [
            ("set-status[1]", Policy, 1),
            ("include-fragment[1]/choose[1]", Policy, 1),
            ("include-fragment[1]/choose[1]/when[1]", Branch, 0),
            (
                "include-fragment[1]/choose[1]/when[1]/set-method[1]",
                Policy,
                0
            ),
            ("include-fragment[1]/choose[1]/otherwise[1]", Branch, 1),
            (
                "include-fragment[1]/choose[1]/otherwise[1]/set-method[1]",
                Policy,
                1
            ),
            ("set-variable[1]", Policy, 1),
            ("retry[1]", Policy, 1),
            ("retry[1]/forward-request[1]", Policy, 2),
        ]
    );
}

#[tokio::test]
async fn policies_side_by_side_keep_their_places() {
    let call = |name: &str| {
        format!(
            r#"<send-request mode="new" response-variable-name="{name}"><set-url>@("http://{name}.test")</set-url></send-request>"#
        )
    };
    let wait = format!(
        r#"<wait for="all">{}<choose><when condition="true">{}</when></choose></wait>"#,
        call("one"),
        call("two")
    );
    let world = World::of(&[("inbound", &wait)]);
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 200);
    for entry in entries(&answer) {
        if entry.event == Event::Expression {
            let value = entry.data["value"].as_str().unwrap();
            let path = match value {
                "http://one.test" => "wait[1]/send-request[1]",
                _ => "wait[1]/choose[1]/when[1]/send-request[1]",
            };
            assert_eq!(entry.path(), path);
        }
    }
    let left: Vec<&str> = (entries(&answer).iter())
        .filter(|entry| matches!(entry.event, Event::Left { .. }))
        .map(TraceEntry::path)
        .collect();
    assert_eq!(left.len(), 5, "{left:?}");
    assert_eq!(left[3..], ["wait[1]", "forward-request[1]"]);
}

#[tokio::test]
async fn a_failure_is_told_once_where_it_happened() {
    let inbound = r#"<choose><otherwise><check-header name="X" failed-check-httpcode="403" failed-check-error-message="no" ignore-case="true" /></otherwise><when condition="false" /></choose>"#;
    let world = World::of(&[("inbound", inbound)]);
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        lines(&answer),
        [
            "enter api inbound choose[1] api.xml:28",
            "  pass api inbound choose[1]/when[1] api.xml:163",
            "  take api inbound choose[1]/otherwise[1] api.xml:36",
            "    enter api inbound choose[1]/otherwise[1]/check-header[1] api.xml:47",
            "    fail api inbound choose[1]/otherwise[1]/check-header[1] api.xml:47",
            "    break off api inbound choose[1]/otherwise[1]/check-header[1] api.xml:47",
            "break off api inbound choose[1] api.xml:28",
        ]
    );
    let fails = entries(&answer).iter();
    let fails = fails.filter(|entry| entry.data.get("reason").is_some());
    assert_eq!(fails.count(), 1);
}

#[tokio::test]
async fn a_trace_has_a_limit() {
    let inbound = r#"<set-variable name="a" value="@(new string('x', 1000))" />"#.repeat(20);
    let document = source("api.xml", &[("inbound", &inbound)]);
    let catalog = Catalog::new().api(
        Api::new("api")
            .service_url("http://b.test")
            .policy(document),
    );
    let world = World::built(catalog, FakeClient::statuses(&[200]), |builder| {
        let mut limits = tollgate::ports::Limits::default();
        limits.trace = 10_000;
        builder.limits(limits)
    });
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 200);
    let trace = answer.exchange.context.trace.as_ref().unwrap();
    assert!(trace.is_cut());
    assert!(serde_json::to_string(&trace).unwrap().len() < 12_000);
    let last = trace.entries.last().unwrap();
    assert_eq!(
        last.data["message"],
        "The trace was cut here: it is longer than 10000 bytes."
    );
    let visited = answer.exchange.plan.places().iter();
    let visited = visited.filter(|place| place.policy == "set-variable");
    assert_eq!(
        visited
            .map(|place| trace.visits().count(place.span))
            .sum::<u64>(),
        20
    );
}

/// The parts of the only expression in a trace, each as `text: values`.
fn parts(answer: &Answer) -> Vec<String> {
    let mut all = entries(answer).iter();
    let entry = all.find(|entry| entry.event == Event::Expression).unwrap();
    let parts = entry.parts.iter();
    parts
        .map(|part| {
            let indent = "  ".repeat(part.depth);
            format!("{indent}{}: {}", part.expression, part.values.join(", "))
        })
        .collect()
}

#[tokio::test]
async fn expressions_tell_their_parts() {
    let inbound = r#"<choose><when condition="@(context.Request.Headers.GetValueOrDefault("x","") == "a" && context.Request.Method.Length > 2 + 1)" /></choose>"#;
    let world = World::of(&[("inbound", inbound)]);
    let method = [
        "  context.Request.Method.Length: 3",
        "    context.Request.Method: \"GET\"",
    ];
    let answer = world.get("/", &[("x", "a")]).await;
    let got = parts(&answer);
    let compared = [
        r#"context.Request.Headers.GetValueOrDefault("x","") == "a": true"#,
        r#"  context.Request.Headers.GetValueOrDefault("x",""): "a""#,
        "context.Request.Method.Length > 2 + 1: false",
    ];
    assert_eq!(got, [&compared[..], &method[..]].concat());
    let answer = world.get("/", &[("x", "b")]).await;
    assert_eq!(
        parts(&answer),
        [
            r#"context.Request.Headers.GetValueOrDefault("x","") == "a": false"#,
            r#"  context.Request.Headers.GetValueOrDefault("x",""): "b""#,
            "context.Request.Method.Length > 2 + 1: ",
        ]
    );
    let plan = &answer.exchange.plan;
    let expression = &plan.expressions()[0];
    let texts: Vec<&str> = (expression.parts())
        .filter(|part| part.is_condition)
        .map(|part| plan.sources().text(part.span))
        .collect();
    assert_eq!(
        texts,
        [
            r#"context.Request.Headers.GetValueOrDefault("x","") == "a" && context.Request.Method.Length > 2 + 1"#,
            r#"context.Request.Headers.GetValueOrDefault("x","") == "a""#,
            "context.Request.Method.Length > 2 + 1",
        ]
    );
    assert_eq!(
        expression.place().unwrap().path.as_ref(),
        "choose[1]/when[1]"
    );
    let trace = answer.exchange.context.trace.as_ref().unwrap();
    let whole = trace.visits().outcomes(expression.span())[0];
    assert_eq!((whole.ran, whole.truths, whole.falsehoods), (1, 0, 1));
}

#[tokio::test]
async fn blocks_tell_their_parts() {
    let inbound = r#"<set-variable name="a" value="@{ var sum = 0; foreach (var n in new [] {1, 2, 3, 4}) { if (n % 2 == 0) { sum += n; } } return sum; }" />"#;
    let answer = World::of(&[("inbound", inbound)]).get("/", &[]).await;
    assert_eq!(answer.variable("a"), "Int32(6)");
    let got = parts(&answer);
    for part in [
        "n % 2 == 0: false, true, false",
        "  n % 2: 1, 0, 1",
        "sum: 6",
    ] {
        assert!(got.iter().any(|line| line == part), "{part} in {got:#?}");
    }
}

#[tokio::test]
async fn what_is_made_of_a_secret_is_masked() {
    let inbound = r#"<set-variable name="a" value="@(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("user:{{key}}" + context.Request.Method)))" />
        <set-variable name="b" value="@("x " + (string)context.Variables["a"])" />
        <set-variable name="c" value="@("{{key}}".Length > 3)" />"#;
    let catalog = Catalog::new()
        .secret("key", "s3cr3t-s3cr3t")
        .api(api(&[("inbound", inbound)]));
    let answer = World::serving(catalog, FakeClient::statuses(&[200]))
        .get("/", &[])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.variable("c"), "Bool(true)");
    let trace = serde_json::to_string(&answer.exchange.context.trace).unwrap();
    for hidden in ["s3cr3t", "czNjcjN0", "dXNlcjpz"] {
        assert!(!trace.contains(hidden), "{hidden}: {trace}");
    }
    assert!(trace.contains("x ***"), "{trace}");
}

/// Each has a request and a response of its own, which are no changes of what was there before.
#[tokio::test]
async fn resolvers_side_by_side_change_their_own() {
    let set = r#"<http-data-source><http-request><set-method>GET</set-method><set-url>http://users.test/</set-url></http-request>
        <http-response><set-body>"x"</set-body></http-response></http-data-source>"#;
    let resolvers = [("Query", "text", set), ("Query", "sure", set)];
    let catalog = Catalog::new().api(crate::resolvers::api(&resolvers));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    let answer = world.get("/?query=%7B%20text%20sure%20%7D", &[]).await;
    assert_eq!(answer.body, r#"{"data":{"text":"x","sure":"x"}}"#);
    let changed = entries(&answer)
        .iter()
        .filter(|entry| entry.event == Event::Changed);
    let told: Vec<String> = changed
        .flat_map(|entry| {
            let changes = entry.changes.iter();
            changes.map(|change| format!("{} {} {}", entry.source, change.what.name(), change.name))
        })
        .collect();
    let asked = [
        "set-url request url ",
        "http-data-source request body ",
        "http-data-source request header host",
        "http-data-source request header content-type",
    ];
    let answered = ["forward-request response body ", "set-body response body "];
    let own = [&asked[..], &asked, &answered, &answered].concat();
    let around = [
        "gateway response body ",
        "gateway response header content-type",
    ];
    assert_eq!(
        told,
        [&["gateway request url "], &own[..], &around].concat()
    );
}
