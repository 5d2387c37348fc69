//! A reverse proxy on hyper that obeys a policy: `cargo run -p tollgate-examples --example proxy`
//!
//! `curl -i http://127.0.0.1:3000/hello` is sent to one of two backends, by chance.

use tollgate::{Gateway, Source};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = std::fs::read_to_string("policies/blog/load-balance-random.xml")?;
    let gateway = Gateway::builder()
        .policy(Source::new("load-balance-random.xml", policy))
        .named_value("backend-url-1", "http://127.0.0.1:9001")
        .named_value("backend-url-2", "http://127.0.0.1:9002")
        .build()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    tollgate::hyper::serve(listener, gateway, std::future::pending()).await?;
    Ok(())
}
