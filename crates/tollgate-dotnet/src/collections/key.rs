//! Keys of dictionaries and sets.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexMap};

use crate::heap::Heap;
use crate::member::TypeDef;
use crate::ops;
use crate::system::{Comparison, StringComparer};
use crate::types::Type;
use crate::value::{Object, Value};

/// When two keys are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyComparer(Rule);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// That of the type.
    Default,
    Text(Comparison),
    Own(&'static Equality),
}

/// A .NET class that says when values are the same.
pub(crate) struct Equality {
    pub(crate) table: &'static TypeDef,
    pub(crate) equals: fn(&Heap, &Value, &Value) -> bool,
    /// Equal of equal values.
    pub(crate) hash: fn(&Heap, &Value) -> i32,
}

impl std::fmt::Debug for Equality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.table.name)
    }
}

impl PartialEq for Equality {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Equality {}

/// An object of such a class.
#[derive(Debug)]
struct EqualityObject(&'static Equality);

impl Object for EqualityObject {
    fn type_of(&self) -> Type {
        Type::plain(self.0.table)
    }
}

/// A comparer as an object.
pub(crate) fn equality_comparer(equality: &'static Equality) -> Value {
    Value::object(EqualityObject(equality))
}

impl KeyComparer {
    /// `EqualityComparer<T>.Default`.
    pub(crate) const DEFAULT: KeyComparer = KeyComparer(Rule::Default);
    /// `StringComparer.OrdinalIgnoreCase`.
    pub(crate) const IGNORE_CASE: KeyComparer = KeyComparer(Rule::Text(Comparison {
        culture: false,
        ignore_case: true,
    }));

    /// As an `IEqualityComparer` argument says; the default if it is null.
    pub(crate) fn of(value: &Value) -> KeyComparer {
        if let Some(comparer) = value.downcast::<StringComparer>() {
            return KeyComparer(Rule::Text(comparer.0));
        }
        match value.downcast::<EqualityObject>() {
            Some(own) => KeyComparer(Rule::Own(own.0)),
            None => Self::DEFAULT,
        }
    }

    /// The comparer as an object, for keys of that type.
    pub(super) fn object(self, key: crate::types::Type) -> Value {
        match self.0 {
            Rule::Text(comparison) => Value::object(StringComparer(comparison)),
            Rule::Own(own) => equality_comparer(own),
            Rule::Default => super::comparer::default_equality(key),
        }
    }

    /// Whether the values are the same key.
    pub(crate) fn equals(self, heap: &Heap, a: &Value, b: &Value) -> bool {
        match (self.0, a, b) {
            (Rule::Own(own), ..) => (own.equals)(heap, a, b),
            (Rule::Text(comparison), Value::String(a), Value::String(b)) => comparison.equals(a, b),
            _ => ops::equals(heap, a, b),
        }
    }

    /// The hash code that a class of its own gives.
    pub(super) fn own_hash(self, heap: &Heap, value: &Value) -> Option<i32> {
        match self.0 {
            Rule::Own(own) => Some((own.hash)(heap, value)),
            _ => None,
        }
    }

    fn hash(self, heap: &Heap, value: &Value) -> u64 {
        // Seeded per process, so that a sender of keys cannot make them collide.
        static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);
        match (self.0, value) {
            (Rule::Own(own), _) => SEED.hash_one((own.hash)(heap, value)),
            (Rule::Text(comparison), Value::String(text)) => SEED.hash_one(comparison.hash(text)),
            (Rule::Default, Value::String(text)) => SEED.hash_one(text),
            _ => SEED.hash_one(ops::hash_code(heap, value)),
        }
    }
}

/// A key with its hash.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    hash: u64,
    pub(crate) value: Value,
}

/// Keys in a map are told apart by [`Probe`] before they are put in; two that are there differ.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Ref(a), Value::Ref(b)) => a == b,
            _ => false,
        }
    }
}
impl Eq for Key {}
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// A key that is looked for.
struct Probe<'a> {
    heap: &'a Heap,
    comparer: KeyComparer,
    hash: u64,
    value: &'a Value,
}

