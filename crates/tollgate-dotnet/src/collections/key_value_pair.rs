//! `KeyValuePair<TKey, TValue>`.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::record::Record;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `KeyValuePair<TKey, TValue>`.
pub(crate) static KEY_VALUE_PAIR: TypeDef = TypeDef {
    name: "System.Collections.Generic.KeyValuePair<TKey, TValue>",
    kind: TypeKind::Struct,
    bases: &[],
    values: &[],
    members: &[
        pure("new(TKey key, TValue value)", |call| {
            let pair = of(call.type_argument(0), call.type_argument(1));
            Ok(value(pair, call.arg(0).clone(), call.arg(1).clone()))
        }),
        pure("void Deconstruct(out TKey key, out TValue value)", |call| {
            let (key, value) = (part(call, 0)?, part(call, 1)?);
            call.outs.push(key);
            call.outs.push(value);
            Ok(Value::Null)
        }),
        pure("TKey Key { get; }", |call| part(call, 0)),
        pure("TValue Value { get; }", |call| part(call, 1)),
        pure("string ToString()", |call| {
            call.to_text(0).map(Value::String)
        }),
    ],
};

/// `KeyValuePair`.
pub(crate) static KEY_VALUE_PAIRS: TypeDef = TypeDef {
    name: "System.Collections.Generic.KeyValuePair",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[pure(
        "static KeyValuePair<TKey, TValue> Create<TKey, TValue>(TKey key, TValue value)",
        |call| {
            let pair = of(call.type_argument(0), call.type_argument(1));
            Ok(value(pair, call.arg(0).clone(), call.arg(1).clone()))
        },
    )],
};

/// The type of pairs of these.
pub(crate) fn of(key: Type, value: Type) -> Type {
    Type::generic(&KEY_VALUE_PAIR, [key, value])
}

/// A pair of that type.
pub(crate) fn value(pair: Type, key: Value, value: Value) -> Value {
    Value::object(Record::new(pair, [key, value]))
}

/// Key and value of a pair.
pub(crate) fn parts(pair: &Value) -> Option<(&Value, &Value)> {
    let record = Record::of(pair)?;
    Some((record.field(0)?, record.field(1)?))
}

fn part(call: &mut Call<'_, '_>, index: usize) -> Result<Value, Throw> {
    Record::of(call.arg(0))
        .and_then(|record| record.field(index))
        .cloned()
        .ok_or_else(Throw::null_reference)
}
