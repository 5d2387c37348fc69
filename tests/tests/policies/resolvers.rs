//! GraphQL that the gateway answers itself: http-data-source and its kin at work.

use std::sync::Mutex;
use std::time::Duration;

use http::{Method, Response};
use serde_json::{Value as Json, json};
use tollgate::ports::{SendError, SendErrorKind};
use tollgate::{Api, Backend, Body, Catalog, Gateway, Source};
use tollgate_tests::{Call, FakeClient, FakeClock};

use crate::world::{Answer, World, request, set_header, source};

const SCHEMA: &str = "
    type User { id: ID! name: String secret: String posts(first: Int = 2): [Post] }
    type Post { id: ID! title: String author: User }
    type Query { user(id: ID): User users: [User] text: String sure: String! posts: [Post] }
    type Mutation { add(name: String!): User drop(id: ID!): Boolean }
    type Subscription { added: User }";

/// A data source that calls this URL.
pub(crate) fn get(url: &str) -> String {
    format!(
        "<http-data-source><http-request><set-method>GET</set-method><set-url>{url}</set-url></http-request></http-data-source>"
    )
}

/// The API `api` with these resolvers: type, field, document.
pub(crate) fn api(resolvers: &[(&str, &str, &str)]) -> Api {
    let api = Api::new("api").graphql(Source::new("people.graphql", SCHEMA));
    resolvers.iter().fold(api, |api, (ty, field, text)| {
        api.resolver(*ty, *field, Source::new(format!("{field}.xml"), *text))
    })
}

fn json_answer(status: u16, body: &str) -> Result<Response<Body>, SendError> {
    let answer = Response::builder().status(status);
    let answer = answer.header("content-type", "application/json");
    Ok(answer.body(Body::from(body.to_owned())).unwrap())
}

/// A client whose backends answer by the end of the URL.
fn backends(answers: &'static [(&'static str, u16, &'static str)]) -> FakeClient {
    FakeClient::new(|call| {
        let found = answers.iter().find(|(end, ..)| call.url.ends_with(end));
        let (_, status, body) = found.unwrap_or(&("", 404, "nothing"));
        json_answer(*status, body)
    })
}

fn world(resolvers: &[(&str, &str, &str)], client: FakeClient) -> World {
    World::serving(Catalog::new().api(api(resolvers)), client)
}

async fn post(world: &World, body: Json) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer client"),
        ("cookie", "client"),
    ];
    let mut request = request(Method::POST, "/", &headers, "");
    *request.body_mut() = Body::from(body.to_string());
    world.send(request).await
}

async fn ask(world: &World, query: &str) -> Answer {
    post(world, json!({ "query": query })).await
}

