//! Streams that are held back.

use tollgate_syntax::Diagnostic;

use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "stream-buffered",
    summary: "server-sent events are held back by a policy that needs the whole response",
    level: Level::Warning,
    page: r#"
`forward-request buffer-response="false"` lets a response through as it comes, for server-sent events. A policy in `outbound`
that reads or changes the body waits for all of it first: the client sees nothing until the stream ends.

    <forward-request buffer-response="false" />
    …
    <find-and-replace from="a" to="b" />

Take the policy away, or make it run only for responses that are no `text/event-stream`: inside a `choose` it is not
reported. Source: how-to-server-sent-events.md.
"#,
    check,
};

/// Policies that need the whole body.
const WHOLE: [&str; 6] = [
    "find-and-replace",
    "json-to-xml",
    "xml-to-json",
    "xsl-transform",
    "redirect-content-urls",
    "validate-content",
];

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let streams = subject.named("forward-request").find(|forward| {
        crate::subject::literal(forward.element, "buffer-response") == Some("false")
    });
    let Some(forward) = streams else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut hold = |span, what: &str| {
        let message = format!("{what} needs the whole response, and holds the stream back");
        found.push(
            finding(span, message)
                .with_label(forward.element.name_span, "the response is to stream"),
        );
    };
    for item in &subject.items {
        let outbound = item.section == "outbound" && item.parent.is_none();
        if outbound && WHOLE.contains(&&*item.element.name) {
            hold(item.element.name_span, &format!("`{}`", item.element.name));
        }
    }
    for code in &subject.codes {
        let reads = code
            .expression
            .code
            .text()
            .contains("context.Response.Body");
        let outbound = code.owner.section == "outbound"
            && !(subject.ancestors(&code.owner)).any(|outer| &*outer.element.name == "choose");
        if reads && outbound {
            hold(code.expression.span, "reading the body");
        }
    }
    found
}
