//! JSON tokens on the heap, and what is done to the tree they form.

use std::cmp::Ordering;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::jarray::JARRAY;
use super::jconstructor::JCONSTRUCTOR;
use super::jobject::JOBJECT;
use super::jproperty::JPROPERTY;
use super::jvalue::{JRAW, JVALUE};
use super::kind::Kind;
use super::{document, value, write};
use crate::heap::{Heap, HeapId, HeapObject, Iterate};
use crate::ops;
use crate::sequence::from_fn;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// How deep a tree may be that is walked; a policy can build a deeper one, but not read it.
const DEPTH: usize = 400;

/// A `JToken`.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) parent: Option<HeapId>,
    /// Counts changes of the children, so that a running enumeration notices.
    version: u32,
    pub(crate) node: Node,
}

/// What a token holds.
#[derive(Debug)]
pub(crate) enum Node {
    /// Properties by name, in order.
    Object(Box<Properties>),
    Array(Vec<HeapId>),
    /// `new Name(…)`, which Newtonsoft reads beside JSON.
    Constructor(Str, Vec<HeapId>),
    Property(Str, Option<HeapId>),
    Value(Kind, Value),
}

pub(crate) type Properties = IndexMap<Str, HeapId, RandomState>;

impl Token {
    pub(crate) fn new(node: Node) -> Token {
        Token {
            parent: None,
            version: 0,
            node,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match &self.node {
            Node::Object(_) => Kind::Object,
            Node::Array(_) => Kind::Array,
            Node::Constructor(..) => Kind::Constructor,
            Node::Property(..) => Kind::Property,
            Node::Value(kind, _) => *kind,
        }
    }

    pub(crate) fn children(&self) -> Vec<HeapId> {
        match &self.node {
            Node::Object(properties) => properties.values().copied().collect(),
            Node::Array(items) | Node::Constructor(_, items) => items.clone(),
            Node::Property(_, value) => value.iter().copied().collect(),
            Node::Value(..) => Vec::new(),
        }
    }

    fn child(&self, place: usize) -> Option<HeapId> {
        match &self.node {
            Node::Object(properties) => properties.get_index(place).map(|(_, id)| *id),
            Node::Array(items) | Node::Constructor(_, items) => items.get(place).copied(),
            Node::Property(_, value) => value.filter(|_| place == 0),
            Node::Value(..) => None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.node {
            Node::Object(properties) => properties.len(),
            Node::Array(items) | Node::Constructor(_, items) => items.len(),
            Node::Property(_, value) => usize::from(value.is_some()),
            Node::Value(..) => 0,
        }
    }

    /// The full .NET name of its type, as messages have it.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.node {
            Node::Object(_) => JOBJECT.name,
            Node::Array(_) => JARRAY.name,
            Node::Constructor(..) => JCONSTRUCTOR.name,
            Node::Property(..) => JPROPERTY.name,
            Node::Value(Kind::Raw, _) => JRAW.name,
            Node::Value(..) => JVALUE.name,
        }
    }

    /// The name without the namespace.
    pub(crate) fn simple_name(&self) -> &'static str {
        let full = self.type_name();
        full.rsplit_once('.').map_or(full, |(_, name)| name)
    }
}

impl HeapObject for Token {
    fn type_of(&self) -> Type {
        Type::plain(match &self.node {
            Node::Object(_) => &JOBJECT,
            Node::Array(_) => &JARRAY,
            Node::Constructor(..) => &JCONSTRUCTOR,
            Node::Property(..) => &JPROPERTY,
            Node::Value(Kind::Raw, _) => &JRAW,
            Node::Value(..) => &JVALUE,
        })
    }

    fn to_text(&self, heap: &Heap) -> Result<Option<Str>, Throw> {
        match &self.node {
            Node::Value(Kind::Bytes, _) => Ok(Some(Str::from_static("System.Byte[]"))),
            Node::Value(_, value) => Ok(Some(value::text(value))),
            _ => write::token(heap, self, true).map(|text| Some(text.into())),
        }
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        let (version, mut next) = (self.version, 0);
        Some(from_fn(move |machine| {
            let token = get(machine.heap, this)?;
            if token.version != version {
                return Err(crate::collections::modified());
            }
            let child = token.child(next);
            next += 1;
            Ok(child.map(Value::Ref))
        }))
    }

