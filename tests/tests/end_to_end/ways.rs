//! The HTTP client's ways: redirects, certificates of its own, proxies.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tollgate::engine::Url;
use tollgate::hyper::HyperClient;
use tollgate::ports::{HttpClient, OutboundRequest, Proxy, SendError, TlsChecks};
use tollgate::{
    self as engine, Api, Body, Catalog, Certificate, Gateway, Source, Subscription,
    SubscriptionScope,
};
use tollgate_tests::{Backend, Pki, get, reply};

use crate::front::Front;

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let there = Backend::named("there").await;
    let target = there.url();
    let here = Backend::start(None, move |seen| {
        let to = match seen.uri.path() {
            "/away" => format!("{target}/moved"),
            "/on" => "/moved".to_owned(),
            _ => return reply(200, "text/plain", "here"),
        };
        let mut answer = reply(302, "text/plain", "");
        let location = to.parse().unwrap();
        answer.headers_mut().insert("location", location);
        answer
    })
    .await;
    let policy = r#"<policies><inbound /><backend><forward-request follow-redirects="true" /></backend></policies>"#;
    let api = Api::new("api")
        .service_url(here.url())
        .subscription_key_names("X-Caller", "caller")
        .policy(Source::new("policy.xml", policy));
    let subscription = Subscription::new("caller", "s", SubscriptionScope::AllApis);
    let catalog = Catalog::new().api(api).subscription(subscription);
    let gateway = Gateway::builder().catalog(catalog).build().unwrap();
    let front = Front::hyper(gateway).await;
    let headers = [
        ("Authorization", "Bearer s"),
        ("Cookie", "s"),
        ("api-key", "s"),
        ("Ocp-Apim-Subscription-Key", "s"),
        ("X-Caller", "s"),
        ("X-Other", "1"),
    ];
    let answer = get(front.address, "/away", &headers).await;
    assert_eq!((answer.status, &*answer.body), (200, "there"));
    let seen = there.seen();
    let names: Vec<_> = seen[0].headers.keys().map(|name| name.as_str()).collect();
    assert!(names.contains(&"x-other"), "{names:?}");
    for (name, _) in &headers[..5] {
        assert!(!seen[0].headers.contains_key(*name), "{names:?}");
    }
    assert_eq!(get(front.address, "/on", &headers).await.body, "here");
    let seen = here.seen();
    for (name, _) in headers {
        assert!(seen.last().unwrap().headers.contains_key(name), "{name}");
    }
}

async fn send(
    client: &HyperClient,
    url: String,
    identity: Option<Certificate>,
    proxy: Option<Proxy>,
) -> Result<(u16, String), SendError> {
    let request = Request::get(url).body(Body::empty()).unwrap();
    let outbound = OutboundRequest {
        timeout: Some(Duration::from_secs(10)),
        follow_redirects: true,
        identity,
        proxy,
        ..OutboundRequest::new(request)
    };
    let answer: Response<Body> = client.send(outbound).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().buffer(1000).await.unwrap();
    Ok((status, String::from_utf8(body.to_vec()).unwrap()))
}

#[tokio::test]
async fn a_certificate_is_shown_to_who_asks_for_it_and_to_nobody_else() {
    let pki = Pki::new();
    let there = Backend::start(Some(pki.mutual_acceptor(&["two.test"])), |_| {
        reply(200, "text/plain", "there")
    })
    .await;
    let target = format!("https://two.test:{}/", there.address().port());
    let here = Backend::start(Some(pki.mutual_acceptor(&["one.test"])), move |seen| {
        let mut answer = reply(302, "text/plain", "");
        if seen.uri.path() == "/" {
            return reply(200, "text/plain", "here");
        }
        answer
            .headers_mut()
            .insert("location", target.parse().unwrap());
        answer
    })
    .await;
    let client = HyperClient::builder()
        .root_certificate(pki.root())
        .resolve("one.test", here.address())
        .resolve("two.test", there.address())
        .build()
        .unwrap();
    let pem = pki.issue(|_| {}).pem();
    let identity = Certificate::from_pem(pem.as_bytes()).unwrap();
    let url = |path: &str| format!("https://one.test:{}{path}", here.address().port());
    let with = send(&client, url("/"), Some(identity.clone()), None).await;
    assert_eq!(with.unwrap(), (200, "here".to_owned()));
    // One connection with the certificate does not serve others.
    assert!(send(&client, url("/"), None, None).await.is_err());
    assert!(
        send(&client, url("/away"), Some(identity), None)
            .await
            .is_err()
    );
    assert!(there.seen().is_empty());
    let keyless = Certificate::from_der(pki.issue(|_| {}).der).unwrap();
    let error = send(&client, url("/"), Some(keyless), None).await;
    assert_eq!(
        error.unwrap_err().message,
        "the certificate has no private key"
    );
}

