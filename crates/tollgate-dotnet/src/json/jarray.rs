//! `JArray`.

use super::from;
use super::jcontainer::remove_all;
use super::jtoken::{count, from_object, parse, this};
use super::read::Reads;
use super::token::{self, Node, alloc, copy, get, id_of, insert, place_in, push, replace};
use crate::args::index;
use crate::collections::{self, out_of_range};
use crate::heap::HeapId;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `JArray`.
pub(crate) static JARRAY: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JArray",
    kind: TypeKind::Class,
    bases: &["JContainer", "IList<JToken>"],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("new()", create),
    member("new(JArray other)", |call| {
        match id_of(call.machine.heap, call.arg(0)) {
            Some(other) => copy(call.machine.heap, other).map(Value::Ref),
            None => Err(Throw::argument_null("other")),
        }
    }),
    member("new(params object[] content)", create),
    member("new(object content)", create),
    member("static JArray Parse(string json)", |call| {
        parse(call, Reads::Array)
    }),
    member(
        "static JArray Parse(string json, JsonLoadSettings settings)",
        |call| parse(call, Reads::Array),
    ),
    member("static JArray FromObject(object o)", |call| {
        from_object(call, Reads::Array)
    }),
    member("int Count { get; }", count),
    member("JToken this[int index] { get; }", |call| {
        item(call).map(Value::Ref)
    }),
    member("JToken this[int index] { set; }", |call| {
        let old = item(call)?;
        let value = from::or_null(call.machine, call.arg(2))?;
        replace(call.machine.heap, old, value)?;
        Ok(Value::Null)
    }),
    member("void Add(JToken item)", |call| {
        let id = this(call)?;
        let item = from::or_null(call.machine, call.arg(1))?;
        push(call.machine.heap, id, item)?;
        Ok(Value::Null)
    }),
    member("void Insert(int index, JToken item)", |call| {
        let id = this(call)?;
        let place = usize::try_from(call.int(1)?).map_err(|_| out_of_range("index"))?;
        if place > get(call.machine.heap, id)?.len() {
            return Err(Throw::argument_out_of_range(
                "Index must be within the bounds of the List. (Parameter 'index')",
            ));
        }
        let item = from::or_null(call.machine, call.arg(2))?;
        insert(call.machine.heap, id, place, item)?;
        Ok(Value::Null)
    }),
    member("bool Remove(JToken item)", |call| {
        let found = place(call)?;
        if let (Some(_), Some(item)) = (found, id_of(call.machine.heap, call.arg(1))) {
            token::remove(call.machine.heap, item)?;
        }
        Ok(found.is_some().into())
    }),
    member("void RemoveAt(int index)", |call| {
        let old = item(call)?;
        let length = get(call.machine.heap, this(call)?)?.len();
        call.work(length.saturating_mul(8))?;
        token::remove(call.machine.heap, old)?;
        Ok(Value::Null)
    }),
    member("void Clear()", remove_all),
    member("bool Contains(JToken item)", |call| {
        Ok(place(call)?.is_some().into())
    }),
    member("int IndexOf(JToken item)", |call| place(call).map(index)),
    member(
        "IEnumerator<JToken> GetEnumerator()",
        collections::get_enumerator,
    ),
];

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let array = alloc(call.machine.heap, Node::Array(Vec::new()))?;
    fill(call, array, 0)
}

/// Puts the content that a constructor got, as its argument `index`, into the new container.
pub(crate) fn fill(call: &mut Call<'_, '_>, new: HeapId, index: usize) -> Result<Value, Throw> {
    if let Some(content) = call.arguments.get(index) {
        from::add(call.machine, new, 0, content)?;
    }
    Ok(Value::Ref(new))
}

fn item(call: &Call<'_, '_>) -> Result<HeapId, Throw> {
    let place = usize::try_from(call.int(1)?).ok();
    match &get(call.machine.heap, this(call)?)?.node {
        Node::Array(items) => place
            .and_then(|place| items.get(place))
            .copied()
            .ok_or_else(|| out_of_range("index")),
        _ => Err(Throw::null_reference()),
    }
}

fn place(call: &mut Call<'_, '_>) -> Result<Option<usize>, Throw> {
    let id = this(call)?;
    call.work(get(call.machine.heap, id)?.len())?;
    let heap = &*call.machine.heap;
    Ok(id_of(heap, call.arg(1)).and_then(|item| place_in(heap, id, item)))
}
