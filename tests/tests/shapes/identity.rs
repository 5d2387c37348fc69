//! Tokens: of clients, for backends, and those that are exchanged for others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tollgate::{Catalog, ManagedIdentity, OAuthConnection, Subscription, SubscriptionScope};
use tollgate_tests::{Backend, Seen, reply};

use crate::world::{
    Tokens, World, api, catalog, in_turn, json_of, json_reply, named, nobody, unescaped, world,
};

/// A form, decoded.
fn form(seen: &Seen) -> HashMap<String, String> {
    let pairs = seen.text().split('&');
    pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), unescaped(&value.replace('+', " "))))
        .collect()
}

/// What backends saw in `Authorization`.
fn authorizations(backend: &Backend) -> Vec<String> {
    let seen = backend.seen();
    seen.iter()
        .map(|seen| seen.header("authorization").to_owned())
        .collect()
}

#[tokio::test]
async fn on_behalf_of_a_user() {
    let (number, status) = (AtomicUsize::new(0), Arc::new(AtomicU16::new(200)));
    let answer = Arc::clone(&status);
    let provider = Backend::start(None, move |_| match answer.load(Ordering::SeqCst) {
        200 => {
            let token = format!("backend-{}", number.fetch_add(1, Ordering::SeqCst));
            json_reply(200, &json!({"access_token": token, "expires_in": 3600}))
        }
        400 => json_reply(400, &json!({"error": "interaction_required"})),
        code => reply(code, "text/plain", "busy"),
    })
    .await;
    let (issuer, backend) = (Tokens::start().await, Backend::named("orders").await);
    let token_endpoint = format!("{}/token", provider.url());
    let values = [
        ("openid-config-url", &*issuer.url()),
        ("token-issuer", Tokens::ISSUER),
        ("api-audience", "api://orders"),
        ("token-endpoint", &token_endpoint),
        ("client-id", "gateway"),
        ("client-secret", "p&ss=w+rd"),
        ("backend-scope", "api://backend/.default"),
    ];
    let world = world("oauth-on-behalf-of", &backend, &values).await;
    let get = async |token: &str| world.get("/", &[("Authorization", token)]).await;
    let token = |user: &str| {
        issuer.bearer(json!({"aud": "api://orders", "sub": user, "exp": crate::world::NOON + 9000}))
    };
    let (ann, bob) = (token("ann"), token("bob"));
    for user in [&ann, &ann, &bob, &ann] {
        assert_eq!(get(user).await.status, 200);
    }
    world.later(3539);
    assert_eq!(get(&ann).await.status, 200);
    world.later(2);
    assert_eq!(get(&ann).await.status, 200);
    let expected = [0, 0, 1, 0, 0, 2].map(|number| format!("Bearer backend-{number}"));
    assert_eq!(authorizations(&backend), expected);

    let asked = provider.seen();
    assert_eq!(asked.len(), 3);
    assert_eq!(
        (asked[0].method.as_str(), asked[0].uri.path()),
        ("POST", "/token")
    );
    assert_eq!(
        asked[0].header("content-type"),
        "application/x-www-form-urlencoded"
    );
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("requested_token_use", "on_behalf_of"),
        ("client_id", "gateway"),
        ("client_secret", "p&ss=w+rd"),
        ("scope", "api://backend/.default"),
        ("assertion", ann.strip_prefix("Bearer ").unwrap()),
    ];
    let expected = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form(&asked[0]), HashMap::from(expected));

    // The provider refuses the user; is in trouble.
    status.store(400, Ordering::SeqCst);
    let answer = get(&token("cid")).await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, r#"Bearer error="interaction_required""#)
    );
    status.store(500, Ordering::SeqCst);
    let answer = get(&token("cid")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "10"));
    assert_eq!(get(&ann).await.status, 200, "what is kept is good");

    // Tokens that are for somebody else, or too old, are exchanged for nothing.
    let calls = provider.seen().len();
    for claims in [
        json!({"aud": "api://other"}),
        json!({"aud": "api://orders", "exp": crate::world::NOON}),
    ] {
        let answer = get(&issuer.bearer(claims)).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            json_of(&answer),
            json!({"statusCode": 401, "message": "Unauthorized"})
        );
    }
    assert_eq!(provider.seen().len(), calls);
}

