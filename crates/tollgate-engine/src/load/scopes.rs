//! Sections of documents, and how those of several scopes are merged at `<base />`.

use std::sync::Arc;

use tollgate_syntax::{Diagnostic, Element, Node as XmlNode, Span};

use super::Loading;
use super::placement::{PolicyReader, Position, unexpected_text};
use super::suggest::did_you_mean;
use crate::block::Block;
use crate::known;
use crate::plan::Pipeline;
use crate::policy::{Scope, Section};

/// What APIM has as the policy for all APIs until somebody changes it. Source: api-management-howto-policies.md.
pub(crate) const DEFAULT_GLOBAL: &str =
    "<policies><inbound /><backend><forward-request /></backend><outbound /></policies>";

/// The loaded sections of one document. Each is loaded once, however many pipelines it takes part in.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    sections: [Option<LayerSection>; 4],
}

/// A section, cut in two at `<base />`.
#[derive(Debug)]
struct LayerSection {
    before: Arc<Block>,
    /// What follows `<base />`; `None` if there is none, and broader scopes do not take part.
    after: Option<Arc<Block>>,
}

/// Loads the sections of a document.
pub(crate) fn load_layer<'a>(
    loading: &'a Loading<'a>,
    root: &'a Element,
    scope: Scope,
    owner: &'a str,
) -> Layer {
    loading.begin_document();
    let mut layer = Layer::default();
    let mut seen: [Option<Span>; 4] = [None; 4];
    for child in &root.children {
        let element = match child {
            XmlNode::Element(element) => element,
            XmlNode::Text(text) | XmlNode::CData(text) if !text.is_blank() => {
                loading
                    .findings
                    .push(unexpected_text(text.span, "`policies`"));
                continue;
            }
            _ => continue,
        };
        let Some(section) = Section::ALL
            .into_iter()
            .find(|section| section.name() == &*element.name)
        else {
            loading.findings.push(unknown_section(loading, element));
            continue;
        };
        for attribute in &element.attributes {
            let message = format!("`{}` has no attribute `{}`", element.name, attribute.name);
            let finding = Diagnostic::error("unknown-attribute", attribute.name_span, message);
            loading.findings.push(finding);
        }
        let loaded = load_section(
            loading,
            element,
            Position::of_section(scope, owner, section),
        );
        let (Some(slot), Some(first)) = (
            layer.sections.get_mut(section.index()),
            seen.get_mut(section.index()),
        ) else {
            continue;
        };
        if let Some(first) = first {
            let message = format!("the section `{}` stands here twice", element.name);
            let finding = Diagnostic::error("duplicate-section", element.name_span, message)
                .with_label(*first, "the first one");
            loading.findings.push(finding);
            continue;
        }
        *first = Some(element.name_span);
        *slot = Some(loaded);
    }
    layer
}

fn unknown_section(loading: &Loading<'_>, element: &Element) -> Diagnostic {
    let name = &*element.name;
    if known::POLICIES.contains(&name) || loading.kinds.contains_key(name) {
        let message = format!("the policy `{name}` must stand in a section");
        return Diagnostic::error("wrong-section", element.name_span, message);
    }
    let message = format!("there is no section `{name}`");
    let mut finding = Diagnostic::error("unknown-section", element.name_span, message);
    finding.help = did_you_mean(name, Section::ALL.map(Section::name));
    finding
}

fn load_section<'a>(
    loading: &'a Loading<'a>,
    element: &'a Element,
    position: Position<'a>,
) -> LayerSection {
    let mut reader = PolicyReader::new(loading, position);
    let mut before: Option<(Arc<Block>, Span)> = None;
    for child in &element.children {
        match child {
            XmlNode::Element(base) if &*base.name == "base" => {
                check_base(loading, base);
                if let Some((_, first)) = &before {
                    let message = format!("`base` may stand only once in `{}`", element.name);
                    let finding = Diagnostic::error("duplicate-base", base.name_span, message)
                        .with_label(*first, "the first one");
                    loading.findings.push(finding);
                } else {
                    before = Some((Arc::new(reader.take()), base.name_span));
                }
            }
            child => reader.read(child),
        }
    }
    let rest = Arc::new(reader.take());
    match before {
        Some((before, _)) => LayerSection {
            before,
            after: Some(rest),
        },
        None => LayerSection {
            before: rest,
            after: None,
        },
    }
}

fn check_base(loading: &Loading<'_>, base: &Element) {
    for attribute in &base.attributes {
        let message = format!("`base` has no attribute `{}`", attribute.name);
        let finding = Diagnostic::error("unknown-attribute", attribute.name_span, message);
        loading.findings.push(finding);
    }
    if let Some(child) = base.children.iter().find(|child| !child.is_layout()) {
        let finding = Diagnostic::error("unknown-element", child.span(), "`base` must be empty");
        loading.findings.push(finding);
    }
}

/// Merges the documents of several scopes, the narrowest first. Source: api-management-howto-policies.md.
///
/// A scope without a document lets the broader ones through. A section ends the chain if it is missing or has no
/// `<base />`.
pub(crate) fn merge<'l>(layers: impl IntoIterator<Item = Option<&'l Layer>>) -> Pipeline {
    let layers: Vec<&Layer> = layers.into_iter().flatten().collect();
    Pipeline::new(Section::ALL.map(|section| merge_section(&layers, section)))
}

fn merge_section(layers: &[&Layer], section: Section) -> Vec<Arc<Block>> {
    let mut blocks = Vec::new();
    let mut after = Vec::new();
    for layer in layers {
        let Some(Some(part)) = layer.sections.get(section.index()) else {
            break;
        };
        blocks.push(Arc::clone(&part.before));
        let Some(rest) = &part.after else { break };
        after.push(Arc::clone(rest));
    }
    blocks.extend(after.into_iter().rev());
    blocks.retain(|block| !block.is_empty());
    blocks
}
