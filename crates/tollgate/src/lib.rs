//! Azure API Management policies inside your Rust gateway.
