//! `JToken`: what all tokens share.

use super::convert;
use super::from;
use super::iterators;
use super::kind::Kind;
use super::lend;
use super::path::Path;
use super::read::{Reads, read};
use super::settings::Reading;
use super::token::{
    self, Node, Token, copy, deep_equals, descendants, ends, get, id_of, member_of, parent_of,
    place_in, sibling,
};
use super::{to, write};
use crate::args::int;
use crate::heap::HeapId;
use crate::machine::Machine;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::lazy_as;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `JToken`.
pub(crate) static JTOKEN: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JToken",
    kind: TypeKind::Class,
    bases: &["IJEnumerable<JToken>", "ICloneable"],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("static JToken Parse(string json)", |call| {
        parse(call, Reads::Token)
    }),
    member(
        "static JToken Parse(string json, JsonLoadSettings settings)",
        |call| parse(call, Reads::Token),
    ),
    member("static JToken FromObject(object o)", |call| {
        from_object(call, Reads::Token)
    }),
    member(
        "static bool DeepEquals(JToken t1, JToken t2)",
        |call| match (
            id_of(call.machine.heap, call.arg(0)),
            id_of(call.machine.heap, call.arg(1)),
        ) {
            (Some(a), Some(b)) => deep_equals(call.machine.heap, a, b).map(Value::Bool),
            (a, b) => Ok(Value::Bool(a == b)),
        },
    ),
    member("JTokenType Type { get; }", |call| {
        Ok(get(call.machine.heap, this(call)?)?.kind().value())
    }),
    member("JContainer Parent { get; }", |call| {
        Ok(reference(get(call.machine.heap, this(call)?)?.parent))
    }),
    member("JToken Root { get; }", |call| {
        Ok(Value::Ref(token::root(call.machine.heap, this(call)?)))
    }),
    member("JToken Next { get; }", |call| {
        Ok(reference(sibling(call.machine.heap, this(call)?, 1)))
    }),
    member("JToken Previous { get; }", |call| {
        Ok(reference(sibling(call.machine.heap, this(call)?, -1)))
    }),
    member("JToken First { get; }", |call| {
        end(call).map(|ends| reference(ends.map(|(first, _)| first)))
    }),
    member("JToken Last { get; }", |call| {
        end(call).map(|ends| reference(ends.map(|(_, last)| last)))
    }),
    member("bool HasValues { get; }", |call| {
        Ok((get(call.machine.heap, this(call)?)?.len() > 0).into())
    }),
    member("string Path { get; }", |call| {
        let path = token::path(call.machine.heap, this(call)?);
        call.new_text(path)
    }),
    member("JToken this[object key] { get; }", get_key).linking(lend::member),
    member("JToken this[object key] { set; }", set_key),
    member("T Value<T>(object key)", value_of_key).linking(lend::value_of_member),
    member("JEnumerable<JToken> Children()", children),
    member("JEnumerable<T> Children<T>()", children_of),
    member("IEnumerable<T> Values<T>()", values),
    member("IEnumerable<JToken> Ancestors()", |call| {
        ancestors(call, false)
    }),
    member("IEnumerable<JToken> AncestorsAndSelf()", |call| {
        ancestors(call, true)
    }),
    member("IEnumerable<JToken> BeforeSelf()", |call| {
        beside(call, false)
    }),
    member("IEnumerable<JToken> AfterSelf()", |call| beside(call, true)),
    member("void AddAfterSelf(object content)", |call| {
        add_beside(call, 1)
    }),
    member("void AddBeforeSelf(object content)", |call| {
        add_beside(call, 0)
    }),
    member("void Remove()", |call| {
        token::remove(call.machine.heap, this(call)?)?;
        Ok(Value::Null)
    }),
    member("void Replace(JToken value)", |call| {
        let id = this(call)?;
        let with = from::or_null(call.machine, call.arg(1))?;
        token::replace(call.machine.heap, id, with)?;
        Ok(Value::Null)
    }),
    member("JToken DeepClone()", |call| {
        copy(call.machine.heap, this(call)?).map(Value::Ref)
    }),
    member("object Clone()", |call| {
        copy(call.machine.heap, this(call)?).map(Value::Ref)
    }),
    member("JToken SelectToken(string path)", select_token),
    member(
        "JToken SelectToken(string path, bool errorWhenNoMatch)",
        select_token,
    ),
    member(
        "IEnumerable<JToken> SelectTokens(string path)",
        select_tokens,
    ),
    member(
        "IEnumerable<JToken> SelectTokens(string path, bool errorWhenNoMatch)",
        select_tokens,
    ),
    member("T ToObject<T>()", to_object),
    member("string ToString()", |call| {
        let text = call.to_text(0)?;
        this(call)?;
        call.new_text(text)
    })
    .linking(lend::to_string),
    member("string ToString(Formatting formatting)", |call| {
        let text = write(call.machine.heap, call.arg(0), call.flags(1) == 1)?;
        this(call)?;
        call.heavy_work(text.len().saturating_mul(2))?;
        call.new_text(text)
    }),
    member(
        "string ToString(Formatting formatting, params JsonConverter[] converters)",
        |call| {
            let text = write(call.machine.heap, call.arg(0), call.flags(1) == 1)?;
            this(call)?;
            call.new_text(text)
        },
    ),
    member(
        "IEnumerator<JToken> GetEnumerator()",
        crate::collections::get_enumerator,
    ),
    member("static implicit operator JToken(bool value)", of_value),
    member(
        "static implicit operator JToken(DateTimeOffset value)",
        of_value,
    ),
    member("static implicit operator JToken(byte value)", of_integer),
    member("static implicit operator JToken(byte? value)", of_value),
    member("static implicit operator JToken(sbyte value)", of_integer),
    member("static implicit operator JToken(sbyte? value)", of_value),
    member("static implicit operator JToken(bool? value)", of_value),
    member("static implicit operator JToken(long value)", of_value),
    member("static implicit operator JToken(DateTime? value)", of_value),
    member(
        "static implicit operator JToken(DateTimeOffset? value)",
        of_value,
    ),
    member("static implicit operator JToken(decimal? value)", of_value),
    member("static implicit operator JToken(double? value)", of_value),
    member("static implicit operator JToken(short value)", of_integer),
    member("static implicit operator JToken(ushort value)", of_integer),
    member("static implicit operator JToken(int value)", of_integer),
    member("static implicit operator JToken(int? value)", of_value),
    member("static implicit operator JToken(DateTime value)", of_value),
    member("static implicit operator JToken(long? value)", of_value),
    member("static implicit operator JToken(float? value)", of_value),
    member("static implicit operator JToken(decimal value)", of_value),
    member("static implicit operator JToken(short? value)", of_value),
    member("static implicit operator JToken(ushort? value)", of_value),
    member("static implicit operator JToken(uint? value)", of_value),
    member("static implicit operator JToken(ulong? value)", of_value),
    member("static implicit operator JToken(double value)", of_value),
    member("static implicit operator JToken(float value)", of_value),
    member("static implicit operator JToken(string value)", |call| {
        let kind = Kind::String;
        token::scalar(call.machine.heap, kind, call.arg(0).clone()).map(Value::Ref)
    }),
    member("static implicit operator JToken(uint value)", of_integer),
    member("static implicit operator JToken(ulong value)", of_value),
    member("static implicit operator JToken(byte[] value)", of_value),
    member("static implicit operator JToken(Uri value)", of_value),
    member("static implicit operator JToken(TimeSpan value)", of_value),
    member("static implicit operator JToken(TimeSpan? value)", of_value),
    member("static implicit operator JToken(Guid value)", of_value),
    member("static implicit operator JToken(Guid? value)", of_value),
    member("static explicit operator bool(JToken value)", |call| {
        convert::explicit(call, &Type::bool())
    })
    .linking(lend::to_bool),
    member(
        "static explicit operator DateTimeOffset(JToken value)",
        |call| convert::explicit(call, &Type::date_time_offset()),
    ),
    member("static explicit operator bool?(JToken value)", |call| {
        convert::explicit(call, &Type::bool().nullable())
    }),
    member("static explicit operator long(JToken value)", |call| {
        convert::explicit(call, &Type::long())
    }),
    member("static explicit operator DateTime?(JToken value)", |call| {
        convert::explicit(call, &Type::date_time().nullable())
    }),
    member(
        "static explicit operator DateTimeOffset?(JToken value)",
        |call| convert::explicit(call, &Type::date_time_offset().nullable()),
    ),
    member("static explicit operator decimal?(JToken value)", |call| {
        convert::explicit(call, &Type::decimal().nullable())
    }),
    member("static explicit operator double?(JToken value)", |call| {
        convert::explicit(call, &Type::double().nullable())
    }),
    member("static explicit operator char?(JToken value)", |call| {
        convert::explicit(call, &Type::char().nullable())
    }),
    member("static explicit operator int(JToken value)", |call| {
        convert::explicit(call, &Type::int())
    })
    .linking(lend::to_int),
    member("static explicit operator short(JToken value)", |call| {
        convert::explicit(call, &Type::short())
    }),
    member("static explicit operator ushort(JToken value)", |call| {
        convert::explicit(call, &Type::ushort())
    }),
    member("static explicit operator char(JToken value)", |call| {
        convert::explicit(call, &Type::char())
    }),
    member("static explicit operator byte(JToken value)", |call| {
        convert::explicit(call, &Type::byte())
    }),
    member("static explicit operator sbyte(JToken value)", |call| {
        convert::explicit(call, &Type::sbyte())
    }),
    member("static explicit operator int?(JToken value)", |call| {
        convert::explicit(call, &Type::int().nullable())
    }),
    member("static explicit operator short?(JToken value)", |call| {
        convert::explicit(call, &Type::short().nullable())
    }),
    member("static explicit operator ushort?(JToken value)", |call| {
        convert::explicit(call, &Type::ushort().nullable())
    }),
    member("static explicit operator byte?(JToken value)", |call| {
        convert::explicit(call, &Type::byte().nullable())
    }),
    member("static explicit operator sbyte?(JToken value)", |call| {
        convert::explicit(call, &Type::sbyte().nullable())
    }),
    member("static explicit operator DateTime(JToken value)", |call| {
        convert::explicit(call, &Type::date_time())
    }),
    member("static explicit operator long?(JToken value)", |call| {
        convert::explicit(call, &Type::long().nullable())
    }),
    member("static explicit operator float?(JToken value)", |call| {
        convert::explicit(call, &Type::float().nullable())
    }),
    member("static explicit operator decimal(JToken value)", |call| {
        convert::explicit(call, &Type::decimal())
    }),
    member("static explicit operator uint?(JToken value)", |call| {
        convert::explicit(call, &Type::uint().nullable())
    }),
    member("static explicit operator ulong?(JToken value)", |call| {
        convert::explicit(call, &Type::ulong().nullable())
    }),
    member("static explicit operator double(JToken value)", |call| {
        convert::explicit(call, &Type::double())
    }),
    member("static explicit operator float(JToken value)", |call| {
        convert::explicit(call, &Type::float())
    }),
    member("static explicit operator string(JToken value)", |call| {
        convert::explicit(call, &Type::string())
    })
    .linking(lend::to_string),
    member("static explicit operator uint(JToken value)", |call| {
        convert::explicit(call, &Type::uint())
    }),
    member("static explicit operator ulong(JToken value)", |call| {
        convert::explicit(call, &Type::ulong())
    }),
    member("static explicit operator byte[](JToken value)", |call| {
        convert::explicit(call, &Type::array(Type::byte()))
    }),
    member("static explicit operator Guid(JToken value)", |call| {
        convert::explicit(call, &Type::guid())
    }),
    member("static explicit operator Guid?(JToken value)", |call| {
        convert::explicit(call, &Type::guid().nullable())
    }),
    member("static explicit operator Uri(JToken value)", |call| {
        convert::explicit(call, &Type::plain(&crate::net::URI))
    }),
    member("static explicit operator TimeSpan(JToken value)", |call| {
        convert::explicit(call, &Type::time_span())
    }),
    member("static explicit operator TimeSpan?(JToken value)", |call| {
        convert::explicit(call, &Type::time_span().nullable())
    }),
];

