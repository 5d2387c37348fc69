//! Members that arrays, lists, sets and their interfaces share; each looks at what the receiver is at run time.

use super::comparer::is_comparer;
use super::key::Table;
use super::linked_list::{self, LinkedList};
use super::list::{self, List};
use super::queue::Line;
use super::set::HashSet;
use super::sorted::Sorted;
use super::{Array, dictionary};
use std::ops::Range;

use crate::args::{index, int};
use crate::machine::Machine;
use crate::member::Call;
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

/// `InvalidOperationException` of an enumeration whose collection changed.
pub(crate) fn modified() -> Throw {
    Throw::invalid_operation("Collection was modified; enumeration operation may not execute.")
}

/// `ArgumentOutOfRangeException` of an index.
pub(crate) fn out_of_range(parameter: &str) -> Throw {
    Throw::argument_out_of_range(format!(
        "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter '{parameter}')"
    ))
}

/// Whether a predicate holds.
pub(crate) fn holds(
    machine: &mut Machine<'_>,
    predicate: &Value,
    value: &Value,
) -> Result<bool, Throw> {
    machine.step(1)?;
    match machine.call(predicate, std::slice::from_ref(value))? {
        Value::Bool(holds) => Ok(holds),
        _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
    }
}

/// How many elements, if that is known without counting.
pub(crate) fn length(machine: &Machine<'_>, value: &Value) -> Option<usize> {
    let heap = &*machine.heap;
    if let Some(array) = heap.of::<Array>(value) {
        return Some(array.len());
    }
    if let Some(list) = heap.of::<List>(value) {
        return Some(list.items().len());
    }
    if let Some(set) = heap.of::<HashSet>(value) {
        return Some(set.table().len());
    }
    if let Some(dictionary) = heap.of::<dictionary::Dictionary>(value) {
        return Some(dictionary.len());
    }
    if let Some(sorted) = heap.of::<Sorted>(value) {
        return Some(sorted.len());
    }
    if let Some(list) = heap.of::<LinkedList>(value) {
        return Some(list.len());
    }
    if let Some(line) = heap.of::<Line>(value) {
        return Some(line.len());
    }
    match value {
        Value::String(text) => Some(text.len()),
        _ => None,
    }
}

pub(crate) fn count(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::null_reference());
    }
    match length(call.machine, call.arg(0)) {
        Some(length) => Ok(int(length)),
        None => ops::collect(call.machine, call.arg(0)).map(|values| int(values.len())),
    }
}

pub(crate) fn element(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let place = usize::try_from(call.int(1)?).ok();
    let heap = &*call.machine.heap;
    if let Some(list) = heap.of::<List>(call.arg(0)) {
        let value = place.and_then(|place| list.items().get(place));
        return value.cloned().ok_or_else(|| out_of_range("index"));
    }
    if let Some(array) = heap.of::<Array>(call.arg(0)) {
        let value = place.and_then(|place| array.get(place));
        return value.ok_or_else(Throw::index_out_of_range);
    }
    if call.arg(0).is_null() {
        return Err(Throw::null_reference());
    }
    let mut values = ops::collect(call.machine, call.arg(0))?;
    match place.filter(|place| *place < values.len()) {
        Some(place) => Ok(values.swap_remove(place)),
        None => Err(out_of_range("index")),
    }
}

pub(crate) fn set_element(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let place = usize::try_from(call.int(1)?).ok();
    let (target, value) = (call.arg(0), call.arg(2).clone());
    let heap = &mut *call.machine.heap;
    if let Some(list) = heap.of_mut::<List>(target) {
        let items = list.items_mut();
        let slot = place.and_then(|place| items.get_mut(place));
        *slot.ok_or_else(|| out_of_range("index"))? = value;
        return Ok(Value::Null);
    }
    let array = heap
        .of_mut::<Array>(target)
        .ok_or_else(Throw::null_reference)?;
    match place.is_some_and(|place| array.set(place, value)) {
        true => Ok(Value::Null),
        false => Err(Throw::index_out_of_range()),
    }
}

/// The list to be changed; arrays and other collections have a fixed size.
fn list_mut<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut List, Throw> {
    let value = call.arg(0);
    let fixed = !value.is_null();
    call.machine
        .heap
        .of_mut::<List>(value)
        .ok_or_else(|| match fixed {
            true => Throw::not_supported("Collection was of a fixed size."),
            false => Throw::null_reference(),
        })
}

