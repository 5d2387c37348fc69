//! The configuration file of `tollgate serve`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use tollgate::{Api, Catalog, Operation, Product, Source, Subscription, SubscriptionScope};

/// What `tollgate serve CONFIG` reads (TOML). Paths are relative to the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// Where to listen; `127.0.0.1:8080` unless said otherwise.
    #[serde(default = "default_listen")]
    pub(crate) listen: SocketAddr,
    /// The global policy file.
    policy: Option<PathBuf>,
    /// Named values: plain text, or where a secret comes from.
    #[serde(default)]
    named_values: BTreeMap<String, NamedValue>,
    /// Policy fragments: id to file.
    #[serde(default)]
    fragments: BTreeMap<String, PathBuf>,
    /// Backend entities: id to URL.
    #[serde(default)]
    backends: BTreeMap<String, String>,
    #[serde(default)]
    apis: Vec<ApiConfig>,
    #[serde(default)]
    products: Vec<ProductConfig>,
    #[serde(default)]
    subscriptions: Vec<SubscriptionConfig>,
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum NamedValue {
    Plain(String),
    Secret(SecretSource),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum SecretSource {
    /// The name of an environment variable.
    Env(String),
    /// A file whose text, without the line break at its end, is the value.
    File(PathBuf),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ApiConfig {
    id: String,
    #[serde(default)]
    path: String,
    service_url: Option<String>,
    policy: Option<PathBuf>,
    #[serde(default)]
    subscription_required: bool,
    #[serde(default)]
    operations: Vec<OperationConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OperationConfig {
    method: String,
    url_template: String,
    id: Option<String>,
    policy: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProductConfig {
    id: String,
    #[serde(default)]
    apis: Vec<String>,
    policy: Option<PathBuf>,
    #[serde(default = "yes")]
    subscription_required: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SubscriptionConfig {
    id: String,
    /// Where the key comes from.
    key: SecretSource,
    /// A product's id, an API's id, or neither for all APIs.
    product: Option<String>,
    api: Option<String>,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("{}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {source}", path.display())]
    Toml {
        path: PathBuf,
        source: toml::de::Error,
    },
    #[error("the environment variable {0} is not set; the configuration wants it")]
    Environment(String),
    #[error("subscription {0}: give either `product` or `api`, not both")]
    Scope(String),
}

impl Config {
    /// Reads a configuration file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        toml::from_str(&read(path)?).map_err(|source| ConfigError::Toml {
            path: path.to_owned(),
            source,
        })
    }

    /// What it describes; `folder` is where its paths start.
    pub(crate) fn catalog(&self, folder: &Path) -> Result<Catalog, ConfigError> {
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
        for (id, url) in &self.backends {
            catalog = catalog.backend(id, url);
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

impl SecretSource {
    fn read(&self, folder: &Path) -> Result<String, ConfigError> {
        match self {
            SecretSource::Env(name) => {
                std::env::var(name).map_err(|_| ConfigError::Environment(name.clone()))
            }
            SecretSource::File(path) => Ok(read(&folder.join(path))?
                .trim_end_matches(['\r', '\n'])
                .to_owned()),
        }
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
