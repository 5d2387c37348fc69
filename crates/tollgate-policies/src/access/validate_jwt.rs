//! `validate-jwt`: lets only requests with a valid token pass.
//!
//! ```xml
//! <validate-jwt header-name="Authorization" failed-validation-httpcode="401" require-scheme="Bearer">
//!     <openid-config url="https://login.microsoftonline.com/{{tenant}}/v2.0/.well-known/openid-configuration" />
//!     <audiences><audience>api://orders</audience></audiences>
//!     <required-claims>
//!         <claim name="scp" match="any" separator=" "><value>orders.read</value></claim>
//!     </required-claims>
//! </validate-jwt>
//! ```
//!
//! A token is checked in this order, and the first failure is what `LastError` tells of: form, signature, lifetime,
//! issuer, audience, required claims. Refused: `failed-validation-httpcode` with
//! `{ "statusCode": …, "message": "…" }`; the message is `JWT not present.` or `Invalid JWT.` unless the policy has one.
//!
//! Keys and issuers of all `openid-config` count together, and with those of the document. They are fetched when a
//! token first needs them, kept for an hour (beyond it while the issuer is away), and fetched again for an unknown
//! `kid` or after a failure at most every five minutes. A key's type decides which algorithms it checks: RSA `RS*` and
//! `PS*`, EC P-256 `ES256`, P-384 `ES384`, secrets `HS*`. A signature is checked once for each token and key, and then
//! remembered; the other checks are made each time. Tokens are at most 64 KiB long.
//!
//! Where the reference says nothing:
//!
//! - `require-signed-tokens="false"` also accepts tokens of `alg` `none` with an empty signature; the signature of every
//!   other token is checked as always.
//! - A missing `exp` and a token that is not yet valid have the reason `JwtInvalid`; only an expired one `TokenExpired`.
//! - A token without the required scheme counts as not present. A header or parameter that is there twice is refused.
//! - The issuer of an endpoint for many tenants, which has `{tenantid}` in it, accepts nobody: list the issuers.
//! - When a configuration cannot be fetched and no other key fits, the reason is `JwtInvalid` and the message says why.
//! - Redirects to a configuration or its keys are followed three times, never from https to http.
//! - Keys in the document are literals. `certificate-id` names a certificate of the catalog: its public key checks
//!   signatures (RSA, EC), its private RSA key decrypts.
//! - Encrypted tokens (JWE) must have a signed token in them, which then is the token. Keys: `dir`, `A128KW`, `A256KW`
//!   (secrets), `RSA-OAEP`, `RSA-OAEP-256` (certificates). Content: `A128GCM` to `A256GCM`, `A128CBC-HS256` to
//!   `A256CBC-HS512`. Refused: `RSA1_5`, which cannot be refused without telling too much, and compressed tokens.
//!
//! Source: validate-jwt-policy.md.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use smallvec::SmallVec;
use tollgate_dotnet::{Str, Value};
use tollgate_engine::policy::BoxFuture;
use tollgate_engine::ports::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Jwt, Policy, PolicyKind, Reads,
    Scopes, Sections, Setting, Url, ValidatedToken, VariableName, element, optional, required,
};
use tollgate_syntax::Diagnostic;

use super::jwt::claims::{Claims, Requirement};
use super::jwt::entra::Entra;
use super::jwt::jwe::{self, DecryptionKey};
use super::jwt::key_sets::{KeySets, KeySource, Known, Need};
use super::jwt::keys::{Key, KeyIdentity};
use super::jwt::location::{Location, utf8};
use super::jwt::rejection::{Refusal, Rejection};
use super::jwt::remembered::Remembered;
use super::jwt::token::{Token, TokenAlgorithm};
use super::jwt::verify::{self, Lifetime};

