//! Who may come in: passwords, keys, certificates, addresses, origins.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use rcgen::DnType;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tollgate::Gateway;
use tollgate::engine::exchange::ClientCertificate;
use tollgate::engine::thumbprint;
use tollgate::ports::Event;
use tollgate_tests::{Backend, FakeClock, FakeEvents, Issued, Pki, Received};

use crate::world::{NOON, catalog, gateway, json_of, request, world};

#[tokio::test]
async fn basic_authentication_on_both_sides() {
    let backend = Backend::named("orders").await;
    let values = [
        ("client-user", "ann"),
        ("client-password", "se:cret ü"),
        ("backend-user", "gateway"),
        ("backend-password", "other"),
    ];
    let world = world("basic-auth", &backend, &values).await;
    let get =
        async |authorization: String| world.get("/", &[("Authorization", &authorization)]).await;
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    for refused in [
        String::new(),
        "Basic".to_owned(),
        "Basic !!!".to_owned(),
        basic("ann:wrong"),
        basic("ann"),
        basic("bob:se:cret ü"),
        basic("ann:se:cret ü").replace("Basic", "Bearer"),
    ] {
        let answer = get(refused.clone()).await;
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, r#"Basic realm="orders", charset="UTF-8""#),
            "{refused}"
        );
    }
    assert!(backend.seen().is_empty());
    assert_eq!(get(basic("ann:se:cret ü")).await.status, 200);
    assert_eq!(
        get(basic("ann:se:cret ü").replace("Basic", "basic"))
            .await
            .status,
        200
    );
    for seen in backend.seen() {
        assert_eq!(seen.header("authorization"), basic("gateway:other"));
    }
}

