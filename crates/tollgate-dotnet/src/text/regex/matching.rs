//! Matches and their groups.

use std::sync::Arc;

use super::{Regex, pattern, this};
use crate::args::int;
use crate::heap::Iterate;
use crate::machine::Machine;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::sequence::from_fn;
use crate::str::{Str, utf16_len};
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
        pure("int Length { get; }", |call| {
            Ok(int(part(call)?.text().len()))
        }),
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
            Ok(part(call)?.range.is_some().into())
        }),
        pure("string Name { get; }", |call| {
            Ok(part(call)?.name.as_str().into())
        }),
        pure("CaptureCollection Captures { get; }", |call| {
            let part = part(call)?.clone();
            let captures = part.range.is_some().then(|| Value::object(part));
            Ok(Value::object(Parts {
                kind: &CAPTURE_COLLECTION,
                names: Vec::new(),
                values: captures.into_iter().collect(),
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
            let matched = matched(call)?;
            Ok(Value::object(matched.groups()))
        }),
        member("Match NextMatch()", |call| {
            let matched = matched(call)?;
            let next = match (&matched.regex, matched.whole.range) {
                (Some(regex), Some((start, end))) => {
                    let from = after(&matched.whole.input, start, end);
                    from.map_or(Ok(None), |from| {
                        search(call.machine, regex, &matched.whole.input, from)
                    })?
                }
                _ => None,
            };
            Ok(Value::object(next.unwrap_or_else(Match::empty)))
        }),
        pure("string Result(string replacement)", |call| {
            let replacement = call.text(1, "replacement")?.to_utf8();
            let text = super::replacing::expand(matched(call)?, &replacement);
            call.new_text(text)
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
            let place = usize::try_from(call.int(1)?).ok();
            let value = place.and_then(|place| parts(call).ok()?.values.get(place));
            Ok(value.cloned().unwrap_or_else(no_group))
        }),
        pure("Group this[string groupname] { get; }", |call| {
            let (name, parts) = (call.text(1, "groupname")?.to_utf8(), parts(call)?);
            let place = parts.names.iter().position(|candidate| *candidate == *name);
            let value = place.and_then(|place| parts.values.get(place));
            Ok(value.cloned().unwrap_or_else(no_group))
        }),
        pure("bool ContainsKey(string key)", |call| {
            let (name, parts) = (call.text(1, "key")?.to_utf8(), parts(call)?);
            Ok(parts
                .names
                .iter()
                .any(|candidate| *candidate == *name)
                .into())
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

/// `CaptureCollection`: the last capture of each group, for earlier ones are not kept.
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

/// A part of the input: byte positions, or none if the group took no part.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) input: Str,
    pub(super) range: Option<(usize, usize)>,
    name: String,
}

impl Part {
    pub(super) fn text(&self) -> Str {
        self.range
            .and_then(|(start, end)| self.input.slice(start, end))
            .unwrap_or_default()
    }

    fn index(&self) -> usize {
        let Some((start, _)) = self.range else {
            return 0;
        };
        match self.input.as_ascii() {
            Some(_) => start,
            None => self
                .input
                .as_utf8()
                .and_then(|text| text.get(..start))
                .map_or(0, utf16_len),
        }
    }
}

impl Object for Part {
    fn type_of(&self) -> Type {
        Type::plain(&GROUP)
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
    /// Ranges of the groups in .NET's order, the whole first.
    pub(super) ranges: Vec<Option<(usize, usize)>>,
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
                input: Str::EMPTY,
                range: None,
                name: "0".into(),
            },
            ranges: vec![None],
        }
    }

    /// A group by .NET's number, or by name.
    pub(super) fn group(&self, name: &str) -> Option<Str> {
        let groups = &self.regex.as_ref()?.groups;
        let place = groups
            .iter()
            .position(|group| group.0 == name)
            .or_else(|| name.parse().ok())?;
        let range = self.ranges.get(place)?;
        Some(
            range
                .and_then(|(start, end)| self.whole.input.slice(start, end))
                .unwrap_or_default(),
        )
    }

    fn groups(&self) -> Parts {
        let names: Vec<String> = match &self.regex {
            Some(regex) => regex.groups.iter().map(|group| group.0.clone()).collect(),
            None => vec!["0".into()],
        };
        let part = |(range, name): (&Option<(usize, usize)>, &String)| {
            Value::object(Part {
                input: self.whole.input.clone(),
                range: *range,
                name: name.clone(),
            })
        };
        Parts {
            kind: &GROUP_COLLECTION,
            values: self.ranges.iter().zip(&names).map(part).collect(),
            names,
        }
    }
}

/// A collection of matches, groups or captures.
#[derive(Debug)]
struct Parts {
    kind: &'static TypeDef,
    names: Vec<String>,
    values: Arc<[Value]>,
}

impl Object for Parts {
    fn type_of(&self) -> Type {
        Type::plain(self.kind)
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        let (values, mut next) = (self.values.clone(), 0);
        Some(from_fn(move |_| {
            let value = values.get(next).cloned();
            next += 1;
            Ok(value)
        }))
    }
}

fn no_group() -> Value {
    Value::object(Match::empty().whole)
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

/// The input as UTF-8; a lone surrogate becomes U+FFFD.
pub(super) fn input(call: &Call<'_, '_>, index: usize) -> Result<Str, Throw> {
    let text = call.text(index, "input")?;
    Ok(match text.as_utf8() {
        Some(_) => text.clone(),
        None => Str::from(&*text.to_utf8()),
    })
}

fn too_hard() -> Throw {
    Throw::new(
        "System.Text.RegularExpressions.RegexMatchTimeoutException",
        "The Regex engine has timed out while trying to match a pattern to an input string. This can occur for many reasons, including very large inputs or excessive backtracking caused by nested quantifiers, back-references and other factors.",
    )
}

/// The first match at or after a byte position.
pub(super) fn search(
    machine: &mut Machine<'_>,
    regex: &Arc<Regex>,
    input: &Str,
    from: usize,
) -> Result<Option<Match>, Throw> {
    let text = input.as_utf8().unwrap_or_default();
    let left = text.len().saturating_sub(from);
    machine.step(1 + u64::try_from(left / 64).unwrap_or(u64::MAX))?;
    let captures = regex
        .regex
        .captures_from_pos(text, from)
        .map_err(|_| too_hard())?;
    Ok(captures.map(|captures| {
        let range = |place: &usize| {
            captures
                .get(*place)
                .map(|found| (found.start(), found.end()))
        };
        let ranges: Vec<_> = regex
            .groups
            .iter()
            .map(|(_, places)| places.iter().rev().find_map(range))
            .collect();
        Match {
            regex: Some(regex.clone()),
            whole: Part {
                input: input.clone(),
                range: captures.get(0).map(|found| (found.start(), found.end())),
                name: "0".into(),
            },
            ranges,
        }
    }))
}

/// Where to search on after a match: its end, or a character on if it was empty; `None` beyond the end.
pub(super) fn after(input: &Str, start: usize, end: usize) -> Option<usize> {
    if end > start {
        return Some(end);
    }
    let next = input.as_utf8()?.get(end..)?.chars().next()?;
    Some(end + next.len_utf8())
}

/// All matches from the start on, each given to `each` until it says stop.
pub(super) fn every(
    machine: &mut Machine<'_>,
    regex: &Arc<Regex>,
    input: &Str,
    from: usize,
    mut each: impl FnMut(&mut Machine<'_>, Match) -> Result<bool, Throw>,
) -> Result<(), Throw> {
    let mut from = Some(from);
    while let Some(start) = from
        && let Some(found) = search(machine, regex, input, start)?
    {
        let Some((start, end)) = found.whole.range else {
            break;
        };
        from = after(input, start, end);
        machine.heap.charge(size_of::<Match>() + 64)?;
        if !each(machine, found)? {
            break;
        }
    }
    Ok(())
}

fn tests(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Str,
    from: usize,
) -> Result<Value, Throw> {
    let text = input.as_utf8().unwrap_or_default();
    call.work(text.len())?;
    if from == 0 {
        return regex
            .regex
            .is_match(text)
            .map(Value::Bool)
            .map_err(|_| too_hard());
    }
    Ok(search(call.machine, regex, input, from)?.is_some().into())
}

pub(super) fn is_match(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    tests(call, &regex, &input, 0)
}

/// `startat`, argument 2, as a byte position.
pub(super) fn start_at(call: &Call<'_, '_>, index: usize, input: &Str) -> Result<usize, Throw> {
    let Value::Int32(_) = call.arg(index) else {
        return Ok(0);
    };
    let before = usize::try_from(call.int(index)?)
        .ok()
        .and_then(|at| input.substring(0, at));
    before.map(|before| before.to_utf8().len()).ok_or_else(|| {
        Throw::argument_out_of_range(
            "Start index cannot be less than 0 or greater than input length. (Parameter 'startat')",
        )
    })
}

pub(super) fn is_match_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let from = start_at(call, 2, &input)?;
    tests(call, &regex, &input, from)
}

pub(super) fn find(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    let found = search(call.machine, &regex, &input, 0)?;
    Ok(Value::object(found.unwrap_or_else(Match::empty)))
}

pub(super) fn find_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let from = start_at(call, 2, &input)?;
    let found = search(call.machine, &regex, &input, from)?;
    Ok(Value::object(found.unwrap_or_else(Match::empty)))
}

fn collection(call: &mut Call<'_, '_>, regex: &Arc<Regex>, input: &Str) -> Result<Value, Throw> {
    let mut values = Vec::new();
    every(call.machine, regex, input, 0, |_, found| {
        values.push(Value::object(found));
        Ok(true)
    })?;
    Ok(Value::object(Parts {
        kind: &MATCH_COLLECTION,
        names: Vec::new(),
        values: values.into(),
    }))
}

pub(super) fn find_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    collection(call, &regex, &input)
}

pub(super) fn find_all_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    collection(call, &regex, &input)
}
