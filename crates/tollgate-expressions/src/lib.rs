//! Binds, type-checks and runs policy expressions.
//!
//! [`Compiler::compile`] turns the C# of one `@(…)` or `@{…}` into a [`Program`]: names, overloads, generic arguments
//! and conversions are settled then, and every mistake is reported with C#'s own number and words. A program is
//! immutable and cheap to share.

mod bind;
mod compile;
mod flow;
mod fold;
mod in_place;
mod parts;
mod program;
mod run;
mod scope;
mod typed;
mod visit;

pub use bind::{Meaning, Wanted, What};
pub use compile::{CompileError, Compiler, Form};
pub use parts::Part;
pub use program::Program;
pub use run::invoke;
