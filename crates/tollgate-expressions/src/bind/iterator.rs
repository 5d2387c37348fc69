//! `yield`.

use tollgate_dotnet::Type;
use tollgate_syntax::csharp::ast::{self, ArgumentModifier, Body, Expr, Range32, Stmt, StmtKind};

use super::{Bind, Binder};
use crate::scope::Enclosing;
use crate::typed::{Iterator, Statement};

impl<'a> Binder<'a> {
    /// What a function with `yield` gives, by its return type; `None` for one without.
    pub(super) fn iterator(
        &mut self,
        function: &'a ast::LocalFunction,
        returns: &Type,
    ) -> Bind<Option<Iterator>> {
        let Some(at) = first_yield(&function.body) else {
            return Ok(None);
        };
        if let Some(parameter) = (function.parameters.iter())
            .find(|parameter| parameter.modifier != ArgumentModifier::None)
        {
            return Err(self.error(
                "CS1623",
                "Iterators cannot have ref, in or out parameters",
                parameter.name.range,
            ));
        }
        let table = returns.table();
        let (runs, element) = match table.as_ref().map(|table| table.full_name()) {
            Some("System.Collections.Generic.IEnumerable") => (false, returns.arguments().first()),
            Some("System.Collections.Generic.IEnumerator") => (true, returns.arguments().first()),
            Some("System.Collections.IEnumerable") => (false, None),
            Some("System.Collections.IEnumerator") => (true, None),
            _ => {
                let message = format!(
                    "The body of '{}' cannot be an iterator block because '{returns}' is not an iterator interface type",
                    function.name.name
                );
                let _ = at;
                return Err(self.error("CS1624", message, function.name.range));
            }
        };
        Ok(Some(Iterator {
            element: element.cloned().unwrap_or_else(Type::object),
            runs,
        }))
    }

    /// `yield return e;`, or `yield break;`.
    pub(super) fn yield_statement(
        &mut self,
        value: Option<&'a Expr>,
        range: Range32,
    ) -> Bind<Statement> {
        let at = Range32::new(range.start, range.start.saturating_add(5)); // `yield`
        let frame = self.frame()?;
        let (is_lambda, yields) = (frame.is_lambda, frame.yields.clone());
        let enclosing = frame.enclosing.clone();
        let Some(element) = yields else {
            return Err(match is_lambda {
                true => self.error(
                    "CS1621",
                    "The yield statement cannot be used inside an anonymous method or lambda expression",
                    at,
                ),
                false => self.error(
                    "CS1624",
                    "The body of 'Eval' cannot be an iterator block because 'object' is not an iterator interface type",
                    range,
                ),
            });
        };
        if enclosing.contains(&Enclosing::Finally) {
            return Err(self.error("CS1625", "Cannot yield in the body of a finally clause", at));
        }
        let Some(value) = value else {
            return Ok(Statement::Return(None));
        };
        if enclosing.contains(&Enclosing::Catch) {
            let message = "Cannot yield a value in the body of a catch clause";
            return Err(self.error("CS1631", message, at));
        }
        if enclosing.contains(&Enclosing::Caught) {
            let message = "Cannot yield a value in the body of a try block with a catch clause";
            return Err(self.error("CS1626", message, at));
        }
        let given = self.expression(value)?;
        self.convert(given, &element, value.range)
            .map(Statement::Yield)
    }
}

/// Where the first `yield` of a function's own stands.
pub(super) fn first_yield(body: &Body) -> Option<Range32> {
    match body {
        Body::Expr(_) => None,
        Body::Block(block) => in_all(&block.statements),
    }
}

fn in_all(statements: &[Stmt]) -> Option<Range32> {
    statements.iter().find_map(in_statement)
}

fn in_statement(statement: &Stmt) -> Option<Range32> {
    match &statement.kind {
        StmtKind::YieldReturn(_) | StmtKind::YieldBreak => Some(statement.range),
        StmtKind::Block(block) | StmtKind::Checked(block) | StmtKind::Unchecked(block) => {
            in_all(&block.statements)
        }
        StmtKind::If {
            then, otherwise, ..
        } => in_statement(then).or_else(|| in_statement(otherwise.as_ref()?)),
        StmtKind::While { body, .. }
        | StmtKind::Do { body, .. }
        | StmtKind::Lock { body, .. }
        | StmtKind::Labeled {
            statement: body, ..
        } => in_statement(body),
        StmtKind::For(inner) => in_statement(&inner.body),
        StmtKind::ForEach(inner) => in_statement(&inner.body),
        StmtKind::Using(inner) => in_statement(&inner.body),
        StmtKind::Switch(switch) => {
            let mut sections = switch.sections.iter();
            sections.find_map(|section| in_all(&section.statements))
        }
        StmtKind::Try(tried) => {
            let catches = tried.catches.iter().map(|clause| &clause.block);
            let blocks = std::iter::once(&tried.block).chain(catches);
            let mut blocks = blocks.chain(&tried.finally);
            blocks.find_map(|block| in_all(&block.statements))
        }
        StmtKind::Empty
        | StmtKind::Local(_)
        | StmtKind::LocalFunction(_)
        | StmtKind::Expression(_)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Goto(_)
        | StmtKind::GotoCase(_)
        | StmtKind::GotoDefault
        | StmtKind::Return(_)
        | StmtKind::Throw(_) => None,
    }
}
