//! authentication-basic, -certificate, -managed-identity, get-authorization-context, proxy.

use tollgate::{Body, Catalog, Certificate, Gateway, ManagedIdentity, OAuthConnection};
use tollgate_tests::{Call, FakeClient, Pki};

use crate::world::{Answer, INTERNAL, World, api};

fn backend_call(world: &World) -> Call {
    let mut calls = world.client.calls();
    calls.retain(|call| call.url.starts_with("http://backend.test"));
    assert_eq!(calls.len(), 1, "{calls:#?}");
    calls.remove(0)
}

fn assert_failed(answer: &Answer, error: [&str; 3]) {
    assert_eq!((answer.status, &*answer.body), (500, INTERNAL));
    assert_eq!(answer.last_error()[..3], error);
}

#[tokio::test]
async fn basic_overrides_what_the_client_sent() {
    for (attributes, value) in [
        (
            r#"username="Aladdin" password="open sesame""#,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (
            r#"username="@("ü")" password="@("p:" + "ß")""#,
            "Basic w7w6cDrDnw==",
        ),
        (r#"username="" password="""#, "Basic Og=="),
    ] {
        let world = World::of(&[("inbound", &format!("<authentication-basic {attributes} />"))]);
        let answer = world.get("/", &[("Authorization", "Bearer x")]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(backend_call(&world).header("authorization"), value);
    }
    let null = r#"<authentication-basic username="a" password="@((string)null)" />"#;
    let answer = World::of(&[("inbound", null)]).get("/", &[]).await;
    assert_failed(
        &answer,
        [
            "authentication-basic",
            "ExpressionValueValidationFailure",
            "Expression value is invalid. The value field is required.",
        ],
    );
}

#[tokio::test]
async fn a_secret_password_is_not_in_the_trace() {
    let policy = r#"<authentication-basic username="a" password="{{hush}}" /><set-variable name="v" value="@(context.Request.Headers.GetValueOrDefault("Authorization"))" />"#;
    let catalog = Catalog::new()
        .secret("hush", "s3cr3t-s3cr3t")
        .api(api(&[("inbound", policy)]));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    let answer = world.get("/", &[]).await;
    let trace = serde_json::to_string(&answer.exchange.context.trace).unwrap();
    assert!(!trace.contains("s3cr3t-s3cr3t"), "{trace}");
    assert!(trace.contains("Basic ***"), "{trace}");
}

fn identified() -> (Catalog, Certificate) {
    let pem = Pki::new().issue(|_| {}).pem();
    let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
    let bare = Certificate::from_der(certificate.leaf().to_vec()).unwrap();
    let catalog = Catalog::new()
        .certificate("client", certificate.clone())
        .certificate("bare", bare);
    (catalog, certificate)
}

#[tokio::test]
async fn a_certificate_is_shown_to_the_backend() {
    let (catalog, certificate) = identified();
    let spaced: String = certificate
        .thumbprint()
        .to_lowercase()
        .chars()
        .flat_map(|c| [c, ' '])
        .collect();
    for attributes in [
        r#"certificate-id="client""#.to_owned(),
        r#"certificate-id="@("cli" + "ent")""#.to_owned(),
        format!(r#"thumbprint="{spaced}""#),
        format!(r#"thumbprint="@("{}")""#, certificate.thumbprint()),
    ] {
        let policy = format!("<authentication-certificate {attributes} />");
        let catalog = catalog.clone().api(api(&[("inbound", &policy)]));
        let world = World::serving(catalog, FakeClient::statuses(&[200]));
        assert_eq!(world.get("/", &[]).await.status, 200, "{attributes}");
        let shown = backend_call(&world).identity.unwrap();
        assert!(
            shown.key().is_some() && shown == certificate,
            "{attributes}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_there_fails() {
    for (attributes, message) in [
        (
            r#"certificate-id="@("nobody")""#,
            "There is no certificate with a private key and the id nobody.",
        ),
        (
            r#"certificate-id="@("bare")""#,
            "There is no certificate with a private key and the id bare.",
        ),
        (
            r#"thumbprint="C0FFEE""#,
            "There is no certificate with a private key and the thumbprint C0FFEE.",
        ),
    ] {
        let policy = format!("<authentication-certificate {attributes} />");
        let catalog = identified().0.api(api(&[("inbound", &policy)]));
        let world = World::serving(catalog, FakeClient::statuses(&[200]));
        let expected = ["authentication-certificate", "CertificateNotFound", message];
        assert_failed(&world.get("/", &[]).await, expected);
        assert!(world.client.calls().is_empty());
    }
}

#[tokio::test]
async fn a_pfx_file_is_read_with_its_password() {
    use p12_keystore::{
        Certificate as Stored, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain,
    };
    let issued = Pki::new().issue(|_| {});
    let key = PrivateKey::from_der(&issued.key).unwrap();
    let chain = PrivateKeyChain::new(vec![1], key, [Stored::from_der(&issued.der).unwrap()]);
    let mut store = KeyStore::new();
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(chain));
    let pfx = store.writer("pass").write().unwrap();
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &pfx);
    let run = async |password: &str| {
        let policy = format!(
            r#"<authentication-certificate body="@(Convert.FromBase64String("{body}"))" password="{password}" />"#
        );
        let world = World::of(&[("inbound", &policy)]);
        let answers = (world.get("/", &[]).await, world.get("/", &[]).await);
        (world, answers)
    };
    let (world, (first, second)) = run("pass").await;
    assert_eq!((first.status, second.status), (200, 200));
    for call in world.client.calls() {
        assert_eq!(call.identity.unwrap().leaf().to_vec(), issued.der);
    }
    let (_, (wrong, _)) = run("no").await;
    assert_failed(
        &wrong,
        [
            "authentication-certificate",
            "CertificateInvalid",
            "The certificate cannot be read: it is no PFX file with this password.",
        ],
    );
}

#[test]
fn attributes_that_do_not_go_together_are_refused() {
    for (policy, message) in [
        (
            "<authentication-certificate />",
            "`authentication-certificate` needs one of `certificate-id`, `thumbprint`, `body`",
        ),
        (
            r#"<authentication-certificate certificate-id="client" body="@("x")" />"#,
            "`body` cannot stand beside `certificate-id`",
        ),
        (
            r#"<authentication-certificate thumbprint="a" password="b" />"#,
            "`password` cannot stand beside `thumbprint`",
        ),
        (
            r#"<authentication-certificate certificate-id="nobody" />"#,
            "there is no certificate `nobody`",
        ),
        (
            r#"<authentication-certificate certificate-id="bare" />"#,
            "this certificate has no private key",
        ),
        (
            r#"<proxy url="https://a.test" />"#,
            "`url` must be the URL of a proxy, `http://host:port`, not `https://a.test`",
        ),
        (
            r#"<proxy url="http://a.test/x" />"#,
            "`url` must be the URL of a proxy, `http://host:port`, not `http://a.test/x`",
        ),
        (
            r#"<proxy url="http://a.test" password="x" />"#,
            "`password` needs `username`",
        ),
        (
            r#"<get-authorization-context provider-id="a" authorization-id="b" context-variable-name="c" identity-type="jwt" />"#,
            r#"`identity-type="jwt"` needs `identity`"#,
        ),
        (
            r#"<get-authorization-context provider-id="a" authorization-id="b" context-variable-name="c" identity-type="me" />"#,
            "`identity-type` must be `managed` or `jwt`, not `me`",
        ),
        (
            r#"<authentication-managed-identity resource="a" ignore-error="maybe" />"#,
            "`ignore-error` must be `true` or `false`, not `maybe`",
        ),
    ] {
        let catalog = identified().0.api(api(&[("inbound", policy)]));
        let errors = Gateway::builder()
            .catalog(catalog)
            .http_client(FakeClient::statuses(&[200]))
            .build();
        let errors = errors.unwrap_err().to_string();
        assert!(
            errors.contains(&format!(": {message}")),
            "{policy}: {errors}"
        );
    }
}

/// Backends, with a metadata service and a token endpoint.
fn platform() -> FakeClient {
    FakeClient::new(|call| {
        let (status, body) = match call.url.split('?').next().unwrap() {
            "http://imds.test/metadata/identity/oauth2/token"
                if call.url.contains("resource=broken") =>
            {
                (400, r#"{"error":"invalid_resource"}"#)
            }
            "http://imds.test/metadata/identity/oauth2/token" => {
                (200, r#"{"access_token":"own-token-1","expires_in":"3600"}"#)
            }
            "http://oauth.test/token"
                if call
                    .body
                    .starts_with(b"grant_type=client_credentials&scope=none") =>
            {
                (401, "{}")
            }
            "http://oauth.test/token" => (
                200,
                r#"{"access_token":"auth-token-1","expires_in":3600,"instance_url":"https://x.test"}"#,
            ),
            _ => (200, "backend"),
        };
        Ok(http::Response::builder()
            .status(status)
            .body(Body::from(body))
            .unwrap())
    })
}

fn platform_world(section: &str, policy: &str) -> World {
    let oauth = |scope| {
        OAuthConnection::client_credentials("http://oauth.test/token", "id", "hush").scope(scope)
    };
    World::built(
        Catalog::new().api(api(&[(section, policy)])),
        platform(),
        |builder| {
            builder
                .managed_identity(ManagedIdentity::imds("http://imds.test"))
                .connection("p", "a", oauth("all"))
                .connection("p", "broken", oauth("none"))
        },
    )
}

#[tokio::test]
async fn a_managed_identity_gives_its_token() {
    let policy =
        r#"<authentication-managed-identity resource="@("https://" + "r.test")" client-id="me" />"#;
    let world = platform_world("inbound", policy);
    for _ in 0..2 {
        assert_eq!(
            world.get("/", &[("Authorization", "Basic x")]).await.status,
            200
        );
    }
    let calls = world.client.calls();
    let urls: Vec<_> = calls.iter().map(|call| &*call.url).collect();
    let asked = "http://imds.test/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fr.test&client_id=me";
    assert_eq!(
        urls,
        [
            asked,
            "http://backend.test/base/",
            "http://backend.test/base/"
        ]
    );
    assert_eq!(calls[0].header("metadata"), "true");
    assert_eq!(calls[2].header("authorization"), "Bearer own-token-1");
}

#[tokio::test]
async fn the_token_goes_into_a_variable_instead() {
    let policy =
        r#"<authentication-managed-identity resource="r" output-token-variable-name="t" />"#;
    let world = platform_world("inbound", policy);
    let answer = world.get("/", &[("Authorization", "Basic x")]).await;
    assert_eq!(backend_call(&world).header("authorization"), "Basic x");
    assert!(answer.variable("t").contains("own-token-1"));
}

#[tokio::test]
async fn without_a_managed_identity_s_token_the_request_fails_or_goes_on() {
    let world = platform_world(
        "inbound",
        r#"<authentication-managed-identity resource="broken" />"#,
    );
    assert_failed(
        &world.get("/", &[]).await,
        [
            "authentication-managed-identity",
            "ManagedIdentityTokenFailure",
            "The token of the managed identity: it answers 400 Bad Request (invalid_resource).",
        ],
    );
    let policy = r#"<authentication-managed-identity resource="broken" output-token-variable-name="t" ignore-error="true" />"#;
    let world = platform_world("inbound", policy);
    let answer = world.get("/", &[("Authorization", "Basic x")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.variable("t"), r#"String("")"#);
    assert_eq!(backend_call(&world).header("authorization"), "Basic x");
    let empty = platform_world(
        "inbound",
        r#"<authentication-managed-identity resource="" />"#,
    );
    assert_eq!(
        empty.get("/", &[]).await.last_error()[1],
        "ExpressionValueValidationFailure"
    );
}

#[tokio::test]
async fn an_authorization_context_has_a_token_and_claims() {
    let policy = r#"<get-authorization-context provider-id="p" authorization-id="@("a")" context-variable-name="auth" identity-type="managed" identity="ignored" />
        <set-header name="Authorization"><value>@("Bearer " + ((Authorization)context.Variables["auth"]).AccessToken)</value></set-header>
        <set-header name="X-Url"><value>@((string)((Authorization)context.Variables["auth"]).Claims["instance_url"])</value></set-header>"#;
    let world = platform_world("inbound", policy);
    for _ in 0..2 {
        let answer = world.get("/", &[]).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    let calls = world.client.calls();
    assert_eq!(calls.len(), 3, "one token for both");
    let answer = world.get("/", &[]).await;
    let trace = serde_json::to_string(&answer.exchange.context.trace).unwrap();
    assert!(
        trace.contains("Bearer ***") && !trace.contains("auth-token-1"),
        "{trace}"
    );
    assert_eq!(calls[2].header("authorization"), "Bearer auth-token-1");
    assert_eq!(calls[2].header("x-url"), "https://x.test");
}

#[tokio::test]
async fn without_an_authorization_context_the_request_fails_or_goes_on() {
    let policy = |id: &str, more: &str| {
        format!(
            r#"<get-authorization-context provider-id="p" authorization-id="{id}" context-variable-name="auth" {more} />"#
        )
    };
    for (id, more, message) in [
        (
            "broken",
            "",
            "The token of the connection: it answers 401 Unauthorized.",
        ),
        (
            "nobody",
            "",
            "There is no connection nobody of the credential provider p.",
        ),
        (
            "a",
            r#"identity-type="jwt" identity="x.y.z""#,
            "JWT header is not valid base64url.",
        ),
    ] {
        let world = platform_world("inbound", &policy(id, more));
        let expected = [
            "get-authorization-context",
            "AuthorizationContextFailure",
            message,
        ];
        assert_failed(&world.get("/", &[]).await, expected);
        let world = platform_world(
            "inbound",
            &policy(id, &format!(r#"{more} ignore-error="@(true)""#)),
        );
        let answer = world.get("/", &[]).await;
        assert_eq!((answer.status, &*answer.variable("auth")), (200, "Null"));
    }
    let null = policy("a", r#"identity-type="jwt" identity="@((string)null)""#);
    let answer = platform_world("inbound", &null).get("/", &[]).await;
    assert_eq!(answer.last_error()[2], "JWT not present.");
}

#[tokio::test]
async fn a_proxy_is_for_the_backend() {
    let policy = r#"<proxy url="http://proxy.test:3128" username="@("u")" password="p" />"#;
    let world = World::of(&[("inbound", policy)]);
    world.get("/", &[]).await;
    let proxy = backend_call(&world).proxy.unwrap();
    assert_eq!(proxy.url.to_string(), "http://proxy.test:3128/");
    let (name, password) = proxy.credentials.unwrap();
    assert_eq!(
        (name.to_string(), password.to_string()),
        ("u".into(), "p".into())
    );
    let bad = r#"<proxy url="@("socks://a")" />"#;
    let answer = World::of(&[("inbound", bad)]).get("/", &[]).await;
    assert_eq!(answer.last_error()[1], "ExpressionValueValidationFailure");
}

#[tokio::test]
async fn requests_of_policies_have_credentials_of_their_own() {
    let policy = r#"<send-request response-variable-name="r"><set-url>http://own.test/</set-url>
            <authentication-certificate certificate-id="client" />
            <authentication-managed-identity resource="r" /><proxy url="http://proxy.test" /></send-request>
        <send-request response-variable-name="r"><set-url>http://basic.test/</set-url>
            <authentication-basic username="a" password="b" /></send-request>"#;
    let (catalog, certificate) = identified();
    let world = World::built(
        catalog.api(api(&[("inbound", policy)])),
        platform(),
        |builder| builder.managed_identity(ManagedIdentity::imds("http://imds.test")),
    );
    let answer = world.get("/", &[]).await;
    assert_eq!(
        answer.status, 200,
        "{:?}",
        answer.exchange.context.last_error
    );
    let calls = world.client.calls();
    let to = |host: &str| calls.iter().find(|call| call.url.contains(host)).unwrap();
    let own = to("own.test");
    assert_eq!(own.header("authorization"), "Bearer own-token-1");
    assert_eq!(own.identity, Some(certificate));
    assert_eq!(
        own.proxy.as_ref().unwrap().url.to_string(),
        "http://proxy.test/"
    );
    assert_eq!(to("basic.test").header("authorization"), "Basic YTpi");
    let backend = to("backend.test");
    assert_eq!(
        (
            backend.header("authorization"),
            &backend.identity,
            &backend.proxy
        ),
        ("", &None, &None)
    );

    let broken = r#"<send-request response-variable-name="r"><set-url>http://own.test/</set-url>
        <authentication-managed-identity resource="broken" /></send-request>"#;
    let answer = platform_world("inbound", broken).get("/", &[]).await;
    assert_eq!(
        answer.last_error()[..2],
        ["send-request", "ManagedIdentityTokenFailure"]
    );
}
