//! Matches and their groups.

use std::sync::Arc;

use super::input::Input;
use super::{Regex, TRIES_PER_STEP, pattern, this};
use crate::args::int;
use crate::heap::Iterate;
use crate::machine::Machine;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::sequence::{Sequence, from_fn};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

const fn class(
    name: &'static str,
    bases: &'static [&'static str],
    members: &'static [Member],
) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Class,
        bases,
        values: &[],
        members,
    }
}

/// `Capture`.
pub(super) static CAPTURE: TypeDef = class(
    "System.Text.RegularExpressions.Capture",
    &[],
    &[
        pure("string Value { get; }", |call| {
            Ok(Value::String(part(call)?.text()))
        }),
        pure("int Index { get; }", |call| Ok(int(part(call)?.index()))),
        pure("int Length { get; }", |call| Ok(int(part(call)?.len()))),
        pure("string ToString()", |call| {
            Ok(Value::String(part(call)?.text()))
        }),
    ],
);

/// `Group`.
pub(super) static GROUP: TypeDef = class(
    "System.Text.RegularExpressions.Group",
    &["Capture"],
    &[
        pure("bool Success { get; }", |call| {
            Ok(part(call)?.range().is_some().into())
        }),
        pure("string Name { get; }", |call| {
            Ok(part(call)?.name.as_str().into())
        }),
        pure("CaptureCollection Captures { get; }", |call| {
            let part = part(call)?;
            let count = part.ranges.len();
            call.element_work(count)?;
            call.machine.heap.grow(count, count.saturating_mul(4))?;
            let capture = |range: &(usize, usize)| {
                Value::object(Part {
                    table: &CAPTURE,
                    input: part.input.clone(),
                    name: part.name.clone(),
                    ranges: [*range].into(),
                })
            };
            Ok(Value::object(Parts {
                kind: &CAPTURE_COLLECTION,
                regex: None,
                values: part.ranges.iter().map(capture).collect(),
            }))
        }),
    ],
);

/// `Match`.
pub(super) static MATCH: TypeDef = class(
    "System.Text.RegularExpressions.Match",
    &["Group"],
    &[
        pure("static Match Empty { get; }", |_| {
            Ok(Value::object(Match::empty()))
        }),
        pure("GroupCollection Groups { get; }", |call| {
            Ok(Value::object(matched(call)?.groups()))
        }),
        member("Match NextMatch()", |call| {
            let matched = matched(call)?;
            let next = match &matched.regex {
                Some(regex) => match matched.after() {
                    Some(from) => search(call.machine, regex, &matched.whole.input, from)?,
                    None => None,
                },
                None => None,
            };
            Ok(Value::object(next.unwrap_or_else(Match::empty)))
        }),
        pure("string Result(string replacement)", |call| {
            let replacement = call.text(1, "replacement")?.to_utf8();
            let matched = matched(call)?;
            let Some(regex) = &matched.regex else {
                return Err(Throw::not_supported(
                    "Result cannot be called on a failed Match.",
                ));
            };
            let mut text = crate::str::Builder::default();
            super::replacing::Replacement::read(&replacement, regex).fill(matched, &mut text);
            call.new_text(text.finish())
        }),
    ],
);

/// `GroupCollection`.
pub(super) static GROUP_COLLECTION: TypeDef = class(
    "System.Text.RegularExpressions.GroupCollection",
    &["IReadOnlyList<Group>"],
    &[
        pure("int Count { get; }", |call| {
            Ok(int(parts(call)?.values.len()))
        }),
        pure("Group this[int groupnum] { get; }", |call| {
            let (number, parts) = (usize::try_from(call.int(1)?).ok(), parts(call)?);
            let slot = match &parts.regex {
                Some(regex) => number.and_then(|number| regex.slot(number)),
                None => number,
            };
            let value = slot.and_then(|slot| parts.values.get(slot));
            Ok(value.cloned().unwrap_or_else(no_group))
        }),
        pure("Group this[string groupname] { get; }", |call| {
            let found = named(call, "groupname")?;
            Ok(found.unwrap_or_else(no_group))
        }),
        pure("bool ContainsKey(string key)", |call| {
            Ok(named(call, "key")?.is_some().into())
        }),
        pure("bool TryGetValue(string key, out Group value)", |call| {
            let found = named(call, "key")?;
            let there = found.is_some();
            call.outs.push(found.unwrap_or_else(no_group));
            Ok(there.into())
        }),
        pure("IEnumerable<string> Keys { get; }", |call| {
            let names = parts(call)?.names().map(Value::from);
            Ok(Value::object(Sequence::of(Type::string(), names.collect())))
        }),
        pure("IEnumerable<Group> Values { get; }", |call| {
            let values = parts(call)?.values.to_vec();
            Ok(Value::object(Sequence::of(Type::plain(&GROUP), values)))
        }),
    ],
);

