//! The compact form of a token (RFC 7515, RFC 7519): taken apart, not judged.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::claims::Claims;

/// The longest token that is read, in bytes.
pub(crate) const MAX_TOKEN_LENGTH: usize = 64 << 10;

/// A token's decoded parts. Nothing of it may be believed before its signature was checked.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    pub(crate) algorithm: TokenAlgorithm,
    /// `kid` of the header: which key signed it, says the token.
    pub(crate) kid: Option<Box<str>>,
    pub(crate) claims: Claims,
    /// What was signed: header and payload as they came.
    pub(crate) message: &'t str,
    pub(crate) signature: Vec<u8>,
}

/// `alg` of the header.
#[derive(Debug, PartialEq)]
pub(crate) enum TokenAlgorithm {
    /// `none`: the token is not signed.
    None,
    Known(Algorithm),
    Unknown(Box<str>),
}

/// Why a text is not a token.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum MalformedToken {
    #[error("JWT is longer than {MAX_TOKEN_LENGTH} bytes.")]
    TooLong,
    #[error("JWT has characters that no token has.")]
    Characters,
    #[error("JWT must have three segments.")]
    Segments,
    #[error("JWT is encrypted (JWE), and there is no key to decrypt it with.")]
    Encrypted,
    #[error("JWT is compressed, which is not supported.")]
    Compressed,
    #[error("JWT {0} is not valid base64url.")]
    Base64(&'static str),
    #[error("JWT {0} is not a valid JSON object.")]
    Json(&'static str),
    #[error("JWT header has critical extensions, which are not supported.")]
    Critical,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

impl<'t> Token<'t> {
    /// Takes a compact token apart. Time and memory are linear in its length, which is bounded.
    pub(crate) fn parse(text: &'t str) -> Result<Self, MalformedToken> {
        if text.len() > MAX_TOKEN_LENGTH {
            return Err(MalformedToken::TooLong);
        }
        if text.bytes().filter(|byte| *byte == b'.').count() == 4 {
            return Err(MalformedToken::Encrypted);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(MalformedToken::Segments)?;
        let (header, payload) = message.split_once('.').ok_or(MalformedToken::Segments)?;
        if payload.contains('.') {
            return Err(MalformedToken::Segments);
        }
        let header: Header = json("header", header)?;
        if header.crit.is_some() {
            return Err(MalformedToken::Critical);
        }
        let claims = Claims(json("payload", payload)?);
        let signature = decode("signature", signature)?;
        let algorithm = match Algorithm::from_str(&header.alg) {
            Ok(known) => TokenAlgorithm::Known(known),
            // Exactly this spelling: every other one is an algorithm nobody knows.
            Err(_) if header.alg == "none" => TokenAlgorithm::None,
            Err(_) => TokenAlgorithm::Unknown(header.alg.into()),
        };
        Ok(Self {
            algorithm,
            kid: header.kid.map(Into::into),
            claims,
            message,
            signature,
        })
    }
}

pub(super) fn json<T: for<'de> Deserialize<'de>>(
    part: &'static str,
    segment: &str,
) -> Result<T, MalformedToken> {
    let bytes = decode(part, segment)?;
    // Serde also reads a structure from an array of its members.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(MalformedToken::Json(part));
    }
    serde_json::from_slice(&bytes).map_err(|_| MalformedToken::Json(part))
}

pub(super) fn decode(part: &'static str, segment: &str) -> Result<Vec<u8>, MalformedToken> {
    URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| MalformedToken::Base64(part))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn compact(header: &str, payload: &str) -> String {
        format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        )
    }

    #[test]
    fn takes_a_token_apart() {
        let text = compact(r#"{"alg":"RS256","kid":"k1"}"#, r#"{"iss":"me"}"#);
        let token = Token::parse(&text).unwrap();
        assert_eq!(token.algorithm, TokenAlgorithm::Known(Algorithm::RS256));
        assert_eq!(token.kid.as_deref(), Some("k1"));
        assert_eq!(token.signature, b"sig");
        assert_eq!(token.message, text.strip_suffix(".c2ln").unwrap());
        assert_eq!(token.claims.texts("iss").next().as_deref(), Some("me"));
    }

    #[test]
    fn refuses_what_is_not_a_token() {
        use MalformedToken::{Base64, Critical, Encrypted, Json, Segments, TooLong};
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        let cases = [
            (String::new(), Segments),
            ("abc".into(), Segments),
            ("a.b".into(), Segments),
            ("a.b.c.d".into(), Segments),
            ("a.b.c.d.e".into(), Encrypted),
            ("a.b.c.d.e.f".into(), Segments),
            ("!.e30.c2ln".into(), Base64("header")),
            ("e30=.e30.c2ln".into(), Base64("header")),
            ("bm8.e30.c2ln".into(), Json("header")),
            ("e30.e30.c2ln".into(), Json("header")),
            (compact(r#"{"alg":1}"#, "{}"), Json("header")),
            (compact(r#"["none",null]"#, "{}"), Json("header")),
            (
                compact(r#"{"alg":"RS256","alg":"none"}"#, "{}"),
                Json("header"),
            ),
            (compact(r#"{"alg":"RS256"}"#, "no"), Json("payload")),
            (compact(r#"{"alg":"RS256"}"#, "[1]"), Json("payload")),
            (compact(r#"{"alg":"RS256"}"#, &deep), Json("payload")),
            (
                format!("{}!", compact(r#"{"alg":"RS256"}"#, "{}")),
                Base64("signature"),
            ),
            (compact(r#"{"alg":"RS256","crit":["b64"]}"#, "{}"), Critical),
            ("a".repeat(1 << 20), TooLong),
        ];
        for (text, expected) in cases {
            assert_eq!(Token::parse(&text).unwrap_err(), expected, "{text:.60}");
        }
    }

    #[test]
    fn knows_none_by_its_exact_name_only() {
        let algorithm = |alg: &str| {
            let text = compact(&format!(r#"{{"alg":"{alg}"}}"#), "{}");
            Token::parse(&text).unwrap().algorithm
        };
        assert_eq!(algorithm("none"), TokenAlgorithm::None);
        assert_eq!(algorithm("None"), TokenAlgorithm::Unknown("None".into()));
        assert_eq!(algorithm("rs256"), TokenAlgorithm::Unknown("rs256".into()));
    }

    proptest! {
        #[test]
        fn never_panics(text in r"\PC{0,200}") {
            let _ = Token::parse(&text);
        }

        #[test]
        fn never_panics_on_three_parts(header in r"\PC{0,60}", payload in r"\PC{0,60}", tail in r"[\w.=-]{0,20}") {
            let _ = Token::parse(&format!("{}{tail}", compact(&header, &payload)));
        }
    }
}
