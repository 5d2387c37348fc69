//! `System.TimeSpan`.

use crate::args;
use crate::member::{Call, Member, TypeDef, TypeKind, pure};
use crate::ops;
use crate::system::integer::{equals, hash_code, to_string};
use crate::throw::Throw;
use crate::time::{self, DAY, HOUR, MINUTE, SECOND};
use crate::value::Value;

/// `System.TimeSpan`.
pub(crate) static TIME_SPAN: TypeDef = TypeDef {
    name: "System.TimeSpan",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<TimeSpan>",
        "IEquatable<TimeSpan>",
    ],
    values: &[],
    members: MEMBERS,
};

const MILLISECOND: i64 = SECOND / 1000;
const MICROSECOND: i64 = SECOND / 1_000_000;

/// A constant of the type that its signature names.
macro_rules! constant {
    ($signature:literal, $value:expr) => {
        pure($signature, |_| Ok($value))
    };
}

const MEMBERS: &[Member] = &[
    pure("static TimeSpan Zero { get; }", |_| Ok(Value::TimeSpan(0))),
    pure("static TimeSpan MaxValue { get; }", |_| {
        Ok(Value::TimeSpan(i64::MAX))
    }),
    pure("static TimeSpan MinValue { get; }", |_| {
        Ok(Value::TimeSpan(i64::MIN))
    }),
    pure("static long TicksPerDay { get; }", |_| {
        Ok(Value::Int64(DAY))
    }),
    pure("static long TicksPerHour { get; }", |_| {
        Ok(Value::Int64(HOUR))
    }),
    pure("static long TicksPerMinute { get; }", |_| {
        Ok(Value::Int64(MINUTE))
    }),
    pure("static long TicksPerSecond { get; }", |_| {
        Ok(Value::Int64(SECOND))
    }),
    pure("static long TicksPerMillisecond { get; }", |_| {
        Ok(Value::Int64(MILLISECOND))
    }),
    pure("new()", |_| Ok(Value::TimeSpan(0))),
    pure("new(long ticks)", |call| call.long(0).map(Value::TimeSpan)),
    pure("new(int hours, int minutes, int seconds)", |call| {
        of_parts(call, &[HOUR, MINUTE, SECOND])
    }),
    pure(
        "new(int days, int hours, int minutes, int seconds)",
        |call| of_parts(call, &[DAY, HOUR, MINUTE, SECOND]),
    ),
    pure(
        "new(int days, int hours, int minutes, int seconds, int milliseconds)",
        |call| of_parts(call, &[DAY, HOUR, MINUTE, SECOND, MILLISECOND]),
    ),
    pure(
        "new(int days, int hours, int minutes, int seconds, int milliseconds, int microseconds)",
        |call| of_parts(call, &[DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND]),
    ),
    pure("static TimeSpan FromDays(int days)", |call| {
        from_parts(call, &[DAY])
    }),
    pure(
        "static TimeSpan FromDays(int days, int hours = 0, long minutes = 0, long seconds = 0, long milliseconds = 0, long microseconds = 0)",
        |call| from_parts(call, &[DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND]),
    ),
    pure("static TimeSpan FromHours(int hours)", |call| {
        from_parts(call, &[HOUR])
    }),
    pure(
        "static TimeSpan FromHours(int hours, long minutes = 0, long seconds = 0, long milliseconds = 0, long microseconds = 0)",
        |call| from_parts(call, &[HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND]),
    ),
    pure("static TimeSpan FromMinutes(long minutes)", |call| {
        from_parts(call, &[MINUTE])
    }),
    pure(
        "static TimeSpan FromMinutes(long minutes, long seconds = 0, long milliseconds = 0, long microseconds = 0)",
        |call| from_parts(call, &[MINUTE, SECOND, MILLISECOND, MICROSECOND]),
    ),
    pure("static TimeSpan FromSeconds(long seconds)", |call| {
        from_parts(call, &[SECOND])
    }),
    pure(
        "static TimeSpan FromSeconds(long seconds, long milliseconds = 0, long microseconds = 0)",
        |call| from_parts(call, &[SECOND, MILLISECOND, MICROSECOND]),
    ),
    pure(
        "static TimeSpan FromMilliseconds(long milliseconds, long microseconds = 0)",
        |call| from_parts(call, &[MILLISECOND, MICROSECOND]),
    ),
    pure(
        "static TimeSpan FromMicroseconds(long microseconds)",
        |call| from_parts(call, &[MICROSECOND]),
    ),
    pure("static TimeSpan FromDays(double value)", |call| {
        of_double(call, DAY)
    }),
    pure("static TimeSpan FromHours(double value)", |call| {
        of_double(call, HOUR)
    }),
    pure("static TimeSpan FromMinutes(double value)", |call| {
        of_double(call, MINUTE)
    }),
    pure("static TimeSpan FromSeconds(double value)", |call| {
        of_double(call, SECOND)
    }),
    pure("static TimeSpan FromMilliseconds(double value)", |call| {
        of_double(call, MILLISECOND)
    }),
    pure("static TimeSpan FromTicks(long value)", |call| {
        call.long(0).map(Value::TimeSpan)
    }),
    pure("static TimeSpan Parse(string s)", parse),
    pure(
        "static TimeSpan Parse(string input, IFormatProvider formatProvider)",
        parse,
    ),
    pure(
        "static bool TryParse(string s, out TimeSpan result)",
        try_parse,
    ),
    pure(
        "static bool TryParse(string input, IFormatProvider formatProvider, out TimeSpan result)",
        try_parse,
    ),
    pure(
        "static TimeSpan ParseExact(string input, string format, IFormatProvider formatProvider)",
        |call| exact(call).map(Value::TimeSpan),
    ),
    pure(
        "static TimeSpan ParseExact(string input, string[] formats, IFormatProvider formatProvider)",
        |call| exact(call).map(Value::TimeSpan),
    ),
    pure(
        "static TimeSpan ParseExact(string input, string format, IFormatProvider formatProvider, TimeSpanStyles styles)",
        |call| exact(call).map(Value::TimeSpan),
    ),
    pure(
        "static TimeSpan ParseExact(string input, string[] formats, IFormatProvider formatProvider, TimeSpanStyles styles)",
        |call| exact(call).map(Value::TimeSpan),
    ),
    pure(
        "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, out TimeSpan result)",
        try_exact,
    ),
    pure(
        "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, out TimeSpan result)",
        try_exact,
    ),
    pure(
        "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, TimeSpanStyles styles, out TimeSpan result)",
        try_exact,
    ),
    pure(
        "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, TimeSpanStyles styles, out TimeSpan result)",
        try_exact,
    ),
    pure("long Ticks { get; }", |call| call.span(0).map(Value::Int64)),
    pure("int Microseconds { get; }", |call| {
        part(call, SECOND / 1_000_000, 1000)
    }),
    pure("int Nanoseconds { get; }", |call| {
        Ok(Value::Int32(
            i32::try_from(call.span(0)? % 10 * 100).unwrap_or(0),
        ))
    }),
    pure("double TotalMicroseconds { get; }", |call| {
        total(call, SECOND / 1_000_000)
    }),
    pure("double TotalNanoseconds { get; }", |call| {
        // As far as a double goes.
        Ok(Value::Double(call.span(0)? as f64 * 100.0))
    }),
    pure("TimeSpan Multiply(double factor)", |call| {
        scaled(call.span(0)?, call.double(1)?)
    }),
    pure("TimeSpan Divide(double divisor)", |call| {
        scaled(call.span(0)?, 1.0 / call.double(1)?)
    }),
    pure("double Divide(TimeSpan ts)", |call| {
        Ok(Value::Double(ratio(call.span(0)?, call.span(1)?)))
    }),
    pure("static TimeSpan FromMicroseconds(double value)", |call| {
        of_double(call, SECOND / 1_000_000)
    }),
    pure("static long TicksPerMicrosecond { get; }", |_| {
        Ok(Value::Int64(10))
    }),
    pure("static long NanosecondsPerTick { get; }", |_| {
        Ok(Value::Int64(100))
    }),
    constant!(
        "static long MicrosecondsPerMillisecond { get; }",
        Value::Int64(1000)
    ),
    constant!(
        "static long MicrosecondsPerSecond { get; }",
        Value::Int64(1_000_000)
    ),
    constant!(
        "static long MicrosecondsPerMinute { get; }",
        Value::Int64(60_000_000)
    ),
    constant!(
        "static long MicrosecondsPerHour { get; }",
        Value::Int64(3_600_000_000)
    ),
    constant!(
        "static long MicrosecondsPerDay { get; }",
        Value::Int64(86_400_000_000)
    ),
    constant!(
        "static long MillisecondsPerSecond { get; }",
        Value::Int64(1000)
    ),
    constant!(
        "static long MillisecondsPerMinute { get; }",
        Value::Int64(60_000)
    ),
    constant!(
        "static long MillisecondsPerHour { get; }",
        Value::Int64(3_600_000)
    ),
    constant!(
        "static long MillisecondsPerDay { get; }",
        Value::Int64(86_400_000)
    ),
    constant!("static long SecondsPerMinute { get; }", Value::Int64(60)),
    constant!("static long SecondsPerHour { get; }", Value::Int64(3600)),
    constant!("static long SecondsPerDay { get; }", Value::Int64(86_400)),
    constant!("static long MinutesPerHour { get; }", Value::Int64(60)),
    constant!("static long MinutesPerDay { get; }", Value::Int64(1440)),
    constant!("static int HoursPerDay { get; }", Value::Int32(24)),
    pure("int Days { get; }", |call| part(call, DAY, i64::MAX)),
    pure("int Hours { get; }", |call| part(call, HOUR, 24)),
    pure("int Minutes { get; }", |call| part(call, MINUTE, 60)),
    pure("int Seconds { get; }", |call| part(call, SECOND, 60)),
    pure("int Milliseconds { get; }", |call| {
        part(call, MILLISECOND, 1000)
    }),
    pure("double TotalDays { get; }", |call| total(call, DAY)),
    pure("double TotalHours { get; }", |call| total(call, HOUR)),
    pure("double TotalMinutes { get; }", |call| total(call, MINUTE)),
    pure("double TotalSeconds { get; }", |call| total(call, SECOND)),
    pure("double TotalMilliseconds { get; }", |call| {
        // No further than whole milliseconds go.
        const MOST: f64 = 922_337_203_685_477.0;
        let milliseconds = ratio(call.span(0)?, MILLISECOND);
        Ok(Value::Double(milliseconds.clamp(-MOST, MOST)))
    }),
    pure("TimeSpan Add(TimeSpan ts)", add),
    pure("TimeSpan Subtract(TimeSpan ts)", subtract),
    pure("TimeSpan Negate()", negate),
    pure("TimeSpan Duration()", |call| {
        span(call.span(0)?.checked_abs())
    }),
    pure("static TimeSpan operator +(TimeSpan t1, TimeSpan t2)", add),
    pure(
        "static TimeSpan operator -(TimeSpan t1, TimeSpan t2)",
        subtract,
    ),
    pure("static TimeSpan operator -(TimeSpan t)", negate),
    pure("static TimeSpan operator +(TimeSpan t)", |call| {
        Ok(call.arg(0).clone())
    }),
    pure(
        "static TimeSpan operator *(TimeSpan timeSpan, double factor)",
        |call| scaled(call.span(0)?, call.double(1)?),
    ),
    pure(
        "static TimeSpan operator *(double factor, TimeSpan timeSpan)",
        |call| scaled(call.span(1)?, call.double(0)?),
    ),
    pure(
        "static TimeSpan operator /(TimeSpan timeSpan, double divisor)",
        |call| scaled(call.span(0)?, 1.0 / call.double(1)?),
    ),
    pure(
        "static double operator /(TimeSpan t1, TimeSpan t2)",
        |call| Ok(Value::Double(ratio(call.span(0)?, call.span(1)?))),
    ),
    pure("static bool operator ==(TimeSpan t1, TimeSpan t2)", equals),
    pure(
        "static bool operator !=(TimeSpan t1, TimeSpan t2)",
        |call| Ok((call.span(0)? != call.span(1)?).into()),
    ),
    pure("static bool operator <(TimeSpan t1, TimeSpan t2)", |call| {
        Ok((call.span(0)? < call.span(1)?).into())
    }),
    pure(
        "static bool operator <=(TimeSpan t1, TimeSpan t2)",
        |call| Ok((call.span(0)? <= call.span(1)?).into()),
    ),
    pure("static bool operator >(TimeSpan t1, TimeSpan t2)", |call| {
        Ok((call.span(0)? > call.span(1)?).into())
    }),
    pure(
        "static bool operator >=(TimeSpan t1, TimeSpan t2)",
        |call| Ok((call.span(0)? >= call.span(1)?).into()),
    ),
    pure("static int Compare(TimeSpan t1, TimeSpan t2)", compare),
    pure("int CompareTo(TimeSpan value)", compare),
    pure("int CompareTo(object value)", compare),
    pure("static bool Equals(TimeSpan t1, TimeSpan t2)", equals),
    pure("bool Equals(TimeSpan obj)", equals),
    pure("bool Equals(object value)", equals),
    pure("int GetHashCode()", hash_code),
    pure("string ToString()", to_string),
    pure("string ToString(string format)", to_string),
    pure(
        "string ToString(string format, IFormatProvider formatProvider)",
        to_string,
    ),
];

