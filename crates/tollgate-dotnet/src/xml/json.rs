//! XML as JSON: `JsonConvert.SerializeXNode`.

use super::declaration::Declaration;
use super::document_type::DocumentType;
use super::name::Name;
use super::node::{DEPTH, Data, Node, descend, get, id_of};
use super::write::declared;
use super::xobject::this;
use crate::heap::{Heap, HeapId};
use crate::json::{Kind, Sink, Style, Writer};
use crate::member::Call;
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// Writes a node as JSON; `false` if the value is no node.
pub(crate) fn to_json(heap: &mut Heap, value: &Value, sink: &mut dyn Sink) -> Result<bool, Throw> {
    match id_of(heap, value) {
        Some(id) => whole(heap, id, false, sink).map(|()| true),
        None => Ok(false),
    }
}

/// `JsonConvert.SerializeXNode`.
pub(crate) fn serialize_node(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let omit_root = call.arguments.len() > 2 && call.bool(2)?;
    let mut writer = Writer::new(Style {
        indented: call.flags(1) == 1,
        ..Style::default()
    });
    match call.arg(0) {
        Value::Null => writer.value(Kind::Null, &Value::Null)?,
        _ => {
            let id = this(call)?;
            whole(call.machine.heap, id, omit_root, &mut writer)?;
        }
    }
    call.new_text(writer.text)
}

/// A document by its nodes, anything else as the one property of an object, or its content alone.
fn whole(heap: &mut Heap, id: HeapId, omit_root: bool, sink: &mut dyn Sink) -> Result<(), Throw> {
    let nodes = match &get(heap, id)?.data {
        Data::Document {
            declaration,
            children,
        } => {
            let (declaration, children) = (declaration.clone(), children.clone());
            if omit_root {
                if let Some(declaration) = declaration.downcast::<Declaration>() {
                    // Newtonsoft's own slip: what it writes is no JSON then.
                    write_declaration(heap, declaration, sink)?;
                }
                let root = children.into_iter().find(|id| is_element(heap, *id));
                return match root {
                    Some(root) => element(heap, root, DEPTH, sink),
                    None => sink.value(heap, Kind::Null, &Value::Null),
                };
            }
            sink.begin(heap, Kind::Object)?;
            if let Some(declaration) = declaration.downcast::<Declaration>() {
                write_declaration(heap, declaration, sink)?;
            }
            children
        }
        _ if omit_root => return element(heap, id, DEPTH, sink),
        _ => {
            sink.begin(heap, Kind::Object)?;
            vec![id]
        }
    };
    groups(heap, Vec::new(), nodes, DEPTH, sink)?;
    sink.end(heap)
}

fn is_element(heap: &Heap, id: HeapId) -> bool {
    heap.get::<Node>(id).is_some_and(Node::is_element)
}

fn write_declaration(
    heap: &mut Heap,
    declaration: &Declaration,
    sink: &mut dyn Sink,
) -> Result<(), Throw> {
    sink.name(heap, &"?xml".into())?;
    sink.begin(heap, Kind::Object)?;
    let parts = [
        ("@version", declaration.version.as_ref()),
        ("@encoding", declaration.encoding.as_ref()),
        ("@standalone", declaration.standalone.as_ref()),
    ];
    for (name, value) in parts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            sink.name(heap, &name.into())?;
            sink.value(heap, Kind::String, &Value::String(value.clone()))?;
        }
    }
    sink.end(heap)
}

