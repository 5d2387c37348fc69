//! What is wrong with a catalog itself.

use super::{errors, plan};
use crate::catalog::{Api, Catalog, Operation, Product, Subscription, SubscriptionScope};

#[test]
fn names_must_lead_somewhere() {
    let catalog = Catalog::new()
        .api(Api::new("orders"))
        .product(Product::new("p").api("order"))
        .subscription(Subscription::new(
            "s1",
            "k1",
            SubscriptionScope::Api("ordes".into()),
        ))
        .subscription(Subscription::new(
            "s2",
            "k2",
            SubscriptionScope::Product("q".into()),
        ))
        .subscription(Subscription::new("s3", "k3", SubscriptionScope::AllApis).user("u"));
    assert_eq!(
        errors(&catalog),
        [
            "catalog:1:1: error[unknown-api]: product `p` names the API `order`, which does not exist",
            "  help: did you mean `orders`?",
            "catalog:1:1: error[unknown-api]: subscription `s1` names the API `ordes`, which does not exist",
            "  help: did you mean `orders`?",
            "catalog:1:1: error[unknown-product]: subscription `s2` names the product `q`, which does not exist",
            "  help: did you mean `p`?",
            "catalog:1:1: error[unknown-user]: subscription `s3` names the user `u`, which does not exist",
        ]
    );
}

#[test]
fn nothing_may_be_there_twice() {
    let catalog = Catalog::new()
        .api(Api::new("a").path("/x/"))
        .api(Api::new("a").path("X"))
        .subscription(Subscription::new("s1", "same", SubscriptionScope::AllApis))
        .subscription(
            Subscription::new("s2", "other", SubscriptionScope::AllApis).secondary_key("same"),
        );
    assert_eq!(
        errors(&catalog),
        [
            "catalog:1:1: error[duplicate-id]: there are two of the API `a`",
            "catalog:1:1: error[duplicate-path]: API `a` has the path of `a`: `X`",
            "catalog:1:1: error[duplicate-key]: subscription `s2` has the key of another one",
        ]
    );
}

#[test]
fn urls_templates_and_header_names_must_be_sound() {
    let catalog = Catalog::new().backend("b", "ftp://x").api(
        Api::new("a")
            .service_url("one.example.org")
            .subscription_key_names("no header", "key")
            .operation(Operation::new("GET", "/*/x"))
            .operation(Operation::new("GET", "/{a}{b}"))
            .operation(Operation::new("GET", "/{a}/{a}"))
            .operation(Operation::new("G T", "/y")),
    );
    assert_eq!(
        errors(&catalog),
        [
            "catalog:1:1: error[invalid-template]: operation `get-x` of API `a`: the template `/*/x` has a wildcard that is not its last segment",
            "catalog:1:1: error[invalid-template]: operation `get-a-b` of API `a`: the template `/{a}{b}` has braces that are not one `{name}` per segment",
            "catalog:1:1: error[invalid-template]: operation `get-a-a` of API `a`: the template `/{a}/{a}` names the parameter `a` twice",
            "catalog:1:1: error[invalid-template]: operation `g t-y` of API `a`: `G T` is no HTTP method",
            "catalog:1:1: error[invalid-header-name]: API `a`: `no header` is no header name",
            "catalog:1:1: error[invalid-url]: API `a`: `one.example.org` is not an absolute http or https URL",
            "catalog:1:1: error[invalid-url]: backend `b`: `ftp://x` is not an absolute http or https URL",
        ]
    );
}

#[test]
fn a_plan_does_not_show_secrets() {
    let catalog = Catalog::new()
        .secret("s", "hush-1")
        .subscription(Subscription::new(
            "id",
            "hush-2",
            SubscriptionScope::AllApis,
        ));
    let plan = plan(&catalog);
    assert!(!format!("{plan:?}").contains("hush"));
    assert_eq!(
        plan.secrets().iter().map(|s| &**s).collect::<Vec<_>>(),
        ["hush-1"]
    );
}
