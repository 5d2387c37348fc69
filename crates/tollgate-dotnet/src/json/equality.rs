//! `JTokenEqualityComparer`.

use super::token::{Node, Token, deep_equals, id_of};
use crate::collections::{Equality, comparer_equals, comparer_hash, equality_comparer};
use crate::heap::{Heap, HeapId};
use crate::member::{TypeDef, TypeKind, member};
use crate::ops;
use crate::value::Value;

/// `JTokenEqualityComparer`.
pub(crate) static JTOKEN_EQUALITY: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JTokenEqualityComparer",
    kind: TypeKind::Class,
    bases: &["IEqualityComparer<JToken>"],
    values: &[],
    members: &[
        member("new()", |_| Ok(equality_comparer(&BY_CONTENT))),
        member("bool Equals(JToken x, JToken y)", comparer_equals),
        member("int GetHashCode(JToken token)", comparer_hash),
    ],
};

static BY_CONTENT: Equality = Equality {
    table: &JTOKEN_EQUALITY,
    equals: |heap, a, b| match (id_of(heap, a), id_of(heap, b)) {
        (Some(a), Some(b)) => deep_equals(heap, a, b).unwrap_or(false),
        (a, b) => a == b,
    },
    hash: |heap, value| id_of(heap, value).map_or(0, |id| hash(heap, id)),
};

/// Of a value what it holds, of anything else its kind and length.
fn hash(heap: &Heap, id: HeapId) -> i32 {
    let Some(token) = heap.get::<Token>(id) else {
        return 0;
    };
    match &token.node {
        // Numbers of two types may be equal.
        Node::Value(_, value) => match value.as_integer() {
            Some(number) => ops::hash_code(heap, &Value::Double(number as f64)),
            None => ops::hash_code(heap, value),
        },
        _ => i32::try_from(token.len()).unwrap_or(0),
    }
}
