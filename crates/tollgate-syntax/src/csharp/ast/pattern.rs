//! Patterns, and the switch expression built on them.

use super::{BinaryOp, Expr, Identifier, Range32, TypeSyntax};

/// The variables of a declaration expression or a pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Designation {
    /// `x`.
    Variable(Identifier),
    /// `_`.
    Discard(Range32),
    /// `(a, b)`.
    Tuple(Box<[Designation]>),
}

/// `value switch { … }` (C# 8).
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchExpression {
    /// What is matched.
    pub value: Expr,
    /// The arms, tried in order.
    pub arms: Box<[SwitchArm]>,
}

/// `pattern when guard => value`.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchArm {
    /// What must match.
    pub pattern: Pattern,
    /// What must also hold.
    pub guard: Option<Expr>,
    /// The result.
    pub value: Expr,
    /// Where it stands.
    pub range: Range32,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where it stands.
    pub range: Range32,
}

/// The forms of pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum PatternKind {
    /// `_`.
    Discard,
    /// `var x`, `var (a, b)`.
    Var(Designation),
    /// A type that cannot be read as an expression: `int`, `string[]`, `List<int>`, `int?`.
    Type(TypeSyntax),
    /// `T x`, `T _`.
    Declaration {
        /// The type tested.
        ty: TypeSyntax,
        /// The variable.
        designation: Designation,
    },
    /// A constant. A possibly qualified name (`A`, `A.B`) may be a type as well as a constant: the
    /// binder looks for a type first.
    Constant(Box<Expr>),
    /// `< 5` (C# 9); the operator is one of the four orderings.
    Relational {
        /// The operator.
        op: BinaryOp,
        /// The constant compared with.
        value: Box<Expr>,
    },
    /// `not p` (C# 9).
    Not(Box<Pattern>),
    /// `p and q …` (C# 9): at least two.
    And(Box<[Pattern]>),
    /// `p or q …` (C# 9): at least two.
    Or(Box<[Pattern]>),
    /// `T (p, q) { A: r } x` (C# 8).
    Recursive(Box<RecursivePattern>),
}

/// `T (p, q) { A: r } x`: at least one of `positions` and `properties` is there.
#[derive(Debug, Clone, PartialEq)]
pub struct RecursivePattern {
    /// The type tested, if written.
    pub ty: Option<TypeSyntax>,
    /// `(p, q)`.
    pub positions: Option<Box<[Subpattern]>>,
    /// `{ A: r }`.
    pub properties: Option<Box<[Subpattern]>>,
    /// The variable.
    pub designation: Option<Designation>,
}

/// `name: pattern`, or only `pattern` among positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Subpattern {
    /// The property; always there among properties.
    pub name: Option<Identifier>,
    /// What it must match.
    pub pattern: Pattern,
}
