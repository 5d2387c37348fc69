//! `IGraphQL`: what a resolver is asked for.

use tollgate_dotnet::{Call, Throw, TypeDef, TypeKind, member};

use super::context;
use crate::resolve::Resolving;

/// `IGraphQL`; `null` but in resolvers.
pub(super) static GRAPHQL: TypeDef = TypeDef {
    name: "Tollgate.IGraphQL",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("JObject Arguments { get; }", |c| {
            resolving(c).map(|field| field.arguments.clone())
        }),
        member("JObject GraphQLArguments { get; }", |c| {
            resolving(c).map(|field| field.arguments.clone())
        }),
        member("JToken Parent { get; }", |c| {
            resolving(c).map(|field| field.parent.clone())
        }),
    ],
};

fn resolving<'c>(call: &'c mut Call<'_, '_>) -> Result<&'c Resolving, Throw> {
    let field = context(call)?.0.resolving.as_ref();
    field.ok_or_else(Throw::null_reference)
}
