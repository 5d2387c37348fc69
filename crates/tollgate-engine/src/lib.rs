//! Scopes, plans, the exchange, the pipeline and its ports.

mod catalog;

pub use catalog::{
    Api, ApiInfo, Backend, Catalog, DeploymentInfo, GroupInfo, IdentityInfo, Operation,
    OperationInfo, Product, ProductInfo, Source, Subscription, SubscriptionInfo, SubscriptionScope,
    UserInfo, Workspace, WorkspaceInfo,
};
