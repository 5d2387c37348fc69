//! `Replace`, `Split`, `Escape`.

use std::sync::Arc;

use super::matching::{Match, every, input, start_at};
use super::{Regex, pattern, this};
use crate::collections::Array;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::str::Str;
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

/// A replacement pattern filled in: `$1`, `${name}`, `$$`, `$&`, `` $` ``, `$'`, `$+`, `$_`.
pub(super) fn expand(found: &Match, replacement: &str) -> String {
    let input = found.whole.input.as_utf8().unwrap_or_default();
    let (start, end) = found.whole.range.unwrap_or((0, 0));
    let mut text = String::new();
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let (filled, length) = match after.chars().next() {
            Some('$') => (Some("$".into()), 1),
            Some('&') => (Some(found.whole.text().to_string()), 1),
            Some('`') => (input.get(..start).map(str::to_string), 1),
            Some('\'') => (input.get(end..).map(str::to_string), 1),
            Some('_') => (Some(input.to_string()), 1),
            Some('+') => {
                let last = found.ranges.iter().skip(1).next_back().copied().flatten();
                let text = last
                    .and_then(|(start, end)| input.get(start..end))
                    .unwrap_or_default();
                (Some(text.to_string()), 1)
            }
            Some('{') => match after.get(1..).and_then(|rest| rest.split_once('}')) {
                Some((name, _)) => (
                    found.group(name).map(|text| text.to_string()),
                    name.len() + 2,
                ),
                None => (None, 0),
            },
            Some(c) if c.is_ascii_digit() => numbered(found, after),
            _ => (None, 0),
        };
        match filled {
            Some(filled) => {
                text.push_str(&filled);
                rest = after.get(length..).unwrap_or_default();
            }
            None => {
                text.push('$');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// The longest number that is a group's, with how many digits it has.
fn numbered(found: &Match, text: &str) -> (Option<String>, usize) {
    let digits = text.bytes().take(4).take_while(u8::is_ascii_digit).count();
    for length in (1..=digits).rev() {
        let number = text.get(..length).unwrap_or_default();
        let place = number.parse::<usize>().ok();
        if place.is_some_and(|place| place < found.ranges.len()) {
            return (found.group(number).map(|text| text.to_string()), length);
        }
    }
    (None, 0)
}

fn replaced(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Str,
    replacement: &Value,
    (count, from): (Option<usize>, usize),
) -> Result<Value, Throw> {
    let pattern = match replacement {
        Value::Null => return Err(Throw::argument_null("replacement")),
        Value::String(pattern) => Some(pattern.to_utf8()),
        _ => None,
    };
    let text = input.as_utf8().unwrap_or_default();
    let limit = call.machine.budget.string;
    let mut result = String::new();
    let (mut last, mut left) = (0, count.unwrap_or(usize::MAX));
    if left == 0 {
        return Ok(Value::String(input.clone()));
    }
    every(call.machine, regex, input, from, |machine, found| {
        let (start, end) = found.whole.range.unwrap_or((0, 0));
        result.push_str(text.get(last..start).unwrap_or_default());
        last = end;
        match &pattern {
            Some(pattern) => result.push_str(&expand(&found, pattern)),
            None => {
                let value = machine.call(replacement, &[Value::object(found)])?;
                result.push_str(&ops::to_text(machine, &value)?.to_utf8());
            }
        }
        if result.len() > limit {
            return Err(Throw::limit("it made a string longer than is allowed"));
        }
        left -= 1;
        Ok(left > 0)
    })?;
    if last == 0 && result.is_empty() {
        return Ok(Value::String(input.clone()));
    }
    result.push_str(text.get(last..).unwrap_or_default());
    call.new_text(result)
}

pub(super) fn replace(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    replaced(call, &regex, &input, call.arg(2), (None, 0))
}

pub(super) fn replace_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    // A negative count replaces all.
    let count = match call.arg(3) {
        Value::Int32(count) => usize::try_from(*count).ok(),
        _ => None,
    };
    let from = start_at(call, 4, &input)?;
    replaced(call, &regex, &input, call.arg(2), (count, from))
}

fn pieces(
    call: &mut Call<'_, '_>,
    regex: &Arc<Regex>,
    input: &Str,
    most: usize,
) -> Result<Value, Throw> {
    let mut pieces: Vec<Str> = Vec::new();
    let (mut last, mut cuts) = (0, 0);
    if most != 1 {
        every(call.machine, regex, input, 0, |_, found| {
            let (start, end) = found.whole.range.unwrap_or((0, 0));
            pieces.push(input.slice(last, start).unwrap_or_default());
            last = end;
            // What groups captured stands between the pieces.
            for range in found.ranges.iter().skip(1).flatten() {
                pieces.push(input.slice(range.0, range.1).unwrap_or_default());
            }
            cuts += 1;
            Ok(most == 0 || cuts + 1 < most)
        })?;
    }
    let end = input.as_utf8().map_or(0, str::len);
    pieces.push(input.slice(last, end).unwrap_or_default());
    call.new_array(Array::strings(pieces))
}

pub(super) fn split(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (input, regex) = (input(call, 0)?, pattern(call)?);
    pieces(call, &regex, &input, 0)
}

pub(super) fn split_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (regex, input) = (this(call)?, input(call, 1)?);
    let most = match call.arg(2) {
        Value::Int32(_) => call.count(2, "count")?,
        _ => 0,
    };
    pieces(call, &regex, &input, most)
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
    let source = call.text(0, "str")?.to_utf8();
    let mut text = String::new();
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let unescaped = match chars.clone().next() {
            Some('x') => Some(2),
            Some('u') => Some(4),
            _ => None,
        };
        match unescaped {
            Some(count) => {
                let digits: String = chars.by_ref().skip(1).take(count).collect();
                let code = u32::from_str_radix(&digits, 16)
                    .ok()
                    .and_then(char::from_u32);
                text.push(code.unwrap_or('\u{FFFD}'));
            }
            None => text.push(match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some('v') => '\u{b}',
                Some('a') => '\u{7}',
                Some('e') => '\u{1b}',
                Some(other) => other,
                None => return Err(Throw::argument("Illegal \\ at end of pattern.")),
            }),
        }
    }
    call.new_text(text)
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
