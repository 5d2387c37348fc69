//! `XContainer`.

use super::content::{add, add_arguments, pieces};
use super::name::Name;
use super::node::{Node, clear, descendants, elements, get};
use super::xelement::XELEMENT;
use super::xobject::{XNODE, found, reference, this};
use crate::heap::{Heap, HeapId};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `XContainer`.
pub(crate) static XCONTAINER: TypeDef = TypeDef {
    name: "System.Xml.Linq.XContainer",
    kind: TypeKind::Class,
    bases: &["XNode"],
    values: &[],
    members: &[
        member("void Add(object content)", add_content),
        member("void Add(params object[] content)", add_content),
        member("void AddFirst(object content)", add_first),
        member("void AddFirst(params object[] content)", add_first),
        member("XElement Element(XName name)", |call| {
            let Some(name) = Name::argument(call, 1) else {
                return this(call).map(|_| Value::Null);
            };
            let found = elements(call.machine.heap, this(call)?, Some(name));
            Ok(reference(found.first().copied()))
        }),
        member("IEnumerable<XElement> Elements()", |call| {
            super::xobject::children(call, &XELEMENT)
        }),
        member("IEnumerable<XElement> Elements(XName name)", |call| {
            super::xobject::children(call, &XELEMENT)
        }),
        member("IEnumerable<XElement> Descendants()", |call| {
            found(call, &XELEMENT, descendants)
        }),
        member("IEnumerable<XElement> Descendants(XName name)", |call| {
            found(call, &XELEMENT, descendants)
        }),
        member("IEnumerable<XNode> DescendantNodes()", |call| {
            found(call, &XNODE, descendants)
        }),
        member("IEnumerable<XNode> Nodes()", |call| {
            super::xobject::children(call, &XNODE)
        }),
        member("XNode FirstNode { get; }", |call| {
            Ok(reference(
                get(call.machine.heap, this(call)?)?
                    .children()
                    .first()
                    .copied(),
            ))
        }),
        member("XNode LastNode { get; }", |call| {
            Ok(reference(
                get(call.machine.heap, this(call)?)?
                    .children()
                    .last()
                    .copied(),
            ))
        }),
        member("void RemoveNodes()", |call| {
            clear(call.machine.heap, this(call)?, false)?;
            Ok(Value::Null)
        }),
        member("void ReplaceNodes(object content)", replace_nodes),
        member("void ReplaceNodes(params object[] content)", replace_nodes),
    ],
};

/// The children of a node.
pub(crate) fn children(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    heap.get::<Node>(id)
        .map(Node::children)
        .unwrap_or_default()
        .to_vec()
}

fn add_content(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    add_arguments(call, id, 1)?;
    Ok(Value::Null)
}

fn add_first(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let pieces = pieces(call.machine, call.arg(1))?;
    add(call.machine.heap, id, Some(0), pieces)?;
    Ok(Value::Null)
}

fn replace_nodes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let pieces = pieces(call.machine, call.arg(1))?;
    clear(call.machine.heap, id, false)?;
    add(call.machine.heap, id, None, pieces)?;
    Ok(Value::Null)
}
