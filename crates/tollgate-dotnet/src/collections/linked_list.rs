//! `LinkedList<T>` and its nodes.

use crate::heap::{HeapId, HeapObject, Iterate};
use crate::linq;
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::from_fn;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `LinkedList<T>`.
pub(crate) static LINKED_LIST: TypeDef = TypeDef {
    name: "System.Collections.Generic.LinkedList<T>",
    kind: TypeKind::Class,
    bases: &["ICollection<T>", "IReadOnlyCollection<T>", "ICollection"],
    values: &[],
    members: &[
        member("new()", create),
        member("new(IEnumerable<T> collection)", create),
        member("int Count { get; }", super::count),
        member("LinkedListNode<T> First { get; }", |call| {
            Ok(reference(this(call)?.ends[0]))
        }),
        member("LinkedListNode<T> Last { get; }", |call| {
            Ok(reference(this(call)?.ends[1]))
        }),
        member("LinkedListNode<T> AddFirst(T value)", |call| {
            let before = this(call)?.ends[0];
            add_value(call, 1, before)
        }),
        member("LinkedListNode<T> AddLast(T value)", |call| {
            this(call)?;
            add_value(call, 1, None)
        }),
        member("void AddFirst(LinkedListNode<T> node)", |call| {
            let before = this(call)?.ends[0];
            add_node(call, 1, before)
        }),
        member("void AddLast(LinkedListNode<T> node)", |call| {
            this(call)?;
            add_node(call, 1, None)
        }),
        member(
            "LinkedListNode<T> AddBefore(LinkedListNode<T> node, T value)",
            |call| {
                let before = own(call)?;
                add_value(call, 2, Some(before))
            },
        ),
        member(
            "LinkedListNode<T> AddAfter(LinkedListNode<T> node, T value)",
            |call| {
                let before = after(call)?;
                add_value(call, 2, before)
            },
        ),
        member(
            "void AddBefore(LinkedListNode<T> node, LinkedListNode<T> newNode)",
            |call| {
                let before = own(call)?;
                add_node(call, 2, Some(before))
            },
        ),
        member(
            "void AddAfter(LinkedListNode<T> node, LinkedListNode<T> newNode)",
            |call| {
                let before = after(call)?;
                add_node(call, 2, before)
            },
        ),
        member("bool Remove(T value)", super::remove),
        member("void Remove(LinkedListNode<T> node)", |call| {
            let node = own(call)?;
            unlink(call.machine, node);
            Ok(Value::Null)
        }),
        member("void RemoveFirst()", |call| remove_end(call, 0)),
        member("void RemoveLast()", |call| remove_end(call, 1)),
        member("void Clear()", super::clear),
        member("bool Contains(T value)", super::contains),
        member("LinkedListNode<T> Find(T value)", |call| {
            Ok(reference(find(call.machine, call.arg(0), call.arg(1), 0)?))
        }),
        member("LinkedListNode<T> FindLast(T value)", |call| {
            Ok(reference(find(call.machine, call.arg(0), call.arg(1), 1)?))
        }),
        member("T[] ToArray()", linq::to_array),
        member("void CopyTo(T[] array, int index)", super::copy_to),
        member("IEnumerator<T> GetEnumerator()", super::get_enumerator),
    ],
};

/// `LinkedListNode<T>`.
pub(crate) static LINKED_LIST_NODE: TypeDef = TypeDef {
    name: "System.Collections.Generic.LinkedListNode<T>",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new(T value)", |call| {
            let (element, value) = (call.type_argument(0), call.arg(0).clone());
            call.machine.heap.alloc(Node {
                element,
                value,
                list: None,
                links: [None; 2],
            })
        }),
        member("T Value { get; }", |call| {
            node(call, 0).map(|node| node.value.clone())
        }),
        member("T Value { set; }", |call| {
            let value = call.arg(1).clone();
            let target = call.arg(0);
            let node = call.machine.heap.of_mut::<Node>(target);
            node.ok_or_else(Throw::null_reference)?.value = value;
            Ok(Value::Null)
        }),
        member("LinkedList<T> List { get; }", |call| {
            node(call, 0).map(|node| reference(node.list))
        }),
        member("LinkedListNode<T> Previous { get; }", |call| {
            node(call, 0).map(|node| reference(node.links[0]))
        }),
        member("LinkedListNode<T> Next { get; }", |call| {
            node(call, 0).map(|node| reference(node.links[1]))
        }),
    ],
};

