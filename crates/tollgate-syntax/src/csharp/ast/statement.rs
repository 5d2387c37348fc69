//! Statements.

use super::{ArgumentModifier, Body, Expr, Identifier, Pattern, Range32, TypeSyntax};

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub range: Range32,
}

/// `{…}`, or the whole of a `@{…}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The statements in order.
    pub statements: Box<[Stmt]>,
    /// Where it stands, with its braces; the whole code for the outermost.
    pub range: Range32,
}

/// The forms of statement.
#[derive(Debug, Clone, PartialEq)]
pub enum StmtKind {
    /// `;`.
    Empty,
    /// `{…}`.
    Block(Block),
    /// `int a = 1, b;`, `const int c = 1;`, `using var d = e;`.
    Local(Box<LocalDeclaration>),
    /// `T F(…) {…}`.
    LocalFunction(Box<LocalFunction>),
    /// `e;`: an assignment, call, increment, decrement or `new`.
    Expression(Box<Expr>),
    /// `if (condition) then else otherwise`.
    If {
        /// The condition.
        condition: Box<Expr>,
        /// Run when true.
        then: Box<Stmt>,
        /// Run when false.
        otherwise: Option<Box<Stmt>>,
    },
    /// `while (condition) body`.
    While {
        /// The condition.
        condition: Box<Expr>,
        /// The loop's body.
        body: Box<Stmt>,
    },
    /// `do body while (condition);`.
    Do {
        /// The loop's body.
        body: Box<Stmt>,
        /// The condition.
        condition: Box<Expr>,
    },
    /// `for (…; …; …) body`.
    For(Box<For>),
    /// `foreach (T x in source) body`.
    ForEach(Box<ForEach>),
    /// `switch (value) {…}`.
    Switch(Box<Switch>),
    /// `break;`.
    Break,
    /// `continue;`.
    Continue,
    /// `goto label;`.
    Goto(Identifier),
    /// `goto case e;`.
    GotoCase(Box<Expr>),
    /// `goto default;`.
    GotoDefault,
    /// `label: statement`.
    Labeled {
        /// The label.
        label: Box<Identifier>,
        /// The statement it marks.
        statement: Box<Stmt>,
    },
    /// `return e;`.
    Return(Option<Box<Expr>>),
    /// `throw e;`, or `throw;` in a catch block.
    Throw(Option<Box<Expr>>),
    /// `try {…} catch {…} finally {…}`.
    Try(Box<Try>),
    /// `using (resource) body`.
    Using(Box<Using>),
    /// `lock (target) body`.
    Lock {
        /// What is locked.
        target: Box<Expr>,
        /// What runs meanwhile.
        body: Box<Stmt>,
    },
    /// `yield return e;`.
    YieldReturn(Box<Expr>),
    /// `yield break;`.
    YieldBreak,
    /// `checked {…}`.
    Checked(Block),
    /// `unchecked {…}`.
    Unchecked(Block),
}

/// `int a = 1, b`.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalDeclaration {
    /// What stands before the type.
    pub modifier: LocalModifier,
    /// The type.
    pub ty: TypeSyntax,
    /// The variables, at least one.
    pub declarators: Box<[Declarator]>,
}

/// What stands before the type of a local declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalModifier {
    /// Nothing.
    None,
    /// `const`.
    Const,
    /// `ref`, `ref readonly`: another name for what its initializer names.
    Ref,
    /// `using` (C# 8): disposed at the end of the block.
    Using,
}

/// `a = 1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Declarator {
    /// The variable.
    pub name: Identifier,
    /// Whether `ref` stands before the value.
    pub by_reference: bool,
    /// Its first value; may be an [`ExprKind::ArrayInitializer`](super::ExprKind::ArrayInitializer).
    pub initializer: Option<Expr>,
}

/// `T F<U>(…) where U : class {…}`.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalFunction {
    /// What it returns.
    pub return_type: TypeSyntax,
    /// Its name.
    pub name: Identifier,
    /// Its type parameters.
    pub type_parameters: Box<[Identifier]>,
    /// What its type parameters must be.
    pub constraints: Box<[Constraint]>,
    /// Its parameters.
    pub parameters: Box<[Parameter]>,
    /// What it runs.
    pub body: Body,
}

