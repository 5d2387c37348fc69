//! `llm-semantic-cache-lookup` and `azure-openai-semantic-cache-lookup`: answers with what a model has said to a prompt
//! that means the same.
//!
//! ```xml
//! <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
//!     embeddings-backend-auth="system-assigned" ignore-system-messages="true" max-message-count="10">
//!     <vary-by>@(context.Subscription.Id)</vary-by>
//! </llm-semantic-cache-lookup>
//! ```
//!
//! The messages, each with its role, go to the embeddings backend: `POST {backend URL}/embeddings` with
//! `{"input": "…"}` (the URL may be the whole of it), with a token of the system-assigned identity for
//! `https://cognitiveservices.azure.com` unless the backend has an identity of its own, and with the request's
//! `api-version`. A response whose prompt's vector is no farther than `score-threshold` (cosine distance, 0 to 1; the
//! lower, the stricter) becomes `context.Response`, and processing goes on in outbound behind the store policy of the same
//! family, as after `cache-lookup`. Which vectors are looked at is told apart by API, revision, operation, path, model,
//! tools and form of the answer, and by the values of `vary-by`.
//!
//! Not looked up, and not stored, are requests without a prompt, those that ask for a stream, and those with more messages
//! than `max-message-count` (without those of the system where they are ignored). Embeddings that cannot be had, in ten
//! seconds at most, are as nothing found. Vectors are kept by the
//! [`VectorStore`](tollgate_engine::ports::VectorStore). `cache-id` is accepted; there is one store. Source:
//! llm-semantic-cache-lookup-policy.md; on what is embedded, on streams and on what tells vectors apart it is silent.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tollgate_dotnet::{Machine, Str, Value, form_encode};
use tollgate_engine::ports::{IdentityRequest, Ports};
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Plan, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, element, optional, required,
};

use super::prompt::Prompt;
use super::{COGNITIVE_SERVICES, llm_semantic_cache_store};
use crate::caching::stored::Stored;
use crate::routing::backends::OwnCall;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "llm-semantic-cache-lookup",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: true,
    attributes: &[
        required("score-threshold").about("How far prompts may be apart: 0 to 1."),
        required("embeddings-backend-id").about("The backend that makes vectors of text."),
        required("embeddings-backend-auth").about("`system-assigned`."),
        optional("ignore-system-messages").about("Whether messages of the system are left out."),
        optional("max-message-count").about("With more messages nothing is looked up."),
        optional("cache-id")
            .literal()
            .about("Accepted, without effect: there is one store."),
    ],
    children: Children::Elements(&[element("vary-by").many().children(Children::Text)]),
    load: |e| Ok(Box::new(SemanticCacheLookup::load(e)?)),
};

/// The same under its older name.
pub const AZURE_OPENAI: PolicyKind = PolicyKind {
    name: "azure-openai-semantic-cache-lookup",
    ..KIND
};

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct SemanticCacheLookup {
    threshold: Setting<Distance>,
    backend: Setting<Str>,
    auth: Setting<SystemAssigned>,
    ignore_system: Setting<bool>,
    most_messages: Option<Setting<u32>>,
    vary_by: Vec<Setting<Option<Str>>>,
    /// The policy behind which a hit goes on.
    store: &'static str,
}

/// A distance between 0 and 1.
#[derive(Debug, Clone, Copy)]
struct Distance(f32);

impl FromValue for Distance {
    const EXPECTED: &'static str = "a number from 0 to 1";

    fn from_literal(text: &str) -> Option<Self> {
        let distance: f32 = text.parse().ok()?;
        (0.0..=1.0).contains(&distance).then_some(Self(distance))
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        Self::from_literal(&f64::from_value(value, machine)?.to_string())
    }

    fn accepts(ty: &tollgate_dotnet::Type) -> bool {
        f64::accepts(ty)
    }
}

/// The one identity that there is for it.
#[derive(Debug, Clone, Copy)]
struct SystemAssigned;

impl FromValue for SystemAssigned {
    const EXPECTED: &'static str = "`system-assigned`";

    fn from_literal(text: &str) -> Option<Self> {
        let known = text.eq_ignore_ascii_case("system-assigned");
        known.then_some(Self)
    }
}

/// What the store policy has to know of a request that was looked up; kept in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct LookedUp {
    pub(super) partition: String,
    pub(super) vector: Vec<f32>,
}

