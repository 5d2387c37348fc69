//! What the dictionaries of `context` have in common.

use smallvec::SmallVec;
use tollgate_dotnet::{
    Array, Call, Heap, Lent, Loan, Str, Throw, Type, Value, dictionary_keys, dictionary_values, ops,
};

use super::{Part, headers};
use crate::exchange::Context;

/// The values of one name.
pub(super) type Texts = SmallVec<[Str; 1]>;

/// The members of `IReadOnlyDictionary<string, V>`, given how to look up `arg(1)`, in place too, and how to
/// list all.
macro_rules! dictionary {
    (
        $(#[$doc:meta])* $table:ident = $name:literal of $value:literal,
        get: $get:expr, entries: $entries:expr, prepare: $prepare:expr, item: $item:expr, and: [$($member:expr),* $(,)?]
    ) => {
        $(#[$doc])*
        pub(crate) static $table: tollgate_dotnet::TypeDef = tollgate_dotnet::TypeDef {
            name: $name,
            kind: tollgate_dotnet::TypeKind::Interface,
            bases: &[concat!("IReadOnlyDictionary<string, ", $value, ">")],
            values: &[],
            members: &[
                tollgate_dotnet::member(
                    concat!($value, " this[string key] { get; }"),
                    |c| $crate::context::dictionary::index(c, $get),
                ).preparing($prepare).linking(|loan| $item(loan)?),
                tollgate_dotnet::member(
                    "bool ContainsKey(string key)",
                    |c| Ok($get(c)?.is_some().into()),
                ).preparing($prepare).lending(|loan| Some(tollgate_dotnet::Lent::Bool($item(loan)?.is_some()))),
                tollgate_dotnet::member(
                    concat!("bool TryGetValue(string key, out ", $value, " value)"),
                    |c| $crate::context::dictionary::try_get(c, $get),
                ).preparing($prepare),
                tollgate_dotnet::member(
                    "IEnumerable<string> Keys { get; }",
                    |c| Ok($crate::context::dictionary::keys($value, $entries(c)?)),
                ),
                tollgate_dotnet::member(
                    concat!("IEnumerable<", $value, "> Values { get; }"),
                    |c| Ok($crate::context::dictionary::values($value, $entries(c)?)),
                ),
                tollgate_dotnet::member(
                    "int Count { get; }",
                    |c| Ok(i32::try_from($entries(c)?.len()).unwrap_or(i32::MAX).into()),
                ),
                $($member),*
            ],
        };
    };
}
pub(super) use dictionary;

/// As [`dictionary!`] for `string[]` values: `texts` looks up, and `GetValueOrDefault` joins with commas. `text` looks up
/// in place: `None` unless there are no values of that name, or one.
macro_rules! texts_dictionary {
    (
        $(#[$doc:meta])* $table:ident = $name:literal,
        texts: $texts:expr, entries: $entries:expr, prepare: $prepare:expr, text: $text:expr
    ) => {
        $crate::context::dictionary::dictionary! {
            $(#[$doc])* $table = $name of "string[]",
            get: |c| $crate::context::dictionary::array(c, $texts),
            entries: $entries,
            prepare: $prepare,
            item: |loan| $crate::context::dictionary::only($text(loan)),
            and: [
                tollgate_dotnet::member(
                    "string GetValueOrDefault(string name, string defaultValue = null)",
                    |c| {
                        let joined = $texts(c)?.map(|texts| $crate::context::dictionary::join(&texts));
                        Ok(joined.map_or_else(|| c.arg(2).clone(), Into::into))
                    },
                ).preparing($prepare).lending(|loan| {
                    Some($text(loan)?.unwrap_or(tollgate_dotnet::Lent::Value(loan.arg(2))))
                }),
                tollgate_dotnet::member(
                    // The default is a `string[]`; as an `object` it leaves `null` to the overload above.
                    "string[] GetValueOrDefault(string name, object defaultValue)",
                    |c| match $crate::context::dictionary::array(c, $texts)? {
                        Some(array) => Ok(array),
                        None => $crate::context::dictionary::default_array(c),
                    },
                ).preparing($prepare),
            ]
        }
    };
}
pub(super) use texts_dictionary;

/// What a dictionary finds in place: `None` if it cannot tell, `Some(None)` if nothing is there.
pub(super) type Found<'a> = Option<Option<Lent<'a>>>;

/// An array of one text, as the indexer gives it.
#[inline]
pub(super) fn only(found: Found<'_>) -> Found<'_> {
    match found? {
        Some(text) => Some(Some(Lent::Pieces(text.text()?, None))),
        None => Some(None),
    }
}

/// Nothing can be looked up in place.
pub(super) fn nowhere<'a>(_: &Loan<'a, '_>) -> Found<'a> {
    None
}

/// The constant key that is looked up in place.
#[inline]
pub(super) fn lent_key<'a>(loan: &Loan<'a, '_>) -> Option<&'a str> {
    loan.arg(1).as_str()?.as_utf8()
}

/// How a dictionary looks up the key of a call.
type Get<T> = fn(&mut Call<'_, '_>) -> Result<Option<T>, Throw>;

pub(super) fn index(call: &mut Call<'_, '_>, get: Get<Value>) -> Result<Value, Throw> {
    match get(call)? {
        Some(value) => Ok(value),
        None => Err(Throw::key_not_found(format!(
            "The given key '{}' was not present in the dictionary.",
            key(call)?
        ))),
    }
}

pub(super) fn try_get(call: &mut Call<'_, '_>, get: Get<Value>) -> Result<Value, Throw> {
    let found = get(call)?;
    let there = found.is_some();
    call.outs.push(found.unwrap_or_default());
    Ok(there.into())
}

pub(super) fn array(call: &mut Call<'_, '_>, texts: Get<Texts>) -> Result<Option<Value>, Throw> {
    let found = texts(call)?;
    let array = found.map(|texts| call.machine.heap.alloc(Array::strings(texts)));
    array.transpose()
}

/// The default value of a call, as a `string[]`.
pub(super) fn default_array(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    ops::cast(call.machine, call.arg(2), &Type::array(Type::string()))
}

pub(super) fn keys(element: &str, entries: Vec<(Str, Value)>) -> Value {
    let keys = entries.into_iter().map(|(key, _)| key.into());
    dictionary_keys(Type::string(), element_type(element), keys.collect())
}

pub(super) fn values(element: &str, entries: Vec<(Str, Value)>) -> Value {
    let values = entries.into_iter().map(|(_, value)| value);
    dictionary_values(Type::string(), element_type(element), values.collect())
}

fn element_type(name: &str) -> Type {
    match name {
        "string" => Type::string(),
        "string[]" => Type::array(Type::string()),
        _ => Type::object(),
    }
}

/// The values of one name as one, as `GetValueOrDefault` gives them.
pub(super) fn join(texts: &[Str]) -> Str {
    match texts {
        [one] => one.clone(),
        several => several
            .iter()
            .map(Str::to_utf8)
            .collect::<Vec<_>>()
            .join(",")
            .into(),
    }
}

/// The key that is looked up.
pub(super) fn key<'c>(call: &'c Call<'_, '_>) -> Result<&'c Str, Throw> {
    match call.arg(1) {
        Value::String(key) => Ok(key),
        _ => Err(Throw::argument_null("key")),
    }
}

/// Nothing to do at load time.
pub(super) fn nothing(_: &[Option<Value>]) -> Result<Option<tollgate_dotnet::Prepared>, String> {
    Ok(None)
}

/// The constant key of a call, at load time.
pub(super) fn constant_key(arguments: &[Option<Value>]) -> Option<&str> {
    arguments.get(1)?.as_ref()?.as_str()?.as_utf8()
}

/// All that is in a dictionary of `context`.
pub(super) fn entries(
    context: &Context,
    heap: &mut Heap,
    part: Part,
) -> Result<Vec<(Str, Value)>, Throw> {
    match part {
        Part::Variables => {
            let variables = context.variables.iter();
            Ok(variables
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect())
        }
        Part::MatchedParameters => {
            let parameters = context.request.matched_parameters.iter();
            Ok(parameters
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect())
        }
        Part::UrlQuery => arrays(heap, grouped(context.request.url.query_pairs())),
        Part::OriginalUrlQuery => arrays(heap, grouped(context.request.original_url.query_pairs())),
        Part::RequestHeaders => arrays(heap, headers::all(context, &context.request.headers)),
        Part::ResponseHeaders(index) => match context.response_at(index) {
            Some(response) => arrays(heap, headers::all(context, &response.headers)),
            None => Ok(Vec::new()),
        },
        _ => Err(Throw::not_supported(
            "This part of context cannot be enumerated.",
        )),
    }
}

/// Names with `string[]` values.
pub(super) fn arrays(
    heap: &mut Heap,
    texts: Vec<(Str, Texts)>,
) -> Result<Vec<(Str, Value)>, Throw> {
    texts
        .into_iter()
        .map(|(name, texts)| Ok((name, heap.alloc(Array::strings(texts))?)))
        .collect()
}

/// The values of equal names together, names compared without case; the first spelling counts.
pub(super) fn grouped(pairs: impl Iterator<Item = (Str, Str)>) -> Vec<(Str, Texts)> {
    let mut groups: Vec<(Str, Texts)> = Vec::new();
    for (name, value) in pairs {
        let same =
            |(other, _): &&mut (Str, Texts)| other.to_utf8().eq_ignore_ascii_case(&name.to_utf8());
        match groups.iter_mut().find(same) {
            Some((_, texts)) => texts.push(value),
            None => groups.push((name, SmallVec::from_iter([value]))),
        }
    }
    groups
}