/// The receiver.
pub(crate) fn this(call: &Call<'_, '_>) -> Result<HeapId, Throw> {
    id_of(call.machine.heap, call.arg(0)).ok_or_else(Throw::null_reference)
}

/// A token, or `null`.
pub(crate) fn reference(id: Option<HeapId>) -> Value {
    id.map_or(Value::Null, Value::Ref)
}

/// `JToken`.
pub(crate) fn token_type() -> Type {
    Type::plain(&JTOKEN)
}

pub(crate) fn references(ids: Vec<HeapId>) -> Vec<Value> {
    ids.into_iter().map(Value::Ref).collect()
}

/// `Parse` of the class that reads.
pub(crate) fn parse(call: &mut Call<'_, '_>, reads: Reads) -> Result<Value, Throw> {
    let parameter = if reads == Reads::Token { "json" } else { "s" };
    let text = call.text(0, parameter)?;
    call.heavy_work(text.size())?;
    let reading = Reading::argument(call, 1);
    read(call.machine.heap, text, reads, &reading).map(Value::Ref)
}

/// `FromObject` of a class.
pub(crate) fn from_object(call: &mut Call<'_, '_>, reads: Reads) -> Result<Value, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::argument_null("o"));
    }
    let id = from::any(call.machine, call.arg(0))?;
    let kind = get(call.machine.heap, id)?.kind();
    match (reads, kind) {
        (Reads::Token, _) | (Reads::Object, Kind::Object) | (Reads::Array, Kind::Array) => {
            Ok(Value::Ref(id))
        }
        (Reads::Object, _) => Err(from::wrong_kind(kind, "JObject")),
        (Reads::Array, _) => Err(from::wrong_kind(kind, "JArray")),
    }
}

