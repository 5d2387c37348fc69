//! `System.DateTimeOffset`.

use crate::args;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::system::DAY_OF_WEEK;
use crate::system::date_time::{
    add_months, checked, file_time, number, of_file_time, read, read_exact, styles, ticks_of_parts,
};
use crate::system::integer::{equals, hash_code, to_string};
use crate::system::time_span::ticks_of;
use crate::throw::Throw;
use crate::time::{self, Civil, DAY, HOUR, MAX_TICKS, MINUTE, SECOND, UNIX_EPOCH};
use crate::types::TypeRef;
use crate::value::{DateTimeKind, Value};

/// `System.DateTimeOffset`.
pub(crate) static DATE_TIME_OFFSET: TypeDef = TypeDef {
    name: "System.DateTimeOffset",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<DateTimeOffset>",
        "IEquatable<DateTimeOffset>",
    ],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    member("static DateTimeOffset UtcNow { get; }", |call| {
        Ok(Value::DateTimeOffset(call.machine.host.now(), 0))
    }),
    member("static DateTimeOffset Now { get; }", |call| {
        Ok(Value::DateTimeOffset(call.machine.host.now(), 0))
    }),
    pure("static DateTimeOffset MinValue { get; }", |_| {
        Ok(Value::DateTimeOffset(0, 0))
    }),
    pure("static DateTimeOffset MaxValue { get; }", |_| {
        Ok(Value::DateTimeOffset(MAX_TICKS, 0))
    }),
    pure("static DateTimeOffset UnixEpoch { get; }", |_| {
        Ok(Value::DateTimeOffset(UNIX_EPOCH, 0))
    }),
    pure("new()", |_| Ok(Value::DateTimeOffset(0, 0))),
    pure("new(DateTime dateTime)", |call| {
        call.moment(0)
            .map(|(ticks, offset)| Value::DateTimeOffset(ticks, offset))
    }),
    pure("new(DateTime dateTime, TimeSpan offset)", |call| {
        let ((ticks, kind), offset) = (call.date(0)?, call.span(1)?);
        // Local time is UTC.
        match kind {
            DateTimeKind::Utc if offset != 0 => Err(Throw::argument(
                "The UTC Offset for Utc DateTime instances must be 0. (Parameter 'offset')",
            )),
            DateTimeKind::Local if offset != 0 => Err(Throw::argument(
                "The UTC Offset of the local dateTime parameter does not match the offset argument. (Parameter 'offset')",
            )),
            _ => of(ticks, offset),
        }
    }),
    pure("new(long ticks, TimeSpan offset)", |call| {
        of(call.long(0)?, call.span(1)?)
    }),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, TimeSpan offset)",
        |call| of(ticks_of_parts(call)?, call.span(6)?),
    ),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, int millisecond, TimeSpan offset)",
        |call| of(ticks_of_parts(call)?, call.span(7)?),
    ),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, int millisecond, int microsecond, TimeSpan offset)",
        |call| of(ticks_of_parts(call)?, call.span(8)?),
    ),
    pure(
        "static implicit operator DateTimeOffset(DateTime dateTime)",
        |call| {
            call.moment(0)
                .map(|(ticks, offset)| Value::DateTimeOffset(ticks, offset))
        },
    ),
    pure(
        "static DateTimeOffset FromUnixTimeSeconds(long seconds)",
        |call| of_unix(call.long(0)?.checked_mul(SECOND)),
    ),
    pure(
        "static DateTimeOffset FromUnixTimeMilliseconds(long milliseconds)",
        |call| of_unix(call.long(0)?.checked_mul(SECOND / 1000)),
    ),
    pure("long ToUnixTimeSeconds()", |call| {
        Ok(Value::Int64(
            (utc(call, 0)? - UNIX_EPOCH).div_euclid(SECOND),
        ))
    }),
    pure("long ToUnixTimeMilliseconds()", |call| {
        Ok(Value::Int64(
            (utc(call, 0)? - UNIX_EPOCH).div_euclid(SECOND / 1000),
        ))
    }),
    pure("int Year { get; }", |call| Ok(number(civil(call)?.year))),
    pure("int Month { get; }", |call| Ok(number(civil(call)?.month))),
    pure("int Day { get; }", |call| Ok(number(civil(call)?.day))),
    pure("int Hour { get; }", |call| Ok(number(civil(call)?.hour))),
    pure("int Minute { get; }", |call| {
        Ok(number(civil(call)?.minute))
    }),
    pure("int Second { get; }", |call| {
        Ok(number(civil(call)?.second))
    }),
    pure("int Millisecond { get; }", |call| {
        Ok(number(civil(call)?.fraction / 10_000))
    }),
    pure("int Microsecond { get; }", |call| {
        Ok(number(civil(call)?.fraction / 10 % 1000))
    }),
    pure("int Nanosecond { get; }", |call| {
        Ok(number(civil(call)?.fraction % 10 * 100))
    }),
    pure("int TotalOffsetMinutes { get; }", |call| {
        Ok(number(call.moment(0)?.1.into()))
    }),
    pure("long ToFileTime()", |call| file_time(utc(call, 0)?)),
    pure(
        "static DateTimeOffset FromFileTime(long fileTime)",
        |call| of_file_time(call).map(|ticks| Value::DateTimeOffset(ticks, 0)),
    ),
    pure(
        "DateTimeOffset AddMicroseconds(double microseconds)",
        |call| add(call, SECOND / 1_000_000),
    ),
    pure(
        "static bool Equals(DateTimeOffset first, DateTimeOffset second)",
        equals,
    ),
    pure("long Ticks { get; }", |call| {
        Ok(Value::Int64(call.moment(0)?.0))
    }),
    pure("long UtcTicks { get; }", |call| {
        utc(call, 0).map(Value::Int64)
    }),
    pure("TimeSpan Offset { get; }", |call| {
        Ok(Value::TimeSpan(i64::from(call.moment(0)?.1) * MINUTE))
    }),
    pure("DateTime DateTime { get; }", |call| {
        Ok(Value::DateTime(
            call.moment(0)?.0,
            DateTimeKind::Unspecified,
        ))
    }),
    pure("DateTime UtcDateTime { get; }", |call| {
        Ok(Value::DateTime(utc(call, 0)?, DateTimeKind::Utc))
    }),
    pure("DateTime LocalDateTime { get; }", |call| {
        Ok(Value::DateTime(utc(call, 0)?, DateTimeKind::Local))
    }),
    pure("DateTime Date { get; }", |call| {
        let ticks = call.moment(0)?.0;
        Ok(Value::DateTime(
            ticks - ticks.rem_euclid(DAY),
            DateTimeKind::Unspecified,
        ))
    }),
    pure("TimeSpan TimeOfDay { get; }", |call| {
        Ok(Value::TimeSpan(call.moment(0)?.0.rem_euclid(DAY)))
    }),
    pure("DayOfWeek DayOfWeek { get; }", |call| {
        Ok(Value::Enum(
            TypeRef(&DAY_OF_WEEK),
            time::day_of_week(call.moment(0)?.0),
        ))
    }),
    pure("int DayOfYear { get; }", |call| {
        let civil = civil(call)?;
        Ok(number(time::day_of_year(
            civil.year,
            civil.month,
            civil.day,
        )))
    }),
    pure("DateTimeOffset AddDays(double value)", |call| {
        add(call, DAY)
    }),
    pure("DateTimeOffset AddHours(double value)", |call| {
        add(call, HOUR)
    }),
    pure("DateTimeOffset AddMinutes(double value)", |call| {
        add(call, MINUTE)
    }),
    pure("DateTimeOffset AddSeconds(double value)", |call| {
        add(call, SECOND)
    }),
    pure("DateTimeOffset AddMilliseconds(double value)", |call| {
        add(call, SECOND / 1000)
    }),
    pure("DateTimeOffset AddTicks(long ticks)", |call| {
        let by = call.long(1)?;
        moved(call, by)
    }),
    pure("DateTimeOffset AddMonths(int months)", |call| {
        let (ticks, offset) = call.moment(0)?;
        add_months(ticks, call.int(1)?.into()).map(|ticks| Value::DateTimeOffset(ticks, offset))
    }),
    pure("DateTimeOffset AddYears(int years)", |call| {
        let (ticks, offset) = call.moment(0)?;
        add_months(ticks, i64::from(call.int(1)?) * 12)
            .map(|ticks| Value::DateTimeOffset(ticks, offset))
    }),
    pure("DateTimeOffset Add(TimeSpan timeSpan)", plus),
    pure("DateTimeOffset Subtract(TimeSpan value)", minus_span),
    pure("TimeSpan Subtract(DateTimeOffset value)", minus),
    pure(
        "static DateTimeOffset operator +(DateTimeOffset dateTimeOffset, TimeSpan timeSpan)",
        plus,
    ),
    pure(
        "static DateTimeOffset operator -(DateTimeOffset dateTimeOffset, TimeSpan timeSpan)",
        minus_span,
    ),
    pure(
        "static TimeSpan operator -(DateTimeOffset left, DateTimeOffset right)",
        minus,
    ),
    pure(
        "static bool operator ==(DateTimeOffset left, DateTimeOffset right)",
        |call| Ok((utc(call, 0)? == utc(call, 1)?).into()),
    ),
    pure(
        "static bool operator !=(DateTimeOffset left, DateTimeOffset right)",
        |call| Ok((utc(call, 0)? != utc(call, 1)?).into()),
    ),
    pure(
        "static bool operator <(DateTimeOffset left, DateTimeOffset right)",
        |call| Ok((utc(call, 0)? < utc(call, 1)?).into()),
    ),
    pure(
        "static bool operator <=(DateTimeOffset left, DateTimeOffset right)",
        |call| Ok((utc(call, 0)? <= utc(call, 1)?).into()),
    ),
    pure(
        "static bool operator >(DateTimeOffset left, DateTimeOffset right)",
        |call| Ok((utc(call, 0)? > utc(call, 1)?).into()),
    ),
    pure(
        "static bool operator >=(DateTimeOffset left, DateTimeOffset right)",
        |call| Ok((utc(call, 0)? >= utc(call, 1)?).into()),
    ),
    pure(
        "static int Compare(DateTimeOffset first, DateTimeOffset second)",
        compare,
    ),
    pure("int CompareTo(DateTimeOffset other)", compare),
    pure("int CompareTo(object obj)", compare),
    pure("bool Equals(DateTimeOffset other)", equals),
    pure("bool Equals(object obj)", equals),
    pure("bool EqualsExact(DateTimeOffset other)", |call| {
        Ok((call.moment(0)? == call.moment(1)?).into())
    }),
    pure("int GetHashCode()", hash_code),
    pure("DateTimeOffset ToUniversalTime()", |call| {
        Ok(Value::DateTimeOffset(utc(call, 0)?, 0))
    }),
    pure("DateTimeOffset ToLocalTime()", |call| {
        Ok(Value::DateTimeOffset(utc(call, 0)?, 0))
    }),
    pure("DateTimeOffset ToOffset(TimeSpan offset)", |call| {
        let offset = call.span(1)?;
        of(utc(call, 0)?.saturating_add(offset), offset)
    }),
    member("static DateTimeOffset Parse(string input)", parse),
    member(
        "static DateTimeOffset Parse(string input, IFormatProvider formatProvider)",
        parse,
    ),
    member(
        "static DateTimeOffset Parse(string input, IFormatProvider formatProvider, DateTimeStyles styles)",
        parse,
    ),
    member(
        "static bool TryParse(string input, out DateTimeOffset result)",
        try_parse,
    ),
    member(
        "static bool TryParse(string input, IFormatProvider formatProvider, out DateTimeOffset result)",
        try_parse,
    ),
    member(
        "static bool TryParse(string input, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
        try_parse,
    ),
    member(
        "static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider)",
        parse_exact,
    ),
    member(
        "static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider, DateTimeStyles styles)",
        parse_exact,
    ),
    member(
        "static DateTimeOffset ParseExact(string input, string[] formats, IFormatProvider formatProvider, DateTimeStyles styles)",
        parse_exact,
    ),
    member(
        "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
        try_parse_exact,
    ),
    member(
        "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
        try_parse_exact,
    ),
    pure("string ToString()", to_string),
    pure("string ToString(string format)", to_string),
    pure("string ToString(IFormatProvider formatProvider)", to_string),
    pure(
        "string ToString(string format, IFormatProvider formatProvider)",
        to_string,
    ),
];

