//! A backend section that forwards nothing.

use tollgate_syntax::Diagnostic;

use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "forward-request-missing",
    summary: "the backend section neither forwards the request nor leaves that to another scope",
    level: Level::Warning,
    page: r#"
Requests reach the backend by `forward-request`, which the global scope's backend section has. A document whose backend
section has neither `<base />` nor `<forward-request />` answers every request with an empty 200, unless a policy returns a
response first.

    <backend>
        <set-header name="X-Trace"><value>1</value></set-header>
    </backend>

Put `<base />` into it, or `<forward-request />`.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    const WAYS: [&str; 6] = [
        "base",
        "forward-request",
        "return-response",
        "mock-response",
        "include-fragment",
        "invoke-dapr-binding",
    ];
    let forwards = (subject.items.iter())
        .any(|item| item.section == "backend" && WAYS.contains(&&*item.element.name));
    // A document that always answers by itself needs no backend.
    let answers = (subject.items.iter()).any(|item| {
        item.section == "inbound"
            && item.parent.is_none()
            && matches!(&*item.element.name, "return-response" | "mock-response")
    });
    match subject.section("backend") {
        Some(section) if !forwards && !answers => {
            let message = "nothing in this section sends the request to the backend";
            vec![
                finding(section.name_span, message)
                    .with_help("put `<base />` or `<forward-request />` into it"),
            ]
        }
        _ => Vec::new(),
    }
}
