//! `tollgate eval`: one policy expression, or a file of them.

use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use tollgate::syntax::{Diagnostic, Sources, Span, render};
use tollgate_testing::{Canonical, Case, Contexts, Expression, Fixture, Outcome, evaluate};

use crate::Format;

/// Evaluates policy expressions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate eval '@(1 + 2 * 3.0m)'
  tollgate eval '@{ var n = 0; for (var i = 1; i <= 4; i++) { n += i; } return n; }'
  tollgate eval 'context.Request.Headers.GetValueOrDefault(\"Accept\", \"none\")' --context context.json
  tollgate eval '@(context.Variables)' --context context.json --format json
  tollgate eval --cases cases.jsonl --contexts contexts.json > results.jsonl

EXPR is @(…), @{…}, or bare C#: an expression if it compiles as one, or else statements. It sees `context`, which
--context describes; all in it may be left out:
  {
    \"request\": {\"method\": \"POST\", \"url\": \"https://host/a?b=c\", \"headers\": {\"Accept\": \"text/plain\"}, \"body\": \"{}\"},
    \"response\": {\"statusCode\": 404, \"headers\": {}, \"body\": \"gone\"},
    \"variables\": {\"n\": 1, \"json\": {\"a\": [1]}, \"id\": {\"$t\": \"guid\", \"v\": \"12345678-1234-1234-1234-123456789abc\"}},
    \"user\": {\"id\": \"u1\"}, \"timestamp\": \"2024-05-06T07:08:09Z\"
  }
The value is printed, and under it .NET's name of its type. With --format json that is one line:
  {\"ok\": true, \"type\": \"System.Int32\", \"value\": 3, \"string\": \"3\"}
  {\"ok\": false, \"stage\": \"compile\" or \"run\", \"error_type\": \"CS0103\" or \"System.FormatException\", \"message\": \"…\"}

A file of cases has one a line, {\"id\": \"a.1\", \"kind\": \"single\" or \"block\", \"expr\": \"@(…)\", \"context\": \"NAME\"}, and
--contexts an object with a context for each NAME. Results come in the same order, each beginning with its id. JSON
Schemas of all these are in tests/conformance. The clock stands still and limits hold, so that any case ends.

Exit code: 0 when it was evaluated (of a file: when all were, whatever came of them), 1 when EXPR does not compile or
threw, 2 when a file cannot be read.")]
pub(crate) struct Arguments {
    /// The expression: @(…), @{…}, or bare C#.
    #[arg(value_name = "EXPR", required_unless_present = "cases", conflicts_with_all = ["cases", "contexts"])]
    expression: Option<String>,
    /// What `context` is, as JSON; a GET request with nothing in it unless given.
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["cases", "contexts"])]
    context: Option<PathBuf>,
    /// A file of cases, one JSON object a line; their results are printed as JSON, one a line.
    #[arg(long, value_name = "FILE.jsonl")]
    cases: Option<PathBuf>,
    /// The contexts that cases name.
    #[arg(long, value_name = "FILE.json", requires = "cases")]
    contexts: Option<PathBuf>,
    /// How to print what came of EXPR.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

type Error = Box<dyn std::error::Error>;

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Error> {
    match (&arguments.cases, &arguments.expression) {
        (Some(cases), _) => run_cases(cases, arguments.contexts.as_deref()),
        (None, Some(expression)) => run_one(expression, arguments),
        (None, None) => Err("give an expression, or --cases".into()),
    }
}

fn run_one(text: &str, arguments: &Arguments) -> Result<ExitCode, Error> {
    let context: Value = match &arguments.context {
        None => Value::Null,
        Some(path) => serde_json::from_str(&read(path)?)
            .map_err(|error| format!("{}: a context is a JSON object: {error}", path.display()))?,
    };
    let fixture = Fixture::from_json(&context).map_err(|error| {
        let path = arguments.context.as_deref().unwrap_or(Path::new("context"));
        format!("{}: {error}", path.display())
    })?;
    let expression = Expression::parse(text);
    let outcome = evaluate(&expression, fixture);
    match arguments.format {
        Format::Json => println!("{outcome}"),
        Format::Text => tell(&outcome, &expression, text)?,
    }
    Ok(match outcome.is_value() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Value and type on the standard output, or what was wrong on the other.
fn tell(outcome: &Outcome, expression: &Expression<'_>, text: &str) -> Result<(), Error> {
    let mut sources = Sources::new();
    let file = sources.add("EXPR", text);
    let before = u32::try_from(expression.offset)?;
    let span = |(start, end): (u32, u32)| {
        Span::new(
            file,
            before.saturating_add(start),
            before.saturating_add(end),
        )
    };
    let show = |diagnostic: &Diagnostic| {
        eprintln!(
            "{}",
            render(diagnostic, &sources, io::stderr().is_terminal())
        );
    };
    match outcome {
        Outcome::Value {
            ty, value, string, ..
        } => {
            let mut out = io::stdout().lock();
            match (value, string) {
                (Canonical::Array(_) | Canonical::Object(_), _) | (_, Canonical::Null) => {
                    writeln!(out, "{value}")?;
                }
                (_, Canonical::Text(text)) => writeln!(out, "{}", text.to_utf8())?,
                (_, other) => writeln!(out, "{other}")?,
            }
            if let Some(ty) = ty {
                writeln!(out, "{ty}")?;
            }
        }
        Outcome::Errors(errors) => {
            for error in errors {
                let range = (error.start, error.end);
                let mut finding = Diagnostic::error(error.code, span(range), &error.message);
                finding.help.clone_from(&error.help);
                show(&finding);
            }
        }
        Outcome::Threw(throw) => {
            let exception = throw.exception();
            let range = exception.range.unwrap_or((0, 0));
            show(&Diagnostic::error(
                exception.type_name,
                span(range),
                &exception.message,
            ));
        }
    }
    Ok(())
}

fn run_cases(cases: &Path, contexts: Option<&Path>) -> Result<ExitCode, Error> {
    let contexts = match contexts {
        None => Contexts::default(),
        Some(path) => {
            Contexts::parse(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    let text = read(cases)?;
    let mut parsed = Vec::new();
    // All lines are read first, so that a bad one is told before the first result.
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let case = Case::parse(line).and_then(|case| case.check(&contexts).map(|()| case));
        let explain = |error| format!("{}, line {}: {error}", cases.display(), index + 1);
        parsed.push(case.map_err(explain)?);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for case in &parsed {
        // Should one case end in a panic, which is a mistake of this program, the others still have their turn.
        let result = catch_unwind(AssertUnwindSafe(|| case.run(&contexts)));
        match result {
            Ok(outcome) => writeln!(out, "{}", outcome?.properties(Some(&case.id)))?,
            Err(_) => writeln!(
                out,
                "{}",
                json!({"id": case.id, "ok": false, "stage": "run", "error_type": "panic", "message": "a bug of Tollgate"})
            )?,
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
