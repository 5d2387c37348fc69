//! What a gateway serves, as plain data: APIs, products, subscriptions, named values, fragments and their policies.
//!
//! A [`Catalog`] is filled by code or from configuration files, and loaded once into a [`Plan`](crate::Plan).
//! The `…Info` structs are what expressions see of it as `context.Api`, `context.Product` and so on.

mod info;

use std::fmt;

use tollgate_dotnet::Str;

use crate::backend::Backend;
use crate::certificate::Certificate;

pub use info::{
    ApiInfo, DeploymentInfo, GroupInfo, IdentityInfo, OperationInfo, ProductInfo, SubscriptionInfo,
    UserInfo, WorkspaceInfo,
};

/// One policy file: the name that messages show, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What messages call it, usually a path.
    pub name: String,
    /// The policy text, raw or encoded.
    pub text: String,
}

impl Source {
    /// A policy text under the name that messages show.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }
}

/// Everything a gateway serves. Nothing is checked before it is loaded into a [`Plan`](crate::Plan).
///
/// ```
/// use tollgate_engine::{Api, Catalog, Operation, Source};
///
/// let policy = "<policies><inbound><base /></inbound></policies>";
/// let catalog = Catalog::new()
///     .named_value("backend-url", "https://one.example.org")
///     .secret("key", "a1b2c3")
///     .api(
///         Api::new("openai")
///             .path("openai")
///             .service_url("https://one.example.org")
///             .policy(Source::new("openai.xml", policy))
///             .operation(Operation::new("GET", "/models/{id}")),
///     );
/// assert!(format!("{catalog:?}").contains("***"), "secrets are not shown");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub(crate) named_values: Vec<NamedValue>,
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) backends: Vec<Backend>,
    pub(crate) service_fabric: Vec<(String, ServiceFabric)>,
    pub(crate) schemas: Vec<(String, Source)>,
    pub(crate) global: Option<Source>,
    pub(crate) workspace: Option<Workspace>,
    pub(crate) products: Vec<Product>,
    pub(crate) apis: Vec<Api>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) users: Vec<UserInfo>,
    pub(crate) certificates: Vec<(String, Certificate)>,
    pub(crate) authorities: Vec<Certificate>,
    pub(crate) deployment: DeploymentInfo,
}

impl Catalog {
    /// An empty catalog: every request ends with 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a named value, `{{name}}` in policies. The last one of a name counts.
    #[must_use]
    pub fn named_value(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.named_values.push(NamedValue {
            name: name.into(),
            value: value.into(),
            secret: false,
        });
        self
    }

