//! Parses what real C# was asked: all it accepts must parse, and all it refuses for its syntax must
//! be refused. The cases lie outside the crate; without them the test has nothing to say.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tollgate_syntax::csharp::{SyntaxError, parse_block, parse_expression};

/// The errors of C#'s parser, as opposed to those of binding.
const SYNTAX_CODES: [&str; 7] = [
    "CS0178", "CS1002", "CS1009", "CS1010", "CS1012", "CS1026", "CS1525",
];

fn oracle() -> PathBuf {
    std::env::var_os("TOLLGATE_ORACLE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle"),
        PathBuf::from,
    )
}

fn lines(name: &str) -> Option<Vec<Value>> {
    let text = fs::read_to_string(oracle().join(name)).ok()?;
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// The errors in `@(…)` or `@{…}`.
fn errors(code: &str) -> Vec<SyntaxError> {
    let inner = |open, close| {
        code.trim()
            .strip_prefix(open)
            .and_then(|code| code.strip_suffix(close))
    };
    match inner("@(", ")") {
        Some(code) => parse_expression(code).errors,
        None => parse_block(inner("@{", "}").unwrap()).errors,
    }
}

#[test]
fn agrees_with_real_csharp() {
    let (Some(cases), Some(results)) = (lines("cases.jsonl"), lines("results.jsonl")) else {
        eprintln!("skipped: no cases in {}", oracle().display());
        return;
    };
    let mut wrong = Vec::new();
    for (case, result) in cases.iter().zip(&results) {
        assert_eq!(case["id"], result["id"]);
        let code = case["expr"].as_str().unwrap();
        if code.contains("class C { }") {
            continue; // Compiles next to a C# method, but no type may be declared in a policy.
        }
        let found = errors(code);
        let refusal = result["error_type"]
            .as_str()
            .filter(|error| result["stage"] == "compile" && SYNTAX_CODES.contains(error));
        if found.first().map(|error| error.code) != refusal {
            wrong.push(format!("{code}\n  expected {refusal:?}, found {found:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