fn utc(call: &Call<'_, '_>, index: usize) -> Result<i64, Throw> {
    call.moment(index)
        .map(|(ticks, offset)| time::utc(ticks, offset))
}

fn civil(call: &Call<'_, '_>) -> Result<Civil, Throw> {
    call.moment(0).map(|(ticks, _)| Civil::of(ticks))
}

/// Local ticks at an offset of whole minutes, up to fourteen hours.
fn of(ticks: i64, offset: i64) -> Result<Value, Throw> {
    if offset % MINUTE != 0 {
        return Err(Throw::argument(
            "Offset must be specified in whole minutes. (Parameter 'offset')",
        ));
    }
    if offset.abs() > 14 * HOUR {
        return Err(Throw::argument_out_of_range(
            "Offset must be within plus or minus 14 hours. (Parameter 'offset')",
        ));
    }
    let minutes = i16::try_from(offset / MINUTE).unwrap_or(0);
    let in_utc = time::utc(ticks, minutes);
    match (0..=MAX_TICKS).contains(&ticks) && (0..=MAX_TICKS).contains(&in_utc) {
        true => Ok(Value::DateTimeOffset(ticks, minutes)),
        false => Err(Throw::argument_out_of_range(
            "The UTC time represented when the offset is applied must be between year 0 and 10,000. (Parameter 'offset')",
        )),
    }
}

