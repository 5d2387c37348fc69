//! Backends in trouble: the client gets 500, the log says why, the next request works.

use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tollgate::{Api, Gateway, Source};
use tollgate_tests::{Backend, Connection, Log, full, get};

use crate::front::{Front, Running};

/// A server that answers these bytes to whatever it is asked and closes the connection; `None` never answers.
struct Raw {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Raw {
    async fn start(answer: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                match &answer {
                    Some(answer) => drop(stream.write_all(answer).await),
                    None => open.push(stream),
                }
            }
        });
        Self { address, task }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A gateway that sends `/bad` to an address and everything else to a backend that works.
struct Gated {
    front: Running,
    log: Log,
    _good: Backend,
}

impl Gated {
    async fn before(bad: SocketAddr, forward: &str) -> Self {
        let good = Backend::named("here").await;
        let text = format!(
            r#"<policies><inbound><choose><when condition="@(context.Request.Url.Path == "/bad")">
                <set-backend-service base-url="http://{bad}" /></when></choose></inbound>
                <backend><forward-request {forward} /></backend></policies>"#
        );
        let api = Api::new("api")
            .service_url(good.url())
            .policy(Source::new("policy.xml", text));
        let gateway = Gateway::builder().api(api).build().unwrap();
        Self {
            front: Front::hyper(gateway).await,
            log: Log::start(),
            _good: good,
        }
    }

    async fn works(&self) {
        let answer = get(self.front.address, "/", &[]).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, "here"),
            "the next request works"
        );
    }

    async fn fails(&self, reason: &str, message: &str) {
        let answer = get(self.front.address, "/bad", &[]).await;
        assert_eq!(answer.status, 500, "{}", answer.body);
        let start = r#"{ "statusCode": 500, "message": "Internal server error", "activityId": ""#;
        assert!(answer.body.starts_with(start), "{}", answer.body);
        let log = self.log.take();
        for part in ["forward-request", reason, message] {
            assert!(log.contains(part), "{part}: {log}");
        }
        self.works().await;
    }
}

#[tokio::test]
async fn a_backend_that_refuses() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let gated = Gated::before(address, "").await;
    gated
        .fails("BackendConnectionFailure", "Connection refused")
        .await;
}

#[tokio::test]
async fn a_backend_that_hangs() {
    let raw = Raw::start(None).await;
    let gated = Gated::before(raw.address, r#"timeout-ms="100""#).await;
    gated
        .fails("Timeout", "Request to the backend service timed out")
        .await;
    let gated = Gated::before(raw.address, r#"timeout="1""#).await;
    gated
        .fails("Timeout", "Request to the backend service timed out")
        .await;
}

#[tokio::test]
async fn a_backend_that_speaks_no_http() {
    let answers: [&[u8]; 7] = [
        b"",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nbad header: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Bad: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 9 Much\r\n\r\n",
    ];
    for answer in answers {
        let raw = Raw::start(Some(answer.to_vec())).await;
        Gated::before(raw.address, "")
            .await
            .fails("BackendConnectionFailure", "")
            .await;
    }
    let endless = [
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        b"X-A: b\r\n".repeat(100_000),
    ]
    .concat();
    let raw = Raw::start(Some(endless)).await;
    Gated::before(raw.address, "")
        .await
        .fails("BackendConnectionFailure", "")
        .await;
}

#[tokio::test]
async fn a_backend_that_dies_in_the_middle() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz\r\n",
    ] {
        let raw = Raw::start(Some(answer.to_vec())).await;
        let gated = Gated::before(raw.address, "").await;
        let mut connection = Connection::open(gated.front.address).await;
        let answer = connection
            .send(Request::get("/bad").body(full("")).unwrap())
            .await;
        assert_eq!(answer.status(), 200, "the headers had been sent already");
        let body =
            tokio::time::timeout(Duration::from_secs(10), answer.into_body().collect()).await;
        assert!(
            body.expect("it hangs").is_err(),
            "the client must not take half a body for a whole one"
        );
        gated.works().await;
    }
}

#[tokio::test]
async fn a_backend_that_dies_in_the_middle_of_what_a_policy_reads() {
    let raw = Raw::start(Some(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec(),
    ))
    .await;
    let text = format!(
        r#"<policies><inbound><set-backend-service base-url="http://{}" /></inbound><backend><forward-request /></backend>
            <outbound><set-body>@(context.Response.Body.As<string>())</set-body></outbound></policies>"#,
        raw.address
    );
    let log = Log::start();
    let gateway = Gateway::builder()
        .policy(Source::new("policy.xml", text))
        .build()
        .unwrap();
    let front = Front::hyper(gateway).await;
    assert_eq!(get(front.address, "/", &[]).await.status, 500);
    let log = log.take();
    assert!(
        log.contains("set-body") && log.contains("BackendConnectionFailure"),
        "{log}"
    );
}
