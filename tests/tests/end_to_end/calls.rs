//! What policies send on their own account, over real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tollgate::hyper::HyperClient;
use tollgate::{Api, EventHub, Gateway, GatewayBuilder, Source};
use tollgate_tests::{Backend, FakeClock, Seen, get, reply, unix_now};

use crate::front::{Front, Running};

/// A front with one policy document before a backend.
async fn front(
    backend: &Backend,
    document: String,
    build: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
) -> Running {
    let api = Api::new("api")
        .service_url(backend.url())
        .policy(Source::new("policy.xml", document));
    let builder = Gateway::builder()
        .api(api)
        .http_client(HyperClient::new().unwrap());
    let gateway = build(builder).build();
    Front::hyper(gateway.unwrap_or_else(|error| panic!("{error}"))).await
}

/// Waits until a backend has seen so many requests.
async fn seen(backend: &Backend, count: usize) -> Vec<Seen> {
    for _ in 0..2000 {
        let seen = backend.seen();
        if seen.len() >= count {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the backend has seen {} of {count}", backend.seen().len());
}

#[tokio::test]
async fn a_token_is_exchanged_on_behalf_of_the_client_and_kept() {
    let number = AtomicUsize::new(0);
    let issuer = Backend::start(None, move |request| {
        let form = String::from_utf8(request.body.to_vec()).unwrap();
        if form.contains("assertion=stolen") {
            return reply(400, "application/json", r#"{"error":"invalid_grant"}"#);
        }
        let number = number.fetch_add(1, Ordering::SeqCst);
        let token = json!({"access_token": format!("token-{number}"), "expires_in": 3600});
        reply(200, "application/json", token.to_string())
    })
    .await;
    let backend = Backend::named("here").await;
    let document = format!(
        r#"<policies><inbound><base />
            <set-variable name="assertion" value="@(context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ').Last())" />
            <set-variable name="key" value="@("obo-" + context.Variables["assertion"])" />
            <cache-lookup-value key="@((string)context.Variables["key"])" variable-name="token" />
            <choose><when condition="@(!context.Variables.ContainsKey("token"))">
                <send-request mode="new" response-variable-name="answer" timeout="10" ignore-error="false">
                    <set-url>{}/tenant/oauth2/v2.0/token</set-url>
                    <set-method>POST</set-method>
                    <set-header name="Content-Type" exists-action="override"><value>application/x-www-form-urlencoded</value></set-header>
                    <set-body>@{{
                        return "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_secret={{{{secret}}}}&requested_token_use=on_behalf_of&assertion=" + context.Variables["assertion"];
                    }}</set-body>
                </send-request>
                <choose><when condition="@(((IResponse)context.Variables["answer"]).StatusCode != 200)">
                    <return-response><set-status code="401" reason="Unauthorized" /></return-response>
                </when></choose>
                <set-variable name="json" value="@(((IResponse)context.Variables["answer"]).Body.As<JObject>())" />
                <set-variable name="token" value="@((string)((JObject)context.Variables["json"])["access_token"])" />
                <cache-store-value key="@((string)context.Variables["key"])" value="@((string)context.Variables["token"])" duration="@((int)((JObject)context.Variables["json"])["expires_in"] - 60)" />
            </when></choose>
            <set-header name="Authorization" exists-action="override"><value>@("Bearer " + context.Variables["token"])</value></set-header>
        </inbound><backend><base /></backend></policies>"#,
        issuer.url()
    );
    let clock = FakeClock::at(unix_now());
    let front = front(&backend, document, |builder| {
        builder.clock(clock.clone()).secret("secret", "s3cret")
    })
    .await;
    let call = async |token: &str| {
        let authorization = format!("Bearer {token}");
        get(front.address, "/", &[("Authorization", &authorization)])
            .await
            .status
    };
    for _ in 0..3 {
        assert_eq!(call("ann").await, 200);
    }
    assert_eq!(call("bob").await, 200);
    assert_eq!(call("stolen").await, 401);
    clock.advance(Duration::from_secs(3541));
    assert_eq!(call("ann").await, 200);

    let forms = issuer.seen();
    assert_eq!(forms.len(), 4);
    assert_eq!(
        (forms[0].method.as_str(), forms[0].uri.path()),
        ("POST", "/tenant/oauth2/v2.0/token")
    );
    let form = String::from_utf8(forms[0].body.to_vec()).unwrap();
    assert!(
        form.contains("client_secret=s3cret") && form.ends_with("assertion=ann"),
        "{form}"
    );
    let tokens: Vec<_> = backend
        .seen()
        .iter()
        .map(|seen| seen.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        tokens,
        [
            "Bearer token-0",
            "Bearer token-0",
            "Bearer token-0",
            "Bearer token-1",
            "Bearer token-2"
        ]
    );
}

#[tokio::test]
async fn a_request_is_signed() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"shared secret");
    let storage = Backend::start(None, move |request| {
        let signed = format!("{}\n{}", request.method, request.uri.path());
        let header = request
            .headers
            .get("x-signature")
            .unwrap()
            .to_str()
            .unwrap();
        let valid = hmac::verify(&key, signed.as_bytes(), &STANDARD.decode(header).unwrap());
        match valid {
            Ok(()) => reply(200, "text/plain", "stored"),
            Err(_) => reply(403, "text/plain", "forged"),
        }
    })
    .await;
    let backend = Backend::named("here").await;
    let document = format!(
        r#"<policies><inbound>
            <set-variable name="signature" value="@{{
                using (var hmac = new System.Security.Cryptography.HMACSHA256(Encoding.UTF8.GetBytes("shared secret"))) {{
                    return Convert.ToBase64String(hmac.ComputeHash(Encoding.UTF8.GetBytes("PUT\n/blob")));
                }}
            }}" />
            <send-request response-variable-name="answer">
                <set-url>{}/blob</set-url><set-method>PUT</set-method>
                <set-header name="X-Signature"><value>@((string)context.Variables["signature"])</value></set-header>
                <set-body>@(new byte[] {{ 0, 255 }})</set-body>
            </send-request>
            <return-response response-variable-name="answer"><set-header name="X-Own"><value>1</value></set-header></return-response>
        </inbound></policies>"#,
        storage.url()
    );
    let front = front(&backend, document, |builder| builder).await;
    let answer = get(front.address, "/", &[]).await;
    assert_eq!(
        (answer.status, &*answer.body, answer.header("x-own")),
        (200, "stored", "1")
    );
    assert_eq!(&*storage.seen()[0].body, [0, 255]);
}