#[tokio::test]
async fn on_behalf_of_a_user_without_a_provider() {
    let (issuer, backend) = (Tokens::start().await, Backend::named("orders").await);
    let values = [
        ("openid-config-url", &*issuer.url()),
        ("token-issuer", Tokens::ISSUER),
        ("api-audience", "api://orders"),
        ("token-endpoint", &*nobody().await),
        ("client-id", "gateway"),
        ("client-secret", "secret"),
        ("backend-scope", "all"),
    ];
    let world = world("oauth-on-behalf-of", &backend, &values).await;
    let token = issuer.bearer(json!({"aud": "api://orders"}));
    let answer = world.get("/", &[("Authorization", &token)]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "10"));
    assert!(backend.seen().is_empty());
}

#[tokio::test]
async fn client_credentials_that_are_renewed() {
    let number = AtomicUsize::new(0);
    let provider = Backend::start(None, move |_| {
        let number = number.fetch_add(1, Ordering::SeqCst);
        json_reply(
            200,
            &json!({"access_token": format!("t{number}"), "expires_in": 600}),
        )
    })
    .await;
    let revoked = Arc::new(Mutex::new(Vec::new()));
    let refused = Arc::clone(&revoked);
    let backend = Backend::start(None, move |seen| {
        let token = seen.header("authorization").to_owned();
        match refused.lock().unwrap().contains(&token) {
            true => reply(401, "text/plain", "who are you?"),
            false => reply(200, "text/plain", seen.body.clone()),
        }
    })
    .await;
    let token_endpoint = provider.url();
    let values = [
        ("token-endpoint", &*token_endpoint),
        ("client-id", "gateway"),
        ("client-secret", "s3cret"),
        ("backend-scope", "orders"),
    ];
    let world = world("client-credentials-renewed", &backend, &values).await;
    let post = async || world.send("POST", "/", &[], "an order").await;
    let revoke = |tokens: &[&str]| {
        let tokens = tokens.iter().map(|token| format!("Bearer {token}"));
        *revoked.lock().unwrap() = tokens.collect();
    };
    for _ in 0..2 {
        let answer = post().await;
        assert_eq!((answer.status, &*answer.body), (200, "an order"));
    }
    revoke(&["t0"]);
    let answer = post().await;
    assert_eq!(
        (answer.status, &*answer.body),
        (200, "an order"),
        "sent again, body and all"
    );
    world.later(570);
    post().await;
    let tokens = ["t0", "t0", "t0", "t1", "t2"].map(|token| format!("Bearer {token}"));
    assert_eq!(authorizations(&backend), tokens);
    let asked = provider.seen();
    assert_eq!(asked.len(), 3);
    assert_eq!(
        asked[0].text(),
        "grant_type=client_credentials&scope=orders"
    );
    assert_eq!(
        asked[0].header("authorization"),
        "Basic Z2F0ZXdheTpzM2NyZXQ="
    );

    revoke(&["t2", "t3", "t4"]);
    let answer = post().await;
    assert_eq!(answer.status, 502);
    assert_eq!(
        answer.body,
        r#"{"error":"The backend does not take the gateway's token."}"#
    );
    assert!(
        world.clock.waits().iter().all(std::time::Duration::is_zero),
        "the first retry is fast"
    );
    revoke(&[]);
    assert_eq!(post().await.status, 200);
    assert_eq!(
        authorizations(&backend).last().unwrap(),
        "Bearer t4",
        "the refused one is forgotten"
    );
}

