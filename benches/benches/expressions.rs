//! Conditions of policies, beside the same written by hand as most people do and in the fastest way that is known.

mod compare;

use compare::Comparison;
use std::hint::black_box;

use tollgate::engine::{Exchange, Setting};
use tollgate_benches::conditions::{
    BODY, CLAIM, HEADER, Requests, VARIABLE, fastest, usual, variables,
};
use tollgate_benches::{block, expression};

/// What a condition costs, in nanoseconds.
struct Row {
    name: &'static str,
    tollgate: f64,
    /// In the same request again, when token or body were read before.
    again: f64,
    usual: f64,
    fastest: f64,
}

/// How a condition is written by hand.
type ByHand = fn(&Exchange) -> bool;

fn main() {
    let requests = Requests::default();
    let mut comparison = Comparison::new();
    let map = variables();
    let slots = [None, None, None, Some(1)];
    let conditions: [(_, Setting<bool>, ByHand, ByHand); 3] = [
        (
            "E2 header, split, prefix",
            expression(HEADER),
            usual::header,
            fastest::header,
        ),
        (
            "E3 claim of a token",
            expression(CLAIM),
            usual::claim,
            fastest::claim,
        ),
        (
            "E4 two fields of a body",
            block(BODY),
            usual::body,
            fastest::body,
        ),
    ];
    let mut rows = Vec::new();
    let variable = expression(VARIABLE);
    let mut exchange = requests.exchange();
    let known = |()| assert!(evaluate(&variable, black_box(&mut exchange)));
    let name = "E1 variable";
    let tollgate = comparison.measure(name, "tollgate", || (), known);
    rows.push(Row {
        name,
        tollgate,
        again: tollgate,
        usual: comparison.measure(
            name,
            "usual",
            || (),
            |()| {
                assert!(usual::variable(black_box(&map)));
            },
        ),
        fastest: comparison.measure(
            name,
            "fastest",
            || (),
            |()| {
                assert!(fastest::variable(black_box(&slots)));
            },
        ),
    });
    for (name, setting, usual, fastest) in conditions {
        let mut fresh = |side: &str, run: &dyn Fn(&mut Exchange) -> bool| {
            comparison.measure_in_place(name, side, || requests.exchange(), run)
        };
        let tollgate = fresh("tollgate", &|exchange| evaluate(&setting, exchange));
        let (usual, fastest) = (
            fresh("usual", &|exchange| usual(exchange)),
            fresh("fastest", &|exchange| fastest(exchange)),
        );
        let mut exchange = requests.exchange();
        let again = |()| assert!(evaluate(&setting, black_box(&mut exchange)));
        rows.push(Row {
            name,
            tollgate,
            again: comparison.measure(name, "again", || (), again),
            usual,
            fastest,
        });
    }
    drop(comparison);
    print(&rows, requests.sizes());
}

/// The condition, in a request that makes no other objects.
fn evaluate(condition: &Setting<bool>, exchange: &mut Exchange) -> bool {
    let holds = condition.get(exchange).is_ok_and(|value| *value);
    // No request evaluates it a million times; what it may do is given back before it is used up.
    if exchange.budget.steps < FEW_STEPS || exchange.heap.bytes() > MANY_BYTES {
        exchange.heap.clear();
        exchange.budget = exchange.context.ports.limits.budget.clone();
    }
    holds
}

const FEW_STEPS: u64 = 1000;
const MANY_BYTES: usize = 1 << 20;

fn print(rows: &[Row], (token, body): (usize, usize)) {
    println!("\nA token of {token} bytes, a body of {body} bytes; fastest runs, ns:\n");
    println!(
        "{:<26} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "tollgate", "again", "usual", "fastest", "/ usual", "/ fastest"
    );
    for row in rows {
        println!(
            "{:<26} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.2} {:>9.2}",
            row.name,
            row.tollgate,
            row.again,
            row.usual,
            row.fastest,
            row.tollgate / row.usual,
            row.tollgate / row.fastest,
        );
    }
}
