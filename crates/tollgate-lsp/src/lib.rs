//! The language server for policy files, `tollgate lsp`: findings while typing, hover, completion, definitions, layout
//! and fixes, for any editor that speaks the Language Server Protocol 3.17.
//!
//! [`serve`] speaks with one editor until that is done. What it knows comes from where everything else knows it: findings
//! are those of `tollgate check`, policies and their attributes come from the tables that documents are checked against,
//! members from the tables that the compiler of expressions reads. Documents that are open are kept in memory; the folders
//! of the workspace are read for fragments, named values and `tollgate.toml`, within bounds. Nothing is written, and nothing
//! but the workspace is read.
//!
//! ```
//! use tollgate_lsp::{Ended, Options, serve};
//!
//! let say = |json: &str| format!("Content-Length: {}\r\n\r\n{json}", json.len());
//! let editor = [
//!     say(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#),
//!     say(r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#),
//!     say(r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#),
//!     say(r#"{"jsonrpc":"2.0","method":"exit"}"#),
//! ]
//! .concat();
//! let mut answers = Vec::new();
//! let ended = serve(std::io::Cursor::new(editor), &mut answers, Options::default())?;
//! assert_eq!(ended, Ended::Properly);
//! assert!(String::from_utf8_lossy(&answers).contains(r#""hoverProvider":true"#));
//! # Ok::<(), std::io::Error>(())
//! ```

mod actions;
mod code;
mod completion;
mod definition;
mod diagnostics;
mod documents;
mod hover;
mod layout;
mod position;
mod schema;
mod server;
mod transport;
mod uri;
mod workspace;

use std::io::{self, BufReader, Read, Write};
use std::sync::mpsc::sync_channel;

use tollgate_engine::Catalog;

pub use position::{Encoding, Text};

/// What the server is told besides what the editor tells.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Named values and fragments, as `tollgate check` is given them. Without any, unknown ones are only noted.
    pub catalog: Catalog,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The editor said `shutdown` and then `exit`, or went away after `shutdown`.
    Properly,
    /// The editor went away, or said `exit` without `shutdown`.
    Abruptly,
}

/// How many messages wait between the stream and the server; then the editor has to.
const WAITING: usize = 256;

/// Speaks with an editor until it says `exit` or its stream ends.
///
/// # Errors
/// The output is broken. Whatever comes in ends nothing: what is no message is answered with an error.
pub fn serve(
    input: impl Read + Send + 'static,
    output: impl Write,
    options: Options,
) -> io::Result<Ended> {
    let (sender, receiver) = sync_channel(WAITING);
    // The thread ends with the stream, or when nobody listens any more.
    std::thread::Builder::new()
        .name("tollgate-lsp-input".to_owned())
        .spawn(move || {
            let mut input = BufReader::new(input);
            while let Ok(Some(incoming)) = transport::read(&mut input) {
                if sender.send(incoming).is_err() {
                    break;
                }
            }
        })?;
    server::Server::new(output, options).run(&receiver)
}
