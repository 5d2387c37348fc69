//! Reads dates and spans as .NET does in the invariant culture.

use super::format::{MONTHS, WEEKDAYS};
use super::{Civil, DAY, HOUR, MINUTE, SECOND};
use crate::throw::Throw;
use crate::value::{DateTimeKind, Value};

/// `DateTimeStyles` that matter after reading.
const NO_CURRENT_DATE: i64 = 8;
const ADJUST_TO_UNIVERSAL: i64 = 16;
const ASSUME_LOCAL: i64 = 32;
const ASSUME_UNIVERSAL: i64 = 64;
const ROUNDTRIP_KIND: i64 = 128;

/// A date and time as its text gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parsed {
    ticks: i64,
    /// Minutes from UTC, if the text says so.
    offset: Option<i16>,
    /// `Z` or `GMT` rather than numbers.
    utc: bool,
}

impl Parsed {
    /// As a `DateTime`; the local zone is UTC.
    pub(crate) fn date_time(&self, styles: i64) -> Value {
        let has = |flag: i64| styles & flag != 0;
        let ticks = super::utc(self.ticks, self.offset.unwrap_or(0));
        let kind = match self.offset {
            _ if has(ROUNDTRIP_KIND) && self.utc => DateTimeKind::Utc,
            Some(_) if has(ADJUST_TO_UNIVERSAL) => DateTimeKind::Utc,
            Some(_) => DateTimeKind::Local,
            None if has(ASSUME_UNIVERSAL | ASSUME_LOCAL) && has(ADJUST_TO_UNIVERSAL) => {
                DateTimeKind::Utc
            }
            None if has(ASSUME_UNIVERSAL | ASSUME_LOCAL) => DateTimeKind::Local,
            None => DateTimeKind::Unspecified,
        };
        Value::DateTime(ticks, kind)
    }

    /// As a `DateTimeOffset`.
    pub(crate) fn moment(&self, styles: i64) -> Value {
        let offset = self.offset.unwrap_or(0);
        match styles & ADJUST_TO_UNIVERSAL {
            0 => Value::DateTimeOffset(self.ticks, offset),
            _ => Value::DateTimeOffset(super::utc(self.ticks, offset), 0),
        }
    }
}

#[derive(Debug, Default)]
struct Fields {
    numbers: Vec<(i64, usize)>,
    month: Option<i64>,
    time: Option<[i64; 4]>,
    half: Option<i64>,
    offset: Option<i16>,
    utc: bool,
    /// The day of the week that was named, 0 for Sunday.
    weekday: Option<i64>,
    /// The place of the month's name among the numbers.
    month_at: usize,
    /// After ISO's `T` everything is as ISO has it.
    iso: bool,
}

impl Fields {
    /// Whether year, month and day were given.
    fn has_date(&self) -> bool {
        self.numbers.len() + usize::from(self.month.is_some()) == 3
    }
}

fn not_recognized(text: &str) -> Throw {
    Throw::format(format!(
        "String '{text}' was not recognized as a valid DateTime."
    ))
}

/// Reads a date, a time or both, in the many forms .NET takes. `now` gives what is missing.
pub(crate) fn parse_date(text: &str, styles: i64, now: i64) -> Result<Parsed, Throw> {
    parse_date_in(text, styles, now, false)
}

/// As [`parse_date`]; three numbers may begin with the day.
pub(crate) fn parse_date_in(
    text: &str,
    styles: i64,
    now: i64,
    day_first: bool,
) -> Result<Parsed, Throw> {
    let fields = read_fields(text).ok_or_else(|| match text.trim() {
        "" => not_recognized(text),
        word if word.starts_with(char::is_alphabetic) => Throw::format(format!(
            "The string '{text}' was not recognized as a valid DateTime. There is an unknown word starting at index '0'."
        )),
        _ => not_recognized(text),
    })?;
    resolve(&fields, styles, now, day_first).ok_or_else(|| not_recognized(text))
}

