//! The compiler's front: C# text in, a program or errors out.

use tollgate_dotnet::{Registry, Type, Value};

use crate::program::Program;

/// How an expression was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `@(…)`: one expression, compiled as `return EXPRESSION;` of a method that returns `object`.
    Single,
    /// `@{…}`: statements, every path of which returns a value.
    Block,
}

/// Why C# text is no program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// The C# compiler's number: `CS0103`.
    pub code: &'static str,
    /// The C# compiler's words.
    pub message: String,
    /// Where it is: first byte in the code.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What may help: "did you mean `Headers`?"
    pub help: Option<String>,
}

/// Compiles expressions against a registry of types and the host's globals.
#[derive(Debug, Clone)]
pub struct Compiler {
    pub(crate) registry: &'static Registry,
    pub(crate) globals: Vec<Global>,
    /// Extension methods are not found, as when `dynamic` is bound.
    pub(crate) late: bool,
}

/// A name that every expression can use.
#[derive(Debug, Clone)]
pub(crate) struct Global {
    pub name: &'static str,
    pub ty: Type,
    pub value: Value,
}

impl Compiler {
    /// A compiler that knows the registry's types and no globals.
    pub fn new(registry: &'static Registry) -> Self {
        Self {
            registry,
            globals: Vec::new(),
            late: false,
        }
    }

    /// The same compiler with one more name in scope, such as `context`.
    #[must_use]
    pub fn with_global(mut self, name: &'static str, ty: Type, value: Value) -> Self {
        self.globals.push(Global { name, ty, value });
        self
    }

    /// Compiles the C# text between `@(` and `)`, or between `@{` and `}`.
    ///
    /// All errors found are returned, in the order of their places; there is at least one.
    pub fn compile(&self, code: &str, form: Form) -> Result<Program, Vec<CompileError>> {
        crate::bind::compile(self, code, form)
    }
}
