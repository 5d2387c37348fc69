//! From policy text to plans.
//!
//! Each document is parsed, its named values are replaced, and its policies are loaded, once; fragments are loaded
//! wherever they are put in. Then the documents of all scopes are merged at `<base />`. Everything that is wrong is
//! found in one go.

mod assemble;
mod backends;
mod check;
mod documents;
mod element_reader;
mod findings;
mod fragments;
mod named_values;
mod placement;
mod scopes;
mod suggest;
#[cfg(test)]
pub(crate) mod tests;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use tollgate_expressions::{CompileError, Compiler, Form, Program};
use tollgate_syntax::{
    Diagnostic, Document, DocumentKind, Element, Expression, ExpressionKind, Severity, Sources,
};

use crate::block::{Node, Place};
use crate::catalog::Source;
use crate::certificate::Certificate;
use crate::expression::Site;
use crate::policy::{Invalid, PolicyKind};

pub(crate) use assemble::load;
pub use check::{Checked, Statistics, check, document_kind};
pub use element_reader::{ElementReader, Loaded};
use findings::Findings;
use fragments::Fragments;
use named_values::NamedValues;
pub use suggest::closest;

/// Why a catalog makes no plan: everything that is wrong with it, and the texts it is about.
///
/// `Display` gives one line for each, `file:line:column: error[code]: message`, with its help below it. A picture of
/// the place is made by `tollgate_syntax`'s `render`.
#[derive(Debug, Clone, thiserror::Error)]
pub struct LoadErrors {
    /// What is wrong, by file and place; warnings and notes too.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics are about.
    pub sources: Sources,
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write_finding(f, finding, &self.sources)?;
        }
        Ok(())
    }
}

fn write_finding(
    f: &mut fmt::Formatter<'_>,
    finding: &Diagnostic,
    sources: &Sources,
) -> fmt::Result {
    let place = tollgate_syntax::Place::of(finding.span, sources);
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    write!(
        f,
        "{}:{}:{}: {severity}[{}]: {}",
        place.file, place.line, place.column, finding.code, finding.message
    )?;
    if let Some(help) = &finding.help {
        write!(f, "\n  help: {help}")?;
    }
    Ok(())
}

/// What is loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A plan.
    Load,
    /// A policy document on its own; its scope is not known.
    Check,
    /// A fragment on its own; neither its section nor its scope is known.
    CheckFragment,
}

/// Policy kinds by name. Of two with the same name the later counts, so that one can be replaced.
pub(crate) type Kinds = HashMap<&'static str, &'static PolicyKind>;

pub(crate) fn kinds_by_name(kinds: &[&'static [PolicyKind]]) -> Kinds {
    let all = kinds.iter().copied().flatten();
    all.map(|kind| (kind.name, kind)).collect()
}

/// Reads a document and replaces its named values. What is wrong is recorded; a root of the wrong kind is no document.
pub(crate) fn read(
    source: &Source,
    expected: DocumentKind,
    sources: &mut Sources,
    named_values: &NamedValues<'_>,
    findings: &Findings,
) -> Option<Element> {
    let file = sources.add(&source.name, &source.text);
    let (document, problems) = tollgate_syntax::parse(file, sources);
    findings.extend(problems);
    let mut document = document?;
    if document.kind != expected {
        findings.extend(wrong_root(&document, expected));
        return None;
    }
    named_values.replace(&mut document.root, findings);
    Some(document.root)
}

/// What is wrong with a root that makes another kind of document. The reader has reported one that makes none at all.
fn wrong_root(document: &Document, expected: DocumentKind) -> Option<Diagnostic> {
    let Element {
        name, name_span, ..
    } = &document.root;
    let wanted = match (document.kind, expected) {
        (DocumentKind::Unknown, _) => return None,
        (_, DocumentKind::Fragment) => "a fragment begins with `<fragment>`",
        (_, DocumentKind::Resolver) => {
            "a resolver begins with its data source, such as `<http-data-source>`"
        }
        _ => "a policy document begins with `<policies>`",
    };
    let message = format!("{wanted}, not `<{name}>`");
    Some(Diagnostic::error("wrong-root", *name_span, message))
}

/// What policies are loaded with.
pub(crate) struct Loading<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) named_values: &'a NamedValues<'a>,
    pub(crate) fragments: &'a Fragments<'a>,
    pub(crate) findings: &'a Findings,
    pub(crate) kinds: &'a Kinds,
    pub(crate) mode: Mode,
    /// What the catalog has; none of a document on its own.
    pub(crate) certificates: &'a [(String, Certificate)],
    compiler: Compiler,
    /// Identical expressions share one program.
    programs: RefCell<HashMap<ProgramKey, Compiled>>,
    policies: Cell<usize>,
    /// Where policies and branches stand, in the order in which they were met.
    places: RefCell<Vec<Arc<Place>>>,
    /// The expressions, in the same order.
    expressions: RefCell<Vec<crate::Expression>>,
    /// The names of policies that resume cache hits, in the order in which they were loaded.
    stores: RefCell<Vec<&'static str>>,
}

