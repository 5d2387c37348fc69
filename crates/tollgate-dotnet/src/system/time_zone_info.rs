//! `System.TimeZoneInfo`, over the bundled time zone database. The gateway's own zone is UTC.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Dst, Offset, TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

use super::windows_zones::iana_name;
use super::zone_names::{Names, ZONES, names};
use crate::collections::Array;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::str::Str;
use crate::throw::Throw;
use crate::time::{HOUR, MAX_TICKS, MINUTE, SECOND, UNIX_EPOCH};
use crate::types::Type;
use crate::value::{DateTimeKind, Object, Value};

/// `System.TimeZoneInfo`.
pub(crate) static TIME_ZONE_INFO: TypeDef = TypeDef {
    name: "System.TimeZoneInfo",
    kind: TypeKind::Class,
    bases: &["IEquatable<TimeZoneInfo>"],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static TimeZoneInfo Utc { get; }", |_| {
        Ok(Value::object(Zone::of_gateway(DateTimeKind::Utc)))
    }),
    pure("static TimeZoneInfo Local { get; }", |_| {
        Ok(Value::object(Zone::of_gateway(DateTimeKind::Local)))
    }),
    pure(
        "static TimeZoneInfo FindSystemTimeZoneById(string id)",
        |call| find(call.text(0, "id")?).map(Value::object),
    ),
    pure(
        "static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo destinationTimeZone)",
        |call| convert_date(call.date(0)?, None, zone(call, 1, "destinationTimeZone")?),
    ),
    pure(
        "static DateTimeOffset ConvertTime(DateTimeOffset dateTimeOffset, TimeZoneInfo destinationTimeZone)",
        |call| convert_moment(call.moment(0)?, zone(call, 1, "destinationTimeZone")?),
    ),
    pure(
        "static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo sourceTimeZone, TimeZoneInfo destinationTimeZone)",
        |call| {
            let source = zone(call, 1, "sourceTimeZone")?;
            convert_date(
                call.date(0)?,
                Some(source),
                zone(call, 2, "destinationTimeZone")?,
            )
        },
    ),
    pure(
        "static DateTime ConvertTimeFromUtc(DateTime dateTime, TimeZoneInfo destinationTimeZone)",
        |call| {
            let utc = Zone::of_gateway(DateTimeKind::Utc);
            convert_date(
                call.date(0)?,
                Some(&utc),
                zone(call, 1, "destinationTimeZone")?,
            )
        },
    ),
    pure(
        "static DateTime ConvertTimeToUtc(DateTime dateTime)",
        |call| {
            let utc = Zone::of_gateway(DateTimeKind::Utc);
            convert_date(call.date(0)?, None, &utc)
        },
    ),
    pure(
        "static DateTime ConvertTimeToUtc(DateTime dateTime, TimeZoneInfo sourceTimeZone)",
        |call| {
            let source = zone(call, 1, "sourceTimeZone")?;
            let utc = Zone::of_gateway(DateTimeKind::Utc);
            convert_date(call.date(0)?, Some(source), &utc)
        },
    ),
    pure(
        "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string destinationTimeZoneId)",
        |call| {
            let destination = find(call.text(1, "destinationTimeZoneId")?)?;
            convert_date(call.date(0)?, None, &destination)
        },
    ),
    pure(
        "static DateTimeOffset ConvertTimeBySystemTimeZoneId(DateTimeOffset dateTimeOffset, string destinationTimeZoneId)",
        |call| {
            let destination = find(call.text(1, "destinationTimeZoneId")?)?;
            convert_moment(call.moment(0)?, &destination)
        },
    ),
    pure(
        "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string sourceTimeZoneId, string destinationTimeZoneId)",
        |call| {
            let source = find(call.text(1, "sourceTimeZoneId")?)?;
            let destination = find(call.text(2, "destinationTimeZoneId")?)?;
            convert_date(call.date(0)?, Some(&source), &destination)
        },
    ),
    pure(
        "static bool TryFindSystemTimeZoneById(string id, out TimeZoneInfo timeZoneInfo)",
        |call| {
            let zone = call.opt_str(0).and_then(|id| find(id).ok());
            let found = zone.is_some();
            call.outs.push(zone.map_or(Value::Null, Value::object));
            Ok(found.into())
        },
    ),
    pure(
        "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName)",
        create,
    ),
    pure(
        "static bool TryConvertIanaIdToWindowsId(string ianaId, out string windowsId)",
        |call| {
            call.reading_work()?;
            let id = call.text(0, "ianaId")?.to_utf8();
            let windows = match id.to_ascii_uppercase().as_str() {
                "UTC" | "ETC/UTC" => Some("UTC"),
                _ => names(&id)
                    .map(|names| names.windows)
                    .filter(|windows| !windows.is_empty()),
            };
            call.outs.push(windows.into());
            Ok(windows.is_some().into())
        },
    ),
    pure(
        "static bool TryConvertWindowsIdToIanaId(string windowsId, out string ianaId)",
        to_iana,
    ),
    pure(
        "static bool TryConvertWindowsIdToIanaId(string windowsId, string region, out string ianaId)",
        to_iana,
    ),
    member(
        "static ReadOnlyCollection<TimeZoneInfo> GetSystemTimeZones()",
        all_zones,
    ),
    member(
        "static ReadOnlyCollection<TimeZoneInfo> GetSystemTimeZones(bool skipSorting)",
        all_zones,
    ),
    pure("static void ClearCachedData()", |_| Ok(Value::Null)),
    member("string DisplayName { get; }", |call| {
        let now = call.machine.host.now();
        Ok(this(call)?.display_name(now)?.into())
    }),
    pure("string StandardName { get; }", |call| {
        Ok(match &this(call)?.names {
            Called::Known(names) => names.standard.into(),
            Called::Given(_, standard) => standard.clone().into(),
            Called::Nothing => this(call)?.id.clone().into(),
        })
    }),
    pure("string DaylightName { get; }", |call| {
        Ok(match &this(call)?.names {
            Called::Known(names) => names.daylight.into(),
            Called::Given(_, standard) => standard.clone().into(),
            Called::Nothing => this(call)?.id.clone().into(),
        })
    }),
    pure("bool HasIanaId { get; }", |call| {
        let zone = this(call)?;
        let custom = matches!(zone.names, Called::Given(..));
        Ok((!custom && iana_name(&zone.id.to_utf8()).is_none()).into())
    }),
    member(
        "TimeSpan[] GetAmbiguousTimeOffsets(DateTime dateTime)",
        |call| {
            let (ticks, _) = call.date(1)?;
            ambiguous_offsets(call, ticks)
        },
    ),
    member(
        "TimeSpan[] GetAmbiguousTimeOffsets(DateTimeOffset dateTimeOffset)",
        |call| {
            let ticks = this(call)?.there(call.moment(1)?)?;
            ambiguous_offsets(call, ticks)
        },
    ),
    pure(
        "bool IsAmbiguousTime(DateTimeOffset dateTimeOffset)",
        |call| {
            let zone = this(call)?;
            let local = zone.local(zone.there(call.moment(1)?)?)?;
            Ok(matches!(local, AmbiguousOffset::Fold { .. }).into())
        },
    ),
    pure("string Id { get; }", |call| {
        Ok(this(call)?.id.clone().into())
    }),
    member("TimeSpan BaseUtcOffset { get; }", |call| {
        let now = call.machine.host.now();
        this(call)?.base_offset(now).map(Value::TimeSpan)
    }),
    member("bool SupportsDaylightSavingTime { get; }", |call| {
        // At any time that is known: some hundred changes.
        call.machine.step(100)?;
        let mut changes = this(call)?.rules.following(Timestamp::MIN);
        Ok(changes.any(|change| change.dst() == Dst::Yes).into())
    }),
    pure("TimeSpan GetUtcOffset(DateTime dateTime)", |call| {
        let zone = this(call)?;
        let utc = zone.utc_of(call.date(1)?)?;
        zone.offset_at(utc).map(Value::TimeSpan)
    }),
    pure(
        "TimeSpan GetUtcOffset(DateTimeOffset dateTimeOffset)",
        |call| {
            let (ticks, offset) = call.moment(1)?;
            let offset = this(call)?.offset_at(crate::time::utc(ticks, offset))?;
            Ok(Value::TimeSpan(offset))
        },
    ),
    pure("bool IsDaylightSavingTime(DateTime dateTime)", |call| {
        let zone = this(call)?;
        let utc = zone.utc_of(call.date(1)?)?;
        Ok(zone.is_summer(utc).into())
    }),
    pure(
        "bool IsDaylightSavingTime(DateTimeOffset dateTimeOffset)",
        |call| {
            let (ticks, offset) = call.moment(1)?;
            Ok(this(call)?
                .is_summer(crate::time::utc(ticks, offset))
                .into())
        },
    ),
    pure("bool IsAmbiguousTime(DateTime dateTime)", |call| {
        let local = this(call)?.local(call.date(1)?.0)?;
        Ok(matches!(local, AmbiguousOffset::Fold { .. }).into())
    }),
    pure("bool IsInvalidTime(DateTime dateTime)", |call| {
        let local = this(call)?.local(call.date(1)?.0)?;
        Ok(matches!(local, AmbiguousOffset::Gap { .. }).into())
    }),
    pure("bool Equals(TimeZoneInfo other)", |call| {
        let other = call.arg(1).downcast::<Zone>();
        Ok(other
            .is_some_and(|other| this(call).is_ok_and(|this| this.same(other)))
            .into())
    }),
    pure("bool HasSameRules(TimeZoneInfo other)", |call| {
        Ok((this(call)?.rules == zone(call, 1, "other")?.rules).into())
    }),
    member("string ToString()", |call| {
        let now = call.machine.host.now();
        Ok(this(call)?.display_name(now)?.into())
    }),
    pure("bool Equals(object obj)", |call| {
        let other = call.arg(1).downcast::<Zone>();
        Ok(other
            .is_some_and(|other| this(call).is_ok_and(|this| this.same(other)))
            .into())
    }),
    pure("int GetHashCode()", |call| {
        Ok(Value::Int32(this(call)?.hash_code()))
    }),
];

