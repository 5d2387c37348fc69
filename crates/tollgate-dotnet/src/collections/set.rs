//! `HashSet<T>`.

use super::key::{KeyComparer, Table};
use crate::heap::{HeapId, HeapObject, Iterate};
use crate::machine::Machine;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::from_fn;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `HashSet<T>`.
pub(crate) static HASH_SET: TypeDef = TypeDef {
    name: "System.Collections.Generic.HashSet<T>",
    kind: TypeKind::Class,
    bases: &["ISet<T>", "IReadOnlyCollection<T>"],
    values: &[],
    members: MEMBERS,
};

/// `ISet<T>`.
pub(crate) static ISET_OF: TypeDef = TypeDef {
    name: "System.Collections.Generic.ISet<T>",
    kind: TypeKind::Interface,
    bases: &["ICollection<T>"],
    values: &[],
    members: &[
        member("bool Add(T item)", add),
        member("void UnionWith(IEnumerable<T> other)", union_with),
        member("void IntersectWith(IEnumerable<T> other)", intersect_with),
        member("void ExceptWith(IEnumerable<T> other)", except_with),
        member("bool IsSubsetOf(IEnumerable<T> other)", is_subset_of),
        member("bool IsSupersetOf(IEnumerable<T> other)", is_superset_of),
        member("bool Overlaps(IEnumerable<T> other)", overlaps),
        member("bool SetEquals(IEnumerable<T> other)", set_equals),
    ],
};

const MEMBERS: &[Member] = &[
    member("new()", create),
    member("new(IEnumerable<T> collection)", create),
    member("new(IEqualityComparer<T> comparer)", create),
    member(
        "new(IEnumerable<T> collection, IEqualityComparer<T> comparer)",
        create,
    ),
    member("int Count { get; }", super::count),
    member("bool Add(T item)", add),
    member("bool Remove(T item)", remove),
    member("bool Contains(T item)", super::contains),
    member("void Clear()", super::clear),
    member("void UnionWith(IEnumerable<T> other)", union_with),
    member("void IntersectWith(IEnumerable<T> other)", intersect_with),
    member("void ExceptWith(IEnumerable<T> other)", except_with),
    member(
        "void SymmetricExceptWith(IEnumerable<T> other)",
        symmetric_except_with,
    ),
    member("bool IsSubsetOf(IEnumerable<T> other)", is_subset_of),
    member("bool IsSupersetOf(IEnumerable<T> other)", is_superset_of),
    member("bool Overlaps(IEnumerable<T> other)", overlaps),
    member("bool SetEquals(IEnumerable<T> other)", set_equals),
    member("int RemoveWhere(Predicate<T> match)", remove_where),
    member("void CopyTo(T[] array)", super::copy_to),
    member("IEnumerator<T> GetEnumerator()", super::get_enumerator),
];

/// A set on the heap; it keeps the order in which elements came.
#[derive(Debug, Clone)]
pub struct HashSet {
    element: Type,
    table: Table,
    version: u32,
}

impl HashSet {
    pub(crate) fn new(element: Type, comparer: KeyComparer) -> HashSet {
        HashSet {
            element,
            table: Table::new(comparer),
            version: 0,
        }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) fn table_mut(&mut self) -> &mut Table {
        self.version = self.version.wrapping_add(1);
        &mut self.table
    }
}

impl HeapObject for HashSet {
    fn type_of(&self) -> Type {
        Type::generic(&HASH_SET, [self.element.clone()])
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        let (version, mut next) = (self.version, 0);
        Some(from_fn(move |machine| {
            let Some(set) = machine.heap.get::<HashSet>(this) else {
                return Ok(None);
            };
            if set.version != version {
                return Err(super::modified());
            }
            let value = set.table.at(next).map(|(value, _)| value.clone());
            next += 1;
            Ok(value)
        }))
    }
}

/// Puts a value in; `false` if it was there.
pub(crate) fn insert(machine: &mut Machine<'_>, set: &Value, value: Value) -> Result<bool, Throw> {
    let heap = &mut *machine.heap;
    let this = heap.of::<HashSet>(set).ok_or_else(Throw::null_reference)?;
    if this.table.find(heap, &value).is_some() {
        return Ok(false);
    }
    let key = this.table.key(heap, value);
    heap.charge(2 * size_of::<Value>())?;
    if let Some(this) = heap.of_mut::<HashSet>(set) {
        this.table_mut().push(key, Value::Null);
    }
    Ok(true)
}

