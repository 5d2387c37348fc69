//! `XObject` and `XNode`, and the enums of their members.

use super::content::{add, pieces};
use super::name::Name;
use super::node::{
    DEPTH, Data, Node, ancestors, deep_equals, get, id_of, pick, place_of, remove, root, sibling,
};
use super::write;
use crate::heap::{Heap, HeapId};
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::sequence::{Sequence, from_fn, lazy};
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::Value;

const fn enumeration(name: &'static str, values: &'static [(&'static str, i64)]) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Enum,
        bases: &[],
        values,
        members: &[],
    }
}

/// `SaveOptions`.
pub(crate) static SAVE_OPTIONS: TypeDef = enumeration(
    "System.Xml.Linq.SaveOptions",
    &[
        ("None", 0),
        ("DisableFormatting", 1),
        ("OmitDuplicateNamespaces", 2),
    ],
);
/// `LoadOptions`.
pub(crate) static LOAD_OPTIONS: TypeDef = enumeration(
    "System.Xml.Linq.LoadOptions",
    &[
        ("None", 0),
        ("PreserveWhitespace", 1),
        ("SetBaseUri", 2),
        ("SetLineInfo", 4),
    ],
);
/// `XmlNodeType`.
pub(crate) static XML_NODE_TYPE: TypeDef = enumeration(
    "System.Xml.XmlNodeType",
    &[
        ("None", 0),
        ("Element", 1),
        ("Attribute", 2),
        ("Text", 3),
        ("CDATA", 4),
        ("EntityReference", 5),
        ("Entity", 6),
        ("ProcessingInstruction", 7),
        ("Comment", 8),
        ("Document", 9),
        ("DocumentType", 10),
        ("DocumentFragment", 11),
        ("Notation", 12),
        ("Whitespace", 13),
        ("SignificantWhitespace", 14),
        ("EndElement", 15),
        ("EndEntity", 16),
        ("XmlDeclaration", 17),
    ],
);

/// `XObject`.
pub(crate) static XOBJECT: TypeDef = TypeDef {
    name: "System.Xml.Linq.XObject",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("XElement Parent { get; }", |call| {
            let parent = get(call.machine.heap, this(call)?)?.parent;
            let element = parent.filter(|id| {
                call.machine
                    .heap
                    .get::<Node>(*id)
                    .is_some_and(Node::is_element)
            });
            Ok(reference(element))
        }),
        member("XDocument Document { get; }", |call| {
            let top = root(call.machine.heap, this(call)?);
            let document = matches!(get(call.machine.heap, top)?.data, Data::Document { .. });
            Ok(reference(document.then_some(top)))
        }),
        member("XmlNodeType NodeType { get; }", |call| {
            let number = match get(call.machine.heap, this(call)?)?.data {
                Data::Element { .. } => 1,
                Data::Attribute(..) => 2,
                Data::Text(_) => 3,
                Data::Section(_) => 4,
                Data::Instruction(..) => 7,
                Data::Comment(_) => 8,
                Data::DocumentType(_) => 10,
                Data::Document { .. } => 9,
            };
            Ok(Value::Enum(TypeRef(&XML_NODE_TYPE), number))
        }),
        member("string BaseUri { get; }", |call| {
            this(call).map(|_| Value::from(""))
        }),
        member("string ToString()", |call| to_text(call, true)),
    ],
};

