//! `SelectToken`: Newtonsoft's JSONPath, run.

use super::path_parse::{self, Expression, Operand, Operator};
use super::token::{Node, Token, get, json_exception, member_of, root, value_of};
use super::value;
use crate::heap::{Heap, HeapId};
use crate::machine::Machine;
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

use super::kind::Kind;

/// A JSONPath.
#[derive(Debug, Clone)]
pub(crate) struct Path(pub(crate) Vec<Filter>);

/// One step of a path.
#[derive(Debug, Clone)]
pub(crate) enum Filter {
    /// `$` or, within a query, `@`.
    Root,
    /// `.name`, or `.*` without a name.
    Field(Option<Str>),
    /// `['a','b']`.
    Fields(Vec<Str>),
    /// `[1]`, or `[*]` without an index.
    Index(Option<i64>),
    /// `[1,2]`.
    Indices(Vec<i64>),
    /// `[start:end:step]`.
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// `..name`, or `..*` without a name.
    Scan(Option<Str>),
    /// `..['a','b']`.
    ScanMany(Vec<Str>),
    /// `[?(…)]`; with `..` before it on everything below.
    Query { scan: bool, expression: Expression },
}

impl Path {
    /// Reads a path.
    pub(crate) fn parse(text: &Str) -> Result<Path, Throw> {
        path_parse::parse(&text.to_utf8()).map(Path)
    }

    /// The tokens that it leads to. `required`: it is an error if a step leads nowhere.
    pub(crate) fn select(
        &self,
        machine: &mut Machine<'_>,
        from: HeapId,
        required: bool,
    ) -> Result<Vec<HeapId>, Throw> {
        let top = root(machine.heap, from);
        run(machine, &self.0, top, vec![from], required)
    }
}

fn run(
    machine: &mut Machine<'_>,
    filters: &[Filter],
    top: HeapId,
    from: Vec<HeapId>,
    required: bool,
) -> Result<Vec<HeapId>, Throw> {
    let mut current = from;
    for filter in filters {
        let mut next = Vec::new();
        for id in current {
            machine.step(4)?;
            if let Filter::Indices(indices) = filter {
                machine.work(indices.len().saturating_mul(8))?;
            }
            let before = next.len();
            apply(machine, filter, top, id, required, &mut next)?;
            let found = next.len() - before;
            machine
                .heap
                .charge(found.saturating_mul(size_of::<HeapId>()))?;
            machine.step(u64::try_from(found / 2).unwrap_or(u64::MAX))?;
        }
        current = next;
    }
    Ok(current)
}

