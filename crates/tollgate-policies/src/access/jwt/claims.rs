//! The claims of a token, and what a policy requires of them.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The payload of a token.
#[derive(Debug)]
pub(crate) struct Claims(pub(crate) Map<String, Value>);

/// One `claim` element, its expressions evaluated.
#[derive(Debug)]
pub(crate) struct Requirement<'a, T> {
    pub(crate) name: &'a str,
    /// `match="all"`: every value must be there, not just one.
    pub(crate) all: bool,
    /// Splits a claim that is one text into several values.
    pub(crate) separator: Option<&'a str>,
    /// None: the claim must merely be there.
    pub(crate) values: &'a [T],
}

impl Claims {
    /// Whether the claim is there and is not `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// The claim's values as text: each element of an array, or the one value it is. An absent claim has none.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        let values = match self.0.get(name) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        values.iter().filter_map(text)
    }

    /// A point in time (RFC 7519 `NumericDate`) in whole seconds since 1970; `Err` when the claim is something else.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<i64>, NotADate> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => Ok(Some(whole_seconds(number))),
            Some(_) => Err(NotADate),
        }
    }

    /// Whether the claim has the required values. Comparison is by exact text.
    pub(crate) fn satisfy<T: AsRef<str>>(&self, required: &Requirement<'_, T>) -> bool {
        if required.values.is_empty() {
            return self.has(required.name);
        }
        let mut wanted = required.values.iter().map(AsRef::as_ref);
        if required.all {
            wanted.all(|value| self.contains(required, value))
        } else {
            wanted.any(|value| self.contains(required, value))
        }
    }

    fn contains<T>(&self, required: &Requirement<'_, T>, wanted: &str) -> bool {
        self.texts(required.name)
            .any(|text| match required.separator {
                Some(separator) => text.split(separator).any(|part| part == wanted),
                None => text == wanted,
            })
    }
}

/// A claim that should be a point in time is not a number.
#[derive(Debug, PartialEq)]
pub(crate) struct NotADate;

fn whole_seconds(number: &serde_json::Number) -> i64 {
    match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => seconds,
        // A float-to-integer cast saturates, which is what a date beyond all times needs.
        (None, Some(seconds)) => seconds.floor() as i64,
        (None, None) => i64::MAX,
    }
}

/// As the context's `Jwt.Claims` shows it: `true`, `250`, an object as compact JSON.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        match value {
            Value::Object(map) => Claims(map),
            _ => panic!("not an object"),
        }
    }

    #[test]
    fn compares_values_of_every_json_type() {
        let claims = claims(json!({
            "aud": "one", "roles": ["read", "write"], "quota": 250, "vip": true, "none": null,
            "empty": [], "scp": "a b", "address": {"zip": "1"},
        }));
        type Case = (
            &'static str,
            Option<&'static str>,
            &'static [&'static str],
            bool,
            bool,
        );
        // claim, separator, values, all of them?, any of them?
        let cases: &[Case] = &[
            ("aud", None, &["one"], true, true),
            ("aud", None, &["One"], false, false),
            ("aud", None, &["one", "two"], false, true),
            ("roles", None, &["read", "write"], true, true),
            ("roles", None, &["write", "own"], false, true),
            ("roles", None, &["read,write"], false, false),
            ("quota", None, &["250"], true, true),
            ("vip", None, &["true"], true, true),
            ("vip", None, &["True"], false, false),
            ("address", None, &[r#"{"zip":"1"}"#], true, true),
            ("scp", None, &["a"], false, false),
            ("scp", None, &["a b"], true, true),
            ("scp", Some(" "), &["a", "b"], true, true),
            ("scp", Some(" "), &["a", "c"], false, true),
            ("scp", Some(" "), &["a b"], false, false),
            ("scp", None, &[], true, true),
            ("empty", None, &[], true, true),
            ("empty", None, &["x"], false, false),
            ("none", None, &[], false, false),
            ("nope", None, &[], false, false),
            ("nope", None, &["x"], false, false),
        ];
        for (name, separator, values, all, any) in cases {
            let satisfy = |all| {
                claims.satisfy(&Requirement {
                    name,
                    all,
                    separator: *separator,
                    values,
                })
            };
            assert_eq!(satisfy(true), *all, "all of {values:?} in {name}");
            assert_eq!(satisfy(false), *any, "any of {values:?} in {name}");
        }
    }

    #[test]
    fn reads_dates() {
        let claims = claims(json!({
            "whole": 5, "part": 5.9, "before": -5.5, "huge": 1e300, "most": u64::MAX, "text": "5", "null": null,
        }));
        assert_eq!(claims.seconds("whole"), Ok(Some(5)));
        assert_eq!(claims.seconds("part"), Ok(Some(5)));
        assert_eq!(claims.seconds("before"), Ok(Some(-6)));
        assert_eq!(claims.seconds("huge"), Ok(Some(i64::MAX)));
        assert_eq!(claims.seconds("most"), Ok(Some(i64::MAX)));
        assert_eq!(claims.seconds("text"), Err(NotADate));
        assert_eq!(claims.seconds("null"), Ok(None));
        assert_eq!(claims.seconds("nope"), Ok(None));
    }
}
