//! `System.Array`: the members of arrays; what they are at run time is in `collections`.

use crate::args::{index, int};
use crate::collections::{self, Array, compare_with, copy_to, elements, sort};
use crate::convert::{Primitive, convert};
use crate::member::{Call, Member, Native, TypeDef, TypeKind, member};
use crate::ops;
use crate::system::runtime_type;
use crate::throw::Throw;
use crate::types::Type;
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
    member("object GetValue(int index)", |call| {
        let places = indices(call, 1)?;
        value_at(call, &places)
    }),
    member("object GetValue(long index)", |call| {
        let places = indices(call, 1)?;
        value_at(call, &places)
    }),
    member("object GetValue(int index1, int index2)", |call| {
        let places = indices(call, 1)?;
        value_at(call, &places)
    }),
    member(
        "object GetValue(int index1, int index2, int index3)",
        |call| {
            let places = indices(call, 1)?;
            value_at(call, &places)
        },
    ),
    member("object GetValue(params int[] indices)", |call| {
        let places = listed(call, 1)?;
        value_at(call, &places)
    }),
    member("void SetValue(object value, int index)", |call| {
        let places = indices(call, 2)?;
        set_value(call, &places)
    }),
    member("void SetValue(object value, long index)", |call| {
        let places = indices(call, 2)?;
        set_value(call, &places)
    }),
    member(
        "void SetValue(object value, int index1, int index2)",
        |call| {
            let places = indices(call, 2)?;
            set_value(call, &places)
        },
    ),
    member(
        "void SetValue(object value, int index1, int index2, int index3)",
        |call| {
            let places = indices(call, 2)?;
            set_value(call, &places)
        },
    ),
    member(
        "void SetValue(object value, params int[] indices)",
        |call| {
            let places = listed(call, 2)?;
            set_value(call, &places)
        },
    ),
    member("object SyncRoot { get; }", |call| Ok(call.arg(0).clone())),
    member("void CopyTo(Array array, long index)", copy_to),
    member("void Initialize()", |_| Ok(Value::Null)),
    member(
        "static Array CreateInstance(Type elementType, int length1, int length2)",
        |call| {
            let lengths = indices(call, 1)?;
            create(call, &lengths)
        },
    ),
    member(
        "static Array CreateInstance(Type elementType, int length1, int length2, int length3)",
        |call| {
            let lengths = indices(call, 1)?;
            create(call, &lengths)
        },
    ),
    member(
        "static Array CreateInstance(Type elementType, params int[] lengths)",
        |call| {
            let lengths = listed(call, 1)?;
            create(call, &lengths)
        },
    ),
    member(
        "static void Copy(Array sourceArray, Array destinationArray, long length)",
        copy,
    ),
    member(
        "static void Copy(Array sourceArray, long sourceIndex, Array destinationArray, long destinationIndex, long length)",
        copy_part,
    ),
    member(
        "static int IndexOf(Array array, object value, int startIndex)",
        |call| of_array(call, collections::index_of),
    ),
    member(
        "static int IndexOf(Array array, object value, int startIndex, int count)",
        |call| of_array(call, collections::index_of),
    ),
    member(
        "static int LastIndexOf(Array array, object value, int startIndex)",
        |call| of_array(call, collections::last_index_of),
    ),
    member(
        "static int LastIndexOf(Array array, object value, int startIndex, int count)",
        |call| of_array(call, collections::last_index_of),
    ),
    member(
        "static int BinarySearch(Array array, int index, int length, object value)",
        |call| of_array(call, collections::binary_search),
    ),
    member(
        "static void Sort(Array array, int index, int length)",
        sort_part,
    ),
    member("static void Sort(Array keys, Array items)", sort_with),
    member("object Clone()", clone),
    member("void CopyTo(Array array, int index)", copy_to),
    member("static T[] Empty<T>()", |call| {
        let element = call.type_argument(0);
        call.new_array(Array::new(element, Vec::new()))
    }),
    member("static int IndexOf<T>(T[] array, T value)", |call| {
        of_array(call, collections::index_of)
    }),
    member("static int IndexOf(Array array, object value)", |call| {
        of_array(call, collections::index_of)
    }),
    member(
        "static int IndexOf<T>(T[] array, T value, int startIndex)",
        |call| of_array(call, collections::index_of),
    ),
    member(
        "static int IndexOf<T>(T[] array, T value, int startIndex, int count)",
        |call| of_array(call, collections::index_of),
    ),
    member("static int LastIndexOf<T>(T[] array, T value)", |call| {
        of_array(call, collections::last_index_of)
    }),
    member(
        "static int LastIndexOf(Array array, object value)",
        |call| of_array(call, collections::last_index_of),
    ),
    member(
        "static int LastIndexOf<T>(T[] array, T value, int startIndex)",
        |call| of_array(call, collections::last_index_of),
    ),
    member(
        "static int LastIndexOf<T>(T[] array, T value, int startIndex, int count)",
        |call| of_array(call, collections::last_index_of),
    ),
    member("static int BinarySearch<T>(T[] array, T value)", |call| {
        of_array(call, collections::binary_search)
    }),
    member(
        "static int BinarySearch(Array array, object value)",
        |call| of_array(call, collections::binary_search),
    ),
    member(
        "static int BinarySearch<T>(T[] array, T value, IComparer<T> comparer)",
        |call| of_array(call, collections::binary_search),
    ),
    member(
        "static int BinarySearch<T>(T[] array, int index, int length, T value)",
        |call| of_array(call, collections::binary_search),
    ),
    member(
        "static int BinarySearch<T>(T[] array, int index, int length, T value, IComparer<T> comparer)",
        |call| of_array(call, collections::binary_search),
    ),
    member(
        "static int FindIndex<T>(T[] array, int startIndex, Predicate<T> match)",
        |call| of_array(call, collections::find_index),
    ),
    member(
        "static int FindIndex<T>(T[] array, int startIndex, int count, Predicate<T> match)",
        |call| of_array(call, collections::find_index),
    ),
    member(
        "static int FindLastIndex<T>(T[] array, int startIndex, Predicate<T> match)",
        |call| of_array(call, collections::find_last_index),
    ),
    member(
        "static int FindLastIndex<T>(T[] array, int startIndex, int count, Predicate<T> match)",
        |call| of_array(call, collections::find_last_index),
    ),
    member("long GetLongLength(int dimension)", |call| {
        let length = this(call)?.length(call.count(1, "dimension")?);
        let length = length.ok_or_else(Throw::index_out_of_range)?;
        Ok(Value::Int64(i64::try_from(length).unwrap_or(i64::MAX)))
    }),
    member("bool IsFixedSize { get; }", |_| Ok(Value::Bool(true))),
    member("bool IsReadOnly { get; }", |_| Ok(Value::Bool(false))),
    member("bool IsSynchronized { get; }", |_| Ok(Value::Bool(false))),
    member("static int MaxLength { get; }", |_| {
        Ok(Value::Int32(0x7fff_ffc7))
    }),
    member(
        "static ReadOnlyCollection<T> AsReadOnly<T>(T[] array)",
        |call| match call.arg(0) {
            Value::Null => Err(Throw::argument_null("array")),
            _ => collections::read_only(call, 0),
        },
    ),
    member("static void Fill<T>(T[] array, T value)", fill),
    member(
        "static void Fill<T>(T[] array, T value, int startIndex, int count)",
        fill,
    ),
    member(
        "static Array CreateInstance(Type elementType, int length)",
        |call| {
            let element = runtime_type::of(call.arg(0))
                .map_err(|_| Throw::argument_null("elementType"))?
                .clone();
            let length = call.count(1, "length")?;
            call.machine
                .heap
                .charge(length.saturating_mul(size_of::<Value>()))?;
            call.new_array(Array::filled(element, length))
        },
    ),
    member(
        "static void ConstrainedCopy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)",
        copy_part,
    ),
    member(
        "static void Sort<T>(T[] array, int index, int length)",
        sort_part,
    ),
    member(
        "static void Sort<T>(T[] array, int index, int length, IComparer<T> comparer)",
        sort_part,
    ),
    member(
        "static void Sort<TKey, TValue>(TKey[] keys, TValue[] items)",
        sort_with,
    ),
    member(
        "static void Sort<TKey, TValue>(TKey[] keys, TValue[] items, IComparer<TKey> comparer)",
        sort_with,
    ),
    member("static void Reverse<T>(T[] array)", reverse),
    member(
        "static void Reverse<T>(T[] array, int index, int length)",
        reverse,
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

/// A member of lists on an array, for which a null one is an argument.
fn of_array(call: &mut Call<'_, '_>, native: Native) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::argument_null("array")),
        _ => native(call),
    }
}

