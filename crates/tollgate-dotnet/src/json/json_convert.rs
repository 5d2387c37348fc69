//! `JsonConvert`, and the types that its calls name.

use super::read::read_any;
use super::{from, to, write};
use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `JsonConvert`.
pub(crate) static JSON_CONVERT: TypeDef = TypeDef {
    name: "Newtonsoft.Json.JsonConvert",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        member("static string SerializeObject(object value)", serialize),
        member(
            "static string SerializeObject(object value, Formatting formatting)",
            serialize,
        ),
        member("static object DeserializeObject(string value)", |call| {
            deserialize(call, &Type::object())
        }),
        member("static T DeserializeObject<T>(string value)", |call| {
            let ty = call.type_argument(0);
            deserialize(call, &ty)
        }),
        member(
            "static T DeserializeAnonymousType<T>(string value, T anonymousTypeObject)",
            |call| {
                let ty = call.type_argument(0);
                deserialize(call, &ty)
            },
        ),
        member("static string ToString(object value)", serialize),
        member(
            "static string SerializeXNode(XObject node)",
            crate::xml::serialize_node,
        ),
        member(
            "static string SerializeXNode(XObject node, Formatting formatting)",
            crate::xml::serialize_node,
        ),
        member(
            "static string SerializeXNode(XObject node, Formatting formatting, bool omitRootObject)",
            crate::xml::serialize_node,
        ),
        pure("static string Null { get; }", |_| Ok("null".into())),
        pure("static string True { get; }", |_| Ok("true".into())),
        pure("static string False { get; }", |_| Ok("false".into())),
        pure("static string Undefined { get; }", |_| {
            Ok("undefined".into())
        }),
        pure("static string NaN { get; }", |_| Ok("NaN".into())),
    ],
};

/// `Formatting`.
pub(crate) static FORMATTING: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Formatting",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("None", 0), ("Indented", 1)],
    members: &[],
};

/// `JsonLoadSettings`, with what Newtonsoft does by default.
pub(crate) static JSON_LOAD_SETTINGS: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JsonLoadSettings",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[],
};

fn serialize(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let token = from::any(call.machine, call.arg(0))?;
    let text = write(call.machine.heap, &Value::Ref(token), call.flags(1) == 1)?;
    call.new_text(text)
}

fn deserialize(call: &mut Call<'_, '_>, ty: &Type) -> Result<Value, Throw> {
    let text = call.text(0, "value")?;
    call.work(text.to_utf8().len())?;
    let token = read_any(call.machine.heap, text, to::is_open(ty))?;
    match token {
        Some(token) => {
            to::object(call.machine, token, ty).map_err(|throw| {
                match throw.exception().type_name {
                    // What is no number or truth, the reader says.
                    "System.FormatException" => Throw::json_reader(format!(
                        "Could not convert to {}: {} Path '', line 1, position {}.",
                        ty,
                        throw.exception().message,
                        text.len()
                    )),
                    _ => throw,
                }
            })
        }
        None if ty.is_reference() || matches!(ty, Type::Nullable(_)) => Ok(Value::Null),
        None => Err(Throw::new(
            "Newtonsoft.Json.JsonSerializationException",
            format!(
                "No JSON content found and type '{}' is not nullable.",
                ty.net_name()
            ),
        )),
    }
}
