//! `tollgate test`: the tests in `*.test.yaml` files.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use tollgate_testing::Span;
use tollgate_testing::coverage::Coverage;
use tollgate_testing::suite::{self, Options, Outcome, Report};

/// Runs the tests of policies, offline.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate test policies/
  tollgate test -k 'second backend' policies/blog/load-balance-random.test.yaml
  tollgate test --watch policies/
  tollgate test --junit results.xml policies/
  tollgate test --coverage --min-coverage 90 policies/
  tollgate test --coverage-html coverage.html --lcov coverage.info policies/
  tollgate test --schema > test-file.schema.json

A file of tests stands beside its policy, as api.test.yaml:

  # yaml-language-server: $schema=./test-file.schema.json
  policy: api.xml
  named-values: {backend-url: https://one.example}
  tests:
    - name: orders go to the backend
      request: {url: /orders, headers: {X-Key: a}}
      expect:
        status: 200
        backend-calls:
          - {method: GET, url: https://one.example/orders}

Nothing leaves the machine, and no time passes while policies wait. Each test has a world of its own.
Exit code: 0 when all passed, 1 when one failed or could not be run, or less was covered than --min-coverage wants, 2 when
there is none.")]
pub(crate) struct Arguments {
    /// Files of tests, and folders in which every *.test.yaml is one.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Run only tests whose name, or whose file, has this in it. May be given several times.
    #[arg(short = 'k', long = "filter", value_name = "TEXT")]
    filters: Vec<String>,
    /// Run them again whenever a file changes.
    #[arg(long, conflicts_with = "schema")]
    watch: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also write JUnit XML to this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run them in the order that this number gives; each run prints its own.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How many run at a time; one for each core, unless given.
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// How much real time each request may take.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    time_limit: Duration,
    /// Also tell which sections, policies, branches and expressions ran, and both outcomes of conditions.
    #[arg(long)]
    coverage: bool,
    /// Write that to this file, as an HTML page with the policies coloured.
    #[arg(long, value_name = "FILE")]
    coverage_html: Option<PathBuf>,
    /// Write that to this file, as lcov has it.
    #[arg(long, value_name = "FILE")]
    lcov: Option<PathBuf>,
    /// Write that to this file, as Cobertura has it.
    #[arg(long, value_name = "FILE")]
    cobertura: Option<PathBuf>,
    /// Fail if less than so many percent of the policies ran.
    #[arg(long, value_name = "PERCENT")]
    min_coverage: Option<f64>,
    /// Also list the tests that passed.
    #[arg(short, long)]
    verbose: bool,
    /// Print the JSON Schema of files of tests, for editors.
    #[arg(long)]
    schema: bool,
}

/// How outcomes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// JUnit XML, for CI services.
    Junit,
}

fn time(text: &str) -> Result<Duration, String> {
    let span = serde_json::from_value::<Span>(text.into());
    span.map(|span| span.0).map_err(|error| error.to_string())
}

type Error = Box<dyn std::error::Error>;

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Error> {
    if arguments.schema {
        let schema = serde_json::to_string_pretty(&suite::schema())?;
        writeln!(io::stdout(), "{schema}")?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.watch {
        return watch(arguments);
    }
    run(arguments)
}

fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let files = suite::find(&arguments.paths)?;
    if files.is_empty() {
        let message = "there is no *.test.yaml file here; `tollgate test --help` shows one";
        return Err(message.into());
    }
    let options = Options {
        filters: arguments.filters.clone(),
        seed: arguments.seed,
        threads: arguments.threads,
        time_limit: Some(arguments.time_limit),
        coverage: arguments.wants_coverage(),
    };
    let color = io::stdout().is_terminal();
    let verbose = arguments.verbose && arguments.format == Format::Text;
    let report = suite::run(&files, &options, |outcome| {
        if verbose {
            passed(outcome);
        }
    });
    if let Some(path) = &arguments.junit {
        let written = std::fs::write(path, suite::junit(&report)?);
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Text => write!(out, "{}", suite::text(&report, color))?,
        Format::Json => writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&suite::json(&report))?
        )?,
        Format::Junit => write!(out, "{}", suite::junit(&report)?)?,
    }
    if arguments.coverage && arguments.format == Format::Text {
        writeln!(out, "\n{}", report.coverage.table().trim_end())?;
    }
    arguments.write_coverage(&report.coverage)?;
    let covered = report.coverage.percent();
    match arguments.min_coverage {
        Some(least) if covered < least && report.passed() => {
            eprintln!("tollgate: {covered:.1} % of the policies ran, less than {least} %");
            Ok(ExitCode::from(1))
        }
        _ => exit_code(&report),
    }
}

impl Arguments {
    fn wants_coverage(&self) -> bool {
        let files = [&self.coverage_html, &self.lcov, &self.cobertura];
        self.coverage || self.min_coverage.is_some() || files.iter().any(|file| file.is_some())
    }

    fn write_coverage(&self, coverage: &Coverage) -> Result<(), Error> {
        type Written = fn(&Coverage) -> String;
        let files: [(_, Written); 3] = [
            (&self.coverage_html, Coverage::html),
            (&self.lcov, Coverage::lcov),
            (&self.cobertura, Coverage::cobertura),
        ];
        for (path, written) in files {
            if let Some(path) = path {
                std::fs::write(path, written(coverage))
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        Ok(())
    }
}

/// A line for a test that passed; a reader that has seen enough is no trouble.
fn passed(outcome: &Outcome) {
    if outcome.passed() {
        let milliseconds = outcome.duration.as_secs_f64() * 1000.0;
        let (file, name) = (outcome.file.display(), &outcome.name);
        let _ = writeln!(io::stdout(), "ok   {name} ({file}, {milliseconds:.1} ms)");
    }
}

fn exit_code(report: &Report) -> Result<ExitCode, Error> {
    if report.outcomes.is_empty() {
        let filtered = report.filtered;
        return Err(format!("no test has this in its name or file: {filtered} left out").into());
    }
    Ok(match report.passed() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

/// How often files are looked at for changes.
const PAUSE: Duration = Duration::from_millis(300);

fn watch(arguments: &Arguments) -> Result<ExitCode, Error> {
    let mut before = None;
    loop {
        let now = files(&arguments.paths);
        if before.as_ref() != Some(&now) {
            before = Some(now);
            if let Err(error) = run(arguments) {
                eprintln!("tollgate: {error}");
            }
            eprintln!("watching; Ctrl+C ends it");
        }
        std::thread::sleep(PAUSE);
    }
}

/// What tells that a file has changed.
type Stamp = (Option<SystemTime>, u64);

/// All files in the folders of these paths.
fn files(paths: &[PathBuf]) -> BTreeMap<PathBuf, Stamp> {
    let mut files = BTreeMap::new();
    for path in paths {
        let folder = match path.is_dir() {
            true => path,
            false => path.parent().unwrap_or(path),
        };
        add(folder, 0, &mut files);
    }
    files
}

/// Folders are not looked at deeper than this, and not more files than that.
const DEEPEST: usize = 32;
const MOST: usize = 100_000;

fn add(folder: &Path, depth: usize, files: &mut BTreeMap<PathBuf, Stamp>) {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let Ok(data) = entry.metadata() else { continue };
        if data.is_dir() && !hidden && depth < DEEPEST {
            add(&entry.path(), depth + 1, files);
        } else if data.is_file() && files.len() < MOST {
            files.insert(entry.path(), (data.modified().ok(), data.len()));
        }
    }
}
