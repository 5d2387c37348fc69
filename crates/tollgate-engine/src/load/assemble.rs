//! From a catalog to a plan: reads all documents, loads their policies, merges them for each operation and product.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderName;
use tollgate_dotnet::Str;
use tollgate_syntax::{Diagnostic, DocumentKind, Element, Sources, Span};

use super::documents;
use super::findings::Findings;
use super::fragments::Fragments;
use super::named_values::NamedValues;
use super::placement::load_resolver;
use super::scopes::{DEFAULT_GLOBAL, Layer, load_layer, merge};
use super::suggest::did_you_mean;
use super::{LoadErrors, Loading, Mode, kinds_by_name, read};
use crate::backend::Backend;
use crate::block::Block;
use crate::catalog::{Api, Catalog, Operation, OperationInfo, Product, Source, SubscriptionScope};
use crate::exchange::Url;
use crate::plan::{Described, Plan, PlanApi, PlanOperation, PlanProduct};
use crate::policy::{PolicyKind, Scope};
use crate::routing::{Path, Template};
use crate::subscription_key::{Key, KeyScope, Keys};

/// Loads a catalog. All that is wrong with it is found in one go.
pub(crate) fn load(catalog: &Catalog, kinds: &[&'static [PolicyKind]]) -> Result<Plan, LoadErrors> {
    let kinds = kinds_by_name(kinds);
    let named_values = NamedValues::new(&catalog.named_values, false);
    let findings = Findings::default();
    let mut sources = Sources::new();
    let mut reader = Reader {
        named_values: &named_values,
        findings: &findings,
        sources: &mut sources,
    };
    let fragments = reader.fragments(catalog);
    let documents = reader.documents(catalog);
    let catalog_file = sources.add("catalog", "");
    fragments.check_cycles(&findings);
    let loading = Loading::new(
        &sources,
        &named_values,
        &fragments,
        &findings,
        &kinds,
        Mode::Load,
    )
    .with_certificates(&catalog.certificates);
    let layers = documents.load(&loading);
    let assembler = Assembler {
        catalog,
        findings: &findings,
        place: Span::new(catalog_file, 0, 0),
    };
    let plan = assembler.plan(&layers);
    drop(layers);
    let places = loading.into_places();

    let diagnostics = findings.finish(&named_values, &sources);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(LoadErrors {
            diagnostics,
            sources,
        });
    }
    let credentials = catalog.backends.iter().flat_map(Backend::secrets);
    let secrets = named_values.secrets().into_iter().chain(credentials);
    let secrets = secrets.map(Box::from).collect();
    Ok(plan.finish(secrets, diagnostics, sources, places))
}

/// Reads documents.
struct Reader<'r, 'a> {
    named_values: &'r NamedValues<'a>,
    findings: &'r Findings,
    sources: &'r mut Sources,
}

impl Reader<'_, '_> {
    fn read(&mut self, source: &Source, kind: DocumentKind) -> Option<Element> {
        read(source, kind, self.sources, self.named_values, self.findings)
    }

    fn fragments<'c>(&mut self, catalog: &'c Catalog) -> Fragments<'c> {
        let fragments = catalog.fragments.iter().map(|fragment| {
            let root = self.read(&fragment.source, DocumentKind::Fragment);
            (fragment.id.as_str(), root)
        });
        Fragments::new(fragments.collect())
    }

    fn document(&mut self, source: Option<&Source>, scope: Scope, owner: String) -> Document {
        let root = source.and_then(|source| self.read(source, DocumentKind::Policies));
        Document { root, scope, owner }
    }

    fn documents(&mut self, catalog: &Catalog) -> Documents {
        let default = Source::new("default policy for all APIs", DEFAULT_GLOBAL);
        let global = catalog.global.as_ref().unwrap_or(&default);
        let global = self.document(Some(global), Scope::Global, String::new());
        let workspace = catalog.workspace.as_ref();
        let owner = workspace.map(|workspace| text(&workspace.info.id).to_owned());
        let workspace = self.document(
            workspace.and_then(|workspace| workspace.policy.as_ref()),
            Scope::Workspace,
            owner.unwrap_or_default(),
        );
        let products = catalog.products.iter().map(|product| {
            let owner = text(&product.info.id).to_owned();
            self.document(product.policy.as_ref(), Scope::Product, owner)
        });
        let products = products.collect();
        let mut apis = Vec::new();
        let mut resolvers = Vec::new();
        for api in &catalog.apis {
            let id = text(&api.info.id);
            let document = self.document(api.policy.as_ref(), Scope::Api, id.to_owned());
            let operations = api.operations.iter().map(|operation| {
                let owner = format!("{id};{}", text(&operation.info.id));
                self.document(operation.policy.as_ref(), Scope::Operation, owner)
            });
            apis.push((document, operations.collect()));
            let own = api.resolvers.iter().map(|resolver| Resolver {
                root: self.read(&resolver.source, DocumentKind::Resolver),
                owner: format!("{id};{}.{}", resolver.ty, resolver.field),
            });
            resolvers.push(own.collect());
        }
        Documents {
            global,
            workspace,
            products,
            apis,
            resolvers,
        }
    }
}

