//! The whole over real sockets on loopback: in front hyper or axum, behind it backends and a token issuer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod backends;
mod blog;
mod calls;
mod front;
mod handlers;
mod requests;
mod resolvers;
mod streaming;
mod tokens;
mod ways;
