//! What is signed: by the gateway for backends, and by others for the gateway. Each signature is made again here, by
//! another library, from what the other side saw.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use tollgate::{Api, Catalog, Operation};
use tollgate_tests::{Backend, Seen, reply};

use crate::world::{
    NOON, World, json_of, json_reply, named, sample, unescaped, with_headers, world,
};

/// The key of all stores, as named values have it.
const KEY: &str = "c2hhcmVkIGtleQ==";

fn mac(text: &str) -> String {
    mac_of(&STANDARD.decode(KEY).unwrap(), text.as_bytes())
}

fn mac_of(key: &[u8], bytes: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    STANDARD.encode(hmac::sign(&key, bytes))
}

/// Parameters of a query, decoded.
fn query(seen: &Seen) -> Vec<(String, String)> {
    let pairs = seen.uri.query().unwrap().split('&');
    pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), unescaped(value)))
        .collect()
}

/// A sample for one operation before a backend.
async fn operation(name: &str, method: &str, template: &str, backend: &Backend) -> World {
    let api = Api::new("api")
        .service_url(backend.url())
        .operation(Operation::new(method, template).policy(sample(name)));
    let values = [
        ("storage-account", "contoso"),
        ("storage-key", KEY),
        ("storage-container", "private"),
    ];
    World::serving(named(Catalog::new().api(api), &values)).await
}

#[tokio::test]
async fn requests_signed_by_their_content() {
    let backend = Backend::start(None, |seen| {
        let hash = STANDARD.encode(digest::digest(&digest::SHA256, &seen.body));
        let text = format!(
            "{}\n{}\n{};127.0.0.1;{hash}",
            seen.method,
            seen.uri,
            seen.header("x-ms-date")
        );
        let expected = format!(
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={}",
            mac(&text)
        );
        let good = seen.header("authorization") == expected
            && seen.header("x-ms-content-sha256") == hash
            && seen.header("x-ms-date") == "Tue, 24 Nov 2026 12:00:00 GMT";
        reply(if good { 200 } else { 403 }, "text/plain", "")
    })
    .await;
    let world = world("hmac-request-signing", &backend, &[("signing-key", KEY)]).await;
    let sends: [(&str, &str, &[u8]); 3] = [
        (
            "POST",
            "/messages?api-version=2023-03-31",
            b"{\"to\":\"\xc3\xbc\"}",
        ),
        ("PUT", "/blob", &[0, 255, 10]),
        ("GET", "/", b""),
    ];
    for (method, path, body) in sends {
        let client = [("Authorization", "Bearer client"), ("x-ms-date", "never")];
        let answer = world.send(method, path, &client, body).await;
        assert_eq!(
            answer.status,
            200,
            "{method} {path}: {:?}",
            backend.seen().last()
        );
        assert_eq!(&*backend.seen().last().unwrap().body, body);
    }
}

#[tokio::test]
async fn files_by_a_shared_access_signature() {
    let storage = Backend::start(None, |seen| {
        let query = query(seen);
        let value = |name: &str| &*query.iter().find(|(own, _)| own == name).unwrap().1;
        let resource = format!("/blob/contoso{}", unescaped(seen.uri.path()));
        let fields = [
            value("sp"),
            "",
            value("se"),
            &resource,
            "",
            "",
            value("spr"),
            value("sv"),
            value("sr"),
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ];
        match value("sig") == mac(&fields.join("\n")) {
            true if seen.uri.path().ends_with("/none.txt") => {
                reply(404, "text/xml", "<Error>BlobNotFound</Error>")
            }
            true => reply(200, "text/plain", value("se").to_owned()),
            false => reply(403, "text/xml", "<Error>AuthenticationFailed</Error>"),
        }
    })
    .await;
    let world = operation("blob-sas", "GET", "/files/{name}", &storage).await;
    let answer = world
        .get(
            "/files/a%20report.txt?sig=mine&sp=rwd",
            &[("Authorization", "Bearer client")],
        )
        .await;
    assert_eq!(
        (answer.status, &*answer.body),
        (200, "2026-11-24T12:05:00Z"),
        "{:?}",
        storage.seen()
    );
    world.later(90);
    assert_eq!(
        world.get("/files/b.txt", &[]).await.body,
        "2026-11-24T12:06:30Z"
    );
    let answer = world.get("/files/none.txt", &[]).await;
    assert_eq!((answer.status, &*answer.body), (404, ""));

    let seen = storage.seen();
    assert_eq!(seen[0].uri.path(), "/private/a%20report.txt");
    assert!(!seen[0].headers.contains_key("authorization"));
    let names: Vec<String> = query(&seen[0]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["sv", "sr", "sp", "spr", "se", "sig"]);
}

