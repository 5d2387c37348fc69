//! An example of what conforms to a schema, where a document has none.

use serde_json::{Map, Value};

use crate::schema::Schema;

/// So deep a sample goes; what lies deeper is `null`.
const DEEPEST: usize = 8;

pub(crate) fn of(schema: &Schema) -> Value {
    let definition = schema.definition();
    definition.map_or(Value::Null, |definition| sample(schema, definition, 0))
}

fn sample(schema: &Schema, definition: &Value, depth: usize) -> Value {
    let definition = schema.resolved(definition);
    let said = ["example", "default", "const"]
        .iter()
        .find_map(|key| definition.get(*key));
    let listed = ["examples", "enum"]
        .iter()
        .find_map(|key| definition.get(*key)?.get(0));
    if let Some(example) = said.or(listed) {
        return example.clone();
    }
    if depth >= DEEPEST {
        return Value::Null;
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        let Some(parts) = definition.get(key).and_then(Value::as_array) else {
            continue;
        };
        let mut samples = parts.iter().map(|part| sample(schema, part, depth + 1));
        if key != "allOf" {
            return samples.next().unwrap_or_default();
        }
        let merged = samples.filter_map(|sample| match sample {
            Value::Object(object) => Some(object),
            _ => None,
        });
        return Value::Object(merged.flatten().collect());
    }
    let ty = match definition.get("type") {
        Some(Value::String(ty)) => ty,
        Some(Value::Array(types)) => types.first().and_then(Value::as_str).unwrap_or_default(),
        _ if definition.get("properties").is_some() => "object",
        _ => "",
    };
    match ty {
        "object" => {
            let properties = definition.get("properties").and_then(Value::as_object);
            let properties = properties.into_iter().flatten();
            let properties = properties
                .map(|(name, property)| (name.clone(), sample(schema, property, depth + 1)));
            Value::Object(properties.collect::<Map<_, _>>())
        }
        "array" => {
            let items = definition.get("items");
            let items = items.map(|items| sample(schema, items, depth + 1));
            Value::Array(items.into_iter().collect())
        }
        "string" => Value::from("string"),
        "integer" | "number" => Value::from(0),
        "boolean" => Value::from(true),
        _ => Value::Null,
    }
}