/// The document of a resolver.
struct Resolver {
    root: Option<Element>,
    owner: String,
}

impl Resolver {
    fn load<'a>(&'a self, loading: &'a Loading<'a>) -> Option<Arc<Block>> {
        let node = load_resolver(loading, self.root.as_ref()?, &self.owner).ok()?;
        Some(Arc::new(Block::new(vec![node])))
    }
}

/// The document of one scope, if there is one.
struct Document {
    root: Option<Element>,
    scope: Scope,
    owner: String,
}

impl Document {
    fn load<'a>(&'a self, loading: &'a Loading<'a>) -> Option<Layer> {
        let root = self.root.as_ref()?;
        Some(load_layer(loading, root, self.scope, &self.owner))
    }
}

/// All documents, in the order of the catalog.
struct Documents {
    global: Document,
    workspace: Document,
    products: Vec<Document>,
    apis: Vec<(Document, Vec<Document>)>,
    /// By API.
    resolvers: Vec<Vec<Resolver>>,
}

/// All documents, loaded.
struct Layers {
    global: Option<Layer>,
    workspace: Option<Layer>,
    products: Vec<Option<Layer>>,
    apis: Vec<(Option<Layer>, Vec<Option<Layer>>)>,
    /// By API.
    resolvers: Vec<Vec<Option<Arc<Block>>>>,
}

impl Documents {
    fn load<'a>(&'a self, loading: &'a Loading<'a>) -> Layers {
        let all = |documents: &'a [Document]| -> Vec<Option<Layer>> {
            documents.iter().map(|one| one.load(loading)).collect()
        };
        Layers {
            global: self.global.load(loading),
            workspace: self.workspace.load(loading),
            products: all(&self.products),
            apis: (self.apis.iter())
                .map(|(api, operations)| (api.load(loading), all(operations)))
                .collect(),
            resolvers: (self.resolvers.iter())
                .map(|all| all.iter().map(|one| one.load(loading)).collect())
                .collect(),
        }
    }
}

/// Puts a plan together.
pub(super) struct Assembler<'a> {
    pub(super) catalog: &'a Catalog,
    findings: &'a Findings,
    /// Where what is wrong with the catalog itself is reported.
    place: Span,
}

