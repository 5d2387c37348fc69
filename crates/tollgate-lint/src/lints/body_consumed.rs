//! A body that is read and then gone.

use tollgate_syntax::Diagnostic;
use tollgate_syntax::csharp::ast::{ExprKind, Literal};

use crate::code::{call, path, span};
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "body-consumed",
    summary: "a body is read without `preserveContent: true`, and is gone after that",
    level: Level::Warning,
    page: r#"
`context.Request.Body.As<T>()` takes the body: what runs afterwards, the backend included, sees an empty one. The same
holds for `context.Response.Body`, which the client would get.

    <set-variable name="model" value="@((string)context.Request.Body.As<JObject>()["model"])" />

Read it with `As<JObject>(preserveContent: true)`, unless the body is set anew by `set-body` anyway; an expression that is
the value of `set-body` itself is not reported.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for code in &subject.codes {
        let owner = &code.owner;
        // The body is set anew there, and a response that is returned is another.
        let replaced = &*owner.element.name == "set-body"
            || (subject.ancestors(owner)).any(|outer| &*outer.element.name == "return-response");
        // What fails is answered without the request's body.
        if replaced || owner.section == "on-error" {
            continue;
        }
        code.tree.walk(&mut |expr| {
            // `Body.As<T>()`, or `Body?.As<T>()`.
            let (called, target) = match &expr.kind {
                ExprKind::ConditionalAccess { receiver, access } => (call(access), path(receiver)),
                _ => (call(expr), call(expr).and_then(|call| path(call.target))),
            };
            let Some(call) = called.filter(|call| call.method == "As") else {
                return;
            };
            let message = match (target.as_deref(), owner.section) {
                (Some("context.Request.Body"), "inbound" | "backend" | "") => "request",
                (Some("context.Response.Body"), "outbound" | "") => "response",
                _ => return,
            };
            let kept = call.arguments.iter().any(|argument| {
                !matches!(argument.value.kind, ExprKind::Literal(Literal::Bool(false)))
            });
            if kept {
                return;
            }
            let place = span(code.expression, expr.range);
            let message =
                format!("this takes the {message}'s body: nothing is left of it afterwards");
            let mut one = finding(place, message).with_help("read it with `preserveContent: true`");
            if call.arguments.is_empty() {
                let mut inside = place.at_end();
                inside.start -= u32::from(inside.start > 0);
                inside.end = inside.start;
                one = one.with_edit(inside, "preserveContent: true");
            }
            found.push(one);
        });
    }
    found
}