/// `validate-jwt`.
pub(crate) const KIND: PolicyKind = PolicyKind {
    name: "validate-jwt",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("header-name").about("The header that holds the token."),
        optional("query-parameter-name").about("The query parameter that holds the token."),
        optional("token-value").about("The token itself, without a scheme."),
        optional("failed-validation-httpcode").about("The status code on failure; 401."),
        optional("failed-validation-error-message").about("The message on failure."),
        optional("require-expiration-time").about("Whether `exp` must be there; true."),
        optional("require-scheme").about("The scheme that `Authorization` must name."),
        optional("require-signed-tokens").about("Whether tokens must be signed; true."),
        optional("clock-skew").about("Seconds by which clocks may differ; 0."),
        optional("output-token-variable-name")
            .literal()
            .about("The variable that takes the token as a `Jwt`."),
    ],
    children: Children::Elements(&[
        element("openid-config")
            .many()
            .attributes(&[required("url").about("The URL of an issuer's OpenID configuration.")]),
        element("issuer-signing-keys").children(Children::Elements(&[element("key")
            .required()
            .many()
            .attributes(&[
                optional("id")
                    .literal()
                    .about("Matched to the token's `kid`."),
                optional("certificate-id")
                    .literal()
                    .about("A certificate of the catalog."),
                optional("n").literal().about("An RSA modulus, base64url."),
                optional("e").literal().about("An RSA exponent, base64url."),
            ])
            .children(Children::Text)])),
        element("decryption-keys").children(Children::Elements(&[element("key")
            .required()
            .many()
            .attributes(&[
                optional("id")
                    .literal()
                    .about("Matched to the token's `kid`."),
                optional("certificate-id")
                    .literal()
                    .about("A certificate of the catalog, with its private key."),
            ])
            .children(Children::Text)])),
        element("audiences").children(Children::Elements(&[element("audience")
            .required()
            .many()
            .children(Children::Text)])),
        element("issuers").children(Children::Elements(&[element("issuer")
            .required()
            .many()
            .children(Children::Text)])),
        element("required-claims").children(CLAIMS),
    ]),
    load,
};

/// What may stand in `required-claims`.
pub(super) const CLAIMS: Children = Children::Elements(&[element("claim")
    .required()
    .many()
    .attributes(&[
        required("name").literal().about("The claim's name."),
        optional("match")
            .literal()
            .about("`all` (default) or `any` of the values."),
        optional("separator")
            .literal()
            .about("Splits a claim that is one text."),
    ])
    .children(Children::Elements(&[element("value")
        .many()
        .children(Children::Text)]))]);

fn load(e: &mut ElementReader<'_>) -> Result<Box<dyn Policy>, Invalid> {
    let location = Location::load(e);
    let scheme = e.optional_setting("require-scheme");
    let status = e.optional_setting("failed-validation-httpcode");
    let message = e.optional_setting("failed-validation-error-message");
    let require_expiration = e.optional_setting("require-expiration-time");
    let require_signed = e.optional_setting("require-signed-tokens");
    let clock_skew = e.optional_setting("clock-skew");
    let output = e.optional_literal("output-token-variable-name");
    let openid_configs = e
        .children_named("openid-config")
        .map(|config| openid_config(&config));
    let openid_configs = openid_configs.collect::<Result<Vec<_>, _>>();
    let keys = listed(e, "issuer-signing-keys", signing_key);
    let decryption_keys = listed(e, "decryption-keys", DecryptionKey::load);
    let audiences = listed(e, "audiences", ElementReader::text_setting);
    let issuers = listed(e, "issuers", ElementReader::text_setting);
    let claims = listed(e, "required-claims", RequiredClaim::load);
    let policy = ValidateJwt {
        location: location?,
        scheme: scheme?,
        status: status?.unwrap_or(Setting::Literal(StatusCode::UNAUTHORIZED)),
        message: message?,
        require_expiration: require_expiration?.unwrap_or(Setting::Literal(true)),
        require_signed: require_signed?.unwrap_or(Setting::Literal(true)),
        clock_skew: clock_skew?.unwrap_or(Setting::Literal(0)),
        output: output?,
        openid_configs: openid_configs?,
        keys: keys?.into_iter().flatten().collect(),
        decryption_keys: decryption_keys?.into_iter().flatten().collect(),
        audiences: audiences?,
        issuers: issuers?,
        claims: claims?,
        entra: None,
    };
    let has_keys = e.child("issuer-signing-keys").is_some() || !policy.openid_configs.is_empty();
    if !has_keys && policy.require_signed.literal() == Some(&true) {
        let message =
            "no token can pass: there are neither `openid-config` nor `issuer-signing-keys`";
        e.report(Diagnostic::warning(
            "no-signing-key",
            e.name_span(),
            message,
        ));
    }
    Ok(Box::new(policy))
}