fn of_unix(ticks: Option<i64>) -> Result<Value, Throw> {
    ticks
        .and_then(|ticks| ticks.checked_add(UNIX_EPOCH))
        .filter(|ticks| (0..=MAX_TICKS).contains(ticks))
        .map(|ticks| Value::DateTimeOffset(ticks, 0))
        .ok_or_else(|| {
            Throw::argument_out_of_range(
                "Valid values are between -62135596800 and 253402300799, inclusive. (Parameter 'seconds')",
            )
        })
}

fn moved(call: &Call<'_, '_>, by: i64) -> Result<Value, Throw> {
    let (ticks, offset) = call.moment(0)?;
    checked(ticks, by).map(|ticks| Value::DateTimeOffset(ticks, offset))
}

fn add(call: &mut Call<'_, '_>, unit: i64) -> Result<Value, Throw> {
    moved(call, ticks_of(call.double(1)?, unit)?)
}

fn plus(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    moved(call, call.span(1)?)
}

fn minus_span(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    moved(call, call.span(1)?.saturating_neg())
}

fn minus(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(Value::TimeSpan(utc(call, 0)? - utc(call, 1)?))
}

fn compare(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(args::order)
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let styles = moment_styles(call)?;
    read(call).map(|parsed| parsed.moment(styles))
}

fn parse_exact(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.exact_work()?;
    let styles = moment_styles(call)?;
    read_exact(call).map(|parsed| parsed.moment(styles))
}

/// As `DateTime` has them, but for the one that would leave the date out.
fn moment_styles(call: &Call<'_, '_>) -> Result<i64, Throw> {
    match styles(call)? {
        styles if styles & 8 != 0 => Err(Throw::argument(
            "The DateTimeStyles value 'NoCurrentDateDefault' is not allowed when parsing DateTimeOffset. (Parameter 'styles')",
        )),
        styles => Ok(styles),
    }
}

fn out(call: &mut Call<'_, '_>, parsed: Option<time::Parsed>) -> Result<Value, Throw> {
    let styles = moment_styles(call)?;
    call.outs
        .push(parsed.map_or(Value::DateTimeOffset(0, 0), |parsed| parsed.moment(styles)));
    Ok(parsed.is_some().into())
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let parsed = read(call).ok();
    out(call, parsed)
}

fn try_parse_exact(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.exact_work()?;
    let parsed = read_exact(call).ok();
    out(call, parsed)
}
