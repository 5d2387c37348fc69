//! The documents that are open.

use std::collections::HashMap;
use std::path::PathBuf;

use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};
use tollgate_syntax::{DocumentKind, FileId, Sources};

use crate::position::{Encoding, Text};
use crate::uri;

/// How many documents may be open; further ones are not looked at.
const MAX_OPEN: usize = 1_000;
/// The longest document, in bytes: what the engine reads. Of a longer one nothing is kept.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A document as the editor has it.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    /// Where it is, if it is a file.
    pub(crate) path: Option<PathBuf>,
    pub(crate) version: i32,
    pub(crate) text: Text,
    /// Whether the editor takes it for a policy, whatever its root.
    is_policy: bool,
    /// Whether it is longer than anything that is looked at.
    pub(crate) is_too_large: bool,
}

impl Document {
    fn new(item: TextDocumentItem) -> Self {
        let mut document = Self {
            path: uri::to_path(&item.uri),
            uri: item.uri,
            version: item.version,
            text: Text::default(),
            is_policy: item.language_id != "xml",
            is_too_large: false,
        };
        document.set(item.text);
        document
    }

    fn set(&mut self, text: String) {
        self.is_too_large = text.len() > MAX_BYTES;
        self.text = Text::new(if self.is_too_large {
            String::new()
        } else {
            text
        });
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => self.uri.as_str().to_owned(),
        }
    }

    /// The tree, as far as it can be read, with the text it was read from.
    pub(crate) fn parse(&self) -> (Sources, Option<tollgate_syntax::Document>) {
        let mut sources = Sources::new();
        let file = sources.add(self.name(), self.text.as_str());
        debug_assert_eq!(file, FileId(0));
        let document = tollgate_syntax::parse(file, &sources).0;
        (sources, document)
    }

    /// Whether it is a policy, a fragment or a resolver. Editors may send any XML.
    pub(crate) fn is_policy(&self) -> bool {
        self.is_policy || self.kind() != DocumentKind::Unknown
    }

    /// The kind that its root makes it.
    pub(crate) fn kind(&self) -> DocumentKind {
        tollgate_engine::document_kind(self.text.as_str())
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Documents(HashMap<Uri, Document>);

impl Documents {
    pub(crate) fn open(&mut self, item: TextDocumentItem) {
        if self.0.len() < MAX_OPEN || self.0.contains_key(&item.uri) {
            self.0.insert(item.uri.clone(), Document::new(item));
        }
    }

    /// Makes changes, one after the other.
    pub(crate) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        let Some(document) = self.0.get_mut(uri) else {
            return;
        };
        document.version = version;
        for change in changes {
            let Some(range) = change.range else {
                document.set(change.text);
                continue;
            };
            // Of a text that is too large there is nothing to change: it is back with its next full text.
            if document.is_too_large {
                continue;
            }
            let start = document.text.offset(range.start, encoding);
            let end = document.text.offset(range.end, encoding).max(start);
            let mut text = std::mem::take(&mut document.text).into_string();
            if text.get(start..end).is_some() {
                text.replace_range(start..end, &change.text);
            }
            document.set(text);
        }
    }

    pub(crate) fn close(&mut self, uri: &Uri) -> bool {
        self.0.remove(uri).is_some()
    }

    pub(crate) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.0.get(uri)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Document> {
        self.0.values()
    }
}
