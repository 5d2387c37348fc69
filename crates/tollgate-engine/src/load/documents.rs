//! OpenAPI documents of APIs, and JSON Schemas.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_schema::{Document, Schemas, graphql};

use super::assemble::Assembler;
use crate::catalog::{Api, Operation};

/// The operations of a document.
pub(super) fn operations(document: &Document) -> Vec<Operation> {
    let operations = document.operations();
    operations
        .map(|(method, path, described)| {
            let operation = Operation::new(method, path);
            match &described.id {
                Some(id) => operation.id(id.as_str()),
                None => operation,
            }
        })
        .collect()
}

impl Assembler<'_> {
    /// The document of an API.
    pub(super) fn document(&self, api: &Api) -> Option<Document> {
        let source = api.openapi.as_ref()?;
        let document = Document::parse(&source.text);
        let wrong = |error| {
            let id = api.info.id.to_utf8();
            let message = format!("API `{id}`: {}: {error}", source.name);
            self.report("invalid-openapi", message, None);
        };
        document.map_err(wrong).ok()
    }

    /// The GraphQL schema of an API.
    pub(super) fn graphql(&self, api: &Api) -> Option<Arc<graphql::Schema>> {
        let source = api.graphql.as_ref()?;
        match graphql::Schema::parse(&source.text) {
            Ok(schema) => Some(Arc::new(schema)),
            Err(mistakes) => {
                for graphql::Mistake { message, place } in mistakes {
                    let (line, column) = place.unwrap_or((1, 1));
                    let id = api.info.id.to_utf8();
                    let name = &source.name;
                    let message = format!("API `{id}`: {name}:{line}:{column}: {message}");
                    self.report("invalid-graphql", message, None);
                }
                None
            }
        }
    }

    pub(super) fn schemas(&self) -> HashMap<Box<str>, Arc<Schemas>> {
        let mut all = HashMap::new();
        for (id, source) in &self.catalog.schemas {
            match Schemas::parse(&source.text) {
                Ok(schemas) => drop(all.insert(Box::from(id.as_str()), schemas)),
                Err(error) => {
                    let message = format!("schema `{id}`: {}: {error}", source.name);
                    self.report("invalid-schema", message, None);
                }
            }
        }
        all
    }
}
