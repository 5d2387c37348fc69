//! What is wrong with policy text, word for word.

use super::{api_with, errors, errors_in_inbound};
use crate::catalog::{Catalog, Source};

#[test]
fn unknown_and_unbuilt_policies() {
    assert_eq!(
        errors_in_inbound("<chose/><rewrite-uri template='/'/> <something/>"),
        [
            "a.xml:2:2: error[unknown-policy]: there is no policy `chose`",
            "  help: did you mean `choose`?",
            "a.xml:2:10: error[policy-not-built]: the policy `rewrite-uri` is not built yet",
            "a.xml:2:38: error[unknown-policy]: there is no policy `something`",
        ]
    );
}

#[test]
fn sections() {
    let text = "<policies>
  <inbuond/>
  <inbound/>
  <inbound a='1'/>
  <mark name='x'/>
  text
</policies>";
    assert_eq!(
        errors(&api_with(text)),
        [
            "a.xml:2:4: error[unknown-section]: there is no section `inbuond`",
            "  help: did you mean `inbound`?",
            "a.xml:4:4: error[duplicate-section]: the section `inbound` stands here twice",
            "a.xml:4:12: error[unknown-attribute]: `inbound` has no attribute `a`",
            "a.xml:5:4: error[wrong-section]: the policy `mark` must stand in a section",
            "a.xml:5:19: error[unexpected-text]: there cannot be text in `policies`",
        ]
    );
}

#[test]
fn roots() {
    assert_eq!(
        errors(&api_with("<fragment/>")),
        [
            "a.xml:1:2: error[wrong-root]: a policy document begins with `<policies>`, not `<fragment>`"
        ]
    );
    assert_eq!(
        errors(&api_with("<http-data-source/>")),
        [
            "a.xml:1:2: error[wrong-root]: a policy document begins with `<policies>`, not `<http-data-source>`"
        ]
    );
    let fragment = Source::new("f.xml", "<policies/>");
    assert_eq!(
        errors(&Catalog::new().fragment("f", fragment)),
        ["f.xml:1:2: error[wrong-root]: a fragment begins with `<fragment>`, not `<policies>`"]
    );
}

#[test]
fn policies_in_wrong_places() {
    let text = "<policies>
<inbound><forward-request/></inbound>
<backend><limit/><base/></backend>
<outbound><limit/><limit/></outbound>
</policies>";
    assert_eq!(
        errors(&api_with(text)),
        [
            "a.xml:2:11: error[wrong-section]: `forward-request` cannot stand in `inbound`, only in `backend`",
            "a.xml:3:11: error[wrong-section]: `limit` cannot stand in `backend`, only in `inbound` or `outbound`",
            "a.xml:4:20: error[duplicate-policy]: `limit` may stand only once in a section",
        ]
    );
    let global = Source::new("g.xml", "<policies><inbound><limit/></inbound></policies>");
    assert_eq!(
        errors(&Catalog::new().policy(global)),
        [
            "g.xml:1:21: error[wrong-scope]: `limit` cannot stand in a policy at global scope, only at product, api or operation"
        ]
    );
}

#[test]
fn bases() {
    assert_eq!(
        errors_in_inbound("<base/><base/><choose><when condition='true'><base/></when></choose>"),
        [
            "a.xml:2:9: error[duplicate-base]: `base` may stand only once in `inbound`",
            "a.xml:2:47: error[misplaced-base]: `base` must stand directly in `inbound`, not within a policy",
        ]
    );
    let fragment = Source::new("f.xml", "<fragment><base/></fragment>");
    let catalog =
        api_with("<policies><inbound><include-fragment fragment-id='f'/></inbound></policies>");
    assert_eq!(
        errors(&catalog.fragment("f", fragment)),
        ["f.xml:1:12: error[misplaced-base]: `base` cannot stand in a fragment (`f`)"]
    );
}

#[test]
fn attributes() {
    assert_eq!(
        errors_in_inbound(
            "<mark nam='x' id='ok'/>\n<mark name='@(1)'/>\n<mark name='x' count=' ten '/>\n<mark name='x' name='y'/>"
        ),
        [
            "a.xml:2:2: error[missing-attribute]: `mark` needs the attribute `name`",
            "a.xml:2:7: error[unknown-attribute]: `mark` has no attribute `nam`",
            "  help: did you mean `name`?",
            "a.xml:3:13: error[expression-not-allowed]: `name` of `mark` cannot be an expression",
            "a.xml:4:24: error[wrong-type]: `count` must be an integer, not `ten`",
            "a.xml:5:16: error[duplicate-attribute]: the attribute `name` is given twice",
            "  help: remove one of them",
        ]
    );
}

