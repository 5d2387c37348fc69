//! `System.Char`.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::globalization::UNICODE_CATEGORY;
use crate::member::{Call, Member, TypeDef, TypeKind, pure};
use crate::str::Str;
use crate::system::integer::{compare_to, equals, hash_code, to_string};
use crate::system::{lower, upper};
use crate::throw::Throw;
use crate::types::TypeRef;
use crate::value::Value;

/// `System.Char`.
pub(crate) static CHAR: TypeDef = TypeDef {
    name: "System.Char",
    kind: TypeKind::Struct,
    bases: &[
        "IConvertible",
        "IComparable",
        "IComparable<char>",
        "IEquatable<char>",
    ],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static char MaxValue { get; }", |_| {
        Ok(Value::Char(u16::MAX))
    }),
    pure("static char MinValue { get; }", |_| Ok(Value::Char(0))),
    pure("static bool IsDigit(char c)", |call| test(call, is_digit)),
    pure("static bool IsDigit(string s, int index)", |call| {
        test(call, is_digit)
    }),
    pure("static bool IsNumber(char c)", |call| test(call, is_number)),
    pure("static bool IsNumber(string s, int index)", |call| {
        test(call, is_number)
    }),
    pure("static bool IsLetter(char c)", |call| test(call, is_letter)),
    pure("static bool IsLetter(string s, int index)", |call| {
        test(call, is_letter)
    }),
    pure("static bool IsLetterOrDigit(char c)", |call| {
        test(call, is_letter_or_digit)
    }),
    pure("static bool IsLetterOrDigit(string s, int index)", |call| {
        test(call, is_letter_or_digit)
    }),
    pure("static bool IsWhiteSpace(char c)", |call| {
        test(call, is_white)
    }),
    pure("static bool IsWhiteSpace(string s, int index)", |call| {
        test(call, is_white)
    }),
    pure("static bool IsUpper(char c)", |call| test(call, is_upper)),
    pure("static bool IsUpper(string s, int index)", |call| {
        test(call, is_upper)
    }),
    pure("static bool IsLower(char c)", |call| test(call, is_lower)),
    pure("static bool IsLower(string s, int index)", |call| {
        test(call, is_lower)
    }),
    pure("static bool IsControl(char c)", |call| {
        test(call, is_control)
    }),
    pure("static bool IsControl(string s, int index)", |call| {
        test(call, is_control)
    }),
    pure("static bool IsPunctuation(char c)", |call| {
        test(call, is_punctuation)
    }),
    pure("static bool IsPunctuation(string s, int index)", |call| {
        test(call, is_punctuation)
    }),
    pure("static bool IsSymbol(char c)", |call| test(call, is_symbol)),
    pure("static bool IsSymbol(string s, int index)", |call| {
        test(call, is_symbol)
    }),
    pure("static bool IsSeparator(char c)", |call| {
        test(call, is_separator)
    }),
    pure("static bool IsSeparator(string s, int index)", |call| {
        test(call, is_separator)
    }),
    pure("static bool IsSurrogate(char c)", |call| {
        test(call, is_surrogate)
    }),
    pure("static bool IsSurrogate(string s, int index)", |call| {
        test(call, is_surrogate)
    }),
    pure("static bool IsHighSurrogate(char c)", |call| {
        test(call, is_high)
    }),
    pure("static bool IsHighSurrogate(string s, int index)", |call| {
        test(call, is_high)
    }),
    pure("static bool IsLowSurrogate(char c)", |call| {
        test(call, is_low)
    }),
    pure("static bool IsLowSurrogate(string s, int index)", |call| {
        test(call, is_low)
    }),
    pure("static bool IsAscii(char c)", |call| {
        test(call, |unit| unit < 128)
    }),
    pure("static bool IsAsciiDigit(char c)", |call| {
        test(call, |unit| ascii(unit, u8::is_ascii_digit))
    }),
    pure("static bool IsAsciiLetter(char c)", |call| {
        test(call, |unit| ascii(unit, u8::is_ascii_alphabetic))
    }),
    pure("static bool IsAsciiLetterOrDigit(char c)", |call| {
        test(call, |unit| ascii(unit, u8::is_ascii_alphanumeric))
    }),
    pure("static bool IsAsciiLetterLower(char c)", |call| {
        test(call, |unit| ascii(unit, u8::is_ascii_lowercase))
    }),
    pure("static bool IsAsciiLetterUpper(char c)", |call| {
        test(call, |unit| ascii(unit, u8::is_ascii_uppercase))
    }),
    pure("static bool IsAsciiHexDigit(char c)", |call| {
        test(call, |unit| ascii(unit, u8::is_ascii_hexdigit))
    }),
    pure("static bool IsAsciiHexDigitUpper(char c)", |call| {
        test(call, |unit| {
            ascii(unit, |byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
        })
    }),
    pure("static bool IsAsciiHexDigitLower(char c)", |call| {
        test(call, |unit| {
            ascii(unit, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    }),
    pure(
        "static bool IsBetween(char c, char minInclusive, char maxInclusive)",
        |call| {
            let (unit, low, high) = (call.char(0)?, call.char(1)?, call.char(2)?);
            Ok((low..=high).contains(&unit).into())
        },
    ),
    pure(
        "static bool IsSurrogatePair(char highSurrogate, char lowSurrogate)",
        |call| Ok((is_high(call.char(0)?) && is_low(call.char(1)?)).into()),
    ),
    pure("static bool IsSurrogatePair(string s, int index)", |call| {
        let first = unit(call)?;
        let index = usize::try_from(call.int(1)?).unwrap_or(usize::MAX);
        let second = call.text(0, "s")?.unit(index.saturating_add(1));
        Ok((is_high(first) && second.is_some_and(is_low)).into())
    }),
    pure(
        "static UnicodeCategory GetUnicodeCategory(char c)",
        |call| Ok(category_value(unit(call)?)),
    ),
    pure(
        "static UnicodeCategory GetUnicodeCategory(string s, int index)",
        |call| Ok(category_value(unit(call)?)),
    ),
    pure(
        "static double GetNumericValue(string s, int index)",
        |call| Ok(Value::Double(numeric_value(unit(call)?))),
    ),
    pure("static char ToUpper(char c, CultureInfo culture)", |call| {
        changed(call, upper)
    }),
    pure("static char ToLower(char c, CultureInfo culture)", |call| {
        changed(call, lower)
    }),
    pure("static char ToUpper(char c)", |call| changed(call, upper)),
    pure("static char ToUpperInvariant(char c)", |call| {
        changed(call, upper)
    }),
    pure("static char ToLower(char c)", |call| changed(call, lower)),
    pure("static char ToLowerInvariant(char c)", |call| {
        changed(call, lower)
    }),
    pure("static double GetNumericValue(char c)", |call| {
        Ok(Value::Double(numeric_value(unit(call)?)))
    }),
    pure("static char Parse(string s)", |call| {
        read(call.text(0, "s")?)
    }),
    pure("static bool TryParse(string s, out char result)", |call| {
        let value = call.opt_str(0).and_then(|text| read(text).ok());
        call.outs.push(value.clone().unwrap_or(Value::Char(0)));
        Ok(value.is_some().into())
    }),
    pure("static int ConvertToUtf32(string s, int index)", to_utf32),
    pure(
        "static int ConvertToUtf32(char highSurrogate, char lowSurrogate)",
        to_utf32,
    ),
    pure("static string ConvertFromUtf32(int utf32)", |call| {
        let c = u32::try_from(call.int(0)?).ok().and_then(char::from_u32);
        c.map(|c| Value::from(c.to_string())).ok_or_else(|| {
            Throw::argument_out_of_range(
                "A valid UTF32 value is between 0x000000 and 0x10ffff, inclusive, and should not include surrogate codepoint values (0x00d800 ~ 0x00dfff). (Parameter 'utf32')",
            )
        })
    }),
    pure("static string ToString(char c)", to_string),
    pure("string ToString()", to_string),
    pure("string ToString(IFormatProvider provider)", to_string),
    pure("int CompareTo(char value)", compare_to),
    pure("int CompareTo(object value)", compare_to),
    pure("bool Equals(char obj)", equals),
    pure("bool Equals(object obj)", equals),
    pure("int GetHashCode()", hash_code),
    pure("TypeCode GetTypeCode()", crate::system::type_code),
];

/// Argument 0, or the unit at argument 1 of the string in argument 0.
fn unit(call: &Call<'_, '_>) -> Result<u16, Throw> {
    match call.arg(0) {
        Value::Char(unit) => Ok(*unit),
        _ => {
            let text = call.text(0, "s")?;
            let index = usize::try_from(call.int(1)?).ok();
            index
                .and_then(|index| text.unit(index))
                .ok_or_else(|| crate::collections::out_of_range("index"))
        }
    }
}

fn test(call: &mut Call<'_, '_>, holds: fn(u16) -> bool) -> Result<Value, Throw> {
    unit(call).map(|unit| holds(unit).into())
}

fn ascii(unit: u16, holds: fn(&u8) -> bool) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii() && holds(&byte))
}

fn changed(call: &mut Call<'_, '_>, change: fn(&Str) -> Str) -> Result<Value, Throw> {
    let unit = unit(call)?;
    Ok(Value::Char(
        change(&Str::from_unit(unit)).unit(0).unwrap_or(unit),
    ))
}

/// A string of exactly one unit.
pub(crate) fn read(text: &Str) -> Result<Value, Throw> {
    match (text.unit(0), text.unit(1)) {
        (Some(unit), None) => Ok(Value::Char(unit)),
        _ => Err(Throw::format("String must be exactly one character long.")),
    }
}

fn to_utf32(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let first = unit(call)?;
    let second = match call.arg(1) {
        Value::Char(unit) => Some(*unit),
        _ => usize::try_from(call.int(1)?)
            .ok()
            .and_then(|index| call.opt_str(0)?.unit(index + 1)),
    };
    let units: Vec<u16> = match first {
        0xD800..=0xDFFF => [first].into_iter().chain(second).collect(),
        _ if matches!(call.arg(0), Value::Char(_)) => {
            return Err(Throw::argument_out_of_range(
                "A valid high surrogate character is between 0xd800 and 0xdbff, inclusive. (Parameter 'highSurrogate')",
            ));
        }
        _ => vec![first],
    };
    let c = char::decode_utf16(units).next().and_then(Result::ok);
    let code = c.and_then(|c| i32::try_from(u32::from(c)).ok());
    code.map(Value::Int32).ok_or_else(|| {
        Throw::argument("Found a high surrogate char without a following low surrogate at index: 0. The input may not be in this encoding, or may not contain valid Unicode (UTF-16) characters. (Parameter 's')")
    })
}

/// The general category, a surrogate being one by itself.
fn category(unit: u16) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get32(u32::from(unit))
}