#[tokio::test]
async fn client_credentials_that_cannot_be_had() {
    let backend = Backend::named("orders").await;
    let page = Backend::start(None, |_| reply(200, "text/html", "<html>Sign in</html>")).await;
    for url in [nobody().await, page.url()] {
        let values = [
            ("token-endpoint", &*url),
            ("client-id", "gateway"),
            ("client-secret", "s3cret"),
            ("backend-scope", "orders"),
        ];
        let world = world("client-credentials-renewed", &backend, &values).await;
        let answer = world.get("/", &[]).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (502, r#"{"error":"No token for the backend."}"#)
        );
    }
    assert!(backend.seen().is_empty());
}

#[tokio::test]
async fn a_model_by_managed_identity() {
    let metadata = Backend::start(None, |_| {
        json_reply(
            200,
            &json!({"access_token": "of-the-gateway", "expires_in": "3600", "token_type": "Bearer"}),
        )
    })
    .await;
    let model = Backend::start(None, |_| {
        let answer = json_reply(200, &json!({"choices": []}));
        crate::world::with_headers(
            answer,
            &[("x-ms-region", "West Europe"), ("x-request-id", "1")],
        )
    })
    .await;
    let values = [
        ("openai-endpoint", &*model.url()),
        ("openai-api-version", "2024-10-21"),
    ];
    let own = api("managed-identity-openai", &model)
        .subscription_key_names("api-key", "subscription-key")
        .subscription_required(true);
    let subscription = Subscription::new("client", "client", SubscriptionScope::AllApis);
    let catalog = named(Catalog::new().api(own), &values).subscription(subscription);
    let identity = ManagedIdentity::imds(metadata.url());
    let world = World::built(catalog, |builder| builder.managed_identity(identity)).await;
    let path = "/deployments/gpt-4o/chat/completions";
    let headers = [("api-key", "client"), ("content-type", "application/json")];
    let body = r#"{"messages":[{"role":"user","content":"hello"}]}"#;
    let answer = world.send("POST", path, &headers, body).await;
    assert_eq!((answer.status, &*answer.body), (200, r#"{"choices":[]}"#));
    assert_eq!(
        (answer.header("x-ms-region"), answer.header("x-request-id")),
        ("", "1")
    );
    let query = "?subscription-key=client&api-version=2024-02-01";
    world
        .send("POST", &format!("{path}{query}"), &[], body)
        .await;

    let seen = model.seen();
    let uris: Vec<String> = seen.iter().map(|seen| seen.uri.to_string()).collect();
    assert_eq!(
        uris,
        [
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-02-01",
        ]
    );
    assert_eq!(
        authorizations(&model),
        ["Bearer of-the-gateway", "Bearer of-the-gateway"]
    );
    assert!(!seen[0].headers.contains_key("api-key"));
    assert_eq!(seen[0].text(), body);
    let asked = metadata.seen();
    assert_eq!(asked.len(), 1, "the token is kept");
    assert_eq!(
        (
            asked[0].uri.to_string().as_str(),
            asked[0].header("metadata")
        ),
        (
            "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com",
            "true"
        )
    );
}

#[tokio::test]
async fn a_model_without_an_identity() {
    let metadata = Backend::start(None, |_| reply(400, "text/plain", "no such identity")).await;
    let model = Backend::named("model").await;
    let values = [
        ("openai-endpoint", &*model.url()),
        ("openai-api-version", "2024-10-21"),
    ];
    let catalog = catalog("managed-identity-openai", &model, &values);
    let identity = ManagedIdentity::imds(metadata.url());
    let world = World::built(catalog, |builder| builder.managed_identity(identity)).await;
    let answer = world
        .send("POST", "/deployments/a/chat/completions", &[], "{}")
        .await;
    assert_eq!(answer.status, 503);
    assert_eq!(json_of(&answer)["error"]["code"], "IdentityUnavailable");
    assert!(model.seen().is_empty());
}

#[tokio::test]
async fn what_a_token_allows_by_method() {
    let (issuer, backend) = (Tokens::start().await, Backend::named("orders").await);
    let values = [
        ("openid-config-url", &*issuer.url()),
        ("token-issuer", Tokens::ISSUER),
        ("api-audience", "api://orders"),
    ];
    let world = world("jwt-by-method", &backend, &values).await;
    let reader = json!({"aud": "api://orders", "sub": "ann", "scp": "profile orders.read"});
    let writer = json!({"aud": "api://orders", "sub": "bob", "scp": "orders.read orders.write"});
    let admin = json!({"aud": "api://orders", "sub": "cid", "scp": "orders.write", "roles": ["Other", "Orders.Admin"]});
    let nothing = json!({"aud": "api://orders", "sub": "dan"});
    for (claims, method, status) in [
        (&reader, "GET", 200),
        (&reader, "HEAD", 200),
        (&reader, "POST", 403),
        (&writer, "POST", 200),
        (&writer, "DELETE", 403),
        (&admin, "DELETE", 200),
        (&admin, "GET", 403),
        (&nothing, "GET", 403),
    ] {
        let token = issuer.bearer(claims.clone());
        let answer = world
            .send(method, "/", &[("Authorization", &token)], "")
            .await;
        assert_eq!(answer.status, status, "{claims} {method}");
        let needed = match method {
            "GET" | "HEAD" => "orders.read",
            _ => "orders.write",
        };
        let challenge = match status {
            200 => String::new(),
            _ => format!(r#"Bearer error="insufficient_scope", scope="{needed}""#),
        };
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    let seen = backend.seen();
    let users: Vec<&str> = seen.iter().map(|seen| seen.header("x-user-id")).collect();
    assert_eq!(users, ["ann", "ann", "bob", "cid"]);
    assert!(
        seen.iter()
            .all(|seen| !seen.headers.contains_key("authorization"))
    );

    let forged = Tokens::start().await.bearer(reader.clone());
    let old = |ago: i64| {
        let mut claims = reader.clone();
        claims["exp"] = json!(crate::world::NOON - ago);
        issuer.bearer(claims)
    };
    for (token, status, challenge) in [
        ("", 401, "Bearer"),
        (
            &*forged,
            401,
            r#"Bearer error="invalid_token", error_description="not valid""#,
        ),
        (&*old(29), 200, ""),
        (
            &*old(31),
            401,
            r#"Bearer error="invalid_token", error_description="expired""#,
        ),
    ] {
        let answer = world.get("/", &[("Authorization", token)]).await;
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (status, challenge)
        );
    }
}

#[tokio::test]
async fn a_connection_of_the_credential_manager() {
    let provider = in_turn([
        || {
            json_reply(
                200,
                &json!({"access_token": "a1", "expires_in": 600, "refresh_token": "r2"}),
            )
        },
        || json_reply(200, &json!({"access_token": "a2", "expires_in": 600})),
        || json_reply(400, &json!({"error": "invalid_grant"})),
    ])
    .await;
    let mail = Backend::named("mail").await;
    let connection = OAuthConnection::client_credentials(provider.url(), "gateway", "s3cret")
        .refresh_token("r1")
        .scope("Mail.Read");
    let catalog = Catalog::new().api(api("credential-manager", &mail));
    let world = World::built(catalog, |builder| {
        builder.connection("contoso", "mail", connection)
    })
    .await;
    for expected in ["Bearer a1", "Bearer a1", "Bearer a2"] {
        assert_eq!(world.get("/messages?$top=5", &[]).await.status, 200);
        assert_eq!(authorizations(&mail).last().unwrap(), expected);
        if authorizations(&mail).len() == 2 {
            world.later(600);
        }
    }
    assert_eq!(mail.seen()[0].uri.to_string(), "/v1.0/me/messages?$top=5");
    assert_eq!(mail.seen()[0].header("user-agent"), "contoso-gateway");
    let asked: Vec<_> = provider.seen().iter().map(form).collect();
    let refresh: Vec<&str> = asked.iter().map(|form| &*form["refresh_token"]).collect();
    assert_eq!(refresh, ["r1", "r2"]);
    assert_eq!(asked[0]["grant_type"], "refresh_token");

    world.later(600);
    let answer = world.get("/messages", &[]).await;
    assert_eq!(
        (answer.status, answer.reason.as_deref()),
        (503, Some("Not connected"))
    );
    assert_eq!(mail.seen().len(), 3);
}
