//! Whether an outcome is the one that real C# has.

use serde_json::{Map, Value as Json};
use tollgate_testing::Outcome;

use crate::text;

/// An outcome of the code in the shape of a line of `results.jsonl`; of errors, `at` is where the first begins.
pub(crate) fn fields(outcome: &Outcome, code: &str) -> Map<String, Json> {
    let mut fields = match outcome.to_json() {
        Json::Object(fields) => fields,
        other => panic!("{other}"),
    };
    if let Outcome::Errors(errors) = outcome {
        let before = usize::try_from(errors[0].start).unwrap();
        let units = code[..before].encode_utf16().count();
        fields.insert("at".into(), units.into());
    }
    fields
}

/// Whether an outcome is the one expected. Messages are not compared.
pub(crate) fn agrees(actual: &Map<String, Json>, expected: &Map<String, Json>) -> bool {
    let null = &Json::Null;
    let of = |fields: &Map<String, Json>, key: &str| fields.get(key).unwrap_or(null).clone();
    let equal = |key: &str| same(&of(actual, key), &of(expected, key));
    if expected["ok"] == true {
        // The vectors' model of `context` has a namespace of its own.
        let host_type =
            text(expected, "type").replace("ApimOracle.", "Tollgate.") == text(actual, "type");
        return actual["ok"] == true
            && (equal("type") || host_type)
            && ["value", "string", "trace"].into_iter().all(equal);
    }
    if actual["ok"] == true || !equal("stage") {
        return false;
    }
    match expected["stage"].as_str() {
        // The number of the first error, or of any that C# reports.
        Some("compile") => {
            let first = text(actual, "error_type");
            let list = |key: &str| expected.get(key).and_then(Json::as_array);
            let mut all = list("all").into_iter().flatten().enumerate();
            match list("at") {
                // Where C# reports each is known.
                Some(places) => {
                    all.any(|(index, code)| code == first && places.get(index) == actual.get("at"))
                }
                None => text(expected, "error_type") == first || all.any(|(_, code)| code == first),
            }
        }
        _ => equal("error_type"),
    }
}

/// Whether two values are the same: numbers by value, exceptions without their messages.
pub(crate) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            // Numbers are read from text to within the last bit.
            let near = |a: f64, b: f64| (a - b).abs() <= f64::EPSILON * a.abs();
            let floats = a.as_f64().zip(b.as_f64());
            a == b || (a.is_f64() || b.is_f64()) && floats.is_some_and(|(a, b)| near(a, b))
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            let keys = |of: &Map<String, Json>| {
                let mut keys: Vec<_> = of.keys().filter(|key| *key != "message").cloned().collect();
                keys.sort();
                keys
            };
            keys(a) == keys(b) && keys(a).iter().all(|key| same(&a[key], &b[key]))
        }
        _ => a == b,
    }
}
