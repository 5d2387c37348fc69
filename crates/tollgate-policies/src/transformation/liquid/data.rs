//! What templates see of a body and of `context`.

use std::collections::HashMap;
use std::fmt;

use liquid_core::model::{
    ArrayView, DisplayCow, KStringCow, Object, ObjectView, Scalar, ScalarCow, State,
};
use liquid_core::{Value, ValueView};

/// A value. What it has not is [`Data::Nil`], however deep one asks.
#[derive(Debug, Clone)]
pub(super) enum Data {
    Nil,
    Scalar(Scalar),
    List(Vec<Data>),
    Fields(Fields),
}

/// Names and values in their order; names are found without regard to case.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    entries: Vec<(String, Data)>,
    places: HashMap<String, usize>,
}

const NIL: &Data = &Data::Nil;

impl Data {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Scalar::new(text.into()))
    }

    pub(super) fn fields<N: Into<String>>(fields: impl IntoIterator<Item = (N, Data)>) -> Self {
        let mut all = Fields::default();
        for (name, value) in fields {
            all.set(name.into(), value);
        }
        Self::Fields(all)
    }

    fn as_fields(&self) -> &[(String, Data)] {
        match self {
            Self::Fields(fields) => &fields.entries,
            _ => &[],
        }
    }
}

impl Fields {
    /// Sets a field; of names that differ in case only the first one counts, as it is found.
    pub(super) fn set(&mut self, name: String, value: Data) {
        let place = self.places.entry(name.to_lowercase());
        match place {
            std::collections::hash_map::Entry::Occupied(place) => {
                if let Some((known, old)) = self.entries.get_mut(*place.get())
                    && *known == name
                {
                    *old = value;
                } else {
                    self.entries.push((name, value));
                }
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(self.entries.len());
                self.entries.push((name, value));
            }
        }
    }

    /// Adds a value under a name that may be there: several become a list.
    pub(super) fn add(&mut self, name: String, value: Data) {
        let place = self.places.get(&name.to_lowercase()).copied();
        let known = place.and_then(|place| self.entries.get_mut(place));
        match known {
            Some((known, Data::List(list))) if *known == name => list.push(value),
            Some((known, one)) if *known == name => {
                let first = std::mem::replace(one, Data::Nil);
                *one = Data::List(vec![first, value]);
            }
            _ => self.set(name, value),
        }
    }

    /// Whether there is more than attributes.
    pub(super) fn has_elements(&self) -> bool {
        self.entries.iter().any(|(name, _)| !name.starts_with('@'))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn get(&self, name: &str) -> Option<&Data> {
        let place = *self.places.get(&name.to_lowercase())?;
        self.entries.get(place).map(|(_, value)| value)
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => Ok(()),
            Self::Scalar(scalar) => scalar.render().fmt(f),
            Self::List(list) => list.iter().try_for_each(|item| item.fmt(f)),
            Self::Fields(fields) => fields
                .entries
                .iter()
                .try_for_each(|(name, value)| write!(f, "{name}{value}")),
        }
    }
}

impl ValueView for Data {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(self)
    }

    fn source(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(self)
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Scalar(scalar) => scalar.type_name(),
            Self::List(_) => "array",
            Self::Fields(_) => "object",
        }
    }

    fn query_state(&self, state: State) -> bool {
        match (self, state) {
            (Self::Scalar(scalar), state) => scalar.query_state(state),
            (Self::Nil, State::Truthy) => false,
            (_, State::Truthy) => true,
            (Self::Nil, _) => true,
            (Self::List(list), _) => list.is_empty(),
            (Self::Fields(fields), _) => fields.is_empty(),
        }
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        match self {
            Self::Scalar(scalar) => scalar.to_kstr(),
            other => KStringCow::from_string(other.to_string()),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Scalar(scalar) => Value::Scalar(scalar.clone()),
            Self::List(list) => Value::Array(list.iter().map(ValueView::to_value).collect()),
            Self::Fields(fields) => {
                let fields = fields.entries.iter();
                let fields = fields.map(|(name, value)| (name.clone().into(), value.to_value()));
                Value::Object(fields.collect::<Object>())
            }
        }
    }

    fn as_scalar(&self) -> Option<ScalarCow<'_>> {
        match self {
            Self::Scalar(scalar) => Some(scalar.as_ref()),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&dyn ArrayView> {
        match self {
            Self::List(_) => Some(self),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        match self {
            Self::Fields(_) => Some(self),
            _ => None,
        }
    }

    fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }
}

impl ArrayView for Data {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        match self {
            Self::List(list) => i64::try_from(list.len()).unwrap_or(i64::MAX),
            _ => 0,
        }
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        let list: &[Data] = match self {
            Self::List(list) => list,
            _ => &[],
        };
        Box::new(list.iter().map(|item| item as &dyn ValueView))
    }

    fn contains_key(&self, index: i64) -> bool {
        (0..ArrayView::size(self)).contains(&index)
    }

    fn get(&self, index: i64) -> Option<&dyn ValueView> {
        let Self::List(list) = self else {
            return None;
        };
        let from_the_end = i64::try_from(list.len()).ok()?.checked_add(index)?;
        let index = if index < 0 { from_the_end } else { index };
        let index = usize::try_from(index).ok()?;
        let item = list.as_slice().get(index)?;
        Some(item)
    }
}

impl ObjectView for Data {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        i64::try_from(self.as_fields().len()).unwrap_or(i64::MAX)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(
            self.as_fields()
                .iter()
                .map(|(name, _)| name.as_str().into()),
        )
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(
            self.as_fields()
                .iter()
                .map(|(_, value)| value as &dyn ValueView),
        )
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        let fields = self.as_fields().iter();
        Box::new(fields.map(|(name, value)| (name.as_str().into(), value as &dyn ValueView)))
    }

    fn contains_key(&self, index: &str) -> bool {
        ObjectView::get(self, index).is_some()
    }

    fn get<'s>(&'s self, index: &str) -> Option<&'s dyn ValueView> {
        match self {
            Self::Fields(fields) => fields.get(index).map(|value| value as &dyn ValueView),
            _ => Some(NIL),
        }
    }
}