/// What the elements in the child of this name are read as; nothing if there is none.
pub(super) fn listed<'a, T>(
    e: &ElementReader<'a>,
    name: &str,
    read: impl Fn(&ElementReader<'a>) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    let children = e
        .child(name)
        .map(|list| list.children())
        .unwrap_or_default();
    // All of them are read before the first error counts, so that each has its diagnostic.
    let read: Vec<_> = children.iter().map(read).collect();
    read.into_iter().collect()
}

fn openid_config(e: &ElementReader<'_>) -> Result<Setting<Str>, Invalid> {
    let url: Setting<Str> = e.setting("url")?;
    match url.literal().map(|url| Url::parse(&url.to_utf8())) {
        Some(Err(_)) => {
            let message = "`url` must be an absolute http or https URL";
            Err(e.error("wrong-type", e.attribute_span("url"), message))
        }
        _ => Ok(url),
    }
}

/// `None` when a certificate cannot be known. The messages never show the key: it may be a secret.
fn signing_key(e: &ElementReader<'_>) -> Result<Option<Key>, Invalid> {
    let id: Option<String> = e
        .optional_literal::<Str>("id")?
        .map(|id| id.to_utf8().into());
    if e.has("certificate-id") {
        let Some(certificate) = e.certificate("certificate-id")? else {
            return Ok(None);
        };
        let span = e.attribute_span("certificate-id");
        let message = |error| format!("this certificate has no key for tokens: {error}");
        return Key::certificate(certificate.leaf(), id.as_deref())
            .map(Some)
            .map_err(|error| e.error("wrong-value", span, message(error)));
    }
    let (key, span) = match e.has("n") || e.has("e") {
        true => {
            let (n, exponent) = (e.literal::<Str>("n"), e.literal::<Str>("e"));
            let key = Key::rsa(&n?.to_utf8(), &exponent?.to_utf8(), id.as_deref());
            (key, e.attribute_span("n"))
        }
        false => match e.text_setting::<Str>()? {
            Setting::Literal(secret) => {
                (Key::secret(&secret.to_utf8(), id.as_deref()), e.text_span())
            }
            Setting::Program(_) => {
                let message = "a key cannot be an expression";
                return Err(e.error("expression-not-allowed", e.text_span(), message));
            }
        },
    };
    key.map(Some)
        .map_err(|error| e.error("wrong-value", span, format!("this is no key: {error}")))
}

/// The policy; `validate-azure-ad-token` is one with the rules of Entra ID.
#[derive(Debug)]
pub(super) struct ValidateJwt {
    pub(super) location: Location,
    pub(super) scheme: Option<Setting<Str>>,
    pub(super) status: Setting<StatusCode>,
    pub(super) message: Option<Setting<Str>>,
    pub(super) require_expiration: Setting<bool>,
    pub(super) require_signed: Setting<bool>,
    pub(super) clock_skew: Setting<u32>,
    pub(super) output: Option<VariableName>,
    pub(super) openid_configs: Vec<Setting<Str>>,
    pub(super) keys: Vec<Key>,
    pub(super) decryption_keys: Vec<DecryptionKey>,
    pub(super) audiences: Vec<Setting<Str>>,
    pub(super) issuers: Vec<Setting<Str>>,
    pub(super) claims: Vec<RequiredClaim>,
    pub(super) entra: Option<Entra>,
}

#[derive(Debug)]
pub(super) struct RequiredClaim {
    name: Box<str>,
    all: bool,
    separator: Option<Box<str>>,
    values: Vec<Setting<Str>>,
}

