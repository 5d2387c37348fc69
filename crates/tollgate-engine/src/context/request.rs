//! `context.Request`.

use tollgate_dotnet::{Call, Lent, Throw, TypeDef, TypeKind, Value, member, pure};

use super::{Part, context};
use crate::exchange::Context;
use crate::policy::Reads;

/// `IRequest`.
pub(super) static REQUEST: TypeDef = TypeDef {
    name: "Tollgate.IRequest",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("IMessageBody Body { get; }", body).reading(Reads::REQUEST.bits()),
        member("X509Certificate2 Certificate { get; }", certificate),
        pure("HeaderDictionary Headers { get; }", |_| {
            Ok(Part::RequestHeaders.value())
        }),
        member("string IpAddress { get; }", |c| {
            let address = context(c)?.0.request.ip_address;
            Ok(address.map(|address| address.to_string()).into())
        }),
        pure("ParameterDictionary MatchedParameters { get; }", |_| {
            Ok(Part::MatchedParameters.value())
        }),
        member("string Method { get; }", |c| {
            Ok(context(c)?.0.request.method.as_str().into())
        })
        .lending(|loan| {
            let request = &loan.host::<Context>()?.request;
            Some(Lent::Text(request.method.as_str().as_bytes()))
        }),
        pure("IUrl OriginalUrl { get; }", |_| {
            Ok(Part::OriginalUrl.value())
        }),
        pure(
            "IPrivateEndpointConnection PrivateEndpointConnection { get; }",
            |_| Ok(Value::Null),
        ),
        pure("IUrl Url { get; }", |_| Ok(Part::Url.value())),
    ],
};

/// `IPrivateEndpointConnection`: there is none outside Azure, so nothing can be read of it.
pub(super) static PRIVATE_ENDPOINT: TypeDef = TypeDef {
    name: "Tollgate.IPrivateEndpointConnection",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string GroupId { get; }", |_| Err(Throw::null_reference())),
        member("string MemberName { get; }", |_| {
            Err(Throw::null_reference())
        }),
        member("string Name { get; }", |_| Err(Throw::null_reference())),
    ],
};

/// `null` if the client sent none.
fn certificate(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match &context(call)?.0.request.certificate {
        Some(certificate) => tollgate_dotnet::certificate(&certificate.der),
        None => Ok(Value::Null),
    }
}

/// `null` if the request has none.
fn body(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let empty = context(call)?.0.request.body.is_empty();
    Ok(if empty {
        Value::Null
    } else {
        Part::RequestBody.value()
    })
}
