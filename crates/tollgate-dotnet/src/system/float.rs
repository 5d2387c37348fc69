//! The static methods that `MathF`, `float` and `double` have in common.

use crate::member::Call;
use crate::throw::Throw;

/// A table's rows: functions of one number, of two and of one to a truth, then others.
macro_rules! floating {
    (
        $keyword:literal, $float:ident, $value:ident;
        one { $($one:literal $one_function:expr;)* }
        two { $($two:literal $two_function:expr;)* }
        test { $($test:literal $test_function:expr;)* }
        $($more:expr),* $(,)?
    ) => {
        &[
            $(pure(concat!("static ", $keyword, " ", $one, "(", $keyword, " x)"), |call| {
                let function: fn($float) -> $float = $one_function;
                Ok(Value::$value(function(float::$float(call, 0)?)))
            }),)*
            $(pure(concat!("static ", $keyword, " ", $two, "(", $keyword, " x, ", $keyword, " y)"), |call| {
                let function: fn($float, $float) -> $float = $two_function;
                Ok(Value::$value(function(float::$float(call, 0)?, float::$float(call, 1)?)))
            }),)*
            $(pure(concat!("static bool ", $test, "(", $keyword, " d)"), |call| {
                let function: fn($float) -> bool = $test_function;
                Ok(function(float::$float(call, 0)?).into())
            }),)*
            pure(concat!("static ", $keyword, " Max(", $keyword, " x, ", $keyword, " y)"), math::max),
            pure(concat!("static ", $keyword, " Min(", $keyword, " x, ", $keyword, " y)"), math::min),
            pure(concat!("static ", $keyword, " Abs(", $keyword, " x)"), math::abs),
            pure(concat!("static int Sign(", $keyword, " x)"), math::sign),
            pure(
                concat!("static ", $keyword, " FusedMultiplyAdd(", $keyword, " x, ", $keyword, " y, ", $keyword, " z)"),
                |call| {
                    let (x, y) = (float::$float(call, 0)?, float::$float(call, 1)?);
                    Ok(Value::$value(x.mul_add(y, float::$float(call, 2)?)))
                },
            ),
            pure(concat!("static int ILogB(", $keyword, " x)"), |call| {
                call.double(0).map(math::i_log_b).map(Value::Int32)
            }),
            pure(concat!("static ", $keyword, " ScaleB(", $keyword, " x, int n)"), |call| {
                // A `double` has room for every step, and one rounding remains.
                Ok(Value::$value(math::scale_b(call.double(0)?, call.int(1)?) as $float))
            }),
            pure(concat!("static ", $keyword, " Log(", $keyword, " x, ", $keyword, " newBase)"), |call| {
                let (x, base) = (float::$float(call, 0)?, float::$float(call, 1)?);
                Ok(Value::$value(match math::logarithm(x.into(), base.into()) {
                    undefined if undefined.is_nan() => $float::NAN,
                    _ => x.ln() / base.ln(),
                }))
            }),
            pure(
                concat!("static (", $keyword, " Sin, ", $keyword, " Cos) SinCos(", $keyword, " x)"),
                |call| {
                    let (sin, cos) = float::$float(call, 0)?.sin_cos();
                    Ok(math::pair(["Sin", "Cos"], [sin, cos].map(Value::$value), call))
                },
            ),
            $($more,)*
        ]
    };
}
pub(super) use floating;

/// What the common rows stand for, in the type's own functions.
macro_rules! functions {
    ($keyword:literal, $float:ident, $value:ident; $($more:expr),* $(,)?) => {
        crate::system::float::floating!(
            $keyword, $float, $value;
            one {
                "Acos" $float::acos;
                "Acosh" $float::acosh;
                "Asin" $float::asin;
                "Asinh" $float::asinh;
                "Atan" $float::atan;
                "Atanh" $float::atanh;
                "BitDecrement" $float::next_down;
                "BitIncrement" $float::next_up;
                "Cbrt" $float::cbrt;
                "Ceiling" $float::ceil;
                "Cos" $float::cos;
                "Cosh" $float::cosh;
                "Exp" $float::exp;
                "Floor" $float::floor;
                "Log" $float::ln;
                "Log10" $float::log10;
                "Log2" $float::log2;
                "ReciprocalEstimate" $float::recip;
                "ReciprocalSqrtEstimate" |x| x.sqrt().recip();
                "Sin" $float::sin;
                "Sinh" $float::sinh;
                "Sqrt" $float::sqrt;
                "Tan" $float::tan;
                "Tanh" $float::tanh;
                "Truncate" $float::trunc;
            }
            two {
                "Atan2" $float::atan2;
                "CopySign" $float::copysign;
                "Pow" $float::powf;
            }
            test {}
            $($more),*
        )
    };
}
pub(super) use functions;

