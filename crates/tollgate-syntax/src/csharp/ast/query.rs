//! Query expressions.

use super::{Expr, Identifier, Range32, TypeSyntax};

/// `from … select …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The first clause.
    pub from: FromClause,
    /// What follows it.
    pub body: QueryBody,
}

/// `from T name in source`.
#[derive(Debug, Clone, PartialEq)]
pub struct FromClause {
    /// The type of the range variable, if written: the source is cast to it.
    pub ty: Option<TypeSyntax>,
    /// The range variable.
    pub name: Identifier,
    /// What it runs over.
    pub source: Expr,
    /// Where it stands.
    pub range: Range32,
}

/// The clauses of a query after its first `from`, or after `into`.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryBody {
    /// The clauses before the last.
    pub clauses: Box<[QueryClause]>,
    /// `select` or `group`.
    pub end: QueryEnd,
    /// `into name …`: the query goes on over the results.
    pub continuation: Option<Box<QueryContinuation>>,
}

/// A clause in the middle of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryClause {
    /// Another `from`.
    From(FromClause),
    /// `let name = value`.
    Let {
        /// The range variable.
        name: Identifier,
        /// Its value.
        value: Expr,
    },
    /// `where condition`.
    Where(Expr),
    /// `join … in … on … equals …`, perhaps with `into`.
    Join(Box<JoinClause>),
    /// `orderby a, b descending`: at least one.
    OrderBy(Box<[Ordering]>),
}

/// `join T name in source on outer equals inner into group`.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinClause {
    /// The joined source and its range variable.
    pub from: FromClause,
    /// The key of the outer sequence.
    pub outer_key: Expr,
    /// The key of the joined sequence.
    pub inner_key: Expr,
    /// `into name`: a group join.
    pub into: Option<Identifier>,
}

/// `key ascending` or `key descending`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordering {
    /// What to sort by.
    pub key: Expr,
    /// Largest first.
    pub descending: bool,
}

/// The last clause of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryEnd {
    /// `select value`.
    Select(Expr),
    /// `group value by key`.
    Group {
        /// The elements of the groups.
        value: Expr,
        /// What they are grouped by.
        key: Expr,
    },
}

/// `into name` and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryContinuation {
    /// The range variable over the results so far.
    pub name: Identifier,
    /// The rest of the query.
    pub body: QueryBody,
}
