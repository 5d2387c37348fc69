//! What stands under the pointer: a policy, an attribute, a named value, a part of an expression.

use std::fmt::Write;

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};
use tollgate_expressions::What;
use tollgate_lint::Lint;
use tollgate_syntax::{Spot, Tag, caret};

use crate::documents::Document;
use crate::position::{Encoding, bytes};
use crate::workspace::Workspace;
use crate::{code, diagnostics, schema};

/// What there is to say of a byte of a document.
pub(crate) fn at(
    document: &Document,
    workspace: &Workspace,
    at: usize,
    encoding: Encoding,
) -> Option<Hover> {
    let (mut text, range) = match said(document, workspace, at) {
        Some((text, range)) => (text, Some(range)),
        None => (String::new(), None),
    };
    for name in lints(document, workspace, at) {
        let Ok(lint) = Lint::named(&name) else {
            continue;
        };
        if !text.is_empty() {
            text += "\n\n---\n\n";
        }
        let _ = write!(text, "**{name}**: {}\n\n{}", lint.summary, lint.page);
    }
    if text.is_empty() {
        return None;
    }
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: text,
        }),
        range: range.map(|range| document.text.range(range, encoding)),
    })
}

/// The lints that find something around a place.
fn lints(document: &Document, workspace: &Workspace, at: usize) -> Vec<String> {
    let (all, _) = diagnostics::find(document, workspace);
    let here = all.iter().filter(|one| {
        let span = bytes(one.span);
        span.start <= at && at <= span.end && Lint::named(&one.code).is_ok()
    });
    let mut names: Vec<String> = here.map(|one| one.code.to_string()).collect();
    names.dedup();
    names
}

type Said = (String, std::ops::Range<usize>);

fn said(document: &Document, workspace: &Workspace, at: usize) -> Option<Said> {
    let text = document.text.as_str();
    // Between characters, the one behind it counts.
    let behind = text.get(at..)?.chars().next().map_or(0, char::len_utf8);
    let found = caret(text, at);
    let path: Vec<&str> = found.around.iter().map(|tag| tag.name.as_str()).collect();
    match &found.spot {
        Spot::Name { start } => element(&path, name_from(text, *start)?),
        Spot::EndTag { start } => {
            let (around, _) = path.split_at(path.len().saturating_sub(1));
            element(around, name_from(text, *start)?)
        }
        Spot::AttributeName { tag, start, end } => {
            let name = text.get(*start..*end).filter(|name| !name.is_empty())?;
            Some((attribute(&path, tag, name)?, *start..*end))
        }
        Spot::Value {
            tag,
            attribute: name,
            start,
            end,
        } => named_value(workspace, text, at)
            .or_else(|| Some((attribute(&path, tag, name)?, *start..*end))),
        Spot::Code { .. } if behind > 0 => {
            named_value(workspace, text, at).or_else(|| part(document, at))
        }
        Spot::Text { .. } => named_value(workspace, text, at),
        Spot::Code { .. } | Spot::Elsewhere => None,
    }
}

/// The name that begins at a place.
fn name_from(text: &str, start: usize) -> Option<(&str, std::ops::Range<usize>)> {
    let rest = text.get(start..)?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')));
    let name = rest.get(..end.unwrap_or(rest.len()))?;
    (!name.is_empty()).then(|| (name, start..start + name.len()))
}

fn element(path: &[&str], (name, range): (&str, std::ops::Range<usize>)) -> Option<Said> {
    Some((element_page(path, name)?, range))
}

