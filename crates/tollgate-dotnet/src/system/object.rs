//! `System.Object`: its members ask the object at run time.

use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::record::Record;
use crate::system::runtime_type;
use crate::throw::Throw;
use crate::value::Value;

/// `System.Object`.
pub(crate) static OBJECT: TypeDef = TypeDef {
    name: "System.Object",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new()", |call| call.machine.heap.alloc(Plain)),
        member("string ToString()", to_string),
        member("bool Equals(object obj)", equals),
        member("int GetHashCode()", hash_code),
        member("Type GetType()", get_type),
        pure("static bool Equals(object objA, object objB)", |call| {
            call.work(bulk(call.arg(0)))?;
            Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
        }),
        member(
            "static bool ReferenceEquals(object objA, object objB)",
            |call| Ok(ops::same_reference(call.arg(0), call.arg(1)).into()),
        ),
    ],
};

/// `new object()`.
#[derive(Debug)]
struct Plain;

impl crate::heap::HeapObject for Plain {
    fn type_of(&self) -> crate::types::Type {
        crate::types::Type::object()
    }
}

pub(crate) fn to_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::null_reference()),
        _ => call.to_text(0).map(Value::String),
    }
}

/// How many bytes there are to compare or hash.
fn bulk(value: &Value) -> usize {
    match value {
        Value::String(text) => text.size(),
        _ => Record::of(value).map_or(16, |record| {
            let fields = record.fields().iter().map(bulk);
            fields.fold(16, usize::saturating_add)
        }),
    }
}

fn equals(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::null_reference()),
        this => {
            call.work(bulk(this))?;
            Ok(ops::equals(call.machine.heap, this, call.arg(1)).into())
        }
    }
}

fn hash_code(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::null_reference()),
        this => {
            call.work(bulk(this))?;
            Ok(Value::Int32(ops::hash_code(call.machine.heap, this)))
        }
    }
}

fn get_type(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::null_reference()),
        this => Ok(runtime_type::value(ops::type_of(call.machine, this))),
    }
}
