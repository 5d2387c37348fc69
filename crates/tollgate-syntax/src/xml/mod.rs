//! The two XML forms of policy text, *raw* and *encoded*: reading and writing them.

mod caret;
mod csharp_skip;
mod decode;
mod entity;
mod findings;
mod format;
mod mask;
mod mask_tag;
mod read;
mod unbalanced;
mod write;

pub use caret::{Caret, Spot, Tag, caret};
pub use format::format;
pub(crate) use mask::whole_expression;
pub use read::parse;
pub use write::{Format, write};

/// The longest file that is read, in bytes. The service itself takes far less.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How deep elements may be nested.
const MAX_DEPTH: usize = 200;
/// How many attributes an element may have.
const MAX_ATTRIBUTES: usize = 256;
/// How many findings are reported for one file; what comes after them is not read.
const MAX_DIAGNOSTICS: usize = 100;
