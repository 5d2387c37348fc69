//! The C# of an expression, and questions about it.

use tollgate_syntax::csharp::ast::{
    Argument, Block, Expr, ExprKind, Literal, LiteralText, Range32, TypeSyntax,
};
use tollgate_syntax::csharp::{parse_block, parse_expression};
use tollgate_syntax::{Expression, ExpressionKind, Span};

/// The syntax tree of an expression.
pub(crate) enum Tree {
    Single(Expr),
    Block(Block),
}

impl Tree {
    /// Of code with errors it has what could be understood.
    pub(crate) fn parse(expression: &Expression) -> Self {
        let code = expression.code.text();
        match expression.kind {
            ExpressionKind::Single => Self::Single(parse_expression(code).tree),
            ExpressionKind::Block => Self::Block(parse_block(code).tree),
        }
    }

    /// Calls `visit` with all expressions in it, outer ones first.
    pub(crate) fn walk<'t>(&'t self, visit: &mut dyn FnMut(&'t Expr)) {
        match self {
            Self::Single(expr) => expr.walk(visit),
            Self::Block(block) => block.walk(visit),
        }
    }

    /// The one expression.
    pub(crate) fn single(&self) -> Option<&Expr> {
        match self {
            Self::Single(expr) => Some(expr),
            Self::Block(_) => None,
        }
    }
}

/// The place of a part of an expression's code.
pub(crate) fn span(expression: &Expression, range: Range32) -> Span {
    let at = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    expression.code.span(at(range.start)..at(range.end))
}

/// The text of a part of an expression's code.
pub(crate) fn text(expression: &Expression, range: Range32) -> &str {
    let at = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    let code = expression.code.text();
    code.get(at(range.start)..at(range.end)).unwrap_or_default()
}

/// `context.Request.Body` of a chain of names, `?.` as `.`; `None` if there is something else in it.
pub(crate) fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.identifier.name.to_string()),
        ExprKind::Member { target, name } => {
            Some(format!("{}.{}", path(target)?, name.identifier.name))
        }
        ExprKind::ConditionalAccess { receiver, access } => {
            let (receiver, access) = (path(receiver)?, path(access)?);
            Some(format!("{receiver}{access}"))
        }
        ExprKind::Receiver => Some(String::new()),
        _ => None,
    }
}

/// A string literal.
pub(crate) fn string(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::String(LiteralText::Utf8(text))) => Some(text),
        _ => None,
    }
}

/// A call of a method: what it is called on, its name, its one type argument, and the arguments.
pub(crate) struct Call<'t> {
    pub(crate) target: &'t Expr,
    pub(crate) method: &'t str,
    pub(crate) ty: Option<&'t TypeSyntax>,
    pub(crate) arguments: &'t [Argument],
}

pub(crate) fn call(expr: &Expr) -> Option<Call<'_>> {
    let ExprKind::Call { target, arguments } = &expr.kind else {
        return None;
    };
    let ExprKind::Member { target, name } = &target.kind else {
        return None;
    };
    Some(Call {
        target,
        method: &name.identifier.name,
        ty: name.type_arguments.first(),
        arguments,
    })
}

/// How a variable is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How<'t> {
    /// `context.Variables["x"]`: an exception if it is not there.
    Index,
    /// `GetValueOrDefault<T>("x")`.
    OrDefault(Option<&'t TypeSyntax>),
    /// `ContainsKey` and the like: asks whether it is there.
    Asked,
}

/// The variable that an expression reads: its name, where the name stands, and how.
pub(crate) fn variable(expr: &Expr) -> Option<(&str, Range32, How<'_>)> {
    const VARIABLES: &str = "context.Variables";
    if let ExprKind::Index { target, arguments } = &expr.kind {
        let [argument] = &**arguments else {
            return None;
        };
        let name = string(&argument.value)?;
        return (path(target)? == VARIABLES).then_some((name, argument.value.range, How::Index));
    }
    let call = call(expr)?;
    let argument = &call.arguments.first()?.value;
    let name = string(argument)?;
    if path(call.target)? != VARIABLES {
        return None;
    }
    let how = match call.method {
        "GetValueOrDefault" => How::OrDefault(call.ty),
        "ContainsKey" | "TryGetValue" => How::Asked,
        _ => return None,
    };
    Some((name, argument.range, how))
}
