//! `System.Xml.Linq.Extensions`: members of nodes on sequences of them.

use super::name::Name;
use super::node::{Node, ancestors, descendants, id_of, pick, remove};
use super::xattribute::XATTRIBUTE;
use super::xcontainer::children;
use super::xelement::XELEMENT;
use super::xobject::XNODE;
use crate::heap::{Heap, HeapId};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::lazy;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `Extensions`.
pub(crate) static EXTENSIONS: TypeDef = TypeDef {
    name: "System.Xml.Linq.Extensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        member(
            "static IEnumerable<XElement> Elements(this IEnumerable<XContainer> source)",
            |call| each(call, &XELEMENT, children),
        ),
        member(
            "static IEnumerable<XElement> Elements(this IEnumerable<XContainer> source, XName name)",
            |call| each(call, &XELEMENT, children),
        ),
        member(
            "static IEnumerable<XElement> Descendants(this IEnumerable<XContainer> source)",
            |call| each(call, &XELEMENT, descendants),
        ),
        member(
            "static IEnumerable<XElement> Descendants(this IEnumerable<XContainer> source, XName name)",
            |call| each(call, &XELEMENT, descendants),
        ),
        member(
            "static IEnumerable<XElement> Ancestors(this IEnumerable<XNode> source)",
            |call| each(call, &XELEMENT, ancestors),
        ),
        member(
            "static IEnumerable<XElement> Ancestors(this IEnumerable<XNode> source, XName name)",
            |call| each(call, &XELEMENT, ancestors),
        ),
        member(
            "static IEnumerable<XNode> Nodes(this IEnumerable<XContainer> source)",
            |call| each(call, &XNODE, children),
        ),
        member(
            "static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source)",
            |call| each(call, &XATTRIBUTE, attributes),
        ),
        member(
            "static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source, XName name)",
            |call| each(call, &XATTRIBUTE, attributes),
        ),
        member(
            "static void Remove(this IEnumerable<XAttribute> source)",
            remove_all,
        ),
        member(
            "static void Remove(this IEnumerable<XNode> source)",
            remove_all,
        ),
    ],
};

fn attributes(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    heap.get::<Node>(id)
        .map(Node::attributes)
        .unwrap_or_default()
        .to_vec()
}

/// What a function finds from each node of the source, of the name in argument 1 if there is one.
fn each(
    call: &mut Call<'_, '_>,
    element: &'static TypeDef,
    find: fn(&Heap, HeapId) -> Vec<HeapId>,
) -> Result<Value, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::argument_null("source"));
    }
    let (source, name) = (call.arg(0).clone(), Name::argument(call, 1).cloned());
    Ok(lazy(Type::plain(element), move |machine| {
        let mut all = Vec::new();
        for value in ops::collect(machine, &source)? {
            let Some(id) = id_of(machine.heap, &value) else {
                continue;
            };
            let nodes = find(machine.heap, id);
            machine.step(u64::try_from(nodes.len()).unwrap_or(u64::MAX))?;
            let heap = &*machine.heap;
            all.extend(match (std::ptr::eq(element, &XELEMENT), &name) {
                (true, name) => pick(heap, &nodes, name.as_ref()),
                (false, Some(name)) => nodes
                    .into_iter()
                    .filter(|id| heap.get::<Node>(*id).and_then(Node::name) == Some(name))
                    .collect(),
                (false, None) => nodes,
            });
        }
        Ok(all.into_iter().map(Value::Ref).collect())
    }))
}

fn remove_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    for value in ops::collect(call.machine, call.arg(0))? {
        if let Some(id) = id_of(call.machine.heap, &value) {
            remove(call.machine.heap, id)?;
        }
    }
    Ok(Value::Null)
}