#[tokio::test]
async fn uploads_by_the_account_s_key() {
    let storage = Backend::start(None, |seen| {
        let length = match seen.body.len() {
            0 => String::new(),
            length => length.to_string(),
        };
        let text = format!(
            "{}\n\n\n{length}\n\n{}\n\n\n{}\n{}\n\n\nx-ms-blob-type:{}\nx-ms-date:{}\nx-ms-meta-origin:{}\nx-ms-version:{}\n/contoso{}",
            seen.method,
            seen.header("content-type"),
            seen.header("if-match"),
            seen.header("if-none-match"),
            seen.header("x-ms-blob-type"),
            seen.header("x-ms-date"),
            seen.header("x-ms-meta-origin"),
            seen.header("x-ms-version"),
            seen.uri.path(),
        );
        match seen.header("authorization") == format!("SharedKey contoso:{}", mac(&text)) {
            true => reply(201, "text/plain", ""),
            false => reply(403, "text/plain", text),
        }
    })
    .await;
    let world = operation("blob-shared-key", "PUT", "/uploads/{name}", &storage).await;
    let headers = [
        ("x-ms-meta-origin", "shop"),
        ("If-None-Match", "*"),
        ("x-ms-date", "never"),
    ];
    let answer = world
        .send("PUT", "/uploads/a.bin", &headers, [1, 2, 0, 255])
        .await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (201, "/files/a.bin"),
        "{answer:?}"
    );
    let typed = [
        ("x-ms-meta-origin", ""),
        ("Content-Type", "text/csv; charset=utf-8"),
    ];
    let answer = world.send("PUT", "/uploads/b.csv", &typed, "a;b").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let seen = storage.seen();
    assert_eq!(&*seen[0].body, [1, 2, 0, 255]);
    assert_eq!(
        (
            seen[0].uri.path(),
            seen[0].header("content-type"),
            seen[0].header("x-ms-date")
        ),
        (
            "/private/a.bin",
            "application/octet-stream",
            "Tue, 24 Nov 2026 12:00:00 GMT"
        )
    );
    assert_eq!(seen[1].header("content-type"), "text/csv; charset=utf-8");
}

#[tokio::test]
async fn a_query_of_cosmos_db() {
    let database = Backend::start(None, |seen| {
        let date = seen.header("x-ms-date").to_lowercase();
        let signature = mac(&format!("post\ndocs\ndbs/shop/colls/orders\n{date}\n\n"));
        let expected = format!("type=master&ver=1.0&sig={signature}");
        if unescaped(seen.header("authorization")) != expected {
            return json_reply(401, &json!({"code": "Unauthorized"}));
        }
        let document =
            |id: &str| json!({"id": id, "total": 12.50, "_rid": "x", "_etag": "\"1\"", "_ts": 1});
        match seen.header("x-ms-continuation") {
            "" => {
                let answer =
                    json!({"_rid": "x", "Documents": [document("1"), document("2")], "_count": 2});
                let headers = [
                    ("x-ms-continuation", r#"{"token":"+RID:~a=#2"}"#),
                    ("x-ms-request-charge", "3.1"),
                ];
                with_headers(json_reply(200, &answer), &headers)
            }
            _ => json_reply(200, &json!({"_rid": "x", "Documents": [], "_count": 0})),
        }
    })
    .await;
    let values = [
        ("cosmos-key", KEY),
        ("cosmos-database", "shop"),
        ("cosmos-collection", "orders"),
    ];
    let world = world("cosmos-query", &database, &values).await;
    let answer = world
        .get("/orders?customer=O%27Neil%20%26%20sons", &[])
        .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json"),
        "{answer:?}"
    );
    assert_eq!(
        (
            answer.header("x-ms-continuation"),
            answer.header("x-ms-request-charge")
        ),
        ("", "")
    );
    let page = json_of(&answer);
    assert_eq!(
        page["orders"],
        json!([{"id": "1", "total": 12.5}, {"id": "2", "total": 12.5}])
    );
    let next = page["next"].as_str().unwrap();
    assert!(
        next.starts_with("/orders?customer=O%27Neil%20%26%20sons&page="),
        "{next}"
    );
    let answer = world.get(next, &[]).await;
    assert_eq!(json_of(&answer), json!({"orders": []}));

    let seen = database.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].uri.to_string().as_str()),
        ("POST", "/dbs/shop/colls/orders/docs")
    );
    assert_eq!(
        seen[0].json(),
        json!({
            "query": "SELECT * FROM c WHERE c.customer = @customer ORDER BY c.placed DESC",
            "parameters": [{"name": "@customer", "value": "O'Neil & sons"}],
        })
    );
    for (name, value) in [
        ("x-ms-documentdb-isquery", "true"),
        ("x-ms-documentdb-partitionkey", r#"["O'Neil & sons"]"#),
        ("content-type", "application/query+json"),
        ("x-ms-max-item-count", "100"),
    ] {
        assert_eq!(seen[0].header(name), value, "{name}");
    }
    assert_eq!(
        seen[1].header("x-ms-continuation"),
        r#"{"token":"+RID:~a=#2"}"#
    );
    assert_eq!(world.get("/orders?customer=%20", &[]).await.status, 400);
    assert_eq!(database.seen().len(), 2);
}

