//! Which element may stand where: policies in sections, and attributes and children in policies.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_syntax::{Content, Diagnostic, Element, Node as XmlNode, Span};

use super::element_reader::{ElementReader, holds_text};
use super::fragments::MAX_NESTING;
use super::suggest::did_you_mean;
use super::{Loading, Mode};
use crate::block::{Block, Node, Place, PlaceKind};
use crate::known;
use crate::policy::{
    AttributeSpec, Children, ElementSpec, INCLUDE_FRAGMENT, Invalid, PolicyKind, Scope, Section,
    Sections,
};

/// Policies may nest this deep, fragments counted in.
const MAX_DEPTH: usize = 64;
/// One document may come to this many policies, fragments counted in: fragments of fragments multiply.
const MAX_POLICIES: usize = 20_000;

/// The attribute that every policy may have. Source: api-management-error-handling-policies.md.
const ID: AttributeSpec = crate::policy::optional("id").literal();

/// Where an element stands.
#[derive(Debug, Clone)]
pub(crate) struct Position<'a> {
    pub(crate) scope: Scope,
    pub(crate) owner: &'a str,
    pub(crate) section: Section,
    pub(crate) path: String,
    pub(crate) depth: usize,
    /// The fragments it stands in, outermost first.
    pub(crate) fragments: Vec<&'a str>,
    /// The policy or branch it belongs to.
    pub(crate) place: Option<Arc<Place>>,
}

/// How often each element name occurred so far among siblings.
pub(crate) type Counts<'a> = HashMap<&'a str, u32>;

impl<'a> Position<'a> {
    pub(crate) fn of_section(scope: Scope, owner: &'a str, section: Section) -> Self {
        Self {
            scope,
            owner,
            section,
            path: String::new(),
            depth: 0,
            fragments: Vec::new(),
            place: None,
        }
    }

    /// The position of the next child of this name.
    pub(crate) fn child<'n>(&self, name: &'n str, counts: &mut Counts<'n>) -> Self {
        let count = counts.entry(name).or_default();
        *count += 1;
        let separator = if self.path.is_empty() { "" } else { "/" };
        Self {
            path: format!("{}{separator}{name}[{count}]", self.path),
            depth: self.depth + 1,
            fragments: self.fragments.clone(),
            place: self.place.clone(),
            ..*self
        }
    }
}

/// The policies in an element.
pub(crate) fn read_block<'a>(
    loading: &'a Loading<'a>,
    parent: &'a Element,
    position: &Position<'a>,
) -> Result<Block, Invalid> {
    let mut reader = PolicyReader::new(loading, position.clone());
    for child in &parent.children {
        reader.read(child);
    }
    let valid = reader.valid;
    let block = reader.take();
    if valid { Ok(block) } else { Err(Invalid) }
}

/// Reads policies that stand in a row.
#[derive(Debug)]
pub(crate) struct PolicyReader<'a> {
    loading: &'a Loading<'a>,
    position: Position<'a>,
    counts: Counts<'a>,
    nodes: Vec<Node>,
    valid: bool,
}

impl<'a> PolicyReader<'a> {
    pub(crate) fn new(loading: &'a Loading<'a>, position: Position<'a>) -> Self {
        Self {
            loading,
            position,
            counts: Counts::new(),
            nodes: Vec::new(),
            valid: true,
        }
    }

    /// The policies read since the last time; numbering goes on.
    pub(crate) fn take(&mut self) -> Block {
        Block::new(std::mem::take(&mut self.nodes))
    }

    /// Reads one child of a section, a fragment or an element that holds policies.
    pub(crate) fn read(&mut self, child: &'a XmlNode) {
        match child {
            XmlNode::Element(element) => self.valid &= self.policy(element).is_ok(),
            XmlNode::Text(text) | XmlNode::CData(text) if !text.is_blank() => {
                self.fail(unexpected_text(text.span, "policies"));
            }
            _ => {}
        }
    }

    fn fail(&mut self, finding: Diagnostic) {
        self.loading.findings.push(finding);
        self.valid = false;
    }

