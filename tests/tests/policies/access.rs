//! check-header, ip-filter, validate-jwt without an issuer.

use http::Method;
use tollgate::Peer;

use crate::world::{World, request};

fn check_header(attributes: &str, values: &[&str]) -> World {
    let values: String = values
        .iter()
        .map(|value| format!("<value>{value}</value>"))
        .collect();
    World::of(&[(
        "inbound",
        &format!(
            r#"<check-header name="X-Key" failed-check-httpcode="401" failed-check-error-message="Not &quot;you&quot;" {attributes}>{values}</check-header>"#
        ),
    )])
}

#[tokio::test]
async fn check_header_wants_a_header() {
    let world = check_header(r#"ignore-case="false""#, &[]);
    assert_eq!(world.get("/", &[("X-Key", "any")]).await.status, 200);
    let answer = world.get("/", &[]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.reason, "Unauthorized");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.body,
        r#"{ "statusCode": 401, "message": "Not \"you\"" }"#
    );
    assert_eq!(
        answer.last_error(),
        [
            "check-header",
            "HeaderNotFound",
            "Header X-Key was not found in the request. Access denied.",
            "api",
            "inbound",
            "check-header[1]"
        ]
    );
    assert_eq!(
        world.client.calls().len(),
        1,
        "the refused request went nowhere"
    );
}

