//! `set-backend-service`: sends the request to another base URL.
//!
//! ```xml
//! <set-backend-service base-url="https://{{name}}.openai.azure.com/openai" />
//! <set-backend-service backend-id="orders" />
//! <set-backend-service backend-id="dapr" dapr-app-id="orders" dapr-method="create" dapr-namespace="shop" />
//! <set-backend-service backend-id="cluster" sf-service-instance-name="fabric:/shop/orders" sf-partition-key="@(7)"
//!     sf-resolve-condition="@(context.LastError?.Reason == "BackendConnectionFailure")" />
//! ```
//!
//! Scheme, host, port and base path are replaced; the operation's path and the query stay. Of several the last one that
//! runs counts. A slash at the end of the base URL does not double. `backend-id` names a backend entity of the catalog
//! ([`Backend`](tollgate_engine::Backend)); one that does not exist fails with `BackendNotFound` when the request runs.
//! Which member of a pool takes the request is decided when it is sent; until then its URL is the first one's. A `ws` or `wss` URL is taken, but
//! `forward-request` cannot open WebSockets yet and fails.
//!
//! Dapr: the whole path is `/v1.0/invoke/{app}[.{namespace}]/method/{method}` at `http://localhost:3500`; the query stays.
//!
//! Service Fabric: the backend is one that [`Catalog::service_fabric`](tollgate_engine::Catalog::service_fabric) describes;
//! the replica is found over HTTP by the cluster's naming service. Without `sf-service-instance-name` the service is the
//! backend's own. `sf-replica-type` is `primary` unless given, `sf-listener-name` the default listener; an integer
//! `sf-partition-key` is for ranges, any other for names. Where the service is, is kept for a minute;
//! `sf-resolve-condition` has it asked for anew. A service that is not found fails with `BackendConnectionFailure`.
//! Source: set-backend-service-policy.md.

use std::sync::Arc;

use serde_json::json;
use tollgate_dotnet::Str;
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, PlanBackend,
    Policy, PolicyKind, Reads, Scopes, Sections, Setting, Url, optional,
};

use super::backends;
use super::service_fabric::{Question, ReplicaType, resolve};
use crate::transformation::set_query_parameter::encode;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-backend-service",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("base-url").about("The new base URL."),
        optional("backend-id").about("A backend entity, or `dapr`."),
        optional("sf-resolve-condition")
            .about("Whether the Service Fabric service is resolved anew."),
        optional("sf-service-instance-name").about("The Service Fabric service: `fabric:/a/b`."),
        optional("sf-partition-key").about("Which partition of the service."),
        optional("sf-replica-type").about("`primary` (default) or `secondary`."),
        optional("sf-listener-name").about("Which listener of the replica."),
        optional("dapr-app-id").about("The Dapr application."),
        optional("dapr-method").about("The method of the Dapr application."),
        optional("dapr-namespace").about("The namespace of the Dapr application."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(SetBackendService::load(e)?)),
};

#[derive(Debug)]
enum SetBackendService {
    BaseUrl(Setting<BaseUrl>),
    Backend(Setting<Str>),
    Dapr(Dapr),
    ServiceFabric(Box<Service>),
}

/// A Dapr application.
#[derive(Debug)]
struct Dapr {
    app: Setting<Str>,
    method: Setting<Str>,
    namespace: Option<Setting<Str>>,
}

/// A Service Fabric service.
#[derive(Debug)]
struct Service {
    backend: Setting<Str>,
    resolve_condition: Option<Setting<bool>>,
    name: Option<Setting<Str>>,
    partition_key: Option<Setting<Str>>,
    replica: Option<Setting<ReplicaType>>,
    listener: Option<Setting<Str>>,
}

/// A URL whose path is all base path.
#[derive(Debug, Clone)]
struct BaseUrl(Url);

impl FromValue for BaseUrl {
    const EXPECTED: &'static str = "an absolute http or https URL";

    fn from_literal(text: &str) -> Option<Self> {
        // A WebSocket begins as HTTP, so the rest of its URL is the same.
        let websocket = text
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("ws"));
        if !websocket {
            return Url::parse_base(text).ok().map(Self);
        }
        let mut url = Url::parse_base(&format!("http{}", text.get(2..)?)).ok()?;
        url.scheme = Str::from_static(match url.scheme.as_utf8() {
            Some("https") => "wss",
            _ => "ws",
        });
        Some(Self(url))
    }
}

