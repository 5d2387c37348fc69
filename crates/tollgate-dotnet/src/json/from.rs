//! .NET values as tokens: `FromObject`, `SerializeObject`, contents of `new JObject(…)`.

use smallvec::SmallVec;

use super::kind::Kind;
use super::token::{
    Node, alloc, copy, depth, descend, id_of, null, object, property, push, scalar,
};
use super::value;
use crate::heap::HeapId;
use crate::machine::Machine;
use crate::member::Call;
use crate::ops;
use crate::record::Record;
use crate::signature::MemberKind;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The token of one value in the content of a container: a token itself, or a `JValue`.
pub(crate) fn content(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    if let Some(id) = id_of(machine.heap, value) {
        return Ok(id);
    }
    match value::of(machine.heap, value) {
        Some((kind, value)) if !matches!(value, Value::Char(_)) => {
            scalar(machine.heap, kind, value)
        }
        _ => {
            let ty = ops::type_of(machine, value).net_name();
            Err(Throw::argument(format!(
                "Could not determine JSON object type for type {ty}."
            )))
        }
    }
}

/// The tokens that the content of a container stands for: of a list those of its elements, lists among them too.
pub(crate) fn contents(machine: &mut Machine<'_>, value: &Value) -> Result<Vec<HeapId>, Throw> {
    let mut found = Vec::new();
    gather(machine, value, &mut found, depth())?;
    Ok(found)
}

fn gather(
    machine: &mut Machine<'_>,
    value: &Value,
    found: &mut Vec<HeapId>,
    depth: usize,
) -> Result<(), Throw> {
    let depth = descend(depth)?;
    match several(machine, value)? {
        Some(values) => values
            .iter()
            .try_for_each(|value| gather(machine, value, found, depth)),
        None => {
            found.push(content(machine, value)?);
            Ok(())
        }
    }
}

/// The elements of what counts as several values: any list but strings, bytes and tokens.
pub(crate) fn several(
    machine: &mut Machine<'_>,
    value: &Value,
) -> Result<Option<Vec<Value>>, Throw> {
    let one = match value {
        Value::Ref(_) => {
            id_of(machine.heap, value).is_some() || value::of(machine.heap, value).is_some()
        }
        Value::Object(object) => object.iterate().is_none(),
        Value::Host(_) => !is_list(machine, value),
        _ => true,
    };
    if one {
        return Ok(None);
    }
    ops::collect(machine, value).map(Some)
}

fn is_list(machine: &Machine<'_>, value: &Value) -> bool {
    is_a(machine, value, "System.Collections.IEnumerable")
}

fn is_a(machine: &Machine<'_>, value: &Value, name: &str) -> bool {
    let ty = machine.host.registry().parse_type(name);
    ty.is_some_and(|ty| ops::is_instance(machine, value, &ty))
}

/// Any value as a new token, without parent.
pub(crate) fn any(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    within(machine, value, depth())
}

fn within(machine: &mut Machine<'_>, value: &Value, depth: usize) -> Result<HeapId, Throw> {
    let depth = descend(depth)?;
    machine.step(1)?;
    if let Some(id) = id_of(machine.heap, value) {
        return copy(machine.heap, id);
    }
    if let Some((kind, value)) = value::of(machine.heap, value) {
        return scalar(machine.heap, kind, value);
    }
    if let Some(json) = crate::xml::to_json(machine.heap, value)? {
        return Ok(json);
    }
    if let Some(record) = Record::of(value) {
        let names = field_names(record);
        let fields = record.fields().to_vec();
        return members(machine, names.into_iter().zip(fields), depth);
    }
    if !is_list(machine, value) {
        return properties(machine, value, depth);
    }
    let items = ops::collect(machine, value)?;
    if is_dictionary(machine, value) {
        let mut entries = Vec::with_capacity(items.len());
        for item in &items {
            if let Some(record) = Record::of(item)
                && let (Some(key), Some(value)) = (record.field(0), record.field(1))
            {
                entries.push((key_text(machine, key)?, value.clone()));
            }
        }
        return members(machine, entries.into_iter(), depth);
    }
    if let Some(rows) = rows(machine, value, &items) {
        return array(machine, depth, rows, |machine, row, depth| {
            array(machine, depth, row, |machine, item, depth| {
                within(machine, &item, depth)
            })
        });
    }
    array(machine, depth, items, |machine, item, depth| {
        within(machine, &item, depth)
    })
}

