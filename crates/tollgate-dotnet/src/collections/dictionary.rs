//! `Dictionary<TKey, TValue>` and the interfaces of dictionaries.

use super::key::{KeyComparer, Table};
use super::key_value_pair;
use super::sorted::{self, Sorted};
use crate::heap::{Heap, HeapId, HeapObject, Iterate};
use crate::json;
use crate::machine::Machine;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::{Sequence, from_fn};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `Dictionary<TKey, TValue>`.
pub(crate) static DICTIONARY: TypeDef = TypeDef {
    name: "System.Collections.Generic.Dictionary<TKey, TValue>",
    kind: TypeKind::Class,
    bases: &[
        "IDictionary<TKey, TValue>",
        "IReadOnlyDictionary<TKey, TValue>",
        "IDictionary",
    ],
    values: &[],
    members: MEMBERS,
};

/// `Dictionary<TKey, TValue>.KeyCollection`.
pub(crate) static KEY_COLLECTION: TypeDef = TypeDef {
    name: "System.Collections.Generic.Dictionary+KeyCollection<TKey, TValue>",
    kind: TypeKind::Class,
    bases: &["ICollection<TKey>", "IReadOnlyCollection<TKey>"],
    values: &[],
    members: &[],
};

/// `Dictionary<TKey, TValue>.ValueCollection`.
pub(crate) static VALUE_COLLECTION: TypeDef = TypeDef {
    name: "System.Collections.Generic.Dictionary+ValueCollection<TKey, TValue>",
    kind: TypeKind::Class,
    bases: &["ICollection<TValue>", "IReadOnlyCollection<TValue>"],
    values: &[],
    members: &[],
};

const MEMBERS: &[Member] = &[
    member("new()", create),
    member("new(int capacity)", create),
    member("new(IEqualityComparer<TKey> comparer)", create),
    member(
        "new(int capacity, IEqualityComparer<TKey> comparer)",
        create,
    ),
    member("new(IDictionary<TKey, TValue> dictionary)", copy),
    member(
        "new(IDictionary<TKey, TValue> dictionary, IEqualityComparer<TKey> comparer)",
        copy,
    ),
    member(
        "new(IEnumerable<KeyValuePair<TKey, TValue>> collection)",
        copy,
    ),
    member(
        "new(IEnumerable<KeyValuePair<TKey, TValue>> collection, IEqualityComparer<TKey> comparer)",
        copy,
    ),
    member("int Count { get; }", super::count),
    member("IEqualityComparer<TKey> Comparer { get; }", comparer),
    member("int EnsureCapacity(int capacity)", |call| {
        let capacity = call.count(1, "capacity")?;
        Ok(crate::args::int(capacity.max(this(call)?.len())))
    }),
    member("void TrimExcess()", |_| Ok(Value::Null)),
    member("TValue this[TKey key] { get; }", get),
    member("TValue this[TKey key] { set; }", set),
    member("ICollection<TKey> Keys { get; }", keys),
    member("ICollection<TValue> Values { get; }", values),
    member("void Add(TKey key, TValue value)", add),
    member("bool TryAdd(TKey key, TValue value)", try_add),
    member("bool ContainsKey(TKey key)", contains_key),
    member("bool ContainsValue(TValue value)", contains_value),
    member(
        "bool TryGetValue(TKey key, out TValue value)",
        try_get_value,
    ),
    member("bool Remove(TKey key)", remove),
    member("bool Remove(TKey key, out TValue value)", remove_out),
    member("void Clear()", clear),
    member(
        "IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator()",
        super::get_enumerator,
    ),
];

