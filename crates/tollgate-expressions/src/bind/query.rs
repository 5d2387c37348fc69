//! Query syntax, rewritten to calls of `Select`, `Where` and their like. Source: C# specification, Query expressions.
//!
//! Where a clause sees several range variables, the elements are anonymous objects of them all, and its lambda begins
//! by taking them apart.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use super::types::element_type;
use super::{Bind, Binder, Bound};
use tollgate_syntax::csharp::ast::{
    AnonymousMember, Argument, ArgumentModifier, Block, Body, Declarator, Expr, ExprKind,
    FromClause, Identifier, Lambda, LambdaParameter, LocalDeclaration, LocalModifier, Query,
    QueryBody, QueryClause, QueryEnd, Range32, SimpleName, Stmt, StmtKind, TypeKind, TypeSyntax,
};

/// Keeps the rewritten queries alive while the tree is bound; each is rewritten once.
#[derive(Debug, Default)]
pub(super) struct Arena {
    first: Link,
    known: RefCell<HashMap<usize, usize>>,
}

#[derive(Debug, Default)]
struct Link(OnceCell<Box<(Expr, Link)>>);

impl Arena {
    /// The calls that the query stands for.
    pub(super) fn lower<'s>(&'s self, query: &Query, range: Range32) -> &'s Expr {
        let key = std::ptr::from_ref(query).addr();
        let known = self.known.borrow().get(&key).copied();
        if let Some(expr) = known.and_then(|index| self.get(index)) {
            return expr;
        }
        let mut at = &self.first;
        let mut index = 0;
        while let Some(entry) = at.0.get() {
            at = &entry.1;
            index += 1;
        }
        self.known.borrow_mut().insert(key, index);
        &at.0
            .get_or_init(|| Box::new((rewrite(query, range), Link::default())))
            .0
    }

    fn get(&self, index: usize) -> Option<&Expr> {
        let mut at = &self.first;
        for _ in 0..index {
            at = &at.0.get()?.1;
        }
        at.0.get().map(|entry| &entry.0)
    }
}

/// The name of the parameter that holds several range variables; no C# name looks so.
const TRANSPARENT: &str = "<>h";

struct Rewriter {
    range: Range32,
    /// The range variables in scope; the last is the newest.
    variables: Vec<Identifier>,
}

fn rewrite(query: &Query, range: Range32) -> Expr {
    let source = source_of(&query.from, range);
    let mut rewriter = Rewriter {
        range,
        variables: vec![query.from.name.clone()],
    };
    rewriter.body(source, &query.body)
}

/// `source`, or `source.Cast<T>()`.
fn source_of(from: &FromClause, range: Range32) -> Expr {
    match &from.ty {
        None => from.source.clone(),
        Some(ty) => call(
            from.source.clone(),
            "Cast",
            vec![ty.clone()],
            Vec::new(),
            range,
        ),
    }
}

impl Rewriter {
    fn body(&mut self, mut source: Expr, body: &QueryBody) -> Expr {
        for clause in &body.clauses {
            source = self.clause(source, clause);
        }
        let result = match &body.end {
            QueryEnd::Select(value) => {
                match self.is_only_variable(value) && !body.clauses.is_empty() {
                    true => source,
                    false => {
                        let selector = self.lambda(value.clone());
                        self.call(source, "Select", vec![selector])
                    }
                }
            }
            QueryEnd::Group { value, key } => {
                let by = self.lambda(key.clone());
                match self.is_only_variable(value) {
                    true => self.call(source, "GroupBy", vec![by]),
                    false => {
                        let element = self.lambda(value.clone());
                        self.call(source, "GroupBy", vec![by, element])
                    }
                }
            }
        };
        match &body.continuation {
            None => result,
            Some(continuation) => {
                self.variables = vec![continuation.name.clone()];
                self.body(result, &continuation.body)
            }
        }
    }

