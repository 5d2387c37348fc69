//! A section that leaves out what other scopes say.

use tollgate_syntax::{Diagnostic, DocumentKind};

use crate::subject::{SECTIONS, Subject};
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "missing-base",
    summary: "a section has no `<base />`, so that the policies of the scopes around it do not run",
    level: Level::Warning,
    page: r#"
The policies of the global, product and API scope run where `<base />` stands. A section without it leaves them out: a limit
or a check of tokens that stands there does not protect what this document is for.

    <inbound>
        <set-backend-service base-url="https://one.example" />
    </inbound>

Put `<base />` first in the section. Documents that have no `<base />` at all are not reported: that of the global scope may
have none. Source: set-edit-policies.md.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let has_base = |section: &str| (subject.named("base")).any(|base| base.section == section);
    if subject.document.kind != DocumentKind::Policies
        || !SECTIONS.iter().any(|name| has_base(name))
    {
        return Vec::new();
    }
    let sections = subject.document.root.elements();
    // Of `backend` another lint tells what is missing.
    let without =
        sections.filter(|section| &*section.name != "backend" && !has_base(&section.name));
    let found = without.map(|section| {
        let message = format!(
            "without `<base />` the policies that other scopes have for `{}` do not run",
            section.name
        );
        finding(section.name_span, message).with_help("put `<base />` first, if they are to run")
    });
    found.collect()
}
