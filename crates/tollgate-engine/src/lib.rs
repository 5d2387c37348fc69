//! Scopes, plans, the exchange, the pipeline and its ports.

pub mod backend;
mod block;
mod catalog;
mod certificate;
mod context;
pub mod counters;
pub mod exchange;
mod expression;
mod failure;
mod gateway;
pub mod known;
mod load;
mod plan;
pub mod policy;
pub mod ports;
mod resolve;
mod routing;
mod run;
mod setting;
mod subscription_key;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;

pub use backend::{Backend, CircuitBreaker, PlanBackend};
pub use block::{Block, Node, Place, PlaceKind};
pub use catalog::{
    Api, ApiInfo, Catalog, DeploymentInfo, GroupInfo, IdentityInfo, Operation, OperationInfo,
    Product, ProductInfo, ServiceFabric, Source, Subscription, SubscriptionInfo, SubscriptionScope,
    UserInfo, Workspace, WorkspaceInfo,
};
pub use certificate::{Certificate, CertificateError, thumbprint};
pub use context::{
    Authorization, Azure, BackendInfo, BasicAuthCredentials, Foundry, Jwt, PrivateEndpoint,
    compiler, registry,
};
pub use exchange::{Body, Context, Deferred, Exchange, Request, Response, Url, VariableName};
pub use expression::{Expression, ExpressionPart};
pub use failure::{ErrorBody, ErrorResponse, Failure, LastError, error_body};
pub use gateway::{Gateway, Outcome, Peer, RunOptions};
pub use load::{
    Checked, ElementReader, LoadErrors, Loaded, Statistics, check, closest, document_kind,
};
pub use plan::{Described, Pipeline, Plan, PlanApi, PlanOperation};
pub use policy::{
    AttributeSpec, BoxFuture, Children, ElementSpec, Finish, Flow, INCLUDE_FRAGMENT, Invalid,
    Policy, PolicyKind, Preflight, Reads, Scope, Scopes, Section, Sections, Waiting, element,
    optional, required,
};
pub use ports::Ports;
pub use resolve::{Resolvers, Resolving};
pub use routing::{Route, RouteError};
pub use setting::{FromValue, Setting};
pub use subscription_key::{Admission, Denied};
pub use wire::{PolicyVariables, ValidatedToken};
