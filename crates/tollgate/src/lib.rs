//! Azure API Management policies inside your Rust gateway.
//!
//! A [`Gateway`] is built once of policy files, unchanged, and runs requests through them: on its own, as the proxy of
//! [`hyper`], or as a layer around handlers ([`tower`], [`axum`]).
//!
//! ```
//! use tollgate::{Body, Gateway, Peer, Source};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = r#"
//! <policies>
//!     <inbound>
//!         <base />
//!         <choose>
//!             <when condition="@(context.Request.Headers.GetValueOrDefault("X-Key", "") != "{{key}}")">
//!                 <return-response>
//!                     <set-status code="401" reason="Unauthorized" />
//!                 </return-response>
//!             </when>
//!         </choose>
//!     </inbound>
//!     <backend><base /></backend>
//!     <outbound><base /></outbound>
//!     <on-error><base /></on-error>
//! </policies>"#;
//! let gateway = Gateway::builder()
//!     .policy(Source::new("key.xml", policy))
//!     .secret("key", "open sesame")
//!     .build()?;
//!
//! let request = http::Request::get("http://localhost/orders").body(Body::empty())?;
//! let response = gateway.handle(request, Peer::default()).await;
//! assert_eq!(response.status(), 401);
//! # Ok(()) }
//! ```
//!
//! # Features
//! On by default: `hyper`, the HTTP client and a proxy; `metrics`, custom metrics; `pfx`, certificates as PKCS #12;
//! `tokenizer`, tokens counted with the vocabulary of OpenAI's models (5 MB). `tower`, `axum`: the layers. `render`:
//! pictures of the places that diagnostics are about.

mod background;
mod builder;
mod cache;
mod counters;
mod credentials;
mod event_hub;
#[cfg(feature = "metrics")]
mod metrics;
mod system;
#[cfg(feature = "tokenizer")]
mod tokenizer;
mod vectors;

pub use background::TokioBackground;
pub use builder::{BuildError, Gateway, GatewayBuilder};
pub use cache::MemoryCache;
pub use counters::MemoryCounters;
pub use credentials::{HttpCredentials, ManagedIdentity, OAuthConnection};
pub use event_hub::EventHub;
#[cfg(feature = "metrics")]
pub use metrics::MetricsEvents;
pub use system::{LogEvents, SystemClock, SystemRandom};
#[cfg(feature = "tokenizer")]
pub use tokenizer::BpeTokenizer;
pub use vectors::MemoryVectors;

/// What a policy of one's own is written with.
pub use tollgate_engine as engine;
pub use tollgate_engine::ports;
pub use tollgate_engine::{
    Api, Backend, Body, Catalog, Certificate, CertificateError, CircuitBreaker, DeploymentInfo,
    GroupInfo, IdentityInfo, LoadErrors, Operation, Outcome, Peer, Plan, Product, ServiceFabric,
    Source, Subscription, SubscriptionScope, UserInfo, Workspace,
};
/// Every policy that is built in.
pub use tollgate_policies::ALL as POLICIES;
pub use tollgate_syntax as syntax;

/// axum: handlers behind policies.
#[cfg(feature = "axum")]
pub use tollgate_axum as axum;
/// hyper: the HTTP client and a proxy.
#[cfg(feature = "hyper")]
pub use tollgate_hyper as hyper;
/// tower: a layer around any service.
#[cfg(feature = "tower")]
pub use tollgate_tower as tower;
