//! `System.Array`: the members of arrays; what they are at run time is in `collections`.

use crate::args::{index, int};
use crate::collections::{self, Array, compare_with, copy_to, elements, sort};
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

/// `System.Array`.
pub(crate) static ARRAY: TypeDef = TypeDef {
    name: "System.Array",
    kind: TypeKind::Class,
    bases: &["IList", "ICloneable"],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("int Length { get; }", |call| {
        this(call).map(|array| int(array.len()))
    }),
    member("long LongLength { get; }", |call| {
        this(call).map(|array| Value::Int64(i64::try_from(array.len()).unwrap_or(i64::MAX)))
    }),
    member("int Rank { get; }", |call| {
        this(call).map(|array| int(array.rank()))
    }),
    member("int GetLength(int dimension)", |call| {
        let length = this(call)?.length(call.count(1, "dimension")?);
        length.map(int).ok_or_else(Throw::index_out_of_range)
    }),
    member("int GetUpperBound(int dimension)", |call| {
        let length = this(call)?.length(call.count(1, "dimension")?);
        let length = length.ok_or_else(Throw::index_out_of_range)?;
        Ok(index(length.checked_sub(1)))
    }),
    member("int GetLowerBound(int dimension)", |_| Ok(Value::Int32(0))),
    member("object GetValue(int index)", collections::element),
    member("void SetValue(object value, int index)", set_value),
    member("object Clone()", clone),
    member("void CopyTo(Array array, int index)", copy_to),
    member("static T[] Empty<T>()", |call| {
        let element = call.type_argument(0);
        call.new_array(Array::new(element, Vec::new()))
    }),
    member(
        "static int IndexOf<T>(T[] array, T value)",
        collections::index_of,
    ),
    member(
        "static int IndexOf(Array array, object value)",
        collections::index_of,
    ),
    member(
        "static int LastIndexOf<T>(T[] array, T value)",
        collections::last_index_of,
    ),
    member(
        "static int BinarySearch<T>(T[] array, T value)",
        collections::binary_search,
    ),
    member("static void Reverse(Array array)", reverse),
    member(
        "static void Reverse(Array array, int index, int length)",
        reverse,
    ),
    member("static void Sort<T>(T[] array)", sort_array),
    member(
        "static void Sort<T>(T[] array, Comparison<T> comparison)",
        sort_array,
    ),
    member(
        "static void Sort<T>(T[] array, IComparer<T> comparer)",
        sort_array,
    ),
    member("static void Sort(Array array)", sort_array),
    member(
        "static void Copy(Array sourceArray, Array destinationArray, int length)",
        copy,
    ),
    member(
        "static void Copy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)",
        copy_part,
    ),
    member("static void Clear(Array array)", clear),
    member(
        "static void Clear(Array array, int index, int length)",
        clear,
    ),
    member("static void Resize<T>(ref T[] array, int newSize)", resize),
    member(
        "static R[] ConvertAll<T, R>(T[] array, Converter<T, R> converter)",
        convert_all,
    ),
    member(
        "static bool Exists<T>(T[] array, Predicate<T> match)",
        collections::exists,
    ),
    member(
        "static bool TrueForAll<T>(T[] array, Predicate<T> match)",
        collections::true_for_all,
    ),
    member(
        "static T Find<T>(T[] array, Predicate<T> match)",
        collections::find,
    ),
    member(
        "static T FindLast<T>(T[] array, Predicate<T> match)",
        collections::find_last,
    ),
    member(
        "static T[] FindAll<T>(T[] array, Predicate<T> match)",
        find_all,
    ),
    member(
        "static int FindIndex<T>(T[] array, Predicate<T> match)",
        collections::find_index,
    ),
    member(
        "static int FindLastIndex<T>(T[] array, Predicate<T> match)",
        collections::find_last_index,
    ),
    member(
        "static void ForEach<T>(T[] array, Action<T> action)",
        collections::for_each,
    ),
];

fn this<'a>(call: &'a Call<'_, '_>) -> Result<&'a Array, Throw> {
    call.machine
        .heap
        .of(call.arg(0))
        .ok_or_else(Throw::null_reference)
}