fn read_fields(text: &str) -> Option<Fields> {
    let mut fields = Fields::default();
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let (number, digits, after) = take_number(rest)?;
            rest = match after.strip_prefix(':') {
                Some(after) if fields.time.is_none() => {
                    take_time(&mut fields, (number, digits), after)?
                }
                Some(_) => return None,
                None => {
                    fields.numbers.push((number, digits));
                    after
                }
            };
        } else if c.is_alphabetic() {
            rest = take_word(&mut fields, rest)?;
        } else if fields.offset.is_none()
            && (matches!(c, '+' | '-') && fields.time.is_some() || c == '+' && fields.has_date())
        {
            let (minutes, after) = take_offset(rest)?;
            fields.offset = Some(minutes);
            rest = after;
        } else if c.is_whitespace() || matches!(c, ',' | '/' | '-' | '.') {
            rest = rest.get(c.len_utf8()..)?;
        } else {
            return None;
        }
    }
    Some(fields)
}

/// A number of at most eight digits, how many it has, and the rest.
fn take_number(text: &str) -> Option<(i64, usize, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    if digits.len() > 8 {
        return None;
    }
    Some((digits.parse().ok()?, digits.len(), rest))
}

/// What follows `hh:`.
fn take_time<'t>(
    fields: &mut Fields,
    (hour, digits): (i64, usize),
    text: &'t str,
) -> Option<&'t str> {
    let wrong = |digits: usize| fields.iso && digits != 2;
    let (minute, minute_digits, mut rest) = take_number(text)?;
    let (mut second, mut fraction) = (0, 0);
    if wrong(digits) || wrong(minute_digits) {
        return None;
    }
    if let Some(after) = rest.strip_prefix(':') {
        let digits;
        (second, digits, rest) = take_number(after)?;
        if wrong(digits) || fields.iso && rest.starts_with('.') && !fraction_follows(rest) {
            return None;
        }
        if let Some(after) = rest.strip_prefix(['.', ','])
            && fraction_follows(rest)
        {
            (fraction, rest) = take_fraction(after)?;
        }
    }
    fields.time = Some([hour, minute, second, fraction]);
    Some(rest)
}

/// Whether a digit stands behind the point at the start.
fn fraction_follows(text: &str) -> bool {
    text.get(1..)
        .is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
}

/// Digits behind the point as ticks, the eighth rounded.
fn take_fraction(text: &str) -> Option<(i64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let kept: i64 = format!("{digits:0<7}").get(..7)?.parse().ok()?;
    let up = digits.as_bytes().get(7).is_some_and(|digit| *digit >= b'5');
    Some((kept + i64::from(up), rest))
}

/// `+hh:mm`, `+hhmm` or `+hh`, in minutes.
fn take_offset(text: &str) -> Option<(i16, &str)> {
    let negative = text.starts_with('-');
    let (number, digits, rest) = take_number(text.get(1..)?)?;
    let (hours, minutes, rest) = match rest.strip_prefix(':') {
        Some(after) => {
            let (minutes, _, rest) = take_number(after)?;
            (number, minutes, rest)
        }
        None if digits > 2 => (number / 100, number % 100, rest),
        None => (number, 0, rest),
    };
    let minutes = i16::try_from(hours * 60 + minutes).ok()?;
    if hours > 14 || minutes > 14 * 60 {
        return None;
    }
    Some((if negative { -minutes } else { minutes }, rest))
}

fn named(names: &[&str], word: &str) -> Option<i64> {
    let matches = |name: &&str| {
        name.eq_ignore_ascii_case(word)
            || name
                .get(..3)
                .is_some_and(|short| short.eq_ignore_ascii_case(word))
    };
    let place = names.iter().position(matches)?;
    i64::try_from(place).ok()
}

fn take_word<'t>(fields: &mut Fields, text: &'t str) -> Option<&'t str> {
    let end = text
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    if let Some(month) = named(&MONTHS, word) {
        fields.month = Some(month + 1);
        fields.month_at = fields.numbers.len();
    } else if let Some(weekday) = named(&WEEKDAYS, word) {
        fields.weekday = Some(weekday);
    } else {
        match word.to_ascii_uppercase().as_str() {
            "T" if fields
                .numbers
                .first()
                .is_some_and(|(_, digits)| *digits == 4)
                && fields.time.is_none()
                && !rest.trim().is_empty() =>
            {
                fields.iso = true;
            }
            "年" | "月" | "日" if fields.time.is_none() && !fields.numbers.is_empty() => {}
            half @ ("AM" | "PM") if !fields.iso => {
                if fields.time.is_none() {
                    // The number before it is an hour.
                    let (hour, _) = fields.numbers.pop().filter(|(_, digits)| *digits <= 2)?;
                    fields.time = Some([hour, 0, 0, 0]);
                }
                fields.half = Some(if half == "AM" { 0 } else { 12 });
            }
            "GMT" | "UTC" if fields.iso => return None,
            "Z" | "GMT" | "UTC"
                if fields.offset.is_none() && (fields.time.is_some() || fields.has_date()) =>
            {
                fields.offset = Some(0);
                fields.utc = true;
            }
            _ => return None,
        }
    }
    Some(rest)
}

