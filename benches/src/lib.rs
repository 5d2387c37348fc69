//! What benchmarks and allocation tests share: the blog's policies in a world without a network, and what they decide
//! written by hand.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot be set up may stop"
)]

pub mod by_hand;
pub mod conditions;
mod policies;
mod world;

pub use policies::{APP, Policy, TENANT};
pub(crate) use world::request_with;
pub use world::{World, answer, block, exchange, expression, long_block, request};
