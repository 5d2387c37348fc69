//! emit-metric and log-to-eventhub: what they report, and how it gets to event hubs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tollgate::ports::{
    AuthorizationRequest, AuthorizationToken, CredentialError, Credentials, Event, IdentityRequest,
    Partition, SendError, SendErrorKind, Step,
};
use tollgate::{
    Api, Body, Catalog, EventHub, Gateway, Operation, Peer, Product, Subscription,
    SubscriptionScope, UserInfo,
};
use tollgate_dotnet::Str;
use tollgate_tests::{Call, FakeClient, FakeClock};

use crate::world::{Answer, INTERNAL, World, request, source};

fn metric(attributes: &str, dimensions: &str) -> World {
    let policy = format!(r#"<emit-metric name="calls" {attributes}>{dimensions}</emit-metric>"#);
    World::of(&[("inbound", &policy)])
}

type Observed = (String, f64, Vec<(String, String)>);

/// Namespace, value and dimensions of the one metric that was reported.
fn observed(world: &World) -> Observed {
    match &world.events.all()[..] {
        [
            Event::Metric {
                name,
                namespace,
                value,
                dimensions,
            },
        ] => {
            assert_eq!(*name, Str::from("calls"));
            let pair = |(name, value): &(Str, Str)| (name.to_string(), value.to_string());
            (
                namespace.to_string(),
                *value,
                dimensions.iter().map(pair).collect(),
            )
        }
        other => panic!("one metric, not {other:?}"),
    }
}

#[tokio::test]
async fn a_metric_has_defaults() {
    let world = metric("", r#"<dimension name="a" value="1" />"#);
    assert_eq!(world.get("/", &[]).await.status, 200);
    let dimensions = vec![("a".to_owned(), "1".to_owned())];
    assert_eq!(
        observed(&world),
        ("API Management".to_owned(), 1.0, dimensions)
    );
    for (value, number) in [
        ("2.5", 2.5),
        ("@(3)", 3.0),
        ("@(-1.5)", -1.5),
        ("@(\"7\")", 7.0),
    ] {
        let attributes = format!(
            r#"namespace="mine" value="{}""#,
            value.replace('"', "&quot;")
        );
        let world = metric(&attributes, r#"<dimension name="a" value="1" />"#);
        world.get("/", &[]).await;
        let (namespace, observed, _) = observed(&world);
        assert_eq!((&*namespace, observed), ("mine", number));
    }
}

#[tokio::test]
async fn a_metric_is_reported_in_every_section() {
    let policy = r#"<emit-metric name="calls"><dimension name="status" value="@(context.Response.StatusCode.ToString())" /></emit-metric>"#;
    let sections = [
        ("inbound", policy.to_owned()),
        ("backend", format!("<forward-request />{policy}")),
        (
            "outbound",
            format!(r#"{policy}<set-header name="@(null)"><value>1</value></set-header>"#),
        ),
        ("on-error", policy.to_owned()),
    ];
    let sections: Vec<_> = sections
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let world = World::of(&sections);
    world.get("/", &[]).await;
    let statuses: Vec<_> = world
        .events
        .all()
        .into_iter()
        .map(|event| match event {
            Event::Metric { dimensions, .. } => dimensions[0].1.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(statuses, ["200", "200", "200", "500"]);
}

#[tokio::test]
async fn the_gateway_knows_some_dimensions() {
    let names = [
        "API ID",
        "Operation ID",
        "Product ID",
        "User ID",
        "Subscription ID",
        "Location",
        "Gateway ID",
    ];
    let dimensions: String = names
        .iter()
        .map(|name| format!(r#"<dimension name="{name}" />"#))
        .collect();
    let policy = format!(
        r#"<emit-metric name="calls">{dimensions}<dimension name="API ID" value="own" /><dimension name="@("made")" value="@(null)" /></emit-metric>"#
    );
    let catalog = |required| {
        Catalog::new()
            .api(
                Api::new("api")
                    .service_url("http://backend.test")
                    .subscription_required(required)
                    .operation(Operation::new("GET", "/").id("op"))
                    .policy(source("p.xml", &[("inbound", &policy)])),
            )
            .product(Product::new("prod").api("api"))
            .user(UserInfo::new("ann"))
            .subscription(
                Subscription::new("sub", "key", SubscriptionScope::Product("prod".into()))
                    .user("ann"),
            )
    };
    let world = World::serving(catalog(true), FakeClient::statuses(&[200]));
    let answer = world
        .get("/", &[("Ocp-Apim-Subscription-Key", "key")])
        .await;
    assert_eq!(
        answer.status, 200,
        "{:?}",
        answer.exchange.context.last_error
    );
    let values = |world: &World| -> Vec<String> {
        observed(world)
            .2
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    };
    assert_eq!(
        values(&world),
        [
            "api", "op", "prod", "ann", "sub", "local", "managed", "own", ""
        ]
    );

    let world = World::serving(catalog(false), FakeClient::statuses(&[200]));
    world.get("/", &[]).await;
    assert_eq!(
        values(&world),
        ["api", "op", "", "", "", "local", "managed", "own", ""]
    );
}

#[tokio::test]
async fn a_value_that_is_no_number_fails() {
    for value in [
        "@(double.NaN)",
        "@(1 / 0.0)",
        r#"@("many")"#,
        r#"@(context.Variables.GetValueOrDefault<object>("none"))"#,
    ] {
        let world = metric(
            &format!("value='{value}'"),
            r#"<dimension name="a" value="1" />"#,
        );
        let answer = world.get("/", &[]).await;
        assert_eq!((answer.status, &*answer.body), (500, INTERNAL), "{value}");
        assert_eq!(
            answer.last_error()[..2],
            ["emit-metric", "ExpressionValueValidationFailure"]
        );
        assert!(world.events.all().is_empty());
    }
}

#[tokio::test]
async fn metrics_show_no_secrets() {
    let policy = r#"<emit-metric name="calls"><dimension name="a" value="@("x{{key}}x")" /><dimension name="b" value="@(context.Request.Headers.GetValueOrDefault("Authorization"))" /></emit-metric>"#;
    let catalog = Catalog::new()
        .secret("key", "hidden-key")
        .api(crate::world::api(&[("inbound", policy)]));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    world
        .get("/", &[("Authorization", "Bearer hidden-token")])
        .await;
    let (.., dimensions) = observed(&world);
    let values: Vec<_> = dimensions.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["x***x", "Bearer ***"]);
}

fn messages(events: &[Event]) -> Vec<(String, Partition, String)> {
    let message = |event: &Event| match event {
        Event::EventHub {
            logger,
            partition,
            body,
        } => {
            let body = String::from_utf8(body.to_vec()).unwrap();
            (logger.to_string(), partition.clone(), body)
        }
        other => panic!("{other:?}"),
    };
    events.iter().map(message).collect()
}

#[tokio::test]
async fn a_message_goes_to_its_logger() {
    for (attributes, content, partition, body) in [
        ("", "  plain\n", Partition::Any, "plain"),
        (
            r#"partition-id="3""#,
            "@(1 + 1)",
            Partition::Id("3".into()),
            "2",
        ),
        (
            r#"partition-key="@("k" + 1)""#,
            r#"@{ return new JObject(new JProperty("a", 1)); }"#,
            Partition::Key("k1".into()),
            "{\r\n  \"a\": 1\r\n}",
        ),
    ] {
        let policy =
            format!(r#"<log-to-eventhub logger-id="l" {attributes}>{content}</log-to-eventhub>"#);
        let world = World::of(&[("outbound", &policy)]);
        assert_eq!(world.get("/", &[]).await.status, 200);
        let [(logger, to, text)] = &messages(&world.events.all())[..] else {
            panic!("one message");
        };
        assert_eq!((&**logger, to), ("l", &partition));
        assert_eq!(text.replace("\r\n", "\n"), body.replace("\r\n", "\n"));
    }
    let long = r#"<log-to-eventhub logger-id="l">@(new string('x', 300000))</log-to-eventhub>"#;
    let world = World::of(&[("inbound", long)]);
    world.get("/", &[]).await;
    assert_eq!(messages(&world.events.all())[0].2.len(), 200 << 10);
    let nothing = r#"<log-to-eventhub logger-id="l">@(context.Variables.GetValueOrDefault<string>("none"))</log-to-eventhub>"#;
    let answer = World::of(&[("inbound", nothing)]).get("/", &[]).await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(
        answer.last_error()[..2],
        ["log-to-eventhub", "ExpressionValueValidationFailure"]
    );
}

/// Gives tokens that name what they are for.
struct Tokens;

impl Credentials for Tokens {
    fn managed_identity(&self, request: IdentityRequest<'_>) -> Step<Result<Str, CredentialError>> {
        let client = request.client_id.unwrap_or("system");
        Step::Ready(Ok(format!("{client}@{}", request.resource).into()))
    }

    fn authorization(
        &self,
        _: AuthorizationRequest<'_>,
    ) -> Step<Result<AuthorizationToken, CredentialError>> {
        Step::Ready(Err(CredentialError("none".to_owned())))
    }
}

const LOG: &str = r#"<log-to-eventhub logger-id="usage">@(context.Request.Url.Path)</log-to-eventhub><return-response />"#;

/// A gateway that logs to a hub, whose clock jumps.
fn logging(policies: &str, hub: EventHub, client: &FakeClient) -> Gateway {
    Gateway::builder()
        .policy(source("p.xml", &[("inbound", policies)]))
        .http_client(client.clone())
        .clock(FakeClock::jumping_at(1_795_521_600))
        .credentials(Tokens)
        .event_hub("usage", hub)
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn get(gateway: &Gateway, path: &str) -> u16 {
    let request = request(http::Method::GET, path, &[], "");
    gateway
        .handle(request, Peer::default())
        .await
        .status()
        .as_u16()
}

/// Waits until so many messages arrived; gives the calls.
async fn arrived(client: &FakeClient, messages: usize) -> Vec<Call> {
    for _ in 0..2000 {
        let calls = client.calls();
        let count: usize = calls.iter().map(|call| bodies(call).len()).sum();
        if count >= messages {
            assert_eq!(count, messages);
            return calls;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("not all arrived");
}

fn bodies(call: &Call) -> Vec<Json> {
    serde_json::from_slice::<Vec<Json>>(&call.body).unwrap()
}

#[tokio::test]
async fn messages_go_to_the_event_hub_in_batches() {
    let client = FakeClient::statuses(&[201]);
    let hub = EventHub::new("contoso.servicebus.windows.net", "usage").managed_identity(Some("me"));
    let gateway = logging(LOG, hub, &client);
    for number in 0..50 {
        assert_eq!(get(&gateway, &format!("/{number}")).await, 200);
    }
    let calls = arrived(&client, 50).await;
    let all: Vec<Json> = calls.iter().flat_map(bodies).collect();
    let expected: Vec<Json> = (0..50)
        .map(|number| json!({"Body": format!("/{number}")}))
        .collect();
    assert_eq!(all, expected);
    for call in &calls {
        assert_eq!(
            (call.method.as_str(), &*call.url),
            (
                "POST",
                "https://contoso.servicebus.windows.net/usage/messages?timeout=60&api-version=2014-01"
            )
        );
        assert_eq!(
            call.header("content-type"),
            "application/vnd.microsoft.servicebus.json"
        );
        assert_eq!(
            call.header("authorization"),
            "Bearer me@https://eventhubs.azure.net/"
        );
    }
}

#[tokio::test]
async fn partitions_are_kept_apart() {
    let policies = r#"<log-to-eventhub logger-id="usage" partition-id="7">a</log-to-eventhub>
        <log-to-eventhub logger-id="usage" partition-id="7">b</log-to-eventhub>
        <log-to-eventhub logger-id="usage" partition-key="k">c</log-to-eventhub>
        <log-to-eventhub logger-id="usage">d</log-to-eventhub><return-response />"#;
    let client = FakeClient::statuses(&[201]);
    let gateway = logging(policies, EventHub::new("c.test", "h"), &client);
    get(&gateway, "/").await;
    let calls = arrived(&client, 4).await;
    let sent: Vec<_> = calls
        .iter()
        .map(|call| (call.url.as_str(), Json::from(bodies(call))))
        .collect();
    let plain = "https://c.test/h/messages?timeout=60&api-version=2014-01";
    assert_eq!(
        sent,
        [
            (
                "https://c.test/h/partitions/7/messages?timeout=60&api-version=2014-01",
                json!([{"Body": "a"}, {"Body": "b"}])
            ),
            (
                plain,
                json!([{"Body": "c", "BrokerProperties": {"PartitionKey": "k"}}])
            ),
            (plain, json!([{"Body": "d"}])),
        ]
    );
}

#[tokio::test]
async fn a_shared_access_key_signs() {
    let client = FakeClient::statuses(&[201]);
    let text =
        "Endpoint=sb://c.test/;SharedAccessKeyName=send key;SharedAccessKey=a2V5a2V5;EntityPath=h";
    let hub = EventHub::from_connection_string(text).unwrap();
    assert!(!format!("{hub:?}").contains("a2V5a2V5"));
    let gateway = logging(LOG, hub, &client);
    get(&gateway, "/").await;
    let calls = arrived(&client, 1).await;
    // Made with Python's hmac over the resource and the end of the hour.
    assert_eq!(calls[0].header("authorization"), SIGNATURE);
    for broken in [
        "",
        "Endpoint=sb://c.test/;EntityPath=h",
        "Endpoint=http://c;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=h",
    ] {
        assert!(EventHub::from_connection_string(broken).is_none());
    }
}

const SIGNATURE: &str = "SharedAccessSignature sr=https%3A%2F%2Fc.test%2Fh&sig=0OYdKujdhoER7x0aYZ8B%2BkGMgaDVHE7JiOO2BFFSjUk%3D&se=1795525200&skn=send+key";

#[tokio::test]
async fn what_passes_is_sent_again_and_what_does_not_is_dropped() {
    // Busy, broken, unreachable, then fine.
    let count = AtomicUsize::new(0);
    let client = FakeClient::new(move |_| {
        let answer = http::Response::builder();
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(answer
                .status(503)
                .header("Retry-After", "7")
                .body(Body::empty())
                .unwrap()),
            1 => Ok(answer.status(401).body(Body::empty()).unwrap()),
            2 => Err(SendError {
                kind: SendErrorKind::Connect,
                message: "refused".to_owned(),
            }),
            _ => Ok(answer.status(201).body(Body::empty()).unwrap()),
        }
    });
    let clock = FakeClock::jumping_at(1_795_521_600);
    let gateway = Gateway::builder()
        .policy(source("p.xml", &[("inbound", LOG)]))
        .http_client(client.clone())
        .clock(clock.clone())
        .credentials(Tokens)
        .event_hub("usage", EventHub::new("c.test", "h"))
        .build()
        .unwrap();
    get(&gateway, "/").await;
    arrived(&client, 4).await;
    let waits: Vec<_> = clock.waits().iter().map(Duration::as_millis).collect();
    assert_eq!(waits, [200, 7000, 2000, 4000]);

    // What the event hub does not want is dropped; the next message is sent.
    let count = AtomicUsize::new(0);
    let client = FakeClient::new(move |_| {
        let status = match count.fetch_add(1, Ordering::SeqCst) {
            0 => 400,
            _ => 201,
        };
        Ok(http::Response::builder()
            .status(status)
            .body(Body::empty())
            .unwrap())
    });
    let gateway = logging(LOG, EventHub::new("c.test", "h"), &client);
    get(&gateway, "/first").await;
    arrived(&client, 1).await;
    get(&gateway, "/second").await;
    let calls = arrived(&client, 2).await;
    assert_eq!(bodies(&calls[1]), [json!({"Body": "/second"})]);
}

/// Never answers.
#[derive(Clone, Default)]
struct Stuck(Arc<Mutex<usize>>);

impl tollgate::ports::HttpClient for Stuck {
    fn send(
        &self,
        _: tollgate::ports::OutboundRequest,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<http::Response<Body>, SendError>> + Send>>
    {
        *self.0.lock().unwrap() += 1;
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn an_event_hub_that_hangs_holds_nobody_up() {
    let long = r#"<log-to-eventhub logger-id="usage">@(new string('x', 200000))</log-to-eventhub>"#;
    let client = Stuck::default();
    let gateway = Gateway::builder()
        .policy(source(
            "p.xml",
            &[(
                "inbound",
                &format!("{}<return-response />", long.repeat(50)),
            )],
        ))
        .http_client(client.clone())
        .clock(FakeClock::jumping_at(1_795_521_600))
        .event_hub(
            "usage",
            EventHub::new("c.test", "h").shared_access_key("a", "b"),
        )
        .build()
        .unwrap();
    // 100 MB: far more than wait.
    for _ in 0..10 {
        let run = tokio::time::timeout(Duration::from_secs(5), get(&gateway, "/"));
        assert_eq!(run.await.unwrap(), 200);
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*client.0.lock().unwrap(), 1, "one batch at a time");
}

#[tokio::test]
async fn messages_of_other_loggers_and_metrics_go_on_to_the_sink() {
    let policies = r#"<log-to-eventhub logger-id="other">x</log-to-eventhub><emit-metric name="m"><dimension name="a" value="1" /></emit-metric><return-response />"#;
    let events = tollgate_tests::FakeEvents::default();
    let client = FakeClient::statuses(&[201]);
    let gateway = Gateway::builder()
        .policy(source("p.xml", &[("inbound", policies)]))
        .http_client(client.clone())
        .events(events.clone())
        .event_hub("usage", EventHub::new("c.test", "h"))
        .build()
        .unwrap();
    get(&gateway, "/").await;
    assert_eq!(events.all().len(), 2);
    assert!(client.calls().is_empty());
}

#[tokio::test]
async fn a_service_bus_message_is_waited_for() {
    let policy = |attributes: &str| {
        format!(
            r#"<send-service-bus-message {attributes} namespace="Contoso.test"><message-properties><message-property name="tenant">@("t" + 1)</message-property><message-property name="source">gateway</message-property></message-properties><payload>@(context.Request.Body.As<string>(preserveContent: true))</payload></send-service-bus-message>"#
        )
    };
    let run = async |attributes: &str, client: &FakeClient| {
        let gateway = Gateway::builder()
            .policy(source(
                "p.xml",
                &[(
                    "inbound",
                    &format!("{}<return-response />", policy(attributes)),
                )],
            ))
            .http_client(client.clone())
            .credentials(Tokens)
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        let options = tollgate::engine::RunOptions {
            request_id: Some(crate::world::REQUEST_ID),
            ..Default::default()
        };
        let request = request(http::Method::POST, "/", &[], "pay \"load\"");
        Answer::of(gateway.run(request, Peer::default(), options).await).await
    };
    for (attributes, path, token) in [
        (r#"queue-name="my queue/a""#, "my%20queue/a", "system"),
        (
            r#"topic-name="@("top" + "ic")" client-id="me""#,
            "topic",
            "me",
        ),
    ] {
        let client = FakeClient::statuses(&[201]);
        assert_eq!(run(attributes, &client).await.status, 200);
        let call = client.only_call();
        assert_eq!(call.url, format!("https://contoso.test/{path}/messages"));
        assert_eq!(
            call.header("authorization"),
            format!("Bearer {token}@https://servicebus.azure.net/")
        );
        assert_eq!(
            call.header("content-type"),
            "application/vnd.microsoft.servicebus.json"
        );
        assert_eq!(
            bodies(&call),
            [
                json!({"Body": "pay \"load\"", "UserProperties": {"tenant": "t1", "source": "gateway"}})
            ]
        );
    }
    let client = FakeClient::statuses(&[404]);
    let answer = run(r#"queue-name="q""#, &client).await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(
        answer.last_error()[..3],
        [
            "send-service-bus-message",
            "MessageNotSent",
            "Service Bus answered with status 404."
        ]
    );
    let wrong = r#"<send-service-bus-message queue-name="q" namespace="@("a.test/b?")"><payload>x</payload></send-service-bus-message>"#;
    let answer = World::of(&[("inbound", wrong)]).get("/", &[]).await;
    assert_eq!(answer.last_error()[1], "ExpressionValueValidationFailure");
    let nobody = r#"<send-service-bus-message queue-name="q" namespace="a.test"><payload>x</payload></send-service-bus-message>"#;
    let answer = World::of(&[("inbound", nobody)]).get("/", &[]).await;
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(answer.last_error()[1], "ManagedIdentityTokenFailure");
}
