//! A key that may be null.

use tollgate_syntax::Diagnostic;
use tollgate_syntax::csharp::ast::{Expr, ExprKind};

use crate::code::{call, path};
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "null-key",
    summary: "the key of a limit may be null, and the request fails then",
    level: Level::Warning,
    page: r#"
A `counter-key` that is null fails with `ExpressionValueValidationFailure`, and one that reads a member of what is null, such
as `context.Subscription.Id` without a subscription, with a null reference: the caller gets 500.

    <rate-limit-by-key calls="10" renewal-period="60"
        counter-key="@(context.Request.Headers.GetValueOrDefault("X-Client"))" />

Give a default: `GetValueOrDefault("X-Client", "none")`, `context.Subscription?.Id ?? "none"`. Mind that all callers without
one share that counter.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let keys = (subject.codes.iter()).filter(|code| code.attribute == Some("counter-key"));
    let mut found = Vec::new();
    for code in keys {
        if let Some(why) = code.tree.single().and_then(nullable) {
            let message = format!("this key may be null: {why}");
            found.push(
                finding(code.expression.span, message)
                    .with_help("give a default, such as `?? \"none\"`"),
            );
        }
    }
    found
}

/// Why an expression may be null, if that can be seen.
fn nullable(expr: &Expr) -> Option<&'static str> {
    if let ExprKind::ConditionalAccess { .. } = expr.kind {
        return Some("`?.` gives null where there is nothing");
    }
    if let Some(call) = call(expr)
        && call.method == "GetValueOrDefault"
        && call.arguments.len() == 1
        && call.ty.is_none()
    {
        return Some("`GetValueOrDefault` has no default");
    }
    match path(expr)?.as_str() {
        "context.Subscription.Id"
        | "context.Subscription.Key"
        | "context.Subscription.PrimaryKey" => {
            Some("a request without a subscription key has no `context.Subscription`")
        }
        "context.User.Id" | "context.User.Email" => {
            Some("a request without a user has no `context.User`")
        }
        "context.Product.Id" | "context.Product.Name" => {
            Some("a request outside of a product has no `context.Product`")
        }
        _ => None,
    }
}
