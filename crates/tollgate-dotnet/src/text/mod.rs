//! The namespaces `System.Text` and `System.Text.RegularExpressions`.

mod encoding;
mod regex;
pub(crate) mod string_builder;

pub(crate) use encoding::TYPES as ENCODINGS;
pub(crate) use regex::TYPES as REGEXES;
pub(crate) use string_builder::TYPES as BUILDERS;
