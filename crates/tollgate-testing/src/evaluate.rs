//! Compiles and runs one expression; what came of it.

use std::fmt;

use serde_json::Value as Json;
use tollgate_dotnet::Throw;
use tollgate_engine::compiler;
use tollgate_expressions::{CompileError, Form, Program};

use crate::canonical::{Canonical, type_and_string};
use crate::fixture::Fixture;

/// A policy expression as it is written: `@(…)`, `@{…}`, or bare C#.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expression<'t> {
    /// The C# in it.
    pub code: &'t str,
    /// Where in the text the C# begins, in bytes.
    pub offset: usize,
    /// What its brackets say; `None` of bare C#, which is an expression if it compiles as one, and else statements.
    pub form: Option<Form>,
}

impl<'t> Expression<'t> {
    /// Takes the brackets off, if there are any.
    pub fn parse(text: &'t str) -> Self {
        let (start, trimmed) = (text.len() - text.trim_start().len(), text.trim());
        let within = |open: &str, close: char| trimmed.strip_prefix(open)?.strip_suffix(close);
        let (code, form) = match (within("@(", ')'), within("@{", '}')) {
            (Some(code), _) => (code, Some(Form::Single)),
            (_, Some(code)) => (code, Some(Form::Block)),
            (None, None) => (trimmed, None),
        };
        let brackets = if form.is_some() { 2 } else { 0 };
        Self {
            code,
            offset: start + brackets,
            form,
        }
    }

    /// Compiles it against `context` and all of .NET that expressions may use.
    ///
    /// # Errors
    /// The C# compiler's.
    pub fn compile(&self) -> Result<Program, Vec<CompileError>> {
        let compile = |form| compiler().compile(self.code, form);
        match self.form {
            Some(form) => compile(form),
            None => compile(Form::Single).or_else(|errors| {
                let statements = self.code.ends_with([';', '}']);
                compile(Form::Block).map_err(|block| if statements { block } else { errors })
            }),
        }
    }
}

/// What came of an expression. [`Display`](fmt::Display) writes it as a line of a file of results.
#[derive(Debug)]
pub enum Outcome {
    /// It gave a value.
    Value {
        /// .NET's name of its type: `System.Collections.Generic.List<System.Int32>`; `None` of `null`. What .NET keeps
        /// to itself behind an interface is `(sequence)`.
        ty: Option<String>,
        /// The value.
        value: Canonical,
        /// What `Convert.ToString` makes of it in the invariant culture.
        string: Canonical,
        /// What `context.Trace` was told.
        trace: Vec<String>,
    },
    /// It does not compile.
    Errors(Vec<CompileError>),
    /// It ended with an exception.
    Threw(Throw),
}

/// Compiles an expression and runs it on a context.
pub fn evaluate(expression: &Expression<'_>, mut fixture: Fixture) -> Outcome {
    let program = match expression.compile() {
        Ok(program) => program,
        Err(errors) => return Outcome::Errors(errors),
    };
    match run(&program, &mut fixture) {
        Ok((ty, value, string)) => Outcome::Value {
            ty,
            value,
            string,
            trace: traced(&fixture),
        },
        Err(throw) => Outcome::Threw(throw),
    }
}

type Rendered = (Option<String>, Canonical, Canonical);

fn run(program: &Program, fixture: &mut Fixture) -> Result<Rendered, Throw> {
    let machine = &mut fixture.machine();
    let value = program.run(machine)?;
    let canonical = Canonical::of(machine, &value)?;
    let (ty, string) = type_and_string(machine, &value)?;
    Ok((ty, canonical, string))
}

/// The messages that `context.Trace` added.
fn traced(fixture: &Fixture) -> Vec<String> {
    let entries = fixture
        .context
        .trace
        .iter()
        .flat_map(|trace| &trace.entries);
    let messages = entries.filter_map(|entry| entry.data.get("message")?.as_str());
    messages.map(str::to_owned).collect()
}

impl Outcome {
    /// Whether it gave a value.
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value { .. })
    }

    /// The properties of its line, after the case's `id` if it has one.
    pub fn properties(&self, id: Option<&str>) -> Canonical {
        let text = |text: &str| Canonical::Text(text.into());
        let mut properties = Vec::new();
        let mut add = |name: &str, value| properties.push((name.into(), value));
        if let Some(id) = id {
            add("id", text(id));
        }
        add("ok", Canonical::Bool(self.is_value()));
        match self {
            Self::Value {
                ty,
                value,
                string,
                trace,
            } => {
                add("type", ty.as_deref().map_or(Canonical::Null, text));
                add("value", value.clone());
                add("string", string.clone());
                if !trace.is_empty() {
                    let messages = trace.iter().map(|message| text(message));
                    add("trace", Canonical::Array(messages.collect()));
                }
            }
            Self::Errors(errors) => {
                add("stage", text("compile"));
                let first = errors.first();
                add("error_type", text(first.map_or("", |error| error.code)));
                add("message", text(first.map_or("", |error| &error.message)));
                let codes = errors.iter().map(|error| text(error.code));
                add("all", Canonical::Array(codes.collect()));
            }
            Self::Threw(throw) => {
                let exception = throw.exception();
                add("stage", text("run"));
                add("error_type", text(error_type(throw)));
                add("message", text(&exception.message));
                if let Some(inner) = &exception.inner {
                    add("inner_type", text(error_type(inner)));
                }
            }
        }
        Canonical::Object(properties)
    }

    /// The same as JSON; lone surrogates become U+FFFD.
    pub fn to_json(&self) -> Json {
        self.properties(None).to_json()
    }
}

/// The exception's type; `timeout` when a limit stopped the expression.
fn error_type(throw: &Throw) -> &str {
    match throw.exception() {
        exception if exception.fatal => "timeout",
        exception => exception.type_name,
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.properties(None).fmt(f)
    }
}
