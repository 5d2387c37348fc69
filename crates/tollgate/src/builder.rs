//! From policy files to a gateway.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use thiserror::Error;
use tollgate_engine::ports::{
    Background, CacheStore, Clock, CounterStore, Credentials, EventSink, HttpClient, Limits, Ports,
    Random, Shared, Tokenizer, VectorStore,
};
use tollgate_engine::{Api, Backend, Catalog, Certificate, LoadErrors, Plan, PolicyKind, Source};

use crate::event_hub::{EventHub, EventHubs, World};
use crate::{
    HttpCredentials, LogEvents, ManagedIdentity, MemoryCache, MemoryCounters, MemoryVectors,
    OAuthConnection, SystemClock, SystemRandom, TokioBackground,
};

/// A gateway: policies that requests run through. Cheap to clone; clones are the same gateway.
///
/// Derefs to the engine's gateway, whose `handle` runs a request.
#[derive(Debug, Clone)]
pub struct Gateway {
    engine: Arc<tollgate_engine::Gateway>,
    kinds: Arc<[&'static [PolicyKind]]>,
}

/// Why no gateway could be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The policies have errors.
    #[error(transparent)]
    Load(#[from] LoadErrors),
    /// The HTTP client could not be set up.
    #[error("{0}")]
    HttpClient(String),
}

impl Gateway {
    /// A gateway with its settings to be made.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::default()
    }

    /// Loads another catalog and swaps it in. Requests in flight finish on the plan they began with; counters and what
    /// policies remember stay.
    ///
    /// # Errors
    /// The new catalog has errors; the old plan stays.
    pub fn reload(&self, catalog: &Catalog) -> Result<(), LoadErrors> {
        self.engine.reload(Plan::load(catalog, &self.kinds)?);
        Ok(())
    }
}

impl Deref for Gateway {
    type Target = Arc<tollgate_engine::Gateway>;

    fn deref(&self) -> &Self::Target {
        &self.engine
    }
}

impl From<Gateway> for Arc<tollgate_engine::Gateway> {
    fn from(gateway: Gateway) -> Self {
        gateway.engine
    }
}

/// Settings of a [`Gateway`]: what it serves, and the world it lives in.
///
/// Ports that are not given are the process's own: memory, the system's clock and randomness, and with the feature
/// `hyper` an HTTP client.
#[derive(Clone, Default)]
pub struct GatewayBuilder {
    catalog: Catalog,
    plan: Option<Arc<Plan>>,
    kinds: Vec<&'static [PolicyKind]>,
    http: Option<Arc<dyn HttpClient>>,
    clock: Option<Arc<dyn Clock>>,
    random: Option<Arc<dyn Random>>,
    counters: Option<Arc<dyn CounterStore>>,
    cache: Option<Arc<dyn CacheStore>>,
    external_cache: Option<Arc<dyn CacheStore>>,
    tokenizer: Option<Arc<dyn Tokenizer>>,
    vectors: Option<Arc<dyn VectorStore>>,
    credentials: Option<Arc<dyn Credentials>>,
    managed_identity: Option<ManagedIdentity>,
    connections: Vec<(String, String, OAuthConnection)>,
    events: Option<Arc<dyn EventSink>>,
    background: Option<Arc<dyn Background>>,
    event_hubs: HashMap<String, EventHub>,
    limits: Limits,
}

impl std::fmt::Debug for GatewayBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayBuilder")
            .field("catalog", &self.catalog)
            .finish_non_exhaustive()
    }
}

/// Settings that the catalog has too.
impl GatewayBuilder {
    /// Takes all that a catalog describes in place of what was said so far.
    #[must_use]
    pub fn catalog(mut self, catalog: Catalog) -> Self {
        self.catalog = catalog;
        self
    }

    /// Serves every request by one policy document, as the policy of an API that takes all paths. For more than one
    /// API use [`api`](Self::api).
    #[must_use]
    pub fn policy(self, source: Source) -> Self {
        self.api(Api::new("default").policy(source))
    }

    /// The policy for all APIs. Without it the backend section is `<forward-request />` and the others are empty.
    #[must_use]
    pub fn global_policy(self, source: Source) -> Self {
        self.with(|catalog| catalog.policy(source))
    }

    /// An API.
    #[must_use]
    pub fn api(self, api: Api) -> Self {
        self.with(|catalog| catalog.api(api))
    }

