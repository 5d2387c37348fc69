//! Holds what came against what was expected.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::Value as Json;

use super::file::{CallMatcher, Calls, Expect, LastError};
use super::matcher::{Conditions, Matcher};
use crate::world::{Call, Counter, PolicyTest, Seen, event_as_json, header};

/// Something that is not as it was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What: `headers.Retry-After`, as in the file below `expect`.
    pub what: String,
    /// What was expected, in words; text as it is.
    pub expected: String,
    /// What came instead.
    pub actual: String,
}

/// All that is not as it was expected.
pub(super) fn check(
    expect: &Expect,
    never: &[String],
    seen: &Seen,
    test: &PolicyTest,
) -> Vec<Mismatch> {
    let mut checker = Checker::default();
    let response = &seen.response;
    if let Some(error) = &seen.body_error {
        checker.mismatch("body", "a whole body", &format!("it broke: {error}"));
    }
    checker.maybe("status", &expect.status, || {
        Some(response.status().as_u16().into())
    });
    checker.maybe("reason", &expect.reason, || Some(seen.reason().into()));
    checker.message(
        "",
        (&expect.headers, &expect.body, &expect.json, &expect.base64),
        response.headers(),
        response.body(),
    );
    let backend: Vec<_> = seen.backend_calls().collect();
    checker.calls("backend-calls", &expect.backend_calls, &backend);
    let all: Vec<_> = seen.calls.iter().collect();
    checker.calls("calls", &expect.calls, &all);
    let variable = |name: &str| seen.variables.get(name).cloned();
    checker.each("variables", &expect.variables, variable);
    checker.each("cache", &expect.cache, |key| test.cached(key));
    checker.counters(&expect.counters, &test.counted());
    let events = |kind| -> Vec<Json> {
        let events = seen.events.iter().map(event_as_json);
        let events = events.filter(|(other, _)| *other == kind);
        events.map(|(_, json)| json).collect()
    };
    for (what, kind, expected) in [
        ("events", "event", &expect.events),
        ("metrics", "metric", &expect.metrics),
        ("trace", "trace", &expect.trace),
    ] {
        if let Some(expected) = expected {
            checker.events(what, expected, &events(kind));
        }
    }
    let error = seen.last_error_as_json();
    match &expect.last_error {
        None => {}
        Some(LastError::None(_)) if error.is_null() => {}
        Some(LastError::None(_)) => checker.mismatch("last-error", "none", &error.to_string()),
        Some(LastError::Fields(_)) if error.is_null() => {
            checker.mismatch("last-error", "an error", "none");
        }
        Some(LastError::Fields(fields)) => {
            let field = |name: &str| error.get(name).filter(|value| !value.is_null()).cloned();
            checker.each("last-error", fields, field);
        }
    }
    // Most tests do not ask.
    let ran = LazyCell::new(|| seen.ran());
    let never: Vec<_> = never
        .iter()
        .filter(|place| !place.contains('='))
        .cloned()
        .collect();
    for (what, places, expected) in [
        ("ran", expect.ran.as_slice(), true),
        ("not-ran", expect.not_ran.as_slice(), false),
        ("not-ran", &never, false),
    ] {
        for place in places {
            if ran.iter().any(|one| is_place(one, place)) != expected {
                let (expected, actual) = match expected {
                    true => ("runs", "did not run; these did"),
                    false => ("does not run", "ran; these did"),
                };
                let all = ran.join("\n");
                checker.mismatch(
                    what,
                    &format!("{place} {expected}"),
                    &format!("{place} {actual}\n{all}"),
                );
            }
        }
    }
    checker.0
}

/// Whether a place is the one that was meant: without a section it is any, without a number the first.
pub(super) fn is_place(place: &str, meant: &str) -> bool {
    let (section, path) = place.split_once('/').unwrap_or(("", place));
    let same = |meant: &str| {
        let (mut own, mut others) = (path.split('/'), meant.split('/'));
        loop {
            match (own.next(), others.next()) {
                (None, None) => return true,
                (Some(own), Some(other))
                    if own == other || own.strip_suffix("[1]") == Some(other) => {}
                _ => return false,
            }
        }
    };
    let behind = meant
        .strip_prefix(section)
        .and_then(|rest| rest.strip_prefix('/'));
    same(meant) || behind.is_some_and(same)
}

/// What is expected of a message: headers, and the body as text, as JSON and in Base64.
type Parts<'e> = (
    &'e BTreeMap<String, Matcher>,
    &'e Option<Matcher>,
    &'e Option<Json>,
    &'e Option<Matcher>,
);

