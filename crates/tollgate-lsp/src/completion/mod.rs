//! What can be written at the caret.

mod expressions;
mod markup;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionTextEdit, Documentation,
    InsertTextFormat, MarkupContent, MarkupKind, TextEdit,
};
use tollgate_lint::variables;
use tollgate_syntax::{Spot, caret};

use crate::code;
use crate::definition::{fragment_variables, included};
use crate::documents::Document;
use crate::position::Encoding;
use crate::workspace::Workspace;

/// A question for what can be written at a byte of a document.
pub(crate) struct Asked<'a> {
    pub(crate) document: &'a Document,
    pub(crate) workspace: &'a Workspace,
    pub(crate) at: usize,
    pub(crate) encoding: Encoding,
    /// Whether the editor knows snippets: texts with places to go on at.
    pub(crate) snippets: bool,
}

impl Asked<'_> {
    /// All that can be; the editor looks for what fits.
    pub(crate) fn items(&self) -> CompletionList {
        let text = self.document.text.as_str();
        let found = caret(text, self.at);
        let path: Vec<&str> = found.around.iter().map(|tag| tag.name.as_str()).collect();
        let items = match &found.spot {
            Spot::Elsewhere => Vec::new(),
            _ if self.is_in_named_value() => self.named_values(),
            Spot::Name { start } => self.elements(&path, *start, false),
            Spot::Text { .. } => self.elements(&path, self.word_start(), true),
            Spot::EndTag { start } => self.end_tag(&path, *start),
            Spot::AttributeName { tag, start, end } => self.attributes(&path, tag, *start..*end),
            Spot::Value {
                tag,
                attribute,
                start,
                end,
            } => self.values(&path, tag, attribute, *start..*end),
            Spot::Code {
                kind,
                range,
                is_encoded,
            } => self.code(*kind, range.start, *is_encoded),
        };
        CompletionList {
            is_incomplete: false,
            items,
        }
    }

    fn is_in_named_value(&self) -> bool {
        code::named_value_at(self.document.text.as_str(), self.at).is_some()
    }

    /// The names of named values, in place of what is written of one.
    fn named_values(&self) -> Vec<CompletionItem> {
        let text = self.document.text.as_str();
        let Some((_, range)) = code::named_value_at(text, self.at) else {
            return Vec::new();
        };
        let is_closed = text
            .get(range.end..)
            .is_some_and(|rest| rest.starts_with("}}"));
        let closing = if is_closed { "" } else { "}}" };
        let names = self.workspace.named_values().into_iter();
        names
            .map(|name| {
                let mut item = self.item(name, CompletionItemKind::CONSTANT, range.clone());
                self.plain(&mut item, range.clone(), format!("{name}{closing}"));
                item.detail = Some("named value".to_owned());
                item
            })
            .collect()
    }

    /// The names of variables that the document and its fragments set.
    fn variables(&self, range: std::ops::Range<usize>) -> Vec<CompletionItem> {
        let (sources, tree) = self.document.parse();
        let Some(tree) = tree else { return Vec::new() };
        let mut names: Vec<String> = Vec::new();
        let fragments = included(&tree.root).into_iter().filter_map(|id| {
            let source = self.workspace.fragment(&id)?;
            Some(fragment_variables(&source.name, &source.text))
        });
        let own = std::iter::once(variables(&tree, &sources));
        for one in own.chain(fragments).flatten().filter(|it| it.is_set) {
            if !one.name.is_empty() && !names.contains(&one.name) {
                names.push(one.name);
            }
        }
        (names.iter())
            .map(|name| {
                let mut item = self.item(name, CompletionItemKind::VARIABLE, range.clone());
                item.detail = Some("variable".to_owned());
                item
            })
            .collect()
    }

    /// Where the word before the caret begins.
    fn word_start(&self) -> usize {
        let before = self.document.text.as_str().get(..self.at).unwrap_or("");
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        before.trim_end_matches(is_word).len()
    }

    /// An item that puts its label in the place of a range.
    fn item(
        &self,
        label: &str,
        kind: CompletionItemKind,
        range: std::ops::Range<usize>,
    ) -> CompletionItem {
        let mut item = CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            ..CompletionItem::default()
        };
        self.plain(&mut item, range, label.to_owned());
        item
    }

    fn plain(&self, item: &mut CompletionItem, range: std::ops::Range<usize>, new_text: String) {
        let range = self.document.text.range(range, self.encoding);
        item.text_edit = Some(CompletionTextEdit::Edit(TextEdit { range, new_text }));
    }

    /// As [`plain`](Self::plain), with `$1` and `$0` where the caret goes; without them for other editors.
    fn snippet(&self, item: &mut CompletionItem, range: std::ops::Range<usize>, text: &str) {
        if self.snippets {
            item.insert_text_format = Some(InsertTextFormat::SNIPPET);
            return self.plain(item, range, text.to_owned());
        }
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            plain += before;
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        plain += rest;
        self.plain(item, range, plain);
    }
}

fn markdown(text: impl Into<String>) -> Documentation {
    Documentation::MarkupContent(MarkupContent {
        kind: MarkupKind::Markdown,
        value: text.into(),
    })
}
