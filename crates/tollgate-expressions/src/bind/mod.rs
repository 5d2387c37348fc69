//! From syntax tree to typed tree.
//!
//! Binding is done with all the variables that inner functions capture known. Which ones these are shows only at the
//! end, so code that captures a variable and assigns to it is bound a second time, with that variable in a heap cell.

mod apply;
mod assign;
mod better;
mod call;
mod cleanup;
mod constant;
mod convert;
mod declare;
mod deconstruct;
mod explain;
mod expression;
mod generic;
mod index;
mod infer;
mod initializer;
mod iterator;
mod lambda;
mod lift;
mod local_function;
mod loops;
mod member;
mod name;
mod operator;
mod operator_typed;
mod overload;
mod pattern;
mod place;
mod query;
mod reference;
mod statement;
mod switch;
mod types;
mod unary;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use tollgate_dotnet::{MemberInfo, Registry, Type, Value};
use tollgate_syntax::csharp::{
    self,
    ast::{self, Range32},
};

use crate::compile::{CompileError, Compiler, Form, Global};
use crate::program::{Inner, Program};
use crate::scope::{Enclosing, Frame, Returns, Signature};
use crate::typed::{Body, Function, Kind, Node, Op, Slot, Statement};
use crate::{flow, fold};

pub use watch::{Meaning, Wanted, What};
pub(crate) use watch::{complete, explore};

/// An error was reported; whoever gets this says nothing more about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported;

type Bind<T> = Result<T, Reported>;

/// How much one expression may cost to bind, in bound syntax nodes; lambdas are bound once per meaning that is tried.
const WORK: u32 = 400_000;

/// A value with its static type.
#[derive(Debug, Clone)]
struct Typed {
    node: Node,
    ty: Type,
}

/// What an expression means.
#[derive(Debug, Clone)]
enum Bound<'a> {
    /// A value.
    Value(Typed),
    /// A type, before a dot.
    Type(Type),
    /// A namespace, before a dot.
    Namespace(String),
    /// Methods of one name, to be called or turned into a delegate.
    Methods(Box<Methods>),
    /// A lambda, which gets its type from where it goes.
    Lambda(&'a ast::Lambda, Range32),
    /// `default`.
    Default(Range32),
    /// A tuple of which an element has no type yet.
    Tuple(Vec<(Bound<'a>, Option<Box<str>>)>, Range32),
    /// `throw e`.
    Throw(Node),
}

/// Methods of one name.
#[derive(Debug, Clone)]
struct Methods {
    /// What they are called on.
    receiver: Option<Typed>,
    /// Instance and static methods, or a local function.
    own: Vec<Callee>,
    /// Extension methods, tried when none of those fits.
    extensions: Vec<Callee>,
    type_arguments: Vec<Type>,
    name: Box<str>,
    /// For messages: the type they were looked for in.
    owner: Option<Type>,
    range: Range32,
}

/// One of them.
#[derive(Debug, Clone)]
enum Callee {
    Member {
        info: &'static MemberInfo,
        owner: Type,
    },
    Local(Arc<Signature>, Box<Node>),
}

/// What is known of a variable after a pass.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    captured: bool,
    captured_early: bool,
    assigned: bool,
}

/// The state of one pass over the code.
struct Binder<'a> {
    registry: &'static Registry,
    globals: &'a [Global],
    /// Extension methods are not found.
    late: bool,
    queries: &'a query::Arena,
    errors: Vec<CompileError>,
    frames: Vec<Frame>,
    /// Variables that live in cells, by place.
    cells: HashSet<u32>,
    facts: HashMap<u32, Facts>,
    /// Explicit `checked` or `unchecked` around.
    overflow: Option<bool>,
    /// The labels of the switches around, innermost last.
    switches: Vec<switch::Labels>,
    /// Generic local functions by where their names stand, and what is known of their type parameters.
    generics: HashMap<u32, &'a ast::LocalFunction>,
    bounds: generic::AllBounds,
    /// What `ref` locals stand for, by where they are declared.
    aliases: HashMap<u32, place::Place>,
    code: &'a str,
    /// What stands before `?.`, innermost last.
    receivers: Vec<Typed>,
    /// Results of binding lambdas to infer their types, by context, lambda and parameter types.
    probes: HashMap<lambda::Key, lambda::Probe>,
    context: u32,
    contexts: u32,
    work: u32,
    /// What is noted for an editor.
    watch: Option<Box<watch::Watch>>,
}