fn array<T>(
    machine: &mut Machine<'_>,
    depth: usize,
    items: Vec<T>,
    each: impl Fn(&mut Machine<'_>, T, usize) -> Result<HeapId, Throw>,
) -> Result<HeapId, Throw> {
    let array = alloc(machine.heap, Node::Array(Vec::new()))?;
    for item in items {
        let item = each(machine, item, depth)?;
        push(machine.heap, array, item)?;
    }
    Ok(array)
}

/// The rows of an array of two dimensions.
fn rows(machine: &Machine<'_>, value: &Value, items: &[Value]) -> Option<Vec<Vec<Value>>> {
    let array = machine.heap.of::<crate::collections::Array>(value)?;
    if array.rank() != 2 {
        return None;
    }
    let width = array.length(1)?.max(1);
    Some(items.chunks(width).map(<[Value]>::to_vec).collect())
}

fn is_dictionary(machine: &Machine<'_>, value: &Value) -> bool {
    let ty = ops::type_of(machine, value);
    let bases = machine.host.registry().bases(&ty);
    bases.iter().chain([&ty]).any(|base| {
        base.table().is_some_and(|table| {
            matches!(
                table.simple_name(),
                "IDictionary" | "IReadOnlyDictionary" | "Dictionary"
            )
        })
    })
}

fn key_text(machine: &Machine<'_>, key: &Value) -> Result<Str, Throw> {
    match key {
        Value::DateTime(..) | Value::DateTimeOffset(..) => {
            Ok(value::plain_text(key).unwrap_or_default())
        }
        other => ops::to_text(machine, other),
    }
}

/// The names under which a record's fields are written.
fn field_names(record: &Record) -> Vec<Str> {
    match record.ty() {
        Type::Anonymous(properties) => {
            return properties
                .iter()
                .map(|(name, _)| Str::from(&**name))
                .collect();
        }
        Type::Named(table, _) if table.simple_name() == "KeyValuePair" => {
            return vec!["Key".into(), "Value".into()];
        }
        _ => {}
    }
    (1..=record.fields().len())
        .map(|number| Str::from(format!("Item{number}")))
        .collect()
}

fn members(
    machine: &mut Machine<'_>,
    fields: impl Iterator<Item = (Str, Value)>,
    depth: usize,
) -> Result<HeapId, Throw> {
    let object = object(machine.heap)?;
    for (name, value) in fields {
        let value = within(machine, &value, depth)?;
        let property = property(machine.heap, name, value)?;
        push(machine.heap, object, property)?;
    }
    Ok(object)
}

/// An object of any other type, by its public properties.
fn properties(machine: &mut Machine<'_>, value: &Value, depth: usize) -> Result<HeapId, Throw> {
    let registry = machine.host.registry();
    let ty = ops::type_of(machine, value);
    let types = std::iter::once(ty.clone()).chain(registry.bases(&ty));
    let getters: Vec<_> = types
        .filter_map(|ty| ty.table())
        .flat_map(|table| registry.members(table))
        .filter(|member| member.kind == MemberKind::Getter && !member.is_static)
        .map(|member| (Str::from(&*member.name), member.member))
        .collect();
    let mut fields = Vec::with_capacity(getters.len());
    for (name, member) in getters {
        let got = (member.native)(&mut Call {
            machine,
            arguments: std::slice::from_ref(value),
            types: ty.arguments(),
            prepared: None,
            outs: SmallVec::new(),
        })?;
        if !fields.iter().any(|(other, _)| *other == name) {
            fields.push((name, got));
        }
    }
    members(machine, fields.into_iter(), depth)
}

/// A value as an array's or object's property value: `null` becomes a null token.
pub(crate) fn or_null(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    match value {
        Value::Null => null(machine.heap),
        other => content(machine, other),
    }
}

/// The value of a new property: a list becomes an array.
pub(crate) fn property_value(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    if several(machine, value)?.is_none() {
        return content(machine, value);
    }
    let contents = contents(machine, value)?;
    let array = alloc(machine.heap, Node::Array(Vec::new()))?;
    for content in contents {
        push(machine.heap, array, content)?;
    }
    Ok(array)
}

/// `Object serialized to Array. JObject instance expected.`
pub(crate) fn wrong_kind(found: Kind, expected: &str) -> Throw {
    Throw::argument(format!(
        "Object serialized to {}. {expected} instance expected.",
        found.name()
    ))
}
