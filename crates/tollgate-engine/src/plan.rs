//! What requests run through.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, Method};
use tollgate_libxml::Schema as XmlSchema;
use tollgate_schema::{Schemas, graphql};
use tollgate_syntax::{Diagnostic, Sources};

use crate::backend::PlanBackend;
use crate::block::{Block, Place};
use crate::catalog::{
    ApiInfo, Catalog, DeploymentInfo, OperationInfo, ProductInfo, ServiceFabric, WorkspaceInfo,
};
use crate::certificate::Certificate;
use crate::exchange::Url;
use crate::expression::Expression;
use crate::load::{self, LoadErrors};
use crate::policy::{PolicyKind, Section};
use crate::resolve::Resolvers;
use crate::routing::{self, Path, Route, RouteError, Template};
use crate::subscription_key::{self, Admission, Denied, Keys};

/// The schemas of the catalog, by their ids.
#[derive(Debug, Default)]
pub(crate) struct AllSchemas {
    pub(crate) json: HashMap<Box<str>, Arc<Schemas>>,
    pub(crate) xml: HashMap<Box<str>, Arc<XmlSchema>>,
}

/// What requests run through: routes, keys, merged policies, and all else that load time could settle. Never changed.
#[derive(Default)]
pub struct Plan {
    apis: Box<[PlanApi]>,
    products: Box<[PlanProduct]>,
    unmatched: Arc<Pipeline>,
    keys: Keys,
    backends: HashMap<Box<str>, Arc<PlanBackend>>,
    /// Those whose URLs tell that they are meant.
    backends_by_url: Box<[Arc<PlanBackend>]>,
    service_fabric: HashMap<Box<str>, ServiceFabric>,
    schemas: AllSchemas,
    certificates: HashMap<Box<str>, Certificate>,
    authorities: Arc<[Certificate]>,
    deployment: Arc<DeploymentInfo>,
    workspace: Option<Arc<WorkspaceInfo>>,
    secrets: Arc<[Box<str>]>,
    warnings: Vec<Diagnostic>,
    sources: Sources,
    places: Box<[Arc<Place>]>,
    expressions: Box<[Expression]>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("apis", &self.apis)
            .field("products", &self.products)
            .field("unmatched", &self.unmatched)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// Loads a catalog with these kinds of policies; of two of one name the later counts.
    ///
    /// Everything that is wrong is found in one go.
    pub fn load(catalog: &Catalog, kinds: &[&'static [PolicyKind]]) -> Result<Self, LoadErrors> {
        load::load(catalog, kinds)
    }

    pub(crate) fn new(
        mut apis: Vec<PlanApi>,
        products: Vec<PlanProduct>,
        unmatched: Pipeline,
        keys: Keys,
        catalog: &Catalog,
        backends: HashMap<Box<str>, Arc<PlanBackend>>,
        schemas: AllSchemas,
    ) -> Self {
        apis.sort_by_key(|api| std::cmp::Reverse(api.path.len()));
        let workspace = catalog.workspace.as_ref();
        let mut deployment = catalog.deployment.clone();
        for (id, certificate) in &catalog.certificates {
            let named = (id.as_str().into(), certificate.clone());
            deployment.certificates.push(named);
        }
        Self {
            apis: apis.into(),
            products: products.into(),
            unmatched: Arc::new(unmatched),
            keys,
            backends_by_url: (backends.values())
                .filter(|backend| backend.matters())
                .cloned()
                .collect(),
            backends,
            schemas,
            service_fabric: (catalog.service_fabric.iter())
                .map(|(id, cluster)| (Box::from(id.as_str()), cluster.clone()))
                .collect(),
            certificates: (catalog.certificates.iter())
                .map(|(id, certificate)| (Box::from(id.as_str()), certificate.clone()))
                .collect(),
            authorities: catalog.authorities.iter().cloned().collect(),
            deployment: Arc::new(deployment),
            workspace: workspace.map(|workspace| Arc::new(workspace.info.clone())),
            ..Self::default()
        }
    }

    pub(crate) fn finish(
        self,
        secrets: Arc<[Box<str>]>,
        warnings: Vec<Diagnostic>,
        sources: Sources,
        (places, expressions): (Vec<Arc<Place>>, Vec<Expression>),
    ) -> Self {
        Self {
            secrets,
            warnings,
            sources,
            places: places.into(),
            expressions: expressions.into(),
            ..self
        }
    }

    /// Which API and operation a request belongs to. `path` is the request's, encoded as it came.
    ///
    /// What a backend may read as another path is refused: `.` and `..`, `//`, `%2f`, backslashes and the like.
    pub fn route<'p, 'r>(
        &'p self,
        method: &Method,
        path: &'r str,
        query: Option<&str>,
    ) -> Result<Route<'p, 'r>, RouteError> {
        routing::route(&self.apis, method, path, query)
    }

    /// Whether a request may call an API, and in whose name. `now` is in .NET ticks, UTC.
    pub fn admit(
        &self,
        api: &PlanApi,
        headers: &HeaderMap,
        query: Option<&str>,
        now: i64,
    ) -> Result<Admission, Denied> {
        subscription_key::admit(&self.keys, &self.products, api, headers, query, now)
    }

    /// The policies that a request runs through, by its operation and the product in whose context it runs.
    pub fn pipeline<'p>(
        &'p self,
        operation: &'p PlanOperation,
        product: Option<usize>,
    ) -> &'p Arc<Pipeline> {
        let mut pipelines = operation.pipelines.iter();
        let found = pipelines.find(|(context, _)| *context == product);
        found.map_or(&self.unmatched, |(_, pipeline)| pipeline)
    }

    /// The policies for a request that belongs to no operation: those for all APIs. Only `on-error` is run.
    pub fn unmatched(&self) -> &Arc<Pipeline> {
        &self.unmatched
    }

    /// What `context.Product` says of the product at this index.
    pub fn product(&self, index: usize) -> Option<&Arc<ProductInfo>> {
        self.products.get(index).map(|product| &product.info)
    }

    /// The backend of this id.
    pub fn backend(&self, id: &str) -> Option<&Arc<PlanBackend>> {
        self.backends.get(id)
    }

    /// The backend whose base URL a request goes to, if there is more to it than that.
    pub fn backend_at(&self, url: &Url) -> Option<&Arc<PlanBackend>> {
        let mut backends = self.backends_by_url.iter();
        backends.find(|backend| backend.url.has_base_of(url))
    }

    /// The JSON Schema of this id.
    pub fn schemas(&self, id: &str) -> Option<&Arc<Schemas>> {
        self.schemas.json.get(id)
    }

    /// The XML Schema of this id.
    pub fn xml_schema(&self, id: &str) -> Option<&Arc<XmlSchema>> {
        self.schemas.xml.get(id)
    }

    /// The Service Fabric cluster of this backend id.
    pub fn service_fabric(&self, id: &str) -> Option<&ServiceFabric> {
        self.service_fabric.get(id)
    }

    /// The certificate of this id.
    pub fn certificate(&self, id: &str) -> Option<&Certificate> {
        self.certificates.get(id)
    }

    /// The certificate with this thumbprint, in whatever case and with whatever spaces.
    pub fn certificate_by_thumbprint(&self, thumbprint: &str) -> Option<&Certificate> {
        let wanted: String = thumbprint.split_whitespace().collect();
        let all = self.certificates.values();
        // Of several the one that has the key.
        all.filter(|one| one.thumbprint().eq_ignore_ascii_case(&wanted))
            .max_by_key(|one| one.key().is_some())
    }

    /// All certificates, in no order.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.values()
    }

    /// The authorities that issue certificates of clients.
    pub fn authorities(&self) -> &[Certificate] {
        &self.authorities
    }

    /// What `context.Deployment` says.
    pub fn deployment(&self) -> &Arc<DeploymentInfo> {
        &self.deployment
    }

    /// What `context.Workspace` says.
    pub fn workspace(&self) -> Option<&Arc<WorkspaceInfo>> {
        self.workspace.as_ref()
    }

    /// The values of secret named values, which nothing may show.
    pub fn secrets(&self) -> &Arc<[Box<str>]> {
        &self.secrets
    }

    /// What the load found and could go on with.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The policy texts that places are in.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Where all policies and branches stand, for coverage: those of a fragment once for each place it is put in, with
    /// spans in the fragment's own file. `base` and `include-fragment` are none.
    pub fn places(&self) -> &[Arc<Place>] {
        &self.places
    }

    /// All expressions of policies, for coverage; those of fragments as [`places`](Self::places) has them.
    pub fn expressions(&self) -> &[Expression] {
        &self.expressions
    }
}

