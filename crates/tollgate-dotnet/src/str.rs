//! .NET strings: UTF-16 to those who index them, UTF-8 to everybody else.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use memchr::memmem;

/// An immutable .NET string.
///
/// Kept as UTF-8; only a string with lone surrogates, which UTF-8 cannot hold, is kept as UTF-16.
/// A substring shares its parent's bytes. Lengths and indices are in UTF-16 units; they are free for ASCII text and
/// take a walk over the text for other.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Static {
        text: &'static str,
        ascii: bool,
    },
    Shared {
        text: Arc<str>,
        start: u32,
        end: u32,
        ascii: bool,
    },
    /// Never well-formed UTF-16, so that equal strings have equal representations.
    Wide(Arc<[u16]>),
}

impl Default for Str {
    fn default() -> Self {
        Str::EMPTY
    }
}

impl Str {
    /// The empty string.
    pub const EMPTY: Str = Str::from_static("");

    /// A string that lives as long as the program.
    pub const fn from_static(text: &'static str) -> Self {
        Str(Repr::Static {
            text,
            ascii: text.is_ascii(),
        })
    }

    /// The string of these UTF-16 units.
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => text.into(),
            Err(_) => Str(Repr::Wide(units.into())),
        }
    }

    /// The string of one UTF-16 unit.
    pub fn from_unit(unit: u16) -> Self {
        match char::from_u32(unit.into()) {
            Some(c) => Str::from(&*c.encode_utf8(&mut [0; 4])),
            None => Str(Repr::Wide([unit].into())),
        }
    }

    /// The string as UTF-8, or `None` if it has lone surrogates.
    pub fn as_utf8(&self) -> Option<&str> {
        match &self.0 {
            Repr::Static { text, .. } => Some(text),
            Repr::Shared {
                text, start, end, ..
            } => text.get(*start as usize..*end as usize),
            Repr::Wide(_) => None,
        }
    }

    /// The string as UTF-8, each lone surrogate as U+FFFD.
    pub fn to_utf8(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Wide(units) => Cow::Owned(String::from_utf16_lossy(units)),
            _ => Cow::Borrowed(self.as_utf8().unwrap_or_default()),
        }
    }

    /// Whether both are one object, as .NET's reference equality has it: the same part of the same text in memory.
    pub fn is_same(&self, other: &Str) -> bool {
        match (&self.0, &other.0) {
            (Repr::Wide(a), Repr::Wide(b)) => Arc::ptr_eq(a, b),
            _ => match (self.as_utf8(), other.as_utf8()) {
                (Some(a), Some(b)) => std::ptr::eq(a, b) || a.is_empty() && b.is_empty(),
                _ => false,
            },
        }
    }

    /// The bytes, if they are ASCII; then indices of units are indices of bytes.
    pub fn as_ascii(&self) -> Option<&[u8]> {
        match &self.0 {
            Repr::Static { ascii: true, .. } | Repr::Shared { ascii: true, .. } => {
                self.as_utf8().map(str::as_bytes)
            }
            _ => None,
        }
    }

    /// The number of UTF-16 units.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Wide(units) => units.len(),
            _ => match self.as_ascii() {
                Some(bytes) => bytes.len(),
                None => utf16_len(self.as_utf8().unwrap_or_default()),
            },
        }
    }

    /// Whether it has no units.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Static { text, .. } => text.is_empty(),
            Repr::Shared { start, end, .. } => start == end,
            Repr::Wide(units) => units.is_empty(),
        }
    }

    /// Whether both are one object: the same part of the same bytes. Literals of one text are one object, as if interned.
    pub fn same_bytes(&self, other: &Str) -> bool {
        match (&self.0, &other.0) {
            (Repr::Wide(a), Repr::Wide(b)) => Arc::ptr_eq(a, b),
            (Repr::Static { text: a, .. }, Repr::Static { text: b, .. }) => a == b,
            (Repr::Shared { text: a, .. }, Repr::Shared { text: b, .. }) => {
                Arc::ptr_eq(a, b) && self.as_utf8() == other.as_utf8()
            }
            _ => false,
        }
    }

    /// How many bytes it keeps, for the memory limit.
    pub fn size(&self) -> usize {
        match &self.0 {
            Repr::Static { .. } => 0,
            Repr::Shared { start, end, .. } => (*end as usize).saturating_sub(*start as usize),
            Repr::Wide(units) => units.len() * 2,
        }
    }

    /// The UTF-16 unit there.
    pub fn unit(&self, index: usize) -> Option<u16> {
        match &self.0 {
            Repr::Wide(units) => units.get(index).copied(),
            _ => match self.as_ascii() {
                Some(bytes) => bytes.get(index).map(|byte| u16::from(*byte)),
                None => self.units().nth(index),
            },
        }
    }

    /// The UTF-16 units.
    pub fn units(&self) -> Units<'_> {
        Units(match &self.0 {
            Repr::Wide(units) => UnitsRepr::Wide(units.iter()),
            _ => match self.as_ascii() {
                Some(bytes) => UnitsRepr::Ascii(bytes.iter()),
                None => UnitsRepr::Utf8(self.as_utf8().unwrap_or_default().encode_utf16()),
            },
        })
    }

    /// `count` units from `start` on; `None` beyond the end.
    pub fn substring(&self, start: usize, count: usize) -> Option<Str> {
        let end = start.checked_add(count)?;
        if let Repr::Wide(units) = &self.0 {
            return units.get(start..end).map(Str::from_utf16);
        }
        if self.as_ascii().is_some() {
            return self.slice(start, end);
        }
        let text = self.as_utf8()?;
        match (byte_index(text, start)?, byte_index(text, end)?) {
            (Position::Char(start), Position::Char(end)) => self.slice(start, end),
            _ => {
                let units: Vec<u16> = self.units().skip(start).take(count).collect();
                Some(Str::from_utf16(&units))
            }
        }
    }

    /// The part between two byte positions of [`as_utf8`](Self::as_utf8), sharing the bytes.
    pub fn slice(&self, start: usize, end: usize) -> Option<Str> {
        let part = self.as_utf8()?.get(start..end)?;
        if part.is_empty() {
            return Some(Str::EMPTY);
        }
        Some(Str(match &self.0 {
            Repr::Static { text, ascii } => Repr::Static {
                text: text.get(start..end)?,
                ascii: *ascii || part.is_ascii(),
            },
            Repr::Shared {
                text,
                start: base,
                ascii,
                ..
            } => Repr::Shared {
                text: text.clone(),
                start: base.checked_add(u32::try_from(start).ok()?)?,
                end: base.checked_add(u32::try_from(end).ok()?)?,
                ascii: *ascii || part.is_ascii(),
            },
            Repr::Wide(_) => return None,
        }))
    }

    /// The place of the first occurrence at or after `from`, by units; an empty needle is at `from`.
    pub fn find(&self, needle: &Str, from: usize) -> Option<usize> {
        if let (Some(hay), Some(needle)) = (self.as_ascii(), needle.as_utf8()) {
            return memmem::find(hay.get(from..)?, needle.as_bytes()).map(|place| place + from);
        }
        if let (Some(hay), Some(needle)) = (self.as_utf8(), needle.as_utf8())
            && let Position::Char(start) = byte_index(hay, from)?
        {
            let place = hay.get(start..)?.find(needle)? + start;
            return hay.get(..place).map(utf16_len);
        }
        let hay: Vec<u16> = self.units().collect();
        let needle: Vec<u16> = needle.units().collect();
        if needle.is_empty() {
            return (from <= hay.len()).then_some(from);
        }
        hay.get(from..)?
            .windows(needle.len())
            .position(|window| window == needle)
            .map(|place| place + from)
    }

    /// The place of the last occurrence that ends at or before `end`, by units.
    pub fn rfind(&self, needle: &Str, end: usize) -> Option<usize> {
        if let (Some(hay), Some(needle)) = (self.as_ascii(), needle.as_utf8()) {
            return memmem::rfind(hay.get(..end)?, needle.as_bytes());
        }
        let hay: Vec<u16> = self.units().take(end).collect();
        let needle: Vec<u16> = needle.units().collect();
        if needle.is_empty() {
            return Some(hay.len());
        }
        hay.windows(needle.len())
            .rposition(|window| window == needle)
    }

    /// Whether it begins with `prefix`, unit by unit.
    pub fn starts_with(&self, prefix: &Str) -> bool {
        match (self.as_utf8(), prefix.as_utf8()) {
            (Some(text), Some(prefix)) => text.starts_with(prefix),
            _ => {
                let mut units = self.units();
                prefix.units().all(|unit| units.next() == Some(unit))
            }
        }
    }

    /// Whether it ends with `suffix`, unit by unit.
    pub fn ends_with(&self, suffix: &Str) -> bool {
        match (self.as_utf8(), suffix.as_utf8()) {
            (Some(text), Some(suffix)) => text.ends_with(suffix),
            _ => match self.len().checked_sub(suffix.len()) {
                Some(start) => self.units().skip(start).eq(suffix.units()),
                None => false,
            },
        }
    }

    /// Both, one after the other.
    pub fn concat(parts: &[&Str]) -> Str {
        let mut filled = parts.iter().filter(|part| !part.is_empty());
        match (filled.next(), filled.next()) {
            (None, _) => return Str::EMPTY,
            (Some(only), None) => return (*only).clone(),
            _ => {}
        }
        let mut builder = Builder::with_capacity(
            parts
                .iter()
                .map(|part| part.as_utf8().map_or(0, str::len))
                .sum(),
        );
        for part in parts {
            builder.push(part);
        }
        builder.finish()
    }
}

