//! Expressions.

use super::{
    Block, Designation, Identifier, Literal, LiteralText, Pattern, PredefinedType, Query, Range32,
    SimpleName, SwitchExpression, TypeSyntax,
};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, without parentheses around it, as the compiler reports it.
    pub range: Range32,
}

impl Expr {
    /// The name C# gives to a member of an anonymous object or tuple that is only a value: that of
    /// a name or of the last member accessed.
    pub fn inferred_name(&self) -> Option<&Identifier> {
        match &self.kind {
            ExprKind::Name(name) | ExprKind::Member { name, .. } => Some(&name.identifier),
            ExprKind::ConditionalAccess { access, .. } => access.inferred_name(),
            _ => None,
        }
    }
}

/// The forms of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// Stands where an expression was missing; only in code with errors.
    Missing,
    /// A constant, also `sizeof(int)`.
    Literal(Literal),
    /// `$"…{x,5:N2}…"`, escapes and doubled braces already resolved.
    Interpolated(Box<[InterpolatedPart]>),
    /// `x`, `F<int>`; also `_`, which is a discard where nothing of that name is in scope.
    Name(Box<SimpleName>),
    /// `string` in `string.Format(…)`: always the target of a [`ExprKind::Member`].
    Predefined(PredefinedType),
    /// `target.name`, also for namespaces and types.
    Member {
        /// What stands before the dot.
        target: Box<Expr>,
        /// The member's name.
        name: Box<SimpleName>,
    },
    /// `receiver?.a.b[0]`: when the receiver is null the whole of `access` is skipped. The leftmost
    /// leaf of `access` is [`ExprKind::Receiver`]. `a?.b?.c` nests to the right: `access` of the
    /// first is itself a conditional access, whose receiver begins at the outer receiver.
    ConditionalAccess {
        /// What may be null.
        receiver: Box<Expr>,
        /// What to do with it when it is not null.
        access: Box<Expr>,
    },
    /// The non-null value of the innermost enclosing [`ExprKind::ConditionalAccess`]'s receiver.
    Receiver,
    /// `target[arguments]`.
    Index {
        /// What is indexed.
        target: Box<Expr>,
        /// The indices.
        arguments: Box<[Argument]>,
    },
    /// `target(arguments)`.
    Call {
        /// What is called: a name, a member or any delegate-valued expression.
        target: Box<Expr>,
        /// The arguments.
        arguments: Box<[Argument]>,
    },
    /// A prefix or postfix operator.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `(type)value`.
    Cast {
        /// The type cast to.
        ty: Box<TypeSyntax>,
        /// The value cast.
        value: Box<Expr>,
    },
    /// `first op operand op operand …`, evaluated left to right: all operators have the same
    /// precedence; `rest` is never empty.
    Binary {
        /// The leftmost operand.
        first: Box<Expr>,
        /// The operators with their right operands.
        rest: Box<[BinaryTail]>,
    },
    /// `value is pattern`.
    Is {
        /// The value tested.
        value: Box<Expr>,
        /// The pattern, or plain type.
        pattern: Box<Pattern>,
    },
    /// `value as type`.
    As {
        /// The value converted.
        value: Box<Expr>,
        /// The type, or null results.
        ty: Box<TypeSyntax>,
    },
    /// `left ?? right`; associates to the right.
    Coalesce {
        /// The value when not null.
        left: Box<Expr>,
        /// The value otherwise; may be [`ExprKind::Throw`].
        right: Box<Expr>,
    },
    /// `condition ? when_true : when_false`.
    Conditional {
        /// The condition.
        condition: Box<Expr>,
        /// The value when true; may be [`ExprKind::Throw`].
        when_true: Box<Expr>,
        /// The value when false; may be [`ExprKind::Throw`].
        when_false: Box<Expr>,
    },
    /// `target = value`, `target += value`, `(a, b) = value`, `var (a, b) = value`.
    Assign {
        /// The operator.
        op: AssignOp,
        /// Where to; a [`ExprKind::Tuple`] or a [`ExprKind::Declaration`] deconstructs.
        target: Box<Expr>,
        /// The value.
        value: Box<Expr>,
    },
    /// `(a, x: b)`: at least two elements, each with modifier [`ArgumentModifier::None`].
    Tuple(Box<[Argument]>),
    /// `var x`, `int x`, `var (a, b)` where a variable is declared within an expression: in `out`
    /// arguments and on the left of a deconstruction.
    Declaration {
        /// The written type.
        ty: Box<TypeSyntax>,
        /// The variables.
        designation: Box<Designation>,
    },
    /// `new T(…) {…}`, or `new(…)` without a type.
    New(Box<NewObject>),
    /// `new T[n] {…}`, `new[] {…}`.
    NewArray(Box<NewArray>),
    /// `{a, b}` as the initializer of an array: only in [`NewArray::initializer`], in a
    /// [`Declarator::initializer`](super::Declarator::initializer), and nested in another of its kind.
    ArrayInitializer(Box<[Expr]>),
    /// `new { a, b.C, d = e }`.
    NewAnonymous(Box<[AnonymousMember]>),
    /// `x => …`, `(int x) => {…}`, `delegate (int x) {…}`.
    Lambda(Box<Lambda>),
    /// `from x in xs … select y`.
    Query(Box<Query>),
    /// `value switch { pattern => result, … }`.
    Switch(Box<SwitchExpression>),
    /// `throw e`, where the grammar allows an expression; the binder checks the context (CS8115).
    Throw(Box<Expr>),
    /// `checked(e)`.
    Checked(Box<Expr>),
    /// `unchecked(e)`.
    Unchecked(Box<Expr>),
    /// `typeof(T)`; `typeof(List<>)` has type arguments of kind [`TypeKind::Omitted`](super::TypeKind::Omitted).
    TypeOf(Box<TypeSyntax>),
    /// `nameof(e)`.
    NameOf(Box<Expr>),
    /// `default(T)`, or `default` without a type.
    Default(Option<Box<TypeSyntax>>),
}

