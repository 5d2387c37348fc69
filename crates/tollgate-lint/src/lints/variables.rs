//! Which variables a document sets and reads, in the order in which it runs.

use std::collections::HashSet;

use tollgate_engine::compiler;
use tollgate_expressions::Form;
use tollgate_syntax::csharp::ast::{ExprKind, TypeSyntax};
use tollgate_syntax::{Content, Document, ExpressionKind, Sources, Span, Text};

use crate::code::{How, span, text, variable};
use crate::subject::{Subject, literal};

/// A variable that is set.
pub(super) struct Set<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// Its type, as .NET names it, if that is known.
    pub(super) ty: Option<String>,
    /// The place in the order of elements.
    order: usize,
}

/// A variable that is read.
pub(super) struct Read {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) how: Reading,
    /// The type that it is taken as, as it is written.
    pub(super) ty: Option<String>,
    order: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Index,
    OrDefault,
    Asked,
}

/// All that is set and read.
pub(super) struct Variables<'a> {
    pub(super) sets: Vec<Set<'a>>,
    pub(super) reads: Vec<Read>,
    /// The names that fragments set which the document includes.
    included: HashSet<String>,
    /// Whether it includes a fragment that is not known, or is one itself.
    pub(super) is_open: bool,
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
    pub(super) fn of(subject: &Subject<'a>) -> Self {
        let mut all = Self {
            sets: Vec::new(),
            reads: Vec::new(),
            included: HashSet::new(),
            is_open: subject.document.kind == tollgate_syntax::DocumentKind::Fragment,
        };
        for (order, item) in subject.items.iter().enumerate() {
            let element = item.element;
            if &*element.name == "set-variable"
                && let Some(attribute) = element.attribute("name")
                && let Some(name) = attribute.value.literal()
            {
                let value = element.attribute("value").map(|value| &value.value);
                all.sets.push(Set {
                    name: name.text(),
                    span: attribute.value.span,
                    ty: value.and_then(type_of),
                    order,
                });
            }
            for attribute in &element.attributes {
                // `return-response` takes its response from one.
                let sets =
                    SETTERS.contains(&&*attribute.name) && &*element.name != "return-response";
                if let (true, Some(name)) = (sets, attribute.value.literal()) {
                    all.sets.push(Set {
                        name: name.text(),
                        span: attribute.value.span,
                        ty: None,
                        order,
                    });
                }
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
                    order: code.item,
                });
            });
        }
        all
    }

    /// The places that set a variable.
    pub(super) fn setters(&self, name: &str) -> impl Iterator<Item = &Set<'a>> {
        self.sets.iter().filter(move |set| set.name == name)
    }

    /// Whether anything that can be seen sets a variable.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.setters(name).next().is_some() || self.included.contains(name)
    }

    /// Whether anything sets a variable before that is read.
    pub(super) fn is_set_before(&self, read: &Read) -> bool {
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
    let mut names = Vec::new();
    for item in &fragment.items {
        let own = (&*item.element.name == "set-variable").then(|| literal(item.element, "name"));
        names.extend(own.flatten().map(str::to_owned));
        let set = SETTERS
            .iter()
            .filter_map(|name| literal(item.element, name));
        names.extend(set.map(str::to_owned));
    }
    names
}

/// The type of a value: of a literal a string, of an expression what the compiler says.
fn type_of(value: &Text) -> Option<String> {
    let expression = match &value.content {
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