/// `IDictionary<TKey, TValue>`.
pub(crate) static IDICTIONARY_OF: TypeDef = TypeDef {
    name: "System.Collections.Generic.IDictionary<TKey, TValue>",
    kind: TypeKind::Interface,
    bases: &["ICollection<KeyValuePair<TKey, TValue>>"],
    values: &[],
    members: &[
        member("TValue this[TKey key] { get; }", |call| {
            json::in_dictionary(call, json::object::get).unwrap_or_else(|| get(call))
        }),
        member("TValue this[TKey key] { set; }", |call| {
            json::in_dictionary(call, json::object::set).unwrap_or_else(|| set(call))
        }),
        member("ICollection<TKey> Keys { get; }", keys),
        member("ICollection<TValue> Values { get; }", values),
        member("void Add(TKey key, TValue value)", |call| {
            json::in_dictionary(call, json::object::add).unwrap_or_else(|| add(call))
        }),
        member("bool ContainsKey(TKey key)", contains_key),
        member(
            "bool TryGetValue(TKey key, out TValue value)",
            try_get_value,
        ),
        member("bool Remove(TKey key)", |call| {
            json::in_dictionary(call, json::object::remove).unwrap_or_else(|| remove(call))
        }),
    ],
};

/// `IReadOnlyDictionary<TKey, TValue>`.
pub(crate) static IREADONLY_DICTIONARY_OF: TypeDef = TypeDef {
    name: "System.Collections.Generic.IReadOnlyDictionary<TKey, TValue>",
    kind: TypeKind::Interface,
    bases: &["IReadOnlyCollection<KeyValuePair<TKey, TValue>>"],
    values: &[],
    members: &[
        member("TValue this[TKey key] { get; }", get),
        member("IEnumerable<TKey> Keys { get; }", keys),
        member("IEnumerable<TValue> Values { get; }", values),
        member("bool ContainsKey(TKey key)", contains_key),
        member(
            "bool TryGetValue(TKey key, out TValue value)",
            try_get_value,
        ),
    ],
};

/// `CollectionExtensions`.
pub(crate) static COLLECTION_EXTENSIONS: TypeDef = TypeDef {
    name: "System.Collections.Generic.CollectionExtensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        member(
            "static TValue GetValueOrDefault<TKey, TValue>(this IReadOnlyDictionary<TKey, TValue> dictionary, TKey key)",
            get_value_or_default,
        ),
        member(
            "static TValue GetValueOrDefault<TKey, TValue>(this IReadOnlyDictionary<TKey, TValue> dictionary, TKey key, TValue defaultValue)",
            get_value_or_default,
        ),
        member(
            "static bool TryAdd<TKey, TValue>(this IDictionary<TKey, TValue> dictionary, TKey key, TValue value)",
            try_add,
        ),
        member(
            "static bool Remove<TKey, TValue>(this IDictionary<TKey, TValue> dictionary, TKey key, out TValue value)",
            remove_out,
        ),
        member(
            "static ReadOnlyCollection<T> AsReadOnly<T>(this IList<T> list)",
            |call| super::read_only::of(call, 0),
        ),
    ],
};

fn this<'a>(call: &'a Call<'_, '_>) -> Result<&'a Dictionary, Throw> {
    call.machine
        .heap
        .of(call.arg(0))
        .ok_or_else(Throw::null_reference)
}

fn comparer(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparer = this(call)?.table.comparer;
    Ok(comparer.object(call.type_argument(0)))
}

/// A dictionary on the heap; it keeps the order in which keys came.
#[derive(Debug, Clone)]
pub struct Dictionary {
    key: Type,
    value: Type,
    table: Table,
    version: u32,
}

impl Dictionary {
    /// An empty dictionary of these types.
    pub fn new(key: Type, value: Type) -> Self {
        Dictionary {
            key,
            value,
            table: Table::new(KeyComparer::DEFAULT),
            version: 0,
        }
    }

    /// An empty dictionary whose `string` keys differ in more than case.
    pub fn ignoring_case(value: Type) -> Self {
        Dictionary {
            table: Table::new(KeyComparer::IGNORE_CASE),
            ..Dictionary::new(Type::string(), value)
        }
    }

    pub(crate) fn with(key: Type, value: Type, comparer: KeyComparer) -> Self {
        Dictionary {
            table: Table::new(comparer),
            ..Dictionary::new(key, value)
        }
    }

