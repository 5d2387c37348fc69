//! Real parts on loopback for the tests of the whole: a token issuer, backends, certificates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support fails loudly"
)]

mod backend;
mod client;
mod fakes;
mod issuer;
mod log;
mod pki;
mod server;

pub use backend::{Backend, Seen};
pub use client::{Connection, Received, full, get, send, send_over};
pub use fakes::{Call, FakeClient, FakeClock, FakeEvents, FixedRandom, text};
pub use issuer::{Answer, Issuer};
pub use log::Log;
pub use pki::{Issued, Pki};
pub use server::{BoxedBody, Handler, Reply, Server, reply};

/// A policy file of this repository, by its path below `policies/`.
pub fn policy(path: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/");
    std::fs::read_to_string(format!("{root}{path}")).unwrap()
}

/// Seconds since 1970.
pub fn unix_now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
