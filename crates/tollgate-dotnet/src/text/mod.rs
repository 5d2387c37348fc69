//! The namespaces `System.Text` and `System.Text.RegularExpressions`.

mod encoding;
mod fallback;
mod latin1;
mod regex;
pub(crate) mod string_builder;
mod transcoding;

pub(crate) use encoding::{TYPES as ENCODINGS, utf16_unmarked};
pub(crate) use fallback::TYPES as FALLBACKS;
pub(crate) use regex::TYPES as REGEXES;
pub(crate) use string_builder::TYPES as BUILDERS;