    /// Whether its keys differ in more than case; `None` if they are compared in some other way.
    pub(crate) fn ignores_case(&self) -> Option<bool> {
        match self.table.comparer {
            KeyComparer::DEFAULT => Some(false),
            KeyComparer::IGNORE_CASE => Some(true),
            _ => None,
        }
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// The value of a key.
    pub fn get(&self, heap: &Heap, key: &Value) -> Option<&Value> {
        let place = self.table.find(heap, key)?;
        self.table.at(place).map(|(_, value)| value)
    }

    /// Sets the value of a key, for use before the dictionary is on the heap.
    pub fn insert(&mut self, heap: &Heap, key: Value, value: Value) {
        match self.table.find(heap, &key) {
            Some(place) => self.table.set(place, value),
            None => {
                let key = self.table.key(heap, key);
                self.table.push(key, value);
            }
        }
        self.version = self.version.wrapping_add(1);
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.table.iter()
    }

    fn pair_type(&self) -> Type {
        key_value_pair::of(self.key.clone(), self.value.clone())
    }
}

impl HeapObject for Dictionary {
    fn type_of(&self) -> Type {
        Type::generic(&DICTIONARY, [self.key.clone(), self.value.clone()])
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        let (version, pair, mut next) = (self.version, self.pair_type(), 0u32);
        Some(from_fn(move |machine| {
            let Some(dictionary) = machine.heap.get::<Dictionary>(this) else {
                return Ok(None);
            };
            if dictionary.version != version {
                return Err(super::modified());
            }
            // A removal is no change to an enumeration: it goes on at the next slot.
            let Some((slot, key, value)) = dictionary.table.entry_from(next) else {
                return Ok(None);
            };
            next = slot.saturating_add(1);
            Ok(Some(key_value_pair::value(
                pair.clone(),
                key.clone(),
                value.clone(),
            )))
        }))
    }
}

/// Puts a pair in, replacing an older one if `replace`; `false` if the key was there and is kept.
fn put(
    machine: &mut Machine<'_>,
    dictionary: &Value,
    key: &Value,
    value: Value,
    replace: bool,
) -> Result<bool, Throw> {
    if key.is_null() {
        return Err(Throw::argument_null("key"));
    }
    if machine.heap.of::<Sorted>(dictionary).is_some() {
        return sorted::put(machine, dictionary, key, value, replace);
    }
    machine.work_on(key)?;
    let Some(this) = machine.heap.of::<Dictionary>(dictionary) else {
        return Err(read_only(dictionary));
    };
    let place = this.table.find(machine.heap, key);
    if place.is_some() && !replace {
        return Ok(false);
    }
    let new_key = this.table.key(machine.heap, key.clone());
    if place.is_none() {
        let length = this.table.len();
        machine.heap.grow(length + 1, 3)?;
    }
    if let Some(this) = machine.heap.of_mut::<Dictionary>(dictionary) {
        match place {
            Some(place) => this.table.set(place, value),
            None => {
                this.table.push(new_key, value);
                this.version = this.version.wrapping_add(1);
            }
        }
    }
    Ok(true)
}

fn read_only(value: &Value) -> Throw {
    match value {
        Value::Null => Throw::null_reference(),
        _ => Throw::not_supported("Collection is read-only."),
    }
}

/// The value of a key in whatever dictionary.
pub(crate) fn entry(
    machine: &mut Machine<'_>,
    dictionary: &Value,
    key: &Value,
) -> Result<Option<Value>, Throw> {
    if dictionary.is_null() {
        return Err(Throw::null_reference());
    }
    if key.is_null() {
        return Err(Throw::argument_null("key"));
    }
    machine.work_on(key)?;
    if let Some(this) = machine.heap.of::<Dictionary>(dictionary) {
        return Ok(this.get(machine.heap, key).cloned());
    }
    if machine.heap.of::<Sorted>(dictionary).is_some() {
        return sorted::get(machine, dictionary, key);
    }
    if let Value::Host(handle) = dictionary {
        return machine.host.entry(machine.heap, *handle, key);
    }
    let pairs = json::as_pairs(machine.heap, dictionary);
    let mut iterator = ops::iterate(machine, pairs.as_ref().unwrap_or(dictionary))?;
    while let Some(pair) = iterator.next(machine)? {
        machine.step(1)?;
        if let Some((candidate, value)) = key_value_pair::parts(&pair)
            && ops::equals(machine.heap, candidate, key)
        {
            return Ok(Some(value.clone()));
        }
    }
    Ok(None)
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if matches!(call.arg(0), Value::Int32(..0)) {
        return Err(Throw::argument_out_of_range(
            "Specified argument was out of the range of valid values. (Parameter 'capacity')",
        ));
    }
    let comparer = call
        .arguments
        .last()
        .map_or(KeyComparer::DEFAULT, KeyComparer::of);
    let mut dictionary = Dictionary::new(call.type_argument(0), call.type_argument(1));
    dictionary.table.comparer = comparer;
    call.machine.heap.alloc(dictionary)
}

fn copy(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::argument_null("dictionary"));
    }
    let pairs = json::as_pairs(call.machine.heap, call.arg(0));
    let pairs = ops::collect(call.machine, pairs.as_ref().unwrap_or(call.arg(0)))?;
    let mut dictionary = Dictionary::new(call.type_argument(0), call.type_argument(1));
    dictionary.table.comparer = KeyComparer::of(call.arg(1));
    let dictionary = call.machine.heap.alloc(dictionary)?;
    for pair in pairs {
        if let Some((key, value)) = key_value_pair::parts(&pair) {
            add_pair(call.machine, &dictionary, key, value.clone())?;
        }
    }
    Ok(dictionary)
}