impl SemanticCacheLookup {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let threshold = e.setting("score-threshold");
        let backend = e.setting("embeddings-backend-id");
        let auth = e.setting("embeddings-backend-auth");
        let ignore_system = e.optional_setting("ignore-system-messages");
        let most_messages = e.optional_setting("max-message-count");
        let vary_by: Vec<_> = e
            .children_named("vary-by")
            .map(|one| one.text_setting())
            .collect();
        Ok(Self {
            threshold: threshold?,
            backend: backend?,
            auth: auth?,
            ignore_system: ignore_system?.unwrap_or(Setting::Literal(false)),
            most_messages: most_messages?,
            vary_by: vary_by.into_iter().collect::<Result<_, _>>()?,
            store: match e.name() == KIND.name {
                true => llm_semantic_cache_store::KIND.name,
                false => llm_semantic_cache_store::AZURE_OPENAI.name,
            },
        })
    }

    /// What is said, if it is to be looked up.
    fn prompt(&self, exchange: &mut Exchange) -> Result<Option<Prompt>, Failure> {
        let ignore_system = *self.ignore_system.get(exchange)?;
        let most = match &self.most_messages {
            Some(most) => Some(*most.get(exchange)?),
            None => None,
        };
        let request = &exchange.context.request;
        let body = request.body.bytes().cloned().unwrap_or_default();
        let mut prompt = Prompt::read(&body, &request.url.path.to_utf8());
        if ignore_system {
            prompt.messages.retain(|message| message.role != "system");
        }
        let count = u32::try_from(prompt.messages.len()).unwrap_or(u32::MAX);
        let takes_part = count > 0 && !prompt.streams && most.is_none_or(|most| count <= most);
        Ok(takes_part.then_some(prompt))
    }

    /// Parts are escaped, so that none can be taken for another.
    fn partition(&self, prompt: &Prompt, exchange: &mut Exchange) -> Result<String, Failure> {
        let mut partition = String::from("semantic:");
        let mut add = |part: &str| {
            partition.push_str(&form_encode(part));
            partition.push('&');
        };
        let context = &exchange.context;
        if let Some(api) = &context.api {
            add(&api.id.to_utf8());
            add(&api.revision.to_utf8());
        }
        if let Some(operation) = &context.operation {
            add(&operation.id.to_utf8());
        }
        add(&context.request.url.path.to_utf8());
        add(&prompt.model);
        add(&prompt.tools);
        for value in &self.vary_by {
            let value = value.get(exchange)?.into_owned();
            add(&value.unwrap_or_default().to_utf8());
        }
        Ok(partition)
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let Distance(distance) = *self.threshold.get(exchange)?;
        let backend = self.backend.get(exchange)?.to_utf8().into_owned();
        self.auth.get(exchange)?;
        let prompt = self.prompt(exchange)?;
        let (Some(prompt), Some(vectors)) = (prompt, exchange.context.ports.vectors.clone()) else {
            exchange.context.trace(
                |_| json!({"message": "The request is not looked up in the semantic cache."}),
            );
            return Ok(Flow::Next);
        };
        let partition = self.partition(&prompt, exchange)?;
        let version = exchange
            .context
            .request
            .url
            .query_values("api-version")
            .next();
        let (plan, ports) = (exchange.plan.clone(), exchange.context.ports.clone());
        let vector = match embedding(&prompt, version, &backend, &plan, &ports).await {
            Ok(vector) => vector,
            Err(failure) => {
                let reason = exchange.masked(failure.message());
                tracing::warn!(%reason, backend, "a prompt has no embedding, and is not looked up");
                exchange.context.trace(
                    |_| json!({"message": "The prompt has no embedding.", "reason": reason}),
                );
                return Ok(Flow::Next);
            }
        };
        let now = ports.clock.now();
        let found = vectors
            .nearest(now, &partition, &vector, distance)
            .get()
            .await;
        let response = found
            .and_then(Stored::of_bytes)
            .and_then(|stored| stored.to_response());
        if let Some(response) = response {
            exchange.context.trace(
                |_| json!({"message": "A response to a prompt like it was found; processing goes on behind the store policy."}),
            );
            return Ok(exchange.answer_from_cache(response, self.store));
        }
        exchange
            .context
            .trace(|_| json!({"message": "There is no response to a prompt like it."}));
        let looked_up = Arc::new(LookedUp { partition, vector });
        exchange.context.request.extensions.insert(looked_up);
        Ok(Flow::Next)
    }
}

/// The vector of what is said.
async fn embedding(
    prompt: &Prompt,
    version: Option<Str>,
    backend: &str,
    plan: &Plan,
    ports: &Ports,
) -> Result<Vec<f32>, Failure> {
    let messages = prompt.messages.iter();
    let text: Vec<String> = messages
        .map(|message| format!("{}: {}", message.role, message.text))
        .collect();
    let path = match version {
        Some(version) => format!(
            "/embeddings?api-version={}",
            form_encode(&version.to_utf8())
        ),
        None => "/embeddings".to_owned(),
    };
    let call = OwnCall {
        backend,
        path: &path,
        body: json!({"input": text.join("\n")}),
        identity: Some(IdentityRequest {
            resource: COGNITIVE_SERVICES,
            client_id: None,
        }),
        timeout: TIMEOUT,
    };
    let answer = call.send(plan, ports).await?;
    let vector = answer
        .pointer("/data/0/embedding")
        .and_then(serde_json::Value::as_array);
    let numbers = vector.into_iter().flatten().map(|number| number.as_f64());
    // Models give single precision.
    let vector: Option<Vec<f32>> = numbers.map(|number| Some(number? as f32)).collect();
    vector
        .filter(|vector| !vector.is_empty())
        .ok_or_else(|| Failure::without_reason("There is no embedding in the response."))
}

impl Policy for SemanticCacheLookup {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    fn reads(&self) -> Reads {
        let own = [
            self.threshold.reads(),
            self.backend.reads(),
            self.auth.reads(),
            self.ignore_system.reads(),
            self.most_messages
                .as_ref()
                .map_or(Reads::NONE, Setting::reads),
        ];
        let vary_by = self.vary_by.iter().map(Setting::reads);
        own.into_iter()
            .chain(vary_by)
            .fold(Reads::REQUEST, Reads::or)
    }
}
