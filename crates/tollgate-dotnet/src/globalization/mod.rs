//! The namespace `System.Globalization`: cultures, as far as they write numbers, and the enums of parsing.

use std::sync::Arc;

use crate::member::{Member, TypeDef, TypeKind, pure};
use crate::number::NumberCulture;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[
    &CULTURE_INFO,
    &NUMBER_STYLES,
    &DATE_TIME_STYLES,
    &TIME_SPAN_STYLES,
    &COMPARE_OPTIONS,
    &UNICODE_CATEGORY,
];

/// `System.Globalization.CultureInfo`: the invariant culture, and how a few others write numbers.
static CULTURE_INFO: TypeDef = TypeDef {
    name: "System.Globalization.CultureInfo",
    kind: TypeKind::Class,
    bases: &["IFormatProvider"],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static CultureInfo InvariantCulture { get; }", |_| {
        Ok(culture(""))
    }),
    pure("static CultureInfo CurrentCulture { get; }", |_| {
        Ok(culture(""))
    }),
    pure("static CultureInfo CurrentUICulture { get; }", |_| {
        Ok(culture(""))
    }),
    pure("new(string name)", |call| named(call.text(0, "name")?)),
    pure("static CultureInfo GetCultureInfo(string name)", |call| {
        named(call.text(0, "name")?)
    }),
    pure("string Name { get; }", |call| {
        match call.arg(0).downcast::<Culture>() {
            Some(culture) => Ok(Value::String(culture.name.clone())),
            None => Err(Throw::null_reference()),
        }
    }),
];

/// A culture.
#[derive(Debug)]
struct Culture {
    name: Str,
    numbers: NumberCulture,
}

impl Object for Culture {
    fn type_of(&self) -> Type {
        Type::plain(&CULTURE_INFO)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.name.clone())
    }
}

/// How numbers are written for an `IFormatProvider`; invariant for null and strangers.
pub(crate) fn culture_of(provider: &Value) -> NumberCulture {
    provider
        .downcast::<Culture>()
        .map_or(NumberCulture::INVARIANT, |culture| culture.numbers)
}

/// The invariant culture.
pub(crate) fn invariant() -> Value {
    culture("")
}

fn culture(name: &str) -> Value {
    Value::Object(Arc::new(Culture {
        name: name.into(),
        numbers: numbers(name),
    }))
}

