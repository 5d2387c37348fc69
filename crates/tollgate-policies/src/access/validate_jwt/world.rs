//! A world for tests: a clock that stands still, a web of a few documents, keys that sign.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as sig, EcdsaKeyPair, KeyPair, RsaKeyPair};
use aws_lc_rs::{hmac, rsa};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, poll_fn, ready};
use http::{HeaderValue, Method};
use http_body_util::Full;
use serde_json::{Value as Json, json};
use tollgate_dotnet::Value;
use tollgate_engine::exchange::Variables;
use tollgate_engine::ports::{
    self, Clock, CounterAnswer, CounterOp, CounterStates, CounterStore, Event, EventSink,
    HttpClient, Limits, NoCredentials, OutboundRequest, Ports, Random, SendError, SendErrorKind,
    Shared, Step, TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};
use tollgate_engine::{
    Body, Catalog, Context, ErrorBody, Exchange, Failure, Plan, Request, Section, Source, Url,
    VariableName,
};

/// When the clock starts, in seconds since 1970.
pub(super) const NOW: i64 = 1_715_000_000;
pub(super) const CONFIG: &str = "https://login.example/tenant/.well-known/openid-configuration";
pub(super) const KEYS: &str = "https://login.example/tenant/keys";
pub(super) const ISSUER: &str = "https://login.example/tenant/v2.0";

/// Everything outside the policy.
pub(super) struct World {
    pub(super) clock: Arc<Hands>,
    pub(super) web: Arc<Web>,
    pub(super) ports: Arc<Ports>,
}

/// A loaded policy.
pub(super) struct Gate<'w> {
    world: &'w World,
    plan: Arc<Plan>,
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed(Variables),
    Refused {
        reason: String,
        message: String,
        status: u16,
        client: String,
    },
}

impl World {
    /// An issuer with these keys serves its configuration.
    pub(super) fn with_keys(keys: &[Json]) -> Self {
        let world = Self::empty();
        world.web.serve(
            CONFIG,
            Reply::Json(json!({"issuer": ISSUER, "jwks_uri": KEYS})),
        );
        world.web.serve(KEYS, Reply::Json(json!({"keys": keys})));
        world
    }

    pub(super) fn empty() -> Self {
        let clock = Arc::new(Hands(Arc::new(Face {
            now: AtomicI64::new(UNIX_EPOCH_TICKS + NOW * TICKS_PER_SECOND),
            wakers: Mutex::default(),
        })));
        let web = Arc::new(Web::default());
        let ports = Ports {
            http: web.clone(),
            clock: clock.clone(),
            random: Arc::new(Nothing),
            counters: Arc::new(Nothing),
            cache: Arc::new(ports::Nothing),
            external_cache: None,
            tokenizer: Arc::new(ports::RoughTokenizer),
            vectors: None,
            credentials: Arc::new(NoCredentials),
            events: Arc::new(Nothing),
            background: Arc::new(ports::Nothing),
            shared: Shared::default(),
            limits: Limits::default(),
        };
        Self {
            clock,
            web,
            ports: Arc::new(ports),
        }
    }

    /// A policy with these attributes and children.
    pub(super) fn gate(&self, attributes: &str, children: &str) -> Gate<'_> {
        Gate {
            world: self,
            plan: Arc::new(load(attributes, children).unwrap()),
        }
    }

    /// A policy on `Authorization` with the issuer of [`CONFIG`].
    pub(super) fn openid_gate(&self) -> Gate<'_> {
        let config = format!("<openid-config url='{CONFIG}' />");
        self.gate("header-name='Authorization'", &config)
    }
}

pub(super) fn load(attributes: &str, children: &str) -> Result<Plan, Vec<String>> {
    let text = format!(
        "<policies><inbound><validate-jwt {attributes}>{children}</validate-jwt></inbound></policies>"
    );
    let catalog = Catalog::new().policy(Source::new("policy.xml", text));
    Plan::load(&catalog, &[crate::ALL]).map_err(|errors| {
        let codes = errors.diagnostics.iter();
        codes
            .map(|finding| format!("{}: {}", finding.code, finding.message))
            .collect()
    })
}