impl Assembler<'_> {
    fn plan(&self, layers: &Layers) -> Plan {
        let catalog = self.catalog;
        self.check_ids("API", catalog.apis.iter().map(|api| &api.info.id));
        self.check_ids(
            "product",
            catalog.products.iter().map(|product| &product.info.id),
        );
        let subscriptions = catalog.subscriptions.iter();
        self.check_ids("subscription", subscriptions.map(|one| &one.info.id));
        let certificates: Vec<Str> = (catalog.certificates.iter())
            .map(|(id, _)| id.as_str().into())
            .collect();
        self.check_ids("certificate", &certificates);
        self.check_paths();

        let infos: Vec<_> = (catalog.apis.iter())
            .map(|api| Arc::new(api.info.clone()))
            .collect();
        let products: Vec<_> = (catalog.products.iter())
            .map(|product| self.product(product, &infos))
            .collect();
        let layered = layers.apis.iter().zip(&layers.resolvers);
        let apis = (catalog.apis.iter().zip(&infos).zip(layered))
            .map(|((api, info), ((layer, operations), resolvers))| {
                let chain = Chain {
                    global: layers.global.as_ref(),
                    workspace: layers.workspace.as_ref(),
                    products: &layers.products,
                    api: layer.as_ref(),
                };
                self.api(api, info, &products, &chain, operations, resolvers)
            })
            .collect();
        let unmatched = merge([layers.global.as_ref()]);
        Plan::new(
            apis,
            products,
            unmatched,
            self.keys(),
            catalog,
            self.backends(),
            self.schemas(),
        )
    }

    fn product(&self, product: &Product, infos: &[Arc<crate::catalog::ApiInfo>]) -> PlanProduct {
        let id = text(&product.info.id);
        let mut info = product.info.clone();
        for api in &product.apis {
            match infos.iter().find(|info| text(&info.id) == api) {
                Some(found) => info.apis.push(Arc::clone(found)),
                None => self.unknown(
                    format!("product `{id}`"),
                    "API",
                    api,
                    infos.iter().map(|info| &info.id),
                ),
            }
        }
        PlanProduct {
            info: Arc::new(info),
        }
    }

    fn api(
        &self,
        api: &Api,
        info: &Arc<crate::catalog::ApiInfo>,
        products: &[PlanProduct],
        chain: &Chain<'_>,
        operation_layers: &[Option<Layer>],
        resolvers: &[Option<Arc<Block>>],
    ) -> PlanApi {
        let id = text(&info.id);
        let members: Vec<usize> = (products.iter().enumerate())
            .filter(|(_, product)| product.info.apis.iter().any(|one| text(&one.id) == id))
            .map(|(index, _)| index)
            .collect();
        let open_product = (members.iter().copied()).find(|index| {
            (products.get(*index)).is_some_and(|product| !product.info.subscription_required)
        });
        let document = self.document(api);
        let imported = match &document {
            Some(document) if api.operations.is_empty() => documents::operations(document),
            _ => Vec::new(),
        };
        let described = |operation: &OperationInfo| match &document {
            None => Described::Nothing,
            Some(document) => {
                let (method, template) = (text(&operation.method), text(&operation.url_template));
                let found = document.operation(method, template).cloned();
                found.map_or(Described::Unknown, Described::Operation)
            }
        };
        let layers = operation_layers.iter().map(Option::as_ref);
        let own = api
            .operations
            .iter()
            .zip(layers.chain(std::iter::repeat(None)));
        let all = own.chain(imported.iter().map(|operation| (operation, None)));
        let mut operations: Vec<PlanOperation> = all
            .filter_map(|(operation, layer)| {
                let template = self.template(id, operation)?;
                let info = Some(Arc::new(operation.info.clone()));
                let described = described(&operation.info);
                let pipelines = chain.pipelines(layer, &members);
                Some(PlanOperation::new(info, described, template, pipelines))
            })
            .collect();
        let ids = api.operations.iter().chain(&imported);
        self.check_ids("operation", ids.map(|one| &one.info.id));
        if api.operations.is_empty() && imported.is_empty() {
            let pipelines = chain.pipelines(None, &members);
            let described = match &document {
                None => Described::Nothing,
                Some(_) => Described::Unknown,
            };
            operations.push(PlanOperation::new(
                None,
                described,
                Template::any(),
                pipelines,
            ));
        }
        // The most specific first; the order of the catalog among equals.
        operations.sort_by_cached_key(|operation| operation.template().rank());
        let key_header = text(&info.key_header).parse::<HeaderName>();
        if key_header.is_err() {
            let message = format!("API `{id}`: `{}` is no header name", text(&info.key_header));
            self.report("invalid-header-name", message, None);
        }
        let graphql = self.graphql(api);
        PlanApi {
            info: Arc::clone(info),
            path: Path::new(text(&info.path)),
            service_url: info
                .service_url
                .as_ref()
                .and_then(|url| self.url(&format!("API `{id}`"), text(url))),
            subscription_required: api.subscription_required,
            resolvers: self.resolvers(api, graphql.as_ref(), resolvers),
            graphql,
            // What cannot be parsed has been reported: this plan is never used.
            key_header: key_header.unwrap_or(http::header::AUTHORIZATION),
            products: members.into(),
            open_product,
            operations: operations.into(),
        }
    }

    fn template(&self, api: &str, operation: &Operation) -> Option<Template> {
        let OperationInfo {
            id,
            method,
            url_template,
            ..
        } = &operation.info;
        match Template::parse(text(method), text(url_template)) {
            Ok(template) => Some(template),
            Err(error) => {
                let message = format!("operation `{}` of API `{api}`: {error}", text(id));
                self.report("invalid-template", message, None);
                None
            }
        }
    }

    pub(super) fn url(&self, what: &str, url: &str) -> Option<Url> {
        let parsed = Url::parse_base(url);
        if let Err(error) = &parsed {
            self.report("invalid-url", format!("{what}: `{url}` is {error}"), None);
        }
        parsed.ok()
    }

    fn keys(&self) -> Keys {
        let catalog = self.catalog;
        let mut keys = Keys::default();
        for subscription in &catalog.subscriptions {
            let id = text(&subscription.info.id);
            let what = || format!("subscription `{id}`");
            let scope = match &subscription.scope {
                SubscriptionScope::AllApis => Some(KeyScope::AllApis),
                SubscriptionScope::Api(api) => {
                    let mut ids = catalog.apis.iter().map(|api| &api.info.id);
                    let index = ids.position(|known| text(known) == api);
                    if index.is_none() {
                        self.unknown(
                            what(),
                            "API",
                            api,
                            catalog.apis.iter().map(|api| &api.info.id),
                        );
                    }
                    index.map(|_| KeyScope::Api(api.as_str().into()))
                }
                SubscriptionScope::Product(product) => {
                    let ids = || catalog.products.iter().map(|product| &product.info.id);
                    let index = ids().position(|known| text(known) == product);
                    if index.is_none() {
                        self.unknown(what(), "product", product, ids());
                    }
                    index.map(KeyScope::Product)
                }
            };
            let user = subscription.user.as_ref().and_then(|user| {
                let found = catalog.users.iter().find(|known| text(&known.id) == user);
                if found.is_none() {
                    self.unknown(
                        what(),
                        "user",
                        user,
                        catalog.users.iter().map(|user| &user.id),
                    );
                }
                found.cloned().map(Arc::new)
            });
            let Some(scope) = scope else { continue };
            let key = Arc::new(Key {
                info: Arc::new(subscription.info.clone()),
                user,
                scope,
                active: subscription.active,
            });
            for secret in [
                &subscription.info.primary_key,
                &subscription.info.secondary_key,
            ] {
                if !keys.add(text(secret), &key) {
                    let message = format!("{} has the key of another one", what());
                    self.report("duplicate-key", message, None);
                }
            }
        }
        keys
    }

    fn check_paths(&self) {
        let mut seen: HashMap<String, &Str> = HashMap::new();
        for api in &self.catalog.apis {
            let path = text(&api.info.path).to_ascii_lowercase();
            if let Some(other) = seen.insert(path, &api.info.id) {
                let message = format!(
                    "API `{}` has the path of `{}`: `{}`",
                    text(&api.info.id),
                    text(other),
                    text(&api.info.path)
                );
                self.report("duplicate-path", message, None);
            }
        }
    }

    pub(super) fn check_ids<'s>(&self, what: &str, ids: impl IntoIterator<Item = &'s Str>) {
        let mut seen = std::collections::HashSet::new();
        for id in ids {
            if !seen.insert(text(id)) {
                let message = format!("there are two of the {what} `{}`", text(id));
                self.report("duplicate-id", message, None);
            }
        }
    }

    fn unknown<'s>(
        &self,
        holder: String,
        what: &str,
        id: &str,
        known: impl IntoIterator<Item = &'s Str>,
    ) {
        let message = format!("{holder} names the {what} `{id}`, which does not exist");
        let help = did_you_mean(id, known.into_iter().map(text));
        let code = match what {
            "API" => "unknown-api",
            "product" => "unknown-product",
            _ => "unknown-user",
        };
        self.report(code, message, help);
    }

    pub(super) fn report(&self, code: &'static str, message: String, help: Option<String>) {
        let mut finding = Diagnostic::error(code, self.place, message);
        finding.help = help;
        self.findings.push(finding);
    }
}

/// The documents that take part in an API's pipelines, its operations' apart.
struct Chain<'l> {
    global: Option<&'l Layer>,
    workspace: Option<&'l Layer>,
    products: &'l [Option<Layer>],
    api: Option<&'l Layer>,
}

impl Chain<'_> {
    /// The pipeline without a product, and those in each product's context.
    fn pipelines(
        &self,
        operation: Option<&Layer>,
        products: &[usize],
    ) -> Vec<(Option<usize>, Arc<crate::plan::Pipeline>)> {
        let with = |product: Option<usize>| {
            let layer = product.and_then(|index| self.products.get(index)?.as_ref());
            let layers = [operation, self.api, layer, self.workspace, self.global];
            (product, Arc::new(merge(layers)))
        };
        let products = products.iter().copied().map(Some);
        std::iter::once(None).chain(products).map(with).collect()
    }
}

/// A catalog's text; these come from Rust strings, so they are UTF-8.
fn text(text: &Str) -> &str {
    text.as_utf8().unwrap_or_default()
}
