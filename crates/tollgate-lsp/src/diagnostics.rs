//! What `tollgate check` finds in a document, as editors show it.

use std::path::Path;

use lsp_types::{
    CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Range,
};
use tollgate_engine::{Source, check};
use tollgate_lint::{Lint, Settings, lint};
use tollgate_syntax::{Diagnostic, FileId, Severity, Sources};

use crate::documents::Document;
use crate::position::{Encoding, Text};
use crate::uri;
use crate::workspace::Workspace;

/// The findings of the engine and of lints, by place, and the texts they are about. The first text is the document's.
pub(crate) fn find(document: &Document, workspace: &Workspace) -> (Vec<Diagnostic>, Sources) {
    let source = Source::new(document.name(), document.text.as_str());
    let known = workspace.catalog_for(document);
    let mut checked = check(&source, &known.catalog, &[tollgate_policies::ALL]);
    if known.is_open {
        known.soften(&mut checked.diagnostics);
    }
    let file = FileId(0);
    match settings(document.path.as_deref()) {
        Ok(settings) => {
            let lints = lint(file, &checked.sources, &known.catalog, &settings);
            checked.diagnostics.extend(lints);
        }
        Err(message) => {
            let start = tollgate_syntax::Span::new(file, 0, 0);
            checked
                .diagnostics
                .push(Diagnostic::error("tollgate-toml", start, message));
        }
    }
    let mut all = checked.diagnostics;
    all.retain(|one| one.span.file == file);
    all.sort_by_key(|one| (one.span.start, one.span.end));
    (all, checked.sources)
}

fn settings(path: Option<&Path>) -> Result<Settings, String> {
    match path {
        Some(path) => Settings::near(path).map_err(|error| error.to_string()),
        None => Ok(Settings::default()),
    }
}

/// The findings of a document, as the protocol has them.
pub(crate) fn of(
    document: &Document,
    workspace: &Workspace,
    encoding: Encoding,
) -> Vec<lsp_types::Diagnostic> {
    if document.is_too_large {
        let message = "the document is longer than 4 MiB, and is not looked at".to_owned();
        return vec![lsp_types::Diagnostic {
            source: Some("tollgate".to_owned()),
            ..lsp_types::Diagnostic::new_simple(Range::default(), message)
        }];
    }
    if !document.is_policy() {
        return Vec::new();
    }
    let (all, sources) = find(document, workspace);
    (all.iter())
        .map(|one| shown(one, document, &sources, encoding))
        .collect()
}

/// A finding as the protocol has it.
pub(crate) fn shown(
    one: &Diagnostic,
    document: &Document,
    sources: &Sources,
    encoding: Encoding,
) -> lsp_types::Diagnostic {
    let message = match &one.help {
        Some(help) => format!("{}\n{help}", one.message),
        None => one.message.clone(),
    };
    let labels = one.labels.iter().filter_map(|label| {
        let location = match label.span.file {
            FileId(0) => Location::new(
                document.uri.clone(),
                document.text.span(label.span, encoding),
            ),
            other => {
                let file = sources.get(other)?;
                let range = Text::new(file.text()).span(label.span, encoding);
                Location::new(uri::of_path(Path::new(file.name()))?, range)
            }
        };
        Some(DiagnosticRelatedInformation {
            location,
            message: label.message.clone(),
        })
    });
    let labels: Vec<_> = labels.collect();
    let is_dead = matches!(&*one.code, "unreachable-policy" | "duplicate-condition");
    lsp_types::Diagnostic {
        range: document.text.span(one.span, encoding),
        severity: Some(match one.severity {
            Severity::Note => DiagnosticSeverity::INFORMATION,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Error => DiagnosticSeverity::ERROR,
        }),
        code: Some(NumberOrString::String(one.code.to_string())),
        code_description: explanation(&one.code),
        source: Some("tollgate".to_owned()),
        message,
        related_information: (!labels.is_empty()).then_some(labels),
        tags: is_dead.then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: None,
    }
}

/// Where a lint's page is: the editor's extension shows what `tollgate explain` says of it.
fn explanation(code: &str) -> Option<CodeDescription> {
    Lint::named(code).ok()?;
    let href = format!("tollgate-explain:/{code}.md").parse().ok()?;
    Some(CodeDescription { href })
}