pub(crate) fn too_long() -> Throw {
    Throw::overflow("TimeSpan overflowed because the duration is too long.")
}

fn span(ticks: Option<i64>) -> Result<Value, Throw> {
    ticks.map(Value::TimeSpan).ok_or_else(too_long)
}

fn of_parts(call: &mut Call<'_, '_>, units: &[i64]) -> Result<Value, Throw> {
    let mut ticks = 0i128;
    for (index, unit) in units.iter().enumerate() {
        ticks += i128::from(call.int(index)?) * i128::from(*unit);
    }
    of_whole(i64::try_from(ticks).ok())
}

/// A span of whole units, which are refused as arguments when they are too many.
fn of_whole(ticks: Option<i64>) -> Result<Value, Throw> {
    ticks.map(Value::TimeSpan).ok_or_else(|| {
        Throw::argument_out_of_range("TimeSpan overflowed because the duration is too long.")
    })
}

/// Whole units, the greatest first, as `FromDays` and its kin take them; those left out are nothing.
fn from_parts(call: &mut Call<'_, '_>, units: &[i64]) -> Result<Value, Throw> {
    let mut ticks = 0i128;
    for (index, unit) in units.iter().enumerate() {
        ticks += call.integer(index)? * i128::from(*unit);
    }
    of_whole(i64::try_from(ticks).ok())
}

