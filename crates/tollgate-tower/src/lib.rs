//! A tower `Layer` that runs policies around any HTTP service.
//!
//! The inner service is the backend: `forward-request` calls it with the request as the policies left it, its URI the
//! path and query that a backend would see. A request that a policy refuses never reaches it. Both ways bodies stream
//! through unless a policy reads them.
//!
//! A server that takes certificates of clients puts them into the request's extensions, as
//! [`ClientCertificate`](tollgate_engine::exchange::ClientCertificate).
//!
//! ```
//! # use std::sync::Arc;
//! # use tollgate_engine::{Body, Gateway};
//! # fn demo(gateway: Arc<Gateway>) {
//! use tollgate_tower::PolicyLayer;
//! use tower_layer::Layer;
//! # #[derive(Clone)] struct Handler;
//! # impl tower_service::Service<http::Request<Body>> for Handler {
//! #     type Response = http::Response<Body>;
//! #     type Error = std::convert::Infallible;
//! #     type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
//! #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> { Ok(()).into() }
//! #     fn call(&mut self, _: http::Request<Body>) -> Self::Future { std::future::ready(Ok(http::Response::default())) }
//! # }
//!
//! let service = PolicyLayer::new(gateway).layer(Handler);
//! # }
//! ```

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Request, Response, Uri, header};
use http_body::Body as HttpBody;
use tollgate_engine::exchange::BoxError;
use tollgate_engine::ports::{HttpClient, OutboundRequest, SendError, SendErrorKind};
use tollgate_engine::{Body, Gateway, Peer};
use tower_layer::Layer;
use tower_service::Service;

/// Finds the client's address in a request; what the server attached to it is in its extensions.
pub type PeerAddress = fn(&Parts) -> Option<IpAddr>;

/// Runs a gateway's policies around a service.
#[derive(Clone)]
pub struct PolicyLayer {
    gateway: Arc<Gateway>,
    peer: PeerAddress,
}

impl PolicyLayer {
    /// A layer over this gateway. Without [`peer_address`](Self::peer_address) the client's address is unknown, and
    /// `ip-filter` refuses everybody it would have to let in by name.
    pub fn new(gateway: impl Into<Arc<Gateway>>) -> Self {
        Self {
            gateway: gateway.into(),
            peer: |_| None,
        }
    }

    /// Says how the client's address is found.
    #[must_use]
    pub fn peer_address(mut self, find: PeerAddress) -> Self {
        self.peer = find;
        self
    }
}

impl fmt::Debug for PolicyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for PolicyLayer {
    type Service = PolicyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PolicyService {
            layer: self.clone(),
            inner,
        }
    }
}

/// A service behind policies. Its answer to a refused request is a response, never an error.
#[derive(Debug, Clone)]
pub struct PolicyService<S> {
    layer: PolicyLayer,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for PolicyService<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The inner service is asked when a request gets that far; many never do.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let peer = Peer {
            ip: (self.layer.peer)(&parts),
            ..Peer::default()
        };
        let request = Request::from_parts(parts, Body::new(body));
        let backend = Arc::new(Inner(Mutex::new(self.inner.clone())));
        let gateway = Arc::clone(&self.layer.gateway);
        Box::pin(async move { Ok(gateway.handle_with(request, peer, backend).await) })
    }
}

/// The inner service as the backend of one request.
struct Inner<S>(Mutex<S>);

impl<S, R> HttpClient for Inner<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        let mut service = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut request = outbound.request;
        if !request.headers().contains_key(header::HOST)
            && let Some(host) = request
                .uri()
                .authority()
                .and_then(|host| host.as_str().parse().ok())
        {
            request.headers_mut().insert(header::HOST, host);
        }
        *request.uri_mut() = origin_form(request.uri());
        Box::pin(async move {
            let failed = |error: BoxError| SendError {
                kind: SendErrorKind::Aborted,
                message: error.to_string(),
            };
            let ready = std::future::poll_fn(|context| service.poll_ready(context)).await;
            ready.map_err(|error| failed(error.into()))?;
            let answer = service.call(request).await;
            answer
                .map(|response| response.map(Body::new))
                .map_err(|error| failed(error.into()))
        })
    }
}

/// Path and query, which is what a server sees of a URI.
fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query()
        .cloned()
        .map(Uri::from)
        .unwrap_or_default()
}
