//! How cultures write dates.

/// A culture's patterns. Names of months and days are English ones only.
#[derive(Debug, PartialEq)]
pub(crate) struct DateCulture {
    pub(super) short: &'static str,
    pub(super) long: &'static str,
    pub(super) short_time: &'static str,
    pub(super) long_time: &'static str,
    pub(super) month_day: &'static str,
    pub(super) year_month: &'static str,
    /// What `/` stands for.
    pub(super) separator: &'static str,
    /// Whether a date of three numbers begins with the day.
    pub(crate) day_first: bool,
    /// Whether its names are English.
    pub(super) english: bool,
}

/// The invariant culture.
pub(crate) static INVARIANT: DateCulture = DateCulture {
    short: "MM/dd/yyyy",
    long: "dddd, dd MMMM yyyy",
    short_time: "HH:mm",
    long_time: "HH:mm:ss",
    month_day: "MMMM dd",
    year_month: "yyyy MMMM",
    separator: "/",
    day_first: false,
    english: true,
};

const fn numbers(
    short: &'static str,
    separator: &'static str,
    short_time: &'static str,
    long_time: &'static str,
) -> DateCulture {
    DateCulture {
        short,
        long: "dddd d MMMM yyyy",
        short_time,
        long_time,
        month_day: "d MMMM",
        year_month: "MMMM yyyy",
        separator,
        day_first: !matches!(short.as_bytes(), [b'y', ..]),
        english: false,
    }
}

const fn english(
    short: &'static str,
    short_time: &'static str,
    long_time: &'static str,
) -> DateCulture {
    DateCulture {
        long: "dddd, d MMMM yyyy",
        english: true,
        ..numbers(short, "/", short_time, long_time)
    }
}

static AMERICAN: DateCulture = DateCulture {
    long: "dddd, MMMM d, yyyy",
    month_day: "MMMM d",
    day_first: false,
    ..english("M/d/yyyy", "h:mm tt", "h:mm:ss tt")
};
static BRITISH: DateCulture = english("dd/MM/yyyy", "HH:mm", "HH:mm:ss");
static AUSTRALIAN: DateCulture = english("d/M/yyyy", "h:mm tt", "h:mm:ss tt");
static INDIAN: DateCulture = english("dd/MM/yyyy", "h:mm tt", "h:mm:ss tt");
static POINTS: DateCulture = numbers("dd.MM.yyyy", ".", "HH:mm", "HH:mm:ss");
static POINTS_SHORT_DAY: DateCulture = numbers("d.MM.yyyy", ".", "HH:mm", "HH:mm:ss");
static CZECH: DateCulture = numbers("dd.MM.yyyy", ".", "H:mm", "H:mm:ss");
static DANISH: DateCulture = numbers("dd.MM.yyyy", ".", "HH.mm", "HH.mm.ss");
static FINNISH: DateCulture = numbers("d.M.yyyy", ".", "H.mm", "H.mm.ss");
static SLASHES: DateCulture = numbers("dd/MM/yyyy", "/", "HH:mm", "HH:mm:ss");
static SPANISH: DateCulture = numbers("d/M/yyyy", "/", "H:mm", "H:mm:ss");
static DUTCH: DateCulture = numbers("dd-MM-yyyy", "-", "HH:mm", "HH:mm:ss");
static ISO: DateCulture = numbers("yyyy-MM-dd", "-", "HH:mm", "HH:mm:ss");
static JAPANESE: DateCulture = numbers("yyyy/MM/dd", "/", "H:mm", "H:mm:ss");
static CHINESE: DateCulture = numbers("yyyy/M/d", "/", "HH:mm", "HH:mm:ss");

/// The patterns of a language in a region; the invariant ones of those that are not known.
pub(crate) fn of(language: &str, region: &str) -> &'static DateCulture {
    match (language, region) {
        ("en", "" | "US") => &AMERICAN,
        ("en", "GB" | "IE") => &BRITISH,
        ("en", "AU") => &AUSTRALIAN,
        ("en", "IN") => &INDIAN,
        ("de" | "nb" | "ru" | "uk", _) | ("fr", "CH") => &POINTS,
        ("fr", "CA") | ("sv", _) => &ISO,
        ("pl" | "tr", _) => &POINTS_SHORT_DAY,
        ("cs", _) => &CZECH,
        ("da", _) => &DANISH,
        ("fi", _) => &FINNISH,
        ("fr" | "it" | "pt", _) => &SLASHES,
        ("es", "" | "ES") => &SPANISH,
        ("nl", "" | "NL") => &DUTCH,
        ("ja", _) => &JAPANESE,
        ("zh", "" | "CN") => &CHINESE,
        _ => &INVARIANT,
    }
}
