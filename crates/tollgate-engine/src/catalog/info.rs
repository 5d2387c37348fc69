//! What expressions see of a catalog: `context.Api`, `context.Product` and so on.

use std::fmt;
use std::sync::Arc;

use tollgate_dotnet::Str;

use crate::certificate::Certificate;

/// What `context.Api` says.
#[derive(Debug, Clone)]
pub struct ApiInfo {
    /// `Id`.
    pub id: Str,
    /// `Name`.
    pub name: Str,
    /// `Path`: the path suffix without slashes at its ends.
    pub path: Str,
    /// `Protocols`.
    pub protocols: Vec<Str>,
    /// `ServiceUrl`: base URL of the backend.
    pub service_url: Option<Str>,
    /// `Version`.
    pub version: Option<Str>,
    /// `Revision`.
    pub revision: Str,
    /// `IsCurrentRevision`.
    pub is_current_revision: bool,
    /// `SubscriptionKeyParameterNames.Header`.
    pub key_header: Str,
    /// `SubscriptionKeyParameterNames.Query`.
    pub key_query: Str,
}

/// What `context.Operation` says.
#[derive(Debug, Clone)]
pub struct OperationInfo {
    /// `Id`.
    pub id: Str,
    /// `Name`.
    pub name: Str,
    /// `Method`.
    pub method: Str,
    /// `UrlTemplate`.
    pub url_template: Str,
}

/// What `context.Product` says.
#[derive(Debug, Clone)]
pub struct ProductInfo {
    /// `Id`.
    pub id: Str,
    /// `Name`.
    pub name: Str,
    /// `SubscriptionRequired`.
    pub subscription_required: bool,
    /// `ApprovalRequired`.
    pub approval_required: bool,
    /// `SubscriptionLimit`.
    pub subscription_limit: Option<i32>,
    /// `State`: whether it is `Published`.
    pub published: bool,
    /// `Groups`.
    pub groups: Vec<GroupInfo>,
    /// `Apis`; filled when the catalog is loaded.
    pub apis: Vec<Arc<ApiInfo>>,
}

/// What `context.Subscription` says. Dates are .NET ticks, UTC.
#[derive(Clone)]
pub struct SubscriptionInfo {
    /// `Id`.
    pub id: Str,
    /// `Name`.
    pub name: Str,
    /// `PrimaryKey`.
    pub primary_key: Str,
    /// `SecondaryKey`.
    pub secondary_key: Str,
    /// `CreatedDate`.
    pub created: i64,
    /// `StartDate`.
    pub start: Option<i64>,
    /// `EndDate`.
    pub end: Option<i64>,
}

impl fmt::Debug for SubscriptionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionInfo")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What `context.User` says.
#[derive(Debug, Clone)]
pub struct UserInfo {
    /// `Id`.
    pub id: Str,
    /// `Email`.
    pub email: Str,
    /// `FirstName`.
    pub first_name: Str,
    /// `LastName`.
    pub last_name: Str,
    /// `Note`.
    pub note: Option<Str>,
    /// `RegistrationDate`, .NET ticks, UTC.
    pub registered: i64,
    /// `Groups`.
    pub groups: Vec<GroupInfo>,
    /// `Identities`.
    pub identities: Vec<IdentityInfo>,
}

impl UserInfo {
    /// A user of whom nothing but the id is known.
    pub fn new(id: impl Into<Str>) -> Self {
        Self {
            id: id.into(),
            email: Str::EMPTY,
            first_name: Str::EMPTY,
            last_name: Str::EMPTY,
            note: None,
            registered: 0,
            groups: Vec::new(),
            identities: Vec::new(),
        }
    }
}

/// A group of users.
#[derive(Debug, Clone)]
pub struct GroupInfo {
    /// `Id`.
    pub id: Str,
    /// `Name`.
    pub name: Str,
}

/// How a user signs in.
#[derive(Debug, Clone)]
pub struct IdentityInfo {
    /// `Id`.
    pub id: Str,
    /// `Provider`.
    pub provider: Str,
}

/// What `context.Workspace` says.
#[derive(Debug, Clone)]
pub struct WorkspaceInfo {
    /// `Id`.
    pub id: Str,
    /// `Name`.
    pub name: Str,
}

/// What `context.Deployment` says.
#[derive(Debug, Clone)]
pub struct DeploymentInfo {
    /// `GatewayId`; `managed` unless said otherwise, as in APIM's own cloud gateway.
    pub gateway_id: Str,
    /// `Gateway.InstanceId`; empty unless given.
    pub gateway_instance_id: Str,
    /// `Region`.
    pub region: Str,
    /// `ServiceId`.
    pub service_id: Str,
    /// `ServiceName`.
    pub service_name: Str,
    /// `Certificates`, by name.
    pub certificates: Vec<(Str, Certificate)>,
}

impl Default for DeploymentInfo {
    fn default() -> Self {
        Self {
            gateway_id: Str::from_static("managed"),
            gateway_instance_id: Str::EMPTY,
            region: Str::from_static("local"),
            service_id: Str::from_static("tollgate"),
            service_name: Str::from_static("tollgate"),
            certificates: Vec::new(),
        }
    }
}
