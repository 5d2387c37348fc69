//! Hostile requests, and hostile values that policies make of them.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate::{Api, Gateway, Source};
use tollgate_tests::{Backend, Log, get};

use crate::front::{Front, Running};

async fn gated(inbound: &str) -> (Backend, Running) {
    let backend = Backend::named("here").await;
    let text =
        format!("<policies><inbound>{inbound}</inbound><backend><base /></backend></policies>");
    let api = Api::new("api")
        .service_url(backend.url())
        .policy(Source::new("policy.xml", text));
    let gateway = Gateway::builder().api(api).build().unwrap();
    (backend, Front::hyper(gateway).await)
}

#[tokio::test]
async fn header_values_that_no_header_can_hold() {
    let log = Log::start();
    // What the client says is decoded and put into a header, as policies do.
    let inbound = r#"<choose><when condition="@(context.Request.Url.Query.ContainsKey("v"))"><set-header name="X-Value">
        <value>@(context.Request.Url.Query.GetValueOrDefault("v", ""))</value></set-header></when></choose>"#;
    let (backend, front) = gated(inbound).await;
    for value in [
        "a%0d%0aX-Evil:%201",
        "a%0ab",
        "a%0db",
        "a%00b",
        "%c3%a9",
        "%f0%9f%98%80",
        "%7f",
    ] {
        let answer = get(front.address, &format!("/?v={value}"), &[]).await;
        assert_eq!(answer.status, 500, "{value}");
        let text = log.take();
        assert!(
            text.contains("set-header") && text.contains("ExpressionValueValidationFailure"),
            "{text}"
        );
        assert_eq!(
            get(front.address, "/", &[]).await.status,
            200,
            "the next request works"
        );
    }
    assert_eq!(get(front.address, "/?v=a%20%09b", &[]).await.status, 200);
    let seen = backend.seen();
    assert!(seen.iter().all(|seen| !seen.headers.contains_key("x-evil")));
    assert_eq!(seen.last().unwrap().headers["x-value"], "a \tb");
}

#[tokio::test]
async fn header_values_that_come_with_the_request() {
    let inbound = r#"<set-header name="X-Copy"><value>@(context.Request.Headers.GetValueOrDefault("X-Own", "none"))</value></set-header>"#;
    let (backend, front) = gated(inbound).await;
    let answer = raw(
        front.address,
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Own: caf\xc3\xa9\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 500 "),
        "bytes beyond ASCII are no header of ours: {answer}"
    );
    assert!(backend.seen().is_empty());
    assert_eq!(
        get(front.address, "/", &[]).await.status,
        200,
        "the next request works"
    );
}

/// Sends bytes, and gives what comes until the server closes the connection.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(std::time::Duration::from_secs(10), read)
        .await
        .expect("it hangs")
        .ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn requests_that_are_none() {
    let (backend, front) = gated("").await;
    for (bytes, status) in [
        (&b"nonsense\r\n\r\n"[..], "400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX Bad: 1\r\n\r\n", "400"),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
            "400",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            "400",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
            "400",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: user@a\r\nConnection: close\r\n\r\n",
            "400",
        ),
        (
            b"GET /a/../b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "400",
        ),
        (
            b"GET /a%2fb HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "400",
        ),
        (
            b"GET /%2e%2e/b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "400",
        ),
    ] {
        let answer = raw(front.address, bytes).await;
        let shown = String::from_utf8_lossy(bytes);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{shown} {answer}"
        );
        assert!(backend.seen().is_empty(), "{shown}");
    }
    assert_eq!(
        get(front.address, "/", &[]).await.status,
        200,
        "the next request works"
    );
}

#[tokio::test]
async fn the_reason_phrase_reaches_the_client() {
    let inbound =
        r#"<return-response><set-status code="503" reason="Gone Fishing" /></return-response>"#;
    let (_backend, front) = gated(inbound).await;
    let answer = get(front.address, "/", &[]).await;
    assert_eq!(
        (answer.status, answer.reason.as_deref()),
        (503, Some("Gone Fishing"))
    );
    let inbound = r#"<return-response><set-status code="503" reason="@("a\r\nX-Evil: 1")" /></return-response>"#;
    let (_backend, front) = gated(inbound).await;
    let answer = get(front.address, "/", &[]).await;
    assert_eq!(
        (answer.status, answer.header("x-evil")),
        (500, ""),
        "a phrase with line breaks is refused"
    );
}
