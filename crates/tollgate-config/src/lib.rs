//! A gateway written down: the configuration file of `tollgate serve`, and what test files say of the gateway they test.
//!
//! ```
//! use std::path::Path;
//! use tollgate_config::Config;
//!
//! let config: Config = Config::from_toml(
//!     r#"
//!     [[apis]]
//!     id = "orders"
//!     path = "orders"
//!     service-url = "https://orders.example"
//!     "#,
//! )?;
//! let gateway = config.builder(Path::new("."))?.build()?;
//! # let _: tollgate::Gateway = gateway;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod backends;
mod event_hubs;
mod secrets;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;
use tollgate::{
    Api, Catalog, Certificate, CertificateError, Gateway, GatewayBuilder, OAuthConnection,
    Operation, Product, ServiceFabric, Source, Subscription, SubscriptionScope,
};

pub use backends::{
    BackendConfig, BreakerConfig, EntityConfig, IdentityConfig, MemberConfig, TlsConfig,
};
pub use event_hubs::EventHubConfig;

/// A gateway: what it serves, with what. Paths are relative to the file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Config {
    /// Where to listen; `127.0.0.1:8080` unless said otherwise.
    pub listen: Option<SocketAddr>,
    /// The global policy file.
    pub policy: Option<PathBuf>,
    /// Named values: plain text, or where a secret comes from.
    pub named_values: BTreeMap<String, NamedValue>,
    /// Policy fragments: id to file.
    pub fragments: BTreeMap<String, PathBuf>,
    /// Backend entities, by id.
    pub backends: BTreeMap<String, BackendConfig>,
    /// JSON Schemas and XML Schemas that `validate-content` names: id to file.
    pub schemas: BTreeMap<String, PathBuf>,
    /// Service Fabric clusters as backends, by id.
    pub service_fabric: BTreeMap<String, ServiceFabricConfig>,
    /// Certificates that policies name, by id.
    pub certificates: BTreeMap<String, CertificateConfig>,
    /// PEM files of the authorities that issue certificates of clients.
    pub authorities: Vec<PathBuf>,
    /// Connections of the credential manager, for `get-authorization-context`.
    pub connections: Vec<ConnectionConfig>,
    /// Event hubs, by the id of their logger.
    pub event_hubs: BTreeMap<String, EventHubConfig>,
    /// APIs.
    pub apis: Vec<ApiConfig>,
    /// Products: groups of APIs, with policies of their own.
    pub products: Vec<ProductConfig>,
    /// Who may call: subscriptions and their keys.
    pub subscriptions: Vec<SubscriptionConfig>,
}

/// The value of a named value, or where it comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NamedValue {
    /// The value itself.
    Plain(String),
    /// A secret, which nothing shows.
    Secret(SecretSource),
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum SecretSource {
    /// The name of an environment variable.
    Env(String),
    /// A file whose text, without the line break at its end, is the value.
    File(PathBuf),
    /// The value itself, made up: never in a file, and only where [`Config::replace_secrets`] has put it.
    #[serde(skip)]
    MadeUp(String),
}

/// A certificate: a PEM file, with its private key if it has one, or a PFX file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum CertificateConfig {
    /// A PEM file.
    Pem {
        /// The file.
        pem: PathBuf,
    },
    /// A PFX file (PKCS #12).
    Pfx {
        /// The file.
        pfx: PathBuf,
        /// Its password.
        password: SecretSource,
    },
}

/// An OAuth connection: the grant `client_credentials`, or `refresh_token` if there is one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConnectionConfig {
    /// As in `provider-id`.
    pub provider: String,
    /// As in `authorization-id`.
    pub id: String,
    /// Where tokens are asked for.
    pub token_endpoint: String,
    /// Who asks.
    pub client_id: String,
    /// What proves it.
    pub client_secret: SecretSource,
    /// The refresh token of a user who has given consent.
    pub refresh_token: Option<SecretSource>,
    /// Names with spaces between them.
    pub scope: Option<String>,
    /// Whether client id and secret go into `Authorization: Basic` and not into the body.
    #[serde(default)]
    pub basic: bool,
    /// Whatever else the token endpoint wants.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Who may have the token by `identity-type="jwt"`.
    #[serde(default)]
    pub permit: Vec<PrincipalConfig>,
}

/// Who may use a connection.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PrincipalConfig {
    /// `oid` of the token.
    pub object_id: String,
    /// `tid` of the token.
    pub tenant_id: String,
}

/// A Service Fabric cluster.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceFabricConfig {
    /// The management endpoint: `https://cluster.example:19080`.
    pub management_endpoint: String,
    /// The service, unless a policy names another: `fabric:/app/service`.
    #[serde(default)]
    pub service: String,
    /// The id of the certificate to show the management endpoint.
    pub certificate: Option<String>,
}

