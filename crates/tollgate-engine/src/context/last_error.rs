//! `context.LastError`.

use tollgate_dotnet::{Call, Object, Throw, Type, TypeDef, TypeKind, member};

use super::this;
use crate::failure::LastError;

/// `ILastError`.
pub(super) static LAST_ERROR: TypeDef = TypeDef {
    name: "Tollgate.ILastError",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Source { get; }", |c| {
            Ok(error(c)?.source.clone().into())
        }),
        member("string Reason { get; }", |c| {
            Ok(error(c)?.reason.clone().into())
        }),
        member("string Message { get; }", |c| {
            Ok(error(c)?.message.clone().into())
        }),
        member("string Scope { get; }", |c| {
            Ok(error(c)?.scope.clone().into())
        }),
        member("string Section { get; }", |c| {
            Ok(error(c)?.section.clone().into())
        }),
        member("string Path { get; }", |c| {
            Ok(error(c)?.path.clone().into())
        }),
        member("string PolicyId { get; }", |c| {
            Ok(error(c)?.policy_id.clone().into())
        }),
        member("int HttpErrorCode { get; }", |c| {
            Ok(error(c)?.http_error_code.into())
        }),
    ],
};

impl Object for LastError {
    fn type_of(&self) -> Type {
        Type::plain(&LAST_ERROR)
    }
}

fn error<'c>(call: &'c Call<'_, '_>) -> Result<&'c LastError, Throw> {
    this(call)
}