/// What there is to say of an element: what it does, where it may stand, its attributes, its reference.
pub(crate) fn element_page(path: &[&str], name: &str) -> Option<String> {
    let known = schema::known(path, name);
    let summary = schema::summary(name);
    if known.is_none() && summary.is_none() {
        return None;
    }
    let mut text = format!("**{name}**");
    if let Some(kind) = known.and_then(|known| known.policy) {
        let _ = write!(text, " — {}", schema::places(kind));
    }
    if let Some(summary) = summary {
        let _ = write!(text, "\n\n{summary}");
    }
    for spec in known.iter().flat_map(schema::Known::attributes) {
        let _ = write!(text, "\n- `{}`{}", spec.name, facts(spec));
    }
    let page = tollgate_policies::documentation(name);
    let rest = page.and_then(|page| page.split_once("\n\n"));
    if let Some((_, rest)) = rest {
        let _ = write!(text, "\n\n---\n\n{rest}");
    }
    Some(text)
}

/// Whether an attribute must be there and may be an expression, and its line.
fn facts(spec: &tollgate_engine::AttributeSpec) -> String {
    let mut facts = String::new();
    if spec.required {
        facts += " (required)";
    }
    if spec.expression {
        facts += " (expression allowed)";
    }
    if !spec.summary.is_empty() {
        let _ = write!(facts, ": {}", spec.summary);
    }
    facts
}

/// What there is to say of an attribute.
fn attribute(path: &[&str], tag: &Tag, name: &str) -> Option<String> {
    let known = schema::known(path, &tag.name)?;
    let spec = known.attributes().find(|spec| spec.name == name)?;
    Some(format!("**{}** `{name}`{}", tag.name, facts(spec)))
}

fn named_value(workspace: &Workspace, text: &str, at: usize) -> Option<Said> {
    let (name, range) = code::named_value_at(text, at)?;
    let mut said = format!("**{{{{{name}}}}}** — named value");
    match workspace.given_value(name) {
        Some(Some(value)) => {
            let _ = write!(said, "\n\n```text\n{value}\n```");
        }
        Some(None) => said += "\n\nsecret",
        None => {
            let files = workspace.named_value(name);
            if files.is_empty() {
                said += "\n\nno file of the workspace declares it";
            }
            for declaration in files {
                let file = declaration.path.file_name().unwrap_or_default();
                let _ = write!(said, "\n- declared in `{}`", file.to_string_lossy());
            }
        }
    }
    Some((said, range))
}

/// What a part of an expression is: its type, and if it is a member its signature.
fn part(document: &Document, at: usize) -> Option<Said> {
    let (_, tree) = document.parse();
    let tree = tree?;
    let offset = u32::try_from(at).ok()?;
    let expression = code::expression_at(&tree, offset)?;
    let derived = expression.code.derived(offset);
    let meaning = code::meaning_at(expression.code.text(), expression.kind, derived)?;
    let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    let range = bytes(
        expression
            .code
            .span(index(meaning.start)..index(meaning.end)),
    );
    let (csharp, more) = match meaning.what {
        What::Value(ty) => (ty.to_string(), String::new()),
        What::Variable(name, ty) if *name == *"context" => {
            let more = "The request, its response, and all that is known around them.";
            (format!("{ty} {name}"), more.to_owned())
        }
        What::Variable(name, ty) => (format!("{ty} {name}"), "local variable".to_owned()),
        What::Member(member, ty) => {
            let info = code::info(member)?;
            let mut more = match info.is_extension {
                true => "extension method".to_owned(),
                false => format!("member of `{}`", info.owner.full_name()),
            };
            if info.returns != ty {
                let _ = write!(more, "; here `{ty}`");
            }
            (code::signature(info), more)
        }
        What::Methods(all) => {
            let signatures = all.iter().map(|info| code::signature(info));
            let lines: Vec<String> = signatures.take(20).collect();
            (lines.join("\n"), format!("{} overloads", all.len()))
        }
        What::Type(ty) => {
            let full = ty.table().map(|table| format!("`{}`", table.full_name()));
            (code::declaration(&ty), full.unwrap_or_default())
        }
        What::Namespace(name) => (format!("namespace {name}"), String::new()),
    };
    Some((format!("```csharp\n{csharp}\n```\n{more}"), range))
}