#[tokio::test]
async fn webhooks_that_are_signed() {
    let backend = Backend::start(None, |seen| match seen.body.starts_with(b"{\"fail") {
        true => reply(500, "text/plain", ""),
        false => reply(200, "text/plain", ""),
    })
    .await;
    let world = world(
        "webhook-signature",
        &backend,
        &[("webhook-secret", "It's a Secret to Everybody")],
    )
    .await;
    let hex = |body: &str| {
        let raw = STANDARD
            .decode(mac_of(b"It's a Secret to Everybody", body.as_bytes()))
            .unwrap();
        raw.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    // The example of GitHub's documentation.
    assert_eq!(
        hex("Hello, World!"),
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    );
    let post = async |delivery: &str, signature: String, body: &str| {
        let headers = [
            ("X-Hub-Signature-256", &*signature),
            ("X-GitHub-Delivery", delivery),
        ];
        world.send("POST", "/hook", &headers, body).await.status
    };
    let good = |body: &str| format!("sha256={}", hex(body));
    let event = "{ \"action\" : \"opened\",\r\n \"ü\": 1 }";
    assert_eq!(post("1", good(event), event).await, 200);
    assert_eq!(backend.seen()[0].text(), event, "byte for byte");
    assert_eq!(post("1", good(event), event).await, 202);
    assert_eq!(
        post(
            "2",
            good(event).to_uppercase().replace("SHA256", "sha256"),
            event
        )
        .await,
        200
    );
    for (signature, body) in [
        (String::new(), event),
        (hex(event), event),
        ("sha256=".to_owned(), event),
        (good(event)[..70].to_owned(), event),
        (good(event) + "0", event),
        (good("Hello, World!"), event),
        (good(""), ""),
    ] {
        assert_eq!(post("3", signature.clone(), body).await, 401, "{signature}");
    }
    assert_eq!(backend.seen().len(), 2);
    for _ in 0..2 {
        assert_eq!(
            post("4", good("{\"fail\":1}"), "{\"fail\":1}").await,
            500,
            "may come again"
        );
    }
    world.later(86_400);
    assert_eq!(post("1", good(event), event).await, 200);
}

#[tokio::test]
async fn tokens_that_the_gateway_makes() {
    let backend = Backend::named("orders").await;
    let values = [("backend-jwt-key", KEY), ("backend-jwt-audience", "orders")];
    let world = world("self-issued-jwt", &backend, &values).await;
    world.get("/", &[("Authorization", "Bearer client")]).await;
    world.later(60);
    world.get("/", &[]).await;
    let seen = backend.seen();
    let claims: Vec<Json> = seen
        .iter()
        .map(|seen| {
            let token = seen
                .header("authorization")
                .strip_prefix("Bearer ")
                .unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let expected = STANDARD.decode(mac(message)).unwrap();
            assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap(), expected);
            let (header, payload) = message.split_once('.').unwrap();
            let header = URL_SAFE_NO_PAD.decode(header).unwrap();
            assert_eq!(header, br#"{"alg":"HS256","typ":"JWT"}"#);
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
        })
        .collect();
    for (claims, at) in claims.iter().zip([NOON, NOON + 60]) {
        let id = claims["jti"].as_str().unwrap();
        assert_eq!(id.len(), 32);
        assert_eq!(
            *claims,
            json!({"iss": "gateway", "aud": "orders", "sub": "anonymous", "product": null, "jti": id, "iat": at, "exp": at + 120})
        );
    }
    assert_ne!(claims[0]["jti"], claims[1]["jti"]);
}
