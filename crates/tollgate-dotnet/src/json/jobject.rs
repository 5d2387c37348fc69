//! `JObject`.

use super::from;
use super::jtoken::{from_object, parse, reference, this, token_type};
use super::lend;
use super::read::Reads;
use super::token::{
    self, Node, Token, copy, get, id_of, member_of, name_of, object, property, property_of, push,
    set_member, value_of,
};
use crate::collections::{enumerator_of, key_value_pair, pair_of};
use crate::heap::{Heap, HeapId, Iterate};
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::sequence::{Sequence, from_fn};
use crate::str::Str;
use crate::system::Comparison;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `JObject`.
pub(crate) static JOBJECT: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JObject",
    kind: TypeKind::Class,
    bases: &["JContainer", "IDictionary<string, JToken>"],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("new()", create),
    member("new(JObject other)", |call| {
        match id_of(call.machine.heap, call.arg(0)) {
            Some(other) => copy(call.machine.heap, other).map(Value::Ref),
            None => Err(Throw::argument_null("other")),
        }
    }),
    member("new(params object[] content)", create),
    member("new(object content)", create),
    member("static JObject Parse(string json)", |call| {
        parse(call, Reads::Object)
    }),
    member(
        "static JObject Parse(string json, JsonLoadSettings settings)",
        |call| parse(call, Reads::Object),
    ),
    member("static JObject FromObject(object o)", |call| {
        from_object(call, Reads::Object)
    }),
    member("int Count { get; }", super::jtoken::count),
    member("JToken this[string propertyName] { get; }", get_value).linking(lend::member),
    member("JToken this[string propertyName] { set; }", set_value),
    member("void Add(string propertyName, JToken value)", add),
    member("bool Remove(string propertyName)", remove),
    member("bool ContainsKey(string propertyName)", |call| {
        let name = call.text(1, "propertyName")?;
        Ok(property_of(call.machine.heap, this(call)?, name)
            .is_some()
            .into())
    })
    .lending(lend::has_member),
    member(
        "bool TryGetValue(string propertyName, out JToken value)",
        try_get_value,
    ),
    member(
        "bool TryGetValue(string propertyName, StringComparison comparison, out JToken value)",
        |call| {
            let found = find(call)?.and_then(|property| value_of(call.machine.heap, property));
            call.outs.push(reference(found));
            Ok(found.is_some().into())
        },
    ),
    member("JToken GetValue(string propertyName)", get_value).linking(lend::member),
    member(
        "JToken GetValue(string propertyName, StringComparison comparison)",
        |call| {
            let found = find(call)?;
            Ok(reference(found.and_then(|property| {
                value_of(call.machine.heap, property)
            })))
        },
    ),
    member("JProperty Property(string name)", |call| {
        let Some(name) = call.opt_str(1) else {
            return Ok(Value::Null);
        };
        Ok(reference(property_of(call.machine.heap, this(call)?, name)))
    }),
    member(
        "JProperty Property(string name, StringComparison comparison)",
        |call| find(call).map(reference),
    ),
    member("IEnumerable<JProperty> Properties()", |call| {
        let class = Type::enumerable(Type::plain(&super::jproperty::JPROPERTY));
        Ok(super::linq::children(class, this(call)?))
    }),
    member("JEnumerable<JToken> PropertyValues()", |call| {
        let id = this(call)?;
        Ok(super::linq::picked(
            token_type(),
            id,
            |machine, property| {
                let property = id_of(machine.heap, &property);
                Ok(property
                    .and_then(|property| value_of(machine.heap, property))
                    .map(Value::Ref))
            },
        ))
    }),
    member(
        "IEnumerator<KeyValuePair<string, JToken>> GetEnumerator()",
        pairs,
    ),
];

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let new = object(call.machine.heap)?;
    super::jarray::fill(call, new, 0)
}

/// Names and values.
pub(crate) fn entries(heap: &Heap, id: HeapId) -> Result<Vec<(Str, HeapId)>, Throw> {
    let Node::Object(properties) = &get(heap, id)?.node else {
        return Ok(Vec::new());
    };
    Ok(properties
        .iter()
        .filter_map(|(name, property)| Some((name.clone(), value_of(heap, *property)?)))
        .collect())
}

pub(crate) fn get_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    Ok(match call.opt_str(1) {
        Some(name) => reference(member_of(call.machine.heap, id, name)),
        None => return Err(Throw::argument_null("propertyName")),
    })
}

