//! `IMessageBody`.

use std::borrow::Cow;

use bytes::Bytes;
use tollgate_dotnet::{
    Array, Call, Dictionary, LONGEST_LENT, Lent, List, Loan, Machine, Str, Throw, Type, TypeDef,
    TypeKind, Value, json, member, xml,
};

use super::{Part, context, part, registry};
use crate::exchange::{Body, Context, form_pairs};

/// `IMessageBody`.
pub(super) static BODY: TypeDef = TypeDef {
    name: "Tollgate.IMessageBody",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("T As<T>(bool preserveContent = false)", read_as).linking(lent_json),
        member(
            "JObject AsJObject(bool preserveContent = false, JsonSerializerSettings settings = null)",
            |call| read_json(call, "JObject"),
        ),
        member(
            "JArray AsJArray(bool preserveContent = false, JsonSerializerSettings settings = null)",
            |call| read_json(call, "JArray"),
        ),
        member(
            "JToken AsJToken(bool preserveContent = false, JsonSerializerSettings settings = null)",
            |call| read_json(call, "JToken"),
        ),
        member(
            "IDictionary<string, IList<string>> AsFormUrlEncodedContent(bool preserveContent = false)",
            read_as_form,
        ),
    ],
};

/// Reads the body as a `T`. Without `preserveContent` it is used up: what reads it later finds nothing.
fn read_as(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.types.last() {
        Some(ty) => read_typed(call, ty),
        None => read_typed(call, &Type::string()),
    }
}

/// Names and values of `a=1&b=2`, decoded.
fn read_as_form(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = take(call)?;
    let machine = &mut *call.machine;
    let lists = registry().parse_type("IList<string>");
    let mut form = Dictionary::new(Type::string(), lists.unwrap_or_else(Type::object));
    for (name, value) in form_pairs(&text(&bytes)) {
        machine.step(1)?;
        let name = Value::String(name);
        let list = match form.get(machine.heap, &name).cloned() {
            Some(list) => list,
            None => {
                let list = machine.heap.alloc(List::new(Type::string(), Vec::new()))?;
                form.insert(machine.heap, name, list.clone());
                list
            }
        };
        machine.heap.charge(size_of::<Value>())?;
        if let Some(list) = machine.heap.of_mut::<List>(&list) {
            list.items_mut().push(value.into());
        }
    }
    machine.heap.alloc(form)
}

/// Reads the body as JSON of a class, as `JsonConvert.DeserializeObject` does: `null` of an empty one.
fn read_json(call: &mut Call<'_, '_>, class: &str) -> Result<Value, Throw> {
    let ty = registry().parse_type(class).unwrap_or_else(Type::string);
    let bytes = take(call)?;
    let body = Str::from(&*text(&bytes));
    json::deserialize(call.machine, &body, &ty, call.arg(2))
}

fn read_typed(call: &mut Call<'_, '_>, ty: &Type) -> Result<Value, Throw> {
    if json::is_token(ty) {
        return read_token(call, ty);
    }
    let bytes = take(call)?;
    convert(call.machine, &bytes, ty)
}

/// Reads the body as JSON. It is parsed once, however often it is read; each reading gives tokens of its own.
fn read_token(call: &mut Call<'_, '_>, ty: &Type) -> Result<Value, Throw> {
    let (part, preserve) = (part(call)?, call.bool(1)?);
    let (context, heap) = context(call)?;
    let body = body_of(context, part).ok_or_else(Throw::null_reference)?;
    let token = (body.json(read_tape)).and_then(|tape| json::token_of(heap, tape, ty));
    match token {
        Some(token) => {
            if !preserve {
                body.consume();
            }
            token
        }
        None => {
            let bytes = take(call)?;
            convert(call.machine, &bytes, ty)
        }
    }
}

/// The JSON of a body that stays, which nobody but its reader could change.
fn lent_json<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let Lent::Value(Value::Host(part)) = *loan.first else {
        return None;
    };
    if !matches!(loan.arg(1), Value::Bool(true)) {
        return None;
    }
    let context = loan.host::<Context>()?;
    let body = match Part::of(*part)? {
        Part::RequestBody => &context.request.body,
        Part::ResponseBody(index) => &context.response_at(index)?.body,
        _ => return None,
    };
    if body.bytes()?.len() > LONGEST_LENT {
        return None;
    }
    let tape = body.json(|bytes| {
        loan.machine.heap.spend(bytes.len().saturating_mul(8));
        read_tape(bytes)
    });
    json::lent(tape?, loan.ty()?)
}

fn read_tape(bytes: &Bytes) -> Option<json::Tape> {
    json::Tape::read(Str::from(&*text(bytes)))
}

fn take(call: &mut Call<'_, '_>) -> Result<Bytes, Throw> {
    let (part, preserve) = (part(call)?, call.bool(1)?);
    let (context, heap) = context(call)?;
    let body = body_of(context, part).ok_or_else(Throw::null_reference)?;
    let bytes = body.bytes().cloned().ok_or_else(|| {
        Throw::invalid_operation("The body is still on its way; it cannot be read here.")
    })?;
    heap.charge(bytes.len())?;
    if !preserve {
        body.consume();
    }
    Ok(bytes)
}

fn body_of(context: &mut Context, part: Part) -> Option<&mut Body> {
    match part {
        Part::RequestBody => Some(&mut context.request.body),
        Part::ResponseBody(index) => Some(&mut context.response_at_mut(index)?.body),
        _ => None,
    }
}

/// The bytes as a value of that type. Source: api-management-policy-expressions.md, IMessageBody.
fn convert(machine: &mut Machine<'_>, bytes: &Bytes, ty: &Type) -> Result<Value, Throw> {
    match ty {
        Type::Array(element, 1) if element.is_byte() => {
            machine.heap.alloc(Array::bytes(bytes.to_vec()))
        }
        ty if ty.is_string() => Ok(Value::string(&*text(bytes))),
        other => json::parse_as(machine.heap, &Str::from(&*text(bytes)), other)
            .or_else(|| xml::parse_as(machine.heap, &text(bytes), other))
            .unwrap_or_else(|| {
                Err(Throw::not_supported(format!(
                    "Body.As<{}>",
                    other.net_name()
                )))
            }),
    }
}

/// The text, as .NET's `StreamReader` reads it: by its byte order mark, or else as UTF-8.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks_exact(2).map(|pair| match pair {
            [a, b] => unit([*a, *b]),
            _ => 0,
        });
        String::from_utf16_lossy(&pairs.collect::<Vec<_>>()).into()
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        all => utf8(all),
    }
}

/// What is no UTF-8 becomes U+FFFD. Valid text, the usual case, is checked many times faster than it is replaced.
pub(super) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_order_mark_decides() {
        assert_eq!(text(b"\xEF\xBB\xBFa"), "a");
        assert_eq!(text(b"\xFF\xFEa\0"), "a");
        assert_eq!(text(b"\xFE\xFF\0a"), "a");
        assert_eq!(text(b"\xC5\x81\xFF"), "\u{141}\u{FFFD}");
    }
}
