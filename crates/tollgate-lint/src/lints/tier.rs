//! Policies that a tier does not have.

use tollgate_syntax::Diagnostic;

use crate::settings::Profile::{self, Classic, Consumption, SelfHosted, V2};
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "tier",
    summary: "a policy is not available in the tier that `--profile` names",
    level: Level::Error,
    page: r#"
Not every policy is available in every tier: the consumption tier has no counters by key, the self-hosted gateway has no
credential manager, only it has Dapr, and so on. With `--profile consumption|classic|v2|self-hosted`, or `profile` in
`tollgate.toml`, policies that the tier would refuse are reported. Tollgate itself runs them all. Source:
api-management-policies.md; what is available changes, so look there too.
"#,
    check,
};

/// Policies that not all tiers have, and those that do.
const SOME: [(&str, &[Profile]); 17] = [
    ("azure-openai-emit-token-metric", &[Classic, V2, SelfHosted]),
    (
        "azure-openai-semantic-cache-lookup",
        &[Classic, V2, SelfHosted],
    ),
    (
        "azure-openai-semantic-cache-store",
        &[Classic, V2, SelfHosted],
    ),
    ("azure-openai-token-limit", &[Classic, V2, SelfHosted]),
    ("cosmosdb-data-source", &[Classic, V2]),
    ("get-authorization-context", &[Classic, V2, Consumption]),
    ("http-data-source", &[Classic, V2]),
    ("invoke-dapr-binding", &[SelfHosted]),
    ("llm-emit-token-metric", &[Classic, V2, SelfHosted]),
    ("llm-semantic-cache-lookup", &[Classic, V2, SelfHosted]),
    ("llm-semantic-cache-store", &[Classic, V2, SelfHosted]),
    ("llm-token-limit", &[Classic, V2, SelfHosted]),
    ("publish-event", &[Classic, V2]),
    ("publish-to-dapr", &[SelfHosted]),
    ("quota-by-key", &[Classic, SelfHosted]),
    ("rate-limit-by-key", &[Classic, V2, SelfHosted]),
    ("sql-data-source", &[Classic, V2]),
];

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let Some(profile) = subject.profile else {
        return Vec::new();
    };
    let root = std::iter::once(&subject.document.root);
    let all = root.chain(subject.items.iter().map(|item| item.element));
    let mut found = Vec::new();
    for element in all {
        let tiers = SOME.iter().find(|(name, _)| *name == &*element.name);
        if let Some((name, tiers)) = tiers
            && !tiers.contains(&profile)
        {
            let message = format!("`{name}` is not available in {}", named(profile));
            found.push(finding(element.name_span, message));
        }
    }
    found
}

fn named(profile: Profile) -> &'static str {
    match profile {
        Classic => "the classic tiers",
        V2 => "the v2 tiers",
        Consumption => "the consumption tier",
        SelfHosted => "the self-hosted gateway",
    }
}
