//! Services that policies call, and that do not do what they should: they refuse, hang, break, or talk nonsense.
//!
//! The rows of `services.txt` name what the service does; a block's `URL` says whose answers go wrong.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Response;
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::time::{Instant, sleep};
use tollgate::engine::BoxFuture;
use tollgate::ports::{
    Clock, HttpClient, OutboundRequest, SendError, SendErrorKind, UNIX_EPOCH_TICKS,
};
use tollgate::{Body, MemoryVectors};
use tollgate_tests::Log;

use super::{Block, SECRET, blocks, trace};
use crate::world::World;

/// tokio's own time, which jumps to the next sleeper.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> i64 {
        let passed = self.0.elapsed().as_nanos() / 100;
        UNIX_EPOCH_TICKS + 17_955_216_000_000_000 + i64::try_from(passed).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(sleep(duration))
    }
}

/// What a service does; nothing while it is well.
type Trouble = Arc<Mutex<Option<&'static str>>>;

/// Services that are well, but for the one that a test looks at.
struct Services {
    looked_at: &'static str,
    trouble: Trouble,
}

impl HttpClient for Services {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        let url = outbound.request.uri().to_string();
        let trouble = *self.trouble.lock().unwrap();
        let trouble = trouble.filter(|_| url.starts_with(self.looked_at));
        Box::pin(async move {
            let failed = |kind, message: &str| SendError {
                kind,
                message: message.to_owned(),
            };
            // What the backend answers is for the client.
            let is_backend = url.starts_with("http://backend.test");
            let secret = if is_backend { "broken" } else { SECRET };
            let chunk = || Frame::data(Bytes::from(vec![b'x'; 64 << 10]));
            let body = match trouble {
                None => Body::from(well(&url)),
                Some("refuses") => {
                    return Err(failed(SendErrorKind::Connect, "connection refused"));
                }
                Some("breaks") => return Err(failed(SendErrorKind::Aborted, "it broke")),
                Some("hangs") => {
                    let limit = outbound.timeout.unwrap_or(Duration::from_secs(7200));
                    sleep(limit).await;
                    return Err(failed(SendErrorKind::Timeout, "no answer in time"));
                }
                Some("answers 500") => {
                    let mut answer = Response::new(Body::from(secret));
                    *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                    return Ok(answer);
                }
                Some("answers garbage") => Body::from(format!("{{\"{secret}\": \0")),
                Some("cuts the body off") => {
                    let error = std::io::Error::other("cut off");
                    Body::new(StreamBody::new(stream::iter([Ok(chunk()), Err(error)])))
                }
                Some("never ends the body") => {
                    let chunks = stream::repeat_with(move || Ok::<_, Infallible>(chunk()));
                    Body::new(StreamBody::new(chunks))
                }
                Some("stops in the body") => {
                    let first = stream::iter([Ok::<_, Infallible>(chunk())]);
                    let frames = first.chain(stream::pending());
                    Body::new(StreamBody::new(frames))
                }
                Some(other) => panic!("{other}"),
            };
            Ok(Response::new(body))
        })
    }
}

/// What services answer when they are well.
fn well(url: &str) -> &'static str {
    match url {
        _ if url.contains("/metadata/identity") => {
            r#"{"access_token":"s3cr3t-identity","expires_in":"3600","token_type":"Bearer"}"#
        }
        _ if url.contains("/embeddings") => r#"{"data":[{"embedding":[1.0,0.0]}]}"#,
        _ if url.contains("text:analyze") => {
            r#"{"blocklistsMatch":[],"categoriesAnalysis":[{"category":"Hate","severity":0}]}"#
        }
        _ if url.contains("/config") => r#"{"issuer":"a","jwks_uri":"https://keys.test/"}"#,
        _ if url.contains("keys.test") => {
            r#"{"keys":[{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}"#
        }
        _ => "200",
    }
}

/// What comes of a request, with a body that may not come to its end.
async fn send(block: &Block, world: &World) -> (String, String) {
    let start = Instant::now();
    let options = tollgate::engine::RunOptions {
        request_id: Some(crate::world::REQUEST_ID),
        trace: Some(tollgate::engine::exchange::Trace::default()),
        ..Default::default()
    };
    let peer = tollgate::Peer {
        ip: Some([203, 0, 113, 7].into()),
        ..Default::default()
    };
    let (headers, request) = block.request(true);
    let hour = Duration::from_secs(3600);
    let run = tokio::time::timeout(hour, world.gateway.run(request, peer, options));
    let Ok(mut outcome) = run.await else {
        return ("hangs".to_owned(), String::new());
    };
    let (head, mut body) = std::mem::take(&mut outcome.response).into_parts();
    let body = match tokio::time::timeout(hour, body.buffer(1 << 20)).await {
        Ok(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Err(error)) => format!("the body fails: {error}"),
        Err(_) => "the body does not end".to_owned(),
    };
    outcome.response = Response::from_parts(head, Body::from(body));
    let answer = crate::world::Answer::of(outcome).await;
    let mut text = block.outcome(&answer, &[], &headers);
    let seconds = start.elapsed().as_secs();
    if seconds > 0 {
        text += &format!("; after {seconds} s");
    }
    let shown = format!("{:?} {} {}", answer.headers, answer.body, trace(&answer));
    (text, shown)
}

#[tokio::test(start_paused = true)]
async fn services_that_fail() {
    let mut wrong = Vec::new();
    for block in blocks(include_str!("services.txt")) {
        for (line, row, expected) in block.rows.clone() {
            let (bad, looked_at) = row.split_once(" at ").unwrap();
            let trouble = Trouble::default();
            let services = Services {
                looked_at,
                trouble: Arc::clone(&trouble),
            };
            let catalog = block.catalog(&block.with(""));
            let world = World::built(catalog, block.client(), |builder| {
                builder
                    .clock(Paused(Instant::now()))
                    .http_client(services)
                    .vectors(MemoryVectors::default())
            });
            let log = Log::start();
            *trouble.lock().unwrap() = Some(bad);
            let (outcome, shown) = send(&block, &world).await;
            *trouble.lock().unwrap() = None;
            // Who fails is left alone for a while.
            sleep(Duration::from_secs(3600)).await;
            let (next, _) = send(&block, &world).await;
            if outcome != expected {
                wrong.push(format!("{line}: {row} | {outcome}"));
            }
            for (place, text) in [("the answer or the trace", shown), ("the log", log.take())] {
                if let Some(at) = text.find(SECRET) {
                    let text: String = text
                        .chars()
                        .skip(at.saturating_sub(150))
                        .take(200)
                        .collect();
                    wrong.push(format!("{line}: {row}: {place} shows a secret: {text}"));
                }
            }
            if !next.starts_with("passes") {
                wrong.push(format!("{line}: {row}: the next request {next}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