/// A piece of an interpolated string.
#[derive(Debug, Clone, PartialEq)]
pub enum InterpolatedPart {
    /// Literal text; never empty.
    Text(LiteralText),
    /// `{value,alignment:format}`.
    Hole(Box<Hole>),
}

/// `{value,alignment:format}` in an interpolated string.
#[derive(Debug, Clone, PartialEq)]
pub struct Hole {
    /// The value shown.
    pub value: Expr,
    /// The width, a constant int; negative aligns left.
    pub alignment: Option<Expr>,
    /// The format string; never empty.
    pub format: Option<LiteralText>,
    /// Where it stands, with its braces.
    pub range: Range32,
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `+x`.
    Plus,
    /// `-x`.
    Minus,
    /// `!x`.
    Not,
    /// `~x`.
    Complement,
    /// `++x`.
    PreIncrement,
    /// `--x`.
    PreDecrement,
    /// `x++`.
    PostIncrement,
    /// `x--`.
    PostDecrement,
}

/// Operators with two operands, except `??`, `is` and `as`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `<<`.
    ShiftLeft,
    /// `>>`.
    ShiftRight,
    /// `<`.
    Less,
    /// `>`.
    Greater,
    /// `<=`.
    LessOrEqual,
    /// `>=`.
    GreaterOrEqual,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `&`.
    BitAnd,
    /// `^`.
    BitXor,
    /// `|`.
    BitOr,
    /// `&&`.
    And,
    /// `||`.
    Or,
}

/// One `op operand` of a [`ExprKind::Binary`].
#[derive(Debug, Clone, PartialEq)]
pub struct BinaryTail {
    /// The operator.
    pub op: BinaryOp,
    /// Where the operator stands.
    pub op_range: Range32,
    /// Its right operand.
    pub operand: Expr,
}

/// Assignment operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignOp {
    /// `=`.
    Assign,
    /// `+=` and its like; never a comparison, `&&` or `||`.
    Compound(BinaryOp),
    /// `??=`.
    Coalesce,
}