#[tokio::test]
async fn a_field_is_what_its_data_source_says() {
    let user = r#"<http-data-source>
        <http-request>
            <set-method>POST</set-method>
            <set-url>@($"http://users.test/{context.GraphQL.Arguments["id"]}?parent={context.GraphQL.Parent == null}")</set-url>
            <set-header name="X-Client"><value>@(context.Request.Headers.GetValueOrDefault("Authorization"))</value></set-header>
            <set-header name="Host"><value>other.test</value></set-header>
            <set-body template="liquid">{"wanted": "{{body.arguments.id}}"}</set-body>
        </http-request>
        <backend><forward-request timeout="7" /></backend>
    </http-data-source>"#;
    let posts = r#"<http-data-source>
        <http-request>
            <set-method>GET</set-method>
            <set-url>@{ var id = (string)context.GraphQL.Parent["id"]; var args = context.Request.Body.As<JObject>(true)["arguments"];
                return "http://posts.test/of/" + id + "/" + args["first"]; }</set-url>
        </http-request>
        <http-response>
            <set-body>@(context.Response.Body.As<JObject>()["items"].ToString())</set-body>
        </http-response>
    </http-data-source>"#;
    let client = backends(&[
        (
            "/7?parent=True",
            200,
            r#"{"id": 7, "name": "Ann", "posts": "no"}"#,
        ),
        (
            "/of/7/1",
            200,
            r#"{"items": [{"id": "p", "title": "T", "author": {"id": 7, "name": "Ann"}}]}"#,
        ),
        ("/of/7/2", 200, r#"{"items": []}"#),
    ]);
    let world = world(&[("Query", "user", user), ("User", "posts", posts)], client);
    let body = json!({
        "query": "query Q($id: ID) { me: user(id: $id) { ...f latest: posts(first: 1) { title author { name posts { id } } } } } query R { users { id } } fragment f on User { id name }",
        "operationName": "Q",
        "variables": {"id": 7},
    });
    let answer = post(&world, body).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(
        answer.body,
        r#"{"data":{"me":{"id":"7","name":"Ann","latest":[{"title":"T","author":{"name":"Ann","posts":[]}}]}}}"#
    );
    let calls = world.client.calls();
    assert_eq!(calls.len(), 3);
    let first = &calls[0];
    assert_eq!(
        (&first.method, &*first.body),
        (&Method::POST, br#"{"wanted": "7"}"#.as_slice())
    );
    assert_eq!(first.timeout, Some(Duration::from_secs(7)));
    let mut names: Vec<&str> = first.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["content-length", "host", "x-client"],
        "nothing of the client's goes along"
    );
    assert_eq!(
        (first.header("x-client"), first.header("host")),
        ("Bearer client", "other.test")
    );
    assert_eq!(calls[1].method, Method::GET);
    assert_eq!(calls[1].timeout, Some(Duration::from_secs(300)));
    // The request is the client's again.
    assert_eq!(
        answer.exchange.context.request.headers["authorization"],
        "Bearer client"
    );
    assert!(answer.exchange.context.resolving.is_none());
}

#[tokio::test]
async fn the_policies_of_the_api_stand_around_it() {
    let people = get("http://users.test/all");
    let sections = [
        (
            "inbound",
            r#"<set-variable name="name" value="all" /><choose><when condition="@(context.Request.Headers.ContainsKey("x-stop"))"><return-response><set-status code="403" /></return-response></when></choose>"#,
        ),
        (
            "outbound",
            &set_header(
                "x-seen",
                r#"@(context.Response.StatusCode + " " + (string)context.Response.Body.As<JObject>(true)["data"]["users"][0]["id"] + " " + (context.GraphQL == null))"#,
            ),
        ),
    ];
    let users = people.replace(
        "http://users.test/all",
        r#"@("http://users.test/" + context.Variables["name"])"#,
    );
    let api = api(&[("Query", "users", &users)]).policy(source("api.xml", &sections));
    let world = World::serving(
        Catalog::new().api(api),
        backends(&[("/all", 200, r#"[{"id": 1}]"#)]),
    );
    let answer = ask(&world, "{ users { id } }").await;
    assert_eq!(answer.body, r#"{"data":{"users":[{"id":"1"}]}}"#);
    assert_eq!(answer.header("x-seen"), "200 1 True");
    let stopped = request(
        Method::POST,
        "/",
        &[("x-stop", "1")],
        r#"{"query": "{ users { id } }"}"#,
    );
    assert_eq!(world.send(stopped).await.status, 403);
    assert_eq!(world.client.calls().len(), 1);
}

#[tokio::test]
async fn requests_come_in_several_forms() {
    let world = world(
        &[("Query", "text", &get("http://a.test/text"))],
        backends(&[("/text", 200, "\"x\"")]),
    );
    const GIVEN: &str = r#"{"data":{"text":"x"}}"#;
    let path = "/?query=query+a%7Btext%7Dquery+b%7Bsure%7D&operationName=a&variables=%7B%7D";
    let answer = world
        .get(path, &[("accept", "application/graphql-response+json")])
        .await;
    assert_eq!((answer.status, &*answer.body), (200, GIVEN));
    assert_eq!(
        answer.header("content-type"),
        "application/graphql-response+json"
    );
    let kind = [("content-type", "application/graphql; charset=utf-8")];
    let answer = world
        .send(request(Method::POST, "/", &kind, "{ text }"))
        .await;
    assert_eq!((answer.status, &*answer.body), (200, GIVEN));
    for (method, path, headers, body, status, message) in [
        (Method::POST, "/", &[][..], "", 400, "The body is no JSON."),
        (Method::POST, "/", &[], "{", 400, "The body is no JSON."),
        (
            Method::POST,
            "/",
            &[],
            "\u{feff}",
            400,
            "The body is no JSON.",
        ),
        (
            Method::POST,
            "/",
            &[],
            "[]",
            400,
            "There can be only one query.",
        ),
        (Method::POST, "/", &[], "{}", 400, "There is no query."),
        (
            Method::POST,
            "/",
            &[],
            r#"{"query": "{ none }"}"#,
            400,
            "type `Query` does not have a field `none`",
        ),
        (
            Method::POST,
            "/",
            &[],
            r#"{"query": "subscription { added { id } }"}"#,
            400,
            "Subscriptions are not supported: there are no WebSockets.",
        ),
        (Method::GET, "/", &[], "", 400, "There is no query."),
        (
            Method::GET,
            "/?query=a&query=b",
            &[],
            "",
            400,
            "There are two of the parameter `query`.",
        ),
        (
            Method::GET,
            "/?query=%7Btext%7D&variables=1",
            &[],
            "",
            400,
            "`variables` is no JSON object.",
        ),
        (
            Method::GET,
            "/?query=mutation%7Bdrop(id:1)%7D",
            &[],
            "",
            405,
            "A mutation needs `POST`.",
        ),
        (
            Method::PUT,
            "/",
            &[],
            r#"{"query": "{ text }"}"#,
            405,
            "Requests are made by `GET` or `POST`.",
        ),
    ] {
        let answer = world
            .send(request(method.clone(), path, headers, body))
            .await;
        let json: Json = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, json["errors"][0]["message"].as_str()),
            (status, Some(message)),
            "{method} {path} {body}"
        );
        assert!(json.get("data").is_none());
        let allow = match (status, &method) {
            (405, &Method::GET) => "POST",
            (405, _) => "GET, POST",
            _ => "",
        };
        assert_eq!(answer.header("allow"), allow);
    }
    let answer = ask(&world, "{ none }").await;
    assert_eq!(
        answer.body,
        r#"{"errors":[{"message":"type `Query` does not have a field `none`","locations":[{"line":1,"column":3}]}]}"#
    );
    let mut bytes = request(Method::POST, "/", &[], "");
    *bytes.body_mut() = Body::from(bytes::Bytes::from_static(b"\xff"));
    assert!(
        world
            .send(bytes)
            .await
            .body
            .contains("The body is not UTF-8.")
    );
    assert_eq!(world.client.calls().len(), 2);
}

#[tokio::test]
async fn a_field_whose_source_fails_is_null_and_told_of() {
    let client = FakeClient::new(|call: &Call| match call.url.as_str() {
        "http://a.test/down" => Err(SendError {
            kind: SendErrorKind::Connect,
            message: "10.0.0.7 refused".to_owned(),
        }),
        "http://a.test/404" => json_answer(404, r#"{"id": 1}"#),
        "http://a.test/html" => json_answer(200, "<html>"),
        "http://a.test/deep" => json_answer(200, &"[".repeat(200)),
        "http://a.test/empty" => json_answer(204, ""),
        "http://a.test/bytes" => Ok(Response::new(Body::from(bytes::Bytes::from_static(
            b"\xff",
        )))),
        _ => json_answer(200, "plain text"),
    });
    for (url, query, expected) in [
        (
            "down",
            "{ user { id } }",
            r#"{"errors":[{"message":"resolver error: Internal server error","locations":[{"line":1,"column":3}],"path":["user"]}],"data":{"user":null}}"#,
        ),
        (
            "404",
            "{ a: user { id } }",
            r#"{"errors":[{"message":"resolver error: The data source answered 404.","locations":[{"line":1,"column":6}],"path":["a"]}],"data":{"a":null}}"#,
        ),
        (
            "html",
            "{ user { id } }",
            r#"{"errors":[{"message":"resolver error: The data source gave no JSON.","locations":[{"line":1,"column":3}],"path":["user"]}],"data":{"user":null}}"#,
        ),
        (
            "deep",
            "{ user { id } }",
            r#"{"errors":[{"message":"resolver error: The data source gave no JSON.","locations":[{"line":1,"column":3}],"path":["user"]}],"data":{"user":null}}"#,
        ),
        (
            "@(context.GraphQL.Arguments[&quot;x&quot;].ToString())",
            "{ user { id } }",
            r#"{"errors":[{"message":"resolver error: Internal server error","locations":[{"line":1,"column":3}],"path":["user"]}],"data":{"user":null}}"#,
        ),
        ("empty", "{ user { id } }", r#"{"data":{"user":null}}"#),
        ("text", "{ text }", r#"{"data":{"text":"plain text"}}"#),
        ("html", "{ text }", r#"{"data":{"text":"<html>"}}"#),
        (
            "bytes",
            "{ text }",
            r#"{"errors":[{"message":"resolver error: The data source gave no JSON.","locations":[{"line":1,"column":3}],"path":["text"]}],"data":{"text":null}}"#,
        ),
        // What must not be null takes all with it.
        (
            "404",
            "{ sure }",
            r#"{"errors":[{"message":"resolver error: The data source answered 404.","locations":[{"line":1,"column":3}],"path":["sure"]}],"data":null}"#,
        ),
    ] {
        let document = match url.starts_with('@') {
            true => get(url),
            false => get(&format!("http://a.test/{url}")),
        };
        let world = world(
            &[
                ("Query", "user", &document),
                ("Query", "text", &document),
                ("Query", "sure", &document),
            ],
            client.clone(),
        );
        let answer = ask(&world, query).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, expected),
            "{url} {query}"
        );
        assert!(answer.exchange.context.last_error.is_none());
        // The next request works.
        assert_eq!(
            ask(&world, "{ __typename }").await.body,
            r#"{"data":{"__typename":"Query"}}"#
        );
    }
}

#[tokio::test]
async fn http_response_makes_something_of_the_answer() {
    let document = |response: &str| {
        get("http://a.test/x").replace(
            "</http-data-source>",
            &format!("<http-response>{response}</http-response></http-data-source>"),
        )
    };
    let client = FakeClient::new(|_| {
        let answer = Response::builder()
            .status(500)
            .header("content-type", "application/xml");
        Ok(answer
            .body(Body::from("<user><id>5</id><name>Ann</name></user>"))
            .unwrap())
    });
    let cases = [
        (
            r#"<xml-to-json kind="direct" apply="always" consider-accept-header="false" /><set-body>@(context.Response.Body.As<JObject>()["user"].ToString())</set-body>"#,
            r#"{"data":{"user":{"id":"5","name":"Ann"}}}"#,
        ),
        (
            r#"<set-body>@("{\"id\": " + context.Response.StatusCode + "}")</set-body>"#,
            r#"{"data":{"user":{"id":"500","name":null}}}"#,
        ),
        (
            r#"<find-and-replace from="Ann" to="Bob" /><set-body template="liquid">{"id": "{{body.user.id}}", "name": "{{body.user.name}}"}</set-body>"#,
            r#"{"data":{"user":{"id":"5","name":"Bob"}}}"#,
        ),
        (
            r#"<find-and-replace from="Ann" to="Bob" />"#,
            r#"{"errors":[{"message":"resolver error: The data source answered 500.","locations":[{"line":1,"column":3}],"path":["user"]}],"data":{"user":null}}"#,
        ),
    ];
    for (response, expected) in cases {
        let world = world(&[("Query", "user", &document(response))], client.clone());
        assert_eq!(
            ask(&world, "{ user { id name } }").await.body,
            expected,
            "{response}"
        );
    }
}

#[tokio::test]
async fn credentials_and_backends_of_a_resolver_are_its_own() {
    let document = r#"<http-data-source><http-request>
        <include-fragment fragment-id="method" />
        <set-backend-service backend-id="users" />
        <set-url>http://nowhere.test/path?a=b</set-url>
        <authentication-basic username="u" password="p" />
    </http-request><backend><include-fragment fragment-id="forward" /></backend></http-data-source>"#;
    let plain = get("http://plain.test/posts");
    let fragments = |catalog: Catalog| {
        catalog
            .fragment("method", Source::new("m.xml", r#"<fragment><set-method>@("GET")</set-method><set-header name="a"><value>1</value></set-header></fragment>"#))
            .fragment("forward", Source::new("f.xml", r#"<fragment><forward-request timeout="3" /></fragment>"#))
    };
    let backend = Backend::new("users", "http://users.test/base").header("x-key", "k");
    let catalog = fragments(Catalog::new().api(api(&[
        ("Query", "user", document),
        ("Query", "posts", &plain),
    ])));
    let world = World::serving(
        catalog.backend_entity(backend),
        backends(&[("a=b", 200, r#"{"id": 1}"#), ("/posts", 200, "[]")]),
    );
    let answer = ask(&world, "{ user { id } posts { id } }").await;
    assert_eq!(answer.body, r#"{"data":{"user":{"id":"1"},"posts":[]}}"#);
    let mut calls = world.client.calls();
    calls.sort_by_key(|call| call.url.clone());
    assert_eq!(
        (&*calls[1].url, calls[1].timeout),
        (
            "http://users.test/base/path?a=b",
            Some(Duration::from_secs(3))
        )
    );
    assert_eq!(calls[1].header("x-key"), "k");
    assert_eq!(calls[1].header("authorization"), "Basic dTpw");
    assert_eq!(calls[1].header("a"), "1");
    assert_eq!(
        (
            &*calls[0].url,
            calls[0].header("x-key"),
            calls[0].header("authorization")
        ),
        ("http://plain.test/posts", "", "")
    );
}

/// Queries wait side by side, changes one after the other.
#[tokio::test]
async fn resolvers_wait_side_by_side() {
    for (query, most) in [
        (
            "{ a: text b: text c: text d: text e: text f: text g: text h: text i: text j: text k: text l: text }",
            10,
        ),
        (
            "mutation { a: drop(id: 1) b: drop(id: 2) c: drop(id: 3) }",
            1,
        ),
    ] {
        let counts = std::sync::Arc::new(Mutex::new((0_usize, 0_usize)));
        let client = Slow(counts.clone());
        let document = get("http://a.test/x");
        let api = api(&[
            ("Query", "text", &document),
            ("Mutation", "drop", &document),
        ]);
        let gateway = Gateway::builder()
            .catalog(Catalog::new().api(api))
            .http_client(client);
        let gateway = gateway.build().unwrap_or_else(|error| panic!("{error}"));
        let mut request = request(Method::POST, "/", &[], "");
        *request.body_mut() = Body::from(json!({"query": query}).to_string());
        let mut answer = gateway.handle(request, tollgate::Peer::default()).await;
        let body = answer.body_mut().buffer(1 << 20).await.unwrap();
        assert!(body.starts_with(br#"{"data":{"a":"#), "{body:?}");
        assert_eq!(counts.lock().unwrap().1, most, "{query}");
    }
}

/// Counts how many calls there are at a time.
#[derive(Debug)]
struct Slow(std::sync::Arc<Mutex<(usize, usize)>>);

impl tollgate::ports::HttpClient for Slow {
    fn send(
        &self,
        _: tollgate::ports::OutboundRequest,
    ) -> tollgate::engine::policy::BoxFuture<'static, Result<Response<Body>, SendError>> {
        let counts = self.0.clone();
        Box::pin(async move {
            {
                let mut counts = counts.lock().unwrap();
                counts.0 += 1;
                counts.1 = counts.1.max(counts.0);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            counts.lock().unwrap().0 -= 1;
            json_answer(200, "true")
        })
    }
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let clock = FakeClock::at(1_795_521_600);
    let document = get("http://a.test/x");
    let api = api(&[
        ("Query", "text", &document),
        ("Query", "posts", &get("http://a.test/posts")),
        ("Post", "author", &document),
    ]);
    let gateway = Gateway::builder()
        .catalog(Catalog::new().api(api))
        .clock(clock.clone())
        .http_client(Hanging);
    let gateway = gateway.build().unwrap_or_else(|error| panic!("{error}"));
    let mut request = request(Method::POST, "/", &[], "");
    *request.body_mut() =
        Body::from(json!({"query": "{ text posts { author { id } } }"}).to_string());
    let answer = gateway.handle(request, tollgate::Peer::default());
    let late = async {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(301));
    };
    let (mut answer, ()) = futures_util::future::join(answer, late).await;
    let body = answer.body_mut().buffer(1 << 20).await.unwrap();
    let json: Json = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        json["data"],
        json!({"text": null, "posts": [{"author": null}]})
    );
    assert_eq!(
        json["errors"][0]["message"],
        "resolver error: The request took too long."
    );
    assert_eq!(json["errors"][1]["path"], json!(["posts", 0, "author"]));
}

/// Answers for posts only.
#[derive(Debug)]
struct Hanging;

impl tollgate::ports::HttpClient for Hanging {
    fn send(
        &self,
        outbound: tollgate::ports::OutboundRequest,
    ) -> tollgate::engine::policy::BoxFuture<'static, Result<Response<Body>, SendError>> {
        match outbound.request.uri().path() {
            "/posts" => Box::pin(async { json_answer(200, r#"[{"id": 1}]"#) }),
            _ => Box::pin(std::future::pending()),
        }
    }
}

#[tokio::test]
async fn hostile_queries_are_refused() {
    let world = world(
        &[
            ("Query", "text", &get("http://a.test/x")),
            ("Query", "users", &get("http://a.test/users")),
            ("User", "posts", &get("http://a.test/posts")),
        ],
        FakeClient::new(|call| match call.url.ends_with("users") {
            true => json_answer(200, &format!("[{}]", vec![r#"{"id": 1}"#; 200].join(","))),
            false => json_answer(200, "[]"),
        }),
    );
    let aliases: String = (0..1000).map(|n| format!("a{n}: text ")).collect();
    let deep = format!(
        "{{ users {{ posts {{ {} }} }} }}",
        "author { posts { ".repeat(20) + "id" + &" } }".repeat(20)
    );
    for (query, message, calls) in [
        (
            format!("{{ {aliases} }}"),
            "The request needs more than 100 calls of resolvers.",
            0,
        ),
        (
            deep,
            "The query is 43 levels deep, and at most 32 are allowed.",
            0,
        ),
        (
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
            "`a` fragment cannot reference itself",
            0,
        ),
        // One for the list, one for each of it.
        (
            "{ users { posts { id } } }".to_owned(),
            "The request needs more than 100 calls of resolvers.",
            1,
        ),
    ] {
        let before = world.client.calls().len();
        let answer = ask(&world, &query).await;
        let json: Json = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, json["errors"][0]["message"].as_str()),
            (400, Some(message))
        );
        assert_eq!(world.client.calls().len() - before, calls);
    }
}

/// As deep as is allowed, on a thread as small as those of tests.
#[tokio::test]
async fn what_is_nested_as_deep_as_is_allowed_is_answered() {
    let given = format!(
        "{}null{}",
        r#"[{"author": {"posts": "#.repeat(15),
        "}}]".repeat(15)
    );
    let client = FakeClient::new(move |_| json_answer(200, &given));
    let world = world(&[("Query", "posts", &get("http://a.test/x"))], client);
    let query = format!(
        "{{ posts {{ {} id {} }} }}",
        "author { posts { ".repeat(15),
        " } }".repeat(15)
    );
    let answer = ask(&world, &query).await;
    let expected = format!(
        r#"{{"data":{{"posts":{}null{}}}}}"#,
        r#"[{"author":{"posts":"#.repeat(15),
        "}}]".repeat(15)
    );
    assert_eq!(answer.body, expected);
}

#[test]
fn a_resolver_is_checked_on_its_own() {
    let check = |text: &str| {
        let source = Source::new("a.xml", text);
        let checked = tollgate::engine::check(&source, &Catalog::new(), &[tollgate::POLICIES]);
        let messages = checked
            .diagnostics
            .iter()
            .map(|finding| finding.message.clone());
        (checked.statistics.loaded, messages.collect::<Vec<_>>())
    };
    assert_eq!(
        check(&get("@(context.GraphQL.Arguments[\"id\"].ToString())")),
        (1, Vec::new())
    );
    let (loaded, messages) = check(
        "<http-data-source><http-request><set-url>@(x)</set-url></http-request></http-data-source>",
    );
    assert_eq!(loaded, 0);
    assert_eq!(messages.len(), 2, "{messages:?}");
}

#[tokio::test]
async fn answers_that_are_too_large_are_refused() {
    let world = world(
        &[("Query", "text", &get("http://a.test/x"))],
        FakeClient::new(|_| Ok(Response::new(Body::from("x".repeat(20 << 20))))),
    );
    let answer = ask(&world, "{ text }").await;
    assert_eq!(
        answer.body,
        r#"{"errors":[{"message":"resolver error: Internal server error","locations":[{"line":1,"column":3}],"path":["text"]}],"data":{"text":null}}"#
    );
}

/// What the gateway has no port for.
#[tokio::test]
async fn what_cannot_run_says_what_is_missing() {
    let sql = r#"<sql-data-source><connection-info><connection-string>x</connection-string></connection-info><request><sql-statement>SELECT 1</sql-statement></request></sql-data-source>"#;
    let cosmos = r#"<cosmosdb-data-source><connection-info><connection-string>x</connection-string><database-name>d</database-name><container-name>c</container-name></connection-info><read-request><id>1</id></read-request></cosmosdb-data-source>"#;
    let event = get("http://a.test/x").replace(
        "</http-data-source>",
        r#"<http-response><publish-event><targets><graphql-subscription id="added" /></targets></publish-event></http-response></http-data-source>"#,
    );
    for (document, missing) in [
        (
            sql,
            "`sql-data-source` cannot run: the gateway has no driver for SQL Server.",
        ),
        (
            cosmos,
            "`cosmosdb-data-source` cannot run: the gateway has no port for Cosmos DB.",
        ),
        (
            &*event,
            "`publish-event` cannot run: subscriptions need WebSockets, which the gateway does not serve.",
        ),
    ] {
        let world = world(&[("Query", "text", document)], backends(&[]));
        let answer = ask(&world, "{ text }").await;
        let json: Json = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            json["errors"][0]["message"],
            format!("resolver error: {missing}")
        );
        assert_eq!(json["data"], json!({"text": null}));
        assert!(world.client.calls().is_empty());
    }
}
