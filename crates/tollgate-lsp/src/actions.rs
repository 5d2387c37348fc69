//! Code actions: the fixes that findings bring.

use std::collections::HashMap;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, NumberOrString, TextEdit, Uri, WorkspaceEdit,
};
use tollgate_lint::Lint;
use tollgate_syntax::{Diagnostic, Edit, FileId};

use crate::diagnostics;
use crate::documents::Document;
use crate::position::{Encoding, bytes};
use crate::workspace::Workspace;

/// What can be done about the findings that touch a range of bytes: each one's fix, a comment that silences a lint there,
/// and all fixes of the file at once.
pub(crate) fn at(
    document: &Document,
    workspace: &Workspace,
    range: std::ops::Range<usize>,
    wanted: Option<&[CodeActionKind]>,
    encoding: Encoding,
) -> Vec<CodeActionOrCommand> {
    let is_wanted = |kind: &CodeActionKind| {
        wanted.is_none_or(|wanted| {
            wanted.iter().any(|want| {
                let rest = kind.as_str().strip_prefix(want.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        })
    };
    let (all, sources) = diagnostics::find(document, workspace);
    let mut actions = Vec::new();
    if is_wanted(&CodeActionKind::QUICKFIX) {
        for one in &all {
            let at = bytes(one.span);
            if at.start > range.end || at.end < range.start {
                continue;
            }
            let shown = diagnostics::shown(one, document, &sources, encoding);
            let title = format!("Fix: {}", one.help.as_deref().unwrap_or(&one.message));
            let fixes = [
                own_edits(one).map(|edits| (title, edits, true)),
                silenced(one, document).map(|edit| {
                    let title = format!("Silence `{}` here", one.code);
                    (title, vec![edit], false)
                }),
            ];
            for (title, edits, is_preferred) in fixes.into_iter().flatten() {
                let diagnostic = lsp_types::Diagnostic {
                    code: Some(NumberOrString::String(one.code.to_string())),
                    ..shown.clone()
                };
                actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                    title,
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![diagnostic]),
                    edit: Some(changes(document, &edits, encoding)),
                    is_preferred: is_preferred.then_some(true),
                    ..CodeAction::default()
                }));
            }
        }
    }
    let kind = CodeActionKind::SOURCE_FIX_ALL;
    let edits = apart(&all);
    if is_wanted(&kind) && !edits.is_empty() {
        actions.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: "Fix all that Tollgate can".to_owned(),
            kind: Some(kind),
            edit: Some(changes(document, &edits, encoding)),
            ..CodeAction::default()
        }));
    }
    actions
}

/// The changes that mend a finding, if all of them are in this document.
fn own_edits(one: &Diagnostic) -> Option<Vec<Edit>> {
    let is_own = one.edits.iter().all(|edit| edit.span.file == FileId(0));
    (is_own && !one.edits.is_empty()).then(|| one.edits.clone())
}

/// The fixes of all findings; of two that touch the first stands.
fn apart(all: &[Diagnostic]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = all.iter().filter_map(own_edits).flatten().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    edits.dedup_by(|next, before| next.span.start < before.span.end || next.span == before.span);
    edits
}

/// The comment that silences a lint, before the element that its finding stands in.
fn silenced(one: &Diagnostic, document: &Document) -> Option<Edit> {
    Lint::named(&one.code).ok()?;
    let text = document.text.as_str();
    let before = text.get(..bytes(one.span).start)?;
    let (_, tree) = document.parse();
    let tree = tree?;
    let at = u32::try_from(before.len()).ok()?;
    let mut element = &tree.root;
    while let Some(inner) =
        (element.elements()).find(|inner| inner.span.start <= at && at < inner.span.end)
    {
        element = inner;
    }
    let start = bytes(element.span).start;
    let line = text.get(..start)?.rfind('\n').map_or(0, |end| end + 1);
    let indent = text.get(line..start)?;
    let indent = if indent.trim().is_empty() { indent } else { "" };
    Some(Edit {
        span: element.span.at_start(),
        text: format!("<!-- tollgate: allow({}) -->\n{indent}", one.code),
    })
}

fn changes(document: &Document, edits: &[Edit], encoding: Encoding) -> WorkspaceEdit {
    let edits = edits.iter().map(|edit| TextEdit {
        range: document.text.span(edit.span, encoding),
        new_text: edit.text.clone(),
    });
    #[expect(
        clippy::mutable_key_type,
        reason = "the protocol's own type; nothing changes the URI"
    )]
    let changes: HashMap<Uri, Vec<TextEdit>> =
        HashMap::from([(document.uri.clone(), edits.collect())]);
    WorkspaceEdit::new(changes)
}
