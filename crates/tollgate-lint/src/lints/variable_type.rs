//! Variables that are read as something else than what they are.

use tollgate_syntax::Diagnostic;

use super::variables::Set;
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "variable-type",
    summary: "a variable is read as another type than it is set with",
    level: Level::Warning,
    page: r#"
A variable keeps the type of the value that it is set to, and a literal `value` is a string. A cast to another type fails with
an `InvalidCastException`, and `GetValueOrDefault<T>` of another type fails too.

    <set-variable name="limit" value="10" />
    <when condition="@((int)context.Variables["limit"] > 5)">

Set it to what is meant, `value="@(10)"`, or convert: `int.Parse((string)context.Variables["limit"])`.
"#,
    check,
};

/// C#'s names of types, and .NET's.
const NAMES: [(&str, &str); 9] = [
    ("string", "System.String"),
    ("int", "System.Int32"),
    ("long", "System.Int64"),
    ("bool", "System.Boolean"),
    ("double", "System.Double"),
    ("decimal", "System.Decimal"),
    ("char", "System.Char"),
    ("float", "System.Single"),
    ("byte", "System.Byte"),
];

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let variables = subject.variables();
    let mut found = Vec::new();
    for read in &variables.reads {
        let Some((wanted, full)) = read.ty.as_ref().and_then(|ty| known(ty)) else {
            continue;
        };
        let sets: Vec<_> = variables.setters(&read.name).collect();
        // One whose type is not known, or not one of those that cannot be confused, may be right.
        let wrong = |set: &&Set<'_>| {
            set.ty()
                .as_deref()
                .and_then(known)
                .is_some_and(|(_, ty)| ty != full)
        };
        let Some(first) = sets.first().filter(|_| sets.iter().all(wrong)) else {
            continue;
        };
        let is = first
            .ty()
            .as_deref()
            .and_then(known)
            .map_or("", |(is, _)| is);
        let message = format!("`{}` is a `{is}`, and is read as `{wanted}`", read.name);
        let label = format!("it is set to a `{is}` here");
        found.push(finding(read.span, message).with_label(first.span, label));
    }
    found
}

/// A type that is written as C# or .NET names it.
fn known(ty: &str) -> Option<(&'static str, &'static str)> {
    let named = |(short, full): &&(&'static str, &'static str)| {
        *short == ty || *full == ty || full.strip_prefix("System.") == Some(ty)
    };
    NAMES.iter().find(named).copied()
}
