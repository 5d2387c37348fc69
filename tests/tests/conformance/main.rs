//! Runs the vectors that real C# made; see `tests/conformance/README.md`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod compare;
mod schema;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use tollgate_testing::{Case, Contexts, Expression, Fixture, Outcome, evaluate};

#[test]
fn expressions_give_what_csharp_gives() {
    let asked = std::env::var("CONFORMANCE").unwrap_or_default();
    let update = asked == "update";
    let only = if update { "" } else { &*asked };
    let known = read("known.txt");
    let known: HashMap<&str, &str> = known
        .lines()
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .collect();
    let mut groups: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut wrong, mut failing) = (String::new(), String::new());
    let contexts = Contexts::parse(&read("contexts.json")).unwrap();
    for (case, expected) in vectors() {
        let id = &*case.id;
        assert_eq!(
            id,
            text(&expected, "id"),
            "results are in the order of cases"
        );
        if !id.starts_with(only) {
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| case.run(&contexts).unwrap()));
        let actual = match outcome {
            Ok(outcome) => compare::fields(&outcome, Expression::parse(&case.text).code),
            Err(_) => parse(r#"{"ok": false, "stage": "panic"}"#),
        };
        let right = compare::agrees(&actual, &expected)
            || matches!(expected.get("alt"), Some(Json::Object(alt)) if compare::agrees(&actual, alt));
        let (passed, all) = groups
            .entry(id.rsplit_once('.').unwrap().0.into())
            .or_default();
        *all += 1;
        *passed += usize::from(right);
        let listed = known.get(id);
        if right && listed.is_some() {
            writeln!(wrong, "{id} passes: take it off known.txt").unwrap();
        }
        if right {
            continue;
        }
        let reason = listed.map_or_else(|| reason(&actual), |reason| (*reason).into());
        writeln!(failing, "{id} {reason}").unwrap();
        if listed.is_none() || !only.is_empty() {
            let expression = &case.text;
            let (expected, actual) = (Json::Object(expected), Json::Object(actual));
            writeln!(
                wrong,
                "{id} {expression}\n  expected {expected}\n  actual   {actual}"
            )
            .unwrap();
        }
    }
    let total = groups
        .values()
        .fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    groups.insert("all".into(), total);
    for (group, (passed, all)) in &groups {
        println!("{group:24} {passed:5} of {all:5}");
    }
    if update {
        fs::write(folder().join("known.txt"), failing).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// What the files' names begin with: nothing for `cases.jsonl` and `results.jsonl`, then each `own/TOPIC.`.
fn topics() -> Vec<String> {
    let own = fs::read_dir(folder().join("own")).unwrap();
    let own = own.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut topics: Vec<String> = own
        .filter_map(|name| Some(format!("own/{}.", name.strip_suffix(".cases.jsonl")?)))
        .collect();
    topics.sort();
    topics.insert(0, String::new());
    topics
}

/// The cases with their results.
fn vectors() -> Vec<(Case, Map<String, Json>)> {
    let mut vectors = Vec::new();
    for topic in topics() {
        let cases = read(&format!("{topic}cases.jsonl"));
        let results = read(&format!("{topic}results.jsonl"));
        assert_eq!(cases.lines().count(), results.lines().count(), "{topic}");
        let pairs = cases.lines().zip(results.lines());
        vectors.extend(pairs.map(|(case, result)| (Case::parse(case).unwrap(), parse(result))));
    }
    vectors
}

/// A first reason for the list: what went wrong, in short.
fn reason(actual: &Map<String, Json>) -> String {
    let problem = match text(actual, "message") {
        "" => "gives another value",
        message => message.lines().next().unwrap_or_default(),
    };
    problem.chars().take(100).collect()
}

/// The numbers that decide where the blog's load balancing sends a request.
#[test]
fn request_ids_give_the_random_numbers_that_csharp_gives() {
    let code = "@{
        var hash = context.RequestId.GetHashCode();
        var random = new Random(hash);
        return hash + \",\" + new Random(hash).Next(1, 3) + \",\"
            + random.Next() + \",\" + random.Next(100) + \",\" + random.NextDouble();
    }";
    let vectors = read("guid_random.jsonl");
    assert!(vectors.lines().count() >= 128);
    for vector in vectors.lines().map(parse) {
        let fixture = Fixture::from_json(&json!({"requestId": vector["guid"]})).unwrap();
        let Outcome::Value { string, .. } = evaluate(&Expression::parse(code), fixture) else {
            panic!("{}", vector["guid"])
        };
        let actual = string.to_json();
        let actual = actual.as_str().unwrap().split(',');
        let actual: Vec<Json> = actual.map(|n| n.parse().unwrap()).collect();
        let sequence = vector["sequence"].as_array().unwrap().clone();
        let mut expected = vec![vector["hash"].clone(), vector["next"].clone()];
        expected.extend(sequence);
        let same = compare::same(&actual.into(), &expected.into());
        assert!(same, "{}", vector["guid"]);
    }
}

fn text<'a>(of: &'a Map<String, Json>, key: &str) -> &'a str {
    of.get(key).and_then(Json::as_str).unwrap_or("")
}

fn parse(line: &str) -> Map<String, Json> {
    serde_json::from_str(line).unwrap()
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}
