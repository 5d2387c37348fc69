//! `context.Workspace`.

use tollgate_dotnet::{Object, Type, TypeDef, TypeKind, member};

use super::this;
use crate::catalog::WorkspaceInfo;

/// `IWorkspace`.
pub(super) static WORKSPACE: TypeDef = TypeDef {
    name: "Tollgate.IWorkspace",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Id { get; }", |c| {
            Ok(this::<WorkspaceInfo>(c)?.id.clone().into())
        }),
        member("string Name { get; }", |c| {
            Ok(this::<WorkspaceInfo>(c)?.name.clone().into())
        }),
    ],
};

impl Object for WorkspaceInfo {
    fn type_of(&self) -> Type {
        Type::plain(&WORKSPACE)
    }
}
