//! What strings tell in place: ordinal tests against ASCII, and pieces between ASCII characters.

use memchr::memmem;

use super::edit::is_white;
use crate::lend::{Lent, Loan};
use crate::value::Value;

/// How many bytes are looked at one by one.
const SHORT: usize = 256;

/// Argument `index` as ASCII characters: a string, or a `char` put into `unit`.
fn needle<'n>(loan: &Loan<'n, '_>, index: usize, unit: &'n mut [u8; 1]) -> Option<&'n [u8]> {
    match loan.arg(index) {
        Value::String(text) => text.as_ascii(),
        Value::Char(character) => {
            *unit = [u8::try_from(*character).ok().filter(u8::is_ascii)?];
            Some(unit)
        }
        _ => None,
    }
}

fn test<'a>(loan: &Loan<'a, '_>, test: fn(&[u8], &[u8]) -> bool) -> Option<Lent<'a>> {
    let text = loan.text()?;
    let mut unit = [0];
    let needle = needle(loan, 1, &mut unit)?;
    Some(Lent::Bool(test(text, needle)))
}

pub(super) fn starts_with<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    test(loan, <[u8]>::starts_with)
}

pub(super) fn ends_with<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    test(loan, <[u8]>::ends_with)
}

pub(super) fn contains<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let text = loan.text()?;
    let mut unit = [0];
    Some(Lent::Bool(match needle(loan, 1, &mut unit)? {
        [byte] => memchr::memchr(*byte, text).is_some(),
        // A needle may be such that the search compares much.
        _ if text.len() > SHORT => return None,
        needle => memmem::find(text, needle).is_some(),
    }))
}

pub(super) fn equals<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let same = loan.first.same_text(&Lent::Value(loan.arg(1)))?;
    Some(Lent::Bool(same))
}

/// With a `StringComparison` of `Ordinal` or `OrdinalIgnoreCase`.
pub(super) fn equals_by<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    match loan.arg(2) {
        Value::Enum(_, 4) => equals(loan),
        Value::Enum(_, 5) => {
            let text = loan.text()?;
            if text.len() > SHORT || !text.is_ascii() {
                return None;
            }
            let other = loan.arg(1).as_str()?.as_ascii()?;
            Some(Lent::Bool(text.eq_ignore_ascii_case(other)))
        }
        _ => None,
    }
}

pub(super) fn length<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let text = loan.text().filter(|text| text.is_ascii())?;
    i32::try_from(text.len()).ok().map(Lent::Int)
}

pub(super) fn is_null_or_empty<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let empty = match loan.text() {
        Some(text) => text.is_empty(),
        None if loan.first.is_null() => true,
        None => return None,
    };
    Some(Lent::Bool(empty))
}

/// Without the white space around it; what is around it must be ASCII.
pub(super) fn trim<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let text = loan.text()?;
    let white = |byte: &u8| byte.is_ascii() && is_white(u16::from(*byte));
    let before = text.iter().take(SHORT).take_while(|byte| white(byte));
    let text = text.get(before.count()..)?;
    let after = text.iter().rev().take(SHORT).take_while(|byte| white(byte));
    let text = text.get(..text.len().checked_sub(after.count())?)?;
    if text.first().is_some_and(white) || text.last().is_some_and(white) {
        return None;
    }
    let ascii = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii);
    (ascii(text.first()) && ascii(text.last())).then_some(Lent::Text(text))
}

/// From an index on; what is before it must be ASCII.
pub(super) fn substring<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let Value::Int32(start) = loan.arg(1) else {
        return None;
    };
    let (before, after) = (loan.text()?).split_at_checked(usize::try_from(*start).ok()?)?;
    before.is_ascii().then_some(Lent::Text(after))
}

/// At an ASCII character, with no options.
pub(super) fn split<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let (Value::Char(separator @ 0..=127), Value::Enum(_, 0)) = (loan.arg(1), loan.arg(2)) else {
        return None;
    };
    let separator = u8::try_from(*separator).ok()?;
    Some(Lent::Pieces(loan.text()?, Some(separator)))
}