/// `MatchCollection`.
pub(super) static MATCH_COLLECTION: TypeDef = class(
    "System.Text.RegularExpressions.MatchCollection",
    &["IReadOnlyList<Match>"],
    &[
        pure("int Count { get; }", |call| {
            Ok(int(parts(call)?.values.len()))
        }),
        pure("Match this[int i] { get; }", at),
    ],
);

/// `CaptureCollection`.
pub(super) static CAPTURE_COLLECTION: TypeDef = class(
    "System.Text.RegularExpressions.CaptureCollection",
    &["IReadOnlyList<Capture>"],
    &[
        pure("int Count { get; }", |call| {
            Ok(int(parts(call)?.values.len()))
        }),
        pure("Capture this[int i] { get; }", at),
    ],
);

/// A part of the input that a group captured, perhaps several times; the last is what it stands for.
#[derive(Debug, Clone)]
pub(super) struct Part {
    table: &'static TypeDef,
    pub(super) input: Input,
    name: String,
    ranges: Arc<[(usize, usize)]>,
}

impl Part {
    pub(super) fn range(&self) -> Option<(usize, usize)> {
        self.ranges.last().copied()
    }

    pub(super) fn text(&self) -> Str {
        self.range()
            .map(|(start, end)| self.input.part(start, end))
            .unwrap_or_default()
    }

    fn index(&self) -> usize {
        self.range()
            .map_or(0, |(start, _)| start + self.input.base())
    }

    fn len(&self) -> usize {
        self.range().map_or(0, |(start, end)| end - start)
    }
}

impl Object for Part {
    fn type_of(&self) -> Type {
        Type::plain(self.table)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.text())
    }
}

/// A match.
#[derive(Debug)]
pub(super) struct Match {
    regex: Option<Arc<Regex>>,
    pub(super) whole: Part,
    /// The captures of each group in order of their numbers, the whole first.
    captures: Vec<Arc<[(usize, usize)]>>,
}

impl Object for Match {
    fn type_of(&self) -> Type {
        Type::plain(&MATCH)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.whole.text())
    }
}

impl Match {
    fn empty() -> Match {
        Match {
            regex: None,
            whole: Part {
                table: &GROUP,
                input: Input::new(&Str::EMPTY, 0),
                name: "0".into(),
                ranges: [].into(),
            },
            captures: vec![[].into()],
        }
    }

    /// What a group captured last, by its place among the groups.
    pub(super) fn last(&self, slot: usize) -> Option<(usize, usize)> {
        self.captures.get(slot)?.last().copied()
    }

    /// What `Split` puts between pieces: for each group that captured, what the group of that number did.
    ///
    /// .NET counts groups by place here and looks them up by number, which differs where numbers are left out.
    pub(super) fn between(&self) -> impl Iterator<Item = Str> + '_ {
        let by_number = |number: usize| {
            let slot = self.regex.as_ref()?.slot(number)?;
            let (start, end) = self.last(slot)?;
            Some(self.whole.input.part(start, end))
        };
        (1..self.captures.len())
            .filter(|slot| self.last(*slot).is_some())
            .map(move |number| by_number(number).unwrap_or_default())
    }

    /// Where to search on: past the match, or a unit on if it is empty; `None` beyond the end.
    fn after(&self) -> Option<usize> {
        let (start, end) = self.whole.range()?;
        let back = self.regex.as_ref()?.program.right_to_left;
        match (back, start == end) {
            (false, false) => Some(end),
            (false, true) => end
                .checked_add(1)
                .filter(|next| *next <= self.whole.input.len()),
            (true, false) => Some(start),
            (true, true) => start.checked_sub(1),
        }
    }

    fn groups(&self) -> Parts {
        let name = |slot: usize| match &self.regex {
            Some(regex) => regex
                .groups
                .get(slot)
                .map_or_else(String::new, |group| group.name.clone()),
            None => "0".into(),
        };
        let part = |(slot, ranges): (usize, &Arc<[(usize, usize)]>)| {
            Value::object(Part {
                table: &GROUP,
                input: self.whole.input.clone(),
                name: name(slot),
                ranges: ranges.clone(),
            })
        };
        Parts {
            kind: &GROUP_COLLECTION,
            regex: self.regex.clone(),
            values: self.captures.iter().enumerate().map(part).collect(),
        }
    }
}