fn fill(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = call.array(0, "array")?.len();
    let range = match call.arguments.len() {
        2 => 0..length,
        _ => {
            let (start, count) = (call.count(2, "startIndex")?, call.count(3, "count")?);
            match start.checked_add(count) {
                Some(end) if end <= length => start..end,
                _ => return Err(collections::out_of_range("startIndex")),
            }
        }
    };
    call.work(range.len().saturating_mul(16))?;
    let (target, value) = (call.arg(0), call.arg(1));
    if let Some(array) = call.machine.heap.of_mut::<Array>(target) {
        for place in range {
            array.set(place, value.clone());
        }
    }
    Ok(Value::Null)
}

fn sort_part(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut values = elements(call, 0)?;
    let range = range(call, values.len())?;
    let comparer = call.arg(3).clone();
    let part = values.get(range.clone()).unwrap_or_default().to_vec();
    let sorted = sort(call.machine, part, |machine, a, b| {
        compare_with(machine, &comparer, a, b)
    })?;
    values.splice(range, sorted);
    replace(call, values)
}

/// Sorts keys, and items beside them.
fn sort_with(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (keys, comparer) = (elements(call, 0)?, call.arg(2).clone());
    let items = match call.arg(1) {
        Value::Null => return sort_array(call),
        _ => elements(call, 1)?,
    };
    if items.len() < keys.len() {
        return Err(Throw::argument(
            "The items array is shorter than the keys array.",
        ));
    }
    let rest = items.get(keys.len()..).unwrap_or_default().to_vec();
    let rows = keys.into_iter().zip(items).collect();
    let sorted = sort(call.machine, rows, |machine, (a, _), (b, _)| {
        compare_with(machine, &comparer, a, b)
    })?;
    let (keys, mut items): (Vec<Value>, Vec<Value>) = sorted.into_iter().unzip();
    items.extend(rest);
    if let Some(array) = call.machine.heap.of_mut::<Array>(call.arg(1)) {
        array.replace(items);
    }
    replace(call, keys)
}

