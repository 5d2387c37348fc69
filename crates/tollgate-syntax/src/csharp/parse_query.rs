//! Query expressions.

use super::ast::{
    ExprKind, FromClause, JoinClause, Ordering, Query, QueryBody, QueryClause, QueryContinuation,
    QueryEnd,
};
use super::parser::Parser;
use super::token::TokenKind;

impl Parser<'_> {
    /// A query: the caller has looked ahead.
    pub(super) fn query(&mut self) -> ExprKind {
        let outer = std::mem::replace(&mut self.in_query, true);
        let from = self.range_clause("from");
        let body = self.query_body();
        self.in_query = outer;
        ExprKind::Query(Box::new(Query { from, body }))
    }

    /// `from T x in xs` or `join T x in xs`.
    fn range_clause(&mut self, word: &'static str) -> FromClause {
        let start = self.start();
        self.expect(word);
        let untyped = self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "in";
        let ty = (!untyped).then(|| self.parse_type());
        let name = self.identifier();
        self.expect("in");
        let source = self.expression();
        FromClause {
            ty,
            name,
            source,
            range: self.since(start),
        }
    }

    fn query_body(&mut self) -> QueryBody {
        let mut clauses = Vec::new();
        self.descend();
        while let Some(clause) = self.query_clause() {
            clauses.push(clause);
        }
        let end = self.query_end();
        self.ascend();
        let continuation = self.at("into").then(|| self.continuation()).flatten();
        QueryBody {
            clauses: clauses.into(),
            end,
            continuation,
        }
    }

    fn continuation(&mut self) -> Option<Box<QueryContinuation>> {
        let level = self.enter()?;
        self.bump();
        let name = self.identifier();
        let body = self.query_body();
        self.leave(level);
        Some(Box::new(QueryContinuation { name, body }))
    }

    fn query_clause(&mut self) -> Option<QueryClause> {
        Some(match self.text() {
            "from" => QueryClause::From(self.range_clause("from")),
            "let" => {
                self.bump();
                let name = self.identifier();
                self.expect("=");
                QueryClause::Let {
                    name,
                    value: self.expression(),
                }
            }
            "where" => {
                self.bump();
                QueryClause::Where(self.expression())
            }
            "join" => QueryClause::Join(Box::new(self.join_clause())),
            "orderby" => {
                self.bump();
                let mut orderings = vec![self.ordering()];
                while self.eat(",") {
                    orderings.push(self.ordering());
                }
                QueryClause::OrderBy(orderings.into())
            }
            _ => return None,
        })
    }

    fn join_clause(&mut self) -> JoinClause {
        let from = self.range_clause("join");
        self.expect("on");
        let outer_key = self.expression();
        self.expect("equals");
        let inner_key = self.expression();
        let into = self.eat("into").then(|| self.identifier());
        JoinClause {
            from,
            outer_key,
            inner_key,
            into,
        }
    }

    fn ordering(&mut self) -> Ordering {
        let clause = matches!(
            self.text(),
            "select" | "group" | "where" | "orderby" | "join" | "let"
        );
        let key = match clause {
            true => {
                self.invalid_term();
                self.missing(self.start())
            }
            false => self.expression(),
        };
        let descending = self.eat("descending");
        if !descending {
            self.eat("ascending");
        }
        Ordering { key, descending }
    }

    fn query_end(&mut self) -> QueryEnd {
        if self.eat("group") {
            let value = self.expression();
            self.expect("by");
            return QueryEnd::Group {
                value,
                key: self.expression(),
            };
        }
        if !self.eat("select") {
            let range = self.token().range;
            let message = "A query body must end with a select clause or a group clause";
            self.error("CS0742", message, range);
        }
        QueryEnd::Select(self.expression())
    }
}