impl FromValue for ReplicaType {
    const EXPECTED: &'static str = "`primary` or `secondary`";

    fn from_literal(text: &str) -> Option<Self> {
        match text {
            _ if text.eq_ignore_ascii_case("primary") => Some(Self::Primary),
            _ if text.eq_ignore_ascii_case("secondary") => Some(Self::Secondary),
            _ => None,
        }
    }
}

impl SetBackendService {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let with = |prefix: &str| {
            let mut names = KIND.attributes.iter().map(|attribute| attribute.name);
            names.find(|name| name.starts_with(prefix) && e.has(name))
        };
        let (dapr, fabric) = (with("dapr-"), with("sf-"));
        let base_url = e.optional_setting("base-url");
        let backend = e.optional_setting::<Str>("backend-id");
        let (base_url, backend) = (base_url?, backend?);
        let is_dapr = (backend.as_ref())
            .is_some_and(|id| matches!(id.literal(), Some(id) if id.as_utf8() == Some("dapr")));
        match (base_url, backend) {
            (Some(url), None) if dapr.or(fabric).is_none() => Ok(Self::BaseUrl(url)),
            (None, Some(id)) if dapr.or(fabric).is_none() => Ok(Self::Backend(id)),
            (None, Some(_)) if is_dapr && fabric.is_none() => Dapr::load(e).map(Self::Dapr),
            (None, Some(id)) if dapr.is_none() => {
                Service::load(e, id).map(|service| Self::ServiceFabric(Box::new(service)))
            }
            (Some(_), None) | (None, Some(_)) => {
                let name = dapr.or(fabric).unwrap_or_default();
                let needed = if dapr.is_some() {
                    "`backend-id=\"dapr\"`"
                } else {
                    "`backend-id`"
                };
                let message = format!("`{name}` is only for {needed}");
                Err(e.error("wrong-attributes", e.attribute_span(name), message))
            }
            _ => Err(e.error(
                "wrong-attributes",
                e.name_span(),
                "`set-backend-service` takes either `base-url` or `backend-id`",
            )),
        }
    }
}

impl Dapr {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (app, method) = (e.setting("dapr-app-id"), e.setting("dapr-method"));
        let namespace = e.optional_setting("dapr-namespace");
        Ok(Self {
            app: app?,
            method: method?,
            namespace: namespace?,
        })
    }

    /// Turns the request to the sidecar.
    fn apply(&self, exchange: &mut Exchange) -> Result<(), Failure> {
        let app = self.app.get(exchange)?.into_owned();
        let method = self.method.get(exchange)?.into_owned();
        let namespace = match &self.namespace {
            Some(namespace) => Some(namespace.get(exchange)?.into_owned()),
            None => None,
        };
        let (app, method) = (app.to_utf8(), method.to_utf8());
        let method = method.trim_start_matches('/');
        let climbs = |text: &str| text.split('/').any(|part| matches!(part, "." | ".."));
        if app.is_empty() || method.is_empty() || climbs(&app) || climbs(method) {
            return Err(Failure::validation());
        }
        let app = match namespace.filter(|namespace| !namespace.is_empty()) {
            Some(namespace) => format!("{}.{}", encode(&app), encode(&namespace.to_utf8())),
            None => encode(&app).to_string(),
        };
        let method: Vec<_> = (method.split('/').map(|part| encode(part).to_string())).collect();
        let base = format!("http://localhost:3500/v1.0/invoke/{app}/method");
        let base = Url::parse_base(&base).map_err(|_| Failure::validation())?;
        turn(exchange, &base, None);
        exchange.context.request.url.path = format!("/{}", method.join("/")).into();
        Ok(())
    }
}

impl Service {
    fn load(e: &ElementReader<'_>, backend: Setting<Str>) -> Result<Self, Invalid> {
        let resolve_condition = e.optional_setting("sf-resolve-condition");
        let name = e.optional_setting("sf-service-instance-name");
        let partition_key = e.optional_setting("sf-partition-key");
        let replica = e.optional_setting("sf-replica-type");
        let listener = e.optional_setting("sf-listener-name");
        Ok(Self {
            backend,
            resolve_condition: resolve_condition?,
            name: name?,
            partition_key: partition_key?,
            replica: replica?,
            listener: listener?,
        })
    }