fn full_year((year, digits): (i64, usize)) -> i64 {
    match digits {
        1 | 2 if year < 50 => year + 2000,
        1 | 2 => year + 1900,
        _ => year,
    }
}

fn resolve(fields: &Fields, styles: i64, now: i64, day_first: bool) -> Option<Parsed> {
    let today = Civil::of(now);
    let (year, month, day) = match (fields.month, fields.numbers.as_slice()) {
        (Some(month), [year]) if year.1 > 2 || year.0 > 31 => (full_year(*year), month, 1),
        // The invariant culture has the year before the month's name and the day after it.
        (Some(month), [year]) if fields.month_at == 1 => (full_year(*year), month, 1),
        (Some(month), [day]) => (today.year, month, day.0),
        (Some(month), [year, day]) if year.1 > 2 => (full_year(*year), month, day.0),
        (Some(month), [day, year]) => (full_year(*year), month, day.0),
        (None, [year, month, day]) if year.1 > 2 => (full_year(*year), month.0, day.0),
        (None, [day, month, year]) if day_first => (full_year(*year), month.0, day.0),
        (None, [month, day, year]) => (full_year(*year), month.0, day.0),
        (None, [year, month]) if year.1 > 2 => (full_year(*year), month.0, 1),
        (None, [month, year]) if year.1 > 2 => (full_year(*year), month.0, 1),
        (None, [day, month]) if day_first => (today.year, month.0, day.0),
        (None, [month, day]) => (today.year, month.0, day.0),
        (None, []) if fields.time.is_some() => match styles & NO_CURRENT_DATE {
            0 => (today.year, today.month, today.day),
            _ => (1, 1, 1),
        },
        _ => return None,
    };
    let [mut hour, minute, second, fraction] = fields.time.unwrap_or_default();
    match fields.half {
        Some(half) if (0..=12).contains(&hour) => hour = hour % 12 + half,
        // An hour of the afternoon may be told in both ways at once.
        Some(12) | None => {}
        Some(_) => return None,
    }
    if fields
        .weekday
        .is_some_and(|weekday| Some(weekday) != weekday_of(year, month, day))
    {
        return None;
    }
    finish(
        Civil {
            year,
            month,
            day,
            hour,
            minute,
            second,
            fraction: 0,
        },
        fraction,
        fields.offset,
        fields.utc,
    )
}

/// The day of the week, 0 for Sunday.
fn weekday_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let midnight = Civil {
        year,
        month,
        day,
        hour: 0,
        minute: 0,
        second: 0,
        fraction: 0,
    };
    // The first day of year 1 was a Monday.
    Some((midnight.ticks()? / super::DAY + 1) % 7)
}

fn finish(civil: Civil, fraction: i64, offset: Option<i16>, utc: bool) -> Option<Parsed> {
    let ticks = civil.ticks()?.checked_add(fraction)?;
    let in_utc = super::utc(ticks, offset.unwrap_or(0));
    if !(0..=super::MAX_TICKS).contains(&in_utc) {
        return None;
    }
    Some(Parsed { ticks, offset, utc })
}

/// The pattern of a standard format, or the format itself.
fn pattern(format: &str) -> &str {
    match format {
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "f" => "dddd, dd MMMM yyyy HH:mm",
        "F" => "dddd, dd MMMM yyyy HH:mm:ss",
        "g" => "MM/dd/yyyy HH:mm",
        "G" => "MM/dd/yyyy HH:mm:ss",
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ss'Z'",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffK",
        other => other,
    }
}

/// Reads a date in exactly that format.
pub(crate) fn parse_date_exact(
    text: &str,
    format: &str,
    styles: i64,
    now: i64,
) -> Result<Parsed, Throw> {
    exact(text, pattern(format), styles, now).ok_or_else(|| not_recognized(text))
}

