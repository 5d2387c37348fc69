//! Expressions in policies: named values in them, and the compiler's findings at their places.

use tollgate_syntax::{DocumentKind, Sources};

use super::{KINDS, api_with, errors, errors_in_inbound, pipeline, plan, section};
use crate::catalog::Source;
use crate::load::findings::Findings;
use crate::load::fragments::Fragments;
use crate::load::named_values::NamedValues;
use crate::load::scopes::load_layer;
use crate::load::{Loading, Mode, kinds_by_name, read};
use crate::policy::{Scope, Section};

#[test]
fn the_compilers_errors_are_at_their_places() {
    assert_eq!(
        errors_in_inbound(
            "<mark name='x' count='@(1 + nothing)'/>\n<mark name='x' count='@(1 + \n &quot;&quot;.Lenth)'/>"
        ),
        [
            "a.xml:2:29: error[CS0103]: The name 'nothing' does not exist in the current context",
            "a.xml:4:15: error[CS1061]: 'string' does not contain a definition for 'Lenth' and no accessible extension method 'Lenth' accepting a first argument of type 'string' could be found (are you missing a using directive or an assembly reference?)",
            "  help: did you mean `Length`?",
        ]
    );
}

#[test]
fn the_type_must_fit() {
    assert_eq!(
        errors_in_inbound("<mark name='x' count='@(context.Timestamp)'/>"),
        [
            "a.xml:2:23: error[wrong-type]: `count` must be an integer, but the expression gives `DateTime`"
        ]
    );
}

#[test]
fn named_values_go_into_expressions_before_they_are_compiled() {
    let catalog = api_with(
        "<policies><inbound><mark name='x' count='@({{n}} + \"{{n}}\".Length)'/><mark name='x' count=' {{whole}} '/></inbound></policies>",
    )
    .named_value("n", "7")
    .named_value("whole", "@(1 + 2)");
    assert_eq!(
        section(pipeline(&plan(&catalog), "/", None), Section::Inbound),
        ["api mark[1]: x 7 + \"7\".Length", "api mark[2]: x 1 + 2"]
    );
}

#[test]
fn errors_in_a_named_value_are_at_its_name() {
    let catalog =
        api_with("<policies><inbound>\n<mark name='x' count='@(1 + {{n}})'/></inbound></policies>");
    assert_eq!(
        errors(&catalog.named_value("n", "nothing")),
        ["a.xml:2:29: error[CS0103]: The name 'nothing' does not exist in the current context"]
    );
}

#[test]
fn the_compiler_does_not_quote_secrets() {
    let catalog = api_with(
        "<policies><inbound>\n<mark name='x' count='@(1 + {{key}})'/><mark name='x' count='{{whole}}'/></inbound></policies>",
    )
    .secret("key", "hush + hush2")
    .secret("whole", "@(1 + hush3)");
    assert_eq!(
        errors(&catalog),
        [
            "a.xml:2:29: error[CS0103]: the value of this secret named value does not fit in here",
            "a.xml:2:62: error[CS0103]: the value of this secret named value does not fit in here",
        ]
    );
}

#[test]
fn traces_do_not_show_secrets() {
    let catalog = api_with(
        "<policies><inbound><mark name='x' count='@(\"{{key}}\".Length)'/></inbound></policies>",
    )
    .secret("key", "hush");
    assert_eq!(
        section(pipeline(&plan(&catalog), "/", None), Section::Inbound),
        ["api mark[1]: x \"***\".Length"]
    );
}

#[test]
fn identical_expressions_share_a_program() {
    let text = "<policies><inbound>
        <mark name='x' count='@(1 + 1)'/><mark name='x' count='@(1 + 1)'/><mark name='x' count='@{return 1 + 1;}'/>
    </inbound></policies>";
    let (mut sources, findings) = (Sources::new(), Findings::default());
    let named_values = NamedValues::new(&[], false);
    let source = Source::new("a.xml", text);
    let root = read(
        &source,
        DocumentKind::Policies,
        &mut sources,
        &named_values,
        &findings,
    )
    .unwrap();
    let (kinds, fragments) = (kinds_by_name(&[KINDS]), Fragments::default());
    let loading = Loading::new(
        &sources,
        &named_values,
        &fragments,
        &findings,
        &kinds,
        Mode::Load,
    );
    load_layer(&loading, &root, Scope::Api, "a");
    assert_eq!(loading.programs.borrow().len(), 2);
    drop(loading);
    assert_eq!(findings.finish(&named_values, &sources), []);
}
