//! `System.Char`.

use crate::member::{Call, Member, TypeDef, TypeKind, pure};
use crate::str::Str;
use crate::system::integer::{compare_to, equals, hash_code, to_string};
use crate::system::{lower, upper};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Char`.
pub(crate) static CHAR: TypeDef = TypeDef {
    name: "System.Char",
    kind: TypeKind::Struct,
    bases: &["IComparable", "IComparable<char>", "IEquatable<char>"],
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
    pure("static bool IsNumber(char c)", |call| {
        test(call, char::is_numeric)
    }),
    pure("static bool IsLetter(char c)", |call| {
        test(call, char::is_alphabetic)
    }),
    pure("static bool IsLetter(string s, int index)", |call| {
        test(call, char::is_alphabetic)
    }),
    pure("static bool IsLetterOrDigit(char c)", |call| {
        test(call, is_letter_or_digit)
    }),
    pure("static bool IsLetterOrDigit(string s, int index)", |call| {
        test(call, is_letter_or_digit)
    }),
    pure("static bool IsWhiteSpace(char c)", |call| {
        test(call, char::is_whitespace)
    }),
    pure("static bool IsWhiteSpace(string s, int index)", |call| {
        test(call, char::is_whitespace)
    }),
    pure("static bool IsUpper(char c)", |call| {
        test(call, char::is_uppercase)
    }),
    pure("static bool IsUpper(string s, int index)", |call| {
        test(call, char::is_uppercase)
    }),
    pure("static bool IsLower(char c)", |call| {
        test(call, char::is_lowercase)
    }),
    pure("static bool IsLower(string s, int index)", |call| {
        test(call, char::is_lowercase)
    }),
    pure("static bool IsControl(char c)", |call| {
        test(call, char::is_control)
    }),
    pure("static bool IsPunctuation(char c)", |call| {
        test(call, is_punctuation)
    }),
    pure("static bool IsSymbol(char c)", |call| test(call, is_symbol)),
    pure("static bool IsSeparator(char c)", |call| {
        test(call, |c| {
            c == ' ' || c == '\u{a0}' || c.is_whitespace() && c > '\u{ff}'
        })
    }),
    pure("static bool IsSurrogate(char c)", |call| {
        Ok((0xD800..=0xDFFF).contains(&unit(call)?).into())
    }),
    pure("static bool IsSurrogate(string s, int index)", |call| {
        Ok((0xD800..=0xDFFF).contains(&unit(call)?).into())
    }),
    pure("static bool IsHighSurrogate(char c)", |call| {
        Ok((0xD800..=0xDBFF).contains(&unit(call)?).into())
    }),
    pure("static bool IsLowSurrogate(char c)", |call| {
        Ok((0xDC00..=0xDFFF).contains(&unit(call)?).into())
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
        let digit = char::from_u32(unit(call)?.into()).and_then(|c| c.to_digit(10));
        Ok(Value::Double(digit.map_or(-1.0, f64::from)))
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

fn test(call: &mut Call<'_, '_>, holds: fn(char) -> bool) -> Result<Value, Throw> {
    let unit = unit(call)?;
    Ok(char::from_u32(unit.into()).is_some_and(holds).into())
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
        _ => vec![first],
    };
    let c = char::decode_utf16(units).next().and_then(Result::ok);
    let code = c.and_then(|c| i32::try_from(u32::from(c)).ok());
    code.map(Value::Int32).ok_or_else(|| {
        Throw::argument("Found a high surrogate char without a following low surrogate at index: 0. The input may not be in this encoding, or may not contain valid Unicode (UTF-16) characters. (Parameter 's')")
    })
}

fn is_digit(c: char) -> bool {
    // Beyond ASCII the decimal digits of the scripts most used.
    matches!(c, '0'..='9' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' | '\u{966}'..='\u{96f}' | '\u{ff10}'..='\u{ff19}')
}

fn is_letter_or_digit(c: char) -> bool {
    c.is_alphabetic() || is_digit(c)
}

/// ASCII and Latin-1 exactly; general punctuation and CJK marks beyond.
fn is_punctuation(c: char) -> bool {
    match c {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}' => true,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' => true,
        c => c.is_ascii_punctuation(),
    }
}

/// ASCII and Latin-1 exactly; currency, arrows and mathematics beyond.
fn is_symbol(c: char) -> bool {
    matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
        || matches!(
            c,
            '\u{a2}'..='\u{a6}' | '\u{a8}' | '\u{a9}' | '\u{ac}' | '\u{ae}'..='\u{b1}' | '\u{b4}' | '\u{b8}' | '\u{d7}' | '\u{f7}'
        )
        || matches!(c, '\u{20a0}'..='\u{20bf}' | '\u{2190}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}')
}
