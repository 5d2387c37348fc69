//! An issuer of tokens that exists in tests only: it signs whatever it is told to, and publishes its key.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Response};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use tollgate::ports::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS};

use super::message::Wrong;
use super::time::Span;

/// A token that is made for a request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Jwt {
    /// What it claims. `iss`, `iat`, `nbf` and `exp` are added unless they are here; `null` leaves one out. A time can be
    /// told from the world's clock: `exp: now + 5m`, `nbf: now - 30s`.
    pub claims: Map<String, Json>,
    /// The header that it goes into, behind `Bearer `; `Authorization`, unless given.
    pub header: Option<String>,
    /// What stands before it there; `Bearer`, unless given. Nothing, if it is empty.
    pub scheme: Option<String>,
    /// The parameter of the query that it goes into, in place of a header: one that the URL has without a value, or one
    /// at its end.
    pub query: Option<String>,
    /// What signs it; the issuer, unless given.
    pub signed_by: Signer,
    /// For how long it is good from now on; an hour, unless given.
    pub expires_in: Option<Span>,
    /// The secret of a token that is signed with HS256, as policies have it: in Base64.
    pub secret: Option<String>,
}

/// What signs a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The issuer, whose key is published.
    #[default]
    Issuer,
    /// Somebody else, under the same key id.
    Stranger,
    /// Nobody: the algorithm is `none`.
    Nobody,
}

/// The issuer of a world.
#[derive(Debug, Default)]
pub(super) struct Issuer {
    /// What it calls itself, if that was said.
    name: Option<String>,
}

const NAME: &str = "https://issuer.test/";
const KEYS: &str = "https://issuer.test/keys";
const KEY_ID: &str = "test-key";

/// An RSA key of 2,048 bits that signs tokens by RS256.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    /// PKCS #1, DER.
    private: Vec<u8>,
    /// The modulus, Base64 for URLs.
    pub n: String,
    /// The exponent, Base64 for URLs.
    pub e: String,
}

/// Shows nothing of the key.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Making a key takes longer than a thousand tests: each process makes those that it needs, once.
static ISSUER: LazyLock<Option<SigningKey>> = LazyLock::new(|| SigningKey::make(KEY_ID));
static STRANGER: LazyLock<Option<SigningKey>> = LazyLock::new(|| SigningKey::make(KEY_ID));