fn write_document_type(
    heap: &mut Heap,
    all: &DocumentType,
    sink: &mut dyn Sink,
) -> Result<(), Throw> {
    sink.begin(heap, Kind::Object)?;
    let parts = [
        ("@name", Some(&all.name)),
        ("@public", all.public.as_ref()),
        ("@system", all.system.as_ref()),
        ("@internalSubset", all.internal.as_ref()),
    ];
    for (name, value) in parts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            sink.name(heap, &name.into())?;
            sink.value(heap, Kind::String, &Value::String(value.clone()))?;
        }
    }
    sink.end(heap)
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
fn element(heap: &mut Heap, id: HeapId, depth: usize, sink: &mut dyn Sink) -> Result<(), Throw> {
    let depth = descend(depth)?;
    let node = get(heap, id)?;
    let (attributes, children) = (node.attributes().to_vec(), node.children().to_vec());
    let open = matches!(node.data, Data::Element { open: true, .. });
    let plain = attributes.iter().all(|id| is_hint(heap, *id));
    if plain {
        match children.as_slice() {
            [] if open => return sink.value(heap, Kind::String, &Str::EMPTY.into()),
            [] => return sink.value(heap, Kind::Null, &Value::Null),
            [only] => {
                if let Data::Text(text) = &get(heap, *only)?.data {
                    let text = Value::String(text.clone());
                    return sink.value(heap, Kind::String, &text);
                }
            }
            _ => {}
        }
    }
    sink.begin(heap, Kind::Object)?;
    groups(heap, attributes, children, depth, sink)?;
    sink.end(heap)
}

/// The namespace of attributes that say how to write JSON.
const HINTS: &str = "http://james.newtonking.com/projects/json";

/// An attribute that says how to write JSON, or that declares the namespace of such.
fn is_hint(heap: &Heap, id: HeapId) -> bool {
    match heap.get::<Node>(id).map(|node| &node.data) {
        Some(Data::Attribute(name, value)) => {
            name.namespace == *HINTS || name.namespace == *super::name::XMLNS && *value == *HINTS
        }
        _ => false,
    }
}

/// Whether `json:Array="true"` says that an element is an array though it stands alone.
fn wants_array(heap: &Heap, id: HeapId) -> bool {
    let attributes = heap.get::<Node>(id).map(Node::attributes);
    attributes.unwrap_or_default().iter().any(|id| {
        matches!(
            heap.get::<Node>(*id).map(|node| &node.data),
            Some(Data::Attribute(name, value))
                if name.namespace == *HINTS && name.local == *"Array" && *value == *"true"
        )
    })
}

/// Nodes by their names: those of one name that are several become an array.
fn groups(
    heap: &mut Heap,
    attributes: Vec<HeapId>,
    nodes: Vec<HeapId>,
    depth: usize,
    sink: &mut dyn Sink,
) -> Result<(), Throw> {
    let mut groups: indexmap::IndexMap<Str, Vec<HeapId>> = indexmap::IndexMap::new();
    for id in attributes.into_iter().chain(nodes) {
        if is_hint(heap, id) {
            continue;
        }
        let name: Str = match &get(heap, id)?.data {
            Data::Attribute(..) => format!("@{}", qualified(heap, id)?).into(),
            Data::Element { .. } => qualified(heap, id)?,
            Data::Text(_) => "#text".into(),
            Data::Section(_) => "#cdata-section".into(),
            Data::Instruction(target, _) => format!("?{target}").into(),
            // Comments among others stand where the first is.
            Data::Comment(_) => "#comment".into(),
            Data::DocumentType(_) => "!DOCTYPE".into(),
            Data::Document { .. } => continue,
        };
        groups.entry(name).or_default().push(id);
    }
    for (name, nodes) in groups {
        if let [only] = nodes.as_slice()
            && let Data::Comment(text) = &get(heap, *only)?.data
        {
            let text = Value::String(text.clone());
            sink.value(heap, Kind::Comment, &text)?;
            continue;
        }
        sink.name(heap, &name)?;
        let array = nodes.len() > 1 || nodes.first().is_some_and(|id| wants_array(heap, *id));
        if array {
            sink.begin(heap, Kind::Array)?;
        }
        for id in nodes {
            match &get(heap, id)?.data {
                Data::Element { .. } => element(heap, id, depth, sink)?,
                Data::Attribute(_, text)
                | Data::Text(text)
                | Data::Section(text)
                | Data::Instruction(_, text) => {
                    let text = Value::String(text.clone());
                    sink.value(heap, Kind::String, &text)?;
                }
                Data::DocumentType(all) => {
                    let all = all.clone();
                    write_document_type(heap, &all, sink)?;
                }
                _ => {}
            }
        }
        if array {
            sink.end(heap)?;
        }
    }
    Ok(())
}
