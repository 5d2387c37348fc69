//! Offline tests of policies and expressions.
//!
//! A [`Fixture`] is a `context` that somebody wrote down as JSON; [`evaluate`] runs one expression on it, within
//! limits, and gives an [`Outcome`]: a [`Canonical`] value with .NET's name of its type, the compiler's errors, or an
//! exception. [`Case`] reads the lines of a file of cases. The formats are those of `tests/conformance`, described by
//! the JSON Schemas there, so that results can be held against what real C# says line by line.
//!
//! ```
//! use tollgate_testing::{Expression, Fixture, evaluate};
//!
//! let described = serde_json::json!({"variables": {"count": 20}});
//! let fixture = Fixture::from_json(&described)?;
//! let outcome = evaluate(&Expression::parse("@((int)context.Variables[\"count\"] + 1.5m)"), fixture);
//! assert_eq!(
//!     outcome.to_string(),
//!     r#"{"ok":true,"type":"System.Decimal","value":"21.5","string":"21.5"}"#
//! );
//! # Ok::<(), tollgate_testing::FixtureError>(())
//! ```

mod canonical;
mod case;
pub mod coverage;
mod described;
mod evaluate;
mod fixture;
pub mod suite;
mod world;

pub use canonical::Canonical;
pub use case::{Case, CaseContext, CaseError, Contexts};
pub use described::FixtureError;
pub use evaluate::{Expression, Outcome, evaluate};
pub use fixture::{Fixture, guid};
pub use world::{
    Answer, CachedResponse, Call, Counter, Fault, Jwt, Lines, Moment, OneOrMany, PolicyTest, Rule,
    Seen, SendError, SetUpError, Signer, SigningKey, Span, SplitMix, Text, World, Wrong,
    cached_value, event_as_json, is_signed_with,
};