impl RequiredClaim {
    pub(super) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let name = e.literal::<Str>("name");
        let matching = e.optional_literal::<Str>("match");
        let separator = e.verbatim_literal::<Str>("separator");
        let values: Vec<_> = e
            .children()
            .iter()
            .map(ElementReader::text_setting)
            .collect();
        let all = match matching?.unwrap_or(Str::from_static("all")).to_utf8() {
            word if word.eq_ignore_ascii_case("all") => true,
            word if word.eq_ignore_ascii_case("any") => false,
            word => {
                let span = e.attribute_span("match");
                return Err(e.not_one_of(span, "`match`", &word, &["all", "any"]));
            }
        };
        let separator = separator?.filter(|separator| !separator.is_empty());
        Ok(Self {
            name: name?.to_utf8().into(),
            all,
            separator: separator.map(|separator| separator.to_utf8().into()),
            values: values.into_iter().collect::<Result<_, _>>()?,
        })
    }
}

/// A token whose signature was found good.
#[derive(Debug)]
pub(super) struct Verified {
    kid: Option<Box<str>>,
    pub(super) claims: Claims,
    jwt: Option<Arc<Jwt>>,
}

type Sources = SmallVec<[Arc<KeySource>; 2]>;

impl Policy for ValidateJwt {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let outcome = self.validate_at_once(exchange);
        self.conclude(exchange, outcome)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let outcome = self.validate(exchange).await;
            let outcome = outcome.map(|verified| self.publish(exchange, &verified));
            self.conclude(exchange, outcome)
        })
    }

    fn reads(&self) -> Reads {
        let texts = (self.openid_configs.iter())
            .chain(&self.audiences)
            .chain(&self.issuers)
            .chain(self.claims.iter().flat_map(|claim| &claim.values))
            .chain(&self.scheme)
            .chain(&self.message);
        texts
            .map(Setting::reads)
            .chain([self.status.reads(), self.clock_skew.reads()])
            .chain([self.require_expiration.reads(), self.require_signed.reads()])
            .chain(self.entra.as_ref().map(Entra::reads))
            .fold(self.location.reads(), Reads::or)
    }
}

impl ValidateJwt {
    /// Holds the token there to the rules of Entra ID: signed, with an expiration time, by equal clocks.
    pub(super) fn entra(location: Location, entra: Entra) -> Self {
        Self {
            location,
            scheme: None,
            status: Setting::Literal(StatusCode::UNAUTHORIZED),
            message: None,
            require_expiration: Setting::Literal(true),
            require_signed: Setting::Literal(true),
            clock_skew: Setting::Literal(0),
            output: None,
            openid_configs: Vec::new(),
            keys: Vec::new(),
            decryption_keys: Vec::new(),
            audiences: Vec::new(),
            issuers: Vec::new(),
            claims: Vec::new(),
            entra: Some(entra),
        }
    }

    /// Whether it matters for which application a token is.
    pub(super) fn limits_applications(&self) -> bool {
        let listed = |entra: &Entra| !entra.backends.is_empty() || !entra.clients.is_empty();
        !self.audiences.is_empty() || self.entra.as_ref().is_some_and(listed)
    }

    /// The signed token; one that came encrypted is decrypted.
    fn token(&self, exchange: &mut Exchange) -> Result<Str, Refusal> {
        let text = self.location.token(self.scheme.as_ref(), exchange)?;
        let inner = jwe::decrypt(utf8(&text)?, &self.decryption_keys)?;
        Ok(inner.map_or(text, Str::from))
    }

