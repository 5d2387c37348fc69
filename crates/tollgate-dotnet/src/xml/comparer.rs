//! `XNodeEqualityComparer` and `XNodeDocumentOrderComparer`.

use std::cmp::Ordering;

use super::node::{self, DEPTH, Node, deep_equals, id_of};
use crate::collections::{Equality, comparer_equals, comparer_hash, equality_comparer};
use crate::machine::Machine;
use crate::member::{TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `XNodeEqualityComparer`.
pub(crate) static EQUALITY: TypeDef = TypeDef {
    name: "System.Xml.Linq.XNodeEqualityComparer",
    kind: TypeKind::Class,
    bases: &["IEqualityComparer<XNode>"],
    values: &[],
    members: &[
        member("new()", |_| Ok(equality())),
        member("bool Equals(XNode x, XNode y)", comparer_equals),
        member("int GetHashCode(XNode obj)", comparer_hash),
    ],
};

/// `XNodeDocumentOrderComparer`.
pub(crate) static ORDER: TypeDef = TypeDef {
    name: "System.Xml.Linq.XNodeDocumentOrderComparer",
    kind: TypeKind::Class,
    bases: &["IComparer<XNode>"],
    values: &[],
    members: &[
        member("new()", |_| Ok(order())),
        member("int Compare(XNode x, XNode y)", |call| {
            compare(call.machine, call.arg(1), call.arg(2)).map(crate::args::order)
        }),
    ],
};

static BY_CONTENT: Equality = Equality {
    table: &EQUALITY,
    equals: |heap, a, b| match (id_of(heap, a), id_of(heap, b)) {
        (Some(a), Some(b)) => deep_equals(heap, a, b, DEPTH).unwrap_or(false),
        (a, b) => a == b,
    },
    // Names and numbers of children will do.
    hash: |heap, value| {
        let node = id_of(heap, value).and_then(|id| heap.get::<Node>(id));
        node.map_or(0, |node| {
            let name = node
                .name()
                .map_or(0, |name| crate::ops::hashed(&name.local));
            let children = i32::try_from(node.children().len()).unwrap_or(0);
            name.wrapping_mul(31).wrapping_add(children)
        })
    },
};

/// `XNode.EqualityComparer`.
pub(super) fn equality() -> Value {
    equality_comparer(&BY_CONTENT)
}

/// `XNode.DocumentOrderComparer`.
pub(super) fn order() -> Value {
    Value::object(DocumentOrder)
}

#[derive(Debug)]
pub(crate) struct DocumentOrder;

impl Object for DocumentOrder {
    fn type_of(&self) -> Type {
        Type::plain(&ORDER)
    }
}

/// `XNode.CompareDocumentOrder`: null comes first; `InvalidOperationException` of nodes of two trees.
pub(crate) fn compare(machine: &mut Machine<'_>, a: &Value, b: &Value) -> Result<Ordering, Throw> {
    match (id_of(machine.heap, a), id_of(machine.heap, b)) {
        (Some(a), Some(b)) => node::order(machine, a, b)?
            .ok_or_else(|| Throw::invalid_operation("A common ancestor is missing.")),
        (a, b) => Ok(a.is_some().cmp(&b.is_some())),
    }
}
