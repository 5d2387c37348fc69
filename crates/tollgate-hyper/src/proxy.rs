//! A reverse proxy: requests come in, run through the policies, and go to the backends these choose.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tollgate_engine::exchange::ReasonPhrase;
use tollgate_engine::{Body, Gateway, Peer};

/// How long a client may take to send the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests in flight may take when the proxy stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves HTTP/1.1 and HTTP/2 (with prior knowledge) on a listener until `stop` ends; requests in flight then get 30
/// seconds to finish. A client that goes away ends its call to the backend.
///
/// ```no_run
/// # use std::sync::Arc;
/// # async fn demo(gateway: Arc<tollgate_engine::Gateway>) -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// tollgate_hyper::serve(listener, gateway, std::future::pending()).await
/// # }
/// ```
///
/// # Errors
/// The listener broke.
pub async fn serve(
    listener: TcpListener,
    gateway: impl Into<Arc<Gateway>>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let gateway = gateway.into();
    let answer = move |request, peer| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.handle(request, peer).await }
    };
    serve_with(listener, answer, stop).await
}

/// As [`serve`], with what answers each request in place of a gateway: for those who do more than that, such as recording.
///
/// # Errors
/// The listener broke.
pub async fn serve_with<F>(
    listener: TcpListener,
    answer: impl Fn(Request<Body>, Peer) -> F + Clone + Send + 'static,
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    server.http2().timer(TokioTimer::new());
    let draining = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_about_one_connection(&error) => continue,
                Err(error) => {
                    // Out of file descriptors, most likely: connections that end make room.
                    tracing::error!(%error, "no connection could be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Small chunks, as server-sent events are, must not wait for more.
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let answered = answer(request.map(Body::new), peer(address));
            async move { Ok::<_, Infallible>(with_phrase(answered.await)) }
        });
        let connection = server
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned();
        let connection = draining.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%address, %error, "a connection ended early");
            }
        });
    }
    if tokio::time::timeout(DRAIN_TIMEOUT, draining.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests that were still running were given up");
    }
    Ok(())
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Answers one request of a hyper server: for those who have a server of their own. One that takes certificates of clients
/// puts them into the request's extensions, as
/// [`ClientCertificate`](tollgate_engine::exchange::ClientCertificate).
///
/// # Errors
/// Never: a refused request is a response.
pub async fn answer(
    gateway: Arc<Gateway>,
    request: Request<Incoming>,
    client: SocketAddr,
) -> Result<Response<Body>, Infallible> {
    let answered = gateway.handle(request.map(Body::new), peer(client));
    Ok(with_phrase(answered.await))
}

fn peer(client: SocketAddr) -> Peer {
    Peer {
        ip: Some(client.ip()),
        ..Peer::default()
    }
}

/// The response with its reason phrase where hyper looks for it.
fn with_phrase(mut response: Response<Body>) -> Response<Body> {
    let phrase = response.extensions_mut().remove::<ReasonPhrase>();
    let phrase = phrase.and_then(|ReasonPhrase(text)| {
        hyper::ext::ReasonPhrase::try_from(text.to_utf8().as_bytes()).ok()
    });
    if let Some(phrase) = phrase {
        response.extensions_mut().insert(phrase);
    }
    response
}
