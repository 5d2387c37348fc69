//! Two limits on one counter.

use tollgate_syntax::{Diagnostic, Element};

use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "limit-key-conflict",
    summary: "two limits count on one key with different settings",
    level: Level::Warning,
    page: r#"
All policies of one kind that have the same `counter-key` share one counter. If their limits or periods differ, each call is
counted by both, and which of them refuses it depends on their order; in the v2 tiers the result is undefined.

    <rate-limit-by-key calls="10" renewal-period="60" counter-key="@(context.Subscription.Id)" />
    <rate-limit-by-key calls="1000" renewal-period="3600" counter-key="@(context.Subscription.Id)" />

Give each a key of its own, such as `@("hour-" + context.Subscription.Id)`. Limits in different branches of one `choose`,
of which only one runs, are not reported. Source: rate-limit-by-key-policy.md.
"#,
    check,
};

/// A policy that counts, and the attributes that must be the same.
const LIMITS: [(&str, &[&str]); 4] = [
    ("rate-limit-by-key", &["calls", "renewal-period"]),
    ("quota-by-key", &["calls", "bandwidth", "renewal-period"]),
    (
        "llm-token-limit",
        &["tokens-per-minute", "token-quota", "token-quota-period"],
    ),
    (
        "azure-openai-token-limit",
        &["tokens-per-minute", "token-quota", "token-quota-period"],
    ),
];

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, settings) in LIMITS {
        let limits: Vec<_> = subject.named(name).collect();
        for (index, limit) in limits.iter().enumerate() {
            let conflict = limits.iter().take(index).find(|other| {
                let same = |name: &str| {
                    source(subject, limit.element, name) == source(subject, other.element, name)
                };
                let in_choose = |item| {
                    subject
                        .ancestors(item)
                        .any(|outer| &*outer.element.name == "choose")
                };
                same("counter-key")
                    && !settings.iter().all(|name| same(name))
                    && !(in_choose(limit) && in_choose(other))
            });
            if let Some(other) = conflict {
                let message = format!("another `{name}` counts on this key with other settings");
                found.push(
                    finding(limit.element.name_span, message)
                        .with_label(other.element.name_span, "it shares the counter")
                        .with_help("give each a `counter-key` of its own"),
                );
            }
        }
    }
    found
}

/// An attribute as it is written.
fn source<'a>(subject: &Subject<'a>, element: &Element, name: &str) -> Option<&'a str> {
    let attribute = element.attribute(name)?;
    Some(subject.sources.text(attribute.value.span).trim())
}
