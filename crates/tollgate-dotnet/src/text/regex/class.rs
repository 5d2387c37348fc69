//! Sets of UTF-16 units, as `[…]`, `\w` and `.` describe them.

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use super::blocks::BLOCKS;

/// A set of units: ranges and categories, perhaps turned round, less another set.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    ranges: Vec<(u16, u16)>,
    kinds: Vec<Kind>,
    negated: bool,
    minus: Option<Box<Set>>,
    /// What of ASCII is in it; made when the set is complete.
    ascii: u128,
}

/// Units of some general categories, or white space, or all others than those.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    categories: u32,
    space: bool,
    negated: bool,
}

const fn bit(category: GeneralCategory) -> u32 {
    1 << category as u32
}

const LETTER: u32 = bit(GeneralCategory::UppercaseLetter)
    | bit(GeneralCategory::LowercaseLetter)
    | bit(GeneralCategory::TitlecaseLetter)
    | bit(GeneralCategory::ModifierLetter)
    | bit(GeneralCategory::OtherLetter);
const MARK: u32 = bit(GeneralCategory::NonspacingMark)
    | bit(GeneralCategory::SpacingMark)
    | bit(GeneralCategory::EnclosingMark);
const NUMBER: u32 = bit(GeneralCategory::DecimalNumber)
    | bit(GeneralCategory::LetterNumber)
    | bit(GeneralCategory::OtherNumber);
const PUNCTUATION: u32 = bit(GeneralCategory::ConnectorPunctuation)
    | bit(GeneralCategory::DashPunctuation)
    | bit(GeneralCategory::OpenPunctuation)
    | bit(GeneralCategory::ClosePunctuation)
    | bit(GeneralCategory::InitialPunctuation)
    | bit(GeneralCategory::FinalPunctuation)
    | bit(GeneralCategory::OtherPunctuation);
const SYMBOL: u32 = bit(GeneralCategory::MathSymbol)
    | bit(GeneralCategory::CurrencySymbol)
    | bit(GeneralCategory::ModifierSymbol)
    | bit(GeneralCategory::OtherSymbol);
const SEPARATOR: u32 = bit(GeneralCategory::SpaceSeparator)
    | bit(GeneralCategory::LineSeparator)
    | bit(GeneralCategory::ParagraphSeparator);
const OTHER: u32 = bit(GeneralCategory::Control)
    | bit(GeneralCategory::Format)
    | bit(GeneralCategory::Surrogate)
    | bit(GeneralCategory::PrivateUse)
    | bit(GeneralCategory::Unassigned);

/// The categories that `\p{…}` knows.
const CATEGORIES: &[(&str, u32)] = &[
    ("L", LETTER),
    ("Lu", bit(GeneralCategory::UppercaseLetter)),
    ("Ll", bit(GeneralCategory::LowercaseLetter)),
    ("Lt", bit(GeneralCategory::TitlecaseLetter)),
    ("Lm", bit(GeneralCategory::ModifierLetter)),
    ("Lo", bit(GeneralCategory::OtherLetter)),
    ("M", MARK),
    ("Mn", bit(GeneralCategory::NonspacingMark)),
    ("Mc", bit(GeneralCategory::SpacingMark)),
    ("Me", bit(GeneralCategory::EnclosingMark)),
    ("N", NUMBER),
    ("Nd", bit(GeneralCategory::DecimalNumber)),
    ("Nl", bit(GeneralCategory::LetterNumber)),
    ("No", bit(GeneralCategory::OtherNumber)),
    ("P", PUNCTUATION),
    ("Pc", bit(GeneralCategory::ConnectorPunctuation)),
    ("Pd", bit(GeneralCategory::DashPunctuation)),
    ("Ps", bit(GeneralCategory::OpenPunctuation)),
    ("Pe", bit(GeneralCategory::ClosePunctuation)),
    ("Pi", bit(GeneralCategory::InitialPunctuation)),
    ("Pf", bit(GeneralCategory::FinalPunctuation)),
    ("Po", bit(GeneralCategory::OtherPunctuation)),
    ("S", SYMBOL),
    ("Sm", bit(GeneralCategory::MathSymbol)),
    ("Sc", bit(GeneralCategory::CurrencySymbol)),
    ("Sk", bit(GeneralCategory::ModifierSymbol)),
    ("So", bit(GeneralCategory::OtherSymbol)),
    ("Z", SEPARATOR),
    ("Zs", bit(GeneralCategory::SpaceSeparator)),
    ("Zl", bit(GeneralCategory::LineSeparator)),
    ("Zp", bit(GeneralCategory::ParagraphSeparator)),
    ("C", OTHER),
    ("Cc", bit(GeneralCategory::Control)),
    ("Cf", bit(GeneralCategory::Format)),
    ("Cs", bit(GeneralCategory::Surrogate)),
    ("Co", bit(GeneralCategory::PrivateUse)),
    ("Cn", bit(GeneralCategory::Unassigned)),
];

