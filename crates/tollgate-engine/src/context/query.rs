//! `IReadOnlyDictionary<string, string[]>` of query parameters.

use tollgate_dotnet::{Call, Heap, Object, Str, Throw, Type, Value};

use super::dictionary::{Texts, arrays, grouped, key, nothing, nowhere, texts_dictionary};
use super::{Part, context, this};
use crate::exchange::{Context, Url};

texts_dictionary! {
    /// The parameters of a query, decoded; names are compared without case.
    QUERY = "Tollgate.QueryDictionary",
    texts: texts,
    entries: list,
    prepare: nothing,
    text: nowhere
}

/// The query of a URL that does not change, such as `context.Api.ServiceUrl`.
#[derive(Debug)]
pub(super) struct Query(pub Url);

impl Object for Query {
    fn type_of(&self) -> Type {
        Type::plain(&QUERY)
    }
}

fn texts(call: &mut Call<'_, '_>) -> Result<Option<Texts>, Throw> {
    let name = key(call)?.clone();
    let name = name.to_utf8();
    let texts: Texts = with_url(call, |url, _| Ok(url.query_values(&name).collect()))?;
    Ok((!texts.is_empty()).then_some(texts))
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    with_url(call, |url, heap| arrays(heap, grouped(url.query_pairs())))
}

fn with_url<R>(
    call: &mut Call<'_, '_>,
    then: impl FnOnce(&Url, &mut Heap) -> Result<R, Throw>,
) -> Result<R, Throw> {
    if let Value::Host(handle) = *call.arg(0) {
        let (context, heap) = context(call)?;
        let url = Part::of(handle).and_then(|part| of(context, part));
        return then(url.ok_or_else(Throw::null_reference)?, heap);
    }
    let url = this::<Query>(call)?.0.clone();
    then(&url, call.machine.heap)
}

fn of(context: &Context, part: Part) -> Option<&Url> {
    match part {
        Part::UrlQuery => Some(&context.request.url),
        Part::OriginalUrlQuery => Some(&context.request.original_url),
        _ => None,
    }
}