fn apply(
    machine: &mut Machine<'_>,
    filter: &Filter,
    top: HeapId,
    id: HeapId,
    required: bool,
    found: &mut Vec<HeapId>,
) -> Result<(), Throw> {
    let heap = &*machine.heap;
    let token = get(heap, id)?;
    let missing = |message: String| match required {
        true => Err(json_exception(message)),
        false => Ok(()),
    };
    match (filter, &token.node) {
        (Filter::Root, _) => {
            found.push(top);
            Ok(())
        }
        (Filter::Field(None), Node::Object(properties)) => {
            found.extend(properties.values().filter_map(|id| value_of(heap, *id)));
            Ok(())
        }
        (Filter::Field(Some(name)), Node::Object(_)) => match member_of(heap, id, name) {
            Some(value) => {
                found.push(value);
                Ok(())
            }
            None => missing(format!("Property '{name}' does not exist on JObject.")),
        },
        (Filter::Field(name), _) => {
            let name = name.clone().unwrap_or_else(|| "*".into());
            missing(format!(
                "Property '{name}' not valid on {}.",
                token.simple_name()
            ))
        }
        (Filter::Fields(names), Node::Object(_)) => {
            for name in names {
                match member_of(heap, id, name) {
                    Some(value) => found.push(value),
                    None => missing(format!("Property '{name}' does not exist on JObject."))?,
                }
            }
            Ok(())
        }
        (Filter::Fields(names), _) => {
            let names: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
            missing(format!(
                "Properties {} not valid on {}.",
                names.join(", "),
                token.simple_name()
            ))
        }
        (Filter::Index(None), Node::Array(items)) => {
            found.extend(items);
            Ok(())
        }
        (Filter::Index(None), _) => {
            missing(format!("Index * not valid on {}.", token.simple_name()))
        }
        (Filter::Index(Some(index)), _) => at(token, *index, required, found),
        (Filter::Indices(indices), _) => indices
            .iter()
            .try_for_each(|index| at(token, *index, required, found)),
        (Filter::Slice(start, end, step), Node::Array(items)) => {
            let picked = slice(items, *start, *end, *step)?;
            if picked.is_empty() {
                let shown = |bound: &Option<i64>| {
                    bound.map_or_else(|| "*".into(), |bound| bound.to_string())
                };
                return missing(format!(
                    "Array slice of {} to {} returned no results.",
                    shown(start),
                    shown(end)
                ));
            }
            found.extend(picked);
            Ok(())
        }
        (Filter::Slice(..), _) => missing(format!(
            "Array slice is not valid on {}.",
            token.simple_name()
        )),
        (Filter::Scan(name), _) => {
            scan(heap, id, found, &|other| {
                name.as_ref().is_none_or(|name| other == Some(name))
            });
            Ok(())
        }
        (Filter::ScanMany(names), _) => {
            scan(heap, id, found, &|other| {
                other.is_some_and(|other| names.contains(other))
            });
            Ok(())
        }
        (Filter::Query { scan, expression }, _) => {
            let candidates = match scan {
                true => {
                    let mut all = vec![id];
                    all.extend(super::token::descendants(heap, id));
                    all
                }
                false => token.children(),
            };
            for candidate in candidates {
                machine.step(1)?;
                if holds(machine, expression, top, candidate)? {
                    found.push(candidate);
                }
            }
            Ok(())
        }
    }
}

fn at(token: &Token, index: i64, required: bool, found: &mut Vec<HeapId>) -> Result<(), Throw> {
    let message = match &token.node {
        Node::Array(items) | Node::Constructor(_, items) => {
            let index =
                usize::try_from(index).map_err(|_| crate::collections::out_of_range("index"))?;
            if let Some(item) = items.get(index) {
                found.push(*item);
                return Ok(());
            }
            format!("Index {index} outside the bounds of JArray.")
        }
        _ => format!("Index {index} not valid on {}.", token.simple_name()),
    };
    match required {
        true => Err(json_exception(message)),
        false => Ok(()),
    }
}

fn slice(
    items: &[HeapId],
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
) -> Result<Vec<HeapId>, Throw> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(json_exception("Step cannot be zero."));
    }
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = |bound: i64| {
        if bound < 0 {
            bound.saturating_add(length)
        } else {
            bound
        }
    };
    let start = start.map_or(if step > 0 { 0 } else { length - 1 }, place);
    let end = end.map_or(if step > 0 { length } else { -1 }, place);
    let (start, end) = match step > 0 {
        true => (start.max(0), end.min(length)),
        false => (start.min(length - 1), end.max(-1)),
    };
    let mut picked = Vec::new();
    let mut next = start;
    while if step > 0 { next < end } else { next > end } {
        let item = usize::try_from(next)
            .ok()
            .and_then(|place| items.get(place));
        picked.extend(item);
        next = next.saturating_add(step);
    }
    Ok(picked)
}

/// The values below under a name that fits; elements of arrays have none.
fn scan(heap: &Heap, id: HeapId, found: &mut Vec<HeapId>, fits: &dyn Fn(Option<&Str>) -> bool) {
    if fits(None) {
        found.push(id);
    }
    for below in super::token::descendants(heap, id) {
        let Some(token) = heap.get::<Token>(below) else {
            continue;
        };
        match &token.node {
            Node::Property(name, value) if fits(Some(name)) => found.extend(value),
            Node::Property(..) => {}
            _ => {
                let element = token.parent.and_then(|parent| heap.get::<Token>(parent));
                let of_array = element.is_some_and(|parent| matches!(parent.node, Node::Array(_)));
                if of_array && fits(None) {
                    found.push(below);
                }
            }
        }
    }
}

