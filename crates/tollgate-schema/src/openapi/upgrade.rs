//! Documents of older versions as those of newer ones, so that one reader is enough.

use serde_json::{Map, Value, json};

/// Swagger 2.0 as OpenAPI 3.0: bodies are told by media type, and schemas stand where they belong.
pub(crate) fn swagger(mut document: Value) -> Value {
    let types = |value: &Value, key: &str, default: &[Value]| -> Vec<Value> {
        let types = value.get(key).and_then(Value::as_array);
        types.cloned().unwrap_or_else(|| default.to_vec())
    };
    let json = [json!("application/json")];
    let (consumes, produces) = (
        types(&document, "consumes", &json),
        types(&document, "produces", &json),
    );
    let shared = document.get("parameters").cloned().unwrap_or_default();
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return document;
    };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        let common: Vec<Value> = (item.get("parameters").and_then(Value::as_array))
            .cloned()
            .unwrap_or_default();
        for (method, operation) in item.iter_mut() {
            if method == "parameters" {
                continue;
            }
            let consumes = types(operation, "consumes", &consumes);
            let produces = types(operation, "produces", &produces);
            let Some(operation) = operation.as_object_mut() else {
                continue;
            };
            body(operation, &common, &shared, &consumes);
            let responses = operation
                .get_mut("responses")
                .and_then(Value::as_object_mut);
            for response in responses.into_iter().flat_map(Map::values_mut) {
                content(response, &produces);
            }
        }
        for parameter in (item.get_mut("parameters").and_then(Value::as_array_mut))
            .into_iter()
            .flatten()
        {
            parameter_schema(parameter);
        }
    }
    for response in (document.get_mut("responses").and_then(Value::as_object_mut))
        .into_iter()
        .flat_map(Map::values_mut)
    {
        content(response, &produces);
    }
    for parameter in (document
        .get_mut("parameters")
        .and_then(Value::as_object_mut))
    .into_iter()
    .flat_map(Map::values_mut)
    {
        parameter_schema(parameter);
    }
    document
}

/// The parameter `in: body` becomes the body of the request.
fn body(operation: &mut Map<String, Value>, common: &[Value], shared: &Value, types: &[Value]) {
    let own = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut);
    let mut all: Vec<Value> = own.map(std::mem::take).unwrap_or_default();
    let resolved = |parameter: &Value| {
        let name = parameter.get("$ref").and_then(Value::as_str);
        let name = name.and_then(|name| name.strip_prefix("#/parameters/"));
        name.and_then(|name| shared.get(name))
            .unwrap_or(parameter)
            .clone()
    };
    let is_body = |parameter: &Value| parameter.get("in").and_then(Value::as_str) == Some("body");
    let found = all.iter().chain(common).map(resolved).find(is_body);
    if let Some(schema) = found.and_then(|body| body.get("schema").cloned()) {
        let content = types.iter().filter_map(Value::as_str);
        let content = content.map(|media| (media.to_owned(), json!({"schema": schema})));
        let content: Map<String, Value> = content.collect();
        operation.insert("requestBody".to_owned(), json!({"content": content}));
    }
    all.iter_mut().for_each(parameter_schema);
    operation.insert("parameters".to_owned(), all.into());
}

/// What describes the value stands in the parameter itself.
fn parameter_schema(parameter: &mut Value) {
    if parameter.get("in").and_then(Value::as_str) == Some("body") {
        return;
    }
    let Some(parameter) = parameter.as_object_mut() else {
        return;
    };
    if parameter.contains_key("$ref") || parameter.contains_key("schema") {
        return;
    }
    if parameter.get("collectionFormat").and_then(Value::as_str) == Some("multi") {
        parameter.insert("explode".to_owned(), true.into());
    } else {
        parameter.insert("explode".to_owned(), false.into());
    }
    let schema = Value::Object(parameter.clone());
    parameter.insert(
        "schema".to_owned(),
        without(schema, &["name", "in", "required", "explode"]),
    );
}

fn without(mut schema: Value, names: &[&str]) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        names.iter().for_each(|name| drop(schema.remove(*name)));
    }
    schema
}

fn content(response: &mut Value, types: &[Value]) {
    let Some(response) = response.as_object_mut() else {
        return;
    };
    let headers = response.get_mut("headers").and_then(Value::as_object_mut);
    for header in headers.into_iter().flat_map(Map::values_mut) {
        parameter_schema(header);
    }
    let Some(schema) = response.get("schema").cloned() else {
        return;
    };
    let examples = response.get("examples").cloned().unwrap_or_default();
    let content = types.iter().filter_map(Value::as_str).map(|media| {
        let mut described = json!({"schema": schema});
        if let (Some(example), Some(described)) = (examples.get(media), described.as_object_mut()) {
            described.insert("example".to_owned(), example.clone());
        }
        (media.to_owned(), described)
    });
    let content: Map<String, Value> = content.collect();
    response.insert("content".to_owned(), content.into());
}

/// Schemas of OpenAPI 3.0 as JSON Schemas: `nullable` is a type.
pub(crate) fn nullable(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(nullable),
        Value::Object(schema) => {
            schema.values_mut().for_each(nullable);
            let is_nullable = ["nullable", "x-nullable"]
                .iter()
                .any(|name| schema.get(*name) == Some(&Value::Bool(true)));
            if !is_nullable {
                return;
            }
            if let Some(Value::String(ty)) = schema.get("type") {
                let types = json!([ty, "null"]);
                schema.insert("type".to_owned(), types);
            }
            if let Some(Value::Array(values)) = schema.get_mut("enum")
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
        }
        _ => {}
    }
}
