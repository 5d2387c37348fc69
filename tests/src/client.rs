//! An HTTP/1.1 client of a test's own: one connection, nothing clever.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::fakes::text;
use crate::server::BoxedBody;

/// A connection; it is closed when it is dropped, in the middle of an answer too.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<BoxedBody>,
    task: JoinHandle<()>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream).await
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let task = tokio::spawn(async move {
            // How it ends is what the answer says.
            let _ = connection.await;
        });
        Self { sender, task }
    }

    /// Sends a request; gives the answer as soon as its headers are there. Fails after ten seconds.
    pub async fn send(&mut self, mut request: Request<BoxedBody>) -> Response<Incoming> {
        let host = http::HeaderValue::from_static("gateway.test");
        request.headers_mut().entry("host").or_insert(host);
        let answer = self.sender.send_request(request);
        let answer = tokio::time::timeout(Duration::from_secs(10), answer).await;
        answer.expect("no answer").unwrap()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Received {
    /// The status code.
    pub status: u16,
    /// The reason phrase, if it is not the usual one.
    pub reason: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Received {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        text(&self.headers, name)
    }

    async fn of(answer: Response<Incoming>) -> Self {
        let (head, body) = answer.into_parts();
        let body = tokio::time::timeout(Duration::from_secs(10), body.collect()).await;
        let body = body.expect("the body does not end").unwrap().to_bytes();
        let reason = head.extensions.get::<hyper::ext::ReasonPhrase>();
        let reason = reason.map(|reason| String::from_utf8(reason.as_bytes().to_vec()).unwrap());
        Self {
            status: head.status.as_u16(),
            reason,
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

/// A body that is there.
pub fn full(body: impl Into<Bytes>) -> BoxedBody {
    Full::new(body.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A `GET` on a connection of its own.
pub async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Received {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(address, request.body(full("")).unwrap()).await
}

/// A request on a connection of its own.
pub async fn send(address: SocketAddr, request: Request<BoxedBody>) -> Received {
    let mut connection = Connection::open(address).await;
    Received::of(connection.send(request).await).await
}

/// A request over a stream of one's own, such as one with TLS.
pub async fn send_over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<BoxedBody>,
) -> Received {
    let mut connection = Connection::over(stream).await;
    Received::of(connection.send(request).await).await
}