/// An API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ApiConfig {
    /// Its id.
    pub id: String,
    /// What its URLs begin with, without slashes.
    #[serde(default)]
    pub path: String,
    /// Where its requests go, unless a policy says otherwise.
    pub service_url: Option<String>,
    /// The policy document.
    pub policy: Option<PathBuf>,
    /// The OpenAPI document (JSON).
    pub openapi: Option<PathBuf>,
    /// The GraphQL schema.
    pub graphql: Option<PathBuf>,
    /// What resolves fields of it.
    #[serde(default)]
    pub resolvers: Vec<ResolverConfig>,
    /// Whether a subscription key is wanted.
    #[serde(default)]
    pub subscription_required: bool,
    /// Its operations; without any it takes every method and path.
    #[serde(default)]
    pub operations: Vec<OperationConfig>,
}

impl ApiConfig {
    /// An API of this id that takes all paths.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            path: String::new(),
            service_url: None,
            policy: None,
            openapi: None,
            graphql: None,
            resolvers: Vec::new(),
            subscription_required: false,
            operations: Vec::new(),
        }
    }
}

impl OperationConfig {
    /// An operation without a policy.
    pub fn new(method: impl Into<String>, url_template: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url_template: url_template.into(),
            id: None,
            policy: None,
        }
    }
}

impl ProductConfig {
    /// A product without APIs and policy.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            apis: Vec::new(),
            policy: None,
            subscription_required: true,
        }
    }
}

/// The resolver of a field of an API's GraphQL schema.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResolverConfig {
    /// An object type of the schema.
    #[serde(rename = "type")]
    pub ty: String,
    /// The field.
    pub field: String,
    /// The document, such as `<http-data-source>`.
    pub policy: PathBuf,
}

/// An operation of an API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OperationConfig {
    /// `GET`, or `*` for all.
    pub method: String,
    /// `/orders/{id}`.
    pub url_template: String,
    /// Its id.
    pub id: Option<String>,
    /// The policy document.
    pub policy: Option<PathBuf>,
}

/// A product.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProductConfig {
    /// Its id.
    pub id: String,
    /// APIs.
    #[serde(default)]
    pub apis: Vec<String>,
    /// The policy document.
    pub policy: Option<PathBuf>,
    /// Whether a subscription key is wanted.
    #[serde(default = "yes")]
    pub subscription_required: bool,
}

fn yes() -> bool {
    true
}