/// Answers with its path after some time.
async fn slow() -> tollgate_tests::Server {
    let handler: tollgate_tests::Handler = Arc::new(|request| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(400)).await;
            reply(200, "text/plain", request.uri().path().to_owned())
        })
    });
    tollgate_tests::Server::start(None, handler).await
}

#[tokio::test]
async fn calls_in_wait_take_as_long_as_one() {
    let server = slow().await;
    let backend = Backend::named("here").await;
    let send = |name: &str| {
        format!(
            r#"<send-request response-variable-name="{name}"><set-url>http://{}/{name}</set-url></send-request>"#,
            server.address()
        )
    };
    let document = format!(
        r#"<policies><inbound><wait for="all">{}{}{}</wait><return-response><set-body>@(
            string.Join(" ", new[] {{ "a", "b", "c" }}.Select(name => ((IResponse)context.Variables[name]).Body.As<string>())))</set-body></return-response></inbound></policies>"#,
        send("a"),
        send("b"),
        send("c")
    );
    let front = front(&backend, document, |builder| builder).await;
    let start = Instant::now();
    let answer = get(front.address, "/", &[]).await;
    assert_eq!((answer.status, &*answer.body), (200, "/a /b /c"));
    let took = start.elapsed();
    assert!(took < Duration::from_millis(1100), "{took:?}");
}

#[tokio::test]
async fn a_slow_service_is_given_up_and_the_next_request_works() {
    let server = slow().await;
    let backend = Backend::named("here").await;
    let document = format!(
        r#"<policies><inbound><send-request response-variable-name="r" timeout="@(context.Request.Headers.ContainsKey("X-Patient") ? 5.0 : 0.05)"><set-url>http://{}/</set-url></send-request></inbound>
        <backend><forward-request /></backend>
        <on-error><return-response><set-status code="504" /><set-body>@(context.LastError.Source + " " + context.LastError.Reason)</set-body></return-response></on-error></policies>"#,
        server.address()
    );
    let front = front(&backend, document, |builder| builder).await;
    let answer = get(front.address, "/", &[]).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (504, "send-request Timeout")
    );
    let answer = get(front.address, "/", &[("X-Patient", "1")]).await;
    assert_eq!((answer.status, &*answer.body), (200, "here"));
}

