//! What documents of each version say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::json;
use tollgate_schema::{Document, Location, Mode, Operation, Schemas, Statuses};

const OPENAPI: &str = r##"{
  "openapi": "3.0.1",
  "paths": {
    "/orders/{order-id}": {
      "parameters": [{"$ref": "#/components/parameters/Id"}, {"name": "trace", "in": "header", "schema": {"type": "boolean"}}],
      "put": {
        "parameters": [
          {"name": "trace", "in": "header", "required": true, "schema": {"type": "integer", "minimum": 1, "exclusiveMinimum": true}},
          {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
          {"name": "csv", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "number"}}},
          {"name": "any", "in": "query"},
          {"name": "session", "in": "cookie", "schema": {}}
        ],
        "requestBody": {"content": {
          "application/json; charset=utf-8": {"schema": {"$ref": "#/components/schemas/Order"}},
          "text/plain": {}
        }},
        "responses": {
          "default": {"description": "", "content": {"application/json": {"schema": {"type": "object", "required": ["error"]}}}},
          "4XX": {"description": ""},
          "200": {"description": "", "headers": {"X-Left": {"required": true, "schema": {"type": "integer"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}, "examples": {
              "one": {"value": {"sku": "a"}}, "two": {"$ref": "#/components/examples/Two"}}}}}
        }
      }
    }
  },
  "components": {
    "parameters": {"Id": {"name": "order-id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[a-z]+$"}}},
    "examples": {"Two": {"value": {"sku": "b"}}},
    "schemas": {
      "Order": {"type": "object", "required": ["sku"], "properties": {
        "sku": {"type": "string"}, "note": {"type": "string", "nullable": true}, "parent": {"$ref": "#/components/schemas/Order"},
        "kind": {"type": "string", "enum": ["a", "b"], "nullable": true}}}
    }
  }
}"##;

const SWAGGER: &str = r##"{
  "swagger": "2.0",
  "consumes": ["application/json", "text/json"],
  "parameters": {"Limit": {"name": "limit", "in": "query", "type": "integer", "maximum": 10}},
  "paths": {"/orders": {"post": {
    "parameters": [
      {"$ref": "#/parameters/Limit"},
      {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}},
      {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Order"}}
    ],
    "responses": {"201": {"description": "", "schema": {"$ref": "#/definitions/Order"}, "examples": {"application/json": {"sku": "z"}},
      "headers": {"X-Left": {"type": "integer"}}}}
  }}},
  "definitions": {"Order": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "note": {"type": "string", "x-nullable": true}}}}
}"##;

fn check(operation: &Operation, name: &str, values: &[&str]) -> Vec<String> {
    let mut parameters = operation.parameters.iter();
    parameters
        .find(|parameter| parameter.name == name)
        .unwrap()
        .check(values)
}

