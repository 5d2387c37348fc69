//! One file on its own.

use super::KINDS;
use crate::catalog::{Catalog, Source};
use crate::load::{Checked, LoadErrors, Statistics, check};

fn checked(text: &str, catalog: &Catalog) -> (Vec<String>, Statistics) {
    let Checked {
        diagnostics,
        sources,
        statistics,
    } = check(&Source::new("a.xml", text), catalog, &[KINDS]);
    let text = LoadErrors {
        diagnostics,
        sources,
    }
    .to_string();
    (text.lines().map(str::to_owned).collect(), statistics)
}

#[test]
fn what_the_file_does_not_bring_is_only_noted() {
    let text = "<policies><inbound>
<mark name='{{n}}' count='{{n}}'/><limit/><include-fragment fragment-id='f'/>
</inbound></policies>";
    let (lines, statistics) = checked(text, &Catalog::new());
    assert_eq!(
        lines,
        [
            "a.xml:2:13: note[unknown-named-value]: there is no named value `n`",
            "a.xml:2:27: note[unknown-named-value]: there is no named value `n`",
            "a.xml:2:74: note[unknown-fragment]: there is no fragment `f`",
        ]
    );
    assert_eq!(statistics.loaded, 1);
    assert_eq!(
        serde_json::json!(statistics.policies),
        serde_json::json!({"include-fragment": 1, "limit": 1, "mark": 1})
    );
    assert_eq!(
        serde_json::json!(statistics.diagnostics),
        serde_json::json!({"unknown-fragment": 1, "unknown-named-value": 2})
    );
}

#[test]
fn given_values_make_unknown_ones_errors() {
    let text = "<policies><inbound><mark name='{{n}}'/></inbound></policies>";
    let (lines, statistics) = checked(text, &Catalog::new().named_value("m", "1"));
    assert_eq!(
        lines,
        [
            "a.xml:1:32: error[unknown-named-value]: there is no named value `n`",
            "  help: did you mean `m`?",
        ]
    );
    assert_eq!(statistics.loaded, 0);
}

#[test]
fn a_fragment_may_belong_to_any_section() {
    let text = "<!-- of mine -->\n<fragment><forward-request/><limit/><chose/></fragment>";
    let (lines, statistics) = checked(text, &Catalog::new());
    assert_eq!(
        lines,
        [
            "a.xml:2:38: error[unknown-policy]: there is no policy `chose`",
            "  help: did you mean `choose`?",
        ]
    );
    assert_eq!(statistics.files, 1);
}

#[test]
fn statistics_add_up() {
    let text =
        "<policies><inbound><mark name='x'/><rewrite-uri template='@(1'/></inbound></policies>";
    let (_, one) = checked(text, &Catalog::new());
    let mut sum = Statistics::default();
    sum.add(&one);
    sum.add(&one);
    assert_eq!((sum.files, sum.loaded), (2, 0));
    assert_eq!(sum.policies.get("rewrite-uri"), Some(&2));
    assert_eq!(sum.expressions, 2);
    assert_eq!((sum.typed, sum.refused), (0, 2));
    assert_eq!(sum.refusals.get("unclosed-expression"), Some(&2));
    assert_eq!(sum.diagnostics.get("policy-not-built"), Some(&2));
}

#[test]
fn refused_expressions_are_told_wherever_they_stand() {
    // The last three wait for the value of a named value; the first of them is wrong whatever that is.
    let text = "<policies><inbound>
<rewrite-uri template='@(nobody)'/>
<rewrite-uri template='@(1 + 1)'/>
<rewrite-uri template='@(\"{{n}}\" + nobody())'/>
<rewrite-uri template='@(1 + {{n}})'/>
<rewrite-uri template='@(1 + {{n}}.x)'/>
</inbound></policies>";
    let (lines, statistics) = checked(text, &Catalog::new());
    let errors: Vec<_> = (lines.iter().map(String::as_str))
        .filter(|line| line.contains("error[CS"))
        .collect();
    assert_eq!(
        errors,
        [
            "a.xml:2:26: error[CS0103]: The name 'nobody' does not exist in the current context",
            "a.xml:4:36: error[CS0103]: The name 'nobody' does not exist in the current context",
        ]
    );
    assert_eq!((statistics.typed, statistics.refused), (1, 4));
    assert_eq!(
        serde_json::json!(statistics.refusals),
        serde_json::json!({"CS0103": 1, "unknown-named-value": 3})
    );
}