fn holds(
    machine: &mut Machine<'_>,
    expression: &Expression,
    top: HeapId,
    id: HeapId,
) -> Result<bool, Throw> {
    match expression {
        Expression::All(parts) => {
            for part in parts {
                if !holds(machine, part, top, id)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Expression::Any(parts) => {
            for part in parts {
                if holds(machine, part, top, id)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Expression::Exists(operand) => Ok(!operands(machine, operand, top, id)?.is_empty()),
        Expression::Compare(left, operator, right) => {
            let (left, right) = (
                operands(machine, left, top, id)?,
                operands(machine, right, top, id)?,
            );
            machine
                .step(u64::try_from(left.len().saturating_mul(right.len())).unwrap_or(u64::MAX))?;
            for left in &left {
                for right in &right {
                    if compare(machine, left, operator, right)? {
                        return Ok(true);
                    }
                }
            }
            Ok(false)
        }
    }
}

/// What an operand stands for: a value written in the path, or the tokens found.
enum Operated {
    Scalar(Kind, Value),
    Container,
}

fn operands(
    machine: &mut Machine<'_>,
    operand: &Operand,
    top: HeapId,
    id: HeapId,
) -> Result<Vec<Operated>, Throw> {
    match operand {
        Operand::Value(kind, value) => Ok(vec![Operated::Scalar(*kind, value.clone())]),
        Operand::Path(filters, from_top) => {
            let from = if *from_top { top } else { id };
            let found = run(machine, filters, top, vec![from], false)?;
            found
                .into_iter()
                .map(|id| {
                    Ok(match &get(machine.heap, id)?.node {
                        Node::Value(kind, value) => Operated::Scalar(*kind, value.clone()),
                        _ => Operated::Container,
                    })
                })
                .collect()
        }
    }
}

fn compare(
    machine: &mut Machine<'_>,
    left: &Operated,
    operator: &Operator,
    right: &Operated,
) -> Result<bool, Throw> {
    let (Operated::Scalar(kind, a), Operated::Scalar(other, b)) = (left, right) else {
        return Ok(matches!(
            operator,
            Operator::NotEqual | Operator::StrictNotEqual
        ));
    };
    let strict = || kind == other && value::compare(*kind, a, b) == Some(std::cmp::Ordering::Equal);
    let order = order(*kind, a, *other, b);
    Ok(match operator {
        Operator::StrictEqual => strict(),
        Operator::StrictNotEqual => !strict(),
        Operator::Equal => order.is_some_and(std::cmp::Ordering::is_eq),
        Operator::NotEqual => !order.is_some_and(std::cmp::Ordering::is_eq),
        Operator::Less => order.is_some_and(std::cmp::Ordering::is_lt),
        Operator::LessOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
        Operator::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
        Operator::GreaterOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
        Operator::Matches(regex) => match a {
            Value::String(text) => {
                let text = text.to_utf8();
                machine.step(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
                regex.is_match(&*text).unwrap_or(false)
            }
            _ => false,
        },
    })
}

/// The order of what was found and what it is compared with; numbers and texts of numbers do not mix.
fn order(kind: Kind, a: &Value, other: Kind, b: &Value) -> Option<std::cmp::Ordering> {
    let number = |kind: Kind| matches!(kind, Kind::Integer | Kind::Float);
    if kind == other {
        return value::compare(kind, a, b);
    }
    if number(kind) && number(other) {
        return value::compare(Kind::Float, a, b);
    }
    // Dates, Guids and the like are written as strings in a path.
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (a, Value::String(text)) if !number(kind) && kind != Kind::Boolean => {
            Some(value::plain_text(a)?.cmp(text))
        }
        _ => None,
    }
}
