//! `SortedDictionary<TKey, TValue>`, `SortedList<TKey, TValue>` and `SortedSet<T>`: pairs in the order of their keys.

use std::cmp::Ordering;

use super::comparer::{default_order, is_comparer};
use super::{compare_with, dictionary, key_value_pair};
use crate::args::{index, int};
use crate::heap::{HeapId, HeapObject, Iterate};
use crate::linq;
use crate::machine::Machine;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::{Sequence, from_fn};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

const fn class(
    name: &'static str,
    bases: &'static [&'static str],
    members: &'static [Member],
) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Class,
        bases,
        values: &[],
        members,
    }
}

const DICTIONARIES: &[&str] = &[
    "IDictionary<TKey, TValue>",
    "IReadOnlyDictionary<TKey, TValue>",
    "IDictionary",
];

/// `SortedDictionary<TKey, TValue>`.
pub(crate) static SORTED_DICTIONARY: TypeDef = class(
    "System.Collections.Generic.SortedDictionary<TKey, TValue>",
    DICTIONARIES,
    &[
        member("new()", |call| create(call, &SORTED_DICTIONARY)),
        member("new(IDictionary<TKey, TValue> dictionary)", |call| {
            create(call, &SORTED_DICTIONARY)
        }),
        member("new(IComparer<TKey> comparer)", |call| {
            create(call, &SORTED_DICTIONARY)
        }),
        member(
            "new(IDictionary<TKey, TValue> dictionary, IComparer<TKey> comparer)",
            |call| create(call, &SORTED_DICTIONARY),
        ),
        member("int Count { get; }", super::count),
        member("IComparer<TKey> Comparer { get; }", comparer),
        member("TValue this[TKey key] { get; }", dictionary::get),
        member("TValue this[TKey key] { set; }", dictionary::set),
        member("ICollection<TKey> Keys { get; }", dictionary::keys),
        member("ICollection<TValue> Values { get; }", dictionary::values),
        member("void Add(TKey key, TValue value)", dictionary::add),
        member("bool ContainsKey(TKey key)", dictionary::contains_key),
        member("bool ContainsValue(TValue value)", contains_value),
        member(
            "bool TryGetValue(TKey key, out TValue value)",
            dictionary::try_get_value,
        ),
        member("bool Remove(TKey key)", dictionary::remove),
        member("void Clear()", super::clear),
        member(
            "void CopyTo(KeyValuePair<TKey, TValue>[] array, int index)",
            super::copy_to,
        ),
        member(
            "IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator()",
            super::get_enumerator,
        ),
    ],
);

/// `SortedList<TKey, TValue>`.
pub(crate) static SORTED_LIST: TypeDef = class(
    "System.Collections.Generic.SortedList<TKey, TValue>",
    DICTIONARIES,
    &[
        member("new()", |call| create(call, &SORTED_LIST)),
        member("new(int capacity)", |call| create(call, &SORTED_LIST)),
        member("new(IComparer<TKey> comparer)", |call| {
            create(call, &SORTED_LIST)
        }),
        member("new(int capacity, IComparer<TKey> comparer)", |call| {
            create(call, &SORTED_LIST)
        }),
        member("new(IDictionary<TKey, TValue> dictionary)", |call| {
            create(call, &SORTED_LIST)
        }),
        member(
            "new(IDictionary<TKey, TValue> dictionary, IComparer<TKey> comparer)",
            |call| create(call, &SORTED_LIST),
        ),
        member("int Count { get; }", super::count),
        member("int Capacity { get; }", super::count),
        member("IComparer<TKey> Comparer { get; }", comparer),
        member("TValue this[TKey key] { get; }", dictionary::get),
        member("TValue this[TKey key] { set; }", dictionary::set),
        member("IList<TKey> Keys { get; }", dictionary::keys),
        member("IList<TValue> Values { get; }", dictionary::values),
        member("void Add(TKey key, TValue value)", dictionary::add),
        member("bool ContainsKey(TKey key)", dictionary::contains_key),
        member("bool ContainsValue(TValue value)", contains_value),
        member(
            "bool TryGetValue(TKey key, out TValue value)",
            dictionary::try_get_value,
        ),
        member("bool Remove(TKey key)", dictionary::remove),
        member("void RemoveAt(int index)", remove_at),
        member("int IndexOfKey(TKey key)", index_of_key),
        member("int IndexOfValue(TValue value)", index_of_value),
        member("TKey GetKeyAtIndex(int index)", |call| {
            at(call).map(|(key, _)| key)
        }),
        member("TValue GetValueAtIndex(int index)", |call| {
            at(call).map(|(_, value)| value)
        }),
        member("void SetValueAtIndex(int index, TValue value)", set_at),
        member("void TrimExcess()", |_| Ok(Value::Null)),
        member("void Clear()", super::clear),
        member(
            "IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator()",
            super::get_enumerator,
        ),
    ],
);