fn category_value(unit: u16) -> Value {
    use GeneralCategory as G;
    let number = match category(unit) {
        G::UppercaseLetter => 0,
        G::LowercaseLetter => 1,
        G::TitlecaseLetter => 2,
        G::ModifierLetter => 3,
        G::OtherLetter => 4,
        G::NonspacingMark => 5,
        G::SpacingMark => 6,
        G::EnclosingMark => 7,
        G::DecimalNumber => 8,
        G::LetterNumber => 9,
        G::OtherNumber => 10,
        G::SpaceSeparator => 11,
        G::LineSeparator => 12,
        G::ParagraphSeparator => 13,
        G::Control => 14,
        G::Format => 15,
        G::Surrogate => 16,
        G::PrivateUse => 17,
        G::ConnectorPunctuation => 18,
        G::DashPunctuation => 19,
        G::OpenPunctuation => 20,
        G::ClosePunctuation => 21,
        G::InitialPunctuation => 22,
        G::FinalPunctuation => 23,
        G::OtherPunctuation => 24,
        G::MathSymbol => 25,
        G::CurrencySymbol => 26,
        G::ModifierSymbol => 27,
        G::OtherSymbol => 28,
        _ => 29,
    };
    Value::Enum(TypeRef(&UNICODE_CATEGORY), number)
}

