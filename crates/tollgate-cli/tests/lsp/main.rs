//! `tollgate lsp`, driven over its standard streams.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod client;
mod completion;
mod extension;
mod findings;
mod navigation;
mod protocol;
