//! `tollgate check`: everything that is wrong in policy files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tollgate::Catalog;
use tollgate::engine::{Statistics, check};
use tollgate::syntax::{Diagnostic, Edit, FileId, Severity, Sources, render};
use tollgate_lint::{Profile, Settings, lint};

use crate::arguments::{CatalogArguments, read_source};
use crate::{members, report};

/// Reads policy files and folders, and prints all diagnostics.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate check policies/
  tollgate check api.xml --named-value TENANT_ID=contoso
  tollgate check --stats --format json policies/ | jq .diagnostics
  tollgate check --profile consumption --format sarif policies/ > findings.sarif
  tollgate check --fix api.xml
  tollgate check --list-members | less
  tollgate check --list-members --format json | jq '.types[] | select(.name == \"String\").members[].signature'

Besides what does not load it tells what loads and is probably not meant: `tollgate explain` lists these lints, and
`tollgate explain NAME` says why one matters. The nearest tollgate.toml above a file sets their levels:

  profile = \"v2\"
  [lints]
  missing-base = \"off\"        # or note, warning, error

and a comment silences one for the element behind it: <!-- tollgate: allow(missing-base) -->

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
    /// The tier that the policies are for: what it does not have is an error.
    #[arg(long, value_enum)]
    profile: Option<Tier>,
    /// Mend what can be mended without changing anything else, and write the files.
    #[arg(long, conflicts_with_all = ["stats", "list_members"])]
    fix: bool,
    /// Count warnings as errors.
    #[arg(long)]
    strict: bool,
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
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// With --list-members: a page of documentation.
    Markdown,
}

/// A tier, as on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tier {
    Classic,
    V2,
    Consumption,
    SelfHosted,
}

impl From<Tier> for Profile {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Classic => Self::Classic,
            Tier::V2 => Self::V2,
            Tier::Consumption => Self::Consumption,
            Tier::SelfHosted => Self::SelfHosted,
        }
    }
}

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let only_findings = matches!(arguments.format, Format::Sarif | Format::Github);
    if only_findings && (arguments.list_members || arguments.stats) {
        return Err("--format sarif and --format github are for findings".into());
    }
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
    let (mut listed, mut mended, mut refused) = (Vec::new(), 0, false);
    for path in &files {
        let mut checked = check(&read_source(path)?, &catalog, &[tollgate::POLICIES]);
        all.add(&checked.statistics);
        if arguments.stats {
            continue;
        }
        let mut settings = Settings::near(path)?;
        settings.profile = arguments.profile.map(Into::into).or(settings.profile);
        // The first text is that of the file itself.
        let lints = lint(FileId(0), &checked.sources, &catalog, &settings);
        checked.diagnostics.extend(lints);
        checked
            .diagnostics
            .sort_by_key(|one| (one.span.file.0, one.span.start));
        if arguments.fix {
            let edits = edits(&checked.diagnostics);
            mended += edits.len();
            fix(path, &checked.sources, &edits)?;
            checked.diagnostics.retain(|one| one.edits.is_empty());
        }
        for diagnostic in &checked.diagnostics {
            let grave = match arguments.strict {
                true => diagnostic.severity >= Severity::Warning,
                false => diagnostic.is_error(),
            };
            refused |= grave;
            let view = diagnostic.view(&checked.sources);
            match arguments.format {
                Format::Json | Format::Sarif => listed.push(serde_json::to_value(view)?),
                Format::Github => writeln!(out, "{}", report::annotation(&view))?,
                Format::Text | Format::Markdown => {
                    writeln!(out, "{}\n", render(diagnostic, &checked.sources, color))?;
                }
            }
        }
    }
    match (arguments.stats, arguments.format) {
        (true, Format::Json) => writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?,
        (true, _) => table(&mut out, &all)?,
        (false, Format::Json) => print(&mut out, &json!({"diagnostics": listed}))?,
        (false, Format::Sarif) => print(&mut out, &report::sarif(&listed))?,
        (false, Format::Github) => {}
        (false, Format::Text | Format::Markdown) => {
            if arguments.fix {
                writeln!(out, "{mended} mended")?;
            }
            writeln!(out, "{} of {} files load", all.loaded, all.files)?;
        }
    }
    Ok(if all.loaded == all.files && !refused {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(out: &mut impl Write, json: &Value) -> io::Result<()> {
    writeln!(out, "{json:#}")
}

/// The changes that mend findings in the file itself, from its end to its beginning. Of two that touch the first stands.
fn edits(diagnostics: &[Diagnostic]) -> Vec<&Edit> {
    let all = diagnostics.iter().flat_map(|one| &one.edits);
    let mut all: Vec<_> = all.filter(|edit| edit.span.file == FileId(0)).collect();
    all.sort_by_key(|edit| (edit.span.start, edit.span.end));
    all.dedup_by(|next, before| next.span.start < before.span.end || next.span == before.span);
    all.reverse();
    all
}

/// Writes the file with the changes made.
fn fix(path: &Path, sources: &Sources, edits: &[&Edit]) -> Result<(), String> {
    let Some(source) = sources.get(FileId(0)).filter(|_| !edits.is_empty()) else {
        return Ok(());
    };
    let mut text = source.text().to_owned();
    for edit in edits {
        let at = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let range = at(edit.span.start)..at(edit.span.end);
        if text.get(range.clone()).is_some() {
            text.replace_range(range, &edit.text);
        }
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The policy files at a path, in the order of their names.
pub(crate) fn find(
    path: &Path,
    files: &mut Vec<PathBuf>,
) -> Result<(), Box<dyn std::error::Error>> {
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