/// Parses, binds, checks and folds.
pub(crate) fn compile(
    compiler: &Compiler,
    code: &str,
    form: Form,
) -> Result<Program, Vec<CompileError>> {
    let (tree, errors) = match form {
        Form::Single => {
            let parsed = csharp::parse_expression(code);
            (Tree::Single(parsed.tree), parsed.errors)
        }
        Form::Block => {
            let parsed = csharp::parse_block(code);
            (Tree::Block(parsed.tree), parsed.errors)
        }
    };
    if !errors.is_empty() {
        let errors = errors.into_iter().map(CompileError::from).collect();
        return Err(with_meaning(compiler, code, &tree, errors));
    }
    let queries = query::Arena::default();
    let mut binder = Binder::new(compiler, code, &queries, HashSet::new());
    let mut bound = binder.program(&tree);
    let cells: HashSet<u32> = binder
        .facts
        .iter()
        .filter(|(_, facts)| facts.captured_early || facts.captured && facts.assigned)
        .map(|(at, _)| *at)
        .collect();
    if !cells.is_empty() && binder.errors.is_empty() {
        binder = Binder::new(compiler, code, &queries, cells);
        bound = binder.program(&tree);
    }
    let mut errors = binder.errors;
    let Ok((mut main, result)) = bound else {
        sort(&mut errors);
        return Err(errors);
    };
    if errors.is_empty() {
        flow::check(&main, &mut errors);
    }
    let folded = fold::fold(&mut main, &mut errors);
    if !errors.is_empty() {
        sort(&mut errors);
        return Err(errors);
    }
    Ok(Program(Arc::new(Inner {
        main: Arc::new(main),
        result,
        constant: folded.constant,
        condition: folded.condition,
        reads: folded.reads,
        traced: OnceLock::new(),
    })))
}

/// Mistakes of syntax, and unknown names before the first of them: what a mistake leaves of a statement says no more.
fn with_meaning(
    compiler: &Compiler,
    code: &str,
    tree: &Tree,
    errors: Vec<CompileError>,
) -> Vec<CompileError> {
    let end = errors.first().map_or(0, |first| match first.code {
        // The operand of a pointer's operator comes first.
        "CS0193" | "CS0214" => first.end,
        _ => first.start,
    });
    let queries = query::Arena::default();
    let mut binder = Binder::new(compiler, code, &queries, HashSet::new());
    let _ = binder.program(tree);
    let mut all = binder.errors;
    all.retain(|error| error.code == "CS0103" && error.end <= end);
    all.sort_by_key(|error| (error.start, error.end));
    all.extend(errors);
    all.dedup();
    all
}

fn sort(errors: &mut Vec<CompileError>) {
    errors.sort_by_key(|error| (error.start, error.end));
    errors.dedup();
}

enum Tree {
    Single(ast::Expr),
    Block(ast::Block),
}

impl From<csharp::SyntaxError> for CompileError {
    fn from(error: csharp::SyntaxError) -> Self {
        Self {
            code: error.code,
            message: error.message,
            start: error.range.start,
            end: error.range.end,
            help: None,
        }
    }
}

impl<'a> Binder<'a> {
    fn new(
        compiler: &'a Compiler,
        code: &'a str,
        queries: &'a query::Arena,
        cells: HashSet<u32>,
    ) -> Self {
        Self {
            registry: compiler.registry,
            globals: &compiler.globals,
            late: compiler.late,
            queries,
            errors: Vec::new(),
            frames: Vec::new(),
            cells,
            facts: HashMap::new(),
            overflow: None,
            switches: Vec::new(),
            generics: HashMap::new(),
            bounds: HashMap::new(),
            aliases: HashMap::new(),
            code,
            receivers: Vec::new(),
            probes: HashMap::new(),
            context: 0,
            contexts: 0,
            work: WORK,
            watch: None,
        }
    }

    fn program(&mut self, tree: &'a Tree) -> Bind<(Function, Type)> {
        self.frames.push(Frame::new(Returns::Type(Type::object())));
        let (body, result) = match tree {
            Tree::Single(expr) => {
                let value = self.expression(expr)?;
                if let Bound::Throw(_) = value {
                    return Err(self.error(
                        "CS8115",
                        "A throw expression is not allowed in this context.",
                        expr.range,
                    ));
                }
                let own = match &value {
                    Bound::Value(value) if value.ty != Type::Null => value.ty.clone(),
                    _ => Type::object(),
                };
                let node = self.convert(value, &Type::object(), expr.range)?;
                (Body::Expression(node), own)
            }
            Tree::Block(block) => {
                let statement = self.block(&block.statements);
                if self.errors.is_empty() && flow::completes(&statement) {
                    return Err(self.error(
                        "CS0161",
                        "'Eval(IProxyRequestContext)': not all code paths return a value",
                        Range32::new(block.range.end.saturating_sub(1), block.range.end),
                    ));
                }
                let result = self.returned_type();
                (Body::Block(statement), result)
            }
        };
        match self.errors.is_empty() {
            true => Ok((self.finish(result.clone(), 0, body)?, result)),
            false => Err(Reported),
        }
    }

