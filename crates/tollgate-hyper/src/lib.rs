//! hyper for Tollgate: [`HyperClient`] is the HTTP client port, [`serve`] a reverse proxy, [`answer`] the service in it.

mod client;
mod proxy;
mod resolve;

pub use client::{ClientError, HyperClient, HyperClientBuilder};
pub use proxy::{answer, serve};
