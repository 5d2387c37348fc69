//! OpenAPI documents of APIs, and schemas: JSON Schemas, XML Schemas.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use tollgate_libxml::{Error, Limits, Schema as XmlSchema, SchemaDocument};
use tollgate_schema::{Document, Schemas, graphql};

use super::assemble::Assembler;
use super::suggest::did_you_mean;
use crate::block::Block;
use crate::catalog::{Api, Operation, Source};
use crate::plan::AllSchemas;
use crate::resolve::Resolvers;

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

    /// The resolvers of an API, of which `blocks` are the documents; none if it has none.
    pub(super) fn resolvers(
        &self,
        api: &Api,
        schema: Option<&Arc<graphql::Schema>>,
        blocks: &[Option<Arc<Block>>],
    ) -> Option<Arc<Resolvers>> {
        if api.resolvers.is_empty() {
            return None;
        }
        let id = api.info.id.to_utf8();
        if api.graphql.is_none() {
            let message = format!("API `{id}` has resolvers, and no GraphQL schema");
            self.report("resolver-without-schema", message, None);
        }
        if api.info.service_url.is_some() {
            let message = format!(
                "API `{id}` has resolvers and a service URL: either those answer, or a backend does"
            );
            self.report("resolver-with-backend", message, None);
        }
        let schema = schema?;
        let mut fields: HashMap<Box<str>, HashMap<Box<str>, Arc<Block>>> = HashMap::new();
        for (resolver, block) in api.resolvers.iter().zip(blocks) {
            let (ty, field) = (resolver.ty.as_str(), resolver.field.as_str());
            if let Err(wrong) = schema.resolvable(ty, field) {
                let message = format!("API `{id}`: resolver `{ty}.{field}`: {}", wrong.message);
                let help = did_you_mean(wrong.name, wrong.known);
                self.report("unknown-field", message, help);
                continue;
            }
            // What cannot be loaded has been reported.
            let Some(block) = block else { continue };
            match fields.entry(ty.into()).or_default().entry(field.into()) {
                Entry::Vacant(entry) => drop(entry.insert(Arc::clone(block))),
                Entry::Occupied(_) => {
                    let message = format!("API `{id}`: there are two resolvers of `{ty}.{field}`");
                    self.report("duplicate-id", message, None);
                }
            }
        }
        Some(Arc::new(Resolvers::new(Arc::clone(schema), fields)))
    }

    pub(super) fn schemas(&self) -> AllSchemas {
        let mut all = AllSchemas::default();
        let is_xml = |source: &Source| tollgate_libxml::is_schema(&source.text);
        let xml = self
            .catalog
            .schemas
            .iter()
            .filter(|(_, source)| is_xml(source));
        // Each may import and include the others, by their ids.
        let xml: Vec<SchemaDocument> = xml
            .map(|(id, source)| SchemaDocument {
                name: id.clone(),
                text: source.text.trim_start_matches('\u{feff}').to_owned(),
            })
            .collect();
        for (id, source) in &self.catalog.schemas {
            let key = Box::from(id.as_str());
            let (error, line) = match xml.iter().find(|document| document.name == *id) {
                Some(main) => match XmlSchema::compile(main, &xml, Limits::default()) {
                    Ok(schema) => {
                        all.xml.insert(key, Arc::new(schema));
                        continue;
                    }
                    Err(Error::Mistake { message, line }) => (message, line),
                    Err(other) => (other.to_string(), 0),
                },
                None => match Schemas::parse(&source.text) {
                    Ok(schemas) => {
                        all.json.insert(key, schemas);
                        continue;
                    }
                    Err(error) => (error.to_string(), 0),
                },
            };
            let line = if line > 0 {
                format!(":{line}")
            } else {
                String::new()
            };
            let message = format!("schema `{id}`: {}{line}: {error}", source.name);
            self.report("invalid-schema", message, None);
        }
        all
    }
}