    /// A named value.
    #[must_use]
    pub fn named_value(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|catalog| catalog.named_value(name, value))
    }

    /// A named value that is shown nowhere: not in traces, logs or diagnostics.
    #[must_use]
    pub fn secret(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|catalog| catalog.secret(name, value))
    }

    /// A policy fragment.
    #[must_use]
    pub fn fragment(self, id: impl Into<String>, source: Source) -> Self {
        self.with(|catalog| catalog.fragment(id, source))
    }

    /// A backend that `set-backend-service backend-id` can name.
    #[must_use]
    pub fn backend(self, id: impl Into<String>, url: impl Into<String>) -> Self {
        self.with(|catalog| catalog.backend(id, url))
    }

    /// A backend with all that is known of it, or a pool.
    #[must_use]
    pub fn backend_entity(self, backend: Backend) -> Self {
        self.with(|catalog| catalog.backend_entity(backend))
    }

    /// A certificate that `certificate-id` can name.
    #[must_use]
    pub fn certificate(self, id: impl Into<String>, certificate: Certificate) -> Self {
        self.with(|catalog| catalog.certificate(id, certificate))
    }

    /// An authority that is trusted to issue certificates of clients.
    #[must_use]
    pub fn authority(self, certificate: Certificate) -> Self {
        self.with(|catalog| catalog.authority(certificate))
    }

    /// Takes policies that were loaded already, in place of loading the catalog's: for many gateways of one plan, such as
    /// one for each test.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tollgate::{Gateway, Source};
    ///
    /// let builder = Gateway::builder().policy(Source::new("a.xml", "<policies><inbound /></policies>"));
    /// let plan = Arc::new(builder.load()?);
    /// let gateways = [(); 2].map(|()| builder.clone().plan(Arc::clone(&plan)).build());
    /// assert!(gateways.into_iter().all(|gateway| Arc::ptr_eq(&gateway.unwrap().plan(), &plan)));
    /// # Ok::<(), tollgate::LoadErrors>(())
    /// ```
    #[must_use]
    pub fn plan(mut self, plan: impl Into<Arc<Plan>>) -> Self {
        self.plan = Some(plan.into());
        self
    }

    /// Changes the catalog by a function that may fail.
    ///
    /// # Errors
    /// Those of the function.
    pub fn change_catalog<E>(
        mut self,
        change: impl FnOnce(Catalog) -> Result<Catalog, E>,
    ) -> Result<Self, E> {
        self.catalog = change(self.catalog)?;
        Ok(self)
    }

    fn with(mut self, change: impl FnOnce(Catalog) -> Catalog) -> Self {
        self.catalog = change(self.catalog);
        self
    }
}

/// The world.
impl GatewayBuilder {
    /// Policies of one's own. One with the name of a built-in one takes its place.
    #[must_use]
    pub fn policies(mut self, kinds: &'static [PolicyKind]) -> Self {
        self.kinds.push(kinds);
        self
    }

    /// Who sends requests to backends and token issuers.
    #[must_use]
    pub fn http_client(mut self, client: impl HttpClient + 'static) -> Self {
        self.http = Some(Arc::new(client));
        self
    }