fn exact(text: &str, pattern: &str, styles: i64, now: i64) -> Option<Parsed> {
    let today = match styles & NO_CURRENT_DATE {
        0 => Civil::of(now),
        _ => Civil::of(0),
    };
    let (mut year, mut month, mut day) = (None, None, None);
    let (mut hour, mut minute, mut second, mut fraction) = (0, 0, 0, 0);
    let (mut half, mut offset, mut utc) = (None, None, false);
    let (mut weekday, mut twelve) = (None, false);
    let mut text = match styles & 1 {
        0 => text,
        _ => text.trim_start(),
    };
    if styles & 2 != 0 {
        text = text.trim_end();
    }
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let count = rest.chars().take_while(|c| *c == letter).count();
        if !matches!(
            letter,
            'y' | 'M' | 'd' | 'H' | 'h' | 'm' | 's' | 'f' | 'F' | 't' | 'z' | 'K' | 'Z'
        ) {
            let literal;
            (literal, rest) = take_literal(rest)?;
            match text.strip_prefix(literal.as_str()) {
                Some(after) => text = after,
                // A point before optional digits goes with them.
                None if literal == "." && rest.starts_with('F') => {}
                None => return None,
            }
            continue;
        }
        rest = rest.get(count..)?;
        let mut number = |least: usize, most: usize| -> Option<i64> {
            let digits = text
                .bytes()
                .take(most)
                .take_while(u8::is_ascii_digit)
                .count();
            let (number, after) = text.split_at_checked(digits)?;
            text = after;
            if digits < least {
                None
            } else {
                number.parse().ok()
            }
        };
        match letter {
            'y' if count <= 2 => year = Some(full_year((number(count, 2)?, 2))),
            'y' => year = Some(number(count.min(4), 4)?),
            'M' if count <= 2 => month = Some(number(count, 2)?),
            'M' | 'd' if count >= 3 => {
                let names: &[&str] = if letter == 'M' { &MONTHS } else { &WEEKDAYS };
                let length = |name: &&str| if count == 3 { 3 } else { name.len() };
                let place = names.iter().position(|name| {
                    let name = name.get(..length(name)).unwrap_or(name);
                    text.get(..name.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(name))
                })?;
                text = text.get(names.get(place).map_or(0, length)..)?;
                let place = i64::try_from(place).ok()?;
                match letter {
                    'M' => month = Some(place + 1),
                    _ => weekday = Some(place),
                }
            }
            'd' => day = Some(number(count, 2)?),
            'H' => hour = number(count.min(2), 2)?,
            'h' => {
                hour = number(count.min(2), 2)?;
                twelve = true;
                if hour > 12 {
                    return None;
                }
            }
            'm' => minute = number(count.min(2), 2)?,
            's' => second = number(count.min(2), 2)?,
            'f' | 'F' => {
                let digits = text
                    .bytes()
                    .take(count)
                    .take_while(u8::is_ascii_digit)
                    .count();
                if letter == 'f' && digits < count {
                    return None;
                }
                if digits > 0 {
                    let part;
                    (part, text) = text.split_at_checked(digits)?;
                    (fraction, _) = take_fraction(part)?;
                }
            }
            't' => {
                let after = text.get(count.min(2)..)?;
                half = match text.chars().next()?.to_ascii_uppercase() {
                    'A' => Some(0),
                    'P' => Some(12),
                    _ => return None,
                };
                text = after;
            }
            _ => match text.strip_prefix('Z') {
                Some(after) => {
                    (offset, utc, text) = (Some(0), true, after);
                }
                None if letter != 'Z' && text.starts_with(['+', '-']) => {
                    let (minutes, after) = match letter {
                        'z' if count < 3 => take_hours(text, count)?,
                        _ => take_offset(text)?,
                    };
                    (offset, text) = (Some(minutes), after);
                }
                None if letter == 'K' => {}
                None => return None,
            },
        }
    }
    if !text.is_empty() {
        return None;
    }
    // An hour of twelve is of the morning unless it says otherwise.
    if let Some(half) = half.or(twelve.then_some(0)) {
        hour = hour % 12 + half;
    }
    // A date without a time of day begins at its first day; a time without a date is today's.
    let dated = year.is_some() || month.is_some() || day.is_some();
    let civil = Civil {
        year: year.unwrap_or(today.year),
        month: month.unwrap_or(if dated { 1 } else { today.month }),
        day: day.unwrap_or(if dated { 1 } else { today.day }),
        hour,
        minute,
        second,
        fraction: 0,
    };
    if weekday.is_some_and(|day| Some(day) != weekday_of(civil.year, civil.month, civil.day)) {
        return None;
    }
    finish(civil, fraction, offset, utc)
}

