//! `tollgate check`: everything that is wrong in policy files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tollgate::Catalog;
use tollgate::engine::{Statistics, check};
use tollgate::syntax::{DiagnosticView, render};

use crate::Format;
use crate::arguments::{CatalogArguments, read_source};

/// Reads policy files and folders, and prints all diagnostics.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate check policies/
  tollgate check api.xml --named-value TENANT_ID=contoso
  tollgate check --stats --format json policies/ | jq .diagnostics

Without --named-value and --fragment, unknown named values and fragments are only noted.
Exit code: 0 without errors, 1 with errors, 2 when a file cannot be read.")]
pub(crate) struct Arguments {
    /// Policy files, and folders in which every .xml file is one.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    catalog: CatalogArguments,
    /// Print counts of files, policies, expressions and diagnostics, and no diagnostics.
    #[arg(long)]
    stats: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let catalog = arguments.catalog.add_to(Catalog::new())?;
    let mut files = Vec::new();
    for path in &arguments.paths {
        find(path, &mut files)?;
    }
    let color = io::IsTerminal::is_terminal(&io::stdout());
    let mut out = io::stdout().lock();
    let mut all = Statistics::default();
    let mut listed = Vec::new();
    for path in &files {
        let checked = check(&read_source(path)?, &catalog, &[tollgate::POLICIES]);
        all.add(&checked.statistics);
        if arguments.stats {
            continue;
        }
        for diagnostic in &checked.diagnostics {
            match arguments.format {
                Format::Text => writeln!(out, "{}\n", render(diagnostic, &checked.sources, color))?,
                Format::Json => listed.push(serde_json::to_value::<DiagnosticView<'_>>(
                    diagnostic.view(&checked.sources),
                )?),
            }
        }
    }
    match (arguments.stats, arguments.format) {
        (true, Format::Json) => writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?,
        (true, Format::Text) => table(&mut out, &all)?,
        (false, Format::Json) => writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&json!({"diagnostics": listed}))?
        )?,
        (false, Format::Text) => writeln!(out, "{} of {} files load", all.loaded, all.files)?,
    }
    Ok(if all.loaded == all.files {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The policy files at a path, in the order of their names.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn std::error::Error>> {
    let explain = |error: io::Error| format!("{}: {error}", path.display());
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = std::fs::read_dir(path)
        .map_err(explain)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(explain)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (kind, path) = (entry.file_type()?, entry.path());
        let is_xml = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("xml"));
        // A link to a folder could lead in a circle.
        if kind.is_dir() || (is_xml && !path.is_dir()) {
            find(&path, files)?;
        }
    }
    Ok(())
}

fn table(out: &mut impl Write, all: &Statistics) -> io::Result<()> {
    writeln!(
        out,
        "files        {:>6}   loaded {:>6}",
        all.files, all.loaded
    )?;
    writeln!(
        out,
        "expressions  {:>6}   typed  {:>6}",
        all.expressions, all.typed
    )?;
    for (title, counts) in [
        ("policies", &all.policies),
        ("diagnostics", &all.diagnostics),
    ] {
        writeln!(out, "\n{title}")?;
        let mut counts: Vec<_> = counts.iter().collect();
        counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), name.as_str()));
        for (name, count) in counts {
            writeln!(out, "  {count:>6}  {name}")?;
        }
    }
    Ok(())
}
