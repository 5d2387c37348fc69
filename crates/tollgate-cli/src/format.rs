//! `tollgate fmt` and `tollgate convert`: policy text in one style, and in the other of its two forms.

use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tollgate::syntax::{Document, Sources, format, parse, render, write};

use crate::check::find;

/// Lays policy files out in one style.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate fmt policies/
  tollgate fmt --check policies/
  tollgate fmt - < api.xml

Elements are indented by four spaces, the C# in expressions too. Comments, texts and line breaks within C# stay. What a
policy does is not changed.
Exit code: 0 when all is well, 1 when --check finds a file in another style, 2 when a file cannot be read as a policy.")]
pub(crate) struct FmtArguments {
    /// Policy files, and folders in which every .xml file is one; - is the standard input, printed.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write nothing; tell which files have another style.
    #[arg(long)]
    check: bool,
}

/// Writes a policy file in its other form: raw, or encoded as XML.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tollgate convert --to encoded api.xml > api.encoded.xml
  tollgate convert --to raw --in-place api.xml

In the raw form expressions stand as they are (`a && b < c`), in the encoded form as XML has it (`a &amp;&amp; b &lt; c`).
APIM takes both, as `rawxml` and `xml`.
Exit code: 0 when it is written, 2 when the file cannot be read as a policy.")]
pub(crate) struct ConvertArguments {
    /// A policy file; - is the standard input.
    file: PathBuf,
    /// The form to write.
    #[arg(long, value_enum)]
    to: Form,
    /// Write the file itself, instead of the standard output.
    #[arg(long)]
    in_place: bool,
}

/// A form of policy text.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Raw,
    Encoded,
}

type Error = Box<dyn std::error::Error>;

pub(crate) fn fmt(arguments: &FmtArguments) -> Result<ExitCode, Error> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        match is_stdin(path) {
            true => files.push(path.clone()),
            false => find(path, &mut files)?,
        }
    }
    let mut out = io::stdout().lock();
    let (mut changed, mut broken) = (0, false);
    for path in &files {
        let (sources, document) = match read(path) {
            Ok(read) => read,
            Err(error) => {
                eprintln!("{error}");
                broken = true;
                continue;
            }
        };
        let laid = format(&document, &sources);
        let is_same = (sources.get(document.file)).is_some_and(|file| file.text() == laid);
        if is_stdin(path) && !arguments.check {
            write!(out, "{laid}")?;
        } else if !is_same {
            changed += 1;
            writeln!(out, "{}", path.display())?;
            if !arguments.check {
                save(path, &laid)?;
            }
        }
    }
    let style = match arguments.check {
        true => "in another style",
        false => "laid out anew",
    };
    eprintln!("{changed} of {} files {style}", files.len());
    Ok(match (broken, arguments.check && changed > 0) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    })
}

pub(crate) fn convert(arguments: &ConvertArguments) -> Result<ExitCode, Error> {
    let (_, document) = read(&arguments.file)?;
    let written = write(
        &document,
        match arguments.to {
            Form::Raw => tollgate::syntax::Format::Raw,
            Form::Encoded => tollgate::syntax::Format::Encoded,
        },
    );
    match arguments.in_place && !is_stdin(&arguments.file) {
        true => save(&arguments.file, &written)?,
        false => write!(io::stdout(), "{written}")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A policy without errors in its text; with errors it cannot be written again as it was meant.
fn read(path: &Path) -> Result<(Sources, Document), String> {
    let mut sources = Sources::new();
    let file = match is_stdin(path) {
        true => {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|error| format!("standard input: {error}"))?;
            sources.add("-", text)
        }
        false => {
            let source = crate::arguments::read_source(path)?;
            sources.add(source.name, source.text)
        }
    };
    let (document, findings) = parse(file, &sources);
    let errors: Vec<_> = (findings.iter())
        .filter(|one| one.is_error())
        .map(|one| render(one, &sources, false))
        .collect();
    match document.filter(|_| errors.is_empty()) {
        Some(document) => Ok((sources, document)),
        None => Err(format!(
            "{}\n{}: left as it is",
            errors.join("\n\n"),
            path.display()
        )),
    }
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
