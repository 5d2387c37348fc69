//! validate-graphql-request.

use http::Method;
use serde_json::{Value as Json, json};
use tollgate::{Api, Body, Catalog, Gateway, Source};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, request, set_header, source};

const SCHEMA: &str = "interface Ship { name: String secret: String } type Boat implements Ship { name: String secret: String crew(first: Int): [Ship] } type Query { boat(id: ID): Boat ships: [Ship] }";

fn world(attributes: &str, rules: &str) -> World {
    let inbound = format!(
        r#"<validate-graphql-request max-size="200" {attributes}><authorize>{rules}</authorize></validate-graphql-request>"#
    );
    let on_error = set_header(
        "x-errors",
        r#"@(((JArray)context.Variables["GraphQLErrors"]).Count.ToString())"#,
    );
    let api = Api::new("api")
        .service_url("http://backend.test")
        .graphql(Source::new("ships.graphql", SCHEMA))
        .policy(source(
            "api.xml",
            &[("inbound", &inbound), ("on-error", &on_error)],
        ));
    World::serving(Catalog::new().api(api), FakeClient::statuses(&[200]))
}

async fn post(world: &World, kind: &str, body: String) -> Answer {
    let mut request = request(Method::POST, "/graphql", &[("content-type", kind)], "");
    *request.body_mut() = Body::from(body);
    world.send(request).await
}

async fn ask(world: &World, query: &str) -> Answer {
    post(
        world,
        "application/json",
        json!({"query": query, "variables": {"a": 1}}).to_string(),
    )
    .await
}

