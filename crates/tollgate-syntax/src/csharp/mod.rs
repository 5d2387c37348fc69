//! C# 7.3 as policy expressions use it, with the pieces of C# 8 and 9 seen in policies: text in,
//! syntax tree and syntax errors out. Positions are byte ranges in the code text; the caller maps
//! them to the policy file. Source: api-management-policy-expressions.md.

pub mod ast;
mod directive;
mod layout;
mod lexer;
mod literal;
mod lookahead;
mod parse_declaration;
mod parse_expression;
mod parse_new;
mod parse_pattern;
mod parse_primary;
mod parse_query;
mod parse_statement;
mod parse_type;
mod parser;
mod token;
mod walk;

use ast::{Block, Expr, Range32};

pub use layout::layout;

/// How deep expressions, statements, types and patterns may nest, alone and in each other; deeper
/// code is refused with CS8078. Parentheses, prefix operators and blocks count once, most others
/// two or three times; a chain of equal binary operators (`a + b + c`) does not nest. Both the
/// parser and walks over an accepted tree are safe on a stack of 512 KiB.
pub const MAX_DEPTH: u32 = 256;

/// The most code text the parser takes, in bytes; longer text is refused with CS8078.
pub const MAX_LENGTH: usize = 1 << 20;

/// What parsing gives: always a tree, whole only when there are no errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// The tree; with errors it may hold `Missing` nodes and lack parts.
    pub tree: T,
    /// The errors in the order of their places; the first is the one to trust.
    pub errors: Vec<SyntaxError>,
}

/// A place where the code is not C#, or not C# that policy expressions may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The C# compiler's number of the error, such as `CS1002`.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// Where.
    pub range: Range32,
}

/// Parses the code of `@(…)`, without the `@(` and `)`: one expression.
///
/// Errors are found in [`Parsed::errors`]; the function itself cannot fail, whatever the text.
pub fn parse_expression(code: &str) -> Parsed<Expr> {
    parser::parse_all(code, |parser| parser.whole_expression())
}

/// Parses the code of `@{…}`, without the `@{` and `}`: statements.
///
/// Errors are found in [`Parsed::errors`]; the function itself cannot fail, whatever the text.
pub fn parse_block(code: &str) -> Parsed<Block> {
    parser::parse_all(code, |parser| parser.whole_block())
}
