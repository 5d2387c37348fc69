//! `JProperty`.

use super::from;
use super::jtoken::{reference, this};
use super::token::{copy, id_of, name_of, property, set_value, value_of};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `JProperty`.
pub(crate) static JPROPERTY: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JProperty",
    kind: TypeKind::Class,
    bases: &["JContainer"],
    values: &[],
    members: &[
        member("new(JProperty other)", |call| {
            match id_of(call.machine.heap, call.arg(0)) {
                Some(other) => copy(call.machine.heap, other).map(Value::Ref),
                None => Err(Throw::argument_null("other")),
            }
        }),
        member("new(string name, params object[] content)", create),
        member("new(string name, object content)", create),
        member("string Name { get; }", |call| {
            let name = name_of(call.machine.heap, this(call)?);
            name.cloned()
                .map(Value::String)
                .ok_or_else(Throw::null_reference)
        }),
        member("JToken Value { get; }", |call| {
            Ok(reference(value_of(call.machine.heap, this(call)?)))
        }),
        member("JToken Value { set; }", |call| {
            let id = this(call)?;
            let value = from::or_null(call.machine, call.arg(1))?;
            set_value(call.machine.heap, id, value)?;
            Ok(Value::Null)
        }),
    ],
};

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let name = call.text(0, "name")?.clone();
    let value = from::property_value(call.machine, call.arg(1))?;
    property(call.machine.heap, name, value).map(Value::Ref)
}