fn message(answer: &Answer) -> String {
    let body: Json = serde_json::from_str(&answer.body).unwrap();
    assert!(body.get("data").is_none());
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_the_schema_does_not_allow_is_refused() {
    let world = world(r#"max-depth="2""#, "");
    assert_eq!(ask(&world, "{ boat { name } }").await.status, 200);
    let sent = &world.client.calls()[0].body;
    assert_eq!(
        sent, r#"{"query":"{ boat { name } }","variables":{"a":1}}"#,
        "as it came"
    );
    for (query, said) in [
        (
            "{ boat { none } }",
            "type `Boat` does not have a field `none`",
        ),
        (
            "{ boat {",
            "syntax error: expected at least one Selection in Selection Set",
        ),
        (
            "{ boat { crew { name } } }",
            "The query is 3 levels deep, and at most 2 are allowed.",
        ),
        (&"x".repeat(200), "The request is longer than 200 bytes."),
    ] {
        let answer = ask(&world, query).await;
        assert_eq!(
            (answer.status, message(&answer)),
            (400, said.to_owned()),
            "{query}"
        );
        assert_eq!(answer.header("content-type"), "application/json");
        let [source, reason, details, ..] = answer.last_error();
        assert_eq!(
            [&*source, &*reason, &*details],
            ["validate-graphql-request", "GraphQLRequestRejected", said]
        );
        assert_ne!(answer.header("x-errors"), "0");
    }
    for (kind, body, said) in [
        ("application/json", "{", "The body is no JSON."),
        ("application/json", "{}", "There is no query."),
        ("application/json", "[]", "There is no query."),
        (
            "application/graphql",
            "{ none }",
            "type `Query` does not have a field `none`",
        ),
    ] {
        let answer = post(&world, kind, body.to_owned()).await;
        assert_eq!((answer.status, message(&answer)), (400, said.to_owned()));
    }
    let answer = ask(&world, "{ none }").await;
    assert_eq!(
        answer.body,
        r#"{"errors":[{"message":"type `Query` does not have a field `none`","locations":[{"line":1,"column":3}]}]}"#
    );
    assert_eq!(world.client.calls().len(), 1);
    // Each of several is looked at.
    let several = json!([{"query": "{ boat { name } }"}, {"query": "{ none }"}]);
    assert_eq!(
        post(&world, "application/json", several.to_string())
            .await
            .status,
        400
    );
    assert_eq!(
        world
            .get("/graphql?query=%7Bboat%7Bname%7D%7D", &[])
            .await
            .status,
        200
    );
    for path in [
        "/graphql",
        "/graphql?query=%7Bnone%7D",
        "/graphql?query=%7Bboat%7Bname%7D%7D&query=x",
    ] {
        assert_eq!(world.get(path, &[]).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn rules_say_which_fields_may_be_asked_for() {
    let rules = r#"<rule path="/Boat/name" action="@(context.Request.Headers.ContainsKey("x-ignore") ? "ignore" : "allow")" /><rule path="/*/name" action="reject" /><rule path="/Boat/secret" action="reject" /><rule path="/__*" action="reject" /><rule path="/Query/none" />"#;
    let world = world("", rules);
    for (query, status) in [
        ("{ boat { name } }", 200),
        ("{ boat { secret } }", 400),
        // A ship may be a boat.
        ("{ ships { secret } }", 400),
        (
            "{ ...f } fragment f on Query { boat { crew { secret } } }",
            400,
        ),
        ("{ boat { other: secret } }", 400),
        ("{ __schema { types { name } } }", 400),
        ("{ boat { __typename } }", 400),
    ] {
        let answer = ask(&world, query).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
    }
    assert_eq!(
        message(&ask(&world, "{ boat { secret } }").await),
        "The field `secret` of `Boat` is not allowed."
    );
    let ignoring = [("x-ignore", "1"), ("content-type", "application/json")];
    let body = r#"{"query": "{ boat { name } }"}"#;
    assert_eq!(
        world
            .send(request(Method::POST, "/graphql", &ignoring, body))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn removed_fields_do_not_reach_the_backend() {
    let world = world(
        r#"error-variable-name="mine""#,
        r#"<rule path="/Boat/secret" action="remove" />"#,
    );
    let answer = ask(
        &world,
        "query($n: Int) { boat { name secret crew(first: $n) { secret } } }",
    )
    .await;
    assert_eq!(answer.status, 200);
    let last = || world.client.calls().last().unwrap().clone();
    let sent: Json = serde_json::from_slice(&last().body).unwrap();
    assert_eq!(
        sent,
        json!({"query": "{ boat { name } }", "variables": {"a": 1}})
    );
    assert!(
        answer.variable("mine").contains("Ref") && answer.variable("GraphQLErrors").contains("Ref")
    );
    assert_eq!(
        post(
            &world,
            "application/graphql",
            "{ boat { secret name } }".to_owned()
        )
        .await
        .status,
        200
    );
    assert_eq!(last().body, "{ boat { name } }");
    let answer = world
        .get("/graphql?query=%7Bboat%7Bsecret%20name%7D%7D&b=c%26d", &[])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        last().url,
        "http://backend.test/graphql?query=%7B+boat+%7B+name+%7D+%7D&b=c%26d"
    );
    // Nothing is left.
    let answer = ask(&world, "{ boat { secret } }").await;
    assert_eq!(
        (answer.status, message(&answer)),
        (400, "The field `secret` of `Boat` was removed.".to_owned())
    );
}

#[tokio::test]
async fn without_a_schema_nothing_passes() {
    let world = World::of(&[("inbound", r#"<validate-graphql-request max-size="200" />"#)]);
    let answer = ask(&world, "{ a }").await;
    assert_eq!(
        (answer.status, message(&answer)),
        (400, "The API has no schema.".to_owned())
    );
}

#[test]
fn what_cannot_be_is_refused_when_it_is_loaded() {
    let load = |policy: &str, schema: &str| {
        let api = Api::new("api")
            .graphql(Source::new("a.graphql", schema))
            .policy(source("api.xml", &[("inbound", policy)]));
        Gateway::builder()
            .catalog(Catalog::new().api(api))
            .build()
            .unwrap_err()
            .to_string()
    };
    for (policy, schema, message) in [
        (
            r#"<validate-graphql-request max-size="102401" />"#,
            SCHEMA,
            "`max-size` is at most 102400 bytes",
        ),
        (
            r#"<validate-graphql-request max-size="1"><authorize><rule path="a" /></authorize></validate-graphql-request>"#,
            SCHEMA,
            "`path` must be `/Type/field` or `/field`, not `a`",
        ),
        (
            "",
            "type Query { a: None }",
            "API `api`: a.graphql:1:17: cannot find type `None` in this document",
        ),
    ] {
        let error = load(policy, schema);
        assert!(error.contains(message), "{error}");
    }
}
