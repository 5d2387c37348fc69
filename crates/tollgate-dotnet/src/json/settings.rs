//! `JsonSerializerSettings` and `JsonLoadSettings`, and the enums of their members.

use std::sync::LazyLock;

use crate::heap::HeapObject;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::{DateTimeKind, Value};

const fn enumeration(name: &'static str, values: &'static [(&'static str, i64)]) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Enum,
        bases: &[],
        values,
        members: &[],
    }
}

/// `Formatting`.
pub(crate) static FORMATTING: TypeDef = enumeration(
    "Newtonsoft.Json.Formatting",
    &[("None", 0), ("Indented", 1)],
);
/// `NullValueHandling`.
pub(crate) static NULL_VALUES: TypeDef = enumeration(
    "Newtonsoft.Json.NullValueHandling",
    &[("Include", 0), ("Ignore", 1)],
);
/// `DefaultValueHandling`.
pub(crate) static DEFAULT_VALUES: TypeDef = enumeration(
    "Newtonsoft.Json.DefaultValueHandling",
    &[
        ("Include", 0),
        ("Ignore", 1),
        ("Populate", 2),
        ("IgnoreAndPopulate", 3),
    ],
);
/// `MissingMemberHandling`.
pub(crate) static MISSING_MEMBERS: TypeDef = enumeration(
    "Newtonsoft.Json.MissingMemberHandling",
    &[("Ignore", 0), ("Error", 1)],
);
/// `DateFormatHandling`.
pub(crate) static DATE_FORMATS: TypeDef = enumeration(
    "Newtonsoft.Json.DateFormatHandling",
    &[("IsoDateFormat", 0), ("MicrosoftDateFormat", 1)],
);
/// `DateParseHandling`.
pub(crate) static DATE_PARSING: TypeDef = enumeration(
    "Newtonsoft.Json.DateParseHandling",
    &[("None", 0), ("DateTime", 1), ("DateTimeOffset", 2)],
);
/// `DateTimeZoneHandling`.
pub(crate) static DATE_ZONES: TypeDef = enumeration(
    "Newtonsoft.Json.DateTimeZoneHandling",
    &[
        ("Local", 0),
        ("Utc", 1),
        ("Unspecified", 2),
        ("RoundtripKind", 3),
    ],
);
/// `FloatFormatHandling`.
pub(crate) static FLOAT_FORMATS: TypeDef = enumeration(
    "Newtonsoft.Json.FloatFormatHandling",
    &[("String", 0), ("Symbol", 1), ("DefaultValue", 2)],
);
/// `FloatParseHandling`.
pub(crate) static FLOAT_PARSING: TypeDef = enumeration(
    "Newtonsoft.Json.FloatParseHandling",
    &[("Double", 0), ("Decimal", 1)],
);
/// `StringEscapeHandling`.
pub(crate) static STRING_ESCAPES: TypeDef = enumeration(
    "Newtonsoft.Json.StringEscapeHandling",
    &[("Default", 0), ("EscapeNonAscii", 1), ("EscapeHtml", 2)],
);
/// `CommentHandling`.
pub(crate) static COMMENTS: TypeDef = enumeration(
    "Newtonsoft.Json.Linq.CommentHandling",
    &[("Ignore", 0), ("Load", 1)],
);
/// `LineInfoHandling`.
pub(crate) static LINES: TypeDef = enumeration(
    "Newtonsoft.Json.Linq.LineInfoHandling",
    &[("Ignore", 0), ("Load", 1)],
);
/// `DuplicatePropertyNameHandling`.
pub(crate) static DUPLICATES: TypeDef = enumeration(
    "Newtonsoft.Json.Linq.DuplicatePropertyNameHandling",
    &[("Replace", 0), ("Ignore", 1), ("Error", 2)],
);

/// `JsonConverter`; there are none here but null.
pub(crate) static JSON_CONVERTER: TypeDef = TypeDef {
    name: "Newtonsoft.Json.JsonConverter",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[],
};

/// How JSON is read and written: `JsonSerializerSettings`, with Newtonsoft's defaults.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) style: Style,
    pub(crate) reading: Reading,
    /// Whether properties that are null are left out.
    pub(crate) omit_nulls: bool,
    default_values: i64,
    /// Whether it is an error that a type has no property for a name.
    missing_members: i64,
}

