//! `context.Api`.

use tollgate_dotnet::{Call, List, Object, Throw, Type, TypeDef, TypeKind, Value, member};

use super::this;
use crate::catalog::ApiInfo;
use crate::exchange::Url;

/// `IApi`.
pub(super) static IAPI: TypeDef = TypeDef {
    name: "Tollgate.IApi",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Id { get; }", |c| Ok(api(c)?.id.clone().into())),
        member("string Name { get; }", |c| Ok(api(c)?.name.clone().into())),
        member("string Path { get; }", |c| Ok(api(c)?.path.clone().into())),
        member("IEnumerable<string> Protocols { get; }", |c| {
            let protocols = api(c)?.protocols.iter().cloned();
            let protocols = protocols.map(Value::String).collect();
            c.machine.heap.alloc(List::new(Type::string(), protocols))
        }),
        member("IUrl ServiceUrl { get; }", |c| {
            let url = api(c)?
                .service_url
                .as_ref()
                .map(|url| url.to_utf8().into_owned());
            let url = url.and_then(|url| Url::parse(&url).ok());
            Ok(url.map_or(Value::Null, Value::object))
        }),
        member(
            "ISubscriptionKeyParameterNames SubscriptionKeyParameterNames { get; }",
            |c| Ok(Value::object(KeyNames(api(c)?.clone()))),
        ),
    ],
};

/// `IContextApi`.
pub(super) static ICONTEXT_API: TypeDef = TypeDef {
    name: "Tollgate.IContextApi",
    kind: TypeKind::Interface,
    bases: &["IApi"],
    values: &[],
    members: &[
        member("bool IsCurrentRevision { get; }", |c| {
            Ok(api(c)?.is_current_revision.into())
        }),
        member("string Revision { get; }", |c| {
            Ok(api(c)?.revision.clone().into())
        }),
        member("string Version { get; }", |c| {
            Ok(api(c)?.version.clone().into())
        }),
    ],
};

/// `ISubscriptionKeyParameterNames`.
pub(super) static KEY_NAMES: TypeDef = TypeDef {
    name: "Tollgate.ISubscriptionKeyParameterNames",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Header { get; }", |c| {
            Ok(this::<KeyNames>(c)?.0.key_header.clone().into())
        }),
        member("string Query { get; }", |c| {
            Ok(this::<KeyNames>(c)?.0.key_query.clone().into())
        }),
    ],
};

impl Object for ApiInfo {
    fn type_of(&self) -> Type {
        Type::plain(&ICONTEXT_API)
    }
}

#[derive(Debug)]
struct KeyNames(ApiInfo);

impl Object for KeyNames {
    fn type_of(&self) -> Type {
        Type::plain(&KEY_NAMES)
    }
}

fn api<'c>(call: &'c Call<'_, '_>) -> Result<&'c ApiInfo, Throw> {
    this(call)
}
