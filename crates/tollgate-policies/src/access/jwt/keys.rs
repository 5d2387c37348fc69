//! Keys that sign tokens: from the policy document, or from a JSON Web Key Set (RFC 7517).

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// How many keys of one set are used; the rest is ignored, as each may cost a signature check.
const MAX_KEYS: usize = 100;
/// The shortest secret, in bytes: what the service's own library demands (128 bits).
const MIN_SECRET: usize = 16;

/// A key that checks signatures.
#[derive(Debug)]
pub(crate) struct Key {
    /// Matched to the token's `kid`.
    pub(crate) id: Option<Box<str>>,
    kind: Kind,
    /// The one algorithm that the key itself names.
    only: Option<Algorithm>,
    decoding: DecodingKey,
    identity: KeyIdentity,
}

/// What tells one key from another: a digest of what it is made of and of the algorithms it is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyIdentity([u8; 16]);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Secret,
    Rsa,
    P256,
    P384,
}

/// Why something is not a key.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum KeyError {
    #[error("the secret is not valid Base64")]
    NotBase64,
    #[error("the secret is shorter than {MIN_SECRET} bytes")]
    ShortSecret,
    #[error("`{0}` is not valid base64url")]
    NotBase64Url(&'static str),
    #[error("the RSA modulus `n` must have 2048 to 8192 bits")]
    RsaSize,
    #[error("the exponent `e` must be an odd number of at most 8 bytes")]
    RsaExponent,
    #[error("a point of this curve has another size")]
    Point,
    #[error("this kind of key is not supported")]
    Unsupported,
    #[error("it is not a key for checking signatures")]
    NotForSignatures,
}

impl Key {
    /// A symmetric key from its Base64 text.
    pub(crate) fn secret(text: &str, id: Option<&str>) -> Result<Self, KeyError> {
        let secret = STANDARD.decode(text).map_err(|_| KeyError::NotBase64)?;
        Self::from_secret(&secret, id, None)
    }

    /// An RSA public key from modulus and exponent, base64url.
    pub(crate) fn rsa(n: &str, e: &str, id: Option<&str>) -> Result<Self, KeyError> {
        Self::from_rsa(n, e, id, None)
    }

