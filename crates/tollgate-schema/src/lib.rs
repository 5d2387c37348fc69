//! What describes APIs, as what requests and responses are held against: OpenAPI documents, JSON Schemas, schemas of
//! GraphQL, and the grammar of OData.
//!
//! A [`Document`] is read once from the JSON of OpenAPI 3.0, 3.1 or Swagger 2.0. It knows for each operation its
//! parameters, and the schemas of bodies by media type. Pure; references to other documents are refused.
//!
//! ```
//! use tollgate_schema::{Document, Mode};
//!
//! let document = Document::parse(
//!     r##"{"openapi": "3.0.3", "paths": {"/orders/{id}": {"put": {
//!         "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
//!         "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
//!     }}}, "components": {"schemas": {"Order": {"type": "object", "required": ["sku"]}}}}"##,
//! )?;
//! let operation = document.operation("PUT", "/orders/{id}").unwrap();
//! let (media, schema) = &operation.request[0];
//! assert_eq!((&**media, schema.name()), ("application/json", "Order"));
//! let wrong = schema.check("{}", Mode::default());
//! assert_eq!(wrong[0].message, r#""sku" is a required property"#);
//! # Ok::<(), tollgate_schema::DocumentError>(())
//! ```

pub mod graphql;
pub mod odata;
mod openapi;
mod place;
mod schema;

pub use openapi::{Document, DocumentError, Location, Operation, Parameter, Response, Statuses};
pub use schema::{Mode, Problem, Schema, Schemas};