    fn policy(&mut self, element: &'a Element) -> Result<(), Invalid> {
        let loading = self.loading;
        let position = self.position.child(&element.name, &mut self.counts);
        let name = &*element.name;
        if position.depth > MAX_DEPTH {
            let message = format!("policies are nested more than {MAX_DEPTH} deep");
            return loading.fail(Diagnostic::error("too-deep", element.name_span, message));
        }
        if !loading.count_policy(MAX_POLICIES) {
            return loading.fail(too_large(element));
        }
        match name {
            "base" => return loading.fail(misplaced_base(element, &position)),
            "include-fragment" => return self.fragment(element, position),
            _ => {}
        }
        let Some(kind) = loading.kinds.get(name) else {
            return loading.fail(unknown_policy(loading, element));
        };
        let mut valid = true;
        if let Some(finding) = misplaced(loading, kind, element, &position) {
            loading.findings.push(finding);
            valid = false;
        }
        if kind.once && self.counts.get(name).is_some_and(|count| *count > 1) {
            let message = format!("`{name}` may stand only once in a section");
            let finding = Diagnostic::error("duplicate-policy", element.name_span, message);
            loading.findings.push(finding);
            valid = false;
        }
        let stores = loading.count_stores();
        let mut node = load_policy(loading, kind, element, position)?;
        loading.note_stores(&mut node, stores);
        self.nodes.push(node);
        if valid { Ok(()) } else { Err(Invalid) }
    }

    /// Puts in the policies of a fragment. Source: include-fragment-policy.md.
    fn fragment(&mut self, element: &'a Element, position: Position<'a>) -> Result<(), Invalid> {
        let loading = self.loading;
        let Some((id, root)) = included(loading, element, &position.fragments)? else {
            return Ok(());
        };
        let mut inner = position;
        inner.fragments.push(id);
        let mut reader = PolicyReader::new(loading, inner);
        for child in &root.children {
            reader.read(child);
        }
        self.nodes.append(&mut reader.nodes);
        if reader.valid { Ok(()) } else { Err(Invalid) }
    }
}

/// The id and the root of the fragment that an `include-fragment` puts in, within others; `None` of one that a file which
/// is checked on its own does not bring.
fn included<'a>(
    loading: &'a Loading<'a>,
    element: &'a Element,
    within: &[&str],
) -> Result<Option<(&'a str, &'a Element)>, Invalid> {
    check_attributes(loading, element, INCLUDE_FRAGMENT.attributes, true);
    check_children(loading, element, INCLUDE_FRAGMENT.children);
    let id = literal_attribute(element, "fragment-id").ok_or(Invalid)?;
    let span = (element.attribute("fragment-id"))
        .map_or(element.name_span, |attribute| attribute.value.span);
    let Some(fragment) = loading.fragments.get(id) else {
        let message = format!("there is no fragment `{id}`");
        if loading.mode != Mode::Load && loading.fragments.is_empty() {
            let note = Diagnostic::note("unknown-fragment", span, message);
            loading.findings.push(note);
            return Ok(None);
        }
        let mut finding = Diagnostic::error("unknown-fragment", span, message);
        finding.help = did_you_mean(id, loading.fragments.ids());
        return loading.fail(finding);
    };
    // What is wrong with the fragment itself has been reported.
    let root = fragment.ok_or(Invalid)?;
    if within.contains(&id) {
        return Err(Invalid);
    }
    if within.len() >= MAX_NESTING {
        let message = format!("fragments include fragments more than {MAX_NESTING} deep");
        return loading.fail(Diagnostic::error("too-deep", span, message));
    }
    Ok(Some((id, root)))
}

/// The elements in an element, those of included fragments in the place of these.
pub(super) fn elements<'a>(loading: &'a Loading<'a>, parent: &'a Element) -> Vec<&'a Element> {
    let mut walk = Walk {
        loading,
        within: Vec::new(),
        left: MAX_POLICIES,
        elements: Vec::new(),
    };
    walk.through(parent);
    walk.elements
}

/// A walk through an element and the fragments that are included in it.
struct Walk<'a> {
    loading: &'a Loading<'a>,
    within: Vec<&'a str>,
    /// How many elements there may still be, inclusions counted too: fragments of fragments multiply.
    left: usize,
    elements: Vec<&'a Element>,
}

impl<'a> Walk<'a> {
    fn through(&mut self, parent: &'a Element) {
        for child in parent.elements() {
            let Some(left) = self.left.checked_sub(1) else {
                self.loading.findings.push(too_large(child));
                return;
            };
            self.left = left;
            if &*child.name != INCLUDE_FRAGMENT.name {
                self.elements.push(child);
            } else if let Ok(Some((id, root))) = included(self.loading, child, &self.within) {
                self.within.push(id);
                self.through(root);
                self.within.pop();
            }
        }
    }
}

