//! `set-backend-service`: sends the request to another base URL.
//!
//! ```xml
//! <set-backend-service base-url="https://{{name}}.openai.azure.com/openai" />
//! <set-backend-service backend-id="orders" />
//! ```
//!
//! Scheme, host, port and base path are replaced; the operation's path and the query stay. Of several the last one that
//! runs counts. A slash at the end of the base URL does not double. `backend-id` names a backend entity of the catalog;
//! one that does not exist fails with `BackendNotFound` when the request runs.
//! The Service Fabric and Dapr forms are refused at load time. Source: set-backend-service-policy.md.

use serde_json::json;
use tollgate_dotnet::{Machine, Str, Value};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, Url, optional,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-backend-service",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("base-url").about("The new base URL."),
        optional("backend-id").about("A backend entity."),
        optional("sf-resolve-condition").about("Service Fabric; not built."),
        optional("sf-service-instance-name").about("Service Fabric; not built."),
        optional("sf-partition-key").about("Service Fabric; not built."),
        optional("sf-replica-type").about("Service Fabric; not built."),
        optional("sf-listener-name").about("Service Fabric; not built."),
        optional("dapr-app-id").about("Dapr; not built."),
        optional("dapr-method").about("Dapr; not built."),
        optional("dapr-namespace").about("Dapr; not built."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(SetBackendService::load(e)?)),
};

#[derive(Debug)]
enum SetBackendService {
    BaseUrl(Setting<BaseUrl>),
    Backend(Setting<Str>),
}

/// A URL whose path is all base path.
#[derive(Debug, Clone)]
struct BaseUrl(Url);

impl FromValue for BaseUrl {
    const EXPECTED: &'static str = "an absolute http or https URL";

    fn from_literal(text: &str) -> Option<Self> {
        Url::parse_base(text).ok().map(Self)
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        Self::from_literal(Str::from_value(value, machine)?.as_utf8()?)
    }
}

impl SetBackendService {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        for attribute in KIND.attributes.iter().skip(2) {
            if e.has(attribute.name) {
                return Err(e.error(
                    "not-built",
                    e.attribute_span(attribute.name),
                    format!("`{}` is not built yet", attribute.name),
                ));
            }
        }
        let base_url = e.optional_setting("base-url");
        let backend = e.optional_setting::<Str>("backend-id");
        match (base_url?, backend?) {
            (Some(url), None) => Ok(Self::BaseUrl(url)),
            (None, Some(id)) => Ok(Self::Backend(id)),
            _ => Err(e.error(
                "wrong-attributes",
                e.name_span(),
                "`set-backend-service` takes either `base-url` or `backend-id`",
            )),
        }
    }
}

impl Policy for SetBackendService {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self {
            // A literal URL is used where it is.
            Self::BaseUrl(Setting::Literal(BaseUrl(url))) => {
                exchange.context.request.url.set_base(url)
            }
            Self::BaseUrl(setting) => {
                let BaseUrl(url) = setting.get(exchange)?.into_owned();
                exchange.context.request.url.set_base(&url);
            }
            Self::Backend(id) => {
                let id = id.get(exchange)?;
                let plan = std::sync::Arc::clone(&exchange.plan);
                let url = id
                    .as_utf8()
                    .and_then(|id| plan.backend(id))
                    .ok_or_else(|| {
                        Failure::new(
                            "BackendNotFound",
                            format!("There is no backend with id {}.", id.to_utf8()),
                        )
                    })?;
                exchange.context.request.url.set_base(url);
            }
        }
        exchange.context.trace(|context| json!({"message": "The backend service was set.", "url": context.request.url.to_string()}));
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        match self {
            Self::BaseUrl(setting) => setting.reads(),
            Self::Backend(setting) => setting.reads(),
        }
    }
}
