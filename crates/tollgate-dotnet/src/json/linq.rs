//! `Newtonsoft.Json.Linq.Extensions`, and the sequences of tokens.

use super::iterators;
use super::jtoken::{plain_value, reference, references, token_type};
use super::kind::Kind;
use super::token::{Node, descendants, get, id_of, member_of};
use crate::heap::HeapId;
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::{Sequence, from_fn, lazy_as};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `IJEnumerable<T>`.
pub(crate) static IJENUMERABLE: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.IJEnumerable<out T>",
    kind: TypeKind::Interface,
    bases: &["IEnumerable<T>"],
    values: &[],
    members: &[member(
        "IJEnumerable<JToken> this[object key] { get; }",
        values_of_key,
    )],
};

/// `JEnumerable<T>`.
pub(crate) static JENUMERABLE: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JEnumerable<T>",
    kind: TypeKind::Struct,
    bases: &["IJEnumerable<T>"],
    values: &[],
    members: &[
        member(
            "IJEnumerable<JToken> this[object key] { get; }",
            values_of_key,
        ),
        member(
            "IEnumerator<T> GetEnumerator()",
            crate::collections::get_enumerator,
        ),
    ],
};

/// `Extensions`.
pub(crate) static EXTENSIONS: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.Extensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        member(
            "static IJEnumerable<JToken> Ancestors(this IEnumerable<JToken> source)",
            ancestors,
        ),
        member(
            "static IJEnumerable<JToken> Descendants(this IEnumerable<JContainer> source)",
            |call| {
                each(call, token_type(), |machine, id| {
                    Ok(references(descendants(machine.heap, id)))
                })
            },
        ),
        member(
            "static IJEnumerable<JProperty> Properties(this IEnumerable<JObject> source)",
            |call| each(call, Type::plain(&super::jproperty::JPROPERTY), children_of),
        ),
        member(
            "static IJEnumerable<JToken> Values(this IEnumerable<JToken> source, object key)",
            values_of_key,
        ),
        member(
            "static IJEnumerable<JToken> Values(this IEnumerable<JToken> source)",
            |call| each(call, token_type(), values),
        ),
        member(
            "static IEnumerable<U> Values<U>(this IEnumerable<JToken> source, object key)",
            |call| {
                let ty = wanted(call);
                let sequence = values_of_key(call)?;
                converted(sequence, ty)
            },
        ),
        member(
            "static IEnumerable<U> Values<U>(this IEnumerable<JToken> source)",
            |call| {
                let ty = wanted(call);
                let sequence = each(call, token_type(), values)?;
                converted(sequence, ty)
            },
        ),
        member(
            "static U Value<U>(this IEnumerable<JToken> value)",
            |call| {
                let ty = wanted(call);
                value_of(call, &ty)
            },
        ),
        member(
            "static IJEnumerable<JToken> Children(this IEnumerable<JToken> source)",
            |call| each(call, token_type(), children_of),
        ),
        member(
            "static IEnumerable<U> Children<T, U>(this IEnumerable<T> source)",
            |call| {
                let ty = wanted(call);
                let sequence = each(call, token_type(), children_of)?;
                converted(sequence, ty)
            },
        ),
        member(
            "static IJEnumerable<JToken> AsJEnumerable(this IEnumerable<JToken> source)",
            |call| Ok(call.arg(0).clone()),
        ),
    ],
};

/// A `JEnumerable<T>`.
pub(crate) fn enumerable(
    element: Type,
    find: impl Fn(&mut Machine<'_>) -> Result<Vec<Value>, Throw> + Send + Sync + Clone + 'static,
) -> Value {
    lazy_as(jenumerable(element), find)
}

/// The children of a token, one after the other; an enumeration notices that they change.
pub(crate) fn children(class: Type, id: HeapId) -> Value {
    picked(class, id, |_, child| Ok(Some(child)))
}

/// `JEnumerable<T>`.
pub(crate) fn jenumerable(element: Type) -> Type {
    Type::generic(&JENUMERABLE, [element])
}

/// A sequence of that class: what a function makes of each child of a token; `None` leaves it out.
pub(crate) fn picked(
    class: Type,
    id: HeapId,
    pick: impl Fn(&mut Machine<'_>, Value) -> Result<Option<Value>, Throw>
    + Send
    + Sync
    + Clone
    + 'static,
) -> Value {
    let sequence = Sequence::new(Type::object(), move || {
        let pick = pick.clone();
        let mut children = None;
        from_fn(move |machine| {
            let mut running = match children.take() {
                Some(running) => running,
                None => ops::iterate(machine, &Value::Ref(id))?,
            };
            while let Some(child) = running.next(machine)? {
                machine.step(1)?;
                if let Some(value) = pick(machine, child)? {
                    children = Some(running);
                    return Ok(Some(value));
                }
            }
            children = Some(running);
            Ok(None)
        })
    });
    Value::object(sequence.of_class(class))
}

fn wanted(call: &Call<'_, '_>) -> Type {
    call.types.last().cloned().unwrap_or_else(token_type)
}

fn source(call: &Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::argument_null("source")),
        source => Ok(source.clone()),
    }
}

