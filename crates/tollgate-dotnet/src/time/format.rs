//! Writes dates and spans in .NET's formats, invariant culture.

use std::borrow::Cow;

use super::culture::{DateCulture, INVARIANT};
use super::{Civil, DAY, HOUR, MINUTE, SECOND, day_of_week, span_text};
use crate::throw::Throw;
use crate::value::DateTimeKind;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

fn invalid() -> Throw {
    Throw::format("Input string was not in a correct format.")
}

/// `+02:00`.
pub(super) fn offset(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A date and time in a standard or custom format. `offset` in minutes is a `DateTimeOffset`'s.
pub(crate) fn format_date(
    ticks: i64,
    kind: DateTimeKind,
    offset: Option<i16>,
    format: &str,
) -> Result<String, Throw> {
    format_date_in(ticks, kind, offset, format, &INVARIANT)
}

/// As [`format_date`], in a culture.
pub(crate) fn format_date_in(
    ticks: i64,
    kind: DateTimeKind,
    offset: Option<i16>,
    format: &str,
    culture: &DateCulture,
) -> Result<String, Throw> {
    let mut ticks = ticks;
    let mut chars = format.chars();
    let mut names = culture;
    let both = |date: &str, time: &str| Cow::Owned(format!("{date} {time}"));
    let pattern: Cow<'_, str> = match (chars.next(), chars.next()) {
        (None, _) => {
            let pattern = both(culture.short, culture.long_time);
            match offset {
                Some(_) => pattern + " zzz",
                None => pattern,
            }
        }
        (Some(letter), None) => {
            let to_utc = matches!(letter, 'r' | 'R' | 'u' | 'U');
            if let (true, Some(offset)) = (to_utc, offset) {
                ticks = super::utc(ticks, offset);
            }
            match letter {
                'd' => culture.short.into(),
                'D' => culture.long.into(),
                't' => culture.short_time.into(),
                'T' => culture.long_time.into(),
                'f' => both(culture.long, culture.short_time),
                'F' => both(culture.long, culture.long_time),
                'U' if offset.is_none() => both(culture.long, culture.long_time),
                'g' => both(culture.short, culture.short_time),
                'G' => both(culture.short, culture.long_time),
                'm' | 'M' => culture.month_day.into(),
                'y' | 'Y' => culture.year_month.into(),
                'r' | 'R' => {
                    names = &INVARIANT;
                    "ddd, dd MMM yyyy HH:mm:ss 'GMT'".into()
                }
                's' => "yyyy-MM-ddTHH:mm:ss".into(),
                'u' => "yyyy-MM-dd HH:mm:ss'Z'".into(),
                'o' | 'O' => "yyyy-MM-ddTHH:mm:ss.fffffffK".into(),
                _ => return Err(invalid()),
            }
        }
        _ => format.into(),
    };
    custom(ticks, kind, offset, &pattern, names)
}

fn custom(
    ticks: i64,
    kind: DateTimeKind,
    zone: Option<i16>,
    pattern: &str,
    culture: &DateCulture,
) -> Result<String, Throw> {
    let civil = Civil::of(ticks);
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let repeated = matches!(
            letter,
            'y' | 'M' | 'd' | 'H' | 'h' | 'm' | 's' | 'f' | 'F' | 't' | 'z' | 'g'
        );
        if repeated {
            let count = rest.chars().take_while(|c| *c == letter).count();
            rest = rest.get(count..).unwrap_or_default();
            let named = matches!(letter, 'M' | 'd') && count > 2 || matches!(letter, 't' | 'g');
            if named && !culture.english {
                return Err(Throw::not_supported(
                    "Names of months, days and halves of days are English here.",
                ));
            }
            token(&mut text, &civil, ticks, zone, letter, count)?;
            continue;
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        match letter {
            'K' => match (zone, kind) {
                (Some(minutes), _) => text.push_str(&offset(minutes.into())),
                (None, DateTimeKind::Utc) => text.push('Z'),
                (None, DateTimeKind::Local) => text.push_str("+00:00"),
                (None, DateTimeKind::Unspecified) => {}
            },
            // A lone specifier made custom; two in a row are a mistake.
            '%' if rest.is_empty() || rest.starts_with('%') => return Err(invalid()),
            '%' => {}
            '/' => text.push_str(culture.separator),
            other => rest = literal(&mut text, other, rest)?,
        }
    }
    Ok(text)
}

/// Quoted and escaped text, and whatever is no specifier; gives the rest of the pattern.
fn literal<'p>(text: &mut String, letter: char, rest: &'p str) -> Result<&'p str, Throw> {
    match letter {
        '\\' => {
            let next = rest.chars().next().ok_or_else(invalid)?;
            text.push(next);
            Ok(rest.get(next.len_utf8()..).unwrap_or_default())
        }
        '\'' | '"' => {
            let (quoted, after) = rest.split_once(letter).ok_or_else(invalid)?;
            text.push_str(quoted);
            Ok(after)
        }
        other => {
            text.push(other);
            Ok(rest)
        }
    }
}

