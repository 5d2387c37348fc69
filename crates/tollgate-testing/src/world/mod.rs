//! A world that is made up: time passes when all wait for it, backends answer what was said, nothing is left to chance.

mod answers;
mod background;
mod cache;
mod counters;
mod events;
mod issuer;
mod message;
mod policy_test;
mod random;
mod seen;
mod time;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

pub use answers::{Answer, Call, Fault, Rule};
pub use cache::{CachedResponse, cached_value};
pub use counters::Counter;
pub use issuer::{Jwt, Signer, SigningKey, is_signed_with};
pub(crate) use message::{Content, headers};
pub use message::{Lines, OneOrMany, Text, Wrong};
pub use policy_test::{PolicyTest, SendError, SetUpError};
pub use random::SplitMix;
pub use seen::Seen;
pub use seen::event_as_json;
pub(crate) use seen::header;
pub use time::{Moment, Span};

/// What is there when a test begins. All of it can be left out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct World {
    /// The time at which the test begins; `2026-01-01T00:00:00Z`, unless given. It passes only while something waits.
    pub clock: Option<Moment>,
    /// Where random numbers begin; the same numbers come in each run.
    pub seed: Option<u64>,
    /// The random numbers that are drawn first, 16 hexadecimal digits each. The first two make the id of the request.
    pub random: Vec<String>,
    /// What backends, `send-request` URLs and token endpoints answer. The first rule that fits a call counts. A backend
    /// without one answers an empty 200; other calls fail.
    pub answers: Vec<Rule>,
    /// What the issuer of tokens calls itself: in its discovery documents, at whatever URL they are asked for, and as the
    /// `iss` of tokens that do not claim another; `https://issuer.test/`, unless given.
    pub issuer: Option<String>,
    /// What is in the cache, by the keys of `cache-lookup-value`.
    pub cache: BTreeMap<String, Json>,
    /// The responses that are in the cache, for `cache-lookup`.
    pub responses: Vec<CachedResponse>,
    /// What counters have counted.
    pub counters: Vec<Counter>,
}

impl World {
    /// This world, and what `general` has that it does not say itself. Its own answers and counters go first.
    #[must_use]
    pub fn over(&self, general: &Self) -> Self {
        let mut cache = general.cache.clone();
        cache.extend(self.cache.clone());
        Self {
            clock: self.clock.or(general.clock),
            seed: self.seed.or(general.seed),
            random: match self.random.is_empty() {
                true => general.random.clone(),
                false => self.random.clone(),
            },
            answers: [&*self.answers, &*general.answers].concat(),
            issuer: self.issuer.clone().or_else(|| general.issuer.clone()),
            cache,
            responses: [&*general.responses, &*self.responses].concat(),
            counters: [&*self.counters, &*general.counters].concat(),
        }
    }

    /// Has these answers come for those URLs.
    #[must_use]
    pub fn answer(
        mut self,
        url: impl Into<String>,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        self.answers.push(Rule::new(url, answers));
        self
    }
}
