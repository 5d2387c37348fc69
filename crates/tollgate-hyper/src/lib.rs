//! hyper for Tollgate: [`HyperClient`] is the HTTP client port, [`serve`] a reverse proxy, [`answer`] the service in it.

mod client;
mod connect;
mod proxy;
mod redirect;
mod resolve;
mod verify;
mod ways;

pub use client::{ClientError, HyperClient, HyperClientBuilder};
pub use proxy::{answer, serve, serve_with};