    /// The public key of a certificate.
    pub(crate) fn certificate(der: &[u8], id: Option<&str>) -> Result<Self, KeyError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| KeyError::Unsupported)?;
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match certificate.public_key().parsed() {
            Ok(PublicKey::RSA(rsa)) => {
                Self::from_rsa(&encode(rsa.modulus), &encode(rsa.exponent), id, None)
            }
            Ok(PublicKey::EC(point)) => {
                let (curve, size) = match point.key_size() {
                    256 => (EllipticCurve::P256, 32),
                    384 => (EllipticCurve::P384, 48),
                    _ => return Err(KeyError::Unsupported),
                };
                // 4 means that both coordinates follow.
                let (x, y) = (point.data().strip_prefix(&[4]))
                    .and_then(|both| both.split_at_checked(size))
                    .ok_or(KeyError::Point)?;
                Self::from_point(&curve, &encode(x), &encode(y), id, None)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// Whether the key may check signatures of this algorithm: its type decides, never the token.
    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{
            ES256, ES384, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512,
        };
        let by_type: &[Algorithm] = match self.kind {
            Kind::Secret => &[HS256, HS384, HS512],
            Kind::Rsa => &[RS256, RS384, RS512, PS256, PS384, PS512],
            Kind::P256 => &[ES256],
            Kind::P384 => &[ES384],
        };
        by_type.contains(&algorithm) && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether the key may have signed a token that names this one: when both have a name, it must be the same.
    pub(crate) fn fits(&self, kid: Option<&str>) -> bool {
        match (kid, self.id.as_deref()) {
            (Some(kid), Some(id)) => kid == id,
            _ => true,
        }
    }

    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    pub(crate) fn identity(&self) -> KeyIdentity {
        self.identity
    }

    fn from_secret(
        secret: &[u8],
        id: Option<&str>,
        only: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET {
            return Err(KeyError::ShortSecret);
        }
        let decoding = DecodingKey::from_secret(secret);
        Ok(Self::new(Kind::Secret, decoding, id, only, &[secret]))
    }

    fn from_rsa(
        n: &str,
        e: &str,
        id: Option<&str>,
        only: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        let n = base64url("n", n)?;
        let e = base64url("e", e)?;
        let n = strip_zeros(&n);
        let e = strip_zeros(&e);
        if !(256..=1024).contains(&n.len()) {
            return Err(KeyError::RsaSize);
        }
        if e.len() > 8 || e.last().is_none_or(|byte| byte % 2 == 0) || e == [1] {
            return Err(KeyError::RsaExponent);
        }
        let decoding = DecodingKey::from_rsa_raw_components(n, e);
        Ok(Self::new(Kind::Rsa, decoding, id, only, &[n, e]))
    }

    fn from_point(
        curve: &EllipticCurve,
        x: &str,
        y: &str,
        id: Option<&str>,
        only: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        let (kind, size) = match curve {
            EllipticCurve::P256 => (Kind::P256, 32),
            EllipticCurve::P384 => (Kind::P384, 48),
            _ => return Err(KeyError::Unsupported),
        };
        let decoding =
            DecodingKey::from_ec_components(x, y).map_err(|_| KeyError::NotBase64Url("x or y"))?;
        let x = base64url("x", x)?;
        let y = base64url("y", y)?;
        if x.len() != size || y.len() != size {
            return Err(KeyError::Point);
        }
        Ok(Self::new(kind, decoding, id, only, &[&x, &y]))
    }

    fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let only = signature_algorithm(&jwk.common)?;
        let id = jwk.common.key_id.as_deref();
        match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => Self::from_rsa(&rsa.n, &rsa.e, id, only),
            AlgorithmParameters::EllipticCurve(ec) => {
                Self::from_point(&ec.curve, &ec.x, &ec.y, id, only)
            }
            AlgorithmParameters::OctetKey(oct) => {
                Self::from_secret(&base64url("k", &oct.value)?, id, only)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    fn new(
        kind: Kind,
        decoding: DecodingKey,
        id: Option<&str>,
        only: Option<Algorithm>,
        material: &[&[u8]],
    ) -> Self {
        Self {
            id: id.map(Into::into),
            kind,
            only,
            decoding,
            identity: KeyIdentity::new(kind, only, material),
        }
    }
}

impl KeyIdentity {
    fn new(kind: Kind, only: Option<Algorithm>, material: &[&[u8]]) -> Self {
        let mut digest = digest::Context::new(&digest::SHA256);
        digest.update(format!("{kind:?} {only:?}").as_bytes());
        for part in material {
            digest.update(&part.len().to_be_bytes());
            digest.update(part);
        }
        let digest = digest.finish();
        // A SHA-256 digest has 32 bytes.
        Self(digest.as_ref().first_chunk().copied().unwrap_or_default())
    }
}

/// A JSON Web Key Set, each key as it came: one of an unknown kind must not cost the others.
#[derive(Debug, Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<Value>,
}

/// The keys that check signatures; those of the set that do not, or that nobody here understands, are left out.
pub(crate) fn key_set(set: KeySet) -> Vec<Key> {
    let keys = set
        .keys
        .into_iter()
        .filter_map(|key| Key::from_jwk(&serde_json::from_value(key).ok()?).ok());
    keys.take(MAX_KEYS).collect()
}

/// The algorithm the key names, if it names one. Fails when the key is for something other than checking signatures.
fn signature_algorithm(common: &CommonParameters) -> Result<Option<Algorithm>, KeyError> {
    let other_use =
        matches!(&common.public_key_use, Some(other) if *other != PublicKeyUse::Signature);
    let other_operations = matches!(&common.key_operations, Some(operations) if !operations.contains(&KeyOperations::Verify));
    if other_use || other_operations {
        return Err(KeyError::NotForSignatures);
    }
    match common.key_algorithm {
        None => Ok(None),
        Some(algorithm) => match Algorithm::try_from(algorithm) {
            Ok(algorithm) => Ok(Some(algorithm)),
            Err(_) => Err(KeyError::NotForSignatures),
        },
    }
}

fn base64url(name: &'static str, text: &str) -> Result<Vec<u8>, KeyError> {
    // Padding is against the standard, but found in the wild.
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| KeyError::NotBase64Url(name))
}

fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_no_key() {
        let modulus = URL_SAFE_NO_PAD.encode([0xC3; 256]);
        let padded = URL_SAFE_NO_PAD.encode([[0; 256], [0xC3; 256]].concat());
        let short = URL_SAFE_NO_PAD.encode([0xC3; 255]);
        let long = URL_SAFE_NO_PAD.encode([0xC3; 1025]);
        let rsa = |n: &str, e: &str| Key::rsa(n, e, None).map(|key| key.identity());
        let good = rsa(&modulus, "AQAB").unwrap();
        assert_eq!(rsa(&padded, "AAEAAQ=="), Ok(good));
        assert_eq!(rsa(&short, "AQAB"), Err(KeyError::RsaSize));
        assert_eq!(rsa(&long, "AQAB"), Err(KeyError::RsaSize));
        assert_eq!(rsa("+/", "AQAB"), Err(KeyError::NotBase64Url("n")));
        for exponent in ["", "AA", "AQ", "BA", "____________"] {
            assert_eq!(
                rsa(&modulus, exponent),
                Err(KeyError::RsaExponent),
                "{exponent}"
            );
        }
        let secret = |text| Key::secret(text, None).map(|_| ());
        assert_eq!(secret("MDEyMzQ1Njc4OWFiY2RlZg=="), Ok(()));
        assert_eq!(secret("MDEyMzQ1Njc4OWFiY2Rl"), Err(KeyError::ShortSecret));
        assert_eq!(secret("MDEyMzQ1Njc4OWFiY2RlZg"), Err(KeyError::NotBase64));
    }

    #[test]
    fn keys_of_other_kinds_and_uses_are_other_keys() {
        let bytes = [0xC3; 256];
        let secret = Key::secret(&STANDARD.encode(bytes), None).unwrap();
        let rsa = Key::rsa(&URL_SAFE_NO_PAD.encode(bytes), "AQAB", None).unwrap();
        let with_id = Key::secret(&STANDARD.encode(bytes), Some("id")).unwrap();
        let only = Key::from_secret(&bytes, None, Some(Algorithm::HS256)).unwrap();
        assert_ne!(secret.identity(), rsa.identity());
        assert_ne!(secret.identity(), only.identity());
        assert_eq!(secret.identity(), with_id.identity());
        assert!(only.allows(Algorithm::HS256) && !only.allows(Algorithm::HS512));
    }

    #[test]
    fn the_type_decides_the_algorithm() {
        let secret = Key::secret("MDEyMzQ1Njc4OWFiY2RlZg==", None).unwrap();
        let rsa = Key::rsa(&URL_SAFE_NO_PAD.encode([0xC3; 256]), "AQAB", None).unwrap();
        let all = "HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 EdDSA";
        for name in all.split(' ') {
            let algorithm = name.parse().unwrap();
            assert_eq!(secret.allows(algorithm), name.starts_with("HS"), "{name}");
            let is_rsa = name.starts_with("RS") || name.starts_with("PS");
            assert_eq!(rsa.allows(algorithm), is_rsa, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_key_set_is_read(member in r"[\w.=-]{0,12}", text in r"\PC{0,40}", kty in "RSA|EC|oct|OKP|x") {
            let key = serde_json::json!({
                "kty": kty, "crv": "P-256", "n": text, "e": text, "x": text, "y": text, "k": text, member: text,
            });
            let set = KeySet { keys: vec![key] };
            prop_assert!(key_set(set).len() <= 1);
        }
    }
}
