//! The demo of `tollgate serve demo`: the blog's load balancing over two backends that say who they are.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tollgate::{Api, Catalog, Source};

const POLICY: &str = include_str!("../demo/load-balance-random.xml");

/// What the demo serves; starts its backends.
pub(crate) async fn start() -> std::io::Result<Catalog> {
    let (one, two) = (backend("backend 1").await?, backend("backend 2").await?);
    println!("backend 1 listens on http://{one}, backend 2 on http://{two}");
    Ok(Catalog::new()
        .named_value("backend-url-1", format!("http://{one}"))
        .named_value("backend-url-2", format!("http://{two}"))
        .api(Api::new("demo").policy(Source::new("load-balance-random.xml", POLICY))))
}

/// A backend that answers with its name and what it was asked for.
async fn backend(name: &'static str) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service =
                hyper::service::service_fn(move |request: Request<Incoming>| async move {
                    let text = format!("{name}: {} {}\n", request.method(), request.uri());
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text))))
                });
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                // A client that goes away is no news here.
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(address)
}
