//! `JContainer`: what objects, arrays and properties share.

use super::from;
use super::jtoken::{below, count, this};
use super::kind::Kind;
use super::merge;
use super::token::{clear, get};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `JContainer`.
pub(crate) static JCONTAINER: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JContainer",
    kind: TypeKind::Class,
    bases: &["JToken"],
    values: &[],
    members: &[
        member("int Count { get; }", count),
        member("void Add(object content)", add),
        member("void AddFirst(object content)", add_first),
        member("void ReplaceAll(object content)", replace_all),
        member("void RemoveAll()", remove_all),
        member("IEnumerable<JToken> Descendants()", |call| {
            below(call, false)
        }),
        member("IEnumerable<JToken> DescendantsAndSelf()", |call| {
            below(call, true)
        }),
        member("void Merge(object content)", merge::merge),
        member(
            "void Merge(object content, JsonMergeSettings settings)",
            merge::merge,
        ),
    ],
};

/// Adds content behind the other children; a list stands for its elements.
pub(crate) fn add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let place = get(call.machine.heap, id)?.len();
    from::add(call.machine, id, place, call.arg(1))?;
    Ok(Value::Null)
}

fn add_first(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    from::add(call.machine, this(call)?, 0, call.arg(1))?;
    Ok(Value::Null)
}

fn replace_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    remove_all(call)?;
    add(call)
}

pub(crate) fn remove_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    match get(call.machine.heap, id)?.kind() {
        Kind::Property => Err(super::token::json_exception(
            "Cannot add or remove items from Newtonsoft.Json.Linq.JProperty.",
        )),
        _ => {
            clear(call.machine.heap, id)?;
            Ok(Value::Null)
        }
    }
}
