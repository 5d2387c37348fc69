//! The blog's conditions by themselves, beside the same written by hand.

mod compare;

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;

use compare::{Comparison, Side};
use tollgate::engine::{Exchange, FromValue, Setting, VariableName};
use tollgate_benches::{APP, Policy, World, block, by_hand, exchange, expression, request};
use tollgate_dotnet::Value;

const TWICE: &str = "at most 2 times";

fn main() {
    let mut comparison = Comparison::new();
    random(&mut comparison);
    variable(&mut comparison);
    header(&mut comparison);
    application(&mut comparison);
    iteration(&mut comparison);
}

fn random(comparison: &mut Comparison) {
    let gateway = World::default().gateway(Policy::LoadBalance);
    let exchange = RefCell::new(exchange(&gateway, request("")));
    let pick: Setting<i32> = expression("new Random(context.RequestId.GetHashCode()).Next(1, 3)");
    let id = exchange.borrow().context.request_id;
    assert_eq!(
        evaluate(&pick, &mut exchange.borrow_mut()),
        by_hand::pick(&id)
    );
    comparison.pair(
        "new Random(…).Next(1, 3)",
        TWICE,
        Side {
            setup: || renew(&mut exchange.borrow_mut()),
            run: |()| evaluate(&pick, &mut exchange.borrow_mut()),
        },
        Side {
            setup: || (),
            run: |()| by_hand::pick(black_box(&id)),
        },
    );
}

fn variable(comparison: &mut Comparison) {
    let gateway = World::default().gateway(Policy::LoadBalance);
    let exchange = RefCell::new(exchange(&gateway, request("")));
    let name = VariableName::new("urlId");
    exchange
        .borrow_mut()
        .context
        .variables
        .set(&name, Value::Int32(1));
    let by_hand: by_hand::Variables = HashMap::from([("urlId".to_owned(), Box::new(1) as _)]);
    let is_first = expression(r#"context.Variables.GetValueOrDefault<int>("urlId") == 1"#);
    assert!(evaluate(&is_first, &mut exchange.borrow_mut()));
    comparison.pair(
        "Variables.GetValueOrDefault<int>(…) == 1",
        "no slower",
        Side {
            setup: || renew(&mut exchange.borrow_mut()),
            run: |()| evaluate(&is_first, &mut exchange.borrow_mut()),
        },
        Side {
            setup: || (),
            run: |()| by_hand::is_first(black_box(&by_hand)),
        },
    );
}

fn header(comparison: &mut Comparison) {
    let world = World::default();
    let gateway = world.gateway(Policy::LoadBalance);
    let token = world.token(0);
    let headers = request(&token).headers().clone();
    let exchange = RefCell::new(exchange(&gateway, request(&token)));
    let is_bearer = expression(
        r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ')[0].StartsWith("Bearer")"#,
    );
    comparison.pair(
        "Headers….Split(' ')[0].StartsWith(…)",
        "no slower",
        Side {
            setup: || renew(&mut exchange.borrow_mut()),
            run: |()| assert!(evaluate(&is_bearer, &mut exchange.borrow_mut())),
        },
        Side {
            setup: || (),
            run: |()| assert!(by_hand::is_bearer(black_box(&headers))),
        },
    );
}

fn application(comparison: &mut Comparison) {
    let world = World::default();
    let gateway = world.gateway(Policy::Throttle);
    let token = world.token(0);
    let headers = request(&token).headers().clone();
    let is_from = expression(&format!(
        r#"context.Request.Headers.GetValueOrDefault("Authorization","").Split(' ').Last().AsJwt().Claims.GetValueOrDefault("appid", string.Empty).Equals("{APP}")"#
    ));
    comparison.pair(
        "….AsJwt().Claims…, a new token",
        TWICE,
        Side {
            setup: || exchange(&gateway, request(&token)),
            run: |mut exchange| {
                assert!(evaluate(&is_from, &mut exchange));
                exchange
            },
        },
        Side {
            setup: || (),
            run: |()| assert!(by_hand::is_from(black_box(&headers), APP)),
        },
    );

    let known = HashMap::from([(token.clone(), by_hand::claims(&token).unwrap_or_default())]);
    let exchange = RefCell::new(exchange(&gateway, request(&token)));
    comparison.pair(
        "….AsJwt().Claims…, a known token",
        TWICE,
        Side {
            setup: || renew(&mut exchange.borrow_mut()),
            run: |()| assert!(evaluate(&is_from, &mut exchange.borrow_mut())),
        },
        Side {
            setup: || (),
            run: |()| assert!(by_hand::is_known_from(black_box(&headers), &known, APP)),
        },
    );
}

/// For orientation: a gateway's expressions seldom loop.
fn iteration(comparison: &mut Comparison) {
    let gateway = World::default().gateway(Policy::LoadBalance);
    let exchange = RefCell::new(exchange(&gateway, request("")));
    let sum = block(
        "var sum = 0; for (var i = 0; i < 1000; i++) { if (i % 3 == 0) { sum += i; } } return sum;",
    );
    assert_eq!(evaluate(&sum, &mut exchange.borrow_mut()), 166_833);
    comparison.pair(
        "a loop of 1000 turns",
        "",
        Side {
            setup: || renew(&mut exchange.borrow_mut()),
            run: |()| evaluate::<i32>(&sum, &mut exchange.borrow_mut()),
        },
        Side {
            setup: || (),
            run: |()| (0..1000).filter(|i| black_box(i) % 3 == 0).sum::<i32>(),
        },
    );
}

fn evaluate<T: FromValue + Default>(setting: &Setting<T>, exchange: &mut Exchange) -> T {
    setting
        .get(exchange)
        .map(|value| value.into_owned())
        .unwrap_or_default()
}

/// As a new request finds it: no objects, no steps taken.
fn renew(exchange: &mut Exchange) {
    exchange.heap.clear();
    exchange.budget = exchange.context.ports.limits.budget.clone();
}
