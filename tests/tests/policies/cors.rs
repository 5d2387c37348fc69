//! cors: preflights and actual requests.

use http::Method;
use tollgate::{Api, Catalog, Operation};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, request, set_header, source};

const ORIGIN: &str = "https://app.test";

fn cors(attributes: &str, origin: &str) -> String {
    format!(
        r#"<cors {attributes}>
            <allowed-origins><origin>{origin}</origin><origin>http://other.test:8080</origin></allowed-origins>
            <allowed-methods preflight-result-max-age="300"><method>GET</method><method>PUT</method></allowed-methods>
            <allowed-headers><header>content-type</header><header>X-Key</header></allowed-headers>
            <expose-headers><header>X-A</header><header>X-B</header></expose-headers>
        </cors>"#
    )
}

fn world(policies: &str) -> World {
    World::of(&[(
        "inbound",
        &format!("{policies}{}", set_header("X-Seen", "1")),
    )])
}

async fn preflight(world: &World, headers: &[(&str, &str)]) -> Answer {
    let answer = world.send(request(Method::OPTIONS, "/", headers, "")).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, ""),
        "preflights are answered at once"
    );
    assert!(world.client.calls().is_empty());
    answer
}

fn allowed(answer: &Answer) -> [&str; 6] {
    [
        "access-control-allow-origin",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-max-age",
        "access-control-allow-credentials",
        "vary",
    ]
    .map(|name| answer.header(name))
}

#[tokio::test]
async fn preflights_are_answered() {
    let world = world(&cors(
        r#"allow-credentials="true""#,
        "https://APP.test:443/",
    ));
    let headers = [
        ("Origin", ORIGIN),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "x-key, Content-Type"),
    ];
    let answer = preflight(&world, &headers).await;
    assert_eq!(
        allowed(&answer),
        [
            ORIGIN,
            "PUT",
            "x-key, Content-Type",
            "300",
            "true",
            "Origin"
        ]
    );
}

#[tokio::test]
async fn preflights_of_others_get_nothing() {
    let world = world(&cors("", ORIGIN));
    for headers in [
        [
            ("Origin", "https://evil.test"),
            ("Access-Control-Request-Method", "GET"),
            ("X-X", ""),
        ],
        [
            ("Origin", "http://app.test"),
            ("Access-Control-Request-Method", "GET"),
            ("X-X", ""),
        ],
        [
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", "DELETE"),
            ("X-X", ""),
        ],
        [
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "x-other"),
        ],
    ] {
        assert_eq!(
            allowed(&preflight(&world, &headers).await),
            [""; 6],
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn a_star_allows_everybody() {
    let star = |attributes| world(&cors(attributes, "*"));
    let headers = [
        ("Origin", "https://anybody.test"),
        ("Access-Control-Request-Method", "GET"),
    ];
    assert_eq!(
        allowed(&preflight(&star(""), &headers).await),
        ["*", "GET", "", "300", "", ""]
    );
    // Browsers refuse the star where credentials are allowed.
    let with_credentials = star(r#"allow-credentials="true""#);
    assert_eq!(
        allowed(&preflight(&with_credentials, &headers).await),
        ["https://anybody.test", "GET", "", "300", "true", "Origin"]
    );
}

#[tokio::test]
async fn get_and_post_are_allowed_where_no_methods_are_listed() {
    let policy = "<cors><allowed-origins><origin>*</origin></allowed-origins></cors>";
    for (method, origin) in [("GET", "*"), ("POST", "*"), ("PUT", "")] {
        let headers = [
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", method),
        ];
        assert_eq!(
            allowed(&preflight(&world(policy), &headers).await)[0],
            origin,
            "{method}"
        );
    }
}

#[tokio::test]
async fn actual_requests_go_on_with_headers() {
    let world = world(&cors("", ORIGIN));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = world
            .send(request(method, "/", &[("Origin", ORIGIN)], ""))
            .await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "200"));
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
        assert_eq!(answer.header("access-control-expose-headers"), "X-A,X-B");
        assert_eq!(answer.header("vary"), "Origin");
    }
    let answer = world.get("/", &[]).await;
    assert_eq!(
        (
            answer.body.as_str(),
            answer.header("access-control-allow-origin")
        ),
        ("200", "")
    );
    assert_eq!(world.client.calls().len(), 4);
}

#[tokio::test]
async fn actual_requests_of_others_end_unless_told_otherwise() {
    let answer = world(&cors("", ORIGIN))
        .get("/", &[("Origin", "https://evil.test")])
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("access-control-allow-origin"), "");

    let lenient = world(&cors(r#"terminate-unmatched-request="false""#, ORIGIN));
    let answer = lenient.get("/", &[("Origin", "https://evil.test")]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "200"));
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn errors_and_returned_responses_carry_the_headers_too() {
    for then in [
        r#"<return-response><set-status code="204" /></return-response>"#,
        r#"<check-header name="X-None" failed-check-httpcode="401" failed-check-error-message="no" ignore-case="true" />"#,
    ] {
        let world = world(&format!("{}{then}", cors("", ORIGIN)));
        let answer = world.get("/", &[("Origin", ORIGIN)]).await;
        assert_ne!(answer.status, 200);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            ORIGIN,
            "{then}"
        );
    }
}

/// An API with a policy of its own below one for all APIs, with an operation for `method`.
fn layered(global: &str, api: &str, method: &str) -> World {
    let api = Api::new("api")
        .service_url("http://backend.test")
        .policy(source("api.xml", &[("inbound", api)]))
        .operation(Operation::new(method, "/"));
    let global = tollgate::Source::new(
        "global.xml",
        format!(
            "<policies><inbound>{global}</inbound><backend><forward-request /></backend></policies>"
        ),
    );
    World::serving(
        Catalog::new().policy(global).api(api),
        FakeClient::statuses(&[200]),
    )
}

#[tokio::test]
async fn a_preflight_asks_the_next_cors_of_another_scope() {
    let pass_on = r#"terminate-unmatched-request="false""#;
    let world = layered(
        &cors(pass_on, "https://global.test"),
        &cors("", ORIGIN),
        "GET",
    );
    let headers = |origin| [("Origin", origin), ("Access-Control-Request-Method", "GET")];
    for origin in ["https://global.test", ORIGIN] {
        assert_eq!(
            allowed(&preflight(&world, &headers(origin)).await)[0],
            origin
        );
    }
    assert_eq!(
        allowed(&preflight(&world, &headers("https://evil.test")).await)[0],
        ""
    );
}

#[tokio::test]
async fn an_unmatched_preflight_is_answered_when_no_cors_ends_it() {
    let pass_on = r#"terminate-unmatched-request="false""#;
    let world = layered("", &cors(pass_on, ORIGIN), "GET");
    let headers = [
        ("Origin", "https://evil.test"),
        ("Access-Control-Request-Method", "GET"),
    ];
    assert_eq!(allowed(&preflight(&world, &headers).await), [""; 6]);
}

#[tokio::test]
async fn an_options_operation_answers_for_itself() {
    let api = Api::new("api")
        .service_url("http://backend.test")
        .policy(source("api.xml", &[("inbound", &cors("", ORIGIN))]))
        .operation(Operation::new("GET", "/"))
        .operation(Operation::new("OPTIONS", "/"));
    let world = World::serving(Catalog::new().api(api), FakeClient::statuses(&[200]));
    let headers = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")];
    let answer = world
        .send(request(Method::OPTIONS, "/", &headers, ""))
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "200"));
    assert_eq!(world.client.calls().len(), 1);
}
