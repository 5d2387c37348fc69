//! Named values: `{{name}}` replaced in parsed values, never in markup.

use std::collections::HashMap;

use tollgate_syntax::{
    Content, Diagnostic, Element, MappedText, Node, Span, Text, Unresolved, substitute,
    substitute_text,
};

use super::findings::Findings;
use super::suggest::did_you_mean;
use crate::catalog::NamedValue;

/// The named values of a catalog. Source: api-management-howto-properties.md.
#[derive(Debug)]
pub(crate) struct NamedValues<'a> {
    values: HashMap<&'a str, &'a NamedValue>,
    /// Whether names without a value are only noted, for checking a file without its catalog.
    lenient: bool,
}

impl<'a> NamedValues<'a> {
    pub(crate) fn new(values: &'a [NamedValue], lenient: bool) -> Self {
        Self {
            values: (values.iter().map(|value| (value.name.as_str(), value))).collect(),
            lenient,
        }
    }

    /// Replaces the named values in all attributes and texts of an element and what stands in it.
    pub(crate) fn replace(&self, element: &mut Element, findings: &Findings) {
        self.replace_within(element, false, findings);
    }

    fn replace_within(&self, element: &mut Element, in_template: bool, findings: &Findings) {
        let liquid = in_template || is_liquid(element);
        for attribute in &mut element.attributes {
            self.replace_text(&mut attribute.value, in_template, findings);
        }
        for child in &mut element.children {
            match child {
                Node::Element(child) => self.replace_within(child, liquid, findings),
                Node::Text(text) | Node::CData(text) => self.replace_text(text, liquid, findings),
                Node::Comment(_) | Node::Instruction(_) => {}
            }
        }
    }

    /// Replaces the named values in markup that a policy takes as text.
    pub(crate) fn replace_source(
        &self,
        source: &str,
        span: Span,
        liquid: bool,
        findings: &Findings,
    ) -> MappedText {
        let text = MappedText::verbatim(source, span);
        let (text, unresolved) = substitute_text(&text, &|name| self.value_of(name));
        self.report(unresolved, liquid, findings);
        text
    }

    /// Whether a text has a `{{name}}` in it whose value is not known: it is to be filled in later, or that it is
    /// missing has been said.
    pub(crate) fn is_open(&self, text: &str) -> bool {
        let is_unknown = |rest: &str| {
            rest.split_once("}}").is_some_and(|(name, _)| {
                let name = name.trim();
                let may_stand = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
                name.chars().all(may_stand) && !self.values.contains_key(name)
            })
        };
        match self.lenient {
            true => text.contains("{{"),
            false => text.split("{{").skip(1).any(is_unknown),
        }
    }

    /// The values that nothing may show, and what is left of them when they are trimmed.
    pub(crate) fn secrets(&self) -> Vec<&'a str> {
        let secrets = self.values.values().filter(|value| value.secret);
        let mut texts: Vec<&str> = secrets
            .flat_map(|secret| [secret.value.as_str(), secret.value.trim()])
            .filter(|text| !text.is_empty())
            .collect();
        // The longest first, so that a secret within another leaves no rest of the longer one.
        texts.sort_unstable_by_key(|text| (std::cmp::Reverse(text.len()), *text));
        texts.dedup();
        texts
    }

    /// Whether policy text as it stands in its file has a secret in it.
    pub(crate) fn has_secret(&self, source: &str) -> bool {
        source.split("{{").skip(1).any(|rest| {
            rest.split_once("}}")
                .and_then(|(name, _)| self.values.get(name.trim()))
                .is_some_and(|value| value.secret)
        })
    }

    fn replace_text(&self, text: &mut Text, liquid: bool, findings: &Findings) {
        let (content, unresolved) = substitute(text, &|name| self.value_of(name));
        self.report(unresolved, liquid, findings);
        text.content = content;
    }

    fn value_of(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|value| value.value.clone())
    }

    fn report(&self, unresolved: Vec<Unresolved>, liquid: bool, findings: &Findings) {
        // In a Liquid template what is no named value is Liquid's own.
        if liquid {
            return;
        }
        for Unresolved { name, span } in unresolved {
            let message = format!("there is no named value `{name}`");
            let mut finding = match self.lenient {
                true => Diagnostic::note("unknown-named-value", span, message),
                false => Diagnostic::error("unknown-named-value", span, message),
            };
            finding.help = did_you_mean(&name, self.values.keys().copied());
            findings.push(finding);
        }
    }
}

/// Whether the text in this element is a Liquid template, which has double brackets of its own.
/// Source: set-body-policy.md.
pub(crate) fn is_liquid(element: &Element) -> bool {
    let template = element.attribute("template");
    let template = template.and_then(|attribute| match &attribute.value.content {
        Content::Literal(text) => Some(text.text().trim()),
        Content::Expression(_) => None,
    });
    template.is_some_and(|name| name.eq_ignore_ascii_case("liquid"))
}