/// What a function gives of each token of the source, one after the other.
fn each(
    call: &mut Call<'_, '_>,
    element: Type,
    find: fn(&mut Machine<'_>, HeapId) -> Result<Vec<Value>, Throw>,
) -> Result<Value, Throw> {
    let source = source(call)?;
    Ok(enumerable(element, move |machine| {
        let mut found = Vec::new();
        for token in ops::collect(machine, &source)? {
            if let Some(id) = id_of(machine.heap, &token) {
                let more = find(machine, id)?;
                machine
                    .heap
                    .charge(more.len().saturating_mul(size_of::<Value>()))?;
                found.extend(more);
            }
        }
        Ok(found)
    }))
}

fn children_of(machine: &mut Machine<'_>, id: HeapId) -> Result<Vec<Value>, Throw> {
    Ok(references(super::token::children(machine.heap, id)?))
}

/// Values of a container; a value stands for itself.
fn values(machine: &mut Machine<'_>, id: HeapId) -> Result<Vec<Value>, Throw> {
    let token = get(machine.heap, id)?;
    match &token.node {
        Node::Value(..) => Ok(vec![Value::Ref(id)]),
        Node::Object(properties) => Ok(properties
            .values()
            .filter_map(|property| super::token::value_of(machine.heap, *property))
            .map(Value::Ref)
            .collect()),
        _ => Ok(references(super::token::children(machine.heap, id)?)),
    }
}

fn ancestors(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    each(call, token_type(), |machine, id| {
        let mut found = Vec::new();
        let mut next = get(machine.heap, id)?.parent;
        while let Some(id) = next {
            found.push(Value::Ref(id));
            next = get(machine.heap, id)?.parent;
        }
        Ok(found)
    })
}

/// The children under a key, of those tokens that have one.
fn values_of_key(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (source, key) = (source(call)?, call.arg(1).clone());
    Ok(enumerable(token_type(), move |machine| {
        let mut found = Vec::new();
        for token in ops::collect(machine, &source)? {
            let Some(id) = id_of(machine.heap, &token) else {
                continue;
            };
            let token = get(machine.heap, id)?;
            let child = match (&token.node, &key) {
                (Node::Object(_), Value::String(name)) => member_of(machine.heap, id, name),
                (Node::Array(items) | Node::Constructor(_, items), Value::Int32(index)) => {
                    usize::try_from(*index)
                        .ok()
                        .and_then(|index| items.get(index).copied())
                }
                _ => None,
            };
            found.extend(child.map(Value::Ref));
        }
        Ok(found)
    }))
}

fn converted(sequence: Value, ty: Type) -> Result<Value, Throw> {
    let class = iterators::converted(&iterators::VALUES, ty.clone());
    Ok(lazy_as(class, move |machine| {
        let tokens = ops::collect(machine, &sequence)?;
        tokens
            .iter()
            .map(|token| plain_value(machine, token, &ty))
            .collect()
    }))
}

/// `token.Value<U>()`.
fn value_of(call: &mut Call<'_, '_>, ty: &Type) -> Result<Value, Throw> {
    match id_of(call.machine.heap, call.arg(0)) {
        Some(id) => {
            // A property stands for its value.
            let token = match get(call.machine.heap, id)?.kind() {
                Kind::Property if !ops::is_instance(call.machine, call.arg(0), ty) => {
                    reference(super::token::value_of(call.machine.heap, id))
                }
                _ => call.arg(0).clone(),
            };
            plain_value(call.machine, &token, ty)
        }
        None if call.arg(0).is_null() => Err(Throw::argument_null("value")),
        None => Err(Throw::argument("Source value must be a JToken.")),
    }
}
