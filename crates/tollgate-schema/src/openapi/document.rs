//! A document: its operations, and what it says of them.

use std::sync::Arc;

use jsonschema::Draft;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{sample, upgrade};
use crate::schema::{Schema, Schemas};

/// An OpenAPI document.
#[derive(Debug)]
pub struct Document {
    operations: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    method: String,
    path: String,
    /// The path with nameless parameters.
    key: String,
    operation: Arc<Operation>,
}

/// Why a document cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Neither `openapi` 3 nor `swagger` 2.0 stands in it.
    #[error("it is no OpenAPI 3 and no Swagger 2.0")]
    Version,
    /// It is longer than 4 MiB.
    #[error("it is longer than 4 MiB")]
    TooLong,
    /// A schema is none, or refers to what is not there.
    #[error("a schema cannot be used: {0}")]
    Schema(String),
    /// A reference leads nowhere, or to another document.
    #[error("the reference `{0}` leads nowhere in this document")]
    Reference(String),
}

/// The longest document, in bytes. Source: validate-content-policy.md.
const LONGEST: usize = 4 << 20;

/// What an operation takes and gives.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    /// `operationId`.
    pub id: Option<String>,
    /// Its parameters, those of its path included.
    pub parameters: Vec<Parameter>,
    /// Bodies of requests, by media type in small letters without parameters.
    pub request: Vec<(String, Schema)>,
    /// Responses, those of a single status code first.
    pub responses: Vec<Response>,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

/// A parameter, or a header of a response.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub location: Location,
    /// Whether it must be there.
    pub required: bool,
    /// What its value conforms to; anything, if nothing is said.
    pub schema: Option<Schema>,
    /// Whether several values are several parameters of one name.
    pub explode: bool,
}

/// What a response of these status codes looks like.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status codes.
    pub statuses: Statuses,
    /// Bodies, by media type in small letters without parameters.
    pub content: Vec<(String, Schema)>,
    /// Headers.
    pub headers: Vec<Parameter>,
    examples: Vec<(String, Vec<Value>)>,
}

/// Status codes that are answered alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statuses {
    /// One.
    One(u16),
    /// Those of a hundred: `4XX` is 4.
    Class(u16),
    /// All others.
    Default,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// See [`DocumentError`].
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        if text.len() > LONGEST {
            return Err(DocumentError::TooLong);
        }
        let document: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
        let version = |key: &str| {
            document
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (openapi, swagger) = (version("openapi"), version("swagger"));
        let (document, draft) = match (openapi, swagger) {
            (openapi, _) if openapi.starts_with("3.0") => (document, Draft::Draft4),
            (openapi, _) if openapi.starts_with("3.") => (document, Draft::Draft202012),
            (_, "2.0") => (upgrade::swagger(document), Draft::Draft4),
            _ => return Err(DocumentError::Version),
        };
        Reader::read(document, draft)
    }

    /// The operation of this method at this path; names in braces and case of the method do not matter.
    pub fn operation(&self, method: &str, template: &str) -> Option<&Arc<Operation>> {
        let key = nameless(template);
        let mut operations = self.operations.iter();
        operations
            .find(|known| known.method.eq_ignore_ascii_case(method) && known.key == key)
            .map(|known| &known.operation)
    }

    /// All operations with their methods and paths, in the order of the document.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str, &Arc<Operation>)> {
        let all = self.operations.iter();
        all.map(|known| (&*known.method, &*known.path, &known.operation))
    }
}

/// `/orders/{id}?a={b}` as `/orders/{}`.
fn nameless(template: &str) -> String {
    let path = template.split('?').next().unwrap_or_default();
    let mut nameless = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.trim_end_matches('/').chars() {
        match c {
            '{' => inside = true,
            '}' => {
                inside = false;
                nameless.push_str("{}");
            }
            _ if inside => {}
            c => nameless.push(c),
        }
    }
    nameless
}