/// A string being put together.
#[derive(Debug)]
pub struct Builder(Building);

#[derive(Debug)]
enum Building {
    Utf8(String),
    Wide(Vec<u16>),
}

impl Default for Builder {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Builder {
    /// Empty, with room for that many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Builder(Building::Utf8(String::with_capacity(bytes)))
    }

    /// Adds a string.
    pub fn push(&mut self, text: &Str) {
        match (&mut self.0, text.as_utf8()) {
            (Building::Utf8(to), Some(text)) => to.push_str(text),
            _ => self.wide().extend(text.units()),
        }
    }

    /// Adds UTF-8 text.
    pub fn push_str(&mut self, text: &str) {
        match &mut self.0 {
            Building::Utf8(to) => to.push_str(text),
            Building::Wide(to) => to.extend(text.encode_utf16()),
        }
    }

    /// Adds one UTF-16 unit.
    pub fn push_unit(&mut self, unit: u16) {
        match (&mut self.0, char::from_u32(unit.into())) {
            (Building::Utf8(to), Some(c)) => to.push(c),
            _ => self.wide().push(unit),
        }
    }

    /// How many bytes are in it.
    pub fn size(&self) -> usize {
        match &self.0 {
            Building::Utf8(text) => text.len(),
            Building::Wide(units) => units.len() * 2,
        }
    }

