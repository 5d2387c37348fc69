//! What each policy does, in a world of fakes: no sockets, and time that moves when it is told to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod access;
mod caching;
mod content;
mod control;
mod cors;
mod encrypted;
mod errors;
mod events;
mod load;
mod rates;
mod reports;
mod routing;
mod scopes;
mod sending;
mod service_fabric;
mod transformation;
mod waiting;
mod world;