/// The arguments from one on, as indices or lengths.
fn indices(call: &Call<'_, '_>, from: usize) -> Result<Vec<usize>, Throw> {
    (from..call.arguments.len())
        .map(|index| usize::try_from(call.integer(index)?).map_err(|_| Throw::index_out_of_range()))
        .collect()
}

/// The numbers in the array that an argument is.
fn listed(call: &Call<'_, '_>, at: usize) -> Result<Vec<usize>, Throw> {
    let array = call.array(at, "indices")?;
    call.elements_copied(array.len());
    array
        .values()
        .map(|value| {
            let number = value.as_integer().unwrap_or(-1);
            usize::try_from(number).map_err(|_| Throw::index_out_of_range())
        })
        .collect()
}

/// An array of these lengths.
fn create(call: &mut Call<'_, '_>, lengths: &[usize]) -> Result<Value, Throw> {
    let element = runtime_type::of(call.arg(0)).map_err(|_| Throw::argument_null("elementType"))?;
    let length = lengths
        .iter()
        .try_fold(1usize, |all, length| all.checked_mul(*length));
    let length = length.unwrap_or(usize::MAX);
    call.machine.heap.grow(length, length)?;
    let array = match lengths {
        [length] => Some(Array::filled(element.clone(), *length)),
        lengths => Array::many(element.clone(), lengths),
    };
    let array = array.ok_or_else(|| {
        Throw::argument_out_of_range("Array dimensions exceeded supported range.")
    })?;
    call.machine.heap.alloc(array)
}

