//! `tollgate lsp`, driven over its standard streams.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod client;
mod findings;
mod protocol;
