//! What a value is expected to be.

use std::borrow::Cow;

use fancy_regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

/// What a value is expected to be: the value itself, or a mapping of conditions that must all hold.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// This very value. Numbers and truth values also match their text.
    Equals(Json),
    /// All of these.
    Conditions(Box<Conditions>),
}

/// Conditions on a value.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Conditions {
    /// This very value.
    pub equals: Option<Json>,
    /// Text with this in it.
    pub contains: Option<String>,
    /// Text that begins so.
    pub starts_with: Option<String>,
    /// Text that ends so.
    pub ends_with: Option<String>,
    /// Text in which this regular expression is found.
    pub matches: Option<Pattern>,
    /// JSON that has at least this: more members are fine, lists must be as long.
    pub json: Option<Json>,
    /// One of these values.
    pub one_of: Option<Vec<Json>>,
    /// Whether it is not there at all.
    pub absent: Option<bool>,
    /// Anything else than this.
    pub not: Option<Box<Matcher>>,
}

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pattern = Regex::new(&text).map(Self);
        pattern.map_err(|error| D::Error::custom(format!("`{text}` is no pattern: {error}")))
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "regex"})
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Json::deserialize(deserializer)?;
        if !value.is_object() {
            return Ok(Self::Equals(value));
        }
        let conditions = Conditions::deserialize(value).map_err(D::Error::custom)?;
        Ok(Self::Conditions(Box::new(conditions)))
    }
}

impl JsonSchema for Matcher {
    fn schema_name() -> Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let conditions = generator.subschema_for::<Conditions>();
        json_schema!({
            "description": "The value itself, or a mapping of conditions.",
            "anyOf": [{"type": ["string", "number", "boolean", "null", "array"]}, conditions],
        })
    }
}

impl Matcher {
    /// What was expected instead of this value, in words; nothing if it is as it should be. `None` is no value at all.
    pub fn mismatch(&self, actual: Option<&Json>) -> Option<String> {
        match self {
            Self::Equals(expected) => {
                let same = actual.is_some_and(|actual| same(expected, actual));
                (!same).then(|| shown(expected))
            }
            Self::Conditions(conditions) => conditions.mismatch(actual),
        }
    }
}

impl Conditions {
    fn mismatch(&self, actual: Option<&Json>) -> Option<String> {
        if let Some(absent) = self.absent
            && absent != actual.is_none()
        {
            return Some(if absent { "nothing" } else { "something" }.to_owned());
        }
        let text = actual.map(text);
        let says = |check: &dyn Fn(&str) -> bool| text.as_deref().is_some_and(check);
        type Holds = fn(&str, &str) -> bool;
        let texts: [(&Option<String>, &str, Holds); 3] = [
            (&self.contains, "contains", |text, part| text.contains(part)),
            (&self.starts_with, "starts with", |text, part| {
                text.starts_with(part)
            }),
            (&self.ends_with, "ends with", |text, part| {
                text.ends_with(part)
            }),
        ];
        for (expected, words, holds) in texts {
            if let Some(part) = expected
                && !says(&|text| holds(text, part))
            {
                return Some(format!(
                    "text that {words} {}",
                    shown(&part.as_str().into())
                ));
            }
        }
        if let Some(Pattern(pattern)) = &self.matches
            && !says(&|text| pattern.is_match(text).unwrap_or(false))
        {
            return Some(format!("text that matches {}", pattern.as_str()));
        }
        if let Some(expected) = &self.equals
            && !actual.is_some_and(|actual| same(expected, actual))
        {
            return Some(shown(expected));
        }
        if let Some(expected) = &self.json {
            let parsed = actual.map(|actual| match actual {
                Json::String(text) => serde_json::from_str(text).unwrap_or(Json::Null),
                other => other.clone(),
            });
            if let Some(place) = missing(expected, parsed.as_ref().unwrap_or(&Json::Null), "") {
                return Some(format!("JSON with {place}"));
            }
        }
        if let Some(all) = &self.one_of
            && !actual.is_some_and(|actual| all.iter().any(|one| same(one, actual)))
        {
            let all: Vec<_> = all.iter().map(shown).collect();
            return Some(format!("one of {}", all.join(", ")));
        }
        if let Some(not) = &self.not
            && not.mismatch(actual).is_none()
        {
            return Some("something else".to_owned());
        }
        None
    }
}

