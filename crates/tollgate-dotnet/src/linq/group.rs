//! `GroupBy`, `ToLookup`, `Join`.

use std::sync::Arc;

use super::lazy::{Source, lazy, of_empty};
use crate::args::int;
use crate::collections::{Array, KeyComparer, Table, key_value_pair, pair_of};
use crate::heap::Iterate;
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::sequence::{Sequence, from_fn};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value, depth_over};

/// `IGrouping<TKey, TElement>`.
pub(super) static GROUPING: TypeDef = TypeDef {
    name: "System.Linq.IGrouping<out TKey, out TElement>",
    kind: TypeKind::Interface,
    bases: &["IEnumerable<TElement>"],
    values: &[],
    members: &[member("TKey Key { get; }", |call| {
        let group = call.arg(0).downcast::<Group>();
        Ok(group.ok_or_else(Throw::null_reference)?.key.clone())
    })],
};

/// `ILookup<TKey, TElement>`.
pub(super) static LOOKUP: TypeDef = TypeDef {
    name: "System.Linq.ILookup<TKey, TElement>",
    kind: TypeKind::Interface,
    bases: &["IEnumerable<IGrouping<TKey, TElement>>"],
    values: &[],
    members: &[
        member("int Count { get; }", |call| {
            Ok(int(lookup(call)?.groups.len()))
        }),
        member("IEnumerable<TElement> this[TKey key] { get; }", |call| {
            let found = find(call)?;
            let element = call.type_argument(1);
            match found {
                Some(found) => Ok(found),
                None => call.new_array(Array::new(element, Vec::new())),
            }
        }),
        member("bool Contains(TKey key)", |call| {
            Ok(find(call)?.is_some().into())
        }),
    ],
};

/// The elements of one key.
#[derive(Debug, Clone)]
struct Group {
    key: Value,
    types: [Type; 2],
    values: Arc<[Value]>,
    depth: u32,
}

fn values_of(values: &Arc<[Value]>) -> Box<dyn Iterate> {
    let (values, mut next) = (values.clone(), 0);
    from_fn(move |_| {
        let value = values.get(next).cloned();
        next += 1;
        Ok(value)
    })
}

impl Object for Group {
    fn type_of(&self) -> Type {
        Type::generic(&GROUPING, self.types.clone())
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        Some(values_of(&self.values))
    }

    fn depth(&self) -> u32 {
        self.depth
    }
}

/// All groups by key.
#[derive(Debug)]
struct Lookup {
    types: [Type; 2],
    comparer: KeyComparer,
    groups: Arc<[Value]>,
    depth: u32,
}

impl Object for Lookup {
    fn type_of(&self) -> Type {
        Type::generic(&LOOKUP, self.types.clone())
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        Some(values_of(&self.groups))
    }

    fn depth(&self) -> u32 {
        self.depth
    }
}

fn lookup<'a>(call: &'a Call<'_, '_>) -> Result<&'a Lookup, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn find(call: &Call<'_, '_>) -> Result<Option<Value>, Throw> {
    let lookup = lookup(call)?;
    let comparer = lookup.comparer;
    let same = |group: &&Value| {
        group
            .downcast::<Group>()
            .is_some_and(|group| comparer.equals(call.machine.heap, &group.key, call.arg(1)))
    };
    Ok(lookup.groups.iter().find(same).cloned())
}

/// How elements are grouped.
#[derive(Debug, Clone)]
struct Grouping {
    source: Value,
    key: Value,
    /// Makes the group's elements; `Null` keeps them.
    element: Value,
    comparer: KeyComparer,
    types: [Type; 2],
}

impl Grouping {
    fn of(call: &Call<'_, '_>, element: Option<usize>, element_type: usize) -> Result<Self, Throw> {
        super::source(call)?;
        Ok(Grouping {
            source: call.arg(0).clone(),
            key: call.arg(1).clone(),
            element: element.map_or(Value::Null, |index| call.arg(index).clone()),
            comparer: call
                .arguments
                .last()
                .map_or(KeyComparer::DEFAULT, KeyComparer::of),
            types: [call.type_argument(1), call.type_argument(element_type)],
        })
    }