/// A collection of matches, groups or captures.
#[derive(Debug)]
struct Parts {
    kind: &'static TypeDef,
    /// The pattern, for the names of groups.
    regex: Option<Arc<Regex>>,
    values: Arc<[Value]>,
}

impl Parts {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .map(|value| value.downcast::<Part>().map_or("", |part| &part.name))
    }
}

impl Object for Parts {
    fn type_of(&self) -> Type {
        Type::plain(self.kind)
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        let (values, regex, mut next) = (self.values.clone(), self.regex.clone(), 0);
        Some(from_fn(move |_| {
            let place = next;
            next += 1;
            // .NET counts groups by place here and looks them up by number.
            Ok(match &regex {
                Some(regex) if place < values.len() => {
                    let slot = regex.slot(place);
                    let value = slot.and_then(|slot| values.get(slot)).cloned();
                    Some(value.unwrap_or_else(no_group))
                }
                _ => values.get(place).cloned(),
            })
        }))
    }
}

/// What stands for a group that there is not.
fn no_group() -> Value {
    let mut part = Match::empty().whole;
    part.name = String::new();
    Value::object(part)
}

/// The receiver as a part: a group, or a match as a whole.
fn part<'c>(call: &Call<'c, '_>) -> Result<&'c Part, Throw> {
    let value = call.arg(0);
    value
        .downcast::<Match>()
        .map(|matched| &matched.whole)
        .or_else(|| value.downcast())
        .ok_or_else(Throw::null_reference)
}

fn matched<'c>(call: &Call<'c, '_>) -> Result<&'c Match, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn parts<'c>(call: &Call<'c, '_>) -> Result<&'c Parts, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn at(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let place = usize::try_from(call.int(1)?).ok();
    let value = place.and_then(|place| parts(call).ok()?.values.get(place));
    value
        .cloned()
        .ok_or_else(|| crate::collections::out_of_range("i"))
}

/// The group whose name argument 1 is.
fn named(call: &Call<'_, '_>, parameter: &str) -> Result<Option<Value>, Throw> {
    let (name, parts) = (call.text(1, parameter)?.to_utf8(), parts(call)?);
    let slot = parts.names().position(|candidate| candidate == name);
    Ok(slot.and_then(|slot| parts.values.get(slot)).cloned())
}

/// The text to search.
pub(super) fn input(call: &mut Call<'_, '_>, index: usize) -> Result<Input, Throw> {
    let text = call.text(index, "input")?;
    let input = Input::new(text, 0);
    if text.as_ascii().is_none() {
        call.heavy_work(input.len())?;
    }
    Ok(input)
}

fn too_hard() -> Throw {
    Throw::new(
        "System.Text.RegularExpressions.RegexMatchTimeoutException",
        "The Regex engine has timed out while trying to match a pattern to an input string. This can occur for many reasons, including very large inputs or excessive backtracking caused by nested quantifiers, back-references and other factors.",
    )
}

/// The first match from a place on.
pub(super) fn search(
    machine: &mut Machine<'_>,
    regex: &Arc<Regex>,
    input: &Input,
    from: usize,
) -> Result<Option<Match>, Throw> {
    let limit = regex.limit(machine.budget, input.len());
    let (found, steps) = input.search(&regex.program, from, limit);
    machine.step(8 + steps / TRIES_PER_STEP)?;
    let Some(captures) = found.map_err(|_| too_hard())? else {
        return Ok(None);
    };
    let kept: usize = captures.iter().map(Vec::len).sum();
    machine
        .heap
        .charge(size_of::<Match>() + 64 + kept * 2 * size_of::<usize>())?;
    let captures: Vec<Arc<[(usize, usize)]>> = captures.into_iter().map(Into::into).collect();
    Ok(Some(Match {
        regex: Some(regex.clone()),
        whole: Part {
            table: &GROUP,
            input: input.clone(),
            name: "0".into(),
            ranges: captures.first().cloned().unwrap_or_default(),
        },
        captures,
    }))
}