    /// Validates the token with the keys at hand; `Wait` when keys must be fetched first.
    fn validate_at_once(&self, exchange: &mut Exchange) -> Result<Flow, Refusal> {
        let text = self.token(exchange)?;
        let now = exchange.context.ports.clock.now();
        let sources = self.sources(exchange, now)?;
        let at_hand = sources.iter().map(|source| source.peek(now, Need::Any));
        let Some(known) = at_hand.collect::<Option<SmallVec<[Known; 2]>>>() else {
            return Ok(Flow::Wait);
        };
        match self.examine(exchange, &text, &known) {
            Err(Refusal::Rejected(rejection)) if rejection.asks_for_keys() => {
                let may_fetch =
                    |source: &Arc<KeySource>| source.peek(now, Need::UnknownKid).is_none();
                match sources.iter().any(may_fetch) {
                    true => Ok(Flow::Wait),
                    false => Err(rejection.into()),
                }
            }
            outcome => outcome.map(|verified| self.publish(exchange, &verified)),
        }
    }

    /// Validates the token, and fetches what is needed for it.
    pub(super) async fn validate(&self, exchange: &mut Exchange) -> Result<Arc<Verified>, Refusal> {
        let text = self.token(exchange)?;
        // What is no token at all must not make the gateway fetch anything.
        Token::parse(utf8(&text)?).map_err(Rejection::from)?;
        let ports = exchange.context.ports.clone();
        let sources = self.sources(exchange, ports.clock.now())?;
        let fetch = |need| join_all(sources.iter().map(|source| source.get(&ports, need)));
        let known = fetch(Need::Any).await;
        match self.examine(exchange, &text, &known) {
            Err(Refusal::Rejected(rejection)) if rejection.asks_for_keys() => {
                let known = fetch(Need::UnknownKid).await;
                self.examine(exchange, &text, &known)
            }
            outcome => outcome,
        }
    }

    /// Checks everything about the token, its signature only if it is not remembered.
    fn examine(
        &self,
        exchange: &mut Exchange,
        text: &Str,
        known: &[Known],
    ) -> Result<Arc<Verified>, Refusal> {
        let fetched = || known.iter().flatten().flat_map(|issuer| &issuer.keys);
        let keys = || self.keys.iter().chain(fetched());
        let now = unix_seconds(exchange.context.ports.clock.now());
        let remembered = exchange.context.ports.shared.get::<Remembered<Verified>>();

        let accepts = |identity: KeyIdentity, verified: &Verified| {
            let kid = verified.kid.as_deref();
            keys().any(|key| key.identity() == identity && key.fits(kid))
        };
        if let Some(verified) = remembered.get(utf8(text)?, now, accepts) {
            if let Some(jwt) = &verified.jwt {
                exchange.context.keep_jwt(text, jwt);
            }
            self.accept(exchange, &verified.claims, known, now)?;
            return Ok(verified);
        }

        let token = Token::parse(utf8(text)?).map_err(Rejection::from)?;
        let unsigned = token.algorithm == TokenAlgorithm::None && token.signature.is_empty();
        let key = match unsigned && !*self.require_signed.get(exchange)? {
            true => None,
            false => Some(verify::signature(&token, keys()).map_err(|rejection| {
                let error = known.iter().find_map(|known| known.as_ref().err());
                rejection.because_of(error)
            })?),
        };
        let verified = Arc::new(Verified {
            kid: token.kid,
            claims: token.claims,
            jwt: exchange.context.decode_jwt(text),
        });
        if let Some(key) = key {
            let expiration = verified.claims.seconds("exp").ok().flatten();
            remembered.put(
                utf8(text)?,
                key,
                expiration.unwrap_or(i64::MAX),
                now,
                &verified,
            );
        }
        self.accept(exchange, &verified.claims, known, now)?;
        Ok(verified)
    }