/// `Add`: throws if the key is there.
pub(crate) fn add_pair(
    machine: &mut Machine<'_>,
    dictionary: &Value,
    key: &Value,
    value: Value,
) -> Result<(), Throw> {
    match put(machine, dictionary, key, value, false)? {
        true => Ok(()),
        false => Err(Throw::argument(format!(
            "An item with the same key has already been added. Key: {}",
            ops::to_text(machine, key)?
        ))),
    }
}

pub(super) fn get(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match entry(call.machine, call.arg(0), call.arg(1))? {
        Some(value) => Ok(value),
        None => Err(Throw::key_not_found(format!(
            "The given key '{}' was not present in the dictionary.",
            call.to_text(1)?
        ))),
    }
}

pub(super) fn set(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    put(
        call.machine,
        call.arg(0),
        call.arg(1),
        call.arg(2).clone(),
        true,
    )?;
    Ok(Value::Null)
}

pub(super) fn add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    add_pair(call.machine, call.arg(0), call.arg(1), call.arg(2).clone())?;
    Ok(Value::Null)
}

fn try_add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    put(
        call.machine,
        call.arg(0),
        call.arg(1),
        call.arg(2).clone(),
        false,
    )
    .map(Value::Bool)
}

/// One half of the pairs, as a collection that follows what becomes of the dictionary.
fn halves(call: &mut Call<'_, '_>, second: bool) -> Result<Value, Throw> {
    let source = call.arg(0).clone();
    if source.is_null() {
        return Err(Throw::null_reference());
    }
    let source = json::as_pairs(call.machine.heap, &source).unwrap_or(source);
    let of = |index| call.type_argument(index);
    let class = match call.machine.heap.of::<Sorted>(&source) {
        Some(sorted) => Type::generic(sorted.half(second), [of(0), of(1)]),
        None => half_type(of(0), of(1), second),
    };
    let sequence = Sequence::new(of(usize::from(second)), move || {
        let source = source.clone();
        let mut iterator = None;
        from_fn(move |machine| {
            if iterator.is_none() {
                iterator = Some(ops::iterate(machine, &source)?);
            }
            let Some(pair) = (match &mut iterator {
                Some(iterator) => iterator.next(machine)?,
                None => None,
            }) else {
                return Ok(None);
            };
            Ok(key_value_pair::parts(&pair)
                .map(|(key, value)| if second { value } else { key }.clone()))
        })
    });
    Ok(Value::object(sequence.of_class(class)))
}

/// `KeyCollection` or `ValueCollection` of a dictionary.
fn half_type(key: Type, value: Type, second: bool) -> Type {
    let table = if second {
        &VALUE_COLLECTION
    } else {
        &KEY_COLLECTION
    };
    Type::generic(table, [key, value])
}

