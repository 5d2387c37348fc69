//! A gateway's front: a server that clients reach over TCP.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::routing::any;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tollgate::Gateway;
use tollgate_tests::{Handler, Server};

/// What clients speak to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Front {
    /// `tollgate::hyper::serve`; the backend is a server.
    Hyper,
    /// axum with `Router::layer`; the backend is a handler.
    Layer,
    /// axum with `Router::route_layer`; the backend is a handler.
    RouteLayer,
}

/// A front that runs; it ends when it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
    _backend: Option<Server>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    pub(crate) const ALL: [Self; 3] = [Self::Hyper, Self::Layer, Self::RouteLayer];

    /// Starts a front with a backend. The gateway is built for the URL of the backend; in axum there is none, and
    /// nobody connects to it.
    pub(crate) async fn start(
        self,
        gateway: impl FnOnce(&str) -> Gateway,
        backend: Handler,
    ) -> Running {
        let backend = match self {
            Self::Hyper => Behind::Server(Server::start(None, backend).await),
            Self::Layer | Self::RouteLayer => Behind::Handler(backend),
        };
        let url = match &backend {
            Behind::Server(server) => format!("http://{}", server.address()),
            Behind::Handler(_) => "http://inner.test".to_owned(),
        };
        self.start_with(gateway(&url), backend).await
    }

    /// Starts a hyper front.
    pub(crate) async fn hyper(gateway: Gateway) -> Running {
        let nobody: Handler = Arc::new(|_| unreachable!("the gateway has backends of its own"));
        Self::Hyper
            .start_with(gateway, Behind::Handler(nobody))
            .await
    }

    async fn start_with(self, gateway: Gateway, backend: Behind) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (task, backend) = match (self, backend) {
            (Self::Hyper, backend) => {
                let serve = async move {
                    tollgate::hyper::serve(listener, gateway, std::future::pending())
                        .await
                        .unwrap();
                };
                (tokio::spawn(serve), backend.server())
            }
            (_, Behind::Server(_)) => unreachable!("axum's backend is a handler"),
            (_, Behind::Handler(handler)) => {
                let handler = any(move |request: axum::extract::Request| async move {
                    let body = |body: axum::body::Body| body.map_err(std::io::Error::other);
                    let request = request.map(|inner| body(inner).boxed_unsync());
                    handler(request).await.map(axum::body::Body::new)
                });
                let router = axum::Router::new()
                    .route("/", handler.clone())
                    .route("/{*path}", handler);
                let layer = tollgate::axum::policy_layer(gateway);
                let router = match self {
                    Self::RouteLayer => router.route_layer(layer),
                    _ => router.layer(layer),
                };
                let service = router.into_make_service_with_connect_info::<SocketAddr>();
                let serve = async move { axum::serve(listener, service).await.unwrap() };
                (tokio::spawn(serve), None)
            }
        };
        Running {
            address,
            task,
            _backend: backend,
        }
    }
}

enum Behind {
    Server(Server),
    Handler(Handler),
}

impl Behind {
    fn server(self) -> Option<Server> {
        match self {
            Self::Server(server) => Some(server),
            Self::Handler(_) => None,
        }
    }
}
