//! A handler behind the blog's throttling policy: `cargo run -p tollgate-examples --example axum`
//!
//! A call without a token of the tenant gets 403: `curl -i http://127.0.0.1:3000/chat`

use axum::{Router, routing::any};
use tollgate::{Gateway, Source, axum::policy_layer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = std::fs::read_to_string("policies/blog/throttle-by-appid.xml")?;
    let gateway = Gateway::builder()
        .policy(Source::new("throttle-by-appid.xml", policy))
        .named_value("AZURE_OAI_SERVICE_NAME", "contoso")
        .named_value("TENANT_ID", "72f988bf-86f1-41af-91ab-2d7cd011db47")
        .named_value("CLIENT_ID_APP1", "11111111-1111-1111-1111-111111111111")
        .named_value("CLIENT_ID_APP2", "22222222-2222-2222-2222-222222222222")
        .build()?;
    let handlers = Router::new().route("/chat", any(async || "Hello from behind the policy\n"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, handlers.layer(policy_layer(gateway))).await?;
    Ok(())
}
