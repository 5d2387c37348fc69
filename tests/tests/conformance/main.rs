//! Runs the vectors that real C# made; see `tests/conformance/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod canon;
mod context;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use tollgate_dotnet::{Budget, Machine};
use tollgate_engine::compiler;
use tollgate_expressions::{Form, invoke};

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
    let contexts = parse(&read("contexts.json"));
    for (case, expected) in vectors() {
        let id = text(&case, "id");
        assert_eq!(
            id,
            text(&expected, "id"),
            "results are in the order of cases"
        );
        if !id.starts_with(only) {
            continue;
        }
        let actual = catch_unwind(AssertUnwindSafe(|| run(&case, &contexts)))
            .unwrap_or_else(|_| parse(r#"{"ok": false, "stage": "panic"}"#));
        let right = agrees(&actual, &expected)
            || matches!(expected.get("alt"), Some(Json::Object(alt)) if agrees(&actual, alt));
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
            let expression = text(&case, "expr");
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

/// The cases with their results: `cases.jsonl` first, then each `own/TOPIC.cases.jsonl`.
fn vectors() -> Vec<(Map<String, Json>, Map<String, Json>)> {
    let own = fs::read_dir(folder().join("own")).unwrap();
    let own = own.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut topics: Vec<String> = own
        .filter_map(|name| Some(format!("own/{}.", name.strip_suffix(".cases.jsonl")?)))
        .collect();
    topics.sort();
    topics.insert(0, String::new());
    let mut vectors = Vec::new();
    for topic in topics {
        let cases = read(&format!("{topic}cases.jsonl"));
        let results = read(&format!("{topic}results.jsonl"));
        assert_eq!(cases.lines().count(), results.lines().count(), "{topic}");
        let pairs = cases.lines().zip(results.lines());
        vectors.extend(pairs.map(|(case, result)| (parse(case), parse(result))));
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
    let code = "
        var hash = context.RequestId.GetHashCode();
        var random = new Random(hash);
        return hash + \",\" + new Random(hash).Next(1, 3) + \",\"
            + random.Next() + \",\" + random.Next(100) + \",\" + random.NextDouble();";
    let program = compiler().compile(code, Form::Block).unwrap();
    let vectors = read("guid_random.jsonl");
    assert!(vectors.lines().count() >= 128);
    for vector in vectors.lines().map(parse) {
        let (mut context, mut heap) = context::build(&json!({"requestId": vector["guid"]}));
        let mut machine = Machine {
            heap: &mut heap,
            host: &mut context,
            budget: &mut Budget::default(),
            invoke,
        };
        let actual = program.run(&mut machine).unwrap();
        let actual = actual.as_str().unwrap().to_utf8();
        let actual: Vec<Json> = actual.split(',').map(|n| n.parse().unwrap()).collect();
        let sequence = vector["sequence"].as_array().unwrap().clone();
        let mut expected = vec![vector["hash"].clone(), vector["next"].clone()];
        expected.extend(sequence);
        assert!(
            canon::same(&actual.into(), &expected.into()),
            "{}",
            vector["guid"]
        );
    }
}

/// Compiles and runs a case; what comes out in the shape of `results.jsonl`.
fn run(case: &Map<String, Json>, contexts: &Map<String, Json>) -> Map<String, Json> {
    let source = text(case, "expr").trim();
    let (form, code) = match text(case, "kind") {
        "block" => (Form::Block, source.strip_prefix("@{").unwrap()),
        _ => (Form::Single, source.strip_prefix("@(").unwrap()),
    };
    let code = &code[..code.len() - 1];
    let mut outcome = Map::new();
    let program = match compiler().compile(code, form) {
        Ok(program) => program,
        Err(errors) => {
            outcome.insert("ok".into(), false.into());
            outcome.insert("stage".into(), "compile".into());
            let codes: Vec<_> = errors.iter().map(|error| error.code).collect();
            outcome.insert("error_type".into(), codes.join(" ").into());
            let messages: Vec<_> = errors.iter().map(|error| &*error.message).collect();
            outcome.insert("message".into(), messages.join(" | ").into());
            return outcome;
        }
    };
    let described = contexts.get(text(case, "context"));
    let (mut context, mut heap) = context::build(described.unwrap_or(&Json::Null));
    let mut machine = Machine {
        heap: &mut heap,
        host: &mut context,
        budget: &mut Budget::default(),
        invoke,
    };
    let result = program
        .run(&mut machine)
        .and_then(|value| canon::outcome(&mut machine, &value));
    match result {
        Ok(fields) => {
            outcome.insert("ok".into(), true.into());
            outcome.extend(fields);
        }
        Err(throw) => {
            let exception = throw.exception();
            outcome.insert("ok".into(), false.into());
            outcome.insert("stage".into(), "run".into());
            outcome.insert("error_type".into(), exception.type_name.into());
            outcome.insert("message".into(), exception.message.clone().into());
        }
    }
    outcome
}

/// Whether an outcome is the one expected. Messages are not compared.
fn agrees(actual: &Map<String, Json>, expected: &Map<String, Json>) -> bool {
    let same = |key: &str| {
        let null = &Json::Null;
        let (a, b) = (
            actual.get(key).unwrap_or(null),
            expected.get(key).unwrap_or(null),
        );
        canon::same(a, b)
    };
    if expected["ok"] == true {
        // The vectors' model of `context` has a namespace of its own.
        let host_type =
            text(expected, "type").replace("ApimOracle.", "Tollgate.") == text(actual, "type");
        let hidden = canon::is_hidden(text(expected, "type"));
        return actual["ok"] == true
            && (same("type") || host_type || hidden && actual["type"] == "(sequence)")
            && same("value")
            && (same("string") || hidden);
    }
    if actual["ok"] == true || !same("stage") {
        return false;
    }
    match expected["stage"].as_str() {
        // The number of the first error, or of any that C# reports.
        Some("compile") => {
            let first = text(actual, "error_type").split(' ').next().unwrap_or("");
            let all = expected.get("all").and_then(Json::as_array);
            text(expected, "error_type") == first
                || all.into_iter().flatten().any(|code| code == first)
        }
        _ => same("error_type"),
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