/// `XNode`.
pub(crate) static XNODE: TypeDef = TypeDef {
    name: "System.Xml.Linq.XNode",
    kind: TypeKind::Class,
    bases: &["XObject"],
    values: &[],
    members: &[
        member("XNode NextNode { get; }", |call| {
            Ok(reference(sibling(call.machine.heap, this(call)?, 1)))
        }),
        member("XNode PreviousNode { get; }", |call| {
            Ok(reference(sibling(call.machine.heap, this(call)?, -1)))
        }),
        member("void Remove()", |call| {
            remove(call.machine.heap, this(call)?)?;
            Ok(Value::Null)
        }),
        member("void ReplaceWith(object content)", replace_with),
        member("void ReplaceWith(params object[] content)", replace_with),
        member("void AddAfterSelf(object content)", |call| {
            add_beside(call, 1)
        }),
        member("void AddAfterSelf(params object[] content)", |call| {
            add_beside(call, 1)
        }),
        member("void AddBeforeSelf(object content)", |call| {
            add_beside(call, 0)
        }),
        member("void AddBeforeSelf(params object[] content)", |call| {
            add_beside(call, 0)
        }),
        member("IEnumerable<XElement> Ancestors()", |call| {
            found(call, &ELEMENT, ancestors)
        }),
        member("IEnumerable<XElement> Ancestors(XName name)", |call| {
            found(call, &ELEMENT, ancestors)
        }),
        member("IEnumerable<XElement> ElementsAfterSelf()", |call| {
            found(call, &ELEMENT, after)
        }),
        member(
            "IEnumerable<XElement> ElementsAfterSelf(XName name)",
            |call| found(call, &ELEMENT, after),
        ),
        member("IEnumerable<XElement> ElementsBeforeSelf()", |call| {
            found(call, &ELEMENT, before)
        }),
        member(
            "IEnumerable<XElement> ElementsBeforeSelf(XName name)",
            |call| found(call, &ELEMENT, before),
        ),
        member("IEnumerable<XNode> NodesAfterSelf()", |call| {
            found(call, &XNODE, after)
        }),
        member("IEnumerable<XNode> NodesBeforeSelf()", |call| {
            found(call, &XNODE, before)
        }),
        member("static bool DeepEquals(XNode n1, XNode n2)", |call| {
            let heap = &*call.machine.heap;
            match (id_of(heap, call.arg(0)), id_of(heap, call.arg(1))) {
                (Some(a), Some(b)) => deep_equals(heap, a, b, DEPTH).map(Value::Bool),
                (a, b) => Ok((a == b).into()),
            }
        }),
        member("bool IsBefore(XNode node)", |call| {
            in_order(call).map(|order| order.is_lt().into())
        }),
        member("bool IsAfter(XNode node)", |call| {
            in_order(call).map(|order| order.is_gt().into())
        }),
        member(
            "static int CompareDocumentOrder(XNode n1, XNode n2)",
            |call| in_order(call).map(crate::args::order),
        ),
        member(
            "static XNodeEqualityComparer EqualityComparer { get; }",
            |_| Ok(super::comparer::equality()),
        ),
        member(
            "static XNodeDocumentOrderComparer DocumentOrderComparer { get; }",
            |_| Ok(super::comparer::order()),
        ),
        member("string ToString(SaveOptions options)", |call| {
            let indented = call.flags(1) & 1 == 0;
            to_text(call, indented)
        }),
    ],
};

use super::xelement::XELEMENT as ELEMENT;

/// The receiver.
pub(crate) fn this(call: &Call<'_, '_>) -> Result<HeapId, Throw> {
    id_of(call.machine.heap, call.arg(0)).ok_or_else(Throw::null_reference)
}

/// How the receiver, or first argument, and the next one follow each other in their document.
fn in_order(call: &mut Call<'_, '_>) -> Result<std::cmp::Ordering, Throw> {
    super::comparer::compare(call.machine, call.arg(0), call.arg(1))
}

/// A node, or `null`.
pub(crate) fn reference(id: Option<HeapId>) -> Value {
    id.map_or(Value::Null, Value::Ref)
}

fn to_text(call: &mut Call<'_, '_>, indented: bool) -> Result<Value, Throw> {
    let text = write::node(
        call.machine.heap,
        get(call.machine.heap, this(call)?)?,
        indented,
    )?;
    call.new_text(text)
}

/// What a function finds from the receiver, as a sequence: all nodes, or elements of the name in argument 1 if there is one.
pub(crate) fn found(
    call: &mut Call<'_, '_>,
    element: &'static TypeDef,
    find: fn(&Heap, HeapId) -> Vec<HeapId>,
) -> Result<Value, Throw> {
    let id = this(call)?;
    sequence(call, element, vec![id], find)
}