#[test]
fn openapi_is_read() {
    let document = Document::parse(OPENAPI).unwrap();
    assert!(document.operation("GET", "/orders/{id}").is_none());
    assert!(document.operation("PUT", "/orders").is_none());
    let operation = document.operation("PUT", "/orders/{id}/?a={b}").unwrap();
    let parameters: Vec<_> = (operation.parameters.iter())
        .map(|one| (one.name.as_str(), one.location, one.required))
        .collect();
    assert_eq!(
        parameters,
        [
            ("trace", Location::Header, true),
            ("tag", Location::Query, false),
            ("csv", Location::Query, false),
            ("any", Location::Query, false),
            ("order-id", Location::Path, true),
        ]
    );
    for (name, values, problems) in [
        ("trace", &["2"][..], 0),
        ("trace", &["1"], 1),
        ("trace", &["x"], 1),
        ("trace", &["2", "3"], 1),
        ("tag", &["1", "2"], 0),
        ("tag", &["1,2"], 1),
        ("tag", &["1", "x"], 1),
        ("csv", &["1,2.5"], 0),
        ("csv", &["1,x,y"], 2),
        ("any", &["x", "y"], 0),
        ("order-id", &["abc"], 0),
        ("order-id", &["7"], 1),
    ] {
        assert_eq!(
            check(operation, name, values).len(),
            problems,
            "{name} {values:?}"
        );
    }
    assert_eq!(
        check(operation, "trace", &["x"]),
        [r#"value is not of type "integer""#]
    );
    let media: Vec<&str> = operation
        .request
        .iter()
        .map(|(media, _)| media.as_str())
        .collect();
    assert_eq!(media, ["application/json", "text/plain"]);
}

#[test]
fn bodies_are_checked_with_places() {
    let document = Document::parse(OPENAPI).unwrap();
    let operation = document.operation("put", "/orders/{x}").unwrap();
    let order = &operation.request[0].1;
    assert_eq!(order.name(), "Order");
    let plain = Mode::default();
    for good in [
        r#"{"sku": "a", "note": null, "more": 1, "kind": null, "parent": {"sku": "b"}}"#,
        r#"{"sku": "a", "kind": "b"}"#,
    ] {
        assert_eq!(order.check(good, plain), [], "{good}");
    }
    let problems = order.check("{\"sku\": 7,\n \"parent\": {\"note\": 1}}", plain);
    let problems: Vec<_> = problems
        .iter()
        .map(|one| (one.message.as_str(), one.place))
        .collect();
    assert_eq!(
        problems,
        [
            (r#"value is not of type "string""#, Some((1, 9))),
            (r#""sku" is a required property"#, Some((2, 12))),
            (r#"value is not of types "null", "string""#, Some((2, 21))),
        ]
    );
    for (text, message, place) in [
        ("{\n\"sku\"", "The JSON ends too soon.", (2, 5)),
        ("{sku: 1}", "It is no JSON.", (1, 2)),
        ("{} {}", "It is no JSON.", (1, 4)),
    ] {
        let problems = order.check(text, plain);
        assert_eq!(
            (problems[0].message.as_str(), problems[0].place),
            (message, Some(place))
        );
    }
    let strict = Mode {
        additional_properties: Some(false),
        ..plain
    };
    assert_eq!(order.check(r#"{"sku": "a", "more": 1}"#, strict).len(), 1);
    let ignoring = Mode {
        ignore_case: true,
        ..plain
    };
    assert_eq!(order.check(r#"{"SKU": "a"}"#, ignoring), []);
    assert_eq!(
        order.check(r#"{"SKU": 7, "Parent": {}}"#, ignoring).len(),
        2
    );
    assert_eq!(order.check(r#"{"SKU": "a", "sku": 7}"#, ignoring).len(), 1);
    assert_eq!(order.check(r#"{"SKU": "a"}"#, plain).len(), 1);
}

#[test]
fn responses_are_told_by_status() {
    let document = Document::parse(OPENAPI).unwrap();
    let operation = document.operation("put", "/orders/{x}").unwrap();
    for (status, statuses) in [
        (200, Statuses::One(200)),
        (404, Statuses::Class(4)),
        (500, Statuses::Default),
    ] {
        assert_eq!(operation.response(status).unwrap().statuses, statuses);
    }
    let ok = operation.response(200).unwrap();
    assert_eq!(ok.headers[0].check(&["x"]).len(), 1);
    assert_eq!(
        ok.example(None, 0),
        Some(("application/json", json!({"sku": "a"})))
    );
    assert_eq!(
        ok.example(Some("APPLICATION/JSON"), 1).unwrap().1,
        json!({"sku": "b"})
    );
    assert_eq!(ok.example(Some("text/plain"), 0), None);
    // None is written down: one is made, as deep as it goes.
    let (_, made) = ok.example(None, 2).unwrap();
    assert_eq!(made["sku"], "string");
    assert_eq!(made["kind"], "a");
    assert_eq!(made["parent"]["parent"]["note"], "string");
    assert!(operation.response(400).unwrap().example(None, 0).is_none());
}

#[test]
fn swagger_is_read() {
    let document = Document::parse(SWAGGER).unwrap();
    let operation = document.operation("POST", "/orders").unwrap();
    let media: Vec<&str> = operation
        .request
        .iter()
        .map(|(media, _)| media.as_str())
        .collect();
    assert_eq!(media, ["application/json", "text/json"]);
    let order = &operation.request[0].1;
    assert_eq!(
        order.check(r#"{"sku": "a", "note": null}"#, Mode::default()),
        []
    );
    assert_eq!(order.check("{}", Mode::default()).len(), 1);
    assert_eq!(check(operation, "limit", &["11"]).len(), 1);
    assert_eq!(check(operation, "ids", &["1,2"]).len(), 0);
    let created = operation.response(201).unwrap();
    assert_eq!(
        created.example(None, 0),
        Some(("application/json", json!({"sku": "z"})))
    );
    assert_eq!(created.headers[0].check(&["x"]).len(), 1);
}

#[test]
fn what_cannot_be_used_says_why() {
    let long = format!(
        "{{\"openapi\": \"3.1.0\", \"x\": \"{}\"}}",
        "x".repeat(4 << 20)
    );
    let with = |schema: &str| {
        format!(
            r#"{{"openapi": "3.1.0", "paths": {{"/a": {{"get": {{"parameters": [{{"name": "a", "in": "query", "schema": {schema}}}]}}}}}}}}"#
        )
    };
    for (text, message) in [
        ("{", "it is no JSON"),
        ("{}", "it is no OpenAPI 3 and no Swagger 2.0"),
        (&long, "it is longer than 4 MiB"),
        (
            &with(r##"{"$ref": "#/nowhere"}"##),
            "a schema cannot be used",
        ),
        (
            &with(r#"{"$ref": "http://other.test/schema.json"}"#),
            "a schema cannot be used",
        ),
        (&with(r#"{"type": 7}"#), "a schema cannot be used"),
        (
            r##"{"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/nowhere"}]}}}}"##,
            "the reference `#/nowhere` leads nowhere in this document",
        ),
        (
            r##"{"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}"##,
            "the reference `a circle` leads nowhere in this document",
        ),
    ] {
        let error = Document::parse(text).unwrap_err().to_string();
        assert!(error.contains(message), "{message}: {error}");
    }
    assert!(Document::parse(r#"{"openapi": "3.0.0"}"#).is_ok());
}

#[test]
fn a_schema_on_its_own_has_others_in_it() {
    let text = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "definitions": {"Name": {"type": "string", "maxLength": 3}}}"#;
    let schemas = Schemas::parse(text).unwrap();
    assert_eq!(
        schemas
            .schema("#")
            .unwrap()
            .check("[]", Mode::default())
            .len(),
        1
    );
    let name = schemas.schema("#/definitions/Name").unwrap();
    assert_eq!(
        (name.name(), name.check("\"long\"", Mode::default()).len()),
        ("Name", 1)
    );
    assert!(schemas.schema("#/definitions/Other").is_none());
    assert!(Schemas::parse("{").is_err());
}
