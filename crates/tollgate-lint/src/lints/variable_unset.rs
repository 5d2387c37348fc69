//! Variables that nothing sets.

use tollgate_syntax::{Diagnostic, DocumentKind};

use super::variables::Reading;
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "variable-unset",
    summary: "a variable is read that nothing in the file, or in its fragments, sets",
    level: Level::Note,
    page: r#"
`context.Variables["x"]` fails with a `KeyNotFoundException` if nothing has set `x`. Another scope or the document that
includes a fragment may have: this is a note, and says what the file relies on.

    <!-- a fragment -->
    <set-header name="X-User"><value>@((string)context.Variables["user"])</value></set-header>

Where it may be missing read it with `GetValueOrDefault`, with a default.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let variables = subject.variables();
    let is_fragment = subject.document.kind == DocumentKind::Fragment;
    // A fragment that is not known may set anything.
    if variables.is_open && !is_fragment {
        return Vec::new();
    }
    let asked = |name: &str| {
        (variables.reads.iter()).any(|read| read.name == name && read.how == Reading::Asked)
    };
    let reads = variables.reads.iter().filter(|read| {
        read.how == Reading::Index
            && !variables.is_set(&read.name)
            && !asked(&read.name)
            // That is another finding.
            && !(variables.sets.iter()).any(|set| set.name.eq_ignore_ascii_case(&read.name))
    });
    let found = reads.map(|read| {
        let message = match is_fragment {
            true => format!(
                "this fragment relies on `{}`, which who includes it must set",
                read.name
            ),
            false => format!("nothing here sets `{}`: another scope must", read.name),
        };
        finding(read.span, message)
            .with_help("read it with `GetValueOrDefault` where it may be missing")
    });
    found.collect()
}
