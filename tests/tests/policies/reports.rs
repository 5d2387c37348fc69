//! trace, the trace of an exchange, and secrets, which are in none of them.

use serde_json::Value as Json;
use tollgate::ports::{Event, Severity};
use tollgate::{Catalog, Gateway};
use tollgate_tests::{FakeClient, Log};

use crate::world::{Answer, World, api, set_header};

#[tokio::test]
async fn trace_reports_to_the_sink_and_the_trace() {
    let inbound = r#"<trace source="orders" severity="information"><message>@("tenant " + context.Request.Method)</message>
        <metadata name="one" value="@((1).ToString())" /></trace><trace source="old">text</trace>"#;
    let world = World::of(&[("inbound", inbound)]);
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 200);
    let events = world.events.all();
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[0],
        Event::Trace {
            source: "orders".into(),
            severity: Severity::Information,
            message: "tenant GET".into(),
            metadata: vec![("one".into(), "1".into())],
            request_id: crate::world::REQUEST_ID,
        }
    );
    assert!(
        matches!(&events[1], Event::Trace { severity: Severity::Verbose, message, .. } if message.as_utf8() == Some("text"))
    );
    let entries = &answer.exchange.context.trace.as_ref().unwrap().entries;
    let entry = entries
        .iter()
        .find(|entry| entry.source == "orders")
        .unwrap();
    assert_eq!(entry.data["message"], "tenant GET");
    assert_eq!(entry.data["metadata"]["one"], "1");
    assert_eq!(entry.section, Some("inbound"));
}

#[tokio::test]
async fn metadata_must_have_a_value() {
    for value in [r#"@("")"#, "@((string)null)"] {
        let inbound = format!(
            r#"<trace source="s"><message>m</message><metadata name="n" value="{value}" /></trace>"#
        );
        let answer = World::of(&[("inbound", &inbound)]).get("/", &[]).await;
        assert_eq!(answer.status, 500);
        assert_eq!(
            answer.last_error()[..3],
            [
                "trace",
                "ExpressionValueValidationFailure",
                "Expression value is invalid. The value field is required."
            ]
        );
    }
}

fn json(answer: &Answer) -> String {
    serde_json::to_string(answer.exchange.context.trace.as_ref().unwrap()).unwrap()
}

#[tokio::test]
async fn the_trace_tells_the_story() {
    let inbound = r#"<set-variable name="a" value="@(1 + context.Request.Method.Length)" />"#;
    let answer = World::of(&[("inbound", inbound)]).get("/", &[]).await;
    let trace: Json = serde_json::from_str(&json(&answer)).unwrap();
    let steps: Vec<_> = trace["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let event = match &entry["event"] {
                Json::Object(fields) => fields.keys().next().unwrap(),
                event => event.as_str().unwrap(),
            };
            format!("{} {event}", entry["source"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        steps,
        [
            "api-inspector message",
            "api-inspector message",
            "gateway changed",
            "set-variable entered",
            "set-variable expression",
            "set-variable changed",
            "set-variable left",
            "forward-request entered",
            "forward-request message",
            "forward-request message",
            "forward-request changed",
            "forward-request left",
            "transfer-response message"
        ]
    );
    let expression = &trace["entries"][4]["data"];
    assert_eq!(
        expression["expression"],
        "1 + context.Request.Method.Length"
    );
    assert_eq!(expression["value"], "4");
}

const SECRET: &str = "hush-hush-1234";

#[tokio::test]
async fn secrets_are_in_no_trace_and_no_log() {
    let log = Log::start();
    let fails =
        r#"<set-variable name="n" value="@(int.Parse("{{key}}" + context.Request.Method))" />"#;
    let inbound = set_header("X-Key", "{{key}}")
        + r#"<set-variable name="key" value="@("{{key}}" + context.Request.Method)" />
        <trace source="s {{key}}"><message>@("k {{key}}")</message><metadata name="m" value="{{key}}" /></trace>
        <check-header name="X-Key" failed-check-httpcode="401" failed-check-error-message="no" ignore-case="true"><value>{{key}}</value></check-header>"#
        + fails;
    let catalog = Catalog::new()
        .secret("key", SECRET)
        .api(api(&[("inbound", &inbound)]));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    let answer = world
        .get("/", &[("Authorization", "Bearer the-clients-own-token")])
        .await;
    assert_eq!(answer.status, 500);
    let log = log.take();
    let events = format!("{:?}", world.events.all());
    for text in [&json(&answer), &log, &events] {
        assert!(!text.is_empty());
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.contains("the-clients-own-token"), "{text}");
    }
    assert!(log.contains("ExpressionValueEvaluationFailure"), "{log}");
    assert!(json(&answer).contains("***"));
}

#[tokio::test]
async fn failures_and_denials_are_logged() {
    let log = Log::start();
    let deny = r#"<ip-filter action="forbid"><address>203.0.113.7</address></ip-filter>"#;
    World::of(&[("inbound", deny)]).get("/", &[]).await;
    let text = log.take();
    for part in [
        "WARN",
        "ip-filter",
        "CallerIpBlocked",
        "403",
        "11111111-1111-1111-1111-111111111111",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn secrets_are_in_no_diagnostic_and_no_debug_text() {
    let policies = r#"<rate-limit-by-key calls="{{key}}" renewal-period="60" counter-key="k" />
        <set-header name="{{key}} a"><value>1</value></set-header>
        <set-method>@(context.{{key}})</set-method>
        <set-backend-service base-url="{{key}}" />
        <check-header name="a" failed-check-httpcode="{{key}}" failed-check-error-message="m" ignore-case="{{key}}" />"#;
    let builder = Gateway::builder()
        .secret("key", SECRET)
        .api(api(&[("inbound", policies)]));
    assert!(!format!("{builder:?}").contains(SECRET));
    let error = builder.build().unwrap_err();
    let text = format!("{error}\n{error:?}");
    assert!(text.contains("***"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}
