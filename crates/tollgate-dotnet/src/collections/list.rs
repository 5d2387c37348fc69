//! `List<T>`.

use std::cmp::Ordering;

use super::sorting::{self, by_default};
use super::{Array, add, index_of};
use crate::args::{index, int};
use crate::heap::{HeapId, HeapObject, Iterate};
use crate::linq;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::from_fn;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `List<T>`.
pub(crate) static LIST: TypeDef = TypeDef {
    name: "System.Collections.Generic.List<T>",
    kind: TypeKind::Class,
    bases: &["IList<T>", "IReadOnlyList<T>", "IList"],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("new()", create),
    member("new(int capacity)", create),
    member("new(IEnumerable<T> collection)", create),
    member("int Count { get; }", super::count),
    member("int Capacity { get; }", super::count),
    member("int Capacity { set; }", |call| {
        match call.count(1, "value")? < this(call)?.items.len() {
            true => Err(Throw::argument_out_of_range(
                "capacity was less than the current size. (Parameter 'value')",
            )),
            false => Ok(Value::Null),
        }
    }),
    member("T this[int index] { get; }", super::element),
    member("T this[int index] { set; }", super::set_element),
    member("void Add(T item)", add).quick(),
    member("void AddRange(IEnumerable<T> collection)", add_range),
    member("void Insert(int index, T item)", super::insert),
    member(
        "void InsertRange(int index, IEnumerable<T> collection)",
        insert_range,
    ),
    member("bool Remove(T item)", super::remove),
    member("void RemoveAt(int index)", super::remove_at),
    member("void RemoveRange(int index, int count)", remove_range),
    member("int RemoveAll(Predicate<T> match)", remove_all),
    member("void Clear()", super::clear),
    member("bool Contains(T item)", super::contains),
    member("int IndexOf(T item)", index_of),
    member("int IndexOf(T item, int index)", index_of),
    member("int IndexOf(T item, int index, int count)", index_of),
    member("int LastIndexOf(T item)", super::last_index_of),
    member("int LastIndexOf(T item, int index)", super::last_index_of),
    member(
        "int LastIndexOf(T item, int index, int count)",
        super::last_index_of,
    ),
    member("T[] ToArray()", linq::to_array),
    member("void CopyTo(T[] array)", super::copy_to),
    member("void CopyTo(T[] array, int arrayIndex)", super::copy_to),
    member("List<T> GetRange(int index, int count)", get_range),
    member("List<T> Slice(int start, int length)", get_range),
    member(
        "void CopyTo(int index, T[] array, int arrayIndex, int count)",
        copy_range,
    ),
    member("void Reverse()", reverse),
    member("void Reverse(int index, int count)", reverse),
    member("void Sort()", sort),
    member("void Sort(Comparison<T> comparison)", sort),
    member("void Sort(IComparer<T> comparer)", sort),
    member(
        "void Sort(int index, int count, IComparer<T> comparer)",
        sort_range,
    ),
    member("int BinarySearch(T item)", super::binary_search),
    member(
        "int BinarySearch(T item, IComparer<T> comparer)",
        super::binary_search,
    ),
    member("void TrimExcess()", |_| Ok(Value::Null)),
    member("int EnsureCapacity(int capacity)", |call| {
        let capacity = call.count(1, "capacity")?;
        Ok(int(capacity.max(this(call)?.items.len())))
    }),
    member("void ForEach(Action<T> action)", super::for_each),
    member("bool Exists(Predicate<T> match)", super::exists),
    member("bool TrueForAll(Predicate<T> match)", super::true_for_all),
    member("T Find(Predicate<T> match)", super::find),
    member("T FindLast(Predicate<T> match)", super::find_last),
    member("List<T> FindAll(Predicate<T> match)", find_all),
    member("int FindIndex(Predicate<T> match)", super::find_index),
    member(
        "int FindIndex(int startIndex, Predicate<T> match)",
        super::find_index,
    ),
    member(
        "int FindIndex(int startIndex, int count, Predicate<T> match)",
        super::find_index,
    ),
    member(
        "int FindLastIndex(int startIndex, Predicate<T> match)",
        super::find_last_index,
    ),
    member(
        "int FindLastIndex(int startIndex, int count, Predicate<T> match)",
        super::find_last_index,
    ),
    member(
        "int FindLastIndex(Predicate<T> match)",
        super::find_last_index,
    ),
    member(
        "List<R> ConvertAll<R>(Converter<T, R> converter)",
        convert_all,
    ),
    member("ReadOnlyCollection<T> AsReadOnly()", |call| {
        super::read_only::of(call, 0)
    }),
    member("IEnumerator<T> GetEnumerator()", super::get_enumerator),
];