    fn equals(&self, heap: &Heap, other: &Value) -> Option<bool> {
        let Node::Value(kind, value) = &self.node else {
            return None;
        };
        Some(match heap.of::<Token>(other).map(|other| &other.node) {
            Some(Node::Value(other_kind, other)) => same_value(*kind, value, *other_kind, other),
            _ => false,
        })
    }

    fn compare(&self, heap: &Heap, other: &Value) -> Option<Ordering> {
        let Node::Value(kind, value) = &self.node else {
            return None;
        };
        match heap.of::<Token>(other).map(|other| &other.node) {
            Some(Node::Value(_, other)) => {
                let length = value.as_str().map_or(0, Str::size);
                heap.spend(length.saturating_mul(COMPARED));
                value::compare(*kind, value, other)
            }
            _ if other.is_null() => Some(Ordering::Greater),
            _ => value::compare(*kind, value, other),
        }
    }

    fn hash_code(&self, heap: &Heap) -> Option<i32> {
        match &self.node {
            Node::Value(_, value) => Some(ops::hash_code(heap, value)),
            _ => None,
        }
    }
}

fn same_value(kind: Kind, a: &Value, other: Kind, b: &Value) -> bool {
    kind == other && value::compare(kind, a, b) == Some(Ordering::Equal)
}

/// What comparing a byte of a string costs, in bytes that could have been copied instead.
const COMPARED: usize = 64;

/// The token there.
pub(crate) fn get(heap: &Heap, id: HeapId) -> Result<&Token, Throw> {
    let token: &Token = heap.get(id).ok_or_else(Throw::null_reference)?;
    if let Node::Value(_, Value::String(text)) = &token.node {
        heap.spend(text.size());
    }
    Ok(token)
}

/// The token there, its children about to change.
fn change(heap: &mut Heap, id: HeapId) -> Result<&mut Token, Throw> {
    let token = heap
        .get_mut::<Token>(id)
        .ok_or_else(Throw::null_reference)?;
    token.version = token.version.wrapping_add(1);
    Ok(token)
}

/// The place of the token that a value refers to.
pub(crate) fn id_of(heap: &Heap, value: &Value) -> Option<HeapId> {
    match value {
        Value::Ref(id) if document::holds(heap, *id) => Some(*id),
        Value::Ref(id) => heap.get::<Token>(*id).map(|_| *id),
        _ => None,
    }
}

/// A new token without children or with a value.
pub(crate) fn alloc(heap: &mut Heap, node: Node) -> Result<HeapId, Throw> {
    heap.alloc_id(Token::new(node))
}

/// A new `JValue`.
pub(crate) fn scalar(heap: &mut Heap, kind: Kind, value: Value) -> Result<HeapId, Throw> {
    alloc(heap, Node::Value(kind, value))
}

/// A new `JValue` that is null.
pub(crate) fn null(heap: &mut Heap) -> Result<HeapId, Throw> {
    scalar(heap, Kind::Null, Value::Null)
}

/// A new empty `JObject`.
pub(crate) fn object(heap: &mut Heap) -> Result<HeapId, Throw> {
    alloc(heap, Node::Object(Box::default()))
}

/// A new `JProperty`.
pub(crate) fn property(heap: &mut Heap, name: Str, value: HeapId) -> Result<HeapId, Throw> {
    let property = alloc(heap, Node::Property(name, None))?;
    insert(heap, property, 0, value)?;
    Ok(property)
}

/// The property of that name of a `JObject`.
pub(crate) fn property_of(heap: &Heap, object: HeapId, name: &Str) -> Option<HeapId> {
    if let Some(found) = document::property_of(heap, object, name) {
        return found;
    }
    match &heap.get::<Token>(object)?.node {
        Node::Object(properties) => properties.get(name).copied(),
        _ => None,
    }
}

/// The value of a `JProperty`.
pub(crate) fn value_of(heap: &Heap, property: HeapId) -> Option<HeapId> {
    if let Some(value) = document::value_of(heap, property) {
        return Some(value);
    }
    match &heap.get::<Token>(property)?.node {
        Node::Property(_, value) => *value,
        _ => None,
    }
}

/// The value under that name in a `JObject`.
pub(crate) fn member_of(heap: &Heap, object: HeapId, name: &Str) -> Option<HeapId> {
    value_of(heap, property_of(heap, object, name)?)
}

