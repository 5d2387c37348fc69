//! `System.String`.

mod compare;
mod edit;
mod join;
mod lend;
mod search;
mod split;

pub(crate) use compare::{Comparison, STRING_COMPARER, STRING_COMPARISON, StringComparer};
pub(crate) use edit::{lower, lower_unit, upper};
pub(crate) use split::STRING_SPLIT_OPTIONS;

use crate::args::int;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// `System.String`.
pub(crate) static STRING: TypeDef = TypeDef {
    name: "System.String",
    kind: TypeKind::Class,
    bases: &[
        "IConvertible",
        "IComparable",
        "IComparable<string>",
        "IEquatable<string>",
        "IEnumerable<char>",
        "ICloneable",
    ],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static string Empty { get; }", |_| {
        Ok(Value::String(Str::EMPTY))
    }),
    pure("int Length { get; }", length)
        .quick()
        .lending(lend::length),
    pure("char this[int index] { get; }", char_at).quick(),
    pure("new(char c, int count)", repeat),
    member("new(char[] value)", of_chars),
    member("new(char[] value, int startIndex, int length)", of_chars),
    pure("static bool IsNullOrEmpty(string value)", |call| {
        Ok(call.opt_str(0).is_none_or(Str::is_empty).into())
    })
    .quick()
    .lending(lend::is_null_or_empty),
    pure("static bool IsNullOrWhiteSpace(string value)", |call| {
        call.heavy_work(call.opt_str(0).map_or(0, Str::size))?;
        let blank = |text: &Str| text.units().all(edit::is_white);
        Ok(call.opt_str(0).is_none_or(blank).into())
    }),
    pure("string ToString()", itself).quick(),
    pure("string ToString(IFormatProvider provider)", itself),
    pure("object Clone()", itself),
    pure("TypeCode GetTypeCode()", crate::system::type_code),
    pure("static string Copy(string str)", itself),
    pure("static string Intern(string str)", itself),
    pure("int GetHashCode()", |call| {
        Ok(Value::Int32(ops::hashed(call.str(0)?)))
    }),
    member("char[] ToCharArray()", edit::to_char_array),
    member(
        "char[] ToCharArray(int startIndex, int length)",
        edit::to_char_array,
    ),
    member(
        "IEnumerator<char> GetEnumerator()",
        crate::collections::get_enumerator,
    ),
    // Comparing.
    pure("static bool operator ==(string a, string b)", compare::same),
    pure(
        "static bool operator !=(string a, string b)",
        compare::different,
    ),
    pure("bool Equals(string value)", compare::equals).lending(lend::equals),
    pure("bool Equals(object obj)", compare::equals).lending(lend::equals),
    pure(
        "bool Equals(string value, StringComparison comparisonType)",
        compare::equals_by,
    )
    .lending(lend::equals_by),
    pure("static bool Equals(string a, string b)", compare::same).lending(lend::equals),
    pure(
        "static bool Equals(string a, string b, StringComparison comparisonType)",
        compare::same_by,
    )
    .lending(lend::equals_by),
    pure("int CompareTo(string strB)", compare::compare),
    pure("int CompareTo(object value)", compare::compare_object),
    pure(
        "static int Compare(string strA, string strB, CultureInfo culture, CompareOptions options)",
        compare::compare_options,
    ),
    pure(
        "static int CompareOrdinal(string strA, int indexA, string strB, int indexB, int length)",
        compare::compare_ordinal_parts,
    ),
    member(
        "static string Join(char separator, string[] value, int startIndex, int count)",
        join::join_part,
    ),
    pure("string Normalize()", edit::normalize),
    pure(
        "string Normalize(NormalizationForm normalizationForm)",
        edit::normalize,
    ),
    pure("bool IsNormalized()", edit::is_normalized),
    pure(
        "bool IsNormalized(NormalizationForm normalizationForm)",
        edit::is_normalized,
    ),
    pure("string ReplaceLineEndings()", edit::replace_line_endings),
    pure(
        "string ReplaceLineEndings(string replacementText)",
        edit::replace_line_endings,
    ),
    pure(
        "string Replace(string oldValue, string newValue, bool ignoreCase, CultureInfo culture)",
        edit::replace,
    ),
    member(
        "void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)",
        edit::copy_to,
    ),
    pure(
        "int LastIndexOf(string value, int startIndex, int count, StringComparison comparisonType)",
        search::last_index_of,
    ),
    member(
        "int LastIndexOfAny(char[] anyOf, int startIndex, int count)",
        search::last_index_of_any,
    ),
    pure("static string IsInterned(string str)", itself),
    pure(
        "static int Compare(string strA, string strB)",
        compare::compare,
    ),
    pure(
        "static int Compare(string strA, string strB, bool ignoreCase)",
        compare::compare_case,
    ),
    pure(
        "static int Compare(string strA, string strB, bool ignoreCase, CultureInfo culture)",
        compare::compare_case,
    ),
    pure(
        "static int Compare(string strA, string strB, StringComparison comparisonType)",
        compare::compare_by,
    ),
    pure(
        "static int Compare(string strA, int indexA, string strB, int indexB, int length)",
        compare::compare_parts,
    ),
    pure(
        "static int Compare(string strA, int indexA, string strB, int indexB, int length, bool ignoreCase)",
        compare::compare_parts,
    ),
    pure(
        "static int Compare(string strA, int indexA, string strB, int indexB, int length, StringComparison comparisonType)",
        compare::compare_parts,
    ),
    pure(
        "static int CompareOrdinal(string strA, string strB)",
        compare::compare_ordinal,
    ),
    // Searching.
    pure("bool Contains(string value)", search::contains).lending(lend::contains),
    pure(
        "bool Contains(string value, StringComparison comparisonType)",
        search::contains,
    ),
    pure("bool Contains(char value)", search::contains).lending(lend::contains),
    pure(
        "bool Contains(char value, StringComparison comparisonType)",
        search::contains,
    ),
    pure("bool StartsWith(string value)", search::starts_with).lending(lend::starts_with),
    pure(
        "bool StartsWith(string value, StringComparison comparisonType)",
        search::starts_with,
    ),
    pure(
        "bool StartsWith(string value, bool ignoreCase, CultureInfo culture)",
        search::starts_with,
    ),
    pure("bool StartsWith(char value)", search::starts_with).lending(lend::starts_with),
    pure("bool EndsWith(string value)", search::ends_with).lending(lend::ends_with),
    pure(
        "bool EndsWith(string value, StringComparison comparisonType)",
        search::ends_with,
    ),
    pure(
        "bool EndsWith(string value, bool ignoreCase, CultureInfo culture)",
        search::ends_with,
    ),
    pure("bool EndsWith(char value)", search::ends_with).lending(lend::ends_with),
    pure("int IndexOf(string value)", search::index_of),
    pure(
        "int IndexOf(string value, int startIndex)",
        search::index_of,
    ),
    pure(
        "int IndexOf(string value, int startIndex, int count)",
        search::index_of,
    ),
    pure(
        "int IndexOf(string value, StringComparison comparisonType)",
        search::index_of,
    ),
    pure(
        "int IndexOf(string value, int startIndex, StringComparison comparisonType)",
        search::index_of,
    ),
    pure(
        "int IndexOf(string value, int startIndex, int count, StringComparison comparisonType)",
        search::index_of,
    ),
    pure("int IndexOf(char value)", search::index_of),
    pure("int IndexOf(char value, int startIndex)", search::index_of),
    pure(
        "int IndexOf(char value, int startIndex, int count)",
        search::index_of,
    ),
    pure(
        "int IndexOf(char value, StringComparison comparisonType)",
        search::index_of,
    ),
    pure("int LastIndexOf(string value)", search::last_index_of),
    pure(
        "int LastIndexOf(string value, int startIndex)",
        search::last_index_of,
    ),
    pure(
        "int LastIndexOf(string value, int startIndex, int count)",
        search::last_index_of,
    ),
    pure(
        "int LastIndexOf(string value, StringComparison comparisonType)",
        search::last_index_of,
    ),
    pure(
        "int LastIndexOf(string value, int startIndex, StringComparison comparisonType)",
        search::last_index_of,
    ),
    pure("int LastIndexOf(char value)", search::last_index_of),
    pure(
        "int LastIndexOf(char value, int startIndex)",
        search::last_index_of,
    ),
    pure(
        "int LastIndexOf(char value, int startIndex, int count)",
        search::last_index_of,
    ),
    member("int IndexOfAny(char[] anyOf)", search::index_of_any),
    member(
        "int IndexOfAny(char[] anyOf, int startIndex)",
        search::index_of_any,
    ),
    member(
        "int IndexOfAny(char[] anyOf, int startIndex, int count)",
        search::index_of_any,
    ),
    member(
        "int LastIndexOfAny(char[] anyOf)",
        search::last_index_of_any,
    ),
    member(
        "int LastIndexOfAny(char[] anyOf, int startIndex)",
        search::last_index_of_any,
    ),
    // Taking apart and putting together.
    member("string[] Split(params char[] separator)", split::by_chars),
    member(
        "string[] Split(char[] separator, int count)",
        split::by_chars,
    ),
    member(
        "string[] Split(char[] separator, StringSplitOptions options)",
        split::by_chars,
    ),
    member(
        "string[] Split(char[] separator, int count, StringSplitOptions options)",
        split::by_chars,
    ),
    member(
        "string[] Split(string[] separator, StringSplitOptions options)",
        split::by_strings,
    ),
    member(
        "string[] Split(string[] separator, int count, StringSplitOptions options)",
        split::by_strings,
    ),
    member(
        "string[] Split(char separator, StringSplitOptions options = StringSplitOptions.None)",
        split::by_char,
    )
    .linking(lend::split),
    member(
        "string[] Split(char separator, int count, StringSplitOptions options = StringSplitOptions.None)",
        split::by_char,
    ),
    member(
        "string[] Split(string separator, StringSplitOptions options = StringSplitOptions.None)",
        split::by_string,
    ),
    member(
        "string[] Split(string separator, int count, StringSplitOptions options = StringSplitOptions.None)",
        split::by_string,
    ),
    member(
        "static string Join(string separator, params string[] value)",
        join::join,
    ),
    member(
        "static string Join(string separator, params object[] values)",
        join::join,
    ),
    member(
        "static string Join(string separator, IEnumerable<string> values)",
        join::join,
    ),
    member(
        "static string Join<T>(string separator, IEnumerable<T> values)",
        join::join,
    ),
    member(
        "static string Join(string separator, string[] value, int startIndex, int count)",
        join::join_part,
    ),
    member(
        "static string Join(char separator, params string[] value)",
        join::join,
    ),
    member(
        "static string Join(char separator, params object[] values)",
        join::join,
    ),
    member(
        "static string Join<T>(char separator, IEnumerable<T> values)",
        join::join,
    ),
    member("static string Concat(object arg0)", join::concat),
    member(
        "static string Concat(object arg0, object arg1)",
        join::concat,
    ),
    member(
        "static string Concat(object arg0, object arg1, object arg2)",
        join::concat,
    ),
    member(
        "static string Concat(params object[] args)",
        join::concat_all,
    ),
    member(
        "static string Concat(string str0, string str1)",
        join::concat,
    ),
    member(
        "static string Concat(string str0, string str1, string str2)",
        join::concat,
    ),
    member(
        "static string Concat(string str0, string str1, string str2, string str3)",
        join::concat,
    ),
    member(
        "static string Concat(params string[] values)",
        join::concat_all,
    ),
    member(
        "static string Concat(IEnumerable<string> values)",
        join::concat_all,
    ),
    member(
        "static string Concat<T>(IEnumerable<T> values)",
        join::concat_all,
    ),
    member(
        "static string Format(string format, object arg0)",
        join::format,
    ),
    member(
        "static string Format(string format, object arg0, object arg1)",
        join::format,
    ),
    member(
        "static string Format(string format, object arg0, object arg1, object arg2)",
        join::format,
    ),
    member(
        "static string Format(string format, params object[] args)",
        join::format_all,
    ),
    member(
        "static string Format(IFormatProvider provider, string format, object arg0)",
        join::format_in,
    ),
    member(
        "static string Format(IFormatProvider provider, string format, object arg0, object arg1)",
        join::format_in,
    ),
    member(
        "static string Format(IFormatProvider provider, string format, params object[] args)",
        join::format_all_in,
    ),
    // Editing.
    pure("string Substring(int startIndex)", edit::substring)
        .quick()
        .lending(lend::substring),
    pure(
        "string Substring(int startIndex, int length)",
        edit::substring,
    )
    .quick(),
    pure(
        "string Replace(string oldValue, string newValue)",
        edit::replace,
    ),
    pure(
        "string Replace(string oldValue, string newValue, StringComparison comparisonType)",
        edit::replace,
    ),
    pure(
        "string Replace(char oldChar, char newChar)",
        edit::replace_char,
    ),
    pure("string Remove(int startIndex)", edit::remove),
    pure("string Remove(int startIndex, int count)", edit::remove),
    pure("string Insert(int startIndex, string value)", edit::insert),
    pure("string PadLeft(int totalWidth)", edit::pad_left),
    pure(
        "string PadLeft(int totalWidth, char paddingChar)",
        edit::pad_left,
    ),
    pure("string PadRight(int totalWidth)", edit::pad_right),
    pure(
        "string PadRight(int totalWidth, char paddingChar)",
        edit::pad_right,
    ),
    pure("string Trim()", edit::trim).lending(lend::trim),
    pure("string Trim(char trimChar)", edit::trim),
    member("string Trim(params char[] trimChars)", edit::trim),
    pure("string TrimStart()", edit::trim_start),
    pure("string TrimStart(char trimChar)", edit::trim_start),
    member(
        "string TrimStart(params char[] trimChars)",
        edit::trim_start,
    ),
    pure("string TrimEnd()", edit::trim_end),
    pure("string TrimEnd(char trimChar)", edit::trim_end),
    member("string TrimEnd(params char[] trimChars)", edit::trim_end),
    pure("string ToUpper()", edit::to_upper),
    pure("string ToUpper(CultureInfo culture)", edit::to_upper),
    pure("string ToUpperInvariant()", edit::to_upper),
    pure("string ToLower()", edit::to_lower),
    pure("string ToLower(CultureInfo culture)", edit::to_lower),
    pure("string ToLowerInvariant()", edit::to_lower),
];

