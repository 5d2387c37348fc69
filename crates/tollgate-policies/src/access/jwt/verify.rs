//! The checks that every policy on tokens shares, each on its own.

use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, DecodingKey};

use super::claims::Claims;
use super::keys::{Key, KeyIdentity};
use super::rejection::{Rejection, Shown};
use super::token::{Token, TokenAlgorithm};

/// Finds the key that signed the token. A key that has an id is tried only when the token names it or names none.
///
/// When the token names a key that is not there and no other fits, that is [`Rejection::KeyNotFound`].
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
    let (mut found, mut tried) = (false, false);
    for key in keys.filter(|key| key.fits(kid)) {
        found |= kid.is_none() || key.id.is_some();
        if key.allows(algorithm) {
            tried = true;
            if is_signed_by(token, algorithm, key.decoding()) {
                return Ok(key.identity());
            }
        }
    }
    Err(match (found, tried) {
        (false, _) => Rejection::KeyNotFound(Shown::list(kid.into_iter())),
        (true, false) => Rejection::AlgorithmNotAllowed(Shown::new(&format!("{algorithm:?}"))),
        (true, true) => Rejection::SignatureInvalid,
    })
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

/// Checks that `iss` is an accepted issuer.
pub(crate) fn issuer(
    claims: &Claims,
    mut accepts: impl FnMut(&str) -> bool,
) -> Result<(), Rejection> {
    // An array is no issuer, even one that has the right text in it.
    let issuer = claims.0.get("iss").and_then(serde_json::Value::as_str);
    match issuer {
        Some(issuer) if accepts(issuer) => Ok(()),
        _ => Err(Rejection::IssuerNotAllowed(Shown::list(
            claims.texts("iss"),
        ))),
    }
}

/// Checks that one of the token's audiences is accepted.
pub(crate) fn audience(
    claims: &Claims,
    mut accepts: impl FnMut(&str) -> bool,
) -> Result<(), Rejection> {
    match claims.texts("aud").any(|audience| accepts(&audience)) {
        true => Ok(()),
        false => Err(Rejection::AudienceNotAllowed(Shown::list(
            claims.texts("aud"),
        ))),
    }
}

/// Why a token whose claim `failed` does not satisfy is refused: if any of the required ones are missing, all of these
/// are named together.
pub(crate) fn claims_rejection<'a>(
    claims: &Claims,
    required: impl Iterator<Item = &'a str>,
    failed: &str,
) -> Rejection {
    let missing: Vec<&str> = required.filter(|name| !claims.has(name)).collect();
    match missing.is_empty() {
        false => Rejection::ClaimsMissing(missing.join(", ")),
        true => Rejection::ClaimValue {
            name: failed.to_owned(),
            value: Shown::list(claims.texts(failed)),
        },
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