/// A list on the heap.
#[derive(Debug, Clone)]
pub struct List {
    element: Type,
    items: Vec<Value>,
    version: u32,
}

impl List {
    /// A list of these values.
    pub fn new(element: Type, items: Vec<Value>) -> Self {
        List {
            element,
            items,
            version: 0,
        }
    }

    /// The element type.
    pub fn element(&self) -> &Type {
        &self.element
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.items
    }

    /// The elements, to be changed; a running enumeration notices.
    pub fn items_mut(&mut self) -> &mut Vec<Value> {
        self.version = self.version.wrapping_add(1);
        &mut self.items
    }
}

impl HeapObject for List {
    fn type_of(&self) -> Type {
        Type::generic(&LIST, [self.element.clone()])
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        let (version, mut next) = (self.version, 0);
        Some(from_fn(move |machine| {
            let Some(list) = machine.heap.get::<List>(this) else {
                return Ok(None);
            };
            if list.version != version {
                return Err(super::modified());
            }
            let value = list.items.get(next).cloned();
            next += 1;
            Ok(value)
        }))
    }
}

/// A new list, within the limits.
pub(crate) fn allocate(
    call: &mut Call<'_, '_>,
    element: Type,
    items: Vec<Value>,
) -> Result<Value, Throw> {
    let heap = &mut call.machine.heap;
    heap.grow(items.len(), items.len())?;
    heap.alloc(List::new(element, items))
}

fn this<'a>(call: &'a Call<'_, '_>) -> Result<&'a List, Throw> {
    call.machine
        .heap
        .of(call.arg(0))
        .ok_or_else(Throw::null_reference)
}

fn replace(call: &mut Call<'_, '_>, items: Vec<Value>) -> Result<Value, Throw> {
    if let Some(list) = call.machine.heap.of_mut::<List>(call.arg(0)) {
        *list.items_mut() = items;
    }
    Ok(Value::Null)
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = match call.arg(0) {
        Value::Null if call.arguments.len() == 1 => return Err(Throw::argument_null("collection")),
        Value::Null => Vec::new(),
        Value::Int32(_) => {
            call.count(0, "capacity")?;
            Vec::new()
        }
        source => {
            let source = source.clone();
            ops::collect(call.machine, &source)?
        }
    };
    let element = call.type_argument(0);
    allocate(call, element, items)
}

fn add_range(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("collection"));
    }
    let length = this(call)?.items.len();
    let items = ops::collect(call.machine, call.arg(1))?;
    call.machine.heap.room(length.saturating_add(items.len()))?;
    if let Some(list) = call.machine.heap.of_mut::<List>(call.arg(0)) {
        list.items_mut().extend(items);
    }
    Ok(Value::Null)
}

fn insert_range(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = this(call)?.items.len();
    let place = call.count(1, "index")?;
    if place > length {
        return Err(super::out_of_range("index"));
    }
    let items = ops::collect(call.machine, call.arg(2))?;
    call.machine.heap.room(length.saturating_add(items.len()))?;
    call.work((length - place).saturating_mul(8))?;
    if let Some(list) = call.machine.heap.of_mut::<List>(call.arg(0)) {
        list.items_mut().splice(place..place, items);
    }
    Ok(Value::Null)
}

/// `index` and `count` arguments as a range within the list.
fn range(call: &Call<'_, '_>) -> Result<std::ops::Range<usize>, Throw> {
    let (start, count) = (call.count(1, "index")?, call.count(2, "count")?);
    match start.checked_add(count) {
        Some(end) if end <= this(call)?.items.len() => Ok(start..end),
        _ => Err(Throw::argument(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
        )),
    }
}

fn remove_range(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let range = range(call)?;
    call.work(this(call)?.items.len().saturating_mul(8))?;
    if let Some(list) = call.machine.heap.of_mut::<List>(call.arg(0)) {
        list.items_mut().drain(range);
    }
    Ok(Value::Null)
}

fn get_range(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let range = range(call)?;
    let list = this(call)?;
    let items = list.items.get(range).unwrap_or_default().to_vec();
    let element = list.element.clone();
    allocate(call, element, items)
}

fn remove_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = elements(call, 0)?;
    let before = items.len();
    let mut kept = Vec::with_capacity(before);
    for item in items {
        if !super::holds(call.machine, call.arg(1), &item)? {
            kept.push(item);
        }
    }
    let removed = before - kept.len();
    replace(call, kept)?;
    Ok(int(removed))
}

fn find_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let list = this(call)?;
    let element = list.element.clone();
    let items = elements(call, 0)?;
    let mut found = Vec::new();
    for item in items {
        if super::holds(call.machine, call.arg(1), &item)? {
            found.push(item);
        }
    }
    allocate(call, element, found)
}

