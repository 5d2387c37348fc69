//! `context.Operation`.

use tollgate_dotnet::{Call, Object, Throw, Type, TypeDef, TypeKind, member};

use super::this;
use crate::catalog::OperationInfo;

/// `IOperation`.
pub(super) static OPERATION: TypeDef = TypeDef {
    name: "Tollgate.IOperation",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Id { get; }", |c| {
            Ok(operation(c)?.id.clone().into())
        }),
        member("string Method { get; }", |c| {
            Ok(operation(c)?.method.clone().into())
        }),
        member("string Name { get; }", |c| {
            Ok(operation(c)?.name.clone().into())
        }),
        member("string UrlTemplate { get; }", |c| {
            Ok(operation(c)?.url_template.clone().into())
        }),
    ],
};

impl Object for OperationInfo {
    fn type_of(&self) -> Type {
        Type::plain(&OPERATION)
    }
}

fn operation<'c>(call: &'c Call<'_, '_>) -> Result<&'c OperationInfo, Throw> {
    this(call)
}