/// The name of a `JProperty`.
pub(crate) fn name_of(heap: &Heap, property: HeapId) -> Option<&Str> {
    match &heap.get::<Token>(property)?.node {
        Node::Property(name, _) => Some(name),
        _ => None,
    }
}

/// The token at the top.
pub(crate) fn root(heap: &Heap, id: HeapId) -> HeapId {
    let mut top = id;
    while let Some(parent) = heap.get::<Token>(top).and_then(|token| token.parent) {
        top = parent;
    }
    top
}

/// A token is in one place only: one that has a parent already, or would hold itself, is copied.
fn own(heap: &mut Heap, container: HeapId, child: HeapId) -> Result<HeapId, Throw> {
    let token = get(heap, child)?;
    match token.parent.is_some() || child == container || root(heap, container) == child {
        true => copy(heap, child),
        false => Ok(child),
    }
}

/// What moving a token to another place costs, in bytes that could have been copied instead.
const MOVED: usize = 64;

/// Puts a token into a container, before the child at that place.
pub(crate) fn insert(
    heap: &mut Heap,
    container: HeapId,
    place: usize,
    child: HeapId,
) -> Result<(), Throw> {
    check(heap, container, child)?;
    let child = own(heap, container, child)?;
    heap.charge(size_of::<HeapId>() * 4)?;
    let length = get(heap, container)?.len();
    heap.room(length + 1)?;
    heap.spend(length.saturating_sub(place).saturating_mul(MOVED));
    let name = name_of(heap, child).cloned();
    let target = change(heap, container)?;
    let name_taken = match (&mut target.node, name) {
        (Node::Object(properties), Some(name)) => match properties.contains_key(&name) {
            true => Some(name),
            false => {
                properties.shift_insert(place.min(properties.len()), name, child);
                None
            }
        },
        (Node::Array(items) | Node::Constructor(_, items), _) => {
            items.insert(place.min(items.len()), child);
            None
        }
        (Node::Property(_, slot @ None), _) => {
            *slot = Some(child);
            None
        }
        _ => {
            return Err(json_exception(format!(
                "{} cannot have multiple values.",
                JPROPERTY.name
            )));
        }
    };
    if let Some(name) = name_taken {
        return Err(Throw::argument(format!(
            "Can not add property {name} to {}. Property with the same name already exists on object.",
            JOBJECT.name
        )));
    }
    set_parent(heap, child, Some(container));
    Ok(())
}

/// Adds a token behind the others.
pub(crate) fn push(heap: &mut Heap, container: HeapId, child: HeapId) -> Result<(), Throw> {
    let place = get(heap, container)?.len();
    insert(heap, container, place, child)
}

/// Objects hold properties, and nothing else does.
fn check(heap: &Heap, container: HeapId, child: HeapId) -> Result<(), Throw> {
    let (container, child) = (get(heap, container)?, get(heap, child)?);
    let fits = match container.node {
        Node::Object(_) => matches!(child.node, Node::Property(..)),
        Node::Value(..) => false,
        _ => !matches!(child.node, Node::Property(..)),
    };
    match fits {
        true => Ok(()),
        false => Err(Throw::argument(format!(
            "Can not add {} to {}.",
            child.type_name(),
            container.type_name()
        ))),
    }
}

fn set_parent(heap: &mut Heap, id: HeapId, parent: Option<HeapId>) {
    if let Some(token) = heap.get_mut::<Token>(id) {
        token.parent = parent;
    }
}

/// The place of a token among its siblings.
pub(crate) fn place_in(heap: &Heap, parent: HeapId, child: HeapId) -> Option<usize> {
    match &heap.get::<Token>(parent)?.node {
        Node::Object(properties) => properties.get_index_of(name_of(heap, child)?),
        Node::Array(items) | Node::Constructor(_, items) => {
            heap.spend(items.len().saturating_mul(16));
            items.iter().position(|item| *item == child)
        }
        Node::Property(_, value) => (*value == Some(child)).then_some(0),
        Node::Value(..) => None,
    }
}

/// The sibling that many places on.
pub(crate) fn sibling(heap: &Heap, id: HeapId, offset: isize) -> Option<HeapId> {
    let parent = heap.get::<Token>(id)?.parent?;
    let place = place_in(heap, parent, id)?.checked_add_signed(offset)?;
    heap.get::<Token>(parent)?.child(place)
}

