//! How often the parts of policies ran.

use std::collections::HashMap;

use tollgate_dotnet::Value;
use tollgate_syntax::Span;

/// How often the policies, branches and expressions of a plan ran in one exchange, by where they stand.
#[derive(Debug, Clone, Default)]
pub struct Visits {
    places: HashMap<Span, u64>,
    /// The whole of each expression, and its parts.
    expressions: HashMap<Span, Vec<Outcomes>>,
}

/// How often something was evaluated, and how that came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// How often it gave a value.
    pub ran: u64,
    /// How often that was `true`.
    pub truths: u64,
    /// How often that was `false`.
    pub falsehoods: u64,
}

impl Outcomes {
    pub(crate) fn add(&mut self, value: &Value) {
        self.ran = self.ran.saturating_add(1);
        match value {
            Value::Bool(true) => self.truths = self.truths.saturating_add(1),
            Value::Bool(false) => self.falsehoods = self.falsehoods.saturating_add(1),
            _ => {}
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            ran: self.ran.saturating_add(other.ran),
            truths: self.truths.saturating_add(other.truths),
            falsehoods: self.falsehoods.saturating_add(other.falsehoods),
        }
    }
}

impl Visits {
    /// How often the policy or branch with this span ran.
    pub fn count(&self, span: Span) -> u64 {
        self.places.get(&span).copied().unwrap_or(0)
    }

    /// How the expression with this span came out as a whole, then its parts as
    /// [`Expression::parts`](crate::Expression::parts) has them; nothing if it never ran.
    pub fn outcomes(&self, expression: Span) -> &[Outcomes] {
        self.expressions.get(&expression).map_or(&[], Vec::as_slice)
    }

    pub(super) fn evaluated(&mut self, expression: Span, outcomes: Vec<Outcomes>) {
        let known = self.expressions.entry(expression).or_default();
        known.resize(known.len().max(outcomes.len()), Outcomes::default());
        for (known, outcome) in known.iter_mut().zip(outcomes) {
            *known = known.and(outcome);
        }
    }

    pub(super) fn add(&mut self, span: Span) {
        let count = self.places.entry(span).or_default();
        *count = count.saturating_add(1);
    }
}