fn take_out(machine: &mut Machine<'_>, set: &Value, value: &Value) -> Result<bool, Throw> {
    let heap = &mut *machine.heap;
    let this = heap.of::<HashSet>(set).ok_or_else(Throw::null_reference)?;
    let Some(place) = this.table.find(heap, value) else {
        return Ok(false);
    };
    let moved = this.table.len() - place;
    if let Some(this) = heap.of_mut::<HashSet>(set) {
        this.table_mut().remove(place);
    }
    machine.step(u64::try_from(moved / 64).unwrap_or(u64::MAX))?;
    Ok(true)
}

/// A new set of the values, under the comparer.
fn set_of(
    machine: &mut Machine<'_>,
    element: Type,
    comparer: KeyComparer,
    values: Vec<Value>,
) -> Result<Value, Throw> {
    let set = machine.heap.alloc(HashSet::new(element, comparer))?;
    for value in values {
        insert(machine, &set, value)?;
    }
    Ok(set)
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparer = call
        .arguments
        .last()
        .map_or(KeyComparer::DEFAULT, KeyComparer::of);
    let values = match call.arg(0) {
        Value::Null => Vec::new(),
        value if value.downcast::<crate::system::StringComparer>().is_some() => Vec::new(),
        source => {
            let source = source.clone();
            ops::collect(call.machine, &source)?
        }
    };
    let element = call.type_argument(0);
    set_of(call.machine, element, comparer, values)
}

pub(crate) fn add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    insert(call.machine, call.arg(0), call.arg(1).clone()).map(Value::Bool)
}

pub(crate) fn remove(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    take_out(call.machine, call.arg(0), call.arg(1)).map(Value::Bool)
}

fn own(call: &Call<'_, '_>) -> Result<Vec<Value>, Throw> {
    let set = call.machine.heap.of::<HashSet>(call.arg(0));
    let set = set.ok_or_else(Throw::null_reference)?;
    Ok(set.table.iter().map(|(value, _)| value.clone()).collect())
}

/// The other values as a set under this one's comparer.
fn other(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let set = call.machine.heap.of::<HashSet>(call.arg(0));
    let set = set.ok_or_else(Throw::null_reference)?;
    let (element, comparer) = (set.element.clone(), set.table.comparer);
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("other"));
    }
    let values = ops::collect(call.machine, call.arg(1))?;
    set_of(call.machine, element, comparer, values)
}

fn has(call: &Call<'_, '_>, set: &Value, value: &Value) -> bool {
    let heap = &*call.machine.heap;
    heap.of::<HashSet>(set)
        .is_some_and(|set| set.table.find(heap, value).is_some())
}

fn union_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    for value in ops::collect(call.machine, call.arg(1))? {
        insert(call.machine, call.arg(0), value)?;
    }
    Ok(Value::Null)
}

fn except_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    for value in ops::collect(call.machine, call.arg(1))? {
        take_out(call.machine, call.arg(0), &value)?;
    }
    Ok(Value::Null)
}

fn intersect_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let other = other(call)?;
    for value in own(call)? {
        if !has(call, &other, &value) {
            take_out(call.machine, call.arg(0), &value)?;
        }
    }
    Ok(Value::Null)
}

fn symmetric_except_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let other = other(call)?;
    for value in ops::collect(call.machine, &other)? {
        if !take_out(call.machine, call.arg(0), &value)? {
            insert(call.machine, call.arg(0), value)?;
        }
    }
    Ok(Value::Null)
}

fn is_subset_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let other = other(call)?;
    Ok(own(call)?
        .iter()
        .all(|value| has(call, &other, value))
        .into())
}

fn is_superset_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let others = ops::collect(call.machine, call.arg(1))?;
    Ok(others
        .iter()
        .all(|value| has(call, call.arg(0), value))
        .into())
}

fn overlaps(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let others = ops::collect(call.machine, call.arg(1))?;
    Ok(others
        .iter()
        .any(|value| has(call, call.arg(0), value))
        .into())
}

fn set_equals(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let other = other(call)?;
    let same_size = super::length(call.machine, &other) == super::length(call.machine, call.arg(0));
    Ok((same_size && own(call)?.iter().all(|value| has(call, &other, value))).into())
}

fn remove_where(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut removed = 0;
    for value in own(call)? {
        if super::holds(call.machine, call.arg(1), &value)? {
            take_out(call.machine, call.arg(0), &value)?;
            removed += 1;
        }
    }
    Ok(Value::Int32(removed))
}
