//! axum for Tollgate: handlers are the backend that policies guard.
//!
//! [`policy_layer`] makes a layer for `Router::layer` and `Router::route_layer`. A handler behind it may take
//! [`ValidatedToken`] (what `validate-jwt` accepted) and [`Variables`] (what policies set) as extractors.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use tollgate_engine::{Gateway, PolicyVariables};
use tollgate_tower::PolicyLayer;

/// A layer that runs the gateway's policies around handlers.
///
/// The client's address is axum's `ConnectInfo<SocketAddr>`, so serve the router with
/// `into_make_service_with_connect_info::<SocketAddr>()` if a policy asks for it.
pub fn policy_layer(gateway: impl Into<Arc<Gateway>>) -> PolicyLayer {
    PolicyLayer::new(gateway).peer_address(|parts| {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        address.map(|ConnectInfo(address)| address.ip())
    })
}

/// The token that `validate-jwt` accepted.
///
/// A handler that takes it answers 500 where no such policy ran, so that a forgotten policy lets nobody through.
///
/// ```
/// use tollgate_axum::ValidatedToken;
///
/// async fn hello(ValidatedToken(token): ValidatedToken) -> String {
///     format!("hello {}", token.claim("appid").next().unwrap_or("nobody"))
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::get(hello));
/// ```
#[derive(Debug, Clone)]
pub struct ValidatedToken(pub tollgate_engine::ValidatedToken);

impl<S: Sync> FromRequestParts<S> for ValidatedToken {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let token = parts
            .extensions
            .get::<tollgate_engine::ValidatedToken>()
            .cloned();
        let rejection = (
            StatusCode::INTERNAL_SERVER_ERROR,
            "no validate-jwt policy ran before this handler",
        );
        token.map(Self).ok_or(rejection)
    }
}

/// The variables that policies set; none where no policy ran.
///
/// ```
/// use tollgate_axum::Variables;
///
/// async fn hello(Variables(variables): Variables) -> String {
///     variables.text("tenant").unwrap_or("none").to_owned()
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::get(hello));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Variables(pub PolicyVariables);

impl<S: Sync> FromRequestParts<S> for Variables {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().cloned().unwrap_or_default()))
    }
}