fn set_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (target, value) = (call.arg(0), call.arg(1).clone());
    let place = usize::try_from(call.int(2)?).ok();
    let array = call
        .machine
        .heap
        .of_mut::<Array>(target)
        .ok_or_else(Throw::null_reference)?;
    match place.is_some_and(|place| array.set(place, value)) {
        true => Ok(Value::Null),
        false => Err(Throw::index_out_of_range()),
    }
}

fn clone(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let copy = this(call)?.clone();
    call.new_array(copy)
}

/// Replaces the elements of the array in argument 0.
fn replace(call: &mut Call<'_, '_>, values: Vec<Value>) -> Result<Value, Throw> {
    let target = call.arg(0);
    if let Some(array) = call.machine.heap.of_mut::<Array>(target) {
        array.replace(values);
    }
    Ok(Value::Null)
}

/// `index` and `length` in arguments 1 and 2, or the whole.
fn range(call: &Call<'_, '_>, whole: usize) -> Result<std::ops::Range<usize>, Throw> {
    if call.arguments.len() < 3 {
        return Ok(0..whole);
    }
    let (start, length) = (call.count(1, "index")?, call.count(2, "length")?);
    match start.checked_add(length) {
        Some(end) if end <= whole => Ok(start..end),
        _ => Err(Throw::argument(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
        )),
    }
}

fn reverse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut values = elements(call, 0)?;
    let range = range(call, values.len())?;
    call.work(values.len())?;
    if let Some(part) = values.get_mut(range) {
        part.reverse();
    }
    replace(call, values)
}

fn clear(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut values = elements(call, 0)?;
    let range = range(call, values.len())?;
    call.work(values.len())?;
    let default = ops::default_of(this(call)?.element());
    if let Some(part) = values.get_mut(range) {
        part.fill(default);
    }
    replace(call, values)
}

fn sort_array(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let values = elements(call, 0)?;
    let comparer = call.arg(1);
    let sorted = sort(call.machine, values, |machine, a, b| {
        compare_with(machine, comparer, a, b)
    })?;
    replace(call, sorted)
}

fn copy(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = call.count(2, "length")?;
    copy_range(call, 0, 1, 0, length)
}

fn copy_part(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (from, to) = (
        call.count(1, "sourceIndex")?,
        call.count(3, "destinationIndex")?,
    );
    let length = call.count(4, "length")?;
    copy_range(call, from, 2, to, length)
}

fn copy_range(
    call: &mut Call<'_, '_>,
    from: usize,
    target: usize,
    to: usize,
    length: usize,
) -> Result<Value, Throw> {
    call.work(length)?;
    let values: Vec<Value> = call
        .array(0, "sourceArray")?
        .values()
        .skip(from)
        .take(length)
        .collect();
    let target = call.arg(target);
    let array = call
        .machine
        .heap
        .of_mut::<Array>(target)
        .ok_or_else(|| Throw::argument_null("destinationArray"))?;
    if values.len() < length || to.saturating_add(length) > array.len() {
        return Err(Throw::argument(
            "Source array was not long enough. Check the source index, length, and the array's lower bounds. (Parameter 'sourceArray')",
        ));
    }
    for (offset, value) in values.into_iter().enumerate() {
        array.set(to + offset, value);
    }
    Ok(Value::Null)
}

/// The new array goes out through the `ref` parameter.
fn resize(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = call.count(1, "newSize")?;
    call.machine
        .heap
        .charge(length.saturating_mul(size_of::<Value>()))?;
    let element = call.type_argument(0);
    let mut values = match call.arg(0) {
        Value::Null => Vec::new(),
        _ => elements(call, 0)?,
    };
    values.resize(length, ops::default_of(&element));
    let resized = call.machine.heap.alloc(Array::new(element, values))?;
    call.outs.push(resized);
    Ok(Value::Null)
}

fn convert_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut converted = Vec::new();
    for value in elements(call, 0)? {
        call.machine.step(1)?;
        converted.push(call.machine.call(call.arg(1), &[value])?);
    }
    let element = call.type_argument(1);
    call.new_array(Array::new(element, converted))
}

fn find_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut found = Vec::new();
    for value in elements(call, 0)? {
        if collections::holds(call.machine, call.arg(1), &value)? {
            found.push(value);
        }
    }
    let element = call.type_argument(0);
    call.new_array(Array::new(element, found))
}
