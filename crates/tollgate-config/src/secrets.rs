//! The secrets that a configuration takes from elsewhere, and others in their place.

use crate::{BackendConfig, Config, NamedValue, SecretSource};

impl Config {
    /// Takes other secrets in place of those that come from the environment and from files: what `made_up` gives for
    /// each, if it does. Passwords of certificates stay, as made-up ones open no file.
    ///
    /// ```
    /// use std::path::Path;
    /// use tollgate_config::{Config, SecretSource};
    ///
    /// let mut config = Config::from_toml(r#"named-values = { key = { env = "NOT_SET_HERE" } }"#)?;
    /// config.replace_secrets(|source| match source {
    ///     SecretSource::Env(name) => Some(format!("made-up-{name}")),
    ///     _ => None,
    /// });
    /// assert!(config.catalog(Path::new(".")).is_ok());
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub fn replace_secrets(&mut self, made_up: impl Fn(&SecretSource) -> Option<String>) {
        for source in self.secrets_mut() {
            if let Some(value) = made_up(source) {
                *source = SecretSource::MadeUp(value);
            }
        }
    }

    /// Where the secrets come from that can be replaced, each once, in order.
    pub fn secret_sources(&self) -> Vec<SecretSource> {
        let mut own = self.clone();
        let mut all: Vec<_> = own
            .secrets_mut()
            .into_iter()
            .map(|one| one.clone())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn secrets_mut(&mut self) -> Vec<&mut SecretSource> {
        let entities = (self.backends.values_mut()).filter_map(|backend| match backend {
            BackendConfig::Entity(entity) => Some(entity),
            BackendConfig::Url(_) => None,
        });
        let credentials = entities
            .flat_map(|entity| entity.headers.values_mut().chain(entity.query.values_mut()));
        let values = self.named_values.values_mut().chain(credentials);
        let values = values.filter_map(|value| match value {
            NamedValue::Secret(source) => Some(source),
            NamedValue::Plain(_) => None,
        });
        let connections = (self.connections.iter_mut())
            .flat_map(|one| std::iter::once(&mut one.client_secret).chain(&mut one.refresh_token));
        let hubs = self.event_hubs.values_mut();
        let hubs = hubs.filter_map(|hub| hub.connection_string.as_mut());
        let subscriptions = self.subscriptions.iter_mut().map(|one| &mut one.key);
        values
            .chain(connections)
            .chain(hubs)
            .chain(subscriptions)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn each_secret_is_listed_and_can_be_made_up() {
        let text = r#"
            [named-values]
            plain = "a"
            one = { env = "TOLLGATE_UNSET_1" }
            [backends.east]
            url = "https://east.example"
            headers = { api-key = { env = "TOLLGATE_UNSET_2" } }
            query = { code = { file = "none" } }
            [[connections]]
            provider = "p"
            id = "c"
            token-endpoint = "https://p.example/token"
            client-id = "id"
            client-secret = { env = "TOLLGATE_UNSET_1" }
            refresh-token = { env = "TOLLGATE_UNSET_3" }
            [event-hubs]
            hub = { connection-string = { env = "TOLLGATE_UNSET_4" } }
            [[subscriptions]]
            id = "s"
            key = { env = "TOLLGATE_UNSET_5" }
            "#;
        let mut config = Config::from_toml(text).unwrap();
        let sources = config.secret_sources();
        assert_eq!(sources.len(), 6);
        assert!(sources.contains(&SecretSource::File(PathBuf::from("none"))));
        assert!(config.builder(Path::new(".")).is_err());
        config.event_hubs.clear();
        config.replace_secrets(|_| Some("made-up".to_owned()));
        assert!(config.builder(Path::new(".")).is_ok());
    }
}