fn is_letter(unit: u16) -> bool {
    use GeneralCategory as G;
    matches!(
        category(unit),
        G::UppercaseLetter
            | G::LowercaseLetter
            | G::TitlecaseLetter
            | G::ModifierLetter
            | G::OtherLetter
    )
}

fn is_digit(unit: u16) -> bool {
    category(unit) == GeneralCategory::DecimalNumber
}

fn is_number(unit: u16) -> bool {
    use GeneralCategory as G;
    matches!(
        category(unit),
        G::DecimalNumber | G::LetterNumber | G::OtherNumber
    )
}

fn is_letter_or_digit(unit: u16) -> bool {
    is_letter(unit) || is_digit(unit)
}

fn is_white(unit: u16) -> bool {
    char::from_u32(unit.into()).is_some_and(char::is_whitespace)
}

fn is_upper(unit: u16) -> bool {
    category(unit) == GeneralCategory::UppercaseLetter
}

fn is_lower(unit: u16) -> bool {
    category(unit) == GeneralCategory::LowercaseLetter
}

fn is_control(unit: u16) -> bool {
    category(unit) == GeneralCategory::Control
}

fn is_separator(unit: u16) -> bool {
    use GeneralCategory as G;
    matches!(
        category(unit),
        G::SpaceSeparator | G::LineSeparator | G::ParagraphSeparator
    )
}