#[tokio::test]
async fn a_one_way_request_arrives_after_the_answer() {
    let hook = slow().await;
    let log = Backend::named("log").await;
    let backend = Backend::named("here").await;
    let document = format!(
        r#"<policies><inbound>
            <send-one-way-request><set-url>http://{}/slow</set-url></send-one-way-request>
            <send-one-way-request mode="copy"><set-url>{}/audit</set-url><set-method>POST</set-method><set-body>@(context.Request.Url.Path)</set-body></send-one-way-request>
        </inbound><backend><forward-request /></backend></policies>"#,
        hook.address(),
        log.url()
    );
    let front = front(&backend, document, |builder| builder).await;
    let start = Instant::now();
    assert_eq!(
        get(front.address, "/orders", &[("X-A", "1")]).await.status,
        200
    );
    assert!(start.elapsed() < Duration::from_millis(390));
    let audit = seen(&log, 1).await.remove(0);
    assert_eq!(
        (audit.method.as_str(), audit.uri.path(), &*audit.body),
        ("POST", "/audit", &b"/orders"[..])
    );
    assert_eq!(audit.headers["x-a"], "1");
}

#[tokio::test]
async fn responses_are_cached_between_clients() {
    let backend = Backend::start(None, |request| {
        reply(200, "text/plain", format!("made for {}", request.uri))
    })
    .await;
    let document = r#"<policies>
        <inbound><cache-lookup vary-by-developer="false" vary-by-developer-groups="false" downstream-caching-type="private"><vary-by-header>Accept</vary-by-header></cache-lookup></inbound>
        <backend><forward-request /></backend>
        <outbound><cache-store duration="60" /><set-header name="X-Out"><value>1</value></set-header></outbound></policies>"#;
    let clock = FakeClock::at(unix_now());
    let front = front(&backend, document.to_owned(), |builder| {
        builder.clock(clock.clone())
    })
    .await;
    for _ in 0..3 {
        let answer = get(front.address, "/a?b=1", &[("If-None-Match", "x")]).await;
        assert_eq!((answer.status, &*answer.body), (200, "made for /a?b=1"));
        assert_eq!(
            answer.header("cache-control"),
            "private, must-revalidate, max-age=60"
        );
        assert_eq!(
            (answer.header("vary"), answer.header("x-out")),
            ("accept", "1")
        );
    }
    assert_eq!(backend.seen().len(), 1);
    assert!(!backend.seen()[0].headers.contains_key("if-none-match"));
    clock.advance(Duration::from_secs(60));
    get(front.address, "/a?b=1", &[]).await;
    assert_eq!(backend.seen().len(), 2);
}

#[tokio::test]
async fn usage_is_logged_to_an_event_hub() {
    let hub = Backend::start(None, |_| reply(201, "text/plain", "")).await;
    let backend = Backend::named("here").await;
    let document = r#"<policies><inbound /><backend><forward-request /></backend>
        <outbound><log-to-eventhub logger-id="usage" partition-key="k">@(new JObject(new JProperty("path", context.Request.Url.Path), new JProperty("status", context.Response.StatusCode)).ToString(Newtonsoft.Json.Formatting.None))</log-to-eventhub></outbound></policies>"#;
    let target = EventHub::at(&format!("{}/hub", hub.url())).shared_access_key("send", "key");
    let front = front(&backend, document.to_owned(), |builder| {
        builder.event_hub("usage", target)
    })
    .await;
    for number in 0..3 {
        assert_eq!(
            get(front.address, &format!("/{number}"), &[]).await.status,
            200
        );
    }
    let mut messages = Vec::new();
    for _ in 0..1000 {
        messages = hub
            .seen()
            .iter()
            .flat_map(|seen| serde_json::from_slice::<Vec<Json>>(&seen.body).unwrap())
            .collect();
        if messages.len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let expected: Vec<_> = (0..3)
        .map(|number| {
            let body = json!({"path": format!("/{number}"), "status": 200}).to_string();
            json!({"Body": body, "BrokerProperties": {"PartitionKey": "k"}})
        })
        .collect();
    assert_eq!(messages, expected);
    let first = hub.seen().remove(0);
    assert_eq!(first.uri.path(), "/hub/messages");
    let authorization = first.headers["authorization"].to_str().unwrap();
    assert!(
        authorization.starts_with("SharedAccessSignature sr=http%3A%2F%2F127.0.0.1"),
        "{authorization}"
    );
}
