//! The types of `context`, one a file, each with its table of members. Source: api-management-policy-expressions.md.

mod api;
mod authorization;
mod azure;
mod basic;
mod body;
mod deployment;
mod dictionary;
mod extensions;
mod graphql;
mod headers;
mod host;
mod jwt;
mod last_error;
mod operation;
mod parameters;
mod part;
mod product;
mod query;
mod request;
mod response;
mod root;
mod subscription;
mod url;
mod user;
mod variables;
mod workspace;

use std::any::Any;
use std::sync::{Arc, LazyLock};

use tollgate_dotnet::{Call, Heap, Object, Registry, Sequence, Throw, Type, TypeDef, Value};
use tollgate_expressions::Compiler;

use crate::exchange::Context;

pub use authorization::Authorization;
pub use azure::{Azure, BackendInfo, Foundry, PrivateEndpoint};
pub use basic::BasicAuthCredentials;
pub(crate) use headers::header_text;
pub use jwt::Jwt;
pub(crate) use part::Part;

/// The types of `context`.
const TYPES: &[&TypeDef] = &[
    &api::IAPI,
    &api::ICONTEXT_API,
    &api::KEY_NAMES,
    &authorization::AUTHORIZATION,
    &authorization::CLAIMS,
    &azure::BACKEND,
    &azure::FOUNDRY,
    &azure::PRIVATE_ENDPOINT,
    &azure::VNET,
    &basic::BASIC,
    &body::BODY,
    &deployment::DEPLOYMENT,
    &deployment::GATEWAY,
    &extensions::EXTENSIONS,
    &graphql::GRAPHQL,
    &headers::HEADERS,
    &jwt::CLAIMS,
    &jwt::JWT,
    &last_error::LAST_ERROR,
    &operation::OPERATION,
    &parameters::PARAMETERS,
    &product::PRODUCT,
    &product::STATE,
    &query::QUERY,
    &request::REQUEST,
    &response::RESPONSE,
    &root::CONTEXT,
    &subscription::SUBSCRIPTION,
    &url::URL,
    &user::GROUP,
    &user::IDENTITY,
    &user::USER,
    &variables::VARIABLES,
    &workspace::WORKSPACE,
];

/// All types that expressions know: those of .NET, and those of `context`.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Option<Registry>> = LazyLock::new(|| {
        let tables: Vec<&[&TypeDef]> = tollgate_dotnet::TYPES
            .iter()
            .copied()
            .chain([TYPES])
            .collect();
        Registry::new(&tables).ok()
    });
    // A test keeps every signature readable, so .NET's own types are never all there is.
    REGISTRY.as_ref().unwrap_or_else(|| Registry::dotnet())
}

/// A compiler of expressions that know `context`.
pub fn compiler() -> Compiler {
    let context = Type::plain(&root::CONTEXT);
    Compiler::new(registry()).with_global("context", context, Part::Context.value())
}

/// The receiver of a call as the immutable object it is.
fn this<'c, T: Object>(call: &'c Call<'_, '_>) -> Result<&'c T, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

/// The part of `context` that is the receiver of a call.
fn part(call: &Call<'_, '_>) -> Result<Part, Throw> {
    match call.arg(0) {
        Value::Host(handle) => Part::of(*handle).ok_or_else(Throw::null_reference),
        _ => Err(Throw::null_reference()),
    }
}

/// The context a call runs in, with the heap.
fn context<'c>(call: &'c mut Call<'_, '_>) -> Result<(&'c mut Context, &'c mut Heap), Throw> {
    let machine = &mut *call.machine;
    let context = (&mut *machine.host as &mut dyn Any).downcast_mut();
    context
        .map(|context| (context, &mut *machine.heap))
        .ok_or_else(|| Throw::not_supported("There is no context here."))
}

/// An object, or `null`.
fn object<T: Object>(object: Option<&Arc<T>>) -> Value {
    match object {
        Some(object) => Value::Object(object.clone()),
        None => Value::Null,
    }
}

/// An `IEnumerable<T>` of known values.
fn sequence(element: Type, values: impl IntoIterator<Item = Value>) -> Value {
    Value::object(Sequence::of(element, values.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_can_be_read() {
        let tables: Vec<&[&TypeDef]> = tollgate_dotnet::TYPES
            .iter()
            .copied()
            .chain([TYPES])
            .collect();
        assert!(
            Registry::new(&tables).is_ok(),
            "{:?}",
            Registry::new(&tables).err()
        );
    }
}
