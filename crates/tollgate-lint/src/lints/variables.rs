//! Which variables a document sets and reads, in the order in which it runs.

use std::collections::HashSet;

use tollgate_engine::compiler;
use tollgate_expressions::Form;
use tollgate_syntax::csharp::ast::{ExprKind, TypeSyntax};
use tollgate_syntax::{Attribute, Content, Document, Element, ExpressionKind, Sources, Span, Text};

use crate::code::{How, span, text, variable};
use crate::subject::{Subject, literal};

/// A variable that is set.
pub(crate) struct Set<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    /// The value of `set-variable`.
    value: Option<&'a Text>,
    /// The place in the order of elements.
    order: usize,
}

/// A variable that is read.
pub(crate) struct Read {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) how: Reading,
    /// The type that it is taken as, as it is written.
    pub(crate) ty: Option<String>,
    order: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Index,
    OrDefault,
    Asked,
}

/// All that is set and read.
pub(crate) struct Variables<'a> {
    pub(crate) sets: Vec<Set<'a>>,
    pub(crate) reads: Vec<Read>,
    /// The names that fragments set which the document includes.
    included: HashSet<String>,
    /// Whether it includes a fragment that is not known, or is one itself.
    pub(crate) is_open: bool,
}

/// Attributes that name a variable which the policy sets.
const SETTERS: [&str; 13] = [
    "context-variable-name",
    "response-variable-name",
    "variable-name",
    "output-token-variable-name",
    "errors-variable-name",
    "tokens-consumed-variable-name",
    "remaining-tokens-variable-name",
    "remaining-quota-tokens-variable-name",
    "remaining-calls-variable-name",
    "retry-after-variable-name",
    "error-variable-name",
    "value-variable-name",
    "output-variable-name",
];

impl<'a> Variables<'a> {
    pub(crate) fn of(subject: &Subject<'a>) -> Self {
        let mut all = Self {
            sets: Vec::new(),
            reads: Vec::new(),
            included: HashSet::new(),
            is_open: subject.document.kind == tollgate_syntax::DocumentKind::Fragment,
        };
        for (order, item) in subject.items.iter().enumerate() {
            let element = item.element;
            for (name, attribute) in names_set(element) {
                let value = element.attribute("value");
                all.sets.push(Set {
                    name,
                    span: attribute.value.span,
                    value: value
                        .filter(|_| is_set_variable(element))
                        .map(|value| &value.value),
                    order,
                });
            }
            if &*element.name == "include-fragment" {
                let id = literal(element, "fragment-id").unwrap_or_default();
                all.include(subject, id);
            }
        }
        for code in &subject.codes {
            let mut casts: Vec<(u32, u32, &TypeSyntax)> = Vec::new();
            code.tree.walk(&mut |expr| {
                if let ExprKind::Cast { ty, value } = &expr.kind {
                    casts.push((value.range.start, value.range.end, ty));
                }
                let Some((name, range, how)) = variable(expr) else {
                    return;
                };
                let cast = (casts.iter())
                    .find(|(start, end, _)| (*start, *end) == (expr.range.start, expr.range.end));
                let (how, ty) = match how {
                    How::Index => (Reading::Index, cast.map(|(_, _, ty)| *ty)),
                    How::OrDefault(ty) => (Reading::OrDefault, ty),
                    How::Asked => (Reading::Asked, None),
                };
                all.reads.push(Read {
                    name: name.to_owned(),
                    span: span(code.expression, range),
                    how,
                    ty: ty.map(|ty| text(code.expression, ty.range).to_owned()),
                    order: code.order,
                });
            });
        }
        all
    }

    /// The places that set a variable.
    pub(crate) fn setters(&self, name: &str) -> impl Iterator<Item = &Set<'a>> {
        self.sets.iter().filter(move |set| set.name == name)
    }

    /// Whether anything that can be seen sets a variable.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.setters(name).next().is_some() || self.included.contains(name)
    }

    /// Whether anything sets a variable before that is read.
    pub(crate) fn is_set_before(&self, read: &Read) -> bool {
        self.setters(&read.name).any(|set| set.order < read.order)
            || self.included.contains(&read.name)
    }

    fn include(&mut self, subject: &Subject<'_>, id: &str) {
        let Some(source) = subject.catalog.fragment_source(id) else {
            self.is_open = true;
            return;
        };
        let mut sources = Sources::new();
        let file = sources.add(&source.name, &source.text);
        match tollgate_syntax::parse(file, &sources).0 {
            Some(document) => self.included.extend(set_in(&document, subject)),
            None => self.is_open = true,
        }
    }
}

/// The names of variables that a fragment sets.
fn set_in(document: &Document, subject: &Subject<'_>) -> Vec<String> {
    let sources = Sources::new();
    let fragment = Subject::new(document, &sources, subject.catalog, None);
    let items = fragment.items.iter();
    let names = items.flat_map(|item| names_set(item.element));
    names.map(|(name, _)| name.to_owned()).collect()
}

fn is_set_variable(element: &Element) -> bool {
    &*element.name == "set-variable"
}

/// The names of variables that an element sets, and the attributes that they stand in.
fn names_set(element: &Element) -> impl Iterator<Item = (&str, &Attribute)> {
    let attributes = element.attributes.iter().filter(|attribute| {
        // `return-response` takes its response from one.
        (is_set_variable(element) && &*attribute.name == "name")
            || (SETTERS.contains(&&*attribute.name) && &*element.name != "return-response")
    });
    attributes.filter_map(|attribute| Some((attribute.value.literal()?.text(), attribute)))
}

/// A place that sets or reads a variable of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableUse {
    /// The variable's name.
    pub name: String,
    /// Where the name stands; of one that code reads with its quotes.
    pub span: Span,
    /// Whether it is set there.
    pub is_set: bool,
}

/// The places of a document that set or read variables by name: those that set them first, each in the order of the file.
///
/// ```
/// use tollgate_lint::variables;
/// use tollgate_syntax::{Sources, parse};
///
/// let mut sources = Sources::new();
/// let text = r#"<fragment><set-variable name="id" value="@(context.Variables["key"])" /></fragment>"#;
/// let file = sources.add("a.xml", text);
/// let document = parse(file, &sources).0.unwrap();
/// let found: Vec<_> = variables(&document, &sources).into_iter().map(|it| (it.name, it.is_set)).collect();
/// assert_eq!(found, [("id".to_owned(), true), ("key".to_owned(), false)]);
/// ```
pub fn variables(document: &Document, sources: &Sources) -> Vec<VariableUse> {
    let catalog = tollgate_engine::Catalog::new();
    let subject = Subject::new(document, sources, &catalog, None);
    let Variables { sets, reads, .. } = Variables::of(&subject);
    let sets = sets.into_iter().map(|set| VariableUse {
        name: set.name.to_owned(),
        span: set.span,
        is_set: true,
    });
    let reads = reads.into_iter().map(|read| VariableUse {
        name: read.name,
        span: read.span,
        is_set: false,
    });
    sets.chain(reads).collect()
}

impl Set<'_> {
    /// Its type, as the compiler names it, if that is known: of a literal a string.
    pub(crate) fn ty(&self) -> Option<String> {
        let expression = match &self.value?.content {
            Content::Literal(_) => return Some("System.String".to_owned()),
            Content::Expression(expression) => expression,
        };
        let form = match expression.kind {
            ExpressionKind::Single => Form::Single,
            ExpressionKind::Block => Form::Block,
        };
        let program = compiler().compile(expression.code.text(), form).ok()?;
        Some(program.result_type().to_string())
    }
}