/// `System.TimeZone`: the gateway's own, which is UTC.
pub(crate) static TIME_ZONE: TypeDef = TypeDef {
    name: "System.TimeZone",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("static TimeZone CurrentTimeZone { get; }", |_| {
            Ok(Value::object(Current))
        }),
        pure("string StandardName { get; }", |_| Ok(UTC_NAME.into())),
        pure("string DaylightName { get; }", |_| Ok(UTC_NAME.into())),
        pure("TimeSpan GetUtcOffset(DateTime time)", |_| {
            Ok(Value::TimeSpan(0))
        }),
        pure("bool IsDaylightSavingTime(DateTime time)", |_| {
            Ok(false.into())
        }),
        pure("DateTime ToLocalTime(DateTime time)", |call| {
            Ok(Value::DateTime(call.date(1)?.0, DateTimeKind::Local))
        }),
        pure("DateTime ToUniversalTime(DateTime time)", |call| {
            Ok(Value::DateTime(call.date(1)?.0, DateTimeKind::Utc))
        }),
    ],
};

const UTC_NAME: &str = "Coordinated Universal Time";

/// `TimeZone.CurrentTimeZone`.
#[derive(Debug)]
struct Current;

impl Object for Current {
    fn type_of(&self) -> Type {
        Type::plain(&TIME_ZONE)
    }
}

