//! Examples: `cargo run -p tollgate-examples --example axum`.
