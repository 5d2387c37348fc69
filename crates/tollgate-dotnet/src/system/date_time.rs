//! `System.DateTime`. The local zone of a gateway is UTC.

use crate::args;
use crate::collections::Array;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::system::DAY_OF_WEEK;
use crate::system::integer::{equals, hash_code, to_string};
use crate::system::time_span::ticks_of;
use crate::throw::Throw;
use crate::time::{self, Civil, DAY, HOUR, MAX_TICKS, MINUTE, SECOND};
use crate::types::{Type, TypeRef};
use crate::value::{DateTimeKind, Value};

/// `System.DateTime`.
pub(crate) static DATE_TIME: TypeDef = TypeDef {
    name: "System.DateTime",
    kind: TypeKind::Struct,
    bases: &[
        "IConvertible",
        "IFormattable",
        "IComparable",
        "IComparable<DateTime>",
        "IEquatable<DateTime>",
    ],
    values: &[],
    members: MEMBERS,
};

/// Ticks of 1601, where file times begin.
const FILE_EPOCH: i64 = 584_388 * DAY;
/// Ticks of 30 December 1899, where OLE dates begin.
const OLE_EPOCH: i64 = 693_593 * DAY;

const MEMBERS: &[Member] = &[
    member("static DateTime UtcNow { get; }", |call| {
        Ok(Value::DateTime(call.machine.host.now(), DateTimeKind::Utc))
    }),
    member("static DateTime Now { get; }", |call| {
        Ok(Value::DateTime(
            call.machine.host.now(),
            DateTimeKind::Local,
        ))
    }),
    member("static DateTime Today { get; }", |call| {
        let now = call.machine.host.now();
        Ok(Value::DateTime(
            now - now.rem_euclid(DAY),
            DateTimeKind::Local,
        ))
    }),
    pure("static DateTime MinValue { get; }", |_| {
        Ok(Value::DateTime(0, DateTimeKind::Unspecified))
    }),
    pure("static DateTime MaxValue { get; }", |_| {
        Ok(Value::DateTime(MAX_TICKS, DateTimeKind::Unspecified))
    }),
    pure("static DateTime UnixEpoch { get; }", |_| {
        Ok(Value::DateTime(time::UNIX_EPOCH, DateTimeKind::Utc))
    }),
    pure("new()", |_| {
        Ok(Value::DateTime(0, DateTimeKind::Unspecified))
    }),
    pure("new(long ticks)", |call| {
        of_ticks(call.long(0)?, DateTimeKind::Unspecified)
    }),
    pure("new(long ticks, DateTimeKind kind)", |call| {
        of_ticks(call.long(0)?, kind(call.flags(1)))
    }),
    pure("new(int year, int month, int day)", of_parts),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second)",
        of_parts,
    ),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, DateTimeKind kind)",
        of_parts,
    ),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, int millisecond)",
        of_parts,
    ),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, int millisecond, DateTimeKind kind)",
        of_parts,
    ),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, int millisecond, int microsecond)",
        of_parts,
    ),
    pure(
        "new(int year, int month, int day, int hour, int minute, int second, int millisecond, int microsecond, DateTimeKind kind)",
        of_parts,
    ),
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
    pure("long Ticks { get; }", |call| {
        Ok(Value::Int64(call.date(0)?.0))
    }),
    pure("DateTimeKind Kind { get; }", |call| {
        let number = match call.date(0)?.1 {
            DateTimeKind::Unspecified => 0,
            DateTimeKind::Utc => 1,
            DateTimeKind::Local => 2,
        };
        Ok(Value::Enum(TypeRef(&super::DATE_TIME_KIND), number))
    }),
    pure("DateTime Date { get; }", |call| {
        let (ticks, kind) = call.date(0)?;
        Ok(Value::DateTime(ticks - ticks.rem_euclid(DAY), kind))
    }),
    pure("TimeSpan TimeOfDay { get; }", |call| {
        Ok(Value::TimeSpan(call.date(0)?.0.rem_euclid(DAY)))
    }),
    pure("DayOfWeek DayOfWeek { get; }", |call| {
        Ok(Value::Enum(
            TypeRef(&DAY_OF_WEEK),
            time::day_of_week(call.date(0)?.0),
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
    pure("DateTime AddDays(double value)", |call| add(call, DAY)),
    pure("DateTime AddHours(double value)", |call| add(call, HOUR)),
    pure("DateTime AddMinutes(double value)", |call| {
        add(call, MINUTE)
    }),
    pure("DateTime AddSeconds(double value)", |call| {
        add(call, SECOND)
    }),
    pure("DateTime AddMilliseconds(double value)", |call| {
        add(call, SECOND / 1000)
    }),
    pure("DateTime AddTicks(long value)", |call| {
        let (ticks, kind) = call.date(0)?;
        moved(ticks, call.long(1)?, kind)
    }),
    pure("DateTime AddMonths(int months)", |call| {
        let (ticks, kind) = call.date(0)?;
        add_months(ticks, call.int(1)?.into()).map(|ticks| Value::DateTime(ticks, kind))
    }),
    pure("DateTime AddYears(int value)", |call| {
        let (ticks, kind) = call.date(0)?;
        add_months(ticks, i64::from(call.int(1)?) * 12).map(|ticks| Value::DateTime(ticks, kind))
    }),
    pure("DateTime Add(TimeSpan value)", |call| {
        let (ticks, kind) = call.date(0)?;
        moved(ticks, call.span(1)?, kind)
    }),
    pure("DateTime Subtract(TimeSpan value)", minus_span),
    pure("TimeSpan Subtract(DateTime value)", minus),
    pure(
        "static DateTime operator +(DateTime d, TimeSpan t)",
        |call| {
            let (ticks, kind) = call.date(0)?;
            moved(ticks, call.span(1)?, kind)
        },
    ),
    pure(
        "static DateTime operator -(DateTime d, TimeSpan t)",
        minus_span,
    ),
    pure(
        "static TimeSpan operator -(DateTime d1, DateTime d2)",
        minus,
    ),
    pure(
        "static bool operator ==(DateTime left, DateTime right)",
        |call| Ok((ticks(call, 0)? == ticks(call, 1)?).into()),
    ),
    pure(
        "static bool operator !=(DateTime left, DateTime right)",
        |call| Ok((ticks(call, 0)? != ticks(call, 1)?).into()),
    ),
    pure(
        "static bool operator <(DateTime left, DateTime right)",
        |call| Ok((ticks(call, 0)? < ticks(call, 1)?).into()),
    ),
    pure(
        "static bool operator <=(DateTime left, DateTime right)",
        |call| Ok((ticks(call, 0)? <= ticks(call, 1)?).into()),
    ),
    pure(
        "static bool operator >(DateTime left, DateTime right)",
        |call| Ok((ticks(call, 0)? > ticks(call, 1)?).into()),
    ),
    pure(
        "static bool operator >=(DateTime left, DateTime right)",
        |call| Ok((ticks(call, 0)? >= ticks(call, 1)?).into()),
    ),
    pure("static int Compare(DateTime t1, DateTime t2)", compare),
    pure("int CompareTo(DateTime value)", compare),
    pure("int CompareTo(object value)", compare),
    pure("static bool Equals(DateTime t1, DateTime t2)", equals),
    pure("bool Equals(DateTime value)", equals),
    pure("bool Equals(object value)", equals),
    pure("int GetHashCode()", hash_code),
    pure("static int DaysInMonth(int year, int month)", |call| {
        let (year, month) = (call.int(0)?.into(), call.int(1)?.into());
        match (1..=9999).contains(&year) && (1..=12).contains(&month) {
            true => Ok(number(time::days_in_month(year, month))),
            false => Err(Throw::argument_out_of_range(
                "Month must be between one and twelve. (Parameter 'month')",
            )),
        }
    }),
    pure("static bool IsLeapYear(int year)", |call| {
        match call.int(0)? {
            year @ 1..=9999 => Ok(time::is_leap_year(year.into()).into()),
            _ => Err(Throw::argument_out_of_range(
                "Year must be between 1 and 9999. (Parameter 'year')",
            )),
        }
    }),
    pure("int Microsecond { get; }", |call| {
        Ok(number(call.date(0)?.0 / 10 % 1000))
    }),
    pure("int Nanosecond { get; }", |call| {
        Ok(number(call.date(0)?.0 % 10 * 100))
    }),
    pure("DateTime AddMicroseconds(double value)", |call| {
        add(call, SECOND / 1_000_000)
    }),
    pure("TypeCode GetTypeCode()", crate::system::type_code),
    pure(
        "void Deconstruct(out int year, out int month, out int day)",
        |call| {
            let civil = civil(call)?;
            for part in [civil.year, civil.month, civil.day] {
                call.outs.push(number(part));
            }
            Ok(Value::Null)
        },
    ),
    pure("bool IsDaylightSavingTime()", |call| {
        call.date(0).map(|_| Value::Bool(false))
    }),
    pure(
        "static DateTime SpecifyKind(DateTime value, DateTimeKind kind)",
        |call| Ok(Value::DateTime(call.date(0)?.0, kind(call.flags(1)))),
    ),
    pure("DateTime ToUniversalTime()", |call| {
        Ok(Value::DateTime(call.date(0)?.0, DateTimeKind::Utc))
    }),
    pure("DateTime ToLocalTime()", |call| {
        Ok(Value::DateTime(call.date(0)?.0, DateTimeKind::Local))
    }),
    member("static DateTime Parse(string s)", parse),
    member(
        "static DateTime Parse(string s, IFormatProvider provider)",
        parse,
    ),
    member(
        "static DateTime Parse(string s, IFormatProvider provider, DateTimeStyles styles)",
        parse,
    ),
    member(
        "static bool TryParse(string s, out DateTime result)",
        try_parse,
    ),
    member(
        "static bool TryParse(string s, IFormatProvider provider, out DateTime result)",
        try_parse,
    ),
    member(
        "static bool TryParse(string s, IFormatProvider provider, DateTimeStyles styles, out DateTime result)",
        try_parse,
    ),
    member(
        "static DateTime ParseExact(string s, string format, IFormatProvider provider)",
        parse_exact,
    ),
    member(
        "static DateTime ParseExact(string s, string format, IFormatProvider provider, DateTimeStyles style)",
        parse_exact,
    ),
    member(
        "static DateTime ParseExact(string s, string[] formats, IFormatProvider provider, DateTimeStyles style)",
        parse_exact,
    ),
    member(
        "static bool TryParseExact(string s, string format, IFormatProvider provider, DateTimeStyles style, out DateTime result)",
        try_parse_exact,
    ),
    member(
        "static bool TryParseExact(string s, string[] formats, IFormatProvider provider, DateTimeStyles style, out DateTime result)",
        try_parse_exact,
    ),
    pure("string ToString()", to_string),
    pure("string ToString(string format)", to_string),
    pure("string ToString(IFormatProvider provider)", to_string),
    pure(
        "string ToString(string format, IFormatProvider provider)",
        to_string,
    ),
    pure("string ToShortDateString()", |call| formatted(call, "d")),
    pure("string ToLongDateString()", |call| formatted(call, "D")),
    pure("string ToShortTimeString()", |call| formatted(call, "t")),
    pure("string ToLongTimeString()", |call| formatted(call, "T")),
    pure("long ToBinary()", |call| {
        let (ticks, kind) = call.date(0)?;
        Ok(Value::Int64(match kind {
            DateTimeKind::Unspecified => ticks,
            DateTimeKind::Utc => ticks | 1 << 62,
            DateTimeKind::Local => ticks | i64::MIN,
        }))
    }),
    pure("static DateTime FromBinary(long dateData)", |call| {
        let data = call.long(0)?;
        let kind = match data >> 62 & 3 {
            0 => DateTimeKind::Unspecified,
            1 => DateTimeKind::Utc,
            _ => DateTimeKind::Local,
        };
        of_ticks(data & ((1 << 62) - 1), kind)
    }),
    pure("static DateTime FromFileTimeUtc(long fileTime)", |call| {
        of_file_time(call).map(|ticks| Value::DateTime(ticks, DateTimeKind::Utc))
    }),
    pure("static DateTime FromFileTime(long fileTime)", |call| {
        of_file_time(call).map(|ticks| Value::DateTime(ticks, DateTimeKind::Local))
    }),
    pure("long ToFileTimeUtc()", |call| file_time(call.date(0)?.0)),
    pure("long ToFileTime()", |call| file_time(call.date(0)?.0)),
    pure("string[] GetDateTimeFormats()", |call| {
        all_formats(call, "dDfFgGmMoOrRstTuUyY")
    }),
    pure(
        "string[] GetDateTimeFormats(IFormatProvider provider)",
        |call| all_formats(call, "dDfFgGmMoOrRstTuUyY"),
    ),
    pure("string[] GetDateTimeFormats(char format)", one_format),
    pure(
        "string[] GetDateTimeFormats(char format, IFormatProvider provider)",
        one_format,
    ),
    pure("double ToOADate()", |call| {
        // The first moment of all is the first of OLE's too.
        if call.date(0)?.0 == 0 {
            return Ok(Value::Double(0.0));
        }
        // Whole milliseconds of ten thousand years fit a double.
        let milliseconds = (call.date(0)?.0 - OLE_EPOCH) / 10_000;
        Ok(Value::Double(milliseconds as f64 / 86_400_000.0))
    }),
    pure("static DateTime FromOADate(double d)", |call| {
        of_ticks(
            ticks_of(call.double(0)?, DAY)?.saturating_add(OLE_EPOCH),
            DateTimeKind::Unspecified,
        )
    }),
];

pub(crate) fn unrepresentable() -> Throw {
    Throw::argument_out_of_range(
        "Year, Month, and Day parameters describe an un-representable DateTime.",
    )
}

fn out_of_range() -> Throw {
    Throw::argument_out_of_range(
        "The added or subtracted value results in an un-representable DateTime. (Parameter 'value')",
    )
}

fn kind(number: i64) -> DateTimeKind {
    match number {
        1 => DateTimeKind::Utc,
        2 => DateTimeKind::Local,
        _ => DateTimeKind::Unspecified,
    }
}

fn of_ticks(ticks: i64, kind: DateTimeKind) -> Result<Value, Throw> {
    match (0..=MAX_TICKS).contains(&ticks) {
        true => Ok(Value::DateTime(ticks, kind)),
        false => Err(Throw::argument_out_of_range(
            "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks. (Parameter 'ticks')",
        )),
    }
}

/// Ticks of year, month, day and, if given, hour, minute, second, millisecond; and how many were numbers.
pub(crate) fn ticks_of_parts(call: &Call<'_, '_>) -> Result<i64, Throw> {
    let part = |index: usize| match call.arg(index) {
        Value::Int32(number) => i64::from(*number),
        _ => 0,
    };
    let (milliseconds, microseconds) = (part(6), part(7));
    if !(0..1000).contains(&milliseconds) || !(0..1000).contains(&microseconds) {
        return Err(Throw::argument_out_of_range(
            "Valid values are between 0 and 999, inclusive. (Parameter 'millisecond')",
        ));
    }
    Civil {
        year: part(0),
        month: part(1),
        day: part(2),
        hour: part(3),
        minute: part(4),
        second: part(5),
        fraction: milliseconds * 10_000 + microseconds * 10,
    }
    .ticks()
    .ok_or_else(unrepresentable)
}

fn of_parts(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let kind = call
        .arguments
        .last()
        .map_or(DateTimeKind::Unspecified, |last| match last {
            Value::Enum(_, number) => kind(*number),
            _ => DateTimeKind::Unspecified,
        });
    Ok(Value::DateTime(ticks_of_parts(call)?, kind))
}

fn ticks(call: &Call<'_, '_>, index: usize) -> Result<i64, Throw> {
    call.date(index).map(|(ticks, _)| ticks)
}

fn civil(call: &Call<'_, '_>) -> Result<Civil, Throw> {
    ticks(call, 0).map(Civil::of)
}

/// A calendar number as `int`.
pub(crate) fn number(number: i64) -> Value {
    Value::Int32(i32::try_from(number).unwrap_or(0))
}

/// Ticks moved by others, within years 1 to 9999.
pub(crate) fn checked(ticks: i64, by: i64) -> Result<i64, Throw> {
    ticks
        .checked_add(by)
        .filter(|ticks| (0..=MAX_TICKS).contains(ticks))
        .ok_or_else(out_of_range)
}

fn moved(ticks: i64, by: i64, kind: DateTimeKind) -> Result<Value, Throw> {
    checked(ticks, by).map(|ticks| Value::DateTime(ticks, kind))
}

fn add(call: &mut Call<'_, '_>, unit: i64) -> Result<Value, Throw> {
    let (ticks, kind) = call.date(0)?;
    moved(
        ticks,
        ticks_of(call.double(1)?, unit).map_err(|_| out_of_range())?,
        kind,
    )
}

/// Months later, on the same day or the month's last.
pub(crate) fn add_months(ticks: i64, months: i64) -> Result<i64, Throw> {
    let mut civil = Civil::of(ticks);
    let month = civil.year * 12 + civil.month - 1 + months;
    (civil.year, civil.month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    civil.day = civil.day.min(time::days_in_month(civil.year, civil.month));
    civil.ticks().ok_or_else(out_of_range)
}

fn minus_span(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (ticks, kind) = call.date(0)?;
    moved(ticks, call.span(1)?.saturating_neg(), kind)
}

fn minus(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(Value::TimeSpan(ticks(call, 0)? - ticks(call, 1)?))
}

fn compare(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(args::order)
}

/// Ticks of 1601 on, and none before.
pub(crate) fn file_time(ticks: i64) -> Result<Value, Throw> {
    match ticks >= FILE_EPOCH {
        true => Ok(Value::Int64(ticks - FILE_EPOCH)),
        false => Err(Throw::argument_out_of_range("Not a valid Win32 FileTime.")),
    }
}

/// The ticks of a file time.
pub(crate) fn of_file_time(call: &Call<'_, '_>) -> Result<i64, Throw> {
    let ticks = call.long(0)?.saturating_add(FILE_EPOCH);
    match (FILE_EPOCH..=MAX_TICKS).contains(&ticks) {
        true => Ok(ticks),
        false => Err(Throw::argument_out_of_range(
            "Not a valid Win32 FileTime. (Parameter 'fileTime')",
        )),
    }
}

/// In each form that the invariant culture has for each of these letters.
fn all_formats(call: &mut Call<'_, '_>, letters: &str) -> Result<Value, Throw> {
    let (ticks, kind) = call.date(0)?;
    let mut texts = Vec::new();
    for letter in letters.chars() {
        let mut buffer = [0; 4];
        let letter: &str = letter.encode_utf8(&mut buffer);
        let patterns: &[&str] = match letter {
            "d" => &["MM/dd/yyyy", "yyyy-MM-dd"],
            "f" => &[
                "dddd, dd MMMM yyyy HH:mm",
                "dddd, dd MMMM yyyy hh:mm tt",
                "dddd, dd MMMM yyyy H:mm",
                "dddd, dd MMMM yyyy h:mm tt",
            ],
            "F" => &["dddd, dd MMMM yyyy HH:mm:ss"],
            "g" => &[
                "MM/dd/yyyy HH:mm",
                "MM/dd/yyyy hh:mm tt",
                "MM/dd/yyyy H:mm",
                "MM/dd/yyyy h:mm tt",
                "yyyy-MM-dd HH:mm",
                "yyyy-MM-dd hh:mm tt",
                "yyyy-MM-dd H:mm",
                "yyyy-MM-dd h:mm tt",
            ],
            "G" => &["MM/dd/yyyy HH:mm:ss", "yyyy-MM-dd HH:mm:ss"],
            "t" => &["HH:mm", "hh:mm tt", "H:mm", "h:mm tt"],
            _ => &[letter],
        };
        for pattern in patterns {
            texts.push(Value::from(time::format_date(ticks, kind, None, pattern)?));
        }
    }
    // Each is some twenty pieces.
    call.element_work(texts.len().saturating_mul(8))?;
    call.new_array(Array::new(Type::string(), texts))
}

fn one_format(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let letter = char::from_u32(call.char(1)?.into()).unwrap_or('?');
    if !"dDfFgGmMoOrRstTuUyY".contains(letter) {
        return Err(Throw::format("Input string was not in a correct format."));
    }
    all_formats(call, &letter.to_string())
}

fn formatted(call: &mut Call<'_, '_>, format: &str) -> Result<Value, Throw> {
    let (ticks, kind) = call.date(0)?;
    Ok(time::format_date(ticks, kind, None, format)?.into())
}

/// The last argument, if it is a `DateTimeStyles`.
pub(crate) fn styles(call: &Call<'_, '_>) -> Result<i64, Throw> {
    let styles = call
        .arguments
        .iter()
        .rev()
        .find_map(|argument| match argument {
            Value::Enum(_, styles) => Some(*styles),
            _ => None,
        })
        .unwrap_or(0);
    // AdjustToUniversal 16, AssumeLocal 32, AssumeUniversal 64, RoundtripKind 128.
    let wrong = if !(0..256).contains(&styles) {
        "An undefined DateTimeStyles value is being used."
    } else if styles & 96 == 96 {
        "The DateTimeStyles values AssumeLocal and AssumeUniversal cannot be used together."
    } else if styles & 128 != 0 && styles & 112 != 0 {
        "The DateTimeStyles value RoundtripKind cannot be used with the values AssumeLocal, AssumeUniversal or AdjustToUniversal."
    } else {
        return Ok(styles);
    };
    Err(Throw::argument(format!("{wrong} (Parameter 'styles')")))
}

/// Reads argument 0 in whatever format.
pub(crate) fn read(call: &Call<'_, '_>) -> Result<time::Parsed, Throw> {
    let text = call.text(0, "s")?.to_utf8();
    let day_first = call.culture(1).dates.day_first;
    time::parse_date_in(&text, styles(call)?, call.machine.host.now(), day_first)
}

/// Reads argument 0 in the format of argument 1, or the first of its formats that fits.
pub(crate) fn read_exact(call: &Call<'_, '_>) -> Result<time::Parsed, Throw> {
    let text = call.text(0, "s")?.to_utf8();
    let (styles, now) = (styles(call)?, call.machine.host.now());
    if let Some(format) = call.opt_str(1) {
        return time::parse_date_exact(&text, &format.to_utf8(), styles, now);
    }
    let mut result = Err(Throw::format(format!(
        "String '{text}' was not recognized as a valid DateTime."
    )));
    for format in call.array(1, "format")?.values() {
        if let (Err(_), Some(format)) = (&result, format.as_str()) {
            result = time::parse_date_exact(&text, &format.to_utf8(), styles, now);
        }
    }
    result
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let styles = styles(call)?;
    read(call).map(|parsed| parsed.date_time(styles))
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let styles = styles(call)?;
    let parsed = read(call).ok();
    let value = parsed.map_or(Value::DateTime(0, DateTimeKind::Unspecified), |parsed| {
        parsed.date_time(styles)
    });
    call.outs.push(value);
    Ok(parsed.is_some().into())
}

fn parse_exact(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.exact_work()?;
    let styles = styles(call)?;
    read_exact(call).map(|parsed| parsed.date_time(styles))
}

fn try_parse_exact(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.exact_work()?;
    let styles = styles(call)?;
    let parsed = read_exact(call).ok();
    let value = parsed.map_or(Value::DateTime(0, DateTimeKind::Unspecified), |parsed| {
        parsed.date_time(styles)
    });
    call.outs.push(value);
    Ok(parsed.is_some().into())
}
