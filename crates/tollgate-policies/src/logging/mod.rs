//! Policies that report.

pub(crate) mod dimension;
pub mod emit_metric;
pub mod log_to_eventhub;
pub mod trace;
