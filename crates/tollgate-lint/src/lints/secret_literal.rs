//! Secrets in the text of a policy.

use tollgate_syntax::{Diagnostic, Element, Span};

use crate::subject::{Subject, literal};
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "secret-literal",
    summary: "a password, key or token stands in the policy itself",
    level: Level::Warning,
    page: r#"
Whoever can read a policy, in the portal or in a repository, can read what stands in it.

    <set-header name="api-key"><value>0123456789abcdef0123456789abcdef</value></set-header>

Keep it in a named value that is a secret, best one from a key vault, and write `{{name}}`. Source:
api-management-howto-properties.md.
"#,
    check,
};

/// Headers and parameters whose value is a credential.
const NAMES: [&str; 8] = [
    "authorization",
    "api-key",
    "apikey",
    "x-api-key",
    "x-functions-key",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "code",
];

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in &subject.items {
        let element = item.element;
        let secret = match &*element.name {
            "set-header" | "set-query-parameter" => {
                let name = literal(element, "name")
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                let value = element.elements().find(|child| &*child.name == "value");
                value.filter(|_| NAMES.contains(&&*name)).and_then(text)
            }
            "authentication-basic" => attribute(element, "password"),
            "proxy" => attribute(element, "password"),
            "key" => {
                let in_keys = (subject.ancestors(item)).any(|outer| {
                    matches!(
                        &*outer.element.name,
                        "issuer-signing-keys" | "decryption-keys"
                    )
                });
                let public = element.attribute("n").is_some()
                    || element.attribute("certificate-id").is_some();
                text(element).filter(|_| in_keys && !public)
            }
            _ => None,
        };
        if let Some(span) = secret {
            found.push(
                finding(
                    span,
                    "this looks like a secret, which all who read the policy see",
                )
                .with_help("keep it in a secret named value, and write `{{name}}`"),
            );
        }
    }
    found
}

/// The place of a literal attribute that may be a secret.
fn attribute(element: &Element, name: &str) -> Option<Span> {
    let value = literal(element, name)?;
    looks_secret(value).then(|| element.attribute(name).map(|found| found.value.span))?
}

/// The place of a literal text that may be a secret.
fn text(element: &Element) -> Option<Span> {
    let text = element.text();
    looks_secret(text.literal()?.text()).then_some(text.span)
}

/// Not empty, not a named value, and not `Bearer` with one.
fn looks_secret(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 8 && !text.contains("{{") && !text.contains("…") && !text.contains("...")
}