#[tokio::test]
async fn check_header_wants_one_of_its_values() {
    let world = check_header(r#"ignore-case="false""#, &["one", r#"@("t" + "wo")"#]);
    assert_eq!(world.get("/", &[("X-Key", "one")]).await.status, 200);
    assert_eq!(world.get("/", &[("x-key", "two")]).await.status, 200);
    let answer = world.get("/", &[("X-Key", "One")]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.last_error()[1..3],
        [
            "HeaderValueNotAllowed",
            "Header X-Key value of One is not allowed. Access denied."
        ]
    );
    let several = [("X-Key", "three"), ("X-Key", "two")];
    assert_eq!(
        world.get("/", &several).await.status,
        200,
        "one of several lines"
    );

    let world = check_header(r#"ignore-case="true""#, &["one"]);
    assert_eq!(world.get("/", &[("X-Key", "ONE")]).await.status, 200);
    let world = check_header("", &["one"]);
    assert_eq!(
        world.get("/", &[("X-Key", "ONE")]).await.status,
        401,
        "case counts unless told"
    );
}

async fn filtered(filter: &str, ip: &str) -> (u16, String) {
    let world = World::of(&[("inbound", filter)]);
    let peer = Peer {
        ip: ip.parse().ok(),
        ..Peer::default()
    };
    let answer = world
        .send_from(peer, request(Method::GET, "/", &[], ""))
        .await;
    match answer.status {
        200 => (200, String::new()),
        status => {
            assert_eq!(
                answer.body,
                r#"{ "statusCode": 403, "message": "Forbidden" }"#
            );
            let [source, reason, message, ..] = answer.last_error();
            assert_eq!(source, "ip-filter");
            (status, format!("{reason}: {message}"))
        }
    }
}

#[tokio::test]
async fn ip_filter_allows_those_it_lists() {
    let allow = r#"<ip-filter action="allow"><address>10.0.0.1</address>
        <address-range from="10.1.0.5" to="10.1.0.9" /><address-range from="2001:db8::1" to="2001:db8::ff" /></ip-filter>"#;
    for ip in [
        "10.0.0.1",
        "10.1.0.5",
        "10.1.0.7",
        "10.1.0.9",
        "2001:db8::10",
        "::ffff:10.0.0.1",
    ] {
        assert_eq!(filtered(allow, ip).await.0, 200, "{ip}");
    }
    for ip in ["10.0.0.2", "10.1.0.4", "10.1.0.10", "2001:db8::100", "::1"] {
        let message =
            format!("CallerIpNotAllowed: Caller IP address {ip} is not allowed. Access denied.");
        assert_eq!(filtered(allow, ip).await, (403, message));
    }
    assert_eq!(
        filtered(allow, "unknown").await.1,
        "FailedToParseCallerIP: Failed to establish IP address for the caller. Access denied."
    );
}

#[tokio::test]
async fn ip_filter_forbids_those_it_lists() {
    let forbid =
        r#"<ip-filter action="@("forbid")"><address>@("10.0.0." + 1)</address></ip-filter>"#;
    assert_eq!(filtered(forbid, "10.0.0.2").await.0, 200);
    assert_eq!(
        filtered(forbid, "10.0.0.1").await,
        (
            403,
            "CallerIpBlocked: Caller IP address is blocked. Access denied.".to_owned()
        )
    );
}

/// What a client gets whose token is `Authorization`, from a policy with a shared secret and these attributes.
async fn validated(attributes: &str, authorization: Option<&str>) -> (u16, String, String) {
    let policy = format!(
        r#"<validate-jwt header-name="Authorization" {attributes}>
            <issuer-signing-keys><key>c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0zMg==</key></issuer-signing-keys>
            <audiences><audience>me</audience></audiences></validate-jwt>"#
    );
    let world = World::of(&[("inbound", &policy)]);
    let headers: Vec<_> = authorization
        .map(|value| ("Authorization", value))
        .into_iter()
        .collect();
    let answer = world.get("/", &headers).await;
    let reason = match answer.status {
        200 => String::new(),
        _ => answer.last_error()[1].clone(),
    };
    (answer.status, answer.body, reason)
}

fn hs256(claims: serde_json::Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(b"secret-secret-secret-secret-secret-32");
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

#[tokio::test]
async fn validate_jwt_says_what_the_attributes_tell_it_to() {
    assert_eq!(
        validated("", None).await,
        (
            401,
            r#"{ "statusCode": 401, "message": "JWT not present." }"#.to_owned(),
            "TokenNotPresent".to_owned()
        )
    );
    assert_eq!(
        validated("", Some("Bearer x.y")).await,
        (
            401,
            r#"{ "statusCode": 401, "message": "Invalid JWT." }"#.to_owned(),
            "JwtInvalid".to_owned()
        )
    );
    let custom = r#"failed-validation-httpcode="403" failed-validation-error-message="No""#;
    let answer = validated(custom, Some("Bearer x.y")).await;
    assert_eq!(
        (answer.0, &*answer.1),
        (403, r#"{ "statusCode": 403, "message": "No" }"#)
    );
}

#[tokio::test]
async fn validate_jwt_takes_tokens_signed_with_a_shared_secret() {
    let exp = tollgate_tests::unix_now() + (1 << 32);
    let good = hs256(serde_json::json!({"aud": "me", "exp": exp}));
    for (attributes, authorization, status) in [
        ("", format!("Bearer {good}"), 200),
        ("", format!("bearer {good}"), 200),
        ("", good.clone(), 200),
        (r#"require-scheme="Bearer""#, format!("Bearer {good}"), 200),
        (r#"require-scheme="Bearer""#, good.clone(), 401),
        (
            "",
            format!(
                "Bearer {}",
                hs256(serde_json::json!({"aud": "you", "exp": exp}))
            ),
            401,
        ),
        (
            "",
            format!("Bearer {}", hs256(serde_json::json!({"aud": "me"}))),
            401,
        ),
        (
            r#"require-expiration-time="false""#,
            format!("Bearer {}", hs256(serde_json::json!({"aud": "me"}))),
            200,
        ),
    ] {
        let (found, body, reason) = validated(attributes, Some(&authorization)).await;
        assert_eq!(
            found, status,
            "{attributes} {authorization} {body} {reason}"
        );
    }
}

#[tokio::test]
async fn validate_jwt_keeps_the_token_for_expressions() {
    let policy = r#"<validate-jwt token-value="@(context.Request.Headers.GetValueOrDefault("X-Token"))" output-token-variable-name="jwt">
        <issuer-signing-keys><key>c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0zMg==</key></issuer-signing-keys></validate-jwt>
        <set-variable name="subject" value="@(((Jwt)context.Variables["jwt"]).Subject)" />"#;
    let world = World::of(&[("inbound", policy)]);
    let exp = tollgate_tests::unix_now() + (1 << 32);
    let token = hs256(serde_json::json!({"sub": "somebody", "exp": exp}));
    let answer = world.get("/", &[("X-Token", &token)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.variable("subject").contains("somebody"));
    assert_eq!(
        world.client.only_call().header("x-token"),
        token,
        "the token goes on to the backend"
    );
}
