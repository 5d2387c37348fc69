//! Tollgate's conditions beside those of other embedded languages, and beside Rust written by hand, in one run.

#[path = "../../benches/compare/mod.rs"]
mod compare;

use std::hint::black_box;

use compare::Comparison;
use tollgate::engine::{Exchange, Setting};
use tollgate_benches::conditions::{
    BODY, CLAIM, HEADER, Requests, VARIABLE, fastest, usual, variables,
};
use tollgate_benches::{block, expression};
use tollgate_peers::{CONDITIONS, Request, languages};

fn main() {
    let requests = Requests::default();
    let request: &'static Request = Box::leak(Box::new(Request::of(&requests)));
    let mut comparison = Comparison::new();
    let mut table: Vec<(&str, Vec<f64>)> = Vec::new();

    let settings: [Setting<bool>; 4] = [
        expression(VARIABLE),
        expression(HEADER),
        expression(CLAIM),
        block(BODY),
    ];
    let ours = |setting: &Setting<bool>, exchange: &mut Exchange| {
        let holds = setting.get(exchange).is_ok_and(|value| *value);
        exchange.heap.clear();
        exchange.budget = exchange.context.ports.limits.budget.clone();
        holds
    };
    let times = CONDITIONS.iter().zip(&settings).map(|(name, setting)| {
        let setup = || requests.exchange();
        comparison.measure_in_place(name, "tollgate", setup, |exchange| ours(setting, exchange))
    });
    table.push(("tollgate", times.collect()));

    let (map, slots) = (variables(), [None, None, None, Some(1)]);
    let by_hand: [(&str, [&dyn Fn(&Exchange) -> bool; 4]); 2] = [
        (
            "Rust, usual",
            [
                &|_| usual::variable(black_box(&map)),
                &usual::header,
                &usual::claim,
                &usual::body,
            ],
        ),
        (
            "Rust, fastest",
            [
                &|_| fastest::variable(black_box(&slots)),
                &fastest::header,
                &fastest::claim,
                &fastest::body,
            ],
        ),
    ];
    for (side, runs) in by_hand {
        let times = CONDITIONS.iter().zip(runs).map(|(name, run)| {
            let setup = || requests.exchange();
            comparison.measure_in_place(name, side, setup, |exchange| run(exchange))
        });
        table.push((side, times.collect()));
    }

    for (language, runs) in languages(request) {
        let times = CONDITIONS
            .iter()
            .zip(runs)
            .map(|(name, mut run)| comparison.measure(name, language, || (), |()| assert!(run())));
        table.push((language, times.collect()));
    }
    drop(comparison);

    println!(
        "\nfastest runs, ns{:>12}{:>10}{:>10}{:>10}",
        "E1", "E2", "E3", "E4"
    );
    for (side, times) in &table {
        let times: String = times.iter().map(|time| format!("{time:>10.0}")).collect();
        println!("{side:<18}{times}");
    }
}
