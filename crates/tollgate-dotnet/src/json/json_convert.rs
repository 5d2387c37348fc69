//! `JsonConvert`.

use super::settings::{Escapes, Settings};
use super::write::write_string;
use super::{from, to};
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
        member(
            "static string SerializeObject(object value, JsonSerializerSettings settings)",
            |call| serialize_with(call, 1),
        ),
        member(
            "static string SerializeObject(object value, Formatting formatting, JsonSerializerSettings settings)",
            |call| serialize_with(call, 2),
        ),
        member("static object DeserializeObject(string value)", |call| {
            deserialize(call, &Type::object(), &Settings::default())
        }),
        member(
            "static object DeserializeObject(string value, JsonSerializerSettings settings)",
            |call| {
                let settings = Settings::argument(call, 1);
                deserialize(call, &Type::object(), &settings)
            },
        ),
        member(
            "static T DeserializeObject<T>(string value, JsonSerializerSettings settings)",
            |call| {
                let (ty, settings) = (call.type_argument(0), Settings::argument(call, 1));
                deserialize(call, &ty, &settings)
            },
        ),
        member("static T DeserializeObject<T>(string value)", |call| {
            let ty = call.type_argument(0);
            deserialize(call, &ty, &Settings::default())
        }),
        member(
            "static T DeserializeAnonymousType<T>(string value, T anonymousTypeObject)",
            |call| {
                let ty = call.type_argument(0);
                deserialize(call, &ty, &Settings::default())
            },
        ),
        member("static string ToString(object value)", to_text),
        member("static string ToString(string value)", |call| {
            match call.arg(0) {
                Value::Null => Ok("\"\"".into()),
                _ => serialize(call),
            }
        }),
        member(
            "static string ToString(string value, char delimiter)",
            |call| {
                let text = call.opt_str(0).cloned().unwrap_or_default();
                let quote = char::from_u32(call.char(1)?.into()).unwrap_or('"');
                let mut quoted = String::new();
                write_string(&mut quoted, &text.to_utf8(), quote, Escapes::Least);
                call.new_text(quoted)
            },
        ),
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
        member(
            "static XDocument DeserializeXNode(string value)",
            crate::xml::deserialize_node,
        ),
        member(
            "static XDocument DeserializeXNode(string value, string deserializeRootElementName)",
            crate::xml::deserialize_node,
        ),
        member(
            "static XDocument DeserializeXNode(string value, string deserializeRootElementName, bool writeArrayAttribute)",
            crate::xml::deserialize_node,
        ),
        member(
            "static XDocument DeserializeXNode(string value, string deserializeRootElementName, bool writeArrayAttribute, bool encodeSpecialCharacters)",
            crate::xml::deserialize_node,
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

fn serialize(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    written(call, Settings::default())
}

/// With the settings in argument `index`, and `Formatting` in argument 1 if there is one.
fn serialize_with(call: &mut Call<'_, '_>, index: usize) -> Result<Value, Throw> {
    let settings = Settings::argument(call, index);
    written(call, settings)
}

fn written(call: &mut Call<'_, '_>, mut settings: Settings) -> Result<Value, Throw> {
    if let Value::Enum(_, formatting) = call.arg(1) {
        settings.style.indented = *formatting == 1;
    }
    let text = from::text(call.machine, call.arg(0), &settings)?;
    call.heavy_work(text.len().saturating_mul(2))?;
    call.new_text(text)
}

/// Of plain values only.
fn to_text(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let value = call.arg(0);
    if super::value::of(call.machine.heap, value).is_none() {
        let ty = crate::ops::type_of(call.machine, value).net_name();
        return Err(Throw::argument(format!(
            "Unsupported type: {ty}. Use the JsonSerializer class to get the object's JSON representation."
        )));
    }
    serialize(call)
}

fn deserialize(call: &mut Call<'_, '_>, ty: &Type, settings: &Settings) -> Result<Value, Throw> {
    let text = call.text(0, "value")?;
    call.heavy_work(text.size())?;
    if let Some(document) = crate::xml::reads_json(ty) {
        return crate::xml::of_json(call.machine, text, !document);
    }
    to::deserialize(call.machine, text, ty, settings)
}