#[test]
fn elements_in_policies() {
    assert_eq!(
        errors_in_inbound(
            "<mark name='x'><valeu/></mark>\n<choose/>\n<choose><when condition='true'/>text<otherwise/><otherwise/></choose>"
        ),
        [
            "a.xml:2:17: error[unknown-element]: `mark` cannot hold the element `valeu`",
            "  help: did you mean `value`?",
            "a.xml:3:2: error[missing-element]: `choose` needs the element `when`",
            "a.xml:4:33: error[unexpected-text]: there cannot be text in `choose`",
            "a.xml:4:50: error[duplicate-element]: `otherwise` may stand only once in `choose`",
        ]
    );
    assert_eq!(
        errors_in_inbound("stray <mark name='x'/>"),
        ["a.xml:1:20: error[unexpected-text]: there cannot be text in policies"]
    );
}

#[test]
fn unknown_named_values() {
    let catalog = api_with(
        "<policies><inbound>\n<mark name='a {{backend-ulr}}'/><set-body>{{nothing}}</set-body><mark name='a' count='{{ten}}'/></inbound></policies>",
    )
    .named_value("backend-url", "x");
    assert_eq!(
        errors(&catalog),
        [
            "a.xml:2:15: error[unknown-named-value]: there is no named value `backend-ulr`",
            "  help: did you mean `backend-url`?",
            "a.xml:2:43: error[unknown-named-value]: there is no named value `nothing`",
            "a.xml:2:87: error[unknown-named-value]: there is no named value `ten`",
        ]
    );
}

#[test]
fn fragments() {
    let include = |id: &str| format!("<include-fragment fragment-id='{id}'/>");
    let catalog = api_with(&format!(
        "<policies><inbound>{}{}<include-fragment/></inbound></policies>",
        include("comon"),
        include("a")
    ))
    .fragment("common", Source::new("common.xml", "<fragment/>"))
    .fragment(
        "a",
        Source::new("a-f.xml", format!("<fragment>{}</fragment>", include("b"))),
    )
    .fragment(
        "b",
        Source::new("b-f.xml", format!("<fragment>{}</fragment>", include("a"))),
    );
    assert_eq!(
        errors(&catalog),
        [
            "b-f.xml:1:11: error[fragment-cycle]: fragment `a` includes itself: a → b → a",
            "a.xml:1:51: error[unknown-fragment]: there is no fragment `comon`",
            "  help: did you mean `common`?",
            "a.xml:1:95: error[missing-attribute]: `include-fragment` needs the attribute `fragment-id`",
        ]
    );
    let own = Source::new("f.xml", format!("<fragment>{}</fragment>", include("f")));
    assert_eq!(
        errors(&Catalog::new().fragment("f", own)),
        ["f.xml:1:11: error[fragment-cycle]: fragment `f` includes itself: f → f"],
        "also when nothing includes it"
    );
}

#[test]
fn what_is_wrong_in_a_fragment_is_said_once() {
    let include = "<include-fragment fragment-id='f'/>";
    let catalog = api_with(&format!(
        "<policies><inbound>{include}{include}</inbound></policies>"
    ));
    let fragment = Source::new("f.xml", "<fragment>\n<forward-request/></fragment>");
    assert_eq!(
        errors(&catalog.fragment("f", fragment)),
        [
            "f.xml:2:2: error[wrong-section]: `forward-request` cannot stand in `inbound`, only in `backend`"
        ]
    );
}

#[test]
fn broken_markup_is_said_along_with_the_rest() {
    let lines = errors(&api_with(
        "<policies><inbound>\n<chose/>\n</outbound></policies>",
    ));
    assert!(lines.len() > 1, "{lines:?}");
    assert!(
        lines.contains(&"a.xml:2:2: error[unknown-policy]: there is no policy `chose`".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn secrets_are_not_said() {
    let catalog = api_with(
        "<policies><inbound><mark name='x' count='1{{key}}'/><mark name='x' count='{{key}}'/></inbound></policies>",
    )
    .secret("key", " hush ");
    assert_eq!(
        errors(&catalog),
        [
            "a.xml:1:42: error[wrong-type]: `count` must be an integer, not `1 ***`",
            "a.xml:1:75: error[wrong-type]: `count` must be an integer, not `***`",
        ]
    );
}

#[test]
fn a_short_secret_does_not_spoil_other_words() {
    let catalog = api_with(
        "<policies><inbound><chose/><mark name='x' count='{{key}}'/></inbound></policies>",
    )
    .secret("key", "o");
    assert_eq!(
        errors(&catalog).first().map(String::as_str),
        Some("a.xml:1:21: error[unknown-policy]: there is no policy `chose`")
    );
    assert!(errors(&catalog).iter().any(|line| line.ends_with(" `***`")));
}
