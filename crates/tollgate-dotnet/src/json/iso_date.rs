//! The texts that Newtonsoft takes for dates, and how it writes dates.

use crate::time::{Civil, DAY, HOUR, MINUTE, SECOND, UNIX_EPOCH, utc};
use crate::value::DateTimeKind;

/// `2024-05-06T07:08:09`, with fraction and zone or without, or `/Date(1715000000000)/`. Local time is UTC.
pub(crate) fn read(text: &str) -> Option<(i64, DateTimeKind)> {
    let (ticks, offset) = moment(text)?;
    Some(match offset {
        None => (ticks, DateTimeKind::Unspecified),
        Some((0, true)) => (ticks, DateTimeKind::Utc),
        Some((minutes, _)) => (utc(ticks, minutes), DateTimeKind::Local),
    })
}

/// As [`read`], as a `DateTimeOffset`: local ticks and minutes.
pub(crate) fn read_offset(text: &str) -> Option<(i64, i16)> {
    let (ticks, offset) = moment(text)?;
    Some((ticks, offset.map_or(0, |(minutes, _)| minutes)))
}

/// Ticks as written, with the offset in minutes and whether it was written `Z`.
fn moment(text: &str) -> Option<(i64, Option<(i16, bool)>)> {
    if let Some(inner) = text
        .strip_prefix("/Date(")
        .and_then(|text| text.strip_suffix(")/"))
    {
        let sign = inner
            .char_indices()
            .skip(1)
            .find(|(_, c)| matches!(c, '+' | '-'));
        let (milliseconds, zone) = inner.split_at(sign.map_or(inner.len(), |(place, _)| place));
        let milliseconds: i64 = milliseconds.parse().ok()?;
        let ticks = UNIX_EPOCH.checked_add(milliseconds.checked_mul(10_000)?)?;
        let (shift, zone) = match offset(zone)? {
            None => (0, Some((0, true))),
            // The milliseconds are UTC whatever the zone.
            Some((minutes, _)) => (i64::from(minutes) * MINUTE, Some((minutes, false))),
        };
        let ticks = ticks.checked_add(shift)?;
        return (0..=crate::time::MAX_TICKS)
            .contains(&ticks)
            .then_some((ticks, zone));
    }
    let bytes = text.as_bytes();
    if !(19..=40).contains(&bytes.len()) || bytes.get(10) != Some(&b'T') {
        return None;
    }
    let two = |from: usize| number(bytes.get(from..from + 2)?);
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks
        .iter()
        .any(|(place, mark)| bytes.get(*place) != Some(mark))
    {
        return None;
    }
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let midnight = hour == 24 && minute == 0 && second == 0;
    if hour > 23 && !midnight || minute > 59 || second > 59 {
        return None;
    }
    let day = Civil {
        year: number(bytes.get(..4)?)?,
        month: two(5)?,
        day: two(8)?,
        hour: 0,
        minute: 0,
        second: 0,
        fraction: 0,
    };
    let (fraction, zone) = fraction(text.get(19..)?)?;
    if midnight && fraction != 0 {
        return None;
    }
    let ticks = day.ticks()? + hour * HOUR + minute * MINUTE + second * SECOND + fraction;
    (ticks < crate::time::MAX_TICKS + DAY).then_some(())?;
    Some((ticks.min(crate::time::MAX_TICKS), offset(zone)?))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        Some(number * 10 + i64::from(digit))
    })
}

/// The ticks of `.123`, and what is behind it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(digits) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    if digits.is_empty() || digits.len() > 7 {
        return None;
    }
    let ticks = number(format!("{digits:0<7}").as_bytes())?;
    Some((ticks, rest))
}

#[expect(clippy::option_option, reason = "no zone is not a wrong one")]
fn offset(zone: &str) -> Option<Option<(i16, bool)>> {
    let (sign, rest) = match zone.trim_end() {
        "" => return Some(None),
        "Z" | "z" => return Some(Some((0, true))),
        zone => match (zone.strip_prefix('+'), zone.strip_prefix('-')) {
            (Some(rest), _) => (1, rest),
            (_, Some(rest)) => (-1, rest),
            _ => return None,
        },
    };
    let hours = number(rest.as_bytes().get(..2)?)?;
    let minutes = match rest.get(2..)? {
        "" => 0,
        minutes => {
            let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
            number(minutes.as_bytes()).filter(|_| minutes.len() == 2)?
        }
    };
    let total = i16::try_from(hours * 60 + minutes).ok()?;
    Some(Some((sign * total, false)))
}

/// `2024-05-06T07:08:09.12Z`, without quotes. `offset` in minutes is a `DateTimeOffset`'s.
pub(crate) fn text(ticks: i64, kind: DateTimeKind, offset: Option<i16>) -> String {
    let civil = Civil::of(ticks);
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
    );
    if civil.fraction != 0 {
        let fraction = format!(".{:07}", civil.fraction);
        text.push_str(fraction.trim_end_matches('0'));
    }
    match (offset, kind) {
        (Some(minutes), _) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.abs();
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        (None, DateTimeKind::Utc) => text.push('Z'),
        (None, DateTimeKind::Local) => text.push_str("+00:00"),
        (None, DateTimeKind::Unspecified) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_iso_dates_are_dates() {
        for (text, expected) in [
            ("2024-05-06T07:08:09Z", Some("2024-05-06T07:08:09Z")),
            ("2024-05-06T07:08:09.1200", Some("2024-05-06T07:08:09.12")),
            (
                "2024-05-06T07:08:09+02:00",
                Some("2024-05-06T05:08:09+00:00"),
            ),
            ("2024-05-06T24:00:00", Some("2024-05-07T00:00:00")),
            ("/Date(0)/", Some("1970-01-01T00:00:00Z")),
            ("2024-05-06", None),
            ("2024-13-06T07:08:09Z", None),
            ("2024-05-06T25:08:09Z", None),
            ("2024-05-06T07:08:09 and so on", None),
            ("2024-05-06T07:08:09.12345678Z", None),
        ] {
            let date = read(text).map(|(ticks, kind)| super::text(ticks, kind, None));
            assert_eq!(date.as_deref(), expected, "{text}");
        }
    }
}
