//! Variables that are read before they are set.

use tollgate_syntax::Diagnostic;

use super::variables::Reading;
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "variable-order",
    summary: "a variable is read before it is set",
    level: Level::Warning,
    page: r#"
Policies run in the order in which they stand, section by section. A variable that is read above the place which sets it is
not there yet: `context.Variables["x"]` fails, and `GetValueOrDefault` gives the default.

    <set-header name="X-User"><value>@((string)context.Variables["user"])</value></set-header>
    <set-variable name="user" value="@(context.User.Id)" />

Set it first.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let variables = subject.variables();
    let mut found = Vec::new();
    for read in &variables.reads {
        let later = variables.setters(&read.name).next();
        if let Some(set) = later
            && read.how == Reading::Index
            && !variables.is_open
            && !variables.is_set_before(read)
        {
            let message = format!("`{}` is read before it is set", read.name);
            found.push(finding(read.span, message).with_label(set.span, "it is set here, later"));
        }
    }
    found
}