#[tokio::test]
async fn a_backend_entity_says_what_of_its_certificate_is_checked() {
    let (trusted, stranger) = (Pki::new(), Pki::new());
    let start = |pki: &Pki| {
        let tls = Some(pki.acceptor(&["right.test"]));
        Backend::start(tls, |_| reply(200, "text/plain", "here"))
    };
    let (ours, theirs) = (start(&trusted).await, start(&stranger).await);
    let all = TlsChecks::ALL;
    let (no_chain, no_name) = (
        TlsChecks {
            chain: false,
            ..all
        },
        TlsChecks { name: false, ..all },
    );
    let none = TlsChecks {
        chain: false,
        name: false,
    };
    // The certificate's authority, the name asked for, what is checked, whether it passes.
    for (backend, host, checks, passes) in [
        (&ours, "right.test", all, true),
        (&ours, "wrong.test", all, false),
        (&ours, "wrong.test", no_name, true),
        (&ours, "wrong.test", no_chain, false),
        (&theirs, "right.test", all, false),
        (&theirs, "right.test", no_name, false),
        (&theirs, "right.test", no_chain, true),
        (&theirs, "wrong.test", no_chain, false),
        (&theirs, "wrong.test", none, true),
    ] {
        let url = format!("https://{host}:{}", backend.address().port());
        let entity = engine::Backend::new("b", url.as_str()).tls_checks(checks);
        let policy = r#"<policies><inbound><set-backend-service backend-id="b" /></inbound><backend><forward-request /></backend></policies>"#;
        let client = HyperClient::builder()
            .root_certificate(trusted.root())
            .resolve("right.test", backend.address())
            .resolve("wrong.test", backend.address())
            .build()
            .unwrap();
        let gateway = Gateway::builder()
            .backend_entity(entity)
            .api(Api::new("api").policy(Source::new("policy.xml", policy)))
            .http_client(client)
            .build()
            .unwrap();
        let front = Front::hyper(gateway).await;
        let status = get(front.address, "/", &[]).await.status;
        let what = format!("{url} {checks:?}");
        assert_eq!(status, if passes { 200 } else { 500 }, "{what}");
    }
}

/// A proxy that notes the head of each request, and answers it itself unless it is `CONNECT`.
struct Between {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Between {
    async fn start(to: SocketAddr, allows: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let connects = head.starts_with("CONNECT");
                noted.lock().unwrap().push(head);
                if !allows {
                    let refusal =
                        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(refusal).await.unwrap();
                } else if connects {
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    let mut far = TcpStream::connect(to).await.unwrap();
                    tokio::spawn(async move {
                        let _ = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
                    });
                } else {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy";
                    stream.write_all(answer).await.unwrap();
                }
            }
        });
        Self {
            address,
            heads,
            task,
        }
    }

    fn proxy(&self) -> Option<Proxy> {
        Some(Proxy {
            url: Url::parse(&format!("http://{}/", self.address)).unwrap(),
            credentials: Some(("user".into(), "pass".into())),
        })
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_proxy_stands_between() {
    let pki = Pki::new();
    let backend = Backend::start(Some(pki.acceptor(&["one.test"])), |_| {
        reply(200, "text/plain", "backend")
    })
    .await;
    let between = Between::start(backend.address(), true).await;
    let client = HyperClient::builder()
        .root_certificate(pki.root())
        .build()
        .unwrap();
    let plain = send(&client, "http://one.test/a?b".into(), None, between.proxy()).await;
    assert_eq!(plain.unwrap(), (200, "proxy".to_owned()));
    let secret = send(&client, "https://one.test/a".into(), None, between.proxy()).await;
    assert_eq!(secret.unwrap(), (200, "backend".to_owned()));
    let heads = between.heads.lock().unwrap().clone();
    assert!(
        heads[0].starts_with("GET http://one.test/a?b HTTP/1.1\r\n"),
        "{heads:?}"
    );
    assert!(
        heads[1].starts_with("CONNECT one.test:443 HTTP/1.1\r\n"),
        "{heads:?}"
    );
    for head in heads {
        let head = head.to_ascii_lowercase();
        assert!(
            head.contains("proxy-authorization: basic dxnlcjpwyxnz\r\n"),
            "{head}"
        );
    }
    let seen = backend.seen();
    assert!(!seen[0].headers.contains_key("proxy-authorization"));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_no_way() {
    let between = Between::start(([127, 0, 0, 1], 1).into(), false).await;
    let client = HyperClient::new().unwrap();
    let refused = send(&client, "https://one.test/".into(), None, between.proxy()).await;
    let error = refused.unwrap_err();
    assert_eq!(error.kind, tollgate::ports::SendErrorKind::Connect);
    assert!(!error.message.contains("pass"), "{}", error.message);
}