    /// Adds a named value that no trace, log or message may show.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.named_values.push(NamedValue {
            name: name.into(),
            value: value.into(),
            secret: true,
        });
        self
    }

    /// The names of named values, with the values of those that are not secret.
    pub fn named_values(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        (self.named_values.iter())
            .map(|it| (it.name.as_str(), (!it.secret).then_some(it.value.as_str())))
    }

    /// The ids of fragments, with their texts.
    pub fn fragments(&self) -> impl Iterator<Item = (&str, &Source)> {
        (self.fragments.iter()).map(|fragment| (fragment.id.as_str(), &fragment.source))
    }

    /// Adds a fragment that `<include-fragment fragment-id="id" />` puts in.
    #[must_use]
    pub fn fragment(mut self, id: impl Into<String>, source: Source) -> Self {
        self.fragments.push(Fragment {
            id: id.into(),
            source,
        });
        self
    }

    /// The text of the fragment of this id.
    pub fn fragment_source(&self, id: &str) -> Option<&Source> {
        let mut fragments = self.fragments.iter();
        let found = fragments.rfind(|fragment| fragment.id == id);
        found.map(|fragment| &fragment.source)
    }

    /// Adds a backend that `set-backend-service` can name.
    #[must_use]
    pub fn backend(mut self, id: impl Into<String>, url: impl Into<String>) -> Self {
        self.backends.push(Backend::new(id, url));
        self
    }

    /// Adds a backend with all that is known of it, or a pool.
    #[must_use]
    pub fn backend_entity(mut self, backend: Backend) -> Self {
        self.backends.push(backend);
        self
    }

    /// Adds a Service Fabric cluster as a backend that `set-backend-service` can name with `sf-*` attributes.
    #[must_use]
    pub fn service_fabric(mut self, id: impl Into<String>, cluster: ServiceFabric) -> Self {
        self.service_fabric.push((id.into(), cluster));
        self
    }

    /// Adds a JSON Schema, or an XML Schema, that `validate-content` can name by `schema-id`. XML Schemas import and include
    /// each other by their ids, and need the feature `xml`.
    #[must_use]
    pub fn schema(mut self, id: impl Into<String>, schema: Source) -> Self {
        self.schemas.push((id.into(), schema));
        self
    }

    /// Sets the policy for all APIs. Without one, APIM's default stands: a backend section with `<forward-request />`.
    #[must_use]
    pub fn policy(mut self, source: Source) -> Self {
        self.global = Some(source);
        self
    }

    /// Puts all products and APIs into a workspace, whose policy stands between the global one and theirs.
    #[must_use]
    pub fn workspace(mut self, workspace: Workspace) -> Self {
        self.workspace = Some(workspace);
        self
    }

    /// Adds a product.
    #[must_use]
    pub fn product(mut self, product: Product) -> Self {
        self.products.push(product);
        self
    }

    /// Adds an API.
    #[must_use]
    pub fn api(mut self, api: Api) -> Self {
        self.apis.push(api);
        self
    }

    /// Adds a subscription.
    #[must_use]
    pub fn subscription(mut self, subscription: Subscription) -> Self {
        self.subscriptions.push(subscription);
        self
    }

    /// Adds a user that subscriptions can belong to.
    #[must_use]
    pub fn user(mut self, user: UserInfo) -> Self {
        self.users.push(user);
        self
    }

    /// Adds a certificate that `certificate-id` can name; `context.Deployment.Certificates` has it too.
    #[must_use]
    pub fn certificate(mut self, id: impl Into<String>, certificate: Certificate) -> Self {
        self.certificates.push((id.into(), certificate));
        self
    }

    /// Trusts an authority to issue certificates of clients (`validate-client-certificate`). There are no others.
    #[must_use]
    pub fn authority(mut self, certificate: Certificate) -> Self {
        self.authorities.push(certificate);
        self
    }

    /// Sets what `context.Deployment` says.
    #[must_use]
    pub fn deployment(mut self, deployment: DeploymentInfo) -> Self {
        self.deployment = deployment;
        self
    }
}

/// A named value. Source: api-management-howto-properties.md.
#[derive(Clone)]
pub(crate) struct NamedValue {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) secret: bool,
}

impl fmt::Debug for NamedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.secret { "***" } else { &self.value };
        f.debug_struct("NamedValue")
            .field("name", &self.name)
            .field("value", &value)
            .finish()
    }
}

/// A policy fragment. Source: policy-fragments.md.
#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    pub(crate) id: String,
    pub(crate) source: Source,
}

/// A Service Fabric cluster, whose naming service tells over HTTP where the replicas of a service are.
/// Source: how-to-configure-service-fabric-backend.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFabric {
    /// The cluster's management endpoint: `https://cluster.example:19080`.
    pub management_endpoint: String,
    /// The service, unless the policy names another: `fabric:/app/service`.
    pub service: String,
    /// The certificate to show the management endpoint.
    pub identity: Option<Certificate>,
}

/// A workspace: its policy stands between the global one and those of its products and APIs.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub(crate) info: WorkspaceInfo,
    pub(crate) policy: Option<Source>,
}

impl Workspace {
    /// A workspace without a policy; its name is its id.
    pub fn new(id: impl Into<Str>) -> Self {
        let id = id.into();
        Self {
            info: WorkspaceInfo {
                name: id.clone(),
                id,
            },
            policy: None,
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.info.name = name.into();
        self
    }

    /// Sets the policy.
    #[must_use]
    pub fn policy(mut self, source: Source) -> Self {
        self.policy = Some(source);
        self
    }
}

/// An API: a path suffix, where its requests go, its operations and policy.
#[derive(Debug, Clone)]
pub struct Api {
    pub(crate) info: ApiInfo,
    pub(crate) policy: Option<Source>,
    pub(crate) openapi: Option<Source>,
    pub(crate) graphql: Option<Source>,
    pub(crate) resolvers: Vec<Resolver>,
    pub(crate) subscription_required: bool,
    pub(crate) operations: Vec<Operation>,
}

impl Api {
    /// An API at the empty path that asks for no subscription key and takes every method and path.
    /// As soon as it has operations, it takes only theirs.
    pub fn new(id: impl Into<Str>) -> Self {
        let id = id.into();
        Self {
            info: ApiInfo {
                name: id.clone(),
                id,
                path: Str::EMPTY,
                protocols: vec![Str::from_static("https")],
                service_url: None,
                version: None,
                revision: Str::from_static("1"),
                is_current_revision: true,
                key_header: Str::from_static("Ocp-Apim-Subscription-Key"),
                key_query: Str::from_static("subscription-key"),
            },
            policy: None,
            openapi: None,
            graphql: None,
            resolvers: Vec::new(),
            subscription_required: false,
            operations: Vec::new(),
        }
    }

