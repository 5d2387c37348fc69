//! The order of texts by language, as .NET has it in the invariant culture.

use std::cmp::Ordering;

use crate::str::Str;

/// Linguistic order: letters by alphabet, then accents, then lower before upper case (`a < A < b < B`).
///
/// Exact for ASCII and the accented Latin letters; other scripts go by code point.
pub(crate) fn compare(a: &Str, b: &Str, ignore_case: bool) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (a, b) = (a.to_utf8(), b.to_utf8());
    let keys = |text: &str| -> Vec<Key> { text.chars().flat_map(key).collect() };
    let (a, b) = (keys(&a), keys(&b));
    a.iter()
        .map(|key| key.primary)
        .cmp(b.iter().map(|key| key.primary))
        .then_with(|| {
            a.iter()
                .map(|key| key.accent)
                .cmp(b.iter().map(|key| key.accent))
        })
        .then_with(|| match ignore_case {
            true => Ordering::Equal,
            false => a
                .iter()
                .map(|key| key.upper)
                .cmp(b.iter().map(|key| key.upper)),
        })
}

/// What a character counts for, level by level.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    primary: u32,
    accent: u8,
    upper: bool,
}

/// Marks of ASCII in the order of the Unicode collation table.
const MARKS: &str = "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Base letters of the letters from U+00C0 to U+017F; `?` where there is none.
const BASES: &str = concat!(
    "AAAAAA?CEEEEIIII?NOOOOO?OUUUUY??aaaaaa?ceeeeiiii?nooooo?ouuuuy?y",
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHh??IiIiIiIiI???JjKk?LlLlLl?",
    "?LlNnNnNn???OoOoOo??RrRrRrSsSsSsSsTtTt??UuUuUuUuUuUuWwYyYZzZzZz?",
);

fn key(c: char) -> Option<Key> {
    let (base, accent) = match c {
        '\0'..='\u{8}'
        | '\u{e}'..='\u{1f}'
        | '\u{7f}'
        | '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{feff}' => {
            return None;
        }
        '\u{c0}'..='\u{17f}' => {
            let index = usize::try_from(u32::from(c) - 0xc0).ok()?;
            match BASES.as_bytes().get(index).copied().map(char::from) {
                Some(base) if base != '?' => (base, u8::try_from(index % 251).unwrap_or(0) + 1),
                _ => (c, 0),
            }
        }
        // A combining mark weighs as an accent of nothing.
        '\u{300}'..='\u{36f}' => {
            return Some(Key {
                primary: 0,
                accent: 255,
                upper: false,
            });
        }
        c => (c, 0),
    };
    let lower = base.to_lowercase().next().unwrap_or(base);
    let primary = match MARKS.find(lower) {
        Some(place) if lower.is_ascii() => u32::try_from(place).unwrap_or(0) + 1,
        _ if lower.is_ascii_digit() => 0x100 + u32::from(lower),
        _ if lower.is_alphabetic() => 0x1000 + u32::from(lower),
        _ => 0x80 + u32::from(lower) % 0x70,
    };
    Some(Key {
        primary,
        accent,
        upper: lower != base,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_come_after_letters() {
        let sorted = ["_", "10", "9", "a", "A", "b", "B", "é", "f", "Z"];
        for pair in sorted.windows(2) {
            if let [a, b] = pair {
                assert_eq!(
                    compare(&Str::from(*a), &Str::from(*b), false),
                    Ordering::Less,
                    "{a} {b}"
                );
            }
        }
        assert_eq!(
            compare(&Str::from("a"), &Str::from("A"), true),
            Ordering::Equal
        );
        assert_eq!(
            compare(&Str::from("resume"), &Str::from("résumé"), false),
            Ordering::Less
        );
        assert_eq!(
            compare(&Str::from("a\u{ad}b"), &Str::from("ab"), false),
            Ordering::Equal
        );
    }
}
