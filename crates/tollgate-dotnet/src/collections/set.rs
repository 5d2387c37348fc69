//! `HashSet<T>`.

use super::key::{KeyComparer, Table};
use super::sorted::{self, Sorted};
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
    bases: &["ISet<T>", "IReadOnlySet<T>"],
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
        member(
            "bool IsProperSubsetOf(IEnumerable<T> other)",
            is_proper_subset_of,
        ),
        member(
            "bool IsProperSupersetOf(IEnumerable<T> other)",
            is_proper_superset_of,
        ),
        member(
            "void SymmetricExceptWith(IEnumerable<T> other)",
            symmetric_except_with,
        ),
    ],
};

/// `IReadOnlySet<T>`.
pub(crate) static IREADONLY_SET_OF: TypeDef = TypeDef {
    name: "System.Collections.Generic.IReadOnlySet<T>",
    kind: TypeKind::Interface,
    bases: &["IReadOnlyCollection<T>"],
    values: &[],
    members: &[
        member("bool Contains(T item)", super::contains),
        member("bool IsSubsetOf(IEnumerable<T> other)", is_subset_of),
        member("bool IsSupersetOf(IEnumerable<T> other)", is_superset_of),
        member(
            "bool IsProperSubsetOf(IEnumerable<T> other)",
            is_proper_subset_of,
        ),
        member(
            "bool IsProperSupersetOf(IEnumerable<T> other)",
            is_proper_superset_of,
        ),
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
    member("new(int capacity)", create),
    member("new(int capacity, IEqualityComparer<T> comparer)", create),
    member(
        "bool IsProperSubsetOf(IEnumerable<T> other)",
        is_proper_subset_of,
    ),
    member(
        "bool IsProperSupersetOf(IEnumerable<T> other)",
        is_proper_superset_of,
    ),
    member(
        "bool TryGetValue(T equalValue, out T actualValue)",
        try_get_value,
    ),
    member("IEqualityComparer<T> Comparer { get; }", |call| {
        let set = call.machine.heap.of::<HashSet>(call.arg(0));
        let comparer = set.ok_or_else(Throw::null_reference)?.table.comparer;
        Ok(comparer.object(call.type_argument(0)))
    }),
    member("int EnsureCapacity(int capacity)", |call| {
        let capacity = call.count(1, "capacity")?;
        let length = super::length(call.machine, call.arg(0));
        Ok(crate::args::int(capacity.max(length.unwrap_or(0))))
    }),
    member("void TrimExcess()", |_| Ok(Value::Null)),
    member("void CopyTo(T[] array)", super::copy_to),
    member("void CopyTo(T[] array, int arrayIndex)", super::copy_to),
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
        let (version, mut next) = (self.version, 0u32);
        Some(from_fn(move |machine| {
            let Some(set) = machine.heap.get::<HashSet>(this) else {
                return Ok(None);
            };
            if set.version != version {
                return Err(super::modified());
            }
            let Some((slot, value, _)) = set.table.entry_from(next) else {
                return Ok(None);
            };
            next = slot.saturating_add(1);
            Ok(Some(value.clone()))
        }))
    }
}

/// Puts a value in; `false` if it was there.
pub(crate) fn insert(machine: &mut Machine<'_>, set: &Value, value: Value) -> Result<bool, Throw> {
    if machine.heap.of::<Sorted>(set).is_some() {
        return sorted::put(machine, set, &value, Value::Null, false);
    }
    machine.work_on(&value)?;
    let heap = &mut *machine.heap;
    let this = heap.of::<HashSet>(set).ok_or_else(Throw::null_reference)?;
    if this.table.find(heap, &value).is_some() {
        return Ok(false);
    }
    let (key, length) = (this.table.key(heap, value), this.table.len());
    heap.grow(length + 1, 2)?;
    if let Some(this) = heap.of_mut::<HashSet>(set) {
        this.table_mut().push(key, Value::Null);
    }
    Ok(true)
}

fn take_out(machine: &mut Machine<'_>, set: &Value, value: &Value) -> Result<bool, Throw> {
    if machine.heap.of::<Sorted>(set).is_some() {
        return Ok(sorted::take(machine, set, value)?.is_some());
    }
    let heap = &mut *machine.heap;
    let this = heap.of::<HashSet>(set).ok_or_else(Throw::null_reference)?;
    let Some(place) = this.table.find(heap, value) else {
        return Ok(false);
    };
    let moved = this.table.len() - place;
    // A removal is no change to a running enumeration.
    if let Some(this) = heap.of_mut::<HashSet>(set) {
        this.table.remove(place);
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
        Value::Null if call.arguments.is_empty() => Vec::new(),
        Value::Null => return Err(Throw::argument_null("collection")),
        Value::Int32(_) => {
            call.count(0, "capacity")?;
            Vec::new()
        }
        value if super::comparer::is_comparer(value) => Vec::new(),
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
    let heap = &*call.machine.heap;
    if let Some(sorted) = heap.of::<Sorted>(call.arg(0)) {
        return Ok(sorted.keys().cloned().collect());
    }
    let set = heap.of::<HashSet>(call.arg(0));
    let set = set.ok_or_else(Throw::null_reference)?;
    Ok(set.table.iter().map(|(value, _)| value.clone()).collect())
}

/// The other values, argument 1.
fn others(call: &mut Call<'_, '_>) -> Result<Vec<Value>, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::null_reference());
    }
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("other"));
    }
    ops::collect(call.machine, call.arg(1))
}

