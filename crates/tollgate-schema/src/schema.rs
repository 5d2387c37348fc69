//! Schemas, and what does not conform to them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use jsonschema::{Draft, PatternOptions, ValidatorMap};
use serde_json::{Map, Value};

use crate::{DocumentError, place};

/// How strictly schemas are meant, beside what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mode {
    /// Whether objects may have properties that the schema does not name; as the schema says unless given.
    pub additional_properties: Option<bool>,
    /// Whether the case of the names of properties does not matter.
    pub ignore_case: bool,
}

impl Mode {
    fn index(self) -> usize {
        let additional = match self.additional_properties {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        };
        additional + if self.ignore_case { 3 } else { 0 }
    }
}

/// A JSON document with schemas in it, by their JSON pointers (`#/components/schemas/Order`).
pub struct Schemas {
    document: Value,
    draft: Draft,
    /// Compiled for each mode when it is first asked for; the plain one when the document is read.
    compiled: [OnceLock<Result<ValidatorMap, String>>; 6],
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").finish_non_exhaustive()
    }
}

/// A schema of a document.
#[derive(Debug, Clone)]
pub struct Schema {
    schemas: Arc<Schemas>,
    pointer: String,
    name: String,
}

/// What does not conform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, without the value.
    pub message: String,
    /// Where in the text: line and column, from 1; none if the text is no JSON at all.
    pub place: Option<(usize, usize)>,
}

/// So many problems of one text are told.
const MOST_PROBLEMS: usize = 20;
/// So hard a regular expression may look.
const BACKTRACK_LIMIT: usize = 100_000;

impl Schemas {
    /// A JSON Schema on its own; its draft is what `$schema` says, or else 2020-12.
    ///
    /// # Errors
    /// It is no JSON, or no schema.
    pub fn parse(text: &str) -> Result<Arc<Self>, DocumentError> {
        let document: Value = serde_json::from_str(text)?;
        let draft = Draft::default().detect(&document);
        Self::new(document, draft)
    }

    pub(crate) fn new(document: Value, draft: Draft) -> Result<Arc<Self>, DocumentError> {
        let schemas = Self {
            document,
            draft,
            compiled: Default::default(),
        };
        match schemas.compiled(Mode::default()) {
            Ok(_) => Ok(Arc::new(schemas)),
            Err(message) => Err(DocumentError::Schema(message.to_owned())),
        }
    }

    /// The schema at a pointer (`#` for the whole document); none if there is none.
    pub fn schema(self: &Arc<Self>, pointer: &str) -> Option<Schema> {
        let known = self.compiled(Mode::default()).ok()?;
        known.get(pointer)?;
        let name = pointer.rsplit('/').next().unwrap_or(pointer);
        Some(Schema {
            schemas: Arc::clone(self),
            pointer: pointer.to_owned(),
            name: name.replace("~1", "/").replace("~0", "~"),
        })
    }

    pub(crate) fn named(self: &Arc<Self>, pointer: &str, name: &str) -> Schema {
        Schema {
            schemas: Arc::clone(self),
            pointer: pointer.to_owned(),
            name: name.to_owned(),
        }
    }

    fn compiled(&self, mode: Mode) -> Result<&ValidatorMap, &str> {
        let Some(slot) = self.compiled.get(mode.index()) else {
            return Err("there is no such mode");
        };
        let compile = || {
            let mut document = self.document.clone();
            if let Some(allowed) = mode.additional_properties {
                additional_properties(&mut document, allowed);
            }
            if mode.ignore_case {
                lowercase_schema(&mut document);
            }
            jsonschema::options()
                .with_draft(self.draft)
                .with_pattern_options(
                    PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT),
                )
                .should_validate_formats(true)
                .offline()
                .build_map(&document)
                .map_err(|error| error.masked().to_string())
        };
        let compiled = slot.get_or_init(compile).as_ref();
        compiled.map_err(String::as_str)
    }
}

