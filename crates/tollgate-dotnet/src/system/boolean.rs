//! `System.Boolean`, C#'s `bool`.

use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::system::integer::{compare_to, equals, hash_code, to_string};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Boolean`.
pub(crate) static BOOLEAN: TypeDef = TypeDef {
    name: "System.Boolean",
    kind: TypeKind::Struct,
    bases: &[
        "IConvertible",
        "IComparable",
        "IComparable<bool>",
        "IEquatable<bool>",
    ],
    values: &[],
    members: &[
        pure("static string TrueString { get; }", |_| Ok("True".into())),
        pure("static string FalseString { get; }", |_| Ok("False".into())),
        pure("static bool Parse(string value)", parse),
        pure(
            "static bool TryParse(string value, out bool result)",
            try_parse,
        ),
        pure("string ToString()", to_string),
        pure("string ToString(IFormatProvider provider)", to_string),
        pure("int CompareTo(bool value)", compare_to),
        pure("int CompareTo(object obj)", compare_to),
        pure("bool Equals(bool obj)", equals),
        pure("bool Equals(object obj)", equals),
        pure("int GetHashCode()", hash_code),
    ],
};

/// `True` or `False` in any case, white space around it.
pub(crate) fn read(text: &str) -> Option<bool> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let text = call.text(0, "value")?.to_utf8();
    read(&text).map(Value::Bool).ok_or_else(|| {
        Throw::format(format!(
            "String '{text}' was not recognized as a valid Boolean."
        ))
    })
}

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let value = call.opt_str(0).and_then(|text| read(&text.to_utf8()));
    call.outs.push(Value::Bool(value.unwrap_or(false)));
    Ok(value.is_some().into())
}