impl Kind {
    const fn of(categories: u32) -> Kind {
        Kind {
            categories,
            space: false,
            negated: false,
        }
    }

    /// `\d`.
    pub(super) const DIGIT: Kind = Kind::of(bit(GeneralCategory::DecimalNumber));
    /// `\w`.
    pub(super) const WORD: Kind = Kind::of(
        LETTER
            | bit(GeneralCategory::NonspacingMark)
            | bit(GeneralCategory::DecimalNumber)
            | bit(GeneralCategory::ConnectorPunctuation),
    );
    /// `\s`.
    pub(super) const SPACE: Kind = Kind {
        categories: 0,
        space: true,
        negated: false,
    };

    /// All others.
    pub(super) const fn not(mut self, negated: bool) -> Kind {
        self.negated = self.negated != negated;
        self
    }

    fn has(self, unit: u16) -> bool {
        let inside = match self.space {
            true => is_space(unit),
            false => self.categories & bit(category(unit)) != 0,
        };
        inside != self.negated
    }
}

/// The general category of a unit, a surrogate being one by itself.
fn category(unit: u16) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get32(u32::from(unit))
}

fn is_space(unit: u16) -> bool {
    char::from_u32(u32::from(unit)).is_some_and(char::is_whitespace)
}

/// What `\b` takes for part of a word: `\w` and the two joiners.
pub(super) fn is_word(unit: u16) -> bool {
    match u8::try_from(unit) {
        Ok(byte @ 0..=127) => byte.is_ascii_alphanumeric() || byte == b'_',
        _ => Kind::WORD.has(unit) || matches!(unit, 0x200c | 0x200d),
    }
}

/// What `\b` takes for part of a word under `ECMAScript`.
pub(super) fn is_ecma_word(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        || unit == 0x130
}

impl Set {
    /// One unit.
    pub(super) fn one(unit: u16) -> Set {
        let mut set = Set::default();
        set.add(unit, unit);
        set
    }

    /// One kind of units.
    pub(super) fn kind(kind: Kind) -> Set {
        let mut set = Set::default();
        set.kinds.push(kind);
        set.finish(false)
    }

    /// All but one unit.
    pub(super) fn all_but(unit: u16) -> Set {
        let mut set = Set::one(unit);
        set.negated = true;
        set.finish(false)
    }

    /// Every unit.
    pub(super) fn all() -> Set {
        let mut set = Set::default();
        set.add(0, u16::MAX);
        set.finish(false)
    }

    pub(super) fn add(&mut self, low: u16, high: u16) {
        self.ranges.push((low, high));
    }

    pub(super) fn add_kind(&mut self, kind: Kind) {
        self.kinds.push(kind);
    }

    pub(super) fn add_all(&mut self, ranges: &[(u16, u16)]) {
        self.ranges.extend_from_slice(ranges);
    }

