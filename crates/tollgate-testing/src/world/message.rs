//! What requests and answers have in common: headers, and a body in one of several spellings.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Why something that was written down cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// One value, or a list of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several.
    Many(Vec<T>),
}

// Not untagged: its errors would not say what is wrong with the one value.
impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Json::deserialize(deserializer)?;
        match value {
            Json::Array(_) => serde_json::from_value(value).map(Self::Many),
            one => serde_json::from_value(one).map(Self::One),
        }
        .map_err(D::Error::custom)
    }
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    /// All of them, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::One(one) => std::slice::from_mut(one),
            Self::Many(many) => many,
        }
    }

    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Text; numbers and truth values count as their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::String(text) => Ok(Self(text)),
            value @ (Json::Number(_) | Json::Bool(_)) => Ok(Self(value.to_string())),
            other => Err(D::Error::custom(format!("text is expected, not {other}"))),
        }
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

/// The lines of one header.
pub type Lines = OneOrMany<Text>;

/// A header map of these lines; `kind` is the content type, unless they say another.
pub(crate) fn headers(
    lines: &BTreeMap<String, Lines>,
    kind: Option<&'static str>,
) -> Result<HeaderMap, Wrong> {
    let mut headers = HeaderMap::new();
    for (name, lines) in lines {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Wrong(format!("`{name}` is not the name of a header")))?;
        for Text(line) in lines.as_slice() {
            let value = HeaderValue::from_bytes(line.as_bytes())
                .map_err(|_| Wrong(format!("{line:?} cannot be the value of `{name}`")))?;
            headers.append(header.clone(), value);
        }
    }
    if let Some(kind) = kind {
        headers
            .entry(header::CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(kind));
    }
    Ok(headers)
}

/// A body as it was written down: at most one of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Content<'a> {
    pub(crate) body: Option<&'a str>,
    pub(crate) json: Option<&'a Json>,
    pub(crate) base64: Option<&'a str>,
    pub(crate) file: Option<&'a Path>,
}

impl Content<'_> {
    pub(crate) fn bytes(&self) -> Result<Bytes, Wrong> {
        match (self.body, self.json, self.base64, self.file) {
            (None, None, None, None) => Ok(Bytes::new()),
            (Some(text), None, None, None) => Ok(text.to_owned().into()),
            (None, Some(json), None, None) => Ok(json.to_string().into()),
            (None, None, Some(text), None) => (STANDARD.decode(text).map(Bytes::from))
                .map_err(|_| Wrong("`base64` is no Base64".to_owned())),
            (None, None, None, Some(file)) => (std::fs::read(file).map(Bytes::from))
                .map_err(|error| Wrong(format!("{}: {error}", file.display()))),
            _ => Err(Wrong(
                "give one of `body`, `json`, `base64` and `body-file`, not several".to_owned(),
            )),
        }
    }

    /// The content type that goes without saying.
    pub(crate) fn kind(&self) -> Option<&'static str> {
        self.json.map(|_| "application/json")
    }
}
