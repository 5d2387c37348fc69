//! Texts by language, as .NET has it in the invariant culture: the root order of Unicode's collation.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::LazyLock;

use icu_collator::CollatorBorrowed;
use icu_collator::options::{CollatorOptions, Strength};
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::machine::Machine;
use crate::str::Str;
use crate::throw::Throw;

/// The root order; its data are compiled in, so there is always one.
fn collator(strength: Strength) -> Option<CollatorBorrowed<'static>> {
    let mut options = CollatorOptions::default();
    options.strength = Some(strength);
    CollatorBorrowed::try_new(Default::default(), options).ok()
}

static EXACT: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| collator(Strength::Tertiary));
static WITHOUT_CASE: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| collator(Strength::Secondary));

fn order(ignore_case: bool) -> Option<&'static CollatorBorrowed<'static>> {
    match ignore_case {
        false => EXACT.as_ref(),
        true => WITHOUT_CASE.as_ref(),
    }
}

/// Charges for comparing two texts: what comes after where they differ may have to be looked at letter by letter.
pub(crate) fn work(machine: &mut Machine<'_>, a: &Str, b: &Str) -> Result<(), Throw> {
    let length = a.size().min(b.size());
    let same = match (a.as_utf8(), b.as_utf8()) {
        (Some(a), Some(b)) => a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count(),
        _ => 0,
    };
    machine.work(same)?;
    machine.work(length.saturating_sub(same).saturating_mul(32))
}

/// Linguistic order: letters by alphabet, then accents, then lower before upper case (`a < A < b < B`).
pub(crate) fn compare(a: &Str, b: &Str, ignore_case: bool) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (a.as_utf8(), b.as_utf8()) {
        (Some(a), Some(b)) => {
            let order = order(ignore_case).map_or_else(|| a.cmp(b), |order| order.compare(a, b));
            match ignore_case && order.is_eq() {
                true => by_form(a.chars().map(u32::from), b.chars().map(u32::from)),
                false => order,
            }
        }
        _ => compare_units(
            &a.units().collect::<Vec<_>>(),
            &b.units().collect::<Vec<_>>(),
            ignore_case,
        ),
    }
}

fn compare_units(a: &[u16], b: &[u16], ignore_case: bool) -> Ordering {
    let order = order(ignore_case).map_or_else(|| a.cmp(b), |order| order.compare_utf16(a, b));
    match ignore_case && order.is_eq() {
        true => by_form(
            a.iter().map(|unit| u32::from(*unit)),
            b.iter().map(|unit| u32::from(*unit)),
        ),
        false => order,
    }
}

/// .NET keeps Hiragana from Katakana, and half from full width, where it ignores case.
fn by_form(a: impl Iterator<Item = u32>, b: impl Iterator<Item = u32>) -> Ordering {
    let form = |c: &u32| matches!(c, 0x3041..=0x30ff | 0xff00..=0xffef);
    a.filter(form)
        .map(unfolded)
        .cmp(b.filter(form).map(unfolded))
}

/// A full-width letter in lower case.
fn unfolded(c: u32) -> u32 {
    match c {
        0xff21..=0xff3a => c + 0x20,
        _ => c,
    }
}

fn category(unit: u16) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get32(u32::from(unit))
}

/// Whether a match may begin or end at a place: not inside a character with its marks.
fn is_boundary(text: &[u16], place: usize) -> bool {
    match text.get(place) {
        None => true,
        Some(0xdc00..=0xdfff) => place == 0,
        Some(unit) => {
            place == 0
                || !matches!(
                    category(*unit),
                    GeneralCategory::NonspacingMark
                        | GeneralCategory::EnclosingMark
                        | GeneralCategory::SpacingMark
                )
        }
    }
}

/// Whether collation overlooks the whole text.
pub(crate) fn is_nothing(units: &[u16]) -> bool {
    compare_units(units, &[], false).is_eq()
}

/// Where a part that begins at a place and is equal to the needle ends.
fn end_of_match(text: &[u16], from: usize, needle: &[u16], ignore_case: bool) -> Option<usize> {
    let most = from.saturating_add(needle.len() * 3 + 8).min(text.len());
    (from..=most).find(|end| {
        is_boundary(text, *end)
            && text
                .get(from..*end)
                .is_some_and(|part| compare_units(part, needle, ignore_case).is_eq())
    })
}

/// How much work a search from so many places is, for [`Machine::work`]: from each, several ends are tried.
pub(crate) fn effort(places: usize, needle: usize) -> usize {
    let ends = needle.saturating_mul(3).saturating_add(8);
    let each = needle.saturating_mul(8).saturating_add(64);
    places.saturating_mul(ends.saturating_mul(each))
}

/// The first or last part of a text that is equal to a needle by language.
pub(crate) fn find(
    text: &[u16],
    needle: &[u16],
    ignore_case: bool,
    last: bool,
) -> Option<Range<usize>> {
    if is_nothing(needle) {
        let place = if last { text.len() } else { 0 };
        return Some(place..place);
    }
    let at = |from: usize| {
        // A match does not begin with what is overlooked.
        let begins = is_boundary(text, from)
            && text
                .get(from..=from)
                .is_some_and(|unit| !is_nothing(unit) || needle.first() == unit.first());
        begins
            .then(|| end_of_match(text, from, needle, ignore_case))
            .flatten()
            .map(|end| from..end)
    };
    match last {
        false => (0..text.len()).find_map(at),
        true => (0..text.len()).rev().find_map(at),
    }
}

/// Whether a text begins with a prefix by language.
pub(crate) fn starts_with(text: &[u16], prefix: &[u16], ignore_case: bool) -> bool {
    is_nothing(prefix) || end_of_match(text, 0, prefix, ignore_case).is_some()
}

/// Whether a text ends with a suffix by language.
pub(crate) fn ends_with(text: &[u16], suffix: &[u16], ignore_case: bool) -> bool {
    if is_nothing(suffix) {
        return true;
    }
    let least = text.len().saturating_sub(suffix.len() * 3 + 8);
    (least..=text.len()).rev().any(|from| {
        is_boundary(text, from)
            && text
                .get(from..)
                .is_some_and(|part| compare_units(part, suffix, ignore_case).is_eq())
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

    #[test]
    fn searches_see_characters_with_their_marks() {
        let find = |text: &str, needle: &str| {
            let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
            find(&units(text), &units(needle), false, false)
        };
        assert_eq!(find("xco\u{ad}op", "coop"), Some(1..6));
        assert_eq!(find("e\u{301}", "e"), None);
        assert_eq!(find("a\u{e9}", "e\u{301}"), Some(1..2));
    }
}
