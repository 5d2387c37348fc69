//! Numbers as text, as .NET writes and reads them.

mod custom;
mod format;
mod parse;

use std::borrow::Cow;

use crate::time::culture::{self, DateCulture};

pub(crate) use format::{double_text, format, single_text};
pub(crate) use parse::{Style, parse_decimal, parse_double, parse_integer};

/// How a culture writes numbers and dates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NumberCulture {
    pub(crate) decimal: &'static str,
    pub(crate) group: &'static str,
    pub(crate) currency: &'static str,
    /// Currency sign behind the number, after a space.
    pub(crate) currency_behind: bool,
    /// Negative money in brackets rather than with `-`.
    pub(crate) currency_brackets: bool,
    /// What stands between a number and its `%`.
    pub(crate) percent_gap: &'static str,
    /// How it writes dates.
    pub(crate) dates: &'static DateCulture,
}

impl NumberCulture {
    /// A number's text with the separators of the invariant culture; those of other cultures fit nothing.
    pub(crate) fn invariant<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        if (self.decimal, self.group) == (".", ",") {
            return text;
        }
        let separator = |c: char, separator: &str| separator.starts_with(c);
        // Signs of money and percent stand for themselves.
        let changed = text.chars().map(|c| match c {
            c if separator(c, self.decimal) => '.',
            c if separator(c, self.group) => ',',
            // People do not type the spaces that a culture's tables have.
            ' ' | '\u{a0}' if self.group.trim().is_empty() => ',',
            '.' | ',' => '\u{fffd}',
            c => c,
        });
        Cow::Owned(changed.collect())
    }

    /// The invariant culture.
    pub(crate) const INVARIANT: NumberCulture = NumberCulture {
        decimal: ".",
        group: ",",
        currency: "¤",
        currency_behind: false,
        currency_brackets: true,
        percent_gap: " ",
        dates: &culture::INVARIANT,
    };
}

/// Decimal digits with a point: `0.d1d2d3… × 10^scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digits {
    pub(crate) negative: bool,
    /// ASCII digits without leading zeros.
    pub(crate) digits: Vec<u8>,
    pub(crate) scale: i32,
}

impl Digits {
    /// From text such as `1234.5` or `1.25e-7`.
    pub(crate) fn read(text: &str) -> Digits {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut scale = len(whole) + exponent.parse::<i32>().unwrap_or(0);
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        scale -= i32::try_from(zeros).unwrap_or(i32::MAX);
        if digits.is_empty() {
            scale = 0;
        }
        Digits {
            negative,
            digits,
            scale,
        }
    }

    /// Keeps digits up to position `count`, rounding a half away from zero, and drops zeros at the end.
    pub(crate) fn round(&mut self, count: i32) {
        let keep = usize::try_from(count.max(0)).unwrap_or(0);
        let up = count >= 0 && self.digits.get(keep).is_some_and(|digit| *digit >= b'5');
        self.digits.truncate(keep);
        if up {
            loop {
                match self.digits.pop() {
                    Some(b'9') => {}
                    Some(digit) => {
                        self.digits.push(digit + 1);
                        break;
                    }
                    None => {
                        self.digits.push(b'1');
                        self.scale += 1;
                        break;
                    }
                }
            }
        }
        self.trim();
    }

    /// Drops zeros at the end.
    pub(crate) fn trim(&mut self) {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.scale = 0;
        }
    }

    /// The digit that many places after the first; `0` beyond the end.
    pub(crate) fn at(&self, index: i32) -> char {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.digits.get(index))
            .map_or('0', |digit| char::from(*digit))
    }
}

/// A length as `i32`; numbers have few digits.
pub(crate) fn len(text: &str) -> i32 {
    i32::try_from(text.len()).unwrap_or(i32::MAX)
}
