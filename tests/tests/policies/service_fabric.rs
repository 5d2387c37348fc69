//! set-backend-service with Dapr, Service Fabric and WebSockets.

use tollgate::{Body, Catalog, Gateway, ServiceFabric};
use tollgate_tests::FakeClient;

use crate::world::{INTERNAL, World, api};

const PARTITION: &str = r#"{"Name":"fabric:/shop/orders","PartitionInformation":{"ServicePartitionKind":"Int64Range"},
    "Endpoints":[
        {"Kind":"StatefulPrimary","Address":"{\"Endpoints\":{\"\":\"http:\\/\\/10.0.0.1:30001\\/p\",\"admin\":\"http://10.0.0.1:30002\"}}"},
        {"Kind":"StatefulSecondary","Address":"{\"Endpoints\":{\"\":\"http://10.0.0.2:30001\"}}"}],
    "Version":"v:1"}"#;

fn world(inbound: &str, status: u16, partition: &'static str) -> World {
    let cluster = ServiceFabric {
        management_endpoint: "http://cluster.test:19080/".to_owned(),
        service: "fabric:/shop/own".to_owned(),
        identity: None,
    };
    let catalog = Catalog::new()
        .service_fabric("cluster", cluster)
        .api(api(&[("inbound", inbound)]));
    let client = FakeClient::new(move |call| {
        let builder = http::Response::builder();
        Ok(match call.url.contains("ResolvePartition") {
            true => builder.status(status).body(Body::from(partition)).unwrap(),
            false => builder.body(Body::from("ok")).unwrap(),
        })
    });
    World::serving(catalog, client)
}

fn urls(world: &World) -> Vec<String> {
    world
        .client
        .calls()
        .into_iter()
        .map(|call| call.url)
        .collect()
}

const ASKED: &str =
    "http://cluster.test:19080/Services/shop~orders/$/ResolvePartition?api-version=6.0";

fn policy(attributes: &str) -> String {
    format!(
        r#"<set-backend-service backend-id="cluster" sf-service-instance-name="fabric:/shop/orders" {attributes} />"#
    )
}