fn end(call: &Call<'_, '_>) -> Result<Option<(HeapId, HeapId)>, Throw> {
    let token = get(call.machine.heap, this(call)?)?;
    match token.node {
        Node::Value(..) => Err(no_children(token)),
        _ => Ok(ends(call.machine.heap, this(call)?)),
    }
}

fn no_children(token: &Token) -> Throw {
    Throw::invalid_operation(format!(
        "Cannot access child value on {}.",
        token.type_name()
    ))
}

/// The child under a key: a name of an object, an index of an array.
fn get_key(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    child(call, id, call.arg(1))
}

fn child(call: &Call<'_, '_>, id: HeapId, key: &Value) -> Result<Value, Throw> {
    let heap = &*call.machine.heap;
    if let Value::String(name) = key
        && let Some(found) = member_of(heap, id, name)
    {
        return Ok(Value::Ref(found));
    }
    let token = get(heap, id)?;
    match (&token.node, key) {
        (Node::Object(_), Value::String(_)) => Ok(Value::Null),
        (Node::Array(items) | Node::Constructor(_, items), Value::Int32(index)) => {
            usize::try_from(*index)
                .ok()
                .and_then(|index| items.get(index))
                .map(|item| Value::Ref(*item))
                .ok_or_else(|| crate::collections::out_of_range("index"))
        }
        _ => Err(wrong_key(call, token, key, "Accessed")),
    }
}

