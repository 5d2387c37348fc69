//! validate-azure-ad-token.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::LazyLock;
use tollgate::{Body, Catalog, Gateway, OAuthConnection};
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, api};

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";
const NOON: i64 = 1_795_521_600;

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

fn token(change: impl FnOnce(&mut Value)) -> String {
    let mut claims = json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "tid": TENANT, "aud": "api-1", "azp": "client-1",
        "exp": NOON + 60, "roles": ["reader"],
    });
    change(&mut claims);
    let url = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!(
        "{}.{}",
        url(r#"{"alg":"RS256","kid":"k"}"#),
        url(&claims.to_string())
    );
    let mut signature = vec![0; KEY.public_modulus_len()];
    KEY.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn plain() -> String {
    token(|_| {})
}

/// Entra ID with these tenants; everything else is the backend.
fn entra() -> FakeClient {
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(KEY.public_key());
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let keys = json!({"keys": [{"kty": "RSA", "use": "sig", "kid": "k", "n": encode(&public.n), "e": encode(&public.e)}]});
    FakeClient::new(move |call| {
        let rest = call.url.strip_prefix("https://login.microsoftonline.com/");
        let rest = rest.or(call.url.strip_prefix("https://login.microsoftonline.us/"));
        let Some((tenant, path)) = rest.and_then(|rest| rest.split_once('/')) else {
            return Ok(http::Response::new(Body::from("backend")));
        };
        let base = call.url.split("/v2.0").next().unwrap();
        let issuer = match tenant {
            "common" | "organizations" => {
                "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned()
            }
            _ => format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        };
        let answer = match path {
            "v2.0/.well-known/openid-configuration" => {
                json!({"issuer": issuer, "jwks_uri": format!("{base}/keys")})
            }
            "keys" => keys.clone(),
            _ => panic!("{}", call.url),
        };
        Ok(http::Response::new(Body::from(answer.to_string())))
    })
}

fn world(attributes: &str, children: &str) -> World {
    let policy =
        format!("<validate-azure-ad-token {attributes}>{children}</validate-azure-ad-token>");
    World::with(&[("inbound", &policy)], entra())
}

fn strict(tenant: &str) -> World {
    world(
        &format!(r#"tenant-id="{tenant}""#),
        "<client-application-ids><application-id>CLIENT-1</application-id><application-id>client-2</application-id></client-application-ids>
        <backend-application-ids><application-id>api-1</application-id></backend-application-ids>
        <audiences><audience>api-1</audience><audience>api://api-1</audience></audiences>
        <required-claims><claim name='roles' match='any'><value>reader</value><value>owner</value></claim></required-claims>",
    )
}

async fn call(world: &World, token: &str) -> Answer {
    world
        .get("/", &[("Authorization", &format!("Bearer {token}"))])
        .await
}

/// `LastError.Reason`, or nothing.
async fn reason(world: &World, token: &str) -> String {
    let answer = call(world, token).await;
    match answer.status {
        200 => String::new(),
        _ => answer.last_error()[1].clone(),
    }
}

#[tokio::test]
async fn a_token_of_the_tenant_passes() {
    for tenant in [
        TENANT,
        "contoso.onmicrosoft.com",
        "https://login.microsoftonline.com/contoso.com/",
        "common",
        "organizations",
        "@(\"common\")",
    ] {
        let world = strict(tenant);
        assert_eq!(reason(&world, &plain()).await, "", "{tenant}");
        let first = token(|claims| {
            claims["iss"] = json!(format!("https://sts.windows.net/{TENANT}/"));
            claims["aud"] = json!("api://api-1");
            claims["appid"] = json!("client-2");
            claims["azp"] = json!("nobody");
        });
        assert_eq!(reason(&world, &first).await, "", "{tenant}: version 1");
        let asked = world
            .client
            .calls()
            .iter()
            .filter(|call| call.url.contains("openid"))
            .count();
        assert_eq!(asked, 1, "{tenant}: keys are kept");
    }
}

#[tokio::test]
async fn every_other_token_is_refused_for_its_reason() {
    let world = strict(TENANT);
    type Change = fn(&mut Value);
    let cases: &[(Change, &str)] = &[
        (
            |claims| {
                claims["iss"] = json!(format!("https://login.microsoftonline.com/{OTHER}/v2.0"))
            },
            "TokenIssuerNotAllowed",
        ),
        (
            |claims| claims["iss"] = json!(format!("https://sts.windows.net/{OTHER}/")),
            "TokenIssuerNotAllowed",
        ),
        (
            |claims| claims["iss"] = Value::Null,
            "TokenIssuerNotAllowed",
        ),
        (
            |claims| claims["aud"] = json!("api-2"),
            "TokenAudienceNotAllowed",
        ),
        (
            |claims| claims["azp"] = json!("client-3"),
            "TokenClaimValueNotAllowed",
        ),
        (
            |claims| claims["appid"] = json!("client-3"),
            "TokenClaimValueNotAllowed",
        ),
        (|claims| claims["azp"] = Value::Null, "TokenClaimNotFound"),
        (
            |claims| claims["azp"] = json!(["client-1"]),
            "TokenClaimValueNotAllowed",
        ),
        (
            |claims| claims["roles"] = json!(["writer"]),
            "TokenClaimValueNotAllowed",
        ),
        (|claims| claims["roles"] = Value::Null, "TokenClaimNotFound"),
        (|claims| claims["exp"] = json!(NOON), "TokenExpired"),
        (|claims| claims["exp"] = Value::Null, "JwtInvalid"),
        (|claims| claims["nbf"] = json!(NOON + 1), "JwtInvalid"),
    ];
    for (change, expected) in cases {
        let token = token(change);
        assert_eq!(reason(&world, &token).await, *expected, "{token}");
    }
    let mut forged = plain();
    forged.truncate(forged.len() - 8);
    forged.push_str("AAAAAAAA");
    assert_eq!(reason(&world, &forged).await, "TokenSignatureInvalid");
    let unsigned = format!(
        "eyJhbGciOiJub25lIn0.{}.",
        plain().split('.').nth(1).unwrap()
    );
    assert_eq!(reason(&world, &unsigned).await, "TokenSignatureInvalid");
}

#[tokio::test]
async fn for_many_tenants_the_issuer_is_the_token_s_own() {
    let world = strict("common");
    let of = |iss: &str, tid: &str| {
        let (iss, tid) = (
            json!(format!("https://login.microsoftonline.com/{iss}/v2.0")),
            json!(tid),
        );
        token(|claims| {
            claims["iss"] = iss;
            claims["tid"] = tid;
        })
    };
    assert_eq!(reason(&world, &of(OTHER, OTHER)).await, "");
    assert_eq!(
        reason(&world, &of(OTHER, TENANT)).await,
        "TokenIssuerNotAllowed"
    );
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    assert_eq!(reason(&world, &of(personal, personal)).await, "");
    let organizations = strict("organizations");
    assert_eq!(
        reason(&organizations, &of(personal, personal)).await,
        "TokenIssuerNotAllowed"
    );
}

#[tokio::test]
async fn refusals_have_the_words_of_the_service() {
    let answer = strict(TENANT).get("/", &[]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.body,
        r#"{ "statusCode": 401, "message": "JWT not present." }"#
    );
    assert_eq!(
        answer.last_error(),
        [
            "validate-azure-ad-token",
            "TokenNotPresent",
            "JWT not present.",
            "api",
            "inbound",
            "validate-azure-ad-token[1]"
        ]
    );
    let custom = r#"tenant-id="common" failed-validation-httpcode="403" failed-validation-error-message="@("N" + "o")""#;
    let world = world(custom, "<audiences><audience>api-1</audience></audiences>");
    let answer = call(&world, &token(|claims| claims["aud"] = json!("x"))).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (403, r#"{ "statusCode": 403, "message": "No" }"#)
    );
    assert_eq!(
        answer.last_error()[2],
        "JWT audience x is not allowed. Access denied."
    );
}

#[tokio::test]
async fn the_token_is_found_where_the_policy_says_and_kept() {
    let audience = "<audiences><audience>api-1</audience></audiences>";
    let tenant = format!(r#"tenant-id="{TENANT}" output-token-variable-name="jwt""#);
    let in_header = world(&format!(r#"{tenant} header-name="X-Token""#), audience);
    let answer = in_header.get("/", &[("X-Token", &plain())]).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.variable("jwt").contains("Jwt"),
        "{}",
        answer.variable("jwt")
    );
    let in_query = world(&format!(r#"{tenant} query-parameter-name="t""#), audience);
    assert_eq!(
        in_query.get(&format!("/?t={}", plain()), &[]).await.status,
        200
    );
    let value = format!(
        r#"{tenant} token-value="@(context.Request.Headers.GetValueOrDefault("X-Token"))""#
    );
    let by_value = world(&value, audience);
    assert_eq!(
        by_value.get("/", &[("X-Token", &plain())]).await.status,
        200
    );
    let sovereign =
        format!(r#"{tenant} authentication-endpoint="https://login.microsoftonline.us/""#);
    let sovereign = world(&sovereign, audience);
    assert_eq!(reason(&sovereign, &plain()).await, "");
    assert!(
        sovereign.client.calls()[0]
            .url
            .starts_with("https://login.microsoftonline.us/")
    );
    let computed = world(r#"tenant-id="@("a/../b")""#, audience);
    assert_eq!(
        reason(&computed, &plain()).await,
        "ExpressionValueValidationFailure"
    );
}

#[test]
fn what_is_wrong_or_too_wide_is_told_at_load_time() {
    let load = |attributes: &str| {
        let policy = format!("<validate-azure-ad-token {attributes} />");
        Gateway::builder()
            .catalog(Catalog::new().api(api(&[("inbound", &policy)])))
            .http_client(FakeClient::statuses(&[200]))
            .build()
    };
    for (attributes, message) in [
        (
            "tenant-id='a/b'",
            "`tenant-id` must be a GUID, a domain or an https URL",
        ),
        (
            "tenant-id='http://a/b'",
            "`tenant-id` must be a GUID, a domain or an https URL",
        ),
        (
            "tenant-id='a' authentication-endpoint='http://a'",
            "`authentication-endpoint` must be an https URL",
        ),
        (
            "tenant-id='a' header-name='b' token-value='c'",
            "`token-value` cannot stand beside `header-name`",
        ),
    ] {
        let errors = load(attributes).unwrap_err().to_string();
        assert!(
            errors.contains(&format!(": {message}")),
            "{attributes}: {errors}"
        );
    }
    let gateway = load("tenant-id='a'").unwrap();
    let warnings: Vec<_> = gateway
        .plan()
        .warnings()
        .iter()
        .map(|warning| warning.code.clone())
        .collect();
    assert_eq!(warnings, ["any-application"]);
}

/// An `identity-type="jwt"` connection that `oid` of the tenant may use.
async fn authorization_context(token: &str) -> Answer {
    let policy = r#"<get-authorization-context provider-id="p" authorization-id="a" context-variable-name="auth"
        identity-type="@("jwt")" identity="@(context.Request.Headers.GetValueOrDefault("X-Identity"))" />
        <set-header name="X-Token" exists-action="override"><value>@(((Authorization)context.Variables["auth"]).AccessToken)</value></set-header>"#;
    let entra = entra();
    let client = FakeClient::new(move |call| match &*call.url {
        "http://oauth.test/token" => Ok(http::Response::new(Body::from(
            r#"{"access_token":"connected","expires_in":3600}"#,
        ))),
        _ => entra.answer(call),
    });
    let catalog = Catalog::new().api(api(&[("inbound", policy)]));
    let world = World::built(catalog, client, |builder| {
        let connection =
            OAuthConnection::client_credentials("http://oauth.test/token", "id", "hush");
        builder.connection("p", "a", connection.permit("user-1", TENANT.to_uppercase()))
    });
    world.get("/", &[("X-Identity", token)]).await
}

#[tokio::test]
async fn a_connection_is_for_whom_it_permits() {
    let identity = |change: fn(&mut Value)| {
        token(|claims| {
            claims["aud"] = json!("https://azure-api.net/authorization-manager");
            claims["oid"] = json!("user-1");
            change(claims);
        })
    };
    let good = identity(|_| {});
    let answer = authorization_context(&good).await;
    assert_eq!(
        answer.status, 200,
        "{:?}",
        answer.exchange.context.last_error
    );
    assert!(
        answer.exchange.context.request.extensions.is_empty(),
        "the token of who asks is not the request's"
    );
    for (token, message) in [
        (
            identity(|claims| claims["oid"] = json!("user-2")),
            "The connection a of the credential provider p does not permit this identity.",
        ),
        (
            identity(|claims| {
                claims["tid"] = json!(OTHER);
                claims["iss"] = json!(format!("https://login.microsoftonline.com/{OTHER}/v2.0"));
            }),
            "The connection a of the credential provider p does not permit this identity.",
        ),
        (
            identity(|claims| drop(claims.as_object_mut().unwrap().remove("oid"))),
            "The identity's JWT has no `oid` or no `tid`.",
        ),
        (
            identity(|claims| claims["aud"] = json!("api-1")),
            "JWT audience api-1 is not allowed. Access denied.",
        ),
        (
            identity(|claims| claims["exp"] = json!(NOON - 1)),
            "JWT expired at 1795521599; it is 1795521600 (seconds since 1970). Access denied.",
        ),
        (
            good[..good.len() - 4].to_owned() + "AAAA",
            "JWT signature is invalid. Access denied.",
        ),
        (String::new(), "JWT not present."),
    ] {
        let answer = authorization_context(&token).await;
        let error = answer.last_error();
        assert_eq!(
            (answer.status, &*error[1], &*error[2]),
            (500, "AuthorizationContextFailure", message)
        );
    }
}