    /// Checks what a token claims, its signature being good.
    fn accept(
        &self,
        exchange: &mut Exchange,
        claims: &Claims,
        known: &[Known],
        now: i64,
    ) -> Result<(), Refusal> {
        let lifetime = Lifetime {
            now,
            skew: *self.clock_skew.get(exchange)?,
            require_expiration: *self.require_expiration.get(exchange)?,
        };
        lifetime.check(claims)?;
        let fetched = || known.iter().flatten().map(|issuer| issuer.name.as_str());
        if let Some(entra) = &self.entra {
            entra.check_issuer(exchange, claims, fetched())?;
        } else if !self.issuers.is_empty() || !self.openid_configs.is_empty() {
            let issuers = texts(&self.issuers, exchange)?;
            verify::issuer(claims, |issuer| {
                issuers.iter().any(|one| one == issuer) || fetched().any(|one| one == issuer)
            })?;
        }
        if !self.audiences.is_empty() {
            let audiences = texts(&self.audiences, exchange)?;
            verify::audience(claims, |audience| {
                audiences.iter().any(|one| one == audience)
            })?;
        }
        if let Some(entra) = &self.entra {
            entra.check_applications(exchange, claims)?;
        }
        for claim in &self.claims {
            let requirement = Requirement {
                name: &claim.name,
                all: claim.all,
                separator: claim.separator.as_deref(),
                values: &texts(&claim.values, exchange)?,
            };
            if !claims.satisfy(&requirement) {
                let required = self.claims.iter().map(|claim| &*claim.name);
                return Err(verify::claims_rejection(claims, required, &claim.name).into());
            }
        }
        Ok(())
    }

    /// Tells the rest of the request of a good token.
    fn publish(&self, exchange: &mut Exchange, verified: &Verified) -> Flow {
        if let Some(jwt) = &verified.jwt {
            let token = ValidatedToken(Arc::clone(jwt));
            exchange.context.request.extensions.insert(token);
        }
        if let Some(output) = &self.output {
            let jwt = verified.jwt.clone();
            let jwt = jwt.map_or(Value::Null, |jwt| Value::Object(jwt));
            exchange.context.variables.set(output, jwt);
        }
        exchange.context.trace(|_| {
            let issuer: Vec<_> = verified.claims.texts("iss").collect();
            json!({"message": "JWT validated.", "issuer": issuer})
        });
        Flow::Next
    }

    fn sources(&self, exchange: &mut Exchange, now: i64) -> Result<Sources, Failure> {
        if let Some(entra) = &self.entra {
            let url = entra.metadata(exchange)?;
            let key_sets = exchange.context.ports.shared.get::<KeySets>();
            return Ok(Sources::from_iter([key_sets.source(&url, now)]));
        }
        if self.openid_configs.is_empty() {
            return Ok(Sources::new());
        }
        let urls = texts(&self.openid_configs, exchange)?;
        let key_sets = exchange.context.ports.shared.get::<KeySets>();
        Ok(urls.iter().map(|url| key_sets.source(url, now)).collect())
    }

    /// What the engine is told: a rejected token becomes the failure that the policy's attributes describe.
    fn conclude(
        &self,
        exchange: &mut Exchange,
        outcome: Result<Flow, Refusal>,
    ) -> Result<Flow, Failure> {
        match outcome {
            Ok(flow) => Ok(flow),
            Err(Refusal::Failed(failure)) => Err(failure),
            Err(Refusal::Rejected(rejection)) => {
                let status = self.status.get(exchange)?;
                let message: Cow<'static, str> = match &self.message {
                    Some(message) => message.get(exchange)?.to_utf8().into_owned().into(),
                    None => rejection.client_message().into(),
                };
                let failure = Failure::new(rejection.reason(), rejection.to_string());
                Err(failure.respond(*status, message))
            }
        }
    }
}

/// The values for this request.
fn texts<'a>(
    settings: &'a [Setting<Str>],
    exchange: &mut Exchange,
) -> Result<SmallVec<[Cow<'a, str>; 4]>, Failure> {
    let text = |setting: &'a Setting<Str>| match setting.get(exchange)? {
        Cow::Borrowed(text) => Ok(text.to_utf8()),
        Cow::Owned(text) => Ok(Cow::Owned(text.to_utf8().into_owned())),
    };
    settings.iter().map(text).collect()
}

fn unix_seconds(ticks: i64) -> i64 {
    ticks
        .saturating_sub(UNIX_EPOCH_TICKS)
        .div_euclid(TICKS_PER_SECOND)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod world;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod discovery_tests;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod load_tests;
