//! Bodies on their way through: chunk by chunk, untouched, given up with the client.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Channel, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::sync::mpsc;
use tollgate::{Api, Gateway, Source};
use tollgate_tests::{BoxedBody, Connection, Handler, Reply, full};

use crate::front::{Front, Running};

/// A gateway with this document's inbound and outbound sections.
fn gateway(url: &str, inbound: &str, outbound: &str) -> Gateway {
    let text = format!(
        "<policies><inbound>{inbound}</inbound><backend><base /></backend><outbound>{outbound}</outbound></policies>"
    );
    let api = Api::new("api")
        .service_url(url)
        .policy(Source::new("policy.xml", text));
    Gateway::builder().api(api).build().unwrap()
}

async fn start(front: Front, backend: Handler) -> Running {
    front.start(|url| gateway(url, "", ""), backend).await
}

/// Fails instead of hanging.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("it hangs")
}

async fn chunk(
    body: &mut (impl hyper::body::Body<Data = Bytes, Error: std::fmt::Debug> + Unpin),
) -> Option<Bytes> {
    soon(body.frame())
        .await
        .map(|frame| frame.unwrap().into_data().unwrap())
}

/// Sends back what it gets, as it gets it.
fn echo() -> Handler {
    Arc::new(|request| {
        let sized = request.headers().contains_key("content-length");
        let mut answer = Response::new(request.into_body());
        let value = if sized { "sized" } else { "streamed" };
        answer
            .headers_mut()
            .insert("x-came", value.parse().unwrap());
        Box::pin(async move { answer })
    })
}

/// A request body that a test sends by hand.
fn by_hand() -> (mpsc::UnboundedSender<&'static str>, BoxedBody) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let chunks = futures_util::stream::unfold(
        receiver,
        |mut receiver: mpsc::UnboundedReceiver<&'static str>| async {
            let text = receiver.recv().await?;
            Some((
                Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
                receiver,
            ))
        },
    );
    (sender, StreamBody::new(Box::pin(chunks)).boxed_unsync())
}

#[tokio::test]
async fn chunks_pass_both_ways_one_at_a_time() {
    for front in Front::ALL {
        let running = start(front, echo()).await;
        let mut connection = Connection::open(running.address).await;
        let (sender, body) = by_hand();
        sender.send("first").unwrap();
        let answer = connection
            .send(Request::post("/").body(body).unwrap())
            .await;
        assert_eq!(answer.headers()["x-came"], "streamed", "{front:?}");
        let mut body = answer.into_body();
        assert_eq!(chunk(&mut body).await.unwrap(), "first");
        for next in ["second", "third"] {
            // Sent only now: nobody waits for the end of either body.
            sender.send(next).unwrap();
            assert_eq!(chunk(&mut body).await.unwrap(), next);
        }
        drop(sender);
        assert!(chunk(&mut body).await.is_none(), "{front:?}");
    }
}

