//! `JConstructor`.

use super::jarray::fill;
use super::jtoken::this;
use super::token::{Node, Token, alloc, copy, get, id_of};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `JConstructor`: `new Date(1234)`, which Newtonsoft reads and writes though it is no JSON.
pub(crate) static JCONSTRUCTOR: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JConstructor",
    kind: TypeKind::Class,
    bases: &["JContainer"],
    values: &[],
    members: &[
        member("new()", |call| create(call, Value::from(""))),
        member("new(JConstructor other)", |call| {
            match id_of(call.machine.heap, call.arg(0)) {
                Some(other) => copy(call.machine.heap, other).map(Value::Ref),
                None => Err(Throw::argument_null("other")),
            }
        }),
        member("new(string name, params object[] content)", named),
        member("new(string name, object content)", named),
        member("new(string name)", named),
        member("string Name { get; }", |call| {
            match &get(call.machine.heap, this(call)?)?.node {
                Node::Constructor(name, _) => Ok(name.clone().into()),
                _ => Err(Throw::null_reference()),
            }
        }),
        member("string Name { set; }", |call| {
            let (id, new) = (this(call)?, call.text(1, "value")?.clone());
            if let Some(Token {
                node: Node::Constructor(name, _),
                ..
            }) = call.machine.heap.get_mut(id)
            {
                *name = new;
            }
            Ok(Value::Null)
        }),
    ],
};

fn named(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let name = call.text(0, "name")?;
    if name.is_empty() {
        return Err(Throw::argument(
            "Constructor name cannot be empty. (Parameter 'name')",
        ));
    }
    create(call, name.clone().into())
}

fn create(call: &mut Call<'_, '_>, name: Value) -> Result<Value, Throw> {
    let name = name.as_str().cloned().unwrap_or_default();
    let new = alloc(call.machine.heap, Node::Constructor(name, Vec::new()))?;
    fill(call, new, 1)
}