    /// A string and what was built, one after the other, leaving the builder as it is.
    pub fn to_str(&self, before: &Str) -> Str {
        let mut all = Builder::with_capacity(before.size() + self.size());
        all.push(before);
        match &self.0 {
            Building::Utf8(text) => all.push_str(text),
            Building::Wide(units) => all.push(&Str::from_utf16(units)),
        }
        all.finish()
    }

    /// The string.
    pub fn finish(self) -> Str {
        match self.0 {
            Building::Utf8(text) => text.into(),
            Building::Wide(units) => Str::from_utf16(&units),
        }
    }

    fn wide(&mut self) -> &mut Vec<u16> {
        if let Building::Utf8(text) = &self.0 {
            self.0 = Building::Wide(text.encode_utf16().collect());
        }
        match &mut self.0 {
            Building::Wide(units) => units,
            Building::Utf8(_) => unreachable!("it was made wide above"),
        }
    }
}

/// The UTF-16 units of a string.
#[derive(Debug, Clone)]
pub struct Units<'a>(UnitsRepr<'a>);

#[derive(Debug, Clone)]
enum UnitsRepr<'a> {
    Ascii(std::slice::Iter<'a, u8>),
    Utf8(std::str::EncodeUtf16<'a>),
    Wide(std::slice::Iter<'a, u16>),
}

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        match &mut self.0 {
            UnitsRepr::Ascii(bytes) => bytes.next().map(|byte| u16::from(*byte)),
            UnitsRepr::Utf8(units) => units.next(),
            UnitsRepr::Wide(units) => units.next().copied(),
        }
    }
}