impl Operation {
    /// What is said of responses with this status code.
    pub fn response(&self, status: u16) -> Option<&Response> {
        let mut responses = self.responses.iter();
        responses.find(|response| match response.statuses {
            Statuses::One(code) => code == status,
            Statuses::Class(class) => class == status / 100,
            Statuses::Default => true,
        })
    }
}

impl Response {
    /// An example of a body in this media type (or, without one, in the first): the one of this number among those that
    /// the document has, or else one made of the schema.
    pub fn example(&self, media: Option<&str>, index: usize) -> Option<(&str, Value)> {
        let mut examples = self.examples.iter();
        let (found, documented) = match media {
            Some(media) => examples.find(|(known, _)| known.eq_ignore_ascii_case(media))?,
            None => examples.next()?,
        };
        if let Some(example) = documented.get(index) {
            return Some((found, example.clone()));
        }
        let schema = self.content.iter().find(|(media, _)| media == found);
        schema.map(|(_, schema)| (found.as_str(), sample::of(schema)))
    }
}

/// Puts all schemas of a document into one that is compiled as a whole.
struct Reader<'d> {
    document: &'d Value,
    schemas: Vec<(Value, String)>,
}

/// A schema that is not compiled yet, by its number.
type Pending = usize;

impl<'d> Reader<'d> {
    fn read(document: Value, draft: Draft) -> Result<Document, DocumentError> {
        let mut reader = Reader {
            document: &document,
            schemas: Vec::new(),
        };
        let mut operations = Vec::new();
        let paths = document.get("paths").and_then(Value::as_object);
        for (path, item) in paths.into_iter().flatten() {
            let item = reader.resolve(item)?;
            let common = item.get("parameters").and_then(Value::as_array);
            for (method, operation) in item.as_object().into_iter().flatten() {
                const METHODS: [&str; 8] = [
                    "get", "put", "post", "delete", "options", "head", "patch", "trace",
                ];
                if METHODS.contains(&method.as_str()) {
                    let operation = reader.operation(operation, common)?;
                    operations.push((method.clone(), path.clone(), operation));
                }
            }
        }
        let mut whole = Map::new();
        for key in ["components", "definitions"] {
            if let Some(shared) = document.get(key) {
                whole.insert(key.to_owned(), shared.clone());
            }
        }
        // A list of schemas is never empty.
        let empty = (Value::Object(Map::new()), String::new());
        let all = reader.schemas.into_iter().chain([empty]);
        let (schemas, names): (Vec<Value>, Vec<String>) = all.unzip();
        // Under a keyword of every draft, and not `definitions`, which may be the document's own.
        whole.insert("allOf".to_owned(), schemas.into());
        let mut whole = Value::Object(whole);
        if draft == Draft::Draft4 {
            upgrade::nullable(&mut whole);
        }
        let schemas = Schemas::new(whole, draft)?;
        for (index, name) in names.iter().enumerate() {
            if schemas.schema(&format!("#/allOf/{index}")).is_none() {
                let message = format!("`{name}` refers to what is not there");
                return Err(DocumentError::Schema(message));
            }
        }
        let schema = |index: Pending| {
            let name = names.get(index).map(String::as_str).unwrap_or_default();
            schemas.named(&format!("#/allOf/{index}"), name)
        };
        let operations = operations
            .into_iter()
            .map(|(method, path, operation)| Known {
                method,
                key: nameless(&path),
                path,
                operation: Arc::new(operation.finish(&schema)),
            })
            .collect();
        Ok(Document { operations })
    }

    /// What a reference refers to.
    fn resolve(&self, mut value: &'d Value) -> Result<&'d Value, DocumentError> {
        for _ in 0..16 {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Ok(value);
            };
            value = (reference.strip_prefix('#'))
                .and_then(|pointer| self.document.pointer(pointer))
                .ok_or_else(|| DocumentError::Reference(reference.to_owned()))?;
        }
        Err(DocumentError::Reference("a circle".to_owned()))
    }

    fn schema(&mut self, schema: &Value, default: &str) -> Pending {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let name = reference.and_then(|reference| reference.rsplit('/').next());
        let name = name.unwrap_or(default).to_owned();
        self.schemas.push((schema.clone(), name));
        self.schemas.len() - 1
    }