#[tokio::test]
async fn two_keys_while_they_change() {
    let backend = Backend::named("orders").await;
    let sunset = "Tue, 24 Nov 2026 13:00:00 GMT";
    let values = [
        ("api-key", "new"),
        ("api-key-old", "old"),
        ("api-key-sunset", sunset),
    ];
    let world = world("api-key-rotation", &backend, &values).await;
    let get = async |key: &str| {
        world
            .get("/", &[("X-Api-Key", key), ("User-Agent", "shop")])
            .await
    };
    for (key, status, ends) in [
        ("new", 200, ""),
        ("old", 200, sunset),
        ("other", 401, ""),
        ("", 401, ""),
    ] {
        let answer = get(key).await;
        assert_eq!(
            (answer.status, answer.header("sunset")),
            (status, ends),
            "{key}"
        );
    }
    let answer = world.get("/", &[]).await;
    let error = json_of(&answer);
    assert_eq!(error["error"], "X-Api-Key is missing.");
    assert_eq!(error["requestId"].as_str().unwrap().len(), 36);
    assert_eq!(
        json_of(&get("other").await)["error"],
        "X-Api-Key is not valid."
    );
    world.later(3600);
    let answer = get("old").await;
    assert_eq!(
        (answer.status, answer.reason.as_deref()),
        (401, Some("Key Retired"))
    );
    assert_eq!(get("new").await.status, 200);

    let seen = backend.seen();
    assert_eq!(seen.len(), 3);
    assert!(
        seen.iter()
            .all(|seen| !seen.headers.contains_key("x-api-key"))
    );
    let metrics = world.events.all();
    let generations: Vec<String> = metrics
        .iter()
        .map(|event| match event {
            Event::Metric {
                name,
                namespace,
                value,
                dimensions,
            } => {
                assert_eq!(
                    (&*name.to_utf8(), &*namespace.to_utf8(), *value),
                    ("calls-by-key", "orders", 1.0)
                );
                assert_eq!(&*dimensions[1].1.to_utf8(), "shop");
                dimensions[0].1.to_utf8().into_owned()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(generations, ["current", "old", "current"]);
}

/// A front that wants a certificate: an embedder's own server, which hands it on.
async fn mutual(gateway: Gateway, pki: &Pki) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, acceptor) = (
        listener.local_addr().unwrap(),
        pki.mutual_acceptor(&["gateway.test"]),
    );
    let engine: Arc<tollgate::engine::Gateway> = gateway.into();
    tokio::spawn(async move {
        while let Ok((stream, client)) = listener.accept().await {
            let stream = acceptor.accept(stream).await.unwrap();
            let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
            let engine = Arc::clone(&engine);
            let service = hyper::service::service_fn(
                move |mut request: http::Request<hyper::body::Incoming>| {
                    request
                        .extensions_mut()
                        .insert(ClientCertificate::new(shown.clone()));
                    tollgate::hyper::answer(Arc::clone(&engine), request, client)
                },
            );
            let server = hyper::server::conn::http1::Builder::new();
            let serve = server.serve_connection(TokioIo::new(stream), service);
            // A client that has its answer hangs up.
            tokio::spawn(async move { serve.await.ok() });
        }
    });
    address
}

async fn get_showing(address: SocketAddr, pki: &Pki, shown: &Issued) -> Received {
    let mut roots = RootCertStore::empty();
    roots.add(pki.root().into()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(
            vec![shown.der.clone().into()],
            PrivateKeyDer::Pkcs8(shown.key.clone().into()),
        )
        .unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("gateway.test").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    tollgate_tests::send_over(stream, request("GET", "/", &[], "")).await
}

#[tokio::test]
async fn partners_by_the_thumbprint_of_their_certificates() {
    let (pki, backend) = (Pki::new(), Backend::named("orders").await);
    let partner =
        |name: &str| pki.issue(|params| params.distinguished_name.push(DnType::CommonName, name));
    let (one, two, stranger) = (partner("Contoso"), partner("Fabrikam"), partner("Unknown"));
    let known = format!(
        "{},{}",
        thumbprint(&one.der),
        thumbprint(&two.der).to_lowercase()
    );
    let values = [("partner-thumbprints", &*known)];
    let (clock, events) = (FakeClock::at(NOON), FakeEvents::default());
    let catalog = catalog("client-certificate-thumbprint", &backend, &values);
    let address = mutual(
        gateway(catalog.clone(), &clock, &events, |builder| builder),
        &pki,
    )
    .await;
    for (shown, status, reason) in [
        (&one, 200, None),
        (&stranger, 403, Some("Client certificate unknown")),
        (&two, 200, None),
    ] {
        let answer = get_showing(address, &pki, shown).await;
        assert_eq!((answer.status, answer.reason.as_deref()), (status, reason));
    }
    let seen = backend.seen();
    let partners: Vec<&str> = seen.iter().map(|seen| seen.header("x-partner")).collect();
    assert!(
        partners[0].contains("CN=Contoso") && partners[1].contains("CN=Fabrikam"),
        "{partners:?}"
    );

    // The server in front is content with the certificate; by the gateway's clock it has run out.
    let old = pki.issue(|params| params.not_after = rcgen::date_time_ymd(2036, 1, 1));
    let values = [("partner-thumbprints", &*thumbprint(&old.der))];
    let catalog = crate::world::catalog("client-certificate-thumbprint", &backend, &values);
    let clock = FakeClock::at(NOON + 10 * 365 * 86_400);
    let address = mutual(
        gateway(catalog.clone(), &clock, &events, |builder| builder),
        &pki,
    )
    .await;
    let answer = get_showing(address, &pki, &old).await;
    assert_eq!(answer.reason.as_deref(), Some("Client certificate expired"));

    let world = crate::world::World::serving(catalog).await;
    let answer = world.get("/", &[]).await;
    assert_eq!(
        (answer.status, answer.reason.as_deref()),
        (403, Some("Client certificate required"))
    );
    assert_eq!(backend.seen().len(), 2);
}

#[tokio::test]
async fn a_page_of_another_host_that_sends_cookies() {
    let backend = Backend::start(None, |_| {
        let answer = tollgate_tests::reply(200, "application/json", "[]");
        crate::world::with_headers(answer, &[("x-total-count", "0")])
    })
    .await;
    let origin = "https://app.contoso.com";
    let values = [
        ("spa-origin", origin),
        ("spa-preview-origin", "https://preview.contoso.com:8443"),
    ];
    let world = world("spa-cors", &backend, &values).await;

    let asks = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "DELETE"),
        ("Access-Control-Request-Headers", "X-CSRF-Token"),
    ];
    let answer = world.send("OPTIONS", "/orders/1", &asks, "").await;
    assert_eq!((answer.status, &*answer.body), (200, ""));
    for (name, value) in [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "600"),
        ("vary", "Origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(
        answer
            .header("access-control-allow-methods")
            .contains("DELETE")
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .to_lowercase()
            .contains("x-csrf-token")
    );
    let foreign = [
        ("Origin", "https://evil.test"),
        ("Access-Control-Request-Method", "GET"),
    ];
    let answer = world.send("OPTIONS", "/orders/1", &foreign, "").await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, "")
    );
    assert!(backend.seen().is_empty(), "preflight ends at the gateway");

    let answer = world
        .get("/orders", &[("Origin", origin), ("Cookie", "session=1")])
        .await;
    assert_eq!(
        (
            answer.header("access-control-allow-origin"),
            answer.header("access-control-expose-headers")
        ),
        (origin, "X-Total-Count")
    );
    assert_eq!(answer.body, "[]");
    let answer = world
        .get("/orders", &[("Origin", "https://evil.test")])
        .await;
    assert_eq!(
        (
            answer.status,
            &*answer.body,
            answer.header("access-control-allow-origin")
        ),
        (200, "", "")
    );
    assert_eq!(backend.seen().len(), 1, "other origins do not get there");

    let post = async |cookie: &str, token: &str| {
        let headers = [
            ("Origin", origin),
            ("Cookie", cookie),
            ("X-CSRF-Token", token),
        ];
        world.send("POST", "/orders", &headers, "{}").await
    };
    for (cookie, token, status) in [
        ("session=1; csrf=abc", "abc", 200),
        ("session=1; csrf=abc", "abd", 403),
        ("session=1; csrf=", "", 403),
        ("session=1", "abc", 403),
    ] {
        let answer = post(cookie, token).await;
        assert_eq!(answer.status, status, "{cookie} {token}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            origin,
            "the page may read why"
        );
    }
}