/// `+hh` or, of one letter, `+h` too; in minutes.
fn take_hours(text: &str, least: usize) -> Option<(i16, &str)> {
    let negative = text.starts_with('-');
    let text = text.get(1..)?;
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (hours, rest) = text.split_at_checked(digits)?;
    let hours: i16 = hours.parse().ok()?;
    if digits < least || hours > 14 {
        return None;
    }
    Some((if negative { -hours * 60 } else { hours * 60 }, rest))
}

/// Quoted, escaped or plain text at the start of a pattern, and the rest.
fn take_literal(pattern: &str) -> Option<(String, &str)> {
    let first = pattern.chars().next()?;
    let rest = pattern.get(first.len_utf8()..)?;
    match first {
        '\'' | '"' => {
            let (literal, rest) = rest.split_once(first)?;
            Some((literal.into(), rest))
        }
        '\\' => {
            let next = rest.chars().next()?;
            Some((next.into(), rest.get(next.len_utf8()..)?))
        }
        '%' => Some((String::new(), rest)),
        other => Some((other.into(), rest)),
    }
}

/// Reads `[-][d.]hh:mm[:ss[.fffffff]]` or days alone.
pub(crate) fn parse_span(text: &str) -> Result<i64, Throw> {
    let wrong = || {
        Throw::format(format!(
            "String '{text}' was not recognized as a valid TimeSpan."
        ))
    };
    let trimmed = text.trim();
    let (negative, rest) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed),
    };
    let (days, rest) = match rest.split_once('.') {
        Some((days, rest)) if rest.contains(':') && !days.contains(':') => (Some(days), rest),
        _ => (None, rest),
    };
    let (clock, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let number = |text: &str| -> Result<i64, Throw> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return Err(wrong());
        }
        text.parse().map_err(|_| span_overflow(text))
    };
    let mut numbers = Vec::new();
    numbers.extend(days.map(&number).transpose()?);
    let explicit_days = days.is_some();
    for part in clock.split(':') {
        numbers.push(number(part)?);
    }
    let ticks_of_fraction = match fraction {
        "" => 0,
        digits if numbers.len() >= 3 => {
            number(digits)?;
            ticks_of_digits(digits).ok_or_else(|| span_overflow(text))?
        }
        _ => return Err(wrong()),
    };
    let (days, hours, minutes, seconds) = match (explicit_days, numbers.as_slice()) {
        (false, [days]) => (*days, 0, 0, 0),
        (false, [hours, minutes]) => (0, *hours, *minutes, 0),
        // Too many hours are days.
        (false, [days, hours, minutes]) if *days > 23 => (*days, *hours, *minutes, 0),
        (false, [hours, minutes, seconds]) => (0, *hours, *minutes, *seconds),
        (true, [days, hours, minutes]) => (*days, *hours, *minutes, 0),
        (_, [days, hours, minutes, seconds]) => (*days, *hours, *minutes, *seconds),
        _ => return Err(wrong()),
    };
    if hours > 23 || minutes > 59 || seconds > 59 || days > i64::MAX / DAY {
        return Err(span_overflow(text));
    }
    let size = days
        .checked_mul(DAY)
        .and_then(|days| days.checked_add(hours * HOUR + minutes * MINUTE + seconds * SECOND))
        .and_then(|whole| whole.checked_add(ticks_of_fraction))
        .ok_or_else(|| span_overflow(text))?;
    Ok(if negative { -size } else { size })
}