fn is_punctuation(unit: u16) -> bool {
    use GeneralCategory as G;
    matches!(
        category(unit),
        G::ConnectorPunctuation
            | G::DashPunctuation
            | G::OpenPunctuation
            | G::ClosePunctuation
            | G::InitialPunctuation
            | G::FinalPunctuation
            | G::OtherPunctuation
    )
}

fn is_symbol(unit: u16) -> bool {
    use GeneralCategory as G;
    matches!(
        category(unit),
        G::MathSymbol | G::CurrencySymbol | G::ModifierSymbol | G::OtherSymbol
    )
}

fn is_surrogate(unit: u16) -> bool {
    (0xd800..=0xdfff).contains(&unit)
}

fn is_high(unit: u16) -> bool {
    (0xd800..=0xdbff).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..=0xdfff).contains(&unit)
}

/// `GetNumericValue`: of decimal digits, and of the fractions, numerals and enclosed numbers most used; -1 of others.
fn numeric_value(unit: u16) -> f64 {
    if is_digit(unit) {
        // Digits come in rows of ten, which begin where the category does or ten before.
        let mut zero = unit;
        while zero > 0 && unit - zero < 9 && is_digit(zero - 1) {
            zero -= 1;
        }
        return f64::from((unit - zero) % 10);
    }
    let from = |first: u16, value: u16| f64::from(unit - first + value);
    match unit {
        0xb2 => 2.0,
        0xb3 => 3.0,
        0xb9 => 1.0,
        0xbc => 0.25,
        0xbd => 0.5,
        0xbe => 0.75,
        0x2070 => 0.0,
        0x2074..=0x2079 => from(0x2074, 4),
        0x2080..=0x2089 => from(0x2080, 0),
        0x2153 => 1.0 / 3.0,
        0x2154 => 2.0 / 3.0,
        0x2155..=0x2158 => from(0x2155, 1) / 5.0,
        0x2159 => 1.0 / 6.0,
        0x215a => 5.0 / 6.0,
        0x215b => 0.125,
        0x215c => 0.375,
        0x215d => 0.625,
        0x215e => 0.875,
        0x2160..=0x216b => from(0x2160, 1),
        0x2170..=0x217b => from(0x2170, 1),
        0x216c | 0x217c => 50.0,
        0x216d | 0x217d => 100.0,
        0x216e | 0x217e => 500.0,
        0x216f | 0x217f => 1000.0,
        0x2460..=0x2473 => from(0x2460, 1),
        0x2474..=0x2487 => from(0x2474, 1),
        0x2488..=0x249b => from(0x2488, 1),
        0x3007 => 0.0,
        0x3021..=0x3029 => from(0x3021, 1),
        _ => -1.0,
    }
}