/// How JSON is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Style {
    pub(crate) indented: bool,
    pub(crate) escapes: Escapes,
    pub(crate) floats: Floats,
    pub(crate) dates: Dates,
}

/// Which characters of strings are escaped beyond those that must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Escapes {
    #[default]
    Least,
    NonAscii,
    Html,
}

/// How numbers that JSON does not have are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Floats {
    #[default]
    Quoted,
    Bare,
    Zero,
}

/// How dates are written and what they are taken to mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dates {
    /// `/Date(…)/` instead of ISO's form.
    pub(crate) microsoft: bool,
    pub(crate) zone: Zone,
    pub(crate) format: Option<Str>,
}

/// What is made of the zone of a date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Zone {
    Local,
    Utc,
    Unspecified,
    #[default]
    Kept,
}

impl Zone {
    /// A date in that zone; local time is UTC.
    pub(crate) fn of(self, kind: DateTimeKind) -> DateTimeKind {
        match self {
            Zone::Local => DateTimeKind::Local,
            Zone::Utc => DateTimeKind::Utc,
            Zone::Unspecified => DateTimeKind::Unspecified,
            Zone::Kept => kind,
        }
    }
}

/// How JSON is read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) strings: Strings,
    pub(crate) numbers: Numbers,
    pub(crate) zone: Zone,
    pub(crate) date_format: Option<Str>,
    /// How deep containers may be nested.
    pub(crate) depth: usize,
    pub(crate) comments: Comments,
    pub(crate) duplicates: Duplicates,
}

/// What is made of strings that look like dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strings {
    Plain,
    Dates,
    Moments,
}

/// What is made of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Doubles,
    Decimals,
    /// They stay the text that they are, for a reader that knows the type wanted.
    Text,
}

/// What is made of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comments {
    /// They are passed over, but for one before a `JToken`.
    Within,
    Skipped,
    Kept,
}

/// What happens to the second property of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    Replace,
    /// As the first one, but the second keeps its place.
    Last,
    Ignore,
    Error,
}

/// Newtonsoft's `MaxDepth`.
const DEPTH: usize = 64;
/// How deep without one.
const ANY_DEPTH: usize = 400;

impl Default for Reading {
    fn default() -> Self {
        Reading {
            strings: Strings::Dates,
            numbers: Numbers::Doubles,
            zone: Zone::Kept,
            date_format: None,
            depth: DEPTH,
            comments: Comments::Within,
            duplicates: Duplicates::Replace,
        }
    }
}

impl Settings {
    /// Whether properties that hold their type's default are left out.
    pub(crate) fn omit_defaults(&self) -> bool {
        self.default_values & 1 == 1
    }

    /// The settings in argument `index`, or the usual ones.
    pub(crate) fn argument(call: &Call<'_, '_>, index: usize) -> Settings {
        let heap = &*call.machine.heap;
        heap.of::<Settings>(call.arg(index))
            .cloned()
            .unwrap_or_default()
    }
}

impl HeapObject for Settings {
    fn type_of(&self) -> Type {
        Type::plain(&JSON_SERIALIZER_SETTINGS)
    }
}

fn settings<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut Settings, Throw> {
    let value = call.arg(0);
    let settings = call.machine.heap.of_mut(value);
    settings.ok_or_else(Throw::null_reference)
}

fn number(table: &'static TypeDef, number: i64) -> Result<Value, Throw> {
    Ok(Value::Enum(TypeRef(table), number))
}

fn text(text: Option<&Str>) -> Result<Value, Throw> {
    Ok(text.cloned().map_or(Value::Null, Value::String))
}

/// A getter and a setter of a member of type `T`.
macro_rules! property {
    ($ty:literal $name:literal, $table:expr, |$s:ident| $get:expr, |$t:ident, $n:ident| $set:expr) => {
        [
            member(concat!($ty, " ", $name, " { get; }"), |call| {
                let $s = settings(call)?;
                number($table, $get)
            }),
            member(concat!($ty, " ", $name, " { set; }"), |call| {
                let $n = call.flags(1);
                let $t = settings(call)?;
                $set;
                Ok(Value::Null)
            }),
        ]
    };
}

