//! `System.MathF`: `Math` in single precision.

use crate::member::{Call, Member, TypeDef, TypeKind, pure};
use crate::system::{float, math};
use crate::throw::Throw;
use crate::value::Value;

/// `System.MathF`.
pub(super) static MATH_F: TypeDef = TypeDef {
    name: "System.MathF",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = float::functions!(
    "float", f32, Single;
    pure("static float E { get; }", |_| Ok(Value::Single(std::f32::consts::E))),
    pure("static float PI { get; }", |_| Ok(Value::Single(std::f32::consts::PI))),
    pure("static float Tau { get; }", |_| Ok(Value::Single(std::f32::consts::TAU))),
    pure("static float IEEERemainder(float x, float y)", |call| {
        // Exact in a `double`.
        Ok(Value::Single(math::ieee_remainder(call.double(0)?, call.double(1)?) as f32))
    }),
    pure("static float MaxMagnitude(float x, float y)", |call| magnitude(call, true)),
    pure("static float MinMagnitude(float x, float y)", |call| magnitude(call, false)),
    pure("static float Round(float x)", round),
    pure("static float Round(float x, int digits)", round),
    pure("static float Round(float x, MidpointRounding mode)", round),
    pure("static float Round(float x, int digits, MidpointRounding mode)", round),
);

fn magnitude(call: &mut Call<'_, '_>, further: bool) -> Result<Value, Throw> {
    match math::magnitude(call, further)? {
        Value::Double(number) => Ok(Value::Single(number as f32)),
        other => Ok(other),
    }
}

/// As `Math.Round`, with at most six digits.
pub(super) fn round(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let number = float::f32(call, 0)?;
    let digits = match call.arg(1) {
        Value::Int32(digits) => *digits,
        _ => 0,
    };
    if !(0..=6).contains(&digits) {
        return Err(Throw::argument_out_of_range(
            "Rounding digits must be between 0 and 6, inclusive. (Parameter 'digits')",
        ));
    }
    if number.abs() >= 1e8 || !number.is_finite() {
        return Ok(Value::Single(number));
    }
    let power = 10f32.powi(digits);
    let scaled = number * power;
    // Whole numbers that come of a float are floats.
    let rounded = math::to_integer(call, f64::from(scaled)) as f32;
    Ok(Value::Single(rounded / power))
}