fn too_large(element: &Element) -> Diagnostic {
    let message = format!("the document comes to more than {MAX_POLICIES} policies");
    Diagnostic::error("too-large", element.name_span, message)
}

/// Loads a policy, once its attributes and children were compared with its table.
pub(super) fn load_policy<'a>(
    loading: &'a Loading<'a>,
    kind: &PolicyKind,
    element: &'a Element,
    mut position: Position<'a>,
) -> Result<Node, Invalid> {
    check_attributes(loading, element, kind.attributes, true);
    check_children(loading, element, kind.children);
    let place = loading.note(policy_place(kind.name, element, &position));
    position.place = Some(Arc::clone(&place));
    let mut reader = ElementReader::new(loading, element, position);
    Ok(Node::new((kind.load)(&mut reader)?, place))
}

/// Where a policy stands.
pub(super) fn policy_place(
    policy: &'static str,
    element: &Element,
    position: &Position<'_>,
) -> Place {
    Place {
        kind: PlaceKind::Policy,
        scope: position.scope,
        section: position.section,
        path: position.path.as_str().into(),
        policy,
        id: literal_attribute(element, "id").map(Into::into),
        span: element.span,
    }
}

/// Loads the document of a resolver. Which data sources there are is said by the kinds that stand nowhere else.
pub(super) fn load_resolver<'a>(
    loading: &'a Loading<'a>,
    root: &'a Element,
    owner: &'a str,
) -> Result<Node, Invalid> {
    loading.begin_document();
    let Some(kind) = loading.kinds.get(&*root.name) else {
        return loading.fail(unknown_policy(loading, root));
    };
    // What a data source does first works on the request.
    let position = Position::of_section(Scope::Resolver, owner, Section::Inbound);
    let position = position.child(&root.name, &mut Counts::new());
    load_policy(loading, kind, root, position)
}

fn misplaced_base(element: &Element, position: &Position<'_>) -> Diagnostic {
    let message = match position.fragments.last() {
        Some(id) => format!("`base` cannot stand in a fragment (`{id}`)"),
        None => format!(
            "`base` must stand directly in `{}`, not within a policy",
            position.section.name()
        ),
    };
    Diagnostic::error("misplaced-base", element.name_span, message)
}

fn unknown_policy(loading: &Loading<'_>, element: &Element) -> Diagnostic {
    let name = &*element.name;
    if known::POLICIES.contains(&name) {
        let message = format!("the policy `{name}` is not built yet");
        return Diagnostic::error("policy-not-built", element.name_span, message);
    }
    let message = format!("there is no policy `{name}`");
    let mut finding = Diagnostic::error("unknown-policy", element.name_span, message);
    let names = known::POLICIES.iter().copied();
    finding.help = did_you_mean(name, names.chain(loading.kinds.keys().copied()));
    finding
}

fn misplaced(
    loading: &Loading<'_>,
    kind: &PolicyKind,
    element: &Element,
    position: &Position<'_>,
) -> Option<Diagnostic> {
    let span = element.name_span;
    if kind.sections == Sections::NONE {
        let message = format!(
            "`{}` is the document of a resolver, and stands in no other",
            kind.name
        );
        return Some(Diagnostic::error("wrong-section", span, message));
    }
    if loading.mode != Mode::CheckFragment && !kind.sections.contains(position.section) {
        let message = format!(
            "`{}` cannot stand in `{}`, only in {}",
            kind.name,
            position.section.name(),
            sections(kind.sections)
        );
        return Some(Diagnostic::error("wrong-section", span, message));
    }
    if loading.mode == Mode::Load && !kind.scopes.contains(position.scope) {
        let allowed: Vec<&str> = (Scope::ALL.into_iter())
            .filter(|scope| kind.scopes.contains(*scope))
            .map(Scope::name)
            .collect();
        let message = format!(
            "`{}` cannot stand in a policy at {} scope, only at {}",
            kind.name,
            position.scope.name(),
            join(&allowed)
        );
        return Some(Diagnostic::error("wrong-scope", span, message));
    }
    None
}

