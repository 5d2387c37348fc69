//! `context.Variables`.

use std::hash::BuildHasher;

use tollgate_dotnet::{Str, Value};

/// The name of a variable with its hash. Names in policies are made once, when the policy is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableName {
    hash: u64,
    text: Str,
}

impl VariableName {
    /// A name; upper and lower case differ.
    pub fn new(text: impl Into<Str>) -> Self {
        let text = text.into();
        Self {
            hash: hash(&text),
            text,
        }
    }

    /// The name's text.
    pub fn text(&self) -> &Str {
        &self.text
    }
}

/// The variables of one exchange, in the order in which they were first set.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    entries: Vec<(VariableName, Value)>,
}

impl Variables {
    /// The variable of that name; it may be there and be null.
    pub fn get(&self, name: &VariableName) -> Option<&Value> {
        let found = self.entries.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value)
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &VariableName, value: Value) {
        let found = self.entries.iter_mut().find(|(other, _)| other == name);
        match found {
            Some((_, old)) => *old = value,
            None => self.entries.push((name.clone(), value)),
        }
    }

    /// Takes a variable away.
    pub fn remove(&mut self, name: &VariableName) {
        self.entries.retain(|(other, _)| other != name);
    }

    /// Names and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Str, &Value)> {
        self.entries.iter().map(|(name, value)| (&name.text, value))
    }
}

/// Shares names and values with another bag.
impl<'v> FromIterator<(&'v Str, &'v Value)> for Variables {
    fn from_iter<I: IntoIterator<Item = (&'v Str, &'v Value)>>(variables: I) -> Self {
        let entries = variables.into_iter();
        Self {
            entries: entries
                .map(|(name, value)| (VariableName::new(name.clone()), value.clone()))
                .collect(),
        }
    }
}

/// The same hash in every process; it only speeds comparison up, and a long list of colliding names is no slower than
/// one without hashes.
fn hash(text: &Str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(text.as_utf8().unwrap_or_default())
}
