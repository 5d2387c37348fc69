//! XML nodes and attributes on the heap, and what is done to the tree they form.

use super::document_type::{DocumentType, XDOCUMENT_TYPE};
use super::leaf::{XCDATA, XCOMMENT, XINSTRUCTION, XTEXT};
use super::name::Name;
use super::write;
use super::xattribute::XATTRIBUTE;
use super::xdocument::XDOCUMENT;
use super::xelement::XELEMENT;
use crate::heap::{Heap, HeapId, HeapObject};
use crate::machine::Machine;
use crate::str::{Builder, Str};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// How many attributes an element may have: each is looked for among the others.
pub(crate) const ATTRIBUTES: usize = 256;

/// What is done with a node each time it is looked at, in bytes that could have been copied instead.
const VISIT: usize = 512;

/// What passing a sibling costs, in the same.
const MOVED: usize = 16;

/// How deep a tree may be that is read or walked.
pub(crate) const DEPTH: usize = 300;

/// An `XObject`.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) parent: Option<HeapId>,
    pub(crate) data: Data,
}

/// What it is.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    Document {
        declaration: Value,
        children: Vec<HeapId>,
    },
    Element {
        name: Name,
        attributes: Vec<HeapId>,
        children: Vec<HeapId>,
        /// Whether it has an end tag of its own though it has no children.
        open: bool,
    },
    Attribute(Name, Str),
    Text(Str),
    /// `<![CDATA[…]]>`.
    Section(Str),
    Comment(Str),
    Instruction(Str, Str),
    /// `<!DOCTYPE …>`.
    DocumentType(Box<DocumentType>),
}

impl HeapObject for Node {
    fn type_of(&self) -> Type {
        Type::plain(match &self.data {
            Data::Document { .. } => &XDOCUMENT,
            Data::Element { .. } => &XELEMENT,
            Data::Attribute(..) => &XATTRIBUTE,
            Data::Text(_) => &XTEXT,
            Data::Section(_) => &XCDATA,
            Data::Comment(_) => &XCOMMENT,
            Data::Instruction(..) => &XINSTRUCTION,
            Data::DocumentType(_) => &XDOCUMENT_TYPE,
        })
    }

    fn to_text(&self, heap: &Heap) -> Result<Option<Str>, Throw> {
        write::node(heap, self, true).map(|text| Some(text.into()))
    }
}

impl Node {
    pub(crate) fn children(&self) -> &[HeapId] {
        match &self.data {
            Data::Document { children, .. } | Data::Element { children, .. } => children,
            _ => &[],
        }
    }

    pub(crate) fn attributes(&self) -> &[HeapId] {
        match &self.data {
            Data::Element { attributes, .. } => attributes,
            _ => &[],
        }
    }

