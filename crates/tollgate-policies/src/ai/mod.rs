//! Policies for gateways in front of language models.

mod consumption;
mod events;
pub mod llm_emit_token_metric;
pub mod llm_token_limit;
mod prompt;
mod usage;