#[derive(Default)]
struct Checker(Vec<Mismatch>);

impl Checker {
    fn mismatch(&mut self, what: &str, expected: &str, actual: &str) {
        self.0.push(Mismatch {
            what: what.to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        });
    }

    fn value(&mut self, what: &str, matcher: &Matcher, actual: Option<&Json>) {
        if let Some(expected) = matcher.mismatch(actual) {
            let expected = match matcher {
                Matcher::Equals(Json::String(text)) => text.clone(),
                _ => expected,
            };
            let actual = actual.map_or_else(|| "nothing".to_owned(), plain);
            self.mismatch(what, &expected, &actual);
        }
    }

    fn maybe(
        &mut self,
        what: &str,
        matcher: &Option<Matcher>,
        actual: impl FnOnce() -> Option<Json>,
    ) {
        if let Some(matcher) = matcher {
            self.value(what, matcher, actual().as_ref());
        }
    }

    fn each(
        &mut self,
        what: &str,
        matchers: &BTreeMap<String, Matcher>,
        actual: impl Fn(&str) -> Option<Json>,
    ) {
        for (name, matcher) in matchers {
            self.value(&format!("{what}.{name}"), matcher, actual(name).as_ref());
        }
    }

    /// Headers and body of a response or a call; `what` is empty, or ends in a dot.
    fn message(
        &mut self,
        what: &str,
        (headers, body, json, base64): Parts<'_>,
        actual: &HeaderMap,
        bytes: &[u8],
    ) {
        let lines = |name: &str| header(actual, name).map(Json::from);
        self.each(&format!("{what}headers"), headers, lines);
        let text = String::from_utf8_lossy(bytes);
        self.maybe(&format!("{what}body"), body, || Some(text.as_ref().into()));
        self.maybe(&format!("{what}base64"), base64, || {
            Some(STANDARD.encode(bytes).into())
        });
        if let Some(json) = json {
            let has = Matcher::Conditions(Box::new(Conditions {
                json: Some(json.clone()),
                ..Conditions::default()
            }));
            let actual = Json::from(text.as_ref());
            self.value(&format!("{what}json"), &has, Some(&actual));
        }
    }

    fn calls(&mut self, what: &str, expected: &Option<Calls>, actual: &[&Call]) {
        let list: &[CallMatcher] = match expected {
            None => return,
            Some(Calls::Count(count)) => {
                if *count != actual.len() {
                    self.count(what, *count, actual);
                }
                return;
            }
            Some(Calls::List(list)) => list,
        };
        if list.len() != actual.len() {
            self.count(what, list.len(), actual);
        }
        for (index, (matcher, call)) in list.iter().zip(actual).enumerate() {
            let what = format!("{what}[{index}].");
            self.maybe(&format!("{what}method"), &matcher.method, || {
                Some(call.method.as_str().into())
            });
            self.maybe(&format!("{what}url"), &matcher.url, || {
                Some(call.url.as_str().into())
            });
            let parts = (
                &matcher.headers,
                &matcher.body,
                &matcher.json,
                &matcher.base64,
            );
            self.message(&what, parts, &call.headers, &call.body);
        }
    }

    fn count(&mut self, what: &str, expected: usize, actual: &[&Call]) {
        let calls = actual
            .iter()
            .map(|call| format!("\n{} {}", call.method, call.url));
        let actual = format!("{}{}", actual.len(), calls.collect::<String>());
        self.mismatch(what, &expected.to_string(), &actual);
    }

    fn counters(&mut self, expected: &[Counter], counted: &BTreeMap<String, u64>) {
        for (index, counter) in expected.iter().enumerate() {
            let same = counted.iter().filter(|(name, _)| counter.is(name));
            let actual: u64 = same.map(|(_, count)| count).sum();
            if actual != counter.count {
                let what = format!("counters[{index}].count");
                self.mismatch(&what, &counter.count.to_string(), &actual.to_string());
            }
        }
    }

    fn events(&mut self, what: &str, expected: &[BTreeMap<String, Matcher>], actual: &[Json]) {
        if expected.len() != actual.len() {
            let lines = actual.iter().map(|event| format!("\n{event}"));
            let all = format!("{}{}", actual.len(), lines.collect::<String>());
            self.mismatch(what, &expected.len().to_string(), &all);
        }
        for (index, (fields, event)) in expected.iter().zip(actual).enumerate() {
            let field = |name: &str| event.get(name).filter(|value| !value.is_null()).cloned();
            self.each(&format!("{what}[{index}]"), fields, field);
        }
    }
}

/// A value as text: a string as it is.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
