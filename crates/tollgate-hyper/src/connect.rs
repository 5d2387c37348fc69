//! Connections: straight to the backend, or through a proxy.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::resolve::Resolver;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Opens TCP connections.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector<Resolver>,
    proxy: Option<Proxy>,
}

/// A proxy to go through.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) url: Uri,
    /// What `Proxy-Authorization` says to it.
    pub(crate) authorization: Option<HeaderValue>,
}

impl Connector {
    pub(crate) fn new(tcp: HttpConnector<Resolver>, proxy: Option<Proxy>) -> Self {
        Self { tcp, proxy }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let mut tcp = self.tcp.clone();
        let Some(proxy) = self.proxy.clone() else {
            return Box::pin(async move { Ok(Stream::new(tcp.call(to).await?, false)) });
        };
        if to.scheme() != Some(&Scheme::HTTPS) {
            // What is not encrypted the proxy itself fetches.
            return Box::pin(async move { Ok(Stream::new(tcp.call(proxy.url).await?, true)) });
        }
        let mut tunnel = Tunnel::new(proxy.url, tcp);
        if let Some(authorization) = proxy.authorization {
            tunnel = tunnel.with_auth(authorization);
        }
        Box::pin(async move { Ok(Stream::new(tunnel.call(to).await?, false)) })
    }
}

/// A TCP connection.
#[derive(Debug)]
pub(crate) struct Stream {
    tcp: TokioIo<TcpStream>,
    /// Whether requests name the whole URL, because a proxy reads them.
    to_proxy: bool,
}

impl Stream {
    fn new(tcp: TokioIo<TcpStream>, to_proxy: bool) -> Self {
        Self { tcp, to_proxy }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.tcp.connected().proxy(self.to_proxy)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(context, slices)
    }
}
