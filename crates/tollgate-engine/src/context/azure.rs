//! What only Azure can say of a request: `null` elsewhere, unless an embedder knows better.

use std::sync::Arc;

use tollgate_dotnet::{Object, Str, Throw, Type, TypeDef, TypeKind, member};

use super::this;

/// What `context` says of Azure's own; nothing is known of it elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Azure {
    /// `context.Request.PrivateEndpointConnection`
    pub private_endpoint: Option<Arc<PrivateEndpoint>>,
    /// `context.Request.Foundry`
    pub foundry: Option<Arc<Foundry>>,
    /// `context.Backend`
    pub backend: Option<Arc<BackendInfo>>,
}

/// The private endpoint through which a request came.
#[derive(Debug, Clone)]
pub struct PrivateEndpoint {
    /// `Name`.
    pub name: Str,
    /// `GroupId`.
    pub group_id: Str,
    /// `MemberName`.
    pub member_name: Str,
}

/// The model deployment that a request is for.
#[derive(Debug, Clone)]
pub struct Foundry {
    /// `Deployment`.
    pub deployment: Str,
}

/// The backend that a request was sent to.
#[derive(Debug, Clone)]
pub struct BackendInfo {
    /// `Id`.
    pub id: Str,
    /// `AzureRegion`.
    pub azure_region: Option<Str>,
    /// `Type`.
    pub kind: Option<Str>,
}

/// `IPrivateEndpointConnection`.
pub(super) static PRIVATE_ENDPOINT: TypeDef = TypeDef {
    name: "Tollgate.IPrivateEndpointConnection",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string GroupId { get; }", |c| {
            Ok(this::<PrivateEndpoint>(c)?.group_id.clone().into())
        }),
        member("string MemberName { get; }", |c| {
            Ok(this::<PrivateEndpoint>(c)?.member_name.clone().into())
        }),
        member("string Name { get; }", |c| {
            Ok(this::<PrivateEndpoint>(c)?.name.clone().into())
        }),
    ],
};

/// `IFoundry`.
pub(super) static FOUNDRY: TypeDef = TypeDef {
    name: "Tollgate.IFoundry",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[member("string Deployment { get; }", |c| {
        Ok(this::<Foundry>(c)?.deployment.clone().into())
    })],
};

/// `IBackend`.
pub(super) static BACKEND: TypeDef = TypeDef {
    name: "Tollgate.IBackend",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string AzureRegion { get; }", |c| {
            Ok(this::<BackendInfo>(c)?.azure_region.clone().into())
        }),
        member("string Id { get; }", |c| {
            Ok(this::<BackendInfo>(c)?.id.clone().into())
        }),
        member("string Type { get; }", |c| {
            Ok(this::<BackendInfo>(c)?.kind.clone().into())
        }),
    ],
};

/// `IAzureVnetInfo`: there is none outside Azure, so nothing can be read of it.
pub(super) static VNET: TypeDef = TypeDef {
    name: "Tollgate.IAzureVnetInfo",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("int PrivateLinkId { get; }", |_| {
            Err(Throw::null_reference())
        }),
        member("string SnatVip { get; }", |_| Err(Throw::null_reference())),
        member("int SubnetId { get; }", |_| Err(Throw::null_reference())),
        member("int VnetTrafficTag { get; }", |_| {
            Err(Throw::null_reference())
        }),
    ],
};

impl Object for PrivateEndpoint {
    fn type_of(&self) -> Type {
        Type::plain(&PRIVATE_ENDPOINT)
    }
}

impl Object for Foundry {
    fn type_of(&self) -> Type {
        Type::plain(&FOUNDRY)
    }
}

impl Object for BackendInfo {
    fn type_of(&self) -> Type {
        Type::plain(&BACKEND)
    }
}
