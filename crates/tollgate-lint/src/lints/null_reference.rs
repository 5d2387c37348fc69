//! A member of what may be null.

use tollgate_syntax::Diagnostic;
use tollgate_syntax::csharp::ast::ExprKind;

use crate::code::{path, span};
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "null-reference",
    summary: "a member is read of something that is null for some requests",
    level: Level::Note,
    page: r#"
`context.Request.Body` is null for a request without a body, such as a GET; `context.User`, `context.Subscription` and
`context.Product` are null where a request has none; `context.LastError` is null outside of `on-error`. Reading a member of
null fails with a `NullReferenceException`, and the caller gets 500.

    @((string)context.Request.Body.As<JObject>(true)["model"])

Ask first (`context.Request.Body != null && …`), or use `?.`. An expression that mentions the comparison with null is not
reported.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for code in &subject.codes {
        let owner = &code.owner;
        // A condition around it may have asked.
        let guarded = (subject.ancestors(owner)).any(|outer| &*outer.element.name == "when");
        let text = code.expression.code.text();
        if guarded || text.contains("null") {
            continue;
        }
        code.tree.walk(&mut |expr| {
            let ExprKind::Member { target, name } = &expr.kind else {
                return;
            };
            let why = match path(target).as_deref() {
                Some("context.Request.Body") if &*name.identifier.name == "As" => {
                    "a request without a body has none"
                }
                Some("context.User") => "a request without a user has none",
                Some("context.LastError")
                    if owner.section != "on-error" && !owner.section.is_empty() =>
                {
                    "there is none outside of `on-error`"
                }
                _ => return,
            };
            let what = path(target).unwrap_or_default();
            let message = format!("`{what}` may be null here: {why}");
            found.push(
                finding(span(code.expression, target.range), message)
                    .with_help("ask for null first, or use `?.`"),
            );
        });
    }
    found
}