pub(crate) fn add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let item = call.arg(1).clone();
    if is_set(call.machine, call.arg(0)) {
        return super::set::add(call);
    }
    if call.machine.heap.of::<LinkedList>(call.arg(0)).is_some() {
        linked_list::add(call.machine, call.arg(0), item)?;
        return Ok(Value::Null);
    }
    if let (Some((key, value)), true) = (
        super::key_value_pair::parts(call.arg(1)),
        is_dictionary(call.machine, call.arg(0)),
    ) {
        dictionary::add_pair(call.machine, call.arg(0), key, value.clone())?;
        return Ok(Value::Null);
    }
    let length = list_mut(call)?.items_mut().len();
    call.machine.heap.grow(length + 1, 1)?;
    list_mut(call)?.items_mut().push(item);
    Ok(Value::Null)
}

fn is_set(machine: &Machine<'_>, value: &Value) -> bool {
    let heap = &*machine.heap;
    heap.of::<HashSet>(value).is_some() || heap.of::<Sorted>(value).is_some_and(Sorted::is_set)
}

fn is_dictionary(machine: &Machine<'_>, value: &Value) -> bool {
    let heap = &*machine.heap;
    heap.of::<dictionary::Dictionary>(value).is_some()
        || heap
            .of::<Sorted>(value)
            .is_some_and(|sorted| !sorted.is_set())
}

/// `ICollection<T>.IsReadOnly`: arrays, views and what a dictionary gives.
pub(crate) fn is_read_only(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (machine, value) = (&*call.machine, call.arg(0));
    if value.is_null() {
        return Err(Throw::null_reference());
    }
    Ok((!changes(machine, value)).into())
}

/// Whether elements can be added to a collection.
pub(crate) fn changes(machine: &Machine<'_>, value: &Value) -> bool {
    let heap = &*machine.heap;
    heap.of::<List>(value).is_some()
        || heap.of::<LinkedList>(value).is_some()
        || is_set(machine, value)
        || is_dictionary(machine, value)
}

pub(crate) fn insert(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (place, item) = (usize::try_from(call.int(1)?).ok(), call.arg(2).clone());
    let length = list_mut(call)?.items_mut().len();
    call.machine.heap.grow(length + 1, 1)?;
    let items = list_mut(call)?.items_mut();
    let place = place.filter(|place| *place <= items.len()).ok_or_else(|| {
        Throw::argument_out_of_range(
            "Index must be within the bounds of the List. (Parameter 'index')",
        )
    })?;
    let moved = items.len() - place;
    items.insert(place, item);
    call.work(moved.saturating_mul(8))?;
    Ok(Value::Null)
}

pub(crate) fn remove(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if is_set(call.machine, call.arg(0)) {
        return super::set::remove(call);
    }
    if call.machine.heap.of::<LinkedList>(call.arg(0)).is_some() {
        return linked_list::take_out(call.machine, call.arg(0), call.arg(1)).map(Value::Bool);
    }
    if let (Some((key, value)), true) = (
        super::key_value_pair::parts(call.arg(1)),
        is_dictionary(call.machine, call.arg(0)),
    ) {
        return dictionary::remove_pair(call.machine, call.arg(0), key, value).map(Value::Bool);
    }
    let items = list::elements(call, 0)?;
    compare_work(call.machine, items.len(), call.arg(1))?;
    match list::place_of(call, &items, call.arg(1), false) {
        Value::Int32(place) if place >= 0 => {
            let place = usize::try_from(place).unwrap_or(0);
            list_mut(call)?.items_mut().remove(place);
            Ok(Value::Bool(true))
        }
        _ => Ok(Value::Bool(false)),
    }
}

pub(crate) fn remove_at(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let place = usize::try_from(call.int(1)?).ok();
    let items = list_mut(call)?.items_mut();
    let place = place
        .filter(|place| *place < items.len())
        .ok_or_else(|| out_of_range("index"))?;
    let moved = items.len() - place;
    items.remove(place);
    call.work(moved.saturating_mul(8))?;
    Ok(Value::Null)
}