/// `SortedSet<T>`.
pub(crate) static SORTED_SET: TypeDef = class(
    "System.Collections.Generic.SortedSet<T>",
    &["ISet<T>", "IReadOnlySet<T>", "ICollection"],
    &[
        member("new()", create_set),
        member("new(IComparer<T> comparer)", create_set),
        member("new(IEnumerable<T> collection)", create_set),
        member(
            "new(IEnumerable<T> collection, IComparer<T> comparer)",
            create_set,
        ),
        member("int Count { get; }", super::count),
        member("IComparer<T> Comparer { get; }", comparer),
        member("T Min { get; }", |call| end(call, false)),
        member("T Max { get; }", |call| end(call, true)),
        member("bool Add(T item)", super::set::add),
        member("bool Remove(T item)", super::set::remove),
        member("bool Contains(T item)", super::contains),
        member(
            "bool TryGetValue(T equalValue, out T actualValue)",
            super::set::try_get_value,
        ),
        member("void Clear()", super::clear),
        member(
            "void UnionWith(IEnumerable<T> other)",
            super::set::union_with,
        ),
        member(
            "void IntersectWith(IEnumerable<T> other)",
            super::set::intersect_with,
        ),
        member(
            "void ExceptWith(IEnumerable<T> other)",
            super::set::except_with,
        ),
        member(
            "void SymmetricExceptWith(IEnumerable<T> other)",
            super::set::symmetric_except_with,
        ),
        member(
            "bool IsSubsetOf(IEnumerable<T> other)",
            super::set::is_subset_of,
        ),
        member(
            "bool IsProperSubsetOf(IEnumerable<T> other)",
            super::set::is_proper_subset_of,
        ),
        member(
            "bool IsSupersetOf(IEnumerable<T> other)",
            super::set::is_superset_of,
        ),
        member(
            "bool IsProperSupersetOf(IEnumerable<T> other)",
            super::set::is_proper_superset_of,
        ),
        member("bool Overlaps(IEnumerable<T> other)", super::set::overlaps),
        member(
            "bool SetEquals(IEnumerable<T> other)",
            super::set::set_equals,
        ),
        member(
            "int RemoveWhere(Predicate<T> match)",
            super::set::remove_where,
        ),
        member(
            "SortedSet<T> GetViewBetween(T lowerValue, T upperValue)",
            between,
        ),
        member("IEnumerable<T> Reverse()", |call| {
            let mut keys = keys(call)?;
            keys.reverse();
            Ok(Value::object(Sequence::of(call.type_argument(0), keys)))
        }),
        member("T[] ToArray()", linq::to_array),
        member("void CopyTo(T[] array)", super::copy_to),
        member("void CopyTo(T[] array, int index)", super::copy_to),
        member("IEnumerator<T> GetEnumerator()", super::get_enumerator),
    ],
);

/// `SortedDictionary<TKey, TValue>.KeyCollection`.
pub(crate) static SORTED_KEYS: TypeDef = class(
    "System.Collections.Generic.SortedDictionary+KeyCollection<TKey, TValue>",
    &["ICollection<TKey>", "IReadOnlyCollection<TKey>"],
    &[],
);

/// `SortedDictionary<TKey, TValue>.ValueCollection`.
pub(crate) static SORTED_VALUES: TypeDef = class(
    "System.Collections.Generic.SortedDictionary+ValueCollection<TKey, TValue>",
    &["ICollection<TValue>", "IReadOnlyCollection<TValue>"],
    &[],
);

/// `SortedList<TKey, TValue>.KeyList`.
pub(crate) static KEY_LIST: TypeDef = class(
    "System.Collections.Generic.SortedList+KeyList<TKey, TValue>",
    &["IList<TKey>"],
    &[],
);

/// `SortedList<TKey, TValue>.ValueList`.
pub(crate) static VALUE_LIST: TypeDef = class(
    "System.Collections.Generic.SortedList+ValueList<TKey, TValue>",
    &["IList<TValue>"],
    &[],
);

/// Pairs in the order of their keys; a set's values are null.
#[derive(Debug, Clone)]
pub(crate) struct Sorted {
    table: &'static TypeDef,
    types: Box<[Type]>,
    comparer: Value,
    entries: Vec<(Value, Value)>,
    version: u32,
}