    /// Adds what `\p{name}` means; `false` if there is no such thing.
    pub(super) fn add_property(&mut self, name: &str, negated: bool, ignore_case: bool) -> bool {
        /// Letters that have a case.
        const CASED: u32 = bit(GeneralCategory::UppercaseLetter)
            | bit(GeneralCategory::LowercaseLetter)
            | bit(GeneralCategory::TitlecaseLetter);
        if let Some((_, categories)) = CATEGORIES.iter().find(|(known, _)| *known == name) {
            let categories = match ignore_case && matches!(name, "Lu" | "Ll" | "Lt") {
                true => CASED,
                false => *categories,
            };
            self.add_kind(Kind::of(categories).not(negated));
            return true;
        }
        let Some((_, low, high)) = BLOCKS.iter().find(|(known, ..)| *known == name) else {
            return false;
        };
        match negated {
            false => self.add(*low, *high),
            true => {
                if let Some(before) = low.checked_sub(1) {
                    self.add(0, before);
                }
                if let Some(after) = high.checked_add(1) {
                    self.add(after, u16::MAX);
                }
            }
        }
        true
    }

    pub(super) fn subtract(&mut self, set: Set) {
        self.minus = Some(Box::new(set));
    }

    pub(super) fn negate(&mut self) {
        self.negated = true;
    }

    /// Completes the set; with the other case of all its letters if `ignore_case`.
    pub(super) fn finish(mut self, ignore_case: bool) -> Set {
        if ignore_case {
            let inside = |unit: u16| self.in_ranges(unit);
            let others: Vec<u16> = CASES
                .iter()
                .filter(|(unit, _)| inside(**unit))
                .flat_map(|(_, others)| others.iter().copied())
                .collect();
            for unit in others {
                self.add(unit, unit);
            }
        }
        self.ranges.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::with_capacity(self.ranges.len());
        for (low, high) in self.ranges.drain(..) {
            match merged.last_mut() {
                Some((_, last)) if low <= last.saturating_add(1) => *last = (*last).max(high),
                _ => merged.push((low, high)),
            }
        }
        self.ranges = merged;
        self.ascii = (0..128u16)
            .filter(|unit| self.looked_up(*unit))
            .fold(0, |bits, unit| bits | 1 << unit);
        self
    }

    /// The one unit that is in it, if it is one.
    pub(super) fn single(&self) -> Option<u16> {
        match *self.ranges {
            [(low, high)]
                if low == high
                    && !self.negated
                    && self.kinds.is_empty()
                    && self.minus.is_none() =>
            {
                Some(low)
            }
            _ => None,
        }
    }

    /// What of ASCII is in it, and whether anything beyond may be.
    pub(super) fn summary(&self) -> (u128, bool) {
        let beyond = self.negated
            || !self.kinds.is_empty()
            || self.ranges.iter().any(|(_, high)| *high >= 128);
        (self.ascii, beyond)
    }

    /// Whether a unit is in it.
    #[inline]
    pub(super) fn has(&self, unit: u16) -> bool {
        match unit {
            0..=127 => self.ascii >> unit & 1 != 0,
            _ => self.looked_up(unit),
        }
    }

    fn in_ranges(&self, unit: u16) -> bool {
        self.ranges
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&unit))
    }

    fn looked_up(&self, unit: u16) -> bool {
        let inside = self.in_ranges(unit) || self.kinds.iter().any(|kind| kind.has(unit));
        inside != self.negated && !self.minus.as_ref().is_some_and(|minus| minus.has(unit))
    }
}

/// The units that differ from a unit in case only.
pub(super) fn other_cases(unit: u16) -> &'static [u16] {
    CASES.get(&unit).map_or(&[], Vec::as_slice)
}

/// Whether two units are the same but for case.
pub(super) fn same_but_case(a: u16, b: u16) -> bool {
    a == b || other_cases(a).contains(&b)
}

/// Units by what they become in lower case, each with the others that become the same.
static CASES: LazyLock<HashMap<u16, Vec<u16>>> = LazyLock::new(|| {
    let mut by_lower: HashMap<u16, Vec<u16>> = HashMap::new();
    for unit in 0..=u16::MAX {
        let lower = crate::system::lower_unit(unit);
        if lower != unit {
            by_lower.entry(lower).or_default().push(unit);
        }
    }
    let mut cases = HashMap::new();
    for (lower, mut units) in by_lower {
        units.push(lower);
        for unit in &units {
            let others = units.iter().copied().filter(|other| other != unit);
            cases.insert(*unit, others.collect());
        }
    }
    cases
});