impl Hash for Probe<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}
impl Equivalent<Key> for Probe<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.hash == key.hash && self.comparer.equals(self.heap, self.value, &key.value)
    }
}

/// Values by key, in the order in which they came; a new key takes the place of the last one removed, as in .NET.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) comparer: KeyComparer,
    /// In the order of their slots.
    entries: IndexMap<Key, Entry, RandomState>,
    free: Vec<u32>,
    next: u32,
}

#[derive(Debug, Clone)]
struct Entry {
    slot: u32,
    value: Value,
}

impl Table {
    pub(crate) fn new(comparer: KeyComparer) -> Table {
        Table {
            comparer,
            entries: IndexMap::default(),
            free: Vec::new(),
            next: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The place of a key.
    pub(crate) fn find(&self, heap: &Heap, key: &Value) -> Option<usize> {
        if self.entries.is_empty() {
            return None;
        }
        self.entries.get_index_of(&Probe {
            heap,
            comparer: self.comparer,
            hash: self.comparer.hash(heap, key),
            value: key,
        })
    }

    pub(crate) fn at(&self, place: usize) -> Option<(&Value, &Value)> {
        self.entries
            .get_index(place)
            .map(|(key, entry)| (&key.value, &entry.value))
    }

    /// The first entry whose slot is not before one: its slot, key and value.
    pub(crate) fn entry_from(&self, slot: u32) -> Option<(u32, &Value, &Value)> {
        // Without removals an entry's place is its slot.
        let near = usize::try_from(slot).ok()?;
        let place = match self.entries.get_index(near) {
            Some((_, entry)) if entry.slot == slot => near,
            _ => self.entries.partition_point(|_, entry| entry.slot < slot),
        };
        let (key, entry) = self.entries.get_index(place)?;
        Some((entry.slot, &key.value, &entry.value))
    }

    pub(crate) fn key(&self, heap: &Heap, value: Value) -> Key {
        Key {
            hash: self.comparer.hash(heap, &value),
            value,
        }
    }

    /// Adds a key that [`find`](Self::find) did not find.
    pub(crate) fn push(&mut self, key: Key, value: Value) {
        match self.free.pop() {
            Some(slot) => {
                let place = self.entries.partition_point(|_, entry| entry.slot < slot);
                self.entries.shift_insert(place, key, Entry { slot, value });
            }
            None => {
                let slot = self.next;
                self.next = self.next.wrapping_add(1);
                self.entries.insert(key, Entry { slot, value });
            }
        }
    }

    pub(crate) fn set(&mut self, place: usize, value: Value) {
        if let Some((_, entry)) = self.entries.get_index_mut(place) {
            entry.value = value;
        }
    }

    pub(crate) fn remove(&mut self, place: usize) -> Option<Value> {
        let (_, entry) = self.entries.shift_remove_index(place)?;
        self.free.push(entry.slot);
        Some(entry.value)
    }

    /// Removes an entry of a table that nobody goes through in order.
    pub(crate) fn take(&mut self, place: usize) -> bool {
        self.entries.swap_remove_index(place).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.free.clear();
        self.next = 0;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.entries
            .iter()
            .map(|(key, entry)| (&key.value, &entry.value))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_new_key_takes_the_place_of_a_removed_one() {
        let heap = Heap::default();
        let mut table = Table::new(KeyComparer::DEFAULT);
        let push = |table: &mut Table, key: &str| {
            let key = table.key(&heap, key.into());
            table.push(key, Value::Null);
        };
        for key in ["a", "b", "c"] {
            push(&mut table, key);
        }
        table.remove(table.find(&heap, &"b".into()).unwrap());
        table.remove(table.find(&heap, &"a".into()).unwrap());
        for key in ["x", "y", "z"] {
            push(&mut table, key);
        }
        let keys: Vec<_> = table
            .iter()
            .map(|(key, _)| key.as_str().unwrap().to_string())
            .collect();
        assert_eq!(keys, ["x", "y", "c", "z"]);
    }
}