    fn clause(&mut self, source: Expr, clause: &QueryClause) -> Expr {
        match clause {
            QueryClause::Where(condition) => {
                let test = self.lambda(condition.clone());
                self.call(source, "Where", vec![test])
            }
            QueryClause::OrderBy(orderings) => {
                let mut result = source;
                for (index, ordering) in orderings.iter().enumerate() {
                    let method = match (index, ordering.descending) {
                        (0, false) => "OrderBy",
                        (0, true) => "OrderByDescending",
                        (_, false) => "ThenBy",
                        (_, true) => "ThenByDescending",
                    };
                    let key = self.lambda(ordering.key.clone());
                    result = self.call(result, method, vec![key]);
                }
                result
            }
            QueryClause::Let { name, value } => {
                let all = self.all_with(name, value.clone());
                let selector = self.lambda(all);
                self.variables.push(name.clone());
                self.call(source, "Select", vec![selector])
            }
            QueryClause::From(from) => {
                let inner = self.lambda(source_of(from, self.range));
                let all = self.all_with(&from.name, name_of(&from.name));
                let result = self.lambda_of_two(&from.name, all);
                self.variables.push(from.name.clone());
                self.call(source, "SelectMany", vec![inner, result])
            }
            QueryClause::Join(join) => {
                let inner = source_of(&join.from, self.range);
                let outer_key = self.lambda(join.outer_key.clone());
                let inner_key = lambda(
                    vec![join.from.name.clone()],
                    Body::Expr(join.inner_key.clone()),
                    self.range,
                );
                let (method, name) = match &join.into {
                    None => ("Join", &join.from.name),
                    Some(group) => ("GroupJoin", group),
                };
                let all = self.all_with(name, name_of(name));
                let result = self.lambda_of_two(name, all);
                self.variables.push(name.clone());
                self.call(source, method, vec![inner, outer_key, inner_key, result])
            }
        }
    }

    /// `new { a, b, name = value }`: all range variables and a new one.
    fn all_with(&self, name: &Identifier, value: Expr) -> Expr {
        let mut members: Vec<AnonymousMember> = self
            .variables
            .iter()
            .map(|variable| AnonymousMember {
                name: variable.clone(),
                value: name_of(variable),
            })
            .collect();
        members.push(AnonymousMember {
            name: name.clone(),
            value,
        });
        Expr {
            kind: ExprKind::NewAnonymous(members.into()),
            range: self.range,
        }
    }

    fn is_only_variable(&self, value: &Expr) -> bool {
        match (self.variables.as_slice(), &value.kind) {
            ([only], ExprKind::Name(name)) => {
                name.type_arguments.is_empty() && name.identifier.name == only.name
            }
            _ => false,
        }
    }

    /// `x => body`, or a lambda that takes the transparent element apart first.
    fn lambda(&self, body: Expr) -> Expr {
        match self.variables.as_slice() {
            [only] => lambda(vec![only.clone()], Body::Expr(body), self.range),
            _ => lambda(vec![self.transparent()], self.opened(body), self.range),
        }
    }

    /// `(x, next) => body`.
    fn lambda_of_two(&self, next: &Identifier, body: Expr) -> Expr {
        match self.variables.as_slice() {
            [only] => lambda(
                vec![only.clone(), next.clone()],
                Body::Expr(body),
                self.range,
            ),
            _ => lambda(
                vec![self.transparent(), next.clone()],
                self.opened(body),
                self.range,
            ),
        }
    }

    fn transparent(&self) -> Identifier {
        Identifier {
            name: TRANSPARENT.into(),
            // A place of its own tells it from the range variables.
            range: Range32::new(self.range.end, self.range.end),
        }
    }