/// What of the expected JSON is not there: `choices[0].text: "a"`.
fn missing(expected: &Json, actual: &Json, path: &str) -> Option<String> {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => {
            expected.iter().find_map(|(name, value)| {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                match actual.get(name) {
                    Some(found) => missing(value, found, &path),
                    None => Some(format!("{path}: {}", shown(value))),
                }
            })
        }
        (Json::Array(expected), Json::Array(actual)) if expected.len() == actual.len() => {
            let mut pairs = expected.iter().zip(actual).enumerate();
            pairs.find_map(|(index, (expected, actual))| {
                missing(expected, actual, &format!("{path}[{index}]"))
            })
        }
        (expected, actual) if expected == actual || numbers(expected, actual) => None,
        (expected, _) => Some(match path {
            "" => shown(expected),
            path => format!("{path}: {}", shown(expected)),
        }),
    }
}

/// Whether a value is the one expected, or its text is.
fn same(expected: &Json, actual: &Json) -> bool {
    expected == actual
        || numbers(expected, actual)
        || match (expected, actual) {
            (Json::Number(_) | Json::Bool(_), Json::String(actual)) => text(expected) == *actual,
            _ => false,
        }
}

fn numbers(expected: &Json, actual: &Json) -> bool {
    matches!((expected.as_f64(), actual.as_f64()), (Some(one), Some(other)) if one == other)
}

/// A value as text: a string as it is, all else as JSON.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as people are shown it.
fn shown(value: &Json) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn mismatch(expected: Json, actual: Option<Json>) -> String {
        let matcher: Matcher = serde_json::from_value(expected).unwrap();
        matcher.mismatch(actual.as_ref()).unwrap_or_default()
    }

    #[test]
    fn each_condition_holds_or_says_what_it_wants() {
        for (expected, good, bad, wants) in [
            (json!("a"), json!("a"), json!("b"), r#""a""#),
            (json!(1), json!("1"), json!("2"), "1"),
            (json!(1), json!(1.0), json!("1.0"), "1"),
            (json!(true), json!("true"), json!("True"), "true"),
            (json!(null), json!(null), json!(""), "null"),
            (
                json!({"equals": {"a": 1}}),
                json!({"a": 1}),
                json!({"a": 1, "b": 2}),
                r#"{"a":1}"#,
            ),
            (
                json!({"contains": "b"}),
                json!("abc"),
                json!("ac"),
                r#"text that contains "b""#,
            ),
            (
                json!({"starts-with": "a"}),
                json!("ab"),
                json!("ba"),
                r#"text that starts with "a""#,
            ),
            (
                json!({"ends-with": "a"}),
                json!("ba"),
                json!("ab"),
                r#"text that ends with "a""#,
            ),
            (
                json!({"matches": "^[a-c]+$"}),
                json!("abc"),
                json!("abd"),
                "text that matches ^[a-c]+$",
            ),
            (
                json!({"json": {"a": {"b": [1, {"c": 2}]}}}),
                json!(r#"{"a": {"b": [1, {"c": 2, "d": 3}]}}"#),
                json!({"a": {"b": [1, {"c": 3}]}}),
                "JSON with a.b[1].c: 2",
            ),
            (
                json!({"json": [1]}),
                json!([1]),
                json!([1, 2]),
                "JSON with [1]",
            ),
            (
                json!({"one-of": [1, "x"]}),
                json!("x"),
                json!("y"),
                r#"one of 1, "x""#,
            ),
            (
                json!({"not": {"contains": "a"}}),
                json!("b"),
                json!("a"),
                "something else",
            ),
            (json!({"absent": false}), json!(""), json!("skip"), ""),
        ] {
            assert_eq!(mismatch(expected.clone(), Some(good)), "", "{expected}");
            assert_eq!(mismatch(expected.clone(), Some(bad)), wants, "{expected}");
        }
        assert_eq!(mismatch(json!({"absent": true}), None), "");
        assert_eq!(
            mismatch(json!({"absent": true}), Some(json!("a"))),
            "nothing"
        );
        assert_eq!(mismatch(json!({"absent": false}), None), "something");
        assert_eq!(mismatch(json!("a"), None), r#""a""#);
    }

    #[test]
    fn a_bad_pattern_and_an_unknown_condition_are_told() {
        let error = |value: Json| {
            serde_json::from_value::<Matcher>(value)
                .unwrap_err()
                .to_string()
        };
        assert!(error(json!({"matches": "("})).starts_with("`(` is no pattern: "));
        assert!(
            error(json!({"contain": "a"})).contains("unknown field `contain`, expected one of")
        );
    }
}