impl Schema {
    /// What messages call it: the last part of its reference.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What of a JSON text does not conform; nothing if all does.
    pub fn check(&self, text: &str, mode: Mode) -> Vec<Problem> {
        let mut value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let place = (error.line() > 0).then(|| (error.line(), error.column()));
                let message = match error.classify() {
                    serde_json::error::Category::Eof => "The JSON ends too soon.",
                    _ => "It is no JSON.",
                };
                let message = message.to_owned();
                return vec![Problem { message, place }];
            }
        };
        if mode.ignore_case && !lowercase_value(&mut value) {
            let message = "Names of properties differ in case alone.".to_owned();
            return vec![Problem {
                message,
                place: None,
            }];
        }
        let problems = self.check_value(&value, mode).into_iter();
        problems
            .map(|(message, pointer)| Problem {
                message,
                place: Some(place::find(text, &pointer)),
            })
            .collect()
    }

    /// What of a value does not conform: what is wrong, and the JSON pointer to where.
    pub fn check_value(&self, value: &Value, mode: Mode) -> Vec<(String, String)> {
        let compiled = match self.schemas.compiled(mode) {
            Ok(compiled) => compiled,
            Err(message) => return vec![(message.to_owned(), String::new())],
        };
        let Some(validator) = compiled.get(&self.pointer) else {
            return vec![("There is no such schema.".to_owned(), String::new())];
        };
        let errors = validator.iter_errors(value).take(MOST_PROBLEMS);
        errors
            .map(|error| {
                (
                    error.masked().to_string(),
                    error.instance_path().to_string(),
                )
            })
            .collect()
    }

    /// Another schema of the same document, references followed.
    pub(crate) fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        self.schemas.resolve(schema)
    }

    /// The schema itself, references followed.
    pub fn definition(&self) -> Option<&Value> {
        let found = self
            .schemas
            .document
            .pointer(self.pointer.strip_prefix('#')?)?;
        Some(self.schemas.resolve(found))
    }
}

impl Schemas {
    /// What a reference refers to; references that go round in a circle are as they are.
    pub(crate) fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        for _ in 0..16 {
            let reference = schema.get("$ref").and_then(Value::as_str);
            let found = reference
                .and_then(|reference| reference.strip_prefix('#'))
                .and_then(|pointer| self.document.pointer(pointer));
            match found {
                Some(found) => schema = found,
                None => break,
            }
        }
        schema
    }
}

/// Says of each schema with properties whether there may be others.
fn additional_properties(value: &mut Value, allowed: bool) {
    each_schema(value, &mut |schema| {
        if schema.get("properties").is_some_and(Value::is_object) {
            schema.insert("additionalProperties".to_owned(), allowed.into());
        }
    });
}

fn lowercase_schema(value: &mut Value) {
    each_schema(value, &mut |schema| {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            let old = std::mem::take(properties);
            let new = old
                .into_iter()
                .map(|(name, schema)| (name.to_lowercase(), schema));
            properties.extend(new);
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            for name in required {
                if let Value::String(name) = name {
                    *name = name.to_lowercase();
                }
            }
        }
    });
}

/// Whatever looks like a schema: every object.
fn each_schema(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| each_schema(value, change)),
        Value::Object(schema) => {
            change(schema);
            schema
                .values_mut()
                .for_each(|value| each_schema(value, change));
        }
        _ => {}
    }
}

/// Whether no two names have become one.
fn lowercase_value(value: &mut Value) -> bool {
    match value {
        Value::Array(values) => values.iter_mut().all(lowercase_value),
        Value::Object(object) => {
            let old = std::mem::take(object);
            let count = old.len();
            let mut sound = true;
            for (name, mut value) in old {
                sound &= lowercase_value(&mut value);
                object.insert(name.to_lowercase(), value);
            }
            sound && object.len() == count
        }
        _ => true,
    }
}