/// The children of the receiver, or its attributes, one after the other as the tree is then: elements of the name in
/// argument 1 if there is one, or all nodes.
pub(crate) fn children(call: &mut Call<'_, '_>, element: &'static TypeDef) -> Result<Value, Throw> {
    let container = this(call)?;
    let name = Name::argument(call, 1).cloned();
    let none = call.arguments.len() > 1 && name.is_none();
    let elements = std::ptr::eq(element, &ELEMENT);
    let attributes = std::ptr::eq(element, &super::xattribute::XATTRIBUTE);
    let start = move || {
        let name = name.clone();
        // What was given last with its place then; the next one is looked for behind it.
        let mut last: Option<(HeapId, usize)> = None;
        let mut done = none;
        from_fn(move |machine: &mut Machine<'_>| {
            while !done {
                machine.step(1)?;
                let node = get(machine.heap, container)?;
                let list = match attributes {
                    true => node.attributes(),
                    false => node.children(),
                };
                let place = match last {
                    None => Some(0),
                    Some((last, place)) if list.get(place) == Some(&last) => Some(place + 1),
                    // It was moved; one that was taken out ends it.
                    Some((last, _)) => {
                        let length = list.len();
                        let place = list.iter().position(|other| *other == last);
                        machine.work(length)?;
                        place.map(|place| place + 1)
                    }
                };
                let node = get(machine.heap, container)?;
                let list = match attributes {
                    true => node.attributes(),
                    false => node.children(),
                };
                let next = place.and_then(|place| Some((*list.get(place)?, place)));
                let Some((next, place)) = next else {
                    done = true;
                    break;
                };
                last = Some((next, place));
                let heap = &*machine.heap;
                let fits = !elements || !pick(heap, &[next], name.as_ref()).is_empty();
                if fits {
                    return Ok(Some(Value::Ref(next)));
                }
            }
            Ok(None)
        })
    };
    Ok(Value::object(Sequence::new(Type::plain(element), start)))
}

/// As [`found`], from several nodes.
fn sequence(
    call: &Call<'_, '_>,
    element: &'static TypeDef,
    from: Vec<HeapId>,
    find: fn(&Heap, HeapId) -> Vec<HeapId>,
) -> Result<Value, Throw> {
    let name = Name::argument(call, 1).cloned();
    // Without the argument all are meant; a null name means none.
    let none = call.arguments.len() > 1 && name.is_none();
    Ok(lazy(
        Type::plain(element),
        move |machine: &mut Machine<'_>| {
            let mut all = Vec::new();
            for id in from.iter().filter(|_| !none) {
                let nodes = find(machine.heap, *id);
                machine.step(u64::try_from(nodes.len()).unwrap_or(u64::MAX))?;
                all.extend(match std::ptr::eq(element, &ELEMENT) {
                    true => pick(machine.heap, &nodes, name.as_ref()),
                    false => nodes,
                });
            }
            Ok(all.into_iter().map(Value::Ref).collect())
        },
    ))
}

fn beside(heap: &Heap, id: HeapId, after: bool) -> Vec<HeapId> {
    let Some((parent, place)) = place_of(heap, id) else {
        return Vec::new();
    };
    let children = heap
        .get::<Node>(parent)
        .map(Node::children)
        .unwrap_or_default();
    let part = match after {
        true => children.get(place + 1..),
        false => children.get(..place),
    };
    part.unwrap_or_default().to_vec()
}

fn after(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    beside(heap, id, true)
}

fn before(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    beside(heap, id, false)
}

fn parent_of(call: &Call<'_, '_>) -> Result<(HeapId, usize), Throw> {
    place_of(call.machine.heap, this(call)?)
        .ok_or_else(|| Throw::invalid_operation("The parent is missing."))
}

fn add_beside(call: &mut Call<'_, '_>, offset: usize) -> Result<Value, Throw> {
    let (parent, place) = parent_of(call)?;
    let pieces = pieces(call.machine, call.arg(1))?;
    add(call.machine.heap, parent, Some(place + offset), pieces)?;
    Ok(Value::Null)
}

fn replace_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (parent, place) = parent_of(call)?;
    let pieces = pieces(call.machine, call.arg(1))?;
    remove(call.machine.heap, this(call)?)?;
    add(call.machine.heap, parent, Some(place), pieces)?;
    Ok(Value::Null)
}