const FORMATTINGS: [crate::Member; 2] = property!(
    "Formatting" "Formatting", &FORMATTING,
    |s| i64::from(s.style.indented),
    |s, n| s.style.indented = n == 1
);
const NULLS: [crate::Member; 2] = property!(
    "NullValueHandling" "NullValueHandling", &NULL_VALUES,
    |s| i64::from(s.omit_nulls),
    |s, n| s.omit_nulls = n == 1
);
const DEFAULTS: [crate::Member; 2] = property!(
    "DefaultValueHandling" "DefaultValueHandling", &DEFAULT_VALUES,
    |s| s.default_values,
    |s, n| s.default_values = n
);
const MISSING: [crate::Member; 2] = property!(
    "MissingMemberHandling" "MissingMemberHandling", &MISSING_MEMBERS,
    |s| s.missing_members,
    |s, n| s.missing_members = n
);
const FORMATS: [crate::Member; 2] = property!(
    "DateFormatHandling" "DateFormatHandling", &DATE_FORMATS,
    |s| i64::from(s.style.dates.microsoft),
    |s, n| s.style.dates.microsoft = n == 1
);
const PARSING: [crate::Member; 2] = property!(
    "DateParseHandling" "DateParseHandling", &DATE_PARSING,
    |s| s.reading.strings as i64,
    |s, n| s.reading.strings = match n {
        0 => Strings::Plain,
        2 => Strings::Moments,
        _ => Strings::Dates,
    }
);
const ZONES: [crate::Member; 2] = property!(
    "DateTimeZoneHandling" "DateTimeZoneHandling", &DATE_ZONES,
    |s| s.reading.zone as i64,
    |s, n| {
        s.reading.zone = match n {
            0 => Zone::Local,
            1 => Zone::Utc,
            2 => Zone::Unspecified,
            _ => Zone::Kept,
        };
        s.style.dates.zone = s.reading.zone;
    }
);
const FLOATS: [crate::Member; 2] = property!(
    "FloatFormatHandling" "FloatFormatHandling", &FLOAT_FORMATS,
    |s| s.style.floats as i64,
    |s, n| s.style.floats = match n {
        1 => Floats::Bare,
        2 => Floats::Zero,
        _ => Floats::Quoted,
    }
);
const FLOATS_READ: [crate::Member; 2] = property!(
    "FloatParseHandling" "FloatParseHandling", &FLOAT_PARSING,
    |s| i64::from(s.reading.numbers == Numbers::Decimals),
    |s, n| s.reading.numbers = match n {
        1 => Numbers::Decimals,
        _ => Numbers::Doubles,
    }
);
const ESCAPES: [crate::Member; 2] = property!(
    "StringEscapeHandling" "StringEscapeHandling", &STRING_ESCAPES,
    |s| s.style.escapes as i64,
    |s, n| s.style.escapes = match n {
        1 => Escapes::NonAscii,
        2 => Escapes::Html,
        _ => Escapes::Least,
    }
);

/// `JsonSerializerSettings`.
pub(crate) static JSON_SERIALIZER_SETTINGS: TypeDef = TypeDef {
    name: "Newtonsoft.Json.JsonSerializerSettings",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new()", |call| call.machine.heap.alloc(Settings::default())),
        FORMATTINGS[0],
        FORMATTINGS[1],
        NULLS[0],
        NULLS[1],
        DEFAULTS[0],
        DEFAULTS[1],
        MISSING[0],
        MISSING[1],
        FORMATS[0],
        FORMATS[1],
        PARSING[0],
        PARSING[1],
        ZONES[0],
        ZONES[1],
        FLOATS[0],
        FLOATS[1],
        FLOATS_READ[0],
        FLOATS_READ[1],
        ESCAPES[0],
        ESCAPES[1],
        member("string DateFormatString { get; }", |call| {
            let format = settings(call)?.style.dates.format.clone();
            let usual = Str::from_static("yyyy'-'MM'-'dd'T'HH':'mm':'ss.FFFFFFFK");
            text(Some(&format.unwrap_or(usual)))
        }),
        member("string DateFormatString { set; }", |call| {
            let format = call.opt_str(1).cloned();
            let settings = settings(call)?;
            settings.style.dates.format.clone_from(&format);
            settings.reading.date_format = format;
            Ok(Value::Null)
        }),
        member("int? MaxDepth { get; }", |call| {
            let depth = settings(call)?.reading.depth;
            Ok(match depth < ANY_DEPTH {
                true => crate::args::int(depth),
                false => Value::Null,
            })
        }),
        member("int? MaxDepth { set; }", |call| {
            let depth = match call.arg(1) {
                Value::Null => ANY_DEPTH,
                _ => match usize::try_from(call.int(1)?) {
                    Ok(depth) if depth > 0 => depth.min(ANY_DEPTH),
                    _ => {
                        return Err(Throw::argument(
                            "Value must be positive. (Parameter 'value')",
                        ));
                    }
                },
            };
            settings(call)?.reading.depth = depth;
            Ok(Value::Null)
        }),
    ],
};