fn wrong_key(call: &Call<'_, '_>, token: &Token, key: &Value, what: &str) -> Throw {
    let shown = match key {
        Value::String(text) => format!("\"{text}\""),
        other => ops::to_text(call.machine, other)
            .unwrap_or_default()
            .to_string(),
    };
    match &token.node {
        Node::Object(_) => Throw::argument(format!(
            "{what} JObject values with invalid key value: {shown}. Object property name expected."
        )),
        Node::Array(_) => Throw::argument(format!(
            "{what} JArray values with invalid key value: {shown}. Int32 array index expected."
        )),
        Node::Constructor(..) => Throw::argument(format!(
            "{what} JConstructor values with invalid key value: {shown}. Argument position index expected."
        )),
        _ => match what {
            "Set" => Throw::invalid_operation(format!(
                "Cannot set child value on {}.",
                token.type_name()
            )),
            _ => no_children(token),
        },
    }
}

fn set_key(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let value = from::or_null(call.machine, call.arg(2))?;
    let token = get(call.machine.heap, id)?;
    match (&token.node, call.arg(1)) {
        (Node::Object(_), Value::String(name)) => {
            token::set_member(call.machine.heap, id, name.clone(), value)?;
        }
        (Node::Array(items) | Node::Constructor(_, items), Value::Int32(index)) => {
            let item = usize::try_from(*index)
                .ok()
                .and_then(|index| items.get(index));
            let item = *item.ok_or_else(|| crate::collections::out_of_range("index"))?;
            token::replace(call.machine.heap, item, value)?;
        }
        (_, key) => return Err(wrong_key(call, token, key, "Set")),
    }
    Ok(Value::Null)
}

