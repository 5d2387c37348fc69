//! Why a token is refused: what `LastError` says of it, and what the client is told.

use std::fmt;

use thiserror::Error;
use tollgate_engine::Failure;

use super::discovery::DiscoveryError;
use super::token::MalformedToken;

/// Why a token is refused. Displays as `LastError.Message`. Source: api-management-error-handling-policies.md.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum Rejection {
    #[error("JWT not present.")]
    NotPresent,
    #[error(transparent)]
    Malformed(#[from] MalformedToken),
    #[error("JWT is present more than once.")]
    Ambiguous,
    #[error("JWT encryption algorithm {0} is not supported.")]
    UnknownEncryption(Shown),
    #[error("JWT cannot be decrypted.")]
    Undecryptable,
    #[error("JWT is not signed. Access denied.")]
    Unsigned,
    #[error("JWT signature algorithm {0} is not supported. Access denied.")]
    UnknownAlgorithm(Shown),
    #[error("JWT signature algorithm {0} is not allowed by the type of the key. Access denied.")]
    AlgorithmNotAllowed(Shown),
    #[error("JWT signature is invalid. Access denied.")]
    SignatureInvalid,
    #[error("JWT signature key {0} was not found. Access denied.")]
    KeyNotFound(Shown),
    #[error("Unable to obtain the keys of the issuer: {0}.")]
    KeysUnavailable(DiscoveryError),
    #[error("JWT has no expiration time.")]
    NoExpiration,
    #[error("JWT claim {0} is not a point in time.")]
    NotADate(&'static str),
    #[error("JWT expired at {expiration}; it is {now} (seconds since 1970). Access denied.")]
    Expired { expiration: i64, now: i64 },
    #[error("JWT is not valid before {not_before}; it is {now} (seconds since 1970).")]
    NotYetValid { not_before: i64, now: i64 },
    #[error("JWT issuer {0} is not allowed. Access denied.")]
    IssuerNotAllowed(Shown),
    #[error("JWT audience {0} is not allowed. Access denied.")]
    AudienceNotAllowed(Shown),
    #[error("JWT token is missing the following claims: {0}. Access denied.")]
    ClaimsMissing(String),
    #[error("Claim {name} value of {value} is not allowed. Access denied.")]
    ClaimValue { name: String, value: Shown },
}

/// Why the request does not pass.
pub(crate) enum Refusal {
    /// The token is no good.
    Rejected(Rejection),
    /// The policy itself failed: an expression threw.
    Failed(Failure),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Rejection {
    /// What `LastError.Reason` says.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NotPresent => "TokenNotPresent",
            Self::Unsigned
            | Self::UnknownAlgorithm(_)
            | Self::AlgorithmNotAllowed(_)
            | Self::SignatureInvalid => "TokenSignatureInvalid",
            Self::KeyNotFound(_) => "TokenSignatureKeyNotFound",
            Self::Expired { .. } => "TokenExpired",
            Self::IssuerNotAllowed(_) => "TokenIssuerNotAllowed",
            Self::AudienceNotAllowed(_) => "TokenAudienceNotAllowed",
            Self::ClaimsMissing(_) => "TokenClaimNotFound",
            Self::ClaimValue { .. } => "TokenClaimValueNotAllowed",
            Self::Malformed(_)
            | Self::Ambiguous
            | Self::UnknownEncryption(_)
            | Self::Undecryptable
            | Self::KeysUnavailable(_)
            | Self::NoExpiration
            | Self::NotADate(_)
            | Self::NotYetValid { .. } => "JwtInvalid",
        }
    }

    /// Whether newer keys might let the token pass.
    pub(crate) fn asks_for_keys(&self) -> bool {
        matches!(self, Self::KeyNotFound(_) | Self::KeysUnavailable(_))
    }

    /// The rejection that says why a key is missing, if an error is the reason.
    pub(crate) fn because_of(self, error: Option<&DiscoveryError>) -> Self {
        match (self, error) {
            (Self::KeyNotFound(_), Some(error)) => Self::KeysUnavailable(error.clone()),
            (rejection, _) => rejection,
        }
    }

    /// What the client is told, unless the policy says something else: nothing that helps to forge a token.
    pub(crate) fn client_message(&self) -> &'static str {
        match self {
            Self::NotPresent => "JWT not present.",
            _ => "Invalid JWT.",
        }
    }
}

/// Text of the token in a message: at most [`Shown::LENGTH`] characters of it, none of them a control character.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown(String);

impl Shown {
    const LENGTH: usize = 200;

    pub(crate) fn new(text: &str) -> Self {
        let printable = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
        let mut shown: String = text.chars().take(Self::LENGTH).map(printable).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self(shown)
    }

    /// Several texts, with commas between them; `(none)` for no text at all.
    pub(crate) fn list<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> Self {
        let mut joined = String::new();
        for text in texts {
            if joined.len() > Self::LENGTH {
                break;
            }
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(text.as_ref());
        }
        match joined.is_empty() {
            true => Self("(none)".into()),
            false => Self::new(&joined),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_reference_says() {
        let cases = [
            (Rejection::NotPresent, "TokenNotPresent", "JWT not present."),
            (
                Rejection::ClaimsMissing("aud, scp".into()),
                "TokenClaimNotFound",
                "JWT token is missing the following claims: aud, scp. Access denied.",
            ),
            (
                Rejection::ClaimValue {
                    name: "aud".into(),
                    value: Shown::list(["x", "y"].iter()),
                },
                "TokenClaimValueNotAllowed",
                "Claim aud value of x,y is not allowed. Access denied.",
            ),
        ];
        for (rejection, reason, message) in cases {
            assert_eq!(rejection.reason(), reason);
            assert_eq!(rejection.to_string(), message);
        }
    }

    #[test]
    fn shows_hostile_text_in_part_and_without_line_breaks() {
        let shown = Shown::new(&"a\r\nb".repeat(100_000)).to_string();
        assert_eq!(shown.chars().count(), Shown::LENGTH + 1);
        assert!(!shown.contains(['\r', '\n']));
        assert_eq!(
            Shown::list(std::iter::empty::<&str>()).to_string(),
            "(none)"
        );
    }
}