/// Where a search begins if nothing else is said.
pub(super) fn beginning(regex: &Regex, input: &Input) -> usize {
    match regex.program.right_to_left {
        true => input.len(),
        false => 0,
    }
}

/// All matches from a place on, each given to `each` until it says stop.
pub(super) fn every(
    machine: &mut Machine<'_>,
    regex: &Arc<Regex>,
    input: &Input,
    from: usize,
    mut each: impl FnMut(&mut Machine<'_>, Match) -> Result<bool, Throw>,
) -> Result<(), Throw> {
    let mut from = Some(from);
    while let Some(start) = from
        && let Some(found) = search(machine, regex, input, start)?
    {
        from = found.after();
        if !each(machine, found)? {
            break;
        }
    }
    Ok(())
}

/// `startat`, argument `index`, or where the search begins without it.
pub(super) fn start_at(
    call: &Call<'_, '_>,
    index: usize,
    regex: &Regex,
    input: &Input,
) -> Result<usize, Throw> {
    let Value::Int32(start) = call.arg(index) else {
        return Ok(beginning(regex, input));
    };
    usize::try_from(*start)
        .ok()
        .filter(|start| *start <= input.len())
        .ok_or_else(|| {
            Throw::argument_out_of_range(
                "Start index cannot be less than 0 or greater than input length. (Parameter 'startat')",
            )
        })
}

fn found(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Input,
    from: usize,
) -> Result<Value, Throw> {
    let found = search(call.machine, regex, input, from)?;
    Ok(Value::object(found.unwrap_or_else(Match::empty)))
}

pub(super) fn is_match(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    let from = beginning(&regex, &input);
    Ok(search(call.machine, &regex, &input, from)?.is_some().into())
}

pub(super) fn is_match_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let from = start_at(call, 2, &regex, &input)?;
    Ok(search(call.machine, &regex, &input, from)?.is_some().into())
}

pub(super) fn find(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    let from = beginning(&regex, &input);
    found(call, &regex, &input, from)
}

pub(super) fn find_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let from = start_at(call, 2, &regex, &input)?;
    found(call, &regex, &input, from)
}

/// `Match(input, beginning, length)`: in a part of the text as if it were the whole.
pub(super) fn find_within(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, text) = (this(call)?, call.text(1, "input")?);
    let start = call.count(2, "beginning")?;
    let length = call.count(3, "length")?;
    let Some(part) = text.substring(start, length) else {
        return Err(super::out_of_range("beginning"));
    };
    call.work(length)?;
    let input = Input::new(&part, start);
    let from = beginning(&regex, &input);
    found(call, &regex, &input, from)
}

fn collection(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Input,
    from: usize,
) -> Result<Value, Throw> {
    let mut values = Vec::new();
    every(call.machine, regex, input, from, |_, found| {
        values.push(Value::object(found));
        Ok(true)
    })?;
    Ok(Value::object(Parts {
        kind: &MATCH_COLLECTION,
        regex: None,
        values: values.into(),
    }))
}

pub(super) fn find_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    let from = beginning(&regex, &input);
    collection(call, &regex, &input, from)
}

pub(super) fn find_all_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let from = start_at(call, 2, &regex, &input)?;
    collection(call, &regex, &input, from)
}

fn counted(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Input,
    from: usize,
) -> Result<Value, Throw> {
    let mut count = 0;
    every(call.machine, regex, input, from, |_, _| {
        count += 1;
        Ok(true)
    })?;
    Ok(int(count))
}

pub(super) fn count(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    let from = beginning(&regex, &input);
    counted(call, &regex, &input, from)
}

pub(super) fn count_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let from = start_at(call, 2, &regex, &input)?;
    counted(call, &regex, &input, from)
}