fn token(
    text: &mut String,
    civil: &Civil,
    ticks: i64,
    zone: Option<i16>,
    letter: char,
    count: usize,
) -> Result<(), Throw> {
    let number = |number: i64| match count {
        1 => number.to_string(),
        _ => format!("{number:02}"),
    };
    let name = |names: &[&'static str], index: i64| {
        let name = usize::try_from(index)
            .ok()
            .and_then(|index| names.get(index))
            .copied()
            .unwrap_or_default();
        match count {
            3 => name.get(..3).unwrap_or(name),
            _ => name,
        }
    };
    let hour12 = match civil.hour % 12 {
        0 => 12,
        hour => hour,
    };
    match letter {
        'y' if count <= 2 => text.push_str(&number(civil.year % 100)),
        'y' => text.push_str(&format!("{:0count$}", civil.year, count = count.min(20))),
        'M' if count <= 2 => text.push_str(&number(civil.month)),
        'M' => text.push_str(name(&MONTHS, civil.month - 1)),
        'd' if count <= 2 => text.push_str(&number(civil.day)),
        'd' => text.push_str(name(&WEEKDAYS, day_of_week(ticks))),
        'H' => text.push_str(&number(civil.hour)),
        'h' => text.push_str(&number(hour12)),
        'm' => text.push_str(&number(civil.minute)),
        's' => text.push_str(&number(civil.second)),
        't' => {
            let half = if civil.hour < 12 { "AM" } else { "PM" };
            text.push_str(half.get(..count.min(2)).unwrap_or(half));
        }
        'g' => text.push_str("A.D."),
        'z' => {
            let minutes = i64::from(zone.unwrap_or(0));
            let sign = if minutes < 0 { '-' } else { '+' };
            match count {
                1 => text.push_str(&format!("{sign}{}", minutes.abs() / 60)),
                2 => text.push_str(&format!("{sign}{:02}", minutes.abs() / 60)),
                _ => text.push_str(&offset(minutes)),
            }
        }
        _ => {
            let digits = format!("{:07}", civil.fraction);
            let digits = digits.get(..count).ok_or_else(invalid)?;
            if letter == 'f' {
                text.push_str(digits);
            } else {
                let digits = digits.trim_end_matches('0');
                if digits.is_empty() && text.ends_with('.') {
                    text.pop();
                }
                text.push_str(digits);
            }
        }
    }
    Ok(())
}

/// A span in a standard (`c`, `g`, `G`) or custom format.
pub(crate) fn format_span(ticks: i64, format: &str) -> Result<String, Throw> {
    let size = ticks.unsigned_abs();
    let unit = |length: i64| size / length.unsigned_abs();
    let (days, hours) = (unit(DAY), unit(HOUR) % 24);
    let (minutes, seconds) = (unit(MINUTE) % 60, unit(SECOND) % 60);
    let fraction = size % SECOND.unsigned_abs();
    let sign = if ticks < 0 { "-" } else { "" };
    match format {
        "" | "c" | "t" | "T" => return Ok(span_text(ticks)),
        "g" => {
            let days = if days > 0 {
                format!("{days}:")
            } else {
                String::new()
            };
            let digits = format!("{fraction:07}");
            let digits = match digits.trim_end_matches('0') {
                "" => String::new(),
                digits => format!(".{digits}"),
            };
            return Ok(format!(
                "{sign}{days}{hours}:{minutes:02}:{seconds:02}{digits}"
            ));
        }
        "G" => {
            return Ok(format!(
                "{sign}{days}:{hours:02}:{minutes:02}:{seconds:02}.{fraction:07}"
            ));
        }
        _ if format.chars().count() == 1 => return Err(invalid()),
        _ => {}
    }
    let mut text = String::new();
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        let count = rest.chars().take_while(|c| *c == letter).count();
        if !matches!(letter, 'd' | 'h' | 'm' | 's' | 'f' | 'F') {
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            match letter {
                '%' if rest.is_empty() => return Err(invalid()),
                '%' => {}
                '\\' | '\'' | '"' => rest = literal(&mut text, letter, rest)?,
                // Unlike in dates, other characters must be quoted.
                _ => return Err(invalid()),
            }
            continue;
        }
        rest = rest.get(count..).unwrap_or_default();
        let (number, widest) = match letter {
            'd' => (days, 8),
            'h' => (hours, 2),
            'm' => (minutes, 2),
            's' => (seconds, 2),
            _ => (fraction, 7),
        };
        if count > widest {
            return Err(invalid());
        }
        match letter {
            'f' | 'F' => {
                let digits = format!("{number:07}");
                let digits = digits.get(..count).unwrap_or(&digits);
                text.push_str(match letter {
                    'f' => digits,
                    _ => digits.trim_end_matches('0'),
                });
            }
            _ => text.push_str(&format!("{number:0count$}")),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const TICKS: i64 = 638_506_120_890_120_000;

    fn text(format: &str) -> String {
        format_date(TICKS, DateTimeKind::Unspecified, None, format).unwrap()
    }

    #[test]
    fn dates_print_as_nets() {
        for (format, expected) in [
            ("D", "Monday, 06 May 2024"),
            ("r", "Mon, 06 May 2024 17:08:09 GMT"),
            ("u", "2024-05-06 17:08:09Z"),
            ("o", "2024-05-06T17:08:09.0120000"),
            ("hh:mm tt", "05:08 PM"),
            ("h:m:s t", "5:8:9 P"),
            ("HH:mm:ss.FFF", "17:08:09.012"),
            ("%h", "5"),
            ("zzz", "+00:00"),
            ("'at' HH", "at 17"),
            ("\\y yyyy", "y 2024"),
        ] {
            assert_eq!(text(format), expected, "{format}");
        }
        for wrong in ["q", "K", "%", "'open"] {
            assert!(
                format_date(TICKS, DateTimeKind::Utc, None, wrong).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn spans_print_as_nets() {
        let ticks = 3661 * SECOND + SECOND / 2;
        for (format, expected) in [
            ("g", "1:01:01.5"),
            ("G", "0:01:01:01.5000000"),
            ("hh\\:mm\\:ss", "01:01:01"),
            ("d\\.hh\\:mm\\:ss\\.fff", "0.01:01:01.500"),
            ("%m", "1"),
        ] {
            assert_eq!(format_span(ticks, format).unwrap(), expected, "{format}");
        }
        assert!(format_span(ticks, "x").is_err());
    }
}
