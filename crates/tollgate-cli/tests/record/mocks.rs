//! A backend, a target of `send-request` and an issuer of tokens, all of them real servers on loopback.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::json;
use tokio::net::TcpListener;
use tollgate::Body;
use tollgate_testing::SigningKey;

/// The key of the issuer.
pub(super) fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::make("real-key").unwrap())
}

#[derive(Default)]
pub(super) struct Mocks {
    flaky: AtomicUsize,
    hits: AtomicUsize,
}

/// Starts them; where they are.
pub(super) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mocks = Arc::new(Mocks::default());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mocks = Arc::clone(&mocks);
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let mocks = Arc::clone(&mocks);
                async move { Ok::<_, Infallible>(mocks.answer(address, request).await) }
            });
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

impl Mocks {
    async fn answer(&self, own: SocketAddr, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let header = |name: &str| {
            let value = head.headers.get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let json = |status: u16, json: serde_json::Value| {
            let response = Response::builder()
                .status(status)
                .header("content-type", "application/json");
            response.body(Body::from(json.to_string())).unwrap()
        };
        match &*path {
            "/issuer/.well-known/openid-configuration" => json(
                200,
                json!({"issuer": format!("http://{own}/issuer"), "jwks_uri": format!("http://{own}/issuer/keys")}),
            ),
            "/issuer/keys" => json(200, json!({"keys": [key().jwk()]})),
            "/target/lookup" => {
                tokio::time::sleep(Duration::from_millis(30)).await;
                json(
                    200,
                    json!({"region": "eu", "refresh_token": "hush-answer-token", "by": header("x-functions-key")}),
                )
            }
            "/target/token" => json(
                200,
                json!({"access_token": "hush-access-token", "form": String::from_utf8_lossy(&body)}),
            ),
            "/events" => {
                let (mut sender, body) = http_body_util::channel::Channel::<Bytes>::new(1);
                tokio::spawn(async move {
                    for number in 0..4 {
                        let text = format!("data: {{\"n\": {number}}}\n\n");
                        if sender.send_data(Bytes::from(text)).await.is_err() {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(120)).await;
                    }
                });
                let response = Response::builder().header("content-type", "text/event-stream");
                response.body(Body::new(body)).unwrap()
            }
            "/binary" => {
                let bytes: Vec<u8> = body.iter().rev().copied().collect();
                let response =
                    Response::builder().header("content-type", "application/octet-stream");
                response.body(Body::full(bytes)).unwrap()
            }
            "/flaky" => match self.flaky.fetch_add(1, Ordering::SeqCst) % 3 {
                2 => json(200, json!({"tried": true})),
                _ => json(503, json!({"busy": true})),
            },
            "/cached" => {
                let hits = self.hits.fetch_add(1, Ordering::SeqCst);
                let mut response = json(200, json!({"made": hits}));
                response.headers_mut().insert("x-made", hits.into());
                response
            }
            "/cookies" => {
                let response = Response::builder()
                    .header("set-cookie", "session=hush-set-cookie; Path=/; HttpOnly")
                    .header("set-cookie", "theme=dark");
                response
                    .body(Body::from(format!("cookies {}", header("cookie"))))
                    .unwrap()
            }
            "/gzip" => {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut encoder, b"{\"client_secret\": \"hush-in-gzip\"}")
                    .unwrap();
                let response = Response::builder().header("content-encoding", "gzip");
                response
                    .body(Body::full(encoder.finish().unwrap()))
                    .unwrap()
            }
            "/big" => Response::new(Body::from("x".repeat(100_000))),
            _ => {
                let status = if path.contains("missing") {
                    StatusCode::NOT_FOUND
                } else {
                    StatusCode::OK
                };
                let response = Response::builder()
                    .status(status)
                    .header("content-type", "text/plain; charset=utf-8")
                    .header("x-api-version", header("x-api-version"));
                let text = format!(
                    "{} {path} {} [{}] [{}]\n{}",
                    head.method,
                    head.uri.query().unwrap_or_default(),
                    header("api-key"),
                    header("authorization")
                        .split('.')
                        .next()
                        .unwrap_or_default(),
                    String::from_utf8_lossy(&body),
                );
                response.body(Body::from(text)).unwrap()
            }
        }
    }
}
