//! `context.Variables`.

use std::hash::BuildHasher;

use tollgate_dotnet::{Str, Value};

/// The name of a variable, made ready for comparison. Names in policies are made once, when the policy is loaded.
#[derive(Debug, Clone)]
pub struct VariableName {
    key: u128,
    text: Str,
}

impl VariableName {
    /// A name; upper and lower case differ.
    pub fn new(text: impl Into<Str>) -> Self {
        let text = text.into();
        Self {
            key: key(&text),
            text,
        }
    }

    /// The name's text.
    pub fn text(&self) -> &Str {
        &self.text
    }
}

impl PartialEq for VariableName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && (is_whole(self.key) || self.text == other.text)
    }
}

impl Eq for VariableName {}

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

/// Up to fifteen bytes of UTF-8 with their number; of all else a hash, which only speeds comparison up.
fn key(text: &Str) -> u128 {
    let bytes = text.as_utf8().map(str::as_bytes);
    let mut key = [0; 16];
    match bytes.and_then(|bytes| Some((bytes, key.get_mut(..bytes.len())?))) {
        Some((bytes, place)) if bytes.len() < 16 => {
            place.copy_from_slice(bytes);
            u128::from_le_bytes(key) | u128::from(bytes.len() as u8) << LENGTH // below 16
        }
        _ => u128::from(foldhash::fast::FixedState::default().hash_one(text)) | HASHED,
    }
}

/// Where the number of bytes begins.
const LENGTH: u32 = 120;
/// A number of bytes that marks a hash.
const HASHED: u128 = 0xff << LENGTH;

/// Whether equal keys are those of equal names.
fn is_whole(key: u128) -> bool {
    key >> LENGTH != 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_by_their_whole_text() {
        let names = [
            "",
            "a",
            "A",
            "a\0",
            "ä",
            "fifteen letters",
            "sixteen letters!",
            "sixteen letters?",
            "a name that is much longer than sixteen letters",
            "a name that is much longer than sixteen letterS",
        ];
        for (at, one) in names.iter().enumerate() {
            for (other_at, other) in names.iter().enumerate() {
                let same = VariableName::new(*one) == VariableName::new(*other);
                assert_eq!(same, at == other_at, "{one:?} {other:?}");
            }
        }
        let half = Str::from_utf16(&[0xd800]);
        assert_eq!(VariableName::new(half.clone()), VariableName::new(half));
        let halves = [0xd800, 0xd801].map(|unit| VariableName::new(Str::from_utf16(&[unit])));
        assert!(halves.first() != halves.last());
    }
}
