//! `System.Type`, as `GetType()` and `typeof` give it.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `System.Type`.
pub(crate) static TYPE: TypeDef = TypeDef {
    name: "System.Type",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("string Name { get; }", |call| {
            let full = of(call.arg(0))?.net_name();
            let full = full.split('[').next().unwrap_or_default();
            let array = matches!(of(call.arg(0))?, Type::Array(..));
            let name = full.rsplit('.').next().unwrap_or_default();
            Ok(format!("{name}{}", if array { "[]" } else { "" }).into())
        }),
        pure("string FullName { get; }", |call| {
            Ok(of(call.arg(0))?.net_name().into())
        }),
        pure("string Namespace { get; }", |call| {
            let name = of(call.arg(0))?
                .table()
                .map_or("", |table| table.full_name());
            Ok(name.rsplit_once('.').map(|(namespace, _)| namespace).into())
        }),
        pure("bool IsArray { get; }", |call| {
            Ok(matches!(of(call.arg(0))?, Type::Array(..)).into())
        }),
        pure("bool IsEnum { get; }", |call| {
            Ok(of(call.arg(0))?.is_enum().into())
        }),
        pure("bool IsValueType { get; }", |call| {
            Ok(of(call.arg(0))?.is_value_type().into())
        }),
        pure("static bool operator ==(Type left, Type right)", |call| {
            Ok(same(call).into())
        }),
        pure("static bool operator !=(Type left, Type right)", |call| {
            Ok((!same(call)).into())
        }),
    ],
};

/// `System.RuntimeType`, which every `Type` is.
pub(crate) static RUNTIME_TYPE: TypeDef = TypeDef {
    name: "System.RuntimeType",
    kind: TypeKind::Class,
    bases: &["Type"],
    values: &[],
    members: &[],
};

/// A type as a value.
#[derive(Debug)]
struct RuntimeType(Type);

impl Object for RuntimeType {
    fn type_of(&self) -> Type {
        Type::plain(&RUNTIME_TYPE)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.0.net_name().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<RuntimeType>();
        other.is_some_and(|other| other.0 == self.0)
    }

    fn hash_code(&self) -> i32 {
        ops::hashed(&self.0)
    }
}

/// `typeof(T)`.
pub fn value(ty: Type) -> Value {
    Value::object(RuntimeType(ty))
}

/// The type that a `Type` value stands for.
pub(crate) fn of(value: &Value) -> Result<&Type, Throw> {
    value
        .downcast::<RuntimeType>()
        .map(|ty| &ty.0)
        .ok_or_else(Throw::null_reference)
}

fn same(call: &Call<'_, '_>) -> bool {
    of(call.arg(0)).ok() == of(call.arg(1)).ok()
}