    /// Who tells the time.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Who gives random numbers.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Some(Arc::new(random));
        self
    }

    /// Who counts calls.
    #[must_use]
    pub fn counters(mut self, counters: impl CounterStore + 'static) -> Self {
        self.counters = Some(Arc::new(counters));
        self
    }

    /// The internal cache; [`MemoryCache`] with 64 MiB otherwise.
    #[must_use]
    pub fn cache(mut self, cache: impl CacheStore + 'static) -> Self {
        self.cache = Some(Arc::new(cache));
        self
    }

    /// The external cache, which `caching-type="external"` and `"prefer-external"` use; there is none otherwise.
    #[must_use]
    pub fn external_cache(mut self, cache: impl CacheStore + 'static) -> Self {
        self.external_cache = Some(Arc::new(cache));
        self
    }

    /// Who counts the tokens of language models, for `llm-token-limit` and `llm-emit-token-metric`; with the feature
    /// `tokenizer` the vocabulary of OpenAI's models otherwise, or else
    /// [`RoughTokenizer`](tollgate_engine::ports::RoughTokenizer).
    #[must_use]
    pub fn tokenizer(mut self, tokenizer: impl Tokenizer + 'static) -> Self {
        self.tokenizer = Some(Arc::new(tokenizer));
        self
    }

    /// The store of the semantic cache; [`MemoryVectors`] with 64 MiB otherwise.
    #[must_use]
    pub fn vectors(mut self, vectors: impl VectorStore + 'static) -> Self {
        self.vectors = Some(Arc::new(vectors));
        self
    }

    /// Where tokens of managed identities come from; what the environment says otherwise
    /// ([`ManagedIdentity::from_environment`]).
    #[must_use]
    pub fn managed_identity(mut self, identity: ManagedIdentity) -> Self {
        self.managed_identity = Some(identity);
        self
    }

    /// A connection of the credential manager, for `get-authorization-context`.
    #[must_use]
    pub fn connection(
        mut self,
        provider_id: impl Into<String>,
        authorization_id: impl Into<String>,
        connection: OAuthConnection,
    ) -> Self {
        let ids = (provider_id.into(), authorization_id.into());
        self.connections.push((ids.0, ids.1, connection));
        self
    }

    /// Who gets tokens, in place of managed identity and connections over HTTP.
    #[must_use]
    pub fn credentials(mut self, credentials: impl Credentials + 'static) -> Self {
        self.credentials = Some(Arc::new(credentials));
        self
    }

    /// Who takes what policies report: messages of `trace`, metrics, events for event hubs.
    #[must_use]
    pub fn events(mut self, events: impl EventSink + 'static) -> Self {
        self.events = Some(Arc::new(events));
        self
    }

    /// The event hub that the messages of a logger go to (`log-to-eventhub`). They are collected for a moment and sent in
    /// batches in the background, again if need be; those that wait when the process ends are lost.
    #[must_use]
    pub fn event_hub(mut self, logger_id: impl Into<String>, hub: EventHub) -> Self {
        self.event_hubs.insert(logger_id.into(), hub);
        self
    }

    /// Who runs what no request waits for; [`TokioBackground`] otherwise.
    #[must_use]
    pub fn background(mut self, background: impl Background + 'static) -> Self {
        self.background = Some(Arc::new(background));
        self
    }

    /// How much one request may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Loads the policies, and builds nothing.
    ///
    /// # Errors
    /// All that is wrong with them, in one go.
    pub fn load(&self) -> Result<Plan, LoadErrors> {
        Plan::load(&self.catalog, &self.all_kinds())
    }

    fn all_kinds(&self) -> Arc<[&'static [PolicyKind]]> {
        let own = self.kinds.iter().copied();
        std::iter::once(tollgate_policies::ALL).chain(own).collect()
    }

    /// Loads the policies, and builds a gateway that runs them.
    ///
    /// # Errors
    /// All that is wrong with them, in one go.
    pub fn build(self) -> Result<Gateway, BuildError> {
        let kinds = self.all_kinds();
        let plan = match &self.plan {
            Some(plan) => Arc::clone(plan),
            None => Arc::new(self.load()?),
        };
        let http = match self.http {
            Some(http) => http,
            None => default_client()?,
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let (managed_identity, connections) = (self.managed_identity, self.connections);
        let over_http = || -> Arc<dyn Credentials> {
            let identity = managed_identity.unwrap_or_else(ManagedIdentity::from_environment);
            let credentials = HttpCredentials::new(http.clone(), clock.clone(), identity);
            let connections = connections.into_iter();
            Arc::new(
                connections.fold(credentials, |all, (provider, id, connection)| {
                    all.connection(provider, id, connection)
                }),
            )
        };
        let credentials = self.credentials.unwrap_or_else(over_http);
        let background = self
            .background
            .unwrap_or_else(|| Arc::new(TokioBackground::default()));
        let mut events = self.events.unwrap_or_else(default_events);
        if !self.event_hubs.is_empty() {
            let world = World {
                http: http.clone(),
                clock: clock.clone(),
                credentials: credentials.clone(),
                background: background.clone(),
            };
            events = Arc::new(EventHubs::new(self.event_hubs, &world, events));
        }
        let ports = Ports {
            http,
            clock,
            random: self.random.unwrap_or_else(|| Arc::new(SystemRandom)),
            counters: self
                .counters
                .unwrap_or_else(|| Arc::new(MemoryCounters::new())),
            cache: self
                .cache
                .unwrap_or_else(|| Arc::new(MemoryCache::default())),
            external_cache: self.external_cache,
            tokenizer: self.tokenizer.unwrap_or_else(default_tokenizer),
            vectors: Some(
                self.vectors
                    .unwrap_or_else(|| Arc::new(MemoryVectors::default())),
            ),
            credentials,
            events,
            background,
            shared: Shared::default(),
            limits: self.limits,
        };
        let engine = Arc::new(tollgate_engine::Gateway::new(plan, Arc::new(ports)));
        Ok(Gateway { engine, kinds })
    }
}

#[cfg(feature = "metrics")]
fn default_events() -> Arc<dyn EventSink> {
    Arc::new(crate::MetricsEvents::new(LogEvents))
}

#[cfg(not(feature = "metrics"))]
fn default_events() -> Arc<dyn EventSink> {
    Arc::new(LogEvents)
}

#[cfg(feature = "tokenizer")]
fn default_tokenizer() -> Arc<dyn Tokenizer> {
    Arc::new(crate::BpeTokenizer)
}

#[cfg(not(feature = "tokenizer"))]
fn default_tokenizer() -> Arc<dyn Tokenizer> {
    Arc::new(tollgate_engine::ports::RoughTokenizer)
}

#[cfg(feature = "hyper")]
fn default_client() -> Result<Arc<dyn HttpClient>, BuildError> {
    let client = tollgate_hyper::HyperClient::new()
        .map_err(|error| BuildError::HttpClient(error.to_string()))?;
    Ok(Arc::new(client))
}

#[cfg(not(feature = "hyper"))]
fn default_client() -> Result<Arc<dyn HttpClient>, BuildError> {
    Err(BuildError::HttpClient(
        "give one with `http_client`, or take the feature `hyper`".to_owned(),
    ))
}
