//! The same condition twice.

use std::collections::HashMap;

use tollgate_syntax::Diagnostic;

use crate::subject::{Subject, expression};
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "duplicate-condition",
    summary: "two branches of one `choose` have the same condition: the second is never reached",
    level: Level::Warning,
    page: r#"
`choose` takes the first branch whose condition is true. A second branch with the same condition is never taken:

    <choose>
        <when condition="@(context.Request.Method == "GET")"> … </when>
        <when condition="@(context.Request.Method == "GET")"> never reached </when>
    </choose>

Mend the condition, or put both together.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for choose in subject.named("choose") {
        let mut seen = HashMap::new();
        for when in choose
            .element
            .elements()
            .filter(|when| &*when.name == "when")
        {
            let Some(condition) = expression(when, "condition") else {
                continue;
            };
            // White space outside of strings does not matter, and conditions that differ in it alone are rare.
            let code = condition.code.text().trim();
            match seen.get(code) {
                None => {
                    seen.insert(code, condition.span);
                }
                Some(first) => found.push(
                    finding(
                        condition.span,
                        "this branch is never taken: one before it has the same condition",
                    )
                    .with_label(*first, "the same condition"),
                ),
            }
        }
    }
    found
}