/// One argument of a call, an index or a tuple.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// `name:` before it.
    pub name: Option<Identifier>,
    /// `ref`, `out` or `in`.
    pub modifier: ArgumentModifier,
    /// The value; after `out` it may be a [`ExprKind::Declaration`].
    pub value: Expr,
    /// Where it stands, with name and modifier.
    pub range: Range32,
}

/// How an argument is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentModifier {
    /// By value.
    None,
    /// `ref`.
    Ref,
    /// `out`.
    Out,
    /// `in`.
    In,
}

/// `new T(arguments) initializer`.
#[derive(Debug, Clone, PartialEq)]
pub struct NewObject {
    /// The type; `None` for `new(…)` (C# 9), which takes it from its target.
    pub ty: Option<TypeSyntax>,
    /// The arguments; empty also when there are no parentheses.
    pub arguments: Box<[Argument]>,
    /// `{…}`.
    pub initializer: Option<Initializer>,
}

/// `{…}` after `new T`.
#[derive(Debug, Clone, PartialEq)]
pub struct Initializer {
    /// What it is.
    pub kind: InitializerKind,
    /// Where it stands, with its braces.
    pub range: Range32,
}

/// The forms of initializer.
#[derive(Debug, Clone, PartialEq)]
pub enum InitializerKind {
    /// `{ A = 1, ["b"] = 2 }`, also `{}`.
    Object(Box<[MemberInitializer]>),
    /// `{ 1, { "k", 2 } }`.
    Collection(Box<[ElementInitializer]>),
}

/// An element of a collection initializer: the arguments of one `Add`.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementInitializer {
    /// The arguments, at least one.
    pub values: Box<[Expr]>,
    /// Where it stands, with its braces.
    pub range: Range32,
}

/// `A = value` or `["b"] = value` in an object initializer.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberInitializer {
    /// What is set.
    pub target: InitializerTarget,
    /// What it is set to.
    pub value: InitializerValue,
    /// Where it stands.
    pub range: Range32,
}

/// The left side in an object initializer.
#[derive(Debug, Clone, PartialEq)]
pub enum InitializerTarget {
    /// `A =`.
    Member(Identifier),
    /// `[i] =`.
    Index(Box<[Argument]>),
}

/// The right side in an object initializer.
#[derive(Debug, Clone, PartialEq)]
pub enum InitializerValue {
    /// `= e`.
    Expr(Expr),
    /// `= {…}`: fills the object the member already holds.
    Initializer(Initializer),
}

/// `new T[sizes] initializer`.
#[derive(Debug, Clone, PartialEq)]
pub struct NewArray {
    /// The type of the elements: `int[]` for `new int[3][]`; `None` for `new[] {…}`.
    pub element: Option<TypeSyntax>,
    /// The number of dimensions, at least 1.
    pub rank: u32,
    /// As many sizes as dimensions, or none: then the initializer tells.
    pub sizes: Box<[Expr]>,
    /// The elements, of kind [`ExprKind::ArrayInitializer`]; always there when `sizes` is empty.
    pub initializer: Option<Expr>,
}

/// `name = value` in `new {…}`; the name of `new { x.Name }` is already inferred.
#[derive(Debug, Clone, PartialEq)]
pub struct AnonymousMember {
    /// The name of the property.
    pub name: Identifier,
    /// Its value.
    pub value: Expr,
}

/// A lambda or anonymous method.
#[derive(Debug, Clone, PartialEq)]
pub struct Lambda {
    /// The parameters: either all with types or all without; `None` for `delegate {…}`, which
    /// takes any.
    pub parameters: Option<Box<[LambdaParameter]>>,
    /// Marked `async`.
    pub is_async: bool,
    /// Where its `=>` or `delegate` stands.
    pub arrow: Range32,
    /// What it runs.
    pub body: Body,
}

/// A parameter of a lambda.
#[derive(Debug, Clone, PartialEq)]
pub struct LambdaParameter {
    /// `ref`, `out` or `in`.
    pub modifier: ArgumentModifier,
    /// The type, if written.
    pub ty: Option<TypeSyntax>,
    /// The name.
    pub name: Identifier,
}

/// The body of a lambda or local function.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `=> e`.
    Expr(Expr),
    /// `{…}`.
    Block(Block),
}