pub(crate) fn clear(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if let Some(set) = call.machine.heap.of_mut::<HashSet>(call.arg(0)) {
        set.table_mut().clear();
        return Ok(Value::Null);
    }
    if let Some(sorted) = call.machine.heap.of_mut::<Sorted>(call.arg(0)) {
        sorted.clear();
        return Ok(Value::Null);
    }
    if call.machine.heap.of::<LinkedList>(call.arg(0)).is_some() {
        linked_list::clear(call.machine, call.arg(0))?;
        return Ok(Value::Null);
    }
    if is_dictionary(call.machine, call.arg(0)) {
        return dictionary::clear(call);
    }
    list_mut(call)?.items_mut().clear();
    Ok(Value::Null)
}

pub(crate) fn contains(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::null_reference());
    }
    contains_value(call.machine, call.arg(0), call.arg(1)).map(Value::Bool)
}

/// Charges for comparing so many elements with a value.
fn compare_work(machine: &mut Machine<'_>, count: usize, with: &Value) -> Result<(), Throw> {
    let each = match with {
        Value::String(text) => 32 + text.size(),
        _ => 32,
    };
    machine.work(count.saturating_mul(each))
}

/// Whether a collection has an element equal to the value.
pub(crate) fn contains_value(
    machine: &mut Machine<'_>,
    source: &Value,
    value: &Value,
) -> Result<bool, Throw> {
    if let Some(set) = machine.heap.of::<HashSet>(source) {
        return Ok(Table::find(set.table(), machine.heap, value).is_some());
    }
    if machine
        .heap
        .of::<Sorted>(source)
        .is_some_and(Sorted::is_set)
    {
        return Ok(super::sorted::find(machine, source, value)?.is_ok());
    }
    let heap = &*machine.heap;
    let items = heap
        .of::<List>(source)
        .map(List::items)
        .or_else(|| heap.of::<Array>(source).and_then(Array::as_values));
    if let Some(items) = items {
        let place = items.iter().position(|item| ops::equals(heap, item, value));
        let looked_at = place.unwrap_or(items.len());
        compare_work(machine, looked_at, value)?;
        return Ok(place.is_some());
    }
    let mut iterator = ops::iterate(machine, source)?;
    while let Some(item) = iterator.next(machine)? {
        machine.step(1)?;
        machine.work_on(value)?;
        if ops::equals(machine.heap, &item, value) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The range that `index` and `count`, arguments from `first` on, say a search forward is in.
fn forward(call: &Call<'_, '_>, first: usize, length: usize) -> Result<Range<usize>, Throw> {
    let Value::Int32(start) = call.arg(first) else {
        return Ok(0..length);
    };
    let start = usize::try_from(*start)
        .ok()
        .filter(|start| *start <= length);
    let start = start.ok_or_else(|| out_of_range("startIndex"))?;
    let count = match call.arg(first + 1) {
        Value::Int32(count) => usize::try_from(*count).ok(),
        _ => Some(length - start),
    };
    match count.filter(|count| *count <= length - start) {
        Some(count) => Ok(start..start + count),
        None => Err(out_of_count()),
    }
}

/// As [`forward`] for a search backward, which begins at `index`.
fn backward(call: &Call<'_, '_>, first: usize, length: usize) -> Result<Range<usize>, Throw> {
    let Value::Int32(start) = call.arg(first) else {
        return Ok(0..length);
    };
    if length == 0 {
        return Ok(0..0);
    }
    let start = usize::try_from(*start).ok().filter(|start| *start < length);
    let start = start.ok_or_else(|| out_of_range("startIndex"))?;
    let count = match call.arg(first + 1) {
        Value::Int32(count) => usize::try_from(*count).ok(),
        _ => Some(start + 1),
    };
    match count.and_then(|count| (start + 1).checked_sub(count)) {
        Some(low) => Ok(low..start + 1),
        None => Err(out_of_count()),
    }
}

fn out_of_count() -> Throw {
    Throw::argument_out_of_range(
        "Count must be positive and count must refer to a location within the string/array/collection. (Parameter 'count')",
    )
}

/// A place in a part as one in the whole.
fn shifted(found: Value, by: usize) -> Value {
    match found {
        Value::Int32(place) if place >= 0 => int(usize::try_from(place).unwrap_or(0) + by),
        other => other,
    }
}

/// The items of a list or an array: `ArgumentNullException` for a null array.
fn items(call: &Call<'_, '_>) -> Result<Vec<Value>, Throw> {
    list::elements(call, 0)
}

pub(crate) fn index_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = items(call)?;
    compare_work(call.machine, items.len(), call.arg(1))?;
    let range = forward(call, 2, items.len())?;
    let part = items.get(range.clone()).unwrap_or_default();
    Ok(shifted(
        list::place_of(call, part, call.arg(1), false),
        range.start,
    ))
}

pub(crate) fn last_index_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = items(call)?;
    compare_work(call.machine, items.len(), call.arg(1))?;
    let range = backward(call, 2, items.len())?;
    let part = items.get(range.clone()).unwrap_or_default();
    Ok(shifted(
        list::place_of(call, part, call.arg(1), true),
        range.start,
    ))
}