impl Gate<'_> {
    /// A call with this value of `Authorization`.
    pub(super) async fn bearer(&self, token: &str) -> Outcome {
        self.call(&[("authorization", &format!("Bearer {token}"))], "")
            .await
    }

    pub(super) async fn call(&self, headers: &[(&'static str, &str)], query: &str) -> Outcome {
        let mut exchange = self.exchange(headers, query);
        let result = self.run(&mut exchange).await;
        match result {
            Ok(()) => Outcome::Passed(exchange.context.variables),
            Err(failure) => Outcome::of(&failure),
        }
    }

    /// Whether a call with this token is decided without waiting.
    pub(super) fn is_immediate(&self, token: &str) -> bool {
        let value = format!("Bearer {token}");
        let mut exchange = self.exchange(&[("authorization", &value)], "");
        self.run(&mut exchange).now_or_never().is_some()
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<(), Failure> {
        for block in self.plan.unmatched().section(Section::Inbound) {
            block.run(exchange).await?;
        }
        Ok(())
    }

    fn exchange(&self, headers: &[(&'static str, &str)], query: &str) -> Exchange {
        let url = Url::parse(&format!("https://gateway.example/call{query}")).unwrap();
        let mut request = Request::new(Method::GET, url);
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers.append(*name, value);
        }
        Exchange::new(
            Context::new(request, self.world.ports.clone()),
            self.plan.clone(),
        )
    }
}

impl Outcome {
    fn of(failure: &Failure) -> Self {
        let response = failure.response();
        let client = match &response.body {
            ErrorBody::Message(message) => message.to_string(),
            other => format!("{other:?}"),
        };
        Self::Refused {
            reason: failure.reason().unwrap_or_default().to_owned(),
            message: failure.message().to_owned(),
            status: response.status.as_u16(),
            client,
        }
    }

    pub(super) fn passed(&self) -> bool {
        matches!(self, Self::Passed(_))
    }

    /// `LastError.Reason`, or `passed`.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Passed(_) => "passed",
            Self::Refused { reason, .. } => reason,
        }
    }

    /// `LastError.Message`.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Passed(_) => "",
            Self::Refused { message, .. } => message,
        }
    }

    /// Status code and message that the client is told.
    pub(super) fn client(&self) -> (u16, &str) {
        match self {
            Self::Passed(_) => (200, ""),
            Self::Refused { status, client, .. } => (*status, client),
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Passed(variables) => variables.get(&VariableName::new(name)),
            Self::Refused { .. } => None,
        }
    }
}

/// A clock that moves when told.
pub(super) struct Hands(Arc<Face>);

struct Face {
    now: AtomicI64,
    wakers: Mutex<Vec<Waker>>,
}

impl Hands {
    pub(super) fn advance(&self, seconds: i64) {
        self.0
            .now
            .fetch_add(seconds * TICKS_PER_SECOND, Ordering::SeqCst);
        self.0
            .wakers
            .lock()
            .unwrap()
            .drain(..)
            .for_each(Waker::wake);
    }
}

impl Clock for Hands {
    fn now(&self) -> i64 {
        self.0.now.load(Ordering::SeqCst)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let hands = self.0.clone();
        let end = self.now() + i64::try_from(duration.as_nanos() / 100).unwrap();
        let sleep = poll_fn(move |context| {
            hands.wakers.lock().unwrap().push(context.waker().clone());
            match hands.now.load(Ordering::SeqCst) >= end {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        });
        sleep.boxed()
    }
}

/// What a URL answers.
#[derive(Clone)]
pub(super) enum Reply {
    Json(Json),
    Status(u16),
    Redirect(String),
    Page(&'static str),
    Bytes(Bytes),
    Refused,
    /// Never.
    Silence,
}

/// A few documents by their URL.
#[derive(Default)]
pub(super) struct Web {
    replies: Mutex<HashMap<String, Reply>>,
    calls: AtomicUsize,
}

impl Web {
    pub(super) fn serve(&self, url: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(url.into(), reply);
    }

    /// Serves what another serves under these URLs.
    pub(super) fn copy(&self, other: &Web, urls: &[&str]) {
        for url in urls {
            let reply = other.replies.lock().unwrap()[*url].clone();
            self.serve(url, reply);
        }
    }

    /// How many requests were made since it was asked last.
    pub(super) fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

impl HttpClient for Web {
    fn send(
        &self,
        request: OutboundRequest,
    ) -> BoxFuture<'static, Result<http::Response<Body>, SendError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        assert!(!request.follow_redirects);
        let url = request.request.uri().to_string();
        let reply = self.replies.lock().unwrap().get(&url).cloned();
        let response = http::Response::builder();
        let response = match reply.unwrap_or(Reply::Status(404)) {
            Reply::Silence => return std::future::pending().boxed(),
            Reply::Refused => {
                let error = SendError {
                    kind: SendErrorKind::Connect,
                    message: "connection refused".into(),
                };
                return ready(Err(error)).boxed();
            }
            Reply::Json(json) => response.body(Body::from(json.to_string())),
            Reply::Status(status) => response.status(status).body(Body::from("{}")),
            Reply::Redirect(to) => response
                .status(302)
                .header("location", to)
                .body(Body::empty()),
            Reply::Page(text) => response
                .header("content-type", "text/html")
                .body(Body::from(text)),
            Reply::Bytes(bytes) => response.body(Body::new(Full::new(bytes))),
        };
        async move {
            // Others get their turn, as with a real network.
            tokio::task::yield_now().await;
            Ok(response.unwrap())
        }
        .boxed()
    }
}

struct Nothing;

impl Random for Nothing {
    fn next_u64(&self) -> u64 {
        0
    }
}

impl CounterStore for Nothing {
    fn apply(&self, _: i64, _: &[CounterOp<'_>]) -> Step<CounterAnswer> {
        Step::Ready(Ok(CounterStates::new()))
    }
}

impl EventSink for Nothing {
    fn emit(&self, _: Event) {}
}

/// A key that signs.
pub(super) enum Signer {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Secret(Vec<u8>),
}

/// Two RSA keys, made once, as that takes long.
pub(super) static RSA: LazyLock<[Signer; 2]> = LazyLock::new(|| [Signer::rsa(), Signer::rsa()]);
/// A secret.
pub(super) static SECRET: LazyLock<Signer> = LazyLock::new(|| Signer::Secret(vec![7; 64]));

impl Signer {
    fn rsa() -> Self {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
        Self::Rsa(pair)
    }