/// An API of a plan.
#[derive(Debug)]
pub struct PlanApi {
    /// What `context.Api` says.
    pub info: Arc<ApiInfo>,
    /// The base URL of its backend.
    pub service_url: Option<Url>,
    /// Whether it needs a subscription key.
    pub subscription_required: bool,
    /// Its GraphQL schema.
    pub graphql: Option<Arc<graphql::Schema>>,
    /// What resolves fields of it; without any, a backend answers.
    pub resolvers: Option<Arc<Resolvers>>,
    pub(crate) path: Path,
    pub(crate) key_header: HeaderName,
    pub(crate) products: Box<[usize]>,
    /// The product in whose context requests without a key run.
    pub(crate) open_product: Option<usize>,
    /// The most specific first.
    pub(crate) operations: Box<[PlanOperation]>,
}

/// An operation of a plan.
#[derive(Debug)]
pub struct PlanOperation {
    /// What `context.Operation` says; `None` for an API without operations, which takes everything.
    pub info: Option<Arc<OperationInfo>>,
    /// What the API's document says of it.
    pub described: Described,
    template: Template,
    pipelines: Box<[(Option<usize>, Arc<Pipeline>)]>,
}

/// What the document of an API says of an operation.
#[derive(Debug, Clone, Default)]
pub enum Described {
    /// There is no document.
    #[default]
    Nothing,
    /// It does not know the operation.
    Unknown,
    /// This.
    Operation(Arc<tollgate_schema::Operation>),
}

impl PlanOperation {
    pub(crate) fn new(
        info: Option<Arc<OperationInfo>>,
        described: Described,
        template: Template,
        pipelines: Vec<(Option<usize>, Arc<Pipeline>)>,
    ) -> Self {
        Self {
            info,
            described,
            template,
            pipelines: pipelines.into(),
        }
    }

    pub(crate) fn template(&self) -> &Template {
        &self.template
    }
}

/// A product of a plan.
#[derive(Debug)]
pub(crate) struct PlanProduct {
    pub(crate) info: Arc<ProductInfo>,
}

/// The merged policies of one operation in the context of one product or of none.
///
/// A section is a row of blocks, each a part of one scope's document, run one after the other.
#[derive(Debug, Default)]
pub struct Pipeline {
    sections: [Vec<Arc<Block>>; 4],
}

impl Pipeline {
    pub(crate) fn new(sections: [Vec<Arc<Block>>; 4]) -> Self {
        Self { sections }
    }

    /// The blocks of a section, none of them empty.
    pub fn section(&self, section: Section) -> &[Arc<Block>] {
        self.sections
            .get(section.index())
            .map_or(&[], Vec::as_slice)
    }
}
