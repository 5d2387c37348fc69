#![allow(clippy::unwrap_used, reason = "tests")]

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::Denied;
use crate::catalog::{Api, Catalog, Product, Source, Subscription, SubscriptionScope, UserInfo};
use crate::failure::ErrorBody;
use crate::load::tests::KINDS;
use crate::plan::Plan;

const NOW: i64 = 1_000;

fn plan() -> Plan {
    let product = |id: &str| SubscriptionScope::Product(id.to_owned());
    let catalog = Catalog::new()
        .policy(Source::new("global", "<policies/>"))
        .api(Api::new("free").path("free"))
        .api(
            Api::new("closed")
                .path("closed")
                .subscription_required(true),
        )
        .api(
            Api::new("named")
                .path("named")
                .subscription_required(true)
                .subscription_key_names("X-Key", "key"),
        )
        .api(Api::new("open").path("open").subscription_required(true))
        .product(Product::new("gold").api("closed").api("open"))
        .product(
            Product::new("trial")
                .api("open")
                .subscription_required(false),
        )
        .user(UserInfo::new("ann"))
        .subscription(Subscription::new(
            "all",
            "k-all",
            SubscriptionScope::AllApis,
        ))
        .subscription(Subscription::new(
            "one",
            "k-one",
            SubscriptionScope::Api("named".into()),
        ))
        .subscription(
            Subscription::new("gold", "k-gold", product("gold"))
                .secondary_key("k-gold-2")
                .user("ann"),
        )
        .subscription(Subscription::new("off", "k-off", SubscriptionScope::AllApis).active(false))
        .subscription(
            Subscription::new("late", "k-late", SubscriptionScope::AllApis).dates(
                0,
                Some(NOW + 1),
                None,
            ),
        )
        .subscription(
            Subscription::new("over", "k-over", SubscriptionScope::AllApis).dates(
                0,
                Some(0),
                Some(NOW),
            ),
        )
        .subscription(Subscription::new("empty", "", SubscriptionScope::AllApis));
    Plan::load(&catalog, &[KINDS]).unwrap()
}

/// `subscription user product`, `-` for none, or the error.
fn admit(api: &str, header: Option<(&'static str, &str)>, query: &str) -> String {
    let plan = plan();
    let path = format!("/{api}");
    let route = plan.route(&Method::GET, &path, None).unwrap();
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = header {
        let value = HeaderValue::from_str(value).unwrap();
        headers.insert(HeaderName::from_static(name), value);
    }
    match plan.admit(route.api, &headers, Some(query), NOW) {
        Err(denied) => format!("{denied:?}"),
        Ok(admission) => {
            let subscription = admission.subscription.map(|info| info.id.to_string());
            let user = admission.user.map(|info| info.id.to_string());
            let product = admission.product.and_then(|index| plan.product(index));
            let texts = [subscription, user, product.map(|info| info.id.to_string())];
            texts.map(|text| text.unwrap_or("-".to_owned())).join(" ")
        }
    }
}

const HEADER: &str = "ocp-apim-subscription-key";

#[test]
fn keys_are_read_from_the_header_then_the_query() {
    let cases = [
        ("free", None, "", "- - -"),
        ("free", Some((HEADER, "k-all")), "", "all - -"),
        ("free", Some((HEADER, "wrong")), "", "Invalid"),
        (
            "free",
            Some((HEADER, "wrong")),
            "subscription-key=k-all",
            "Invalid",
        ),
        ("free", None, "a=1&subscription-key=k-all", "all - -"),
        ("free", None, "Subscription-Key=k%2Dall", "all - -"),
        ("free", None, "subscription-key=", "Invalid"),
        ("closed", None, "", "Missing"),
        ("closed", None, "key=k-all", "Missing"),
        ("closed", Some((HEADER, "")), "", "Invalid"),
        ("named", Some((HEADER, "k-all")), "", "Missing"),
        ("named", Some(("x-key", "k-all")), "", "all - -"),
        ("named", None, "key=k-one", "one - -"),
        ("named", None, "subscription-key=k-one", "Missing"),
    ];
    for (api, header, query, expected) in cases {
        assert_eq!(
            admit(api, header, query),
            expected,
            "{api} {header:?} {query}"
        );
    }
}

#[test]
fn keys_open_what_their_scope_covers() {
    let cases = [
        ("closed", "k-gold", "gold ann gold"),
        ("closed", "k-gold-2", "gold ann gold"),
        ("closed", "k-all", "all - -"),
        ("closed", "k-one", "Invalid"),
        ("named", "k-gold", "Missing"),
        ("closed", "k-off", "Invalid"),
        ("closed", "k-late", "Invalid"),
        ("closed", "k-over", "Invalid"),
        ("open", "k-gold", "gold ann gold"),
        ("open", "k-all", "all - -"),
    ];
    for (api, key, expected) in cases {
        assert_eq!(admit(api, Some((HEADER, key)), ""), expected, "{api} {key}");
    }
    assert_eq!(admit("named", Some(("x-key", "k-gold")), ""), "Invalid");
}

#[test]
fn an_open_product_takes_requests_without_a_key() {
    assert_eq!(admit("open", None, ""), "- - trial");
}

#[test]
fn denials_have_the_words_of_the_service() {
    let plan = plan();
    let route = plan.route(&Method::GET, "/named", None).unwrap();
    let failure = Denied::Missing.failure(&route.api.info, "gw.example.org");
    assert_eq!(failure.source(), "authorization");
    assert_eq!(failure.reason(), Some("SubscriptionKeyNotFound"));
    assert_eq!(
        failure.message(),
        "Access denied due to missing subscription key. Make sure to include subscription key when making requests to this API."
    );
    let response = failure.response();
    assert_eq!(response.status, 401);
    assert_eq!(
        response.body,
        ErrorBody::Message(
            "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.".into()
        )
    );
    let [(name, value)] = response.headers.as_slice() else {
        unreachable!("one header")
    };
    assert_eq!(name, "www-authenticate");
    assert_eq!(
        value,
        "AzureApiManagementKey realm=\"https://gw.example.org/named\",name=\"X-Key\",type=\"header\""
    );
    let failure = Denied::Invalid.failure(&route.api.info, "gw.example.org");
    assert_eq!(failure.reason(), Some("SubscriptionKeyInvalid"));
    assert_eq!(
        failure.response().body,
        ErrorBody::Message(
            "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.".into()
        )
    );
}
