//! A backend that remembers what it was sent.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use http_body_util::BodyExt;
use tokio_rustls::TlsAcceptor;

use crate::server::{Handler, Reply, Server, reply};

/// One request that reached the backend.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Seen {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        crate::text(&self.headers, name)
    }

    /// The body, which is text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body, which is JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A backend on loopback.
#[derive(Debug)]
pub struct Backend {
    server: Server,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Backend {
    /// A backend that answers 200 with its name.
    pub async fn named(name: &'static str) -> Self {
        Self::start(None, move |_| reply(200, "text/plain", name)).await
    }

    /// A backend with answers of its own.
    pub async fn start(
        tls: Option<TlsAcceptor>,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, script): (_, Script) = (Arc::clone(&seen), Arc::new(script));
        let handler: Handler = Arc::new(move |request| {
            let (log, script) = (Arc::clone(&log), Arc::clone(&script));
            Box::pin(async move {
                let (head, body) = request.into_parts();
                let body = body
                    .collect()
                    .await
                    .map(|body| body.to_bytes())
                    .unwrap_or_default();
                let seen = Seen {
                    method: head.method,
                    uri: head.uri,
                    headers: head.headers,
                    body,
                };
                let answer = script(&seen);
                log.lock().unwrap().push(seen);
                answer
            })
        });
        Self {
            server: Server::start(tls, handler).await,
            seen,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Its base URL on loopback.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// What reached it so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}
