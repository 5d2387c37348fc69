//! `JContainer.Merge`.

use super::from;
use super::jtoken::this;
use super::kind::Kind;
use super::token::{
    Node, copy, deep_equals, depth, descend, get, id_of, member_of, push, replace, set_member,
    value_of,
};
use crate::heap::{Heap, HeapId};
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::system::Comparison;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `MergeArrayHandling`.
pub(crate) static MERGE_ARRAY_HANDLING: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.MergeArrayHandling",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("Concat", 0), ("Union", 1), ("Replace", 2), ("Merge", 3)],
    members: &[],
};

/// `MergeNullValueHandling`.
pub(crate) static MERGE_NULL_VALUE_HANDLING: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.MergeNullValueHandling",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("Ignore", 0), ("Merge", 1)],
    members: &[],
};

/// `JsonMergeSettings`.
pub(crate) static JSON_MERGE_SETTINGS: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JsonMergeSettings",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new()", |call| call.machine.heap.alloc(Settings::default())),
        member("MergeArrayHandling MergeArrayHandling { set; }", |call| {
            let arrays = call.flags(1);
            settings(call)?.arrays = arrays;
            Ok(Value::Null)
        }),
        member("StringComparison PropertyNameComparison { set; }", |call| {
            let names = Comparison::of(call.flags(1));
            settings(call)?.names = names;
            Ok(Value::Null)
        }),
        member(
            "MergeNullValueHandling MergeNullValueHandling { set; }",
            |call| {
                let nulls = call.flags(1) == 1;
                settings(call)?.nulls = nulls;
                Ok(Value::Null)
            },
        ),
    ],
};

/// How to merge.
#[derive(Debug, Clone, Copy)]
struct Settings {
    arrays: i64,
    names: Comparison,
    /// Whether nulls replace values.
    nulls: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            arrays: 0,
            names: Comparison::ORDINAL,
            nulls: false,
        }
    }
}

impl crate::heap::HeapObject for Settings {
    fn type_of(&self) -> Type {
        Type::plain(&JSON_MERGE_SETTINGS)
    }
}

fn settings<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut Settings, Throw> {
    let value = call.arg(0);
    call.machine
        .heap
        .of_mut(value)
        .ok_or_else(Throw::null_reference)
}

pub(crate) fn merge(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    let with = match id_of(call.machine.heap, call.arg(1)) {
        Some(id) => id,
        None if call.arg(1).is_null() => return Ok(Value::Null),
        None => match from::several(call.machine, call.arg(1))? {
            Some(_) => from::property_value(call.machine, call.arg(1))?,
            // Nothing else can be merged, and `content` says so.
            None => return from::content(call.machine, call.arg(1)).map(|_| Value::Null),
        },
    };
    let heap = &*call.machine.heap;
    let settings = heap
        .of::<Settings>(call.arg(2))
        .copied()
        .unwrap_or_default();
    merge_into(call.machine, id, with, settings, depth())?;
    Ok(Value::Null)
}

fn merge_into(
    machine: &mut Machine<'_>,
    id: HeapId,
    with: HeapId,
    settings: Settings,
    depth: usize,
) -> Result<(), Throw> {
    let depth = descend(depth)?;
    machine.step(1)?;
    let heap = &mut *machine.heap;
    match (&get(heap, id)?.node, &get(heap, with)?.node) {
        (Node::Object(_), Node::Object(properties)) => {
            let members: Vec<_> = properties
                .iter()
                .filter_map(|(name, property)| Some((name.clone(), value_of(heap, *property)?)))
                .collect();
            for (name, value) in members {
                let heap = &mut *machine.heap;
                let (name, old) = existing(heap, id, name, settings.names);
                let Some(old) = old else {
                    set_member(heap, id, name, value)?;
                    continue;
                };
                let (kind, new) = (get(heap, old)?.kind(), get(heap, value)?.kind());
                let container = matches!(kind, Kind::Object | Kind::Array);
                if container && kind == new {
                    merge_into(machine, old, value, settings, depth)?;
                } else if new != Kind::Null || settings.nulls {
                    set_member(heap, id, name, value)?;
                }
            }
        }
        (Node::Array(_), Node::Array(items)) => {
            let items = items.clone();
            merge_arrays(machine, id, items, settings, depth)?;
        }
        _ => {}
    }
    Ok(())
}

/// The property of that name, or else the first whose name is the same to the comparison.
fn existing(heap: &Heap, id: HeapId, name: Str, names: Comparison) -> (Str, Option<HeapId>) {
    if let Some(old) = member_of(heap, id, &name) {
        return (name, Some(old));
    }
    if names == Comparison::ORDINAL {
        return (name, None);
    }
    let entries = super::jobject::entries(heap, id).unwrap_or_default();
    let known = entries
        .into_iter()
        .find(|(other, _)| names.equals(other, &name));
    match known {
        Some((known, old)) => (known, Some(old)),
        None => (name, None),
    }
}

fn merge_arrays(
    machine: &mut Machine<'_>,
    id: HeapId,
    items: Vec<HeapId>,
    settings: Settings,
    depth: usize,
) -> Result<(), Throw> {
    match settings.arrays {
        1 => {
            for item in items {
                let old = super::token::children(machine.heap, id)?;
                machine.step(u64::try_from(old.len()).unwrap_or(u64::MAX))?;
                let mut known = false;
                for other in old {
                    known = known || deep_equals(machine.heap, other, item)?;
                }
                if !known {
                    push(machine.heap, id, item)?;
                }
            }
        }
        2 => {
            let items: Vec<_> = items
                .into_iter()
                .map(|item| copy(machine.heap, item))
                .collect::<Result<_, _>>()?;
            super::token::clear(machine.heap, id)?;
            for item in items {
                push(machine.heap, id, item)?;
            }
        }
        3 => {
            let old = super::token::children(machine.heap, id)?;
            for (place, item) in items.into_iter().enumerate() {
                let Some(target) = old.get(place).copied() else {
                    push(machine.heap, id, item)?;
                    continue;
                };
                let heap = &mut *machine.heap;
                let (kind, new) = (get(heap, target)?.kind(), get(heap, item)?.kind());
                if kind == new && matches!(kind, Kind::Object | Kind::Array) {
                    merge_into(machine, target, item, settings, depth)?;
                } else if new != Kind::Null || settings.nulls {
                    replace(heap, target, item)?;
                }
            }
        }
        _ => {
            for item in items {
                push(machine.heap, id, item)?;
            }
        }
    }
    Ok(())
}