/// A list on the heap; its nodes are there too.
#[derive(Debug)]
pub(crate) struct LinkedList {
    element: Type,
    /// The first and the last node.
    ends: [Option<HeapId>; 2],
    count: usize,
    version: u32,
}

#[derive(Debug)]
struct Node {
    element: Type,
    value: Value,
    list: Option<HeapId>,
    /// The nodes before and after.
    links: [Option<HeapId>; 2],
}

impl LinkedList {
    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

impl HeapObject for LinkedList {
    fn type_of(&self) -> Type {
        Type::generic(&LINKED_LIST, [self.element.clone()])
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        let (version, mut next) = (self.version, self.ends[0]);
        Some(from_fn(move |machine| {
            let list = machine.heap.get::<LinkedList>(this);
            if list.is_some_and(|list| list.version != version) {
                return Err(super::modified());
            }
            let Some(node) = next.and_then(|id| machine.heap.get::<Node>(id)) else {
                return Ok(None);
            };
            next = node.links[1];
            Ok(Some(node.value.clone()))
        }))
    }
}

impl HeapObject for Node {
    fn type_of(&self) -> Type {
        Type::generic(&LINKED_LIST_NODE, [self.element.clone()])
    }
}

fn reference(id: Option<HeapId>) -> Value {
    id.map_or(Value::Null, Value::Ref)
}

fn this<'a>(call: &'a Call<'_, '_>) -> Result<&'a LinkedList, Throw> {
    call.machine
        .heap
        .of(call.arg(0))
        .ok_or_else(Throw::null_reference)
}

fn node<'a>(call: &'a Call<'_, '_>, argument: usize) -> Result<&'a Node, Throw> {
    call.machine
        .heap
        .of(call.arg(argument))
        .ok_or_else(|| match argument {
            0 => Throw::null_reference(),
            _ => Throw::argument_null("node"),
        })
}

/// The node in argument 1, which has to be of this list.
fn own(call: &Call<'_, '_>) -> Result<HeapId, Throw> {
    this(call)?;
    match (call.arg(0), call.arg(1), node(call, 1)?.list) {
        (Value::Ref(list), Value::Ref(id), Some(owner)) if owner == *list => Ok(*id),
        _ => Err(Throw::invalid_operation(
            "The LinkedList node does not belong to current LinkedList.",
        )),
    }
}

/// The node after the one in argument 1.
fn after(call: &Call<'_, '_>) -> Result<Option<HeapId>, Throw> {
    own(call)?;
    Ok(node(call, 1)?.links[1])
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let values = match (call.arguments.len(), call.arg(0)) {
        (0, _) => Vec::new(),
        (_, Value::Null) => return Err(Throw::argument_null("collection")),
        (_, source) => {
            let source = source.clone();
            ops::collect(call.machine, &source)?
        }
    };
    let element = call.type_argument(0);
    let list = call.machine.heap.alloc_id(LinkedList {
        element: element.clone(),
        ends: [None; 2],
        count: 0,
        version: 0,
    })?;
    for value in values {
        append(call.machine, list, &element, value)?;
    }
    Ok(Value::Ref(list))
}

/// A new node at the end.
fn append(
    machine: &mut Machine<'_>,
    list: HeapId,
    element: &Type,
    value: Value,
) -> Result<HeapId, Throw> {
    let node = machine.heap.alloc_id(Node {
        element: element.clone(),
        value,
        list: None,
        links: [None; 2],
    })?;
    link(machine, list, node, None);
    Ok(node)
}

/// `ICollection<T>.Add`.
pub(crate) fn add(machine: &mut Machine<'_>, list: &Value, value: Value) -> Result<(), Throw> {
    if let (Value::Ref(id), Some(this)) = (list, machine.heap.of::<LinkedList>(list)) {
        let element = this.element.clone();
        append(machine, *id, &element, value)?;
    }
    Ok(())
}

/// Puts a node into a list before another, or at the end.
fn link(machine: &mut Machine<'_>, list: HeapId, node: HeapId, before: Option<HeapId>) {
    let heap = &mut *machine.heap;
    let previous = match before {
        Some(before) => heap.get::<Node>(before).and_then(|node| node.links[0]),
        None => heap.get::<LinkedList>(list).and_then(|list| list.ends[1]),
    };
    if let Some(node) = heap.get_mut::<Node>(node) {
        node.list = Some(list);
        node.links = [previous, before];
    }
    join(machine, list, previous, Some(node));
    join(machine, list, Some(node), before);
    if let Some(list) = machine.heap.get_mut::<LinkedList>(list) {
        list.count += 1;
        list.version = list.version.wrapping_add(1);
    }
}

