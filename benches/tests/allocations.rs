//! How often a request allocates: a guard against what makes requests slow, that holds on any machine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use allocation_counter::measure;
use tollgate::engine::{Setting, VariableName};
use tollgate_benches::{Policy, World, answer, block, exchange, expression, request};
use tollgate_dotnet::Value;

/// Allocations of a request through the throttling policy, its token being remembered.
const THROTTLE: u64 = 64;

#[test]
fn the_throttling_policy_allocates_little() {
    let world = World::default();
    let gateway = world.gateway(Policy::Throttle);
    let token = world.token(0);
    // Keys are fetched, the token is checked, tables have their size.
    for _ in 0..20 {
        world.pass_time();
        assert_eq!(answer(&gateway, request(&token)).status(), 200);
    }
    world.pass_time();
    let request = request(&token);
    let mut response = None;
    let allocations = measure(|| response = Some(answer(&gateway, request)));
    assert_eq!(response.unwrap().status(), 200);
    assert!(allocations.count_total <= THROTTLE, "{allocations:?}");
}

/// What the benchmarks of conditions measure, and what policies often ask besides.
const CONDITIONS: &[&str] = &[
    r#"context.Variables.GetValueOrDefault<int>("urlId") == 2"#,
    r#"(int)context.Variables["urlId"] == 2"#,
    r#"context.Variables.ContainsKey("urlId")"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ')[0].StartsWith("Bearer")"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ').Last().StartsWith("eyJ")"#,
    r#"context.Request.Headers["Content-Type"][0] == "application/json""#,
    r#"context.Request.Method == "POST" && context.Response.StatusCode == 200"#,
];

/// What is read once in a request, and then allocates nothing.
const READ_ONCE: &[&str] = &[
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ').Last().AsJwt().Claims.GetValueOrDefault("ver") == "1.0""#,
    r#"var body = context.Request.Body.As<JObject>(true); return (int)body["temperature"] == 0 && (string)body["none"] == null;"#,
];

#[test]
fn conditions_that_read_the_request_allocate_nothing() {
    let world = World::default();
    let gateway = world.gateway(Policy::LoadBalance);
    let mut exchange = exchange(&gateway, request(&world.token(0)));
    let name = VariableName::new("urlId");
    exchange.context.variables.set(&name, Value::Int32(2));
    for code in CONDITIONS.iter().chain(READ_ONCE) {
        let condition: Setting<bool> = match code.contains("return") {
            true => block(code),
            false => expression(code),
        };
        if READ_ONCE.contains(code) {
            assert!(
                *condition.get(&mut exchange).expect("it is a condition"),
                "{code}"
            );
        }
        let mut truth = false;
        let allocations = measure(|| {
            truth = *condition.get(&mut exchange).expect("it is a condition");
        });
        assert!(truth, "{code}");
        assert_eq!(allocations.count_total, 0, "{code}: {allocations:?}");
    }
}
