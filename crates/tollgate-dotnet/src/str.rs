//! .NET strings: UTF-16 to those who index them, UTF-8 to everybody else.

use std::fmt;
use std::sync::Arc;

/// An immutable .NET string.
///
/// Kept as UTF-8; only a string with lone surrogates, which UTF-8 cannot hold, is kept as UTF-16.
/// A substring shares its parent's bytes.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Shared(Arc<str>, u32, u32),
    Wide(Arc<[u16]>),
}

impl Str {
    /// The empty string.
    pub const EMPTY: Str = Str(Repr::Static(""));

    /// A string that lives as long as the program.
    pub const fn from_static(text: &'static str) -> Self {
        Str(Repr::Static(text))
    }

    /// The string as UTF-8, or `None` if it has lone surrogates.
    pub fn as_utf8(&self) -> Option<&str> {
        match &self.0 {
            Repr::Static(text) => Some(text),
            Repr::Shared(text, start, end) => text.get(*start as usize..*end as usize),
            Repr::Wide(_) => None,
        }
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl From<Arc<str>> for Str {
    fn from(text: Arc<str>) -> Self {
        match u32::try_from(text.len()) {
            Ok(end) => Str(Repr::Shared(text, 0, end)),
            // A string of 4 GiB is beyond every limit; it is cut to nothing rather than wrapped.
            Err(_) => Str::EMPTY,
        }
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Wide(units) => fmt::Debug::fmt(&String::from_utf16_lossy(units), f),
            _ => fmt::Debug::fmt(self.as_utf8().unwrap_or_default(), f),
        }
    }
}