    /// What all `return`s of the outermost block share.
    fn returned_type(&self) -> Type {
        let mut types = self
            .frames
            .last()
            .into_iter()
            .flat_map(|frame| &frame.returned)
            .map(|returned| returned.ty.clone());
        match types.next() {
            Some(Some(first)) if first != Type::Null => {
                if types.all(|other| other.as_ref() == Some(&first)) {
                    first
                } else {
                    Type::object()
                }
            }
            _ => Type::object(),
        }
    }

    /// Takes the innermost frame off and makes a function of it.
    fn finish(&mut self, ty: Type, parameters: u32, body: Body) -> Bind<Function> {
        let frame = self.frames.pop().ok_or(Reported)?;
        let cells: Vec<Slot> = frame
            .scopes
            .into_iter()
            .flat_map(|scope| scope.cells)
            .collect();
        Ok(Function {
            ty,
            outs: Box::default(),
            at: (0, 0),
            captures: frame
                .captures
                .iter()
                .map(|(_, _, capture)| *capture)
                .collect(),
            parameters,
            cells: cells.into(),
            slots: u32::try_from(frame.names.len()).unwrap_or(u32::MAX),
            body,
            names: frame.names.into(),
            iterator: None,
        })
    }

    fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        range: Range32,
    ) -> Reported {
        self.error_with_help(code, message, range, None)
    }

    fn error_with_help(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        range: Range32,
        help: Option<String>,
    ) -> Reported {
        self.errors.push(CompileError {
            code,
            message: message.into(),
            start: range.start,
            end: range.end,
            help,
        });
        Reported
    }

    /// Counts one step of binding.
    fn tick(&mut self, range: Range32) -> Bind<()> {
        match self.work.checked_sub(1) {
            Some(left) => {
                self.work = left;
                Ok(())
            }
            None => Err(self.error(
                "CS8078",
                "An expression is too long or complex to compile",
                range,
            )),
        }
    }

    /// Does something without leaving errors behind.
    fn quietly<T>(&mut self, action: impl FnOnce(&mut Self) -> Bind<T>) -> Option<T> {
        let errors = self.errors.len();
        let frames = self.frames.len();
        let receivers = self.receivers.len();
        let overflow = self.overflow;
        let context = self.context;
        let result = action(self);
        let clean = self.errors.len() == errors;
        self.errors.truncate(errors);
        self.frames.truncate(frames);
        self.receivers.truncate(receivers);
        self.overflow = overflow;
        self.context = context;
        result.ok().filter(|_| clean)
    }

    fn frame(&mut self) -> Bind<&mut Frame> {
        self.frames.last_mut().ok_or(Reported)
    }

    /// A new slot without a name.
    fn temporary(&mut self) -> Bind<Slot> {
        Ok(self.frame()?.slot(None))
    }

    fn within<T>(&mut self, enclosing: Enclosing, action: impl FnOnce(&mut Self) -> T) -> T {
        if let Some(frame) = self.frames.last_mut() {
            frame.enclosing.push(enclosing);
        }
        let result = action(self);
        if let Some(frame) = self.frames.last_mut() {
            frame.enclosing.pop();
        }
        result
    }
}

impl Typed {
    fn new(op: Op, ty: Type, range: Range32) -> Self {
        Self {
            node: node(op, types::kind_of(&ty), range),
            ty,
        }
    }

    fn constant(value: Value, ty: Type, range: Range32) -> Self {
        Self::new(Op::Constant(value), ty, range)
    }

    /// The value, if it is a constant in C#'s sense.
    fn as_constant(&self) -> Option<&Value> {
        match &self.node.op {
            Op::Constant(Value::Host(_)) => None,
            Op::Constant(value) => Some(value),
            _ => None,
        }
    }

    fn range(&self) -> Range32 {
        Range32::new(self.node.start, self.node.end)
    }
}

fn node(op: Op, kind: Kind, range: Range32) -> Node {
    Node {
        op,
        kind,
        start: range.start,
        end: range.end,
    }
}

fn empty() -> Statement {
    Statement::Block {
        cells: Box::default(),
        functions: Box::default(),
        statements: Box::default(),
    }
}
