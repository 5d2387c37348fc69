//! Policies for gateways in front of language models.

mod consumption;
mod events;
pub mod llm_content_safety;
pub mod llm_emit_token_metric;
pub mod llm_semantic_cache_lookup;
pub mod llm_semantic_cache_store;
pub mod llm_token_limit;
mod prompt;
mod usage;

/// What tokens for Azure's models and for what guards them are for.
const COGNITIVE_SERVICES: &str = "https://cognitiveservices.azure.com";
