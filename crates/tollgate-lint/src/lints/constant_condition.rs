//! A condition that is always the same.

use tollgate_syntax::Diagnostic;
use tollgate_syntax::csharp::ast::{ExprKind, Literal};

use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "constant-condition",
    summary: "the condition of a `when` is always true, or never",
    level: Level::Warning,
    page: r#"
A branch whose condition is `@(true)` always runs, and those behind it never do; one whose condition is `@(false)` never
runs. Such conditions are often left over from trying something out.

    <choose>
        <when condition="@(true)"> … </when>
        <otherwise> never reached </otherwise>
    </choose>

Take the `choose` away, or write the condition that was meant.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let conditions = subject
        .codes
        .iter()
        .filter(|code| code.attribute == Some("condition") && &*code.owner.element.name == "when");
    let mut found = Vec::new();
    for code in conditions {
        let truth = match code.tree.single().map(|expr| &expr.kind) {
            Some(ExprKind::Literal(Literal::Bool(truth))) => *truth,
            _ => continue,
        };
        let message = match truth {
            true => "this branch is always taken, and those behind it never",
            false => "this branch is never taken",
        };
        found.push(finding(code.expression.span, message));
    }
    found
}
