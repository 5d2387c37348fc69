//! Content of elements: nodes, attributes, lists of them, and anything else as text.

use super::convert::text;
use super::node::{DEPTH, Data, Node, alloc, descend, get, get_mut, id_of, insert, push};
use crate::heap::{Heap, HeapId};
use crate::json;
use crate::machine::Machine;
use crate::member::Call;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// One piece of content.
#[derive(Debug)]
pub(crate) enum Piece {
    Node(HeapId),
    Text(Str),
}

/// The pieces that a value stands for.
pub(crate) fn pieces(machine: &mut Machine<'_>, value: &Value) -> Result<Vec<Piece>, Throw> {
    let mut found = Vec::new();
    gather(machine, value, &mut found, DEPTH)?;
    Ok(found)
}

fn gather(
    machine: &mut Machine<'_>,
    value: &Value,
    found: &mut Vec<Piece>,
    depth: usize,
) -> Result<(), Throw> {
    let depth = descend(depth)?;
    machine.step(1)?;
    if value.is_null() {
        return Ok(());
    }
    if let Some(id) = id_of(machine.heap, value) {
        found.push(Piece::Node(id));
        return Ok(());
    }
    // A token is a sequence of its children, and at the end of each are values, which have none.
    if json::id_of(machine.heap, value).is_some() {
        return Ok(());
    }
    if let Some(made) = super::streaming::made(machine, value) {
        found.push(Piece::Node(made?));
        return Ok(());
    }
    if let Some(values) = json::several(machine, value)? {
        return values
            .iter()
            .try_for_each(|value| gather(machine, value, found, depth));
    }
    let text = text(machine, value)?;
    machine.heap.charge(text.size())?;
    machine.settle()?;
    found.push(Piece::Text(text));
    Ok(())
}

/// Adds pieces at a place among the children, or behind them.
pub(crate) fn add(
    heap: &mut Heap,
    container: HeapId,
    place: Option<usize>,
    pieces: Vec<Piece>,
) -> Result<(), Throw> {
    let mut place = place;
    for piece in pieces {
        match piece {
            Piece::Node(id) => match place {
                Some(at) if !matches!(get(heap, id)?.data, Data::Attribute(..)) => {
                    insert(heap, container, at, id)?;
                    place = Some(at + 1);
                }
                _ => push(heap, container, id)?,
            },
            Piece::Text(text) => {
                if !add_text(heap, container, place, text)? {
                    continue;
                }
                place = place.map(|at| at + 1);
            }
        }
    }
    Ok(())
}

/// Adds text; `true` if that took a new node.
fn add_text(
    heap: &mut Heap,
    container: HeapId,
    place: Option<usize>,
    text: Str,
) -> Result<bool, Throw> {
    let node = get(heap, container)?;
    if let Data::Document { .. } = node.data
        && !text.to_utf8().trim().is_empty()
    {
        return Err(Throw::argument(
            "Non-whitespace characters cannot be added to content.",
        ));
    }
    if text.is_empty() {
        let bare = node.children().is_empty();
        if let Data::Element { open, .. } = &mut get_mut(heap, container)?.data {
            *open = *open || bare;
        }
        return Ok(false);
    }
    heap.charge(text.size())?;
    let last = get(heap, container)?.children().last().copied();
    if place.is_none()
        && let Some(last) = last
        && let Some(Node {
            data: Data::Text(before),
            ..
        }) = heap.get_mut::<Node>(last)
    {
        *before = Str::concat(&[before, &text]);
        let size = before.size();
        heap.charge(size)?;
        return Ok(false);
    }
    let node = alloc(heap, Data::Text(text))?;
    insert(heap, container, place.unwrap_or(usize::MAX), node)?;
    Ok(true)
}

/// Adds the content in arguments from `from` on behind what is there.
pub(crate) fn add_arguments(
    call: &mut Call<'_, '_>,
    container: HeapId,
    from: usize,
) -> Result<(), Throw> {
    for index in from..call.arguments.len() {
        let pieces = pieces(call.machine, call.arg(index))?;
        add(call.machine.heap, container, None, pieces)?;
    }
    Ok(())
}

/// `(T)element` and `(T)attribute`.
pub(crate) fn cast(call: &mut Call<'_, '_>, ty: &Type) -> Result<Value, Throw> {
    let (target, may_be_null) = match ty {
        Type::Nullable(inner) => (&**inner, true),
        other => (other, other.is_reference()),
    };
    let Some(id) = id_of(call.machine.heap, call.arg(0)) else {
        return match may_be_null {
            true => Ok(Value::Null),
            false => Err(Throw::argument_null("element")),
        };
    };
    let text = super::node::value(call.machine.heap, id)?;
    if target.is_string() {
        return call.new_text(text);
    }
    let text = match target.is_bool() {
        true => text.to_utf8().to_ascii_lowercase().into(),
        false => text,
    };
    super::convert::value(call.machine, &text, target)
}
