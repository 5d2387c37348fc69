//! `<base />` across global, workspace, product, API and operation; named values.

use tollgate::{
    Api, Catalog, Operation, Product, Source, Subscription, SubscriptionScope, Workspace,
};
use tollgate_tests::FakeClient;

use crate::world::{World, api, set_header};

/// Adds a word to a variable, so that its value tells what ran, and in which order.
fn mark(word: &str) -> String {
    format!(
        r#"<set-variable name="ran" value="@(context.Variables.GetValueOrDefault("ran", "") + "{word} ")" />"#
    )
}

/// A document that marks before and after `<base />`, in inbound and outbound.
fn around(name: &str) -> Source {
    let section = format!(
        "{}<base />{}",
        mark(&format!("{name}<")),
        mark(&format!(">{name}"))
    );
    document(name, &section)
}

fn document(name: &str, inbound: &str) -> Source {
    let text = format!(
        "<policies><inbound>{inbound}</inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"
    );
    Source::new(format!("{name}.xml"), text)
}

fn global() -> Source {
    Source::new(
        "global.xml",
        format!(
            "<policies><inbound>{}</inbound><backend><forward-request /></backend></policies>",
            mark("global")
        ),
    )
}

fn catalog(api: Source, operation: Source) -> Catalog {
    Catalog::new()
        .policy(global())
        .workspace(Workspace::new("w").policy(around("workspace")))
        .product(Product::new("p").api("api").policy(around("product")))
        .api(
            Api::new("api")
                .service_url("http://backend.test")
                .policy(api)
                .operation(Operation::new("GET", "/").policy(operation))
                .operation(Operation::new("GET", "/plain")),
        )
        .subscription(Subscription::new(
            "s",
            "in-product",
            SubscriptionScope::Product("p".into()),
        ))
        .subscription(Subscription::new(
            "t",
            "in-api",
            SubscriptionScope::Api("api".into()),
        ))
}

async fn ran(catalog: Catalog, path: &str, key: Option<&str>) -> String {
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    let key: Vec<_> = key
        .map(|key| ("Ocp-Apim-Subscription-Key", key))
        .into_iter()
        .collect();
    let answer = world.get(path, &key).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let ran = answer
        .exchange
        .context
        .variables
        .get(&tollgate::engine::VariableName::new("ran"));
    ran.unwrap().as_str().unwrap().to_utf8().trim().to_owned()
}

#[tokio::test]
async fn base_is_the_broader_scope() {
    let catalog = || catalog(around("api"), around("operation"));
    assert_eq!(
        ran(catalog(), "/", Some("in-product")).await,
        "operation< api< product< workspace< global >workspace >product >api >operation"
    );
    assert_eq!(
        ran(catalog(), "/plain", Some("in-product")).await,
        "api< product< workspace< global >workspace >product >api",
        "a scope without a document lets the broader ones through"
    );
    for key in [None, Some("in-api")] {
        assert_eq!(
            ran(catalog(), "/", key).await,
            "operation< api< workspace< global >workspace >api >operation",
            "the product takes part only when the request runs in its context"
        );
    }
}

#[tokio::test]
async fn without_base_the_broader_scopes_are_dropped() {
    let alone = document("api", &mark("api"));
    assert_eq!(
        ran(catalog(alone, around("operation")), "/", Some("in-product")).await,
        "operation< api >operation"
    );
    let alone = document("operation", &mark("operation"));
    assert_eq!(
        ran(catalog(around("api"), alone), "/", None).await,
        "operation"
    );
}

#[tokio::test]
async fn a_section_that_is_missing_is_empty() {
    let api = Source::new(
        "api.xml",
        "<policies><inbound><base /></inbound></policies>",
    );
    let world = World::serving(
        Catalog::new()
            .policy(global())
            .api(Api::new("a").policy(api)),
        FakeClient::statuses(&[200]),
    );
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert!(
        world.client.calls().is_empty(),
        "no backend section, no forward-request"
    );
}

#[tokio::test]
async fn named_values_stand_everywhere() {
    let inbound = r#"<choose><when condition="@("{{word}}" == "quo" + "{{n}}")">"#.to_owned()
        + &set_header("X-{{word}}", "a{{n}}b")
        + &set_header("X-Expression", "{{expression}}")
        + r#"<rate-limit-by-key calls="{{n}}" renewal-period="6{{zero}}" counter-key="k" total-calls-header-name="X-Total" /></when></choose>"#;
    let catalog = Catalog::new()
        .named_value("word", "quo1")
        .named_value("n", "1")
        .named_value("zero", "0")
        .named_value("expression", r#"@(context.Request.Method + "<&>")"#)
        .api(api(&[("inbound", &inbound)]));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    let answer = world.get("/", &[]).await;
    assert_eq!((answer.status, answer.header("x-total")), (200, "1"));
    let call = world.client.only_call();
    assert_eq!(call.header("x-quo1"), "a1b");
    assert_eq!(call.header("x-expression"), "GET<&>");
    assert_eq!(world.get("/", &[]).await.status, 429);
}
