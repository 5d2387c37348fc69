//! The checks that every policy on tokens shares, each on its own.

use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::signature::Verifier;
use jsonwebtoken::{Algorithm, DecodingKey};

use super::claims::{Claims, Requirement};
use super::keys::{Key, KeyIdentity};
use super::rejection::{Rejection, Shown};
use super::token::{Token, TokenAlgorithm};

/// Finds the key that signed the token. A key that has an id is tried only when the token names it or names none.
pub(crate) fn signature<'k>(
    token: &Token<'_>,
    keys: impl Iterator<Item = &'k Key>,
) -> Result<KeyIdentity, Rejection> {
    let algorithm = match &token.algorithm {
        TokenAlgorithm::Known(algorithm) => *algorithm,
        TokenAlgorithm::None => return Err(Rejection::Unsigned),
        TokenAlgorithm::Unknown(name) => {
            return Err(Rejection::UnknownAlgorithm(Shown::new(name)));
        }
    };
    let kid = token.kid.as_deref();
    let mut rejection = Rejection::KeyNotFound(Shown::list(kid.into_iter()));
    for key in keys.filter(|key| fits(key, kid)) {
        if !key.allows(algorithm) {
            if !matches!(rejection, Rejection::SignatureInvalid) {
                rejection = Rejection::AlgorithmNotAllowed(Shown::new(&format!("{algorithm:?}")));
            }
        } else if is_signed_by(token, algorithm, key.decoding()) {
            return Ok(key.identity());
        } else {
            rejection = Rejection::SignatureInvalid;
        }
    }
    Err(rejection)
}

/// When a token is valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// How many seconds the clocks of issuer and gateway may differ.
    pub(crate) skew: u32,
    /// Whether a token must have an end.
    pub(crate) require_expiration: bool,
}

impl Lifetime {
    /// Checks `exp` and `nbf`. A token is no longer valid at its `exp` (RFC 7519, 4.1.4).
    pub(crate) fn check(self, claims: &Claims) -> Result<(), Rejection> {
        let Self { now, skew, .. } = self;
        let date = |name| claims.seconds(name).map_err(|_| Rejection::NotADate(name));
        match date("exp")? {
            Some(expiration) if expiration.saturating_add(skew.into()) <= now => {
                return Err(Rejection::Expired { expiration, now });
            }
            None if self.require_expiration => return Err(Rejection::NoExpiration),
            _ => {}
        }
        match date("nbf")? {
            Some(not_before) if not_before.saturating_sub(skew.into()) > now => {
                Err(Rejection::NotYetValid { not_before, now })
            }
            _ => Ok(()),
        }
    }
}

/// Checks that `iss` is one of the accepted issuers.
pub(crate) fn issuer<T: AsRef<str>>(
    claims: &Claims,
    mut accepted: impl Iterator<Item = T>,
) -> Result<(), Rejection> {
    // An array is no issuer, even one that has the right text in it.
    let issuer = claims.0.get("iss").and_then(serde_json::Value::as_str);
    match issuer {
        Some(issuer) if accepted.any(|one| one.as_ref() == issuer) => Ok(()),
        _ => Err(Rejection::IssuerNotAllowed(Shown::list(
            claims.texts("iss"),
        ))),
    }
}

/// Checks that one of the token's audiences is accepted.
pub(crate) fn audience<T: AsRef<str>>(claims: &Claims, accepted: &[T]) -> Result<(), Rejection> {
    let is_accepted = |audience: &str| accepted.iter().any(|one| one.as_ref() == audience);
    if claims.texts("aud").any(|audience| is_accepted(&audience)) {
        return Ok(());
    }
    Err(Rejection::AudienceNotAllowed(Shown::list(
        claims.texts("aud"),
    )))
}

/// Checks the required claims; those that are missing are named all together.
pub(crate) fn required_claims<T: AsRef<str>>(
    claims: &Claims,
    required: &[Requirement<'_, T>],
) -> Result<(), Rejection> {
    let Some(first) = required.iter().find(|required| !claims.satisfy(required)) else {
        return Ok(());
    };
    let missing = required
        .iter()
        .filter(|required| !claims.has(required.name));
    let missing: Vec<&str> = missing.map(|required| required.name).collect();
    Err(match missing.is_empty() {
        false => Rejection::ClaimsMissing(missing.join(", ")),
        true => Rejection::ClaimValue {
            name: first.name.to_owned(),
            value: Shown::list(claims.texts(first.name)),
        },
    })
}

fn fits(key: &Key, kid: Option<&str>) -> bool {
    match (kid, key.id.as_deref()) {
        (Some(kid), Some(id)) => kid == id,
        _ => true,
    }
}

fn is_signed_by(token: &Token<'_>, algorithm: Algorithm, key: &DecodingKey) -> bool {
    // This provider by name: the process-wide one panics when another crate turns on a second one.
    let verifier = (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, key);
    verifier.is_ok_and(|verifier| {
        let message = token.message.as_bytes();
        verifier.verify(message, &token.signature).is_ok()
    })
}