fn value_of_key(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let found = get_key(call)?;
    let ty = call.types.last().cloned().unwrap_or_else(token_type);
    plain_value(call.machine, &found, &ty)
}

/// `Value<T>`: the token itself if it is a `T`, or else what is in it, as a `T`.
pub(crate) fn plain_value(
    machine: &mut Machine<'_>,
    token: &Value,
    ty: &Type,
) -> Result<Value, Throw> {
    if token.is_null() {
        return Ok(ops::default_of(ty));
    }
    if ops::is_instance(machine, token, ty) {
        return Ok(token.clone());
    }
    let heap = &mut *machine.heap;
    let scalar = match heap.of::<Token>(token).map(|token| &token.node) {
        Some(Node::Value(_, value)) => value.clone(),
        _ => {
            let from = heap.of::<Token>(token).map_or("", Token::type_name);
            return Err(Throw::invalid_cast(format!(
                "Cannot cast {from} to {}.",
                JTOKEN.name
            )));
        }
    };
    let target = match ty {
        Type::Nullable(inner) => &**inner,
        other => other,
    };
    let exact = ops::is_instance(machine, &scalar, target);
    match &scalar {
        Value::Null if ty.is_reference() || matches!(ty, Type::Nullable(_)) => Ok(Value::Null),
        Value::Null => Err(convert::invalid(machine.heap, &scalar, target)),
        _ if exact => Ok(scalar),
        // `Convert` takes none of these to anything, and nothing to them.
        Value::Object(_) | Value::Guid(_) | Value::TimeSpan(_) | Value::DateTimeOffset(..) => {
            Err(Throw::invalid_cast("Object must implement IConvertible."))
        }
        _ if target.is_guid() || target.is_time_span() || target.is_date_time_offset() => {
            Err(convert::invalid(machine.heap, &scalar, target))
        }
        _ => convert::change(machine.heap, &scalar, target),
    }
}

fn children(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let class = super::linq::jenumerable(token_type());
    Ok(super::linq::children(class, this(call)?))
}

fn children_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let ty = call.types.last().cloned().unwrap_or_else(token_type);
    let (id, class) = (this(call)?, super::linq::jenumerable(ty.clone()));
    Ok(super::linq::picked(class, id, move |machine, child| {
        Ok(ops::is_instance(machine, &child, &ty).then_some(child))
    }))
}