/// A number of units as ticks, cut to a whole tick.
pub(crate) fn ticks_of(number: f64, unit: i64) -> Result<i64, Throw> {
    if number.is_nan() {
        return Err(Throw::argument(
            "TimeSpan does not accept floating point Not-a-Number values.",
        ));
    }
    // Units are below 2^53, so exact as doubles; the range is checked before the cut.
    let ticks = number * unit as f64;
    if ticks.abs() >= 9.223_372_036_854_775e18 {
        return Err(too_long());
    }
    Ok(ticks as i64)
}

fn of_double(call: &mut Call<'_, '_>, unit: i64) -> Result<Value, Throw> {
    ticks_of(call.double(0)?, unit).map(Value::TimeSpan)
}

fn scaled(ticks: i64, factor: f64) -> Result<Value, Throw> {
    if factor.is_nan() {
        return Err(Throw::argument(
            "TimeSpan does not accept floating point Not-a-Number values.",
        ));
    }
    // Nearest double, as .NET multiplies.
    let ticks = (ticks as f64 * factor).round_ties_even();
    if ticks.abs() >= 9.223_372_036_854_775e18 {
        return Err(too_long());
    }
    Ok(Value::TimeSpan(ticks as i64))
}

/// Both as the nearest doubles.
fn ratio(ticks: i64, unit: i64) -> f64 {
    ticks as f64 / unit as f64
}

