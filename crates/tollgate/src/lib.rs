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
//! # Traces
//! A request can explain itself: what each policy read, decided and changed, with the values of expressions and their
//! parts, and how long it took. Who does not ask for it does not pay for it. Secrets and credentials are masked.
//!
//! ```
//! use tollgate::{Body, Gateway, Peer, RunOptions, Source, Trace};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = r#"<policies><inbound>
//!     <set-header name="X-Path"><value>@(context.Request.Url.Path)</value></set-header>
//!     <return-response><set-status code="204" reason="No Content" /></return-response>
//! </inbound></policies>"#;
//! let gateway = Gateway::builder().policy(Source::new("path.xml", policy)).build()?;
//!
//! let request = http::Request::get("http://localhost/orders").body(Body::empty())?;
//! let options = RunOptions { trace: Some(Trace::default()), ..RunOptions::default() };
//! let outcome = gateway.run(request, Peer::default(), options).await;
//! let trace = outcome.trace().expect("it was asked for");
//! let tree = trace.to_tree();
//! assert!(tree.contains("context.Request.Url.Path = /orders"), "{tree}");
//! assert!(tree.contains("+ request header x-path = /orders"), "{tree}");
//! // For tools, in the shape of APIM's own traces.
//! let json = trace.to_apim();
//! assert_eq!(json["traceEntries"]["outbound"][0]["data"]["response"]["status"]["code"], 204);
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
pub use tollgate_engine::exchange::Trace;
pub use tollgate_engine::ports;
pub use tollgate_engine::{
    Api, Backend, Body, Catalog, Certificate, CertificateError, CircuitBreaker, DeploymentInfo,
    GroupInfo, IdentityInfo, LoadErrors, Operation, Outcome, Peer, Plan, Product, RunOptions,
    ServiceFabric, Source, Subscription, SubscriptionScope, UserInfo, Workspace,
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
