//! Named values, fragments and scopes: what the pipelines come to.

use super::{api_with, errors, pipeline, plan, section};
use crate::catalog::{Api, Catalog, Operation, Product, Source, Workspace};
use crate::policy::Section;
use std::sync::Arc;

/// A document whose inbound section marks where it is, before and after the base.
fn layered(name: &str) -> Source {
    let text = format!(
        "<policies><inbound><mark name='{name}'/><base/><mark name='{name}'/></inbound></policies>"
    );
    Source::new(format!("{name}.xml"), text)
}

fn all_scopes() -> Catalog {
    Catalog::new()
        .policy(Source::new(
            "global.xml",
            "<policies><inbound><mark name='global'/></inbound><backend><forward-request/></backend></policies>",
        ))
        .workspace(Workspace::new("w").policy(layered("workspace")))
        .product(Product::new("p").policy(layered("product")).api("a"))
        .api(
            Api::new("a")
                .policy(layered("api"))
                .operation(Operation::new("GET", "/x").policy(layered("operation")))
                .operation(Operation::new("GET", "/y")),
        )
}

#[test]
fn scopes_are_merged_from_narrow_to_broad() {
    let plan = plan(&all_scopes());
    assert_eq!(
        section(pipeline(&plan, "/x", Some(0)), Section::Inbound),
        [
            "operation mark[1]: operation",
            "api mark[1]: api",
            "product mark[1]: product",
            "workspace mark[1]: workspace",
            "global mark[1]: global",
            "workspace mark[2]: workspace",
            "product mark[2]: product",
            "api mark[2]: api",
            "operation mark[2]: operation",
        ]
    );
}

#[test]
fn scopes_without_a_document_are_transparent() {
    let plan = plan(&all_scopes());
    assert_eq!(
        section(pipeline(&plan, "/y", None), Section::Inbound),
        [
            "api mark[1]: api",
            "workspace mark[1]: workspace",
            "global mark[1]: global",
            "workspace mark[2]: workspace",
            "api mark[2]: api",
        ]
    );
}

#[test]
fn a_section_that_is_missing_has_no_base() {
    let plan = plan(&all_scopes());
    let backend = section(pipeline(&plan, "/y", None), Section::Backend);
    assert_eq!(backend, [""; 0]);
    let unmatched = section(plan.unmatched(), Section::Backend);
    assert_eq!(unmatched, ["global forward-request[1]: forward-request"]);
}

#[test]
fn without_base_broader_scopes_are_left_out() {
    let plan = plan(&api_with(
        "<policies><inbound/><backend><mark name='own'/></backend></policies>",
    ));
    assert_eq!(
        section(pipeline(&plan, "/", None), Section::Backend),
        ["api mark[1]: own"]
    );
}

#[test]
fn without_a_global_document_requests_are_forwarded() {
    let plan = plan(&api_with("<policies><backend><base/></backend></policies>"));
    assert_eq!(
        section(pipeline(&plan, "/any/path", None), Section::Backend),
        ["global forward-request[1]: forward-request"]
    );
}

#[test]
fn base_in_the_global_document_does_nothing() {
    let global = "<policies><inbound><mark name='1'/><base/><mark name='2'/></inbound></policies>";
    let plan = plan(&Catalog::new().policy(Source::new("g.xml", global)));
    assert_eq!(
        section(plan.unmatched(), Section::Inbound),
        ["global mark[1]: 1", "global mark[2]: 2"]
    );
}

#[test]
fn a_document_is_loaded_once_for_all_its_pipelines() {
    let plan = plan(&all_scopes());
    let with = pipeline(&plan, "/x", Some(0)).section(Section::Inbound);
    let without = pipeline(&plan, "/x", None).section(Section::Inbound);
    assert!(Arc::ptr_eq(&with[0], &without[0]));
}

