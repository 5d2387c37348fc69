//! A retry whose request has no body the second time.

use tollgate_syntax::Diagnostic;

use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "retry-body",
    summary: "`retry` around a `forward-request` that does not keep the body for another try",
    level: Level::Warning,
    page: r#"
`forward-request` streams the request's body to the backend. A second try has nothing left to send, unless the body is kept:

    <retry condition="@(context.Response.StatusCode == 503)" count="3" interval="1">
        <forward-request buffer-request-body="true" />
    </retry>

Source: forward-request-policy.md, retry-policy.md.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for forward in subject.named("forward-request") {
        let retried = (subject.ancestors(forward)).find(|outer| &*outer.element.name == "retry");
        let (Some(retry), None) = (retried, forward.element.attribute("buffer-request-body"))
        else {
            continue;
        };
        let name = forward.element.name_span;
        found.push(
            finding(name, "another try has no body left to send")
                .with_label(retry.element.name_span, "it is tried again here")
                .with_help("add `buffer-request-body=\"true\"`")
                .with_edit(name.at_end(), " buffer-request-body=\"true\""),
        );
    }
    found
}
