//! Tokens as .NET values: `ToObject<T>` and `DeserializeObject<T>`.

use super::convert;
use super::kind::Kind;
use super::token::{Node, Token, copy, depth, descend, get, member_of, path};
use crate::collections::{self, Array, Dictionary, HashSet, KeyComparer, List};
use crate::heap::HeapId;
use crate::machine::Machine;
use crate::ops;
use crate::record::Record;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The token as a value of that type.
pub(crate) fn object(machine: &mut Machine<'_>, id: HeapId, ty: &Type) -> Result<Value, Throw> {
    within(machine, id, ty, depth())
}

/// Whether a value of that type may hold what the text did not say: then strings that look like dates become dates.
pub(crate) fn is_open(ty: &Type) -> bool {
    match ty {
        Type::Array(element, _) => is_open(element),
        Type::Nullable(inner) => is_open(inner),
        Type::Anonymous(properties) => properties.iter().any(|(_, of)| is_open(of)),
        Type::Tuple(elements) => elements.iter().any(|(of, _)| is_open(of)),
        Type::Named(table, arguments) => {
            ty.is_object()
                || table.0.name.starts_with("Newtonsoft.")
                || arguments.iter().any(is_open)
        }
        _ => true,
    }
}

fn within(machine: &mut Machine<'_>, id: HeapId, ty: &Type, depth: usize) -> Result<Value, Throw> {
    let depth = descend(depth)?;
    machine.step(1)?;
    let token = get(machine.heap, id)?;
    let (kind, scalar) = match &token.node {
        Node::Value(kind, value) => (*kind, Some(value.clone())),
        _ => (token.kind(), None),
    };
    if let Some(table) = ty.table() {
        if table.0.name.starts_with("Newtonsoft.Json.Linq.") {
            let copy = Value::Ref(copy(machine.heap, id)?);
            if kind == Kind::Null && !ops::is_instance(machine, &copy, ty) {
                return Ok(Value::Null);
            }
            return ops::cast(machine, &copy, ty);
        }
        if ty.is_object() {
            return match scalar {
                Some(value) if value.downcast::<super::value::Bytes>().is_none() => Ok(value),
                Some(value) => convert::change(machine.heap, &value, &Type::array(Type::byte())),
                None => Ok(Value::Ref(copy(machine.heap, id)?)),
            };
        }
        if ty.is_enum() {
            return enumeration(machine, &scalar.unwrap_or_default(), ty);
        }
    }
    match (ty, &scalar) {
        (Type::Dynamic, _) => return within(machine, id, &Type::object(), depth),
        (ty, Some(Value::Null)) if ty.is_reference() || matches!(ty, Type::Nullable(_)) => {
            return Ok(Value::Null);
        }
        (Type::Nullable(inner), _) => return within(machine, id, inner, depth),
        (Type::Array(element, 1), Some(Value::String(_) | Value::Object(_)))
            if element.is_byte() =>
        {
            return convert::cast(machine.heap, &Value::Ref(id), ty);
        }
        (_, Some(Value::Null)) => {
            return Err(serialization(format!(
                "Error converting value {{null}} to type '{}'. Path '{}'.",
                ty.net_name(),
                path(machine.heap, id)
            )));
        }
        (_, Some(value)) => return scalar_as(machine, id, value, ty),
        _ => {}
    }
    match kind {
        Kind::Array => list(machine, id, ty, depth),
        _ => dictionary(machine, id, ty, depth),
    }
}

fn scalar_as(
    machine: &mut Machine<'_>,
    id: HeapId,
    value: &Value,
    ty: &Type,
) -> Result<Value, Throw> {
    let known = ty.is_numeric()
        || ty.is_string()
        || ty.is_bool()
        || ty.is_guid()
        || ty.is_date_time()
        || ty.is_date_time_offset()
        || ty.is_time_span();
    if !known {
        return Err(serialization(format!(
            "Error converting value {} to type '{}'. Path '{}'.",
            super::write(machine.heap, &Value::Ref(id), false)?,
            ty.net_name(),
            path(machine.heap, id)
        )));
    }
    convert::cast(machine.heap, &Value::Ref(id), ty)
        .or_else(|_| convert::change(machine.heap, value, ty))
}

fn enumeration(machine: &Machine<'_>, value: &Value, ty: &Type) -> Result<Value, Throw> {
    let number = match (value, ty) {
        (Value::String(text), Type::Named(table, _)) => table
            .0
            .values
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text.to_utf8()))
            .map(|(_, number)| *number),
        (other, _) => other
            .as_integer()
            .and_then(|number| i64::try_from(number).ok()),
    };
    match (number, ty) {
        (Some(number), Type::Named(table, _)) => Ok(Value::Enum(*table, number)),
        _ => Err(serialization(format!(
            "Error converting value {} to type '{}'.",
            ops::to_text(machine, value)?,
            ty.net_name()
        ))),
    }
}

