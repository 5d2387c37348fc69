//! `Replace`, `Split`, `Escape`.

use std::sync::Arc;

use super::input::Input;
use super::matching::{Match, beginning, every, input, start_at};
use super::{Regex, pattern, this};
use crate::collections::Array;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::str::{Builder, Str};
use crate::throw::Throw;
use crate::value::Value;

/// `MatchEvaluator`.
pub(super) static MATCH_EVALUATOR: TypeDef = TypeDef {
    name: "System.Text.RegularExpressions.MatchEvaluator",
    kind: TypeKind::Delegate,
    bases: &[],
    values: &[],
    members: &[member("string Invoke(Match match)", |call| {
        match call.arguments {
            [Value::Null, ..] | [] => Err(Throw::null_reference()),
            [evaluator, matched @ ..] => call.machine.call(evaluator, matched),
        }
    })],
};

/// A piece of a replacement.
enum Piece {
    Text(String),
    /// What a group captured last, by its place among the groups.
    Group(usize),
    Before,
    After,
    Whole,
}

/// A replacement pattern: `$1`, `${name}`, `$$`, `$&`, `` $` ``, `$'`, `$+`, `$_`.
pub(super) struct Replacement(Vec<Piece>);

impl Replacement {
    pub(super) fn read(pattern: &str, regex: &Regex) -> Replacement {
        let mut pieces = Vec::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('$') {
            pieces.push(Piece::Text(before.into()));
            let (piece, length) = Self::dollar(after, regex);
            pieces.push(piece);
            rest = after.get(length..).unwrap_or_default();
        }
        pieces.push(Piece::Text(rest.into()));
        Replacement(pieces)
    }

    /// What stands after a `$`, and how long it is; the sign itself where that means nothing.
    fn dollar(after: &str, regex: &Regex) -> (Piece, usize) {
        let sign = || (Piece::Text("$".into()), 0);
        match after.chars().next() {
            Some('$') => (Piece::Text("$".into()), 1),
            Some('&') => (Piece::Group(0), 1),
            Some('`') => (Piece::Before, 1),
            Some('\'') => (Piece::After, 1),
            Some('_') => (Piece::Whole, 1),
            Some('+') => (Piece::Group(regex.groups.len().saturating_sub(1)), 1),
            Some('{') => {
                let Some((name, _)) = after.get(1..).and_then(|rest| rest.split_once('}')) else {
                    return sign();
                };
                let digits = name.bytes().all(|byte| byte.is_ascii_digit());
                let slot = match name.parse() {
                    Ok(number) if digits => regex.slot(number),
                    _ => regex.named_slot(name),
                };
                slot.map_or_else(sign, |slot| (Piece::Group(slot), name.len() + 2))
            }
            Some(c) if c.is_ascii_digit() => {
                let length = after.bytes().take_while(u8::is_ascii_digit).count();
                // ECMAScript takes as many digits as make a group's number, others all of them.
                let least = match regex.options & 256 {
                    0 => length,
                    _ => 1,
                };
                (least..=length)
                    .rev()
                    .find_map(|length| {
                        let number = after.get(..length)?.parse().ok()?;
                        Some((Piece::Group(regex.slot(number)?), length))
                    })
                    .unwrap_or_else(sign)
            }
            _ => sign(),
        }
    }

    /// Appends it, filled in from a match.
    pub(super) fn fill(&self, found: &Match, text: &mut Builder) {
        let input = &found.whole.input;
        let (start, end) = found.whole.range().unwrap_or((0, 0));
        for piece in &self.0 {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Group(slot) => {
                    if let Some((start, end)) = found.last(*slot) {
                        text.push(&input.part(start, end));
                    }
                }
                Piece::Before => text.push(&input.part(0, start)),
                Piece::After => text.push(&input.part(end, input.len())),
                Piece::Whole => text.push(input.text()),
            }
        }
    }
}

/// A count of replacements or pieces: -1 is all.
fn count(call: &Call<'_, '_>, index: usize) -> Result<Option<usize>, Throw> {
    match call.arg(index) {
        Value::Int32(-1) => Ok(None),
        Value::Int32(count) => match usize::try_from(*count) {
            Ok(count) => Ok(Some(count)),
            Err(_) => Err(Throw::argument_out_of_range(
                "Count cannot be less than -1. (Parameter 'count')",
            )),
        },
        _ => Ok(None),
    }
}

fn replaced(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Input,
    replacement: &Value,
    (count, from): (Option<usize>, usize),
) -> Result<Value, Throw> {
    let pattern = match replacement {
        Value::Null => return Err(Throw::argument_null("replacement")),
        Value::String(pattern) => Some(Replacement::read(&pattern.to_utf8(), regex)),
        _ => None,
    };
    let limit = call.machine.budget.string;
    let mut left = count.unwrap_or(usize::MAX);
    if left == 0 {
        return Ok(Value::String(input.text().clone()));
    }
    // What is replaced, and by what, in the order of the search.
    let mut parts: Vec<((usize, usize), Str)> = Vec::new();
    let mut size = 0usize;
    every(call.machine, regex, input, from, |machine, found| {
        let range = found.whole.range().unwrap_or((0, 0));
        let text = match &pattern {
            Some(pattern) => {
                let mut text = Builder::default();
                pattern.fill(&found, &mut text);
                text.finish()
            }
            None => {
                let value = machine.call(replacement, &[Value::object(found)])?;
                ops::to_text(machine, &value)?
            }
        };
        size = size.saturating_add(text.size());
        if size > limit {
            return Err(Throw::limit("it made a string longer than is allowed"));
        }
        parts.push((range, text));
        left -= 1;
        Ok(left > 0)
    })?;
    if parts.is_empty() {
        return Ok(Value::String(input.text().clone()));
    }
    if regex.program.right_to_left {
        parts.reverse();
    }
    let mut result = Builder::default();
    let mut last = 0;
    for ((start, end), text) in parts {
        result.push(&input.part(last, start));
        result.push(&text);
        last = end;
    }
    result.push(&input.part(last, input.len()));
    call.new_text(result.finish())
}

