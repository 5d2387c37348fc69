//! What the blog's policies decide, written by hand over [`http`]: the thing to compare with.

use std::any::Any;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use tollgate::ports::{
    Clock, Count, CounterOp, CounterStore, HttpClient, OutboundRequest, Random, Step,
    TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};
use tollgate::{Body, MemoryCounters, SystemRandom};

use crate::{APP, Policy, TENANT};

/// The claims of a token.
pub type Claims = Map<String, Value>;

/// A gateway written by hand. It remembers tokens that it has checked, as Tollgate does.
pub struct ByHand {
    clock: Arc<dyn Clock>,
    backend: Arc<dyn HttpClient>,
    counters: MemoryCounters,
    key: DecodingKey,
    validation: Validation,
    checked: Mutex<HashMap<String, Arc<Claims>>>,
}

impl std::fmt::Debug for ByHand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ByHand").finish_non_exhaustive()
    }
}

const ONE: &str = "https://one.example/openai";
const TWO: &str = "https://two.example/openai";
const SERVICE: &str = "https://contoso.openai.azure.com/openai";

impl ByHand {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        backend: Arc<dyn HttpClient>,
        [n, e]: &[String; 2],
    ) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[format!("https://sts.windows.net/{TENANT}/")]);
        validation.set_audience(&["https://cognitiveservices.azure.com"]);
        // Time is checked for each request, also of tokens that are remembered.
        validation.validate_exp = false;
        Self {
            clock,
            backend,
            counters: MemoryCounters::new(),
            key: DecodingKey::from_rsa_components(n, e).unwrap(),
            validation,
            checked: Mutex::default(),
        }
    }

    /// Does what the policy says.
    pub fn answer(&self, policy: Policy, request: Request<Body>) -> Response<Body> {
        match policy {
            Policy::LoadBalance => self.load_balance(request),
            Policy::Authorize => self.authorize(request),
            Policy::Throttle => self.throttle(request),
        }
    }

    /// Forgets the tokens that were checked.
    pub fn forget(&self) {
        self.checked.lock().unwrap().clear();
    }

    fn load_balance(&self, request: Request<Body>) -> Response<Body> {
        match pick(&request_id()) {
            1 => self.forward(request, ONE),
            2 => self.forward(request, TWO),
            _ => status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    fn authorize(&self, request: Request<Body>) -> Response<Body> {
        match self.claims(request.headers()) {
            Some(_) => self.forward(request, SERVICE),
            None => status(StatusCode::FORBIDDEN),
        }
    }

    fn throttle(&self, request: Request<Body>) -> Response<Body> {
        let Some(claims) = self.claims(request.headers()) else {
            return status(StatusCode::FORBIDDEN);
        };
        let app = claims.get("appid").and_then(Value::as_str);
        let limit = match app {
            Some("11111111-1111-1111-1111-111111111111") => 1,
            Some(APP) => 10,
            _ => return self.forward(request, SERVICE),
        };
        let key = format!("rate-limit-by-key\n{}", app.unwrap_or_default());
        if !self.count(&key, limit, Count::Check) {
            return status(StatusCode::TOO_MANY_REQUESTS);
        }
        let response = self.forward(request, SERVICE);
        if response.status() == StatusCode::OK {
            self.count(&key, limit, Count::Add(1));
        }
        response
    }

    fn count(&self, key: &str, limit: u64, count: Count) -> bool {
        let period = Duration::from_secs(60);
        let operation = CounterOp {
            group: key,
            key,
            fixed: false,
            limit,
            period,
            count,
        };
        match self.counters.apply(self.clock.now(), &[operation]) {
            Step::Ready(Ok(states)) => states.iter().all(|state| state.allowed),
            Step::Ready(Err(_)) | Step::Pending(_) => false,
        }
    }

    fn claims(&self, headers: &HeaderMap) -> Option<Arc<Claims>> {
        let token = bearer(headers)?;
        let known = self.checked.lock().unwrap().get(token).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => {
                let decoded = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation);
                let claims = Arc::new(decoded.ok()?.claims);
                let mut checked = self.checked.lock().unwrap();
                checked.insert(token.to_owned(), claims.clone());
                claims
            }
        };
        let now = (self.clock.now() - UNIX_EPOCH_TICKS) / TICKS_PER_SECOND;
        let time = |name| claims.get(name).and_then(Value::as_i64);
        (time("exp")? > now && time("nbf").is_none_or(|begins| begins <= now)).then_some(claims)
    }

    fn forward(&self, request: Request<Body>, base: &str) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("{base}{path}").parse::<Uri>().unwrap();
        strip(&mut parts.headers);
        let host = HeaderValue::from_str(parts.uri.host().unwrap_or_default()).unwrap();
        parts.headers.insert(header::HOST, host);
        let ip = IpAddr::from([203, 0, 113, 7]).to_string();
        let name = HeaderName::from_static("x-forwarded-for");
        parts
            .headers
            .insert(name, HeaderValue::from_str(&ip).unwrap());
        let outbound = OutboundRequest {
            timeout: Some(Duration::from_secs(300)),
            ..OutboundRequest::new(Request::from_parts(parts, body))
        };
        let answer = self.backend.send(outbound).now_or_never().unwrap();
        let mut response = answer.unwrap();
        strip(response.headers_mut());
        response
    }
}