/// A subscription.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SubscriptionConfig {
    /// Its id.
    pub id: String,
    /// Where the key comes from.
    pub key: SecretSource,
    /// A product's id, an API's id, or neither for all APIs.
    pub product: Option<String>,
    /// The id of an API that it is for.
    pub api: Option<String>,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no configuration.
    #[error("{}: {source}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Why.
        source: toml::de::Error,
    },
    /// A secret is not in the environment.
    #[error("the environment variable {0} is not set; the configuration wants it")]
    Environment(String),
    /// A file is no certificate.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// A certificate that is named does not exist.
    #[error("{0} names the certificate {1}, which does not exist")]
    NoCertificate(String, String),
    /// A backend is none.
    #[error("backend {0}: {1}")]
    Backend(String, &'static str),
    /// An event hub is none.
    #[error("event hub {0}: {1}")]
    EventHub(String, &'static str),
    /// A subscription is for two things.
    #[error("subscription {0}: give either `product` or `api`, not both")]
    Scope(String),
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// A file that cannot be read, or is no configuration.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::from_toml(&read(path)?).map_err(|source| ConfigError::Toml {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// What is wrong with it, with a picture of the place.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The builder of such a gateway.
    ///
    /// # Errors
    /// What cannot be read: files, variables of the environment, certificates.
    pub fn builder(&self, folder: &Path) -> Result<GatewayBuilder, ConfigError> {
        self.connect(folder, Gateway::builder().catalog(self.catalog(folder)?))
    }

    /// What it describes; `folder` is where its paths start.
    ///
    /// # Errors
    /// As [`builder`](Self::builder).
    pub fn catalog(&self, folder: &Path) -> Result<Catalog, ConfigError> {
        let source = |path: &PathBuf| {
            let path = folder.join(path);
            Ok::<_, ConfigError>(Source::new(path.display().to_string(), read(&path)?))
        };
        let mut catalog = Catalog::new();
        if let Some(path) = &self.policy {
            catalog = catalog.policy(source(path)?);
        }
        for (name, value) in &self.named_values {
            catalog = match value {
                NamedValue::Plain(text) => catalog.named_value(name, text),
                NamedValue::Secret(secret) => catalog.secret(name, secret.read(folder)?),
            };
        }
        for (id, path) in &self.fragments {
            catalog = catalog.fragment(id, source(path)?);
        }
        for (id, path) in &self.schemas {
            catalog = catalog.schema(id, source(path)?);
        }
        for (id, backend) in &self.backends {
            catalog = catalog.backend_entity(backend.read(id, folder)?);
        }
        let mut certificates = BTreeMap::new();
        for (id, config) in &self.certificates {
            let certificate = config.read(folder)?;
            catalog = catalog.certificate(id, certificate.clone());
            certificates.insert(id, certificate);
        }
        for path in &self.authorities {
            let pem = CertificateConfig::Pem { pem: path.clone() };
            catalog = catalog.authority(pem.read(folder)?);
        }
        for (id, config) in &self.service_fabric {
            let identity = config.certificate.as_ref().map(|name| {
                let missing = || ConfigError::NoCertificate(id.clone(), name.clone());
                certificates.get(name).cloned().ok_or_else(missing)
            });
            let cluster = ServiceFabric {
                management_endpoint: config.management_endpoint.clone(),
                service: config.service.clone(),
                identity: identity.transpose()?,
            };
            catalog = catalog.service_fabric(id, cluster);
        }
        for config in &self.apis {
            let mut api = Api::new(config.id.as_str())
                .path(&config.path)
                .subscription_required(config.subscription_required);
            if let Some(url) = &config.service_url {
                api = api.service_url(url.as_str());
            }
            if let Some(path) = &config.policy {
                api = api.policy(source(path)?);
            }
            if let Some(path) = &config.openapi {
                api = api.openapi(source(path)?);
            }
            if let Some(path) = &config.graphql {
                api = api.graphql(source(path)?);
            }
            for ResolverConfig { ty, field, policy } in &config.resolvers {
                api = api.resolver(ty, field, source(policy)?);
            }
            for config in &config.operations {
                let mut operation = Operation::new(&config.method, &config.url_template);
                if let Some(id) = &config.id {
                    operation = operation.id(id.as_str());
                }
                if let Some(path) = &config.policy {
                    operation = operation.policy(source(path)?);
                }
                api = api.operation(operation);
            }
            catalog = catalog.api(api);
        }
        for config in &self.products {
            let mut product = Product::new(config.id.as_str())
                .subscription_required(config.subscription_required);
            for id in &config.apis {
                product = product.api(id);
            }
            if let Some(path) = &config.policy {
                product = product.policy(source(path)?);
            }
            catalog = catalog.product(product);
        }
        for config in &self.subscriptions {
            let scope = match (&config.product, &config.api) {
                (Some(id), None) => SubscriptionScope::Product(id.clone()),
                (None, Some(id)) => SubscriptionScope::Api(id.clone()),
                (None, None) => SubscriptionScope::AllApis,
                (Some(_), Some(_)) => return Err(ConfigError::Scope(config.id.clone())),
            };
            let key = config.key.read(folder)?;
            catalog = catalog.subscription(Subscription::new(config.id.as_str(), key, scope));
        }
        Ok(catalog)
    }
}

impl Config {
    /// A gateway's settings with the connections and event hubs.
    fn connect(
        &self,
        folder: &Path,
        builder: GatewayBuilder,
    ) -> Result<GatewayBuilder, ConfigError> {
        let builder = (self.event_hubs.iter()).try_fold(builder, |builder, (id, config)| {
            Ok::<_, ConfigError>(builder.event_hub(id.as_str(), config.read(id, folder)?))
        })?;
        self.connections
            .iter()
            .try_fold(builder, |builder, config| {
                let secret = config.client_secret.read(folder)?;
                let (endpoint, id) = (&config.token_endpoint, &config.client_id);
                let mut connection =
                    OAuthConnection::client_credentials(endpoint.as_str(), id.as_str(), secret);
                if let Some(token) = &config.refresh_token {
                    connection = connection.refresh_token(token.read(folder)?);
                }
                if let Some(scope) = &config.scope {
                    connection = connection.scope(scope.as_str());
                }
                if config.basic {
                    connection = connection.basic();
                }
                for (name, value) in &config.parameters {
                    connection = connection.parameter(name.as_str(), value.as_str());
                }
                for one in &config.permit {
                    connection = connection.permit(one.object_id.as_str(), one.tenant_id.as_str());
                }
                Ok(builder.connection(config.provider.as_str(), config.id.as_str(), connection))
            })
    }
}

impl NamedValue {
    fn read(&self, folder: &Path) -> Result<String, ConfigError> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Secret(secret) => secret.read(folder),
        }
    }
}

