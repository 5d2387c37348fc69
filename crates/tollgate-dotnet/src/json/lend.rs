//! What tokens tell in place: of JSON that nobody can change, as the body of a request is to a condition.

use super::iso_date;
use super::read::Reads;
use super::tape::{Item, Tape};
use crate::lend::{LONGEST_LENT, Lent, Loan};
use crate::types::Type;

/// The token at the top of JSON that was read before, as a value of `ty`; `None` if `JObject` and its like would not
/// take it, or if it is too long to be searched before it is paid for.
pub fn lent<'a>(tape: &'a Tape, ty: &Type) -> Option<Lent<'a>> {
    let fits = match super::reads_of(ty)? {
        Reads::Token => true,
        Reads::Object => tape.item(0) == Some(Item::Object),
        Reads::Array => tape.item(0) == Some(Item::Array),
    };
    (fits && tape.text().size() <= LONGEST_LENT).then_some(Lent::Token(tape, 0))
}

/// The value of the property that argument 1 names; `null` if there is none.
pub(super) fn member<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    Some(find(loan)?.unwrap_or(Lent::NULL))
}

/// Whether there is a property that argument 1 names.
pub(super) fn has_member<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    Some(Lent::Bool(find(loan)?.is_some()))
}

/// `Value<T>(key)`.
pub(super) fn value_of_member<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let found = find(loan)??;
    match loan.ty()? {
        ty if ty.is_string() => string(&found),
        ty if ty.is_int() => int(&found),
        ty if ty.is_bool() => bool(&found),
        _ => None,
    }
}

/// `(string)token`, also `token.ToString()` of a string.
pub(super) fn to_string<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    match loan.first.is_null() {
        true => Some(Lent::NULL),
        false => string(loan.first),
    }
}

/// `(int)token`.
pub(super) fn to_int<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    int(loan.first)
}

/// `(bool)token`.
pub(super) fn to_bool<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    bool(loan.first)
}

#[inline(always)]
#[expect(
    clippy::option_option,
    reason = "no property is not one that cannot be told"
)]
fn find<'a>(loan: &Loan<'a, '_>) -> Option<Option<Lent<'a>>> {
    let Lent::Token(tape, object) = *loan.first else {
        return None;
    };
    let name = loan.arg(1).as_str()?.as_utf8()?;
    match tape.item(object)? {
        Item::Object => {
            loan.machine.heap.spend(tape.text().size());
            let property = tape.property(object, name);
            Some(property.map(|property| Lent::Token(tape, property + 1)))
        }
        _ => None,
    }
}

/// A string that does not look like a date, which Newtonsoft would make of it.
fn string<'a>(token: &Lent<'a>) -> Option<Lent<'a>> {
    let Lent::Token(tape, index) = *token else {
        return None;
    };
    let text = tape.plain_string(index)?;
    let date = iso_date::read(text).is_some();
    (!date).then_some(Lent::Text(text.as_bytes()))
}

fn int<'a>(token: &Lent<'a>) -> Option<Lent<'a>> {
    scalar(token)?.parse().ok().map(Lent::Int)
}

fn bool<'a>(token: &Lent<'a>) -> Option<Lent<'a>> {
    scalar(token)?.parse().ok().map(Lent::Bool)
}

/// What stands there for a number or a truth; of a string, too, what cannot be read as either.
fn scalar<'a>(token: &Lent<'a>) -> Option<&'a str> {
    match *token {
        Lent::Token(tape, index) if tape.item(index)? == Item::Scalar => tape.raw(index),
        _ => None,
    }
}