/// Digits behind the point as ticks: seven of them, more only if zeros lead.
fn ticks_of_digits(digits: &str) -> Option<i64> {
    let significant = digits.trim_start_matches('0').len();
    if significant > 7 || digits.len() - significant > 7 {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let beyond = digits.len().saturating_sub(7);
    if beyond == 0 {
        return format!("{digits:0<7}").parse().ok();
    }
    let unit = 10i64.checked_pow(u32::try_from(beyond).ok()?)?;
    Some((number + unit / 2) / unit)
}

fn span_overflow(text: &str) -> Throw {
    Throw::overflow(format!(
        "The TimeSpan string '{text}' could not be parsed because at least one of the numeric components is out of range or contains too many digits."
    ))
}

/// Reads a span in exactly that format.
pub(crate) fn parse_span_exact(text: &str, format: &str) -> Result<i64, Throw> {
    match format {
        "c" | "t" | "T" | "g" | "G" => parse_span(text),
        _ => exact_span(text, format).ok_or_else(|| {
            Throw::format(format!(
                "Input string was not in a correct format. '{text}' does not fit '{format}'."
            ))
        }),
    }
}

fn exact_span(text: &str, format: &str) -> Option<i64> {
    let (mut text, mut rest, mut ticks) = (text, format, 0i64);
    while let Some(letter) = rest.chars().next() {
        let count = rest.chars().take_while(|c| *c == letter).count();
        let (unit, most) = match letter {
            'd' => (DAY, 8),
            'h' => (HOUR, 2),
            'm' => (MINUTE, 2),
            's' => (SECOND, 2),
            'f' | 'F' => (1, 7),
            _ => {
                let literal;
                (literal, rest) = take_literal(rest)?;
                text = text.strip_prefix(literal.as_str())?;
                continue;
            }
        };
        rest = rest.get(count..)?;
        let most = if unit == 1 { count } else { most };
        let digits = text
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        if digits < count {
            return None;
        }
        let (part, after) = text.split_at_checked(digits)?;
        text = after;
        let number: i64 = match unit {
            1 => take_fraction(part)?.0,
            _ => part.parse().ok()?,
        };
        ticks = ticks.checked_add(number.checked_mul(unit)?)?;
    }
    text.is_empty().then_some(ticks)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::time::date_time_text;

    fn shown(text: &str) -> String {
        let now = 638_506_120_890_120_000;
        match parse_date(text, 0, now).map(|parsed| parsed.date_time(0)) {
            Ok(Value::DateTime(ticks, kind)) => {
                format!("{} {kind:?}", date_time_text(ticks, kind))
            }
            Ok(_) => "?".into(),
            Err(throw) => throw.exception().type_name.into(),
        }
    }

    #[test]
    fn dates_are_read_in_many_forms() {
        for (text, expected) in [
            ("2024-05-06", "05/06/2024 00:00:00 Unspecified"),
            ("2024-05-06T07:08:09Z", "05/06/2024 07:08:09 Local"),
            ("2024-05-06T07:08:09+02:00", "05/06/2024 05:08:09 Local"),
            ("05/06/2024", "05/06/2024 00:00:00 Unspecified"),
            ("6 May 2024 14:30", "05/06/2024 14:30:00 Unspecified"),
            ("May 6, 2024 2:30 PM", "05/06/2024 14:30:00 Unspecified"),
            ("Mon, 06 May 2024 07:08:09 GMT", "05/06/2024 07:08:09 Local"),
            ("May 2024", "05/01/2024 00:00:00 Unspecified"),
            ("14:30", "05/06/2024 14:30:00 Unspecified"),
            ("garbage", "System.FormatException"),
            ("2024-02-30", "System.FormatException"),
            ("", "System.FormatException"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn exact_formats_are_exact() {
        let read = |text, format| {
            parse_date_exact(text, format, NO_CURRENT_DATE, 0)
                .map(|parsed| date_time_text(parsed.ticks, DateTimeKind::Unspecified))
        };
        assert_eq!(
            read("06/05/2024", "dd/MM/yyyy").unwrap(),
            "05/06/2024 00:00:00"
        );
        assert_eq!(
            read("20240506T070809", "yyyyMMdd'T'HHmmss").unwrap(),
            "05/06/2024 07:08:09"
        );
        assert_eq!(read("1201", "HHmm").unwrap(), "01/01/0001 12:01:00");
        assert!(read("2024-05-06", "yyyy/MM/dd").is_err());
    }

    #[test]
    fn spans_are_read() {
        for (text, expected) in [
            (
                "1.02:03:04.5",
                DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + SECOND / 2,
            ),
            ("5", 5 * DAY),
            ("-00:30", -30 * MINUTE),
            ("25:00:00", 25 * DAY),
        ] {
            assert_eq!(parse_span(text).unwrap(), expected, "{text}");
        }
        assert!(parse_span("1:60:00").is_err() && parse_span("abc").is_err());
        assert_eq!(
            parse_span_exact("10:20", "mm\\:ss").unwrap(),
            10 * MINUTE + 20 * SECOND
        );
    }
}
