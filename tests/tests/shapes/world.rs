//! A gateway that clients reach over TCP.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tollgate::{Api, Catalog, Gateway, GatewayBuilder, Source};
use tollgate_tests::{
    Backend, FakeClock, FakeEvents, Issuer, Received, Reply, Seen, full, policy, reply, send,
};

/// When requests come: Tuesday, 2026-11-24 12:00:00 UTC.
pub(crate) const NOON: i64 = 1_795_521_600;

/// A gateway with a sample, and those around it. Time stands still, but sleeping moves it.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) clock: FakeClock,
    pub(crate) events: FakeEvents,
    task: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    /// A gateway that serves a catalog.
    pub(crate) async fn serving(catalog: Catalog) -> Self {
        Self::built(catalog, |builder| builder).await
    }

    /// The same, with more settings.
    pub(crate) async fn built(
        catalog: Catalog,
        settings: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        let (clock, events) = (FakeClock::jumping_at(NOON), FakeEvents::default());
        let gateway = gateway(catalog, &clock, &events, settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let end = std::future::pending();
            tollgate::hyper::serve(listener, gateway, end)
                .await
                .unwrap();
        });
        Self {
            address,
            clock,
            events,
            task,
        }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Received {
        self.send("GET", path, headers, "").await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Received {
        send(self.address, request(method, path, headers, body)).await
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// A request with a body.
pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Request<tollgate_tests::BoxedBody> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(full(body.into())).unwrap()
}

pub(crate) fn gateway(
    catalog: Catalog,
    clock: &FakeClock,
    events: &FakeEvents,
    settings: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
) -> Gateway {
    let builder = Gateway::builder()
        .catalog(catalog)
        .clock(clock.clone())
        .events(events.clone());
    let gateway = settings(builder).build();
    gateway.unwrap_or_else(|error| panic!("{error}"))
}

/// A sample's text.
pub(crate) fn sample(name: &str) -> Source {
    let file = format!("{name}.xml");
    let text = policy(&format!("samples/{file}"));
    Source::new(file, text)
}

/// The API `api`, which takes all paths, with a sample as its policy.
pub(crate) fn api(name: &str, backend: &Backend) -> Api {
    Api::new("api")
        .service_url(backend.url())
        .policy(sample(name))
}

/// A catalog with a sample and its named values.
pub(crate) fn catalog(name: &str, backend: &Backend, values: &[(&str, &str)]) -> Catalog {
    named(Catalog::new().api(api(name, backend)), values)
}

/// The same catalog with named values.
pub(crate) fn named(catalog: Catalog, values: &[(&str, &str)]) -> Catalog {
    let value = |catalog: Catalog, (name, value): &(&str, &str)| catalog.named_value(*name, *value);
    values.iter().fold(catalog, value)
}

/// A sample with its named values before a backend.
pub(crate) async fn world(name: &str, backend: &Backend, values: &[(&str, &str)]) -> World {
    World::serving(catalog(name, backend, values)).await
}

/// An answer that is JSON.
pub(crate) fn json_reply(status: u16, body: &Json) -> Reply {
    reply(status, "application/json", body.to_string())
}

/// An answer with headers.
pub(crate) fn with_headers(mut answer: Reply, headers: &[(&'static str, &str)]) -> Reply {
    for (name, value) in headers {
        answer.headers_mut().append(*name, value.parse().unwrap());
    }
    answer
}

/// Answers one after the other; the last one for ever.
pub(crate) async fn in_turn(answers: impl IntoIterator<Item = fn() -> Reply>) -> Backend {
    let answers: Vec<_> = answers.into_iter().collect();
    let next = Mutex::new(0);
    Backend::start(None, move |_| {
        let mut next = next.lock().unwrap();
        let answer = answers[(*next).min(answers.len() - 1)];
        *next += 1;
        answer()
    })
    .await
}

/// A URL at which nobody listens.
pub(crate) async fn nobody() -> String {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", gone.local_addr().unwrap())
}

/// A received body as JSON.
pub(crate) fn json_of(received: &Received) -> Json {
    serde_json::from_str(&received.body).unwrap_or_else(|error| panic!("{error}: {received:?}"))
}

/// An issuer whose tokens are for `noon`.
pub(crate) struct Tokens(pub(crate) Arc<Issuer>);

impl Tokens {
    pub(crate) const ISSUER: &str = "https://issuer.test/";

    pub(crate) async fn start() -> Self {
        Self(Arc::new(
            Issuer::start(None, "", "tenant", Self::ISSUER).await,
        ))
    }

    pub(crate) fn url(&self) -> String {
        self.0.openid_config_url()
    }

    /// `Authorization` with a token of these claims, good for an hour.
    pub(crate) fn bearer(&self, mut claims: Json) -> String {
        let all = claims.as_object_mut().unwrap();
        for (name, value) in [("iat", NOON), ("nbf", NOON - 60), ("exp", NOON + 3600)] {
            all.entry(name).or_insert(json!(value));
        }
        format!("Bearer {}", self.0.token(&claims))
    }
}

/// A text without its percent-encoding.
pub(crate) fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// A backend that answers with JSON, always the same.
pub(crate) async fn saying(body: Json) -> Backend {
    Backend::start(None, move |_| json_reply(200, &body)).await
}

/// Waits until a backend has seen so many requests.
pub(crate) async fn seen(backend: &Backend, count: usize) -> Vec<Seen> {
    for _ in 0..2000 {
        let seen = backend.seen();
        if seen.len() >= count {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the backend has seen {} of {count}", backend.seen().len());
}