#[test]
fn named_values_are_replaced_in_values() {
    let catalog = api_with(
        "<policies><inbound>
            <mark name='{{a.b-c_1}}-{{n}}' count='{{n}}'><value> {{n}} </value></mark>
            <set-body>{{n}}<![CDATA[{{n}}]]></set-body>
            <set-body><a b='{{n}}'>{{n}}</a></set-body>
        </inbound></policies>",
    )
    .named_value("a.b-c_1", "{{n}}")
    .named_value("n", "1")
    .named_value("n", "7");
    assert_eq!(
        section(pipeline(&plan(&catalog), "/", None), Section::Inbound),
        [
            "api mark[1]: {{n}}-7 7 7",
            "api set-body[1]: 77",
            "api set-body[2]: <a b='7'>7</a>",
        ],
        "the last of a name counts, values are not looked through"
    );
}

#[test]
fn named_values_cannot_break_markup() {
    let catalog = api_with("<policies><inbound><mark name='{{v}}'/></inbound></policies>")
        .named_value("v", "'/><choose> & \"");
    assert_eq!(
        section(pipeline(&plan(&catalog), "/", None), Section::Inbound),
        ["api mark[1]: '/><choose> & \""]
    );
}

#[test]
fn liquid_keeps_its_own_double_brackets() {
    let catalog = api_with(
        "<policies><inbound><set-body template='liquid'>{{body.id}} {{known}}</set-body></inbound></policies>",
    )
    .named_value("known", "7");
    assert_eq!(
        section(pipeline(&plan(&catalog), "/", None), Section::Inbound),
        ["api set-body[1]: {{body.id}} 7"]
    );
}

#[test]
fn fragments_are_put_in_with_paths_of_their_own() {
    let catalog = api_with(
        "<policies><inbound>
            <mark name='own'/>
            <include-fragment fragment-id='outer'/>
            <mark name='own'/>
            <choose><when condition='true'/><when condition='true'><include-fragment fragment-id='inner'/></when></choose>
        </inbound></policies>",
    )
    .fragment(
        "outer",
        Source::new(
            "outer.xml",
            "<fragment><mark name='o'/><include-fragment fragment-id='inner'/><mark name='o'/></fragment>",
        ),
    )
    .fragment(
        "inner",
        Source::new("inner.xml", "<fragment><mark name='i'/></fragment>"),
    );
    assert_eq!(
        section(pipeline(&plan(&catalog), "/", None), Section::Inbound),
        [
            "api mark[1]: own",
            "api include-fragment[1]/mark[1]: o",
            "api include-fragment[1]/include-fragment[1]/mark[1]: i",
            "api include-fragment[1]/mark[2]: o",
            "api mark[2]: own",
            "api choose[1]: choose",
            "api choose[1]/when[2]/include-fragment[1]/mark[1]: i",
        ]
    );
}

#[test]
fn fragments_of_fragments_cannot_multiply_without_end() {
    let include = "<include-fragment fragment-id='f1'/>";
    let mut catalog = api_with(&format!(
        "<policies><inbound>{include}</inbound></policies>"
    ));
    for level in 1..20 {
        let next = format!("<include-fragment fragment-id='f{}'/>", level + 1);
        let text = format!("<fragment>{next}{next}{next}{next}</fragment>");
        catalog = catalog.fragment(format!("f{level}"), Source::new(format!("f{level}"), text));
    }
    let last = Source::new("f20", "<fragment><mark name='x'/></fragment>");
    let errors = errors(&catalog.fragment("f20", last));
    assert!(
        (errors.iter()).any(|line| line
            .contains("error[too-large]: the document comes to more than 20000 policies")),
        "{errors:?}"
    );
}

#[test]
fn owners_tell_documents_apart() {
    let limit = "<policies><inbound><limit/><base/></inbound></policies>";
    let catalog = Catalog::new()
        .product(Product::new("p").policy(Source::new("p", limit)).api("a"))
        .api(
            Api::new("a").policy(Source::new("a", limit)).operation(
                Operation::new("GET", "/x")
                    .id("op")
                    .policy(Source::new("o", limit)),
            ),
        );
    assert_eq!(
        section(pipeline(&plan(&catalog), "/x", Some(0)), Section::Inbound),
        [
            "operation limit[1]: a;op",
            "api limit[1]: a",
            "product limit[1]: p"
        ]
    );
}

#[test]
fn plans_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&plan(&Catalog::new()));
}
