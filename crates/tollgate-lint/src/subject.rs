//! A policy file as lints look at it.

use std::cell::OnceCell;

use tollgate_engine::Catalog;
use tollgate_syntax::{
    Attribute, Content, Document, DocumentKind, Element, Expression, Node, Sources, Text,
};

use crate::code::Tree;
use crate::lints::Variables;
use crate::settings::Profile;

/// A document, with all that stands in its sections in the order in which it runs.
pub(crate) struct Subject<'a> {
    pub(crate) document: &'a Document,
    pub(crate) sources: &'a Sources,
    pub(crate) catalog: &'a Catalog,
    pub(crate) profile: Option<Profile>,
    /// All elements in sections, those nested in others too.
    pub(crate) items: Vec<Item<'a>>,
    /// All expressions.
    pub(crate) codes: Vec<Code<'a>>,
    variables: OnceCell<Variables<'a>>,
}

/// An element in a section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) element: &'a Element,
    /// The section; of a fragment nothing.
    pub(crate) section: &'a str,
    /// The index of the element it stands in, unless that is the section.
    pub(crate) parent: Option<usize>,
}

/// An expression, parsed.
pub(crate) struct Code<'a> {
    pub(crate) expression: &'a Expression,
    pub(crate) tree: Tree,
    /// The element it is a value of.
    pub(crate) owner: Item<'a>,
    /// The place of that in the order of elements.
    pub(crate) order: usize,
    /// The attribute it is the value of, if it is one's.
    pub(crate) attribute: Option<&'a str>,
}

/// The sections in the order in which they run.
pub(crate) const SECTIONS: [&str; 4] = ["inbound", "backend", "outbound", "on-error"];

impl<'a> Subject<'a> {
    pub(crate) fn new(
        document: &'a Document,
        sources: &'a Sources,
        catalog: &'a Catalog,
        profile: Option<Profile>,
    ) -> Self {
        let mut subject = Self {
            document,
            sources,
            catalog,
            profile,
            items: Vec::new(),
            codes: Vec::new(),
            variables: OnceCell::new(),
        };
        match document.kind {
            DocumentKind::Policies => {
                for name in SECTIONS {
                    if let Some(section) = subject.section(name) {
                        subject.add_all(section, name, None);
                    }
                }
            }
            DocumentKind::Fragment => subject.add_all(&document.root, "", None),
            DocumentKind::Resolver | DocumentKind::Unknown => {}
        }
        subject
    }

    /// The section of this name.
    pub(crate) fn section(&self, name: &str) -> Option<&'a Element> {
        let mut sections = self.document.root.elements();
        sections.find(|section| &*section.name == name)
    }

    /// All elements of this name.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Item<'a>> {
        self.items
            .iter()
            .filter(move |item| &*item.element.name == name)
    }

    /// The elements that an element stands in, from the inside out.
    pub(crate) fn ancestors(&self, item: &Item<'a>) -> impl Iterator<Item = &Item<'a>> {
        let parent = |item: &Item<'a>| item.parent.and_then(|index| self.items.get(index));
        std::iter::successors(parent(item), move |item| parent(item))
    }

    /// Which variables it sets and reads.
    pub(crate) fn variables(&self) -> &Variables<'a> {
        self.variables.get_or_init(|| Variables::of(self))
    }

    fn add_all(&mut self, parent: &'a Element, section: &'a str, index: Option<usize>) {
        for element in parent.elements() {
            let order = self.items.len();
            let item = Item {
                element,
                section,
                parent: index,
            };
            self.items.push(item);
            for attribute in &element.attributes {
                self.add_code(&attribute.value, (item, order), Some(&attribute.name));
            }
            for node in &element.children {
                if let Node::Text(text) | Node::CData(text) = node {
                    self.add_code(text, (item, order), None);
                }
            }
            self.add_all(element, section, Some(order));
        }
    }

    fn add_code(
        &mut self,
        text: &'a Text,
        (owner, order): (Item<'a>, usize),
        attribute: Option<&'a str>,
    ) {
        if let Content::Expression(expression) = &text.content
            && expression.closed
        {
            self.codes.push(Code {
                expression,
                tree: Tree::parse(expression),
                owner,
                order,
                attribute,
            });
        }
    }
}

/// The literal value of an attribute.
pub(crate) fn literal<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    Some(element.attribute(name)?.value.literal()?.text())
}

/// An attribute whose value is an expression.
pub(crate) fn expression<'e>(element: &'e Element, name: &str) -> Option<&'e Expression> {
    element
        .attribute(name)
        .and_then(|Attribute { value, .. }| value.expression())
}
