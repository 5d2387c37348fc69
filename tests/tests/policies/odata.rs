//! validate-odata-request.

use http::Method;

use crate::world::{World, request};

fn world(attributes: &str) -> World {
    World::of(&[(
        "inbound",
        &format!("<validate-odata-request {attributes} />"),
    )])
}

#[tokio::test]
async fn what_is_no_odata_is_refused() {
    let world = world(r#"error-variable-name="error" max-size="5""#);
    for path in [
        "/Orders(7)/Items?$filter=Price%20gt%205&$top=10&own=x'",
        "/Orders('a%20b')?$select=Name&@p=7",
        "/$metadata",
        "/",
    ] {
        assert_eq!(world.get(path, &[]).await.status, 200, "{path}");
    }
    for (path, message) in [
        (
            "/Orders(7",
            "The path is not valid: `)` is expected at position 8.",
        ),
        (
            "/Orders?$filter=Price%20gt",
            "The query option $filter is not valid: A space is expected at position 8.",
        ),
        (
            "/Orders?$top=1&$top=2",
            "The query option $top is there more than once.",
        ),
        (
            "/Orders?$none=1",
            "The query option $none is not valid: There is no query option `$none` at position 0.",
        ),
    ] {
        let answer = world.get(path, &[]).await;
        let body = format!(r#"{{ "statusCode": 400, "message": "{message}" }}"#);
        assert_eq!((answer.status, &*answer.body), (400, &*body), "{path}");
        assert_eq!(
            answer.last_error()[..3],
            ["validate-odata-request", "ODataRequestNotValid", message]
        );
        assert!(answer.variable("error").contains(&message[..9]));
    }
    let answer = world
        .send(request(Method::POST, "/Orders", &[], "123456"))
        .await;
    assert_eq!(
        answer.body,
        r#"{ "statusCode": 400, "message": "Request's body is 6 bytes long and it exceeds the configured limit of 5 bytes." }"#
    );
}

#[tokio::test]
async fn versions_must_be_known_and_allowed() {
    for (attributes, headers, status) in [
        ("", &[][..], 200),
        ("", &[("odata-version", "4.01")], 200),
        ("", &[("odata-version", "3.0")], 400),
        (
            r#"max-odata-version="4.0""#,
            &[("odata-version", "4.01")],
            400,
        ),
        (
            r#"min-odata-version="4.01" default-odata-version="4.01""#,
            &[("odata-version", "4.0")],
            400,
        ),
        (
            r#"min-odata-version="4.01" default-odata-version="4.01""#,
            &[("odata-maxversion", "4.0")],
            400,
        ),
        (
            r#"min-odata-version="4.01" default-odata-version="4.01""#,
            &[],
            200,
        ),
        (
            "",
            &[("odata-version", "4.0"), ("odata-version", "4.01")],
            400,
        ),
    ] {
        let answer = world(attributes).get("/Orders", headers).await;
        assert_eq!(answer.status, status, "{attributes} {headers:?}");
    }
}
