//! `XmlConvert`: plain values as XML has them, and texts of XML as plain values.

use crate::json;
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::number::{Style, double_text, parse_decimal, parse_double, single_text};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::time::{DAY, HOUR, MINUTE, SECOND, parse_date, parse_date_exact};
use crate::types::Type;
use crate::value::Value;

/// `DateTimeStyles.RoundtripKind`.
const ROUND_TRIP: i64 = 128;

/// `XmlConvert`.
pub(crate) static XML_CONVERT: TypeDef = TypeDef {
    name: "System.Xml.XmlConvert",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        pure("static string ToString(bool value)", to_string),
        pure("static string ToString(char value)", to_string),
        pure("static string ToString(decimal value)", to_string),
        pure("static string ToString(int value)", to_string),
        pure("static string ToString(long value)", to_string),
        pure("static string ToString(uint value)", to_string),
        pure("static string ToString(ulong value)", to_string),
        pure("static string ToString(float value)", to_string),
        pure("static string ToString(double value)", to_string),
        pure("static string ToString(TimeSpan value)", to_string),
        pure("static string ToString(Guid value)", to_string),
        pure("static string ToString(DateTimeOffset value)", to_string),
        pure(
            "static string ToString(DateTime value, XmlDateTimeSerializationMode dateTimeOption)",
            |call| {
                let Value::DateTime(ticks, kind) = *call.arg(0) else {
                    return Err(Throw::invalid_cast("Specified cast is not valid."));
                };
                use crate::value::DateTimeKind::{Local, Unspecified, Utc};
                let kind = match call.flags(1) {
                    0 => Local,
                    1 => Utc,
                    2 => Unspecified,
                    _ => kind,
                };
                let date = Value::DateTime(ticks, kind);
                Ok(json::plain_text(&date).unwrap_or_default().into())
            },
        ),
        pure(
            "static string ToString(DateTime value, string format)",
            |call| {
                let format = call.opt_str(1).map(Str::to_string).unwrap_or_default();
                let culture = call.culture(9);
                let text =
                    crate::formatting::format_value(call.machine, call.arg(0), &format, &culture)?;
                Ok(text.into())
            },
        ),
        pure("static bool ToBoolean(string s)", |call| {
            of(call, &Type::bool())
        }),
        pure("static char ToChar(string s)", |call| {
            of(call, &Type::char())
        }),
        pure("static int ToInt32(string s)", |call| {
            of(call, &Type::int())
        }),
        pure("static long ToInt64(string s)", |call| {
            of(call, &Type::long())
        }),
        pure("static double ToDouble(string s)", |call| {
            of(call, &Type::double())
        }),
        pure("static decimal ToDecimal(string s)", |call| {
            of(call, &Type::decimal())
        }),
        pure("static Guid ToGuid(string s)", |call| {
            of(call, &Type::guid())
        }),
        pure("static TimeSpan ToTimeSpan(string s)", |call| {
            of(call, &Type::time_span())
        }),
        pure("static DateTimeOffset ToDateTimeOffset(string s)", |call| {
            of(call, &Type::date_time_offset())
        }),
        pure(
            "static DateTime ToDateTime(string s, XmlDateTimeSerializationMode dateTimeOption)",
            |call| {
                let text = call.text(0, "s")?.to_utf8();
                let read = iso(text.trim()).ok_or_else(|| wrong(&text))?;
                let (ticks, zone) = read;
                use crate::value::DateTimeKind::{Local, Unspecified, Utc};
                let utc = crate::time::utc(ticks, zone.unwrap_or(0));
                Ok(match (call.flags(1), zone) {
                    (0, _) => Value::DateTime(utc, Local),
                    (1, _) => Value::DateTime(utc, Utc),
                    (2, _) => Value::DateTime(ticks, Unspecified),
                    (_, None) => Value::DateTime(ticks, Unspecified),
                    (_, Some(_)) if text.trim().ends_with('Z') => Value::DateTime(utc, Utc),
                    (_, Some(_)) => Value::DateTime(utc, Local),
                })
            },
        ),
        pure("static string EncodeName(string name)", |call| {
            encode(call, true)
        }),
        pure("static string EncodeLocalName(string name)", |call| {
            encode(call, false)
        }),
        pure("static string DecodeName(string name)", decode),
        pure("static string VerifyName(string name)", |call| {
            call.reading_work()?;
            super::name::Name::new(call.text(0, "name")?, &Str::EMPTY)?;
            Ok(call.arg(0).clone())
        }),
        pure("static string VerifyXmlChars(string content)", |call| {
            call.reading_work()?;
            let text = call.text(0, "content")?;
            match text.to_utf8().chars().find(|c| !is_char(*c)) {
                Some(c) => Err(super::xml_exception(format!(
                    "'{c}', hexadecimal value 0x{:02X}, is an invalid character.",
                    u32::from(c)
                ))),
                None => Ok(text.clone().into()),
            }
        }),
    ],
};