    /// `{ var a = h.a; var b = h.b; return body; }`.
    fn opened(&self, body: Expr) -> Body {
        let range = body.range;
        let holder = self.transparent();
        let mut statements: Vec<Stmt> = self
            .variables
            .iter()
            .map(|variable| {
                let member = Expr {
                    kind: ExprKind::Member {
                        target: Box::new(name_of(&holder)),
                        name: Box::new(simple(variable)),
                    },
                    range: variable.range,
                };
                Stmt {
                    kind: StmtKind::Local(Box::new(LocalDeclaration {
                        modifier: LocalModifier::None,
                        ty: TypeSyntax {
                            kind: TypeKind::Var,
                            range: variable.range,
                        },
                        declarators: [Declarator {
                            name: variable.clone(),
                            by_reference: false,
                            initializer: Some(member),
                        }]
                        .into(),
                    })),
                    range: variable.range,
                }
            })
            .collect();
        statements.push(Stmt {
            kind: StmtKind::Return(Some(Box::new(body))),
            range,
        });
        Body::Block(Block {
            statements: statements.into(),
            range,
        })
    }

    fn call(&self, target: Expr, method: &str, arguments: Vec<Expr>) -> Expr {
        call(target, method, Vec::new(), arguments, self.range)
    }
}

fn call(
    target: Expr,
    method: &str,
    types: Vec<TypeSyntax>,
    arguments: Vec<Expr>,
    range: Range32,
) -> Expr {
    let name = SimpleName {
        identifier: Identifier {
            name: method.into(),
            range,
        },
        type_arguments: types.into(),
    };
    let member = Expr {
        range,
        kind: ExprKind::Member {
            target: Box::new(target),
            name: Box::new(name),
        },
    };
    let arguments = arguments
        .into_iter()
        .map(|value| Argument {
            name: None,
            modifier: ArgumentModifier::None,
            range: value.range,
            value,
        })
        .collect();
    Expr {
        kind: ExprKind::Call {
            target: Box::new(member),
            arguments,
        },
        range,
    }
}

impl<'a> Binder<'a> {
    /// CS1931 for a range variable that has the name of a local.
    fn check_range_variable(&mut self, name: &Identifier) -> Bind<()> {
        if self.variable(&name.name).is_none() {
            return Ok(());
        }
        let message = format!(
            "The range variable '{0}' conflicts with a previous declaration of '{0}'",
            name.name
        );
        Err(self.error("CS1931", message, name.range))
    }

    /// Range variables that come twice, and sources that are none.
    pub(super) fn check_query(&mut self, query: &'a Query) -> Bind<()> {
        let source = &query.from.source;
        if let Some(Bound::Value(value)) = self.quietly(|binder| binder.natural(source))
            && value.ty.is_value_type()
            && element_type(self.registry, &value.ty).is_none()
        {
            let message = format!(
                "Could not find an implementation of the query pattern for source type '{}'.  'Select' not found.",
                value.ty
            );
            return Err(self.error("CS1936", message, source.range));
        }
        if let Some(Bound::Value(value)) = self.quietly(|binder| binder.natural(source))
            && value.ty == tollgate_dotnet::Type::Null
        {
            let message = "Use of null is not valid in this context";
            return Err(self.error("CS0186", message, source.range));
        }
        let mut body = &query.body;
        let mut names = vec![&query.from.name];
        self.check_range_variable(&query.from.name)?;
        loop {
            for clause in &body.clauses {
                let declared = match clause {
                    QueryClause::From(from) => [Some(&from.name), None],
                    QueryClause::Let { name, .. } => [Some(name), None],
                    QueryClause::Join(join) => [Some(&join.from.name), join.into.as_ref()],
                    QueryClause::Where(_) | QueryClause::OrderBy(_) => [None, None],
                };
                // Behind `into` only the group is left of a join.
                let group = matches!(clause, QueryClause::Join(join) if join.into.is_some());
                for (index, name) in declared.into_iter().flatten().enumerate() {
                    if names.iter().any(|known| known.name == name.name) {
                        let message = format!(
                            "The range variable '{}' has already been declared",
                            name.name
                        );
                        return Err(self.error("CS1930", message, name.range));
                    }
                    self.check_range_variable(name)?;
                    if !group || index == 1 {
                        names.push(name);
                    }
                }
            }
            match &body.continuation {
                Some(next) => {
                    names = vec![&next.name];
                    body = &next.body;
                }
                None => return Ok(()),
            }
        }
    }
}

