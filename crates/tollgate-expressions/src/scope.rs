//! Names in scope: blocks, variables, and the frames of functions.

use std::sync::Arc;

use tollgate_dotnet::{Parameter, Type, Value};

use crate::typed::{Capture, Label, Slot};

/// A local variable, parameter, range variable or local function.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub name: Box<str>,
    /// `None` when its initializer has an error: uses of it are not reported again.
    pub ty: Option<Type>,
    pub slot: Slot,
    /// Lives in a heap cell.
    pub cell: bool,
    /// Where it is declared: what tells it from others of its name.
    pub at: u32,
    /// The value of a `const`.
    pub constant: Option<Value>,
    /// `foreach`, `using` and `const` variables cannot be assigned.
    pub fixed: Option<Fixed>,
    /// False between the start of its block and its declaration.
    pub declared: bool,
    /// A `ref`, `out` or `in` parameter.
    pub reference: bool,
    /// The signature of a local function.
    pub function: Option<Arc<Signature>>,
}

/// Why a variable cannot be assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixed {
    Constant,
    ForEach,
    Using,
    /// An `in` parameter.
    In,
}

/// What a local function takes and gives.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub name: Box<str>,
    pub parameters: Vec<Parameter>,
    pub returns: Type,
    /// Where its name stands.
    pub at: u32,
    /// Type parameters, by the names that they have in the types above, and what they must be.
    pub type_parameters: Vec<Box<str>>,
    pub bounds: Vec<Bounds>,
}

/// What a type argument must be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bounds {
    pub is_class: bool,
    pub is_struct: bool,
    pub has_new: bool,
    pub types: Vec<Type>,
}

/// A generic local function for certain type arguments, not bound yet.
#[derive(Debug)]
pub(crate) struct Instance {
    /// Where the function's name stands.
    pub function: u32,
    pub types: Vec<Type>,
    /// The variable that holds its delegate.
    pub variable: Box<str>,
}

/// The variables of one block.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub variables: Vec<Variable>,
    /// Slots that get a fresh cell when the block is entered.
    pub cells: Vec<Slot>,
    /// The labels of its statements, with the constructs around them in the function.
    pub labels: Vec<(Box<str>, Label, usize)>,
    pub instances: Vec<Instance>,
}

/// What a function's `return` must give.
#[derive(Debug, Clone)]
pub(crate) enum Returns {
    /// Nothing.
    Void,
    /// A value of that type.
    Type(Type),
    /// Whatever it gives is noted.
    Infer,
}

/// What a `return` gave while the type was to be inferred.
#[derive(Debug, Clone)]
pub(crate) struct Returned {
    /// `None` for what has no type of its own, such as a lambda.
    pub ty: Option<Type>,
    pub constant: Option<Value>,
}

/// What a `break`, `continue` or `goto case` may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enclosing {
    Loop,
    Switch,
    Catch,
    Finally,
    /// A `try` block with `catch` clauses.
    Caught,
}

/// A function being bound.
#[derive(Debug)]
pub(crate) struct Frame {
    pub scopes: Vec<Scope>,
    pub names: Vec<Option<Box<str>>>,
    /// Which variable (frame, slot) each capture stands for.
    pub captures: Vec<(usize, Slot, Capture)>,
    /// Hoisted: what it captures may not have its value yet when the delegate is made.
    pub hoisted: bool,
    pub returns: Returns,
    pub returned: Vec<Returned>,
    /// It is a lambda, rather than a local function or the whole.
    pub is_lambda: bool,
    /// How many labels it has.
    pub labels: Label,
    pub enclosing: Vec<Enclosing>,
    /// What type parameters stand for.
    pub type_parameters: Vec<(Box<str>, Type)>,
    /// The element type of what `yield return` gives.
    pub yields: Option<Type>,
}

impl Frame {
    pub(crate) fn new(returns: Returns) -> Self {
        Self {
            scopes: vec![Scope::default()],
            names: Vec::new(),
            captures: Vec::new(),
            hoisted: false,
            returns,
            returned: Vec::new(),
            is_lambda: false,
            labels: 0,
            enclosing: Vec::new(),
            type_parameters: Vec::new(),
            yields: None,
        }
    }

    /// A new slot; temporaries have no name.
    pub(crate) fn slot(&mut self, name: Option<&str>) -> Slot {
        self.names.push(name.map(Into::into));
        u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
    }

    /// The variable of that name in the innermost scope that has it.
    pub(crate) fn find(&self, name: &str) -> Option<&Variable> {
        self.scopes.iter().rev().find_map(|scope| scope.find(name))
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Variable> {
        self.scopes
            .iter_mut()
            .rev()
            .find_map(|scope| scope.variables.iter_mut().rev().find(|v| *v.name == *name))
    }
}

impl Scope {
    pub(crate) fn find(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().rev().find(|v| *v.name == *name)
    }
}
