//! The types of `context`, each with its table of members.

mod host;