fn sections(set: Sections) -> String {
    let names: Vec<String> = (Section::ALL.into_iter())
        .filter(|section| set.contains(*section))
        .map(|section| format!("`{}`", section.name()))
        .collect();
    join(&names)
}

/// `a`, `a or b`, `a, b or c`.
fn join<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => (*only).to_owned(),
        None => "nowhere".to_owned(),
    }
}

/// Compares attributes with the table.
pub(super) fn check_attributes(
    loading: &Loading<'_>,
    element: &Element,
    specs: &[AttributeSpec],
    is_policy: bool,
) {
    let id = is_policy.then_some(&ID);
    let known = || specs.iter().chain(id);
    for attribute in &element.attributes {
        let name = &*attribute.name;
        match known().find(|spec| spec.name == name) {
            // Namespace declarations say nothing to a policy.
            None if name == "xmlns" || name.starts_with("xmlns:") => {}
            None => {
                let message = format!("`{}` has no attribute `{name}`", element.name);
                let mut finding =
                    Diagnostic::error("unknown-attribute", attribute.name_span, message);
                finding.help = did_you_mean(name, known().map(|spec| spec.name));
                loading.findings.push(finding);
            }
            Some(spec) => {
                if !spec.expression && attribute.value.expression().is_some() {
                    let span = attribute.value.span;
                    let finding = loading.no_expression(&element.name, name, span);
                    loading.findings.push(finding);
                }
            }
        }
    }
    for spec in specs.iter().filter(|spec| spec.required) {
        if element.attribute(spec.name).is_none() {
            let finding = loading.missing_attribute(element, spec.name);
            loading.findings.push(finding);
        }
    }
}

/// Compares what stands in an element with the table. Policies in it are looked at when they are loaded.
fn check_children<'a>(loading: &'a Loading<'a>, element: &'a Element, children: Children) {
    if matches!(children, Children::Any | Children::Policies) {
        return;
    }
    if !holds_text(children)
        && let Some(text) = element.children.iter().find(|child| {
            matches!(child, XmlNode::Text(_) | XmlNode::CData(_)) && !child.is_layout()
        })
    {
        let finding = unexpected_text(text.span(), &format!("`{}`", element.name));
        loading.findings.push(finding);
    }
    let specs = match children {
        Children::Elements(specs) => specs,
        _ => &[],
    };
    let mut counts = Counts::new();
    let takes_fragments = specs.iter().any(|spec| spec.name == INCLUDE_FRAGMENT.name);
    let elements = match takes_fragments {
        true => elements(loading, element),
        false => element.elements().collect(),
    };
    for child in elements {
        let name = &*child.name;
        let count = counts.entry(name).or_default();
        *count += 1;
        match specs.iter().find(|spec| spec.name == name) {
            None => {
                loading
                    .findings
                    .push(unknown_element(element, child, specs));
            }
            Some(spec) => {
                if !spec.many && *count > 1 {
                    let message = format!("`{name}` may stand only once in `{}`", element.name);
                    let finding = Diagnostic::error("duplicate-element", child.name_span, message);
                    loading.findings.push(finding);
                }
                let is_policy = known::POLICIES.contains(&name);
                check_attributes(loading, child, spec.attributes, is_policy);
                check_children(loading, child, spec.children);
            }
        }
    }
    for spec in specs.iter().filter(|spec| spec.required) {
        if !counts.contains_key(spec.name) {
            let message = format!("`{}` needs the element `{}`", element.name, spec.name);
            let finding = Diagnostic::error("missing-element", element.name_span, message);
            loading.findings.push(finding);
        }
    }
}

fn unknown_element(parent: &Element, child: &Element, specs: &[ElementSpec]) -> Diagnostic {
    let message = format!("`{}` cannot hold the element `{}`", parent.name, child.name);
    let mut finding = Diagnostic::error("unknown-element", child.name_span, message);
    finding.help = did_you_mean(&child.name, specs.iter().map(|spec| spec.name));
    finding
}

/// Text where only elements may stand.
pub(crate) fn unexpected_text(span: Span, place: &str) -> Diagnostic {
    let message = format!("there cannot be text in {place}");
    Diagnostic::error("unexpected-text", span, message)
}

/// The attribute's value without white space at its ends; `None` if it is missing or an expression.
fn literal_attribute<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    match &element.attribute(name)?.value.content {
        Content::Literal(text) => Some(text.text().trim()),
        Content::Expression(_) => None,
    }
}
