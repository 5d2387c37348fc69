//! XML as JSON: `JsonConvert.SerializeXNode`.

use super::name::Name;
use super::node::{DEPTH, Data, Node, descend, get, id_of};
use super::write::declared;
use super::xobject::this;
use crate::heap::{Heap, HeapId};
use crate::json::{self, Kind, push};
use crate::member::Call;
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// The token of a node; `None` if the value is no node.
pub(crate) fn to_json(heap: &mut Heap, value: &Value) -> Result<Option<HeapId>, Throw> {
    match id_of(heap, value) {
        Some(id) => whole(heap, id, false).map(Some),
        None => Ok(None),
    }
}

/// `JsonConvert.SerializeXNode`.
pub(crate) fn serialize_node(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let omit_root = call.arguments.len() > 2 && call.bool(2)?;
    let token = whole(call.machine.heap, id, omit_root)?;
    let text = json::write(call.machine.heap, &Value::Ref(token), call.flags(1) == 1)?;
    call.new_text(text)
}

fn whole(heap: &mut Heap, id: HeapId, omit_root: bool) -> Result<HeapId, Throw> {
    let root = match get(heap, id)?.is_element() {
        true => Some(id),
        false => super::node::elements(heap, id, None).first().copied(),
    };
    let Some(root) = root else {
        return json::scalar(heap, Kind::Null, Value::Null);
    };
    let content = element(heap, root, DEPTH)?;
    if omit_root {
        return Ok(content);
    }
    let object = json::new_object(heap)?;
    let name = qualified(heap, root)?;
    let property = json::new_property(heap, name, content)?;
    push(heap, object, property)?;
    Ok(object)
}

/// The name with its prefix.
fn qualified(heap: &Heap, id: HeapId) -> Result<Str, Throw> {
    let node = get(heap, id)?;
    let Some(Name { local, namespace }) = node.name() else {
        return Ok(Str::EMPTY);
    };
    if *namespace == *super::name::XMLNS {
        return Ok(format!("xmlns:{local}").into());
    }
    let near = if node.is_element() {
        Some(id)
    } else {
        node.parent
    };
    let prefixes = match near {
        Some(near) => declared(heap, near)?,
        None => Vec::new(),
    };
    let found = prefixes
        .iter()
        .find(|(prefix, of)| *namespace == **of && (node.is_element() || !prefix.is_empty()));
    Ok(match found {
        Some((prefix, _)) if !prefix.is_empty() => format!("{prefix}:{local}").into(),
        _ => local.clone(),
    })
}

/// Text alone is a string, nothing is null; else attributes, then children by name, several of one name in an array.
fn element(heap: &mut Heap, id: HeapId, depth: usize) -> Result<HeapId, Throw> {
    let depth = descend(depth)?;
    let node = get(heap, id)?;
    let (attributes, children) = (node.attributes().to_vec(), node.children().to_vec());
    let open = matches!(node.data, Data::Element { open: true, .. });
    let only_text = |heap: &Heap, id: &HeapId| {
        heap.get::<Node>(*id)
            .is_some_and(|node| matches!(node.data, Data::Text(_)))
    };
    if attributes.is_empty() {
        match children.as_slice() {
            [] if open => return json::scalar(heap, Kind::String, Str::EMPTY.into()),
            [] => return json::scalar(heap, Kind::Null, Value::Null),
            [only] if only_text(heap, only) => {
                let text = super::node::value(heap, *only)?;
                return json::scalar(heap, Kind::String, text.into());
            }
            _ => {}
        }
    }
    let mut groups: indexmap::IndexMap<Str, Vec<HeapId>> = indexmap::IndexMap::new();
    for id in attributes {
        let name = format!("@{}", qualified(heap, id)?);
        let value = super::node::value(heap, id)?;
        let value = json::scalar(heap, Kind::String, value.into())?;
        groups.entry(name.into()).or_default().push(value);
    }
    for id in children {
        let (name, token) = match &get(heap, id)?.data {
            Data::Element { .. } => (qualified(heap, id)?, element(heap, id, depth)?),
            Data::Text(text) => {
                let text = Value::String(text.clone());
                ("#text".into(), json::scalar(heap, Kind::String, text)?)
            }
            Data::Section(text) => {
                let text = Value::String(text.clone());
                (
                    "#cdata-section".into(),
                    json::scalar(heap, Kind::String, text)?,
                )
            }
            // A comment is one in Newtonsoft's JSON too, which is no data.
            _ => continue,
        };
        groups.entry(name).or_default().push(token);
    }
    let object = json::new_object(heap)?;
    for (name, tokens) in groups {
        let value = match tokens.as_slice() {
            [one] => *one,
            several => {
                let array = json::alloc(heap, json::Node::Array(Vec::new()))?;
                for token in several {
                    push(heap, array, *token)?;
                }
                array
            }
        };
        let property = json::new_property(heap, name, value)?;
        push(heap, object, property)?;
    }
    Ok(object)
}
