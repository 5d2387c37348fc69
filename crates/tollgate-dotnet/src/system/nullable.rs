//! `System.Nullable<T>`, C#'s `T?`. A value is the bare `T` or null.

use crate::member::{TypeDef, TypeKind, pure};
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

/// `System.Nullable<T>`.
pub(crate) static NULLABLE: TypeDef = TypeDef {
    name: "System.Nullable<T>",
    kind: TypeKind::Struct,
    bases: &[],
    values: &[],
    members: &[
        pure("new(T value)", |call| Ok(call.arg(0).clone())),
        pure("bool HasValue { get; }", |call| {
            Ok((!call.arg(0).is_null()).into())
        }),
        pure("T Value { get; }", |call| match call.arg(0) {
            Value::Null => Err(Throw::invalid_operation(
                "Nullable object must have a value.",
            )),
            value => Ok(value.clone()),
        }),
        pure("T GetValueOrDefault()", |call| {
            Ok(match call.arg(0) {
                Value::Null => ops::default_of(&call.type_argument(0)),
                value => value.clone(),
            })
        }),
        pure("T GetValueOrDefault(T defaultValue)", |call| {
            Ok(match call.arg(0) {
                Value::Null => call.arg(1).clone(),
                value => value.clone(),
            })
        }),
        pure("string ToString()", |call| {
            call.to_text(0).map(Value::String)
        }),
        pure("bool Equals(object other)", |call| {
            Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
        }),
        pure("int GetHashCode()", |call| {
            Ok(Value::Int32(ops::hash_code(call.machine.heap, call.arg(0))))
        }),
    ],
};

/// `System.Nullable`.
pub(crate) static NULLABLES: TypeDef = TypeDef {
    name: "System.Nullable",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        pure("static int Compare<T>(T? n1, T? n2)", |call| {
            let (a, b) = (call.arg(0), call.arg(1));
            Ok(crate::args::order(match (a.is_null(), b.is_null()) {
                (false, false) => ops::compare(call.machine.heap, a, b)?,
                (a, b) => b.cmp(&a),
            }))
        }),
        pure("static bool Equals<T>(T? n1, T? n2)", |call| {
            Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
        }),
        pure("static Type GetUnderlyingType(Type nullableType)", |call| {
            Ok(match super::runtime_type::of(call.arg(0))? {
                crate::types::Type::Nullable(inner) => {
                    super::runtime_type::value((**inner).clone())
                }
                _ => Value::Null,
            })
        }),
    ],
};