pub(crate) fn set_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let name = call.text(1, "propertyName")?.clone();
    let value = from::or_null(call.machine, call.arg(2))?;
    set_member(call.machine.heap, id, name, value)?;
    Ok(Value::Null)
}

pub(crate) fn add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let name = call.text(1, "name")?.clone();
    let value = from::or_null(call.machine, call.arg(2))?;
    let new = property(call.machine.heap, name, value)?;
    push(call.machine.heap, id, new)?;
    Ok(Value::Null)
}

pub(crate) fn remove(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let name = call.text(1, "propertyName")?;
    let found = property_of(call.machine.heap, id, name);
    if let Some(property) = found {
        call.work(get(call.machine.heap, id)?.len())?;
        token::remove(call.machine.heap, property)?;
    }
    Ok(found.is_some().into())
}

fn try_get_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let found = call
        .opt_str(1)
        .and_then(|name| member_of(call.machine.heap, id, name));
    call.outs.push(reference(found));
    Ok(found.is_some().into())
}

/// What comparing two names costs, in bytes that could have been copied instead.
const COMPARED: usize = 2048;

/// A property by its name, as it is or else by a `StringComparison`.
fn find(call: &mut Call<'_, '_>) -> Result<Option<HeapId>, Throw> {
    let id = this(call)?;
    let Some(name) = call.opt_str(1) else {
        return Ok(None);
    };
    if let Some(property) = property_of(call.machine.heap, id, name) {
        return Ok(Some(property));
    }
    let comparison = Comparison::of(call.flags(2));
    let heap = &*call.machine.heap;
    let children = heap.get::<Token>(id).map(Token::children);
    let same = |property: &HeapId| {
        name_of(heap, *property).is_some_and(|other| comparison.equals(other, name))
    };
    let children = children.unwrap_or_default();
    heap.spend(children.len().saturating_mul(COMPARED));
    Ok(children.iter().copied().find(same))
}

fn pairs(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let elements = crate::ops::iterate(call.machine, call.arg(0))?;
    let pair = pair_of(Type::string(), token_type());
    enumerator_of(call, pair, paired(elements))
}

/// The names and values of properties as pairs.
fn paired(mut properties: Box<dyn Iterate>) -> Box<dyn Iterate> {
    let pair = pair_of(Type::string(), token_type());
    from_fn(move |machine| {
        let Some(Value::Ref(property)) = properties.next(machine)? else {
            return Ok(None);
        };
        let name = name_of(machine.heap, property)
            .cloned()
            .unwrap_or(Str::EMPTY);
        let value = reference(value_of(machine.heap, property));
        Ok(Some(key_value_pair(
            pair.clone(),
            Value::String(name),
            value,
        )))
    })
}

/// A `JObject` as the pairs that its interfaces enumerate: it enumerates its properties by itself. `None` of anything else.
pub(crate) fn as_pairs(heap: &Heap, value: &Value) -> Option<Value> {
    let id = id_of(heap, value)?;
    if !matches!(heap.get::<Token>(id)?.node, Node::Object(_)) {
        return None;
    }
    let value = value.clone();
    let pair = pair_of(Type::string(), token_type());
    Some(Value::object(Sequence::new(pair, move || {
        let value = value.clone();
        let mut pairs: Option<Box<dyn Iterate>> = None;
        from_fn(move |machine| {
            if pairs.is_none() {
                pairs = Some(paired(crate::ops::iterate(machine, &value)?));
            }
            match &mut pairs {
                Some(pairs) => pairs.next(machine),
                None => Ok(None),
            }
        })
    })))
}

/// What the binder calls where a `JObject` goes as its pairs.
pub(super) static PAIRS: TypeDef = TypeDef {
    name: "Tollgate.JsonPairs",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[member(
        "static IEnumerable<KeyValuePair<string, JToken>> Of(object value)",
        |call| {
            let value = call.arg(0);
            Ok(as_pairs(call.machine.heap, value).unwrap_or_else(|| value.clone()))
        },
    )],
};

/// `IDictionary<string, JToken>.this[]`, `Add` and `Remove` of a `JObject`; `None` of anything else.
pub(crate) fn in_dictionary(
    call: &mut Call<'_, '_>,
    action: fn(&mut Call<'_, '_>) -> Result<Value, Throw>,
) -> Option<Result<Value, Throw>> {
    let id = id_of(call.machine.heap, call.arg(0))?;
    let token = call.machine.heap.get::<Token>(id)?;
    matches!(token.node, Node::Object(_)).then(|| action(call))
}
