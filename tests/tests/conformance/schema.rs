//! The files are as their JSON Schemas say.

use jsonschema::{Registry, Resource, Validator};
use serde_json::{Value as Json, json};

use crate::{read, topics};

/// The schema of that file, able to refer to the others.
fn validator(name: &str) -> Validator {
    let contexts = schema("contexts");
    let id = contexts["$id"].as_str().unwrap().to_owned();
    let contexts = Resource::from_contents(contexts);
    let registry = Registry::new()
        .add(id, contexts)
        .unwrap()
        .prepare()
        .unwrap();
    jsonschema::options()
        .with_registry(&registry)
        .build(&schema(name))
        .unwrap()
}

fn schema(name: &str) -> Json {
    let schema = serde_json::from_str(&read(&format!("{name}.schema.json"))).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    schema
}

fn check(validator: &Validator, file: &str, instance: &Json) {
    let errors: Vec<String> = (validator.iter_errors(instance))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{file}: {errors:?} in {instance}");
}

#[test]
fn vectors_and_contexts_are_as_their_schemas_say() {
    let (cases, results) = (validator("cases"), validator("results"));
    for topic in topics() {
        for (kind, validator) in [("cases", &cases), ("results", &results)] {
            let file = format!("{topic}{kind}.jsonl");
            for line in read(&file).lines() {
                check(validator, &file, &serde_json::from_str(line).unwrap());
            }
        }
    }
    let contexts = serde_json::from_str(&read("contexts.json")).unwrap();
    check(&validator("contexts"), "contexts.json", &contexts);
}

#[test]
fn schemas_refuse_what_is_wrong() {
    for (name, wrong) in [
        ("cases", json!({"id": "a"})),
        (
            "cases",
            json!({"id": "a", "expr": "@(1)", "kind": "triple"}),
        ),
        (
            "cases",
            json!({"id": "a", "expr": "@(1)", "context": {"reqeust": {}}}),
        ),
        (
            "results",
            json!({"ok": true, "type": null, "value": null, "string": null}),
        ),
        (
            "results",
            json!({"id": "a", "ok": true, "type": "System.Int32", "string": "1"}),
        ),
        (
            "results",
            json!({"id": "a", "ok": true, "type": "x", "value": {"a": 1}, "string": "1"}),
        ),
        (
            "results",
            json!({"id": "a", "ok": false, "stage": "link", "error_type": "", "message": ""}),
        ),
        ("contexts", json!({"a": {"request": {"url": 1}}})),
        ("contexts", json!({"a": {"response": {"statusCode": 99}}})),
        (
            "contexts",
            json!({"a": {"variables": {"x": {"$t": "guid", "v": 1}}}}),
        ),
        (
            "contexts",
            json!({"a": {"variables": {"x": {"$t": "table", "v": ""}}}}),
        ),
    ] {
        assert!(!validator(name).is_valid(&wrong), "{name}: {wrong}");
    }
}
