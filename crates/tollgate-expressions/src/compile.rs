//! The compiler's front: C# text in, a program or errors out.

use tollgate_dotnet::{Registry, Type, Value};

use crate::bind::{Meaning, Wanted};
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

    /// What the parts of code mean, for editors: also of code that does not compile, as far as it can be told. A part may
    /// come several times, where the compiler tries several meanings; the last one counts.
    pub fn explore(&self, code: &str, form: Form) -> Vec<Meaning> {
        crate::bind::explore(self, code, form)
    }

    /// What can stand behind the beginning of some code, for editors: `context.Request.` wants a member of a request.
    /// `None` where nothing is known, as within a string.
    ///
    /// ```
    /// use tollgate_dotnet::Registry;
    /// use tollgate_expressions::{Compiler, Form, Wanted};
    ///
    /// let compiler = Compiler::new(Registry::dotnet());
    /// let before = "foreach (var word in \"a b\".Split(' ')) { if (word.";
    /// let Some(Wanted::Member(ty)) = compiler.complete(before, Form::Block) else { panic!() };
    /// assert_eq!(ty.to_string(), "string");
    /// ```
    pub fn complete(&self, before: &str, form: Form) -> Option<Wanted> {
        crate::bind::complete(self, before, form)
    }
}