/// `where T : class`: one constraint on a type parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// The type parameter.
    pub parameter: Identifier,
    /// What it must be.
    pub kind: ConstraintKind,
}

/// What a type argument must be.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstraintKind {
    /// `class`.
    Class,
    /// `struct`.
    Struct,
    /// `new()`.
    New,
    /// A type that it converts to.
    Type(TypeSyntax),
}

/// A parameter of a local function.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// `ref`, `out` or `in`.
    pub modifier: ArgumentModifier,
    /// Marked `params`.
    pub is_params: bool,
    /// Its type.
    pub ty: TypeSyntax,
    /// Its name.
    pub name: Identifier,
    /// Its value when the caller gives none.
    pub default: Option<Expr>,
    /// Where it stands.
    pub range: Range32,
}

/// `for (init; condition; step) body`.
#[derive(Debug, Clone, PartialEq)]
pub struct For {
    /// What runs first.
    pub init: ForInit,
    /// The condition; true when not there.
    pub condition: Option<Expr>,
    /// What runs after each turn.
    pub step: Box<[Expr]>,
    /// The loop's body.
    pub body: Stmt,
}

/// What runs first in a `for`.
#[derive(Debug, Clone, PartialEq)]
pub enum ForInit {
    /// `int i = 0, n = 5`.
    Declaration(LocalDeclaration),
    /// `i = 0, n = 5`, perhaps nothing.
    Expressions(Box<[Expr]>),
}

/// `foreach (variable in source) body`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForEach {
    /// What takes each element.
    pub variable: ForEachVariable,
    /// What is run over.
    pub source: Expr,
    /// The loop's body.
    pub body: Stmt,
}

/// What takes each element of a `foreach`.
#[derive(Debug, Clone, PartialEq)]
pub enum ForEachVariable {
    /// `T x`.
    Variable {
        /// The type.
        ty: TypeSyntax,
        /// The variable.
        name: Identifier,
    },
    /// `var (a, b)` or `(var a, int b)`: a [`ExprKind::Declaration`](super::ExprKind::Declaration) or [`ExprKind::Tuple`](super::ExprKind::Tuple).
    Deconstruction(Expr),
}

/// `switch (value) {…}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// What is matched.
    pub value: Expr,
    /// The sections in order.
    pub sections: Box<[SwitchSection]>,
}

/// Labels with the statements they lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchSection {
    /// The labels, at least one.
    pub labels: Box<[SwitchLabel]>,
    /// The statements.
    pub statements: Box<[Stmt]>,
    /// Where it stands.
    pub range: Range32,
}

/// A label of a switch section.
#[derive(Debug, Clone, PartialEq)]
pub enum SwitchLabel {
    /// `case pattern when guard:`.
    Case {
        /// What must match.
        pattern: Pattern,
        /// What must also hold.
        guard: Option<Expr>,
        /// Where it stands, with its colon.
        range: Range32,
    },
    /// `default:`.
    Default(Range32),
}

/// `try {…} catch (T e) when (filter) {…} finally {…}`: at least one catch or the finally.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// What is tried.
    pub block: Block,
    /// The catch clauses in order.
    pub catches: Box<[CatchClause]>,
    /// What always runs last.
    pub finally: Option<Block>,
}

/// `catch (T e) when (filter) {…}`.
#[derive(Debug, Clone, PartialEq)]
pub struct CatchClause {
    /// The type caught; everything when not there.
    pub ty: Option<TypeSyntax>,
    /// The variable.
    pub name: Option<Identifier>,
    /// What must also hold.
    pub filter: Option<Expr>,
    /// What runs.
    pub block: Block,
    /// Where it stands.
    pub range: Range32,
}

/// `using (resource) body`.
#[derive(Debug, Clone, PartialEq)]
pub struct Using {
    /// What is disposed at the end.
    pub resource: UsingResource,
    /// What runs before.
    pub body: Stmt,
}

/// What a `using` statement disposes.
#[derive(Debug, Clone, PartialEq)]
pub enum UsingResource {
    /// `var a = b`.
    Declaration(LocalDeclaration),
    /// `e`.
    Expr(Expr),
}