type ProgramKey = (ExpressionKind, Box<str>);
type Compiled = Result<Program, Vec<CompileError>>;

impl fmt::Debug for Loading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loading")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl<'a> Loading<'a> {
    pub(crate) fn new(
        sources: &'a Sources,
        named_values: &'a NamedValues<'a>,
        fragments: &'a Fragments<'a>,
        findings: &'a Findings,
        kinds: &'a Kinds,
        mode: Mode,
    ) -> Self {
        Self {
            sources,
            named_values,
            fragments,
            findings,
            kinds,
            mode,
            certificates: &[],
            compiler: crate::context::compiler(),
            programs: RefCell::default(),
            policies: Cell::new(0),
            places: RefCell::default(),
            expressions: RefCell::default(),
            stores: RefCell::default(),
        }
    }

    /// With the certificates that the catalog has.
    pub(crate) fn with_certificates(self, certificates: &'a [(String, Certificate)]) -> Self {
        Self {
            certificates,
            ..self
        }
    }

    /// Records the finding.
    pub(crate) fn fail<T>(&self, finding: Diagnostic) -> Result<T, Invalid> {
        self.findings.push(finding);
        Err(Invalid)
    }

    /// Notes where a policy or a branch stands.
    pub(crate) fn note(&self, place: Place) -> Arc<Place> {
        let place = Arc::new(place);
        self.places.borrow_mut().push(Arc::clone(&place));
        place
    }

    /// All places and all expressions, in the order of the catalog's documents.
    pub(crate) fn into_places(self) -> (Vec<Arc<Place>>, Vec<crate::Expression>) {
        (self.places.into_inner(), self.expressions.into_inner())
    }

    /// Begins to count policies anew.
    pub(crate) fn begin_document(&self) {
        self.policies.set(0);
        self.stores.borrow_mut().clear();
    }

    /// How many policies that resume cache hits were loaded so far.
    pub(crate) fn count_stores(&self) -> usize {
        self.stores.borrow().len()
    }

    /// Notes what a node has to know of cache hits: which of the policies that resume them it is, or were loaded in it.
    pub(crate) fn note_stores(&self, node: &mut Node, before: usize) {
        let mut stores = self.stores.borrow_mut();
        if node.policy.resumes_hits() {
            stores.push(node.place.policy);
        }
        node.stores = stores.get(before..).unwrap_or_default().into();
    }

    /// Counts one more policy of the document; false when it has too many.
    pub(crate) fn count_policy(&self, limit: usize) -> bool {
        self.policies.set(self.policies.get() + 1);
        self.policies.get() <= limit
    }

    /// Puts a program to where it stands, for traces and coverage.
    pub(crate) fn expression(
        &self,
        expression: &Expression,
        program: Program,
        place: Option<Arc<Place>>,
    ) -> crate::Expression {
        let source = self.sources.text(expression.span);
        let secrets = match self.named_values.has_secret(source) {
            true => self.named_values.secrets(),
            false => Vec::new(),
        };
        let site = Site::new(expression.code.clone(), expression.span, place, &secrets);
        let made = crate::Expression::at(program, site);
        self.expressions.borrow_mut().push(made.clone());
        made
    }

    /// Compiles an expression, or takes the program of an identical one.
    pub(crate) fn compile(&self, expression: &Expression) -> Result<Program, Invalid> {
        // An expression without an end has been reported.
        if !expression.closed {
            return Err(Invalid);
        }
        self.compiled(expression).map_err(|errors| {
            let errors = match self.named_values.is_open(expression.code.text()) {
                true => self.errors_beside_holes(expression),
                false => errors,
            };
            for error in errors {
                self.findings.push(self.explain(expression, error));
            }
            Invalid
        })
    }

    /// Why an expression does not compile, in a word: C#'s number of the first error, or the name of another finding.
    /// What is wrong with it is recorded.
    pub(crate) fn refusal(&self, expression: &Expression) -> Option<&'static str> {
        if !expression.closed {
            return Some("unclosed-expression");
        }
        self.compile(expression).err()?;
        if self.named_values.is_open(expression.code.text()) {
            return Some("unknown-named-value");
        }
        let errors = self.compiled(expression).err()?;
        errors.first().map(|error| error.code)
    }

    /// What would be wrong with an expression whatever its named values without a value are: nothing if it compiles
    /// with a number, a string or a name in their place, or if one of the errors is about such a place.
    fn errors_beside_holes(&self, expression: &Expression) -> Vec<CompileError> {
        let code = expression.code.text();
        let mut first = None;
        for filler in ["0", "\"\"", "null", "context"] {
            let (filled, holes) = fill_holes(code, filler);
            let Err(errors) = self.compile_text(&filled, expression.kind) else {
                return Vec::new();
            };
            first.get_or_insert((errors, holes));
        }
        let (errors, holes) = first.unwrap_or_default();
        let in_hole = |error: &CompileError| {
            // What is asked of the value itself stands behind it.
            let touches =
                |hole: &Range<u32>| error.start <= hole.end + 2 && hole.start <= error.end;
            holes.iter().any(touches)
        };
        match errors.iter().any(in_hole) {
            true => Vec::new(),
            false => errors,
        }
    }

    fn compiled(&self, expression: &Expression) -> Compiled {
        let code = expression.code.text();
        let key = (expression.kind, Box::from(code));
        if let Some(compiled) = self.programs.borrow().get(&key) {
            return compiled.clone();
        }
        let compiled = self.compile_text(code, expression.kind);
        self.programs.borrow_mut().insert(key, compiled.clone());
        compiled
    }

    fn compile_text(&self, code: &str, kind: ExpressionKind) -> Compiled {
        let form = match kind {
            ExpressionKind::Single => Form::Single,
            ExpressionKind::Block => Form::Block,
        };
        self.compiler.compile(code, form)
    }

    fn explain(&self, expression: &Expression, error: CompileError) -> Diagnostic {
        let start = usize::try_from(error.start).unwrap_or(usize::MAX);
        let end = usize::try_from(error.end).unwrap_or(usize::MAX);
        let span = expression.code.span(start..end);
        // The compiler's words may quote a part of a secret, which masking the whole of it would not find.
        if self.named_values.has_secret(self.sources.text(span)) {
            let message = "the value of this secret named value does not fit in here";
            return Diagnostic::error(error.code, span, message);
        }
        let mut finding = Diagnostic::error(error.code, span, error.message);
        finding.help = error.help;
        finding
    }
}

/// The code with `filler` in place of each `{{name}}`, what follows where it was if there is room; and the places.
fn fill_holes(code: &str, filler: &str) -> (String, Vec<Range<u32>>) {
    let (mut filled, mut holes) = (String::with_capacity(code.len()), Vec::new());
    let mut rest = code;
    while let Some((before, hole)) = rest.split_once("{{") {
        let Some((name, after)) = hole.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        let start = filled.len();
        filled.push_str(filler);
        let width = name.len() + 4;
        filled.extend(std::iter::repeat_n(' ', width.saturating_sub(filler.len())));
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        holes.push(place(start)..place(filled.len()));
        rest = after;
    }
    filled.push_str(rest);
    (filled, holes)
}