    async fn apply(&self, exchange: &mut Exchange) -> Result<(), Failure> {
        fn get<T: FromValue>(
            setting: Option<&Setting<T>>,
            exchange: &mut Exchange,
        ) -> Result<Option<T>, Failure> {
            let value = setting.map(|setting| Ok(setting.get(exchange)?.into_owned()));
            value.transpose()
        }
        let id = self.backend.get(exchange)?.into_owned();
        let anew = get(self.resolve_condition.as_ref(), exchange)?;
        let name = get(self.name.as_ref(), exchange)?;
        let partition_key = get(self.partition_key.as_ref(), exchange)?;
        let replica = get(self.replica.as_ref(), exchange)?;
        let listener = get(self.listener.as_ref(), exchange)?;
        let plan = Arc::clone(&exchange.plan);
        let cluster = (id.as_utf8())
            .and_then(|id| plan.service_fabric(id))
            .ok_or_else(|| {
                let message = format!(
                    "There is no Service Fabric backend with id {}.",
                    id.to_utf8()
                );
                Failure::new("BackendNotFound", message)
            })?;
        let text = |text: &Option<Str>| text.as_ref().map(|text| text.to_utf8().into_owned());
        let (name, partition_key, listener) = (text(&name), text(&partition_key), text(&listener));
        let question = Question {
            service: name.as_deref().unwrap_or(&cluster.service),
            partition_key: partition_key.as_deref(),
            replica: replica.unwrap_or_default(),
            listener: listener.as_deref(),
            anew: anew.unwrap_or(false),
        };
        let ports = exchange.context.ports.clone();
        let url = resolve(&ports, cluster, &question).await?;
        turn(exchange, &url, None);
        Ok(())
    }
}

/// Sends the request there, if no policy says otherwise.
fn turn(exchange: &mut Exchange, url: &Url, backend: Option<&Arc<PlanBackend>>) {
    let request = &mut exchange.context.request;
    request.url.set_base(url);
    request.backend = backend.cloned();
}

fn trace(exchange: &mut Exchange) {
    exchange.context.trace(|context| json!({"message": "The backend service was set.", "url": context.request.url.to_string()}));
}

impl Policy for SetBackendService {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self {
            // A literal URL is used where it is.
            Self::BaseUrl(Setting::Literal(BaseUrl(url))) => turn(exchange, url, None),
            Self::BaseUrl(setting) => {
                let BaseUrl(url) = setting.get(exchange)?.into_owned();
                turn(exchange, &url, None);
            }
            Self::Backend(id) => {
                let id = id.get(exchange)?.to_utf8().into_owned();
                let backend = Arc::clone(backends::named(&exchange.plan, &id)?);
                turn(exchange, backend.url(), Some(&backend));
            }
            Self::Dapr(dapr) => dapr.apply(exchange)?,
            Self::ServiceFabric(_) => return Ok(Flow::Wait),
        }
        trace(exchange);
        Ok(Flow::Next)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            if let Self::ServiceFabric(service) = self {
                service.apply(exchange).await?;
                trace(exchange);
            }
            Ok(Flow::Next)
        })
    }

    fn reads(&self) -> Reads {
        match self {
            Self::BaseUrl(setting) => setting.reads(),
            Self::Backend(setting) => setting.reads(),
            Self::Dapr(dapr) => {
                let settings = [&dapr.app, &dapr.method].into_iter().chain(&dapr.namespace);
                settings.map(Setting::reads).fold(Reads::NONE, Reads::or)
            }
            Self::ServiceFabric(service) => {
                let texts = [&service.name, &service.partition_key, &service.listener];
                let texts = texts.into_iter().flatten().map(Setting::reads);
                let condition = service.resolve_condition.as_ref().map(Setting::reads);
                let replica = service.replica.as_ref().map(Setting::reads);
                texts
                    .chain(condition)
                    .chain(replica)
                    .fold(service.backend.reads(), Reads::or)
            }
        }
    }
}
