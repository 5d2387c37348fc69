//! Names of variables that differ in case.

use tollgate_syntax::Diagnostic;

use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "variable-case",
    summary: "a variable is read under a name that differs in case from the one it is set under",
    level: Level::Warning,
    page: r#"
Names of variables are told apart by case: `userId` and `UserId` are two variables.

    <set-variable name="userId" value="…" />
    <set-header name="X-User"><value>@((string)context.Variables["UserId"])</value></set-header>

Write the same name in both places.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let variables = subject.variables();
    let mut found = Vec::new();
    for read in &variables.reads {
        let near = (variables.sets.iter()).find(|set| set.name.eq_ignore_ascii_case(&read.name));
        if let Some(set) = near
            && !variables.is_set(&read.name)
        {
            let message = format!(
                "`{}` is set as `{}`: names differ by case",
                read.name, set.name
            );
            found.push(
                finding(read.span, message)
                    .with_label(set.span, "it is set here")
                    .with_help(format!("write \"{}\"", set.name)),
            );
        }
    }
    found
}