pub(crate) fn copy_to(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = ops::collect(call.machine, call.arg(0))?;
    let start = match call.arguments.len() {
        2 => 0,
        _ => call.count(2, "arrayIndex")?,
    };
    let target = call
        .machine
        .heap
        .of_mut::<Array>(call.arg(1))
        .ok_or_else(|| Throw::argument_null("array"))?;
    if start.saturating_add(items.len()) > target.len() {
        return Err(Throw::argument(
            "Destination array was not long enough. Check the destination index, length, and the array's lower bounds. (Parameter 'destinationArray')",
        ));
    }
    for (offset, item) in items.into_iter().enumerate() {
        target.set(start + offset, item);
    }
    Ok(Value::Null)
}

pub(crate) fn binary_search(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let items = items(call)?;
    let comparer = call.arguments.iter().skip(2).find(|it| is_comparer(it));
    let (range, wanted) = match (call.arg(1), call.arg(2), call.arguments.len()) {
        (Value::Int32(start), Value::Int32(count), 4..) => {
            let start = usize::try_from(*start).ok();
            let end = start.zip(usize::try_from(*count).ok());
            let range = end.map(|(start, count)| start..start.saturating_add(count));
            let range = range.filter(|range| range.end <= items.len());
            (range.ok_or_else(out_of_count)?, call.arg(3))
        }
        _ => (0..items.len(), call.arg(1)),
    };
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(item) = items.get(middle) else { break };
        let comparer = comparer.unwrap_or(&Value::Null);
        match list::compare_with(call.machine, comparer, item, wanted)? {
            std::cmp::Ordering::Equal => return Ok(int(middle)),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(Value::Int32(!i32::try_from(low).unwrap_or(i32::MAX)))
}

pub(crate) fn for_each(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut iterator = ops::iterate(call.machine, call.arg(0))?;
    while let Some(item) = iterator.next(call.machine)? {
        call.machine.step(1)?;
        call.machine.call(call.arg(1), &[item])?;
    }
    Ok(Value::Null)
}

/// The first or last element that the predicate, the last argument, holds for, with its place.
fn search(call: &mut Call<'_, '_>, last: bool) -> Result<Option<(usize, Value)>, Throw> {
    let items = items(call)?;
    let range = match last {
        true => backward(call, 1, items.len())?,
        false => forward(call, 1, items.len())?,
    };
    let predicate = call.arguments.last().cloned().unwrap_or_default();
    if predicate.is_null() {
        return Err(Throw::argument_null("match"));
    }
    let places: Box<dyn Iterator<Item = usize>> = match last {
        true => Box::new(range.rev()),
        false => Box::new(range),
    };
    for place in places {
        if let Some(item) = items.get(place)
            && holds(call.machine, &predicate, item)?
        {
            return Ok(Some((place, item.clone())));
        }
    }
    Ok(None)
}

pub(crate) fn exists(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(search(call, false)?.is_some().into())
}

pub(crate) fn true_for_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    for item in list::elements(call, 0)? {
        if !holds(call.machine, call.arg(1), &item)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn found_or_default(call: &Call<'_, '_>, found: Option<(usize, Value)>) -> Value {
    found.map_or_else(
        || ops::default_of(&call.type_argument(0)),
        |(_, value)| value,
    )
}

pub(crate) fn find(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let found = search(call, false)?;
    Ok(found_or_default(call, found))
}

pub(crate) fn find_last(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let found = search(call, true)?;
    Ok(found_or_default(call, found))
}

pub(crate) fn find_index(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(index(search(call, false)?.map(|(place, _)| place)))
}

pub(crate) fn find_last_index(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(index(search(call, true)?.map(|(place, _)| place)))
}