fn convert_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = elements(call, 0)?;
    let mut converted = Vec::with_capacity(items.len());
    for item in items {
        call.machine.step(1)?;
        converted.push(call.machine.call(call.arg(1), &[item])?);
    }
    let element = call.type_argument(1);
    allocate(call, element, converted)
}

fn copy_range(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (start, to, count) = (
        call.count(1, "index")?,
        call.count(3, "arrayIndex")?,
        call.count(4, "count")?,
    );
    let items = elements(call, 0)?;
    call.work(count)?;
    let items = start
        .checked_add(count)
        .and_then(|end| items.get(start..end));
    let Some(items) = items else {
        return Err(Throw::argument(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
        ));
    };
    let target = call.arg(2);
    let target = call.machine.heap.of_mut::<Array>(target);
    let target = target.ok_or_else(|| Throw::argument_null("array"))?;
    if to.saturating_add(count) > target.len() {
        return Err(Throw::argument(
            "Destination array was not long enough. Check the destination index, length, and the array's lower bounds. (Parameter 'destinationArray')",
        ));
    }
    for (offset, item) in items.iter().enumerate() {
        target.set(to + offset, item.clone());
    }
    Ok(Value::Null)
}

fn reverse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut items = elements(call, 0)?;
    let part = match call.arguments.len() {
        1 => 0..items.len(),
        _ => range(call)?,
    };
    if let Some(part) = items.get_mut(part) {
        part.reverse();
    }
    call.work(items.len())?;
    replace(call, items)
}

fn sort(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = elements(call, 0)?;
    let comparer = call.arg(1).clone();
    let sorted = sorting::sort(call.machine, items, |machine, a, b| {
        compare_with(machine, &comparer, a, b)
    })?;
    replace(call, sorted)
}

fn sort_range(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let range = range(call)?;
    let mut items = elements(call, 0)?;
    let part = items.get(range.clone()).unwrap_or_default().to_vec();
    let comparer = call.arg(3).clone();
    let sorted = sorting::sort(call.machine, part, |machine, a, b| {
        compare_with(machine, &comparer, a, b)
    })?;
    items.splice(range, sorted);
    replace(call, items)
}

/// By an `IComparer`, a `Comparison` delegate, or without either by default.
pub(crate) fn compare_with(
    machine: &mut crate::machine::Machine<'_>,
    comparer: &Value,
    a: &Value,
    b: &Value,
) -> Result<Ordering, Throw> {
    if comparer.is_null() {
        return by_default(machine, a, b);
    }
    if let Some(function) = super::comparer::comparison(comparer) {
        return super::comparer::by_comparison(machine, function, a, b);
    }
    if let Some(comparer) = comparer.downcast::<crate::system::StringComparer>() {
        comparer.0.work(machine, a.as_str(), b.as_str())?;
        return Ok(match (a, b) {
            (Value::String(a), Value::String(b)) => comparer.0.compare(a, b),
            (a, b) => b.is_null().cmp(&a.is_null()),
        });
    }
    if comparer.downcast::<crate::xml::DocumentOrder>().is_some() {
        return crate::xml::compare_nodes(machine, a, b);
    }
    match machine.call(comparer, &[a.clone(), b.clone()])? {
        Value::Int32(number) => Ok(number.cmp(&0)),
        _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
    }
}

/// Used by `Array` and lists alike.
pub(super) fn place_of(call: &Call<'_, '_>, items: &[Value], item: &Value, last: bool) -> Value {
    let heap = &*call.machine.heap;
    let same = |candidate: &Value| ops::equals(heap, candidate, item);
    index(match last {
        true => items.iter().rposition(same),
        false => items.iter().position(same),
    })
}

/// What copying an element costs, in bytes.
const ELEMENT: usize = 256;

/// The elements of a list or an array, copied out.
pub(crate) fn elements(call: &Call<'_, '_>, argument: usize) -> Result<Vec<Value>, Throw> {
    let value = call.arg(argument);
    let copied = |count: usize| call.machine.heap.spend(count.saturating_mul(ELEMENT));
    if let Some(list) = call.machine.heap.of::<List>(value) {
        copied(list.items.len());
        return Ok(list.items.clone());
    }
    match call.machine.heap.of::<Array>(value) {
        Some(array) => {
            // There may be more bytes than elements.
            call.machine.heap.room(array.len())?;
            copied(array.len());
            Ok(array.values().collect())
        }
        None if argument == 0 => Err(Throw::null_reference()),
        None => Err(Throw::argument_null("array")),
    }
}