/// `XmlDateTimeSerializationMode`.
pub(crate) static DATE_MODE: TypeDef = TypeDef {
    name: "System.Xml.XmlDateTimeSerializationMode",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("Local", 0),
        ("Utc", 1),
        ("Unspecified", 2),
        ("RoundtripKind", 3),
    ],
    members: &[],
};

fn to_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    text(call.machine, call.arg(0)).map(Value::String)
}

fn of(call: &mut Call<'_, '_>, ty: &Type) -> Result<Value, Throw> {
    let text = call.text(0, "s")?.clone();
    value(call.machine, &text, ty)
}

fn wrong(text: &str) -> Throw {
    Throw::format(format!(
        "The string '{text}' is not a valid value of its XML type."
    ))
}

/// A character that XML may have.
pub(crate) fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// A value as XML has it.
pub(crate) fn text(machine: &Machine<'_>, value: &Value) -> Result<Str, Throw> {
    let infinite = |number: f64, text: String| -> Str {
        match number.is_infinite() {
            true if number < 0.0 => "-INF".into(),
            true => "INF".into(),
            false => text.into(),
        }
    };
    Ok(match value {
        Value::Object(_) | Value::Ref(_) | Value::Host(_) | Value::Enum(..) => {
            return ops::to_text(machine, value);
        }
        Value::Double(number) => infinite(*number, double_text(*number)),
        Value::Single(number) => infinite((*number).into(), single_text(*number)),
        Value::TimeSpan(ticks) => duration_text(*ticks).into(),
        Value::DateTimeOffset(ticks, 0) => {
            let date = Value::DateTime(*ticks, crate::value::DateTimeKind::Utc);
            json::plain_text(&date).unwrap_or_default()
        }
        Value::Char(_) => return ops::to_text(machine, value),
        plain => json::plain_text(plain).unwrap_or_default(),
    })
}

/// The text of XML as a value of that type; `FormatException` if it is none.
pub(crate) fn value(machine: &mut Machine<'_>, text: &Str, ty: &Type) -> Result<Value, Throw> {
    machine.work(text.size().saturating_mul(8))?;
    let whole = text.to_utf8();
    let space = [' ', '\t', '\r', '\n'];
    let trimmed = whole.trim_matches(space);
    let number = |style: fn(&str) -> bool| match trimmed {
        _ if !style(trimmed) => Err(wrong(&whole)),
        "INF" => Ok(f64::INFINITY),
        "-INF" => Ok(f64::NEG_INFINITY),
        other => parse_double(other, Style::FLOAT),
    };
    let plain = |text: &str| !text.contains(',');
    if ty.is_bool() {
        return match trimmed {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(wrong(&whole)),
        };
    }
    if ty.is_double() {
        return number(plain).map(Value::Double);
    }
    if ty.is_float() {
        let number = Value::Double(number(plain)?);
        return json::change(machine.heap, &number, ty);
    }
    if ty.is_decimal() {
        return match trimmed.contains([',', 'e', 'E']) {
            true => Err(wrong(&whole)),
            false => parse_decimal(trimmed, Style::FLOAT).map(Value::Decimal),
        };
    }
    if ty.is_time_span() {
        return duration(trimmed)
            .map(Value::TimeSpan)
            .ok_or_else(|| wrong(&whole));
    }
    if ty.is_date_time() {
        let now = machine.host.now();
        return parse_date(&whole, ROUND_TRIP, now).map(|date| date.date_time(ROUND_TRIP));
    }
    if ty.is_date_time_offset() {
        return iso(trimmed)
            .map(|(ticks, zone)| Value::DateTimeOffset(ticks, zone.unwrap_or(0)))
            .ok_or_else(|| wrong(&whole));
    }
    let unsigned = ty.is_uint() || ty.is_ulong() || ty.is_ushort() || ty.is_byte();
    if unsigned && trimmed.starts_with(['+', '-']) {
        return Err(wrong(&whole));
    }
    json::change(machine.heap, &Value::from(trimmed), ty)
}