/// `JsonLoadSettings`.
pub(crate) static JSON_LOAD_SETTINGS: TypeDef = TypeDef {
    name: "Newtonsoft.Json.Linq.JsonLoadSettings",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new()", |call| {
            call.machine.heap.alloc(LoadSettings {
                comments: 0,
                lines: 1,
                duplicates: 0,
            })
        }),
        member("CommentHandling CommentHandling { get; }", |call| {
            number(&COMMENTS, load(call)?.comments)
        }),
        member("CommentHandling CommentHandling { set; }", |call| {
            let comments = call.flags(1);
            load(call)?.comments = comments;
            Ok(Value::Null)
        }),
        member("LineInfoHandling LineInfoHandling { get; }", |call| {
            number(&LINES, load(call)?.lines)
        }),
        member("LineInfoHandling LineInfoHandling { set; }", |call| {
            let lines = call.flags(1);
            load(call)?.lines = lines;
            Ok(Value::Null)
        }),
        member(
            "DuplicatePropertyNameHandling DuplicatePropertyNameHandling { get; }",
            |call| number(&DUPLICATES, load(call)?.duplicates),
        ),
        member(
            "DuplicatePropertyNameHandling DuplicatePropertyNameHandling { set; }",
            |call| {
                let duplicates = call.flags(1);
                load(call)?.duplicates = duplicates;
                Ok(Value::Null)
            },
        ),
    ],
};

/// What `JsonLoadSettings` holds: numbers of its members' enums.
#[derive(Debug, Clone, Copy)]
struct LoadSettings {
    comments: i64,
    lines: i64,
    duplicates: i64,
}

impl HeapObject for LoadSettings {
    fn type_of(&self) -> Type {
        Type::plain(&JSON_LOAD_SETTINGS)
    }
}

fn load<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut LoadSettings, Throw> {
    let value = call.arg(0);
    let settings = call.machine.heap.of_mut(value);
    settings.ok_or_else(Throw::null_reference)
}

impl Reading {
    /// The usual settings, with strings that look like dates read as dates or not.
    pub(crate) fn usual(dates: bool) -> &'static Reading {
        static DATES: LazyLock<Reading> = LazyLock::new(Reading::default);
        static PLAIN: LazyLock<Reading> = LazyLock::new(|| Reading {
            strings: Strings::Plain,
            ..Reading::default()
        });
        if dates { &DATES } else { &PLAIN }
    }

    /// Whether strings that look like dates are dates; `None` if the settings ask for anything else that is unusual
    /// in strict JSON.
    pub(crate) fn dates_or_not(&self) -> Option<bool> {
        let usual = self.numbers == Numbers::Doubles
            && self.zone == Zone::Kept
            && self.date_format.is_none()
            && self.depth == DEPTH
            && matches!(self.duplicates, Duplicates::Replace | Duplicates::Last);
        match self.strings {
            Strings::Plain if usual => Some(false),
            Strings::Dates if usual => Some(true),
            _ => None,
        }
    }

    /// As the `JsonLoadSettings` in argument `index` say.
    pub(crate) fn argument(call: &Call<'_, '_>, index: usize) -> Reading {
        let mut reading = Reading::default();
        let heap = &*call.machine.heap;
        if let Some(settings) = heap.of::<LoadSettings>(call.arg(index)) {
            reading.comments = match settings.comments {
                1 => Comments::Kept,
                _ => Comments::Skipped,
            };
            reading.duplicates = match settings.duplicates {
                1 => Duplicates::Ignore,
                2 => Duplicates::Error,
                _ => Duplicates::Replace,
            };
        }
        reading
    }
}