fn part(call: &mut Call<'_, '_>, unit: i64, modulus: i64) -> Result<Value, Throw> {
    let number = call.span(0)? / unit % modulus;
    Ok(Value::Int32(i32::try_from(number).unwrap_or(0)))
}

fn total(call: &mut Call<'_, '_>, unit: i64) -> Result<Value, Throw> {
    Ok(Value::Double(ratio(call.span(0)?, unit)))
}

fn add(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    span(call.span(0)?.checked_add(call.span(1)?))
}

fn subtract(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    span(call.span(0)?.checked_sub(call.span(1)?))
}

fn negate(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    span(call.span(0)?.checked_neg())
}

fn compare(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(args::order)
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    time::parse_span(&call.text(0, "input")?.to_utf8()).map(Value::TimeSpan)
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let span = call
        .opt_str(0)
        .and_then(|text| time::parse_span(&text.to_utf8()).ok());
    call.outs.push(Value::TimeSpan(span.unwrap_or(0)));
    Ok(span.is_some().into())
}

fn try_exact(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let span = exact(call).ok();
    call.outs.push(Value::TimeSpan(span.unwrap_or(0)));
    Ok(span.is_some().into())
}

/// In the format of argument 1, or the first of its formats that fits; `AssumeNegative` turns it around.
fn exact(call: &mut Call<'_, '_>) -> Result<i64, Throw> {
    call.exact_work()?;
    let text = call.text(0, "input")?.to_utf8();
    let sign = if call.flags(3) == 1 { -1 } else { 1 };
    if let Some(format) = call.opt_str(1) {
        let format = format.to_utf8();
        // The standard formats have a sign of their own.
        let sign = if format.chars().count() > 1 { sign } else { 1 };
        return time::parse_span_exact(&text, &format).map(|ticks| sign * ticks);
    }
    let mut result = Err(Throw::format(format!(
        "String '{text}' was not recognized as a valid TimeSpan."
    )));
    for format in call.array(1, "formats")?.values() {
        if let (Err(_), Some(format)) = (&result, format.as_str()) {
            result = time::parse_span_exact(&text, &format.to_utf8()).map(|ticks| sign * ticks);
        }
    }
    result
}
