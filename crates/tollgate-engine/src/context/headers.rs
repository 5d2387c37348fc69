//! `IReadOnlyDictionary<string, string[]>` of headers.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_dotnet::{Call, Lent, Loan, Prepared, Str, Throw, Value};

use super::dictionary::{Found, Texts, constant_key, entries, key, texts_dictionary};
use super::{Part, context, part};
use crate::exchange::Context;

texts_dictionary! {
    /// Headers of a request or a response; names are compared without case.
    HEADERS = "Tollgate.HeaderDictionary",
    texts: texts,
    entries: list,
    prepare: prepare,
    text: text
}

/// A header's name, parsed at load time; `None` if no header can have that name.
struct Name(Option<HeaderName>);

fn prepare(arguments: &[Option<Value>]) -> Result<Option<Prepared>, String> {
    let prepared = |key: &str| Arc::new(Name(HeaderName::try_from(key).ok())) as Prepared;
    Ok(constant_key(arguments).map(prepared))
}

fn texts(call: &mut Call<'_, '_>) -> Result<Option<Texts>, Throw> {
    let part = part(call)?;
    let prepared = call.prepared;
    let name = prepared.and_then(|prepared| prepared.downcast_ref::<Name>());
    match name {
        Some(Name(None)) => Ok(None),
        Some(Name(Some(name))) => {
            let context = &*context(call)?.0;
            let values = of(context, part)?.get_all(name);
            Ok(decoded(context, values.iter()))
        }
        None => {
            let name = key(call)?.clone();
            let context = &*context(call)?.0;
            let values = of(context, part)?.get_all(&*name.to_utf8());
            Ok(decoded(context, values.iter()))
        }
    }
}

/// The text of a header that is there once.
#[inline(always)]
fn text<'a>(loan: &Loan<'a, '_>) -> Found<'a> {
    let Name(name) = loan.prepared()?;
    let Lent::Value(Value::Host(part)) = *loan.first else {
        return None;
    };
    let headers = of(loan.host()?, Part::of(*part)?).ok()?;
    let Some(name) = name else {
        return Some(None);
    };
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => Some(Some(Lent::Text(value.as_bytes()))),
        _ => None,
    }
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    let part = part(call)?;
    let (context, heap) = context(call)?;
    entries(context, heap, part)
}

fn of(context: &Context, part: Part) -> Result<&HeaderMap, Throw> {
    match part {
        Part::RequestHeaders => Ok(&context.request.headers),
        Part::ResponseHeaders(index) => context
            .response_at(index)
            .map(|response| &response.headers)
            .ok_or_else(Throw::null_reference),
        _ => Err(Throw::null_reference()),
    }
}

/// All headers with their values, names as they came, or else in their usual spelling.
pub(super) fn all(context: &Context, headers: &HeaderMap) -> Vec<(Str, Texts)> {
    let spelled = |name: &HeaderName| {
        let mut known = context.spellings.iter();
        known
            .find(|known| known.to_utf8().eq_ignore_ascii_case(name.as_str()))
            .cloned()
            .unwrap_or_else(|| usual_spelling(name))
    };
    headers
        .keys()
        .map(|name| (spelled(name), texts_of(headers, name)))
        .collect()
}

fn texts_of(headers: &HeaderMap, name: &HeaderName) -> Texts {
    headers.get_all(name).iter().map(header_text).collect()
}

fn decoded<'h>(context: &Context, values: impl Iterator<Item = &'h HeaderValue>) -> Option<Texts> {
    let texts: Texts = values.map(|value| context.header_text(value)).collect();
    (!texts.is_empty()).then_some(texts)
}

/// A header's value as text: UTF-8, or else Latin-1.
pub(crate) fn header_text(value: &HeaderValue) -> Str {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.into(),
        Err(_) => value
            .as_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>()
            .into(),
    }
}

/// `content-type` as people write it: `Content-Type`.
fn usual_spelling(name: &HeaderName) -> Str {
    let mut spelled = String::with_capacity(name.as_str().len());
    let mut begins = true;
    for letter in name.as_str().chars() {
        spelled.push(if begins {
            letter.to_ascii_uppercase()
        } else {
            letter
        });
        begins = letter == '-';
    }
    spelled.into()
}
