//! OpenAPI documents.

mod document;
mod sample;
mod upgrade;

pub use document::{Document, DocumentError, Location, Operation, Parameter, Response, Statuses};
