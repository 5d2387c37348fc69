//! `context.Request`.

use tollgate_dotnet::{Call, Lent, Throw, TypeDef, TypeKind, Value, member, pure};

use super::{Part, context, object};
use crate::exchange::Context;
use crate::policy::Reads;

/// `IRequest`.
pub(super) static REQUEST: TypeDef = TypeDef {
    name: "Tollgate.IRequest",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("IMessageBody Body { get; }", body)
            .reading(Reads::REQUEST.bits())
            .lending(|loan| {
                const BODY: &Value = &Part::RequestBody.value();
                let there = !loan.host::<Context>()?.request.body.is_empty();
                Some(if there { Lent::Value(BODY) } else { Lent::NULL })
            }),
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
        pure("IAzureVnetInfo AzureVnetInfo { get; }", |_| Ok(Value::Null)),
        member("IFoundry Foundry { get; }", |c| {
            Ok(object(context(c)?.0.azure.foundry.as_ref()))
        }),
        member(
            "IPrivateEndpointConnection PrivateEndpointConnection { get; }",
            |c| Ok(object(context(c)?.0.azure.private_endpoint.as_ref())),
        ),
        pure("IUrl Url { get; }", |_| Ok(Part::Url.value())),
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
