//! A request for GraphQL, as it comes over HTTP.

use apollo_compiler::response::JsonMap;
use serde::Deserialize;

use super::Mistake;

/// A document, the operation of it that is meant, and the values of its variables.
///
/// ```
/// use tollgate_schema::graphql::Request;
///
/// let request = Request::from_json(r#"{"query": "{ a }", "variables": {"n": 1}}"#)?;
/// assert_eq!(request.query, "{ a }");
/// assert!(Request::from_json("[]").is_err());
/// # Ok::<(), tollgate_schema::graphql::Mistake>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The document.
    #[serde(default)]
    pub query: String,
    /// The operation that is meant, if it has several.
    #[serde(default)]
    pub operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Option<JsonMap>,
}

impl Request {
    /// Reads the JSON of a `POST`: an object with `query`, and maybe `operationName` and `variables`. What else is in it
    /// does not count.
    ///
    /// # Errors
    /// It is no such object, or there is no query in it.
    pub fn from_json(text: &str) -> Result<Self, Mistake> {
        if text.trim_start().starts_with('[') {
            return Err(Mistake::new("There can be only one query."));
        }
        let request: Self = serde_json::from_str(text).map_err(|error| {
            Mistake::new(match error.is_data() {
                true => "The request is not one of GraphQL: `query` and `operationName` are strings, `variables` is an object.",
                false => "The body is no JSON.",
            })
        })?;
        request.checked()
    }

    /// Takes the parameters of a `GET`; `variables` is JSON.
    ///
    /// # Errors
    /// The variables are no JSON object, or the query is empty.
    pub fn from_parts(
        query: String,
        operation_name: Option<String>,
        variables: Option<&str>,
    ) -> Result<Self, Mistake> {
        let variables = variables.filter(|text| !text.is_empty());
        let variables = variables.map(serde_json::from_str::<Option<JsonMap>>);
        let variables = variables.transpose();
        let variables = variables.map_err(|_| Mistake::new("`variables` is no JSON object."))?;
        let request = Self {
            query,
            operation_name,
            variables: variables.flatten(),
        };
        request.checked()
    }

    fn checked(mut self) -> Result<Self, Mistake> {
        self.operation_name = self.operation_name.filter(|name| !name.is_empty());
        match self.query.trim().is_empty() {
            true => Err(Mistake::new("There is no query.")),
            false => Ok(self),
        }
    }
}