/// The keys of a dictionary that is none of the heap's, as its `Keys` gives them.
pub fn dictionary_keys(key: Type, value: Type, keys: Vec<Value>) -> Value {
    let class = half_type(key.clone(), value, false);
    Value::object(Sequence::of(key, keys).of_class(class))
}

/// The values of a dictionary that is none of the heap's, as its `Values` gives them.
pub fn dictionary_values(key: Type, value: Type, values: Vec<Value>) -> Value {
    let class = half_type(key, value.clone(), true);
    Value::object(Sequence::of(value, values).of_class(class))
}

pub(super) fn keys(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    halves(call, false)
}

pub(super) fn values(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    halves(call, true)
}

pub(super) fn contains_key(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(entry(call.machine, call.arg(0), call.arg(1))?
        .is_some()
        .into())
}

fn contains_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let heap = &*call.machine.heap;
    let this = heap
        .of::<Dictionary>(call.arg(0))
        .ok_or_else(Throw::null_reference)?;
    let found = this
        .iter()
        .any(|(_, value)| ops::equals(heap, value, call.arg(1)));
    let length = this.len();
    call.work(length)?;
    Ok(found.into())
}

pub(super) fn try_get_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let found = entry(call.machine, call.arg(0), call.arg(1))?;
    let there = found.is_some();
    let value = found.unwrap_or_else(|| ops::default_of(&call.type_argument(1)));
    call.outs.push(value);
    Ok(there.into())
}

fn get_value_or_default(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let found = entry(call.machine, call.arg(0), call.arg(1))?;
    Ok(found.unwrap_or_else(|| match call.arguments.len() {
        3 => call.arg(2).clone(),
        _ => ops::default_of(&call.type_argument(1)),
    }))
}

fn take_out(call: &mut Call<'_, '_>) -> Result<Option<Value>, Throw> {
    let (target, key) = (call.arg(0), call.arg(1));
    if key.is_null() {
        return Err(Throw::argument_null("key"));
    }
    if call.machine.heap.of::<Sorted>(target).is_some() {
        return sorted::take(call.machine, target, key);
    }
    let heap = &mut *call.machine.heap;
    let Some(this) = heap.of::<Dictionary>(target) else {
        return Err(read_only(target));
    };
    let Some(place) = this.table.find(heap, key) else {
        return Ok(None);
    };
    let length = this.len();
    let removed = heap
        .of_mut::<Dictionary>(target)
        .and_then(|this| this.table.remove(place));
    call.work(length)?;
    Ok(removed)
}

pub(super) fn remove(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(take_out(call)?.is_some().into())
}

/// `ICollection<KeyValuePair<…>>.Remove`: only if the value is equal too.
pub(super) fn remove_pair(
    machine: &mut Machine<'_>,
    dictionary: &Value,
    key: &Value,
    value: &Value,
) -> Result<bool, Throw> {
    let found = entry(machine, dictionary, key)?;
    if !found.is_some_and(|found| ops::equals(machine.heap, &found, value)) {
        return Ok(false);
    }
    if machine.heap.of::<Sorted>(dictionary).is_some() {
        sorted::take(machine, dictionary, key)?;
        return Ok(true);
    }
    let heap = &mut *machine.heap;
    let place = heap
        .of::<Dictionary>(dictionary)
        .and_then(|this| this.table.find(heap, key));
    if let (Some(place), Some(this)) = (place, heap.of_mut::<Dictionary>(dictionary)) {
        this.table.remove(place);
    }
    Ok(true)
}

fn remove_out(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let removed = take_out(call)?;
    let there = removed.is_some();
    let value = removed.unwrap_or_else(|| ops::default_of(&call.type_argument(1)));
    call.outs.push(value);
    Ok(there.into())
}

pub(super) fn clear(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let this = call
        .machine
        .heap
        .of_mut::<Dictionary>(call.arg(0))
        .ok_or_else(Throw::null_reference)?;
    this.table.clear();
    this.version = this.version.wrapping_add(1);
    Ok(Value::Null)
}
