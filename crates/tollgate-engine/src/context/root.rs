//! `context` itself.

use serde_json::json;
use tollgate_dotnet::{Call, DateTimeKind, Str, Throw, TypeDef, TypeKind, Value, member, pure};

use super::{Part, context, object};
use crate::exchange::Trace;

/// `IProxyRequestContext`.
pub(super) static CONTEXT: TypeDef = TypeDef {
    name: "Tollgate.IProxyRequestContext",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("IContextApi Api { get; }", |c| {
            Ok(object(context(c)?.0.api.as_ref()))
        }),
        member("IDeployment Deployment { get; }", |c| {
            Ok(Value::Object(context(c)?.0.deployment.clone()))
        }),
        member("IBackend Backend { get; }", |c| {
            Ok(object(context(c)?.0.azure.backend.as_ref()))
        }),
        member("TimeSpan Elapsed { get; }", |c| {
            Ok(Value::TimeSpan(context(c)?.0.elapsed()))
        }),
        member("IGraphQL GraphQL { get; }", |c| {
            Ok(match context(c)?.0.resolving {
                Some(_) => Part::GraphQl.value(),
                None => Value::Null,
            })
        }),
        member("ILastError LastError { get; }", |c| {
            let error = context(c)?.0.last_error.clone();
            Ok(error.map_or(Value::Null, Value::object))
        }),
        member("IOperation Operation { get; }", |c| {
            Ok(object(context(c)?.0.operation.as_ref()))
        }),
        member("IProduct Product { get; }", |c| {
            Ok(object(context(c)?.0.product.as_ref()))
        }),
        pure("IRequest Request { get; }", |_| Ok(Part::Request.value())),
        member("Guid RequestId { get; }", |c| {
            Ok(Value::Guid(context(c)?.0.request_id))
        }),
        member("IResponse Response { get; }", |c| {
            Ok(match context(c)?.0.response_is_null {
                true => Value::Null,
                false => Part::Response(0).value(),
            })
        }),
        member("ISubscription Subscription { get; }", |c| {
            Ok(object(context(c)?.0.subscription.as_ref()))
        }),
        member("DateTime Timestamp { get; }", |c| {
            Ok(Value::DateTime(context(c)?.0.timestamp, DateTimeKind::Utc))
        }),
        member("bool Tracing { get; }", |c| {
            let trace = context(c)?.0.trace.as_ref();
            Ok(trace.is_some_and(Trace::is_seen).into())
        }),
        member("IUser User { get; }", |c| {
            Ok(object(context(c)?.0.user.as_ref()))
        }),
        pure("VariableDictionary Variables { get; }", |_| {
            Ok(Part::Variables.value())
        }),
        member("IWorkspace Workspace { get; }", |c| {
            Ok(object(context(c)?.0.workspace.as_ref()))
        }),
        member("void Trace(string message)", trace),
    ],
};

/// What an entry of the trace takes, in bytes, beside its message.
const ENTRY: usize = 256;

fn trace(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let message = call.arg(1).clone();
    let size = message.as_str().map_or(0, Str::size);
    if context(call)?.0.trace.is_some() {
        call.machine.heap.charge(ENTRY + size)?;
        call.machine.step(16)?;
    }
    let message = message.as_str().map(|text| text.to_utf8().into_owned());
    context(call)?.0.trace(|_| json!({ "message": message }));
    Ok(Value::Null)
}
