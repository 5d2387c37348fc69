//! Dates as text, for those who have no program: in the invariant culture, the local zone being UTC.

use crate::json::iso_date;
use crate::time;
use crate::value::Value;

/// `DateTime.Parse(text)`; a part that the text does not give is that of the first day of year 1.
pub fn parse(text: &str) -> Option<Value> {
    let parsed = time::parse_date(text, 0, 0).ok()?;
    Some(parsed.date_time(0))
}

/// The `DateTime` that Newtonsoft.Json makes of a string in JSON, if it makes one.
///
/// ```
/// # use tollgate_dotnet::dates;
/// let date = dates::from_json("2024-05-06T07:08:09Z").unwrap();
/// assert_eq!(dates::format(&date, "d.M.yyyy").unwrap(), "6.5.2024");
/// assert!(dates::from_json("6 May 2024").is_none());
/// ```
pub fn from_json(text: &str) -> Option<Value> {
    let (ticks, kind) = iso_date::read(text)?;
    Some(Value::DateTime(ticks, kind))
}

/// `date.ToString(format)` of a `DateTime`; an empty format is the general one. `None` of anything else, and of formats
/// that .NET refuses.
pub fn format(date: &Value, format: &str) -> Option<String> {
    match date {
        Value::DateTime(ticks, kind) => time::format_date(*ticks, *kind, None, format).ok(),
        _ => None,
    }
}
