//! `llm-semantic-cache-store` and `azure-openai-semantic-cache-store`: keeps what a model has said, for the lookup policy.
//!
//! ```xml
//! <llm-semantic-cache-store duration="60" />
//! ```
//!
//! Works only on requests that the lookup policy has looked up in inbound and has found nothing for. `duration` is in
//! seconds; 0 keeps nothing. A response is kept if its status is 200 and it is no stream, body and all, without
//! `Set-Cookie` and without the headers that are for one connection. A body that is longer than a response body may be is
//! not kept, and still goes to the client whole. Source: llm-semantic-cache-store-policy.md.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, required,
};

use super::events::is_stream;
use super::llm_semantic_cache_lookup::LookedUp;
use crate::caching::cache_store_value::end;
use crate::caching::stored::Stored;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "llm-semantic-cache-store",
    sections: Sections::OUTBOUND,
    scopes: Scopes::ALL,
    once: true,
    attributes: &[required("duration").about("For how many seconds the response is kept.")],
    children: Children::None,
    load: |e| Ok(Box::new(SemanticCacheStore::load(e)?)),
};

/// The same under its older name.
pub const AZURE_OPENAI: PolicyKind = PolicyKind {
    name: "azure-openai-semantic-cache-store",
    ..KIND
};

#[derive(Debug)]
struct SemanticCacheStore {
    duration: Setting<Duration>,
}

impl SemanticCacheStore {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let duration = e.setting("duration")?;
        Ok(Self { duration })
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let keep = *self.duration.get(exchange)?;
        let context = &mut exchange.context;
        let looked_up = context.request.extensions.remove::<Arc<LookedUp>>();
        let streams = is_stream(&context.response.headers);
        let wanted = context.response.status == StatusCode::OK && !streams && !keep.is_zero();
        let (Some(looked_up), Some(vectors), true) =
            (looked_up, context.ports.vectors.clone(), wanted)
        else {
            return Ok(Flow::Next);
        };
        let limit = context.ports.limits.response_body;
        let body = context.response.body.buffer_within(limit).await;
        let body =
            body.map_err(|error| Failure::new("BackendConnectionFailure", error.to_string()))?;
        if body.is_none() {
            context.trace(|_| json!({"message": "The response is too long for the cache."}));
            return Ok(Flow::Next);
        }
        let now = context.ports.clock.now();
        let stored = Stored::of_response(&context.response, end(now, keep)).to_bytes();
        let LookedUp { partition, vector } = &*looked_up;
        vectors
            .put(now, partition, vector, stored, keep)
            .get()
            .await;
        context.trace(|_| {
            json!({"message": format!("The response was put into the semantic cache for {} seconds.", keep.as_secs())})
        });
        Ok(Flow::Next)
    }
}

impl Policy for SemanticCacheStore {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    fn reads(&self) -> Reads {
        self.duration.reads()
    }

    fn resumes_hits(&self) -> bool {
        true
    }
}