    /// The groups in the order in which their keys came.
    fn groups(&self, machine: &mut Machine<'_>) -> Result<Vec<Group>, Throw> {
        let mut table = Table::new(self.comparer);
        let mut members: Vec<(Value, Vec<Value>)> = Vec::new();
        let mut source = Source::new(self.source.clone());
        while let Some(value) = source.next(machine)? {
            let key = machine.call(&self.key, std::slice::from_ref(&value))?;
            let value = match &self.element {
                Value::Null => value,
                selector => machine.call(selector, &[value])?,
            };
            machine.work_on(&key)?;
            machine.heap.grow(members.len() + 1, 1)?;
            match table.find(machine.heap, &key) {
                Some(place) => {
                    if let Some((_, values)) = members.get_mut(place) {
                        values.push(value);
                    }
                }
                None => {
                    table.push(table.key(machine.heap, key.clone()), Value::Null);
                    members.push((key, vec![value]));
                }
            }
        }
        let group = |(key, values): (Value, Vec<Value>)| Group {
            depth: depth_over(&values).max(key.depth()),
            key,
            types: self.types.clone(),
            values: values.into(),
        };
        Ok(members.into_iter().map(group).collect())
    }
}

/// A lazy sequence of what `show` makes of each group.
fn each_group(
    grouping: Grouping,
    element: Type,
    result: Value,
    show: fn(&mut Machine<'_>, Group, &Value) -> Result<Value, Throw>,
) -> Value {
    Value::object(Sequence::new(element, move || {
        let (grouping, result) = (grouping.clone(), result.clone());
        let mut groups: Option<std::vec::IntoIter<Group>> = None;
        from_fn(move |machine| {
            let groups = match &mut groups {
                Some(groups) => groups,
                none => none.insert(grouping.groups(machine)?.into_iter()),
            };
            match groups.next() {
                Some(group) => show(machine, group, &result).map(Some),
                None => Ok(None),
            }
        })
    }))
}

fn grouped(call: &mut Call<'_, '_>, grouping: Grouping) -> Result<Value, Throw> {
    let element = Type::generic(&GROUPING, grouping.types.clone());
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    Ok(each_group(grouping, element, Value::Null, |_, group, _| {
        Ok(Value::object(group))
    }))
}

pub(super) fn group_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let grouping = Grouping::of(call, None, 0)?;
    grouped(call, grouping)
}

pub(super) fn group_by_element(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let grouping = Grouping::of(call, Some(2), 2)?;
    grouped(call, grouping)
}

pub(super) fn group_by_result(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let grouping = Grouping::of(call, None, 0)?;
    let element = call.type_argument(2);
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let result = call.arg(2).clone();
    Ok(results(grouping, call.type_argument(2), result))
}

pub(super) fn group_by_element_result(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let grouping = Grouping::of(call, Some(2), 2)?;
    let element = call.type_argument(3);
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let result = call.arg(3).clone();
    Ok(results(grouping, call.type_argument(3), result))
}

/// What a selector makes of each key and its elements.
fn results(grouping: Grouping, element: Type, result: Value) -> Value {
    each_group(grouping, element, result, |machine, group, result| {
        let key = group.key.clone();
        machine.call(result, &[key, Value::object(group)])
    })
}

pub(super) fn count_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let grouping = Grouping::of(call, None, 0)?;
    let pair = pair_of(call.type_argument(1), Type::int());
    if let Some(empty) = of_empty(call, &pair)? {
        return Ok(empty);
    }
    Ok(each_group(grouping, pair, Value::Null, |_, group, _| {
        let [key, _] = group.types.clone();
        let count = int(group.values.len());
        Ok(key_value_pair(pair_of(key, Type::int()), group.key, count))
    }))
}

pub(super) fn aggregate_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut grouping = Grouping::of(call, None, 0)?;
    grouping.comparer = KeyComparer::DEFAULT;
    let (seed, function) = (call.arg(2).clone(), call.arg(3).clone());
    let pair = pair_of(call.type_argument(1), call.type_argument(2));
    if let Some(empty) = of_empty(call, &pair)? {
        return Ok(empty);
    }
    Ok(crate::sequence::lazy(pair.clone(), move |machine| {
        let mut pairs = Vec::new();
        for group in grouping.groups(machine)? {
            let mut result = seed.clone();
            for value in group.values.iter() {
                result = machine.call(&function, &[result, value.clone()])?;
            }
            pairs.push(key_value_pair(pair.clone(), group.key, result));
        }
        Ok(pairs)
    }))
}

