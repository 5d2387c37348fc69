//! Policies behind a response that is returned.

use tollgate_syntax::{Diagnostic, Element};

use crate::subject::{SECTIONS, Subject};
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "unreachable-policy",
    summary: "a policy stands behind `return-response` or `mock-response`, and never runs",
    level: Level::Warning,
    page: r#"
`return-response` ends the pipeline, and `mock-response` leads to `outbound`: what stands behind them in the same place never
runs.

    <return-response><set-status code="401" reason="Unauthorized" /></return-response>
    <set-header name="WWW-Authenticate"><value>Bearer</value></set-header>

Put it before, or inside.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let sections = SECTIONS.iter().filter_map(|name| subject.section(name));
    // Blocks of policies are sections, and what has policies in it.
    let blocks = subject
        .items
        .iter()
        .map(|item| item.element)
        .filter(|element| {
            matches!(
                &*element.name,
                "when" | "otherwise" | "retry" | "limit-concurrency"
            )
        });
    sections.chain(blocks).filter_map(behind_the_end).collect()
}

fn behind_the_end(block: &Element) -> Option<Diagnostic> {
    let mut policies = block.elements();
    let end =
        policies.find(|policy| matches!(&*policy.name, "return-response" | "mock-response"))?;
    let next = policies.next()?;
    let message = format!("this never runs: `{}` before it ends the section", end.name);
    Some(finding(next.name_span, message).with_label(end.name_span, "it ends here"))
}