fn itself(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.str(0).cloned().map(Value::String)
}

fn length(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    match text.as_ascii() {
        Some(bytes) => Ok(int(bytes.len())),
        None => {
            let length = text.len();
            call.heavy_work(length)?;
            Ok(int(length))
        }
    }
}

fn char_at(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?;
    let index = usize::try_from(call.int(1)?).map_err(|_| Throw::index_out_of_range())?;
    let unit = text.unit(index).ok_or_else(Throw::index_out_of_range)?;
    if text.as_ascii().is_none() {
        call.heavy_work(index)?;
    }
    Ok(Value::Char(unit))
}

fn repeat(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let count = call.count(1, "count")?;
    call.room(count)?;
    let unit = call.char(0)?;
    let text = match char::from_u32(unit.into()) {
        Some(c) => Str::from(c.to_string().repeat(count)),
        None => Str::from_utf16(&vec![unit; count]),
    };
    call.copied_text(text)
}

fn of_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let units = match call.arg(0) {
        Value::Null => Vec::new(),
        _ => edit::units(call, 0, "value")?,
    };
    if call.arguments.len() == 1 {
        return call.new_text(Str::from_utf16(&units));
    }
    let (start, length) = (call.count(1, "startIndex")?, call.count(2, "length")?);
    let part = start
        .checked_add(length)
        .and_then(|end| units.get(start..end));
    match part.map(Str::from_utf16) {
        Some(text) => call.new_text(text),
        None => Err(Throw::argument_out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'startIndex')",
        )),
    }
}

/// `System.Text.NormalizationForm`.
pub(crate) static NORMALIZATION_FORM: TypeDef = TypeDef {
    name: "System.Text.NormalizationForm",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("FormC", 1), ("FormD", 2), ("FormKC", 5), ("FormKD", 6)],
    members: &[],
};