    /// Sets the display name; without one it is the id.
    #[must_use]
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.info.name = name.into();
        self
    }

    /// Sets the path suffix, such as `openai` or `v1/orders`. Slashes at its ends do not count.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.info.path = path.trim_matches('/').into();
        self
    }

    /// Sets the base URL of the backend.
    #[must_use]
    pub fn service_url(mut self, url: impl Into<Str>) -> Self {
        self.info.service_url = Some(url.into());
        self
    }

    /// Sets the policy.
    #[must_use]
    pub fn policy(mut self, source: Source) -> Self {
        self.policy = Some(source);
        self
    }

    /// Sets what describes the API: the JSON of OpenAPI 3.0, 3.1 or Swagger 2.0, at most 4 MiB. `validate-content` and its
    /// like hold requests and responses against it, and `mock-response` takes examples of it. An API without operations
    /// of its own has those of the document.
    #[must_use]
    pub fn openapi(mut self, document: Source) -> Self {
        self.openapi = Some(document);
        self
    }

    /// Sets the schema of an API that speaks GraphQL, in GraphQL's own language: `validate-graphql-request` holds requests
    /// against it, and fields of it can have resolvers.
    #[must_use]
    pub fn graphql(mut self, schema: Source) -> Self {
        self.graphql = Some(schema);
        self
    }

    /// Adds a resolver: the document, such as `<http-data-source>`, that gets the value of a field of an object type of the
    /// GraphQL schema. An API with resolvers has no backend. It answers requests by itself, behind the backend section:
    /// fields without a resolver are those of the same name in what the resolver of the object gave.
    /// Source: configure-graphql-resolver.md.
    ///
    /// ```
    /// use tollgate_engine::{Api, Source};
    ///
    /// let schema = "type User { id: ID! name: String } type Query { user(id: ID!): User }";
    /// let user = r#"<http-data-source><http-request>
    ///     <set-method>GET</set-method>
    ///     <set-url>@($"https://users.example.org/{context.GraphQL.Arguments["id"]}")</set-url>
    /// </http-request></http-data-source>"#;
    /// let api = Api::new("people")
    ///     .graphql(Source::new("people.graphql", schema))
    ///     .resolver("Query", "user", Source::new("user.xml", user));
    /// assert!(format!("{api:?}").contains("user.xml"));
    /// ```
    #[must_use]
    pub fn resolver(
        mut self,
        ty: impl Into<String>,
        field: impl Into<String>,
        document: Source,
    ) -> Self {
        self.resolvers.push(Resolver {
            ty: ty.into(),
            field: field.into(),
            source: document,
        });
        self
    }

    /// Adds an operation.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Sets whether a subscription key is needed; it is not unless said so.
    #[must_use]
    pub fn subscription_required(mut self, required: bool) -> Self {
        self.subscription_required = required;
        self
    }

    /// Sets where the subscription key is read from: a header and, if that is absent, a query parameter.
    #[must_use]
    pub fn subscription_key_names(mut self, header: impl Into<Str>, query: impl Into<Str>) -> Self {
        self.info.key_header = header.into();
        self.info.key_query = query.into();
        self
    }

    /// Sets what `context.Api.Version` says.
    #[must_use]
    pub fn version(mut self, version: impl Into<Str>) -> Self {
        self.info.version = Some(version.into());
        self
    }

    /// Sets what `context.Api.Revision` says; it is `1` unless said so.
    #[must_use]
    pub fn revision(mut self, revision: impl Into<Str>) -> Self {
        self.info.revision = revision.into();
        self
    }
}

/// What gets the value of a field of a GraphQL schema.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    pub(crate) ty: String,
    pub(crate) field: String,
    pub(crate) source: Source,
}

/// An operation of an API.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(crate) info: OperationInfo,
    pub(crate) policy: Option<Source>,
}

impl Operation {
    /// An operation that takes requests of `method` whose path, after the API's suffix, fits `url_template`:
    /// `/orders/{id}`, `/files/*`, `/search?q={text}`. Its id is made of both: `get-orders-id`.
    pub fn new(method: &str, url_template: &str) -> Self {
        let method = method.to_ascii_uppercase();
        let id = slug(&method, url_template);
        Self {
            info: OperationInfo {
                id: id.as_str().into(),
                name: id.into(),
                method: method.into(),
                url_template: url_template.into(),
            },
            policy: None,
        }
    }