/// What a zone is called.
#[derive(Debug, Clone)]
enum Called {
    Known(&'static Names),
    /// Display name and standard name of one that a policy made.
    Given(Str, Str),
    /// Nothing but its id.
    Nothing,
}

/// A time zone.
#[derive(Debug, Clone)]
struct Zone {
    /// The id it was asked for by.
    id: Str,
    rules: TimeZone,
    names: Called,
    /// What kind its times are of: unspecified but for `Utc` and `Local`.
    kind: DateTimeKind,
}

impl Object for Zone {
    fn type_of(&self) -> Type {
        Type::plain(&TIME_ZONE_INFO)
    }

    fn to_text(&self) -> Option<Str> {
        self.display_name(UNIX_EPOCH).ok()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Zone>();
        other.is_some_and(|other| self.same(other))
    }

    fn hash_code(&self) -> i32 {
        crate::ops::hashed(&self.id.to_utf8().to_ascii_uppercase())
    }
}

impl Zone {
    fn of_gateway(kind: DateTimeKind) -> Zone {
        Zone {
            id: Str::from_static("UTC"),
            rules: TimeZone::UTC,
            names: names("UTC").map_or(Called::Nothing, Called::Known),
            kind,
        }
    }

    fn same(&self, other: &Zone) -> bool {
        let (left, right) = (self.id.to_utf8(), other.id.to_utf8());
        left.eq_ignore_ascii_case(&right) && self.rules == other.rules
    }

