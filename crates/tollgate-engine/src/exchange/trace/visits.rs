//! How often the parts of policies ran.

use std::collections::HashMap;

use tollgate_syntax::Span;

/// How often the policies, branches and expressions of a plan ran in one exchange, by where they stand.
#[derive(Debug, Clone, Default)]
pub struct Visits {
    places: HashMap<Span, u64>,
}

impl Visits {
    /// How often the policy or branch with this span ran.
    pub fn count(&self, span: Span) -> u64 {
        self.places.get(&span).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, span: Span) {
        let count = self.places.entry(span).or_default();
        *count = count.saturating_add(1);
    }
}