fn values(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let token = get(call.machine.heap, id)?;
    if matches!(token.node, Node::Value(..)) {
        return Err(no_children(token));
    }
    let ty = call.types.last().cloned().unwrap_or_else(token_type);
    let class = iterators::converted(&iterators::CONVERT, ty.clone());
    Ok(super::linq::picked(class, id, move |machine, child| {
        plain_value(machine, &child, &ty).map(Some)
    }))
}

fn ancestors(call: &mut Call<'_, '_>, and_self: bool) -> Result<Value, Throw> {
    let id = this(call)?;
    Ok(iterators::tokens(&iterators::ANCESTORS, move |machine| {
        let mut found = Vec::new();
        let mut next = match and_self {
            true => Some(id),
            false => get(machine.heap, id)?.parent,
        };
        while let Some(id) = next {
            machine.step(1)?;
            found.push(Value::Ref(id));
            next = get(machine.heap, id)?.parent;
        }
        Ok(found)
    }))
}

fn beside(call: &mut Call<'_, '_>, after: bool) -> Result<Value, Throw> {
    let id = this(call)?;
    let class = match after {
        true => &iterators::AFTER_SELF,
        false => &iterators::BEFORE_SELF,
    };
    Ok(iterators::tokens(class, move |machine| {
        let Some(parent) = get(machine.heap, id)?.parent else {
            return Ok(Vec::new());
        };
        let place = place_in(machine.heap, parent, id).unwrap_or(0);
        let mut siblings = references(super::token::children(machine.heap, parent)?);
        Ok(match after {
            true => siblings.split_off((place + 1).min(siblings.len())),
            false => {
                siblings.truncate(place);
                siblings
            }
        })
    }))
}

fn add_beside(call: &mut Call<'_, '_>, offset: usize) -> Result<Value, Throw> {
    let id = this(call)?;
    let parent = parent_of(call.machine.heap, id)?;
    let place = place_in(call.machine.heap, parent, id).unwrap_or(0);
    from::add(call.machine, parent, place + offset, call.arg(1))?;
    Ok(Value::Null)
}

/// All tokens below, and the token itself if asked for.
pub(crate) fn below(call: &mut Call<'_, '_>, and_self: bool) -> Result<Value, Throw> {
    let id = this(call)?;
    Ok(iterators::tokens(&iterators::DESCENDANTS, move |machine| {
        let below = descendants(machine.heap, id);
        machine.step(u64::try_from(below.len()).unwrap_or(u64::MAX))?;
        let first = and_self.then_some(Value::Ref(id));
        Ok(first.into_iter().chain(references(below)).collect())
    }))
}

fn select_token(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.heavy_work(call.text(1, "path")?.size().saturating_mul(2))?;
    let (id, path) = (this(call)?, Path::parse(call.text(1, "path")?)?);
    let required = call.arguments.len() > 2 && call.bool(2)?;
    let found = path.select(call.machine, id, required)?;
    match found.as_slice() {
        [] => Ok(Value::Null),
        [one] => Ok(Value::Ref(*one)),
        _ => Err(token::json_exception("Path returned multiple tokens.")),
    }
}

fn select_tokens(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.heavy_work(call.text(1, "path")?.size().saturating_mul(2))?;
    let (id, path) = (this(call)?, Path::parse(call.text(1, "path")?)?);
    let required = call.arguments.len() > 2 && call.bool(2)?;
    let path = std::sync::Arc::new(path);
    Ok(lazy_as(iterators::of_path(&path), move |machine| {
        path.select(machine, id, required).map(references)
    }))
}

fn to_object(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let ty = call.types.last().cloned().unwrap_or_else(token_type);
    to::object(call.machine, id, &ty)
}

/// Integers are 64 bits long, as they are in JSON. A `char` comes here as the `ushort` that it converts to.
fn of_integer(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let number = Value::Int64(call.long(0)?);
    token::scalar(call.machine.heap, Kind::Integer, number).map(Value::Ref)
}

fn of_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    from::content(call.machine, call.arg(0)).map(Value::Ref)
}

/// The number of children.
pub(crate) fn count(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(int(get(call.machine.heap, this(call)?)?.len()))
}
