//! What a policy's `load` reads its element through.

use std::sync::Arc;

use tollgate_dotnet::Str;
use tollgate_syntax::{Content, Diagnostic, Element, MappedText, Span, Text};

use super::named_values::is_liquid;
use super::placement::{Counts, Position, check_attributes, elements, policy_place, read_block};
use super::suggest::did_you_mean;
use super::{Loading, Mode};
use crate::block::{Block, Node, Place, PlaceKind};
use crate::certificate::Certificate;
use crate::policy::{AttributeSpec, Children, Invalid, Policy, Scope, Section};
use crate::setting::{FromValue, Setting};

/// An element of a policy document, named values replaced, at its place. Whatever is wrong with it is recorded as a
/// diagnostic and answered by [`Invalid`]; loading then goes on with the next policy.
///
/// Attributes and children were compared with the policy's table before `load` is called.
#[derive(Debug, Clone)]
pub struct ElementReader<'a> {
    loading: &'a Loading<'a>,
    element: &'a Element,
    position: Position<'a>,
}

/// A policy's name, and the policy.
pub type Loaded = (&'static str, Result<Box<dyn Policy>, Invalid>);

impl<'a> ElementReader<'a> {
    pub(crate) fn new(
        loading: &'a Loading<'a>,
        element: &'a Element,
        position: Position<'a>,
    ) -> Self {
        Self {
            loading,
            element,
            position,
        }
    }

    /// The element's name.
    pub fn name(&self) -> &'a str {
        &self.element.name
    }

    /// The whole element in its file.
    pub fn span(&self) -> Span {
        self.element.span
    }

    /// The element's name in its start tag: the place for what is wrong with the element as such.
    pub fn name_span(&self) -> Span {
        self.element.name_span
    }

    /// The scope of the document it stands in.
    pub fn scope(&self) -> Scope {
        self.position.scope
    }

    /// The section it stands in.
    pub fn section(&self) -> Section {
        self.position.section
    }

    /// Where it stands in the section: `choose[3]/when[2]`.
    pub fn path(&self) -> &str {
        &self.position.path
    }

    /// What the document belongs to: the id of its product or API, `api-id;operation-id` for an operation, the
    /// workspace's id, empty for the global one.
    pub fn owner(&self) -> &'a str {
        self.position.owner
    }

    /// Whether it has this attribute.
    pub fn has(&self, name: &str) -> bool {
        self.element.attribute(name).is_some()
    }

    /// Where the value of an attribute stands; the element's name if it has none of this name.
    pub fn attribute_span(&self, name: &str) -> Span {
        let attribute = self.element.attribute(name);
        attribute.map_or(self.element.name_span, |attribute| attribute.value.span)
    }

    /// The attribute's value, which must be there.
    pub fn setting<T: FromValue>(&self, name: &str) -> Result<Setting<T>, Invalid> {
        self.optional_setting(name)?
            .ok_or_else(|| self.missing(name))
    }

    /// The attribute's value, if it is there.
    pub fn optional_setting<T: FromValue>(
        &self,
        name: &str,
    ) -> Result<Option<Setting<T>>, Invalid> {
        let attribute = self.element.attribute(name);
        attribute
            .map(|attribute| self.value(&attribute.value, &format!("`{name}`"), true))
            .transpose()
    }

    /// The attribute's value, which must be there and cannot be an expression.
    pub fn literal<T: FromValue>(&self, name: &str) -> Result<T, Invalid> {
        self.optional_literal(name)?
            .ok_or_else(|| self.missing(name))
    }

    /// The attribute's value, if it is there; it cannot be an expression.
    pub fn optional_literal<T: FromValue>(&self, name: &str) -> Result<Option<T>, Invalid> {
        match self.optional_setting(name)? {
            None => Ok(None),
            Some(Setting::Literal(value)) => Ok(Some(value)),
            Some(Setting::Program(_)) => Err(self.report(self.loading.no_expression(
                &self.element.name,
                name,
                self.attribute_span(name),
            ))),
        }
    }

    /// As [`optional_literal`](Self::optional_literal), with white space at its ends: a separator may be a space.
    pub fn verbatim_literal<T: FromValue>(&self, name: &str) -> Result<Option<T>, Invalid> {
        let Some(attribute) = self.element.attribute(name) else {
            return Ok(None);
        };
        match self.value(&attribute.value, &format!("`{name}`"), false)? {
            Setting::Literal(value) => Ok(Some(value)),
            Setting::Program(_) => {
                let span = attribute.value.span;
                Err(self.report(self.loading.no_expression(&self.element.name, name, span)))
            }
        }
    }

    /// The text in the element, without white space at its ends.
    pub fn text_setting<T: FromValue>(&self) -> Result<Setting<T>, Invalid> {
        self.value(&self.element.text(), &format!("`<{}>`", self.name()), true)
    }

    /// The text in the element with all its white space, as `set-body` takes it.
    pub fn verbatim_setting<T: FromValue>(&self) -> Result<Setting<T>, Invalid> {
        self.value(&self.element.text(), &format!("`<{}>`", self.name()), false)
    }

    /// Where the text in the element stands.
    pub fn text_span(&self) -> Span {
        self.element.inner_span
    }

    /// What stands between the tags as it is in the file, named values replaced: for bodies that are markup.
    pub fn inner_source(&self) -> String {
        self.source_of(self.element.inner_span)
    }

    /// The whole element as it is in the file, named values replaced: for documents that are XML of their own.
    pub fn outer_source(&self) -> String {
        self.source_of(self.element.span)
    }

    /// Where a line of [`outer_source`](Self::outer_source) stands, counted from 1, without the white space around it;
    /// the element's name if that is not known.
    pub fn line_span(&self, line: usize) -> Span {
        let source = self.loading.sources.text(self.element.span);
        let mut lines = source.split_inclusive('\n');
        let before: usize = lines
            .by_ref()
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let found = lines
            .next()
            .filter(|found| line > 0 && !found.trim().is_empty());
        let Some(found) = found else {
            return self.name_span();
        };
        let start = before + found.len() - found.trim_start().len();
        let mut span = self.element.span;
        let at = |offset: usize| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            self.element
                .span
                .start
                .saturating_add(offset)
                .min(self.element.span.end)
        };
        span.start = at(start);
        span.end = at(start + found.trim().len());
        span
    }

    /// Compares the attributes of an element that stands in no table, below [`Children::Any`], with `specs`.
    pub fn check_attributes(&self, specs: &[AttributeSpec]) {
        check_attributes(self.loading, self.element, specs, false);
    }

    fn source_of(&self, span: Span) -> String {
        let source = self.loading.sources.text(span);
        let text = self.loading.named_values.replace_source(
            source,
            span,
            is_liquid(self.element),
            self.loading.findings,
        );
        text.text().to_owned()
    }

    /// Whether there are elements in it.
    pub fn has_children(&self) -> bool {
        self.element.elements().next().is_some()
    }

    /// The elements in it, in order.
    pub fn children(&self) -> Vec<ElementReader<'a>> {
        self.readers(self.element.elements())
    }

    fn readers(&self, elements: impl Iterator<Item = &'a Element>) -> Vec<ElementReader<'a>> {
        let mut counts = Counts::default();
        elements
            .map(|element| {
                let position = self.position.child(&element.name, &mut counts);
                ElementReader::new(self.loading, element, position)
            })
            .collect()
    }

    /// The elements of this name in it, in order.
    pub fn children_named(&self, name: &str) -> impl Iterator<Item = ElementReader<'a>> {
        let mut children = self.children();
        children.retain(|child| child.name() == name);
        children.into_iter()
    }

    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<ElementReader<'a>> {
        self.children_named(name).next()
    }

    /// The certificate of the catalog that an attribute names; `None` when a document is checked on its own, without a
    /// catalog.
    pub fn certificate(&self, attribute: &str) -> Result<Option<&'a Certificate>, Invalid> {
        let id: Str = self.literal(attribute)?;
        let id = id.to_utf8();
        if self.loading.mode != Mode::Load {
            return Ok(None);
        }
        let all = self.loading.certificates;
        if let Some((_, found)) = all.iter().find(|(known, _)| *known == *id) {
            return Ok(Some(found));
        }
        let message = format!("there is no certificate `{id}`");
        let span = self.attribute_span(attribute);
        let mut finding = Diagnostic::error("unknown-certificate", span, message);
        finding.help = did_you_mean(&id, all.iter().map(|(known, _)| known.as_str()));
        Err(self.report(finding))
    }

    /// The element as a branch of its policy, whose policies run or do not, such as `when`. What is read of it from then
    /// on belongs to the branch. The policy says whether it takes it: [`Context::decide`](crate::Context::decide).
    pub fn branch(&self) -> (ElementReader<'a>, Arc<Place>) {
        let position = &self.position;
        let place = self.loading.note(Place {
            kind: PlaceKind::Branch,
            scope: position.scope,
            section: position.section,
            path: position.path.as_str().into(),
            policy: (position.place.as_ref()).map_or("", |place| place.policy),
            id: None,
            span: self.element.span,
        });
        let mut reader = self.clone();
        reader.position.place = Some(Arc::clone(&place));
        (reader, place)
    }

    /// The policies in it.
    pub fn block(&self) -> Result<Block, Invalid> {
        read_block(self.loading, self.element, &self.position)
    }

    /// The elements in it as policies that run in a row, as those of a section do; those of a fragment stand in the place
    /// of `include-fragment`. `own` loads an element in place of the policy of its name, which it gives too.
    pub fn block_of(
        &self,
        section: Section,
        own: impl Fn(&ElementReader<'a>) -> Option<Loaded>,
    ) -> Result<Block, Invalid> {
        let mut nodes = Vec::new();
        for mut child in self.readers(elements(self.loading, self.element).into_iter()) {
            child.position.section = section;
            child.position.place = None;
            let kind = self.loading.kinds.get(child.name());
            let (name, policy) = match (own(&child), kind) {
                (Some(own), _) => own,
                (None, Some(kind)) => (kind.name, (kind.load)(&mut child)),
                // That the table has no such element has been reported.
                (None, None) => continue,
            };
            let place = policy_place(name, child.element, &child.position);
            nodes.push(policy.map(|policy| Node::new(policy, self.loading.note(place))));
        }
        let nodes = nodes.into_iter().collect::<Result<Vec<_>, Invalid>>()?;
        Ok(Block::new(nodes))
    }

    /// Records an error about this place.
    pub fn error(&self, code: &'static str, span: Span, message: impl Into<String>) -> Invalid {
        self.report(Diagnostic::error(code, span, message))
    }

    /// Records a diagnostic. A warning or a note is recorded too; going on is then the caller's choice.
    ///
    /// What is said of a value with a `{{name}}` in it that is not known is dropped: it may turn out to be anything.
    pub fn report(&self, finding: Diagnostic) -> Invalid {
        let source = self.loading.sources.text(finding.span);
        // A place that begins with a tag is an element's, not a value's.
        let is_open = self.loading.named_values.is_open(source);
        if source.starts_with('<') || !is_open {
            self.loading.findings.push(finding);
        }
        Invalid
    }

    /// Records that a literal must be one of `allowed`, with the closest as a suggestion.
    pub fn not_one_of(&self, span: Span, what: &str, found: &str, allowed: &[&str]) -> Invalid {
        let names: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("{what} must be one of {}, not `{found}`", names.join(", "));
        let mut finding = Diagnostic::error("wrong-type", span, message);
        finding.help = did_you_mean(found, allowed.iter().copied());
        self.report(finding)
    }

    fn missing(&self, attribute: &str) -> Invalid {
        self.report(self.loading.missing_attribute(self.element, attribute))
    }

    fn value<T: FromValue>(
        &self,
        text: &Text,
        what: &str,
        trim: bool,
    ) -> Result<Setting<T>, Invalid> {
        match &text.content {
            Content::Literal(literal) => self.read_literal(literal, text.span, what, trim),
            Content::Expression(expression) => {
                let program = self.loading.compile(expression)?;
                let ty = program.result_type();
                if !T::accepts(ty) {
                    let message = format!(
                        "{what} must be {}, but the expression gives `{ty}`",
                        T::EXPECTED
                    );
                    return Err(self.error("wrong-type", expression.span, message));
                }
                let place = self.position.place.clone();
                let expression = self.loading.expression(expression, program, place);
                Ok(Setting::Program(expression))
            }
        }
    }

    fn read_literal<T: FromValue>(
        &self,
        literal: &MappedText,
        span: Span,
        what: &str,
        trim: bool,
    ) -> Result<Setting<T>, Invalid> {
        let whole = literal.text();
        let text = if trim { whole.trim() } else { whole };
        if let Some(value) = T::from_literal(text) {
            return Ok(Setting::Literal(value));
        }
        let start = whole.len() - whole.trim_start().len();
        let span = match text.is_empty() {
            true => span,
            false => literal.span(start..start + text.len()),
        };
        let message = format!("{what} must be {}, not `{text}`", T::EXPECTED);
        Err(self.error("wrong-type", span, message))
    }
}

impl Loading<'_> {
    pub(super) fn no_expression(&self, element: &str, attribute: &str, span: Span) -> Diagnostic {
        let message = format!("`{attribute}` of `{element}` cannot be an expression");
        Diagnostic::error("expression-not-allowed", span, message)
    }

    pub(super) fn missing_attribute(&self, element: &Element, attribute: &str) -> Diagnostic {
        let message = format!("`{}` needs the attribute `{attribute}`", element.name);
        Diagnostic::error("missing-attribute", element.name_span, message)
    }
}

/// Whether elements may hold text at all.
pub(super) fn holds_text(children: Children) -> bool {
    matches!(children, Children::Text | Children::Any)
}
