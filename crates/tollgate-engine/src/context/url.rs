//! `IUrl`.

use tollgate_dotnet::{Call, Object, Str, Throw, Type, TypeDef, TypeKind, Value, member};

use super::query::Query;
use super::{Part, context, this};
use crate::exchange::Url;

/// `IUrl`.
pub(super) static URL: TypeDef = TypeDef {
    name: "Tollgate.IUrl",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Host { get; }", |c| {
            get(c, |url| url.host.clone().into())
        }),
        member("string Path { get; }", |c| {
            get(c, |url| url.full_path().into())
        }),
        member("int Port { get; }", |c| {
            get(c, |url| i32::from(url.port).into())
        }),
        member("QueryDictionary Query { get; }", query),
        member("string QueryString { get; }", |c| {
            get(c, |url| url.query.clone().into())
        }),
        member("string ToString()", |c| {
            get(c, |url| url.to_string().into())
        }),
        member("Uri ToUri()", |c| {
            c.machine.step(8)?;
            let text = get(c, |url| url.to_string().into())?;
            tollgate_dotnet::uri(&text.as_str().cloned().unwrap_or_default().to_utf8())
        }),
        member("string Scheme { get; }", |c| {
            get(c, |url| url.scheme.clone().into())
        }),
    ],
};

/// A URL that does not change, such as `context.Api.ServiceUrl`.
impl Object for Url {
    fn type_of(&self) -> Type {
        Type::plain(&URL)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.to_string().into())
    }

    fn effort(&self) -> usize {
        let parts = [&self.host, &self.path, &self.query];
        parts
            .iter()
            .fold(0, |all, part| all.saturating_add(part.size()))
    }
}

fn get(call: &mut Call<'_, '_>, get: fn(&Url) -> Value) -> Result<Value, Throw> {
    let Value::Host(handle) = *call.arg(0) else {
        return this::<Url>(call).map(get);
    };
    let request = &context(call)?.0.request;
    match Part::of(handle) {
        Some(Part::Url) => Ok(get(&request.url)),
        Some(Part::OriginalUrl) => Ok(get(&request.original_url)),
        _ => Err(Throw::null_reference()),
    }
}

fn query(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let Value::Host(handle) = *call.arg(0) else {
        return Ok(Value::object(Query(this::<Url>(call)?.clone())));
    };
    match Part::of(handle) {
        Some(Part::Url) => Ok(Part::UrlQuery.value()),
        Some(Part::OriginalUrl) => Ok(Part::OriginalUrlQuery.value()),
        _ => Err(Throw::null_reference()),
    }
}
