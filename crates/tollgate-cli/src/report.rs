//! Findings for other programs: SARIF, and annotations of GitHub Actions.

use serde_json::{Value, json};
use tollgate::syntax::{DiagnosticView, Severity};
use tollgate_lint::LINTS;

/// A SARIF 2.1.0 log of findings, which are views of diagnostics as JSON.
pub(crate) fn sarif(findings: &[Value]) -> Value {
    let rules = LINTS.iter().map(|lint| {
        json!({
            "id": lint.name,
            "shortDescription": {"text": lint.summary},
            "help": {"text": lint.page.trim()},
        })
    });
    let results = findings.iter().map(|finding| {
        let level = match finding.get("severity").and_then(Value::as_str) {
            Some("error") => "error",
            Some("warning") => "warning",
            _ => "note",
        };
        let message = match finding.get("help").and_then(Value::as_str) {
            Some(help) => format!("{}: {help}", text(finding, "message")),
            None => text(finding, "message").to_owned(),
        };
        json!({
            "ruleId": text(finding, "code"),
            "level": level,
            "message": {"text": message},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": text(finding, "file").replace('\\', "/")},
                "region": {
                    "startLine": finding.get("line"),
                    "startColumn": finding.get("column"),
                    "endLine": finding.get("end_line"),
                    "endColumn": finding.get("end_column"),
                },
            }}],
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "tollgate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn text<'j>(json: &'j Value, name: &str) -> &'j str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A workflow command of GitHub Actions that annotates the place.
pub(crate) fn annotation(finding: &DiagnosticView<'_>) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = &finding.place;
    let message = match finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.to_owned(),
    };
    format!(
        "::{level} file={},line={},col={},endLine={},endColumn={},title={}::{}",
        property(place.file),
        place.line,
        place.column,
        place.end_line,
        place.end_column,
        property(finding.code),
        escaped(&message)
    )
}

/// Text as workflow commands have it: what would end a line is written in hexadecimal.
fn escaped(text: &str) -> String {
    let text = text.replace('%', "%25");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
