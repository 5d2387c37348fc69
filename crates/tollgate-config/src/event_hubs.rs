//! `[event-hubs]`: where `log-to-eventhub` sends to.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use tollgate::EventHub;

use super::{ConfigError, SecretSource};

/// An event hub: its connection string, or its place, with a managed identity.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventHubConfig {
    /// With `Endpoint`, `SharedAccessKeyName`, `SharedAccessKey` and `EntityPath`.
    pub connection_string: Option<SecretSource>,
    /// `contoso.servicebus.windows.net`
    pub namespace: Option<String>,
    /// The hub.
    pub name: Option<String>,
    /// Of a user-assigned identity.
    pub client_id: Option<String>,
}

impl EventHubConfig {
    pub(super) fn read(&self, id: &str, folder: &Path) -> Result<EventHub, ConfigError> {
        let wrong = |message| ConfigError::EventHub(id.to_owned(), message);
        match (&self.connection_string, &self.namespace, &self.name) {
            (Some(secret), None, None) if self.client_id.is_none() => {
                EventHub::from_connection_string(&secret.read(folder)?).ok_or_else(|| {
                    wrong(
                        "its connection string has not all of `Endpoint`, `SharedAccessKeyName`, `SharedAccessKey` and \
                         `EntityPath`",
                    )
                })
            }
            (None, Some(namespace), Some(name)) => {
                Ok(EventHub::new(namespace, name).managed_identity(self.client_id.as_deref()))
            }
            _ => Err(wrong(
                "give either `connection-string`, or `namespace` and `name`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(text: &str, secret: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), secret).unwrap();
        let config: EventHubConfig = toml::from_str(text).unwrap();
        let hub = config.read("usage", folder.path());
        hub.map(|hub| format!("{hub:?}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_hub_is_a_connection_string_or_a_place() {
        let string = "connection-string = { file = 'secret' }";
        let whole =
            "Endpoint=sb://a.test/;SharedAccessKeyName=k;SharedAccessKey=aHVzaA==;EntityPath=e";
        let shown = read(string, whole).unwrap();
        assert!(
            shown.contains("a.test") && !shown.contains("aHVzaA"),
            "{shown}"
        );
        assert!(
            read("namespace = 'a.test'\nname = 'e'", "")
                .unwrap()
                .contains("a.test")
        );
        assert!(read("namespace = 'a.test'\nname = 'e'\nclient-id = 'c'", "").is_ok());
        let error = read(string, "Endpoint=sb://a.test/").unwrap_err();
        assert!(
            error.starts_with("event hub usage: its connection string has not all of"),
            "{error}"
        );
        for text in [
            "",
            "namespace = 'a.test'",
            "connection-string = { file = 'secret' }\nname = 'e'",
        ] {
            assert_eq!(
                read(text, whole).unwrap_err(),
                "event hub usage: give either `connection-string`, or `namespace` and `name`"
            );
        }
    }
}
