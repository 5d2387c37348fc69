//! `OrderBy` and `ThenBy`.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::collections::{compare_with, sort};
use crate::heap::Iterate;
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind};
use crate::ops;
use crate::sequence::from_fn;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `IOrderedEnumerable<T>`.
pub(super) static ORDERED: TypeDef = TypeDef {
    name: "System.Linq.IOrderedEnumerable<out T>",
    kind: TypeKind::Interface,
    bases: &["IEnumerable<T>"],
    values: &[],
    members: &[],
};

/// A sequence that is sorted when it is enumerated.
#[derive(Debug)]
struct Ordered {
    element: Type,
    source: Value,
    keys: Arc<[SortKey]>,
    depth: u32,
}

#[derive(Debug, Clone)]
struct SortKey {
    /// Makes the key; `Null` takes the element itself.
    selector: Value,
    comparer: Value,
    descending: bool,
}

impl Object for Ordered {
    fn type_of(&self) -> Type {
        Type::generic(&ORDERED, [self.element.clone()])
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        let (source, keys) = (self.source.clone(), self.keys.clone());
        let mut sorted: Option<std::vec::IntoIter<Value>> = None;
        Some(from_fn(move |machine| {
            let sorted = match &mut sorted {
                Some(sorted) => sorted,
                none => none.insert(sorted_values(machine, &source, &keys)?.into_iter()),
            };
            Ok(sorted.next())
        }))
    }
}

fn sorted_values(
    machine: &mut Machine<'_>,
    source: &Value,
    keys: &[SortKey],
) -> Result<Vec<Value>, Throw> {
    let values = ops::collect(machine, source)?;
    let mut rows: Vec<Vec<Value>> = vec![Vec::with_capacity(keys.len()); values.len()];
    // All of the first key before any of the second, as .NET asks for them.
    for key in keys {
        for (row, value) in rows.iter_mut().zip(&values) {
            row.push(match &key.selector {
                Value::Null => value.clone(),
                selector => machine.call(selector, std::slice::from_ref(value))?,
            });
        }
    }
    let rows: Vec<(Arc<[Value]>, Value)> = rows.into_iter().map(Into::into).zip(values).collect();
    let sorted = sort(machine, rows, |machine, (a, _), (b, _)| {
        for ((key, a), b) in keys.iter().zip(a.iter()).zip(b.iter()) {
            let order = compare_with(machine, &key.comparer, a, b)?;
            if order.is_ne() {
                return Ok(if key.descending {
                    order.reverse()
                } else {
                    order
                });
            }
        }
        Ok(Ordering::Equal)
    })?;
    Ok(sorted.into_iter().map(|(_, value)| value).collect())
}

fn key(call: &Call<'_, '_>, descending: bool) -> SortKey {
    SortKey {
        selector: call.arg(1).clone(),
        comparer: call.arg(2).clone(),
        descending,
    }
}

fn ordered(call: &Call<'_, '_>, key: SortKey) -> Result<Value, Throw> {
    super::source(call)?;
    Ok(Value::object(Ordered {
        depth: 1,
        element: call.type_argument(0),
        source: call.arg(0).clone(),
        keys: [key].into(),
    }))
}

/// `Order`: by the elements themselves.
fn plainly(call: &Call<'_, '_>, descending: bool) -> Result<Value, Throw> {
    ordered(
        call,
        SortKey {
            selector: Value::Null,
            comparer: call.arg(1).clone(),
            descending,
        },
    )
}

pub(super) fn order(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    plainly(call, false)
}

pub(super) fn order_descending(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    plainly(call, true)
}

fn further(call: &Call<'_, '_>, descending: bool) -> Result<Value, Throw> {
    let Some(before) = call.arg(0).downcast::<Ordered>() else {
        return ordered(call, key(call, descending));
    };
    let keys = before.keys.iter().cloned().chain([key(call, descending)]);
    Ok(Value::object(Ordered {
        depth: 1,
        element: before.element.clone(),
        source: before.source.clone(),
        keys: keys.collect(),
    }))
}

pub(super) fn order_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    ordered(call, key(call, false))
}

pub(super) fn order_by_descending(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    ordered(call, key(call, true))
}

pub(super) fn then_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    further(call, false)
}

pub(super) fn then_by_descending(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    further(call, true)
}
