//! What came of tests, written down.

use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value as Json, json as object};
use similar::{ChangeTag, TextDiff};

use super::run::{Failure, Outcome, Report};

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// For people: each failure with what was expected beside what came, and a line that sums up.
pub fn text(report: &Report, color: bool) -> String {
    let mut out = String::new();
    for outcome in &report.outcomes {
        if let Some(failure) = &outcome.failure {
            let _ = writeln!(out, "{}", explain(outcome, failure, color));
        }
    }
    let failed = report.failed();
    let passed = report.outcomes.len() - failed;
    let filtered = match report.filtered {
        0 => String::new(),
        filtered => format!(", {filtered} left out"),
    };
    let paint = Paint(color);
    let sum = match failed {
        0 => paint.with(GREEN, &format!("{passed} passed")),
        _ => paint.with(RED, &format!("{failed} failed, {passed} passed")),
    };
    let seconds = report.duration.as_secs_f64();
    let _ = writeln!(
        out,
        "{sum}{filtered} in {seconds:.3} s (files: {}, seed: {})",
        report.files, report.seed
    );
    out
}

struct Paint(bool);

impl Paint {
    fn with(&self, color: &str, text: &str) -> String {
        match self.0 {
            true => format!("{color}{text}{PLAIN}"),
            false => text.to_owned(),
        }
    }
}

/// One failure: where, what was expected, what came, and what happened on the way.
pub(super) fn explain(outcome: &Outcome, failure: &Failure, color: bool) -> String {
    let paint = Paint(color);
    let file = outcome.file.display();
    let mut out = format!(
        "{} {} ({file}:{})\n",
        paint.with(RED, "FAIL"),
        outcome.name,
        outcome.position
    );
    match failure {
        Failure::Error(message) => indented(&mut out, message),
        Failure::Mismatches {
            step,
            mismatches,
            way,
            unanswered,
        } => {
            if let Some((step, time)) = step {
                let _ = writeln!(out, "  in step {}, time {time}", step + 1);
            }
            for (position, mismatch) in mismatches {
                let place = paint.with(DIM, &format!("{file}:{position}"));
                let _ = writeln!(out, "  {}  {place}", mismatch.what);
                compare(&mut out, &mismatch.expected, &mismatch.actual, &paint);
            }
            for call in unanswered {
                let _ = writeln!(
                    out,
                    "  nothing answers {call}: add it to `world.answers`, or the call fails"
                );
            }
            if !way.is_empty() {
                let _ = writeln!(out, "  on the way");
            }
            for line in way {
                let _ = writeln!(out, "    {}", paint.with(DIM, line));
            }
        }
    }
    out
}

fn indented(out: &mut String, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "  {line}");
    }
}

/// What was expected beside what came; line by line, if there are several.
fn compare(out: &mut String, expected: &str, actual: &str, paint: &Paint) {
    if !expected.contains('\n') && !actual.contains('\n') {
        let _ = writeln!(out, "    expected  {}", paint.with(GREEN, expected));
        let _ = writeln!(out, "    actual    {}", paint.with(RED, actual));
        return;
    }
    let _ = writeln!(out, "    - expected, + actual");
    let diff = TextDiff::from_lines(expected, actual);
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end_matches(['\r', '\n']);
        let line = match change.tag() {
            ChangeTag::Delete => paint.with(GREEN, &format!("- {line}")),
            ChangeTag::Insert => paint.with(RED, &format!("+ {line}")),
            ChangeTag::Equal => format!("  {line}"),
        };
        let _ = writeln!(out, "    {line}");
    }
}

/// For tools: all outcomes, as JSON.
pub fn json(report: &Report) -> Json {
    let outcomes = report.outcomes.iter().map(|outcome| {
        object!({
            "file": outcome.file.display().to_string(),
            "line": outcome.position.line,
            "name": outcome.name,
            "passed": outcome.passed(),
            "seconds": outcome.duration.as_secs_f64(),
            "failure": outcome.failure.as_ref().map(failure_as_json),
        })
    });
    object!({
        "tests": outcomes.collect::<Vec<_>>(),
        "passed": report.outcomes.len() - report.failed(),
        "failed": report.failed(),
        "filtered": report.filtered,
        "seed": report.seed,
        "seconds": report.duration.as_secs_f64(),
    })
}

fn failure_as_json(failure: &Failure) -> Json {
    match failure {
        Failure::Error(message) => object!({"error": message}),
        Failure::Mismatches {
            step,
            mismatches,
            way,
            unanswered,
        } => {
            let mismatches = mismatches.iter().map(|(position, mismatch)| {
                object!({
                    "line": position.line,
                    "column": position.column,
                    "what": mismatch.what,
                    "expected": mismatch.expected,
                    "actual": mismatch.actual,
                })
            });
            object!({
                "step": step.map(|(step, _)| step + 1),
                "time": step.map(|(_, time)| time),
                "mismatches": mismatches.collect::<Vec<_>>(),
                "way": way,
                "unanswered": unanswered,
            })
        }
    }
}

/// For CI services: JUnit XML, a suite for each file.
///
/// # Errors
/// Those of the library that writes it.
pub fn junit(report: &Report) -> Result<String, String> {
    let mut junit = quick_junit::Report::new("tollgate");
    junit.set_time(report.duration);
    let mut outcomes = report.outcomes.iter().peekable();
    while let Some(file) = outcomes.peek().map(|outcome| &outcome.file) {
        let mut suite = TestSuite::new(file.display().to_string());
        while let Some(outcome) = outcomes.next_if(|outcome| outcome.file == *file) {
            suite.add_test_case(test_case(outcome));
        }
        junit.add_test_suite(suite);
    }
    junit.to_string().map_err(|error| error.to_string())
}

fn test_case(outcome: &Outcome) -> TestCase {
    let status = match &outcome.failure {
        None => TestCaseStatus::success(),
        Some(failure) => {
            let kind = match failure {
                Failure::Error(_) => NonSuccessKind::Error,
                Failure::Mismatches { .. } => NonSuccessKind::Failure,
            };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_description(explain(outcome, failure, false));
            status
        }
    };
    let mut case = TestCase::new(outcome.name.as_str(), status);
    case.set_time(outcome.duration);
    case.set_classname(outcome.file.display().to_string());
    let line = outcome.position.line.to_string();
    case.extra.insert("line".into(), line.as_str().into());
    case
}
