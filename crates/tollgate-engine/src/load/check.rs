//! Looks at one policy file on its own, for `tollgate check`.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tollgate_syntax::{Content, Diagnostic, DocumentKind, Element, Node as XmlNode, Sources};

use super::findings::Findings;
use super::fragments::Fragments;
use super::named_values::NamedValues;
use super::placement::{Position, load_resolver, read_block};
use super::scopes::load_layer;
use super::{Kinds, Loading, Mode, kinds_by_name, read};
use crate::catalog::{Catalog, Source};
use crate::known;
use crate::policy::{PolicyKind, Scope, Section};

/// What there is to say about one file.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What is wrong or worth knowing, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics are about.
    pub sources: Sources,
    /// What is in the file.
    pub statistics: Statistics,
}

/// What is in a file, or, added up, in many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Statistics {
    /// Files looked at.
    pub files: usize,
    /// Files without an error.
    pub loaded: usize,
    /// How often each policy occurs, built or not.
    pub policies: BTreeMap<String, usize>,
    /// Expressions.
    pub expressions: usize,
    /// Expressions that compile.
    pub typed: usize,
    /// Expressions that do not.
    pub refused: usize,
    /// Why they do not, by C#'s number of the first error or the name of another finding.
    pub refusals: BTreeMap<String, usize>,
    /// How often each diagnostic occurs, by code.
    pub diagnostics: BTreeMap<String, usize>,
}

impl Statistics {
    /// Adds what is in another file.
    pub fn add(&mut self, other: &Statistics) {
        self.files += other.files;
        self.loaded += other.loaded;
        self.expressions += other.expressions;
        self.typed += other.typed;
        self.refused += other.refused;
        let add = |counts: &mut BTreeMap<String, usize>, more: &BTreeMap<String, usize>| {
            for (name, count) in more {
                *counts.entry(name.clone()).or_default() += count;
            }
        };
        add(&mut self.policies, &other.policies);
        add(&mut self.refusals, &other.refusals);
        add(&mut self.diagnostics, &other.diagnostics);
    }
}

/// Looks at one policy document, fragment or resolver as far as that is possible without the rest of its gateway: its scope is
/// taken to be right, and in a fragment so are the sections.
///
/// `catalog` gives named values and fragments. If it has none, unknown ones are only noted, and what depends on them
/// is not looked at.
pub fn check(source: &Source, catalog: &Catalog, kinds: &[&'static [PolicyKind]]) -> Checked {
    let kinds = kinds_by_name(kinds);
    let lenient = catalog.named_values.is_empty();
    let named_values = NamedValues::new(&catalog.named_values, lenient);
    let findings = Findings::default();
    let mut sources = Sources::new();

    let expected = match document_kind(&source.text) {
        DocumentKind::Unknown => DocumentKind::Policies,
        kind => kind,
    };
    let root = read(source, expected, &mut sources, &named_values, &findings);
    // What is wrong with the fragments is told when they are looked at themselves.
    let unheard = Findings::default();
    let fragments: HashMap<&str, Option<Element>> = (catalog.fragments.iter())
        .map(|fragment| {
            let kind = DocumentKind::Fragment;
            let root = read(
                &fragment.source,
                kind,
                &mut sources,
                &named_values,
                &unheard,
            );
            (fragment.id.as_str(), root)
        })
        .collect();
    let fragments = Fragments::new(fragments);
    let mode = match expected {
        DocumentKind::Fragment => Mode::CheckFragment,
        _ => Mode::Check,
    };
    let loading = Loading::new(&sources, &named_values, &fragments, &findings, &kinds, mode);
    let mut statistics = Statistics {
        files: 1,
        ..Statistics::default()
    };
    if let Some(root) = &root {
        match mode {
            // What is wrong has been recorded.
            _ if expected == DocumentKind::Resolver => drop(load_resolver(&loading, root, "")),
            Mode::CheckFragment => {
                let position = Position::of_section(Scope::Global, "", Section::Inbound);
                // What is wrong has been recorded.
                let _ = read_block(&loading, root, &position);
            }
            _ => drop(load_layer(&loading, root, Scope::Global, "")),
        }
        count(&loading, &kinds, root, &mut statistics);
    }
    drop(loading);

    let diagnostics = findings.finish(&named_values, &sources);
    for finding in &diagnostics {
        let code = finding.code.to_string();
        *statistics.diagnostics.entry(code).or_default() += 1;
    }
    statistics.loaded = usize::from(!diagnostics.iter().any(Diagnostic::is_error));
    Checked {
        diagnostics,
        sources,
        statistics,
    }
}

/// What kind of document a text is, by its root element, as far as a quick look tells: nothing behind that is read.
///
/// ```
/// use tollgate_engine::document_kind;
/// use tollgate_syntax::DocumentKind;
///
/// assert_eq!(document_kind("<!-- ours --><fragment />"), DocumentKind::Fragment);
/// assert_eq!(document_kind("<project />"), DocumentKind::Unknown);
/// ```
pub fn document_kind(text: &str) -> DocumentKind {
    root_name(text).map_or(DocumentKind::Unknown, DocumentKind::of_root)
}

/// The name of the root element, as far as a quick look tells.
fn root_name(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        rest = match rest.strip_prefix("<!--") {
            Some(comment) => comment.split_once("-->")?.1,
            None => match rest.strip_prefix("<?") {
                Some(instruction) => instruction.split_once("?>")?.1,
                None => break,
            },
        }
        .trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
    name.get(..end)
}

fn count(loading: &Loading<'_>, kinds: &Kinds, element: &Element, to: &mut Statistics) {
    let name = &*element.name;
    if kinds.contains_key(name) || known::POLICIES.contains(&name) {
        *to.policies.entry(name.to_owned()).or_default() += 1;
    }
    let values = element.attributes.iter().map(|attribute| &attribute.value);
    let texts = element.children.iter().filter_map(|child| match child {
        XmlNode::Text(text) | XmlNode::CData(text) => Some(text),
        _ => None,
    });
    for text in values.chain(texts) {
        if let Content::Expression(expression) = &text.content {
            to.expressions += 1;
            match loading.refusal(expression) {
                None => to.typed += 1,
                Some(reason) => {
                    to.refused += 1;
                    *to.refusals.entry(reason.to_owned()).or_default() += 1;
                }
            }
        }
    }
    for child in element.elements() {
        count(loading, kinds, child, to);
    }
}
