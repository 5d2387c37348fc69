//! A world without a network: a backend that answers at once, an issuer of tokens, a clock that is moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use http::{Request, Response, header};
use serde_json::json;
use tollgate::engine::{self, Context, Exchange, Expression, FromValue, Setting, Url, compiler};
use tollgate::ports::{
    Clock, HttpClient, OutboundRequest, SendError, TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};
use tollgate::{Body, Gateway, Peer};
use tollgate_expressions::Form;

use crate::by_hand::ByHand;
use crate::{APP, Policy, TENANT};

/// Everything outside of a gateway. Clones are the same world.
#[derive(Clone)]
pub struct World {
    clock: Arc<HandClock>,
    network: Network,
    key: Arc<KeyPair>,
}

/// Seconds between two requests: few enough in a minute that the throttling policy lets all of them pass.
const PACE: i64 = 7;
/// When the world begins, in seconds since 1970.
const BEGINNING: i64 = 1_715_001_630;

impl Default for World {
    fn default() -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        Self {
            clock: Arc::new(HandClock(AtomicI64::new(
                UNIX_EPOCH_TICKS + BEGINNING * TICKS_PER_SECOND,
            ))),
            network: Network::new(&key),
            key: Arc::new(key),
        }
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// A gateway in it.
    pub fn gateway(&self, policy: Policy) -> Gateway {
        Gateway::builder()
            .catalog(policy.catalog())
            .http_client(self.network.clone())
            .clock(Shared(self.clock.clone()))
            .build()
            .unwrap()
    }

    /// The same decisions, written by hand.
    pub fn by_hand(&self) -> ByHand {
        let components = self.network.components.clone();
        ByHand::new(
            self.clock.clone(),
            Arc::new(self.network.clone()),
            &components,
        )
    }

    /// Lets the time between two requests pass.
    pub fn pass_time(&self) {
        self.clock
            .0
            .fetch_add(PACE * TICKS_PER_SECOND, Ordering::Relaxed);
    }

    /// A token of the application, as Entra ID makes them: about a kilobyte. Tokens of different numbers differ.
    pub fn token(&self, number: u32) -> String {
        let header = json!({"typ": "JWT", "alg": "RS256", "x5t": "k1", "kid": "k1"});
        let claims = json!({
            "aud": "https://cognitiveservices.azure.com",
            "iss": format!("https://sts.windows.net/{TENANT}/"),
            "iat": BEGINNING,
            "nbf": BEGINNING,
            "exp": i64::MAX / TICKS_PER_SECOND / 8,
            "aio": "E2NgYHj2Zs/p/9n8O1Zfe7w/bc+ZRwA=",
            "appid": APP,
            "appidacr": "1",
            "idp": format!("https://sts.windows.net/{TENANT}/"),
            "oid": "8b5cfb80-6c1b-4a43-9a5e-2a0e4a4d0a10",
            "rh": "0.ARoAv4j5cvGGr0GRqy180BHbR5DDmn2LbX9Ijk4LQCk5hSsaAAA.",
            "sub": "8b5cfb80-6c1b-4a43-9a5e-2a0e4a4d0a10",
            "tid": TENANT,
            "uti": number.to_string(),
            "ver": "1.0",
        });
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{message}.{}", encode(&signature))
    }
}

/// The C# text in `@(…)`, compiled as a policy's attribute is.
pub fn expression<T: FromValue>(code: &str) -> Setting<T> {
    compiled(code, Form::Single)
}

/// The C# text in `@{…}`, compiled as a policy's attribute is.
pub fn block<T: FromValue>(code: &str) -> Setting<T> {
    compiled(code, Form::Block)
}

fn compiled<T: FromValue>(code: &str, form: Form) -> Setting<T> {
    let program = compiler().compile(code, form).unwrap();
    Setting::Program(Expression::new(program, code))
}

