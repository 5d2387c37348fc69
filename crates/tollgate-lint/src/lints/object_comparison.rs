//! Objects compared with strings.

use tollgate_syntax::Diagnostic;
use tollgate_syntax::csharp::ast::{BinaryOp, ExprKind, Literal};

use crate::code::{How, span, text, variable};
use crate::subject::Subject;
use crate::{Level, Lint, finding};

pub(crate) const LINT: Lint = Lint {
    name: "object-comparison",
    summary: "`==` compares an `object` with a string by reference, which is false for equal texts",
    level: Level::Warning,
    page: r#"
`context.Variables["x"]` is an `object`. `==` between an object and a string asks whether both are the same object in memory,
and not whether they have the same text: it may be true today and false tomorrow. The C# compiler warns of it (CS0252).

    <when condition="@(context.Variables["tier"] == "gold")">

Say what it is: `(string)context.Variables["tier"] == "gold"`, or
`context.Variables.GetValueOrDefault<string>("tier") == "gold"`.
"#,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for code in &subject.codes {
        code.tree.walk(&mut |expr| {
            let ExprKind::Binary { first, rest } = &expr.kind else {
                return;
            };
            let [tail] = &**rest else { return };
            if !matches!(tail.op, BinaryOp::Equal | BinaryOp::NotEqual) {
                return;
            }
            for (object, other) in [(&**first, &tail.operand), (&tail.operand, &**first)] {
                let is_object = matches!(variable(object), Some((_, _, How::Index)));
                let is_null = matches!(other.kind, ExprKind::Literal(Literal::Null));
                if is_object && !is_null {
                    let place = span(code.expression, object.range);
                    let what = text(code.expression, object.range);
                    let one = finding(
                        place,
                        format!("`{what}` is an `object`: this compares references, not texts"),
                    )
                    .with_help(format!("write `(string){what}`"));
                    // A number in a box would not become a string by a cast.
                    found.push(match crate::code::string(other) {
                        Some(_) => one.with_edit(place.at_start(), "(string)"),
                        None => one,
                    });
                    return;
                }
            }
        });
    }
    found
}