fn named(name: &Str) -> Result<Value, Throw> {
    let text = name.to_utf8();
    let well_formed = text
        .split('-')
        .all(|part| part.len() <= 8 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    match well_formed {
        true => Ok(culture(&text)),
        false => Err(Throw::new(
            "System.Globalization.CultureNotFoundException",
            format!(
                "Culture is not supported. (Parameter 'name')\n{text} is an invalid culture identifier."
            ),
        )),
    }
}

/// How the culture's language writes numbers.
fn numbers(name: &str) -> NumberCulture {
    let (language, region) = name.split_once('-').unwrap_or((name, ""));
    NumberCulture {
        dates: crate::time::culture::of(language, region),
        ..only_numbers(language, region)
    }
}

fn only_numbers(language: &str, region: &str) -> NumberCulture {
    let euro = NumberCulture {
        decimal: ",",
        group: ".",
        currency: "€",
        currency_behind: true,
        currency_brackets: false,
        percent_gap: "\u{a0}",
        ..NumberCulture::INVARIANT
    };
    match (language, region) {
        ("en", region) => NumberCulture {
            currency: match region {
                "GB" => "£",
                "IE" => "€",
                "IN" => "₹",
                _ => "$",
            },
            currency_brackets: false,
            percent_gap: "",
            ..NumberCulture::INVARIANT
        },
        ("de", "CH") => NumberCulture {
            decimal: ".",
            group: "’",
            currency: "CHF",
            ..euro
        },
        ("fr", _) => NumberCulture {
            group: "\u{202f}",
            ..euro
        },
        ("nl", _) => NumberCulture {
            currency_behind: false,
            percent_gap: "",
            ..euro
        },
        ("de" | "es" | "it" | "pt" | "da" | "id" | "tr", _) => euro,
        ("sv" | "nb" | "fi" | "pl" | "cs" | "ru" | "uk", _) => NumberCulture {
            group: "\u{a0}",
            ..euro
        },
        _ => NumberCulture::INVARIANT,
    }
}

const fn enumeration(name: &'static str, values: &'static [(&'static str, i64)]) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Enum,
        bases: &[],
        values,
        members: &[],
    }
}

/// `NumberStyles`.
static NUMBER_STYLES: TypeDef = enumeration(
    "System.Globalization.NumberStyles",
    &[
        ("None", 0),
        ("AllowLeadingWhite", 1),
        ("AllowTrailingWhite", 2),
        ("AllowLeadingSign", 4),
        ("Integer", 7),
        ("AllowTrailingSign", 8),
        ("AllowParentheses", 16),
        ("AllowDecimalPoint", 32),
        ("AllowThousands", 64),
        ("Number", 111),
        ("AllowExponent", 128),
        ("Float", 167),
        ("AllowCurrencySymbol", 256),
        ("Currency", 383),
        ("Any", 511),
        ("AllowHexSpecifier", 512),
        ("HexNumber", 515),
        ("AllowBinarySpecifier", 1024),
        ("BinaryNumber", 1027),
    ],
);

/// `DateTimeStyles`.
static DATE_TIME_STYLES: TypeDef = enumeration(
    "System.Globalization.DateTimeStyles",
    &[
        ("None", 0),
        ("AllowLeadingWhite", 1),
        ("AllowTrailingWhite", 2),
        ("AllowInnerWhite", 4),
        ("AllowWhiteSpaces", 7),
        ("NoCurrentDateDefault", 8),
        ("AdjustToUniversal", 16),
        ("AssumeLocal", 32),
        ("AssumeUniversal", 64),
        ("RoundtripKind", 128),
    ],
);

/// `TimeSpanStyles`.
static TIME_SPAN_STYLES: TypeDef = enumeration(
    "System.Globalization.TimeSpanStyles",
    &[("None", 0), ("AssumeNegative", 1)],
);

/// `CompareOptions`.
static COMPARE_OPTIONS: TypeDef = enumeration(
    "System.Globalization.CompareOptions",
    &[
        ("None", 0),
        ("IgnoreCase", 1),
        ("IgnoreNonSpace", 2),
        ("IgnoreSymbols", 4),
        ("IgnoreKanaType", 8),
        ("IgnoreWidth", 16),
        ("OrdinalIgnoreCase", 0x1000_0000),
        ("StringSort", 0x2000_0000),
        ("Ordinal", 0x4000_0000),
    ],
);

/// `UnicodeCategory`.
pub(crate) static UNICODE_CATEGORY: TypeDef = enumeration(
    "System.Globalization.UnicodeCategory",
    &[
        ("UppercaseLetter", 0),
        ("LowercaseLetter", 1),
        ("TitlecaseLetter", 2),
        ("ModifierLetter", 3),
        ("OtherLetter", 4),
        ("NonSpacingMark", 5),
        ("SpacingCombiningMark", 6),
        ("EnclosingMark", 7),
        ("DecimalDigitNumber", 8),
        ("LetterNumber", 9),
        ("OtherNumber", 10),
        ("SpaceSeparator", 11),
        ("LineSeparator", 12),
        ("ParagraphSeparator", 13),
        ("Control", 14),
        ("Format", 15),
        ("Surrogate", 16),
        ("PrivateUse", 17),
        ("ConnectorPunctuation", 18),
        ("DashPunctuation", 19),
        ("OpenPunctuation", 20),
        ("ClosePunctuation", 21),
        ("InitialQuotePunctuation", 22),
        ("FinalQuotePunctuation", 23),
        ("OtherPunctuation", 24),
        ("MathSymbol", 25),
        ("CurrencySymbol", 26),
        ("ModifierSymbol", 27),
        ("OtherSymbol", 28),
        ("OtherNotAssigned", 29),
    ],
);
