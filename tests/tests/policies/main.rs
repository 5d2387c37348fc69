//! What each policy does, in a world of fakes: no sockets, and time that moves when it is told to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod access;

mod authentication;
mod backends;
mod bad;
mod caching;
mod client_certificate;
mod concurrency;
mod content;
mod control;
mod cors;
mod coverage;
mod dapr;
mod encrypted;
mod entra;
mod errors;
mod events;
mod graphql;
mod load;
mod meaning;
mod odata;
mod quotas;
mod rates;
mod reference;
mod reports;
mod resolver_documents;
mod resolvers;
mod routing;
mod safety;
mod scopes;
mod sending;
mod service_fabric;

mod tokens;
mod tracing;
mod transformation;
mod validation;
mod waiting;
mod world;
mod xml;