    /// The offset while there is no daylight saving time, in ticks.
    fn base_offset(&self, now: i64) -> Result<i64, Throw> {
        let standard = half_years(now).find_map(|ticks| {
            let info = self.rules.to_offset_info(timestamp(ticks)?);
            (info.dst() == Dst::No).then(|| ticks_of(info.offset()))
        });
        standard.map_or_else(|| self.offset_at(now), Ok)
    }

    /// The offset in brackets, and the name.
    fn display_name(&self, now: i64) -> Result<Str, Throw> {
        let name = match &self.names {
            Called::Given(display, _) => return Ok(display.clone()),
            Called::Known(names) if names.id == "UTC" => {
                return Ok(format!("(UTC) {}", names.display).into());
            }
            Called::Known(names) => Str::from_static(names.display),
            Called::Nothing => self.id.clone(),
        };
        let minutes = self.base_offset(now)? / MINUTE;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        Ok(format!("(UTC{sign}{hours:02}:{minutes:02}) {name}").into())
    }

    /// The local time of a moment.
    fn there(&self, (ticks, offset): (i64, i16)) -> Result<i64, Throw> {
        let utc = crate::time::utc(ticks, offset);
        Ok(utc.saturating_add(self.offset_at(utc)?))
    }

    /// The offset from UTC at a time in UTC, in ticks.
    fn offset_at(&self, utc: i64) -> Result<i64, Throw> {
        let at = timestamp(utc).ok_or_else(out_of_range)?;
        Ok(ticks_of(self.rules.to_offset(at)))
    }

    fn is_summer(&self, utc: i64) -> bool {
        timestamp(utc).is_some_and(|at| self.rules.to_offset_info(at).dst() == Dst::Yes)
    }

    /// What the zone says of a local time.
    fn local(&self, ticks: i64) -> Result<AmbiguousOffset, Throw> {
        let at = timestamp(ticks).ok_or_else(out_of_range)?;
        let local = Offset::UTC.to_datetime(at);
        Ok(self.rules.to_ambiguous_timestamp(local).offset())
    }

