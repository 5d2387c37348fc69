//! axum for Tollgate: handlers as the backend, extractors for policy variables and validated tokens.