    pub(crate) fn name(&self) -> Option<&Name> {
        match &self.data {
            Data::Element { name, .. } | Data::Attribute(name, _) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn is_element(&self) -> bool {
        matches!(self.data, Data::Element { .. })
    }

    fn list_mut(&mut self, attribute: bool) -> Option<&mut Vec<HeapId>> {
        match &mut self.data {
            Data::Element { attributes, .. } if attribute => Some(attributes),
            Data::Document { children, .. } | Data::Element { children, .. } if !attribute => {
                Some(children)
            }
            _ => None,
        }
    }
}

/// The node there.
pub(crate) fn get(heap: &Heap, id: HeapId) -> Result<&Node, Throw> {
    heap.spend(VISIT);
    heap.get(id).ok_or_else(Throw::null_reference)
}

pub(crate) fn get_mut(heap: &mut Heap, id: HeapId) -> Result<&mut Node, Throw> {
    heap.get_mut(id).ok_or_else(Throw::null_reference)
}

/// The place of the node that a value refers to.
pub(crate) fn id_of(heap: &Heap, value: &Value) -> Option<HeapId> {
    match value {
        Value::Ref(id) => heap.get::<Node>(*id).map(|_| *id),
        _ => None,
    }
}

pub(crate) fn alloc(heap: &mut Heap, data: Data) -> Result<HeapId, Throw> {
    heap.alloc_id(Node { parent: None, data })
}

/// A new element without content.
pub(crate) fn element(heap: &mut Heap, name: Name) -> Result<HeapId, Throw> {
    alloc(
        heap,
        Data::Element {
            name,
            attributes: Vec::new(),
            children: Vec::new(),
            open: false,
        },
    )
}

fn is_attribute(heap: &Heap, id: HeapId) -> bool {
    heap.get::<Node>(id)
        .is_some_and(|node| matches!(node.data, Data::Attribute(..)))
}

/// Puts a node or attribute into a container, at that place; one that is in another already is copied.
pub(crate) fn insert(
    heap: &mut Heap,
    container: HeapId,
    place: usize,
    child: HeapId,
) -> Result<(), Throw> {
    let node = get(heap, child)?;
    let child = match node.parent.is_some() || root(heap, container) == child {
        true => copy(heap, child)?,
        false => child,
    };
    let attribute = is_attribute(heap, child);
    if attribute && get(heap, container)?.attributes().len() >= ATTRIBUTES {
        return Err(Throw::limit("its XML has too many attributes"));
    }
    if attribute
        && let Some(name) = get(heap, child)?.name().cloned()
        && attribute_of(heap, container, &name).is_some()
    {
        return Err(Throw::invalid_operation("Duplicate attribute."));
    }
    let second = matches!(get(heap, container)?.data, Data::Document { .. })
        && get(heap, child)?.is_element()
        && !elements(heap, container, None).is_empty();
    if second {
        return Err(Throw::invalid_operation(
            "This operation would create an incorrectly structured document.",
        ));
    }
    heap.charge(size_of::<HeapId>())?;
    let length = get(heap, container)?.children().len();
    heap.spend(length.saturating_sub(place).saturating_mul(MOVED));
    let Some(list) = get_mut(heap, container)?.list_mut(attribute) else {
        return Err(Throw::argument("An attribute cannot be added to content."));
    };
    list.insert(place.min(list.len()), child);
    get_mut(heap, child)?.parent = Some(container);
    Ok(())
}

/// Adds a node or attribute behind the others.
pub(crate) fn push(heap: &mut Heap, container: HeapId, child: HeapId) -> Result<(), Throw> {
    insert(heap, container, usize::MAX, child)
}

/// The place of a node or attribute in its parent.
pub(crate) fn place_of(heap: &Heap, id: HeapId) -> Option<(HeapId, usize)> {
    let parent = heap.get::<Node>(id)?.parent?;
    let node = heap.get::<Node>(parent)?;
    let list = match is_attribute(heap, id) {
        true => node.attributes(),
        false => node.children(),
    };
    heap.spend(list.len().saturating_mul(MOVED));
    let place = list.iter().position(|other| *other == id)?;
    Some((parent, place))
}

/// The sibling that many places on.
pub(crate) fn sibling(heap: &Heap, id: HeapId, offset: isize) -> Option<HeapId> {
    let (parent, place) = place_of(heap, id)?;
    let node = heap.get::<Node>(parent)?;
    let list = match is_attribute(heap, id) {
        true => node.attributes(),
        false => node.children(),
    };
    list.get(place.checked_add_signed(offset)?).copied()
}

/// Takes a node or attribute out of its parent.
pub(crate) fn remove(heap: &mut Heap, id: HeapId) -> Result<(), Throw> {
    let Some((parent, place)) = place_of(heap, id) else {
        return Err(Throw::invalid_operation("The parent is missing."));
    };
    let attribute = is_attribute(heap, id);
    if let Some(list) = get_mut(heap, parent)?.list_mut(attribute) {
        list.remove(place);
    }
    get_mut(heap, id)?.parent = None;
    Ok(())
}

/// Takes all children out, or all attributes.
pub(crate) fn clear(heap: &mut Heap, id: HeapId, attributes: bool) -> Result<(), Throw> {
    let node = get(heap, id)?;
    let list = match attributes {
        true => node.attributes().to_vec(),
        false => node.children().to_vec(),
    };
    for child in list {
        get_mut(heap, child)?.parent = None;
    }
    let node = get_mut(heap, id)?;
    if let Some(list) = node.list_mut(attributes) {
        list.clear();
    }
    if let (Data::Element { open, .. }, false) = (&mut node.data, attributes) {
        *open = false;
    }
    Ok(())
}

/// The node at the top.
pub(crate) fn root(heap: &Heap, id: HeapId) -> HeapId {
    let mut top = id;
    while let Some(parent) = heap.get::<Node>(top).and_then(|node| node.parent) {
        top = parent;
    }
    top
}

/// A copy of the tree, without parent.
pub(crate) fn copy(heap: &mut Heap, id: HeapId) -> Result<HeapId, Throw> {
    copy_within(heap, id, DEPTH)
}

/// One level down, unless that is too deep.
pub(crate) fn descend(depth: usize) -> Result<usize, Throw> {
    depth
        .checked_sub(1)
        .ok_or_else(|| Throw::limit("its XML is nested too deeply"))
}

fn copy_within(heap: &mut Heap, id: HeapId, depth: usize) -> Result<HeapId, Throw> {
    let depth = descend(depth)?;
    let node = get(heap, id)?;
    let below: Vec<_> = node
        .attributes()
        .iter()
        .chain(node.children())
        .copied()
        .collect();
    let mut data = node.data.clone();
    match &mut data {
        Data::Document { children, .. } => children.clear(),
        Data::Element {
            attributes,
            children,
            ..
        } => {
            attributes.clear();
            children.clear();
        }
        _ => {}
    }
    let new = alloc(heap, data)?;
    for child in below {
        let child = copy_within(heap, child, depth)?;
        push(heap, new, child)?;
    }
    Ok(new)
}

/// The attribute of that name.
pub(crate) fn attribute_of(heap: &Heap, element: HeapId, name: &Name) -> Option<HeapId> {
    let attributes = heap.get::<Node>(element)?.attributes();
    attributes
        .iter()
        .copied()
        .find(|id| heap.get::<Node>(*id).and_then(Node::name) == Some(name))
}

/// The child elements, of one name if it is given.
pub(crate) fn elements(heap: &Heap, id: HeapId, name: Option<&Name>) -> Vec<HeapId> {
    let children = heap.get::<Node>(id).map(Node::children);
    pick(heap, children.unwrap_or_default(), name)
}

/// Of those nodes the elements, of one name if it is given.
pub(crate) fn pick(heap: &Heap, nodes: &[HeapId], name: Option<&Name>) -> Vec<HeapId> {
    nodes
        .iter()
        .copied()
        .filter(|id| {
            heap.get::<Node>(*id).is_some_and(|node| {
                node.is_element() && name.is_none_or(|name| node.name() == Some(name))
            })
        })
        .collect()
}

/// All nodes below, in document order.
pub(crate) fn descendants(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    let reversed = |id: HeapId| {
        let mut children = heap
            .get::<Node>(id)
            .map(|node| node.children().to_vec())
            .unwrap_or_default();
        children.reverse();
        children
    };
    let mut found = Vec::new();
    let mut open = reversed(id);
    while let Some(id) = open.pop() {
        found.push(id);
        open.extend(reversed(id));
    }
    found
}

/// How two nodes of one tree follow each other in the document; `None` if they have no common ancestor.
pub(crate) fn order(
    machine: &mut Machine<'_>,
    a: HeapId,
    b: HeapId,
) -> Result<Option<std::cmp::Ordering>, Throw> {
    let (top, a) = way(machine, a)?;
    let (other, b) = way(machine, b)?;
    Ok((top == other).then(|| a.cmp(&b)))
}

/// The node at the top, and the places on the way down from there.
fn way(machine: &mut Machine<'_>, id: HeapId) -> Result<(HeapId, Vec<usize>), Throw> {
    let (mut at, mut way) = (id, Vec::new());
    while let Some((parent, place)) = place_of(machine.heap, at) {
        machine.step(1)?;
        machine.work(place)?;
        way.push(place);
        at = parent;
    }
    way.reverse();
    Ok((at, way))
}

/// The elements above, near ones first.
pub(crate) fn ancestors(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    let mut found = Vec::new();
    let mut next = heap.get::<Node>(id).and_then(|node| node.parent);
    while let Some(id) = next {
        found.push(id);
        next = heap.get::<Node>(id).and_then(|node| node.parent);
    }
    pick(heap, &found, None)
}

/// The text of a node: of an element all the texts in it.
pub(crate) fn value(heap: &Heap, id: HeapId) -> Result<Str, Throw> {
    let mut text = Builder::default();
    for id in std::iter::once(id).chain(descendants(heap, id)) {
        match &get(heap, id)?.data {
            Data::Text(part) | Data::Section(part) | Data::Attribute(_, part) => text.push(part),
            _ => {}
        }
        // Texts are shared between nodes, and so may be far longer together than the heap is large.
        if text.size() > write::LIMIT {
            return Err(Throw::limit("it made a string longer than is allowed"));
        }
    }
    Ok(text.finish())
}

/// `XNode.DeepEquals`.
pub(crate) fn deep_equals(heap: &Heap, a: HeapId, b: HeapId, depth: usize) -> Result<bool, Throw> {
    let depth = descend(depth)?;
    let (a, b) = (get(heap, a)?, get(heap, b)?);
    let same = match (&a.data, &b.data) {
        (
            Data::Element {
                name: x,
                open: c,
                children: m,
                ..
            },
            Data::Element {
                name: y,
                open: d,
                children: n,
                ..
            },
        ) => x == y && (m.is_empty() && !c) == (n.is_empty() && !d),
        (Data::Attribute(x, v), Data::Attribute(y, w)) => x == y && v == w,
        (Data::Text(v), Data::Text(w))
        | (Data::Section(v), Data::Section(w))
        | (Data::Comment(v), Data::Comment(w)) => v == w,
        (Data::Instruction(x, v), Data::Instruction(y, w)) => x == y && v == w,
        (Data::DocumentType(x), Data::DocumentType(y)) => x == y,
        (Data::Document { .. }, Data::Document { .. }) => true,
        _ => false,
    };
    let lists = [
        (a.attributes(), b.attributes()),
        (a.children(), b.children()),
    ];
    if !same || lists.iter().any(|(a, b)| a.len() != b.len()) {
        return Ok(false);
    }
    for (a, b) in lists.iter().flat_map(|(a, b)| a.iter().zip(*b)) {
        if !deep_equals(heap, *a, *b, depth)? {
            return Ok(false);
        }
    }
    Ok(true)
}