/// A date in ISO's form, with time and zone or without: local ticks, and the zone's minutes.
fn iso(text: &str) -> Option<(i64, Option<i16>)> {
    let formats = [
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-ddK",
        "yyyy-MMK",
        "yyyyK",
    ];
    let shape = text.get(..5)?.bytes().enumerate();
    let dated = shape.into_iter().all(|(at, byte)| {
        if at == 4 {
            byte == b'-'
        } else {
            byte.is_ascii_digit()
        }
    });
    if !dated {
        return None;
    }
    let read = formats
        .iter()
        .find_map(|format| parse_date_exact(text, format, ROUND_TRIP, 0).ok())?;
    let zoned = text.ends_with('Z') || text.get(10..).is_some_and(|rest| rest.contains(['+', '-']));
    match read.moment(ROUND_TRIP) {
        Value::DateTimeOffset(ticks, offset) => Some((ticks, zoned.then_some(offset))),
        _ => None,
    }
}

/// `P1DT2H3M4.5S`.
fn duration_text(ticks: i64) -> String {
    if ticks == 0 {
        return "PT0S".into();
    }
    let (sign, rest) = (if ticks < 0 { "-" } else { "" }, ticks.unsigned_abs());
    let part = |unit: i64| rest / unit.unsigned_abs();
    let (days, hours) = (part(DAY), part(HOUR) % 24);
    let (minutes, seconds) = (part(MINUTE) % 60, part(SECOND) % 60);
    let fraction = rest % SECOND.unsigned_abs();
    let mut text = format!("{sign}P");
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    if rest % DAY.unsigned_abs() > 0 {
        text.push('T');
        if hours > 0 {
            text.push_str(&format!("{hours}H"));
        }
        if minutes > 0 {
            text.push_str(&format!("{minutes}M"));
        }
        if fraction > 0 {
            let fraction = format!("{fraction:07}");
            text.push_str(&format!("{seconds}.{}S", fraction.trim_end_matches('0')));
        } else if seconds > 0 {
            text.push_str(&format!("{seconds}S"));
        }
    }
    text
}

/// The ticks of such a text; a year has 365 days and a month 30.
fn duration(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
    if rest.is_empty() || rest.ends_with('T') {
        return None;
    }
    let mut ticks = 0_i64;
    let date_units = [('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)];
    let time_units = [('H', HOUR), ('M', MINUTE), ('S', SECOND)];
    for (mut part, units) in [(date, date_units), (time, time_units)] {
        for (letter, unit) in units {
            let Some((number, after)) = part.split_once(letter) else {
                continue;
            };
            if number.contains(|c: char| c.is_ascii_alphabetic()) {
                continue;
            }
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            if letter != 'S' && number.contains('.') {
                return None;
            }
            ticks = ticks.checked_add(whole.parse::<i64>().ok()?.checked_mul(unit)?)?;
            if !fraction.is_empty() {
                let digits: String = format!("{fraction:0<7}").chars().take(7).collect();
                ticks = ticks.checked_add(digits.parse().ok()?)?;
            }
            part = after;
        }
        if !part.is_empty() {
            return None;
        }
    }
    ticks.checked_mul(sign)
}

/// What no name may have as `_x0020_`.
fn encode(call: &mut Call<'_, '_>, colon: bool) -> Result<Value, Throw> {
    call.reading_work()?;
    let Some(name) = call.opt_str(0) else {
        return Ok(Value::Null);
    };
    let text = encode_name(&name.to_utf8(), colon);
    call.new_text(text)
}

/// `XmlConvert.EncodeName`, or without `colon` `EncodeLocalName`.
pub(crate) fn encode_name(name: &str, colon: bool) -> String {
    let mut text = String::new();
    for (place, c) in name.char_indices() {
        let fits = super::name::fits(c, place == 0) || colon && c == ':';
        let escape = name.get(place..).is_some_and(is_escape);
        match fits && !escape {
            true => text.push(c),
            false if u32::from(c) > 0xFFFF => text.push_str(&format!("_x{:08X}_", u32::from(c))),
            false => text.push_str(&format!("_x{:04X}_", u32::from(c))),
        }
    }
    text
}

/// `_x0020_`.
fn is_escape(text: &str) -> bool {
    let hex = text.strip_prefix("_x").and_then(|rest| rest.get(..5));
    hex.is_some_and(|hex| {
        hex.ends_with('_') && hex.bytes().take(4).all(|byte| byte.is_ascii_hexdigit())
    })
}

fn decode(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let Some(name) = call.opt_str(0) else {
        return Ok(Value::Null);
    };
    let name = name.to_utf8();
    let (mut text, mut rest) = (String::new(), &*name);
    while let Some(c) = rest.chars().next() {
        let decoded = is_escape(rest)
            .then(|| u32::from_str_radix(rest.get(2..6)?, 16).ok())
            .flatten()
            .and_then(char::from_u32);
        let length = match decoded {
            Some(decoded) => {
                text.push(decoded);
                7
            }
            None => {
                text.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or("");
    }
    call.new_text(text)
}