#[tokio::test]
async fn a_service_is_found_by_the_naming_service_and_remembered() {
    let world = world(&policy(r#"sf-partition-key="@(7)""#), 200, PARTITION);
    for _ in 0..2 {
        assert_eq!(world.get("/a?b=c", &[]).await.status, 200);
    }
    let asked = format!("{ASKED}&PartitionKeyType=2&PartitionKeyValue=7");
    let sent = "http://10.0.0.1:30001/p/a?b=c";
    assert_eq!(urls(&world), [asked.as_str(), sent, sent]);
    world.clock.advance(std::time::Duration::from_secs(61));
    world.get("/a?b=c", &[]).await;
    let again = format!("{asked}&PreviousRspVersion=v%3A1");
    assert_eq!(urls(&world)[3..], [again.as_str(), sent]);
}

#[tokio::test]
async fn each_attribute_of_service_fabric_counts() {
    for (attributes, asked, sent) in [
        (
            r#"sf-replica-type="secondary""#,
            "&PartitionKeyType=1",
            "http://10.0.0.2:30001/",
        ),
        (
            r#"sf-replica-type="@("Primary")" sf-listener-name="admin""#,
            "&PartitionKeyType=1",
            "http://10.0.0.1:30002/",
        ),
        (
            r#"sf-partition-key="a b""#,
            "&PartitionKeyType=3&PartitionKeyValue=a%20b",
            "http://10.0.0.1:30001/p/",
        ),
    ] {
        let world = world(&policy(attributes), 200, PARTITION);
        assert_eq!(world.get("/", &[]).await.status, 200, "{attributes}");
        assert_eq!(urls(&world), [format!("{ASKED}{asked}"), sent.to_owned()]);
    }
    let own = r#"<set-backend-service backend-id="cluster" sf-replica-type="primary" />"#;
    let world_of_own = world(own, 200, PARTITION);
    world_of_own.get("/", &[]).await;
    assert!(urls(&world_of_own)[0].contains("/Services/shop~own/"));
    let anew = policy(r#"sf-resolve-condition="@(true)""#);
    let world = world(&anew, 200, PARTITION);
    world.get("/", &[]).await;
    world.get("/", &[]).await;
    assert!(
        urls(&world)[2].ends_with("&PreviousRspVersion=v%3A1"),
        "asked again"
    );
}

#[tokio::test]
async fn what_is_not_found_fails() {
    const WHAT: &str = "The Service Fabric service could not be resolved: ";
    for (inbound, status, partition, reason, message) in [
        (
            policy(""),
            404,
            "",
            "BackendConnectionFailure",
            "the naming service answers 404 Not Found.",
        ),
        (
            policy(""),
            200,
            "{}",
            "BackendConnectionFailure",
            "it has no replica and listener of that kind.",
        ),
        (
            policy(""),
            200,
            "<html>",
            "BackendConnectionFailure",
            "expected value at line 1 column 1.",
        ),
        (
            policy(r#"sf-listener-name="x""#),
            200,
            PARTITION,
            "BackendConnectionFailure",
            "it has no replica and listener of that kind.",
        ),
    ] {
        let answer = world(&inbound, status, partition).get("/", &[]).await;
        assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
        let expected = ["set-backend-service", reason, &format!("{WHAT}{message}")];
        assert_eq!(answer.last_error()[..3], expected);
    }
    let nobody = r#"<set-backend-service backend-id="nobody" sf-partition-key="1" />"#;
    let answer = world(nobody, 200, PARTITION).get("/", &[]).await;
    assert_eq!(
        answer.last_error()[1..3],
        [
            "BackendNotFound",
            "There is no Service Fabric backend with id nobody."
        ]
    );
}

#[tokio::test]
async fn dapr_is_called_through_its_sidecar() {
    for (attributes, url) in [
        (
            r#"dapr-app-id="orders" dapr-method="create""#,
            "orders/method/create?b=c",
        ),
        (
            r#"dapr-app-id="@("or" + "ders")" dapr-method="@("v1/a b")" dapr-namespace="@("shop")""#,
            "orders.shop/method/v1/a%20b?b=c",
        ),
    ] {
        let policy = format!(r#"<set-backend-service backend-id="dapr" {attributes} />"#);
        let world = World::of(&[("inbound", &policy)]);
        world.get("/a?b=c", &[]).await;
        let call = world.client.only_call();
        assert_eq!(call.url, format!("http://localhost:3500/v1.0/invoke/{url}"));
        assert_eq!(call.header("host"), "localhost:3500");
    }
    let climbs =
        r#"<set-backend-service backend-id="dapr" dapr-app-id="a" dapr-method="@("../b")" />"#;
    let answer = World::of(&[("inbound", climbs)]).get("/", &[]).await;
    assert_eq!(answer.last_error()[1], "ExpressionValueValidationFailure");
}

#[tokio::test]
async fn a_websocket_is_taken_but_not_opened() {
    for policy in [
        r#"<set-backend-service base-url="wss://chat.test/x" />"#,
        r#"<set-backend-service base-url="@("ws://chat.test:81/x")" />"#,
    ] {
        let world = World::of(&[("inbound", policy)]);
        let answer = world.get("/", &[]).await;
        assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
        assert_eq!(
            answer.last_error()[..3],
            [
                "forward-request",
                "BackendConnectionFailure",
                "WebSockets to a backend are not supported."
            ]
        );
        assert!(world.client.calls().is_empty());
    }
}

#[test]
fn attributes_that_do_not_go_together_are_refused() {
    for (attributes, message) in [
        (
            "",
            "`set-backend-service` takes either `base-url` or `backend-id`",
        ),
        (
            r#"base-url="http://a" backend-id="b""#,
            "`set-backend-service` takes either `base-url` or `backend-id`",
        ),
        (
            r#"base-url="http://a" sf-partition-key="1""#,
            "`sf-partition-key` is only for `backend-id`",
        ),
        (
            r#"base-url="http://a" dapr-method="1""#,
            r#"`dapr-method` is only for `backend-id="dapr"`"#,
        ),
        (
            r#"backend-id="b" dapr-app-id="a" dapr-method="1""#,
            r#"`dapr-app-id` is only for `backend-id="dapr"`"#,
        ),
        (
            r#"backend-id="dapr" dapr-method="1""#,
            "`set-backend-service` needs the attribute `dapr-app-id`",
        ),
        (
            r#"backend-id="dapr" dapr-app-id="1""#,
            "`set-backend-service` needs the attribute `dapr-method`",
        ),
        (
            r#"backend-id="b" sf-replica-type="any""#,
            "`sf-replica-type` must be `primary` or `secondary`, not `any`",
        ),
        (
            r#"base-url="ws:/x""#,
            "`base-url` must be an absolute http or https URL, not `ws:/x`",
        ),
    ] {
        let inbound = format!("<set-backend-service {attributes} />");
        let errors = Gateway::builder()
            .catalog(Catalog::new().api(api(&[("inbound", &inbound)])))
            .http_client(FakeClient::statuses(&[200]))
            .build()
            .unwrap_err()
            .to_string();
        assert!(
            errors.ends_with(&format!(": {message}")),
            "{attributes}: {errors}"
        );
    }
}
