//! `tollgate lsp`: the language server.

use std::io;
use std::process::ExitCode;

use clap::Args;
use tollgate::Catalog;
use tollgate_lsp::{Ended, Options, serve};

use crate::arguments::CatalogArguments;

/// Speaks the Language Server Protocol over standard input and output, for an editor that starts it.
#[derive(Debug, Args)]
#[command(after_help = "\
Editors start this; there is nothing to type. It tells what `tollgate check` finds while you write, explains policies,
attributes and the parts of expressions, completes them, leads to fragments, variables and named values, lays documents
out as `tollgate fmt` does, and offers the fixes of `tollgate check --fix`.

VS Code: the extension in editors/vscode.
Neovim:  vim.lsp.config('tollgate', { cmd = { 'tollgate', 'lsp' }, filetypes = { 'xml' } }) vim.lsp.enable('tollgate')
Helix:   language-server.tollgate = { command = \"tollgate\", args = [\"lsp\"] }

Fragments and the names of named values come from the folders that the editor has open: files with a <fragment> at their
root, files of tests, files of `tollgate serve`. The levels of lints come from tollgate.toml. With --named-value and
--fragment, findings are those of `tollgate check` with the same.
Exit code: 0 after the editor's `shutdown`, 1 when it ends without.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    catalog: CatalogArguments,
    /// Editors say so; it is the only way there is.
    #[arg(long, hide = true)]
    stdio: bool,
}

pub(crate) fn main(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let catalog = arguments.catalog.add_to(Catalog::new())?;
    let ended = serve(io::stdin(), io::stdout().lock(), Options { catalog })?;
    Ok(match ended {
        Ended::Properly => ExitCode::SUCCESS,
        Ended::Abruptly => ExitCode::FAILURE,
    })
}