    pub(super) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&sig::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(super) fn p384() -> Self {
        Self::P384(EcdsaKeyPair::generate(&sig::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    /// The public key as a member of a key set (of a secret, the secret).
    pub(super) fn jwk(&self, kid: &str) -> Json {
        let url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = |curve: &str, pair: &EcdsaKeyPair| {
            let point = &pair.public_key().as_ref()[1..];
            let (x, y) = point.split_at(point.len() / 2);
            json!({"kty": "EC", "crv": curve, "kid": kid, "x": url(x), "y": url(y)})
        };
        match self {
            Self::Rsa(_) => {
                let (n, e) = self.modulus_and_exponent();
                json!({"kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e})
            }
            Self::P256(pair) => point("P-256", pair),
            Self::P384(pair) => point("P-384", pair),
            Self::Secret(secret) => json!({"kty": "oct", "kid": kid, "k": url(secret)}),
        }
    }

    pub(super) fn modulus_and_exponent(&self) -> (String, String) {
        let Self::Rsa(pair) = self else {
            unreachable!()
        };
        let public = sig::RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        (
            URL_SAFE_NO_PAD.encode(public.n),
            URL_SAFE_NO_PAD.encode(public.e),
        )
    }

    /// The public key in the forms in which an attacker may have it.
    pub(super) fn public_forms(&self) -> Vec<Vec<u8>> {
        let Self::Rsa(pair) = self else {
            unreachable!()
        };
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let body = STANDARD.encode(der.as_ref());
        let lines: Vec<String> = body
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into())
            .collect();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
            lines.join("\n")
        );
        let (n, _) = self.modulus_and_exponent();
        vec![
            der.as_ref().to_vec(),
            pair.public_key().as_ref().to_vec(),
            format!("{pem}\n").into_bytes(),
            pem.into_bytes(),
            URL_SAFE_NO_PAD.decode(&n).unwrap(),
            n.into_bytes(),
        ]
    }

    /// A token of this algorithm with these claims, and a lifetime of an hour where they say none.
    pub(super) fn token(&self, algorithm: &str, kid: Option<&str>, mut claims: Json) -> String {
        let members = claims.as_object_mut().unwrap();
        members.entry("exp").or_insert(json!(NOW + 3600));
        members.entry("iss").or_insert(json!(ISSUER));
        let header = match kid {
            Some(kid) => json!({"typ": "JWT", "alg": algorithm, "kid": kid}),
            None => json!({"typ": "JWT", "alg": algorithm}),
        };
        let message = unsigned(&header, &claims);
        let signature = self.sign(algorithm, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let encoding: &dyn sig::RsaEncoding = match algorithm {
                    "RS384" => &sig::RSA_PKCS1_SHA384,
                    "RS512" => &sig::RSA_PKCS1_SHA512,
                    "PS256" => &sig::RSA_PSS_SHA256,
                    "PS384" => &sig::RSA_PSS_SHA384,
                    "PS512" => &sig::RSA_PSS_SHA512,
                    _ => &sig::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Self::P256(pair) | Self::P384(pair) => {
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Self::Secret(secret) => {
                let hash = match algorithm {
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                hmac::sign(&hmac::Key::new(hash, secret), message)
                    .as_ref()
                    .to_vec()
            }
        }
    }
}

/// Header and payload.
pub(super) fn unsigned(header: &Json, claims: &Json) -> String {
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// The inline `key` element of [`SECRET`].
pub(super) fn secret_key() -> String {
    let Signer::Secret(secret) = &*SECRET else {
        unreachable!()
    };
    let key = STANDARD.encode(secret);
    format!("<issuer-signing-keys><key>{key}</key></issuer-signing-keys>")
}