#[tokio::test]
async fn large_bodies_come_through_untouched() {
    let large: Bytes = (0..8_000_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect::<Vec<_>>()
        .into();
    for front in Front::ALL {
        let running = start(front, echo()).await;
        let mut connection = Connection::open(running.address).await;
        let answer = connection
            .send(Request::post("/").body(full(large.clone())).unwrap())
            .await;
        assert_eq!(
            answer.headers()["x-came"],
            "sized",
            "the length is handed on"
        );
        let body = soon(answer.into_body().collect()).await.unwrap().to_bytes();
        assert!(body == large, "{front:?}");
    }
}

/// Answers `text/event-stream` with what a test sends.
fn events() -> (mpsc::UnboundedReceiver<EventSender>, Handler) {
    let (calls, receiver) = mpsc::unbounded_channel();
    let handler: Handler = Arc::new(move |_| {
        let (sender, body) = Channel::new(1);
        calls.send(sender).unwrap();
        let reply: Reply = Response::builder()
            .header("content-type", "text/event-stream")
            .body(BodyExt::boxed_unsync(body))
            .unwrap();
        Box::pin(async move { reply })
    });
    (receiver, handler)
}

type EventSender = http_body_util::channel::Sender<Bytes, std::io::Error>;

async fn open_events(
    running: &Running,
    calls: &mut mpsc::UnboundedReceiver<EventSender>,
) -> (Connection, EventSender, Incoming) {
    let mut connection = Connection::open(running.address).await;
    let answer = connection
        .send(Request::get("/").body(full("")).unwrap())
        .await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert!(!answer.headers().contains_key("content-length"));
    let sender = soon(calls.recv()).await.unwrap();
    (connection, sender, answer.into_body())
}

#[tokio::test]
async fn events_arrive_while_the_backend_goes_on() {
    for front in Front::ALL {
        let (mut calls, handler) = events();
        let running = start(front, handler).await;
        let (_connection, mut sender, mut body) = open_events(&running, &mut calls).await;
        for event in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
            sender
                .send_data(Bytes::from_static(event.as_bytes()))
                .await
                .unwrap();
            assert_eq!(chunk(&mut body).await.unwrap(), event, "{front:?}");
        }
        drop(sender);
        assert!(chunk(&mut body).await.is_none());
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_backends_answer() {
    for front in Front::ALL {
        let (mut calls, handler) = events();
        let running = start(front, handler).await;
        let (connection, mut sender, mut body) = open_events(&running, &mut calls).await;
        sender
            .send_data(Bytes::from_static(b"data: 1\n\n"))
            .await
            .unwrap();
        chunk(&mut body).await.unwrap();
        drop((connection, body));
        // The body's reader goes with the connection that it was sent on.
        let gone = async {
            while sender
                .send_data(Bytes::from_static(b"data: 2\n\n"))
                .await
                .is_ok()
            {
                tokio::task::yield_now().await;
            }
        };
        soon(gone).await;
    }
}

/// Tells when it is dropped.
struct Dropped(mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        // The test may have ended.
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_call_it_waits_for() {
    for front in Front::ALL {
        let (arrived, mut arrivals) = mpsc::unbounded_channel();
        let (dropped, mut drops) = mpsc::unbounded_channel();
        let never: Handler = Arc::new(move |_| {
            arrived.send(()).unwrap();
            let dropped = Dropped(dropped.clone());
            Box::pin(async move {
                let _dropped = dropped;
                std::future::pending().await
            })
        });
        let running = start(front, never).await;
        let mut stream = tokio::net::TcpStream::connect(running.address)
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        soon(arrivals.recv()).await.unwrap();
        drop(stream);
        soon(drops.recv()).await.unwrap();
    }
}

#[tokio::test]
async fn a_body_that_a_policy_reads_is_collected_first() {
    let inbound = r#"<set-variable name="text" value="@(context.Request.Body.As<string>(preserveContent: true))" />
        <set-header name="X-Length"><value>@(((string)context.Variables["text"]).Length.ToString())</value></set-header>"#;
    let outbound = r#"<set-body>@(context.Response.Body.As<string>().ToUpper())</set-body>"#;
    for front in Front::ALL {
        let seen: Arc<Mutex<Option<http::HeaderMap>>> = Arc::default();
        let log = Arc::clone(&seen);
        let handler: Handler = Arc::new(move |request| {
            *log.lock().unwrap() = Some(request.headers().clone());
            Box::pin(async move { Response::new(request.into_body()) })
        });
        let running = front
            .start(|url| gateway(url, inbound, outbound), handler)
            .await;
        let (sender, body) = by_hand();
        for text in ["one ", "two ", "three"] {
            sender.send(text).unwrap();
        }
        drop(sender);
        let mut connection = Connection::open(running.address).await;
        let answer = connection
            .send(Request::post("/").body(body).unwrap())
            .await;
        assert_eq!(answer.headers()["content-length"], "13", "{front:?}");
        assert_eq!(
            soon(answer.into_body().collect()).await.unwrap().to_bytes(),
            "ONE TWO THREE"
        );
        let seen = seen.lock().unwrap().take().unwrap();
        assert_eq!(
            (&seen["x-length"], &seen["content-length"]),
            (&"13".parse().unwrap(), &"13".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_to_read_is_refused() {
    let inbound = r#"<set-variable name="text" value="@(context.Request.Body.As<string>(preserveContent: true))" />"#;
    let running = Front::Hyper
        .start(|url| gateway(url, inbound, ""), echo())
        .await;
    let mut connection = Connection::open(running.address).await;
    let request = Request::post("/")
        .body(full(vec![b'a'; (16 << 20) + 1]))
        .unwrap();
    let answer = connection.send(request).await;
    assert_eq!(answer.status(), 413);
    let mut connection = Connection::open(running.address).await;
    let answer = connection
        .send(Request::post("/").body(full("short")).unwrap())
        .await;
    assert_eq!(answer.status(), 200, "the next request works");
}
