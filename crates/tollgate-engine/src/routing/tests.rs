#![allow(clippy::unwrap_used, reason = "tests")]

use http::Method;

use super::RouteError;
use crate::catalog::{Api, Catalog, Operation, Source};
use crate::load::tests::KINDS;
use crate::plan::Plan;

fn plan(apis: impl IntoIterator<Item = Api>) -> Plan {
    let global = Source::new("global", "<policies/>");
    let catalog = apis
        .into_iter()
        .fold(Catalog::new().policy(global), Catalog::api);
    Plan::load(&catalog, &[KINDS]).unwrap()
}

/// An API whose operations are named by their templates.
fn api(path: &str, operations: &[(&str, &str)]) -> Api {
    let api = Api::new(format!("api:{path}")).path(path);
    operations.iter().fold(api, |api, (method, template)| {
        api.operation(Operation::new(method, template).id(format!("{method} {template}")))
    })
}

/// `operation name=value … | rest`, or the error.
fn find(plan: &Plan, method: &str, target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    match plan.route(&method.parse().unwrap(), path, query) {
        Err(error) => format!("{error:?}"),
        Ok(route) => {
            let operation = route.operation.info.as_ref();
            let mut text = operation.map_or("any".to_owned(), |info| info.id.to_string());
            for (name, value) in &route.parameters {
                text = format!("{text} {name}={value}");
            }
            format!("{text} | {}", route.path)
        }
    }
}

#[test]
fn the_longest_path_suffix_wins() {
    let plan = plan([
        api("", &[]),
        api("a", &[]),
        api("a/b", &[]),
        api("ab", &[("GET", "/x")]),
    ]);
    let api_of = |path: &str| {
        let route = plan.route(&Method::GET, path, None).unwrap();
        (route.api.info.id.to_string(), route.path.to_owned())
    };
    assert_eq!(api_of("/a/b/c"), ("api:a/b".into(), "/c".into()));
    assert_eq!(
        api_of("/a/bc"),
        ("api:a".into(), "/bc".into()),
        "whole segments only"
    );
    assert_eq!(api_of("/a"), ("api:a".into(), "".into()));
    assert_eq!(api_of("/a/"), ("api:a".into(), "/".into()));
    assert_eq!(
        api_of("/A/%42/c"),
        ("api:a/b".into(), "/c".into()),
        "however it is written"
    );
    assert_eq!(api_of("/"), ("api:".into(), "/".into()));
    assert_eq!(
        find(&plan, "GET", "/ab/y"),
        "NotFound",
        "no way back to a shorter suffix"
    );
}

#[test]
fn an_api_without_operations_takes_everything() {
    let plan = plan([api("x", &[])]);
    assert_eq!(find(&plan, "PURGE", "/x/any/path"), "any | /any/path");
    assert_eq!(find(&plan, "GET", "/y"), "NotFound");
}

#[test]
fn the_most_specific_operation_wins() {
    let plan = plan([api(
        "",
        &[
            ("GET", "/*"),
            ("GET", "/orders/{id}"),
            ("GET", "/orders/new"),
            ("GET", "/orders/{id}/lines"),
            ("GET", "/orders/(x{id})"),
            ("GET", "/orders/{id}?full={full}"),
            ("GET", "/orders/{id}?kind=a b"),
            ("*", "/orders/{id}"),
            ("POST", "/orders"),
            ("GET", "/files/{*path}"),
            ("GET", "/"),
        ],
    )]);
    let cases = [
        ("GET", "/orders/new", "GET /orders/new | /orders/new"),
        ("GET", "/ORDERS/NEW/", "GET /orders/new | /ORDERS/NEW/"),
        (
            "GET",
            "/%6frders/%6eew",
            "GET /orders/new | /%6frders/%6eew",
        ),
        ("GET", "/orders/7", "GET /orders/{id} id=7 | /orders/7"),
        (
            "GET",
            "/orders/a%20b%2541",
            "GET /orders/{id} id=a b%41 | /orders/a%20b%2541",
        ),
        (
            "GET",
            "/orders/(x7)",
            "GET /orders/(x{id}) id=7 | /orders/(x7)",
        ),
        ("GET", "/orders/()", "GET /orders/{id} id=() | /orders/()"),
        (
            "GET",
            "/orders/7/lines",
            "GET /orders/{id}/lines id=7 | /orders/7/lines",
        ),
        ("GET", "/orders/7/other", "GET /* | /orders/7/other"),
        (
            "GET",
            "/orders/7?full=a+b%21&full=2",
            "GET /orders/{id}?full={full} id=7 full=a b! | /orders/7",
        ),
        (
            "GET",
            "/orders/7?kind=a%20b",
            "GET /orders/{id}?kind=a b id=7 | /orders/7",
        ),
        (
            "GET",
            "/orders/7?kind=b",
            "GET /orders/{id} id=7 | /orders/7",
        ),
        ("DELETE", "/orders/7", "* /orders/{id} id=7 | /orders/7"),
        ("POST", "/orders", "POST /orders | /orders"),
        ("GET", "/orders", "GET /* | /orders"),
        ("PUT", "/orders", "NotFound"),
        (
            "GET",
            "/files/a/b%20c",
            "GET /files/{*path} path=a/b c | /files/a/b%20c",
        ),
        ("GET", "/files", "GET /files/{*path} path= | /files"),
        ("GET", "/", "GET / | /"),
    ];
    for (method, target, expected) in cases {
        assert_eq!(find(&plan, method, target), expected, "{method} {target}");
    }
}

#[test]
fn paths_that_can_be_read_in_two_ways_are_refused() {
    let plan = plan([api("", &[("GET", "/*"), ("GET", "/admin/{x}")])]);
    let bad = [
        "",
        "*",
        "a",
        "/a/../admin/x",
        "/a/..",
        "/./admin",
        "/.",
        "/a/%2e%2e/admin",
        "/%2E./x",
        "/.%2e/x",
        "/a/..;x=1/admin",
        "/a/%2e%2e%3bx/admin",
        "//admin/x",
        "/admin//x",
        "/a//",
        "/admin%2fx",
        "/admin%2Fx",
        "/admin\\x",
        "/admin%5cx",
        "/a%00",
        "/a%0d%0ab",
        "/a%7f",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%+1",
    ];
    for path in bad {
        let found = plan.route(&Method::GET, path, None).map(|route| route.path);
        assert_eq!(found, Err(RouteError::BadPath), "{path}");
    }
    let good = [
        "/...",
        "/.well-known",
        "/a..b",
        "/a;x=1",
        "/%252e%252e/x",
        "/%252fx",
        "/a/",
        "/é",
        "/%ff",
    ];
    for path in good {
        let found = plan.route(&Method::GET, path, None).map(|route| route.path);
        assert_eq!(found, Ok(path));
    }
}