impl SecretSource {
    /// The secret; `folder` is where paths start.
    ///
    /// # Errors
    /// There is none.
    pub fn read(&self, folder: &Path) -> Result<String, ConfigError> {
        match self {
            SecretSource::Env(name) => {
                std::env::var(name).map_err(|_| ConfigError::Environment(name.clone()))
            }
            SecretSource::File(path) => Ok(read(&folder.join(path))?
                .trim_end_matches(['\r', '\n'])
                .to_owned()),
            SecretSource::MadeUp(value) => Ok(value.clone()),
        }
    }
}

impl CertificateConfig {
    /// The certificate; `folder` is where its paths start.
    ///
    /// # Errors
    /// A file that cannot be read, or is no certificate.
    pub fn read(&self, folder: &Path) -> Result<Certificate, ConfigError> {
        let (Self::Pem { pem: path } | Self::Pfx { pfx: path, .. }) = self;
        let path = folder.join(path);
        let bytes = std::fs::read(&path).map_err(|source| ConfigError::Read {
            path: path.clone(),
            source,
        })?;
        let certificate = match self {
            Self::Pem { .. } => Certificate::from_pem(&bytes),
            Self::Pfx { password, .. } => Certificate::from_pfx(&bytes, &password.read(folder)?),
        };
        certificate.map_err(|source| ConfigError::Certificate { path, source })
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn everything_it_knows_is_read() {
        let config: Config = toml::from_str(
            r#"
            listen = "127.0.0.1:0"
            [named-values]
            plain = "value"
            hidden = { env = "PATH" }
            [backends]
            one = "https://one.example"
            [[apis]]
            id = "orders"
            path = "orders"
            service-url = "https://orders.example"
            operations = [{ method = "GET", url-template = "/{id}" }]
            [[apis]]
            id = "people"
            resolvers = []
            [[products]]
            id = "starter"
            apis = ["orders"]
            [[subscriptions]]
            id = "s"
            key = { env = "PATH" }
            product = "starter"
            "#,
        )
        .unwrap();
        let catalog = format!("{:?}", config.catalog(Path::new(".")).unwrap());
        assert!(catalog.contains("orders.example") && catalog.contains("starter"));
        assert!(!catalog.contains(&std::env::var("PATH").unwrap()));
    }

    #[test]
    fn connections_are_read_and_their_secrets_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "hush-hush\n").unwrap();
        let text = r#"
            [[connections]]
            provider = "github"
            id = "bot"
            token-endpoint = "https://github.test/token"
            client-id = "id"
            client-secret = { file = "secret" }
            refresh-token = { file = "secret" }
            scope = "repo user"
            basic = true
            parameters = { audience = "x" }
            "#;
        let config: Config = toml::from_str(text).unwrap();
        let builder = config.connect(folder.path(), tollgate::Gateway::builder());
        assert!(!format!("{:?}", builder.unwrap()).contains("hush"));
        let missing = text.replace("\"secret\"", "\"none\"");
        let config: Config = toml::from_str(&missing).unwrap();
        let error = config.connect(folder.path(), tollgate::Gateway::builder());
        assert!(error.unwrap_err().to_string().contains("none"));
    }

    #[test]
    fn certificates_are_read_or_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("bad.pem"), "nothing").unwrap();
        let catalog = |text: &str| {
            let config: Config = toml::from_str(text).unwrap();
            config.catalog(folder.path()).map(|_| ())
        };
        let error = |text| catalog(text).unwrap_err().to_string();
        for text in [
            "authorities = [\"bad.pem\"]",
            "[certificates]\na = { pem = \"bad.pem\" }",
        ] {
            let error = error(text);
            assert!(
                error.ends_with("bad.pem: there is no certificate in it"),
                "{error}"
            );
        }
        let pfx = "[certificates]\na = { pfx = \"bad.pem\", password = { file = \"bad.pem\" } }";
        assert!(error(pfx).ends_with("it is no PFX file with this password"));
        assert!(error("[certificates]\na = { pem = \"none.pem\" }").contains("none.pem"));
        let cluster = "[service-fabric.c]\nmanagement-endpoint = \"http://a\"\n";
        assert!(catalog(cluster).is_ok());
        assert_eq!(
            error(&format!("{cluster}certificate = \"x\"")),
            "c names the certificate x, which does not exist"
        );
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = toml::from_str::<Config>("listn = 1")
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field `listn`"), "{error}");
    }

    #[test]
    fn a_missing_variable_is_named() {
        let config: Config =
            toml::from_str("[named-values]\nk = { env = \"TOLLGATE_NO_SUCH\" }").unwrap();
        let error = config.catalog(Path::new(".")).unwrap_err().to_string();
        assert!(error.contains("TOLLGATE_NO_SUCH"), "{error}");
    }
}
