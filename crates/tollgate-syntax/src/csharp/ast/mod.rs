//! The syntax tree of policy expressions: plain data, close to what was written.
//!
//! Conventions:
//! - Parentheses leave no node; grouping shows in the shape of the tree.
//! - Chains of equal-precedence binary operators are one flat node ([`ExprKind::Binary`]), so that
//!   thousands of terms need no deep recursion.
//! - The height of a tree the parser returns is bounded by [`MAX_DEPTH`](super::MAX_DEPTH); code
//!   that walks it may recurse.
//! - Lists are boxed slices, children are boxed: an [`Expr`] stays at 40 bytes.

mod expression;
mod literal;
mod pattern;
mod query;
mod statement;
mod types;

pub use expression::*;
pub use literal::*;
pub use pattern::*;
pub use query::*;
pub use statement::*;
pub use types::*;

use std::fmt;

/// A half-open range of bytes in the C# code text (not in the policy file).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Range32 {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Range32 {
    /// The range from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, end: Self) -> Self {
        Self {
            start: self.start.min(end.start),
            end: self.end.max(end.end),
        }
    }
}

impl fmt::Debug for Range32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A name as written, without the `@` of verbatim identifiers (`@class` is named `class`).
#[derive(Debug, Clone, PartialEq)]
pub struct Identifier {
    /// The name; empty where one was missing in code with errors.
    pub name: Box<str>,
    /// Where it stands, including the `@`.
    pub range: Range32,
}

/// A name with optional type arguments: `Value` or `Value<string>`.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleName {
    /// The name itself.
    pub identifier: Identifier,
    /// The type arguments; empty when there is no `<…>`.
    pub type_arguments: Box<[TypeSyntax]>,
}
