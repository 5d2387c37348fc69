//! Scopes, plans, the exchange, the pipeline and its ports.