/// The other values as a set under this one's comparer.
fn other(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let values = others(call)?;
    if call.machine.heap.of::<Sorted>(call.arg(0)).is_some() {
        let set = sorted::empty_like(call.machine, call.arg(0))?;
        for value in values {
            insert(call.machine, &set, value)?;
        }
        return Ok(set);
    }
    let set = call.machine.heap.of::<HashSet>(call.arg(0));
    let set = set.ok_or_else(Throw::null_reference)?;
    let (element, comparer) = (set.element.clone(), set.table.comparer);
    set_of(call.machine, element, comparer, values)
}

fn has(call: &mut Call<'_, '_>, set: &Value, value: &Value) -> Result<bool, Throw> {
    call.machine.work_on(value)?;
    super::contains_value(call.machine, set, value)
}

fn size(call: &Call<'_, '_>, set: &Value) -> usize {
    super::length(call.machine, set).unwrap_or(0)
}

pub(super) fn union_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    for value in others(call)? {
        insert(call.machine, call.arg(0), value)?;
    }
    Ok(Value::Null)
}

pub(super) fn except_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    for value in others(call)? {
        call.machine.work_on(&value)?;
        take_out(call.machine, call.arg(0), &value)?;
    }
    Ok(Value::Null)
}

pub(super) fn intersect_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let other = other(call)?;
    for value in own(call)? {
        if !has(call, &other, &value)? {
            take_out(call.machine, call.arg(0), &value)?;
        }
    }
    Ok(Value::Null)
}

pub(super) fn symmetric_except_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let other = other(call)?;
    // Of a set one after the other, so that new ones take the places of those removed before; of others the new ones
    // first.
    let at_once = call.machine.heap.of::<HashSet>(call.arg(1)).is_none();
    let mut old = Vec::new();
    for value in ops::collect(call.machine, &other)? {
        if !has(call, call.arg(0), &value)? {
            insert(call.machine, call.arg(0), value)?;
        } else if at_once {
            old.push(value);
        } else {
            take_out(call.machine, call.arg(0), &value)?;
        }
    }
    for value in old {
        take_out(call.machine, call.arg(0), &value)?;
    }
    Ok(Value::Null)
}

/// Whether a set has all of these.
fn has_all(call: &mut Call<'_, '_>, set: &Value, values: &[Value]) -> Result<bool, Throw> {
    for value in values {
        if !has(call, set, value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn is_subset_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (other, own) = (other(call)?, own(call)?);
    has_all(call, &other, &own).map(Value::Bool)
}

pub(super) fn is_proper_subset_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (other, own) = (other(call)?, own(call)?);
    Ok((size(call, &other) > own.len() && has_all(call, &other, &own)?).into())
}

pub(super) fn is_superset_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let others = others(call)?;
    has_all(call, call.arg(0), &others).map(Value::Bool)
}

pub(super) fn is_proper_superset_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let other = other(call)?;
    let others = ops::collect(call.machine, &other)?;
    let larger = size(call, call.arg(0)) > others.len();
    Ok((larger && has_all(call, call.arg(0), &others)?).into())
}

pub(super) fn overlaps(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    for value in others(call)? {
        if has(call, call.arg(0), &value)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn set_equals(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (other, own) = (other(call)?, own(call)?);
    Ok((size(call, &other) == own.len() && has_all(call, &other, &own)?).into())
}

/// The element that is equal to argument 1.
pub(super) fn try_get_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let there = has(call, call.arg(0), call.arg(1))?;
    let found = match there {
        true => {
            let heap = &*call.machine.heap;
            let own = heap.of::<HashSet>(call.arg(0)).and_then(|set| {
                let place = set.table.find(heap, call.arg(1))?;
                set.table.at(place).map(|(value, _)| value.clone())
            });
            own.unwrap_or_else(|| call.arg(1).clone())
        }
        false => ops::default_of(&call.type_argument(0)),
    };
    call.outs.push(found);
    Ok(there.into())
}

pub(super) fn remove_where(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut removed = 0;
    for value in own(call)? {
        if super::holds(call.machine, call.arg(1), &value)? {
            take_out(call.machine, call.arg(0), &value)?;
            removed += 1;
        }
    }
    Ok(Value::Int32(removed))
}
