//! .NET values as `serde_json` has them, for traces.

use serde_json::{Map, Number, Value as Json};

use super::from;
use super::token::{Node, depth, descend, get, value_of};
use super::value::plain_text;
use crate::heap::{Heap, HeapId};
use crate::machine::Machine;
use crate::throw::Throw;
use crate::value::Value;

/// Any value as JSON, as `JsonConvert.SerializeObject` sees it. Fails if the value is nested too deeply or too large.
pub fn to_json(machine: &mut Machine<'_>, value: &Value) -> Result<Json, Throw> {
    let token = from::any(machine, value)?;
    within(machine.heap, token, depth())
}

fn within(heap: &Heap, id: HeapId, depth: usize) -> Result<Json, Throw> {
    let depth = descend(depth)?;
    match &get(heap, id)?.node {
        Node::Object(properties) => {
            let mut object = Map::new();
            for (name, property) in properties.iter() {
                if let Some(value) = value_of(heap, *property) {
                    object.insert(name.to_string(), within(heap, value, depth)?);
                }
            }
            Ok(Json::Object(object))
        }
        Node::Array(items) | Node::Constructor(_, items) => items
            .iter()
            .map(|item| within(heap, *item, depth))
            .collect::<Result<_, _>>()
            .map(Json::Array),
        Node::Property(_, value) => match value {
            Some(value) => within(heap, *value, depth),
            None => Ok(Json::Null),
        },
        Node::Value(_, value) => Ok(scalar(value)),
    }
}

fn scalar(value: &Value) -> Json {
    let float = match value {
        Value::Bool(value) => return Json::Bool(*value),
        Value::Double(number) => Number::from_f64(*number),
        Value::Single(number) => Number::from_f64((*number).into()),
        Value::UInt64(number) => Some((*number).into()),
        other => other
            .as_integer()
            .and_then(|number| i64::try_from(number).ok())
            .map(Number::from),
    };
    match float {
        Some(number) => Json::Number(number),
        None => plain_text(value).map_or(Json::Null, |text| Json::String(text.to_string())),
    }
}
