//! The requests of a server that runs.

use std::io::Write;

use lsp_server::{ErrorCode, Request};
use lsp_types::request::{
    CodeActionRequest, Completion, Formatting, GotoDefinition, HoverRequest, Request as _,
};
use lsp_types::{
    CodeActionParams, CompletionParams, DocumentFormattingParams, GotoDefinitionParams,
    HoverParams, TextDocumentIdentifier,
};
use serde::Serialize;
use serde_json::Value as Json;

use super::{Answer, Server, parameters};
use crate::documents::Document;
use crate::{actions, completion, definition, hover, layout};

pub(super) fn answer<W: Write>(server: &Server<W>, request: Request) -> Answer {
    let params = request.params;
    match request.method.as_str() {
        HoverRequest::METHOD => {
            let it: HoverParams = parameters(params)?;
            let it = it.text_document_position_params;
            with(server, &it.text_document, |document| {
                let at = document.text.offset(it.position, server.encoding);
                hover::at(document, &server.workspace, at, server.encoding)
            })
        }
        Completion::METHOD => {
            let it: CompletionParams = parameters(params)?;
            let it = it.text_document_position;
            with(server, &it.text_document, |document| {
                let at = document.text.offset(it.position, server.encoding);
                let asked = completion::Asked {
                    document,
                    workspace: &server.workspace,
                    at,
                    encoding: server.encoding,
                    snippets: server.snippets,
                };
                Some(asked.items())
            })
        }
        GotoDefinition::METHOD => {
            let it: GotoDefinitionParams = parameters(params)?;
            let it = it.text_document_position_params;
            with(server, &it.text_document, |document| {
                let at = document.text.offset(it.position, server.encoding);
                let found = definition::at(document, &server.workspace, at, server.encoding);
                (!found.is_empty()).then_some(found)
            })
        }
        Formatting::METHOD => {
            let it: DocumentFormattingParams = parameters(params)?;
            with(server, &it.text_document, |document| {
                layout::format(document, server.encoding)
            })
        }
        CodeActionRequest::METHOD => {
            let it: CodeActionParams = parameters(params)?;
            with(server, &it.text_document, |document| {
                let at = |position| document.text.offset(position, server.encoding);
                let range = at(it.range.start)..at(it.range.end);
                let wanted = it.context.only.as_deref();
                let workspace = &server.workspace;
                Some(actions::at(
                    document,
                    workspace,
                    range,
                    wanted,
                    server.encoding,
                ))
            })
        }
        other => {
            let message = format!("there is no method `{other}`");
            Err((ErrorCode::MethodNotFound, message))
        }
    }
}

/// What an action says of a document; nothing of one that is not open, or no policy.
fn with<W: Write, R: Serialize>(
    server: &Server<W>,
    document: &TextDocumentIdentifier,
    action: impl FnOnce(&Document) -> Option<R>,
) -> Answer {
    let document = server.documents.get(&document.uri);
    let result = document
        .filter(|document| document.is_policy() && !document.is_too_large)
        .and_then(action);
    match result {
        Some(result) => serde_json::to_value(result)
            .map_err(|error| (ErrorCode::InternalError, error.to_string())),
        None => Ok(Json::Null),
    }
}
