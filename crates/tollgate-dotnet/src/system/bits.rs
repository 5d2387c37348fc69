//! What integral types have as static methods: bits, parity and the like.

use crate::convert::Primitive;
use crate::member::Call;
use crate::throw::Throw;
use crate::value::Value;

/// The number in argument `index`, as a type of `width` bits holds it.
fn pattern(call: &Call<'_, '_>, index: usize, width: u32) -> Result<u128, Throw> {
    let mask = u128::MAX >> (128 - width);
    Ok(call.integer(index)?.cast_unsigned() & mask)
}

/// How many bits a type has.
fn width(primitive: Primitive) -> u32 {
    match primitive {
        Primitive::SByte | Primitive::Byte => 8,
        Primitive::Int16 | Primitive::UInt16 | Primitive::Char => 16,
        Primitive::Int64 | Primitive::UInt64 => 64,
        _ => 32,
    }
}

fn counted(primitive: Primitive, count: u32) -> Result<Value, Throw> {
    Ok(primitive.wrap(count.into()))
}

pub(super) fn pop_count(call: &Call<'_, '_>, primitive: Primitive) -> Result<Value, Throw> {
    counted(primitive, pattern(call, 0, width(primitive))?.count_ones())
}

pub(super) fn leading_zeros(call: &Call<'_, '_>, primitive: Primitive) -> Result<Value, Throw> {
    let width = width(primitive);
    let zeros = pattern(call, 0, width)?.leading_zeros();
    counted(primitive, zeros.saturating_sub(128 - width))
}

pub(super) fn trailing_zeros(call: &Call<'_, '_>, primitive: Primitive) -> Result<Value, Throw> {
    let width = width(primitive);
    let zeros = pattern(call, 0, width)?.trailing_zeros();
    counted(primitive, zeros.min(width))
}

/// To the left; a negative amount goes to the right.
pub(super) fn rotate(
    call: &Call<'_, '_>,
    primitive: Primitive,
    left: bool,
) -> Result<Value, Throw> {
    let width = width(primitive);
    let bits = pattern(call, 0, width)?;
    let amount = call.int(1)?;
    let amount = if left {
        i64::from(amount)
    } else {
        -i64::from(amount)
    };
    // Between 0 and the width.
    let amount = u32::try_from(amount.rem_euclid(width.into())).unwrap_or(0);
    let rotated = bits << amount | bits >> (width - amount);
    // `wrap` keeps the low bits.
    Ok(primitive.wrap(rotated.cast_signed()))
}

pub(super) fn is_pow2(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let number = call.integer(0)?;
    Ok((number > 0 && number.count_ones() == 1).into())
}

pub(super) fn log2(call: &Call<'_, '_>, primitive: Primitive) -> Result<Value, Throw> {
    match call.integer(0)? {
        ..0 => Err(Throw::argument_out_of_range(
            "Non-negative number required. (Parameter 'value')",
        )),
        number => counted(primitive, number.checked_ilog2().unwrap_or(0)),
    }
}

pub(super) fn is_even(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok((call.integer(0)? % 2 == 0).into())
}

pub(super) fn is_odd(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok((call.integer(0)? % 2 != 0).into())
}

pub(super) fn is_negative(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok((call.integer(0)? < 0).into())
}

pub(super) fn is_positive(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok((call.integer(0)? >= 0).into())
}

/// The size of the one with the sign of the other.
pub(super) fn copy_sign(call: &Call<'_, '_>, primitive: Primitive) -> Result<Value, Throw> {
    let size = call.integer(0)?.abs();
    let number = if call.integer(1)? < 0 { -size } else { size };
    match primitive.range() {
        Some((low, high)) if (low..=high).contains(&number) => Ok(primitive.wrap(number)),
        _ => Err(Throw::overflow(
            "Negating the minimum value of a twos complement number is invalid.",
        )),
    }
}

/// The one further from zero, or nearer; of two as far the positive one, or the negative.
pub(super) fn magnitude(call: &Call<'_, '_>, further: bool) -> Result<Value, Throw> {
    let (x, y) = (call.integer(0)?, call.integer(1)?);
    let first = match x.abs().cmp(&y.abs()) {
        std::cmp::Ordering::Equal => (x >= 0) == further,
        order => order.is_gt() == further,
    };
    Ok(call.arg(usize::from(!first)).clone())
}