fn list(machine: &mut Machine<'_>, id: HeapId, ty: &Type, depth: usize) -> Result<Value, Throw> {
    let element = match ty {
        Type::Array(element, _) => element.as_ref().clone(),
        Type::Named(table, arguments) if is_list(table.simple_name()) => {
            arguments.first().cloned().unwrap_or_else(Type::object)
        }
        _ => return Err(wrong_shape(machine, id, "array", "[1,2,3]", ty)),
    };
    let mut values = Vec::new();
    for child in get(machine.heap, id)?.children() {
        values.push(within(machine, child, &element, depth)?);
    }
    machine
        .heap
        .charge(values.len().saturating_mul(size_of::<Value>()))?;
    match ty.table().map(|table| table.simple_name()) {
        None => machine.heap.alloc(Array::new(element, values)),
        Some("HashSet" | "ISet") => {
            let set = machine
                .heap
                .alloc(HashSet::new(element, KeyComparer::DEFAULT))?;
            for value in values {
                collections::insert_into_set(machine, &set, value)?;
            }
            Ok(set)
        }
        _ => machine.heap.alloc(List::new(element, values)),
    }
}

fn is_list(name: &str) -> bool {
    matches!(
        name,
        "List"
            | "IList"
            | "ICollection"
            | "IEnumerable"
            | "IReadOnlyList"
            | "IReadOnlyCollection"
            | "HashSet"
            | "ISet"
    )
}

fn dictionary(
    machine: &mut Machine<'_>,
    id: HeapId,
    ty: &Type,
    depth: usize,
) -> Result<Value, Throw> {
    match ty {
        Type::Anonymous(properties) => {
            let fields = properties
                .iter()
                .map(|(name, of)| field(machine, id, name, of, depth))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Value::object(Record::new(ty.clone(), fields)))
        }
        Type::Tuple(elements) => {
            let fields = elements
                .iter()
                .enumerate()
                .map(|(index, (of, _))| {
                    field(machine, id, &format!("Item{}", index + 1), of, depth)
                })
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Value::object(Record::new(ty.clone(), fields)))
        }
        Type::Named(table, arguments) => match (table.simple_name(), &**arguments) {
            ("KeyValuePair", [key, value]) => {
                let fields = [
                    field(machine, id, "Key", key, depth)?,
                    field(machine, id, "Value", value, depth)?,
                ];
                Ok(Value::object(Record::new(ty.clone(), fields)))
            }
            ("Dictionary" | "IDictionary" | "IReadOnlyDictionary", [key, value]) => {
                let mut made = Dictionary::new(key.clone(), value.clone());
                for (name, token) in entries(machine, id)? {
                    let entry = within(machine, token, value, depth)?;
                    machine.heap.charge(name.size() + 2 * size_of::<Value>())?;
                    let name = match key.is_string() {
                        true => Value::String(name),
                        false => convert::change(machine.heap, &Value::String(name), key)?,
                    };
                    made.insert(machine.heap, name, entry);
                }
                machine.heap.alloc(made)
            }
            _ => Err(wrong_shape(
                machine,
                id,
                "object",
                "{\"name\":\"value\"}",
                ty,
            )),
        },
        _ => Err(wrong_shape(
            machine,
            id,
            "object",
            "{\"name\":\"value\"}",
            ty,
        )),
    }
}

fn entries(machine: &Machine<'_>, id: HeapId) -> Result<Vec<(Str, HeapId)>, Throw> {
    let Node::Object(properties) = &get(machine.heap, id)?.node else {
        return Ok(Vec::new());
    };
    Ok(properties
        .iter()
        .filter_map(|(name, property)| {
            Some((
                name.clone(),
                super::token::value_of(machine.heap, *property)?,
            ))
        })
        .collect())
}

/// A property by its name, in any case if need be; what is missing has the type's default.
fn field(
    machine: &mut Machine<'_>,
    id: HeapId,
    name: &str,
    ty: &Type,
    depth: usize,
) -> Result<Value, Throw> {
    let exact = member_of(machine.heap, id, &Str::from(name));
    let found = match exact {
        Some(token) => Some(token),
        None => entries(machine, id)?
            .into_iter()
            .find(|(other, _)| other.to_utf8().eq_ignore_ascii_case(name))
            .map(|(_, token)| token),
    };
    match found {
        Some(token) => within(machine, token, ty, depth),
        None => Ok(ops::default_of(ty)),
    }
}

fn wrong_shape(machine: &Machine<'_>, id: HeapId, is: &str, example: &str, ty: &Type) -> Throw {
    let (wanted, wanted_example) = match is {
        "array" => ("object", "{\"name\":\"value\"}"),
        _ => ("array", "[1,2,3]"),
    };
    let path = machine
        .heap
        .get::<Token>(id)
        .map(|_| path(machine.heap, id))
        .unwrap_or_default();
    serialization(format!(
        "Cannot deserialize the current JSON {is} (e.g. {example}) into type '{}' because the type requires a JSON {wanted} (e.g. {wanted_example}) to deserialize correctly.\nPath '{path}'.",
        ty.net_name()
    ))
}

fn serialization(message: String) -> Throw {
    Throw::new("Newtonsoft.Json.JsonSerializationException", message)
}