#[tokio::test]
async fn clients_by_their_address_behind_an_application_gateway() {
    let backend = Backend::named("orders").await;
    let values = [
        ("front-door-address", "127.0.0.1"),
        ("allowed-clients", "203.0.113.7,198.51.100."),
    ];
    let world = crate::world::world("ip-allow-list", &backend, &values).await;
    for (forwarded, status) in [
        ("203.0.113.7", 200),
        ("203.0.113.7:50123", 200),
        ("10.0.0.1, 198.51.100.200:1", 200),
        ("203.0.113.70", 403),
        ("203.0.113.7, 192.0.2.1", 403),
        ("198.51.100", 403),
        ("2001:db8::1", 403),
        ("", 403),
    ] {
        let answer = world.get("/", &[("X-Forwarded-For", forwarded)]).await;
        assert_eq!(answer.status, status, "{forwarded}");
    }
    let seen = backend.seen();
    let clients: Vec<&str> = seen
        .iter()
        .map(|seen| seen.header("x-client-address"))
        .collect();
    assert_eq!(clients, ["203.0.113.7", "203.0.113.7", "198.51.100.200"]);
    let events = world.events.all();
    assert_eq!(events.len(), 5);
    assert!(
        matches!(&events[0], Event::Trace { message, .. } if &*message.to_utf8() == "Refused 203.0.113.70")
    );

    let values = [
        ("front-door-address", "10.1.2.3"),
        ("allowed-clients", "203.0.113.7"),
    ];
    let around = crate::world::world("ip-allow-list", &backend, &values).await;
    let answer = around.get("/", &[("X-Forwarded-For", "203.0.113.7")]).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (403, r#"{ "statusCode": 403, "message": "Forbidden" }"#)
    );
    assert_eq!(backend.seen().len(), 3);
}