/// The C# of a block with 200 statements of the usual kinds.
pub fn long_block() -> String {
    let statements = |n: usize| {
        format!(
            r#"
    var name{n} = context.Request.Headers.GetValueOrDefault("X-Name-{n}", "none").Trim();
    if (string.IsNullOrEmpty(name{n}) || name{n}.StartsWith("skip")) {{ count += {n}; }}
    var parts{n} = name{n}.Split(',').Where(part => part.Length > {n}).ToList();
    text.Append($"{{name{n}}} has {{parts{n}.Count}} parts; ");
    count = count + parts{n}.Count * 2 - {n};"#
        )
    };
    let body: String = (0..33).map(statements).collect();
    format!(
        "var count = 0; var text = new StringBuilder();{body}\n    return text.ToString() + count;"
    )
}

/// An exchange at its beginning, for expressions to look at.
pub fn exchange(gateway: &Gateway, request: Request<Body>) -> Exchange {
    let url = Url::parse(&request.uri().to_string()).unwrap();
    let (parts, body) = request.into_parts();
    let request = engine::Request {
        headers: parts.headers,
        body,
        ..engine::Request::new(parts.method, url)
    };
    let context = Context::new(request, gateway.ports().clone());
    Exchange::new(context, gateway.plan())
}

/// A request as clients of the blog's service send them.
pub fn request(token: &str) -> Request<Body> {
    let body = r#"{"messages":[{"role":"user","content":"Say this is a test"}],"temperature":0}"#;
    request_with(token, body)
}

/// As [`request`], with another body.
pub(crate) fn request_with(token: &str, body: impl Into<Bytes>) -> Request<Body> {
    Request::post(
        "https://gateway.example/deployments/gpt-4/chat/completions?api-version=2024-02-01",
    )
    .header(header::AUTHORIZATION, format!("Bearer {token}"))
    .header(header::CONTENT_TYPE, "application/json")
    .header(header::ACCEPT, "application/json")
    .header(header::ACCEPT_ENCODING, "gzip, deflate")
    .header(header::CONNECTION, "keep-alive")
    .header(header::USER_AGENT, "AzureOpenAI/Python 1.30.1")
    .header(
        "x-ms-client-request-id",
        "6a1d8f9c-4f6e-4b7a-9c7d-0e2f4f1a7c55",
    )
    .body(Body::full(body))
    .unwrap()
}

/// Where requests come from.
pub(crate) fn peer() -> Peer {
    Peer {
        ip: Some([203, 0, 113, 7].into()),
        tls: true,
        ..Peer::default()
    }
}

/// What a gateway answers, all ports being ready at once.
pub fn answer(gateway: &Gateway, request: Request<Body>) -> Response<Body> {
    gateway.handle(request, peer()).now_or_never().unwrap()
}

#[derive(Debug)]
struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        // No answer of this world takes any time.
        futures_util::future::pending().boxed()
    }
}

/// One clock for several gateways.
struct Shared(Arc<HandClock>);

impl Clock for Shared {
    fn now(&self) -> i64 {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

/// Answers as the token issuer and, to all other requests, as the backend.
#[derive(Clone)]
struct Network {
    components: Arc<[String; 2]>,
    configuration: Arc<str>,
    keys: Arc<str>,
}

impl Network {
    fn new(key: &KeyPair) -> Self {
        let public = key.public_key();
        let [n, e] = [
            URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        ];
        let configuration = json!({
            "issuer": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "jwks_uri": "https://login.microsoftonline.com/keys",
        });
        let keys = json!({"keys": [{"kty": "RSA", "use": "sig", "kid": "k1", "n": n, "e": e}]});
        Self {
            components: Arc::new([n, e]),
            configuration: configuration.to_string().into(),
            keys: keys.to_string().into(),
        }
    }
}

impl HttpClient for Network {
    fn send(
        &self,
        outbound: OutboundRequest,
    ) -> BoxFuture<'static, Result<Response<Body>, SendError>> {
        let uri = outbound.request.uri();
        let body = match (uri.host(), uri.path()) {
            (Some("login.microsoftonline.com"), "/keys") => self.keys.to_string(),
            (Some("login.microsoftonline.com"), _) => self.configuration.to_string(),
            _ => String::new(),
        };
        ready(Ok(Response::new(Body::from(body)))).boxed()
    }
}