/// What `double` and `float` have beyond `Math` and `MathF`.
macro_rules! statics {
    ($keyword:literal, $float:ident, $value:ident; $($more:expr),* $(,)?) => {
        crate::system::float::functions!(
            $keyword, $float, $value;
            pure(concat!("static ", $keyword, " E { get; }"), |_| Ok(Value::$value(std::$float::consts::E))),
            pure(concat!("static ", $keyword, " Pi { get; }"), |_| Ok(Value::$value(std::$float::consts::PI))),
            pure(concat!("static ", $keyword, " Tau { get; }"), |_| Ok(Value::$value(std::$float::consts::TAU))),
            pure(concat!("static ", $keyword, " NegativeZero { get; }"), |_| Ok(Value::$value(-0.0))),
            pure(concat!("static ", $keyword, " Clamp(", $keyword, " value, ", $keyword, " min, ", $keyword, " max)"), math::clamp),
            pure(concat!("static ", $keyword, " Lerp(", $keyword, " value1, ", $keyword, " value2, ", $keyword, " amount)"), |call| {
                let (from, to) = (float::$float(call, 0)?, float::$float(call, 1)?);
                let amount = float::$float(call, 2)?;
                Ok(Value::$value(from.mul_add(1.0 - amount, to * amount)))
            }),
            pure(concat!("static ", $keyword, " DegreesToRadians(", $keyword, " degrees)"), |call| {
                Ok(Value::$value(float::$float(call, 0)? * std::$float::consts::PI / 180.0))
            }),
            pure(concat!("static ", $keyword, " RadiansToDegrees(", $keyword, " radians)"), |call| {
                Ok(Value::$value(float::$float(call, 0)? * 180.0 / std::$float::consts::PI))
            }),
            pure(concat!("static ", $keyword, " Hypot(", $keyword, " x, ", $keyword, " y)"), |call| {
                Ok(Value::$value(float::$float(call, 0)?.hypot(float::$float(call, 1)?)))
            }),
            pure(concat!("static bool IsNormal(", $keyword, " d)"), |call| {
                Ok(float::$float(call, 0)?.is_normal().into())
            }),
            pure(concat!("static bool IsSubnormal(", $keyword, " d)"), |call| {
                Ok(float::$float(call, 0)?.is_subnormal().into())
            }),
            pure(concat!("static bool IsInteger(", $keyword, " d)"), |call| {
                Ok((float::$float(call, 0)?.fract() == 0.0).into())
            }),
            pure(concat!("static bool IsEvenInteger(", $keyword, " d)"), |call| {
                Ok((float::$float(call, 0)? % 2.0 == 0.0).into())
            }),
            pure(concat!("static bool IsOddInteger(", $keyword, " d)"), |call| {
                Ok(((float::$float(call, 0)? % 2.0).abs() == 1.0).into())
            }),
            pure(concat!("static bool IsPositive(", $keyword, " d)"), |call| {
                Ok(float::$float(call, 0)?.is_sign_positive().into())
            }),
            pure(concat!("static bool IsRealNumber(", $keyword, " d)"), |call| {
                Ok((!float::$float(call, 0)?.is_nan()).into())
            }),
            pure("TypeCode GetTypeCode()", type_code),
            $($more),*
        )
    };
}
pub(super) use statics;

/// Argument `index` as a `double`.
pub(super) fn f64(call: &Call<'_, '_>, index: usize) -> Result<f64, Throw> {
    call.double(index)
}

/// Argument `index` as a `float`, which it is already.
pub(super) fn f32(call: &Call<'_, '_>, index: usize) -> Result<f32, Throw> {
    call.double(index).map(|number| number as f32)
}
