//! `System.Tuple`. Value tuples are records that the evaluator makes itself.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::ops;
use crate::record::Record;
use crate::system::integer::{equals, hash_code};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.Tuple`.
pub(crate) static TUPLE: TypeDef = TypeDef {
    name: "System.Tuple",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        pure("static Tuple<T1> Create<T1>(T1 item1)", create),
        pure(
            "static Tuple<T1, T2> Create<T1, T2>(T1 item1, T2 item2)",
            create,
        ),
        pure(
            "static Tuple<T1, T2, T3> Create<T1, T2, T3>(T1 item1, T2 item2, T3 item3)",
            create,
        ),
        pure(
            "static Tuple<T1, T2, T3, T4> Create<T1, T2, T3, T4>(T1 item1, T2 item2, T3 item3, T4 item4)",
            create,
        ),
        pure(
            "static Tuple<T1, T2, T3, T4, T5> Create<T1, T2, T3, T4, T5>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)",
            create,
        ),
        pure(
            "static Tuple<T1, T2, T3, T4, T5, T6> Create<T1, T2, T3, T4, T5, T6>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)",
            create,
        ),
        pure(
            "static Tuple<T1, T2, T3, T4, T5, T6, T7> Create<T1, T2, T3, T4, T5, T6, T7>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)",
            create,
        ),
    ],
};

/// Tuples by their number of items.
const TUPLES: [&TypeDef; 7] = [
    &TUPLE1, &TUPLE2, &TUPLE3, &TUPLE4, &TUPLE5, &TUPLE6, &TUPLE7,
];

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let count = call.arguments.len();
    let table = count
        .checked_sub(1)
        .and_then(|index| TUPLES.get(index).copied())
        .ok_or_else(Throw::index_out_of_range)?;
    let ty = Type::generic(table, call.types.to_vec());
    Ok(Value::object(Record::new(ty, call.arguments.to_vec())))
}

fn item(call: &Call<'_, '_>, index: usize) -> Result<Value, Throw> {
    Record::of(call.arg(0))
        .and_then(|record| record.field(index))
        .cloned()
        .ok_or_else(Throw::null_reference)
}

/// Gives each item through `out`.
fn deconstruct(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let record = Record::of(call.arg(0)).ok_or_else(Throw::null_reference)?;
    call.outs.extend(record.fields().iter().cloned());
    Ok(Value::Null)
}

macro_rules! tuple {
    ($table:ident, $name:literal, $new:literal, $deconstruct:literal, $($item:literal => $index:literal),*) => {
        pub(crate) static $table: TypeDef = TypeDef {
            name: $name,
            kind: TypeKind::Class,
            bases: &["IComparable"],
            values: &[],
            members: &[
                pure($new, create),
                pure($deconstruct, deconstruct),
                $(pure($item, |call| item(call, $index)),)*
                pure("string ToString()", |call| call.to_text(0).map(Value::String)),
                pure("bool Equals(object obj)", equals),
                pure("int GetHashCode()", hash_code),
                pure("int CompareTo(object obj)", |call| {
                    ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(crate::args::order)
                }),
            ],
        };
    };
}

tuple!(TUPLE1, "System.Tuple<T1>", "new(T1 item1)", "void Deconstruct(out T1 item1)", "T1 Item1 { get; }" => 0);
tuple!(TUPLE2, "System.Tuple<T1, T2>", "new(T1 item1, T2 item2)", "void Deconstruct(out T1 item1, out T2 item2)", "T1 Item1 { get; }" => 0, "T2 Item2 { get; }" => 1);
tuple!(TUPLE3, "System.Tuple<T1, T2, T3>", "new(T1 item1, T2 item2, T3 item3)", "void Deconstruct(out T1 item1, out T2 item2, out T3 item3)", "T1 Item1 { get; }" => 0, "T2 Item2 { get; }" => 1, "T3 Item3 { get; }" => 2);
tuple!(TUPLE4, "System.Tuple<T1, T2, T3, T4>", "new(T1 item1, T2 item2, T3 item3, T4 item4)", "void Deconstruct(out T1 item1, out T2 item2, out T3 item3, out T4 item4)", "T1 Item1 { get; }" => 0, "T2 Item2 { get; }" => 1, "T3 Item3 { get; }" => 2, "T4 Item4 { get; }" => 3);

tuple!(TUPLE5, "System.Tuple<T1, T2, T3, T4, T5>", "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)", "void Deconstruct(out T1 item1, out T2 item2, out T3 item3, out T4 item4, out T5 item5)", "T1 Item1 { get; }" => 0, "T2 Item2 { get; }" => 1, "T3 Item3 { get; }" => 2, "T4 Item4 { get; }" => 3, "T5 Item5 { get; }" => 4);

tuple!(TUPLE6, "System.Tuple<T1, T2, T3, T4, T5, T6>", "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)", "void Deconstruct(out T1 item1, out T2 item2, out T3 item3, out T4 item4, out T5 item5, out T6 item6)", "T1 Item1 { get; }" => 0, "T2 Item2 { get; }" => 1, "T3 Item3 { get; }" => 2, "T4 Item4 { get; }" => 3, "T5 Item5 { get; }" => 4, "T6 Item6 { get; }" => 5);

tuple!(TUPLE7, "System.Tuple<T1, T2, T3, T4, T5, T6, T7>", "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)", "void Deconstruct(out T1 item1, out T2 item2, out T3 item3, out T4 item4, out T5 item5, out T6 item6, out T7 item7)", "T1 Item1 { get; }" => 0, "T2 Item2 { get; }" => 1, "T3 Item3 { get; }" => 2, "T4 Item4 { get; }" => 3, "T5 Item5 { get; }" => 4, "T6 Item6 { get; }" => 5, "T7 Item7 { get; }" => 6);