impl Sorted {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_set(&self) -> bool {
        std::ptr::eq(self.table, &SORTED_SET)
    }

    /// The class of its `Keys` or `Values`.
    pub(super) fn half(&self, second: bool) -> &'static TypeDef {
        match (std::ptr::eq(self.table, &SORTED_LIST), second) {
            (true, false) => &KEY_LIST,
            (true, true) => &VALUE_LIST,
            (false, false) => &SORTED_KEYS,
            (false, true) => &SORTED_VALUES,
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Value> {
        self.entries.iter().map(|(key, _)| key)
    }

    pub(crate) fn clear(&mut self) {
        self.version = self.version.wrapping_add(1);
        self.entries.clear();
    }

    fn pair(&self, (key, value): &(Value, Value)) -> Value {
        match &*self.types {
            [key_type, value_type] => key_value_pair(
                super::pair_of(key_type.clone(), value_type.clone()),
                key.clone(),
                value.clone(),
            ),
            _ => key.clone(),
        }
    }
}

impl HeapObject for Sorted {
    fn type_of(&self) -> Type {
        Type::generic(self.table, self.types.to_vec())
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        let (version, mut next) = (self.version, 0);
        Some(from_fn(move |machine| {
            let Some(sorted) = machine.heap.get::<Sorted>(this) else {
                return Ok(None);
            };
            if sorted.version != version {
                return Err(super::modified());
            }
            let entry = sorted.entries.get(next);
            next += 1;
            Ok(entry.map(|entry| sorted.pair(entry)))
        }))
    }
}

fn this<'a>(machine: &'a Machine<'_>, value: &Value) -> Result<&'a Sorted, Throw> {
    machine.heap.of(value).ok_or_else(Throw::null_reference)
}

/// The place of a key, or where it would be.
pub(crate) fn find(
    machine: &mut Machine<'_>,
    sorted: &Value,
    key: &Value,
) -> Result<Result<usize, usize>, Throw> {
    let (mut low, mut high) = (0, this(machine, sorted)?.len());
    let comparer = this(machine, sorted)?.comparer.clone();
    while low < high {
        let middle = low + (high - low) / 2;
        let Some((there, _)) = this(machine, sorted)?.entries.get(middle).cloned() else {
            break;
        };
        machine.step(1)?;
        match compare_with(machine, &comparer, &there, key)? {
            Ordering::Equal => return Ok(Ok(middle)),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Ok(Err(low))
}

/// The value of a key.
pub(crate) fn get(
    machine: &mut Machine<'_>,
    sorted: &Value,
    key: &Value,
) -> Result<Option<Value>, Throw> {
    Ok(match find(machine, sorted, key)? {
        Ok(place) => this(machine, sorted)?
            .entries
            .get(place)
            .map(|(_, value)| value.clone()),
        Err(_) => None,
    })
}

/// Puts a pair in, replacing an older one if `replace`; `false` if the key was there and is kept.
pub(crate) fn put(
    machine: &mut Machine<'_>,
    sorted: &Value,
    key: &Value,
    value: Value,
    replace: bool,
) -> Result<bool, Throw> {
    let place = find(machine, sorted, key)?;
    if place.is_ok() && !replace {
        return Ok(false);
    }
    machine.heap.charge(2 * size_of::<Value>())?;
    let moved = this(machine, sorted)?.len();
    machine.step(u64::try_from(moved / 64).unwrap_or(u64::MAX))?;
    let entry = (key.clone(), value);
    if let Some(this) = machine.heap.of_mut::<Sorted>(sorted) {
        this.version = this.version.wrapping_add(1);
        match place {
            Ok(place) => {
                if let Some((_, value)) = this.entries.get_mut(place) {
                    *value = entry.1;
                }
            }
            Err(place) => this.entries.insert(place.min(moved), entry),
        }
    }
    Ok(true)
}

/// Takes a key out with its value.
pub(crate) fn take(
    machine: &mut Machine<'_>,
    sorted: &Value,
    key: &Value,
) -> Result<Option<Value>, Throw> {
    let Ok(place) = find(machine, sorted, key)? else {
        return Ok(None);
    };
    let moved = this(machine, sorted)?.len();
    machine.step(u64::try_from(moved / 64).unwrap_or(u64::MAX))?;
    Ok(machine.heap.of_mut::<Sorted>(sorted).and_then(|this| {
        this.version = this.version.wrapping_add(1);
        (place < this.entries.len()).then(|| this.entries.remove(place).1)
    }))
}

/// An empty collection of the call's types, with the comparer among the arguments.
fn new(call: &mut Call<'_, '_>, table: &'static TypeDef) -> Result<Value, Throw> {
    let comparer = call
        .arguments
        .iter()
        .find(|argument| is_comparer(argument))
        .cloned();
    let comparer = comparer.unwrap_or_else(|| default_order(call.type_argument(0)));
    let types = call.types.into();
    call.machine.heap.alloc(Sorted {
        table,
        types,
        comparer,
        entries: Vec::new(),
        version: 0,
    })
}

/// An empty collection like another.
pub(super) fn empty_like(machine: &mut Machine<'_>, sorted: &Value) -> Result<Value, Throw> {
    let mut empty = this(machine, sorted)?.clone();
    empty.entries = Vec::new();
    machine.heap.alloc(empty)
}

fn create(call: &mut Call<'_, '_>, table: &'static TypeDef) -> Result<Value, Throw> {
    let sorted = new(call, table)?;
    match call.arg(0) {
        Value::Int32(_) => {
            call.count(0, "capacity")?;
        }
        Value::Null => {}
        source if !is_comparer(source) => {
            let source = source.clone();
            for pair in ops::collect(call.machine, &source)? {
                if let Some((key, value)) = super::pair_parts(&pair) {
                    super::add_pair(call.machine, &sorted, key, value.clone())?;
                }
            }
        }
        _ => {}
    }
    Ok(sorted)
}

fn create_set(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let set = new(call, &SORTED_SET)?;
    match call.arg(0) {
        Value::Null => {}
        source if !is_comparer(source) => {
            let source = source.clone();
            for value in ops::collect(call.machine, &source)? {
                put(call.machine, &set, &value, Value::Null, false)?;
            }
        }
        _ => {}
    }
    Ok(set)
}

fn comparer(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(this(call.machine, call.arg(0))?.comparer.clone())
}

fn keys(call: &Call<'_, '_>) -> Result<Vec<Value>, Throw> {
    Ok(this(call.machine, call.arg(0))?.keys().cloned().collect())
}

fn end(call: &mut Call<'_, '_>, last: bool) -> Result<Value, Throw> {
    let sorted = this(call.machine, call.arg(0))?;
    let entry = match last {
        true => sorted.entries.last(),
        false => sorted.entries.first(),
    };
    Ok(match entry {
        Some((key, _)) => key.clone(),
        None => ops::default_of(&call.type_argument(0)),
    })
}

fn between(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (set, low, high) = (call.arg(0), call.arg(1), call.arg(2));
    let comparer = this(call.machine, set)?.comparer.clone();
    if compare_with(call.machine, &comparer, low, high)?.is_gt() {
        return Err(Throw::argument(
            "Must be less than or equal to upperValue. (Parameter 'lowerValue')",
        ));
    }
    let from = find(call.machine, set, low)?.unwrap_or_else(|place| place);
    let to = match find(call.machine, set, high)? {
        Ok(place) => place + 1,
        Err(place) => place,
    };
    let mut view = this(call.machine, set)?.clone();
    view.entries = view.entries.get(from..to).unwrap_or_default().to_vec();
    call.machine
        .heap
        .charge(view.entries.len() * 2 * size_of::<Value>())?;
    call.machine.heap.alloc(view)
}

fn contains_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(value_place(call)?.is_some().into())
}

fn value_place(call: &mut Call<'_, '_>) -> Result<Option<usize>, Throw> {
    let heap = &*call.machine.heap;
    let sorted = this(call.machine, call.arg(0))?;
    let same = |(_, value): &(Value, Value)| ops::equals(heap, value, call.arg(1));
    let place = sorted.entries.iter().position(same);
    let looked_at = place.unwrap_or(sorted.len());
    call.work(looked_at)?;
    Ok(place)
}

fn index_of_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    value_place(call).map(index)
}

fn index_of_key(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("key"));
    }
    Ok(match find(call.machine, call.arg(0), call.arg(1))? {
        Ok(place) => int(place),
        Err(_) => Value::Int32(-1),
    })
}

fn at(call: &mut Call<'_, '_>) -> Result<(Value, Value), Throw> {
    let place = usize::try_from(call.int(1)?).ok();
    let sorted = this(call.machine, call.arg(0))?;
    let entry = place.and_then(|place| sorted.entries.get(place)).cloned();
    entry.ok_or_else(|| super::out_of_range("index"))
}

fn remove_at(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (key, _) = at(call)?;
    take(call.machine, call.arg(0), &key)?;
    Ok(Value::Null)
}

fn set_at(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (key, _) = at(call)?;
    put(call.machine, call.arg(0), &key, call.arg(2).clone(), true)?;
    Ok(Value::Null)
}
