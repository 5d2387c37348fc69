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
            call.machine.step(8)?;
            let full = of(call.arg(0))?.net_name();
            let full = full.split('[').next().unwrap_or_default();
            let array = matches!(of(call.arg(0))?, Type::Array(..));
            let name = full.rsplit('.').next().unwrap_or_default();
            Ok(format!("{name}{}", if array { "[]" } else { "" }).into())
        }),
        pure("string FullName { get; }", |call| {
            call.machine.step(8)?;
            Ok(full_name(of(call.arg(0))?).into())
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

/// The name in which generic arguments are named with their assemblies.
fn full_name(ty: &Type) -> String {
    let all = |arguments: &[Type]| {
        let named = |ty: &Type| format!("[{}, {}]", full_name(ty), assembly(ty));
        arguments.iter().map(named).collect::<Vec<_>>().join(",")
    };
    match ty {
        Type::Array(element, _) => {
            let whole = ty.net_name();
            let rank = whole.rsplit_once('[').map_or("", |(_, rank)| rank);
            format!("{}[{rank}", full_name(element))
        }
        Type::Nullable(inner) => {
            format!("System.Nullable`1[{}]", all(std::slice::from_ref(inner)))
        }
        Type::Named(_, arguments) if !arguments.is_empty() => {
            let whole = ty.net_name();
            let own = whole.split('[').next().unwrap_or_default();
            format!("{own}[{}]", all(arguments))
        }
        Type::Tuple(items) => {
            let types: Vec<Type> = items.iter().map(|(ty, _)| ty.clone()).collect();
            format!("System.ValueTuple`{}[{}]", types.len(), all(&types))
        }
        other => other.net_name(),
    }
}

/// The assembly that a type is in.
fn assembly(ty: &Type) -> &'static str {
    let element = match ty {
        Type::Array(element, _) => element,
        other => other,
    };
    let namespace = element.table().map_or("", |table| table.full_name());
    if namespace.starts_with("Newtonsoft.") {
        "Newtonsoft.Json, Version=13.0.0.0, Culture=neutral, PublicKeyToken=30ad4fe6b2a6aeed"
    } else if namespace.starts_with("System.Xml.Linq.") {
        "System.Private.Xml.Linq, Version=9.0.0.0, Culture=neutral, PublicKeyToken=cc7b13ffcd2ddd51"
    } else {
        "System.Private.CoreLib, Version=9.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e"
    }
}

/// A type as a value.
#[derive(Debug)]
struct RuntimeType(Type);

impl Object for RuntimeType {
    fn type_of(&self) -> Type {
        Type::plain(&RUNTIME_TYPE)
    }

    fn to_text(&self) -> Option<Str> {
        let name = self.0.net_name();
        // A generic type without arguments shows its parameters.
        let open = match &self.0 {
            Type::Named(table, arguments) if arguments.is_empty() => {
                let names: Vec<_> = table.type_parameters().map(|(name, _)| name).collect();
                (!names.is_empty()).then(|| names.join(","))
            }
            _ => None,
        };
        Some(match open {
            Some(names) => format!("{name}[{names}]").into(),
            None => name.into(),
        })
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