fn place_of(call: &Call<'_, '_>, places: &[usize]) -> Result<usize, Throw> {
    let array = this(call)?;
    if places.len() != array.rank() {
        return Err(Throw::argument(
            "Indices length does not match the array rank.",
        ));
    }
    match places {
        [place] => Ok(*place),
        places => array.place(places).ok_or_else(Throw::index_out_of_range),
    }
}

fn value_at(call: &mut Call<'_, '_>, places: &[usize]) -> Result<Value, Throw> {
    let place = place_of(call, places)?;
    this(call)?.get(place).ok_or_else(Throw::index_out_of_range)
}

fn set_value(call: &mut Call<'_, '_>, places: &[usize]) -> Result<Value, Throw> {
    let (target, value) = (call.arg(0), call.arg(1).clone());
    let place = place_of(call, places)?;
    let element = this(call)?.element().clone();
    if !value.is_null() && !ops::is_instance(call.machine, &value, &element) {
        return Err(Throw::invalid_cast(
            "Object cannot be stored in an array of this type.",
        ));
    }
    let array = call
        .machine
        .heap
        .of_mut::<Array>(target)
        .ok_or_else(Throw::null_reference)?;
    match array.set(place, value) {
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
    if let Some(part) = values.get_mut(range) {
        part.reverse();
    }
    replace(call, values)
}

fn clear(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut values = elements(call, 0)?;
    let range = range(call, values.len()).map_err(|_| Throw::index_out_of_range())?;
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
    call.element_work(length)?;
    call.work(from.saturating_mul(8))?;
    let source = call.array(0, "sourceArray")?;
    let source_type = source.element().clone();
    let mut values: Vec<Value> = source.values().skip(from).take(length).collect();
    let target_type = call.array(target, "destinationArray")?.element().clone();
    if source_type != target_type {
        values = converted(call, values, &source_type, &target_type)?;
    }
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

/// Elements of one type as those of another, where `Array.Copy` allows it: wider numbers, references.
fn converted(
    call: &Call<'_, '_>,
    values: Vec<Value>,
    from: &Type,
    to: &Type,
) -> Result<Vec<Value>, Throw> {
    let mismatch = || {
        Throw::new(
            "System.ArrayTypeMismatchException",
            "Source array type cannot be assigned to destination array type.",
        )
    };
    match (Primitive::of(from), Primitive::of(to)) {
        (Some(from), Some(to)) if widens(from, to) => values
            .iter()
            .map(|value| convert(value, to, false))
            .collect(),
        (Some(_), Some(_)) => Err(mismatch()),
        _ if to.is_object() || call.machine.host.registry().is_assignable(from, to) => Ok(values),
        _ if call.machine.host.registry().is_assignable(to, from) => values
            .iter()
            .map(|value| ops::cast(call.machine, value, to))
            .collect(),
        _ => Err(mismatch()),
    }
}

/// Whether every number of one type is one of the other.
fn widens(from: Primitive, to: Primitive) -> bool {
    match (from.range(), to.range()) {
        (Some((low, high)), Some((least, most))) => {
            from == to || low >= least && high <= most && to != Primitive::Char
        }
        (Some(_), None) => to != Primitive::Decimal,
        (None, Some(_)) => false,
        (None, None) => from == to || (from, to) == (Primitive::Single, Primitive::Double),
    }
}

/// The new array goes out through the `ref` parameter.
fn resize(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = call.count(1, "newSize")?;
    call.machine.heap.grow(length, length)?;
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
