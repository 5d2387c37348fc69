//! The semantic cache: llm-semantic-cache-lookup and -store, and their older names.

use http::{Method, Response};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tollgate::engine::Backend;
use tollgate::{Body, Catalog};
use tollgate_tests::{Call, FakeClient};

use crate::backends::Identities;
use crate::world::{Answer, World, api, request, set_header};

/// A model that counts its answers, and embeddings that tell texts apart by how many words of weather are in them.
fn client() -> FakeClient {
    let answers = std::sync::atomic::AtomicUsize::new(0);
    FakeClient::new(move |call| {
        if call.url.starts_with("http://embeddings.test") {
            return Ok(embedding(call));
        }
        let count = answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut response = Response::new(Body::from(format!("answer {count}")));
        let headers = response.headers_mut();
        headers.insert("set-cookie", "secret=1".parse().unwrap());
        headers.insert("x-model", "m".parse().unwrap());
        if let Some(kind) = call.headers.get("x-kind") {
            headers.insert("content-type", kind.clone());
        }
        Ok(response)
    })
}

fn embedding(call: &Call) -> Response<Body> {
    let question: Json = serde_json::from_slice(&call.body).unwrap();
    let text = question["input"].as_str().unwrap();
    let count = |word: &str| text.matches(word).count() as f32;
    let vector = match text {
        _ if text.contains("broken") => return Response::new(Body::from("{}")),
        _ => json!([count("rain") + 0.01 * count("wet"), count("sun"), 0.1]),
    };
    Response::new(Body::from(
        json!({"data": [{"embedding": vector}]}).to_string(),
    ))
}

const LOOKUP: &str = r#"<llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings" embeddings-backend-auth="system-assigned" ignore-system-messages="true" max-message-count="2"><vary-by>@(context.Request.Headers.GetValueOrDefault("x-user", ""))</vary-by></llm-semantic-cache-lookup>"#;
const STORE: &str = r#"<llm-semantic-cache-store duration="@(60)" />"#;

fn world() -> World {
    let inbound = format!("{LOOKUP}{}", set_header("x-after-lookup", "1"));
    let outbound = format!(
        "{}{STORE}{}",
        r#"<set-header name="x-before-store"><value>1</value></set-header>"#,
        r#"<set-header name="x-after-store"><value>1</value></set-header>"#
    );
    let catalog = Catalog::new()
        .api(api(&[("inbound", &inbound), ("outbound", &outbound)]))
        .backend_entity(Backend::new(
            "embeddings",
            "http://embeddings.test/openai/deployments/small",
        ));
    World::built(catalog, client(), |builder| builder.credentials(Identities))
}

async fn ask(world: &World, text: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"messages": [{"role": "system", "content": "rain"}, {"role": "user", "content": text}]});
    send(world, &body, headers).await
}

async fn send(world: &World, body: &Json, headers: &[(&str, &str)]) -> Answer {
    let mut request = request(Method::POST, "/chat?api-version=v1", headers, "");
    *request.body_mut() = Body::from(body.to_string());
    world.send(request).await
}

#[tokio::test]
async fn a_prompt_that_means_the_same_gets_the_same_answer() {
    let world = world();
    let first = ask(&world, "sun and sun", &[]).await;
    assert_eq!((first.status, &*first.body), (200, "answer 0"));
    let calls = world.client.calls();
    assert_eq!(
        calls[0].url,
        "http://embeddings.test/openai/deployments/small/embeddings?api-version=v1"
    );
    assert_eq!(&calls[0].body[..], br#"{"input":"user: sun and sun"}"#);
    assert_eq!(
        calls[0].header("authorization"),
        "Bearer https://cognitiveservices.azure.com-system"
    );
    assert_eq!(calls[0].header("content-type"), "application/json");

    let again = ask(&world, "is there more sun than sun and sun", &[]).await;
    assert_eq!((again.status, &*again.body), (200, "answer 0"));
    assert_eq!(
        (again.header("x-model"), again.header("set-cookie")),
        ("m", "")
    );
    // It goes on behind the store policy.
    assert_eq!(again.header("x-after-store"), "1");
    assert_eq!(world.client.calls().len(), 3, "no other call of the model");

    assert_eq!(ask(&world, "rain", &[]).await.body, "answer 1");
    assert_eq!(ask(&world, "rain, wet rain", &[]).await.body, "answer 1");
    assert_eq!(
        ask(&world, "sun", &[("x-user", "other")]).await.body,
        "answer 2"
    );
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(
        ask(&world, "sun", &[]).await.body,
        "answer 3",
        "its time is over"
    );
}

#[tokio::test]
async fn what_is_not_the_same_question_is_not_looked_at() {
    let world = world();
    let message = json!({"role": "user", "content": "sun"});
    let bodies = [
        (json!({"messages": [message]}), true),
        (json!({"messages": [message], "model": "other"}), true),
        (
            json!({"messages": [message], "tools": [{"name": "t"}]}),
            true,
        ),
        (
            json!({"messages": [message], "response_format": {"type": "json_object"}}),
            true,
        ),
        // Nor are these, at all.
        (json!({"messages": [message], "stream": true}), false),
        (json!({"messages": [message, message, message]}), false),
        (json!({"messages": []}), false),
    ];
    for (count, (body, looked_up)) in bodies.into_iter().enumerate() {
        let before = world.client.calls().len();
        assert_eq!(
            send(&world, &body, &[]).await.body,
            format!("answer {count}"),
            "{body}"
        );
        assert_eq!(
            world.client.calls().len() - before,
            1 + usize::from(looked_up),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_goes_wrong_is_as_nothing_found() {
    let world = world();
    for count in 0..2 {
        let answer = ask(&world, "broken sun", &[]).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, &*format!("answer {count}"))
        );
    }
    // A stream is not kept.
    for count in 2..4 {
        let answer = ask(&world, "sun", &[("x-kind", "text/event-stream")]).await;
        assert_eq!(answer.body, format!("answer {count}"));
    }
    let missing = LOOKUP.replace("\"embeddings\"", "\"@(&quot;none&quot;)\"");
    let catalog = Catalog::new().api(api(&[("inbound", &missing), ("outbound", STORE)]));
    let missing = World::serving(catalog, client());
    assert_eq!(ask(&missing, "sun", &[]).await.body, "answer 0");
    assert_eq!(ask(&missing, "sun", &[]).await.body, "answer 1");
}

#[tokio::test]
async fn a_hit_uses_no_tokens_and_the_older_names_do_the_same() {
    let inbound = format!(
        r#"{}<azure-openai-token-limit counter-key="k" tokens-per-minute="1" />"#,
        LOOKUP.replace("llm-", "azure-openai-")
    );
    let outbound = STORE.replace("llm-", "azure-openai-");
    let catalog = Catalog::new()
        .api(api(&[("inbound", &inbound), ("outbound", &outbound)]))
        .backend("embeddings", "http://embeddings.test/embeddings");
    let world = World::built(catalog, client(), |builder| builder.credentials(Identities));
    assert_eq!(ask(&world, "sun", &[]).await.body, "answer 0");
    assert_eq!(
        world.client.calls()[0].url,
        "http://embeddings.test/embeddings?api-version=v1"
    );
    for _ in 0..3 {
        assert_eq!(ask(&world, "sun", &[]).await.body, "answer 0");
    }
    assert_eq!(ask(&world, "rain", &[]).await.status, 429);
}
