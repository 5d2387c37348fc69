//! `XStreamingElement`: an element that is made when it is written.

use super::content::add_arguments;
use super::name::Name;
use super::node::element;
use crate::heap::{HeapId, HeapObject};
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `XStreamingElement`.
pub(crate) static XSTREAMING_ELEMENT: TypeDef = TypeDef {
    name: "System.Xml.Linq.XStreamingElement",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new(XName name)", create),
        member("new(XName name, object content)", create),
        member("new(XName name, params object[] content)", create),
        member("XName Name { get; }", |call| {
            Ok(Value::object(this(call)?.name.clone()))
        }),
        member("void Add(object content)", add),
        member("void Add(params object[] content)", add),
        member("string ToString()", to_text),
        member("string ToString(SaveOptions options)", to_text),
    ],
};

/// A name, and what goes into the element.
#[derive(Debug)]
pub(crate) struct Streaming {
    name: Name,
    content: Vec<Value>,
}

impl HeapObject for Streaming {
    fn type_of(&self) -> Type {
        Type::plain(&XSTREAMING_ELEMENT)
    }
}

/// The element that it stands for, made now.
pub(crate) fn made(machine: &mut Machine<'_>, value: &Value) -> Option<Result<HeapId, Throw>> {
    let Streaming { name, content } = machine.heap.of::<Streaming>(value)?;
    let (name, content) = (name.clone(), content.clone());
    Some(make(machine, name, &content))
}

fn make(machine: &mut Machine<'_>, name: Name, content: &[Value]) -> Result<HeapId, Throw> {
    let new = element(machine.heap, name)?;
    let mut call = Call {
        machine,
        arguments: content,
        types: &[],
        prepared: None,
        outs: Default::default(),
    };
    add_arguments(&mut call, new, 0)?;
    Ok(new)
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let name = Name::argument(call, 0).ok_or_else(|| Throw::argument_null("name"))?;
    let content = call.arguments.iter().skip(1).cloned().collect();
    let streaming = Streaming {
        name: name.clone(),
        content,
    };
    call.machine.heap.alloc(streaming)
}

fn this<'c>(call: &'c Call<'_, '_>) -> Result<&'c Streaming, Throw> {
    let this = call.machine.heap.of(call.arg(0));
    this.ok_or_else(Throw::null_reference)
}

fn add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.machine.heap.charge(size_of::<Value>())?;
    let content = call.arg(1).clone();
    let this = call.machine.heap.of_mut::<Streaming>(call.arg(0));
    this.ok_or_else(Throw::null_reference)?
        .content
        .push(content);
    Ok(Value::Null)
}

fn to_text(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let made = made(call.machine, call.arg(0)).ok_or_else(Throw::null_reference)??;
    let node = super::node::get(call.machine.heap, made)?;
    let text = super::write::node(call.machine.heap, node, call.flags(1) & 1 == 0)?;
    call.new_text(text)
}