/// First and last child.
pub(crate) fn ends(heap: &Heap, id: HeapId) -> Option<(HeapId, HeapId)> {
    let token = heap.get::<Token>(id)?;
    Some((token.child(0)?, token.child(token.len().checked_sub(1)?)?))
}

/// The parent, or `InvalidOperationException`.
pub(crate) fn parent_of(heap: &Heap, id: HeapId) -> Result<HeapId, Throw> {
    get(heap, id)?
        .parent
        .ok_or_else(|| Throw::invalid_operation("The parent is missing."))
}

/// Takes a token out of its parent.
pub(crate) fn remove(heap: &mut Heap, id: HeapId) -> Result<(), Throw> {
    let parent = parent_of(heap, id)?;
    heap.spend(get(heap, parent)?.len().saturating_mul(16));
    let place = place_in(heap, parent, id);
    match (&mut change(heap, parent)?.node, place) {
        (Node::Object(properties), Some(place)) => {
            properties.shift_remove_index(place);
        }
        (Node::Array(items) | Node::Constructor(_, items), Some(place)) => {
            items.remove(place);
        }
        _ => {
            return Err(json_exception(format!(
                "Cannot add or remove items from {}.",
                JPROPERTY.name
            )));
        }
    }
    set_parent(heap, id, None);
    Ok(())
}

/// The children of a token.
pub(crate) fn children(heap: &Heap, id: HeapId) -> Result<Vec<HeapId>, Throw> {
    let token = get(heap, id)?;
    heap.spend(token.len().saturating_mul(MOVED));
    Ok(token.children())
}

/// Takes all children out.
pub(crate) fn clear(heap: &mut Heap, id: HeapId) -> Result<(), Throw> {
    for child in get(heap, id)?.children() {
        set_parent(heap, child, None);
    }
    match &mut change(heap, id)?.node {
        Node::Object(properties) => properties.clear(),
        Node::Array(items) | Node::Constructor(_, items) => items.clear(),
        _ => {
            return Err(json_exception(format!(
                "Cannot add or remove items from {}.",
                JPROPERTY.name
            )));
        }
    }
    Ok(())
}

/// Puts another token in a token's place.
pub(crate) fn replace(heap: &mut Heap, id: HeapId, with: HeapId) -> Result<(), Throw> {
    let parent = parent_of(heap, id)?;
    if id == with {
        return Ok(());
    }
    check(heap, parent, with)?;
    let with = own(heap, parent, with)?;
    if matches!(get(heap, parent)?.node, Node::Object(_)) {
        let place = place_in(heap, parent, id).unwrap_or(0);
        remove(heap, id)?;
        return insert(heap, parent, place, with);
    }
    let place = place_in(heap, parent, id);
    match (&mut change(heap, parent)?.node, place) {
        (Node::Array(items) | Node::Constructor(_, items), Some(place)) => {
            if let Some(slot) = items.get_mut(place) {
                *slot = with;
            }
        }
        (Node::Property(_, slot), _) => *slot = Some(with),
        _ => {}
    }
    set_parent(heap, id, None);
    set_parent(heap, with, Some(parent));
    Ok(())
}

/// Sets the value of a `JProperty`.
pub(crate) fn set_value(heap: &mut Heap, property: HeapId, value: HeapId) -> Result<(), Throw> {
    match value_of(heap, property) {
        Some(old) => replace(heap, old, value),
        None => insert(heap, property, 0, value),
    }
}

/// Sets the value under a name of a `JObject`, adding a property if there is none.
pub(crate) fn set_member(
    heap: &mut Heap,
    object: HeapId,
    name: Str,
    value: HeapId,
) -> Result<(), Throw> {
    match property_of(heap, object, &name) {
        Some(property) => set_value(heap, property, value),
        None => {
            let property = property(heap, name, value)?;
            push(heap, object, property)
        }
    }
}

/// A copy of the tree, without parent.
pub(crate) fn copy(heap: &mut Heap, id: HeapId) -> Result<HeapId, Throw> {
    copy_within(heap, id, DEPTH)
}

fn copy_within(heap: &mut Heap, id: HeapId, depth: usize) -> Result<HeapId, Throw> {
    let depth = descend(depth)?;
    let token = get(heap, id)?;
    let node = match &token.node {
        Node::Object(_) => Node::Object(Box::default()),
        Node::Array(_) => Node::Array(Vec::new()),
        Node::Constructor(name, _) => Node::Constructor(name.clone(), Vec::new()),
        Node::Property(name, _) => Node::Property(name.clone(), None),
        Node::Value(kind, value) => Node::Value(*kind, value.clone()),
    };
    let children = token.children();
    let new = alloc(heap, node)?;
    for child in children {
        let child = copy_within(heap, child, depth)?;
        push(heap, new, child)?;
    }
    Ok(new)
}

