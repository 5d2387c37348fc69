//! What axum handlers see of the policies in front of them, and services of one's own behind the layer.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tollgate::axum::{ValidatedToken, Variables, policy_layer};
use tollgate::tower::PolicyLayer;
use tollgate::{Body, Gateway, Source};
use tollgate_tests::unix_now;
use tower::{Layer, ServiceExt};

fn gateway(inbound: &str) -> Gateway {
    let text =
        format!("<policies><inbound>{inbound}</inbound><backend><base /></backend></policies>");
    Gateway::builder()
        .policy(Source::new("policy.xml", text))
        .build()
        .unwrap()
}

const GUARD: &str = r#"<validate-jwt header-name="Authorization"><issuer-signing-keys>
    <key>c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0zMg==</key></issuer-signing-keys></validate-jwt>
    <set-variable name="tenant" value="@(context.Request.Headers.GetValueOrDefault("X-Tenant", "none"))" />"#;

fn bearer(claims: &serde_json::Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(b"secret-secret-secret-secret-secret-32");
    let header = jsonwebtoken::Header::default();
    let token = jsonwebtoken::encode(&header, claims, &key).unwrap();
    format!("Bearer {token}")
}

async fn hello(
    Path(id): Path<String>,
    ValidatedToken(token): ValidatedToken,
    Variables(variables): Variables,
) -> String {
    let subject = token.claim("sub").next().unwrap_or("nobody").to_owned();
    let tenant = variables.text("tenant").unwrap_or("unset");
    format!("{id} {subject} {tenant}")
}

async fn ask(router: &Router, path: &str, authorization: Option<&str>) -> (StatusCode, String) {
    let mut request = Request::get(path).header("X-Tenant", "contoso");
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    let request = request.body(axum::body::Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn handlers_take_the_token_and_the_variables() {
    let routes = Router::new().route("/orders/{id}", get(hello));
    let good = bearer(&json!({"sub": "somebody", "exp": unix_now() + 1000}));
    for router in [
        routes.clone().layer(policy_layer(gateway(GUARD))),
        routes.clone().route_layer(policy_layer(gateway(GUARD))),
    ] {
        let answer = ask(&router, "/orders/7", Some(&good)).await;
        assert_eq!(answer, (StatusCode::OK, "7 somebody contoso".to_owned()));
        let (status, body) = ask(&router, "/orders/7", None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            body,
            r#"{ "statusCode": 401, "message": "JWT not present." }"#
        );
    }
    let unguarded = routes.layer(policy_layer(gateway("")));
    let (status, _) = ask(&unguarded, "/orders/7", Some(&good)).await;
    assert_eq!(
        status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "a policy that was forgotten lets nobody through"
    );
}

#[tokio::test]
async fn route_layers_leave_what_is_not_there_alone() {
    let routes = Router::new().route("/orders/{id}", get(hello));
    let router = routes.route_layer(policy_layer(gateway(GUARD)));
    assert_eq!(
        ask(&router, "/elsewhere", None).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_service_that_fails_is_a_backend_in_trouble() {
    let broken = tower::service_fn(|_: Request<Body>| async {
        Err::<Response<Body>, _>(std::io::Error::other("out of order"))
    });
    let service = PolicyLayer::new(gateway("")).layer(broken);
    let request = Request::get("http://gateway.test/")
        .body(Body::empty())
        .unwrap();
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = answer.into_body().buffer(1000).await.unwrap();
    assert!(body.starts_with(br#"{ "statusCode": 500, "message": "Internal server error", "#));
}
