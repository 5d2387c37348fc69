//! `JValue`, and `JRaw`.

use super::from;
use super::jtoken::this;
use super::kind::Kind;
use super::token::{Node, Token, copy, get, id_of, null, scalar};
use super::value::{self, Bytes};
use crate::args::order;
use crate::collections::Array;
use crate::formatting::format_value;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

/// `JValue`.
pub(crate) static JVALUE: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JValue",
    kind: TypeKind::Class,
    bases: &[
        "JToken",
        "IComparable",
        "IComparable<JValue>",
        "IEquatable<JValue>",
        "IFormattable",
    ],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("new(JValue other)", |call| {
        match id_of(call.machine.heap, call.arg(0)) {
            Some(other) => copy(call.machine.heap, other).map(Value::Ref),
            None => Err(Throw::argument_null("other")),
        }
    }),
    member("new(long value)", create),
    member("new(decimal value)", create),
    member("new(char value)", create),
    member("new(ulong value)", create),
    member("new(double value)", create),
    member("new(float value)", create),
    member("new(DateTime value)", create),
    member("new(DateTimeOffset value)", create),
    member("new(bool value)", create),
    member("new(string value)", |call| {
        scalar(call.machine.heap, Kind::String, call.arg(0).clone()).map(Value::Ref)
    }),
    member("new(Guid value)", create),
    member("new(TimeSpan value)", create),
    member("new(object value)", create),
    member("static JValue CreateNull()", |call| {
        null(call.machine.heap).map(Value::Ref)
    }),
    member("static JValue CreateUndefined()", |call| {
        scalar(call.machine.heap, Kind::Undefined, Value::Null).map(Value::Ref)
    }),
    member("static JValue CreateString(string value)", |call| {
        scalar(call.machine.heap, Kind::String, call.arg(0).clone()).map(Value::Ref)
    }),
    member("static JValue CreateComment(string value)", |call| {
        scalar(call.machine.heap, Kind::Comment, call.arg(0).clone()).map(Value::Ref)
    }),
    member("object Value { get; }", get_value),
    member("object Value { set; }", |call| {
        let id = this(call)?;
        let (kind, value) = value::of(call.machine.heap, call.arg(1)).ok_or_else(|| {
            Throw::argument("Could not determine JSON object type for that type.")
        })?;
        if let Some(token) = call.machine.heap.get_mut::<Token>(id) {
            token.node = Node::Value(kind, value);
        }
        Ok(Value::Null)
    }),
    member("string ToString(string format)", to_text),
    member("string ToString(IFormatProvider formatProvider)", |call| {
        let text = call.to_text(0)?;
        call.new_text(text)
    }),
    member(
        "string ToString(string format, IFormatProvider formatProvider)",
        to_text,
    ),
    member("int CompareTo(JValue obj)", |call| {
        this(call)?;
        ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(order)
    }),
    member("bool Equals(JValue other)", |call| {
        this(call)?;
        Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
    }),
];

/// `JRaw`: JSON that is written as it is.
pub(crate) static JRAW: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JRaw",
    kind: TypeKind::Class,
    bases: &["JValue"],
    values: &[],
    members: &[member("new(object rawJson)", |call| {
        scalar(call.machine.heap, Kind::Raw, call.arg(0).clone()).map(Value::Ref)
    })],
};

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    from::content(call.machine, call.arg(0)).map(Value::Ref)
}

fn get_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let value = match &get(call.machine.heap, this(call)?)?.node {
        Node::Value(_, value) => value.clone(),
        _ => Value::Null,
    };
    match value.downcast::<Bytes>() {
        Some(Bytes(bytes)) => call.new_array(Array::bytes(bytes.clone())),
        None => Ok(value),
    }
}

fn to_text(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let value = get_value(call)?;
    let format = call.opt_str(1).map(|format| format.to_string());
    let text = format_value(
        call.machine,
        &value,
        format.as_deref().unwrap_or(""),
        &call.culture(2),
    )?;
    call.new_text(text)
}
