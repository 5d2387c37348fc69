//! `tollgate explain`: what a lint is about.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use tollgate_lint::{LINTS, Lint};

/// Says what a lint of `tollgate check` finds, why that matters, and what to do; without a name, lists them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate explain
  tollgate explain object-comparison")]
pub(crate) struct Arguments {
    /// The name, as in the square brackets of a finding.
    name: Option<String>,
}

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut out = io::stdout().lock();
    let Some(name) = &arguments.name else {
        for Lint { name, summary, .. } in LINTS {
            writeln!(out, "{name:<24} {summary}")?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let lint = Lint::named(name)?;
    let level = format!("{:?}", lint.level).to_lowercase();
    writeln!(
        out,
        "{}: {} ({level})\n{}",
        lint.name, lint.summary, lint.page
    )?;
    writeln!(
        out,
        "Silence it at its place: <!-- tollgate: allow({name}) -->"
    )?;
    writeln!(out, "or in tollgate.toml:     [lints]  {name} = \"off\"")?;
    Ok(ExitCode::SUCCESS)
}
