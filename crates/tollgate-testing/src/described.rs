//! Reads JSON that describes something, with errors that name the place.

use std::str::FromStr;

use serde_json::Value as Json;
use tollgate_dotnet::Str;
use tollgate_engine::ports::UNIX_EPOCH_TICKS;

use crate::world::Moment;

/// Why a description is none of a context: where, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct FixtureError {
    /// The property: `request.headers.Accept`.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
}

/// A part of a description, and where it stands. What is not there is `null`.
#[derive(Debug, Clone)]
pub(crate) struct Described<'j> {
    pub json: &'j Json,
    place: String,
}

type Read<T> = Result<T, FixtureError>;

impl<'j> Described<'j> {
    pub(crate) fn new(json: &'j Json, place: &str) -> Self {
        let place = place.into();
        Self { json, place }
    }

    /// The property of that name.
    pub(crate) fn get(&self, name: &str) -> Self {
        const NULL: &Json = &Json::Null;
        self.child(name, self.json.get(name).unwrap_or(NULL))
    }

    fn child(&self, name: &str, json: &'j Json) -> Self {
        let place = match &*self.place {
            "" => name.into(),
            place => format!("{place}.{name}"),
        };
        Self { json, place }
    }

    /// The error of this place.
    pub(crate) fn wrong(&self, problem: impl Into<String>) -> FixtureError {
        FixtureError {
            place: self.place.clone(),
            problem: problem.into(),
        }
    }

    /// Itself, if it is there.
    pub(crate) fn there(&self) -> Option<&Self> {
        (!self.json.is_null()).then_some(self)
    }

    /// The properties of an object in their order; of `null` none.
    pub(crate) fn entries(&self) -> Read<Vec<(&'j str, Self)>> {
        match self.json {
            Json::Null => Ok(Vec::new()),
            Json::Object(object) => Ok(object
                .iter()
                .map(|(name, value)| (name.as_str(), self.child(name, value)))
                .collect()),
            _ => Err(self.wrong("an object is expected here")),
        }
    }

    /// The elements of an array; of `null` none.
    pub(crate) fn items(&self) -> Read<Vec<Self>> {
        match self.json {
            Json::Null => Ok(Vec::new()),
            Json::Array(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, item)| self.child(&index.to_string(), item))
                .collect()),
            _ => Err(self.wrong("an array is expected here")),
        }
    }

    /// The text, if it is there.
    pub(crate) fn text(&self) -> Read<Option<&'j str>> {
        match self.json {
            Json::Null => Ok(None),
            Json::String(text) => Ok(Some(text)),
            _ => Err(self.wrong("a string is expected here")),
        }
    }

    pub(crate) fn text_or(&self, default: &'j str) -> Read<&'j str> {
        Ok(self.text()?.unwrap_or(default))
    }

    pub(crate) fn str_or(&self, default: &str) -> Read<Str> {
        Ok(self.text()?.unwrap_or(default).into())
    }

    pub(crate) fn str(&self) -> Read<Option<Str>> {
        Ok(self.text()?.map(Str::from))
    }

    pub(crate) fn bool_or(&self, default: bool) -> Read<bool> {
        match self.json {
            Json::Null => Ok(default),
            Json::Bool(truth) => Ok(*truth),
            _ => Err(self.wrong("`true` or `false` is expected here")),
        }
    }

    pub(crate) fn int(&self) -> Read<Option<i32>> {
        match self.there() {
            None => Ok(None),
            Some(_) => {
                let number = self.json.as_i64().and_then(|n| n.try_into().ok());
                let wrong = || self.wrong("a whole number of 32 bits is expected here");
                Ok(Some(number.ok_or_else(wrong)?))
            }
        }
    }

    /// The text read as something else.
    pub(crate) fn parse_or<T: FromStr>(&self, default: &str, what: &str) -> Read<T> {
        let text = self.text_or(default)?;
        let wrong = |_| self.wrong(format!("`{text}` is not {what}"));
        text.parse().map_err(wrong)
    }

    /// An RFC 3339 time in .NET ticks; `None` if it is not there.
    pub(crate) fn ticks(&self) -> Read<Option<i64>> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let ticks = text.parse().ok().map(|time| Moment(time).ticks());
        let wrong = || self.wrong(format!("`{text}` is no time such as 2024-05-06T07:08:09Z"));
        ticks.ok_or_else(wrong).map(Some)
    }

    pub(crate) fn ticks_or(&self, default: &str) -> Read<i64> {
        let default = Json::from(default);
        let there = self.ticks()?;
        let default = Described::new(&default, &self.place).ticks()?;
        Ok(there.or(default).unwrap_or(UNIX_EPOCH_TICKS))
    }
}
