#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Bounds, Call, Data, Progress, Request, Schema};

const SCHEMA: &str = "
    interface Named { name: String! }
    type User implements Named { id: ID! name: String! age: Int score: Float posts(first: Int = 2): [Post!]! best: Post }
    type Post { id: ID! title: String! tags: [[String]] author: User! any: Any kind: Kind }
    union Thing = User | Post
    scalar Any
    enum Kind { ONE TWO }
    input Where { name: String! deep: Where }
    type Query { user(id: ID!): User users(where: Where): [User] things: [Thing] named: Named post: Post! }
    type Mutation { add(name: String!): User drop(id: ID!): Boolean }
    type Subscription { added: User }";

const BOUNDS: Bounds = Bounds {
    depth: 10,
    calls: 20,
    size: 1 << 16,
};

fn schema() -> Arc<Schema> {
    Arc::new(Schema::parse(SCHEMA).unwrap())
}

/// The response, and the calls by rounds.
fn run(
    request: Json,
    resolver: &dyn Fn(&Call) -> Option<Result<Json, String>>,
    has: &[&str],
) -> (Result<Json, String>, Vec<Vec<String>>) {
    let request = Request::from_json(&request.to_string()).unwrap();
    let operation = match schema().operation(&request, &BOUNDS) {
        Ok(operation) => operation,
        Err(mistakes) => return (Err(mistakes.first().unwrap().message.clone()), Vec::new()),
    };
    let mut execution = operation.execute(BOUNDS);
    let mut rounds = Vec::new();
    loop {
        let has = |ty: &str, field: &str| has.contains(&&*format!("{ty}.{field}"));
        match execution.go_on(&has) {
            Progress::Done(text) => return (Ok(serde_json::from_slice(&text).unwrap()), rounds),
            Progress::Refused(mistake) => return (Err(mistake.message), rounds),
            Progress::Calls(calls) => {
                let names = calls.iter().map(|call| {
                    format!(
                        "{}.{} {} of {}",
                        call.ty, call.field, call.arguments, call.parent
                    )
                });
                rounds.push(names.collect());
                for call in calls {
                    let given = resolver(&call).unwrap();
                    let given =
                        given.map(|json| Data::from_json(json.to_string().as_bytes()).unwrap());
                    execution.answer(call, given);
                }
            }
        }
    }
}

