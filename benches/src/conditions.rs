//! Four conditions as policies have them, and the same written by hand in two ways. All read the exchange in place.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use http::Response;
use serde::Deserialize;
use serde_json::json;
use tollgate::engine::{Exchange, VariableName};
use tollgate::ports::{HttpClient, OutboundRequest, SendError};
use tollgate::{Body, Gateway};
use tollgate_dotnet::Value;

use crate::{APP, Policy, TENANT, exchange, request_with};

/// A comparison of a variable.
pub const VARIABLE: &str = r#"context.Variables.GetValueOrDefault<int>("urlId") == 1"#;

/// A header, split, and how its last part begins.
pub const HEADER: &str = r#"context.Request.Headers.GetValueOrDefault("Authorization","").Split(' ').Last().StartsWith("eyJ")"#;

/// A claim of the token in a header.
pub const CLAIM: &str = r#"context.Request.Headers.GetValueOrDefault("Authorization","").Split(' ').Last().AsJwt().Claims.GetValueOrDefault("appid", string.Empty).Equals("22222222-2222-2222-2222-222222222222")"#;

/// Two fields of the body; a statement block.
pub const BODY: &str = r#"
    var body = context.Request.Body.As<JObject>(preserveContent: true);
    return (string)body["model"] == "gpt-4o" && (int)body["max_tokens"] <= 1000;"#;

/// The model that [`BODY`] asks for.
const MODEL: &str = "gpt-4o";

/// Requests that all four conditions hold for.
pub struct Requests {
    gateway: Gateway,
    token: String,
    body: String,
}

/// No request of these benchmarks goes out.
struct Nowhere;

impl HttpClient for Nowhere {
    fn send(&self, _: OutboundRequest) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        pending().boxed()
    }
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl Default for Requests {
    fn default() -> Self {
        // As a client sends a long conversation: 38 objects in 2 KB.
        let messages: Vec<String> = (0..37)
            .map(|turn| {
                let role = ["user", "assistant"][turn % 2];
                format!(r#"{{"role":"{role}","content":"Turn {turn} of a long talk."}}"#)
            })
            .collect();
        Self {
            gateway: Gateway::builder()
                .catalog(Policy::LoadBalance.catalog())
                .http_client(Nowhere)
                .build()
                .unwrap(),
            token: token(),
            body: format!(
                r#"{{"model":"{MODEL}","messages":[{}],"temperature":0.7,"max_tokens":800,"stream":false}}"#,
                messages.join(",")
            ),
        }
    }
}

impl Requests {
    /// One request at its beginning, with the variable set.
    pub fn exchange(&self) -> Exchange {
        let request = request_with(&self.token, self.body.clone());
        let mut exchange = exchange(&self.gateway, request);
        let name = VariableName::new("urlId");
        exchange.context.variables.set(&name, Value::Int32(1));
        exchange
    }

    /// How many bytes the token and the body have.
    pub fn sizes(&self) -> (usize, usize) {
        (self.token.len(), self.body.len())
    }
}

/// A token of the application, as Entra ID makes them: 900 bytes.
fn token() -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "x5t": "k1", "kid": "k1"});
    let claims = json!({
        "aud": "https://cognitiveservices.azure.com",
        "iss": format!("https://sts.windows.net/{TENANT}/"),
        "exp": 1_715_005_230,
        "aio": "E2NgYHj2Zs/p/9n8O1Zfe7w/bc+ZRwA=",
        "appid": APP,
        "oid": "8b5cfb80-6c1b-4a43-9a5e-2a0e4a4d0a10",
        "tid": TENANT,
        "uti": "dGhpcyBpcyBub3QgYSB0b2tlbiBpZA",
        "ver": "1.0",
    });
    let parts = [
        header.to_string().into(),
        claims.to_string().into(),
        vec![0x5A; 256],
    ];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

/// A bag of variables as most people write it.
pub fn variables() -> HashMap<String, serde_json::Value> {
    HashMap::from([("urlId".to_owned(), 1.into())])
}

/// The fields of the body that are looked at.
#[derive(Debug, Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    max_tokens: i32,
}

/// The claim of the token that is looked at.
#[derive(Debug, Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    appid: Cow<'a, str>,
}

/// As most people write it.
pub mod usual {
    use super::{APP, Claims, Exchange, Fields, HashMap, MODEL};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use http::header::AUTHORIZATION;

    /// The variable, in a map by name.
    pub fn variable(variables: &HashMap<String, serde_json::Value>) -> bool {
        variables.get("urlId").and_then(serde_json::Value::as_i64) == Some(1)
    }

    fn token(exchange: &Exchange) -> Option<&str> {
        let header = exchange.context.request.headers.get(AUTHORIZATION)?;
        header.to_str().ok()?.rsplit(' ').next()
    }

    /// The header, as checked text.
    pub fn header(exchange: &Exchange) -> bool {
        token(exchange).is_some_and(|token| token.starts_with("eyJ"))
    }

    /// The claim, with base64 and serde.
    pub fn claim(exchange: &Exchange) -> bool {
        let holds = || {
            let payload = token(exchange)?.split('.').nth(1)?;
            let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
            let claims: Claims<'_> = serde_json::from_slice(&payload).ok()?;
            Some(claims.appid == APP)
        };
        holds() == Some(true)
    }

    /// The fields, with serde.
    pub fn body(exchange: &Exchange) -> bool {
        let holds = || {
            let bytes = exchange.context.request.body.bytes()?;
            let fields: Fields<'_> = serde_json::from_slice(bytes).ok()?;
            Some(fields.model == MODEL && fields.max_tokens <= 1000)
        };
        holds() == Some(true)
    }
}

/// The fastest way that is known.
pub mod fastest {
    use super::{APP, Exchange, Fields, MODEL};
    use base64_simd::{Out, URL_SAFE_NO_PAD};
    use http::header::AUTHORIZATION;
    use sonic_rs::JsonValueTrait;

    /// The variable, in a slot.
    pub fn variable(slots: &[Option<i32>]) -> bool {
        slots.get(3) == Some(&Some(1))
    }

    fn token(exchange: &Exchange) -> Option<&[u8]> {
        let header = exchange.context.request.headers.get(AUTHORIZATION)?;
        let header = header.as_bytes();
        let start = memchr::memrchr(b' ', header).map_or(0, |space| space + 1);
        header.get(start..)
    }

    /// The header, as bytes.
    pub fn header(exchange: &Exchange) -> bool {
        token(exchange).is_some_and(|token| token.starts_with(b"eyJ"))
    }

    /// The claim, decoded on the stack and searched for the one field.
    pub fn claim(exchange: &Exchange) -> bool {
        let holds = || {
            let token = token(exchange)?;
            let start = memchr::memchr(b'.', token)? + 1;
            let end = start + memchr::memchr(b'.', token.get(start..)?)?;
            let mut room = [0; 1024];
            let payload = token.get(start..end)?;
            let payload = URL_SAFE_NO_PAD
                .decode(payload, Out::from_slice(&mut room))
                .ok()?;
            let claim = sonic_rs::get(&*payload, ["appid"]).ok()?;
            Some(claim.as_str() == Some(APP))
        };
        holds() == Some(true)
    }

    /// The fields, with sonic-rs.
    pub fn body(exchange: &Exchange) -> bool {
        let holds = || {
            let bytes = exchange.context.request.body.bytes()?;
            let fields: Fields<'_> = sonic_rs::from_slice(bytes).ok()?;
            Some(fields.model == MODEL && fields.max_tokens <= 1000)
        };
        holds() == Some(true)
    }
}