fn looked_up(call: &mut Call<'_, '_>, grouping: &Grouping) -> Result<Value, Throw> {
    let groups = grouping.groups(call.machine)?;
    let groups: Vec<Value> = groups.into_iter().map(Value::object).collect();
    Ok(Value::object(Lookup {
        types: grouping.types.clone(),
        comparer: grouping.comparer,
        depth: depth_over(&groups),
        groups: groups.into(),
    }))
}

pub(super) fn to_lookup(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let grouping = Grouping::of(call, None, 0)?;
    looked_up(call, &grouping)
}

pub(super) fn to_lookup_element(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let grouping = Grouping::of(call, Some(2), 2)?;
    looked_up(call, &grouping)
}

/// An element of the outer source, the inner ones with its key, and which of them is next.
type Pending = (Value, Arc<[Value]>, usize);

/// An element of the outer source and the inner ones with its key.
type Matched = (Value, Arc<[Value]>);

struct Joining {
    outer: Source,
    inner: Grouping,
    outer_key: Value,
    result: Value,
    table: Option<(Table, Vec<Group>)>,
    pending: Option<Pending>,
}

impl Joining {
    /// The next element of the outer source and the inner elements with its key.
    fn next_outer(&mut self, machine: &mut Machine<'_>) -> Result<Option<Matched>, Throw> {
        if self.table.is_none() {
            let groups = self.inner.groups(machine)?;
            let mut table = Table::new(self.inner.comparer);
            for group in &groups {
                table.push(table.key(machine.heap, group.key.clone()), Value::Null);
            }
            self.table = Some((table, groups));
        }
        let Some(outer) = self.outer.next(machine)? else {
            return Ok(None);
        };
        let key = machine.call(&self.outer_key, std::slice::from_ref(&outer))?;
        let matches = self.table.as_ref().and_then(|(table, groups)| {
            let place = table.find(machine.heap, &key)?;
            groups.get(place).map(|group| group.values.clone())
        });
        Ok(Some((outer, matches.unwrap_or_default())))
    }
}

fn joined(
    call: &mut Call<'_, '_>,
    next: fn(&mut Joining, &mut Machine<'_>) -> Result<Option<Value>, Throw>,
) -> Result<Value, Throw> {
    super::source(call)?;
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("inner"));
    }
    let element = call.type_argument(3);
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let (outer, outer_key, result) = (
        call.arg(0).clone(),
        call.arg(2).clone(),
        call.arg(4).clone(),
    );
    let inner = Grouping {
        source: call.arg(1).clone(),
        key: call.arg(3).clone(),
        element: Value::Null,
        comparer: KeyComparer::of(call.arg(5)),
        types: [call.type_argument(2), call.type_argument(1)],
    };
    let state = move || Joining {
        outer: Source::new(outer.clone()),
        inner: inner.clone(),
        outer_key: outer_key.clone(),
        result: result.clone(),
        table: None,
        pending: None,
    };
    Ok(lazy(call.type_argument(3), state, next))
}

pub(super) fn join(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    joined(call, |state, machine| {
        loop {
            if let Some((outer, matches, next)) = &mut state.pending
                && let Some(inner) = matches.get(*next)
            {
                *next += 1;
                let arguments = [outer.clone(), inner.clone()];
                return machine.call(&state.result, &arguments).map(Some);
            }
            match state.next_outer(machine)? {
                Some((outer, matches)) => state.pending = Some((outer, matches, 0)),
                None => return Ok(None),
            }
        }
    })
}

pub(super) fn group_join(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    joined(call, |state, machine| {
        let Some((outer, matches)) = state.next_outer(machine)? else {
            return Ok(None);
        };
        let [_, element] = state.inner.types.clone();
        let matches = Value::object(Sequence::of(element, matches.to_vec()));
        machine.call(&state.result, &[outer, matches]).map(Some)
    })
}
