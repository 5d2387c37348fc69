//! Dates and times: the calendar, and text in .NET's formats.

pub(crate) mod culture;
mod format;
mod parse;

pub(crate) use format::{format_date, format_date_in, format_span};
pub(crate) use parse::{
    Parsed, parse_date, parse_date_exact, parse_date_in, parse_span, parse_span_exact,
};

use crate::value::DateTimeKind;

/// Ticks of a second; a tick is 100 ns.
pub(crate) const SECOND: i64 = 10_000_000;
/// Ticks of a minute.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Ticks of an hour.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// Ticks of a day.
pub(crate) const DAY: i64 = 24 * HOUR;
/// The last tick of year 9999.
pub(crate) const MAX_TICKS: i64 = 3_652_059 * DAY - 1;
/// Ticks from year 1 to 1970.
pub(crate) const UNIX_EPOCH: i64 = 719_162 * DAY;

/// A day and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// Ticks within the second.
    pub(crate) fraction: i64,
}

impl Civil {
    /// The parts of a time in ticks since year 1.
    pub(crate) fn of(ticks: i64) -> Civil {
        let (year, month, day) = date_of(ticks.div_euclid(DAY));
        let time = ticks.rem_euclid(DAY);
        Civil {
            year,
            month,
            day,
            hour: time / HOUR,
            minute: time / MINUTE % 60,
            second: time / SECOND % 60,
            fraction: time % SECOND,
        }
    }

    /// Ticks since year 1; `None` if there is no such time in the years 1 to 9999.
    pub(crate) fn ticks(&self) -> Option<i64> {
        let valid = (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second)
            && (0..SECOND).contains(&self.fraction);
        valid.then(|| {
            day_number(self.year, self.month, self.day) * DAY
                + self.hour * HOUR
                + self.minute * MINUTE
                + self.second * SECOND
                + self.fraction
        })
    }
}

/// Whether the year has a 29 February.
pub(crate) fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days the month has; the month is 1 to 12.
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The day's number in its year, from 1.
pub(crate) fn day_of_year(year: i64, month: i64, day: i64) -> i64 {
    (1..month)
        .map(|month| days_in_month(year, month))
        .sum::<i64>()
        + day
}

/// Days since 1 January of year 1.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    before * 365 + before / 4 - before / 100 + before / 400 + day_of_year(year, month, day) - 1
}

fn date_of(days: i64) -> (i64, i64, i64) {
    // From 1 March of year 0 on, leap days come last in their years (Howard Hinnant's civil_from_days).
    let days = days + 306;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The weekday from Sunday, 0.
pub(crate) fn day_of_week(ticks: i64) -> i64 {
    (ticks.div_euclid(DAY) + 1).rem_euclid(7)
}

/// UTC ticks of a local time with an offset in minutes.
pub(crate) fn utc(ticks: i64, offset: i16) -> i64 {
    ticks - i64::from(offset) * MINUTE
}

/// `DateTime.ToString()` in the invariant culture.
pub(crate) fn date_time_text(ticks: i64, _kind: DateTimeKind) -> String {
    let c = Civil::of(ticks);
    format!(
        "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
        c.month, c.day, c.year, c.hour, c.minute, c.second
    )
}

/// `DateTimeOffset.ToString()` in the invariant culture.
pub(crate) fn offset_text(ticks: i64, offset: i16) -> String {
    format!(
        "{} {}",
        date_time_text(ticks, DateTimeKind::Unspecified),
        format::offset(offset.into())
    )
}

/// `TimeSpan.ToString()`, format `c`.
pub(crate) fn span_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let unit = |size: i64| ticks / size.unsigned_abs();
    let days = match unit(DAY) {
        0 => String::new(),
        days => format!("{days}."),
    };
    let fraction = match ticks % SECOND.unsigned_abs() {
        0 => String::new(),
        fraction => format!(".{fraction:07}"),
    };
    format!(
        "{sign}{days}{:02}:{:02}:{:02}{fraction}",
        unit(HOUR) % 24,
        unit(MINUTE) % 60,
        unit(SECOND) % 60
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for days in (0..3_652_059).step_by(17) {
            let civil = Civil::of(days * DAY + 5);
            assert_eq!(civil.ticks().unwrap(), days * DAY + 5);
        }
        assert_eq!(Civil::of(MAX_TICKS).year, 9999);
        assert_eq!(
            date_time_text(638_505_000_000_000_000, DateTimeKind::Utc),
            "05/05/2024 10:00:00"
        );
        assert_eq!(day_of_week(638_505_504_000_000_000), 1);
    }

    #[test]
    fn spans_print_as_c() {
        assert_eq!(span_text(-135 * MINUTE), "-02:15:00");
        assert_eq!(span_text(i64::MAX), "10675199.02:48:05.4775807");
        assert_eq!(span_text(i64::MIN), "-10675199.02:48:05.4775808");
    }
}
