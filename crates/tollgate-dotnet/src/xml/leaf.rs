//! `XText`, `XCData`, `XComment`, `XProcessingInstruction`.

use super::node::{Data, alloc, get, get_mut};
use super::xobject::this;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

const fn leaf(
    name: &'static str,
    bases: &'static [&'static str],
    members: &'static [Member],
) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Class,
        bases,
        values: &[],
        members,
    }
}

/// `XText`.
pub(crate) static XTEXT: TypeDef = leaf(
    "System.Xml.Linq.XText",
    &["XNode"],
    &[
        member("new(string value)", |call| create(call, Data::Text)),
        member("string Value { get; }", get_value),
        member("string Value { set; }", set_value),
    ],
);
/// `XCData`.
pub(crate) static XCDATA: TypeDef = leaf(
    "System.Xml.Linq.XCData",
    &["XText"],
    &[member("new(string value)", |call| {
        create(call, Data::Section)
    })],
);
/// `XComment`.
pub(crate) static XCOMMENT: TypeDef = leaf(
    "System.Xml.Linq.XComment",
    &["XNode"],
    &[
        member("new(string value)", |call| create(call, Data::Comment)),
        member("string Value { get; }", get_value),
        member("string Value { set; }", set_value),
    ],
);
/// `XProcessingInstruction`.
pub(crate) static XINSTRUCTION: TypeDef = leaf(
    "System.Xml.Linq.XProcessingInstruction",
    &["XNode"],
    &[
        member("new(string target, string data)", |call| {
            let (target, data) = (
                call.text(0, "target")?.clone(),
                call.text(1, "data")?.clone(),
            );
            alloc(call.machine.heap, Data::Instruction(target, data)).map(Value::Ref)
        }),
        member("string Target { get; }", |call| {
            match &get(call.machine.heap, this(call)?)?.data {
                Data::Instruction(target, _) => Ok(target.clone().into()),
                _ => Ok(Value::Null),
            }
        }),
        member("string Data { get; }", get_value),
    ],
);

fn create(call: &mut Call<'_, '_>, data: fn(Str) -> Data) -> Result<Value, Throw> {
    let text = call.text(0, "value")?.clone();
    alloc(call.machine.heap, data(text)).map(Value::Ref)
}

fn get_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match &get(call.machine.heap, this(call)?)?.data {
        Data::Text(text)
        | Data::Section(text)
        | Data::Comment(text)
        | Data::Instruction(_, text) => Ok(text.clone().into()),
        _ => Ok(Value::Null),
    }
}

fn set_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let new = call.text(1, "value")?.clone();
    match &mut get_mut(call.machine.heap, id)?.data {
        Data::Text(text) | Data::Section(text) | Data::Comment(text) => *text = new,
        _ => {}
    }
    Ok(Value::Null)
}