/// The token in `Authorization`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.rsplit(' ').next()
}

/// `context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ')[0].StartsWith("Bearer")`
pub fn is_bearer(headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION);
    let text = value.and_then(|value| value.to_str().ok());
    let scheme = text.unwrap_or_default().split(' ').next();
    scheme.is_some_and(|scheme| scheme.starts_with("Bearer"))
}

/// `context.Request.Headers.GetValueOrDefault("Authorization","").Split(' ').Last().AsJwt().Claims
/// .GetValueOrDefault("appid", string.Empty).Equals(…)`
pub fn is_from(headers: &HeaderMap, app: &str) -> bool {
    let claims = bearer(headers).and_then(claims);
    claims.is_some_and(|claims| claims.get("appid").and_then(Value::as_str) == Some(app))
}

/// The same where tokens that were taken apart are remembered.
pub fn is_known_from(headers: &HeaderMap, known: &HashMap<String, Claims>, app: &str) -> bool {
    let claims = bearer(headers).and_then(|token| known.get(token));
    claims.is_some_and(|claims| claims.get("appid").and_then(Value::as_str) == Some(app))
}

/// Takes a token apart; its signature is not looked at.
pub fn claims(token: &str) -> Option<Claims> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// A bag of variables of any type, as C# has it.
pub type Variables = HashMap<String, Box<dyn Any + Send>>;

/// `context.Variables.GetValueOrDefault<int>("urlId") == 1`
pub fn is_first(variables: &Variables) -> bool {
    let url = variables
        .get("urlId")
        .and_then(|value| value.downcast_ref::<i32>());
    url.copied().unwrap_or_default() == 1
}

/// `new Random(context.RequestId.GetHashCode()).Next(1, 3)`
pub fn pick(id: &[u8; 16]) -> i32 {
    let word = |at: usize| i32::from_be_bytes([id[at], id[at + 1], id[at + 2], id[at + 3]]);
    let halves = |at: usize| i32::from_be_bytes([id[at + 2], id[at + 3], id[at], id[at + 1]]);
    let backwards = |at: usize| i32::from_le_bytes([id[at], id[at + 1], id[at + 2], id[at + 3]]);
    let hash = word(0) ^ halves(4) ^ backwards(8) ^ backwards(12);
    1 + (sample(hash) * 2.0) as i32 // below 2
}

/// The first number between 0 and 1 of C#'s seeded generator.
fn sample(seed: i32) -> f64 {
    let mut numbers = [0i32; 56];
    let mut last = 161_803_398i32.wrapping_sub(seed.checked_abs().unwrap_or(i32::MAX));
    numbers[55] = last;
    let wrap = |number: i32| match number < 0 {
        true => number.wrapping_add(i32::MAX),
        false => number,
    };
    let mut number = 1i32;
    for index in 1..55 {
        numbers[21 * index % 55] = number;
        (last, number) = (number, wrap(last.wrapping_sub(number)));
    }
    for _ in 0..4 {
        for index in 1..56 {
            numbers[index] = wrap(numbers[index].wrapping_sub(numbers[1 + (index + 30) % 55]));
        }
    }
    let mut first = numbers[1].wrapping_sub(numbers[22]);
    if first == i32::MAX {
        first -= 1;
    }
    f64::from(wrap(first)) / f64::from(i32::MAX)
}

fn request_id() -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&SystemRandom.next_u64().to_be_bytes());
    id[8..].copy_from_slice(&SystemRandom.next_u64().to_be_bytes());
    id
}

fn strip(headers: &mut HeaderMap) {
    let names = headers.get_all(header::CONNECTION).iter();
    let names: Vec<HeaderName> = names
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in names {
        headers.remove(name);
    }
    for name in [
        header::CONNECTION,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
    ] {
        headers.remove(name);
    }
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