    /// UTC of a time: its own if its kind says so, otherwise one of this zone, of two the later; one that the clock
    /// leaps over is read as if it had not leapt.
    fn utc_of(&self, (ticks, kind): (i64, DateTimeKind)) -> Result<i64, Throw> {
        if kind != DateTimeKind::Unspecified {
            return Ok(ticks);
        }
        Ok(match self.local(ticks)? {
            AmbiguousOffset::Unambiguous { offset } => ticks - ticks_of(offset),
            AmbiguousOffset::Gap { before, .. } => ticks - ticks_of(before),
            AmbiguousOffset::Fold { after, .. } => ticks - ticks_of(after),
        })
    }
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Zone, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn zone<'c>(call: &mut Call<'c, '_>, at: usize, parameter: &str) -> Result<&'c Zone, Throw> {
    // Whoever asks for a zone looks its rules up.
    call.machine.step(8)?;
    let zone = call.arg(at).downcast();
    zone.ok_or_else(|| Throw::argument_null(parameter))
}

/// A zone by its IANA name or its Windows one.
fn find(id: &Str) -> Result<Zone, Throw> {
    static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    let name = id.to_utf8();
    if name.eq_ignore_ascii_case("UTC") {
        return Ok(Zone::of_gateway(DateTimeKind::Utc));
    }
    let iana = iana_name(&name).unwrap_or(&name);
    let rules = RULES.get(iana);
    let rules = rules.map_err(|_| {
        Throw::new(
            "System.TimeZoneNotFoundException",
            format!("The time zone ID '{name}' was not found on the local computer."),
        )
    })?;
    Ok(Zone {
        id: id.clone(),
        rules,
        names: names(iana).map_or(Called::Nothing, Called::Known),
        kind: DateTimeKind::Unspecified,
    })
}

/// A zone of one offset.
fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (id, offset) = (call.text(0, "id")?.clone(), call.span(1)?);
    let wrong = if id.is_empty() {
        Throw::argument("The value cannot be an empty string. (Parameter 'id')")
    } else if offset % MINUTE != 0 {
        Throw::argument(
            "The TimeSpan parameter cannot be specified more precisely than whole minutes. (Parameter 'baseUtcOffset')",
        )
    } else if offset.abs() > 14 * HOUR {
        Throw::argument_out_of_range(
            "The TimeSpan parameter must be within plus or minus 14.0 hours. (Parameter 'baseUtcOffset')",
        )
    } else {
        let seconds = i32::try_from(offset / SECOND).unwrap_or(0);
        let offset = Offset::from_seconds(seconds).unwrap_or(Offset::UTC);
        let name = |at: usize| call.opt_str(at).cloned().unwrap_or_default();
        return Ok(Value::object(Zone {
            id,
            rules: TimeZone::fixed(offset),
            names: Called::Given(name(2), name(3)),
            kind: DateTimeKind::Unspecified,
        }));
    };
    Err(wrong)
}

fn to_iana(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = call.text(0, "windowsId")?.to_utf8();
    // Windows' names have capitals.
    let mut known = super::windows_zones::ZONES.iter();
    let iana = known.find(|(windows, _)| *windows == id);
    let iana = iana.map(|(_, iana)| *iana);
    call.outs.push(iana.into());
    Ok(iana.is_some().into())
}

/// Every zone that has a name, in the order of offsets and names.
fn all_zones(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    // Each is looked up, and its offset found.
    call.element_work(ZONES.len().saturating_mul(16))?;
    let now = call.machine.host.now();
    let mut zones = Vec::with_capacity(ZONES.len());
    for names in ZONES.iter() {
        if let Ok(zone) = find(&Str::from_static(names.id)) {
            zones.push((zone.base_offset(now)?, names.display, zone));
        }
    }
    zones.sort_by(|(a, first, _), (b, second, _)| (a, first).cmp(&(b, second)));
    let zones: Vec<Value> = zones
        .into_iter()
        .map(|(_, _, zone)| Value::object(zone))
        .collect();
    call.machine
        .heap
        .charge(zones.len().saturating_mul(size_of::<Zone>()))?;
    let array = Array::new(Type::plain(&TIME_ZONE_INFO), zones);
    let array = call.new_array(array)?;
    crate::collections::read_only_of(call.machine, array, Type::plain(&TIME_ZONE_INFO))
}

/// The two offsets of a time that there is twice, the later one first.
fn ambiguous_offsets(call: &mut Call<'_, '_>, ticks: i64) -> Result<Value, Throw> {
    let AmbiguousOffset::Fold { before, after } = this(call)?.local(ticks)? else {
        return Err(Throw::argument(
            "The supplied DateTime is not in an ambiguous time range. (Parameter 'dateTime')",
        ));
    };
    let spans = [after, before].map(|offset| Value::TimeSpan(ticks_of(offset)));
    call.new_array(Array::new(Type::time_span(), spans.to_vec()))
}

/// Without a source, the time's own kind says where it is from.
fn convert_date(
    (ticks, kind): (i64, DateTimeKind),
    source: Option<&Zone>,
    destination: &Zone,
) -> Result<Value, Throw> {
    let implied = Zone::of_gateway(match kind {
        DateTimeKind::Utc => DateTimeKind::Utc,
        _ => DateTimeKind::Local,
    });
    let source = source.unwrap_or(&implied);
    if kind != DateTimeKind::Unspecified && kind != source.kind {
        return Err(Throw::argument(
            "The conversion could not be completed because the supplied DateTime did not have the Kind property set correctly.  For example, when the Kind property is DateTimeKind.Local, the source time zone must be TimeZoneInfo.Local. (Parameter 'sourceTimeZone')",
        ));
    }
    if matches!(source.local(ticks)?, AmbiguousOffset::Gap { .. }) {
        return Err(Throw::argument(
            "The supplied DateTime represents an invalid time.  For example, when the clock is adjusted forward, any time in the period that is skipped is invalid. (Parameter 'dateTime')",
        ));
    }
    let utc = source.utc_of((ticks, kind))?.clamp(0, MAX_TICKS);
    let there = utc.saturating_add(destination.offset_at(utc)?);
    Ok(Value::DateTime(there.clamp(0, MAX_TICKS), destination.kind))
}

fn convert_moment((ticks, offset): (i64, i16), destination: &Zone) -> Result<Value, Throw> {
    let utc = crate::time::utc(ticks, offset);
    let offset = destination.offset_at(utc)?;
    let there = utc.saturating_add(offset).clamp(0, MAX_TICKS);
    let minutes = i16::try_from(offset / MINUTE).unwrap_or(0);
    Ok(Value::DateTimeOffset(there, minutes))
}

fn timestamp(ticks: i64) -> Option<Timestamp> {
    let since = ticks.checked_sub(UNIX_EPOCH)?;
    let nanoseconds = i32::try_from(since.rem_euclid(SECOND) * 100).ok()?;
    Timestamp::new(since.div_euclid(SECOND), nanoseconds).ok()
}

/// Whole minutes of it, as .NET has no others.
fn ticks_of(offset: Offset) -> i64 {
    i64::from(offset.seconds() / 60) * MINUTE
}

/// A winter's and a summer's day of this year, as far as any zone is concerned.
fn half_years(now: i64) -> impl Iterator<Item = i64> {
    let half = 182 * crate::time::DAY;
    [now, now.saturating_add(half)].into_iter()
}

fn out_of_range() -> Throw {
    Throw::argument_out_of_range("The time is outside what a time zone knows.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Civil;

    fn date(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> i64 {
        let civil = Civil {
            year,
            month,
            day,
            hour,
            minute,
            second: 0,
            fraction: 0,
        };
        civil.ticks().unwrap_or_default()
    }

    fn to_utc(id: &str, ticks: i64) -> String {
        let utc = Zone::of_gateway(DateTimeKind::Utc);
        let result = find(&id.into())
            .and_then(|zone| convert_date((ticks, DateTimeKind::Unspecified), Some(&zone), &utc));
        crate::testing::with_machine(|machine| crate::testing::shown(machine, result))
    }

    #[test]
    fn zones_are_known_by_both_names() {
        let noon = date(2024, 7, 1, 12, 0);
        for id in [
            "Europe/Amsterdam",
            "W. Europe Standard Time",
            "w. europe standard time",
        ] {
            assert_eq!(to_utc(id, noon), "07/01/2024 10:00:00", "{id}");
        }
        assert_eq!(to_utc("Pacific Standard Time", noon), "07/01/2024 19:00:00");
        assert_eq!(to_utc("utc", noon), "07/01/2024 12:00:00");
        assert_eq!(
            to_utc("Nowhere/None", noon),
            "!System.TimeZoneNotFoundException"
        );
        assert_eq!(
            to_utc("../../etc/passwd", noon),
            "!System.TimeZoneNotFoundException"
        );
    }

    #[test]
    fn leaps_of_the_clock_are_as_nets() {
        let berlin = "Europe/Berlin";
        let skipped = date(2024, 3, 31, 2, 30);
        assert_eq!(to_utc(berlin, skipped), "!System.ArgumentException");
        let twice = date(2024, 10, 27, 2, 30);
        assert_eq!(to_utc(berlin, twice), "10/27/2024 01:30:00");
        assert_eq!(to_utc(berlin, 0), "01/01/0001 00:00:00");
    }

    #[test]
    fn every_windows_name_has_rules() {
        for (windows, _) in super::super::windows_zones::ZONES {
            assert!(find(&(*windows).into()).is_ok(), "{windows}");
        }
    }
}