impl SigningKey {
    /// A new key under this id; `None` if the system gives no randomness.
    pub fn make(id: &str) -> Option<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let public = pair.public_key();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).ok()?;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Some(Self {
            id: id.to_owned(),
            private: pkcs1(der.as_ref())?.to_vec(),
            n: text(public.modulus().big_endian_without_leading_zero()),
            e: text(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// The public half, as a key set lists it.
    pub fn jwk(&self) -> Json {
        json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": self.n, "e": self.e})
    }

    /// A token that claims this.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, Wrong> {
        let header = Header {
            kid: Some(self.id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        let key = EncodingKey::from_rsa_der(&self.private);
        jsonwebtoken::encode(&header, claims, &key).map_err(unsigned)
    }
}

fn unsigned(_: jsonwebtoken::errors::Error) -> Wrong {
    Wrong("the token cannot be signed".to_owned())
}

/// The key inside a PKCS #8 envelope: that begins with 26 bytes of a fixed form for an RSA key of 2,048 bits.
fn pkcs1(pkcs8: &[u8]) -> Option<&[u8]> {
    pkcs8.get(26..)
}

impl Issuer {
    pub(super) fn new(name: Option<String>) -> Self {
        Self { name }
    }

    /// Whatever is asked of it over HTTP: discovery documents at any place, and its keys.
    pub(super) fn answer(&self, method: &Method, url: &str) -> Option<Response<Bytes>> {
        const DISCOVERY: &str = "/.well-known/openid-configuration";
        let path = url.split('?').next()?;
        if method != Method::GET {
            return None;
        }
        let document = match path {
            path if path.ends_with(DISCOVERY) => {
                json!({"issuer": self.name(), "jwks_uri": KEYS})
            }
            KEYS => {
                let key = ISSUER.as_ref()?;
                json!({"keys": [key.jwk()]})
            }
            "http://169.254.169.254/metadata/identity/oauth2/token" => {
                let resource = query(url, "resource").unwrap_or_default();
                json!({"access_token": format!("token-for-{resource}"), "expires_in": "3600", "token_type": "Bearer"})
            }
            _ => return None,
        };
        let mut response = Response::new(document.to_string().into());
        let json = http::HeaderValue::from_static("application/json");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, json);
        Some(response)
    }

    /// What discovery calls it, and tokens that do not say.
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(NAME)
    }

    /// A token; `now` is in .NET ticks.
    pub(super) fn sign(&self, jwt: &Jwt, now: i64) -> Result<String, Wrong> {
        let now = (now - UNIX_EPOCH_TICKS) / TICKS_PER_SECOND;
        let lasts = jwt.expires_in.map_or(3600, |span| span.0.as_secs());
        let mut claims = Map::new();
        for (claim, value) in [
            ("iss", Json::from(self.name())),
            ("iat", now.into()),
            ("nbf", now.into()),
            ("exp", now.saturating_add_unsigned(lasts).into()),
        ] {
            claims.insert(claim.to_owned(), value);
        }
        claims.extend(jwt.claims.clone());
        claims.retain(|_, value| !value.is_null());
        for (claim, value) in &mut claims {
            if let ("iat" | "nbf" | "exp" | "auth_time", Json::String(text)) = (&**claim, &*value) {
                let time = from_now(text, now).ok_or_else(|| {
                    Wrong(format!(
                        "`{text}` is no time of `{claim}`, such as `now + 5m`"
                    ))
                })?;
                *value = time.into();
            }
        }
        if jwt.signed_by == Signer::Nobody {
            let text = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
            let head = text(json!({"alg": "none", "typ": "JWT"}));
            return Ok(format!("{head}.{}.", text(claims.into())));
        }
        if let Some(secret) = &jwt.secret {
            let key = EncodingKey::from_base64_secret(secret)
                .map_err(|_| Wrong("`secret` is not Base64".to_owned()))?;
            return jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
                .map_err(unsigned);
        }
        let key = match jwt.signed_by {
            Signer::Stranger => &STRANGER,
            Signer::Issuer | Signer::Nobody => &ISSUER,
        };
        let key = (key.as_ref()).ok_or_else(|| Wrong("no key could be made".to_owned()))?;
        key.sign(&claims)
    }
}

/// Whether a token was signed by HS256 with this secret, which is in Base64 as policies have it.
pub fn is_signed_with(token: &str, secret: &str) -> bool {
    let Ok(key) = jsonwebtoken::DecodingKey::from_base64_secret(secret) else {
        return false;
    };
    let mut rules = jsonwebtoken::Validation::new(Algorithm::HS256);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules.validate_aud = false;
    jsonwebtoken::decode::<Map<String, Json>>(token, &key, &rules).is_ok()
}

/// Seconds since 1970 of `now`, `now + 5m` and `now - 5m`.
fn from_now(text: &str, now: i64) -> Option<i64> {
    let rest = text.trim().strip_prefix("now")?.trim_start();
    if rest.is_empty() {
        return Some(now);
    }
    let (sign, length) = rest.split_at_checked(1)?;
    let length: jiff::SignedDuration = length.trim().parse().ok()?;
    match sign {
        "+" => now.checked_add(length.as_secs()),
        "-" => now.checked_sub(length.as_secs()),
        _ => None,
    }
}

/// The decoded value of a parameter of a URL's query.
fn query(url: &str, name: &str) -> Option<String> {
    let url = tollgate::engine::Url::parse(url).ok()?;
    let value = url.query_values(name).next()?;
    Some(value.to_utf8().into_owned())
}
