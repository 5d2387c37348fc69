//! Elements, attributes and their values.

use std::fmt::Write;
use std::ops::Range;

use lsp_types::{CompletionItem, CompletionItemKind};
use tollgate_engine::{AttributeSpec, Children, INCLUDE_FRAGMENT, Section};
use tollgate_policies::ALL;
use tollgate_syntax::Tag;

use super::{Asked, markdown};
use crate::schema::{self, Base, Holds};

/// The roots of documents that are no policies themselves.
const ROOTS: [&str; 2] = ["policies", "fragment"];

impl Asked<'_> {
    /// The elements that may stand there, in place of what is written from `start` on.
    pub(super) fn elements(&self, path: &[&str], start: usize, opens: bool) -> Vec<CompletionItem> {
        let mut names: Vec<&str> = Vec::new();
        match schema::holds(path) {
            Holds::Root => {
                names.extend(ROOTS);
                let documents = ALL.iter().filter(|kind| schema::is_document(kind));
                names.extend(documents.map(|kind| kind.name));
            }
            Holds::Sections => names.extend(Section::ALL.map(Section::name)),
            Holds::Policies(section, base) => {
                let policies = ALL.iter().filter(|kind| schema::may_stand(kind, section));
                names.extend(policies.map(|kind| kind.name));
                names.push(INCLUDE_FRAGMENT.name);
                if base == Base::Allowed {
                    names.push("base");
                }
            }
            Holds::Elements(specs) => names.extend(specs.iter().map(|spec| spec.name)),
            Holds::Other => {}
        }
        (names.into_iter())
            .map(|name| self.element(path, name, start, opens))
            .collect()
    }

    fn element(&self, path: &[&str], name: &str, start: usize, opens: bool) -> CompletionItem {
        let text = self.document.text.as_str();
        let rest = text.get(self.at..).unwrap_or("");
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let behind = rest.trim_start_matches(is_name);
        let line = behind.lines().next().unwrap_or("").trim();
        // Where the tag goes on, only its name is written.
        let is_new = line.is_empty() || line.starts_with('<');
        let end = text.len() - if opens { rest.len() } else { behind.len() };
        let range = start..end;
        let mut item = self.item(name, CompletionItemKind::CLASS, range.clone());
        let open = if opens { "<" } else { "" };
        if opens || is_new {
            self.snippet(&mut item, range, &format!("{open}{}", whole(path, name)));
        }
        if opens {
            item.filter_text = Some(name.to_owned());
        }
        item.detail =
            (schema::known(path, name).and_then(|known| known.policy)).map(schema::places);
        item.documentation = schema::summary(name).map(markdown);
        item
    }

    /// The element that can be closed.
    pub(super) fn end_tag(&self, path: &[&str], start: usize) -> Vec<CompletionItem> {
        let Some(name) = path.last() else {
            return Vec::new();
        };
        let rest = self.document.text.as_str().get(self.at..).unwrap_or("");
        let is_closed = rest.lines().next().is_some_and(|line| line.contains('>'));
        let mut item = self.item(name, CompletionItemKind::CLASS, start..self.at);
        if !is_closed {
            self.plain(&mut item, start..self.at, format!("{name}>"));
        }
        vec![item]
    }

    /// The attributes that an element may still have.
    pub(super) fn attributes(
        &self,
        path: &[&str],
        tag: &Tag,
        range: Range<usize>,
    ) -> Vec<CompletionItem> {
        let text = self.document.text.as_str();
        let own = text.get(range.clone()).unwrap_or("");
        let has_value =
            (text.get(range.end..)).is_some_and(|rest| rest.trim_start().starts_with('='));
        let is_there = |spec: &AttributeSpec| {
            let mut names = tag.attributes.iter().map(|(name, _)| name.as_str());
            names.any(|name| name == spec.name && name != own)
        };
        let known = schema::known(path, &tag.name);
        let specs = known.iter().flat_map(schema::Known::attributes);
        specs
            .filter(|spec| !is_there(spec))
            .map(|spec| {
                let kind = CompletionItemKind::PROPERTY;
                let mut item = self.item(spec.name, kind, range.clone());
                if !has_value {
                    self.snippet(&mut item, range.clone(), &format!("{}=\"$1\"", spec.name));
                }
                item.detail = Some(match spec.required {
                    true => "required".to_owned(),
                    false => "optional".to_owned(),
                });
                item.documentation = (!spec.summary.is_empty()).then(|| markdown(spec.summary));
                // Those that must be there come first.
                item.sort_text = Some(format!("{}{}", u8::from(!spec.required), spec.name));
                item
            })
            .collect()
    }

    /// What an attribute may say.
    pub(super) fn values(
        &self,
        path: &[&str],
        tag: &Tag,
        attribute: &str,
        range: Range<usize>,
    ) -> Vec<CompletionItem> {
        if (tag.name.as_str(), attribute) == (INCLUDE_FRAGMENT.name, "fragment-id") {
            let ids = self.workspace.fragment_ids().into_iter();
            return ids
                .map(|id| {
                    let mut item = self.item(id, CompletionItemKind::FILE, range.clone());
                    let file = self.workspace.fragment_file(id);
                    item.detail = file.map(|file| file.display().to_string());
                    item
                })
                .collect();
        }
        if attribute.ends_with("variable-name") {
            return self.variables(range);
        }
        let known = schema::known(path, &tag.name);
        let spec = known.and_then(|known| known.attributes().find(|it| it.name == attribute));
        let values = spec.map(AttributeSpec::values).unwrap_or_default();
        (values.into_iter())
            .map(|value| self.item(value, CompletionItemKind::ENUM_MEMBER, range.clone()))
            .collect()
    }
}

/// An element with what must be there, and places to go on at: `set-header name="$1">$0</set-header>`.
fn whole(path: &[&str], name: &str) -> String {
    let known = schema::known(path, name);
    let mut text = name.to_owned();
    let required = known.iter().flat_map(|known| known.attributes.iter());
    for (number, spec) in required.filter(|spec| spec.required).enumerate() {
        let _ = write!(text, " {}=\"${}\"", spec.name, number + 1);
    }
    let is_empty = match known {
        Some(known) => matches!(known.children, Children::None),
        None => name == "base",
    };
    match is_empty {
        true => text += " />$0",
        false => {
            let _ = write!(text, ">$0</{name}>");
        }
    }
    text
}