    fn operation(
        &mut self,
        operation: &'d Value,
        common: Option<&'d Vec<Value>>,
    ) -> Result<Unfinished, DocumentError> {
        let id = operation.get("operationId").and_then(Value::as_str);
        let mut unfinished = Unfinished {
            id: id.map(str::to_owned),
            ..Unfinished::default()
        };
        let own = operation.get("parameters").and_then(Value::as_array);
        for parameter in own.into_iter().chain(common).flatten() {
            let parameter = self.resolve(parameter)?;
            let text = |key: &str| {
                parameter
                    .get(key)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let location = match text("in") {
                "path" => Location::Path,
                "query" => Location::Query,
                "header" => Location::Header,
                _ => continue,
            };
            let name = text("name");
            let known = unfinished.parameters.iter();
            // Those of the operation come first, and count.
            if known
                .clone()
                .any(|known| known.name == name && known.location == location)
            {
                continue;
            }
            let parameter = self.parameter(parameter, name, location);
            unfinished.parameters.push(parameter);
        }
        if let Some(body) = operation.get("requestBody") {
            let body = self.resolve(body)?;
            unfinished.request = self.content(body);
        }
        let responses = operation.get("responses").and_then(Value::as_object);
        for (code, response) in responses.into_iter().flatten() {
            let response = self.resolve(response)?;
            let statuses = match code.as_bytes() {
                [class @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => {
                    Statuses::Class(u16::from(class - b'0'))
                }
                _ => match code.parse() {
                    Ok(code) => Statuses::One(code),
                    Err(_) => Statuses::Default,
                },
            };
            let mut headers = Vec::new();
            let described = response.get("headers").and_then(Value::as_object);
            for (name, header) in described.into_iter().flatten() {
                let header = self.resolve(header)?;
                headers.push(self.parameter(header, name, Location::Header));
            }
            unfinished.responses.push(UnfinishedResponse {
                statuses,
                content: self.content(response),
                headers,
                examples: self.examples(response)?,
            });
        }
        unfinished
            .responses
            .sort_by_key(|response| response.statuses);
        Ok(unfinished)
    }

    fn parameter(
        &mut self,
        parameter: &Value,
        name: &str,
        location: Location,
    ) -> UnfinishedParameter {
        let flag = |key: &str| parameter.get(key).and_then(Value::as_bool);
        let style = parameter.get("style").and_then(Value::as_str);
        let is_form = match style {
            Some(style) => style == "form",
            None => location == Location::Query,
        };
        UnfinishedParameter {
            name: name.to_owned(),
            location,
            required: flag("required").unwrap_or(false) || location == Location::Path,
            schema: parameter
                .get("schema")
                .map(|schema| self.schema(schema, name)),
            explode: flag("explode").unwrap_or(is_form),
        }
    }

    fn content(&mut self, body: &Value) -> Vec<(String, Pending)> {
        let content = body.get("content").and_then(Value::as_object);
        let mut schemas = Vec::new();
        for (media, described) in content.into_iter().flatten() {
            let empty = Value::Object(Map::new());
            let schema = described.get("schema").unwrap_or(&empty);
            let media = media
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            let schema = self.schema(schema, &media);
            schemas.push((media, schema));
        }
        schemas
    }

    fn examples(&self, response: &'d Value) -> Result<Vec<(String, Vec<Value>)>, DocumentError> {
        let content = response.get("content").and_then(Value::as_object);
        let mut all = Vec::new();
        for (media, described) in content.into_iter().flatten() {
            let mut examples: Vec<Value> = described.get("example").cloned().into_iter().collect();
            let named = described.get("examples").and_then(Value::as_object);
            for example in named.into_iter().flat_map(Map::values) {
                let value = self.resolve(example)?.get("value");
                examples.extend(value.cloned());
            }
            let media = media.split(';').next().unwrap_or_default().trim();
            all.push((media.to_ascii_lowercase(), examples));
        }
        Ok(all)
    }
}

/// An operation whose schemas are not compiled yet.
#[derive(Default)]
struct Unfinished {
    id: Option<String>,
    parameters: Vec<UnfinishedParameter>,
    request: Vec<(String, Pending)>,
    responses: Vec<UnfinishedResponse>,
}

struct UnfinishedParameter {
    name: String,
    location: Location,
    required: bool,
    schema: Option<Pending>,
    explode: bool,
}

struct UnfinishedResponse {
    statuses: Statuses,
    content: Vec<(String, Pending)>,
    headers: Vec<UnfinishedParameter>,
    examples: Vec<(String, Vec<Value>)>,
}

impl Unfinished {
    fn finish(self, schema: &impl Fn(Pending) -> Schema) -> Operation {
        let content = |content: Vec<(String, Pending)>| {
            let content = content.into_iter();
            content
                .map(|(media, index)| (media, schema(index)))
                .collect()
        };
        let parameters = |parameters: Vec<UnfinishedParameter>| {
            let parameters = parameters.into_iter();
            let finish = |one: UnfinishedParameter| Parameter {
                name: one.name,
                location: one.location,
                required: one.required,
                schema: one.schema.map(schema),
                explode: one.explode,
            };
            parameters.map(finish).collect()
        };
        Operation {
            id: self.id,
            parameters: parameters(self.parameters),
            request: content(self.request),
            responses: (self.responses.into_iter())
                .map(|response| Response {
                    statuses: response.statuses,
                    content: content(response.content),
                    headers: parameters(response.headers),
                    examples: response.examples,
                })
                .collect(),
        }
    }
}

impl Parameter {
    /// Whether there may be several values.
    pub fn takes_many(&self) -> bool {
        let definition = self.schema.as_ref().map(Schema::definition);
        // Nothing is said, so nothing is wrong.
        definition.is_none_or(|definition| definition.is_some_and(|one| has_type(one, "array")))
    }

    /// What of the values does not conform; nothing if all do.
    pub fn check(&self, values: &[&str]) -> Vec<String> {
        let Some(schema) = &self.schema else {
            return Vec::new();
        };
        let definition = schema.definition();
        let is_array = definition.is_some_and(|definition| has_type(definition, "array"));
        let value = match (is_array, values) {
            (true, values) => {
                let items = definition.and_then(|definition| definition.get("items"));
                let items = items.map(|items| schema.resolved(items));
                let parts: Vec<&str> = match (self.explode, values) {
                    (false, [list]) => list.split(',').map(str::trim).collect(),
                    _ if self.location == Location::Header => {
                        let lists = values.iter().flat_map(|list| list.split(','));
                        lists.map(str::trim).collect()
                    }
                    (_, values) => values.to_vec(),
                };
                Value::Array(parts.iter().map(|part| typed(part, items)).collect())
            }
            (false, [value]) => typed(value, definition),
            (false, _) => return vec!["There is more than one value.".to_owned()],
        };
        let problems = schema
            .check_value(&value, crate::Mode::default())
            .into_iter();
        problems.map(|(message, _)| message).collect()
    }
}

fn has_type(definition: &Value, wanted: &str) -> bool {
    match definition.get("type") {
        Some(Value::String(ty)) => ty == wanted,
        Some(Value::Array(types)) => types.iter().any(|ty| ty == wanted),
        _ => false,
    }
}

/// A text as the schema takes it: a number or a truth value where one is wanted; else what it is, text.
fn typed(text: &str, definition: Option<&Value>) -> Value {
    let is = |ty: &str| definition.is_some_and(|definition| has_type(definition, ty));
    let parsed = || serde_json::from_str::<Value>(text).ok();
    let number = || parsed().filter(Value::is_number);
    let whole = || number().filter(|number| number.is_i64() || number.is_u64());
    let found = match definition {
        _ if is("number") => number(),
        _ if is("integer") => whole().or_else(number),
        _ if is("boolean") => parsed().filter(Value::is_boolean),
        _ if is("object") => parsed().filter(Value::is_object),
        _ => None,
    };
    found.unwrap_or_else(|| text.into())
}