/// Makes two nodes neighbours; `None` is the list's end.
fn join(machine: &mut Machine<'_>, list: HeapId, left: Option<HeapId>, right: Option<HeapId>) {
    let heap = &mut *machine.heap;
    match left {
        Some(left) => {
            if let Some(node) = heap.get_mut::<Node>(left) {
                node.links[1] = right;
            }
        }
        None => {
            if let Some(list) = heap.get_mut::<LinkedList>(list) {
                list.ends[0] = right;
            }
        }
    }
    match right {
        Some(right) => {
            if let Some(node) = heap.get_mut::<Node>(right) {
                node.links[0] = left;
            }
        }
        None => {
            if let Some(list) = heap.get_mut::<LinkedList>(list) {
                list.ends[1] = left;
            }
        }
    }
}

/// Takes a node out of its list.
fn unlink(machine: &mut Machine<'_>, id: HeapId) {
    let Some(node) = machine.heap.get_mut::<Node>(id) else {
        return;
    };
    let [left, right] = std::mem::take(&mut node.links);
    let Some(list) = node.list.take() else {
        return;
    };
    join(machine, list, left, right);
    if let Some(list) = machine.heap.get_mut::<LinkedList>(list) {
        list.count = list.count.saturating_sub(1);
        list.version = list.version.wrapping_add(1);
    }
}

fn add_value(
    call: &mut Call<'_, '_>,
    argument: usize,
    before: Option<HeapId>,
) -> Result<Value, Throw> {
    let (element, value) = (this(call)?.element.clone(), call.arg(argument).clone());
    let node = call.machine.heap.alloc_id(Node {
        element,
        value,
        list: None,
        links: [None; 2],
    })?;
    if let Value::Ref(list) = call.arg(0) {
        link(call.machine, *list, node, before);
    }
    Ok(Value::Ref(node))
}

fn add_node(
    call: &mut Call<'_, '_>,
    argument: usize,
    before: Option<HeapId>,
) -> Result<Value, Throw> {
    if node(call, argument)?.list.is_some() {
        return Err(Throw::invalid_operation(
            "The LinkedList node already belongs to a LinkedList.",
        ));
    }
    if let (Value::Ref(list), Value::Ref(node)) = (call.arg(0), call.arg(argument)) {
        link(call.machine, *list, *node, before);
    }
    Ok(Value::Null)
}

fn remove_end(call: &mut Call<'_, '_>, end: usize) -> Result<Value, Throw> {
    let node = this(call)?.ends.get(end).copied().flatten();
    match node {
        Some(node) => {
            unlink(call.machine, node);
            Ok(Value::Null)
        }
        None => Err(Throw::invalid_operation("The LinkedList is empty.")),
    }
}

/// The first node from an end whose value is equal.
fn find(
    machine: &mut Machine<'_>,
    list: &Value,
    value: &Value,
    end: usize,
) -> Result<Option<HeapId>, Throw> {
    let this = machine.heap.of::<LinkedList>(list);
    let this = this.ok_or_else(Throw::null_reference)?;
    let mut next = this.ends.get(end).copied().flatten();
    while let Some(id) = next {
        machine.step(1)?;
        let Some(node) = machine.heap.get::<Node>(id) else {
            break;
        };
        if ops::equals(machine.heap, &node.value, value) {
            return Ok(Some(id));
        }
        next = node.links.get(1 - end).copied().flatten();
    }
    Ok(None)
}

/// `Remove(value)`.
pub(crate) fn take_out(
    machine: &mut Machine<'_>,
    list: &Value,
    value: &Value,
) -> Result<bool, Throw> {
    let found = find(machine, list, value, 0)?;
    if let Some(node) = found {
        unlink(machine, node);
    }
    Ok(found.is_some())
}

/// Takes all nodes out.
pub(crate) fn clear(machine: &mut Machine<'_>, list: &Value) -> Result<(), Throw> {
    while let Some(node) = machine
        .heap
        .of::<LinkedList>(list)
        .and_then(|list| list.ends[0])
    {
        machine.step(1)?;
        unlink(machine, node);
    }
    Ok(())
}
