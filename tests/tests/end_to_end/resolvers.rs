//! GraphQL that the gateway answers itself, over real sockets.

use serde_json::{Value as Json, json};
use tollgate::hyper::HyperClient;
use tollgate::{Api, Gateway, Source};
use tollgate_tests::{Backend, get, reply};

use crate::front::Front;

/// A list, and for each of it two services more; one of them is not there.
#[tokio::test]
async fn fields_come_from_several_services() {
    let users = Backend::start(None, |request| match request.uri.path() {
        "/users" => reply(
            200,
            "application/json",
            r#"{"items": [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}]}"#,
        ),
        _ => reply(404, "text/plain", "nothing"),
    })
    .await;
    let posts = Backend::start(None, |request| {
        let path = request.uri.path();
        reply(
            200,
            "application/xml",
            format!("<posts><title>of {path}</title></posts>"),
        )
    })
    .await;
    let schema = "type User { id: ID! name: String title: String avatar: String } type Query { users(most: Int = 10): [User!] }";
    let list = format!(
        r#"<http-data-source><http-request>
            <set-method>POST</set-method>
            <set-url>{}/users</set-url>
            <set-header name="Content-Type"><value>application/json</value></set-header>
            <set-body>@(context.Request.Body.As<JObject>(true)["arguments"].ToString(Newtonsoft.Json.Formatting.None))</set-body>
        </http-request><http-response>
            <set-body template="liquid">[{{% JSONArrayFor user in body.items %}}{{"id": {{{{user.id}}}}, "name": "{{{{user.name}}}}"}}{{% endJSONArrayFor %}}]</set-body>
        </http-response></http-data-source>"#,
        users.url()
    );
    let title = format!(
        r#"<http-data-source><http-request>
            <set-method>GET</set-method>
            <set-url>@("{}/" + context.GraphQL.Parent["id"])</set-url>
        </http-request><http-response>
            <xml-to-json kind="direct" apply="always" consider-accept-header="false" />
            <set-body>@("\"" + context.Response.Body.As<JObject>()["posts"]["title"] + "\"")</set-body>
        </http-response></http-data-source>"#,
        posts.url()
    );
    // A port on which nobody listens any more.
    let gone = Backend::named("gone").await.url();
    let avatar = format!(
        "<http-data-source><http-request><set-method>GET</set-method><set-url>{gone}/</set-url></http-request></http-data-source>"
    );
    let api = Api::new("people")
        .path("people")
        .graphql(Source::new("people.graphql", schema))
        .resolver("Query", "users", Source::new("users.xml", list))
        .resolver("User", "title", Source::new("title.xml", title))
        .resolver("User", "avatar", Source::new("avatar.xml", avatar));
    let gateway = Gateway::builder()
        .api(api)
        .http_client(HyperClient::new().unwrap())
        .build();
    let front = Front::hyper(gateway.unwrap_or_else(|error| panic!("{error}"))).await;
    let query = "/people?query=query(%24n:Int)%7Busers(most:%24n)%7Bname%20title%20avatar%7D%7D&variables=%7B%22n%22:2%7D";
    let answer = get(front.address, query, &[("authorization", "Bearer secret")]).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    let json: Json = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        json["data"],
        json!({"users": [
            {"name": "Ann", "title": "of /1", "avatar": null},
            {"name": "Bob", "title": "of /2", "avatar": null},
        ]})
    );
    assert_eq!(json["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["errors"][1]["path"], json!(["users", 1, "avatar"]));
    assert_eq!(
        json["errors"][0]["message"],
        "resolver error: Internal server error"
    );
    let seen = users.seen();
    assert_eq!(
        (seen.len(), &*seen[0].body),
        (1, br#"{"most":2}"#.as_slice())
    );
    assert!(!seen[0].headers.contains_key("authorization"));
    assert_eq!(posts.seen().len(), 2);
    // The gateway serves on.
    let answer = get(front.address, "/people?query=%7B__typename%7D", &[]).await;
    assert_eq!(answer.body, r#"{"data":{"__typename":"Query"}}"#);
}
