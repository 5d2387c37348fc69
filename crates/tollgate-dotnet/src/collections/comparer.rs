//! `Comparer<T>`, `EqualityComparer<T>` and their interfaces.

use super::{compare_with, sorting};
use crate::args::order;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::system::StringComparer;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `IComparer<T>`.
pub(crate) static ICOMPARER_OF: TypeDef = TypeDef {
    name: "System.Collections.Generic.IComparer<in T>",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("int Compare(T x, T y)", compare)],
};

/// `IEqualityComparer<T>`.
pub(crate) static IEQUALITY_COMPARER_OF: TypeDef = TypeDef {
    name: "System.Collections.Generic.IEqualityComparer<in T>",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("bool Equals(T x, T y)", equals),
        member("int GetHashCode(T obj)", hash_code),
    ],
};

/// `Comparer<T>`.
pub(crate) static COMPARER: TypeDef = TypeDef {
    name: "System.Collections.Generic.Comparer<T>",
    kind: TypeKind::Class,
    bases: &["IComparer<T>"],
    values: &[],
    members: &[
        member("static Comparer<T> Default { get; }", |call| {
            Ok(Value::object(Comparer {
                table: &COMPARER,
                element: call.type_argument(0),
                comparison: Value::Null,
            }))
        }),
        member(
            "static Comparer<T> Create(Comparison<T> comparison)",
            |call| {
                if call.arg(0).is_null() {
                    return Err(Throw::argument_null("comparison"));
                }
                Ok(Value::object(Comparer {
                    table: &COMPARER,
                    element: call.type_argument(0),
                    comparison: call.arg(0).clone(),
                }))
            },
        ),
        member("int Compare(T x, T y)", compare),
    ],
};

/// `EqualityComparer<T>`.
pub(crate) static EQUALITY_COMPARER: TypeDef = TypeDef {
    name: "System.Collections.Generic.EqualityComparer<T>",
    kind: TypeKind::Class,
    bases: &["IEqualityComparer<T>"],
    values: &[],
    members: &[
        member("static EqualityComparer<T> Default { get; }", |call| {
            Ok(Value::object(Comparer {
                table: &EQUALITY_COMPARER,
                element: call.type_argument(0),
                comparison: Value::Null,
            }))
        }),
        member("bool Equals(T x, T y)", equals),
        member("int GetHashCode(T obj)", hash_code),
    ],
};

/// An order or an equality: the default of a type, or a `Comparison` delegate.
#[derive(Debug)]
struct Comparer {
    table: &'static TypeDef,
    element: Type,
    comparison: Value,
}

impl Object for Comparer {
    fn type_of(&self) -> Type {
        Type::generic(self.table, [self.element.clone()])
    }
}

/// Whether a value says how to compare, rather than being a collection.
pub(super) fn is_comparer(value: &Value) -> bool {
    value.downcast::<Comparer>().is_some()
        || value.downcast::<StringComparer>().is_some()
        || super::KeyComparer::of(value) != super::KeyComparer::DEFAULT
}

/// The delegate that a comparer stands for, `Null` for the default order; `None` of what is no comparer of this file.
pub(super) fn comparison(value: &Value) -> Option<&Value> {
    value
        .downcast::<Comparer>()
        .map(|comparer| &comparer.comparison)
}

/// The default order of a type, for collections made without one.
pub(super) fn default_order(element: Type) -> Value {
    Value::object(Comparer {
        table: &COMPARER,
        element,
        comparison: Value::Null,
    })
}

/// The default equality of a type, for collections made without one.
pub(super) fn default_equality(element: Type) -> Value {
    Value::object(Comparer {
        table: &EQUALITY_COMPARER,
        element,
        comparison: Value::Null,
    })
}

fn compare(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (comparer, a, b) = (call.arg(0).clone(), call.arg(1), call.arg(2));
    match &comparer {
        Value::Null => Err(Throw::null_reference()),
        comparer => match comparison(comparer) {
            // A delegate's own number, whatever its size.
            Some(function) if !function.is_null() => {
                call.machine.call(function, &[a.clone(), b.clone()])
            }
            Some(_) => ops::compare(call.machine.heap, a, b).map(order),
            None => compare_with(call.machine, comparer, a, b).map(order),
        },
    }
}

pub(crate) fn equals(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparer = super::KeyComparer::of(call.arg(0));
    Ok(comparer
        .equals(call.machine.heap, call.arg(1), call.arg(2))
        .into())
}

pub(crate) fn hash_code(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if let Some(hash) = super::KeyComparer::of(call.arg(0)).own_hash(call.machine.heap, call.arg(1))
    {
        return Ok(Value::Int32(hash));
    }
    Ok(Value::Int32(
        match (call.arg(0).downcast::<StringComparer>(), call.arg(1)) {
            (Some(comparer), Value::String(text)) => comparer.0.hash(text),
            (_, value) => ops::hash_code(call.machine.heap, value),
        },
    ))
}

/// By the comparer's own rule, for sorting: an order that fails is told as `Sort` tells it.
pub(super) fn by_comparison(
    machine: &mut crate::machine::Machine<'_>,
    function: &Value,
    a: &Value,
    b: &Value,
) -> Result<std::cmp::Ordering, Throw> {
    match function {
        Value::Null => sorting::by_default(machine, a, b),
        function => compare_with(machine, function, a, b),
    }
}
