//! An HTTP/1.1 server on loopback, with or without TLS, whose answers a closure gives.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A body; an error closes the connection in the middle.
pub type BoxedBody = UnsyncBoxBody<Bytes, std::io::Error>;
/// What a handler answers.
pub type Reply = Response<BoxedBody>;
/// Answers requests.
pub type Handler =
    Arc<dyn Fn(Request<BoxedBody>) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// A whole answer.
pub fn reply(status: u16, content_type: &str, body: impl Into<Bytes>) -> Reply {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(
            Full::new(body.into())
                .map_err(|never| match never {})
                .boxed_unsync(),
        )
        .unwrap()
}

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts on a port that the system chooses.
    pub async fn start(tls: Option<TlsAcceptor>, handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            // The connections' tasks end with this set.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, handler) = (tls.clone(), Arc::clone(&handler));
                connections.spawn(async move {
                    stream.set_nodelay(true).ok();
                    match tls {
                        None => serve(TokioIo::new(stream), handler).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(TokioIo::new(stream), handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<I>(io: TokioIo<I>, handler: Handler)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let answer =
            handler(request.map(|body| body.map_err(std::io::Error::other).boxed_unsync()));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    // A client that goes away in the middle is part of some tests.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(io, service)
        .await;
}
