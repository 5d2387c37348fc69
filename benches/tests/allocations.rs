//! How often a request allocates: a guard against what makes requests slow, that holds on any machine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use allocation_counter::measure;
use tollgate::engine::{Setting, VariableName};
use tollgate_benches::{Policy, World, answer, exchange, expression, request};
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

#[test]
fn a_condition_on_a_variable_allocates_nothing() {
    let gateway = World::default().gateway(Policy::LoadBalance);
    let mut exchange = exchange(&gateway, request(""));
    let name = VariableName::new("urlId");
    exchange.context.variables.set(&name, Value::Int32(2));
    let conditions: [Setting<bool>; 2] = [1, 2].map(|number| {
        expression(&format!(
            r#"context.Variables.GetValueOrDefault<int>("urlId") == {number}"#
        ))
    });
    let mut truths = [false; 2];
    let allocations = measure(|| {
        for (truth, condition) in truths.iter_mut().zip(&conditions) {
            *truth = *condition.get(&mut exchange).expect("it is a condition");
        }
    });
    assert_eq!(truths, [false, true]);
    assert_eq!(allocations.count_total, 0, "{allocations:?}");
}