impl<'a> Binder<'a> {
    /// Says what is wrong with a query in its own words, of the errors from that one on.
    pub(super) fn explain_query(&mut self, query: &Query, range: Range32, from: usize) {
        let code = self.code;
        let text = |start: u32, end: u32| {
            let offset = |at| usize::try_from(at).unwrap_or(usize::MAX);
            code.get(offset(start)..offset(end)).unwrap_or_default()
        };
        let mut names = vec![&query.from.name];
        let mut body = &query.body;
        loop {
            for clause in &body.clauses {
                if let QueryClause::Join(join) = clause {
                    let (outer, inner) = (join.outer_key.range, join.inner_key.range);
                    let own = &join.from.name.name;
                    for error in self.errors.iter_mut().skip(from) {
                        let name = text(error.start, error.end);
                        let within =
                            |key: Range32| key.start <= error.start && error.end <= key.end;
                        let (code, side, other) = match error.code {
                            "CS0103" if within(outer) && *name == **own => {
                                ("CS1937", "left", "right")
                            }
                            "CS0103"
                                if within(inner) && names.iter().any(|of| *of.name == *name) =>
                            {
                                ("CS1938", "right", "left")
                            }
                            _ => continue,
                        };
                        error.code = code;
                        error.help = None;
                        error.message = format!(
                            "The name '{name}' is not in scope on the {side} side of 'equals'.  Consider swapping the expressions on either side of 'equals'; it is in scope on the {other} one."
                        );
                    }
                }
                names.extend(match clause {
                    QueryClause::From(from) => Some(&from.name),
                    QueryClause::Let { name, .. } => Some(name),
                    QueryClause::Join(join) => Some(join.into.as_ref().unwrap_or(&join.from.name)),
                    QueryClause::Where(_) | QueryClause::OrderBy(_) => None,
                });
            }
            match &body.continuation {
                Some(next) => {
                    names = vec![&next.name];
                    body = &next.body;
                }
                None => break,
            }
        }
        // The calls that clauses stand for are where the whole query is.
        for error in self.errors.iter_mut().skip(from) {
            let whole = error.start == range.start && error.end == range.end;
            if !whole || error.code != "CS0411" {
                continue;
            }
            let of = |name: &str| error.message.contains(&format!("{name}<"));
            let (code, clause) = match () {
                () if of("Join") || of("GroupJoin") => ("CS1941", "expressions in the join"),
                () if of("SelectMany") => ("CS1943", "expression in a subsequent from"),
                () if of("Select") => ("CS1942", "expression in the select"),
                () if of("GroupBy") => ("CS1942", "expression in the group"),
                () => ("CS1942", "expression in the orderby"),
            };
            error.code = code;
            error.message = format!(
                "The type of the {clause} clause is incorrect.  Type inference failed in the call that it stands for."
            );
        }
    }
}

fn lambda(parameters: Vec<Identifier>, body: Body, range: Range32) -> Expr {
    let parameters = parameters
        .into_iter()
        .map(|name| LambdaParameter {
            modifier: ArgumentModifier::None,
            ty: None,
            name,
        })
        .collect();
    Expr {
        kind: ExprKind::Lambda(Box::new(Lambda {
            parameters: Some(parameters),
            is_async: false,
            arrow: range,
            body,
        })),
        range,
    }
}

fn name_of(name: &Identifier) -> Expr {
    Expr {
        kind: ExprKind::Name(Box::new(simple(name))),
        range: name.range,
    }
}

fn simple(name: &Identifier) -> SimpleName {
    SimpleName {
        identifier: name.clone(),
        type_arguments: Box::default(),
    }
}
