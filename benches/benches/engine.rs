//! What the engine costs for each request, without a network.

mod compare;

use std::hint::black_box;

use compare::{Comparison, Side};
use tollgate::Gateway;
use tollgate_benches::by_hand::ByHand;
use tollgate_benches::{Policy, World, answer, request};

fn main() {
    let mut comparison = Comparison::new();
    for policy in Policy::ALL {
        known_token(&mut comparison, policy);
    }
    for policy in [Policy::Authorize, Policy::Throttle] {
        new_token(&mut comparison, policy);
    }
}

/// Every request brings the same token: its signature was checked before.
fn known_token(comparison: &mut Comparison, policy: Policy) {
    let world = World::default();
    let token = world.token(0);
    let (gateway, by_hand) = (world.gateway(policy), world.by_hand());
    let aim = match policy {
        Policy::Throttle => "at most 5000 ns",
        _ => "",
    };
    comparison.pair(
        policy.name(),
        aim,
        Side {
            setup: || request(&token),
            run: |request| {
                world.pass_time();
                let response = answer(&gateway, request);
                assert_eq!(response.status(), 200);
            },
        },
        Side {
            setup: || request(&token),
            run: |request| {
                world.pass_time();
                let response = by_hand.answer(policy, request);
                assert_eq!(response.status(), 200);
            },
        },
    );
}

/// Every request brings a token that was not seen before: its signature is checked.
fn new_token(comparison: &mut Comparison, policy: Policy) {
    let world = World::default();
    let tokens = [world.token(0), world.token(1)];
    let [first, second] = &tokens;
    comparison.pair(
        &format!("{} with RS256", policy.name()),
        "",
        Side {
            setup: || {
                // A gateway that knows the issuer's keys, but not the token.
                let gateway = world.gateway(policy);
                black_box(answer(&gateway, request(first)));
                (gateway, request(second))
            },
            run: |(gateway, request): (Gateway, _)| {
                let response = answer(&gateway, request);
                assert_eq!(response.status(), 200);
                gateway
            },
        },
        Side {
            setup: || (world.by_hand(), request(second)),
            run: |(by_hand, request): (ByHand, _)| {
                let response = by_hand.answer(policy, request);
                assert_eq!(response.status(), 200);
                by_hand
            },
        },
    );
}
