//! What APIM has given up or replaced.

use tollgate_syntax::{Diagnostic, Span};

use crate::code::{span, string};
use crate::subject::{Subject, literal};
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "deprecated",
    summary: "a policy or a header that API Management has given up or replaced",
    level: Level::Warning,
    page: r#"
- `set-graphql-resolver` was a preview. It was retired, and API Management has not had it since September 2023. Give the
  field a resolver of its own, whose document is what stood in it: `http-data-source`. Sources:
  changelogs/api-management-service.md in Azure/API-Management; configure-graphql-resolver.md.
- `Ocp-Apim-Trace` asked for a trace, and `Ocp-Apim-Trace-Location` told where it was. Requests ask for one by
  `Apim-Debug-Authorization` now, and get its id as `Apim-Trace-Id`. Source: api-management-howto-api-inspector.md, of 2018
  and of November 2024.

        <set-header name="Ocp-Apim-Trace" exists-action="delete" />

Nothing of this can be mended by another name in its place, so `--fix` leaves it. `azure-openai-*` are not deprecated: they
stand beside `llm-*` in api-management-policies.md.
"#,
    check,
};

/// What traces were asked for and found by, in lower case.
const HEADERS: [&str; 2] = ["ocp-apim-trace", "ocp-apim-trace-location"];

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let is_header = |name: &str| HEADERS.contains(&&*name.trim().to_ascii_lowercase());
    let mut found = Vec::new();
    for item in &subject.items {
        let element = item.element;
        match &*element.name {
            "set-graphql-resolver" => found.push(
                finding(
                    element.name_span,
                    "`set-graphql-resolver` was retired; API Management does not have it any more",
                )
                .with_help("give the field a resolver of its own: `http-data-source`"),
            ),
            "set-header" | "check-header" if literal(element, "name").is_some_and(is_header) => {
                let name = element.attribute("name");
                found.extend(name.map(|name| of_header(name.value.span)));
            }
            _ => {}
        }
    }
    for code in &subject.codes {
        code.tree.walk(&mut |expr| {
            if string(expr).is_some_and(is_header) {
                found.push(of_header(span(code.expression, expr.range)));
            }
        });
    }
    found
}

fn of_header(span: Span) -> Diagnostic {
    finding(span, "this header has no meaning any more").with_help(
        "traces are asked for by `Apim-Debug-Authorization`, and found by `Apim-Trace-Id`",
    )
}
