//! The `tollgate` program: Azure API Management policy files on a laptop, in CI, and as a gateway.

mod arguments;
mod check;
mod demo;
mod eval;
mod explain;
mod format;
mod lsp;
mod members;
mod report;
mod request;
mod run;
mod serve;
mod test;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Runs Azure API Management policy files anywhere.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reports everything that is wrong in policy files, or lists what expressions can use.
    Check(check::Arguments),
    /// Lays policy files out in one style, the C# in them too.
    Fmt(format::FmtArguments),
    /// Writes a policy file in its other form: raw, or encoded as XML.
    Convert(format::ConvertArguments),
    /// Says what a lint of `check` is about.
    Explain(explain::Arguments),
    /// Evaluates a policy expression, or a file of them.
    Eval(Box<eval::Arguments>),
    /// Tells editors what they ask: the language server.
    Lsp(lsp::Arguments),
    /// Runs one request through a policy, against a mock backend, and tells what happened.
    Run(Box<run::Arguments>),
    /// Runs a gateway from one configuration file, or the built-in demo.
    Serve(serve::Arguments),
    /// Runs the tests in `*.test.yaml` files, offline.
    Test(test::Arguments),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check(arguments) => check::main(&arguments),
        Command::Fmt(arguments) => format::fmt(&arguments),
        Command::Convert(arguments) => format::convert(&arguments),
        Command::Explain(arguments) => explain::main(&arguments),
        Command::Eval(arguments) => eval::main(&arguments),
        Command::Lsp(arguments) => lsp::main(&arguments),
        Command::Run(arguments) => run::main(&arguments),
        Command::Serve(arguments) => serve::main(&arguments),
        Command::Test(arguments) => test::main(&arguments),
    };
    result.unwrap_or_else(|error| {
        // A reader that has seen enough, such as `head`, is no trouble.
        let closed = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe);
        if !closed {
            eprintln!("tollgate: {error}");
        }
        ExitCode::from(2)
    })
}
