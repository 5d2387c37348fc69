//! The shapes that policies have in the real world (`policies/samples/`), each through the whole gateway: clients,
//! backends, token issuers and everybody else who is asked are on loopback, over TCP. Only the clock is a test's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod access;
mod ai;
mod identity;
mod signing;
mod world;