/// One level down, unless that is too deep.
pub(crate) fn descend(depth: usize) -> Result<usize, Throw> {
    depth
        .checked_sub(1)
        .ok_or_else(|| Throw::limit("its JSON is nested too deeply"))
}

/// The depth to begin with for [`descend`].
pub(crate) const fn depth() -> usize {
    DEPTH
}

/// `JToken.DeepEquals`: properties in any order.
pub(crate) fn deep_equals(heap: &Heap, a: HeapId, b: HeapId) -> Result<bool, Throw> {
    deep_equals_within(heap, a, b, DEPTH)
}

fn deep_equals_within(heap: &Heap, a: HeapId, b: HeapId, depth: usize) -> Result<bool, Throw> {
    let depth = descend(depth)?;
    let all = |pairs: &mut dyn Iterator<Item = (HeapId, HeapId)>| -> Result<bool, Throw> {
        for (a, b) in pairs {
            if !deep_equals_within(heap, a, b, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match (&get(heap, a)?.node, &get(heap, b)?.node) {
        (Node::Value(x, a), Node::Value(y, b)) => Ok(same_value(*x, a, *y, b)),
        (Node::Array(a), Node::Array(b)) => {
            Ok(a.len() == b.len() && all(&mut a.iter().copied().zip(b.iter().copied()))?)
        }
        (Node::Constructor(x, a), Node::Constructor(y, b)) => {
            Ok(x == y && a.len() == b.len() && all(&mut a.iter().copied().zip(b.iter().copied()))?)
        }
        (Node::Property(x, a), Node::Property(y, b)) => {
            Ok(x == y && all(&mut a.iter().copied().zip(b.iter().copied()))?)
        }
        (Node::Object(a), Node::Object(b)) => {
            if a.len() != b.len() || !a.keys().all(|name| b.contains_key(name)) {
                return Ok(false);
            }
            all(&mut a
                .iter()
                .filter_map(|(name, value)| b.get(name).map(|other| (*value, *other))))
        }
        _ => Ok(false),
    }
}

/// `JToken.Path`.
pub(crate) fn path(heap: &Heap, id: HeapId) -> String {
    let mut parts = Vec::new();
    if heap
        .get::<Token>(id)
        .is_some_and(|token| token.parent.is_none())
    {
        return String::new();
    }
    let mut next = Some(id);
    while let Some(id) = next {
        let Some(token) = heap.get::<Token>(id) else {
            break;
        };
        if let Node::Property(name, _) = &token.node {
            parts.push(Step::Name(name.to_string()));
        } else if let Some(parent) = token.parent
            && let Some(Node::Array(_) | Node::Constructor(..)) =
                heap.get::<Token>(parent).map(|parent| &parent.node)
        {
            parts.push(Step::Index(place_in(heap, parent, id).unwrap_or(0)));
        }
        next = token.parent;
    }
    parts.reverse();
    path_text(&parts)
}

/// A step of a path.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

/// `a.b[0]['c d']`.
pub(crate) fn path_text(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Name(name)
                if name.contains(|c: char| {
                    " '/\"[]()\t\n\r\u{c}\u{8}\\\u{85}\u{2028}\u{2029}.".contains(c)
                }) =>
            {
                text.push_str("['");
                text.push_str(&name.replace('\\', "\\\\").replace('\'', "\\'"));
                text.push_str("']");
            }
            Step::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
        }
    }
    text
}

/// All tokens below, in document order.
pub(crate) fn descendants(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    let mut found = Vec::new();
    let mut open = children_reversed(heap, id);
    while let Some(id) = open.pop() {
        found.push(id);
        open.extend(children_reversed(heap, id));
    }
    found
}

fn children_reversed(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    let mut children = heap
        .get::<Token>(id)
        .map(Token::children)
        .unwrap_or_default();
    children.reverse();
    children
}

/// Newtonsoft's `JsonException`.
pub(crate) fn json_exception(message: impl Into<String>) -> Throw {
    Throw::new("Newtonsoft.Json.JsonException", message)
}