    /// Sets the id.
    #[must_use]
    pub fn id(mut self, id: impl Into<Str>) -> Self {
        self.info.id = id.into();
        self
    }

    /// Sets the display name; without one it is the id.
    #[must_use]
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.info.name = name.into();
        self
    }

    /// Sets the policy.
    #[must_use]
    pub fn policy(mut self, source: Source) -> Self {
        self.policy = Some(source);
        self
    }
}

/// `GET` and `/orders/{id}` as `get-orders-id`.
fn slug(method: &str, template: &str) -> String {
    let words = template.split(|c: char| !c.is_ascii_alphanumeric());
    let mut slug = method.to_ascii_lowercase();
    for word in words.filter(|word| !word.is_empty()) {
        slug.push('-');
        slug.push_str(word);
    }
    slug
}

/// A product: a set of APIs with a policy of its own.
#[derive(Debug, Clone)]
pub struct Product {
    pub(crate) info: ProductInfo,
    pub(crate) policy: Option<Source>,
    pub(crate) apis: Vec<String>,
}

impl Product {
    /// A published product without APIs that asks for a subscription key.
    pub fn new(id: impl Into<Str>) -> Self {
        let id = id.into();
        Self {
            info: ProductInfo {
                name: id.clone(),
                id,
                subscription_required: true,
                approval_required: false,
                subscription_limit: None,
                published: true,
                groups: Vec::new(),
                apis: Vec::new(),
            },
            policy: None,
            apis: Vec::new(),
        }
    }

    /// Sets the display name; without one it is the id.
    #[must_use]
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.info.name = name.into();
        self
    }

    /// Adds the API of this id.
    #[must_use]
    pub fn api(mut self, id: impl Into<String>) -> Self {
        self.apis.push(id.into());
        self
    }

    /// Sets the policy.
    #[must_use]
    pub fn policy(mut self, source: Source) -> Self {
        self.policy = Some(source);
        self
    }

    /// Sets whether a subscription key is needed. Requests without a key run in the context of a product that asks
    /// for none.
    #[must_use]
    pub fn subscription_required(mut self, required: bool) -> Self {
        self.info.subscription_required = required;
        self
    }
}

/// A subscription: keys that open a product, an API or all APIs. Source: api-management-subscriptions.md.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub(crate) info: SubscriptionInfo,
    pub(crate) scope: SubscriptionScope,
    pub(crate) active: bool,
    pub(crate) user: Option<String>,
}

/// What a subscription opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionScope {
    /// Every API.
    AllApis,
    /// The API of this id.
    Api(String),
    /// The APIs of the product of this id; requests run in its context.
    Product(String),
}

impl Subscription {
    /// An active subscription of one key. An empty key opens nothing.
    pub fn new(id: impl Into<Str>, key: impl Into<Str>, scope: SubscriptionScope) -> Self {
        let id = id.into();
        Self {
            info: SubscriptionInfo {
                name: id.clone(),
                id,
                primary_key: key.into(),
                secondary_key: Str::EMPTY,
                created: 0,
                start: None,
                end: None,
            },
            scope,
            active: true,
            user: None,
        }
    }

    /// Sets the second key.
    #[must_use]
    pub fn secondary_key(mut self, key: impl Into<Str>) -> Self {
        self.info.secondary_key = key.into();
        self
    }

    /// Sets the display name; without one it is the id.
    #[must_use]
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.info.name = name.into();
        self
    }

    /// Sets the user it belongs to, by id.
    #[must_use]
    pub fn user(mut self, id: impl Into<String>) -> Self {
        self.user = Some(id.into());
        self
    }

    /// Sets whether its keys are good.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// Sets when it was made, and when it begins and ends to be good: .NET ticks (100 ns since year 1), UTC.
    #[must_use]
    pub fn dates(mut self, created: i64, start: Option<i64>, end: Option<i64>) -> Self {
        self.info.created = created;
        self.info.start = start;
        self.info.end = end;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_after_its_method_and_template() {
        let operation = Operation::new("get", "/orders/{id}?full={full}");
        assert_eq!(operation.info.id.as_utf8(), Some("get-orders-id-full-full"));
        assert_eq!(operation.info.method.as_utf8(), Some("GET"));
    }

    #[test]
    fn keys_and_secrets_are_not_shown() {
        let catalog = Catalog::new()
            .secret("s", "hush-1")
            .subscription(Subscription::new(
                "id",
                "hush-2",
                SubscriptionScope::AllApis,
            ));
        assert!(!format!("{catalog:?}").contains("hush"));
    }
}