#[test]
fn fields_are_resolved_round_by_round() {
    let request = json!({
        "query": "query Q($id: ID!) { a: user(id: $id) { ...f posts { title author { id } } } user(id: \"2\") { __typename posts(first: 1) { title } } }
                  fragment f on User { name }",
        "variables": {"id": 7},
        "operationName": "Q",
    });
    let (response, rounds) = run(
        request,
        &|call| {
            Some(Ok(match (&*call.field, &*call.arguments) {
                ("user", r#"{"id":7}"#) => json!({"id": 7, "name": "Ann", "more": 1}),
                ("user", _) => json!({"id": 2, "name": "Bob"}),
                ("posts", r#"{"first":2}"#) => {
                    json!([{"title": "x", "author": {"id": 7, "name": "Ann"}}])
                }
                _ => json!([]),
            }))
        },
        &["Query.user", "User.posts"],
    );
    assert_eq!(
        rounds,
        [
            [
                r#"Query.user {"id":7} of null"#,
                r#"Query.user {"id":"2"} of null"#
            ],
            [
                r#"User.posts {"first":2} of {"id":7,"name":"Ann","more":1}"#,
                r#"User.posts {"first":1} of {"id":2,"name":"Bob"}"#
            ],
        ]
    );
    assert_eq!(
        response.unwrap(),
        json!({"data": {
            "a": {"name": "Ann", "posts": [{"title": "x", "author": {"id": "7"}}]},
            "user": {"__typename": "User", "posts": []},
        }})
    );
}

#[test]
fn lists_objects_and_scalars_are_held_against_the_schema() {
    let given = json!([
        {"id": "1", "name": "A", "age": 3.0, "score": 4, "best": {"id": 1, "title": true, "tags": [["a", 1], null], "any": {"x": [1]}, "kind": "ONE"}},
        {"id": "2", "name": null},
        null,
        {"id": "3", "name": "C", "age": "many", "score": 1.5, "best": {"kind": "THREE"}},
        "nobody",
    ]);
    let (response, _) = run(
        json!({"query": "{ users(where: {name: \"x\"}) { id name age score best { title tags any kind } } }"}),
        &|call| {
            assert_eq!(call.arguments, r#"{"where":{"name":"x"}}"#);
            Some(Ok(given.clone()))
        },
        &["Query.users"],
    );
    let response = response.unwrap();
    assert_eq!(
        response["data"]["users"],
        json!([
            {"id": "1", "name": "A", "age": 3, "score": 4.0, "best": {"title": "true", "tags": [["a", "1"], null], "any": {"x": [1]}, "kind": "ONE"}},
            null,
            null,
            {"id": "3", "name": "C", "age": null, "score": 1.5, "best": null},
            null,
        ])
    );
    let errors: Vec<(&str, &Json)> = (response["errors"].as_array().unwrap().iter())
        .map(|error| (error["message"].as_str().unwrap(), &error["path"]))
        .collect();
    assert_eq!(
        errors,
        [
            (
                "non-null type String! resolved to null",
                &json!(["users", 1, "name"])
            ),
            (
                r#"resolver returned "many", expected Int"#,
                &json!(["users", 3, "age"])
            ),
            (
                "non-null type String! resolved to null",
                &json!(["users", 3, "best", "title"])
            ),
            (
                "resolver returned a leaf value but expected an object for type User",
                &json!(["users", 4])
            ),
        ]
    );
}

#[test]
fn nulls_go_up_to_where_they_may_stand() {
    let (response, _) = run(
        json!({"query": "{ users { id } post { title } }"}),
        &|call| {
            Some(match &*call.field {
                "post" => Err("no".to_owned()),
                _ => Ok(json!([])),
            })
        },
        &["Query.users", "Query.post"],
    );
    assert_eq!(
        response.unwrap(),
        json!({"data": null, "errors": [{
            "message": "resolver error: no",
            "locations": [{"line": 1, "column": 16}],
            "path": ["post"],
        }]})
    );
    // Without a resolver there is nothing at the root.
    let (response, rounds) = run(json!({"query": "{ user(id: 1) { id } }"}), &|_| None, &[]);
    assert_eq!(
        (response.unwrap(), rounds.len()),
        (json!({"data": {"user": null}}), 0)
    );
}

#[test]
fn abstract_types_are_told_by_their_name() {
    let (response, _) = run(
        json!({"query": "{ things { __typename ... on User { name } ... on Post { title } } named { name } }"}),
        &|call| {
            Some(Ok(match &*call.field {
                "named" => json!({"name": "x"}),
                _ => {
                    json!([{"__typename": "Post", "title": "t"}, {"__typename": "User", "name": "n"}, {"__typename": "Query"}])
                }
            }))
        },
        &["Query.things", "Query.named"],
    );
    let response = response.unwrap();
    assert_eq!(
        response["data"],
        json!({
            "things": [{"__typename": "Post", "title": "t"}, {"__typename": "User", "name": "n"}, null],
            "named": null,
        })
    );
    assert_eq!(
        response["errors"][1]["message"],
        "resolver returned an object of type unknown (there is no `__typename`), not defined in the schema"
    );
}

#[test]
fn changes_are_made_one_after_the_other() {
    let (response, rounds) = run(
        json!({"query": "mutation { a: add(name: \"x\") { best { title } } b: drop(id: 1) c: drop(id: 2) }"}),
        &|call| {
            Some(Ok(match &*call.field {
                "add" => json!({"id": 1}),
                "best" => json!({"title": "t"}),
                _ => json!(true),
            }))
        },
        &["Mutation.add", "Mutation.drop", "User.best"],
    );
    let names: Vec<Vec<&str>> = (rounds.iter())
        .map(|round| {
            round
                .iter()
                .map(|call| call.split(' ').next().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(
        names,
        [
            ["Mutation.add"],
            ["User.best"],
            ["Mutation.drop"],
            ["Mutation.drop"]
        ]
    );
    assert_eq!(
        response.unwrap(),
        json!({"data": {"a": {"best": {"title": "t"}}, "b": true, "c": true}})
    );
}

#[test]
fn what_is_left_out_is_not_asked_for() {
    let (response, rounds) = run(
        json!({
            "query": "query($no: Boolean!) { user(id: 1) @include(if: $no) { id } post @skip(if: true) { id } __schema { queryType { name } } }",
            "variables": {"no": false},
        }),
        &|_| None,
        &["Query.user", "Query.post"],
    );
    assert_eq!(
        (response.unwrap(), rounds.len()),
        (
            json!({"data": {"__schema": {"queryType": {"name": "Query"}}}}),
            0
        )
    );
}

#[test]
fn requests_that_cannot_be_run_are_told_why() {
    let error = |request: Json| run(request, &|_| None, &[]).0.unwrap_err();
    for (request, message) in [
        (
            json!({"query": "{ none }"}),
            "type `Query` does not have a field `none`",
        ),
        (
            json!({"query": "query($a: ID!) { user(id: $a) { id } }"}),
            "missing value for non-null variable 'a'",
        ),
        (
            json!({"query": "query($a: Int) { user(id: 1) { posts(first: $a) { id } } }", "variables": {"a": "x"}}),
            r#"could not coerce variable a: "x" to type Int"#,
        ),
        (
            json!({"query": "query a { post { id } } query b { post { id } }"}),
            "multiple operations but no specified `operationName`",
        ),
        (
            json!({"query": "query a { post { id } }", "operationName": "b"}),
            "No operation named 'b'",
        ),
        (
            json!({"query": "{ post { author { best { author { best { author { best { author { best { author { id } } } } } } } } } } }"}),
            "The query is 11 levels deep, and at most 10 are allowed.",
        ),
        (
            json!({"query": "{ ...a } fragment a on Query { ...a }"}),
            "`a` fragment cannot reference itself",
        ),
    ] {
        let found = error(request.clone());
        assert!(found.contains(message), "{request}: {found}");
    }
    for text in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"query": 1}"#,
        r#"{"query": " "}"#,
        r#"{"query": "{a}", "variables": []}"#,
        "null",
    ] {
        assert!(Request::from_json(text).is_err(), "{text}");
    }
    assert!(Request::from_parts("{a}".to_owned(), None, Some("[]")).is_err());
    assert!(Request::from_parts("{a}".to_owned(), Some(String::new()), Some("")).is_ok());
}

#[test]
fn what_asks_for_too_much_is_refused() {
    let many: String = (0..21).map(|n| format!("a{n}: post {{ id }} ")).collect();
    let request = json!({"query": format!("{{ {many} }}")});
    let (response, rounds) = run(request, &|_| None, &["Query.post"]);
    assert_eq!(
        (response.unwrap_err(), rounds.len()),
        (
            "The request needs more than 20 calls of resolvers.".to_owned(),
            0
        )
    );
    let many: String = (0..21).map(|n| format!("a{n}: drop(id: 1) ")).collect();
    let request = json!({"query": format!("mutation {{ {many} }}")});
    let (response, rounds) = run(request, &|_| None, &["Mutation.drop"]);
    assert!(
        response.is_err() && rounds.is_empty(),
        "not one change is made"
    );
    // A list times aliases.
    let many: String = (0..100).map(|n| format!("a{n}: name ")).collect();
    let request = json!({"query": format!("{{ users {{ {many} }} }}")});
    let users: Vec<Json> = (0..1000).map(|_| json!({"name": "x"})).collect();
    let (response, _) = run(request, &|_| Some(Ok(json!(users))), &["Query.users"]);
    assert_eq!(
        response.unwrap_err(),
        "The response is larger than 65536 bytes."
    );
    // A long text times aliases.
    let many: String = (0..100).map(|n| format!("a{n}: name ")).collect();
    let request = json!({"query": format!("{{ named {{ {many} }} }}")});
    let long = json!({"__typename": "User", "name": "x".repeat(1000)});
    let (response, _) = run(request, &|_| Some(Ok(long.clone())), &["Query.named"]);
    assert!(response.is_err());
}

/// What libraries have been slow at: each ends within a second, also without optimization.
#[test]
fn hostile_queries_are_answered_in_time() {
    let aliases: String = (0..10_000)
        .map(|n| format!("a{n}: named {{ name }} "))
        .collect();
    let same = "named { name } ".repeat(10_000);
    let chain: String = (0..1_000)
        .map(|n| format!("fragment f{n} on Query {{ ...f{} }} ", n + 1))
        .collect();
    let doubled: String = (0..40)
        .map(|n| format!("fragment f{n} on Query {{ ...f{m} ...f{m} }} ", m = n + 1))
        .collect();
    let introspection = "fields { type { ".repeat(9) + "name" + &" } }".repeat(9);
    for query in [
        format!("{{ {aliases} }}"),
        format!("{{ {same} }}"),
        format!("{{ ...f0 }} {chain} fragment f1000 on Query {{ __typename }}"),
        format!("{{ ...f0 }} {doubled} fragment f40 on Query {{ __typename }}"),
        format!("{{ __schema {{ types {{ {introspection} }} }} }}"),
        format!(
            "{{ user(id: {}1{}) {{ id }} }}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        ),
        "{".repeat(100_000),
    ] {
        let begun = std::time::Instant::now();
        let start: String = query.chars().take(40).collect();
        drop(run(
            json!({"query": query}),
            &|_| Some(Ok(json!(null))),
            &["Query.named"],
        ));
        let took = begun.elapsed();
        assert!(took.as_secs() < 5, "{took:?}: {start}");
        eprintln!("{took:?}: {start}");
    }
}
