//! `context.Response`, and responses kept in variables.

use tollgate_dotnet::{Call, Lent, Throw, TypeDef, TypeKind, Value, member};

use super::{Part, context, part};
use crate::exchange::{Context, Response};
use crate::policy::Reads;

/// `IResponse`.
pub(super) static RESPONSE: TypeDef = TypeDef {
    name: "Tollgate.IResponse",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("IMessageBody Body { get; }", |c| {
            Ok(Part::ResponseBody(index(c)?).value())
        })
        .reading(Reads::RESPONSE.bits()),
        member("HeaderDictionary Headers { get; }", |c| {
            Ok(Part::ResponseHeaders(index(c)?).value())
        }),
        member("int StatusCode { get; }", |c| {
            Ok(i32::from(response(c)?.status.as_u16()).into())
        })
        .lending(|loan| {
            let Lent::Value(Value::Host(handle)) = *loan.first else {
                return None;
            };
            let Part::Response(index) = Part::of(*handle)? else {
                return None;
            };
            let response = loan.host::<Context>()?.response_at(index)?;
            Some(Lent::Int(response.status.as_u16().into()))
        }),
        member("string StatusReason { get; }", |c| {
            Ok(response(c)?.status_reason().into())
        }),
    ],
};

fn index(call: &Call<'_, '_>) -> Result<u32, Throw> {
    match part(call)? {
        Part::Response(index) => Ok(index),
        _ => Err(Throw::null_reference()),
    }
}

fn response<'c>(call: &'c mut Call<'_, '_>) -> Result<&'c Response, Throw> {
    let index = index(call)?;
    let response = context(call)?.0.response_at(index);
    response.ok_or_else(Throw::null_reference)
}
