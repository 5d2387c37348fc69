//! Files of tests as tests of `cargo test`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use super::load::Suite;
use super::report::explain;
use super::run::{Options, find};

/// Makes the tests in files below a folder, given from the crate's own folder, tests of `cargo test`: one each.
///
/// It is all of a test target's `main.rs`, which brings no harness of its own:
///
/// ```toml
/// [[test]]
/// name = "policies"
/// harness = false
/// ```
///
/// ```no_run
/// tollgate_testing::policy_tests!("policies");
/// ```
///
/// Filters, `--list`, `--exact`, `--test-threads` and so on are those of `cargo test`.
#[macro_export]
macro_rules! policy_tests {
    ($folder:expr) => {
        fn main() -> std::process::ExitCode {
            $crate::suite::harness(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join($folder))
        }
    };
}

/// Runs the tests in files below a folder with the arguments of `cargo test`: what [`policy_tests!`] is made of.
///
/// [`policy_tests!`]: crate::policy_tests
pub fn harness(folder: PathBuf) -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match find(std::slice::from_ref(&folder)) {
        Ok(files) if files.is_empty() => {
            let message = format!("there is no *.test.yaml in {}", folder.display());
            vec![broken("files".to_owned(), message)]
        }
        Ok(files) => files.into_iter().flat_map(trials).collect(),
        Err(error) => vec![broken("files".to_owned(), error)],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A file that cannot be used is a test that fails.
fn broken(name: String, message: String) -> Trial {
    Trial::test(name, move || Err(Failed::from(message)))
}

fn trials(file: PathBuf) -> Vec<Trial> {
    let stem = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = stem.split(".test.").next().unwrap_or_default().to_owned();
    let suite = match Suite::read(&file) {
        Ok(suite) => Arc::new(suite),
        Err(errors) => {
            let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
            return vec![broken(stem, messages.join("\n"))];
        }
    };
    let cases = suite.tests.iter().enumerate();
    cases
        .map(|(index, case)| {
            let (name, suite) = (format!("{stem}::{}", case.test.name), Arc::clone(&suite));
            Trial::test(name, move || {
                let Some(case) = suite.tests.get(index) else {
                    return Ok(());
                };
                let outcome = suite.run(case, &Options::default());
                match &outcome.failure {
                    None => Ok(()),
                    Some(failure) => Err(Failed::from(explain(&outcome, failure, false))),
                }
            })
        })
        .collect()
}