enum Position {
    /// The byte at which a character begins.
    Char(usize),
    /// Between the halves of a surrogate pair.
    Middle,
}

/// The byte position of a UTF-16 index; `None` beyond the end.
fn byte_index(text: &str, index: usize) -> Option<Position> {
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units == index {
            return Some(Position::Char(byte));
        }
        if units > index {
            return Some(Position::Middle);
        }
        units += c.len_utf16();
    }
    match units.cmp(&index) {
        Ordering::Equal => Some(Position::Char(text.len())),
        Ordering::Greater => Some(Position::Middle),
        Ordering::Less => None,
    }
}

/// How many UTF-16 units the text takes.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            return Str::EMPTY;
        }
        Arc::<str>::from(text).into()
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Arc<str>> for Str {
    fn from(text: Arc<str>) -> Self {
        match u32::try_from(text.len()) {
            Ok(end) => {
                let ascii = text.is_ascii();
                Str(Repr::Shared {
                    text,
                    start: 0,
                    end,
                    ascii,
                })
            }
            // A string of 4 GiB is beyond every limit; it is cut to nothing rather than wrapped.
            Err(_) => Str::EMPTY,
        }
    }
}

/// Ordinal, as C#'s `==`.
impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Wide(a), Repr::Wide(b)) => a == b,
            (Repr::Wide(_), _) | (_, Repr::Wide(_)) => false,
            _ => match (self.as_utf8(), other.as_utf8()) {
                // The same long text is common: a header that several expressions read.
                (Some(a), Some(b)) => std::ptr::eq(a, b) || a == b,
                _ => false,
            },
        }
    }
}
impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_utf8() == Some(other)
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Wide(units) => units.hash(state),
            _ => self.as_utf8().hash(state),
        }
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Ordinal: by UTF-16 units.
impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.as_ascii(), other.as_ascii()) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => self.units().cmp(other.units()),
        }
    }
}

/// Each lone surrogate as U+FFFD.
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utf8())
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_utf8(), f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn lengths_and_indices_are_utf16() {
        let text = Str::from("a😀é");
        assert_eq!(text.len(), 4);
        assert_eq!(text.unit(1), Some(0xD83D));
        assert_eq!(text.unit(3), Some(0xE9));
        assert_eq!(text.unit(4), None);
        assert_eq!(text.substring(1, 2).unwrap(), Str::from("😀"));
        assert!(text.substring(3, 2).is_none());
    }

    #[test]
    fn half_pairs_join_again() {
        let text = Str::from("😀");
        let high = text.substring(0, 1).unwrap();
        let low = text.substring(1, 1).unwrap();
        assert_eq!(high.as_utf8(), None);
        assert_ne!(high, low);
        assert_eq!(Str::concat(&[&high, &low]), text);
        assert_eq!(text.find(&low, 0), Some(1));
        assert!(text.starts_with(&high) && text.ends_with(&low));
    }

    #[test]
    fn finding_is_by_units() {
        let text = Str::from("é-é-é");
        assert_eq!(text.find(&Str::from("é"), 1), Some(2));
        assert_eq!(text.rfind(&Str::from("é"), 5), Some(4));
        assert_eq!(text.rfind(&Str::from("é"), 4), Some(2));
        let ascii = Str::from_static("a.b.c");
        assert_eq!(ascii.find(&Str::from_static("."), 2), Some(3));
        assert_eq!(ascii.find(&Str::from_static("x"), 9), None);
    }

    #[test]
    fn order_is_by_units_not_by_code_points() {
        let order = |a: &str, b: &str| Str::from(a).cmp(&Str::from(b));
        assert_eq!(order("😀", "\u{FF5E}"), Ordering::Less);
        assert_eq!(order("B", "a"), Ordering::Less);
    }
}
