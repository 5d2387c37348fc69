//! `tollgate check`: everything that is wrong in policy files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;
use tollgate::Catalog;
use tollgate::engine::{Statistics, check};
use tollgate::syntax::{DiagnosticView, render};

use crate::arguments::{CatalogArguments, read_source};
use crate::members;

/// Reads policy files and folders, and prints all diagnostics.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate check policies/
  tollgate check api.xml --named-value TENANT_ID=contoso
  tollgate check --stats --format json policies/ | jq .diagnostics
  tollgate check --list-members | less
  tollgate check --list-members --format json | jq '.types[] | select(.name == \"String\").members[].signature'

Without --named-value and --fragment, unknown named values and fragments are only noted.
Exit code: 0 without errors, 1 with errors, 2 when a file cannot be read.")]
pub(crate) struct Arguments {
    /// Policy files, and folders in which every .xml file is one.
    #[arg(required_unless_present = "list_members")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    catalog: CatalogArguments,
    /// Print counts of files, policies, expressions and diagnostics, and no diagnostics.
    #[arg(long)]
    stats: bool,
    /// Print every type and member that expressions can use, by namespace, with their C# signatures.
    #[arg(long, conflicts_with_all = ["paths", "stats"])]
    list_members: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How findings, counts and members are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// With --list-members: a page of documentation.
    Markdown,
}

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    if arguments.list_members {
        members::list(&mut io::stdout().lock(), arguments.format)?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.format == Format::Markdown {
        return Err("--format markdown goes with --list-members".into());
    }
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
                Format::Json => listed.push(serde_json::to_value::<DiagnosticView<'_>>(
                    diagnostic.view(&checked.sources),
                )?),
                _ => writeln!(out, "{}\n", render(diagnostic, &checked.sources, color))?,
            }
        }
    }
    match (arguments.stats, arguments.format) {
        (true, Format::Json) => writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?,
        (true, _) => table(&mut out, &all)?,
        (false, Format::Json) => writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&json!({"diagnostics": listed}))?
        )?,
        (false, _) => writeln!(out, "{} of {} files load", all.loaded, all.files)?,
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
        "expressions  {:>6}   typed  {:>6}   refused {:>5}",
        all.expressions, all.typed, all.refused
    )?;
    for (title, counts) in [
        ("policies", &all.policies),
        ("expressions refused, by reason", &all.refusals),
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