pub(super) fn replace(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    let from = beginning(&regex, &input);
    replaced(call, &regex, &input, call.arg(2), (None, from))
}

pub(super) fn replace_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let count = count(call, 3)?;
    let from = start_at(call, 4, &regex, &input)?;
    replaced(call, &regex, &input, call.arg(2), (count, from))
}

fn pieces(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Input,
    most: usize,
    from: usize,
) -> Result<Value, Throw> {
    let back = regex.program.right_to_left;
    let mut pieces: Vec<Str> = Vec::new();
    let mut last = if back { input.len() } else { 0 };
    let mut cuts = 0;
    if most != 1 {
        every(call.machine, regex, input, from, |_, found| {
            let (start, end) = found.whole.range().unwrap_or((0, 0));
            pieces.push(match back {
                true => input.part(end, last),
                false => input.part(last, start),
            });
            last = if back { start } else { end };
            // What groups captured stands between the pieces.
            pieces.extend(found.between());
            cuts += 1;
            Ok(most == 0 || cuts + 1 < most)
        })?;
    }
    match back {
        true => {
            pieces.push(input.part(0, last));
            pieces.reverse();
        }
        false => pieces.push(input.part(last, input.len())),
    }
    call.new_array(Array::strings(pieces))
}

pub(super) fn split(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    let from = beginning(&regex, &input);
    pieces(call, &regex, &input, 0, from)
}

pub(super) fn split_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let most = match call.arg(2) {
        Value::Int32(_) => call.count(2, "count")?,
        _ => 0,
    };
    let from = start_at(call, 3, &regex, &input)?;
    pieces(call, &regex, &input, most, from)
}

pub(super) fn escape(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut text = String::new();
    for c in call.text(0, "str")?.to_utf8().chars() {
        let letter = match c {
            '\t' => 't',
            '\n' => 'n',
            '\r' => 'r',
            '\u{c}' => 'f',
            '\\' | '*' | '+' | '?' | '|' | '{' | '[' | '(' | ')' | '^' | '$' | '.' | '#' | ' ' => c,
            c => {
                text.push(c);
                continue;
            }
        };
        text.push('\\');
        text.push(letter);
    }
    call.new_text(text)
}

pub(super) fn unescape(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let units: Vec<u16> = call.text(0, "str")?.units().collect();
    let text = super::parse::unescape(&units).map_err(|message| {
        Throw::new(
            "System.Text.RegularExpressions.RegexParseException",
            format!(
                "Invalid pattern '{}' {message}",
                String::from_utf16_lossy(&units)
            ),
        )
    })?;
    call.new_text(Str::from_utf16(&text))
}

#[cfg(test)]
mod tests {
    use crate::testing::show;

    #[test]
    fn replacements_are_nets() {
        for (input, pattern, replacement, expected) in [
            (
                "John Smith",
                r"(?<f>\w+) (?<l>\w+)",
                "${l} $1",
                "Smith John",
            ),
            ("abc", "b", "[$&$`$'$_$$]", "a[bacabc$]c"),
            ("abc", "(b)", "$2", "a$2c"),
            ("abc", "z*", "-", "-a-b-c-"),
            ("é1", r"\d", "#", "é#"),
            (
                "abc",
                "(",
                "",
                "!System.Text.RegularExpressions.RegexParseException",
            ),
        ] {
            let arguments = [input.into(), pattern.into(), replacement.into()];
            assert_eq!(show("Regex", "Replace", &arguments), expected, "{pattern}");
        }
    }

    #[test]
    fn splits_are_nets() {
        for (input, pattern, expected) in [
            ("a1b2c", r"(\d)", "[a, 1, b, 2, c]"),
            ("abc", "", "[, a, b, c, ]"),
            ("abc", "x", "[abc]"),
        ] {
            assert_eq!(
                show("Regex", "Split", &[input.into(), pattern.into()]),
                expected
            );
        }
        assert_eq!(
            show("Regex", "Escape", &["a.b*c[d] e#".into()]),
            "a\\.b\\*c\\[d]\\ e\\#"
        );
        assert_eq!(
            show("Regex", "Unescape", &["a\\.b\\x41\\t".into()]),
            "a.bA\t"
        );
    }

    #[test]
    fn a_pattern_that_backtracks_without_end_is_stopped() {
        let input = "a".repeat(40) + "!";
        let shown = show(
            "Regex",
            "IsMatch",
            &[input.into(), "^(a+)+(?=$)(?<!b)$".into()],
        );
        assert!(
            shown == "False" || shown.ends_with("RegexMatchTimeoutException"),
            "{shown}"
        );
    }
}
